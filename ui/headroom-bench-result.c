/* headroom-bench-result.c: a report of a benchmark, as a person reads it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-bench-result.h"

#include "headroom-bench-figures.h"
#include "headroom-compare.h"
#include "headroom-curve-group.h"
#include "headroom-model-item.h"
#include "headroom-wire-util.h"

#include <glib/gi18n.h>

struct _HeadroomBenchResult {
  GtkBox parent_instance;
  HrValue *report, *other; /* or NULL */
  GtkBox *column;          /* of what the report says */
  GtkBox *charts;          /* in the column, or NULL */
  AdwEntryRow *title_row;
  GtkWidget *apply_button, *undo_button; /* in the column, or NULL */
};

G_DEFINE_FINAL_TYPE (HeadroomBenchResult, headroom_bench_result, GTK_TYPE_BOX)

enum { RENAME, EXPORT, APPLY, UNDO, N_SIGNALS };
static guint signals[N_SIGNALS];

static void
add (GtkBox *box, GtkWidget *group)
{
  if (group != NULL)
    gtk_box_append (box, group);
}

/* ---- What it is ------------------------------------------------------------------------------ */

static void
export_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  g_signal_emit (widget, signals[EXPORT], 0, g_variant_get_string (parameter, NULL));
}

static void
rename_cb (HeadroomBenchResult *self)
{
  g_signal_emit (self, signals[RENAME], 0, gtk_editable_get_text (GTK_EDITABLE (self->title_row)));
}

static GtkWidget *
new_export_button (void)
{
  g_autoptr (GMenu) menu = g_menu_new ();
  GtkWidget *button = gtk_menu_button_new ();

  g_menu_append (menu, _("Report (JSON)"), "bench.export::json");
  g_menu_append (menu, _("Curves as a Table (CSV)"), "bench.export::csv");
  g_menu_append (menu, _("Curves as a Picture (PNG)"), "bench.export::png");
  gtk_menu_button_set_label (GTK_MENU_BUTTON (button), _("E_xport"));
  gtk_menu_button_set_use_underline (GTK_MENU_BUTTON (button), TRUE);
  gtk_menu_button_set_menu_model (GTK_MENU_BUTTON (button), G_MENU_MODEL (menu));
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (button, "flat");
  return button;
}

static void
add_state (HeadroomBenchResult *self, AdwPreferencesGroup *group)
{
  GtkWidget *row = adw_action_row_new ();
  const char *error = headroom_wire_get_string (self->report, "error");
  const char *unsaved = headroom_wire_get_string (self->report, "unsaved");

  if (headroom_wire_get_bool (self->report, "complete"))
    return;
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), _("Not Complete"));
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), unsaved != NULL ? unsaved
                                                     : error != NULL ? error
                                                                     : _("it was not ended"));
  adw_action_row_add_prefix (ADW_ACTION_ROW (row),
                             gtk_image_new_from_icon_name ("dialog-warning-symbolic"));
  adw_preferences_group_add (group, row);
}

static void
add_header (HeadroomBenchResult *self)
{
  AdwPreferencesGroup *group = ADW_PREFERENCES_GROUP (adw_preferences_group_new ());
  const char *title = headroom_wire_get_string (self->report, "title");
  const char *version = headroom_wire_get_string (self->report, "version");
  g_autofree char *time =
      headroom_bench_figures_dup_time (headroom_wire_get_string (self->report, "started"));
  /* Translators: a time, and a version of this program */
  g_autofree char *text =
      g_strdup_printf (_("%s, Headroom %s"), time, version != NULL ? version : "–");

  self->title_row = ADW_ENTRY_ROW (adw_entry_row_new ());
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->title_row), _("Name"));
  gtk_editable_set_text (GTK_EDITABLE (self->title_row), title != NULL ? title : "");
  adw_entry_row_set_show_apply_button (self->title_row, TRUE);
  g_signal_connect_object (self->title_row, "apply", G_CALLBACK (rename_cb), self,
                           G_CONNECT_SWAPPED);
  adw_preferences_group_set_title (group, _("Result"));
  adw_preferences_group_set_description (group, text);
  adw_preferences_group_set_header_suffix (group, new_export_button ());
  adw_preferences_group_add (group, GTK_WIDGET (self->title_row));
  add_state (self, group);
  add (self->column, GTK_WIDGET (group));
}

/* ---- Better settings ------------------------------------------------------------------------- */

static void
apply_cb (HeadroomBenchResult *self)
{
  g_signal_emit (self, signals[APPLY], 0);
}

static void
undo_cb (HeadroomBenchResult *self)
{
  g_signal_emit (self, signals[UNDO], 0);
}

static GtkWidget *
new_button (HeadroomBenchResult *self, const char *label, GCallback callback)
{
  GtkWidget *button = gtk_button_new_with_mnemonic (label);

  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  g_signal_connect_object (button, "clicked", callback, self, G_CONNECT_SWAPPED);
  return button;
}

static char *
dup_verification (const HrValue *tune)
{
  const HrValue *verification = headroom_wire_get (tune, "verification");

  if (headroom_wire_get (verification, "ratio") == NULL)
    return g_strdup (_("Nothing that was tried promised to be better."));
  /* Translators: a share of the time that answers took before, and what it lies between */
  return g_strdup_printf (_("Tried again in turn: %.3f of the time, between %.3f and %.3f."),
                          headroom_wire_get_double (verification, "ratio"),
                          headroom_wire_get_double (verification, "low"),
                          headroom_wire_get_double (verification, "high"));
}

static void
add_change (AdwPreferencesGroup *group, const HrValue *change)
{
  const char *name = headroom_wire_get_string (change, "setting"),
             *from = headroom_wire_get_string (change, "from"),
             *to = headroom_wire_get_string (change, "to");
  GtkWidget *row = adw_action_row_new ();
  g_autofree char *text =
      g_strdup_printf ("%s → %s", from != NULL ? from : "–", to != NULL ? to : "–");

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), name != NULL ? name : "–");
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), text);
  adw_preferences_group_add (group, row);
}

static void
add_tune (HeadroomBenchResult *self, const HrValue *model)
{
  const HrValue *tune = headroom_wire_get (model, "tune");
  const HrValue *changes = headroom_wire_get (tune, "changes");
  AdwPreferencesGroup *group;
  GtkWidget *buttons;
  g_autofree char *text = NULL;

  if (changes == NULL)
    return;
  group = ADW_PREFERENCES_GROUP (adw_preferences_group_new ());
  buttons = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  text = dup_verification (tune);
  adw_preferences_group_set_title (group, headroom_wire_length (changes) > 0
                                              ? _("Better Settings")
                                              : _("The Settings Are Good as They Are"));
  adw_preferences_group_set_description (group, text);
  for (gsize i = 0; i < headroom_wire_length (changes); i++)
    add_change (group, headroom_wire_at (changes, i));
  self->apply_button = new_button (self, _("_Apply"), G_CALLBACK (apply_cb));
  self->undo_button = new_button (self, _("_Undo"), G_CALLBACK (undo_cb));
  gtk_box_append (GTK_BOX (buttons), self->undo_button);
  gtk_box_append (GTK_BOX (buttons), self->apply_button);
  adw_preferences_group_set_header_suffix (group, buttons);
  gtk_widget_set_visible (buttons, headroom_wire_length (changes) > 0);
  headroom_bench_result_set_applied (self, FALSE);
  add (self->column, GTK_WIDGET (group));
}

void
headroom_bench_result_set_applied (HeadroomBenchResult *self, gboolean applied)
{
  g_return_if_fail (HEADROOM_IS_BENCH_RESULT (self));
  if (self->apply_button == NULL)
    return;
  gtk_widget_set_visible (self->apply_button, !applied);
  gtk_widget_set_visible (self->undo_button, applied);
}

/* ---- The whole ------------------------------------------------------------------------------- */

static void
add_curves (HeadroomBenchResult *self, const HrValue *model, const HrValue *other)
{
  for (guint kind = 0; kind < HEADROOM_CURVE_N_KINDS; kind++) {
    HeadroomCurve *curve = headroom_curve_new (model, kind);
    if (curve != NULL && headroom_curve_count (curve) > 0)
      add (self->charts,
           headroom_curve_group_new (curve,
                                     other != NULL ? headroom_curve_new (other, kind) : NULL));
    else
      headroom_curve_free (curve);
  }
}

static void
add_model (HeadroomBenchResult *self, const HrValue *model, const HrValue *other)
{
  const char *name = headroom_wire_get_string (model, "model");
  g_autofree char *title = headroom_model_dup_title (name != NULL ? name : "–");
  GtkWidget *heading = gtk_label_new (title);

  gtk_label_set_wrap (GTK_LABEL (heading), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (heading), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_xalign (GTK_LABEL (heading), 0);
  gtk_widget_add_css_class (heading, "title-2");
  add (self->column, heading);
  add_tune (self, model);
  add (self->column, headroom_bench_figures_new_advice (model));
  add (self->column, headroom_bench_figures_new_problems (model));
  self->charts = GTK_BOX (gtk_box_new (GTK_ORIENTATION_VERTICAL, 24));
  add_curves (self, model, other);
  gtk_widget_set_visible (GTK_WIDGET (self->charts),
                          gtk_widget_get_first_child (GTK_WIDGET (self->charts)) != NULL);
  add (self->column, GTK_WIDGET (self->charts));
  add (self->column, headroom_bench_figures_new_latency (model));
  add (self->column, headroom_bench_figures_new_speed (model));
}

static void
rebuild (HeadroomBenchResult *self)
{
  GtkWidget *child;
  HrValue *model;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->column))) != NULL)
    gtk_box_remove (self->column, child);
  self->charts = NULL;
  self->title_row = NULL;
  self->apply_button = self->undo_button = NULL;
  gtk_widget_set_visible (GTK_WIDGET (self), self->report != NULL);
  if (self->report == NULL)
    return;
  add_header (self);
  if (self->other != NULL) {
    g_autoptr (HrValue) comparison = headroom_compare (self->other, self->report);
    add (self->column, headroom_bench_figures_new_verdict (comparison));
  }
  for (gsize i = 0; (model = headroom_curves_get_model (self->report, i)) != NULL; i++)
    add_model (self, model,
               self->other != NULL ? headroom_curves_get_model (self->other, i) : NULL);
  add (self->column, headroom_bench_figures_new_machine (self->report));
}

void
headroom_bench_result_set_report (HeadroomBenchResult *self, HrValue *report, HrValue *other)
{
  g_return_if_fail (HEADROOM_IS_BENCH_RESULT (self));
  g_clear_pointer (&self->report, hr_value_unref);
  g_clear_pointer (&self->other, hr_value_unref);
  self->report = report != NULL ? hr_value_ref (report) : NULL;
  self->other = other != NULL ? hr_value_ref (other) : NULL;
  rebuild (self);
}

HrValue *
headroom_bench_result_get_report (HeadroomBenchResult *self)
{
  g_return_val_if_fail (HEADROOM_IS_BENCH_RESULT (self), NULL);
  return self->report;
}

GtkWidget *
headroom_bench_result_get_charts (HeadroomBenchResult *self)
{
  g_return_val_if_fail (HEADROOM_IS_BENCH_RESULT (self), NULL);
  return GTK_WIDGET (self->charts);
}

/* ---- Object ---------------------------------------------------------------------------------- */

static void
headroom_bench_result_finalize (GObject *object)
{
  HeadroomBenchResult *self = HEADROOM_BENCH_RESULT (object);

  g_clear_pointer (&self->report, hr_value_unref);
  g_clear_pointer (&self->other, hr_value_unref);
  G_OBJECT_CLASS (headroom_bench_result_parent_class)->finalize (object);
}

static guint
new_signal (HeadroomBenchResultClass *klass, const char *name, guint n_params)
{
  return g_signal_new (name, G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                       G_TYPE_NONE, n_params, G_TYPE_STRING);
}

static void
headroom_bench_result_class_init (HeadroomBenchResultClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = headroom_bench_result_finalize;
  signals[RENAME] = new_signal (klass, "rename", 1);
  signals[EXPORT] = new_signal (klass, "export", 1);
  signals[APPLY] = new_signal (klass, "apply", 0);
  signals[UNDO] = new_signal (klass, "undo", 0);
  gtk_widget_class_install_action (GTK_WIDGET_CLASS (klass), "bench.export", "s", export_action);
}

static void
headroom_bench_result_init (HeadroomBenchResult *self)
{
  gtk_orientable_set_orientation (GTK_ORIENTABLE (self), GTK_ORIENTATION_VERTICAL);
  self->column = GTK_BOX (gtk_box_new (GTK_ORIENTATION_VERTICAL, 24));
  gtk_box_append (GTK_BOX (self), GTK_WIDGET (self->column));
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}

GtkWidget *
headroom_bench_result_new (void)
{
  return g_object_new (HEADROOM_TYPE_BENCH_RESULT, NULL);
}
