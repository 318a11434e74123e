/* test-summary.c: percentiles, intervals, knees, and what two reports say of one another.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-compare.h"
#include "headroom-json.h"
#include "headroom-throughput.h"

/* 1 to 100, shuffled: the percentiles are those that numpy.percentile gives. */
static void
test_percentiles (void)
{
  double values[100];
  HeadroomSummary summary;

  for (guint i = 0; i < 100; i++)
    values[i] = i * 37 % 100 + 1;
  summary = headroom_summary_of (values, 100);
  g_assert_cmpuint (summary.n, ==, 100);
  g_assert_cmpfloat_with_epsilon (summary.avg, 50.5, 1e-9);
  g_assert_cmpfloat_with_epsilon (summary.p50, 50.5, 1e-9);
  g_assert_cmpfloat_with_epsilon (summary.p95, 95.05, 1e-9);
  g_assert_cmpfloat_with_epsilon (summary.p99, 99.01, 1e-9);
  g_assert_cmpfloat (summary.min, ==, 1);
  g_assert_cmpfloat (summary.max, ==, 100);
  g_assert_cmpuint (headroom_summary_of (values, 0).n, ==, 0);
}

static void
test_support (void)
{
  g_assert_false (headroom_summary_supports (19, 0.95));
  g_assert_true (headroom_summary_supports (20, 0.95));
  g_assert_false (headroom_summary_supports (99, 0.99));
  g_assert_true (headroom_summary_supports (100, 0.99));
}

static GArray *
values_around (double middle, double spread, guint n)
{
  GArray *values = g_array_new (FALSE, FALSE, sizeof (double));

  for (guint i = 0; i < n; i++) {
    double value = middle + spread * ((double) (i * 7 % n) / n - 0.5);
    g_array_append_val (values, value);
  }
  return values;
}

static HeadroomOutcome
compare (GArray *first, GArray *second, HeadroomBetter better)
{
  HeadroomRatio ratio;
  HeadroomOutcome outcome = headroom_outcome_of (first, second, better, &ratio);

  g_assert_cmpfloat (ratio.low, <=, ratio.ratio);
  g_assert_cmpfloat (ratio.ratio, <=, ratio.high);
  return outcome;
}

static void
test_outcomes (void)
{
  g_autoptr (GArray) slow = values_around (100, 10, 20);
  g_autoptr (GArray) fast = values_around (50, 10, 20);
  g_autoptr (GArray) noisy = values_around (101, 80, 20);
  g_autoptr (GArray) two = values_around (50, 1, 2);

  g_assert_cmpint (compare (slow, fast, HEADROOM_BETTER_LOWER), ==, HEADROOM_OUTCOME_BETTER);
  g_assert_cmpint (compare (fast, slow, HEADROOM_BETTER_LOWER), ==, HEADROOM_OUTCOME_WORSE);
  g_assert_cmpint (compare (fast, slow, HEADROOM_BETTER_HIGHER), ==, HEADROOM_OUTCOME_BETTER);
  g_assert_cmpint (compare (slow, noisy, HEADROOM_BETTER_LOWER), ==, HEADROOM_OUTCOME_SAME);
  g_assert_cmpint (compare (slow, slow, HEADROOM_BETTER_LOWER), ==, HEADROOM_OUTCOME_SAME);
  g_assert_cmpint (compare (slow, two, HEADROOM_BETTER_LOWER), ==, HEADROOM_OUTCOME_TOO_FEW);
}

static void
test_knee (void)
{
  const double rates[] = { 30, 55, 90, 100, 98 };
  const double flat[] = { 50, 50, 49 };

  g_assert_cmpuint (headroom_throughput_knee (rates, G_N_ELEMENTS (rates)), ==, 2);
  g_assert_cmpuint (headroom_throughput_knee (flat, G_N_ELEMENTS (flat)), ==, 0);
}

static HrValue *
report_of (double middle, const char *extra)
{
  g_autoptr (GArray) values = values_around (middle, 1, 10);
  HrValue *report = hr_value_new_dict ();
  HrValue *models = hr_value_new_list ();
  HrValue *model = hr_value_new_dict ();

  headroom_json_set_string (model, "model", "tiny");
  hr_value_set (model, "total", headroom_summary_to_value (values, "ms", HEADROOM_BETTER_LOWER));
  if (extra != NULL)
    hr_value_set (model, extra,
                  headroom_summary_to_value (values, "ms", HEADROOM_BETTER_LOWER));
  hr_value_append (models, model);
  hr_value_set (report, "models", models);
  return report;
}

/* Figures are found by name, wherever they are; what only one has is told. */
static void
test_reports (void)
{
  g_autoptr (HrValue) first = report_of (100, "first_byte");
  g_autoptr (HrValue) second = report_of (80, "per_token");
  g_autoptr (HrValue) result = headroom_compare (first, second);
  HrValue *figures = hr_value_lookup (result, "figures");
  HrValue *missing = hr_value_lookup (result, "missing");
  HrValue *figure = hr_value_at (figures, 0);

  g_assert_cmpuint (hr_value_size (figures), ==, 1);
  g_assert_cmpstr (headroom_json_get_string (figure, "name"), ==, "models.tiny.total");
  g_assert_cmpstr (headroom_json_get_string (figure, "verdict"), ==, "better");
  g_assert_cmpfloat_with_epsilon (hr_value_get_float (hr_value_lookup (figure, "ratio")), 0.8,
                                  0.01);
  g_assert_cmpuint (hr_value_size (missing), ==, 2);
}

/* Reports come from anywhere: what is no number does not count, and nothing breaks. */
static void
test_foreign_report (void)
{
  const char *text = "{\"a\":{\"samples\":[\"x\",null,-1]},\"b\":{\"samples\":3},\"c\":[[{}]]}";
  g_autoptr (HrValue) report = headroom_json_parse (text, -1, FALSE, NULL);
  g_autoptr (HrValue) result = headroom_compare (report, report);

  g_assert_cmpuint (hr_value_size (hr_value_lookup (result, "figures")), ==, 2);
  g_assert_cmpint (headroom_json_get_int (result, "too_few", 0), ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bench/percentiles", test_percentiles);
  g_test_add_func ("/bench/support", test_support);
  g_test_add_func ("/bench/outcomes", test_outcomes);
  g_test_add_func ("/bench/knee", test_knee);
  g_test_add_func ("/bench/reports", test_reports);
  g_test_add_func ("/bench/foreign-report", test_foreign_report);
  return g_test_run ();
}
