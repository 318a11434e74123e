/* test-cli-bench.c: headroom bench, from outside, with a made-up model. No figure is asserted that
 * a machine decides.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cli-run.h"

#include "headroom-json.h"

static HrValue *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  HrValue *value = headroom_json_parse (text, -1, FALSE, &error);

  g_assert_no_error (error);
  return value;
}

static double
number (const HrValue *dict, const char *key)
{
  HrValue *value = hr_value_lookup (dict, key);

  g_assert_nonnull (value);
  return hr_value_kind (value) == HR_VALUE_INT ? (double) hr_value_get_int (value)
                                               : hr_value_get_float (value);
}

/* ---- speed and machine ---- */

static void
assert_case (HrValue *row, gint64 n_prompt, gint64 n_gen, gint64 n_depth, gint64 n_streams)
{
  g_assert_cmpint (headroom_json_get_int (row, "n_prompt", -1), ==, n_prompt);
  g_assert_cmpint (headroom_json_get_int (row, "n_gen", -1), ==, n_gen);
  g_assert_cmpint (headroom_json_get_int (row, "n_depth", -1), ==, n_depth);
  g_assert_cmpint (headroom_json_get_int (row, "n_streams", -1), ==, n_streams);
  g_assert_cmpfloat (hr_value_get_float (hr_value_lookup (row, "tokens_per_second")), >, 0);
}

static void
test_bench (void)
{
  g_autoptr (CliResult) result =
      cli_run ("bench", "speed", "--model", cli_tiny_model (), "-p", "32,16", "-n", "8", "-d",
               "0,64", "-s", "1,3", "-t", "1", "-r", "2", "--json");
  g_autoptr (HrValue) rows = NULL;

  cli_assert_status (result, 0);
  rows = parse (result->out);
  g_assert_cmpuint (hr_value_size (rows), ==, 8);
  assert_case (hr_value_at (rows, 0), 32, 0, 0, 1);
  assert_case (hr_value_at (rows, 1), 16, 0, 0, 1);
  assert_case (hr_value_at (rows, 2), 0, 8, 0, 1);
  assert_case (hr_value_at (rows, 3), 0, 8, 0, 3);
  assert_case (hr_value_at (rows, 4), 32, 0, 64, 1);
  assert_case (hr_value_at (rows, 7), 0, 8, 64, 3);
  for (gsize i = 0; i < hr_value_size (rows); i++) {
    g_assert_cmpfloat (hr_value_get_float (hr_value_lookup (hr_value_at (rows, i), "memory_share")),
                       >, 0);
    g_assert_cmpfloat (hr_value_get_float (
                           hr_value_lookup (hr_value_at (rows, i), "arithmetic_share")),
                       >, 0);
  }
}

static void
test_bench_machine (void)
{
  g_autoptr (CliResult) result = cli_run ("bench", "machine", "-t", "2", "--json");
  g_autoptr (HrValue) rows = NULL;

  cli_assert_status (result, 0);
  rows = parse (result->out);
  g_assert_cmpuint (hr_value_size (rows), ==, 2);
  for (gsize i = 0; i < 2; i++) {
    HrValue *row = hr_value_at (rows, i);
    double latency = hr_value_get_float (hr_value_lookup (row, "latency_seconds"));
    g_assert_cmpint (headroom_json_get_int (row, "threads", -1), ==, (gint64) i + 1);
    g_assert_cmpfloat (hr_value_get_float (hr_value_lookup (row, "read_bytes_per_second")), >, 1e6);
    g_assert_cmpfloat (hr_value_get_float (hr_value_lookup (row, "float32_operations_per_second")),
                       >, 1e6);
    g_assert_true (latency > 1e-9 && latency < 1e-3);
  }
}

static void
test_bench_too_deep (void)
{
  g_autoptr (CliResult) result = cli_run ("bench", "speed", "--model", cli_tiny_model (), "-p", "8",
                                          "-n", "8", "-d", "5000", "--json");

  cli_assert_status (result, 2);
  cli_assert_contains (result->err, "5009");
}

/* ---- Through the API ---- */

/* n values, in order, and what so many support. */
static void
assert_summary (const HrValue *report, const char *key, const char *unit, gsize n)
{
  HrValue *summary = hr_value_lookup (report, key);
  g_autofree char *min = g_strdup_printf ("min_%s", unit);
  g_autofree char *p50 = g_strdup_printf ("p50_%s", unit);
  g_autofree char *max = g_strdup_printf ("max_%s", unit);

  g_assert_nonnull (summary);
  g_assert_cmpuint (hr_value_size (hr_value_lookup (summary, "samples")), ==, n);
  g_assert_cmpfloat (number (summary, min), >, 0);
  g_assert_cmpfloat (number (summary, min), <=, number (summary, p50));
  g_assert_cmpfloat (number (summary, p50), <=, number (summary, max));
}

static void
test_latency (void)
{
  g_autoptr (CliResult) result = cli_run ("bench", "latency", cli_tiny_model (), "-r", "4", "-p",
                                          "20", "-n", "6", "--cold", "--json");
  g_autoptr (HrValue) report = NULL;

  cli_assert_status (result, 0);
  report = parse (result->out);
  g_assert_true (headroom_json_get_bool (report, "complete", FALSE));
  g_assert_cmpfloat (number (report, "cold_load_ms"), >, 0);
  assert_summary (report, "total", "ms", 4);
  assert_summary (report, "first_byte", "ms", 4);
  /* Four values say nothing of the slowest twentieth. */
  g_assert_cmpuint (hr_value_size (hr_value_lookup (hr_value_lookup (report, "total"),
                                                    "unsupported")),
                    ==, 2);
  g_assert_cmpint (headroom_json_get_int (report, "tokens", 0), >=, 4);
  g_assert_cmpint (headroom_json_get_int (report, "tokens", 0), <=, 24);
}

static void
test_throughput (void)
{
  g_autoptr (CliResult) result = cli_run ("bench", "throughput", cli_tiny_model (), "-w", "1,3",
                                          "-s", "0.5", "-p", "8", "-n", "8", "--json");
  g_autoptr (HrValue) report = NULL;
  HrValue *levels;

  cli_assert_status (result, 0);
  report = parse (result->out);
  levels = hr_value_lookup (report, "levels");
  g_assert_cmpuint (hr_value_size (levels), ==, 2);
  for (gsize i = 0; i < 2; i++) {
    HrValue *level = hr_value_at (levels, i);
    g_assert_cmpint (headroom_json_get_int (level, "workers", 0), ==, i == 0 ? 1 : 3);
    g_assert_cmpint (headroom_json_get_int (level, "errors", -1), ==, 0);
    g_assert_cmpint (headroom_json_get_int (level, "total_tokens", 0), >, 0);
    g_assert_cmpfloat (number (level, "tokens_per_sec"), >, 0);
  }
  g_assert_true (number (report, "knee") == 1 || number (report, "knee") == 3);
}

/* What the server refuses is counted, told, and ends the level. */
static void
test_unknown_model (void)
{
  g_autoptr (CliResult) latency = cli_run ("bench", "latency", "no-such-model");
  g_autoptr (CliResult) throughput = cli_run ("bench", "throughput", "no-such-model");

  cli_assert_status (latency, 1);
  cli_assert_contains (latency->err, "no-such-model");
  cli_assert_status (throughput, 1);
  cli_assert_contains (throughput->err, "no-such-model");
}

static void
test_no_server (void)
{
  g_autoptr (CliResult) result = cli_run ("bench", "latency", "m", "--host", "http://127.0.0.1:9");
  g_autoptr (CliResult) nonsense = cli_run ("bench", "latency", "m", "--host", "not a host");

  cli_assert_status (result, 1);
  cli_assert_contains (result->err, "reachable");
  cli_assert_status (nonsense, 1);
  cli_assert_contains (nonsense->err, "--host");
}

static void
test_bad_numbers (void)
{
  static const char *const rows[][5] = {
    { "throughput", "-w", "0", "from 1 to 32", NULL },
    { "throughput", "-w", "33", "from 1 to 32", NULL },
    { "throughput", "-s", "0", "--seconds", NULL },
    { "throughput", "-s", "1e9", "--seconds", NULL },
    { "latency", "-r", "0", "-r takes", NULL },
    { "latency", "-n", "-5", "-n takes", NULL },
    { "sweep", "-o", "colour", "colour", NULL },
    { "sweep", "--values", "99999999999", "--values", NULL },
    { "tune", "-s", "0", "-s takes", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (CliResult) result =
        cli_run ("bench", rows[i][0], rows[i][1], rows[i][2], cli_tiny_model ());
    cli_assert_status (result, 2);
    cli_assert_contains (result->err, rows[i][3]);
  }
}

/* ---- Sweeps and the search ---- */

static void
test_sweep (void)
{
  g_autoptr (CliResult) result = cli_run ("bench", "sweep", cli_tiny_model (), "--values",
                                          "64,128", "-n", "8", "-r", "2", "--json");
  g_autoptr (HrValue) report = NULL;
  HrValue *points;
  gint64 planned[2];

  cli_assert_status (result, 0);
  report = parse (result->out);
  points = hr_value_lookup (report, "points");
  g_assert_cmpuint (hr_value_size (points), ==, 2);
  for (gsize i = 0; i < 2; i++) {
    HrValue *point = hr_value_at (points, i);
    g_assert_cmpstr (headroom_json_get_string (point, "value"), ==, i == 0 ? "64" : "128");
    g_assert_null (headroom_json_get_string (point, "error"));
    assert_summary (point, "first_token", "ms", 2);
    assert_summary (point, "rate", "tokens_per_sec", 2);
    planned[i] = headroom_json_get_int (hr_value_lookup (point, "memory"), "planned_bytes", 0);
  }
  g_assert_cmpint (planned[0], >, 0);
  g_assert_cmpint (planned[0], <, planned[1]); /* more context, more cache */
}

/* A point that is refused does not end the sweep. */
static void
test_sweep_refused (void)
{
  g_autoptr (CliResult) result = cli_run ("bench", "sweep", cli_tiny_model (), "--values",
                                          "16777216,64", "-n", "4", "-r", "1", "--json");
  g_autoptr (HrValue) report = NULL;
  HrValue *points;

  cli_assert_status (result, 0);
  report = parse (result->out);
  points = hr_value_lookup (report, "points");
  g_assert_cmpuint (hr_value_size (points), ==, 2);
  g_assert_nonnull (headroom_json_get_string (hr_value_at (points, 0), "error"));
  g_assert_null (headroom_json_get_string (hr_value_at (points, 1), "error"));
}

/* Whatever it proposes, it proposes of what it searched, within bounds, and verified. */
static void
test_tune (void)
{
  g_autoptr (CliResult) result =
      cli_run ("bench", "tune", cli_tiny_model (), "-p", "16", "-n", "2", "-r", "1", "--json");
  g_autoptr (HrValue) report = NULL;
  HrValue *changes;

  cli_assert_status (result, 0);
  report = parse (result->out);
  g_assert_true (headroom_json_get_bool (report, "complete", FALSE));
  g_assert_cmpuint (hr_value_size (hr_value_lookup (report, "baseline")), ==, 1);
  g_assert_cmpuint (hr_value_size (hr_value_lookup (report, "sweeps")), >, 3);
  changes = hr_value_lookup (report, "changes");
  g_assert_nonnull (changes);
  if (hr_value_size (changes) > 0)
    g_assert_cmpstr (headroom_json_get_string (hr_value_lookup (report, "verification"),
                                               "verdict"),
                     ==, "better");
}

/* Bounds that nothing meets: nothing is proposed. */
static void
test_tune_bounds (void)
{
  g_autoptr (CliResult) result = cli_run ("bench", "tune", cli_tiny_model (), "-p", "16", "-n", "2",
                                          "-r", "1", "--first-token", "0.000001", "--json");
  g_autoptr (HrValue) report = NULL;
  HrValue *baseline;

  cli_assert_status (result, 0);
  report = parse (result->out);
  baseline = hr_value_at (hr_value_lookup (report, "baseline"), 0);
  g_assert_false (headroom_json_get_bool (baseline, "within_bounds", TRUE));
  g_assert_cmpuint (hr_value_size (hr_value_lookup (report, "changes")), ==, 0);
}

/* ---- Reports ---- */

static void
test_suite (void)
{
  g_autofree char *path = cli_path ("report.json");
  g_autoptr (CliResult) result =
      cli_run ("bench", "suite", "--quick", "-o", path, "--json", cli_tiny_model ());
  g_autofree char *text = NULL;
  g_autoptr (HrValue) report = NULL;
  HrValue *entry;
  const char *const parts[] = { "speed", "sweeps", "health", "latency", "throughput" };

  cli_assert_status (result, 0);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  report = parse (text);
  g_assert_true (headroom_json_get_bool (report, "complete", FALSE));
  g_assert_nonnull (headroom_json_get_string (report, "version"));
  g_assert_cmpfloat (number (hr_value_lookup (hr_value_lookup (report, "machine"), "rates"),
                             "read_bytes_per_second"),
                     >, 0);
  entry = hr_value_at (hr_value_lookup (report, "models"), 0);
  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    g_assert_nonnull (hr_value_lookup (entry, parts[i]));
  {
    g_autoptr (CliResult) same = cli_run ("bench", "compare", path, path, "--json");
    g_autoptr (HrValue) compared = NULL;
    cli_assert_status (same, 0);
    compared = parse (same->out);
    g_assert_cmpint (headroom_json_get_int (compared, "better", -1), ==, 0);
    g_assert_cmpint (headroom_json_get_int (compared, "worse", -1), ==, 0);
    g_assert_cmpint (headroom_json_get_int (compared, "same", -1), >, 0);
  }
}

/* A model that is missing does not keep the others from being measured, and is told. */
static void
test_suite_missing (void)
{
  g_autoptr (CliResult) result = cli_run ("bench", "suite", "--quick", "no-such-model");

  cli_assert_status (result, 1);
  cli_assert_contains (result->err, "no-such-model");
  cli_assert_contains (result->out, "\"complete\":false");
}

/* Where nothing can be written it says so before it measures, and prints what there is. */
static void
test_suite_no_disk (void)
{
  g_autoptr (CliResult) result =
      cli_run ("bench", "suite", "--quick", "-o", "/dev/full/report.json", cli_tiny_model ());

  cli_assert_status (result, 1);
  cli_assert_contains (result->err, "could not be saved");
  cli_assert_contains (result->out, "\"machine\"");
}

static void
test_compare_bad (void)
{
  g_autofree char *broken = cli_write_file ("broken.json", "{", -1);
  g_autofree char *empty = cli_write_file ("empty.json", "{}", -1);
  g_autoptr (CliResult) missing = cli_run ("bench", "compare", "/no/a.json", "/no/b.json");
  g_autoptr (CliResult) bad = cli_run ("bench", "compare", empty, broken);
  g_autoptr (CliResult) nothing = cli_run ("bench", "compare", empty, empty);

  cli_assert_status (missing, 1);
  cli_assert_contains (missing->err, "/no/a.json");
  cli_assert_status (bad, 1);
  cli_assert_contains (bad->err, "not a report");
  cli_assert_status (nothing, 1);
  cli_assert_contains (nothing->err, "no figure in common");
}

int
main (int argc, char **argv)
{
  cli_init (&argc, &argv);
  g_test_add_func ("/cli/bench/cases", test_bench);
  g_test_add_func ("/cli/bench/too-deep", test_bench_too_deep);
  g_test_add_func ("/cli/bench/latency", test_latency);
  g_test_add_func ("/cli/bench/throughput", test_throughput);
  g_test_add_func ("/cli/bench/unknown-model", test_unknown_model);
  g_test_add_func ("/cli/bench/no-server", test_no_server);
  g_test_add_func ("/cli/bench/bad-numbers", test_bad_numbers);
  g_test_add_func ("/cli/bench/sweep", test_sweep);
  g_test_add_func ("/cli/bench/sweep-refused", test_sweep_refused);
  g_test_add_func ("/cli/bench/compare-bad", test_compare_bad);
  g_test_add_func ("/cli/bench/suite-no-disk", test_suite_no_disk);
  if (!g_getenv ("HEADROOM_TEST_BRIEF")) {
    g_test_add_func ("/cli/bench/machine", test_bench_machine);
    g_test_add_func ("/cli/bench/tune", test_tune);
    g_test_add_func ("/cli/bench/tune-bounds", test_tune_bounds);
    g_test_add_func ("/cli/bench/suite", test_suite);
    g_test_add_func ("/cli/bench/suite-missing", test_suite_missing);
  }
  return g_test_run ();
}
