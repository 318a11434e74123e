/* test-effective.c: where settings come from, and what they overrode.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-effective.h"
#include "headroom-json.h"

static HrValue *
find (HrValue *list, const char *name)
{
  for (gsize i = 0; i < hr_value_size (list); i++)
    if (g_str_equal (headroom_json_get_string (hr_value_at (list, i), "name"), name))
      return hr_value_at (list, i);
  g_error ("%s is not in the list", name);
}

/* "VALUE from SOURCE, over VALUE from SOURCE, ..." */
static char *
story (HrValue *list, const char *name)
{
  HrValue *setting = find (list, name), *overrode = hr_value_lookup (setting, "overrode");
  g_autofree char *value =
      headroom_json_print (hr_value_lookup (setting, "value"), HEADROOM_JSON_PLAIN);
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "%s from %s", value, headroom_json_get_string (setting, "source"));
  for (gsize i = 0; i < hr_value_size (overrode); i++) {
    HrValue *other = hr_value_at (overrode, i);
    g_autofree char *before =
        headroom_json_print (hr_value_lookup (other, "value"), HEADROOM_JSON_PLAIN);
    g_string_append_printf (text, ", over %s from %s", before,
                            headroom_json_get_string (other, "source"));
  }
  return g_string_free (text, FALSE);
}

static void
assert_story (HrValue *list, const char *name, const char *expected)
{
  g_autofree char *told = story (list, name);

  g_assert_cmpstr (told, ==, expected);
}

static gboolean
add (HeadroomEffective *effective, const char *source, const char *text, GError **error)
{
  g_autoptr (HrValue) dict = headroom_json_parse (text, -1, FALSE, NULL);

  g_assert_nonnull (dict);
  return headroom_effective_add (effective, source, dict, error);
}

static void
test_layers (void)
{
  g_autoptr (HeadroomEffective) effective = NULL;
  g_autoptr (HrValue) list = NULL;
  const HeadroomOptions *options;

  g_setenv ("OLLAMA_CONTEXT_LENGTH", "8192", TRUE);
  g_setenv ("HEADROOM_KEEP_ALIVE", "1h", TRUE);
  effective = headroom_effective_new ();
  g_unsetenv ("OLLAMA_CONTEXT_LENGTH");
  g_unsetenv ("HEADROOM_KEEP_ALIVE");
  g_assert_true (add (effective, "modelfile",
                      "{\"temperature\": 0.5, \"num_ctx\": 16384, \"stop\": [\"END\"]}", NULL));
  g_assert_true (add (effective, "preset Chat", "{\"parallel\": 2, \"keep_alive\": \"5m\"}", NULL));
  g_assert_true (add (effective, "request", "{\"num_ctx\": 4096, \"unknown\": 1, \"top_k\": null}",
                      NULL));
  list = headroom_effective_to_json (effective);
  assert_story (list, "num_ctx", "4096 from request, over 16384 from modelfile, "
                                 "over 8192 from environment, over null from default");
  assert_story (list, "temperature", "0.5 from modelfile, over 0.8 from default");
  assert_story (list, "parallel", "2 from preset Chat, over null from default");
  assert_story (list, "top_k", "40 from default");
  assert_story (list, "stop", "[\"END\"] from modelfile, over null from default");
  assert_story (list, "keep_alive", "\"5m\" from preset Chat, over \"1h\" from environment, "
                                    "over \"5m\" from default");
  options = headroom_effective_get_options (effective);
  g_assert_cmpint (options->num_ctx, ==, 4096);
  g_assert_cmpint (options->parallel, ==, 2);
  g_assert_cmpfloat (options->temperature, ==, 0.5);
}

/* A layer with a mistake in it is not added. */
static void
test_bad (void)
{
  g_autoptr (HeadroomEffective) effective = headroom_effective_new ();
  g_autoptr (HrValue) list = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (add (effective, "request", "{\"top_k\": 7, \"num_ctx\": \"much\"}", &error));
  g_assert_error (error, HEADROOM_OPTIONS_ERROR, HEADROOM_OPTIONS_ERROR_TYPE);
  list = headroom_effective_to_json (effective);
  assert_story (list, "top_k", "40 from default");
  g_assert_true (headroom_effective_add (effective, "request", NULL, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/effective/layers", test_layers);
  g_test_add_func ("/effective/bad", test_bad);
  return g_test_run ();
}
