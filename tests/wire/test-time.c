/* test-time.c: times, durations and keep_alive.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-json.h"
#include "headroom-wire.h"

#define SECOND HEADROOM_NSEC_PER_SEC

static void
test_format_time (void)
{
  static const struct {
    gint64 ns;
    const char *text;
  } cases[] = {
    { G_GINT64_CONSTANT (1767323045123456789), "2026-01-02T03:04:05.123456789Z" },
    { G_GINT64_CONSTANT (1767323045120000000), "2026-01-02T03:04:05.12Z" },
    { G_GINT64_CONSTANT (1767323045000000000), "2026-01-02T03:04:05Z" },
    { 0, "1970-01-01T00:00:00Z" },
    { -1, "1969-12-31T23:59:59.999999999Z" },
    { HEADROOM_FOREVER, "2262-04-11T23:47:16.854775807Z" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *text = headroom_wire_format_time (cases[i].ns, FALSE);
    g_assert_cmpstr (text, ==, cases[i].text);
  }
}

static void
test_format_local (void)
{
  g_autofree char *text = headroom_wire_format_time (G_GINT64_CONSTANT (1767323045500000000), TRUE);

  g_assert_cmpstr (text, ==, "2026-01-02T05:04:05.5+02:00"); /* main () chose the zone */
}

static void
test_parse_duration (void)
{
  static const struct {
    const char *text;
    gint64 ns;
  } good[] = {
    { "5m", 300 * SECOND },
    { "24h", 86400 * SECOND },
    { "1h30m", 5400 * SECOND },
    { "300ms", 300000000 },
    { "1.5s", 1500000000 },
    { "-1m", -60 * SECOND },
    { "0", 0 },
    { "0s", 0 },
    { "+5s", 5 * SECOND },
    { "1us", 1000 },
    { "1\xc2\xb5s", 1000 },
    { "1\xce\xbcs", 1000 },
    { "7ns", 7 },
    { ".5h", 1800 * SECOND },
    { "1m0.25s", 60 * SECOND + 250000000 },
    { "9223372036s", G_GINT64_CONSTANT (9223372036) * SECOND },
  };
  static const struct {
    const char *text, *message;
  } bad[] = {
    { "abc", "time: invalid duration \"abc\"" },
    { "", "time: invalid duration \"\"" },
    { "-", "time: invalid duration \"-\"" },
    { "5", "time: missing unit in duration \"5\"" },
    { "-1", "time: missing unit in duration \"-1\"" },
    { "1h5", "time: missing unit in duration \"1h5\"" },
    { "5d", "time: unknown unit \"d\" in duration \"5d\"" },
    { ".", "time: invalid duration \".\"" },
    { "1..5s", "time: missing unit in duration \"1..5s\"" },
    { "9223372037s", "time: invalid duration \"9223372037s\"" },
    { "99999999999999999999h", "time: invalid duration \"99999999999999999999h\"" },
    { " 5s", "time: invalid duration \" 5s\"" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++) {
    g_autoptr(GError) error = NULL;
    gint64 ns = -42;
    headroom_wire_parse_duration (good[i].text, &ns, &error);
    g_assert_no_error (error);
    g_assert_cmpint (ns, ==, good[i].ns);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr(GError) error = NULL;
    gint64 ns = -42;
    g_assert_false (headroom_wire_parse_duration (bad[i].text, &ns, &error));
    g_assert_cmpstr (error->message, ==, bad[i].message);
    g_assert_cmpuint (headroom_wire_status (error), ==, 400);
    g_assert_cmpint (ns, ==, -42);
  }
}

static void
test_format_duration (void)
{
  static const struct {
    gint64 ns;
    const char *text;
  } cases[] = {
    { 0, "0s" },
    { 1, "1ns" },
    { 1500, "1.5\xc2\xb5s" },
    { 300000000, "300ms" },
    { 1500000, "1.5ms" },
    { 1500000000, "1.5s" },
    { 300 * SECOND, "5m0s" },
    { 5400 * SECOND, "1h30m0s" },
    { -60 * SECOND, "-1m0s" },
    { HEADROOM_FOREVER, "2562047h47m16.854775807s" },
    { G_MININT64, "-2562047h47m16.854775808s" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *text = headroom_wire_format_duration (cases[i].ns);
    g_assert_cmpstr (text, ==, cases[i].text);
  }
}

static void
test_keep_alive (void)
{
  static const struct {
    const char *json;
    gint64 ns; /* -1: refused */
    const char *message;
  } cases[] = {
    { "0", 0, NULL },
    { "\"0\"", 0, NULL },
    { "\"0s\"", 0, NULL },
    { "60", 60 * SECOND, NULL },
    { "1.5", 1500000000, NULL },
    { "-1", HEADROOM_FOREVER, NULL },
    { "-0.5", HEADROOM_FOREVER, NULL },
    { "\"-1m\"", HEADROOM_FOREVER, NULL },
    { "\"10m\"", 600 * SECOND, NULL },
    { "1e300", HEADROOM_FOREVER, NULL },
    { "9223372036854775807", HEADROOM_FOREVER, NULL },
    { "\"-1\"", HEADROOM_FOREVER, NULL },
    { "\"infinity\"", HEADROOM_FOREVER, NULL },
    { "\"5\"", -1, "time: missing unit in duration \"5\"" },
    { "\"abc\"", -1, "time: invalid duration \"abc\"" },
    { "true", -1, "Unsupported type: 'bool'" },
    { "[]", -1, "Unsupported type: '[]interface {}'" },
    { "{}", -1, "Unsupported type: 'map[string]interface {}'" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr(HrValue) value = headroom_json_parse (cases[i].json, -1, FALSE, NULL);
    g_autoptr(GError) error = NULL;
    gint64 ns = -42;
    gboolean good = headroom_wire_parse_keep_alive (value, &ns, &error);
    g_assert_cmpint (good, ==, cases[i].message == NULL);
    if (good)
      g_assert_cmpint (ns, ==, cases[i].ns);
    else
      g_assert_cmpstr (error->message, ==, cases[i].message);
  }
}

static void
test_keep_alive_text (void)
{
  gint64 ns;

  g_assert_true (headroom_wire_parse_keep_alive_text ("300", &ns, NULL));
  g_assert_cmpint (ns, ==, 300 * SECOND);
  g_assert_true (headroom_wire_parse_keep_alive_text ("-1", &ns, NULL));
  g_assert_cmpint (ns, ==, HEADROOM_FOREVER);
  g_assert_true (headroom_wire_parse_keep_alive_text ("Infinity", &ns, NULL));
  g_assert_cmpint (ns, ==, HEADROOM_FOREVER);
  g_assert_true (headroom_wire_parse_keep_alive_text ("5m", &ns, NULL));
  g_assert_cmpint (ns, ==, 300 * SECOND);
  g_assert_false (headroom_wire_parse_keep_alive_text ("soon", &ns, NULL));
}

int
main (int argc, char **argv)
{
  g_setenv ("TZ", "UTC-2", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/time/format", test_format_time);
  g_test_add_func ("/wire/time/format-local", test_format_local);
  g_test_add_func ("/wire/time/parse-duration", test_parse_duration);
  g_test_add_func ("/wire/time/format-duration", test_format_duration);
  g_test_add_func ("/wire/time/keep-alive", test_keep_alive);
  g_test_add_func ("/wire/time/keep-alive-text", test_keep_alive_text);
  return g_test_run ();
}
