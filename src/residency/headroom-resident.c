/* headroom-resident.c: see headroom-resident.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-resident.h"

#include "headroom-machine.h"

G_DEFINE_FINAL_TYPE (HeadroomResident, headroom_resident, G_TYPE_OBJECT)

static const char *const state_names[] = {
  [HEADROOM_RESIDENT_OPENING] = "loading",
  [HEADROOM_RESIDENT_WAITING] = "waiting",
  [HEADROOM_RESIDENT_LOADING] = "loading",
  [HEADROOM_RESIDENT_READY] = "ready",
  [HEADROOM_RESIDENT_UNLOADING] = "unloading",
};

const char *
headroom_resident_state_name (HeadroomResidentState state)
{
  return state_names[state];
}

static void
headroom_resident_finalize (GObject *object)
{
  HeadroomResident *self = HEADROOM_RESIDENT (object);

  g_assert (self->n_leases == 0 && self->expiry == NULL);
  hr_runner_free (self->runner);
  hr_plan_unref (self->plan);
  hr_plan_unref (self->next_plan);
  hr_model_unref (self->model);
  g_free (self->gpu_refusal);
  g_object_unref (self->cancellable);
  g_object_unref (self->entry);
  g_object_unref (self->machine);
  G_OBJECT_CLASS (headroom_resident_parent_class)->finalize (object);
}

static void
headroom_resident_class_init (HeadroomResidentClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = headroom_resident_finalize;
}

static void
headroom_resident_init (HeadroomResident *self)
{
  self->cancellable = g_cancellable_new ();
}

HeadroomResident *
headroom_resident_new (HeadroomMachine *machine, HeadroomModelEntry *entry,
                       const HeadroomDemand *demand)
{
  HeadroomResident *self = g_object_new (HEADROOM_TYPE_RESIDENT, NULL);

  self->machine = g_object_ref (machine);
  self->entry = g_object_ref (entry);
  self->demand = *demand;
  self->wanted_us = headroom_machine_now_us (machine);
  return self;
}

/* ---- Coming and going ---- */

static GTask *
new_task (HeadroomResident *self, gpointer tag, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);

  g_task_set_source_tag (task, tag);
  return task;
}

void
headroom_resident_open_async (HeadroomResident *self, GAsyncReadyCallback callback,
                              gpointer user_data)
{
  headroom_machine_open (self->machine, self,
                         new_task (self, headroom_resident_open_async, callback, user_data));
}

gboolean
headroom_resident_open_finish (HeadroomResident *self, GAsyncResult *result, GError **error)
{
  HrModel *model = g_task_propagate_pointer (G_TASK (result), error);

  if (model == NULL)
    return FALSE;
  self->model = model;
  self->state = HEADROOM_RESIDENT_WAITING;
  return TRUE;
}

void
headroom_resident_load_async (HeadroomResident *self, HrPlan *take_plan,
                              GAsyncReadyCallback callback, gpointer user_data)
{
  self->state = HEADROOM_RESIDENT_LOADING;
  self->plan = take_plan;
  headroom_machine_load (self->machine, self,
                         new_task (self, headroom_resident_load_async, callback, user_data));
}

gboolean
headroom_resident_load_finish (HeadroomResident *self, GAsyncResult *result, GError **error)
{
  g_autoptr (GError) local = NULL;
  HrRunner *runner = g_task_propagate_pointer (G_TASK (result), &local);

  if (local != NULL) {
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
  }
  self->runner = runner;
  if (runner != NULL && hr_runner_get_plan (runner) != self->plan) {
    hr_plan_unref (self->plan);
    self->plan = hr_plan_ref (hr_runner_get_plan (runner));
  }
  self->state = HEADROOM_RESIDENT_READY;
  self->last_used_us = headroom_machine_now_us (self->machine);
  return TRUE;
}

void
headroom_resident_resize_async (HeadroomResident *self, HrPlan *take_plan,
                                GAsyncReadyCallback callback, gpointer user_data)
{
  g_assert (self->state == HEADROOM_RESIDENT_READY && self->next_plan == NULL);
  self->next_plan = take_plan;
  g_atomic_int_set (&self->progress_permille, 0);
  headroom_machine_resize (self->machine, self,
                           new_task (self, headroom_resident_resize_async, callback, user_data));
}

gboolean
headroom_resident_resize_finish (HeadroomResident *self, GAsyncResult *result, GError **error)
{
  g_autoptr (HrPlan) next = g_steal_pointer (&self->next_plan);

  if (!g_task_propagate_boolean (G_TASK (result), error))
    return FALSE;
  hr_plan_unref (self->plan);
  self->plan = g_steal_pointer (&next);
  return TRUE;
}

void
headroom_resident_unload_async (HeadroomResident *self, GAsyncReadyCallback callback,
                                gpointer user_data)
{
  self->state = HEADROOM_RESIDENT_UNLOADING;
  headroom_machine_unload (self->machine, self, g_steal_pointer (&self->runner),
                           new_task (self, headroom_resident_unload_async, callback, user_data));
}

/* ---- Numbers ---- */

double
headroom_resident_get_progress (HeadroomResident *self)
{
  return self->state >= HEADROOM_RESIDENT_READY && self->next_plan == NULL
             ? 1
             : g_atomic_int_get (&self->progress_permille) / 1000.0;
}

static guint64
planned_bytes (HrPlan *plan, HrItemKind kind, gsize device)
{
  guint64 bytes = 0;

  for (gsize i = 0; i < hr_plan_n_items (plan); i++) {
    const HrPlanItem *item = hr_plan_get_item (plan, i);
    if (item->kind == kind && item->device == device)
      bytes += item->bytes;
  }
  return bytes;
}

/* The plan that takes more of a device, of the present one and the one that it is on its way to. */
static HrPlan *
largest_plan (HeadroomResident *self, gsize device)
{
  return self->next_plan != NULL && hr_plan_get_device_bytes (self->next_plan, device) >
                                        hr_plan_get_device_bytes (self->plan, device)
             ? self->next_plan
             : self->plan;
}

guint64
headroom_resident_get_promised_bytes (HeadroomResident *self, gsize device)
{
  HrRunnerStats stats = { 0 };
  guint64 cache, weights;

  if (self->plan == NULL || device != 0) /* other devices are asked directly what is left of them */
    return 0;
  if (HEADROOM_MACHINE_GET_CLASS (self->machine)->is_imagined) /* what is planned is taken there */
    return 0;
  if (self->runner != NULL)
    hr_runner_get_stats (self->runner, &stats);
  cache = planned_bytes (largest_plan (self, device), HR_ITEM_CACHE, device);
  weights = planned_bytes (self->plan, HR_ITEM_WEIGHTS, device);
  return weights - MIN (weights, stats.weights_moved_bytes) + cache -
         MIN (cache, stats.cache_committed_bytes);
}

guint64
headroom_resident_get_bytes (HeadroomResident *self, gsize device)
{
  return self->plan != NULL ? hr_plan_get_device_bytes (largest_plan (self, device), device) : 0;
}
