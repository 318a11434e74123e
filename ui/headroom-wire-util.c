/* headroom-wire-util.c: reads fields of JSON that may be missing or of another type.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-wire-util.h"

#include <gio/gio.h>
#include <glib/gi18n.h>

/* Answers of our own server are flat; more than this is not ours. */
#define MAX_DEPTH 32

json_object *
headroom_wire_parse (const char *text, GError **error)
{
  json_tokener *tokener = json_tokener_new_ex (MAX_DEPTH);
  json_object *json = json_tokener_parse_ex (tokener, text, -1);
  enum json_tokener_error problem = json_tokener_get_error (tokener);

  json_tokener_free (tokener);
  if (problem == json_tokener_success && json_object_is_type (json, json_type_object))
    return json;
  if (problem == json_tokener_success)
    json_object_put (json);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _("The engine answered in a form that is not understood"));
  return NULL;
}

/* Returns: (transfer none) (nullable) */
json_object *
headroom_wire_get (json_object *json, const char *key)
{
  json_object *value = NULL;

  if (json_object_is_type (json, json_type_object))
    json_object_object_get_ex (json, key, &value);
  return value;
}

const char *
headroom_wire_get_string (json_object *json, const char *key)
{
  json_object *value = headroom_wire_get (json, key);

  return json_object_is_type (value, json_type_string) ? json_object_get_string (value) : NULL;
}

gint64
headroom_wire_get_int (json_object *json, const char *key)
{
  json_object *value = headroom_wire_get (json, key);

  return json_object_is_type (value, json_type_int) || json_object_is_type (value, json_type_double)
           ? json_object_get_int64 (value) : 0;
}

gboolean
headroom_wire_get_bool (json_object *json, const char *key)
{
  json_object *value = headroom_wire_get (json, key);

  return json_object_is_type (value, json_type_boolean) && json_object_get_boolean (value);
}

gsize
headroom_wire_length (json_object *array)
{
  return json_object_is_type (array, json_type_array) ? json_object_array_length (array) : 0;
}
