/* headroom-plan-text.c: see headroom-plan-text.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-plan-text.h"

#include "headroom-cli-text.h"
#include "headroom-cli.h"
#include "headroom-gpu-reason.h"
#include "headroom-landscape.h"
#include "headroom-sum.h"

#include <glib/gi18n.h>
#include <stdio.h>

/* Below each row, how it comes to its number and what would make it less. */
void
headroom_plan_print_sum (const HrModel *model, const HrPlan *plan)
{
  g_autoptr (GArray) rows = headroom_sum_new (model, plan);

  for (guint i = 0; i < rows->len; i++) {
    const HeadroomSumRow *row = &g_array_index (rows, HeadroomSumRow, i);
    g_autofree char *bytes = headroom_text_memory (row->bytes);
    printf ("  %12s  %s\n%16s%s\n", bytes, headroom_sum_title (row->kind), "", row->formula);
  }
}

/* Ten of a kind with the same numbers are one line. */
static void
print_devices (const HrPlan *plan)
{
  for (gsize i = 0; i < hr_plan_n_devices (plan); i++) {
    const HrDevice *device = hr_plan_get_device (plan, i);
    g_autofree char *used = headroom_text_memory (hr_plan_get_device_bytes (plan, i));
    g_autofree char *available = headroom_text_memory (device->free);
    g_autofree char *reserve = headroom_text_memory (device->reserve);
    /* Translators: a device's name, then three amounts of memory. */
    printf (_("%s: %s of %s available, of which %s are kept for others"), device->name, used,
            available, reserve);
    printf ("\n");
  }
}

/* Which layers are where, if there is a choice, and why not all of them are on GPUs. */
static void
print_split (const HrPlan *plan, gboolean here)
{
  g_autofree char *reason = headroom_gpu_reason (plan, here);
  guint32 n_layers = hr_plan_n_layers (plan);

  for (gsize d = 0; d < hr_plan_n_devices (plan) && hr_plan_n_devices (plan) > 1; d++) {
    guint32 n = 0;
    for (guint32 il = 0; il < n_layers; il++)
      n += hr_plan_get_layer_device (plan, il) == d;
    /* Translators: a number of layers, of how many, and the device that has them. */
    printf (_("%u of %u layers: %s"), n, n_layers, hr_plan_get_device (plan, d)->name);
    printf ("\n");
  }
  if (reason != NULL)
    printf ("%s\n", reason);
}

static void
print_prediction (const HrPlan *plan)
{
  HeadroomPrediction p =
      headroom_predict (plan, MIN (HEADROOM_USUAL_PROMPT, hr_plan_get_settings (plan)->num_ctx), 0,
                        1);

  if (p.tokens_per_second <= 0)
    return;
  printf (_("Predicted: %.1f tokens per second, prompts at %.0f tokens per second."),
          p.tokens_per_second, p.prompt_tokens_per_second);
  printf ("\n");
}

static const char *const verdict_labels[] = { N_("negligible"), N_("noticeable"), N_("heavy"),
                                              N_("critical"), N_("does not fit") };

static void
print_context (HrModel *model, const HeadroomFit *fit)
{
  HeadroomStart start = headroom_landscape_start (model, fit);
  HeadroomStop stop = headroom_stop_of (fit->plan, &start);

  /* Translators: percent, percent, and a word such as "heavy" */
  printf (
      _("The cache adds %.0f %% to the weights; with a full context answers are %.0f %% slower: "
         "%s."),
      stop.percent_of_weights, stop.slower_percent, _ (verdict_labels[stop.verdict]));
  printf ("\n");
}

void
headroom_plan_print (const char *name, HrModel *model, HeadroomFit *fit, gboolean here)
{
  const HrPlan *plan = fit->plan;
  GPtrArray *offers = headroom_fit_get_offers (fit);
  const HrSettings *s = hr_plan_get_settings (plan);
  g_autofree char *per_token = headroom_text_memory (hr_plan_get_cache_bytes_per_token (plan));

  printf ("%s  num_ctx %u × parallel %u = %" G_GUINT64_FORMAT ", num_batch %u, kv_type %s\n\n",
          name, s->num_ctx, s->parallel, (guint64) s->num_ctx * s->parallel, s->num_batch,
          hr_kv_type_name (s->kv_type));
  headroom_plan_print_sum (model, plan);
  printf ("\n");
  printf (_("One more token of context takes %s of cache."), per_token);
  printf ("\n");
  print_context (model, fit);
  print_prediction (plan);
  print_devices (plan);
  print_split (plan, here);
  for (guint i = 0; i < fit->steps->len; i++)
    printf ("%s\n", (const char *) fit->steps->pdata[i]);
  for (guint i = 0; i < offers->len; i++)
    printf ("%s\n", ((const HeadroomOffer *) offers->pdata[i])->text);
}

/* ---- Tables ---- */

static void
add_cell (GPtrArray *cells, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
add_cell (GPtrArray *cells, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (cells, g_strdup_vprintf (format, args));
  va_end (args);
}

void
headroom_plan_print_landscape (const GArray *stops)
{
  g_autoptr (GPtrArray) cells = g_ptr_array_new_with_free_func (g_free);
  static const char *const heads[] = { "NUM_CTX",       N_("CACHE"),  N_("OF WEIGHTS"),
                                       N_("TOKENS/S"), N_("SLOWER"), N_("VERDICT") };

  for (gsize i = 0; i < G_N_ELEMENTS (heads); i++)
    add_cell (cells, "%s", _(heads[i]));
  for (guint i = 0; i < stops->len; i++) {
    const HeadroomStop *stop = &g_array_index (stops, HeadroomStop, i);
    g_autofree char *cache = headroom_text_memory (stop->cache_bytes);
    add_cell (cells, "%u", stop->num_ctx);
    add_cell (cells, "%s", cache);
    add_cell (cells, "+%.0f%%", stop->percent_of_weights);
    add_cell (cells, "%.1f", stop->predicted.tokens_per_second);
    add_cell (cells, "%.0f%%", stop->slower_percent);
    add_cell (cells, "%s", _(verdict_labels[stop->verdict]));
  }
  printf ("\n");
  headroom_cli_print_table ((const char *const *) cells->pdata, cells->len, G_N_ELEMENTS (heads));
}

void
headroom_plan_print_recommend (const GArray *list)
{
  g_autoptr (GPtrArray) cells = g_ptr_array_new_with_free_func (g_free);
  static const char *const heads[] = { "NUM_CTX", N_("PARALLEL AT MOST"), N_("BEST"),
                                       N_("TOKENS/S EACH"), N_("TOKENS/S TOGETHER") };

  for (gsize i = 0; i < G_N_ELEMENTS (heads); i++)
    add_cell (cells, "%s", _(heads[i]));
  for (guint i = 0; i < list->len; i++) {
    const HeadroomAdvice *advice = &g_array_index (list, HeadroomAdvice, i);
    add_cell (cells, "%u", advice->num_ctx);
    add_cell (cells, "%u", advice->parallel_max);
    add_cell (cells, "%u", advice->parallel_best);
    add_cell (cells, "%.1f", advice->predicted.tokens_per_second);
    add_cell (cells, "%.1f", advice->tokens_per_second);
  }
  printf ("\n");
  headroom_cli_print_table ((const char *const *) cells->pdata, cells->len, G_N_ELEMENTS (heads));
}
