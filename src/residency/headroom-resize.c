/* headroom-resize.c: see headroom-resize.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-resize.h"

/* A client or two may need another length than those before; what comes then is a habit. */
#define CHANGES_BEFORE_ADVICE 3

static const char *
name_of (HeadroomResident *resident)
{
  return headroom_model_entry_get_name (resident->entry);
}

/* ---- Telling ---- */

static guint64
difference (const HrPlan *a, const HrPlan *b)
{
  guint64 x = hr_plan_get_bytes (a, HR_ITEM_N_KINDS), y = hr_plan_get_bytes (b, HR_ITEM_N_KINDS);

  return MAX (x, y) - MIN (x, y);
}

static gboolean
is_as_large (const HrSettings *a, const HrSettings *b)
{
  return a->num_ctx == b->num_ctx && a->parallel == b->parallel && a->num_batch == b->num_batch &&
         a->kv_type == b->kv_type;
}

static gboolean
is_same (const HrSettings *a, const HrSettings *b)
{
  return is_as_large (a, b) && a->gpu_layers == b->gpu_layers;
}

/* Layers that went to another device, and why: because somebody said how many, or for want of room,
 * or because there is more. */
static void
tell_layers (HeadroomResidency *self, HeadroomResident *resident, const HrSettings *before,
             guint64 bytes)
{
  gint32 was = MAX (before->gpu_layers, 0);
  gint32 is = MAX (hr_plan_get_settings (resident->plan)->gpu_layers, 0);

  if (was == is)
    return;
  headroom_residency_tell (self, HEADROOM_EVENT_RESIZE, name_of (resident), resident->demand.client,
                           bytes,
                           resident->demand.settings.gpu_layers >= 0 ? HEADROOM_REASON_LAYERS_ASKED
                           : is > was                                ? HEADROOM_REASON_LAYERS_FIT
                                                                     : HEADROOM_REASON_LAYERS_LEFT,
                           (guint) ABS (is - was), (guint) was, (guint) is);
}

static void
tell (HeadroomResidency *self, HeadroomResident *resident, const HrSettings *before, guint64 bytes)
{
  const HrSettings *now = hr_plan_get_settings (resident->plan);

  tell_layers (self, resident, before, bytes);
  if (is_as_large (before, now))
    return;
  headroom_residency_tell (self, HEADROOM_EVENT_RESIZE, name_of (resident), resident->demand.client,
                           bytes, HEADROOM_REASON_RESIZED, before->num_ctx, now->num_ctx,
                           before->parallel, now->parallel, hr_kv_type_name (before->kv_type),
                           hr_kv_type_name (now->kv_type), before->num_batch, now->num_batch);
}

void
headroom_resize_note (HeadroomResidency *self, HeadroomResident *resident,
                      const HeadroomDemand *demand)
{
  guint32 asked = demand->settings.num_ctx, last = resident->last_num_ctx;

  if (asked == 0 || asked == last)
    return;
  resident->last_num_ctx = asked;
  if (last > 0 && ++resident->n_other_sizes == CHANGES_BEFORE_ADVICE)
    headroom_residency_tell (self, HEADROOM_EVENT_ADVISE, name_of (resident), demand->client, 0,
                             HEADROOM_REASON_DIFFERENT_SIZES,
                             hr_plan_get_settings (resident->plan)->num_ctx);
}

/* ---- Doing ---- */

/* What runs is left alone, so only loading again makes it what is wanted, once it is idle. Who said
 * what it has to become is told instead, and decides. */
static void
give_up (HeadroomResidency *self, HeadroomResident *resident, const GError *error)
{
  gboolean elsewhere = g_error_matches (error, HR_ERROR, HR_ERROR_BUSY) ||
                       g_error_matches (error, HR_ERROR, HR_ERROR_SETTINGS);

  if (elsewhere && !resident->demand.exact) {
    resident->reload_instead = TRUE;
    return;
  }
  headroom_residency_tell (self, HEADROOM_EVENT_REFUSE, name_of (resident), resident->demand.client,
                           0, HEADROOM_REASON_REFUSED, error->message);
  headroom_residency_fail_one (self, resident->resize_for, error);
}

static void
resized_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (HeadroomResidency) self = user_data;
  HeadroomResident *resident = HEADROOM_RESIDENT (source);
  HrSettings before = *hr_plan_get_settings (resident->plan);
  guint64 bytes = difference (resident->plan, resident->next_plan);
  g_autoptr (GError) error = NULL;

  if (headroom_resident_resize_finish (resident, result, &error)) {
    if (hr_plan_get_settings (resident->plan)->gpu_layers > 0)
      g_clear_pointer (&resident->gpu_refusal, g_free);
    tell (self, resident, &before, bytes);
  } else
    give_up (self, resident, error);
  resident->resize_for = NULL;
  if (--resident->n_leases == 0)
    headroom_residency_settle (self, resident);
  else
    headroom_residency_pump (self);
}

/* As on the machine where the model itself takes nothing. Layers stay where they are, unless nobody
 * said how many are on GPUs and there is no room for them any more. */
static HrPlan *
plan_for (HeadroomResidency *self, HeadroomResident *resident, const HrSettings *settings,
          GError **error)
{
  HrDevice devices[HEADROOM_MAX_DEVICES];
  gsize n = headroom_residency_get_devices (self, devices, G_N_ELEMENTS (devices));
  g_autoptr (HeadroomFit) fit = NULL;
  HrSettings automatic = *settings;

  headroom_budget_give_back (resident, devices, n);
  fit = headroom_machine_fit (self->machine, resident->model, settings, devices, n, error);
  if (fit != NULL && resident->demand.settings.gpu_layers < 0 && settings->gpu_layers > 0 &&
      !hr_plan_fits (fit->plan, NULL)) {
    automatic.gpu_layers = -1;
    headroom_fit_free (fit);
    fit = headroom_machine_fit (self->machine, resident->model, &automatic, devices, n, error);
  }
  return fit != NULL ? g_steal_pointer (&fit->plan) : NULL;
}

/* While it is resized nobody may unload it, as if a request had it. */
static void
start (HeadroomResidency *self, HeadroomResident *resident, const HeadroomAcquisition *wanted,
       HrPlan *take_plan)
{
  headroom_keep_alive_stop (resident);
  resident->n_leases++;
  resident->resize_for = wanted;
  resident->demand.exact = wanted->demand.exact;
  if (wanted->demand.gpu_layers_given)
    resident->demand.settings.gpu_layers = wanted->demand.settings.gpu_layers;
  headroom_resident_resize_async (resident, take_plan, resized_cb, g_object_ref (self));
}

static HeadroomResizeOutcome
refuse (HeadroomResidency *self, HeadroomResident *resident, const HrSettings *settings,
        guint64 bytes, GError **error)
{
  GError *refusal = headroom_admission_new_refusal (self, resident, settings);

  headroom_residency_tell (self, HEADROOM_EVENT_REFUSE, name_of (resident), resident->demand.client,
                           bytes, HEADROOM_REASON_REFUSED, refusal->message);
  g_propagate_error (error, refusal);
  return HEADROOM_RESIZE_REFUSED;
}

/* Answers that run decide before anybody goes for it. Who needs more than there is has no answer
 * yet that could be too long. */
static gboolean
answers_allow (HeadroomResidency *self, HeadroomResident *resident,
               const HeadroomAcquisition *wanted, const HrSettings *settings, GError **error)
{
  g_autoptr (GError) reason = NULL;

  if (!wanted->demand.exact || resident->runner == NULL ||
      hr_runner_may_resize (resident->runner, settings, &reason))
    return TRUE;
  headroom_residency_tell (self, HEADROOM_EVENT_REFUSE, name_of (resident), resident->demand.client,
                           0, HEADROOM_REASON_REFUSED, reason->message);
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

/* Nowhere more than it has. */
static gboolean
only_shrinks (HeadroomResident *resident, const HrPlan *plan)
{
  for (gsize d = 0; d < hr_plan_n_devices (plan); d++)
    if (hr_plan_get_device_bytes (plan, d) > headroom_resident_get_bytes (resident, d))
      return FALSE;
  return TRUE;
}

gboolean
headroom_resize_makes_auto (const HeadroomResident *resident, const HeadroomAcquisition *wanted)
{
  return wanted->demand.exact && wanted->demand.gpu_layers_given &&
         wanted->demand.settings.gpu_layers < 0 && resident->demand.settings.gpu_layers >= 0;
}

HeadroomResizeOutcome
headroom_resize_try (HeadroomResidency *self, HeadroomResident *resident,
                     const HeadroomAcquisition *wanted, GError **error)
{
  const HrSettings *loaded = hr_plan_get_settings (resident->plan);
  g_autoptr (HrPlan) plan = NULL;
  HrSettings settings;

  if (resident->next_plan != NULL)
    return HEADROOM_RESIZE_LATER;
  if (resident->reload_instead ||
      !headroom_demand_resize (&wanted->demand, loaded,
                               hr_model_get_info (resident->model)->n_ctx_train, &settings))
    return HEADROOM_RESIZE_RELOAD;
  if (resident->gpu_refusal != NULL && !wanted->demand.exact)
    settings.gpu_layers = loaded->gpu_layers;
  plan = plan_for (self, resident, &settings, error);
  if (plan == NULL)
    return HEADROOM_RESIZE_REFUSED;
  if (is_same (hr_plan_get_settings (plan), loaded)) {
    if (wanted->demand.gpu_layers_given)
      resident->demand.settings.gpu_layers = wanted->demand.settings.gpu_layers;
    return HEADROOM_RESIZE_NOTHING;
  }
  g_strlcpy (resident->demand.client, wanted->demand.client, sizeof resident->demand.client);
  if (!answers_allow (self, resident, wanted, hr_plan_get_settings (plan), error))
    return HEADROOM_RESIZE_REFUSED;
  switch (only_shrinks (resident, plan) ? HEADROOM_PLACE_FREE
                                        : headroom_admission_make_room (self, resident, plan, 0)) {
  case HEADROOM_PLACE_FREE:
    start (self, resident, wanted, g_steal_pointer (&plan));
    return HEADROOM_RESIZE_LATER;
  case HEADROOM_PLACE_LATER:
    return HEADROOM_RESIZE_LATER;
  case HEADROOM_PLACE_IMPOSSIBLE:
  default:
    return refuse (self, resident, &settings, difference (plan, resident->plan), error);
  }
}
