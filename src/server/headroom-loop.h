/* headroom-loop.h: notices that an answer goes round in circles.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A loop is a stretch of at most HEADROOM_LOOP_LONGEST tokens that came HEADROOM_LOOP_TIMES times
 * in a row and fills HEADROOM_LOOP_LEAST tokens or more: rows of a table, a line of dashes or a list
 * of zeros are no loops yet. Thread-safety: Unsafe.
 */
#pragma once

#include "hr.h"

G_BEGIN_DECLS

#define HEADROOM_LOOP_LONGEST 128 /* tokens */
#define HEADROOM_LOOP_TIMES 16
#define HEADROOM_LOOP_LEAST 256 /* tokens */

typedef struct {
  HrToken recent[HEADROOM_LOOP_LONGEST]; /* the last ones, by their number modulo the length */
  guint32 run[HEADROOM_LOOP_LONGEST];    /* [i]: tokens in a row that equal the one i + 1 before */
  guint64 n;                             /* tokens so far */
} HeadroomLoop;

/* Takes the next token. Returns the length of the loop that the text is in, 0: none. Constant time
 * for a token; all zeros is a guard without a past. */
guint headroom_loop_take (HeadroomLoop *self, HrToken token);

G_END_DECLS
