/* headroom-preset-group.c: settings for a purpose, each with its price on this machine.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-preset-group.h"

#include <glib/gi18n.h>

#define SETTLE_MSEC 200

#define N_PURPOSES 4
#define N_PROPOSALS 3
#define N_ROWS (N_PURPOSES + N_PROPOSALS)

struct _HeadroomPresetGroup {
  AdwPreferencesGroup parent_instance;
  HeadroomPlanPreview *preview;
  AdwActionRow *rows[N_ROWS];
  GtkLabel *prices[N_ROWS];
  HeadroomPreset presets[N_ROWS];
  guint settling; /* the timeout after which prices are worked out */
};

G_DEFINE_FINAL_TYPE (HeadroomPresetGroup, headroom_preset_group, ADW_TYPE_PREFERENCES_GROUP)

enum { CHOSEN, APPLIED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* ---- Proposals for this model on this machine ------------------------------------------------ */

/* The longest context that fits with one answer at a time. */
static gboolean
propose_longest (const GArray *advice, HeadroomPreset *ret_preset)
{
  for (guint i = advice->len; i-- > 0;) {
    const HeadroomAdvice *a = &g_array_index (advice, HeadroomAdvice, i);
    if (a->parallel_max == 0)
      continue;
    *ret_preset = (HeadroomPreset){ .num_ctx = a->num_ctx, .parallel = 1 };
    return TRUE;
  }
  return FALSE;
}

/* The most answers at once that are worth it, with the shortest context that is offered. */
static gboolean
propose_widest (const GArray *advice, HeadroomPreset *ret_preset)
{
  const HeadroomAdvice *a = advice->len > 0 ? &g_array_index (advice, HeadroomAdvice, 0) : NULL;

  if (a == NULL || a->parallel_max == 0)
    return FALSE;
  *ret_preset = (HeadroomPreset){ .num_ctx = a->num_ctx, .parallel = MAX (a->parallel_best, 1) };
  return TRUE;
}

/* One answer at a time with a short context leaves nothing in its way. */
static gboolean
propose_fastest (const GArray *advice, HeadroomPreset *ret_preset)
{
  const HeadroomAdvice *a = advice->len > 0 ? &g_array_index (advice, HeadroomAdvice, 0) : NULL;

  if (a == NULL || a->parallel_max == 0)
    return FALSE;
  *ret_preset = (HeadroomPreset){ .num_ctx = a->num_ctx, .parallel = 1 };
  return TRUE;
}

/* ---- Prices ---------------------------------------------------------------------------------- */

static HrSettings
settings_of (HeadroomPresetGroup *self, const HeadroomPreset *preset)
{
  HrSettings settings = *headroom_plan_preview_get_settings (self->preview);

  if (preset->num_ctx > 0)
    settings.num_ctx = preset->num_ctx;
  if (preset->parallel > 0)
    settings.parallel = preset->parallel;
  return settings;
}

static void
show_price (HeadroomPresetGroup *self, int row)
{
  HrSettings settings = settings_of (self, &self->presets[row]);
  g_autoptr (HrPlan) plan = headroom_plan_preview_try (self->preview, &settings);
  gboolean fits = plan != NULL && hr_plan_fits (plan, NULL);
  g_autofree char *bytes = plan != NULL
                               ? headroom_memory_format (hr_plan_get_bytes (plan, HR_ITEM_N_KINDS))
                               : g_strdup ("");

  gtk_label_set_text (self->prices[row], bytes);
  gtk_widget_set_sensitive (GTK_WIDGET (self->rows[row]), plan != NULL);
  if (fits)
    gtk_widget_remove_css_class (GTK_WIDGET (self->prices[row]), "error");
  else
    gtk_widget_add_css_class (GTK_WIDGET (self->prices[row]), "error");
}

static void
describe_proposal (HeadroomPresetGroup *self, int row)
{
  const HeadroomPreset *preset = &self->presets[row];
  HrSettings settings = settings_of (self, preset);
  g_autoptr (HrPlan) plan = headroom_plan_preview_try (self->preview, &settings);
  HeadroomPrediction speed =
      plan != NULL ? headroom_predict (plan, HEADROOM_USUAL_PROMPT, 0, preset->parallel)
                   : (HeadroomPrediction){ 0 };
  g_autofree char *text = NULL;

  if (speed.tokens_per_second > 0)
    /* Translators: tokens of context, answers at once, and the predicted speed of each answer */
    text = g_strdup_printf (_("%'u tokens, %u at once, about %.1f tokens/s each"), preset->num_ctx,
                            preset->parallel, speed.tokens_per_second);
  else
    text = g_strdup_printf (_("%'u tokens, %u at once"), preset->num_ctx, preset->parallel);
  adw_action_row_set_subtitle (self->rows[row], text);
}

static void
show_proposals (HeadroomPresetGroup *self)
{
  static gboolean (*const propose[N_PROPOSALS]) (const GArray *, HeadroomPreset *) = {
    propose_longest, propose_widest, propose_fastest
  };
  const GArray *advice = headroom_plan_preview_get_advice (self->preview);

  for (int i = 0; i < N_PROPOSALS; i++) {
    int row = N_PURPOSES + i;
    gboolean known = advice != NULL && propose[i](advice, &self->presets[row]);
    gtk_widget_set_visible (GTK_WIDGET (self->rows[row]), known);
    if (known)
      describe_proposal (self, row);
  }
}

static gboolean
settled_cb (gpointer user_data)
{
  HeadroomPresetGroup *self = user_data;

  self->settling = 0;
  show_proposals (self);
  for (int row = 0; row < N_ROWS; row++)
    show_price (self, row);
  return G_SOURCE_REMOVE;
}

/* A dozen plans more are too many for a frame in which a slider moves. */
static void
previewed_cb (HeadroomPresetGroup *self)
{
  g_clear_handle_id (&self->settling, g_source_remove);
  self->settling = g_timeout_add (SETTLE_MSEC, settled_cb, self);
}

/* ---- Object ---------------------------------------------------------------------------------- */

static void
activated_cb (HeadroomPresetGroup *self, AdwActionRow *row)
{
  for (int i = 0; i < N_ROWS; i++)
    if (self->rows[i] == row)
      g_signal_emit (self, signals[CHOSEN], 0, &self->presets[i]);
}

/* One click: what is proposed is chosen and applied. */
static void
apply_clicked_cb (HeadroomPresetGroup *self, GtkWidget *button)
{
  activated_cb (self, ADW_ACTION_ROW (gtk_widget_get_ancestor (button, ADW_TYPE_ACTION_ROW)));
  g_signal_emit (self, signals[APPLIED], 0);
}

static void
headroom_preset_group_dispose (GObject *object)
{
  HeadroomPresetGroup *self = HEADROOM_PRESET_GROUP (object);

  g_clear_handle_id (&self->settling, g_source_remove);
  g_clear_object (&self->preview);
  G_OBJECT_CLASS (headroom_preset_group_parent_class)->dispose (object);
}

static void
headroom_preset_group_class_init (HeadroomPresetGroupClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = headroom_preset_group_dispose;
  signals[CHOSEN] = g_signal_new ("chosen", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                  NULL, NULL, G_TYPE_NONE, 1, G_TYPE_POINTER);
  signals[APPLIED] = g_signal_new ("applied", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 0);
}

static void
add_row (HeadroomPresetGroup *self, int row, const char *title, const char *subtitle)
{
  GtkWidget *widget = adw_action_row_new (), *label = gtk_label_new (NULL);

  self->rows[row] = ADW_ACTION_ROW (widget);
  self->prices[row] = GTK_LABEL (label);
  gtk_widget_add_css_class (label, "numeric");
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (widget), title);
  adw_action_row_set_subtitle (self->rows[row], subtitle);
  adw_action_row_add_suffix (self->rows[row], label);
  adw_action_row_add_suffix (self->rows[row], gtk_image_new_from_icon_name ("go-next-symbolic"));
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (widget), TRUE);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), widget);
  g_signal_connect_object (widget, "activated", G_CALLBACK (activated_cb), self, G_CONNECT_SWAPPED);
}

static void
add_proposal (HeadroomPresetGroup *self, int row, const char *title)
{
  GtkWidget *button = gtk_button_new_with_label (_("Apply"));
  g_autofree char *text = g_strdup_printf ("%s: %s", title, _("Apply"));

  add_row (self, row, title, "");
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
  adw_action_row_add_suffix (self->rows[row], button);
  g_signal_connect_object (button, "clicked", G_CALLBACK (apply_clicked_cb), self,
                           G_CONNECT_SWAPPED);
}

static void
headroom_preset_group_init (HeadroomPresetGroup *self)
{
  for (int i = 0; i < N_PURPOSES; i++)
    self->presets[i] = *headroom_preset_get (i);
  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (self), _("Proposals"));
  adw_preferences_group_set_description (
      ADW_PREFERENCES_GROUP (self),
      _("Each moves the sliders above; nothing changes before “Apply”."));
  add_row (self, 0, headroom_preset_title (self->presets[0].id),
           _("2 answers at once of at most 512 tokens, 5 minutes in memory"));
  add_row (self, 1, headroom_preset_title (self->presets[1].id),
           _("4 answers at once, stays in memory"));
  add_row (self, 2, headroom_preset_title (self->presets[2].id),
           _("8 answers at once of at most 2048 tokens, 30 minutes in memory"));
  add_row (self, 3, headroom_preset_title (self->presets[3].id),
           _("As the sliders stand; answers of any length"));
  add_proposal (self, 4, _("Longest context that fits"));
  add_proposal (self, 5, _("Most answers at once that pay"));
  add_proposal (self, 6, _("Fastest answer"));
}

/**
 * headroom_preset_group_new:
 * @preview: who plans
 *
 * Returns: (transfer floating): a group
 */
GtkWidget *
headroom_preset_group_new (HeadroomPlanPreview *preview)
{
  HeadroomPresetGroup *self = g_object_new (HEADROOM_TYPE_PRESET_GROUP, NULL);

  self->preview = g_object_ref (preview);
  g_signal_connect_object (preview, "changed", G_CALLBACK (previewed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (preview, "surveyed", G_CALLBACK (previewed_cb), self, G_CONNECT_SWAPPED);
  previewed_cb (self);
  return GTK_WIDGET (self);
}
