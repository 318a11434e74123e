/* headroom-reason.h: why something happened, as a code and parameters, and as the sentence that
 * people read.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is kept and sent is the code with its parameters; the sentence is made where it is read, in
 * that reader's language. Thread-safety: Safe.
 */
#pragma once

#include "hr.h"

G_BEGIN_DECLS

/* With the parameters that headroom_reason_new () takes: s const char *, u guint, b guint64
 * (bytes), f double. */
typedef enum {
  HEADROOM_REASON_ASKED,               /* uuf: num_ctx, parallel, seconds */
  HEADROOM_REASON_REFUSED,             /* s: why */
  HEADROOM_REASON_ROOM,                /* sb: for whom, how much is missing */
  HEADROOM_REASON_TOO_MANY,            /* s: for whom */
  HEADROOM_REASON_TOLD_TO_GO,          /* none */
  HEADROOM_REASON_KEEP_ALIVE,          /* s: a duration */
  HEADROOM_REASON_OTHER_SETTINGS,      /* s: which */
  HEADROOM_REASON_BUSY,                /* none */
  HEADROOM_REASON_MESSAGES_CUT,        /* uu: messages, num_ctx */
  HEADROOM_REASON_TOKENS_CUT,          /* uu: tokens, num_ctx */
  HEADROOM_REASON_TEXTS_CUT,           /* uu: texts, num_ctx */
  HEADROOM_REASON_READER_LEFT,         /* none */
  HEADROOM_REASON_PRESSURE,            /* bs: free, on which device */
  HEADROOM_REASON_STALLS,              /* f: percent of the time */
  HEADROOM_REASON_HELPLESS,            /* bs: free, on which device */
  HEADROOM_REASON_LOAD_STALLED,        /* s: a duration */
  HEADROOM_REASON_LOAD_SQUEEZED,       /* bs: free, on which device */
  HEADROOM_REASON_WATCH_MEMORY,        /* sff: device, percent, threshold */
  HEADROOM_REASON_WATCH_BUS,           /* ff: percent, threshold */
  HEADROOM_REASON_WATCH_LATENCY,       /* ff: times, threshold */
  HEADROOM_REASON_WATCH_SWAP,          /* bb: in use, threshold */
  HEADROOM_REASON_WATCH_FRAGMENTATION, /* ff: percent, threshold */
  HEADROOM_REASON_DIFFERENT_SIZES,     /* u: a num_ctx for all */
  HEADROOM_REASON_LOOP,                /* u: tokens that came again and again */
  HEADROOM_REASON_LOOP_ENDED,          /* u: likewise */
  HEADROOM_REASON_RESIZED,      /* uuuussuu: num_ctx before and now, parallel, type of the cache,
                                   num_batch */
  HEADROOM_REASON_LAYERS_ASKED, /* uuu: layers that moved, on GPUs before and now; it was asked for
                                 */
  HEADROOM_REASON_LAYERS_FIT,   /* uuu: likewise; there was more room */
  HEADROOM_REASON_LAYERS_LEFT,  /* uuu: likewise; there was no room any more */
  HEADROOM_REASON_GPU_LOST_MOVED,   /* s: what failed */
  HEADROOM_REASON_GPU_LOST_REBUILT, /* s: likewise */
  HEADROOM_REASON_GPU_LOST_STUCK,   /* s: likewise */
  HEADROOM_REASON_GPU_REFUSED,      /* s: why */
  HEADROOM_REASON_PARKED,           /* ub: tokens, bytes */
  HEADROOM_REASON_UNPARKED,         /* ub: likewise */
  HEADROOM_REASON_PARK_FAILED,      /* s: why */
  HEADROOM_REASON_PARK_IGNORED,     /* s: a file */
  HEADROOM_REASON_CACHE_GIVEN_UP,   /* b: how much */
  HEADROOM_REASON_N,
} HeadroomReason;

const char *headroom_reason_code (HeadroomReason reason); /* "room" */
/* FALSE: no such code, from a later version perhaps. */
gboolean headroom_reason_parse_code (const char *code, HeadroomReason *ret_reason);

/* The parameters as a list. */
HrValue *headroom_reason_new (HeadroomReason reason, va_list args) G_GNUC_WARN_UNUSED_RESULT;
/* The sentence; parameters that are missing are left out. */
char *headroom_reason_dup_text (HeadroomReason reason,
                                const HrValue *params) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
