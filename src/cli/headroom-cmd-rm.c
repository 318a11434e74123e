/* headroom-cmd-rm.c: headroom rm MODEL…
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cli.h"

#include <glib/gi18n.h>

/* Whoever has it in memory is asked to let go first. No server, or a model that is not loaded, is
 * no failure. */
static void
unload (const char *name)
{
  g_autoptr (HeadroomClient) client = headroom_cli_find_server (NULL);

  if (client != NULL)
    headroom_cli_unload (client, name, NULL);
}

int
headroom_cmd_rm (int argc, char **argv)
{
  g_autoptr (HeadroomStore) store = NULL;
  int status = HEADROOM_EXIT_OK;

  if (!headroom_cli_parse (NULL, _("MODEL…"),
                           _("Deletes models, and what no other model needs of them."), 1, -1,
                           &argc, &argv))
    return HEADROOM_EXIT_USAGE;
  store = headroom_store_new (NULL, NULL);
  for (int i = 1; i < argc; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (HeadroomModelEntry) entry = headroom_store_lookup (store, argv[i], &error);
    if (entry != NULL)
      unload (argv[i]);
    if (entry == NULL || !headroom_store_delete (store, argv[i], &error)) {
      status = headroom_cli_fail (error);
      continue;
    }
    g_printerr (_("deleted “%s”"), argv[i]);
    g_printerr ("\n");
  }
  return status;
}
