/* headroom-wire-time.h: times and durations as the API spells them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * All durations and times are nanoseconds in an int64. Thread-safety: Safe.
 */
#pragma once

#include <gio/gio.h>

#include "hr.h"

G_BEGIN_DECLS

#define HEADROOM_FOREVER G_MAXINT64 /* a keep_alive that does not end */
#define HEADROOM_NSEC_PER_SEC G_GINT64_CONSTANT (1000000000)

/* Now, in nanoseconds since 1970. */
gint64 headroom_wire_now (void);

/* "2026-01-02T03:04:05.123456789Z", trailing zeros of the fraction cut. local: with this machine's
 * offset ("+02:00") instead. */
char *headroom_wire_format_time (gint64 time_ns, gboolean local) G_GNUC_WARN_UNUSED_RESULT;

/* "1h30m", "-1.5s", "300ms": Go's grammar. Errors: time: invalid duration "abc", time: missing unit
 * in duration "5". */
gboolean headroom_wire_parse_duration (const char *text, gint64 *ret_ns, GError **error);
/* "5m0s", "1.5s", "300ms", "0s". */
char *headroom_wire_format_duration (gint64 ns) G_GNUC_WARN_UNUSED_RESULT;

/* A keep_alive from a request: a number of seconds or a duration; negative is HEADROOM_FOREVER.
 * Error: Unsupported type: 'bool'. */
gboolean headroom_wire_parse_keep_alive (const HrValue *value, gint64 *ret_ns, GError **error);
/* The same from a setting or a command line: "5m", "300", "-1". */
gboolean headroom_wire_parse_keep_alive_text (const char *text, gint64 *ret_ns, GError **error);

G_END_DECLS
