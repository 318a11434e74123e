/* headroom-bench-page-export.c: what the page of benchmarks shows, as files for other programs.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-bench-page-private.h"

#include "headroom-curves.h"
#include "headroom-memory-paint.h"

#include <glib/gi18n.h>

#define PICTURE_SCALE 2 /* so that it is sharp on paper */

/* ---- The picture ----------------------------------------------------------------------------- */

/* The charts as they are on the page, on the page's ground. */
static GBytes *
draw (GtkWidget *charts, GError **error)
{
  int width = gtk_widget_get_width (charts), height = gtk_widget_get_height (charts);
  g_autoptr (GdkPaintable) paintable = gtk_widget_paintable_new (charts);
  GtkSnapshot *snapshot = gtk_snapshot_new ();
  g_autoptr (GskRenderNode) node = NULL;
  g_autoptr (GdkTexture) texture = NULL;
  GdkRGBA ground = headroom_memory_colour (charts, "window_bg_color");
  graphene_rect_t area =
      GRAPHENE_RECT_INIT (0, 0, (float) width * PICTURE_SCALE, (float) height * PICTURE_SCALE);

  gtk_snapshot_scale (snapshot, PICTURE_SCALE, PICTURE_SCALE);
  gtk_snapshot_append_color (snapshot, &ground,
                             &GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height));
  gdk_paintable_snapshot (paintable, snapshot, width, height);
  node = gtk_snapshot_free_to_node (snapshot);
  if (width <= 0 || height <= 0 || node == NULL) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                         _("There are no curves to draw"));
    return NULL;
  }
  texture = gsk_renderer_render_texture (gtk_native_get_renderer (gtk_widget_get_native (charts)),
                                         node, &area);
  return gdk_texture_save_to_png_bytes (texture);
}

/* ---- Files ----------------------------------------------------------------------------------- */

static GBytes *
make (HeadroomBenchPage *self, const char *kind, GError **error)
{
  HrValue *report = headroom_bench_result_get_report (self->result);
  GtkWidget *charts = headroom_bench_result_get_charts (self->result);
  char *text;

  if (report == NULL || (g_str_equal (kind, "png") && charts == NULL)) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _("Nothing is shown"));
    return NULL;
  }
  if (g_str_equal (kind, "png"))
    return draw (charts, error);
  text = g_str_equal (kind, "csv") ? headroom_curves_to_csv (report)
                                   : headroom_json_print (report, HEADROOM_JSON_INDENT);
  return g_bytes_new_take (text, strlen (text));
}

static void
written_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (HeadroomBenchPage) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *name = g_file_get_basename (G_FILE (source)), *text = NULL;

  if (g_file_replace_contents_finish (G_FILE (source), result, NULL, &error))
    /* Translators: %s is the name of a file */
    text = g_strdup_printf (_("Exported as %s"), name);
  else
    text = g_strdup_printf (_("%s could not be written: %s"), name, error->message);
  _headroom_bench_page_tell (self, text);
}

gboolean
headroom_bench_page_export_to (HeadroomBenchPage *self, const char *kind, const char *path,
                               GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GFile) file = g_file_new_for_path (path);

  g_return_val_if_fail (HEADROOM_IS_BENCH_PAGE (self), FALSE);
  bytes = make (self, kind, error);
  if (bytes == NULL)
    return FALSE;
  g_file_replace_contents_bytes_async (file, bytes, NULL, FALSE, G_FILE_CREATE_NONE, NULL,
                                       written_cb, g_object_ref (self));
  return TRUE;
}

static void
response_cb (GtkNativeDialog *dialog, int response, HeadroomBenchPage *self)
{
  const char *kind = g_object_get_data (G_OBJECT (dialog), "kind");
  g_autoptr (GFile) file = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  if (response == GTK_RESPONSE_ACCEPT) {
    file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
    path = g_file_get_path (file);
  }
  if (path != NULL && !headroom_bench_page_export_to (self, kind, path, &error))
    _headroom_bench_page_complain (self, error->message);
  g_object_unref (dialog);
}

void
_headroom_bench_page_export (HeadroomBenchPage *self, const char *kind)
{
  GtkWindow *window = GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self)));
  GtkFileChooserNative *dialog =
      gtk_file_chooser_native_new (_("Export"), window, GTK_FILE_CHOOSER_ACTION_SAVE, NULL, NULL);
  g_autofree char *stem = self->shown != NULL ? g_path_get_basename (self->shown) : g_strdup ("");
  g_autofree char *name = NULL;

  if (g_str_has_suffix (stem, ".json"))
    stem[strlen (stem) - strlen (".json")] = '\0';
  name = g_strdup_printf ("headroom-%s.%s", stem, kind);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), name);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  g_object_set_data_full (G_OBJECT (dialog), "kind", g_strdup (kind), g_free);
  g_signal_connect_object (dialog, "response", G_CALLBACK (response_cb), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}
