/* headroom-bench-runs.c: the reports that are kept, as a list.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-bench-runs.h"

#include "headroom-bench-figures.h"
#include "headroom-bench-store.h"
#include "headroom-model-item.h"

#include <glib/gi18n.h>

/* A list longer than this is not read; older ones stay on the disk. */
#define MAX_ROWS 30

struct _HeadroomBenchRuns {
  AdwPreferencesGroup parent_instance;
  GPtrArray *rows; /* GtkWidget */
  guint n_runs;
  char *shown, *other; /* paths, or NULL */
  GCancellable *cancellable;
};

G_DEFINE_FINAL_TYPE (HeadroomBenchRuns, headroom_bench_runs, ADW_TYPE_PREFERENCES_GROUP)

enum { SHOW, COMPARE, DELETE, LISTED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* ---- Rows ------------------------------------------------------------------------------------ */

static char *
dup_title (const HeadroomBenchEntry *entry)
{
  if (entry->title != NULL && *entry->title != '\0')
    return g_strdup (entry->title);
  return entry->model != NULL ? headroom_model_dup_title (entry->model)
                              : g_path_get_basename (entry->path);
}

static char *
dup_text (const HeadroomBenchEntry *entry)
{
  g_autofree char *time = headroom_bench_figures_dup_time (entry->started);

  /* Translators: when something was measured */
  return entry->complete ? g_steal_pointer (&time)
                         : g_strdup_printf (_("%s · not complete"), time);
}

static const char *
path_of (GtkWidget *widget)
{
  return g_object_get_data (G_OBJECT (widget), "path");
}

static void
activated_cb (HeadroomBenchRuns *self, GtkWidget *row)
{
  g_signal_emit (self, signals[SHOW], 0, path_of (row));
}

static void
toggled_cb (HeadroomBenchRuns *self, GtkToggleButton *button)
{
  gboolean active = gtk_toggle_button_get_active (button);

  g_signal_emit (self, signals[COMPARE], 0, active ? path_of (GTK_WIDGET (button)) : "");
}

static void
delete_cb (HeadroomBenchRuns *self, GtkWidget *button)
{
  g_signal_emit (self, signals[DELETE], 0, path_of (button));
}

static void
add_button (AdwActionRow *row, GtkWidget *button, const char *icon, const char *tooltip)
{
  gtk_button_set_icon_name (GTK_BUTTON (button), icon);
  gtk_widget_set_tooltip_text (button, tooltip);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, tooltip,
                                  -1);
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (button, "flat");
  g_object_set_data_full (G_OBJECT (button), "path", g_strdup (path_of (GTK_WIDGET (row))), g_free);
  adw_action_row_add_suffix (row, button);
}

static GtkWidget *
new_row (HeadroomBenchRuns *self, const HeadroomBenchEntry *entry)
{
  GtkWidget *row = adw_action_row_new (), *compare = gtk_toggle_button_new (),
            *remove = gtk_button_new ();
  gboolean is_shown = g_strcmp0 (entry->path, self->shown) == 0;
  g_autofree char *title = dup_title (entry), *text = dup_text (entry);

  g_object_set_data_full (G_OBJECT (row), "path", g_strdup (entry->path), g_free);
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), text);
  adw_action_row_set_icon_name (ADW_ACTION_ROW (row), is_shown ? "object-select-symbolic" : NULL);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
  g_signal_connect_object (row, "activated", G_CALLBACK (activated_cb), self, G_CONNECT_SWAPPED);
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (compare),
                                g_strcmp0 (entry->path, self->other) == 0);
  add_button (ADW_ACTION_ROW (row), compare, "view-dual-symbolic",
              _("Compare what is shown with this run"));
  gtk_widget_set_sensitive (compare, self->shown != NULL && !is_shown);
  g_signal_connect_object (compare, "toggled", G_CALLBACK (toggled_cb), self, G_CONNECT_SWAPPED);
  add_button (ADW_ACTION_ROW (row), remove, "user-trash-symbolic", _("Delete this run"));
  g_signal_connect_object (remove, "clicked", G_CALLBACK (delete_cb), self, G_CONNECT_SWAPPED);
  return row;
}

static void
add_row (HeadroomBenchRuns *self, GtkWidget *row)
{
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), row);
  g_ptr_array_add (self->rows, row);
}

static void
show_rows (HeadroomBenchRuns *self, GPtrArray *entries)
{
  for (guint i = 0; i < self->rows->len; i++)
    adw_preferences_group_remove (ADW_PREFERENCES_GROUP (self), self->rows->pdata[i]);
  g_ptr_array_set_size (self->rows, 0);
  self->n_runs = entries->len;
  for (guint i = 0; i < MIN (entries->len, MAX_ROWS); i++)
    add_row (self, new_row (self, entries->pdata[i]));
  if (entries->len == 0) {
    GtkWidget *row = adw_action_row_new ();
    adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), _("Nothing yet"));
    add_row (self, row);
  }
}

/* ---- Reading --------------------------------------------------------------------------------- */

static void
list_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  g_task_return_pointer (task, headroom_bench_store_list (), (GDestroyNotify) g_ptr_array_unref);
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GPtrArray) entries = g_task_propagate_pointer (G_TASK (result), NULL);

  if (entries == NULL)
    return;
  show_rows (HEADROOM_BENCH_RUNS (source), entries);
  if (entries->len > 0)
    g_signal_emit (source, signals[LISTED], 0, ((HeadroomBenchEntry *) entries->pdata[0])->path);
}

void
headroom_bench_runs_refresh (HeadroomBenchRuns *self)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (HEADROOM_IS_BENCH_RUNS (self));
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  task = g_task_new (self, self->cancellable, listed_cb, NULL);
  g_task_set_source_tag (task, headroom_bench_runs_refresh);
  g_task_run_in_thread (task, list_thread);
}

void
headroom_bench_runs_mark (HeadroomBenchRuns *self, const char *shown, const char *other)
{
  g_return_if_fail (HEADROOM_IS_BENCH_RUNS (self));
  if (g_strcmp0 (shown, self->shown) == 0 && g_strcmp0 (other, self->other) == 0)
    return;
  g_free (self->shown);
  g_free (self->other);
  self->shown = g_strdup (shown);
  self->other = g_strdup (other);
  headroom_bench_runs_refresh (self);
}

guint
headroom_bench_runs_count (HeadroomBenchRuns *self)
{
  g_return_val_if_fail (HEADROOM_IS_BENCH_RUNS (self), 0);
  return self->n_runs;
}

/* ---- Object ---------------------------------------------------------------------------------- */

static void
headroom_bench_runs_dispose (GObject *object)
{
  HeadroomBenchRuns *self = HEADROOM_BENCH_RUNS (object);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  G_OBJECT_CLASS (headroom_bench_runs_parent_class)->dispose (object);
}

static void
headroom_bench_runs_finalize (GObject *object)
{
  HeadroomBenchRuns *self = HEADROOM_BENCH_RUNS (object);

  g_ptr_array_unref (self->rows);
  g_free (self->shown);
  g_free (self->other);
  G_OBJECT_CLASS (headroom_bench_runs_parent_class)->finalize (object);
}

static guint
new_signal (HeadroomBenchRunsClass *klass, const char *name)
{
  return g_signal_new (name, G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                       G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
headroom_bench_runs_class_init (HeadroomBenchRunsClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = headroom_bench_runs_dispose;
  G_OBJECT_CLASS (klass)->finalize = headroom_bench_runs_finalize;
  signals[SHOW] = new_signal (klass, "show-run");
  signals[COMPARE] = new_signal (klass, "compare-run");
  signals[DELETE] = new_signal (klass, "delete-run");
  signals[LISTED] = new_signal (klass, "listed");
}

static void
headroom_bench_runs_init (HeadroomBenchRuns *self)
{
  self->rows = g_ptr_array_new ();
  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (self), _("Measured Before"));
}

GtkWidget *
headroom_bench_runs_new (void)
{
  return g_object_new (HEADROOM_TYPE_BENCH_RUNS, NULL);
}
