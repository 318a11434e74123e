/* headroom-cmd-stop.c: headroom stop MODEL
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cli.h"

#include <glib/gi18n.h>

int
headroom_cmd_stop (int argc, char **argv)
{
  g_autoptr (HeadroomClient) client = NULL;
  g_autoptr (GError) error = NULL;

  if (!headroom_cli_parse (NULL, _("MODEL"),
                           _("Takes a model out of memory as soon as it has nothing to do."), 1, 1,
                           &argc, &argv))
    return HEADROOM_EXIT_USAGE;
  client = headroom_cli_find_server (&error);
  if (client == NULL)
    return headroom_cli_fail (error);
  if (headroom_cli_unload (client, argv[1], &error))
    return HEADROOM_EXIT_OK;
  if (g_error_matches (error, HEADROOM_CLIENT_ERROR, HEADROOM_CLIENT_ERROR_NOT_FOUND)) {
    headroom_cli_complain (_("couldn't find model “%s” to stop"), argv[1]);
    return HEADROOM_EXIT_FAILURE;
  }
  return headroom_cli_fail (error);
}
