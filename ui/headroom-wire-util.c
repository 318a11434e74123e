/* headroom-wire-util.c: reads fields of JSON that may be missing, at any depth.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-wire-util.h"

#include <gio/gio.h>
#include <glib/gi18n.h>

/* Returns: (transfer full): a dict, or %NULL with an error for people where the text is none */
HrValue *
headroom_wire_parse (const char *text, GError **error)
{
  g_autoptr (HrValue) json = headroom_json_parse (text, -1, FALSE, NULL);

  if (json != NULL && hr_value_kind (json) == HR_VALUE_DICT)
    return g_steal_pointer (&json);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                       _("The engine answered in a form that is not understood"));
  return NULL;
}

/* Returns: (transfer none) (nullable) */
HrValue *
headroom_wire_get (const HrValue *json, const char *key)
{
  return json != NULL ? hr_value_lookup (json, key) : NULL;
}

/* Returns: (transfer none) (nullable) */
HrValue *
headroom_wire_at (const HrValue *list, gsize index)
{
  return list != NULL ? hr_value_at (list, index) : NULL;
}

gsize
headroom_wire_length (const HrValue *list)
{
  return list != NULL && hr_value_kind (list) == HR_VALUE_LIST ? hr_value_size (list) : 0;
}

const char *
headroom_wire_get_string (const HrValue *json, const char *key)
{
  return json != NULL ? headroom_json_get_string (json, key) : NULL;
}

gint64
headroom_wire_get_int (const HrValue *json, const char *key)
{
  return json != NULL ? headroom_json_get_int (json, key, 0) : 0;
}

gboolean
headroom_wire_get_bool (const HrValue *json, const char *key)
{
  return json != NULL && headroom_json_get_bool (json, key, FALSE);
}

double
headroom_wire_get_double (const HrValue *json, const char *key)
{
  const HrValue *value = headroom_wire_get (json, key);

  if (value != NULL && hr_value_kind (value) == HR_VALUE_FLOAT)
    return hr_value_get_float (value);
  return (double) headroom_wire_get_int (json, key);
}
