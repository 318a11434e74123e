/* headroom-report.h: where, when and with what something was measured, and the file that says so.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Thread-safety: Safe.
 */
#pragma once

#include <gio/gio.h>

#include "hr.h"

G_BEGIN_DECLS

/* {"program", "version", "started", "machine": {"processor", "kernels", "cores", "memory_bytes",
 * "rates": as they were measured in this very run}, "complete": false}. The rates take about two
 * seconds. */
HrValue *headroom_report_new (GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* {"threads", "read_bytes_per_second", …}: what a machine reached. */
HrValue *headroom_report_rates (const HrMachineRates *rates) G_GNUC_WARN_UNUSED_RESULT;

/* Writes the report whole or not at all; what was there before stays if it fails. */
gboolean headroom_report_save (const HrValue *report, const char *path, GError **error);

G_END_DECLS
