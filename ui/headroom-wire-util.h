/* headroom-wire-util.h: reads fields of JSON that may be missing or of another type.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A missing or wrong field is 0, FALSE or NULL, never an error: what the server does not say is not shown.
 */
#pragma once

#include <glib.h>
#include <json-c/json.h>

G_BEGIN_DECLS

G_DEFINE_AUTOPTR_CLEANUP_FUNC (json_object, json_object_put)

json_object *headroom_wire_parse      (const char   *text,
                                       GError      **error) G_GNUC_WARN_UNUSED_RESULT;
json_object *headroom_wire_get        (json_object  *json,
                                       const char   *key);
const char  *headroom_wire_get_string (json_object  *json,
                                       const char   *key);
gint64       headroom_wire_get_int    (json_object  *json,
                                       const char   *key);
gboolean     headroom_wire_get_bool   (json_object  *json,
                                       const char   *key);
gsize        headroom_wire_length     (json_object  *array);

G_END_DECLS
