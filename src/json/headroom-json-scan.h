/* headroom-json-scan.h: whether a text is JSON that we take, and if not, why, in the words that
 * Go's encoding/json uses.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Only headroom-json.c includes this. Thread-safety: Safe.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* FALSE with HEADROOM_JSON_ERROR set. len: bytes of text. */
gboolean headroom_json_scan (const char *text, gsize len, GError **error);

G_END_DECLS
