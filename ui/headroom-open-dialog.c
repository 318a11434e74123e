/* headroom-open-dialog.c: asks for a model file.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-open-dialog.h"

#include <glib/gi18n.h>

static void
response_cb (GtkNativeDialog *dialog, int response, gpointer user_data)
{
  HeadroomOpenFunc func = user_data;
  g_autoptr (GFile) file = NULL;
  g_autofree char *path = NULL;

  if (response == GTK_RESPONSE_ACCEPT) {
    file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
    path = g_file_get_path (file);
  }
  if (path != NULL)
    func (gtk_native_dialog_get_transient_for (dialog), path);
  g_object_unref (dialog);
}

/**
 * headroom_open_dialog_show:
 * @parent: the window that asks
 * @func: called with the file that was chosen
 */
void
headroom_open_dialog_show (GtkWindow *parent, HeadroomOpenFunc func)
{
  GtkFileChooserNative *dialog =
      gtk_file_chooser_native_new (_("Open Model File"), parent, GTK_FILE_CHOOSER_ACTION_OPEN,
                                   NULL, NULL);
  g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();

  gtk_file_filter_set_name (filter, _("Models (GGUF)"));
  gtk_file_filter_add_suffix (filter, "gguf");
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (dialog), filter);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  g_signal_connect (dialog, "response", G_CALLBACK (response_cb), func);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}
