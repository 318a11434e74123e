/* headroom-cmd-version.c: headroom version
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cli.h"

#include <glib/gi18n.h>

int
headroom_cmd_version (int argc, char **argv)
{
  if (!headroom_cli_parse (NULL, "",
                           _("Prints the version, and which kernels this processor gets."), 0, 0,
                           &argc, &argv))
    return HEADROOM_EXIT_USAGE;
  g_print ("headroom %s (%s)\n", HEADROOM_VERSION, hr_cpu_name ());
  return HEADROOM_EXIT_OK;
}
