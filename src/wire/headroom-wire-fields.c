/* headroom-wire-fields.c: see headroom-wire-fields.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-wire-fields.h"

#include <string.h>

#include "headroom-json.h"
#include "headroom-wire.h"

/* ---- Errors ---- */

void
headroom_fields_fail (HeadroomFields *fields, guint status, const char *format, ...)
{
  va_list args;

  if (fields->error != NULL)
    return;
  va_start (args, format);
  fields->error = g_error_new_valist (HEADROOM_WIRE_ERROR, (int) status, format, args);
  va_end (args);
}

static char *
dup_json_kind (const HrValue *value, gboolean with_number)
{
  switch (hr_value_kind (value)) {
  case HR_VALUE_BOOL:
    return g_strdup ("bool");
  case HR_VALUE_INT:
  case HR_VALUE_FLOAT:
    if (with_number) {
      g_autofree char *number = headroom_json_print (value, HEADROOM_JSON_PLAIN);
      return g_strconcat ("number ", number, NULL);
    }
    return g_strdup ("number");
  case HR_VALUE_STRING:
    return g_strdup ("string");
  case HR_VALUE_LIST:
    return g_strdup ("array");
  default:
    return g_strdup ("object");
  }
}

void
headroom_fields_refuse_type (HeadroomFields *fields, const char *name, const HrValue *value,
                             const char *go_type)
{
  /* Go repeats a number that an integer cannot hold. */
  g_autofree char *kind = dup_json_kind (value, g_str_has_prefix (go_type, "int"));

  headroom_fields_fail (fields, 400,
                        "json: cannot unmarshal %s into Go struct field %s.%s%s of type %s", kind,
                        fields->type_name, fields->path, name, go_type);
}

void
headroom_fields_merge (HeadroomFields *fields, HeadroomFields *inner)
{
  if (fields->error == NULL)
    fields->error = g_steal_pointer (&inner->error);
  g_clear_error (&inner->error);
}

/* ---- Life ---- */

void
headroom_fields_init (HeadroomFields *fields, const char *type_name, const char *body, gsize len)
{
  g_autoptr(GError) error = NULL;

  *fields = (HeadroomFields) { .type_name = type_name, .path = "" };
  fields->root = headroom_json_parse (body, (gssize) len, FALSE, &error);
  if (fields->root == NULL) {
    headroom_fields_fail (fields, 400, "%s", error->message);
  } else if (hr_value_kind (fields->root) == HR_VALUE_DICT) {
    fields->dict = fields->root;
  } else if (hr_value_kind (fields->root) != HR_VALUE_NULL) {
    g_autofree char *kind = dup_json_kind (fields->root, FALSE);
    headroom_fields_fail (fields, 400, "json: cannot unmarshal %s into Go value of type api.%s",
                          kind, type_name);
  }
}

HeadroomFields
headroom_fields_inner (const HeadroomFields *fields, const HrValue *dict, const char *path)
{
  return (HeadroomFields) { .dict = dict, .type_name = fields->type_name, .path = path };
}

gboolean
headroom_fields_finish (HeadroomFields *fields, GError **error)
{
  hr_value_unref (g_steal_pointer (&fields->root));
  fields->dict = NULL;
  if (fields->error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&fields->error));
  return FALSE;
}

/* ---- Fields ---- */

const HrValue *
headroom_fields_any (HeadroomFields *fields, const char *name)
{
  const HrValue *value = fields->dict != NULL ? hr_value_lookup (fields->dict, name) : NULL;

  if (fields->error != NULL || fields->dict == NULL)
    return NULL;
  for (size_t i = 0; value == NULL && i < hr_value_size (fields->dict); i++) {
    const char *key;
    const HrValue *entry = hr_value_entry (fields->dict, i, &key);
    if (g_ascii_strcasecmp (key, name) == 0)
      value = entry;
  }
  return value != NULL && hr_value_kind (value) != HR_VALUE_NULL ? value : NULL;
}

/* The field if it is of the kind; another kind is refused. */
static const HrValue *
get_kind (HeadroomFields *fields, const char *name, HrValueKind kind, const char *go_type)
{
  const HrValue *value = headroom_fields_any (fields, name);

  if (value == NULL || hr_value_kind (value) == kind)
    return value;
  headroom_fields_refuse_type (fields, name, value, go_type);
  return NULL;
}

gboolean
headroom_fields_bool (HeadroomFields *fields, const char *name, gboolean fallback)
{
  const HrValue *value = get_kind (fields, name, HR_VALUE_BOOL, "bool");

  return value != NULL ? hr_value_get_bool (value) : fallback;
}

gint64
headroom_fields_int (HeadroomFields *fields, const char *name, gint64 fallback)
{
  const HrValue *value = get_kind (fields, name, HR_VALUE_INT, "int");

  return value != NULL ? hr_value_get_int (value) : fallback;
}

char *
headroom_fields_dup_string (HeadroomFields *fields, const char *name)
{
  const HrValue *value = get_kind (fields, name, HR_VALUE_STRING, "string");
  size_t len;

  if (value == NULL)
    return NULL;
  const char *text = hr_value_get_string (value, &len);
  if (strlen (text) != len) {
    headroom_fields_fail (fields, 400, "%s must not hold U+0000", name);
    return NULL;
  }
  return g_strdup (text);
}

HrValue *
headroom_fields_ref_text (HeadroomFields *fields, const char *name)
{
  const HrValue *value = get_kind (fields, name, HR_VALUE_STRING, "string");
  size_t len = 0;

  if (value != NULL)
    hr_value_get_string (value, &len);
  return len > 0 ? hr_value_ref ((HrValue *) value) : NULL;
}

const HrValue *
headroom_fields_list (HeadroomFields *fields, const char *name, const char *go_type)
{
  return get_kind (fields, name, HR_VALUE_LIST, go_type);
}

const HrValue *
headroom_fields_dict (HeadroomFields *fields, const char *name, const char *go_type)
{
  return get_kind (fields, name, HR_VALUE_DICT, go_type);
}

/* ---- Base64 ---- */

static gboolean
is_base64_char (char c)
{
  return g_ascii_isalnum (c) || c == '+' || c == '/';
}

/* The offset of the first byte that strict base64 does not allow there, or -1. Line ends are
 * skipped. */
static gssize
find_bad_base64 (const char *text, gsize len)
{
  gsize quantum_start = 0;
  guint n = 0, padding = 0; /* of this quantum of four */

  for (gsize i = 0; i < len; i++) {
    if (text[i] == '\n' || text[i] == '\r')
      continue;
    if (n == 0)
      quantum_start = i;
    if (n == 0 && padding > 0)
      return (gssize) i;
    if (text[i] == '=' && n >= 2)
      padding++;
    else if (!is_base64_char (text[i]) || padding > 0)
      return (gssize) i;
    n = (n + 1) % 4;
  }
  if (n == 0)
    return -1;
  return padding > 0 ? (gssize) len : (gssize) quantum_start;
}

GBytes *
headroom_fields_decode_base64 (HeadroomFields *fields, const HrValue *text)
{
  size_t len;
  const char *chars;
  gsize n;

  if (hr_value_kind (text) != HR_VALUE_STRING) {
    headroom_fields_refuse_type (fields, "images", text, "api.ImageData");
    return NULL;
  }
  chars = hr_value_get_string (text, &len);
  gssize bad = find_bad_base64 (chars, len);
  if (bad >= 0) {
    headroom_fields_fail (fields, 400, "illegal base64 data at input byte %" G_GSSIZE_FORMAT, bad);
    return NULL;
  }
  guchar *bytes = g_base64_decode (chars, &n);
  return g_bytes_new_take (bytes, n);
}
