/* stop.h: turns the bytes of drawn tokens into text that may be shown, and ends it at a stop
 * string.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Held back are bytes that may yet become a stop string, and the bytes of a character that is not
 * whole. The stop string whose last byte comes first ends the text (the longest of those that end
 * there), so that how the text is cut into tokens makes no difference. Thread-safety: one thread
 * per object.
 */
#pragma once

#include "hr.h"

#define HR_STOP_MAX_STRINGS 256         /* each costs time for every byte */
#define HR_STOP_MAX_BYTES (1u << 20)    /* of all together; each costs 5 bytes of memory */

typedef struct HrStop HrStop;

/* strings: NULL-terminated or NULL; empty ones are ignored. Fails with HR_ERROR_SETTINGS beyond the
 * limits, or HR_ERROR_MEMORY. */
HrStop *hr_stop_new(const char *const *strings, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void hr_stop_free(HrStop *stop); /* NULL is a no-op */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HrStop, hr_stop_free)

/* Takes a token's bytes and appends to ret_text what may be shown now, always whole characters.
 * Returns true when a stop string has been met: the text before it is complete then, and whatever
 * follows is ignored. */
bool hr_stop_feed(HrStop *stop, const char *bytes, size_t n, GString *ret_text);
/* Appends what is still held back, when no more bytes come; what is no character becomes U+FFFD. */
void hr_stop_flush(HrStop *stop, GString *ret_text);
