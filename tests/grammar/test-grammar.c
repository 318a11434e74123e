/* test-grammar.c: which texts GBNF and JSON schemas allow, and what they refuse to be.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <string.h>

#include "headroom-json.h"

typedef struct {
  const char *grammar;
  const char *good[12], *bad[12]; /* NULL-terminated */
} Case;

static void
check (HrGrammar *grammar, const Case *c)
{
  for (gsize i = 0; c->good[i] != NULL; i++)
    if (!hr_grammar_matches (grammar, c->good[i], strlen (c->good[i])))
      g_error ("%s does not match: %s", c->grammar, c->good[i]);
  for (gsize i = 0; c->bad[i] != NULL; i++)
    if (hr_grammar_matches (grammar, c->bad[i], strlen (c->bad[i])))
      g_error ("%s matches: %s", c->grammar, c->bad[i]);
}

/* ---- GBNF ---- */

static void
test_gbnf (void)
{
  static const Case cases[] = {
    { "root ::= \"yes\" | \"no\"", { "yes", "no" }, { "", "y", "yesno", "maybe" } },
    { "root ::= [a-c]+ # letters\n", { "a", "cab" }, { "", "d", "ad" } },
    { "root ::= [^a-c]", { "d", "ö", "😀" }, { "a", "dd", "" } },
    { "root ::= \"(\" root \")\" | \"x\"", { "x", "((x))" }, { "(x", "()" } },
    { "root ::= item{2,3}\nitem ::= \"a\" | \"b\"", { "ab", "aba" }, { "a", "abab" } },
    { "root ::= (\"a\"\n  | \"b\"\n)* \"!\"", { "!", "abba!" }, { "ab", "!!" } },
    { "root ::=\n  \"a\"\n  | \"b\"\n", { "a", "b" }, { "ab" } },
    { "root ::= \"\\x41\\u00e9\\n\" .?", { "Aé\n", "Aé\nß" }, { "Aé", "Aé\nßß" } },
    { "root ::= [\\]\\\\^-]", { "]", "\\", "^", "-" }, { "a" } },
    { "root ::= \"a\"{100,200}", { NULL }, { "a" } },
    { "root ::= \"\" | \"a\" root", { "", "aaa" }, { "b" } },
  };
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (HrGrammar) grammar = hr_grammar_new_gbnf (cases[i].grammar, &error);
    g_assert_no_error (error);
    check (grammar, &cases[i]);
  }
}

static void
test_gbnf_errors (void)
{
  static const char *const bad[] = {
    "",
    "root",
    "root ::= \"a",
    "root ::= [a",
    "root ::= (\"a\"",
    "root ::= b",
    "x ::= \"a\"",
    "root ::= root \"a\"",
    "root ::= a\na ::= \"\" b\nb ::= a \"x\"",
    "root ::= \"a\" root",
    "root ::= \"a\"{3,2}",
    "root ::= \"a\"{9999999}",
    "root ::= \"a\" )",
    "root ::= [b-a]",
    "root ::= \"\\q\"",
    "root ::= \"\\ud800\"",
    "root ::= *",
    "::= \"a\"",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (HrGrammar) grammar = hr_grammar_new_gbnf (bad[i], &error);
    if (grammar != NULL)
      g_error ("taken for a grammar: %s", bad[i]);
    g_assert_error (error, HR_ERROR, HR_ERROR_SETTINGS);
  }
}

/* Grammars in a few bytes that would be gigabytes, or endless ways to read one text. Each is
 * refused or walked; both come to an end. */
static void
test_gbnf_explosion (void)
{
  g_autofree char *open = g_strnfill (20000, '('), *close = g_strnfill (20000, ')');
  g_autofree char *deep = g_strdup_printf ("root ::= %s\"a\"%s", open, close);
  g_autofree char *letters = g_strnfill (3000, 'a');
  GString *doubling = g_string_new ("root ::= r0 r0\n"), *wide = g_string_new ("root ::= \"\"");

  for (int i = 0; i < 40; i++)
    g_string_append_printf (doubling, "r%d ::= r%d r%d\n", i, i + 1, i + 1);
  g_string_append (doubling, "r40 ::= \"a\"?\n");
  for (int i = 0; i < 5000; i++)
    g_string_append_printf (wide, " | \"a\"{%d} [a-z]", i % 100);
  const char *const grammars[] = {
    "root ::= (((\"a\"{0,9999}){0,9999}){0,9999}){0,9999}",
    "root ::= ((((\"a\"*)*)*)*)* \"b\"",
    "root ::= (\"a\"? \"a\"?){0,4000}",
    "root ::= (\"a\" | \"aa\" | \"aaa\" | [a]*)*",
    "root ::= x*\nx ::= y*\ny ::= x | \"a\"",
    "root ::= \"a\" root \"a\" | \"a\" root root | \"\"",
    deep,
    doubling->str,
    wide->str,
  };

  for (gsize i = 0; i < G_N_ELEMENTS (grammars); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (HrGrammar) grammar = hr_grammar_new_gbnf (grammars[i], &error);
    g_test_message ("%.60s: %s", grammars[i], error != NULL ? error->message : "taken");
    g_assert_true ((grammar == NULL) == (error != NULL));
    if (grammar != NULL)
      hr_grammar_matches (grammar, letters, strlen (letters));
  }
  g_string_free (doubling, TRUE);
  g_string_free (wide, TRUE);
}

/* Long counts are exact although they are written as rules of rules. */
static void
test_counts (void)
{
  static const struct {
    guint min, max;
  } counts[] = { { 0, 100 }, { 65, 65 }, { 70, 300 }, { 0, 1000 }, { 1000, 1003 }, { 4097, 4097 } };

  for (gsize i = 0; i < G_N_ELEMENTS (counts); i++) {
    g_autofree char *text = g_strdup_printf ("root ::= \"a\"{%u,%u}", counts[i].min, counts[i].max);
    g_autofree char *letters = g_strnfill (counts[i].max + 2, 'a');
    g_autoptr (GError) error = NULL;
    g_autoptr (HrGrammar) grammar = hr_grammar_new_gbnf (text, &error);
    g_assert_no_error (error);
    for (guint n = counts[i].max > 200 ? counts[i].max - 100 : 0; n < counts[i].max + 2; n++)
      if (hr_grammar_matches (grammar, letters, n) != (n >= counts[i].min && n <= counts[i].max))
        g_error ("{%u,%u} is wrong about %u", counts[i].min, counts[i].max, n);
  }
}

/* ---- Schemas ---- */

static void
test_schema (void)
{
  static const Case cases[] = {
    { "{\"type\":\"boolean\"}", { "true", "false" }, { "null", "tru" } },
    { "{\"type\":\"integer\",\"minimum\":-3,\"maximum\":12}",
      { "-3", "-1", "0", "9", "12" },
      { "-4", "13", "01", "-0", "1.0", "" } },
    { "{\"type\":\"integer\",\"exclusiveMinimum\":99,\"exclusiveMaximum\":1001}",
      { "100", "999", "1000" },
      { "99", "1001", "0100" } },
    { "{\"type\":\"number\",\"minimum\":0.1,\"maximum\":0.5}",
      { "0.1", "0.25", "0.500000" },
      { "0.05", "0.51", "0", "1", ".2" } },
    { "{\"type\":\"number\",\"minimum\":0}", { "0", "3.5", "12" }, { "-1", "-0.5" } },
    { "{\"type\":\"number\"}", { "0", "-3.5e+10", "12" }, { "01", "1e400", "+1", "1." } },
    { "{\"type\":\"string\",\"minLength\":2,\"maxLength\":3}",
      { "\"ab\"", "\"\\u00e9ß\"", "\"\\ud83d\\ude00\\n\"" },
      { "\"a\"", "\"abcd\"", "\"\\ud83d\"", "\"a\nb\"" } },
    { "{\"type\":\"string\",\"pattern\":\"^a+\\\"?$\"}",
      { "\"a\"", "\"aa\\\"\"" },
      { "\"\"", "\"ab\"", "\"a\"\"" } },
    { "{\"type\":\"string\",\"pattern\":\"b\"}", { "\"b\"", "\"abc\"" }, { "\"a\"" } },
    { "{\"type\":\"string\",\"format\":\"date\"}",
      { "\"2024-02-28\"", "\"1999-12-31\"" },
      { "\"2024-02-30\"", "\"2024-13-01\"", "\"x\"" } },
    { "{\"type\":\"string\",\"format\":\"uuid\"}",
      { "\"123e4567-e89b-12d3-a456-426614174000\"" },
      { "\"123e4567\"" } },
    { "{\"enum\":[\"a\",1,null,{\"k\":[true]}]}",
      { "\"a\"", "1", "null", "{\"k\":[true]}" },
      { "a", "2" } },
    { "{\"type\":\"string\",\"enum\":[\"a\",1]}", { "\"a\"" }, { "1" } },
    { "{\"type\":[\"string\",\"null\"]}", { "\"\"", "null" }, { "1" } },
    { "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{\"type\":\"null\"}},\"required\":[\"b\"]}",
      { "{\"b\":null}", "{\"a\":1,\"b\":null}", "{ \"a\": 1, \"b\": null }" },
      { "{}", "{\"a\":1}", "{\"b\":null,\"a\":1}", "{\"a\":1,\"b\":null,\"c\":2}",
        "{,\"b\":null}" } },
    { "{\"type\":\"object\",\"properties\":{\"ab\":{\"type\":\"integer\"}},\"additionalProperties\":{\"type\":\"boolean\"}}",
      { "{}", "{\"ab\":1}", "{\"ab\":1,\"a\":true}", "{\"abc\":true,\"b\":false}", "{\"\":true}" },
      { "{\"ab\":true}", "{\"a\":1}", "{\"a\":true,\"ab\":1}", "{\"ab\":1,\"ab\":true}" } },
    { "{\"type\":\"array\",\"items\":{\"type\":\"null\"},\"minItems\":1,\"maxItems\":2}",
      { "[null]", "[null, null]" },
      { "[]", "[null,null,null]", "[null,]" } },
    { "{\"type\":\"array\",\"prefixItems\":[{\"type\":\"null\"},{\"type\":\"boolean\"}],\"items\":false}",
      { "[null,true]" },
      { "[null,true,1]", "[true,null]" } },
    { "{\"anyOf\":[{\"type\":\"null\"},{\"$ref\":\"#/$defs/x\"}],\"$defs\":{\"x\":{\"const\":7}}}",
      { "null", "7" },
      { "8" } },
    { "{\"allOf\":[{\"properties\":{\"a\":{\"type\":\"integer\"}},\"required\":[\"a\"]},{\"properties\":{\"a\":{\"minimum\":5,\"maximum\":6}}}]}",
      { "{\"a\":5}", "{\"a\":6}" },
      { "{\"a\":7}", "{}" } },
    { "{\"type\":\"object\",\"properties\":{\"next\":{\"$ref\":\"#\"}}}",
      { "{}", "{\"next\":{\"next\":{}}}" },
      { "{\"next\":1}" } },
    { "true", { "1", "[]", "{\"a\":[1,{}]}" }, { "", "[1" } },
    { "{\"type\":\"object\"}", { "{}", "{\"a\":{\"b\":[]}}" }, { "[]", "1" } },
  };
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (HrValue) schema = headroom_json_parse (cases[i].grammar, -1, FALSE, &error);
    g_assert_no_error (error);
    g_autoptr (HrGrammar) grammar = hr_grammar_new_schema (NULL, schema, NULL, &error);
    g_assert_no_error (error);
    check (grammar, &cases[i]);
  }
}

static void
test_schema_errors (void)
{
  static const char *const bad[] = {
    "false",
    "3",
    "{\"type\":\"thing\"}",
    "{\"enum\":[]}",
    "{\"$ref\":\"#/nowhere\"}",
    "{\"$ref\":\"http://x/y\"}",
    "{\"$ref\":\"#\"}",
    "{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#\"}},\"required\":[\"a\"]}",
    "{\"type\":\"integer\",\"minimum\":5,\"maximum\":4}",
    "{\"type\":\"string\",\"pattern\":\"(?=a)\"}",
    "{\"type\":\"string\",\"pattern\":\"[\"}",
    "{\"type\":\"string\",\"minLength\":3,\"maxLength\":2}",
    "{\"type\":\"array\",\"minItems\":3,\"maxItems\":2}",
    "{\"allOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}",
    "{\"type\":\"object\",\"properties\":[]}",
    "{\"type\":\"string\",\"minLength\":-1}",
    "{\"allOf\":[{\"$ref\":\"#/$defs/a\"}],\"$defs\":{\"a\":{\"allOf\":[{\"$ref\":\"#/$defs/a\"}]}}}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (HrValue) schema = headroom_json_parse (bad[i], -1, FALSE, NULL);
    g_autoptr (HrGrammar) grammar = hr_grammar_new_schema (NULL, schema, NULL, &error);
    if (grammar != NULL)
      g_error ("taken for a schema: %s", bad[i]);
    g_assert_error (error, HR_ERROR, HR_ERROR_SETTINGS);
  }
}

static void
test_ignored (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (HrValue) schema =
      headroom_json_parse ("{\"type\":\"array\",\"uniqueItems\":true,\"items\":{\"multipleOf\":3,"
                           "\"type\":\"integer\",\"description\":\"a number\"}}",
                           -1, FALSE, NULL);
  g_autoptr (HrGrammar) grammar = hr_grammar_new_schema (NULL, schema, NULL, &error);
  const char *const *ignored = hr_grammar_get_ignored (grammar);

  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length ((char **) ignored), ==, 2);
  g_assert_true (g_strv_contains (ignored, "uniqueItems"));
  g_assert_true (g_strv_contains (ignored, "multipleOf"));
}

/* A oneOf is exactly one where its branches exclude each other; else that is told. */
static void
test_one_of (void)
{
#define OBJECT(properties, more) "{\"type\":\"object\",\"properties\":{" properties "}" more "}"
  static const struct {
    const char *branches;
    gboolean exclusive;
  } cases[] = {
    { "{\"type\":\"string\"},{\"type\":\"number\"}", TRUE },
    { "{\"type\":\"integer\"},{\"type\":\"number\"}", FALSE },
    { "{\"type\":[\"string\",\"null\"]},{\"type\":\"boolean\"}", TRUE },
    { "{\"type\":\"string\",\"nullable\":true},{\"type\":\"null\"}", FALSE },
    { "{\"const\":1},{\"const\":2}", TRUE },
    { "{\"const\":1},{\"enum\":[2,\"a\"]},{\"type\":\"null\"}", TRUE },
    { "{\"enum\":[1,2]},{\"enum\":[2,3]}", FALSE },
    { "{\"type\":\"integer\",\"maximum\":4},{\"type\":\"integer\",\"minimum\":5}", TRUE },
    { "{\"type\":\"integer\",\"maximum\":5},{\"type\":\"integer\",\"minimum\":5}", FALSE },
    { "{\"type\":\"string\",\"maxLength\":2},{\"type\":\"string\",\"minLength\":3}", TRUE },
    { "{\"type\":\"string\"},{\"type\":\"string\",\"minLength\":3}", FALSE },
    { "{},{\"type\":\"string\"}", FALSE },
    { OBJECT ("\"kind\":{\"const\":\"a\"}",
              ",\"required\":[\"kind\"]") "," OBJECT ("\"kind\":{\"const\":\"b\"}",
                                                      ",\"required\":[\"kind\"]"),
      TRUE },
    { OBJECT ("\"kind\":{\"const\":\"a\"}", "") "," OBJECT ("\"kind\":{\"const\":\"b\"}", ""),
      FALSE },
    { OBJECT ("\"a\":{}", ",\"required\":[\"a\"],\"additionalProperties\":false") "," OBJECT (
          "\"b\":{}", ",\"required\":[\"b\"],\"additionalProperties\":false"),
      TRUE },
    { OBJECT ("\"a\":{}", ",\"required\":[\"a\"]") "," OBJECT ("\"b\":{}", ",\"required\":[\"b\"]"),
      FALSE },
    { "{\"$ref\":\"#/$defs/x\"},{\"type\":\"null\"}", TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *text = g_strdup_printf (
        "{\"oneOf\":[%s],\"$defs\":{\"x\":{\"type\":\"array\",\"items\":{\"type\":\"null\"}}}}",
        cases[i].branches);
    g_autoptr (GError) error = NULL;
    g_autoptr (HrValue) schema = headroom_json_parse (text, -1, FALSE, &error);
    g_assert_no_error (error);
    g_autoptr (HrGrammar) grammar = hr_grammar_new_schema (NULL, schema, NULL, &error);
    g_assert_no_error (error);
    g_test_message ("%s", cases[i].branches);
    g_assert_true ((hr_grammar_get_ignored (grammar)[0] == NULL) == cases[i].exclusive);
  }
}

/* A schema, in a few kilobytes, of which each level doubles: 2^40 ways, were they all followed. */
static void
test_explosion (void)
{
  GString *text = g_string_new ("{\"$ref\":\"#/$defs/l0\",\"$defs\":{");
  g_autoptr (GError) error = NULL;

  for (int i = 0; i < 40; i++)
    g_string_append_printf (
        text,
        "\"l%d\":{\"allOf\":[{\"anyOf\":[{\"$ref\":\"#/$defs/l%d\"},{\"$ref\":\"#/$defs/l%d\"}]},{\"description\":\"x\"}]},",
        i, i + 1, i + 1);
  g_string_append (text, "\"l40\":{\"type\":\"string\",\"maxLength\":100000}}}");
  g_autofree char *json = g_string_free (text, FALSE);
  g_autoptr (HrValue) schema = headroom_json_parse (json, -1, FALSE, &error);
  g_assert_no_error (error);
  g_autoptr (HrGrammar) grammar = hr_grammar_new_schema (NULL, schema, NULL, &error);
  g_assert_true ((grammar == NULL) == (error != NULL));
}

/* Schemas of which a part asks for more than anybody has. */
static void
test_schema_explosion (void)
{
  g_autofree char *open = g_strnfill (400, '['), *close = g_strnfill (400, ']');
  g_autofree char *deep = g_strdup_printf ("{\"enum\":[%s%s]}", open, close);
  g_autofree char *text = g_strnfill (4000, 'a'), *quoted = g_strdup_printf ("\"%s\"", text);
  GString *many = g_string_new ("{\"enum\":[0");

  for (int i = 1; i < 50000; i++)
    g_string_append_printf (many, ",%d", i * 7919);
  g_string_append (many, "]}");
  const char *const schemas[] = {
    "{\"type\":\"string\",\"pattern\":\"^(a|a|a)*b$\"}",
    "{\"type\":\"string\",\"pattern\":\"^((a*)*)*b$\"}",
    "{\"type\":\"string\",\"pattern\":\"^(((a{0,999}){0,999}){0,999}){0,999}$\"}",
    "{\"type\":\"string\",\"minLength\":99999999999,\"maxLength\":99999999999}",
    "{\"type\":\"array\",\"minItems\":99999999,\"items\":{\"type\":\"array\",\"minItems\":99999999}}",
    "{\"type\":\"integer\",\"minimum\":-9e300,\"maximum\":9e300}",
    "{\"$ref\":\"#/a\",\"a\":{\"anyOf\":[{\"$ref\":\"#/a\"},{\"$ref\":\"#/a\"}]}}",
    deep,
    many->str,
  };

  for (gsize i = 0; i < G_N_ELEMENTS (schemas); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (HrValue) schema = headroom_json_parse (schemas[i], -1, FALSE, &error);
    g_assert_no_error (error);
    g_autoptr (HrGrammar) grammar = hr_grammar_new_schema (NULL, schema, NULL, &error);
    g_test_message ("%.60s: %s", schemas[i], error != NULL ? error->message : "taken");
    g_assert_true ((grammar == NULL) == (error != NULL));
    if (grammar != NULL)
      hr_grammar_matches (grammar, quoted, strlen (quoted));
  }
  g_string_free (many, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/grammar/gbnf/matches", test_gbnf);
  g_test_add_func ("/grammar/gbnf/errors", test_gbnf_errors);
  g_test_add_func ("/grammar/gbnf/counts", test_counts);
  g_test_add_func ("/grammar/gbnf/explosion", test_gbnf_explosion);
  g_test_add_func ("/grammar/schema/matches", test_schema);
  g_test_add_func ("/grammar/schema/errors", test_schema_errors);
  g_test_add_func ("/grammar/schema/ignored", test_ignored);
  g_test_add_func ("/grammar/schema/one-of", test_one_of);
  g_test_add_func ("/grammar/schema/explosion", test_explosion);
  g_test_add_func ("/grammar/schema/explosions", test_schema_explosion);
  return g_test_run ();
}
