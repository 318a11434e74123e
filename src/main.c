/* main.c: the terminal program.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cli.h"
#include "headroom-locale.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

/* Larger blocks go back to the system when they are freed, instead of becoming a part of the heap. */
#define MAPPED_BYTES (256 * 1024)

int
main (int argc, char **argv)
{
#ifdef __GLIBC__
  mallopt (M_MMAP_THRESHOLD, MAPPED_BYTES);
#endif
  headroom_locale_init ();
  g_set_prgname ("headroom");
  return headroom_cli_main (argc, argv);
}
