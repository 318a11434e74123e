/* validator.c: see validator.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "validator.h"

#include <math.h>
#include <string.h>

#include "headroom-json.h"

static char *
complain (const char *what, HrValue *schema, HrValue *value)
{
  g_autofree char *shown_schema = headroom_json_print (schema, HEADROOM_JSON_PLAIN);
  g_autofree char *shown = headroom_json_print (value, HEADROOM_JSON_PLAIN);

  return g_strdup_printf ("%s: %s is not %s", what, shown, shown_schema);
}

static gboolean
is_same (HrValue *a, HrValue *b)
{
  g_autofree char *left = headroom_json_print (a, HEADROOM_JSON_PLAIN);
  g_autofree char *right = headroom_json_print (b, HEADROOM_JSON_PLAIN);

  return g_str_equal (left, right);
}

static gboolean
is_number (HrValue *value)
{
  return hr_value_kind (value) == HR_VALUE_INT || hr_value_kind (value) == HR_VALUE_FLOAT;
}

static double
number (HrValue *value)
{
  return hr_value_kind (value) == HR_VALUE_INT ? (double) hr_value_get_int (value)
                                               : hr_value_get_float (value);
}

static gboolean
has_type (HrValue *value, const char *type)
{
  switch (hr_value_kind (value)) {
  case HR_VALUE_NULL:
    return g_str_equal (type, "null");
  case HR_VALUE_BOOL:
    return g_str_equal (type, "boolean");
  case HR_VALUE_INT:
    return g_str_equal (type, "integer") || g_str_equal (type, "number");
  case HR_VALUE_FLOAT:
    return g_str_equal (type, "number") ||
           (g_str_equal (type, "integer") && number (value) == floor (number (value)));
  case HR_VALUE_STRING:
    return g_str_equal (type, "string");
  case HR_VALUE_LIST:
    return g_str_equal (type, "array");
  case HR_VALUE_DICT:
    return g_str_equal (type, "object");
  default:
    return FALSE;
  }
}

static gboolean
check_type (HrValue *schema, HrValue *value)
{
  HrValue *type = hr_value_lookup (schema, "type");

  if (type == NULL)
    return TRUE;
  if (hr_value_kind (type) == HR_VALUE_STRING)
    return has_type (value, hr_value_get_string (type, NULL));
  for (gsize i = 0; i < hr_value_size (type); i++)
    if (has_type (value, hr_value_get_string (hr_value_at (type, i), NULL)))
      return TRUE;
  return FALSE;
}

static gboolean
check_number (HrValue *schema, HrValue *value)
{
  static const char *const keywords[] = { "minimum", "maximum", "exclusiveMinimum",
                                          "exclusiveMaximum" };

  for (gsize i = 0; is_number (value) && i < G_N_ELEMENTS (keywords); i++) {
    HrValue *bound = hr_value_lookup (schema, keywords[i]);
    double n = number (value), b;
    if (bound == NULL)
      continue;
    b = number (bound);
    if ((i == 0 && n < b) || (i == 1 && n > b) || (i == 2 && n <= b) || (i == 3 && n >= b))
      return FALSE;
  }
  return TRUE;
}

static gboolean
check_count (HrValue *schema, const char *min, const char *max, gsize n)
{
  HrValue *low = hr_value_lookup (schema, min), *high = hr_value_lookup (schema, max);

  return (low == NULL || n >= (gsize) hr_value_get_int (low)) &&
         (high == NULL || n <= (gsize) hr_value_get_int (high));
}

static gboolean
check_string (HrValue *schema, HrValue *value)
{
  HrValue *pattern = hr_value_lookup (schema, "pattern");
  gsize len, n_chars = 0;
  const char *text;

  if (hr_value_kind (value) != HR_VALUE_STRING)
    return TRUE;
  text = hr_value_get_string (value, &len);
  for (gsize i = 0; i < len; i++)
    n_chars += (text[i] & 0xC0) != 0x80;
  if (!check_count (schema, "minLength", "maxLength", n_chars))
    return FALSE;
  return pattern == NULL || g_regex_match_simple (hr_value_get_string (pattern, NULL), text,
                                                  G_REGEX_DOLLAR_ENDONLY, 0);
}

static char *
check_object (HrValue *root, HrValue *schema, HrValue *value)
{
  HrValue *properties = hr_value_lookup (schema, "properties"),
          *others = hr_value_lookup (schema, "additionalProperties");
  HrValue *required = hr_value_lookup (schema, "required");

  for (gsize i = 0; required != NULL && i < hr_value_size (required); i++)
    if (hr_value_lookup (value, hr_value_get_string (hr_value_at (required, i), NULL)) == NULL)
      return complain ("required", schema, value);
  for (gsize i = 0; i < hr_value_size (value); i++) {
    const char *name;
    HrValue *item = hr_value_entry (value, i, &name);
    HrValue *of_item = properties != NULL ? hr_value_lookup (properties, name) : NULL;
    char *problem;
    if (of_item == NULL && others != NULL && hr_value_kind (others) == HR_VALUE_BOOL &&
        !hr_value_get_bool (others))
      return complain ("additionalProperties", schema, value);
    if (of_item == NULL)
      of_item = others;
    problem = of_item != NULL ? validate (root, of_item, item) : NULL;
    if (problem != NULL)
      return problem;
  }
  return NULL;
}

static char *
check_array (HrValue *root, HrValue *schema, HrValue *value)
{
  HrValue *items = hr_value_lookup (schema, "items"),
          *first = hr_value_lookup (schema, "prefixItems");
  gsize n_first = first != NULL ? hr_value_size (first) : 0;

  if (!check_count (schema, "minItems", "maxItems", hr_value_size (value)))
    return complain ("items", schema, value);
  for (gsize i = 0; i < hr_value_size (value); i++) {
    HrValue *of_item = i < n_first ? hr_value_at (first, i) : items;
    char *problem = of_item != NULL ? validate (root, of_item, hr_value_at (value, i)) : NULL;
    if (problem != NULL)
      return problem;
  }
  return NULL;
}

static char *
check_combinations (HrValue *root, HrValue *schema, HrValue *value)
{
  HrValue *all = hr_value_lookup (schema, "allOf"), *any = hr_value_lookup (schema, "anyOf"),
          *one = hr_value_lookup (schema, "oneOf");
  guint n_any = 0, n_one = 0;

  for (gsize i = 0; all != NULL && i < hr_value_size (all); i++) {
    char *problem = validate (root, hr_value_at (all, i), value);
    if (problem != NULL)
      return problem;
  }
  for (gsize i = 0; any != NULL && i < hr_value_size (any); i++) {
    g_autofree char *problem = validate (root, hr_value_at (any, i), value);
    n_any += problem == NULL;
  }
  for (gsize i = 0; one != NULL && i < hr_value_size (one); i++) {
    g_autofree char *problem = validate (root, hr_value_at (one, i), value);
    n_one += problem == NULL;
  }
  if ((any != NULL && n_any == 0) || (one != NULL && n_one != 1))
    return complain (any != NULL ? "anyOf" : "oneOf", schema, value);
  return NULL;
}

static gboolean
check_values (HrValue *schema, HrValue *value)
{
  HrValue *constant = hr_value_lookup (schema, "const"), *list = hr_value_lookup (schema, "enum");

  if (constant != NULL && !is_same (constant, value))
    return FALSE;
  for (gsize i = 0; list != NULL && i < hr_value_size (list); i++)
    if (is_same (hr_value_at (list, i), value))
      return TRUE;
  return list == NULL;
}

static HrValue *
follow (HrValue *root, const char *reference)
{
  g_auto (GStrv) steps = g_strsplit (reference, "/", -1);

  g_assert_cmpstr (steps[0], ==, "#");
  for (char **step = steps + 1; *step != NULL; step++)
    root = hr_value_lookup (root, *step);
  g_assert_nonnull (root);
  return root;
}

char *
validate (HrValue *root, HrValue *schema, HrValue *value)
{
  HrValue *reference;
  char *problem = NULL;

  if (hr_value_kind (schema) == HR_VALUE_BOOL)
    return hr_value_get_bool (schema) ? NULL : complain ("false", schema, value);
  reference = hr_value_lookup (schema, "$ref");
  if (reference != NULL &&
      (problem = validate (root, follow (root, hr_value_get_string (reference, NULL)), value)) !=
          NULL)
    return problem;
  if (!check_type (schema, value) || !check_number (schema, value) ||
      !check_string (schema, value) || !check_values (schema, value))
    return complain ("value", schema, value);
  if (hr_value_kind (value) == HR_VALUE_DICT)
    problem = check_object (root, schema, value);
  else if (hr_value_kind (value) == HR_VALUE_LIST)
    problem = check_array (root, schema, value);
  return problem != NULL ? problem : check_combinations (root, schema, value);
}
