/* utf8.h: how much of a run of bytes is UTF-8 that may be shown.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* Appends bytes[0..n) to text as valid UTF-8: each longest run of bytes that begins a character but
 * cannot be one becomes U+FFFD, as Unicode recommends. Unless at_end, the bytes of a last character
 * that may still become whole are left. Returns how many bytes were used. Thread-safety: Safe. */
size_t hr_utf8_append(GString *text, const char *bytes, size_t n, bool at_end);
