/* headroom-bench-form.c: what is to be measured, chosen by a person.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-bench-form.h"

#include <glib/gi18n.h>

#define GIB 1073741824.0

static const struct {
  HeadroomSuiteParts part;
  const char *title, *text;
  gboolean is_usual;
} choices[] = {
  { HEADROOM_SUITE_CONTEXTS, N_("Context Lengths"),
    N_("The wait for the first token, the time per token and the memory of full contexts"), TRUE },
  { HEADROOM_SUITE_ANSWERS, N_("Answer Lengths"),
    N_("How many answers end by themselves, by their limit"), TRUE },
  { HEADROOM_SUITE_THROUGHPUT, N_("Answers at Once"),
    N_("How much several who ask at the same time get together"), TRUE },
  { HEADROOM_SUITE_LATENCY, N_("Single Requests"),
    N_("How long one question after another takes, and the slowest of them"), TRUE },
  { HEADROOM_SUITE_SPEED, N_("Reading and Writing"),
    N_("Tokens per second of prompts and answers"), FALSE },
  { HEADROOM_SUITE_SETTINGS, N_("Every Other Setting"),
    N_("Answers at once, type of the cache, prompt tokens per step, threads"), FALSE },
};
#define N_CHOICES G_N_ELEMENTS (choices)

struct _HeadroomBenchForm {
  GtkBox parent_instance;
  AdwPreferencesGroup *measure_group, *tune_group;
  GtkSwitch *switches[N_CHOICES], *quick_switch;
  AdwActionRow *warning_row;
  GtkButton *start_button, *tune_button;
  GtkSpinButton *memory_spin, *wait_spin;
  gboolean has_model, is_busy;
};

G_DEFINE_FINAL_TYPE (HeadroomBenchForm, headroom_bench_form, GTK_TYPE_BOX)

enum { START, TUNE, N_SIGNALS };
static guint signals[N_SIGNALS];

/* ---- State ----------------------------------------------------------------------------------- */

static void
refresh (HeadroomBenchForm *self)
{
  gboolean ready = self->has_model && !self->is_busy;

  gtk_widget_set_sensitive (GTK_WIDGET (self->start_button),
                            ready && headroom_bench_form_get_parts (self) != 0);
  gtk_widget_set_sensitive (GTK_WIDGET (self->tune_button), ready);
}

void
headroom_bench_form_set_model (HeadroomBenchForm *self, const char *title)
{
  g_autofree char *text = NULL;

  g_return_if_fail (HEADROOM_IS_BENCH_FORM (self));
  self->has_model = title != NULL;
  if (title != NULL)
    /* Translators: %s is a model; the buttons are those over the page */
    text = g_strdup_printf (_("%s is measured; another model can be chosen at the top."), title);
  adw_preferences_group_set_description (self->measure_group,
                                         text != NULL ? text : _("There is no model to measure."));
  refresh (self);
}

void
headroom_bench_form_set_warning (HeadroomBenchForm *self, const char *text)
{
  g_return_if_fail (HEADROOM_IS_BENCH_FORM (self));
  adw_action_row_set_subtitle (self->warning_row, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->warning_row), text != NULL);
}

void
headroom_bench_form_set_busy (HeadroomBenchForm *self, gboolean busy)
{
  g_return_if_fail (HEADROOM_IS_BENCH_FORM (self));
  self->is_busy = busy;
  refresh (self);
}

HeadroomSuiteParts
headroom_bench_form_get_parts (HeadroomBenchForm *self)
{
  HeadroomSuiteParts parts = 0;

  g_return_val_if_fail (HEADROOM_IS_BENCH_FORM (self), 0);
  for (gsize i = 0; i < N_CHOICES; i++)
    if (gtk_switch_get_active (self->switches[i]))
      parts |= choices[i].part;
  return parts;
}

void
headroom_bench_form_set_parts (HeadroomBenchForm *self, HeadroomSuiteParts parts)
{
  g_return_if_fail (HEADROOM_IS_BENCH_FORM (self));
  for (gsize i = 0; i < N_CHOICES; i++)
    gtk_switch_set_active (self->switches[i], (parts & choices[i].part) != 0);
}

gboolean
headroom_bench_form_get_quick (HeadroomBenchForm *self)
{
  g_return_val_if_fail (HEADROOM_IS_BENCH_FORM (self), FALSE);
  return gtk_switch_get_active (self->quick_switch);
}

void
headroom_bench_form_set_quick (HeadroomBenchForm *self, gboolean quick)
{
  g_return_if_fail (HEADROOM_IS_BENCH_FORM (self));
  gtk_switch_set_active (self->quick_switch, quick);
}

guint64
headroom_bench_form_get_max_bytes (HeadroomBenchForm *self)
{
  g_return_val_if_fail (HEADROOM_IS_BENCH_FORM (self), 0);
  return (guint64) (gtk_spin_button_get_value (self->memory_spin) * GIB);
}

double
headroom_bench_form_get_max_first_ms (HeadroomBenchForm *self)
{
  g_return_val_if_fail (HEADROOM_IS_BENCH_FORM (self), 0);
  return gtk_spin_button_get_value (self->wait_spin) * 1000;
}

/* ---- Rows ------------------------------------------------------------------------------------ */

static GtkWidget *
add_row (AdwPreferencesGroup *group, const char *title, const char *text, GtkWidget *suffix)
{
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), text);
  gtk_widget_set_valign (suffix, GTK_ALIGN_CENTER);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), suffix);
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (row), suffix);
  adw_preferences_group_add (group, row);
  return row;
}

static GtkSwitch *
add_switch (HeadroomBenchForm *self, const char *title, const char *text, gboolean active)
{
  GtkWidget *widget = gtk_switch_new ();

  gtk_switch_set_active (GTK_SWITCH (widget), active);
  add_row (self->measure_group, title, text, widget);
  g_signal_connect_object (widget, "notify::active", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  return GTK_SWITCH (widget);
}

static GtkSpinButton *
add_bound (HeadroomBenchForm *self, const char *title, const char *text, double most, double step)
{
  GtkWidget *spin = gtk_spin_button_new_with_range (0, most, step);

  gtk_spin_button_set_digits (GTK_SPIN_BUTTON (spin), 1);
  add_row (self->tune_group, title, text, spin);
  return GTK_SPIN_BUTTON (spin);
}

static GtkButton *
add_button (AdwPreferencesGroup *group, const char *label, const char *style)
{
  GtkWidget *button = gtk_button_new_with_mnemonic (label);

  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  if (style != NULL)
    gtk_widget_add_css_class (button, style);
  adw_preferences_group_set_header_suffix (group, button);
  return GTK_BUTTON (button);
}

static void
start_cb (HeadroomBenchForm *self)
{
  g_signal_emit (self, signals[START], 0);
}

static void
tune_cb (HeadroomBenchForm *self)
{
  g_signal_emit (self, signals[TUNE], 0);
}

/* ---- Object ---------------------------------------------------------------------------------- */

static void
headroom_bench_form_class_init (HeadroomBenchFormClass *klass)
{
  signals[START] = g_signal_new ("start", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                 NULL, NULL, G_TYPE_NONE, 0);
  signals[TUNE] = g_signal_new ("tune", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                NULL, G_TYPE_NONE, 0);
}

static void
add_warning (HeadroomBenchForm *self)
{
  GtkWidget *icon = gtk_image_new_from_icon_name ("dialog-warning-symbolic");

  self->warning_row = ADW_ACTION_ROW (adw_action_row_new ());
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (self->warning_row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->warning_row), _("Models in Memory"));
  adw_action_row_add_prefix (self->warning_row, icon);
  adw_preferences_group_add (self->measure_group, GTK_WIDGET (self->warning_row));
}

static void
add_measure (HeadroomBenchForm *self)
{
  self->measure_group = ADW_PREFERENCES_GROUP (adw_preferences_group_new ());
  adw_preferences_group_set_title (self->measure_group, _("Measure"));
  self->start_button = add_button (self->measure_group, _("_Start"), "suggested-action");
  for (gsize i = 0; i < N_CHOICES; i++)
    self->switches[i] =
        add_switch (self, _ (choices[i].title), _ (choices[i].text), choices[i].is_usual);
  self->quick_switch =
      add_switch (self, _("Quick"), _("Fewer values and fewer rounds: a minute or so"), TRUE);
  add_warning (self);
  gtk_box_append (GTK_BOX (self), GTK_WIDGET (self->measure_group));
}

static void
add_tune (HeadroomBenchForm *self)
{
  self->tune_group = ADW_PREFERENCES_GROUP (adw_preferences_group_new ());
  adw_preferences_group_set_title (self->tune_group, _("Better Settings"));
  adw_preferences_group_set_description (
      self->tune_group,
      _("Tries settings one by one and together, and proposes only what is faster beyond noise."));
  self->tune_button = add_button (self->tune_group, _("_Look for Them"), NULL);
  self->memory_spin =
      add_bound (self, _("Memory at Most"), _("In GiB; 0: what there is"), 4096, 0.5);
  self->wait_spin =
      add_bound (self, _("First Token at the Latest"), _("In seconds; 0: any time"), 3600, 0.5);
  gtk_box_append (GTK_BOX (self), GTK_WIDGET (self->tune_group));
}

static void
headroom_bench_form_init (HeadroomBenchForm *self)
{
  gtk_orientable_set_orientation (GTK_ORIENTABLE (self), GTK_ORIENTATION_VERTICAL);
  gtk_box_set_spacing (GTK_BOX (self), 24);
  add_measure (self);
  add_tune (self);
  g_signal_connect_object (self->start_button, "clicked", G_CALLBACK (start_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->tune_button, "clicked", G_CALLBACK (tune_cb), self,
                           G_CONNECT_SWAPPED);
  headroom_bench_form_set_warning (self, NULL);
  headroom_bench_form_set_model (self, NULL);
}

GtkWidget *
headroom_bench_form_new (void)
{
  return g_object_new (HEADROOM_TYPE_BENCH_FORM, NULL);
}
