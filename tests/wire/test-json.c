/* test-json.c: what is refused and in which words, what is kept, and how values are written.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <string.h>

#include "headroom-json.h"

typedef struct {
  const char *text, *message;
} Refusal;

static const Refusal refusals[] = {
  { "", "missing request body" },
  { " \n\t ", "missing request body" },
  { "{", "unexpected EOF" },
  { "{\"a\"", "unexpected EOF" },
  { "{\"a\":", "unexpected EOF" },
  { "{\"a\":1", "unexpected EOF" },
  { "[1,", "unexpected EOF" },
  { "\"abc", "unexpected EOF" },
  { "\"abc\\", "unexpected EOF" },
  { "\"\\u12", "unexpected EOF" },
  { "tru", "unexpected EOF" },
  { "-", "unexpected EOF" },
  { "1.", "unexpected EOF" },
  { "1e", "unexpected EOF" },
  { "x", "invalid character 'x' looking for beginning of value" },
  { "{\"a\":x}", "invalid character 'x' looking for beginning of value" },
  { "'a'", "invalid character '\\'' looking for beginning of value" },
  { "\xc3\xa9", "invalid character '\xc3\x83' looking for beginning of value" },
  { "\xc2\xa0", "invalid character '\xc3\x82' looking for beginning of value" },
  { "\x01", "invalid character '\\x01' looking for beginning of value" },
  { "{a:1}", "invalid character 'a' looking for beginning of object key string" },
  { "{\"a\":1,}", "invalid character '}' looking for beginning of object key string" },
  { "{\"a\" 1}", "invalid character '1' after object key" },
  { "{\"a\":1 \"b\":2}", "invalid character '\"' after object key:value pair" },
  { "{\"a\":1]", "invalid character ']' after object key:value pair" },
  { "[1 2]", "invalid character '2' after array element" },
  { "[1}", "invalid character '}' after array element" },
  { "[1,]", "invalid character ']' looking for beginning of value" },
  { "[,1]", "invalid character ',' looking for beginning of value" },
  { "]", "invalid character ']' looking for beginning of value" },
  { "{} {}", "invalid character '{' after top-level value" },
  { "1 x", "invalid character 'x' after top-level value" },
  { "012", "invalid character '1' after top-level value" },
  { "0x10", "invalid character 'x' after top-level value" },
  { "+1", "invalid character '+' looking for beginning of value" },
  { ".5", "invalid character '.' looking for beginning of value" },
  { "-x", "invalid character 'x' in numeric literal" },
  { "1.x", "invalid character 'x' after decimal point in numeric literal" },
  { "1ex", "invalid character 'x' in exponent of numeric literal" },
  { "trux", "invalid character 'x' in literal true (expecting 'e')" },
  { "True", "invalid character 'T' looking for beginning of value" },
  { "nul!", "invalid character '!' in literal null (expecting 'l')" },
  { "NaN", "invalid character 'N' looking for beginning of value" },
  { "Infinity", "invalid character 'I' looking for beginning of value" },
  { "/* c */ 1", "invalid character '/' looking for beginning of value" },
  { "\"a\nb\"", "invalid character '\\n' in string literal" },
  { "\"a\tb\"", "invalid character '\\t' in string literal" },
  { "\"\\x\"", "invalid character 'x' in string escape code" },
  { "\"\\u00g0\"", "invalid character 'g' in \\u hexadecimal character escape" },
  { "\"ab\xff\"", "invalid UTF-8 at byte 3" },
  { "\"\xed\xa0\x80\"", "invalid UTF-8 at byte 1" },
  { "\"\xc0\xaf\"", "invalid UTF-8 at byte 1" },
  { "\"\xf0\x9f\x98\"", "invalid UTF-8 at byte 1" },
  { "{\"a\\u0000b\":1}", "invalid character '\\x00' in object key" },
  { "18446744073709551616",
    "json: cannot unmarshal number 18446744073709551616 into Go value of type int64" },
  { "-9223372036854775809",
    "json: cannot unmarshal number -9223372036854775809 into Go value of type int64" },
  { "1e400", "json: cannot unmarshal number 1e400 into Go value of type float64" },
  { "[-1e400]", "json: cannot unmarshal number -1e400 into Go value of type float64" },
};

static void
test_refusals (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++) {
    g_autoptr(GError) error = NULL;
    g_autofree char *shown = g_strescape (refusals[i].text, NULL);

    g_test_message ("%s", shown);
    g_assert_null (headroom_json_parse (refusals[i].text, -1, FALSE, &error));
    g_assert_nonnull (error);
    g_assert_true (error->domain == HEADROOM_JSON_ERROR);
    g_assert_cmpstr (error->message, ==, refusals[i].message);
  }
}

/* The text ends where its length says, whatever lies behind. */
static void
test_not_terminated (void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(HrValue) number = headroom_json_parse ("1234", 2, FALSE, &error);
  g_autoptr(HrValue) nul = NULL;

  g_assert_no_error (error);
  g_assert_cmpint (hr_value_get_int (number), ==, 12);
  nul = headroom_json_parse ("{}\0", 3, FALSE, &error);
  g_assert_null (nul);
  g_assert_cmpstr (error->message, ==, "invalid character '\\x00' after top-level value");
}

static void
test_depth (void)
{
  g_autofree char *deepest = g_strnfill (2 * HEADROOM_JSON_MAX_DEPTH, '[');
  g_autofree char *brackets = g_strnfill (100000, '[');
  g_autoptr(GError) error = NULL;

  memset (deepest + HEADROOM_JSON_MAX_DEPTH, ']', HEADROOM_JSON_MAX_DEPTH);
  g_autoptr(HrValue) value = headroom_json_parse (deepest, -1, FALSE, &error);
  g_assert_no_error (error);
  g_autofree char *again = headroom_json_print (value, HEADROOM_JSON_PLAIN);
  g_assert_cmpstr (again, ==, deepest);

  g_assert_null (headroom_json_parse (brackets, -1, FALSE, &error));
  g_assert_error (error, HEADROOM_JSON_ERROR, HEADROOM_JSON_ERROR_LIMIT);
  g_assert_cmpstr (error->message, ==, "exceeded max depth");
  g_clear_error (&error);

  g_autoptr(GString) objects = g_string_new (NULL);
  for (int i = 0; i < 100000; i++)
    g_string_append (objects, "{\"a\":");
  g_assert_null (headroom_json_parse (objects->str, -1, FALSE, &error));
  g_assert_cmpstr (error->message, ==, "exceeded max depth");
}

/* Scalars and an inner scalar at the deepest level are one level of json-c's more than the
 * brackets. */
static void
test_depth_of_scalars (void)
{
  g_autoptr(GString) text = g_string_new (NULL);
  g_autoptr(GError) error = NULL;

  for (int i = 0; i < HEADROOM_JSON_MAX_DEPTH; i++)
    g_string_append (text, "{\"a\":");
  g_string_append (text, "\"x\"");
  for (int i = 0; i < HEADROOM_JSON_MAX_DEPTH; i++)
    g_string_append_c (text, '}');
  g_autoptr(HrValue) value = headroom_json_parse (text->str, -1, FALSE, &error);
  g_assert_no_error (error);
  g_autofree char *again = headroom_json_print (value, HEADROOM_JSON_PLAIN);
  g_assert_cmpstr (again, ==, text->str);
}

static void
test_strings (void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr (HrValue) value =
      headroom_json_parse ("[\"a\\u0000b\",\"\\ud83d\\ude00\",\"\\ud800x\",\"\\/\\u00e9\\n\"]", -1,
                           FALSE, &error);
  size_t len;

  g_assert_no_error (error);
  const char *text = hr_value_get_string (hr_value_at (value, 0), &len);
  g_assert_cmpmem (text, len, "a\0b", 3);
  g_assert_cmpstr (hr_value_get_string (hr_value_at (value, 1), NULL), ==, "\xf0\x9f\x98\x80");
  g_assert_cmpstr (hr_value_get_string (hr_value_at (value, 2), NULL), ==, "\xef\xbf\xbdx");
  g_assert_cmpstr (hr_value_get_string (hr_value_at (value, 3), NULL), ==, "/\xc3\xa9\n");
  g_autofree char *again = headroom_json_print (value, HEADROOM_JSON_PLAIN);
  g_assert_cmpstr (again, ==,
                   "[\"a\\u0000b\",\"\xf0\x9f\x98\x80\",\"\xef\xbf\xbdx\",\"/\xc3\xa9\\n\"]");
}

static void
test_numbers (void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr (HrValue) value = headroom_json_parse (
      "[0,-0,9223372036854775807,-9223372036854775808,9223372036854775808,18446744073709551615,1.0,1e2,0.1]",
      -1, FALSE, &error);

  g_assert_no_error (error);
  for (size_t i = 0; i < 4; i++)
    g_assert_cmpint (hr_value_kind (hr_value_at (value, i)), ==, HR_VALUE_INT);
  for (size_t i = 4; i < 9; i++)
    g_assert_cmpint (hr_value_kind (hr_value_at (value, i)), ==, HR_VALUE_FLOAT);
  g_assert_cmpint (hr_value_get_int (hr_value_at (value, 2)), ==, G_MAXINT64);
  g_assert_cmpint (hr_value_get_int (hr_value_at (value, 3)), ==, G_MININT64);
  g_assert_cmpfloat (hr_value_get_float (hr_value_at (value, 5)), ==, 18446744073709551615.0);
}

static void
test_format_number (void)
{
  static const struct {
    double number;
    const char *text;
  } cases[] = {
    { 0.1, "0.1" },
    { 0.3, "0.3" },
    { 1.0 / 3, "0.3333333333333333" },
    { 0.1 + 0.2, "0.30000000000000004" },
    { 1, "1" },
    { -2.5, "-2.5" },
    { 100, "100" },
    { 123456.789, "123456.789" },
    { 1e20, "100000000000000000000" },
    { 1e21, "1e+21" },
    { 1.5e300, "1.5e+300" },
    { 0.000001, "0.000001" },
    { 1e-7, "1e-7" },
    { 5e-324, "5e-324" },
    { 1.7976931348623157e308, "1.7976931348623157e+308" },
    { -0.0, "-0" },
    { 0, "0" },
    { 9007199254740993.0, "9007199254740992" },
    { INFINITY, "null" },
    { NAN, "null" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *text = headroom_json_format_number (cases[i].number);
    g_assert_cmpstr (text, ==, cases[i].text);
  }
  for (int i = 0; i < 20000; i++) {
    union {
      guint64 bits;
      double number;
    } any = { .bits = (guint64) g_test_rand_int () << 32 | (guint32) g_test_rand_int () };
    if (!isfinite (any.number))
      continue;
    g_autofree char *text = headroom_json_format_number (any.number);
    g_assert_cmpfloat (g_ascii_strtod (text, NULL), ==, any.number);
  }
}

static void
test_print (void)
{
  g_autoptr(HrValue) dict = hr_value_new_dict ();
  const char *const words[] = { "x", "y", NULL };

  headroom_json_set_string (dict, "html", "<a href=\"x\">&</a>\xe2\x80\xa8\x7f\x1b\b\f");
  headroom_json_set_string (dict, "none", NULL);
  headroom_json_set_int (dict, "n", -5);
  headroom_json_set_float (dict, "f", 0.1);
  headroom_json_set_float (dict, "inf", INFINITY);
  headroom_json_set_bool (dict, "t", TRUE);
  headroom_json_set_strv (dict, "words", words);
  headroom_json_set_strv (dict, "empty", NULL);
  hr_value_set (dict, "null", hr_value_new_null ());
  hr_value_set (dict, "dict", hr_value_new_dict ());

  g_autofree char *plain = headroom_json_print (dict, HEADROOM_JSON_PLAIN);
  g_assert_cmpstr (
      plain, ==,
      "{\"html\":\"<a href=\\\"x\\\">&</a>\xe2\x80\xa8\x7f\\u001b\\b\\f\",\"n\":-5,\"f\":0.1,\"inf\":null,"
      "\"t\":true,\"words\":[\"x\",\"y\"],\"empty\":[],\"null\":null,\"dict\":{}}");
  g_autofree char *escaped = headroom_json_print (dict, HEADROOM_JSON_ESCAPE_HTML);
  g_assert_true (g_str_has_prefix (
      escaped,
      "{\"html\":\"\\u003ca href=\\\"x\\\"\\u003e\\u0026\\u003c/a\\u003e\\u2028\x7f\\u001b"));
  g_autofree char *null = headroom_json_print (NULL, HEADROOM_JSON_PLAIN);
  g_assert_cmpstr (null, ==, "null");

  g_autoptr(GError) error = NULL;
  g_autofree char *pretty = headroom_json_print (dict, HEADROOM_JSON_INDENT);
  g_autoptr(HrValue) back = headroom_json_parse (pretty, -1, FALSE, &error);
  g_assert_no_error (error);
  g_autofree char *again = headroom_json_print (back, HEADROOM_JSON_PLAIN);
  g_assert_cmpstr (again, ==, plain);
}

static void
test_print_invalid_utf8 (void)
{
  g_autoptr(HrValue) list = hr_value_new_list ();

  hr_value_append (list, hr_value_new_string ("a\xff\xe2\x82", -1, false));
  hr_value_append (list, hr_value_new_string ("\0\0x\0", 4, false));
  hr_value_append (list, hr_value_new_string ("", 0, false));
  g_autofree char *text = headroom_json_print (list, HEADROOM_JSON_PLAIN);
  g_assert_cmpstr (text, ==,
                   "[\"a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\",\"\\u0000\\u0000x\\u0000\",\"\"]");
}

static void
test_duplicate_keys (void)
{
  g_autoptr (HrValue) value =
      headroom_json_parse ("{\"a\":1,\"b\":2,\"a\":{\"z\":3}}", -1, FALSE, NULL);
  g_autofree char *text = headroom_json_print (value, HEADROOM_JSON_PLAIN);

  g_assert_cmpstr (text, ==, "{\"a\":{\"z\":3},\"b\":2}");
}

/* Any cut of a good text is refused, or is itself good (numbers), and never read beyond its end. */
static void
test_cuts (void)
{
  const char *text =
      "{\"a\":[1,-2.5e+3,\"x\\u00e9\\ud83d\\ude00\xe2\x82\xac\",true,false,null],\"b\":{\"c\":{}}}";

  for (gsize n = 0; n < strlen (text); n++) {
    g_autofree char *cut = g_memdup2 (text, n);
    g_autoptr(GError) error = NULL;
    g_assert_null (headroom_json_parse (n > 0 ? cut : "", (gssize) n, FALSE, &error));
    g_assert_nonnull (error);
  }
}

static void
test_size (void)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *spaces = g_strnfill (8, ' ');

  g_assert_null (headroom_json_parse (spaces, (gssize) HEADROOM_JSON_MAX_BYTES + 1, FALSE, &error));
  g_assert_error (error, HEADROOM_JSON_ERROR, HEADROOM_JSON_ERROR_LIMIT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json/refusals", test_refusals);
  g_test_add_func ("/json/not-terminated", test_not_terminated);
  g_test_add_func ("/json/depth", test_depth);
  g_test_add_func ("/json/depth-of-scalars", test_depth_of_scalars);
  g_test_add_func ("/json/strings", test_strings);
  g_test_add_func ("/json/numbers", test_numbers);
  g_test_add_func ("/json/format-number", test_format_number);
  g_test_add_func ("/json/print", test_print);
  g_test_add_func ("/json/print-invalid-utf8", test_print_invalid_utf8);
  g_test_add_func ("/json/duplicate-keys", test_duplicate_keys);
  g_test_add_func ("/json/cuts", test_cuts);
  g_test_add_func ("/json/size", test_size);
  return g_test_run ();
}
