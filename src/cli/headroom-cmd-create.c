/* headroom-cmd-create.c: headroom create NAME -f Modelfile
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cli.h"

#include <glib/gi18n.h>
#include <unistd.h>

static void
on_progress (const char *status, const char *digest, guint64 completed, guint64 total,
             gpointer data)
{
  if (total == 0)
    g_printerr ("%s\n", status);
  else if (isatty (STDERR_FILENO))
    g_printerr ("\r%s %3d %%%s", status, (int) (completed * 100 / total),
                completed == total ? "\n" : "");
}

/* Where the Modelfile is, and the folder that its FROM starts from. */
static GString *
read_modelfile (const char *file, char **ret_base, GError **error)
{
  g_autofree char *text = NULL;
  gsize len;

  if (g_str_equal (file, "-")) {
    *ret_base = g_get_current_dir ();
    return headroom_cli_read_stdin (error);
  }
  if (!g_file_get_contents (file, &text, &len, error))
    return NULL;
  *ret_base = g_path_get_dirname (file);
  return g_string_new_len (text, (gssize) len);
}

static gboolean
create (const char *name, const char *file, GError **error)
{
  g_autoptr (HeadroomStore) store = headroom_store_new (NULL, NULL);
  g_autoptr (HeadroomModelfile) modelfile = NULL;
  g_autofree char *base = NULL;
  g_autoptr (GString) text = read_modelfile (file, &base, error);

  if (text == NULL)
    return FALSE;
  modelfile = headroom_modelfile_parse (text->str, (gssize) text->len, error);
  return modelfile != NULL && headroom_store_create_from_modelfile (store, name, modelfile, base,
                                                                    on_progress, NULL, NULL, error);
}

int
headroom_cmd_create (int argc, char **argv)
{
  g_autofree char *file = NULL;
  const GOptionEntry entries[] = {
    { "file", 'f', 0, G_OPTION_ARG_FILENAME, &file,
      N_("The Modelfile, “-” for standard input (default: Modelfile)"), N_("FILE") },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (GError) error = NULL;

  if (!headroom_cli_parse (
          entries, _("NAME"),
          _("Makes a model from a Modelfile: FROM, PARAMETER, SYSTEM, TEMPLATE, MESSAGE."), 1, 1,
          &argc, &argv))
    return HEADROOM_EXIT_USAGE;
  return create (argv[1], file != NULL ? file : "Modelfile", &error) ? HEADROOM_EXIT_OK
                                                                     : headroom_cli_fail (error);
}
