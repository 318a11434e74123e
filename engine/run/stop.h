/* stop.h: what of an answer may be shown: whole characters, and nothing that could become a stop string.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Thread-safety: Unsafe.
 */
#pragma once

#include "hr.h"

typedef struct HrStop HrStop;

HrStop *hr_stop_new(const char *const *stop_strings) G_GNUC_WARN_UNUSED_RESULT; /* NULL-terminated, or NULL; copied */
void hr_stop_free(HrStop *stop);
/* Takes the bytes of the next token and appends to ret_text what may be shown now (valid UTF-8). True once a stop string was met:
 * what comes before it has been handed out, it and all that follows are dropped. */
bool hr_stop_feed(HrStop *stop, const char *bytes, size_t len, GString *ret_text);
/* Appends what was held back; an incomplete character becomes U+FFFD. Nothing after a stop string was met. */
void hr_stop_flush(HrStop *stop, GString *ret_text);
