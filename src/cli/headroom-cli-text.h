/* headroom-cli-text.h: sizes and times as people read them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* "4.7 GB": files, as shops and download pages count. */
char *headroom_text_size (guint64 bytes) G_GNUC_WARN_UNUSED_RESULT;
/* "1.75 GiB": memory. */
char *headroom_text_memory (guint64 bytes) G_GNUC_WARN_UNUSED_RESULT;
/* "3 hours ago", "4 minutes from now": how far then_ns (since 1970) is from now. */
char *headroom_text_distance (gint64 then_ns) G_GNUC_WARN_UNUSED_RESULT;
/* "134.5M": parameters. */
char *headroom_text_count (guint64 count) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
