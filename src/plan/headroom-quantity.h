/* headroom-quantity.h: amounts as people write them, "48GiB", "864GB/s", "120TFLOPS", "4.3 GB".
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * headroom_quantity_parse:
 * @text: a number, perhaps with a fraction, a prefix (k, M, G, T, P or Ki, Mi, ...) and the unit;
 * blanks between them are fine
 * @unit: "B", "B/s" or "FLOPS"; compared without case. For "B" it may be left out
 * @ret: what it comes to; finite, not negative, at most 2^62
 *
 * Returns: whether it could be read; @ret is untouched if not
 */
gboolean headroom_quantity_parse (const char *text, const char *unit, double *ret);
/* The same for a number of whole bytes. */
gboolean headroom_quantity_parse_bytes (const char *text, guint64 *ret);

G_END_DECLS
