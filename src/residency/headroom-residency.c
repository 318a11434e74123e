/* headroom-residency.c: see headroom-residency.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-residency-private.h"
#include "headroom-resize.h"

#include <glib/gi18n-lib.h>

#include "headroom-wire-time.h"

G_DEFINE_QUARK (headroom-residency-error-quark, headroom_residency_error)
G_DEFINE_FINAL_TYPE (HeadroomResidency, headroom_residency, G_TYPE_OBJECT)

struct _HeadroomLease {
  HeadroomResidency *residency;
  HeadroomResident *resident;
  guint32 num_ctx;
};

static const char *
key_of (HeadroomModelEntry *entry)
{
  return headroom_model_entry_get_identity (entry);
}

/* ---- Events ---- */

static void
keep (HeadroomResidency *self, HeadroomEvent *event)
{
  if (g_list_model_get_n_items (G_LIST_MODEL (self->events)) >= HEADROOM_RESIDENCY_MAX_EVENTS)
    g_list_store_remove (self->events, 0);
  g_list_store_append (self->events, event);
}

void
headroom_residency_tell (HeadroomResidency *self, HeadroomEventKind kind, const char *model,
                         const char *client, guint64 bytes, HeadroomReason reason, ...)
{
  HrValue *params;
  va_list args;

  va_start (args, reason);
  params = headroom_reason_new (reason, args);
  va_end (args);
  headroom_residency_tell_params (self, kind, model, client, bytes, reason, params);
}

void
headroom_residency_tell_params (HeadroomResidency *self, HeadroomEventKind kind, const char *model,
                                const char *client, guint64 bytes, HeadroomReason reason,
                                HrValue *take_params)
{
  g_autoptr (HeadroomEvent) event =
      headroom_event_new (headroom_machine_now_ns (self->machine), kind, model, client, bytes,
                          reason, take_params);

  if (!HEADROOM_MACHINE_GET_CLASS (self->machine)->is_imagined)
    g_info ("%s %s: %s", headroom_event_get_kind_name (event), model,
            headroom_event_get_reason (event));
  keep (self, event);
  if (self->log != NULL)
    headroom_event_log_append (self->log, event);
}

void
headroom_residency_take_log (HeadroomResidency *self, HeadroomEventLog *take_log)
{
  g_autoptr (GPtrArray) before = headroom_event_log_read (take_log, HEADROOM_RESIDENCY_MAX_EVENTS);

  for (guint i = 0; i < before->len; i++)
    keep (self, before->pdata[i]);
  self->log = take_log;
}

HeadroomWatches *
headroom_residency_get_watches (HeadroomResidency *self)
{
  return self->watches;
}

GListModel *
headroom_residency_get_events (HeadroomResidency *self)
{
  return G_LIST_MODEL (self->events);
}

/* ---- Leases ---- */

/* Those who wait for this model come first, then its time starts to run, then those who wait for
 * its place. */
void
headroom_residency_settle (HeadroomResidency *self, HeadroomResident *resident)
{
  headroom_residency_pump (self);
  headroom_keep_alive_start (self, resident);
  headroom_pressure_look_again (self);
  headroom_admission_continue (self);
}

HeadroomLease *
headroom_lease_grant (HeadroomResidency *self, HeadroomResident *resident,
                      const HeadroomAcquisition *wanted)
{
  HeadroomLease *lease = g_new0 (HeadroomLease, 1);

  headroom_keep_alive_stop (resident);
  if (wanted->has_keep_alive)
    resident->keep_alive_ns = wanted->keep_alive_ns;
  resident->n_leases++;
  resident->last_used_us = headroom_machine_now_us (self->machine);
  headroom_resize_note (self, resident, &wanted->demand);
  lease->residency = g_object_ref (self);
  lease->resident = g_object_ref (resident);
  lease->num_ctx = headroom_demand_num_ctx (&wanted->demand, hr_plan_get_settings (resident->plan));
  return lease;
}

void
headroom_lease_free (HeadroomLease *lease)
{
  g_autoptr (HeadroomResidency) self = NULL;
  g_autoptr (HeadroomResident) resident = NULL;

  if (lease == NULL)
    return;
  self = lease->residency;
  resident = lease->resident;
  g_free (lease);
  if (--resident->n_leases == 0)
    headroom_residency_settle (self, resident);
}

HrRunner *
headroom_lease_get_runner (HeadroomLease *lease)
{
  return lease->resident->runner;
}

const HrPlan *
headroom_lease_get_plan (HeadroomLease *lease)
{
  return lease->resident->plan;
}

HrModel *
headroom_lease_get_model (HeadroomLease *lease)
{
  return lease->resident->model;
}

guint32
headroom_lease_get_num_ctx (HeadroomLease *lease)
{
  return lease->num_ctx;
}

/* ---- Who is here ---- */

void
headroom_residency_unload (HeadroomResidency *self, HeadroomModelEntry *entry)
{
  HeadroomResident *resident =
      key_of (entry) != NULL ? g_hash_table_lookup (self->residents, key_of (entry)) : NULL;

  if (resident == NULL)
    return;
  resident->keep_alive_ns = 0;
  if (resident->state == HEADROOM_RESIDENT_READY && resident->n_leases == 0)
    headroom_keep_alive_end (self, resident);
}

GPtrArray *
headroom_residency_dup_residents (HeadroomResidency *self)
{
  GPtrArray *residents = g_ptr_array_new_with_free_func (g_object_unref);
  GHashTableIter iter;
  gpointer resident;

  g_hash_table_iter_init (&iter, self->residents);
  while (g_hash_table_iter_next (&iter, NULL, &resident))
    g_ptr_array_add (residents, g_object_ref (resident));
  return residents;
}

HrModel *
headroom_residency_ref_model (HeadroomResidency *self, HeadroomModelEntry *entry)
{
  HeadroomResident *resident = g_hash_table_lookup (self->residents, key_of (entry));

  return resident != NULL && resident->model != NULL ? hr_model_ref (resident->model) : NULL;
}

/* ---- Lifetime ---- */

void
headroom_residency_close (HeadroomResidency *self)
{
  g_autoptr (GError) error =
      g_error_new_literal (HEADROOM_RESIDENCY_ERROR, HEADROOM_RESIDENCY_ERROR_CLOSED,
                           _("The server is shutting down"));
  g_autoptr (GPtrArray) residents = NULL;

  self->closed = TRUE;
  headroom_pressure_stop (self);
  headroom_queue_refuse_all (self, error);
  if (self->loading != NULL) {
    g_cancellable_cancel (self->loading->cancellable);
    headroom_admission_continue (self);
  }
  residents = headroom_residency_dup_residents (self);
  for (guint i = 0; i < residents->len; i++) {
    HeadroomResident *resident = residents->pdata[i];
    if (resident->state == HEADROOM_RESIDENT_READY && resident->n_leases == 0)
      headroom_residency_start_unload (self, resident);
  }
  while (g_hash_table_size (self->residents) > 0)
    headroom_machine_wait (self->machine, self->context);
}

static void
headroom_residency_finalize (GObject *object)
{
  HeadroomResidency *self = HEADROOM_RESIDENCY (object);

  g_assert (g_queue_is_empty (&self->queue));
  g_hash_table_unref (self->residents);
  g_object_unref (self->events);
  headroom_event_log_free (self->log);
  headroom_watches_free (self->watches);
  g_object_unref (self->machine);
  g_main_context_unref (self->context);
  G_OBJECT_CLASS (headroom_residency_parent_class)->finalize (object);
}

static void
headroom_residency_class_init (HeadroomResidencyClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = headroom_residency_finalize;
}

static void
headroom_residency_init (HeadroomResidency *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->residents = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_object_unref);
  self->events = g_list_store_new (HEADROOM_TYPE_EVENT);
  g_queue_init (&self->queue);
}

HeadroomResidency *
headroom_residency_new_on (HeadroomMachine *machine, const HeadroomResidencyLimits *limits)
{
  HeadroomResidency *self = g_object_new (HEADROOM_TYPE_RESIDENCY, NULL);
  gboolean imagined = HEADROOM_MACHINE_GET_CLASS (machine)->is_imagined;
  g_autofree char *settings = imagined ? NULL : headroom_watches_dup_path ();

  self->machine = g_object_ref (machine);
  self->limits = *limits;
  self->pressure.relief = headroom_parking_relieve;
  self->watches = headroom_watches_new (settings);
  return self;
}

HeadroomResidency *
headroom_residency_new (const HeadroomResidencyLimits *limits)
{
  g_autoptr (HeadroomMachine) machine = headroom_machine_new ();

  return headroom_residency_new_on (machine, limits);
}
