/* main.c: the terminal program.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cli.h"
#include "headroom-locale.h"

int
main (int argc, char **argv)
{
  headroom_locale_init ();
  g_set_prgname ("headroom");
  return headroom_cli_main (argc, argv);
}
