/* headroom-cmd-cp.c: headroom cp SOURCE DESTINATION
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cli.h"

#include <glib/gi18n.h>

int
headroom_cmd_cp (int argc, char **argv)
{
  g_autoptr (HeadroomStore) store = NULL;
  g_autoptr (GError) error = NULL;

  if (!headroom_cli_parse (NULL, _("SOURCE DESTINATION"),
                           _("Gives a model a second name. Nothing is copied."), 2, 2, &argc,
                           &argv))
    return HEADROOM_EXIT_USAGE;
  store = headroom_store_new (NULL, NULL);
  if (!headroom_store_copy (store, argv[1], argv[2], &error))
    return headroom_cli_fail (error);
  g_printerr (_("copied “%s” to “%s”"), argv[1], argv[2]);
  g_printerr ("\n");
  return HEADROOM_EXIT_OK;
}
