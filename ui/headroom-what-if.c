/* headroom-what-if.c: a machine, the models that compete for it and who asks them, as chosen by a
 * person.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-what-if.h"

#include "headroom-catalogue.h"
#include "headroom-json.h"
#include "headroom-store.h"

#include <glib/gi18n.h>
#include <inttypes.h>

#define SECONDS_PER_HOUR 3600

/* ---- Values ---------------------------------------------------------------------------------- */

static void
contender_free (gpointer data)
{
  HeadroomContender *self = data;

  g_free (self->model);
  g_free (self->keep_alive);
  g_free (self);
}

/* Returns: (transfer full): a machine without devices on which nobody asks anything for an hour */
HeadroomWhatIf *
headroom_what_if_new (void)
{
  HeadroomWhatIf *self = g_new0 (HeadroomWhatIf, 1);

  self->title = g_strdup ("");
  self->keep_alive = g_strdup ("5m");
  self->reserve = 20;
  self->hours = 1;
  self->contenders = g_ptr_array_new_with_free_func (contender_free);
  return self;
}

void
headroom_what_if_free (HeadroomWhatIf *self)
{
  if (self == NULL)
    return;
  g_free (self->title);
  g_free (self->keep_alive);
  g_strfreev (self->devices);
  g_ptr_array_unref (self->contenders);
  g_free (self);
}

/* Returns: (transfer none): one more contender */
HeadroomContender *
headroom_what_if_add (HeadroomWhatIf *self, const char *model, guint first_seconds,
                      guint every_seconds)
{
  HeadroomContender *contender = g_new0 (HeadroomContender, 1);

  contender->model = g_strdup (model);
  contender->first_seconds = first_seconds;
  contender->every_seconds = every_seconds;
  g_ptr_array_add (self->contenders, contender);
  return contender;
}

void
headroom_played_free (HeadroomPlayed *self)
{
  if (self == NULL)
    return;
  headroom_simulation_free (self->simulation);
  headroom_scenario_free (self->scenario);
  g_clear_pointer (&self->json, hr_value_unref);
  g_free (self);
}

/* ---- As a scenario --------------------------------------------------------------------------- */

static void
set_seconds (HrValue *json, const char *key, guint seconds)
{
  g_autofree char *text = g_strdup_printf ("%us", seconds);

  headroom_json_set_string (json, key, text);
}

static HrValue *
request_to_json (const HeadroomWhatIf *self, const HeadroomContender *contender, guint index)
{
  HrValue *json = hr_value_new_dict ();
  guint span = self->hours * SECONDS_PER_HOUR -
               MIN (contender->first_seconds, self->hours * SECONDS_PER_HOUR);
  /* Translators: a made-up program, by its number */
  g_autofree char *client = g_strdup_printf (_("program %u"), index + 1);

  headroom_json_set_string (json, "model", contender->model);
  headroom_json_set_string (json, "client", client);
  set_seconds (json, "at", contender->first_seconds);
  if (contender->num_ctx > 0)
    headroom_json_set_int (json, "num_ctx", contender->num_ctx);
  if (contender->keep_alive != NULL)
    headroom_json_set_string (json, "keep_alive", contender->keep_alive);
  if (contender->every_seconds > 0) {
    HrValue *repeat = hr_value_new_dict ();
    headroom_json_set_int (repeat, "count", span / contender->every_seconds + 1);
    set_seconds (repeat, "every", contender->every_seconds);
    hr_value_set (json, "repeat", repeat);
  }
  return json;
}

/* sizes: bytes of the models that the catalogue does not know */
static HrValue *
to_scenario (const HeadroomWhatIf *self, GHashTable *shapes)
{
  HrValue *json = hr_value_new_dict (), *models = hr_value_new_dict (),
          *requests = hr_value_new_list ();

  headroom_json_set_string (json, "title", self->title);
  headroom_json_set_strv (json, "devices", (const char *const *) self->devices);
  headroom_json_set_int (json, "reserve", self->reserve);
  headroom_json_set_string (json, "keep_alive", self->keep_alive);
  if (self->max_loaded == G_MAXUINT)
    headroom_json_set_string (json, "max_loaded", "unlimited");
  else if (self->max_loaded > 0)
    headroom_json_set_int (json, "max_loaded", self->max_loaded);
  if (self->num_parallel > 0)
    headroom_json_set_int (json, "num_parallel", self->num_parallel);
  for (guint i = 0; i < self->contenders->len; i++) {
    const HeadroomContender *contender = self->contenders->pdata[i];
    HrModel *shape = g_hash_table_lookup (shapes, contender->model);
    HrValue *model = hr_value_new_dict ();
    if (shape != NULL) {
      g_autofree char *bytes = g_strdup_printf ("%" PRIu64, hr_model_get_info (shape)->file_bytes);
      headroom_json_set_string (model, "bytes", bytes);
    }
    hr_value_set (models, contender->model, model);
    hr_value_append (requests, request_to_json (self, contender, i));
  }
  hr_value_set (json, "models", models);
  hr_value_set (json, "requests", requests);
  return json;
}

/* ---- Playing --------------------------------------------------------------------------------- */

/* The headers of the models that are not in the catalogue, by their names; NULL if one of them is
 * no model. */
static GHashTable *
open_shapes (const HeadroomWhatIf *self, GError **error)
{
  g_autoptr (GHashTable) shapes =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) hr_model_unref);
  g_autoptr (HeadroomStore) store = headroom_store_new (NULL, NULL);

  for (guint i = 0; i < self->contenders->len; i++) {
    const HeadroomContender *contender = self->contenders->pdata[i];
    g_autoptr (HeadroomModelEntry) entry = NULL;
    HrModel *model;
    if (headroom_catalogue_find (contender->model) != NULL ||
        g_hash_table_contains (shapes, contender->model))
      continue;
    entry = headroom_store_resolve (store, contender->model, error);
    model = entry != NULL && headroom_model_entry_get_path (entry) != NULL
                ? headroom_model_entry_open (entry, error)
                : NULL;
    if (model == NULL) {
      if (error != NULL && *error == NULL)
        g_set_error (error, HR_ERROR, HR_ERROR_UNSUPPORTED, _("%s is not a GGUF model"),
                     contender->model);
      return NULL;
    }
    g_hash_table_insert (shapes, g_strdup (contender->model), model);
  }
  return g_steal_pointer (&shapes);
}

/* What only has a size in the file gets the shape that is known here. */
static gboolean
fill_in_shapes (HeadroomScenario *scenario, GHashTable *shapes, GError **error)
{
  for (guint i = 0; i < scenario->models->len; i++) {
    HeadroomScenarioModel *model = &g_array_index (scenario->models, HeadroomScenarioModel, i);
    HrModel *shape = g_hash_table_lookup (shapes, model->name);
    if (shape == NULL)
      continue;
    if (!hr_model_is_runnable (shape, error))
      return FALSE;
    model->shape = hr_model_ref (shape);
    model->bytes = 0;
  }
  return TRUE;
}

static void
play (GTask *task, HrValue *json, GHashTable *shapes)
{
  g_autoptr (HeadroomPlayed) played = g_new0 (HeadroomPlayed, 1);
  GError *error = NULL;

  played->json = hr_value_ref (json);
  played->scenario = headroom_scenario_read (json, &error);
  if (played->scenario == NULL ||
      (shapes != NULL && !fill_in_shapes (played->scenario, shapes, &error))) {
    g_task_return_error (task, error);
    return;
  }
  played->simulation = headroom_simulation_play (played->scenario);
  g_task_return_pointer (task, g_steal_pointer (&played), (GDestroyNotify) headroom_played_free);
}

static void
play_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const HeadroomWhatIf *self = task_data;
  GError *error = NULL;
  g_autoptr (GHashTable) shapes = open_shapes (self, &error);
  g_autoptr (HrValue) json = NULL;

  if (shapes == NULL) {
    g_task_return_error (task, error);
    return;
  }
  json = to_scenario (self, shapes);
  play (task, json, shapes);
}

static void
play_json_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  play (task, task_data, NULL);
}

/**
 * headroom_what_if_play_async:
 * @take_self: (transfer full): what to play
 *
 * Plays on a thread of its own.
 */
void
headroom_what_if_play_async (HeadroomWhatIf *take_self, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_source_tag (task, headroom_what_if_play_async);
  g_task_set_task_data (task, take_self, (GDestroyNotify) headroom_what_if_free);
  g_task_run_in_thread (task, play_thread);
}

/**
 * headroom_what_if_play_json_async:
 * @scenario: a scenario as a file has it
 *
 * The same with a scenario that is written already.
 */
void
headroom_what_if_play_json_async (HrValue *scenario, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_source_tag (task, headroom_what_if_play_json_async);
  g_task_set_task_data (task, hr_value_ref (scenario), (GDestroyNotify) hr_value_unref);
  g_task_run_in_thread (task, play_json_thread);
}

/* Returns: (transfer full): what came of it, or %NULL with an error for people */
HeadroomPlayed *
headroom_what_if_play_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
