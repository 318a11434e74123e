/* headroom-sum.h: where the memory of a model goes, as a sum that a person can check.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The same rows for a plan in the window and for a model in memory, wherever they are shown. Knows a
 * model and its plan, nothing of what is filled. Thread-safety: Safe.
 */
#pragma once

#include "hr.h"

G_BEGIN_DECLS

typedef enum {
  HEADROOM_SUM_FILE,
  HEADROOM_SUM_WEIGHTS,
  HEADROOM_SUM_CACHE,
  HEADROOM_SUM_BOOK, /* what people expect of the cache; only where that is another number */
  HEADROOM_SUM_COMPUTE,
  HEADROOM_SUM_OUTPUT,
  HEADROOM_SUM_PROJECTOR,
  HEADROOM_SUM_STAGING,
  HEADROOM_SUM_DRIVER,
  HEADROOM_SUM_TOTAL, /* of all but the file and the textbook */
  HEADROOM_SUM_N_KINDS,
} HeadroomSumKind;

typedef struct {
  HeadroomSumKind kind;
  guint64 bytes;
  char *formula; /* in numbers, and what would make it less */
} HeadroomSumRow;

/* The rows that there are, of HeadroomSumRow, in their order. */
GArray *headroom_sum_new (const HrModel *model, const HrPlan *plan) G_GNUC_WARN_UNUSED_RESULT;
/* Translated. */
const char *headroom_sum_title (HeadroomSumKind kind);
/* [{"row": such as "cache", "bytes", "title", "formula"}] */
HrValue *headroom_sum_to_json (const HrModel *model, const HrPlan *plan) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
