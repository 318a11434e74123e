/* headroom-summary.c: see headroom-summary.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-summary.h"

#include "headroom-json.h"

#include <math.h>

#define N_DRAWS 2000 /* of the interval's 2.5 % each end is drawn from 50 */
#define SEED 1

static gint
compare_doubles (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a;
  double y = *(const double *) b;

  return (x > y) - (x < y);
}

static double
percentile (const double *sorted, gsize n, double share)
{
  double place = share * (double) (n - 1);
  gsize below = (gsize) floor (place);
  gsize above = MIN (below + 1, n - 1);

  return sorted[below] + (sorted[above] - sorted[below]) * (place - (double) below);
}

static double
median_of (double *values, gsize n)
{
  qsort (values, n, sizeof *values, compare_doubles);
  return percentile (values, n, 0.5);
}

HeadroomSummary
headroom_summary_of (const double *values, gsize n)
{
  g_autofree double *sorted = g_memdup2 (values, n * sizeof *values);
  HeadroomSummary summary = { .n = (guint) n };
  double sum = 0;

  if (n == 0)
    return summary;
  qsort (sorted, n, sizeof *sorted, compare_doubles);
  for (gsize i = 0; i < n; i++)
    sum += sorted[i];
  summary.avg = sum / (double) n;
  summary.p50 = percentile (sorted, n, 0.5);
  summary.p95 = percentile (sorted, n, 0.95);
  summary.p99 = percentile (sorted, n, 0.99);
  summary.min = sorted[0];
  summary.max = sorted[n - 1];
  return summary;
}

gboolean
headroom_summary_supports (guint n, double share)
{
  return n * (1 - share) >= 1 - 1e-9;
}

HrValue *
headroom_summary_to_value (const GArray *samples, const char *unit, HeadroomBetter better)
{
  const double *values = (const double *) (gpointer) samples->data;
  HeadroomSummary summary = headroom_summary_of (values, samples->len);
  const struct {
    const char *name;
    double value, share;
  } fields[] = { { "avg", summary.avg, 0 },     { "p50", summary.p50, 0.5 },
                 { "p95", summary.p95, 0.95 },  { "p99", summary.p99, 0.99 },
                 { "min", summary.min, 0 },     { "max", summary.max, 0 } };
  HrValue *dict = hr_value_new_dict ();
  HrValue *unsupported = hr_value_new_list ();
  HrValue *list = hr_value_new_list ();

  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++) {
    g_autofree char *key = g_strdup_printf ("%s_%s", fields[i].name, unit);
    if (summary.n > 0)
      headroom_json_set_float (dict, key, fields[i].value);
    if (!headroom_summary_supports (summary.n, fields[i].share))
      hr_value_append (unsupported, hr_value_new_string (key, -1, TRUE));
  }
  for (guint i = 0; i < samples->len; i++)
    hr_value_append (list, hr_value_new_float (values[i]));
  hr_value_set (dict, "unsupported", unsupported);
  headroom_json_set_string (dict, "better", better == HEADROOM_BETTER_LOWER ? "lower" : "higher");
  hr_value_set (dict, "samples", list);
  return dict;
}

static double
redrawn_median (GRand *rand, const double *values, gsize n, double *scratch)
{
  for (gsize i = 0; i < n; i++)
    scratch[i] = values[g_rand_int_range (rand, 0, (gint32) n)];
  return median_of (scratch, n);
}

HeadroomRatio
headroom_summary_ratio (const double *first, gsize n_first, const double *second, gsize n_second)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (SEED);
  g_autofree double *a = g_memdup2 (first, n_first * sizeof *first);
  g_autofree double *b = g_memdup2 (second, n_second * sizeof *second);
  g_autofree double *ratios = g_new (double, N_DRAWS);
  HeadroomRatio ratio = { .ratio = median_of (b, n_second) / median_of (a, n_first) };

  for (gsize i = 0; i < N_DRAWS; i++) {
    double of_first = redrawn_median (rand, first, n_first, a);
    ratios[i] = redrawn_median (rand, second, n_second, b) / of_first;
  }
  qsort (ratios, N_DRAWS, sizeof *ratios, compare_doubles);
  ratio.low = percentile (ratios, N_DRAWS, 0.025);
  ratio.high = percentile (ratios, N_DRAWS, 0.975);
  return ratio;
}
