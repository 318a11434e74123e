/* test-cli-memory.c: plans of models and machines that are not here, simulations, events, and where
 * settings come from, on the terminal.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cli-run.h"

#include "headroom-event-log.h"
#include "headroom-json.h"

#define HOST "host:cpu:64GiB:80GB/s"

static HrValue *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  HrValue *value = headroom_json_parse (text, -1, FALSE, &error);

  g_assert_no_error (error);
  return value;
}

static char *
scenario_path (const char *name)
{
  return g_build_filename (SCENARIOS, name, NULL);
}

/* ---- plan ---- */

/* Twice the same, to the byte; and the used memory of each device is the sum of its items. */
static void
test_catalogue_name (void)
{
  g_autoptr (CliResult) one = cli_run ("plan", "qwen2.5:7b", "--num-ctx", "32768", "--parallel",
                                       "1", "--device", HOST, "--json");
  g_autoptr (CliResult) two = cli_run ("plan", "qwen2.5:7b", "--num-ctx", "32768", "--parallel",
                                       "1", "--device", HOST, "--json");
  g_autoptr (CliResult) text = cli_run ("plan", "qwen2.5:7b", "--num-ctx", "32768", "--parallel",
                                        "1", "--device", HOST);
  g_autoptr (HrValue) plan = NULL;

  cli_assert_status (one, 0);
  g_assert_cmpstr (one->out, ==, two->out);
  plan = parse (one->out);
  g_assert_cmpint (headroom_json_get_int (hr_value_lookup (plan, "bytes"), "cache", 0), ==,
                   G_GINT64_CONSTANT (1879048192));
  g_assert_cmpint (headroom_json_get_int (plan, "textbook_cache_bytes", 0), ==,
                   G_GINT64_CONSTANT (13153337344));
  cli_assert_contains (text->out, "12.2\u00a0GiB  Cache by the textbook’s formula");
  cli_assert_contains (text->out, "1.8\u00a0GiB  Cache\n");
}

/* Every row of the sum in numbers, for each way in which a model keeps its positions. */
static void
test_sum (void)
{
  static const struct {
    const char *model, *num_ctx, *lines[4];
  } cases[] = {
    { "granite3.2-vision:2b",
      "16384",
      { "40 layers × 8 heads × 256 B for a key and a value × 16384 tokens × 4 at once, as f16.",
        "2 × 40 layers × 2048 wide × 2 B × 16384 tokens × 4 at once",
        "the tower’s weights 881990656 B",
        "49156 possible next tokens × 8 places in a step × 4 B" } },
    { "gemma3:4b",
      "32768",
      { "5 layers × 4096 B (keys and values) × 32768 tokens × 4 at once",
        "29 layers × 26214400 B (a window of keys and values) + ", "8.0\u00a0MiB  Output" } },
    { "deepseek-v2:16b", /* a page is 64 positions */
      "1000",
      { "27 layers × 1152 B (latent keys) × 1024 tokens × 4 at once",
        "for steps of up to 512 tokens" } },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (CliResult) text = cli_run ("plan", cases[i].model, "--num-ctx", cases[i].num_ctx,
                                          "--parallel", "4", "--device", HOST);
    cli_assert_status (text, 0);
    for (gsize k = 0; k < G_N_ELEMENTS (cases[i].lines) && cases[i].lines[k] != NULL; k++)
      cli_assert_contains (text->out, cases[i].lines[k]);
    cli_assert_contains (text->out, "The cache adds ");
  }
}

static void
test_recommend (void)
{
  g_autoptr (CliResult) json =
      cli_run ("plan", "deepseek-r1:671b", "--weights", "q2_k", "--device",
               "8xL20:gpu:48GiB:864GB/s", "--device", "host:cpu:512GiB:80GB/s", "--recommend",
               "--json");
  g_autoptr (HrValue) plan = NULL;
  HrValue *list;
  gint64 before = G_MAXINT64;

  cli_assert_status (json, 0);
  plan = parse (json->out);
  list = hr_value_lookup (plan, "recommend");
  g_assert_cmpuint (hr_value_size (list), >=, 7);
  for (gsize i = 0; i < hr_value_size (list); i++) {
    HrValue *advice = hr_value_at (list, i);
    gint64 best = headroom_json_get_int (advice, "parallel_best", 0);
    g_assert_cmpint (best, >=, 1);
    g_assert_cmpint (best, <=, headroom_json_get_int (advice, "parallel_max", 0));
    g_assert_cmpint (best, <=, before); /* the longer the context, the fewer at once */
    before = best;
  }
}

static void
test_unknown (void)
{
  static const struct {
    const char *arguments[6], *complaint;
    int status;
  } cases[] = {
    { { "no-such-model:7b" }, "no-such-model", 1 },
    { { "qwen2.5:7b", "--weights", "q9" }, "--weights is q9", 2 },
    { { "qwen2.5:7b", "--weights", "0" }, "--weights is 0", 2 },
    { { "qwen2.5:7b", "--device", "card" }, "card is no device", 2 },
    { { "qwen2.5:7b", "--device", "card:tpu:8GB" }, "neither cpu nor gpu", 2 },
    { { "qwen2.5:7b", "--device", "card:gpu:0" }, "memory is 1 MiB to 1 PiB", 2 },
    { { "qwen2.5:7b", "--device", "card:gpu:9999999TiB" }, "is no device", 2 },
    { { "qwen2.5:7b", "--device", "card:gpu:much" }, "is not an amount of memory", 2 },
    { { "qwen2.5:7b", "--device", "card:gpu:8GB:0GB/s" }, "too little to predict", 2 },
    { { "qwen2.5:7b", "--device", "card:gpu:8GB:-5GB/s" }, "is not an amount", 2 },
    { { "qwen2.5:7b", "--device", "0xcard:gpu:8GB" }, "a count is 1 to", 2 },
    { { "qwen2.5:7b", "--gpu-layers", "-2" }, "--gpu-layers is -2", 2 },
    { { "qwen2.5:7b", "--parallel", "-1" }, "--parallel is -1", 2 },
    { { "qwen2.5:7b", "--reserve", "-5" }, "--reserve is -5", 2 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    const char *const *a = cases[i].arguments;
    g_autoptr (CliResult) result = cli_run ("plan", a[0], a[1], a[2], a[3], a[4], a[5]);
    cli_assert_status (result, cases[i].status);
    g_assert_cmpstr (result->out, ==, "");
    cli_assert_contains (result->err, cases[i].complaint);
  }
}

/* ---- simulate ---- */

static void
test_simulate (void)
{
  g_autofree char *five = scenario_path ("five-models-16gb.json");
  g_autoptr (CliResult) text = cli_run ("simulate", five);
  g_autoptr (CliResult) json = cli_run ("simulate", five, "--json");
  g_autoptr (HrValue) played = NULL;
  HrValue *events;
  guint n_evicted = 0;

  cli_assert_status (text, 0);
  cli_assert_contains (text->out, "5 requests: 5 served, 0 refused");
  cli_assert_contains (text->out, "[#");
  cli_assert_status (json, 0);
  played = parse (json->out);
  events = hr_value_lookup (played, "events");
  for (gsize i = 0; i < hr_value_size (events); i++) {
    HrValue *event = hr_value_at (events, i);
    if (!g_str_equal (headroom_json_get_string (event, "kind"), "evict"))
      continue;
    n_evicted++;
    g_assert_cmpstr (headroom_json_get_string (event, "model"), ==, "qwen2.5:7b");
    g_assert_cmpstr (headroom_json_get_string (event, "code"), ==, "room");
  }
  g_assert_cmpuint (n_evicted, ==, 1);
}

/* Programs that are not ours: drawn, and the reason named. */
static void
test_simulate_others (void)
{
  g_autofree char *others = scenario_path ("others-take-memory.json");
  g_autoptr (CliResult) text = cli_run ("simulate", others);

  cli_assert_status (text, 0);
  cli_assert_contains (text->out, "other programs need the memory");
  cli_assert_contains (text->out, "xxxx");
}

static void
test_simulate_bad (void)
{
  static const struct {
    const char *json, *complaint;
    int status;
  } cases[] = {
    { "{", "", 1 },
    { "[]", "scenario is no object", 2 },
    { "{\"devices\":[\"host:cpu:8GB\"],\"models\":{\"m\":{\"bytes\":\"1GB\"}},\"requests\":"
      "[{\"model\":\"m\",\"repeat\":{\"count\":1000000}}]}",
      "repeat.count", 2 },
    { "{\"devices\":[\"host:cpu:8GB\"],\"models\":{\"m\":{\"bytes\":\"1GB\"}},\"requests\":"
      "[{\"model\":\"m\",\"repeat\":{\"count\":9,\"repeat\":{}}}]}",
      "repeat.repeat is not known", 2 },
    { "{\"devices\":[\"host:cpu:8GB\"],\"models\":{\"m\":{\"bytes\":\"1GB\"}},\"requests\":[],"
      "\"others\":[{\"device\":\"moon\",\"bytes\":\"1GB\"}]}",
      "others[0] names no device", 2 },
    { "{\"devices\":[\"host:cpu:2GB\"],\"models\":{\"m\":{\"bytes\":\"4GB\"}},\"requests\":"
      "[{\"model\":\"m\"}]}",
      "", 3 },
  };
  g_autoptr (CliResult) missing = cli_run ("simulate", "/nowhere/at-all.json");

  cli_assert_status (missing, 1);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *path = cli_write_file ("scenario.json", cases[i].json, -1);
    g_autoptr (CliResult) result = cli_run ("simulate", path);
    cli_assert_status (result, cases[i].status);
    cli_assert_contains (result->err, cases[i].complaint);
  }
}

/* ---- events ---- */

static void
test_events (void)
{
  g_autofree char *folder = g_build_filename (g_getenv ("XDG_STATE_HOME"), "headroom", NULL);
  g_autofree char *path = g_build_filename (folder, "events.db", NULL);
  HeadroomEventLog *log = headroom_event_log_open (path);
  g_autoptr (CliResult) text = NULL;
  g_autoptr (CliResult) json = NULL;
  g_autoptr (CliResult) bad = cli_run ("events", "-n", "0");
  g_autoptr (HrValue) event = NULL;
  g_auto (GStrv) lines = NULL;

  for (int i = 0; i < 3; i++) {
    HrValue *params = hr_value_new_list ();
    g_autoptr (HeadroomEvent) told = NULL;
    hr_value_append (params, hr_value_new_string (i == 2 ? "last" : "first", -1, false));
    told = headroom_event_new (G_GINT64_CONSTANT (1767571200000000000) + i, HEADROOM_EVENT_REFUSE,
                               "a:7b", "editor", 5, HEADROOM_REASON_REFUSED, params);
    headroom_event_log_append (log, told);
  }
  headroom_event_log_free (log);
  text = cli_run ("events", "-n", "2");
  json = cli_run ("events", "-n", "1", "--json");
  cli_assert_status (text, 0);
  cli_assert_contains (text->out, "refuse   a:7b: first (editor)");
  lines = g_strsplit (g_strchomp (text->out), "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 2);
  event = parse (json->out);
  g_assert_cmpstr (headroom_json_get_string (event, "reason"), ==, "last");
  g_assert_cmpstr (headroom_json_get_string (event, "client"), ==, "editor");
  cli_assert_contains (bad->err, "--number is 0");
  g_assert_cmpint (bad->status, !=, 0);
}

/* ---- show --effective ---- */

static void
test_effective (void)
{
  g_autoptr (CliResult) overview = NULL;
  g_autoptr (CliResult) text = NULL;
  g_autoptr (CliResult) json = NULL;
  g_autoptr (CliResult) both = cli_run ("show", cli_tiny_model (), "--effective", "--system");
  g_autoptr (HrValue) shown = NULL;
  HrValue *first;

  cli_assert_status (both, 2);
  g_setenv ("HEADROOM_CONTEXT_LENGTH", "333", TRUE);
  overview = cli_run ("show", cli_tiny_model ());
  cli_assert_contains (overview->out, "  Memory, with num_ctx 333 ");
  cli_assert_contains (overview->out, " B for a key and a value × ");
  text = cli_run ("show", cli_tiny_model (), "--effective");
  json = cli_run ("show", cli_tiny_model (), "--effective", "--json");
  g_unsetenv ("HEADROOM_CONTEXT_LENGTH");
  cli_assert_status (text, 0);
  cli_assert_contains (text->out, "environment");
  cli_assert_contains (text->out, "num_ctx 333");
  cli_assert_status (json, 0);
  shown = parse (json->out);
  first = hr_value_at (hr_value_lookup (shown, "settings"), 0);
  g_assert_cmpstr (headroom_json_get_string (first, "name"), ==, "num_ctx");
  g_assert_cmpint (headroom_json_get_int (first, "value", 0), ==, 333);
  g_assert_cmpstr (headroom_json_get_string (first, "source"), ==, "environment");
  g_assert_cmpuint (hr_value_size (hr_value_lookup (first, "overrode")), ==, 1);
  g_assert_cmpint (headroom_json_get_int (hr_value_lookup (shown, "planned"), "num_ctx", 0), ==,
                   333);
}

int
main (int argc, char **argv)
{
  cli_init (&argc, &argv);
  g_test_add_func ("/cli/plan/catalogue-name", test_catalogue_name);
  g_test_add_func ("/cli/plan/sum", test_sum);
  g_test_add_func ("/cli/plan/recommend", test_recommend);
  g_test_add_func ("/cli/plan/unknown", test_unknown);
  g_test_add_func ("/cli/simulate/shipped", test_simulate);
  g_test_add_func ("/cli/simulate/others", test_simulate_others);
  g_test_add_func ("/cli/simulate/bad", test_simulate_bad);
  g_test_add_func ("/cli/events", test_events);
  g_test_add_func ("/cli/show/effective", test_effective);
  return g_test_run ();
}
