/* headroom-cost-group.c: the settings that decide how much memory a model takes, each with its
 * price.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cost-group-private.h"

#include <glib/gi18n.h>

G_DEFINE_FINAL_TYPE (HeadroomCostGroup, headroom_cost_group, ADW_TYPE_PREFERENCES_GROUP)

enum { APPLY, N_SIGNALS };
static guint signals[N_SIGNALS];

static const HrKvType kv_types[] = { HR_KV_F16, HR_KV_Q8_0, HR_KV_Q4_0, HR_KV_F32 };

/* As requests say it. */
static const char *const keep_alives[] = { "0", "5m", "30m", "1h", "24h", "-1" };

/* ---- What is chosen -------------------------------------------------------------------------- */

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
  headroom_slider_row_set_value (self->parallel_row,
                                 g_settings_get_int (self->settings, "parallel"));
  headroom_slider_row_set_value (self->batch_row, g_settings_get_int (self->settings, "num-batch"));
  headroom_slider_row_set_value (self->gpu_row,
                                 g_settings_get_int (self->settings, "gpu-layers") + 1);
  adw_combo_row_set_selected (self->kv_row, find_kv_type (kv_type));
  adw_combo_row_set_selected (self->keep_alive_row, find_keep_alive (keep_alive));
}

static HrSettings
get_chosen (HeadroomCostGroup *self)
{
  return (HrSettings){
    .num_ctx = headroom_slider_row_get_value (self->ctx_row),
    .parallel = headroom_slider_row_get_value (self->parallel_row),
    .num_batch = headroom_slider_row_get_value (self->batch_row),
    .kv_type =
        kv_types[MIN (adw_combo_row_get_selected (self->kv_row), G_N_ELEMENTS (kv_types) - 1)],
    .gpu_layers = (gint32) headroom_slider_row_get_value (self->gpu_row) - 1,
  };
}

static const char *
get_keep_alive (HeadroomCostGroup *self)
{
  return keep_alives[MIN (adw_combo_row_get_selected (self->keep_alive_row),
                          G_N_ELEMENTS (keep_alives) - 1)];
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
         chosen.kv_type == kv_types[find_kv_type (kv_type)] &&
         g_str_equal (get_keep_alive (self), keep_alive);
}

/* ---- What happens ---------------------------------------------------------------------------- */

static void
previewed_cb (HeadroomCostGroup *self)
{
  HrModel *model = headroom_plan_preview_get_model (self->preview);
  HrPlan *plan = headroom_plan_preview_get_plan (self->preview);

  if (model != self->model && plan != NULL) {
    self->model = model;
    headroom_cost_chart_set_survey (self->chart, headroom_plan_preview_get_survey (self->preview),
                                    headroom_plan_preview_get_budget (self->preview));
    _headroom_cost_group_set_stops (self, plan, model);
  }
  _headroom_cost_group_show_prices (self);
}

static void
refresh_buttons (HeadroomCostGroup *self)
{
  gboolean applied = is_applied (self);

  gtk_widget_set_sensitive (self->apply_button, !applied);
  gtk_widget_set_visible (self->undo_button, !applied);
}

void
_headroom_cost_group_chosen (HeadroomCostGroup *self)
{
  HrSettings chosen;

  if (self->preview == NULL) /* the rows are being made */
    return;
  chosen = get_chosen (self);
  refresh_buttons (self);
  headroom_plan_preview_set_settings (self->preview, &chosen);
}

static void
store_chosen (HeadroomCostGroup *self)
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
  if (self->preset_id != NULL)
    g_settings_set_string (self->settings, "preset", self->preset_id);
  self->num_predict = 0;
  self->preset_id = NULL;
  g_signal_handlers_unblock_by_func (self->settings, read_settings, self);
  refresh_buttons (self);
  g_signal_emit (self, signals[APPLY], 0);
}

static void
answered_cb (HeadroomCostGroup *self, const char *response)
{
  if (g_str_equal (response, "apply"))
    store_chosen (self);
}

/* Who would have to go is named before they go. */
static void
ask_first (HeadroomCostGroup *self, GPtrArray *names)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  GtkWidget *dialog = adw_message_dialog_new (GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL,
                                              _("Unload Other Models?"), NULL);
  g_autofree char *joined = _headroom_cost_group_dup_names (names);

  adw_message_dialog_format_body (
      ADW_MESSAGE_DIALOG (dialog),
      /* Translators: models */
      _("With these settings there is no room for %s. They are loaded again when somebody asks for them."),
      joined);
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _("_Cancel"), "apply",
                                    _("_Unload and Apply"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "apply",
                                              ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_object (dialog, "response", G_CALLBACK (answered_cb), self, G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (dialog));
}

/**
 * headroom_cost_group_apply:
 * @self: a group
 *
 * What is chosen is stored; asks first where another model has to go for it. Settings of a model that
 * is not in memory take nothing yet.
 */
void
headroom_cost_group_apply (HeadroomCostGroup *self)
{
  g_autoptr (GPtrArray) names = NULL;

  g_return_if_fail (HEADROOM_IS_COST_GROUP (self));
  if (headroom_plan_preview_forecast (self->preview, &names) == HEADROOM_FORECAST_EVICTS &&
      headroom_plan_preview_is_loaded (self->preview))
    ask_first (self, names);
  else
    store_chosen (self);
}

static void
undo_cb (HeadroomCostGroup *self)
{
  self->num_predict = 0;
  self->preset_id = NULL;
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
  if (preset->id != NULL)
    self->preset_id = headroom_preset_find (preset->id)->id;
}

static void
headroom_cost_group_init (HeadroomCostGroup *self)
{
  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (self), _("Settings and Their Cost"));
  _headroom_cost_group_add_rows (self);
  g_signal_connect_object (self->apply_button, "clicked", G_CALLBACK (headroom_cost_group_apply), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->undo_button, "clicked", G_CALLBACK (undo_cb), self,
                           G_CONNECT_SWAPPED);
}

static void
headroom_cost_group_dispose (GObject *object)
{
  HeadroomCostGroup *self = HEADROOM_COST_GROUP (object);

  g_clear_handle_id (&self->settling, g_source_remove);
  g_clear_object (&self->settings);
  g_clear_object (&self->preview);
  G_OBJECT_CLASS (headroom_cost_group_parent_class)->dispose (object);
}

static void
headroom_cost_group_class_init (HeadroomCostGroupClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = headroom_cost_group_dispose;
  signals[APPLY] = g_signal_new ("apply", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                 NULL, NULL, G_TYPE_NONE, 0);
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
  g_signal_connect_object (preview, "surveyed", G_CALLBACK (_headroom_cost_group_show_ground), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (settings, "changed", G_CALLBACK (read_settings), self,
                           G_CONNECT_SWAPPED);
  read_settings (self);
  _headroom_cost_group_chosen (self);
  return GTK_WIDGET (self);
}
