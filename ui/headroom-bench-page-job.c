/* headroom-bench-page-job.c: how the page of benchmarks starts what measures, watches it and ends
 * it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-bench-page-private.h"

#include "headroom-bench-store.h"
#include "headroom-curves.h"
#include "headroom-model-item.h"
#include "headroom-tune-apply.h"
#include "headroom-wire-util.h"

#include <glib/gi18n.h>

#define SERVED_PARTS (HEADROOM_SUITE_HEALTH | HEADROOM_SUITE_LATENCY | HEADROOM_SUITE_THROUGHPUT)

/* ---- Progress -------------------------------------------------------------------------------- */

static const char *
title_of (const char *part)
{
  static const struct {
    const char *name, *title;
  } titles[] = {
    { "machine", N_("The computer") },       { "health", N_("Whether it answers") },
    { "latency", N_("Single requests") },    { "throughput", N_("Answers at once") },
    { "speed", N_("Reading and writing") },  { "num_ctx", N_("Context lengths") },
    { "num_predict", N_("Answer lengths") }, { "settings", N_("Other settings") },
    { "tune", N_("Better settings") },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (titles); i++)
    if (g_strcmp0 (part, titles[i].name) == 0)
      return _ (titles[i].title);
  return part != NULL ? part : "";
}

static void
progress_cb (HeadroomBenchPage *self, const char *part, guint done, guint total)
{
  /* Translators: what is measured; how many of how many steps are done */
  g_autofree char *text = g_strdup_printf (_("%s, %u of %u"), title_of (part), done, total);

  adw_action_row_set_subtitle (self->progress_row, text);
  gtk_progress_bar_set_fraction (self->progress_bar, total > 0 ? (double) done / total : 0);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->progress_bar),
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, text, -1);
}

static void
show_running (HeadroomBenchPage *self)
{
  gboolean running = self->job != NULL;

  gtk_widget_set_visible (GTK_WIDGET (self->progress_group), running);
  headroom_bench_form_set_busy (self->form, running);
}

GtkWidget *
_headroom_bench_page_new_progress (HeadroomBenchPage *self)
{
  GtkWidget *row = adw_action_row_new (), *bar_row = adw_preferences_row_new (),
            *cancel = gtk_button_new_with_mnemonic (_("_Cancel"));

  self->progress_group = ADW_PREFERENCES_GROUP (adw_preferences_group_new ());
  self->progress_row = ADW_ACTION_ROW (row);
  self->progress_bar = GTK_PROGRESS_BAR (gtk_progress_bar_new ());
  adw_preferences_group_set_title (self->progress_group, _("Under Way"));
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  gtk_widget_set_valign (cancel, GTK_ALIGN_CENTER);
  g_signal_connect_object (cancel, "clicked", G_CALLBACK (headroom_bench_page_cancel), self,
                           G_CONNECT_SWAPPED);
  adw_action_row_add_suffix (self->progress_row, cancel);
  adw_preferences_group_add (self->progress_group, row);
  gtk_widget_add_css_class (GTK_WIDGET (self->progress_bar), "headroom-progress");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->progress_bar),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL, _("Progress"), -1);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (bar_row), GTK_WIDGET (self->progress_bar));
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (bar_row), FALSE);
  gtk_widget_set_focusable (bar_row, FALSE);
  adw_preferences_group_add (self->progress_group, bar_row);
  gtk_widget_set_visible (GTK_WIDGET (self->progress_group), FALSE);
  return GTK_WIDGET (self->progress_group);
}

/* ---- Jobs ------------------------------------------------------------------------------------ */

/* Stops it; nobody hears of its end. */
void
_headroom_bench_page_forget_job (HeadroomBenchPage *self)
{
  if (self->job == NULL)
    return;
  g_signal_handlers_disconnect_by_data (self->job, self);
  headroom_bench_job_cancel (self->job);
  g_clear_object (&self->job);
}

static void
settings_over (HeadroomBenchPage *self, gboolean applied, const GError *error)
{
  if (error != NULL) {
    _headroom_bench_page_complain (self, error->message);
    return;
  }
  headroom_bench_result_set_applied (self->result, applied);
  _headroom_bench_page_tell (self, applied ? _("Settings applied") : _("Settings put back"));
}

static void
over_cb (HeadroomBenchPage *self)
{
  g_autoptr (HeadroomBenchJob) job = g_steal_pointer (&self->job);
  const GError *error = headroom_bench_job_get_error (job);
  HrValue *report = headroom_bench_job_get_report (job);
  const char *unsaved = headroom_wire_get_string (report, "unsaved");

  show_running (self);
  if (self->is_applying || self->is_undoing) {
    settings_over (self, self->is_applying, error);
    return;
  }
  if (error != NULL)
    _headroom_bench_page_complain (self, error->message);
  if (report != NULL)
    headroom_bench_result_set_report (self->result, report, NULL);
  if (unsaved != NULL)
    _headroom_bench_page_complain (self, unsaved);
  else if (report != NULL)
    _headroom_bench_page_tell (self, headroom_wire_get_bool (report, "complete")
                                         ? _("Measured")
                                         : _("Not all of it was measured"));
  headroom_bench_runs_refresh (self->runs);
}

static void
start (HeadroomBenchPage *self, HeadroomBenchJobFunc func, gpointer take_data,
       GDestroyNotify destroy)
{
  self->job = headroom_bench_job_new (self->client, NULL);
  g_signal_connect_object (self->job, "progress", G_CALLBACK (progress_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->job, "saved", G_CALLBACK (_headroom_bench_page_reload), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->job, "over", G_CALLBACK (over_cb), self, G_CONNECT_SWAPPED);
  show_running (self);
  headroom_bench_job_start (self->job, func, take_data, destroy);
}

gboolean
headroom_bench_page_is_running (HeadroomBenchPage *self)
{
  g_return_val_if_fail (HEADROOM_IS_BENCH_PAGE (self), FALSE);
  return self->job != NULL;
}

void
headroom_bench_page_cancel (HeadroomBenchPage *self)
{
  g_return_if_fail (HEADROOM_IS_BENCH_PAGE (self));
  if (self->job == NULL)
    return;
  headroom_bench_job_cancel (self->job);
  adw_action_row_set_subtitle (self->progress_row, _("Stopping; what was measured is kept"));
}

/* ---- Measuring ------------------------------------------------------------------------------- */

static void
measure (HeadroomBenchPage *self, HeadroomSuiteParts parts)
{
  const char *models[] = { self->model, NULL };
  HeadroomSuiteOptions *options = headroom_suite_options_new (models, parts);
  g_autoptr (GError) error = NULL;
  g_autofree char *title = headroom_model_dup_title (self->model);

  options->quick = headroom_bench_form_get_quick (self->form);
  options->max_bytes = headroom_bench_form_get_max_bytes (self->form);
  options->max_first_ms = headroom_bench_form_get_max_first_ms (self->form);
  options->path = headroom_bench_store_new_path (&error);
  if (options->path == NULL) {
    headroom_suite_options_free (options);
    _headroom_bench_page_complain (self, error->message);
    return;
  }
  self->is_applying = self->is_undoing = FALSE;
  g_clear_pointer (&self->other, g_free);
  g_free (self->shown);
  self->shown = g_strdup (options->path);
  self->has_shown = TRUE;
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->progress_row), title);
  adw_action_row_set_subtitle (self->progress_row, "");
  gtk_progress_bar_set_fraction (self->progress_bar, 0);
  start (self, headroom_suite_run, options, (GDestroyNotify) headroom_suite_options_free);
}

char *
_headroom_bench_page_dup_evicted (HeadroomBenchPage *self)
{
  g_autoptr (GPtrArray) names = NULL;
  GString *text;

  if (self->preview == NULL ||
      headroom_plan_preview_forecast (self->preview, &names) != HEADROOM_FORECAST_EVICTS)
    return NULL;
  text = g_string_new (NULL);
  for (guint i = 0; i < names->len; i++) {
    g_autofree char *title = headroom_model_dup_title (names->pdata[i]);
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", title);
  }
  return g_string_free (text, FALSE);
}

static void
evict_response_cb (AdwMessageDialog *dialog, const char *response, HeadroomBenchPage *self)
{
  guint parts = GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (dialog), "parts"));

  if (g_str_equal (response, "measure") && self->job == NULL && self->model != NULL)
    measure (self, parts);
}

/* Nobody's model goes without a word. */
static void
ask_first (HeadroomBenchPage *self, HeadroomSuiteParts parts, const char *evicted)
{
  GtkWindow *window = GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self)));
  GtkWidget *dialog = adw_message_dialog_new (window, _("Unload Other Models?"), NULL);

  adw_message_dialog_format_body (
      ADW_MESSAGE_DIALOG (dialog),
      /* Translators: %s are models */
      _("There is no room beside %s. What is measured through the server needs it, so it would be unloaded."),
      evicted);
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _("_Cancel"), "measure",
                                    _("_Unload and Measure"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "measure",
                                              ADW_RESPONSE_DESTRUCTIVE);
  g_object_set_data (G_OBJECT (dialog), "parts", GUINT_TO_POINTER (parts));
  g_signal_connect_object (dialog, "response", G_CALLBACK (evict_response_cb), self, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

void
headroom_bench_page_start (HeadroomBenchPage *self, HeadroomSuiteParts parts)
{
  g_autofree char *evicted = NULL;

  g_return_if_fail (HEADROOM_IS_BENCH_PAGE (self));
  if (self->job != NULL || self->model == NULL || parts == 0)
    return;
  evicted = parts & SERVED_PARTS ? _headroom_bench_page_dup_evicted (self) : NULL;
  if (evicted != NULL)
    ask_first (self, parts, evicted);
  else
    measure (self, parts);
}

static void
start_cb (HeadroomBenchPage *self)
{
  headroom_bench_page_start (self, headroom_bench_form_get_parts (self->form));
}

static void
tune_cb (HeadroomBenchPage *self)
{
  headroom_bench_page_start (self, HEADROOM_SUITE_TUNE);
}

/* ---- Better settings ------------------------------------------------------------------------- */

typedef struct {
  char *model;
  HrValue *changes;
  gboolean undo;
} Settings;

static void
settings_free (gpointer data)
{
  Settings *settings = data;

  g_free (settings->model);
  hr_value_unref (settings->changes);
  g_free (settings);
}

/* On the job's thread. */
static HrValue *
change_settings (HeadroomBenchJob *job, gpointer data, GError **error)
{
  Settings *settings = data;
  HeadroomClient *client = headroom_bench_job_get_client (job);
  GCancellable *cancellable = headroom_bench_job_get_cancellable (job);
  gboolean ok = settings->undo ? headroom_tune_undo (client, settings->model, cancellable, error)
                               : headroom_tune_apply (client, settings->model, settings->changes,
                                                      cancellable, error);

  return ok ? hr_value_new_null () : NULL;
}

static void
change (HeadroomBenchPage *self, gboolean undo)
{
  HrValue *model = headroom_curves_get_model (headroom_bench_result_get_report (self->result), 0);
  HrValue *changes = headroom_wire_get (headroom_wire_get (model, "tune"), "changes");
  const char *name = headroom_wire_get_string (model, "model");
  Settings *settings;

  if (self->job != NULL || self->client == NULL || changes == NULL || name == NULL)
    return;
  settings = g_new0 (Settings, 1);
  settings->model = g_strdup (name);
  settings->changes = hr_value_ref (changes);
  settings->undo = undo;
  self->is_undoing = undo;
  self->is_applying = !undo;
  start (self, change_settings, settings, settings_free);
}

static void
apply_cb (HeadroomBenchPage *self)
{
  change (self, FALSE);
}

static void
undo_cb (HeadroomBenchPage *self)
{
  change (self, TRUE);
}

void
_headroom_bench_page_watch (HeadroomBenchPage *self)
{
  g_signal_connect_object (self->form, "start", G_CALLBACK (start_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->form, "tune", G_CALLBACK (tune_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->result, "apply", G_CALLBACK (apply_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->result, "undo", G_CALLBACK (undo_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->result, "export", G_CALLBACK (_headroom_bench_page_export), self,
                           G_CONNECT_SWAPPED);
}
