/* test-options.c: merging options, and what the engine is asked for.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-env.h"
#include "headroom-json.h"
#include "headroom-options.h"

static gboolean
merge (HeadroomOptions *options, const char *json, GError **error)
{
  g_autoptr(HrValue) dict = headroom_json_parse (json, -1, FALSE, NULL);

  return headroom_options_merge (options, dict, error);
}

static void
test_defaults (void)
{
  g_autoptr(HeadroomOptions) options = headroom_options_new ();
  HrRequestOptions request = { 0 };
  HrSettings settings;

  g_assert_true (headroom_options_get_request (options, &request, NULL));
  g_assert_cmpmem (&request.sampling, sizeof request.sampling, &hr_sampling_default,
                   sizeof hr_sampling_default);
  g_assert_cmpint (request.num_predict, ==, -1);
  g_assert_null (request.stop);
  g_assert_true (headroom_options_get_settings (options, 0, &settings, NULL));
  g_assert_cmpuint (settings.num_ctx, ==, 0);
  g_assert_cmpuint (settings.parallel, ==, 0);
  g_assert_cmpint (settings.kv_type, ==, HR_KV_F16);
  g_assert_cmpint (settings.gpu_layers, ==, -1);
}

static void
test_order (void)
{
  g_autoptr(HeadroomOptions) options = headroom_options_new ();
  g_autoptr(GError) error = NULL;
  HrSettings settings;

  g_setenv ("OLLAMA_CONTEXT_LENGTH", "1000", TRUE);
  g_setenv ("HEADROOM_CONTEXT_LENGTH", " \"2000\" ", TRUE);
  g_setenv ("OLLAMA_KV_CACHE_TYPE", "Q8_0", TRUE);
  headroom_options_merge_env (options);
  g_assert_cmpint (options->num_ctx, ==, 2000);
  g_assert_false (headroom_options_is_given (options, "num_ctx"));
  g_assert_true (headroom_options_get_settings (options, 0, &settings, &error));
  g_assert_cmpint (settings.kv_type, ==, HR_KV_Q8_0);

  g_assert_true (
      merge (options, "{\"num_ctx\":3000,\"stop\":[\"a\"],\"temperature\":0.1}", &error));
  g_assert_true (
      merge (options,
             "{\"num_ctx\":4000.9,\"stop\":[\"b\",\"c\"],\"temperature\":null,\"unknown\":{}}",
             &error));
  g_assert_no_error (error);
  g_assert_cmpint (options->num_ctx, ==, 4000);
  g_assert_cmpfloat (options->temperature, ==, 0.1);
  g_assert_cmpuint (g_strv_length (options->stop), ==, 2);
  g_assert_true (headroom_options_is_given (options, "stop"));
  g_assert_false (headroom_options_is_given (options, "top_k"));
  g_unsetenv ("OLLAMA_CONTEXT_LENGTH");
  g_unsetenv ("HEADROOM_CONTEXT_LENGTH");
  g_unsetenv ("OLLAMA_KV_CACHE_TYPE");
}

static void
test_types (void)
{
  static const struct {
    const char *json, *message;
  } bad[] = {
    { "{\"temperature\":\"hot\"}", "option \"temperature\" must be of type float32" },
    { "{\"num_ctx\":\"8\"}", "option \"num_ctx\" must be of type integer" },
    { "{\"num_ctx\":true}", "option \"num_ctx\" must be of type integer" },
    { "{\"use_mmap\":1}", "option \"use_mmap\" must be of type boolean" },
    { "{\"kv_type\":1}", "option \"kv_type\" must be of type string" },
    { "{\"stop\":\"x\"}", "option \"stop\" must be of type array" },
    { "{\"stop\":[1]}", "option \"stop\" must be of an array of strings" },
    { "[]", "options must be an object" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr(HeadroomOptions) options = headroom_options_new ();
    g_autoptr(GError) error = NULL;
    g_assert_false (merge (options, bad[i].json, &error));
    g_assert_error (error, HEADROOM_OPTIONS_ERROR, HEADROOM_OPTIONS_ERROR_TYPE);
    g_assert_cmpstr (error->message, ==, bad[i].message);
  }
}

/* A merge that fails changes nothing, also not what came before the bad option. */
static void
test_atomic (void)
{
  g_autoptr(HeadroomOptions) options = headroom_options_new ();

  g_assert_false (merge (options, "{\"top_k\":1,\"stop\":[\"a\"],\"seed\":\"x\"}", NULL));
  g_assert_cmpint (options->top_k, ==, 40);
  g_assert_null (options->stop);
  g_assert_cmpuint (options->given, ==, 0);
}

static void
test_ranges (void)
{
  static const struct {
    const char *json;
    guint32 n_ctx_train, num_ctx;
    const char *message; /* NULL: good */
  } cases[] = {
    { "{\"num_ctx\":0}", 2048, 0, NULL },
    { "{\"num_ctx\":1}", 2048, 4, NULL },
    { "{\"num_ctx\":4096}", 2048, 2048, NULL },
    { "{\"num_ctx\":9223372036854775807}", 2048, 2048, NULL },
    { "{\"num_ctx\":1e300}", 2048, 2048, NULL },
    { "{\"num_ctx\":-1}", 2048, 0,
      "option \"num_ctx\" is -1; it must be between 0 and 4294967295" },
    { "{\"num_ctx\":4294967296}", 0, 0,
      "option \"num_ctx\" is 4294967296; it must be between 0 and 4294967295" },
    { "{\"num_batch\":-5}", 0, 0, "option \"num_batch\" is -5; it must be between 0 and 16384" },
    { "{\"parallel\":257}", 0, 0, "option \"parallel\" is 257; it must be between 0 and 256" },
    { "{\"num_thread\":-1}", 0, 0, "option \"num_thread\" is -1; it must be between 0 and 4096" },
    { "{\"kv_type\":\"q9\"}", 0, 0,
      "option \"kv_type\" is \"q9\"; it must be f16, f32, q8_0 or q4_0" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr(HeadroomOptions) options = headroom_options_new ();
    g_autoptr(GError) error = NULL;
    HrSettings settings = { .num_ctx = 77 };
    g_assert_true (merge (options, cases[i].json, NULL));
    gboolean good =
        headroom_options_get_settings (options, cases[i].n_ctx_train, &settings, &error);
    g_assert_cmpint (good, ==, cases[i].message == NULL);
    if (good)
      g_assert_cmpuint (settings.num_ctx, ==, cases[i].num_ctx);
    else
      g_assert_cmpstr (error->message, ==, cases[i].message);
  }
}

static void
test_text (void)
{
  g_autoptr(HeadroomOptions) options = headroom_options_new ();
  HrRequestOptions request = { 0 };

  g_assert_true (headroom_options_merge_text (options, "stop", "a", NULL));
  g_assert_true (headroom_options_merge_text (options, "stop", "b", NULL));
  g_assert_true (headroom_options_merge_text (options, "num_predict", "-7", NULL));
  g_assert_true (headroom_options_merge_text (options, "mirostat", "2", NULL));
  g_assert_true (headroom_options_merge_text (options, "low_vram", "true", NULL));
  g_assert_false (headroom_options_merge_text (options, "temprature", "1", NULL));
  g_assert_true (headroom_options_get_request (options, &request, NULL));
  g_assert_cmpstr (request.stop[1], ==, "b");
  g_assert_null (request.stop[2]);
  g_assert_cmpint (request.num_predict, ==, -1);
  g_assert_cmpint (request.sampling.mirostat, ==, 2);
  options->mirostat = 3;
  g_assert_false (headroom_options_get_request (options, &request, NULL));
}

/* What the table says is the default is the default. */
static void
test_table (void)
{
  g_autoptr(HeadroomOptions) fresh = headroom_options_new ();
  HrRequestOptions expected = { 0 }, request = { 0 };
  gsize n;
  const HeadroomOptionInfo *table = headroom_options_get_table (&n);
  g_autoptr(HeadroomOptions) spelled = headroom_options_new ();

  for (gsize i = 0; i < n; i++) {
    g_autoptr(GError) error = NULL;
    g_assert_true (headroom_options_find (table[i].name)->kind == table[i].kind);
    g_assert_cmpstr (table[i].description, !=, "");
    if (*table[i].fallback != '\0')
      g_assert_true (
          headroom_options_merge_text (spelled, table[i].name, table[i].fallback, &error));
    g_assert_no_error (error);
  }
  g_assert_true (headroom_options_get_request (fresh, &expected, NULL));
  g_assert_true (headroom_options_get_request (spelled, &request, NULL));
  g_assert_cmpmem (&request.sampling, sizeof request.sampling, &expected.sampling,
                   sizeof expected.sampling);
  g_assert_cmpint (spelled->num_keep, ==, fresh->num_keep);
  g_assert_cmpint (spelled->use_mmap, ==, fresh->use_mmap);
  g_assert_null (headroom_options_find ("nonsense"));
}

static void
test_env (void)
{
  g_setenv ("OLLAMA_X_BOOL", "maybe", TRUE);
  g_assert_true (headroom_env_get_bool ("X_BOOL", FALSE));
  g_setenv ("HEADROOM_X_BOOL", "False", TRUE);
  g_assert_false (headroom_env_get_bool ("X_BOOL", TRUE));
  g_setenv ("HEADROOM_X_BOOL", " ", TRUE);
  g_assert_true (headroom_env_get_bool ("X_BOOL", FALSE));
  g_setenv ("OLLAMA_X_UINT", "-3", TRUE);
  g_assert_cmpuint (headroom_env_get_uint ("X_UINT", 9), ==, 9);
  g_assert_cmpuint (headroom_env_get_uint ("X_NONE", 8), ==, 8);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/options/defaults", test_defaults);
  g_test_add_func ("/store/options/order", test_order);
  g_test_add_func ("/store/options/types", test_types);
  g_test_add_func ("/store/options/atomic", test_atomic);
  g_test_add_func ("/store/options/ranges", test_ranges);
  g_test_add_func ("/store/options/text", test_text);
  g_test_add_func ("/store/options/table", test_table);
  g_test_add_func ("/store/options/env", test_env);
  return g_test_run ();
}
