/* headroom-machine-rates.h: what this machine was measured to reach, kept between starts.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rates.json in headroom's folder of the user's state: {"kernels", "threads", "read", "compute"},
 * bytes and operations per second as `headroom bench machine` measures them. Rates of other kernels
 * are not used: they are to be measured again. Thread-safety: Safe.
 */
#pragma once

#include "hr.h"

G_BEGIN_DECLS

/* Of what was measured on a loop that does nothing else, steps reach so much. */
#define HEADROOM_MEASURED_READ_SHARE 0.85
#define HEADROOM_MEASURED_COMPUTE_SHARE 0.35

/* FALSE if it cannot be kept; then nothing has changed. */
gboolean headroom_machine_rates_store (const HrMachineRates *rates, GError **error);
/* What predictions may count on; FALSE if nothing fitting was measured. */
gboolean headroom_machine_rates_load (HrDeviceRates *ret_rates);

G_END_DECLS
