/* headroom-landscape.h: what a model costs at every length of context, for the slider and for
 * advice.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Thread-safety: Safe.
 */
#pragma once

#include "headroom-fit.h"
#include "headroom-predict.h"

G_BEGIN_DECLS

/* What a context does, in one word: of the share of the machine's room that the cache takes, and
 * the speed with a full context against that with an empty one, the worse counts. */
typedef enum {
  HEADROOM_VERDICT_NEGLIGIBLE,   /* under 5 % of the room, under 10 % slower */
  HEADROOM_VERDICT_NOTICEABLE,   /* under 20 %, under 50 % */
  HEADROOM_VERDICT_HEAVY,        /* under 50 %, under 90 % */
  HEADROOM_VERDICT_CRITICAL,     /* more than that, or layers have to leave a GPU for it */
  HEADROOM_VERDICT_DOES_NOT_FIT,
} HeadroomVerdict;
const char *headroom_verdict_name (
    HeadroomVerdict verdict); /* "negligible", "does not fit": for programs, not translated */

typedef struct {
  guint32 num_ctx;
  guint64 cache_bytes;
  double percent_of_weights; /* that the cache adds */
  double slower_percent;     /* a token with a full context, against one with an empty one */
  HeadroomPrediction predicted; /* with a full context; first_token_ms of a prompt as long as it */
  HeadroomVerdict verdict;
} HeadroomStop;

/* The shortest context that is shown: what longer ones are compared with. */
typedef struct {
  double tokens_per_second; /* with nothing in it; 0: not known */
  gint32 gpu_layers;
} HeadroomStart;

HeadroomStart headroom_landscape_start (HrModel *model, const HeadroomFit *fit);
/* Of any plan of the same model, not only one at a stop. */
HeadroomStop headroom_stop_of (const HrPlan *plan, const HeadroomStart *start);

/* The stops of a num_ctx slider from 2048 (or the model's length, if that is less) in powers of two
 * up to the model's own. */
GArray *headroom_landscape_new (HrModel *model, const HrSettings *asked, const HrDevice *devices,
                                gsize n_devices)
    G_GNUC_WARN_UNUSED_RESULT; /* of HeadroomStop; parallel and num_batch as a fit of asked has them
                                */

typedef struct {
  guint32 num_ctx;
  guint32 parallel_max;  /* 0: not even one fits */
  guint32 parallel_best; /* the knee of the throughput: the fewest that reach four fifths of the
                            highest */
  HeadroomPrediction predicted; /* at parallel_best, each answer's */
  double tokens_per_second; /* of all answers together */
} HeadroomAdvice;

GArray *headroom_recommend (HrModel *model, const HrSettings *asked, const HrDevice *devices,
                            gsize n_devices) G_GNUC_WARN_UNUSED_RESULT; /* of HeadroomAdvice */

/* 2 x layers x num_ctx x hidden x 2 bytes, x parallel: what text books say of the cache, which is
 * right only for multi-head attention in 16 bits. */
guint64 headroom_textbook_cache_bytes (const HrModel *model, const HrSettings *settings);

G_END_DECLS
