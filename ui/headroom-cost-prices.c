/* headroom-cost-prices.c: what the chosen settings cost, in words.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cost-group-private.h"

#include "headroom-model-item.h"

#include <glib/gi18n.h>
#include <inttypes.h>

#define SETTLE_MSEC 200

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

/* What the chosen context does; compared with nothing, so without a verdict, until the ground is
 * known. */
static HeadroomStop
get_stop (HeadroomCostGroup *self, HrPlan *plan, gboolean *ret_is_judged)
{
  static const HeadroomStart none = { 0 };
  const HeadroomSurvey *survey = headroom_plan_preview_get_survey (self->preview);

  *ret_is_judged = survey != NULL;
  return headroom_stop_of (plan, survey != NULL ? &survey->start : &none);
}

static void
show_ctx_cost (HeadroomCostGroup *self, HrPlan *plan, const HeadroomStop *stop, gboolean is_judged)
{
  g_autofree char *bytes = headroom_memory_format (stop->cache_bytes);
  g_autofree char *each = headroom_memory_format (hr_plan_get_cache_bytes_per_token (plan));
  g_autofree char *verdict = NULL, *text = NULL;
  g_autoptr (GError) misfit = NULL;

  if (is_judged)
    /* Translators: a word such as "heavy", and how much slower answers are, in percent */
    verdict = g_strdup_printf (_(" · %s, and %.0f %% slower when full"),
                               verdict_title (stop->verdict), stop->slower_percent);
  if (hr_plan_fits (plan, &misfit))
    /* Translators: bytes of the cache, what that adds to the model's weights in percent, bytes per
     * token, and a verdict that begins with a separator, or nothing */
    text = g_strdup_printf (_("Cache %s, %.0f %% over the weights · %s per token%s"), bytes,
                            stop->percent_of_weights, each, verdict != NULL ? verdict : "");
  else
    /* Translators: a verdict, and why */
    text = g_strdup_printf (_("Cache %s: %s. %s"), bytes,
                            verdict_title (HEADROOM_VERDICT_DOES_NOT_FIT), misfit->message);
  headroom_slider_row_set_cost (self->ctx_row, text, misfit != NULL);
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
  HeadroomFit *fit = headroom_plan_preview_get_fit (self->preview);
  GPtrArray *offers = headroom_fit_get_offers (fit);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < fit->steps->len; i++)
    g_string_append_printf (text, "%s• %s", text->len > 0 ? "\n" : "",
                            (const char *) fit->steps->pdata[i]);
  for (guint i = 0; i < offers->len; i++)
    g_string_append_printf (text, "%s• %s", text->len > 0 ? "\n" : "",
                            ((HeadroomOffer *) offers->pdata[i])->text);
  adw_preferences_group_set_description (ADW_PREFERENCES_GROUP (self),
                                         text->len > 0 ? text->str : NULL);
  g_string_free (text, TRUE);
}

/* How many times longer a token takes than if all layers were on cards; 0: they are, or there are
 * no cards. */
static double
slowdown_of (HeadroomCostGroup *self, HrPlan *plan)
{
  HrSettings all = *hr_plan_get_settings (plan);
  g_autoptr (HrPlan) ideal = NULL;
  double now, then;

  if (hr_plan_n_devices (plan) < 2 || all.gpu_layers >= (gint32) hr_plan_n_layers (plan))
    return 0;
  all.gpu_layers = (gint32) hr_plan_n_layers (plan);
  ideal = headroom_plan_preview_try (self->preview, &all);
  now = headroom_predict (plan, HEADROOM_USUAL_PROMPT, 0, 1).tokens_per_second;
  then =
      ideal != NULL ? headroom_predict (ideal, HEADROOM_USUAL_PROMPT, 0, 1).tokens_per_second : 0;
  return now > 0 && then > 0 ? then / now : 0;
}

static gboolean
settled_cb (gpointer user_data)
{
  HeadroomCostGroup *self = user_data;
  HrPlan *plan = headroom_plan_preview_get_plan (self->preview);
  double times = plan != NULL ? slowdown_of (self, plan) : 0;
  g_autofree char *text = NULL;

  self->settling = 0;
  if (times > 0)
    /* Translators: how many times slower, such as 3.4 */
    text = g_strdup_printf (
        _("Answers are %.1f times slower than with all layers on graphics cards."), times);
  gtk_label_set_text (self->slower_label, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->slower_label), text != NULL);
  return G_SOURCE_REMOVE;
}

/* Another plan is too much for a frame in which a slider moves: what it says waits until the thumb
 * rests. */
static void
show_layers (HeadroomCostGroup *self, HrPlan *plan)
{
  headroom_layer_strip_set_plan (self->layers, plan);
  gtk_label_set_text (self->layers_label, headroom_layer_strip_get_text (self->layers));
  g_clear_handle_id (&self->settling, g_source_remove);
  self->settling = g_timeout_add (SETTLE_MSEC, settled_cb, self);
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
  gtk_widget_set_visible (GTK_WIDGET (self->slower_label), FALSE);
}

/* How fast an answer is at the end of the chosen context, and the wait before it. */
static void
show_speed (HeadroomCostGroup *self, const HeadroomPrediction *full)
{
  g_autofree char *text = NULL;

  if (full->tokens_per_second > 0)
    /* Translators: about a drawing with two curves; a speed, and seconds */
    text = g_strdup_printf (
        _("━ about %.1f tokens/s with a full context · ┅ %.1f s until the first word of an answer to it"),
        full->tokens_per_second, full->first_token_ms / 1000);
  gtk_label_set_text (self->speed_label, text != NULL ? text : "");
}

char *
_headroom_cost_group_dup_names (GPtrArray *names)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < names->len; i++) {
    g_autofree char *title = headroom_model_dup_title (names->pdata[i]);
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", title);
  }
  return g_string_free (text, FALSE);
}

/* Who would have to go. */
static void
show_forecast (HeadroomCostGroup *self)
{
  g_autoptr (GPtrArray) names = NULL;
  HeadroomForecastKind kind = headroom_plan_preview_forecast (self->preview, &names);
  g_autofree char *joined = _headroom_cost_group_dup_names (names), *text = NULL;

  if (kind == HEADROOM_FORECAST_EVICTS)
    /* Translators: models that would have to leave the memory */
    text = g_strdup_printf (_("For these settings %s has to go."), joined);
  else if (kind == HEADROOM_FORECAST_WAITS)
    text = g_strdup (
        _("These settings fit only when a model that is busy now has answered and gone."));
  gtk_label_set_text (self->forecast_label, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->forecast_label), text != NULL);
}

void
_headroom_cost_group_show_prices (HeadroomCostGroup *self)
{
  HrPlan *plan = headroom_plan_preview_get_plan (self->preview);
  gboolean is_judged;
  HeadroomStop stop;

  gtk_widget_set_visible (GTK_WIDGET (self->chart), plan != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->speed_label), plan != NULL);
  show_forecast (self);
  if (plan == NULL) {
    show_no_plan (self);
    return;
  }
  headroom_cost_chart_set_choice (self->chart, hr_plan_get_settings (plan)->num_ctx);
  stop = get_stop (self, plan, &is_judged);
  show_speed (self, &stop.predicted);
  show_ctx_cost (self, plan, &stop, is_judged);
  show_parallel_cost (self, plan);
  show_batch_cost (self, plan);
  show_steps (self);
  show_kv_cost (self, plan);
  show_layers (self, plan);
}

/* What every length of context would take is known anew. */
void
_headroom_cost_group_show_ground (HeadroomCostGroup *self)
{
  HrPlan *plan = headroom_plan_preview_get_plan (self->preview);
  HrModel *model = headroom_plan_preview_get_model (self->preview);

  headroom_cost_chart_set_survey (self->chart, headroom_plan_preview_get_survey (self->preview),
                                  headroom_plan_preview_get_budget (self->preview));
  if (plan == NULL || model == NULL)
    return;
  _headroom_cost_group_set_stops (self, plan, model);
  _headroom_cost_group_show_prices (self);
}

/* ---- Stops ----------------------------------------------------------------------------------- */

static int
compare_stops (gconstpointer a, gconstpointer b)
{
  guint left = *(const guint *) a, right = *(const guint *) b;

  return (left > right) - (left < right);
}

/* Powers of two, the length that the model was trained for, and the last ones before cliffs. */
static void
add_stop (GArray *stops, guint stop)
{
  for (guint i = 0; i < stops->len; i++)
    if (g_array_index (stops, guint, i) == stop)
      return;
  g_array_append_val (stops, stop);
}

static void
set_ctx_stops (HeadroomCostGroup *self, HrModel *model)
{
  const HeadroomSurvey *survey = headroom_plan_preview_get_survey (self->preview);
  guint n_train = MAX (hr_model_get_info (model)->n_ctx_train, HEADROOM_COST_MIN_CTX);
  g_autoptr (GArray) stops = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint64 tokens = HEADROOM_COST_MIN_CTX; tokens < n_train; tokens *= 2)
    add_stop (stops, (guint) tokens);
  add_stop (stops, n_train);
  for (gsize i = 0; survey != NULL && i < survey->n_cliffs; i++)
    add_stop (stops, survey->cliffs[i].num_ctx);
  g_array_sort (stops, compare_stops);
  headroom_slider_row_set_stops (self->ctx_row, (const guint *) (gpointer) stops->data, stops->len);
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
