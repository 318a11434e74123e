/* headroom-loop.c: see headroom-loop.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-loop.h"

guint
headroom_loop_take (HeadroomLoop *self, HrToken token)
{
  guint64 known = MIN (self->n, HEADROOM_LOOP_LONGEST);
  guint found = 0;

  for (guint length = 1; length <= known; length++) {
    guint32 *run = &self->run[length - 1];
    *run = self->recent[(self->n - length) % HEADROOM_LOOP_LONGEST] == token ? *run + 1 : 0;
    /* the first time round is not counted by run */
    guint32 enough = MAX (length * HEADROOM_LOOP_TIMES, HEADROOM_LOOP_LEAST) - length;
    if (found == 0 && *run >= enough)
      found = length;
  }
  self->recent[self->n++ % HEADROOM_LOOP_LONGEST] = token;
  return found;
}
