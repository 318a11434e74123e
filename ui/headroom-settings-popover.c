/* headroom-settings-popover.c: the settings of a chat.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-settings-popover.h"

#include <glib/gi18n.h>
#include <math.h>

/* The slider moves in powers of two, since a model's range spans three orders of magnitude; it
 * stops at round numbers. */
#define CTX_GRAIN 256.0
#define CTX_MIN 256

struct _HeadroomSettingsPopover
{
  GtkPopover parent_instance;
  GSettings *settings;
  gboolean syncing;

  GtkAdjustment *ctx_adjustment;
  GtkAdjustment *ctx_scale_adjustment;
  GtkAdjustment *temperature_adjustment;
  GtkAdjustment *predict_adjustment;
  GtkScale *ctx_scale;
  GtkSpinButton *predict_spin;
  GtkLabel *cost_label;
  GtkWidget *reset_button;
};

G_DEFINE_FINAL_TYPE (HeadroomSettingsPopover, headroom_settings_popover, GTK_TYPE_POPOVER)

static void
scale_moved_cb (HeadroomSettingsPopover *self)
{
  double tokens = exp2 (gtk_adjustment_get_value (self->ctx_scale_adjustment));

  if (self->syncing)
    return;
  self->syncing = TRUE;
  gtk_adjustment_set_value (self->ctx_adjustment, round (tokens / CTX_GRAIN) * CTX_GRAIN);
  self->syncing = FALSE;
}

static void
tokens_changed_cb (HeadroomSettingsPopover *self)
{
  double tokens = gtk_adjustment_get_value (self->ctx_adjustment);
  g_autofree char *text =
      g_strdup_printf (g_dngettext (NULL, "%.0f token", "%.0f tokens", (gulong) tokens), tokens);

  gtk_accessible_update_property (GTK_ACCESSIBLE (self->ctx_scale),
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, text, -1);
  if (self->syncing)
    return;
  self->syncing = TRUE;
  gtk_adjustment_set_value (self->ctx_scale_adjustment, log2 (MAX (tokens, CTX_MIN)));
  self->syncing = FALSE;
}

static gboolean
predict_output_cb (GtkSpinButton *spin)
{
  if (gtk_spin_button_get_value_as_int (spin) >= 0)
    return FALSE;
  gtk_editable_set_text (GTK_EDITABLE (spin), _("No limit"));
  return TRUE;
}

static int
predict_input_cb (GtkSpinButton *spin, double *value)
{
  if (g_ascii_isdigit (*gtk_editable_get_text (GTK_EDITABLE (spin))))
    return FALSE;
  *value = -1;
  return TRUE;
}

static void
reset_cb (HeadroomSettingsPopover *self)
{
  g_settings_reset (self->settings, "num-ctx");
  g_settings_reset (self->settings, "temperature");
  g_settings_reset (self->settings, "num-predict");
}

static void
headroom_settings_popover_dispose (GObject *object)
{
  g_clear_object (&HEADROOM_SETTINGS_POPOVER (object)->settings);
  G_OBJECT_CLASS (headroom_settings_popover_parent_class)->dispose (object);
}

static void
headroom_settings_popover_class_init (HeadroomSettingsPopoverClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = headroom_settings_popover_dispose;
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/headroom/Headroom/headroom-settings-popover.ui");
  gtk_widget_class_bind_template_child (widget_class, HeadroomSettingsPopover, ctx_adjustment);
  gtk_widget_class_bind_template_child (widget_class, HeadroomSettingsPopover,
                                        ctx_scale_adjustment);
  gtk_widget_class_bind_template_child (widget_class, HeadroomSettingsPopover,
                                        temperature_adjustment);
  gtk_widget_class_bind_template_child (widget_class, HeadroomSettingsPopover, predict_adjustment);
  gtk_widget_class_bind_template_child (widget_class, HeadroomSettingsPopover, ctx_scale);
  gtk_widget_class_bind_template_child (widget_class, HeadroomSettingsPopover, predict_spin);
  gtk_widget_class_bind_template_child (widget_class, HeadroomSettingsPopover, cost_label);
  gtk_widget_class_bind_template_child (widget_class, HeadroomSettingsPopover, reset_button);
}

static void
headroom_settings_popover_init (HeadroomSettingsPopover *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect_swapped (self->ctx_scale_adjustment, "value-changed",
                            G_CALLBACK (scale_moved_cb), self);
  g_signal_connect_swapped (self->ctx_adjustment, "value-changed", G_CALLBACK (tokens_changed_cb),
                            self);
  g_signal_connect (self->predict_spin, "output", G_CALLBACK (predict_output_cb), NULL);
  g_signal_connect (self->predict_spin, "input", G_CALLBACK (predict_input_cb), NULL);
  g_signal_connect_swapped (self->reset_button, "clicked", G_CALLBACK (reset_cb), self);
}

/**
 * headroom_settings_popover_new:
 * @settings: the program's settings
 *
 * Returns: (transfer floating): a popover
 */
GtkWidget *
headroom_settings_popover_new (GSettings *settings)
{
  HeadroomSettingsPopover *self = g_object_new (HEADROOM_TYPE_SETTINGS_POPOVER, NULL);

  self->settings = g_object_ref (settings);
  g_settings_bind (settings, "num-ctx", self->ctx_adjustment, "value", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "temperature", self->temperature_adjustment, "value",
                   G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "num-predict", self->predict_adjustment, "value",
                   G_SETTINGS_BIND_DEFAULT);
  tokens_changed_cb (self);
  return GTK_WIDGET (self);
}

/**
 * headroom_settings_popover_set_max_ctx:
 * @self: a popover
 * @tokens: what the chosen model was trained for
 *
 * The slider ends at the model's own limit; a longer context that was chosen before is left as it
 * is until it is moved.
 */
void
headroom_settings_popover_set_max_ctx (HeadroomSettingsPopover *self, guint tokens)
{
  double upper;

  g_return_if_fail (HEADROOM_IS_SETTINGS_POPOVER (self));
  upper = MAX (MAX (tokens, 2 * CTX_MIN), (guint) g_settings_get_int (self->settings, "num-ctx"));
  self->syncing = TRUE;
  gtk_adjustment_set_upper (self->ctx_adjustment, upper);
  gtk_adjustment_set_upper (self->ctx_scale_adjustment, log2 (upper));
  self->syncing = FALSE;
}

/**
 * headroom_settings_popover_set_cost:
 * @self: a popover
 * @text: (nullable): what the settings cost in memory
 * @fits: whether that much is free
 */
void
headroom_settings_popover_set_cost (HeadroomSettingsPopover *self, const char *text, gboolean fits)
{
  GtkWidget *label;

  g_return_if_fail (HEADROOM_IS_SETTINGS_POPOVER (self));
  label = GTK_WIDGET (self->cost_label);
  gtk_label_set_text (self->cost_label, text != NULL ? text : "");
  gtk_widget_set_visible (label, text != NULL);
  if (fits)
    gtk_widget_remove_css_class (label, "error");
  else
    gtk_widget_add_css_class (label, "error");
}
