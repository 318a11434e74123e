/* headroom-compare.c: see headroom-compare.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-compare.h"

#include "headroom-json.h"

static const char *const outcome_names[] = { "too-few", "same", "better", "worse" };

/* What names an entry of a list among its siblings. */
static const char *const entry_names[] = { "name", "model", "variable", "value", "workers" };

const char *
headroom_outcome_name (HeadroomOutcome outcome)
{
  return outcome_names[outcome];
}

/* ---- Figures of one report ---- */

static char *
dup_entry_name (const HrValue *entry, gsize index)
{
  for (gsize i = 0; hr_value_kind (entry) == HR_VALUE_DICT && i < G_N_ELEMENTS (entry_names); i++) {
    HrValue *value = hr_value_lookup (entry, entry_names[i]);
    if (value != NULL && hr_value_kind (value) == HR_VALUE_STRING)
      return g_strdup (hr_value_get_string (value, NULL));
    if (value != NULL && hr_value_kind (value) == HR_VALUE_INT)
      return g_strdup_printf ("%s=%" G_GINT64_FORMAT, entry_names[i], hr_value_get_int (value));
  }
  return g_strdup_printf ("%" G_GSIZE_FORMAT, index);
}

static void
collect (HrValue *value, const char *path, GHashTable *figures, GPtrArray *order)
{
  HrValueKind kind = hr_value_kind (value);

  if (kind == HR_VALUE_DICT && hr_value_lookup (value, "samples") != NULL) {
    if (g_hash_table_insert (figures, g_strdup (path), value))
      g_ptr_array_add (order, g_strdup (path));
    return;
  }
  if (kind != HR_VALUE_DICT && kind != HR_VALUE_LIST)
    return;
  for (gsize i = 0; i < hr_value_size (value); i++) {
    const char *key = NULL;
    HrValue *entry = kind == HR_VALUE_DICT ? hr_value_entry (value, i, &key)
                                           : hr_value_at (value, i);
    g_autofree char *name = key != NULL ? g_strdup (key) : dup_entry_name (entry, i);
    g_autofree char *below = *path != '\0' ? g_strconcat (path, ".", name, NULL) : g_strdup (name);
    collect (entry, below, figures, order);
  }
}

/* The numbers among the samples; a report may come from anywhere. */
static GArray *
samples_of (const HrValue *figure)
{
  GArray *samples = g_array_new (FALSE, FALSE, sizeof (double));
  HrValue *list = hr_value_lookup (figure, "samples");

  for (gsize i = 0; hr_value_kind (list) == HR_VALUE_LIST && i < hr_value_size (list); i++) {
    HrValue *item = hr_value_at (list, i);
    double value = hr_value_kind (item) == HR_VALUE_FLOAT ? hr_value_get_float (item)
                   : hr_value_kind (item) == HR_VALUE_INT ? (double) hr_value_get_int (item)
                                                          : 0;
    if (value > 0)
      g_array_append_val (samples, value);
  }
  return samples;
}

/* ---- Two reports ---- */

HeadroomOutcome
headroom_outcome_of (const GArray *first, const GArray *second, HeadroomBetter better,
                     HeadroomRatio *ret_ratio)
{
  *ret_ratio = (HeadroomRatio){ 0 };
  if (first->len > 0 && second->len > 0)
    *ret_ratio = headroom_summary_ratio ((const double *) (gpointer) first->data, first->len,
                                         (const double *) (gpointer) second->data, second->len);
  if (MIN (first->len, second->len) < HEADROOM_COMPARE_MIN_SAMPLES)
    return HEADROOM_OUTCOME_TOO_FEW;
  if (ret_ratio->low <= 1 && ret_ratio->high >= 1)
    return HEADROOM_OUTCOME_SAME;
  return (ret_ratio->ratio < 1) == (better == HEADROOM_BETTER_LOWER) ? HEADROOM_OUTCOME_BETTER
                                                                     : HEADROOM_OUTCOME_WORSE;
}

static HeadroomOutcome
compare_figure (const char *name, const HrValue *first, const HrValue *second, HrValue *figures)
{
  g_autoptr (GArray) a = samples_of (first);
  g_autoptr (GArray) b = samples_of (second);
  const char *text = headroom_json_get_string (second, "better");
  HeadroomBetter better = g_strcmp0 (text, "higher") == 0 ? HEADROOM_BETTER_HIGHER
                                                          : HEADROOM_BETTER_LOWER;
  HeadroomRatio ratio;
  HeadroomOutcome outcome = headroom_outcome_of (a, b, better, &ratio);
  HrValue *dict = hr_value_new_dict ();

  headroom_json_set_string (dict, "name", name);
  headroom_json_set_float (dict, "ratio", ratio.ratio);
  headroom_json_set_float (dict, "low", ratio.low);
  headroom_json_set_float (dict, "high", ratio.high);
  headroom_json_set_string (dict, "better",
                            better == HEADROOM_BETTER_LOWER ? "lower" : "higher");
  headroom_json_set_string (dict, "verdict", headroom_outcome_name (outcome));
  hr_value_append (figures, dict);
  return outcome;
}

static void
add_missing (GPtrArray *order, GHashTable *others, HrValue *missing)
{
  for (guint i = 0; i < order->len; i++)
    if (!g_hash_table_contains (others, order->pdata[i]))
      hr_value_append (missing, hr_value_new_string (order->pdata[i], -1, TRUE));
}

HrValue *
headroom_compare (const HrValue *first, const HrValue *second)
{
  g_autoptr (GHashTable) of_first = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) of_second = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) order_first = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) order_second = g_ptr_array_new_with_free_func (g_free);
  HrValue *result = hr_value_new_dict ();
  HrValue *figures = hr_value_new_list ();
  HrValue *missing = hr_value_new_list ();
  guint counts[G_N_ELEMENTS (outcome_names)] = { 0 };

  collect ((HrValue *) first, "", of_first, order_first);
  collect ((HrValue *) second, "", of_second, order_second);
  for (guint i = 0; i < order_first->len; i++) {
    HrValue *other = g_hash_table_lookup (of_second, order_first->pdata[i]);
    if (other != NULL)
      counts[compare_figure (order_first->pdata[i],
                             g_hash_table_lookup (of_first, order_first->pdata[i]), other,
                             figures)]++;
  }
  add_missing (order_first, of_second, missing);
  add_missing (order_second, of_first, missing);
  hr_value_set (result, "figures", figures);
  hr_value_set (result, "missing", missing);
  headroom_json_set_int (result, "better", counts[HEADROOM_OUTCOME_BETTER]);
  headroom_json_set_int (result, "worse", counts[HEADROOM_OUTCOME_WORSE]);
  headroom_json_set_int (result, "same", counts[HEADROOM_OUTCOME_SAME]);
  headroom_json_set_int (result, "too_few", counts[HEADROOM_OUTCOME_TOO_FEW]);
  return result;
}
