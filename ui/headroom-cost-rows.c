/* headroom-cost-rows.c: the rows of the settings that cost memory.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cost-group-private.h"

#include <glib/gi18n.h>

static const guint parallel_stops[] = { 0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32 };
static const guint batch_stops[] = { 32, 64, 128, 256, 512, 1024, 2048, 4096 };

/* ---- Rows ------------------------------------------------------------------------------------ */

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
  g_signal_connect_object (row, "notify::value", G_CALLBACK (_headroom_cost_group_chosen), self,
                           G_CONNECT_SWAPPED);
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
  g_signal_connect_object (row, "notify::selected", G_CALLBACK (_headroom_cost_group_chosen), self,
                           G_CONNECT_SWAPPED);
  return ADW_COMBO_ROW (row);
}

static GtkLabel *
new_caption (const char *css_class)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_widget_add_css_class (label, "caption");
  gtk_widget_add_css_class (label, css_class);
  return GTK_LABEL (label);
}

static void
boundary_moved_cb (HeadroomCostGroup *self, guint n_layers)
{
  headroom_slider_row_set_value (self->gpu_row, n_layers + 1);
}

/* What is let go of is meant: layers of a model in memory move at once. */
static void
boundary_dropped_cb (HeadroomCostGroup *self, guint n_layers)
{
  headroom_slider_row_set_value (self->gpu_row, n_layers + 1);
  if (headroom_plan_preview_is_loaded (self->preview))
    headroom_cost_group_apply (self);
}

static void
add_layers (HeadroomCostGroup *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 4), *row = adw_preferences_row_new ();
  GtkWidget *title = gtk_label_new (_("Layers"));

  self->layers = HEADROOM_LAYER_STRIP (headroom_layer_strip_new ());
  g_signal_connect_swapped (self->layers, "moved", G_CALLBACK (boundary_moved_cb), self);
  g_signal_connect_swapped (self->layers, "dropped", G_CALLBACK (boundary_dropped_cb), self);
  self->layers_label = new_caption ("dim-label");
  self->slower_label = new_caption ("warning");
  gtk_widget_set_visible (GTK_WIDGET (self->slower_label), FALSE);
  gtk_label_set_xalign (GTK_LABEL (title), 0);
  gtk_widget_add_css_class (box, "headroom-slider");
  gtk_box_append (GTK_BOX (box), title);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->layers));
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->layers_label));
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->slower_label));
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
  gtk_widget_set_tooltip_text (
      self->apply_button, _("Use these settings from now on, also for a model that is loaded"));
  gtk_box_append (GTK_BOX (box), self->undo_button);
  gtk_box_append (GTK_BOX (box), self->apply_button);
  gtk_widget_set_valign (box, GTK_ALIGN_CENTER);
  adw_preferences_group_set_header_suffix (ADW_PREFERENCES_GROUP (self), box);
}

void
_headroom_cost_group_add_rows (HeadroomCostGroup *self)
{
  const char *kv_choices[] = { _("16 bits"), _("8 bits"), _("4 bits"), _("32 bits"), NULL };
  const char *keep_choices[] = { _("Not at all"),
                                 _("5 minutes"),
                                 _("30 minutes"),
                                 _("1 hour"),
                                 _("1 day"),
                                 _("Until the program ends"),
                                 NULL };

  add_buttons (self);
  self->ctx_row = add_slider (self, _("Context length"), format_tokens);
  self->chart = HEADROOM_COST_CHART (headroom_cost_chart_new ());
  self->speed_label = new_caption ("dim-label");
  self->forecast_label = new_caption ("warning");
  headroom_slider_row_add_below (self->ctx_row, GTK_WIDGET (self->forecast_label));
  headroom_slider_row_add_below (self->ctx_row, GTK_WIDGET (self->chart));
  headroom_slider_row_add_below (self->ctx_row, GTK_WIDGET (self->speed_label));
  self->parallel_row = add_slider (self, _("Answers at once"), format_parallel);
  self->batch_row = add_slider (self, _("Tokens per step"), format_tokens);
  self->gpu_row = add_slider (self, _("Layers on the graphics card"), format_gpu_layers);
  self->kv_row = add_combo (self, _("Precision of the cache"), kv_choices);
  self->keep_alive_row =
      add_combo (self, _("Stays in memory after the last answer"), keep_choices);
  headroom_slider_row_set_stops (self->parallel_row, parallel_stops, G_N_ELEMENTS (parallel_stops));
  headroom_slider_row_set_stops (self->batch_row, batch_stops, G_N_ELEMENTS (batch_stops));
  gtk_widget_set_visible (GTK_WIDGET (self->gpu_row), FALSE);
  add_layers (self);
}
