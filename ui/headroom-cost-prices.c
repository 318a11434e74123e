/* headroom-cost-prices.c: what the chosen settings cost, in words.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cost-group-private.h"

#include <glib/gi18n.h>
#include <inttypes.h>

/* ---- What it costs --------------------------------------------------------------------------- */

static guint64
bytes_with (HeadroomCostGroup *self, const HrSettings *settings, HrItemKind kind)
{
  g_autoptr (HrPlan) plan = headroom_plan_preview_try (self->preview, settings);

  return plan != NULL ? hr_plan_get_bytes (plan, kind) : 0;
}

static const char *
verdict_title (HeadroomVerdict verdict)
{
  switch (verdict) {
  case HEADROOM_VERDICT_NEGLIGIBLE:
    return _("negligible");
  case HEADROOM_VERDICT_NOTICEABLE:
    return _("noticeable");
  case HEADROOM_VERDICT_HEAVY:
    return _("heavy");
  case HEADROOM_VERDICT_CRITICAL:
    return _("critical");
  case HEADROOM_VERDICT_DOES_NOT_FIT:
    return _("does not fit");
  }
  g_return_val_if_reached ("");
}

/* What the stop next to the chosen context says of its weight; "" where nothing is known. */
static char *
dup_verdict (HeadroomCostGroup *self, guint32 num_ctx)
{
  g_autoptr (GArray) stops = headroom_plan_preview_survey (self->preview);

  for (guint i = 0; stops != NULL && i < stops->len; i++) {
    const HeadroomStop *stop = &g_array_index (stops, HeadroomStop, i);
    if (stop->num_ctx < num_ctx && i + 1 < stops->len)
      continue;
    /* Translators: a word such as "heavy", and how much slower answers are, in percent */
    return g_strdup_printf (_("%s, and %.0f %% slower when full"), verdict_title (stop->verdict),
                            stop->slower_percent);
  }
  return g_strdup ("");
}

static void
show_ctx_cost (HeadroomCostGroup *self, HrPlan *plan)
{
  g_autofree char *verdict = dup_verdict (self, hr_plan_get_settings (plan)->num_ctx);
  guint64 cache = hr_plan_get_bytes (plan, HR_ITEM_CACHE),
          weights = MAX (hr_plan_get_bytes (plan, HR_ITEM_WEIGHTS), 1);
  g_autofree char *bytes = headroom_memory_format (cache);
  g_autofree char *each = headroom_memory_format (hr_plan_get_cache_bytes_per_token (plan));
  g_autoptr (GError) misfit = NULL;
  g_autofree char *text = NULL;

  if (hr_plan_fits (plan, &misfit))
    /* Translators: bytes of the cache, what that adds to the model's weights in percent, bytes per
     * token, and a verdict */
    text = g_strdup_printf (_("Cache %s, %.0f %% over the weights · %s per token · %s"), bytes,
                            100.0 * (double) cache / (double) weights, each, verdict);
  headroom_slider_row_set_cost (self->ctx_row, text != NULL ? text : misfit->message, text == NULL);
}

static void
show_parallel_cost (HeadroomCostGroup *self, HrPlan *plan)
{
  HrSettings more = *hr_plan_get_settings (plan);
  guint64 now = hr_plan_get_bytes (plan, HR_ITEM_CACHE), then;
  g_autofree char *one_more = NULL, *text = NULL;

  more.parallel++;
  then = bytes_with (self, &more, HR_ITEM_CACHE);
  one_more = headroom_memory_format (then > now ? then - now : 0);
  /* Translators: how many answers at once, tokens of each, tokens of all, and bytes */
  text = g_strdup_printf (_("%u answers at once of %u tokens each: %" PRIu64
                             " tokens · one more takes %s"),
                          more.parallel - 1, more.num_ctx,
                          (guint64) (more.parallel - 1) * more.num_ctx, one_more);
  headroom_slider_row_set_cost (self->parallel_row, text, FALSE);
}

static void
show_batch_cost (HeadroomCostGroup *self, HrPlan *plan)
{
  g_autofree char *bytes = headroom_memory_format (hr_plan_get_bytes (plan, HR_ITEM_COMPUTE));
  g_autofree char *text =
      g_strdup_printf (_("Tokens of a prompt that are read in one step; takes %s to compute in"),
                       bytes);

  headroom_slider_row_set_cost (self->batch_row, text, FALSE);
}

static void
show_kv_cost (HeadroomCostGroup *self, HrPlan *plan)
{
  HrSettings full = *hr_plan_get_settings (plan);
  guint64 now = hr_plan_get_bytes (plan, HR_ITEM_CACHE), at_f16;
  g_autofree char *bytes = NULL, *text = NULL;

  full.kv_type = HR_KV_F16;
  at_f16 = bytes_with (self, &full, HR_ITEM_CACHE);
  bytes = headroom_memory_format (at_f16 > now ? at_f16 - now : now - at_f16);
  if (now < at_f16)
    text = g_strdup_printf (_("Saves %s against 16 bits; answers become slightly less precise"),
                            bytes);
  else if (now > at_f16)
    text = g_strdup_printf (_("Takes %s more than 16 bits"), bytes);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self->kv_row),
                               text != NULL ? text
                                            : _("How precisely the conversation is remembered"));
}

/* What was chosen or reduced where a person left the choice open, and what could be given up where
 * it does not fit. */
static void
show_steps (HeadroomCostGroup *self)
{
  const HeadroomFit *fit = headroom_plan_preview_get_fit (self->preview);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < fit->steps->len; i++)
    g_string_append_printf (text, "%s• %s", text->len > 0 ? "\n" : "",
                            (const char *) fit->steps->pdata[i]);
  for (guint i = 0; i < fit->offers->len; i++)
    g_string_append_printf (text, "%s• %s", text->len > 0 ? "\n" : "",
                            ((HeadroomOffer *) fit->offers->pdata[i])->text);
  adw_preferences_group_set_description (ADW_PREFERENCES_GROUP (self),
                                         text->len > 0 ? text->str : NULL);
  g_string_free (text, TRUE);
}

static void
show_layers (HeadroomCostGroup *self, HrPlan *plan)
{
  headroom_layer_strip_set_plan (self->layers, plan);
  gtk_label_set_text (self->layers_label, headroom_layer_strip_get_text (self->layers));
}

static void
show_no_plan (HeadroomCostGroup *self)
{
  const char *problem = headroom_plan_preview_get_problem (self->preview);

  headroom_slider_row_set_cost (self->ctx_row, problem, problem != NULL);
  headroom_slider_row_set_cost (self->parallel_row, NULL, FALSE);
  headroom_slider_row_set_cost (self->batch_row, NULL, FALSE);
  headroom_layer_strip_set_plan (self->layers, NULL);
  gtk_label_set_text (self->layers_label, "");
}

void
_headroom_cost_group_show_prices (HeadroomCostGroup *self)
{
  HrPlan *plan = headroom_plan_preview_get_plan (self->preview);

  headroom_cost_chart_set_plans (self->chart, self->preview);
  gtk_widget_set_visible (GTK_WIDGET (self->chart), plan != NULL);
  if (plan == NULL) {
    show_no_plan (self);
    return;
  }
  show_ctx_cost (self, plan);
  show_parallel_cost (self, plan);
  show_batch_cost (self, plan);
  show_steps (self);
  show_kv_cost (self, plan);
  show_layers (self, plan);
}

/* ---- Stops ----------------------------------------------------------------------------------- */

static int
compare_stops (gconstpointer a, gconstpointer b)
{
  guint left = *(const guint *) a, right = *(const guint *) b;

  return (left > right) - (left < right);
}

static gboolean
ctx_fits (HeadroomCostGroup *self, guint num_ctx)
{
  HrSettings settings = *headroom_plan_preview_get_settings (self->preview);
  g_autoptr (HrPlan) plan = NULL;

  settings.num_ctx = num_ctx;
  plan = headroom_plan_preview_try (self->preview, &settings);
  return plan != NULL && hr_plan_fits (plan, NULL);
}

/* The longest context that fits, to a page of 256 tokens; 0 where none or all do. */
static guint
find_cliff (HeadroomCostGroup *self, guint n_train)
{
  guint good = 0, bad = n_train;

  if (ctx_fits (self, n_train))
    return 0;
  while (bad - good > 256) {
    guint middle = good + (bad - good) / 2;
    if (ctx_fits (self, middle))
      good = middle;
    else
      bad = middle;
  }
  return good / 256 * 256;
}

/* Powers of two, the length that the model was trained for, and the last one before the cliff. */
static void
set_ctx_stops (HeadroomCostGroup *self, HrModel *model)
{
  guint n_train = MAX (hr_model_get_info (model)->n_ctx_train, HEADROOM_COST_MIN_CTX);
  guint cliff = find_cliff (self, n_train);
  g_autoptr (GArray) stops = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint64 tokens = HEADROOM_COST_MIN_CTX; tokens < n_train; tokens *= 2) {
    guint stop = (guint) tokens;
    g_array_append_val (stops, stop);
  }
  g_array_append_val (stops, n_train);
  if (cliff >= HEADROOM_COST_MIN_CTX && !g_array_binary_search (stops, &cliff, compare_stops, NULL))
    g_array_append_val (stops, cliff);
  g_array_sort (stops, compare_stops);
  headroom_slider_row_set_stops (self->ctx_row, (const guint *) stops->data, stops->len);
}

/* -1, which is automatic, is the first stop. */
static void
set_gpu_stops (HeadroomCostGroup *self, HrPlan *plan, HrModel *model)
{
  guint n = hr_model_get_info (model)->n_layer + 2;
  g_autofree guint *stops = g_new (guint, n);

  for (guint i = 0; i < n; i++)
    stops[i] = i;
  headroom_slider_row_set_stops (self->gpu_row, stops, n);
  gtk_widget_set_visible (GTK_WIDGET (self->gpu_row), hr_plan_n_devices (plan) > 1);
}

void
_headroom_cost_group_set_stops (HeadroomCostGroup *self, HrPlan *plan, HrModel *model)
{
  set_ctx_stops (self, model);
  set_gpu_stops (self, plan, model);
}
