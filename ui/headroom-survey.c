/* headroom-survey.c: what every length of context would take and how fast it would be, with the
 * cliffs on the way.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-survey.h"

#include <glib/gi18n.h>

#define PAGE_TOKENS 256

void
headroom_survey_query_free (HeadroomSurveyQuery *query)
{
  if (query == NULL)
    return;
  hr_model_unref (query->model);
  headroom_tenancy_free (query->tenancy);
  g_free (query->name);
  g_free (query);
}

const char *
headroom_cliff_title (HeadroomCliffKind kind)
{
  switch (kind) {
  case HEADROOM_CLIFF_LAYER:
    return _("beyond it a layer leaves the graphics card");
  case HEADROOM_CLIFF_EVICTS:
    return _("beyond it a model in memory has to go");
  case HEADROOM_CLIFF_FULL:
    return _("beyond it there is no room");
  case HEADROOM_CLIFF_N_KINDS:
    break;
  }
  g_return_val_if_reached ("");
}

static HrPlan *
plan_at (const HeadroomSurveyQuery *query, guint32 num_ctx)
{
  HrSettings settings = query->settings;

  settings.num_ctx = num_ctx;
  return headroom_plan_new (query->model, &settings, query->devices, query->n_devices, NULL);
}

/* ---- The ground ------------------------------------------------------------------------------ */

static gboolean
add_point (HeadroomSurvey *self, const HeadroomSurveyQuery *query, guint32 num_ctx)
{
  g_autoptr (HrPlan) plan = plan_at (query, num_ctx);
  HeadroomSurveyPoint *point = &self->points[self->n_points];
  HeadroomPrediction predicted;

  if (plan == NULL || self->n_points == HEADROOM_SURVEY_MAX_POINTS)
    return FALSE;
  predicted = headroom_predict (plan, num_ctx, 0, 1);
  *point = (HeadroomSurveyPoint){
    .num_ctx = num_ctx,
    .weights = hr_plan_get_bytes (plan, HR_ITEM_WEIGHTS),
    .cache = hr_plan_get_bytes (plan, HR_ITEM_CACHE),
    .tokens_per_second = predicted.tokens_per_second,
    .first_token_ms = predicted.first_token_ms,
    .fits = hr_plan_fits (plan, NULL),
  };
  point->compute = hr_plan_get_bytes (plan, HR_ITEM_N_KINDS) - point->weights - point->cache;
  self->n_points++;
  return TRUE;
}

/* Two points per power of two, and the model's own end. */
static void
survey_ground (HeadroomSurvey *self, const HeadroomSurveyQuery *query, guint32 last)
{
  for (guint64 tokens = HEADROOM_SURVEY_MIN_CTX; tokens < last; tokens *= 2) {
    if (!add_point (self, query, (guint32) tokens))
      return;
    if (tokens * 3 / 2 < last)
      add_point (self, query, (guint32) (tokens * 3 / 2));
  }
  add_point (self, query, last);
}

/* ---- Cliffs ---------------------------------------------------------------------------------- */

typedef struct {
  const HeadroomSurveyQuery *query;
  HeadroomCliffKind kind;
  gint32 gpu_layers; /* with the shortest context */
} Search;

/* Whether a length is still on this side of the cliff. */
static gboolean
is_safe (const Search *search, guint32 num_ctx)
{
  g_autoptr (HrPlan) plan = plan_at (search->query, num_ctx);

  if (plan == NULL)
    return FALSE;
  switch (search->kind) {
  case HEADROOM_CLIFF_LAYER:
    return hr_plan_get_settings (plan)->gpu_layers >= search->gpu_layers;
  case HEADROOM_CLIFF_EVICTS:
    return headroom_forecast (search->query->tenancy, plan, search->query->name, NULL) ==
           HEADROOM_FORECAST_BESIDE;
  case HEADROOM_CLIFF_FULL:
  case HEADROOM_CLIFF_N_KINDS:
    break;
  }
  return hr_plan_fits (plan, NULL);
}

/* Adds the cliff if it lies between the shortest context and the model's own. */
static void
find_cliff (HeadroomSurvey *self, const Search *search, guint32 last)
{
  guint32 good = HEADROOM_SURVEY_MIN_CTX, bad = last;

  if (good >= bad || !is_safe (search, good) || is_safe (search, bad))
    return;
  while (bad - good > PAGE_TOKENS) {
    guint32 middle = good + (bad - good) / 2;
    if (is_safe (search, middle))
      good = middle;
    else
      bad = middle;
  }
  self->cliffs[self->n_cliffs++] = (HeadroomCliff){
    .kind = search->kind,
    .num_ctx = MAX (good / PAGE_TOKENS * PAGE_TOKENS, HEADROOM_SURVEY_MIN_CTX),
  };
}

static void
find_cliffs (HeadroomSurvey *self, const HeadroomSurveyQuery *query, guint32 last)
{
  g_autoptr (HrPlan) first = plan_at (query, HEADROOM_SURVEY_MIN_CTX);
  Search search = { .query = query };

  if (first == NULL)
    return;
  search.gpu_layers = hr_plan_get_settings (first)->gpu_layers;
  for (int kind = 0; kind < HEADROOM_CLIFF_N_KINDS; kind++) {
    search.kind = kind;
    if (kind != HEADROOM_CLIFF_LAYER || search.gpu_layers > 0)
      find_cliff (self, &search, last);
  }
}

/**
 * headroom_survey_new:
 * @query: what to look at
 *
 * Takes as long as some sixty plans.
 *
 * Returns: (transfer full): the survey, for g_free()
 */
HeadroomSurvey *
headroom_survey_new (const HeadroomSurveyQuery *query)
{
  HeadroomSurvey *self = g_new0 (HeadroomSurvey, 1);
  guint32 last = MAX (hr_model_get_info (query->model)->n_ctx_train, HEADROOM_SURVEY_MIN_CTX);
  g_autoptr (HeadroomFit) fit =
      headroom_fit_new (query->model, &query->settings, query->devices, query->n_devices, NULL);

  survey_ground (self, query, last);
  find_cliffs (self, query, last);
  if (fit != NULL)
    self->start = headroom_landscape_start (query->model, fit);
  return self;
}
