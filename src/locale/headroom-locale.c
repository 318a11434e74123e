/* headroom-locale.c: finds the translations.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-locale.h"

#include <glib/gi18n.h>
#include <locale.h>

static char *
dup_folder_beside_program (void)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *bin = program != NULL ? g_path_get_dirname (program) : NULL;
  g_autofree char *folder =
      bin != NULL ? g_build_filename (bin, "..", "share", "locale", NULL) : NULL;

  return folder != NULL && g_file_test (folder, G_FILE_TEST_IS_DIR)
             ? g_canonicalize_filename (folder, NULL)
             : NULL;
}

void
headroom_locale_init (void)
{
  g_autofree char *beside = dup_folder_beside_program ();

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, beside != NULL ? beside : HEADROOM_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
}
