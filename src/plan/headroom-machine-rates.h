/* headroom-machine-rates.h: what this machine was measured to reach, kept between starts.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rates.json in headroom's folder of the user's cache, as headroom-machine-rates.c describes it.
 * Rates of another processor, of other kernels or of another number of threads are not used: they
 * are to be measured again. Thread-safety: Safe.
 */
#pragma once

#include "hr.h"

G_BEGIN_DECLS

/* Of what was measured on a loop that does nothing else, steps reach so much. */
#define HEADROOM_MEASURED_READ_SHARE 0.85
#define HEADROOM_MEASURED_COMPUTE_SHARE 0.35

/* FALSE if it cannot be kept; then nothing has changed. */
gboolean headroom_machine_rates_store (const HrMachineRates *rates, GError **error);
/* Measures in a thread of its own, for about two seconds, if nothing fitting was kept yet; not with
 * MEASURE=0 in the environment. For programs that stay. */
void headroom_machine_rates_ensure (void);
/* What was measured; FALSE if nothing fitting was. Cheap: the file is read when it has changed. */
gboolean headroom_machine_rates_get (HrMachineRates *ret_rates);
/* Makes a processor's rates what predictions may count on. */
void headroom_machine_rates_apply (const HrMachineRates *rates, HrDeviceRates *ret_rates);
/* What predictions may count on; FALSE if nothing fitting was measured. */
gboolean headroom_machine_rates_load (HrDeviceRates *ret_rates);

G_END_DECLS
