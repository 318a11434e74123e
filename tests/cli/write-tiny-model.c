/* write-tiny-model.c: writes the tiny model, for tests that are scripts.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tiny-model.h"

int
main (int argc, char **argv)
{
  if (argc != 2)
    return 2;
  tiny_model_write (&tiny_model_default, argv[1]);
  return 0;
}
