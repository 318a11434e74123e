/* headroom-plan-ground.c: what lies around a plan, worked out on threads.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One thread at a time for each, and once more when something changed meanwhile.
 */
#include "headroom-plan-preview-private.h"

/* Memory that comes and goes by less than this part of a device makes no other landscape. */
#define SMALL_CHANGE 256

static HeadroomSurveyQuery *
new_query (HeadroomPlanPreview *self)
{
  HeadroomSurveyQuery *query = g_new0 (HeadroomSurveyQuery, 1);

  query->model = hr_model_ref (self->model);
  query->name = g_strdup (self->name);
  query->settings = self->settings;
  query->settings.num_ctx = 0;
  memcpy (query->devices, self->devices, sizeof query->devices);
  query->n_devices = self->n_devices;
  query->tenancy = headroom_tenancy_copy (self->tenancy);
  return query;
}

static gboolean
devices_equal (const HeadroomSurveyQuery *a, const HeadroomSurveyQuery *b)
{
  if (a->n_devices != b->n_devices)
    return FALSE;
  for (gsize i = 0; i < a->n_devices; i++) {
    guint64 x = a->devices[i].free, y = b->devices[i].free,
            limit = a->devices[i].total / SMALL_CHANGE;
    if (a->devices[i].total != b->devices[i].total ||
        a->devices[i].reserve != b->devices[i].reserve || (x > y ? x - y : y - x) > limit)
      return FALSE;
  }
  return TRUE;
}

static gboolean
queries_equal (const HeadroomSurveyQuery *a, const HeadroomSurveyQuery *b)
{
  return a != NULL && a->model == b->model &&
         memcmp (&a->settings, &b->settings, sizeof a->settings) == 0 && devices_equal (a, b) &&
         headroom_tenancy_equal (a->tenancy, b->tenancy);
}

static void ask_advice (HeadroomPlanPreview *self);

static void
survey_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  g_task_return_pointer (task, headroom_survey_new (task_data), (GDestroyNotify) g_free);
}

static void
surveyed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  HeadroomPlanPreview *self = HEADROOM_PLAN_PREVIEW (source);
  const HeadroomSurveyQuery *query = g_task_get_task_data (G_TASK (result));
  HeadroomSurvey *survey = g_task_propagate_pointer (G_TASK (result), NULL);

  self->surveying = FALSE;
  if (query->model == self->model) {
    g_clear_pointer (&self->survey, g_free);
    self->survey = survey;
    _headroom_plan_preview_surveyed (self);
  } else
    g_free (survey);
  _headroom_plan_preview_ask_ground (self);
}

static void
run_query (HeadroomPlanPreview *self, HeadroomSurveyQuery *take_query, GTaskThreadFunc thread,
           GAsyncReadyCallback callback)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, NULL);

  g_task_set_source_tag (task, run_query);
  g_task_set_task_data (task, take_query, (GDestroyNotify) headroom_survey_query_free);
  g_task_run_in_thread (task, thread);
}

void
_headroom_plan_preview_ask_ground (HeadroomPlanPreview *self)
{
  g_autoptr (HeadroomSurveyQuery) query = NULL;

  if (self->model == NULL || self->n_devices == 0 || self->surveying)
    return;
  query = new_query (self);
  if (queries_equal (self->asked, query)) {
    ask_advice (self);
    return;
  }
  g_clear_pointer (&self->asked, headroom_survey_query_free);
  self->asked = g_steal_pointer (&query);
  self->surveying = TRUE;
  run_query (self, new_query (self), survey_thread, surveyed_cb);
}

static void
advice_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const HeadroomSurveyQuery *query = task_data;

  g_task_return_pointer (task,
                         headroom_recommend (query->model, &query->settings, query->devices,
                                             query->n_devices),
                         (GDestroyNotify) g_array_unref);
}

static void
advised_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  HeadroomPlanPreview *self = HEADROOM_PLAN_PREVIEW (source);
  const HeadroomSurveyQuery *query = g_task_get_task_data (G_TASK (result));
  GArray *advice = g_task_propagate_pointer (G_TASK (result), NULL);

  self->advising = FALSE;
  if (query->model == self->model) {
    g_clear_pointer (&self->advice, g_array_unref);
    self->advice = advice;
    _headroom_plan_preview_surveyed (self);
  } else
    g_array_unref (advice);
  ask_advice (self);
}

/* How many answers at once would be best does not depend on how many were chosen. */
static HeadroomSurveyQuery *
new_advice_query (HeadroomPlanPreview *self)
{
  HeadroomSurveyQuery *query = new_query (self);

  query->settings.parallel = 0;
  return query;
}

static void
ask_advice (HeadroomPlanPreview *self)
{
  g_autoptr (HeadroomSurveyQuery) query = NULL;

  if (self->model == NULL || self->n_devices == 0 || self->advising)
    return;
  query = new_advice_query (self);
  if (queries_equal (self->advised, query))
    return;
  g_clear_pointer (&self->advised, headroom_survey_query_free);
  self->advised = g_steal_pointer (&query);
  self->advising = TRUE;
  run_query (self, new_advice_query (self), advice_thread, advised_cb);
}

void
_headroom_plan_preview_forget_ground (HeadroomPlanPreview *self)
{
  g_clear_pointer (&self->survey, g_free);
  g_clear_pointer (&self->advice, g_array_unref);
  g_clear_pointer (&self->asked, headroom_survey_query_free);
  g_clear_pointer (&self->advised, headroom_survey_query_free);
}

/* Returns: (transfer none) (nullable): what every length of context would take, as it was worked
 * out last */
const HeadroomSurvey *
headroom_plan_preview_get_survey (HeadroomPlanPreview *self)
{
  g_return_val_if_fail (HEADROOM_IS_PLAN_PREVIEW (self), NULL);
  return self->survey;
}

/* Returns: (transfer none) (nullable): HeadroomAdvice per context length, as it was worked out last
 */
const GArray *
headroom_plan_preview_get_advice (HeadroomPlanPreview *self)
{
  g_return_val_if_fail (HEADROOM_IS_PLAN_PREVIEW (self), NULL);
  return self->advice;
}
