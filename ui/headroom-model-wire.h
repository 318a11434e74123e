/* headroom-model-wire.h: the JSON of /api/tags and /api/show, as the window reads it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pure functions.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

GListModel *headroom_model_wire_parse_tags    (const char  *text,
                                               GError     **error) G_GNUC_WARN_UNUSED_RESULT;
guint       headroom_model_wire_parse_max_ctx (const char  *text);
char       *headroom_model_wire_named         (const char  *model) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
