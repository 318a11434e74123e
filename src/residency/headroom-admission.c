/* headroom-admission.c: finds a place for a model and loads it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * open the header -> plan -> [send idle models away, or wait for busy ones] -> load -> ready
 *
 * One model at a time is on this way; requests for models that are ready do not notice.
 */
#include "headroom-residency-private.h"

#include <glib/gi18n-lib.h>

#include "headroom-wire-time.h"

/* Models at once for each GPU, or without one, where nobody said how many. */
#define DEFAULT_MODELS_PER_DEVICE 3

/* ---- Limits ---- */

guint
headroom_residency_get_max_loaded (HeadroomResidency *self, guint n_gpus)
{
  return self->limits.max_loaded > 0 ? self->limits.max_loaded
                                     : DEFAULT_MODELS_PER_DEVICE * MAX (n_gpus, 1);
}

static guint
max_loaded (HeadroomResidency *self, const HrPlan *plan)
{
  guint n_gpus = 0;

  for (gsize d = 0; d < hr_plan_n_devices (plan); d++)
    n_gpus += hr_plan_get_device (plan, d)->kind == HR_DEVICE_GPU;
  return headroom_residency_get_max_loaded (self, n_gpus);
}

/* What a plan lacks on a device, 0 if nothing. What others have taken of the reserve has to be made
 * good first. */
static guint64
shortage (const HrPlan *plan, gsize d)
{
  const HrDevice *device = hr_plan_get_device (plan, d);
  guint64 need = hr_plan_get_device_bytes (plan, d);

  if (need == 0)
    return 0;
  need += device->reserve;
  return need > device->free ? need - device->free : 0;
}

/* ---- Making room ---- */

static void
evict (HeadroomResidency *self, GArray *list, HeadroomResident *for_whom, guint64 need_bytes)
{
  const char *guest = headroom_model_entry_get_name (for_whom->entry);

  for (guint i = 0; i < list->len; i++) {
    HeadroomCandidate *c = &g_array_index (list, HeadroomCandidate, i);
    if (!c->candidate.chosen)
      continue;
    if (need_bytes > 0)
      headroom_residency_tell (self, HEADROOM_EVENT_EVICT,
                               headroom_model_entry_get_name (c->resident->entry),
                               for_whom->demand.client, c->candidate.bytes, HEADROOM_REASON_ROOM,
                               guest, need_bytes);
    else
      headroom_residency_tell (self, HEADROOM_EVENT_EVICT,
                               headroom_model_entry_get_name (c->resident->entry),
                               for_whom->demand.client, c->candidate.bytes,
                               HEADROOM_REASON_TOO_MANY, guest);
    headroom_residency_start_unload (self, c->resident);
  }
}

/* Looks at one device: ret_idle is who would have to go there, NULL where nobody has to. */
static HeadroomPlace
look_at (HeadroomResidency *self, HeadroomResident *guest, gsize device, guint64 need_bytes,
         gsize need_models, GArray **ret_idle)
{
  g_autoptr (GArray) idle = NULL;
  g_autoptr (GArray) all = NULL;

  *ret_idle = NULL;
  if (need_bytes == 0 && need_models == 0)
    return HEADROOM_PLACE_FREE;
  idle = headroom_candidates_list (self, guest, device, FALSE);
  if (headroom_candidates_choose (idle, need_bytes, need_models)) {
    *ret_idle = g_steal_pointer (&idle);
    return HEADROOM_PLACE_LATER;
  }
  all = headroom_candidates_list (self, guest, device, TRUE);
  return headroom_candidates_choose (all, need_bytes, need_models) ? HEADROOM_PLACE_LATER
                                                                   : HEADROOM_PLACE_IMPOSSIBLE;
}

/* Of models that may be loaded at once, those too many with another one. */
static gsize
too_many (HeadroomResidency *self, const HrPlan *plan)
{
  guint n_loaded = g_hash_table_size (self->residents) - 1, limit = max_loaded (self, plan);

  return n_loaded >= limit ? n_loaded - limit + 1 : 0;
}

HeadroomPlace
headroom_admission_make_room (HeadroomResidency *self, HeadroomResident *guest, const HrPlan *plan,
                              gsize need_models)
{
  HeadroomPlace place = HEADROOM_PLACE_FREE;
  g_autoptr (GArray) first = NULL; /* who goes, of the first device where somebody has to */
  guint64 first_bytes = 0;
  gboolean busy = FALSE;

  /* What leaves is counted in n_loaded and in what is promised, so wait before choosing more. */
  if (headroom_residency_something_leaves (self))
    return HEADROOM_PLACE_LATER;
  /* Nobody goes in vain: first all devices are looked at. Who goes for one of them may be enough
   * for the next, so those are looked at again once they have gone. */
  for (gsize d = 0; d < hr_plan_n_devices (plan); d++) {
    g_autoptr (GArray) idle = NULL;
    HeadroomPlace here =
        look_at (self, guest, d, shortage (plan, d), d == 0 ? need_models : 0, &idle);
    if (here == HEADROOM_PLACE_IMPOSSIBLE)
      return here;
    if (here == HEADROOM_PLACE_FREE)
      continue;
    place = here;
    busy |= idle == NULL;
    if (first != NULL || idle == NULL)
      continue;
    first = g_steal_pointer (&idle);
    first_bytes = shortage (plan, d);
  }
  if (first != NULL && !busy)
    evict (self, first, guest, first_bytes);
  return place;
}

/* ---- Loading ---- */

/* Who is pinned, for the person who is refused; "" if nobody is. */
static char *
dup_pinned (HeadroomResidency *self)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  g_autofree char *joined = NULL;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->residents);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    HeadroomResident *resident = value;
    if (resident->state == HEADROOM_RESIDENT_READY && resident->keep_alive_ns == HEADROOM_FOREVER)
      g_ptr_array_add (names, (gpointer) headroom_model_entry_get_name (resident->entry));
  }
  if (names->len == 0)
    return g_strdup ("");
  g_ptr_array_add (names, NULL);
  joined = g_strjoinv (", ", (char **) names->pdata);
  return g_strdup_printf (_(" Pinned by keep_alive: %s."), joined);
}

static void
give_up (HeadroomResidency *self, HeadroomResident *resident, gboolean all, const GError *error)
{
  gboolean was_cancelled = g_cancellable_is_cancelled (resident->cancellable);

  if (!was_cancelled)
    headroom_residency_tell (self, HEADROOM_EVENT_REFUSE,
                             headroom_model_entry_get_name (resident->entry),
                             resident->demand.client,
                             resident->plan != NULL
                                 ? hr_plan_get_bytes (resident->plan, HR_ITEM_N_KINDS)
                                 : 0,
                             HEADROOM_REASON_REFUSED, error->message);
  g_object_ref (resident);
  headroom_residency_remove (self, resident);
  /* A load that was stopped because nobody wanted it is no answer to those who came since: they
   * start it again. */
  if (!was_cancelled)
    headroom_residency_fail (self, resident->entry, all, error);
  g_object_unref (resident);
  headroom_residency_pump (self);
}

/* The same plan on the machine as it would be if every model that may go were gone: what it says
 * would fit is the truth. */
static HeadroomFit *
fit_alone (HeadroomResidency *self, HeadroomResident *guest, const HrSettings *settings)
{
  HrDevice devices[HEADROOM_MAX_DEVICES];
  gsize n = headroom_residency_get_devices (self, devices, G_N_ELEMENTS (devices));
  GHashTableIter iter;
  gpointer resident;

  g_hash_table_iter_init (&iter, self->residents);
  while (g_hash_table_iter_next (&iter, NULL, &resident))
    if (resident == guest || headroom_candidate_may_go (resident, TRUE))
      headroom_budget_give_back (resident, devices, n);
  return headroom_machine_fit (self->machine, guest->model, settings, devices, n, NULL);
}

GError *
headroom_admission_new_refusal (HeadroomResidency *self, HeadroomResident *guest,
                                const HrSettings *settings)
{
  g_autofree char *pinned = dup_pinned (self);
  g_autoptr (HeadroomFit) alone = fit_alone (self, guest, settings);
  g_autoptr (GError) reason = NULL;

  if (hr_plan_fits (alone->plan, &reason))
    return g_error_new (HEADROOM_RESIDENCY_ERROR, HEADROOM_RESIDENCY_ERROR_NO_MEMORY,
                         _("As many models are loaded as may be (%u), and none of them may go.%s"),
                         max_loaded (self, alone->plan), pinned);
  return g_error_new (HEADROOM_RESIDENCY_ERROR, HEADROOM_RESIDENCY_ERROR_NO_MEMORY, "%s%s",
                      reason->message, pinned);
}

static void
refuse (HeadroomResidency *self, HeadroomResident *resident)
{
  g_autoptr (GError) error =
      headroom_admission_new_refusal (self, resident, &resident->demand.settings);

  give_up (self, resident, FALSE, error);
}

static void
loaded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (HeadroomResidency) self = user_data;
  HeadroomResident *resident = HEADROOM_RESIDENT (source);
  g_autoptr (GError) error = NULL;
  const HrSettings *settings;

  if (!headroom_resident_load_finish (resident, result, &error)) {
    give_up (self, resident, TRUE, error);
    return;
  }
  if (self->loading == resident)
    self->loading = NULL;
  headroom_patience_stop (resident);
  headroom_parking_start (self, resident);
  headroom_gpu_lost_start (self, resident);
  if (resident->gpu_refusal != NULL)
    headroom_residency_tell (self, HEADROOM_EVENT_ADVISE,
                             headroom_model_entry_get_name (resident->entry),
                             resident->demand.client,
                             hr_plan_get_bytes (resident->plan, HR_ITEM_N_KINDS),
                             HEADROOM_REASON_GPU_REFUSED, resident->gpu_refusal);
  settings = hr_plan_get_settings (resident->plan);
  headroom_residency_tell (
      self, HEADROOM_EVENT_LOAD, headroom_model_entry_get_name (resident->entry),
      resident->demand.client, hr_plan_get_bytes (resident->plan, HR_ITEM_N_KINDS),
      HEADROOM_REASON_ASKED, settings->num_ctx, settings->parallel,
      (double) (headroom_machine_now_us (self->machine) - resident->wanted_us) / G_USEC_PER_SEC);
  headroom_residency_settle (self, resident);
}

static void
log_load (const HrPlan *plan)
{
  const HrSettings *s = hr_plan_get_settings (plan);

  g_message ("ctx-size=%" G_GUINT64_FORMAT " parallel=%u ctx-per-slot=%u weights=%" G_GUINT64_FORMAT
             " cache=%" G_GUINT64_FORMAT " compute=%" G_GUINT64_FORMAT
             " projector=%" G_GUINT64_FORMAT " gpu_layers=%d",
             (guint64) s->num_ctx * s->parallel, s->parallel, s->num_ctx,
             hr_plan_get_bytes (plan, HR_ITEM_WEIGHTS), hr_plan_get_bytes (plan, HR_ITEM_CACHE),
             hr_plan_get_bytes (plan, HR_ITEM_COMPUTE) + hr_plan_get_bytes (plan, HR_ITEM_OUTPUT),
             hr_plan_get_bytes (plan, HR_ITEM_PROJECTOR), MAX (s->gpu_layers, 0));
}

static void
wait_for_place (HeadroomResidency *self, HeadroomResident *resident)
{
  if (resident->queue_told || headroom_residency_something_leaves (self))
    return;
  resident->queue_told = TRUE;
  headroom_residency_tell (self, HEADROOM_EVENT_QUEUE,
                           headroom_model_entry_get_name (resident->entry), resident->demand.client,
                           0, HEADROOM_REASON_BUSY);
}

void
headroom_admission_continue (HeadroomResidency *self)
{
  HeadroomResident *resident = self->loading;
  g_autoptr (HrPlan) plan = NULL;
  g_autoptr (GError) error = NULL;

  if (resident == NULL || resident->state != HEADROOM_RESIDENT_WAITING)
    return;
  if (g_cancellable_set_error_if_cancelled (resident->cancellable, &error) ||
      (plan = headroom_residency_plan (self, NULL, resident->model, &resident->demand, &error)) ==
          NULL) {
    give_up (self, resident, TRUE, error);
    return;
  }
  switch (headroom_admission_make_room (self, resident, plan, too_many (self, plan))) {
  case HEADROOM_PLACE_FREE:
    if (!HEADROOM_MACHINE_GET_CLASS (self->machine)->is_imagined)
      log_load (plan);
    headroom_resident_load_async (resident, g_steal_pointer (&plan), loaded_cb,
                                  g_object_ref (self));
    break;
  case HEADROOM_PLACE_LATER:
    wait_for_place (self, resident);
    break;
  case HEADROOM_PLACE_IMPOSSIBLE:
    refuse (self, resident);
    break;
  }
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (HeadroomResidency) self = user_data;
  HeadroomResident *resident = HEADROOM_RESIDENT (source);
  g_autoptr (GError) error = NULL;

  if (!headroom_resident_open_finish (resident, result, &error))
    give_up (self, resident, TRUE, error);
  else if (self->loading != resident) /* it was given up while its file did not answer */
    give_up (self, resident, FALSE, error);
  else
    headroom_admission_continue (self);
}

void
headroom_admission_start (HeadroomResidency *self, HeadroomModelEntry *entry,
                          const HeadroomDemand *demand)
{
  HeadroomResident *resident = headroom_resident_new (self->machine, entry, demand);

  g_assert (self->loading == NULL);
  resident->keep_alive_ns = self->limits.keep_alive_ns;
  self->loading = resident;
  g_hash_table_insert (self->residents, (gpointer) headroom_model_entry_get_identity (entry),
                       resident);
  headroom_pressure_watch (self);
  headroom_patience_start (self, resident);
  headroom_resident_open_async (resident, opened_cb, g_object_ref (self));
}
