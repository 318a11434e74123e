/* headroom-json.c: JSON text to values and back, by json-c.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Trees of json-c live only inside one call here. Recursion is bounded by HEADROOM_JSON_MAX_DEPTH
 * on the way in; values on the way out were either read here or built by our own code, which is
 * shallow.
 */
#include "headroom-json.h"

#include <json-c/json.h>
#include <math.h>
#include <string.h>

#include "headroom-json-scan.h"

G_DEFINE_QUARK (headroom-json-error-quark, headroom_json_error)

typedef struct json_object JsonObject;
typedef struct json_tokener JsonTokener;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (JsonTokener, json_tokener_free)

static void
json_object_clear (JsonObject *object)
{
  json_object_put (object);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (JsonObject, json_object_clear)

/* ---- Reading ---- */

/* json-c keeps integers up to 2^64 - 1; those that an int64 cannot hold become floats. */
static HrValue *
integer_value (JsonObject *object)
{
  gint64 number = json_object_get_int64 (object);
  guint64 magnitude = json_object_get_uint64 (object);

  if (number == G_MAXINT64 && magnitude > (guint64) G_MAXINT64)
    return hr_value_new_float ((double) magnitude);
  return hr_value_new_int (number);
}

static HrValue *
value_from_tree (JsonObject *object, gboolean trusted)
{
  HrValue *value;

  switch (json_object_get_type (object)) {
  case json_type_boolean:
    return hr_value_new_bool (json_object_get_boolean (object));
  case json_type_int:
    return integer_value (object);
  case json_type_double:
    return hr_value_new_float (json_object_get_double (object));
  case json_type_string:
    return hr_value_new_string (json_object_get_string (object),
                                json_object_get_string_len (object), trusted);
  case json_type_array:
    value = hr_value_new_list ();
    for (gsize i = 0; i < json_object_array_length (object); i++)
      hr_value_append (value, value_from_tree (json_object_array_get_idx (object, i), trusted));
    return value;
  case json_type_object:
    value = hr_value_new_dict ();
    json_object_object_foreach (object, key, entry)
      hr_value_set (value, key, value_from_tree (entry, trusted));
    return value;
  case json_type_null:
  default:
    return hr_value_new_null ();
  }
}

HrValue *
headroom_json_parse (const char *text, gssize len, gboolean trusted, GError **error)
{
  gsize n_bytes = len < 0 ? strlen (text) : (gsize) len;

  if (n_bytes > HEADROOM_JSON_MAX_BYTES) {
    g_set_error (error, HEADROOM_JSON_ERROR, HEADROOM_JSON_ERROR_LIMIT,
                 "JSON text of %" G_GSIZE_FORMAT " bytes; at most %u are read", n_bytes,
                 HEADROOM_JSON_MAX_BYTES);
    return NULL;
  }
  if (!headroom_json_scan (text, n_bytes, error))
    return NULL;

  /* One level more than brackets: that of the scalars inside. */
  g_autoptr(JsonTokener) tokener = json_tokener_new_ex (HEADROOM_JSON_MAX_DEPTH + 1);
  /* Not strict: the scan was, and json-c 0.18's own strictness takes every byte beyond ASCII for a
   * control character. */
  g_autoptr(JsonObject) tree = json_tokener_parse_ex (tokener, text, (int) n_bytes);
  /* A number at the very end is complete only for who knows that the text ends there. */
  if (json_tokener_get_error (tokener) == json_tokener_continue)
    tree = json_tokener_parse_ex (tokener, "", 1);
  if (json_tokener_get_error (tokener) != json_tokener_success) {
    g_set_error_literal (error, HEADROOM_JSON_ERROR, HEADROOM_JSON_ERROR_SYNTAX,
                         json_tokener_error_desc (json_tokener_get_error (tokener)));
    return NULL;
  }
  return value_from_tree (tree, trusted);
}

/* ---- Writing ---- */

/* The fewest significant digits that read back as number, as "d.ddde+xx". */
static void
shortest_digits (double number, char *buffer, gsize size)
{
  for (int precision = 0; precision <= 16; precision++) {
    char format[] = "%.16e";
    g_snprintf (format, sizeof format, "%%.%de", precision);
    g_ascii_formatd (buffer, (int) size, format, number);
    if (g_ascii_strtod (buffer, NULL) == number)
      return;
  }
}

/* Digits without a point, which stands before digit number `point`, laid out without an exponent.
 */
static char *
layout_plain (gboolean negative, const char *digits, int point)
{
  int n = (int) strlen (digits);
  GString *text = g_string_new (negative ? "-" : "");

  if (point <= 0) {
    g_string_append (text, "0.");
    for (int i = point; i < 0; i++)
      g_string_append_c (text, '0');
    g_string_append (text, digits);
  } else {
    for (int i = 0; i < MAX (n, point); i++) {
      if (i == point)
        g_string_append_c (text, '.');
      g_string_append_c (text, i < n ? digits[i] : '0');
    }
  }
  return g_string_free (text, FALSE);
}

char *
headroom_json_format_number (double number)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE], digits[32];
  gsize n = 0;

  if (!isfinite (number))
    return g_strdup ("null");
  if (number == 0)
    return g_strdup (signbit (number) ? "-0" : "0");
  shortest_digits (number, buffer, sizeof buffer);
  char *e = strchr (buffer, 'e');
  int exponent = (int) g_ascii_strtoll (e + 1, NULL, 10);
  for (const char *c = buffer; c < e; c++) {
    if (g_ascii_isdigit (*c))
      digits[n++] = *c;
  }
  digits[n] = '\0';
  if (exponent >= -6 && exponent < 21)
    return layout_plain (number < 0, digits, exponent + 1);
  return g_strdup_printf ("%s%c%s%se%+d", number < 0 ? "-" : "", digits[0], n > 1 ? "." : "",
                          digits + 1, exponent);
}

/* Whether text is UTF-8, U+0000 included. */
static gboolean
is_utf8 (const char *text, gsize len)
{
  const char *end = text + len;

  while (!g_utf8_validate (text, end - text, &text) && text < end && *text == '\0')
    text++;
  return text == end;
}

/* Strings of a model file may be anything; JSON is UTF-8. */
static JsonObject *
tree_from_string (const char *text, gsize len)
{
  g_autofree char *valid = is_utf8 (text, len) ? NULL : g_utf8_make_valid (text, (gssize) len);

  return json_object_new_string_len (valid != NULL ? valid : text,
                                     (int) MIN (valid != NULL ? strlen (valid) : len, G_MAXINT));
}

static JsonObject *
tree_from_value (const HrValue *value)
{
  JsonObject *tree;
  const char *text;
  size_t len;

  switch (value != NULL ? hr_value_kind (value) : HR_VALUE_NULL) {
  case HR_VALUE_BOOL:
    return json_object_new_boolean (hr_value_get_bool (value));
  case HR_VALUE_INT:
    return json_object_new_int64 (hr_value_get_int (value));
  case HR_VALUE_FLOAT: {
    double number = hr_value_get_float (value);
    g_autofree char *digits = headroom_json_format_number (number);
    return isfinite (number) ? json_object_new_double_s (number, digits) : NULL;
  }
  case HR_VALUE_STRING:
    text = hr_value_get_string (value, &len);
    return tree_from_string (text, len);
  case HR_VALUE_LIST:
    tree = json_object_new_array ();
    for (size_t i = 0; i < hr_value_size (value); i++)
      json_object_array_add (tree, tree_from_value (hr_value_at (value, i)));
    return tree;
  case HR_VALUE_DICT:
    tree = json_object_new_object ();
    for (size_t i = 0; i < hr_value_size (value); i++) {
      HrValue *entry = hr_value_entry (value, i, &text);
      json_object_object_add (tree, text, tree_from_value (entry));
    }
    return tree;
  case HR_VALUE_UNDEFINED:
  case HR_VALUE_NULL:
  case HR_VALUE_CALLABLE:
  default:
    return NULL;
  }
}

/* These characters occur in JSON only inside strings, so they can be escaped in the finished text.
 */
static char *
escape_html (const char *text, gsize len)
{
  GString *escaped = g_string_sized_new (len + 16);

  for (const char *c = text; c < text + len; c++) {
    if (*c == '<' || *c == '>' || *c == '&') {
      g_string_append_printf (escaped, "\\u%04x", (guint) *c);
    } else if (text + len - c >= 3 &&
               (memcmp (c, "\xe2\x80\xa8", 3) == 0 || memcmp (c, "\xe2\x80\xa9", 3) == 0)) {
      g_string_append (escaped, c[2] == '\xa8' ? "\\u2028" : "\\u2029");
      c += 2;
    } else {
      g_string_append_c (escaped, *c);
    }
  }
  return g_string_free (escaped, FALSE);
}

char *
headroom_json_print (const HrValue *value, HeadroomJsonFlags flags)
{
  g_autoptr(JsonObject) tree = tree_from_value (value);
  int style = JSON_C_TO_STRING_NOSLASHESCAPE;
  size_t len;

  if (flags & HEADROOM_JSON_INDENT)
    style |= JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED;
  const char *text = json_object_to_json_string_length (tree, style, &len);
  if (tree == NULL)
    return g_strdup ("null");
  return flags & HEADROOM_JSON_ESCAPE_HTML ? escape_html (text, len) : g_strndup (text, len);
}

/* ---- Convenience ---- */

void
headroom_json_set_string (HrValue *dict, const char *key, const char *text)
{
  if (text != NULL)
    hr_value_set (dict, key, hr_value_new_string (text, -1, false));
}

void
headroom_json_set_int (HrValue *dict, const char *key, gint64 number)
{
  hr_value_set (dict, key, hr_value_new_int (number));
}

void
headroom_json_set_float (HrValue *dict, const char *key, double number)
{
  hr_value_set (dict, key, hr_value_new_float (number));
}

void
headroom_json_set_bool (HrValue *dict, const char *key, gboolean truth)
{
  hr_value_set (dict, key, hr_value_new_bool (truth));
}

void
headroom_json_set_strv (HrValue *dict, const char *key, const char *const *texts)
{
  HrValue *list = hr_value_new_list ();

  for (gsize i = 0; texts != NULL && texts[i] != NULL; i++)
    hr_value_append (list, hr_value_new_string (texts[i], -1, false));
  hr_value_set (dict, key, list);
}

static const HrValue *
lookup_kind (const HrValue *dict, const char *key, HrValueKind kind)
{
  const HrValue *value =
      dict != NULL && hr_value_kind (dict) == HR_VALUE_DICT ? hr_value_lookup (dict, key) : NULL;

  return value != NULL && hr_value_kind (value) == kind ? value : NULL;
}

const char *
headroom_json_get_string (const HrValue *dict, const char *key)
{
  const HrValue *value = lookup_kind (dict, key, HR_VALUE_STRING);

  return value != NULL ? hr_value_get_string (value, NULL) : NULL;
}

gint64
headroom_json_get_int (const HrValue *dict, const char *key, gint64 fallback)
{
  const HrValue *value = lookup_kind (dict, key, HR_VALUE_INT);

  return value != NULL ? hr_value_get_int (value) : fallback;
}

gboolean
headroom_json_get_bool (const HrValue *dict, const char *key, gboolean fallback)
{
  const HrValue *value = lookup_kind (dict, key, HR_VALUE_BOOL);

  return value != NULL ? hr_value_get_bool (value) : fallback;
}
