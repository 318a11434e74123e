/* headroom-gpu-rates.h: what this machine's GPUs were measured to reach, kept between starts.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * gpu-rates.json in headroom's folder of the user's cache. Each device is known by its own number,
 * with any driver it is measured again. Thread-safety: Safe.
 */
#pragma once

#include "hr.h"

G_BEGIN_DECLS

/* What was measured of a GPU with its driver; FALSE if nothing was. Cheap: the file is read when it
 * has changed. */
gboolean headroom_gpu_rates_get (const HrGpu *gpu, HrGpuRates *ret_rates);
/* Measures the GPU at that place in hr_gpus_find and keeps it. Blocks for about a second. */
gboolean headroom_gpu_rates_measure (guint32 index, HrGpuRates *ret_rates, GError **error);
/* The same for those that are used and were not measured yet. */
void headroom_gpu_rates_ensure (void);
/* Makes a GPU's rates what predictions may count on, if it was measured. */
void headroom_gpu_rates_apply (HrDevice *device);

G_END_DECLS
