/* headroom-device-spec.h: devices that are described instead of found.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *   [COUNTx]NAME:cpu|gpu:MEMORY[:BANDWIDTH[:COMPUTE[:BUS]]]      8xL20:gpu:48GiB:864GB/s
 * host:cpu:256GiB:80GB/s
 *
 * What a data sheet says is not what programs reach; of a described device, predictions count on
 * HEADROOM_BANDWIDTH_SHARE and HEADROOM_COMPUTE_SHARE. What is left out comes from a table of known
 * devices, or is assumed. Thread-safety: Safe.
 */
#pragma once

#include "hr.h"

G_BEGIN_DECLS

/* Readers of memory that have nothing else to do reach 80 to 90 percent of a data sheet's
 * bandwidth; kernels a little less. */
#define HEADROOM_BANDWIDTH_SHARE 0.75
/* Products of quantised weights with a few hundred rows. */
#define HEADROOM_COMPUTE_SHARE 0.4

/**
 * headroom_device_spec_parse:
 * @devices: (array length=max): where they are written
 * @n: (inout): how many there are
 *
 * Appends the devices of one SPEC. Nothing of their memory is taken, and none is in reserve.
 *
 * Returns: FALSE with @error (HR_ERROR_SETTINGS) set, which says what is wrong with it
 */
gboolean headroom_device_spec_parse (const char *spec, HrDevice *devices, gsize max, gsize *n,
                                     GError **error);

/**
 * headroom_device_specs_parse:
 * @specs: (nullable): NULL-terminated; NULL or empty stands for this machine
 * @reserve_percent: of each device's total, -1 for what is usual: HEADROOM_RESERVE, or 20
 * @devices: (array length=max): the host first
 *
 * A machine described without a host has this machine's.
 */
gboolean headroom_device_specs_parse (const char *const *specs, int reserve_percent,
                                      HrDevice *devices, gsize max, gsize *ret_n, GError **error);

/* This machine, with the usual reserve and the rates that were measured on it, if any. */
gsize headroom_devices_probe (HrDevice *devices, gsize max);
/* Fills in rates that are not known from the table or by assumption. */
void headroom_device_assume_rates (HrDevice *device);

G_END_DECLS
