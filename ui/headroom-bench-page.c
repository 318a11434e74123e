/* headroom-bench-page.c: the page that measures models, keeps what was measured and shows it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-bench-page-private.h"

#include "headroom-bench-store.h"
#include "headroom-model-item.h"
#include "headroom-wire-util.h"

#include <glib/gi18n.h>

G_DEFINE_FINAL_TYPE (HeadroomBenchPage, headroom_bench_page, GTK_TYPE_WIDGET)

enum { PROBLEM, NEWS, N_SIGNALS };
static guint signals[N_SIGNALS];

void
_headroom_bench_page_complain (HeadroomBenchPage *self, const char *text)
{
  g_signal_emit (self, signals[PROBLEM], 0, text);
}

void
_headroom_bench_page_tell (HeadroomBenchPage *self, const char *text)
{
  g_signal_emit (self, signals[NEWS], 0, text);
}

/* ---- What is shown --------------------------------------------------------------------------- */

typedef struct {
  char *path, *other_path; /* other_path: or NULL */
  HrValue *report, *other;
} Shown;

static void
shown_free (gpointer data)
{
  Shown *shown = data;

  g_free (shown->path);
  g_free (shown->other_path);
  hr_value_unref (shown->report);
  hr_value_unref (shown->other);
  g_free (shown);
}

static void
load_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Shown *shown = task_data;
  GError *error = NULL;

  shown->report = headroom_bench_store_load (shown->path, &error);
  if (shown->report != NULL && shown->other_path != NULL)
    shown->other = headroom_bench_store_load (shown->other_path, &error);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static void
loaded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  HeadroomBenchPage *self = HEADROOM_BENCH_PAGE (source);
  Shown *shown = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error))
    headroom_bench_result_set_report (self->result, shown->report, shown->other);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    _headroom_bench_page_complain (self, error->message);
}

/* Reads what is to be shown again. */
void
_headroom_bench_page_reload (HeadroomBenchPage *self)
{
  g_autoptr (GTask) task = NULL;
  Shown *shown;

  headroom_bench_runs_mark (self->runs, self->shown, self->other);
  g_cancellable_cancel (self->loading);
  g_clear_object (&self->loading);
  if (self->shown == NULL) {
    headroom_bench_result_set_report (self->result, NULL, NULL);
    return;
  }
  shown = g_new0 (Shown, 1);
  shown->path = g_strdup (self->shown);
  shown->other_path = g_strdup (self->other);
  self->loading = g_cancellable_new ();
  task = g_task_new (self, self->loading, loaded_cb, NULL);
  g_task_set_source_tag (task, _headroom_bench_page_reload);
  g_task_set_task_data (task, shown, shown_free);
  g_task_run_in_thread (task, load_thread);
}

void
headroom_bench_page_show_run (HeadroomBenchPage *self, const char *path)
{
  g_return_if_fail (HEADROOM_IS_BENCH_PAGE (self));
  if (g_strcmp0 (path, self->other) == 0)
    g_clear_pointer (&self->other, g_free);
  g_free (self->shown);
  self->shown = g_strdup (path);
  self->has_shown = TRUE;
  _headroom_bench_page_reload (self);
}

/* Who opens the page sees what was measured last. */
static void
listed_cb (HeadroomBenchPage *self, const char *newest)
{
  if (!self->has_shown)
    headroom_bench_page_show_run (self, newest);
}

const char *
headroom_bench_page_get_shown (HeadroomBenchPage *self)
{
  g_return_val_if_fail (HEADROOM_IS_BENCH_PAGE (self), NULL);
  return self->shown;
}

static void
compare_cb (HeadroomBenchPage *self, const char *path)
{
  g_free (self->other);
  self->other = *path != '\0' ? g_strdup (path) : NULL;
  _headroom_bench_page_reload (self);
}

/* ---- Changing what is kept ------------------------------------------------------------------- */

typedef struct {
  char *path, *title; /* title: NULL: it is to be deleted */
} Change;

static void
change_free (gpointer data)
{
  Change *change = data;

  g_free (change->path);
  g_free (change->title);
  g_free (change);
}

static void
change_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Change *change = task_data;
  GError *error = NULL;
  gboolean ok = change->title != NULL
                    ? headroom_bench_store_rename (change->path, change->title, &error)
                    : headroom_bench_store_delete (change->path, &error);

  if (ok)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
changed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  HeadroomBenchPage *self = HEADROOM_BENCH_PAGE (source);
  g_autoptr (GError) error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    _headroom_bench_page_complain (self, error->message);
  headroom_bench_runs_refresh (self->runs);
}

static void
change (HeadroomBenchPage *self, const char *path, const char *title)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, changed_cb, NULL);
  Change *change = g_new0 (Change, 1);

  change->path = g_strdup (path);
  change->title = g_strdup (title);
  g_task_set_source_tag (task, changed_cb);
  g_task_set_task_data (task, change, change_free);
  g_task_run_in_thread (task, change_thread);
}

static void
rename_cb (HeadroomBenchPage *self, const char *title)
{
  if (self->shown != NULL)
    change (self, self->shown, title);
}

static void
delete_now (HeadroomBenchPage *self, const char *path)
{
  change (self, path, NULL);
  if (g_strcmp0 (path, self->other) == 0)
    g_clear_pointer (&self->other, g_free);
  if (g_strcmp0 (path, self->shown) == 0)
    g_clear_pointer (&self->shown, g_free);
  _headroom_bench_page_reload (self);
}

static void
delete_response_cb (AdwMessageDialog *dialog, const char *response, HeadroomBenchPage *self)
{
  if (g_str_equal (response, "delete"))
    delete_now (self, g_object_get_data (G_OBJECT (dialog), "path"));
}

static void
delete_cb (HeadroomBenchPage *self, const char *path)
{
  GtkWindow *window = GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self)));
  GtkWidget *dialog =
      adw_message_dialog_new (window, _("Delete This Run?"), _("It cannot be brought back."));

  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _("_Cancel"), "delete",
                                    _("_Delete"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "delete",
                                              ADW_RESPONSE_DESTRUCTIVE);
  g_object_set_data_full (G_OBJECT (dialog), "path", g_strdup (path), g_free);
  g_signal_connect_object (dialog, "response", G_CALLBACK (delete_response_cb), self, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

/* ---- What it hears --------------------------------------------------------------------------- */

void
headroom_bench_page_set_client (HeadroomBenchPage *self, HeadroomClient *client)
{
  g_return_if_fail (HEADROOM_IS_BENCH_PAGE (self));
  g_set_object (&self->client, client);
}

void
headroom_bench_page_set_preview (HeadroomBenchPage *self, HeadroomPlanPreview *preview)
{
  g_return_if_fail (HEADROOM_IS_BENCH_PAGE (self));
  self->preview = preview;
}

void
headroom_bench_page_set_model (HeadroomBenchPage *self, const char *name_or_path)
{
  g_autofree char *title = name_or_path != NULL ? headroom_model_dup_title (name_or_path) : NULL;

  g_return_if_fail (HEADROOM_IS_BENCH_PAGE (self));
  g_free (self->model);
  self->model = g_strdup (name_or_path);
  headroom_bench_form_set_model (self->form, title);
}

/* "a, b": titles of the models that a status lists; NULL: none is in memory. */
static char *
dup_residents (const HrValue *status)
{
  const HrValue *models = headroom_wire_get (status, "models");
  GString *names = g_string_new (NULL);

  for (gsize i = 0; i < headroom_wire_length (models); i++) {
    const char *name = headroom_wire_get_string (headroom_wire_at (models, i), "name");
    g_autofree char *title = name != NULL ? headroom_model_dup_title (name) : NULL;
    if (title != NULL)
      g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "", title);
  }
  return g_string_free (names, names->len == 0);
}

void
headroom_bench_page_set_report (HeadroomBenchPage *self, const HeadroomMemoryReport *report)
{
  g_autofree char *evicted = _headroom_bench_page_dup_evicted (self);
  g_autofree char *residents = dup_residents (report->status);
  g_autofree char *text = NULL;

  g_return_if_fail (HEADROOM_IS_BENCH_PAGE (self));
  if (evicted != NULL)
    /* Translators: %s are models */
    text = g_strdup_printf (_("%s would be unloaded to make room; you will be asked before."),
                            evicted);
  else if (residents != NULL)
    /* Translators: %s are models */
    text = g_strdup_printf (
        _("%s stay. What they answer meanwhile takes time from what is measured, and some parts load the model a second time."),
        residents);
  headroom_bench_form_set_warning (self->form, text);
}

HeadroomBenchForm *
headroom_bench_page_get_form (HeadroomBenchPage *self)
{
  g_return_val_if_fail (HEADROOM_IS_BENCH_PAGE (self), NULL);
  return self->form;
}

HeadroomBenchResult *
headroom_bench_page_get_result (HeadroomBenchPage *self)
{
  g_return_val_if_fail (HEADROOM_IS_BENCH_PAGE (self), NULL);
  return self->result;
}

/* ---- Widget ---------------------------------------------------------------------------------- */

static void
headroom_bench_page_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (headroom_bench_page_parent_class)->map (widget);
  headroom_bench_runs_refresh (HEADROOM_BENCH_PAGE (widget)->runs);
}

static void
headroom_bench_page_dispose (GObject *object)
{
  HeadroomBenchPage *self = HEADROOM_BENCH_PAGE (object);

  _headroom_bench_page_forget_job (self);
  g_cancellable_cancel (self->loading);
  g_clear_object (&self->loading);
  g_clear_object (&self->client);
  g_clear_pointer (&self->scroller, gtk_widget_unparent);
  g_clear_pointer (&self->model, g_free);
  g_clear_pointer (&self->shown, g_free);
  g_clear_pointer (&self->other, g_free);
  G_OBJECT_CLASS (headroom_bench_page_parent_class)->dispose (object);
}

static void
headroom_bench_page_class_init (HeadroomBenchPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = headroom_bench_page_dispose;
  widget_class->map = headroom_bench_page_map;
  signals[PROBLEM] = g_signal_new ("problem", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[NEWS] = g_signal_new ("news", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
}

static GtkWidget *
new_column (HeadroomBenchPage *self)
{
  GtkWidget *column = gtk_box_new (GTK_ORIENTATION_VERTICAL, 24);

  self->form = HEADROOM_BENCH_FORM (headroom_bench_form_new ());
  self->runs = HEADROOM_BENCH_RUNS (headroom_bench_runs_new ());
  self->result = HEADROOM_BENCH_RESULT (headroom_bench_result_new ());
  gtk_widget_add_css_class (column, "headroom-page");
  gtk_box_append (GTK_BOX (column), _headroom_bench_page_new_progress (self));
  gtk_box_append (GTK_BOX (column), GTK_WIDGET (self->form));
  gtk_box_append (GTK_BOX (column), GTK_WIDGET (self->runs));
  gtk_box_append (GTK_BOX (column), GTK_WIDGET (self->result));
  return column;
}

static void
headroom_bench_page_init (HeadroomBenchPage *self)
{
  GtkWidget *clamp = adw_clamp_new ();

  adw_clamp_set_maximum_size (ADW_CLAMP (clamp), 760);
  adw_clamp_set_child (ADW_CLAMP (clamp), new_column (self));
  self->scroller = gtk_scrolled_window_new ();
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (self->scroller), GTK_POLICY_NEVER,
                                  GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (self->scroller), clamp);
  gtk_widget_set_vexpand (self->scroller, TRUE);
  gtk_widget_set_parent (self->scroller, GTK_WIDGET (self));
  g_signal_connect_object (self->runs, "show-run", G_CALLBACK (headroom_bench_page_show_run), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->runs, "listed", G_CALLBACK (listed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->runs, "compare-run", G_CALLBACK (compare_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->runs, "delete-run", G_CALLBACK (delete_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->result, "rename", G_CALLBACK (rename_cb), self, G_CONNECT_SWAPPED);
  _headroom_bench_page_watch (self);
}

GtkWidget *
headroom_bench_page_new (void)
{
  return g_object_new (HEADROOM_TYPE_BENCH_PAGE, NULL);
}
