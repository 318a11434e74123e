/* headroom-survey.h: what every length of context would take and how fast it would be, with
 * the cliffs on the way.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Dozens of plans, too many for a frame: made on a thread, and the same until something but
 * num_ctx changes. Thread-safety: plain
 * values; making one is safe on any thread.
 */
#pragma once

#include "headroom-forecast.h"
#include "headroom-landscape.h"

G_BEGIN_DECLS

#define HEADROOM_SURVEY_MIN_CTX 512
/* Two per power of two from 512 to 2^26. */
#define HEADROOM_SURVEY_MAX_POINTS 40

/* What one length of context takes, and how fast answers are when it is full. */
typedef struct {
  guint32 num_ctx;                 /* tokens per slot */
  guint64 weights, compute, cache; /* bytes, of all devices together */
  double tokens_per_second;        /* of one answer; 0: not known */
  double first_token_ms;           /* of a prompt that fills the context */
  gboolean fits;
} HeadroomSurveyPoint;

/* What happens beyond a length of context, in the order of badness. */
typedef enum {
  HEADROOM_CLIFF_LAYER,  /* a layer leaves a GPU */
  HEADROOM_CLIFF_EVICTS, /* a model that is in memory has to go */
  HEADROOM_CLIFF_FULL,   /* nothing fits any more */
  HEADROOM_CLIFF_N_KINDS,
} HeadroomCliffKind;

typedef struct {
  HeadroomCliffKind kind;
  guint32 num_ctx; /* the last whole page of 256 tokens before it */
} HeadroomCliff;

/* What a survey is of. */
typedef struct {
  HrModel *model;
  char *name;
  HrSettings settings; /* num_ctx does not matter */
  HrDevice devices[HEADROOM_MEMORY_MAX_DEVICES];
  gsize n_devices;
  HeadroomTenancy *tenancy;
} HeadroomSurveyQuery;

typedef struct {
  HeadroomSurveyPoint points[HEADROOM_SURVEY_MAX_POINTS];
  gsize n_points;
  HeadroomCliff cliffs[HEADROOM_CLIFF_N_KINDS];
  gsize n_cliffs;
  HeadroomStart start; /* what verdicts compare with */
} HeadroomSurvey;

/* To be freed with g_free(). */
HeadroomSurvey *headroom_survey_new (const HeadroomSurveyQuery *query) G_GNUC_WARN_UNUSED_RESULT;

void            headroom_survey_query_free (HeadroomSurveyQuery       *query);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeadroomSurveyQuery, headroom_survey_query_free)
/* What a person calls it, as a short sentence. */
const char     *headroom_cliff_title       (HeadroomCliffKind          kind);

G_END_DECLS
