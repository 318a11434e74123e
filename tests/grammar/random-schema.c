/* random-schema.c: see random-schema.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "random-schema.h"

#include "headroom-json.h"

static HrValue *schema (GRand *rand, guint depth);

static int
below (GRand *rand, int n)
{
  return g_rand_int_range (rand, 0, n);
}

static gboolean
chance (GRand *rand, int percent)
{
  return below (rand, 100) < percent;
}

static HrValue *
typed (const char *type)
{
  HrValue *dict = hr_value_new_dict ();

  headroom_json_set_string (dict, "type", type);
  return dict;
}

static HrValue *
random_number (GRand *rand)
{
  HrValue *dict = typed (chance (rand, 60) ? "integer" : "number");
  int low = below (rand, 4000) - 2000, span = below (rand, chance (rand, 50) ? 12 : 100000) + 2;

  if (chance (rand, 30))
    headroom_json_set_float (dict, chance (rand, 50) ? "minimum" : "exclusiveMinimum", low / 8.0);
  else if (chance (rand, 50))
    headroom_json_set_int (dict, chance (rand, 50) ? "minimum" : "exclusiveMinimum", low);
  if (chance (rand, 50))
    headroom_json_set_int (dict, chance (rand, 50) ? "maximum" : "exclusiveMaximum", low + span);
  return dict;
}

static HrValue *
random_string (GRand *rand)
{
  static const char *const patterns[] = { "^[a-z]{2,5}$",
                                          "^(foo|ba[rz])-[0-9]+$",
                                          "^\\w+@\\w+\\.(com|org)$",
                                          "^[^\"]{1,4}$",
                                          "x[0-9]y",
                                          "^\\d{3}-\\d{2}$",
                                          "^\\S+ \\S+$",
                                          "^.{0,6}$",
                                          "^[\\\\/\\n\"]{1,3}$",
                                          "^é+ß?$" };
  HrValue *dict = typed ("string");
  int min = below (rand, 6);

  if (chance (rand, 40)) {
    headroom_json_set_string (dict, "pattern", patterns[below (rand, G_N_ELEMENTS (patterns))]);
    return dict;
  }
  if (chance (rand, 50))
    headroom_json_set_int (dict, "minLength", min);
  if (chance (rand, 50))
    headroom_json_set_int (dict, "maxLength", min + below (rand, chance (rand, 10) ? 1000 : 20));
  return dict;
}

static HrValue *
random_enum (GRand *rand)
{
  static const char *const texts[] = { "\"red\"",   "\"gr\\u00fcn\"", "3",
                                       "-1.5",      "null",           "true",
                                       "[1,\"a\"]", "{\"k\":{}}",     "\"a\\\"b\\\\\"",
                                       "\"\"" };
  HrValue *dict = hr_value_new_dict (), *list = hr_value_new_list ();
  int n = 1 + below (rand, 4), first = below (rand, G_N_ELEMENTS (texts));

  for (int i = 0; i < n; i++)
    hr_value_append (list, headroom_json_parse (texts[(first + i * 3) % (int) G_N_ELEMENTS (texts)],
                                                -1, FALSE, NULL));
  if (n == 1 && chance (rand, 50)) {
    hr_value_set (dict, "const", hr_value_ref (hr_value_at (list, 0)));
    hr_value_unref (list);
  } else {
    hr_value_set (dict, "enum", list);
  }
  return dict;
}

static HrValue *
random_array (GRand *rand, guint depth)
{
  HrValue *dict = typed ("array");
  int min = below (rand, 4);

  if (chance (rand, 20)) {
    HrValue *first = hr_value_new_list ();
    for (int i = 1 + below (rand, 3); i > 0; i--)
      hr_value_append (first, schema (rand, depth - 1));
    hr_value_set (dict, "prefixItems", first);
    hr_value_set (dict, "items",
                  chance (rand, 50) ? hr_value_new_bool (false) : schema (rand, depth - 1));
    return dict;
  }
  if (chance (rand, 90))
    hr_value_set (dict, "items", schema (rand, depth - 1));
  if (chance (rand, 50))
    headroom_json_set_int (dict, "minItems", min);
  if (chance (rand, 60))
    headroom_json_set_int (dict, "maxItems", min + below (rand, 4));
  return dict;
}

static HrValue *
random_object (GRand *rand, guint depth)
{
  static const char *const names[] = { "a",     "ab",  "abc",   "name", "na\"me",
                                       "größe", "x y", "value", "",     "id" };
  HrValue *dict = typed ("object"), *properties = hr_value_new_dict (),
          *required = hr_value_new_list ();
  int n = below (rand, 5);

  for (int i = 0; i < n; i++) {
    const char *name = names[below (rand, G_N_ELEMENTS (names))];
    if (hr_value_lookup (properties, name) != NULL)
      continue;
    hr_value_set (properties, name, schema (rand, depth - 1));
    if (chance (rand, 60))
      hr_value_append (required, hr_value_new_string (name, -1, false));
  }
  if (chance (rand, 10))
    hr_value_append (required, hr_value_new_string ("other", -1, false));
  if (n > 0 || chance (rand, 50))
    hr_value_set (dict, "properties", properties);
  else
    hr_value_unref (properties);
  if (hr_value_size (required) > 0)
    hr_value_set (dict, "required", required);
  else
    hr_value_unref (required);
  if (chance (rand, 40) && hr_value_lookup (dict, "required") == NULL)
    headroom_json_set_bool (dict, "additionalProperties", FALSE);
  else if (chance (rand, 40))
    hr_value_set (dict, "additionalProperties", schema (rand, depth - 1));
  return dict;
}

static HrValue *
random_combination (GRand *rand, guint depth)
{
  HrValue *dict = hr_value_new_dict (), *list = hr_value_new_list ();

  if (chance (rand, 30)) { /* each with a type of its own, so that exactly one is met */
    hr_value_append (list, random_string (rand));
    hr_value_append (list, random_number (rand));
    hr_value_append (list, random_array (rand, depth));
    hr_value_set (dict, "oneOf", list);
  } else if (chance (rand, 60)) {
    for (int i = 1 + below (rand, 3); i > 0; i--)
      hr_value_append (list, schema (rand, depth - 1));
    hr_value_set (dict, "anyOf", list);
  } else {
    for (int i = 1 + below (rand, 2); i > 0; i--) {
      HrValue *object = typed ("object"), *properties = hr_value_new_dict (),
              *required = hr_value_new_list ();
      g_autofree char *name = g_strdup_printf ("part%d", i);
      hr_value_set (properties, name, schema (rand, depth - 1));
      hr_value_append (required, hr_value_new_string (name, -1, false));
      hr_value_set (object, "properties", properties);
      hr_value_set (object, "required", required);
      hr_value_append (list, object);
    }
    hr_value_set (dict, "allOf", list);
  }
  return dict;
}

static HrValue *
random_leaf (GRand *rand)
{
  static const char *const types[] = { "boolean", "null" };

  switch (below (rand, 5)) {
  case 0:
    return random_number (rand);
  case 1:
  case 2:
    return random_string (rand);
  case 3:
    return random_enum (rand);
  default:
    return typed (types[below (rand, 2)]);
  }
}

static HrValue *
schema (GRand *rand, guint depth)
{
  if (depth == 0 || chance (rand, 30))
    return random_leaf (rand);
  switch (below (rand, 8)) {
  case 0:
  case 1:
    return random_array (rand, depth);
  case 2:
    return random_combination (rand, depth);
  case 3: {
    HrValue *dict = hr_value_new_dict ();
    headroom_json_set_string (dict, "$ref", chance (rand, 50) ? "#/$defs/leaf" : "#/$defs/tree");
    return dict;
  }
  case 4:
    return chance (rand, 30) ? hr_value_new_dict () : random_leaf (rand);
  default:
    return random_object (rand, depth);
  }
}

HrValue *
random_schema_new (guint32 seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  HrValue *root = chance (rand, 70) ? random_object (rand, 3) : schema (rand, 3);
  HrValue *defs;

  if (hr_value_kind (root) != HR_VALUE_DICT)
    return root;
  defs = hr_value_new_dict ();
  hr_value_set (defs, "leaf", random_leaf (rand));
  hr_value_set (
      defs, "tree",
      headroom_json_parse (
          "{\"type\":\"object\",\"properties\":{\"value\":{\"type\":\"integer\"},\"children\":{\"type\":"
          "\"array\",\"items\":{\"$ref\":\"#/$defs/tree\"}}},\"required\":[\"value\"],"
          "\"additionalProperties\":false}",
          -1, FALSE, NULL));
  hr_value_set (root, "$defs", defs);
  return root;
}
