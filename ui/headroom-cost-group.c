/* headroom-cost-group.c: the settings that decide how much memory a model takes, each with its price.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cost-group.h"

#include "headroom-cost-chart.h"
#include "headroom-layer-strip.h"
#include "headroom-slider-row.h"

#include <glib/gi18n.h>
#include <inttypes.h>

#define MIN_CTX 512

struct _HeadroomCostGroup
{
  AdwPreferencesGroup parent_instance;
  GSettings *settings;
  HeadroomPlanPreview *preview;
  int num_predict; /* of the preset that was chosen last; 0: none */
  HrModel *model; /* borrowed; whose stops the context slider has */

  HeadroomSliderRow *ctx_row;
  HeadroomSliderRow *parallel_row;
  HeadroomSliderRow *batch_row;
  HeadroomSliderRow *gpu_row;
  AdwComboRow *kv_row;
  AdwComboRow *keep_alive_row;
  HeadroomCostChart *chart;
  HeadroomLayerStrip *layers;
  GtkLabel *layers_label;
  GtkWidget *apply_button;
  GtkWidget *undo_button;
};

G_DEFINE_FINAL_TYPE (HeadroomCostGroup, headroom_cost_group, ADW_TYPE_PREFERENCES_GROUP)

enum { APPLY, N_SIGNALS };
static guint signals[N_SIGNALS];

static const guint parallel_stops[] = { 0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32 };
static const guint batch_stops[] = { 32, 64, 128, 256, 512, 1024, 2048, 4096 };

static const HrKvType kv_types[] = { HR_KV_F16, HR_KV_Q8_0, HR_KV_Q4_0, HR_KV_F32 };

/* As requests say it. */
static const char *const keep_alives[] = { "0", "5m", "30m", "1h", "24h", "-1" };

/* ---- What is chosen ------------------------------------------------------------------------------------------------- */

static guint
find_kv_type (const char *name)
{
  HrKvType type = HR_KV_F16;

  hr_kv_type_parse (name, &type);
  for (guint i = 0; i < G_N_ELEMENTS (kv_types); i++)
    if (kv_types[i] == type)
      return i;
  return 0;
}

static guint
find_keep_alive (const char *text)
{
  for (guint i = 0; i < G_N_ELEMENTS (keep_alives); i++)
    if (g_str_equal (keep_alives[i], text))
      return i;
  return 1;
}

static void
read_settings (HeadroomCostGroup *self)
{
  g_autofree char *kv_type = g_settings_get_string (self->settings, "kv-type");
  g_autofree char *keep_alive = g_settings_get_string (self->settings, "keep-alive");

  headroom_slider_row_set_value (self->ctx_row, g_settings_get_int (self->settings, "num-ctx"));
  headroom_slider_row_set_value (self->parallel_row, g_settings_get_int (self->settings, "parallel"));
  headroom_slider_row_set_value (self->batch_row, g_settings_get_int (self->settings, "num-batch"));
  headroom_slider_row_set_value (self->gpu_row, g_settings_get_int (self->settings, "gpu-layers") + 1);
  adw_combo_row_set_selected (self->kv_row, find_kv_type (kv_type));
  adw_combo_row_set_selected (self->keep_alive_row, find_keep_alive (keep_alive));
}

static HrSettings
get_chosen (HeadroomCostGroup *self)
{
  return (HrSettings) {
    .num_ctx = headroom_slider_row_get_value (self->ctx_row),
    .parallel = headroom_slider_row_get_value (self->parallel_row),
    .num_batch = headroom_slider_row_get_value (self->batch_row),
    .kv_type = kv_types[MIN (adw_combo_row_get_selected (self->kv_row), G_N_ELEMENTS (kv_types) - 1)],
    .gpu_layers = (gint32) headroom_slider_row_get_value (self->gpu_row) - 1,
  };
}

static const char *
get_keep_alive (HeadroomCostGroup *self)
{
  return keep_alives[MIN (adw_combo_row_get_selected (self->keep_alive_row), G_N_ELEMENTS (keep_alives) - 1)];
}

static gboolean
is_applied (HeadroomCostGroup *self)
{
  HrSettings chosen = get_chosen (self);
  g_autofree char *kv_type = g_settings_get_string (self->settings, "kv-type");
  g_autofree char *keep_alive = g_settings_get_string (self->settings, "keep-alive");

  return (int) chosen.num_ctx == g_settings_get_int (self->settings, "num-ctx") &&
         (int) chosen.parallel == g_settings_get_int (self->settings, "parallel") &&
         (int) chosen.num_batch == g_settings_get_int (self->settings, "num-batch") &&
         chosen.gpu_layers == g_settings_get_int (self->settings, "gpu-layers") &&
         chosen.kv_type == kv_types[find_kv_type (kv_type)] && g_str_equal (get_keep_alive (self), keep_alive);
}

/* ---- What it costs -------------------------------------------------------------------------------------------------- */

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
    return g_strdup_printf (_("%s, and %.0f %% slower when full"), verdict_title (stop->verdict), stop->slower_percent);
  }
  return g_strdup ("");
}

static void
show_ctx_cost (HeadroomCostGroup *self, HrPlan *plan)
{
  g_autofree char *verdict = dup_verdict (self, hr_plan_get_settings (plan)->num_ctx);
  guint64 cache = hr_plan_get_bytes (plan, HR_ITEM_CACHE), weights = MAX (hr_plan_get_bytes (plan, HR_ITEM_WEIGHTS), 1);
  g_autofree char *bytes = headroom_memory_format (cache);
  g_autofree char *each = headroom_memory_format (hr_plan_get_cache_bytes_per_token (plan));
  g_autoptr (GError) misfit = NULL;
  g_autofree char *text = NULL;

  if (hr_plan_fits (plan, &misfit))
    /* Translators: bytes of the cache, what that adds to the model's weights in percent, bytes per token, and a verdict */
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
  text = g_strdup_printf (_("%u answers at once of %u tokens each: %" PRIu64 " tokens · one more takes %s"),
                          more.parallel - 1, more.num_ctx, (guint64) (more.parallel - 1) * more.num_ctx, one_more);
  headroom_slider_row_set_cost (self->parallel_row, text, FALSE);
}

static void
show_batch_cost (HeadroomCostGroup *self, HrPlan *plan)
{
  g_autofree char *bytes = headroom_memory_format (hr_plan_get_bytes (plan, HR_ITEM_COMPUTE));
  g_autofree char *text = g_strdup_printf (_("Tokens of a prompt that are read in one step; takes %s to compute in"), bytes);

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
    text = g_strdup_printf (_("Saves %s against 16 bits; answers become slightly less precise"), bytes);
  else if (now > at_f16)
    text = g_strdup_printf (_("Takes %s more than 16 bits"), bytes);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self->kv_row),
                               text != NULL ? text : _("How precisely the conversation is remembered"));
}

/* What was chosen or reduced where a person left the choice open, and what could be given up where it does not fit. */
static void
show_steps (HeadroomCostGroup *self)
{
  const HeadroomFit *fit = headroom_plan_preview_get_fit (self->preview);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < fit->steps->len; i++)
    g_string_append_printf (text, "%s• %s", text->len > 0 ? "\n" : "", (const char *) fit->steps->pdata[i]);
  for (guint i = 0; i < fit->offers->len; i++)
    g_string_append_printf (text, "%s• %s", text->len > 0 ? "\n" : "", ((HeadroomOffer *) fit->offers->pdata[i])->text);
  adw_preferences_group_set_description (ADW_PREFERENCES_GROUP (self), text->len > 0 ? text->str : NULL);
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

static void
show_costs (HeadroomCostGroup *self)
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

/* ---- Stops ---------------------------------------------------------------------------------------------------------- */

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
  guint n_train = MAX (hr_model_get_info (model)->n_ctx_train, MIN_CTX);
  guint cliff = find_cliff (self, n_train);
  g_autoptr (GArray) stops = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint64 tokens = MIN_CTX; tokens < n_train; tokens *= 2) {
    guint stop = (guint) tokens;
    g_array_append_val (stops, stop);
  }
  g_array_append_val (stops, n_train);
  if (cliff >= MIN_CTX && !g_array_binary_search (stops, &cliff, compare_stops, NULL))
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

/* ---- What happens --------------------------------------------------------------------------------------------------- */

static void
previewed_cb (HeadroomCostGroup *self)
{
  HrModel *model = headroom_plan_preview_get_model (self->preview);
  HrPlan *plan = headroom_plan_preview_get_plan (self->preview);

  if (model != self->model && plan != NULL) {
    self->model = model;
    set_ctx_stops (self, model);
    set_gpu_stops (self, plan, model);
  }
  show_costs (self);
}

static void
refresh_buttons (HeadroomCostGroup *self)
{
  gboolean applied = is_applied (self);

  gtk_widget_set_sensitive (self->apply_button, !applied);
  gtk_widget_set_visible (self->undo_button, !applied);
}

static void
chosen_cb (HeadroomCostGroup *self)
{
  HrSettings chosen;

  if (self->preview == NULL) /* the rows are being made */
    return;
  chosen = get_chosen (self);
  refresh_buttons (self);
  headroom_plan_preview_set_settings (self->preview, &chosen);
}

static void
apply_cb (HeadroomCostGroup *self)
{
  HrSettings chosen = get_chosen (self);

  /* What is stored first must not bring back what is stored last. */
  g_signal_handlers_block_by_func (self->settings, read_settings, self);
  g_settings_set_int (self->settings, "num-ctx", (int) chosen.num_ctx);
  g_settings_set_int (self->settings, "parallel", (int) chosen.parallel);
  g_settings_set_int (self->settings, "num-batch", (int) chosen.num_batch);
  g_settings_set_int (self->settings, "gpu-layers", chosen.gpu_layers);
  g_settings_set_string (self->settings, "kv-type", hr_kv_type_name (chosen.kv_type));
  g_settings_set_string (self->settings, "keep-alive", get_keep_alive (self));
  if (self->num_predict != 0)
    g_settings_set_int (self->settings, "num-predict", self->num_predict);
  self->num_predict = 0;
  g_signal_handlers_unblock_by_func (self->settings, read_settings, self);
  refresh_buttons (self);
  g_signal_emit (self, signals[APPLY], 0);
}

static void
undo_cb (HeadroomCostGroup *self)
{
  self->num_predict = 0;
  read_settings (self);
}

/**
 * headroom_cost_group_choose:
 * @self: a group
 * @preset: what to move the sliders to
 *
 * Stores nothing; the longest answer is stored with the rest when a person applies it.
 */
void
headroom_cost_group_choose (HeadroomCostGroup *self, const HeadroomPreset *preset)
{
  g_return_if_fail (HEADROOM_IS_COST_GROUP (self));
  if (preset->num_ctx > 0)
    headroom_slider_row_set_value (self->ctx_row, preset->num_ctx);
  if (preset->parallel > 0)
    headroom_slider_row_set_value (self->parallel_row, preset->parallel);
  if (preset->keep_alive != NULL)
    adw_combo_row_set_selected (self->keep_alive_row, find_keep_alive (preset->keep_alive));
  self->num_predict = preset->num_predict;
}

/* ---- Rows ----------------------------------------------------------------------------------------------------------- */

static char *
format_tokens (guint value, gpointer data)
{
  /* Translators: a number of tokens */
  return g_strdup_printf (g_dngettext (NULL, "%'u token", "%'u tokens", value), value);
}

static char *
format_parallel (guint value, gpointer data)
{
  return value == 0 ? g_strdup (_("Automatic")) : g_strdup_printf ("%u", value);
}

static char *
format_gpu_layers (guint value, gpointer data)
{
  return value == 0 ? g_strdup (_("As many as fit")) : g_strdup_printf ("%u", value - 1);
}

static HeadroomSliderRow *
add_slider (HeadroomCostGroup *self, const char *title, HeadroomSliderFormat format)
{
  GtkWidget *row = headroom_slider_row_new (title);

  headroom_slider_row_set_format (HEADROOM_SLIDER_ROW (row), format, NULL);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), row);
  g_signal_connect_object (row, "notify::value", G_CALLBACK (chosen_cb), self, G_CONNECT_SWAPPED);
  return HEADROOM_SLIDER_ROW (row);
}

static AdwComboRow *
add_combo (HeadroomCostGroup *self, const char *title, const char *const *choices)
{
  g_autoptr (GtkStringList) list = gtk_string_list_new (choices);
  GtkWidget *row = adw_combo_row_new ();

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_combo_row_set_model (ADW_COMBO_ROW (row), G_LIST_MODEL (list));
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), row);
  g_signal_connect_object (row, "notify::selected", G_CALLBACK (chosen_cb), self, G_CONNECT_SWAPPED);
  return ADW_COMBO_ROW (row);
}

static void
add_layers (HeadroomCostGroup *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 4), *row = adw_preferences_row_new ();
  GtkWidget *title = gtk_label_new (_("Layers"));

  self->layers = HEADROOM_LAYER_STRIP (headroom_layer_strip_new ());
  self->layers_label = GTK_LABEL (gtk_label_new (NULL));
  gtk_label_set_xalign (GTK_LABEL (title), 0);
  gtk_label_set_xalign (self->layers_label, 0);
  gtk_label_set_wrap (self->layers_label, TRUE);
  gtk_widget_add_css_class (GTK_WIDGET (self->layers_label), "caption");
  gtk_widget_add_css_class (GTK_WIDGET (self->layers_label), "dim-label");
  gtk_widget_add_css_class (box, "headroom-slider");
  gtk_box_append (GTK_BOX (box), title);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->layers));
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->layers_label));
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), FALSE);
  gtk_widget_set_focusable (row, FALSE);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), row);
}

static void
add_buttons (HeadroomCostGroup *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);

  self->undo_button = gtk_button_new_with_mnemonic (_("_Undo"));
  self->apply_button = gtk_button_new_with_mnemonic (_("_Apply"));
  gtk_widget_add_css_class (self->undo_button, "flat");
  gtk_widget_add_css_class (self->apply_button, "suggested-action");
  gtk_widget_set_tooltip_text (self->apply_button, _("Use these settings from now on, also for a model that is loaded"));
  gtk_box_append (GTK_BOX (box), self->undo_button);
  gtk_box_append (GTK_BOX (box), self->apply_button);
  gtk_widget_set_valign (box, GTK_ALIGN_CENTER);
  adw_preferences_group_set_header_suffix (ADW_PREFERENCES_GROUP (self), box);
  g_signal_connect_object (self->apply_button, "clicked", G_CALLBACK (apply_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->undo_button, "clicked", G_CALLBACK (undo_cb), self, G_CONNECT_SWAPPED);
}

static void
headroom_cost_group_init (HeadroomCostGroup *self)
{
  const char *kv_choices[] = { _("16 bits"), _("8 bits"), _("4 bits"), _("32 bits"), NULL };
  const char *keep_choices[] = { _("Not at all"), _("5 minutes"), _("30 minutes"), _("1 hour"), _("1 day"),
                                 _("Until the program ends"), NULL };

  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (self), _("Settings and Their Cost"));
  add_buttons (self);
  self->ctx_row = add_slider (self, _("Context length"), format_tokens);
  self->chart = HEADROOM_COST_CHART (headroom_cost_chart_new ());
  headroom_slider_row_add_below (self->ctx_row, GTK_WIDGET (self->chart));
  self->parallel_row = add_slider (self, _("Answers at once"), format_parallel);
  self->batch_row = add_slider (self, _("Tokens per step"), format_tokens);
  self->gpu_row = add_slider (self, _("Layers on the graphics card"), format_gpu_layers);
  self->kv_row = add_combo (self, _("Precision of the cache"), kv_choices);
  self->keep_alive_row = add_combo (self, _("Stays in memory after the last answer"), keep_choices);
  headroom_slider_row_set_stops (self->parallel_row, parallel_stops, G_N_ELEMENTS (parallel_stops));
  headroom_slider_row_set_stops (self->batch_row, batch_stops, G_N_ELEMENTS (batch_stops));
  gtk_widget_set_visible (GTK_WIDGET (self->gpu_row), FALSE);
  add_layers (self);
}

static void
headroom_cost_group_dispose (GObject *object)
{
  HeadroomCostGroup *self = HEADROOM_COST_GROUP (object);

  g_clear_object (&self->settings);
  g_clear_object (&self->preview);
  G_OBJECT_CLASS (headroom_cost_group_parent_class)->dispose (object);
}

static void
headroom_cost_group_class_init (HeadroomCostGroupClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = headroom_cost_group_dispose;
  signals[APPLY] = g_signal_new ("apply", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 0);
}

/**
 * headroom_cost_group_new:
 * @settings: the program's settings
 * @preview: who plans; the group sets its settings
 *
 * Returns: (transfer floating): a group
 */
GtkWidget *
headroom_cost_group_new (GSettings *settings, HeadroomPlanPreview *preview)
{
  HeadroomCostGroup *self = g_object_new (HEADROOM_TYPE_COST_GROUP, NULL);

  self->settings = g_object_ref (settings);
  self->preview = g_object_ref (preview);
  g_signal_connect_object (preview, "changed", G_CALLBACK (previewed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (settings, "changed", G_CALLBACK (read_settings), self, G_CONNECT_SWAPPED);
  read_settings (self);
  chosen_cb (self);
  return GTK_WIDGET (self);
}
