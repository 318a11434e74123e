/* headroom-bench-store.c: see headroom-bench-store.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-bench-store.h"

#include "headroom-json.h"
#include "headroom-report.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>

#define SUFFIX ".json"
#define MAX_NAMES 1000        /* in one second: another program makes them */
#define MAX_BYTES (64u << 20) /* a report of a hundred models has two */

void
headroom_bench_entry_free (HeadroomBenchEntry *self)
{
  g_free (self->path);
  g_free (self->title);
  g_free (self->model);
  g_free (self->started);
  g_free (self);
}

char *
headroom_bench_store_dup_folder (void)
{
  return g_build_filename (g_get_user_data_dir (), "headroom", "benchmarks", NULL);
}

char *
headroom_bench_store_new_path (GError **error)
{
  g_autofree char *folder = headroom_bench_store_dup_folder ();
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *stem = g_date_time_format (now, "%Y-%m-%dT%H-%M-%SZ");

  if (g_mkdir_with_parents (folder, 0700) != 0) {
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s: %s", folder,
                 g_strerror (errno));
    return NULL;
  }
  for (guint i = 1; i < MAX_NAMES; i++) {
    g_autofree char *name =
        i == 1 ? g_strconcat (stem, SUFFIX, NULL) : g_strdup_printf ("%s-%u" SUFFIX, stem, i);
    g_autofree char *path = g_build_filename (folder, name, NULL);
    if (!g_file_test (path, G_FILE_TEST_EXISTS))
      return g_steal_pointer (&path);
  }
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS, "%s: %s", folder, g_strerror (EEXIST));
  return NULL;
}

/* ---- Reading ---- */

static gboolean
check_size (const char *path, GError **error)
{
  GStatBuf status;

  if (g_stat (path, &status) != 0 || status.st_size <= MAX_BYTES)
    return TRUE; /* what is not there is told by who opens it */
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _("%s is not a report: %s"), path,
               _("it is too large"));
  return FALSE;
}

HrValue *
headroom_bench_store_load (const char *path, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (HrValue) report = NULL;
  g_autoptr (GError) problem = NULL;
  gsize len;

  if (!check_size (path, error) || !g_file_get_contents (path, &text, &len, error))
    return NULL;
  report = headroom_json_parse (text, (gssize) len, FALSE, &problem);
  if (report != NULL && hr_value_kind (report) == HR_VALUE_DICT)
    return g_steal_pointer (&report);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _("%s is not a report: %s"), path,
               problem != NULL ? problem->message : _("it holds no object"));
  return NULL;
}

static HeadroomBenchEntry *
new_entry (const char *path, const HrValue *report)
{
  HeadroomBenchEntry *entry = g_new0 (HeadroomBenchEntry, 1);
  HrValue *models = hr_value_lookup (report, "models");
  HrValue *first =
      models != NULL && hr_value_kind (models) == HR_VALUE_LIST && hr_value_size (models) > 0
          ? hr_value_at (models, 0)
          : NULL;

  entry->path = g_strdup (path);
  entry->title = g_strdup (headroom_json_get_string (report, "title"));
  entry->started = g_strdup (headroom_json_get_string (report, "started"));
  entry->complete = headroom_json_get_bool (report, "complete", FALSE);
  if (first != NULL && hr_value_kind (first) == HR_VALUE_DICT)
    entry->model = g_strdup (headroom_json_get_string (first, "model"));
  return entry;
}

static gint
compare_entries (gconstpointer a, gconstpointer b)
{
  const HeadroomBenchEntry *x = *(HeadroomBenchEntry *const *) a;
  const HeadroomBenchEntry *y = *(HeadroomBenchEntry *const *) b;
  int by_time = g_strcmp0 (y->started, x->started);

  return by_time != 0 ? by_time : strcmp (y->path, x->path);
}

GPtrArray *
headroom_bench_store_list (void)
{
  GPtrArray *entries = g_ptr_array_new_with_free_func ((GDestroyNotify) headroom_bench_entry_free);
  g_autofree char *folder = headroom_bench_store_dup_folder ();
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename (folder, name, NULL);
    g_autoptr (HrValue) report =
        g_str_has_suffix (name, SUFFIX) ? headroom_bench_store_load (path, NULL) : NULL;
    if (report != NULL && headroom_json_get_string (report, "program") != NULL)
      g_ptr_array_add (entries, new_entry (path, report));
  }
  g_ptr_array_sort (entries, compare_entries);
  return entries;
}

/* ---- Changing ---- */

gboolean
headroom_bench_store_rename (const char *path, const char *title, GError **error)
{
  g_autoptr (HrValue) report = headroom_bench_store_load (path, error);

  if (report == NULL)
    return FALSE;
  hr_value_set (report, "title",
                *title != '\0' ? hr_value_new_string (title, -1, FALSE) : hr_value_new_null ());
  return headroom_report_save (report, path, error);
}

gboolean
headroom_bench_store_delete (const char *path, GError **error)
{
  if (g_remove (path) == 0)
    return TRUE;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s: %s", path,
               g_strerror (errno));
  return FALSE;
}
