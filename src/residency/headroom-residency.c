/* headroom-residency.c: see headroom-residency.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-residency-private.h"

#include <glib/gi18n-lib.h>

#include "headroom-env.h"
#include "headroom-quantity.h"
#include "headroom-resize.h"
#include "headroom-wire-time.h"

#define DEFAULT_KEEP_ALIVE_NS (5 * 60 * HEADROOM_NSEC_PER_SEC)
#define DEFAULT_LOAD_TIMEOUT_NS (5 * 60 * HEADROOM_NSEC_PER_SEC)
#define DEFAULT_MAX_QUEUE 512

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

static const char *
name_of (HeadroomResident *resident)
{
  return headroom_model_entry_get_name (resident->entry);
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

static HeadroomLease *
grant_lease (HeadroomResidency *self, HeadroomResident *resident, const HeadroomAcquisition *wanted)
{
  HeadroomLease *lease = g_new0 (HeadroomLease, 1);

  headroom_keep_alive_stop (resident);
  if (wanted->has_keep_alive)
    resident->keep_alive_ns = wanted->keep_alive_ns;
  resident->n_leases++;
  resident->last_used_us = headroom_machine_now_us (self->machine);
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

/* ---- The queue ---- */

static void
acquisition_free (gpointer data)
{
  HeadroomAcquisition *wanted = data;

  g_object_unref (wanted->entry);
  g_free (wanted);
}

static void
forget_cancelled (HeadroomAcquisition *wanted)
{
  if (wanted->cancelled == NULL)
    return;
  g_source_destroy (wanted->cancelled);
  g_clear_pointer (&wanted->cancelled, g_source_unref);
}

static gboolean
is_wanted (HeadroomResidency *self, const char *key)
{
  for (GList *l = self->queue.head; l != NULL; l = l->next)
    if (g_str_equal (key_of (((HeadroomAcquisition *) g_task_get_task_data (l->data))->entry), key))
      return TRUE;
  return FALSE;
}

/* Takes a task out of the queue; the caller returns from it. */
static GTask *
take (HeadroomResidency *self, GList *link)
{
  GTask *task = link->data;

  forget_cancelled (g_task_get_task_data (task));
  g_queue_delete_link (&self->queue, link);
  return task;
}

static gboolean
cancelled_cb (GCancellable *cancellable, gpointer data)
{
  GTask *task = data;
  g_autoptr (HeadroomResidency) self = g_object_ref (g_task_get_source_object (task));
  HeadroomAcquisition *wanted = g_task_get_task_data (task);
  HeadroomResident *resident = g_hash_table_lookup (self->residents, key_of (wanted->entry));
  g_autoptr (GTask) owned = take (self, g_queue_find (&self->queue, task));

  if (resident != NULL && resident == self->loading && !is_wanted (self, key_of (wanted->entry))) {
    g_cancellable_cancel (resident->cancellable);
    headroom_admission_continue (self);
  }
  g_task_return_error_if_cancelled (owned);
  headroom_residency_pump (self);
  return G_SOURCE_REMOVE;
}

static void
enqueue (HeadroomResidency *self, GTask *task)
{
  HeadroomAcquisition *wanted = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);

  g_queue_push_tail (&self->queue, g_object_ref (task));
  if (cancellable == NULL)
    return;
  wanted->cancelled = g_cancellable_source_new (cancellable);
  g_source_set_callback (wanted->cancelled, G_SOURCE_FUNC (cancelled_cb), task, NULL);
  g_source_attach (wanted->cancelled, self->context);
}

/* The model is here but not as it is needed. */
static void
reload_when_idle (HeadroomResidency *self, HeadroomResident *resident, const char *client,
                  const char *reason)
{
  if (resident->n_leases > 0)
    return;
  headroom_residency_tell (self, HEADROOM_EVENT_RELOAD, name_of (resident), client,
                           hr_plan_get_bytes (resident->plan, HR_ITEM_N_KINDS),
                           HEADROOM_REASON_OTHER_SETTINGS, reason);
  headroom_residency_start_unload (self, resident);
}

/* Names with manifests share a blob, whose content never changes; a loose file may be another one
 * by now. */
static gboolean
is_replaced (HeadroomResident *resident, const HeadroomAcquisition *wanted)
{
  return headroom_model_entry_is_loose (wanted->entry) &&
         headroom_model_entry_is_loose (resident->entry) &&
         !g_str_equal (headroom_model_entry_get_digest (wanted->entry),
                       headroom_model_entry_get_digest (resident->entry));
}

static gboolean
is_what_is_wanted (HeadroomResident *resident, const HeadroomAcquisition *wanted, char **ret_reason)
{
  if (is_replaced (resident, wanted)) {
    *ret_reason = g_strdup (_("its file was replaced"));
    return FALSE;
  }
  return headroom_demand_is_met (&wanted->demand, hr_plan_get_settings (resident->plan),
                                 hr_model_get_info (resident->model)->n_ctx_train, ret_reason);
}

/* The resident that an acquisition may have now, or NULL; then somebody will pump again, or error
 * says why it cannot have it at all. ret_overtakable: others may have that model meanwhile. */
static HeadroomResident *
find_place (HeadroomResidency *self, HeadroomAcquisition *wanted, gboolean *ret_overtakable,
            GError **error)
{
  HeadroomResident *resident = g_hash_table_lookup (self->residents, key_of (wanted->entry));
  g_autofree char *reason = NULL;

  if (resident == NULL && self->loading == NULL)
    headroom_admission_start (self, wanted->entry, &wanted->demand);
  if (resident == NULL || resident->state != HEADROOM_RESIDENT_READY)
    return NULL;
  if (is_what_is_wanted (resident, wanted, &reason))
    return resident;
  switch (is_replaced (resident, wanted) ? HEADROOM_RESIZE_RELOAD
                                         : headroom_resize_try (self, resident, wanted, error)) {
  case HEADROOM_RESIZE_NOTHING:
    return resident;
  case HEADROOM_RESIZE_RELOAD:
    reload_when_idle (self, resident, wanted->demand.client, reason);
    return NULL;
  case HEADROOM_RESIZE_LATER:
  case HEADROOM_RESIZE_REFUSED:
  default:
    *ret_overtakable = TRUE;
    return NULL;
  }
}

typedef struct {
  GTask *task;
  HeadroomLease *lease; /* NULL: error */
  GError *error;
} Grant;

/* Returning from a task may call back at once, and the callback may come here again: so first
 * decide, then return. */
static void
return_grants (GArray *grants)
{
  for (guint i = 0; i < grants->len; i++) {
    Grant *grant = &g_array_index (grants, Grant, i);
    if (grant->lease != NULL)
      g_task_return_pointer (grant->task, grant->lease, (GDestroyNotify) headroom_lease_free);
    else
      g_task_return_error (grant->task, grant->error);
    g_object_unref (grant->task);
  }
}

void
headroom_residency_pump (HeadroomResidency *self)
{
  g_autoptr (GHashTable) passed = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GArray) grants = g_array_new (FALSE, FALSE, sizeof (Grant));
  GList *next;

  for (GList *l = self->queue.head; l != NULL; l = next) {
    HeadroomAcquisition *wanted = g_task_get_task_data (l->data);
    const char *key = key_of (wanted->entry);
    HeadroomResident *resident;
    gboolean overtakable = FALSE;
    GError *error = NULL;
    next = l->next;
    /* Nobody overtakes an older request for the same model, but for one that waits for more than
     * others need. */
    if (g_hash_table_contains (passed, key))
      continue;
    resident = find_place (self, wanted, &overtakable, &error);
    if (resident != NULL)
      g_array_append_vals (
          grants, &(Grant){ .task = take (self, l), .lease = grant_lease (self, resident, wanted) },
          1);
    else if (error != NULL)
      g_array_append_vals (grants, &(Grant){ .task = take (self, l), .error = error }, 1);
    else if (!overtakable)
      g_hash_table_add (passed, (gpointer) key);
  }
  return_grants (grants);
}

void
headroom_residency_fail (HeadroomResidency *self, HeadroomModelEntry *entry, gboolean all,
                         const GError *error)
{
  g_autoptr (GPtrArray) failed = g_ptr_array_new_with_free_func (g_object_unref);
  GList *next;

  for (GList *l = self->queue.head; l != NULL; l = next) {
    next = l->next;
    if (!g_str_equal (key_of (((HeadroomAcquisition *) g_task_get_task_data (l->data))->entry),
                      key_of (entry)))
      continue;
    g_ptr_array_add (failed, take (self, l));
    if (!all)
      break;
  }
  for (guint i = 0; i < failed->len; i++)
    g_task_return_error (failed->pdata[i], g_error_copy (error));
}

void
headroom_residency_fail_one (HeadroomResidency *self, gconstpointer wanted, const GError *error)
{
  for (GList *l = self->queue.head; l != NULL; l = l->next) {
    if (g_task_get_task_data (l->data) == wanted) {
      g_autoptr (GTask) task = take (self, l);
      g_task_return_error (task, g_error_copy (error));
      return;
    }
  }
}

static gboolean
is_crowded (HeadroomResidency *self, HeadroomModelEntry *entry)
{
  HeadroomResident *resident = g_hash_table_lookup (self->residents, key_of (entry));

  if (resident != NULL && resident->state == HEADROOM_RESIDENT_READY &&
      resident->n_leases >=
          hr_plan_get_settings (resident->plan)->parallel + self->limits.max_queue)
    return TRUE;
  return g_queue_get_length (&self->queue) >= self->limits.max_queue;
}

void
headroom_residency_acquire_async (HeadroomResidency *self, HeadroomModelEntry *entry,
                                  const HeadroomDemand *demand, const gint64 *keep_alive_ns,
                                  GCancellable *cancellable, GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  HeadroomAcquisition *wanted = g_new0 (HeadroomAcquisition, 1);

  g_return_if_fail (key_of (entry) != NULL);
  g_task_set_source_tag (task, headroom_residency_acquire_async);
  wanted->entry = g_object_ref (entry);
  wanted->demand = *demand;
  wanted->has_keep_alive = keep_alive_ns != NULL;
  wanted->keep_alive_ns = keep_alive_ns != NULL ? *keep_alive_ns : 0;
  g_task_set_task_data (task, wanted, acquisition_free);
  if (self->closed) {
    g_task_return_new_error (task, HEADROOM_RESIDENCY_ERROR, HEADROOM_RESIDENCY_ERROR_CLOSED,
                             _("The server is shutting down"));
  } else if (is_crowded (self, entry)) {
    /* Clients match this text, both spaces included. */
    g_task_return_new_error (task, HEADROOM_RESIDENCY_ERROR, HEADROOM_RESIDENCY_ERROR_BUSY,
                             "server busy, please try again.  maximum pending requests exceeded");
  } else if (!g_task_return_error_if_cancelled (task)) {
    enqueue (self, task);
    headroom_residency_pump (self);
  }
}

HeadroomLease *
headroom_residency_acquire_finish (HeadroomResidency *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

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
  while (!g_queue_is_empty (&self->queue)) {
    g_autoptr (GTask) task = take (self, self->queue.head);
    g_task_return_error (task, g_error_copy (error));
  }
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

static gint64
duration_from_env (const char *name, gint64 fallback_ns)
{
  g_autofree char *text = headroom_env_dup (name);
  gint64 duration_ns = fallback_ns;

  if (text != NULL && !headroom_wire_parse_keep_alive_text (text, &duration_ns, NULL))
    g_warning ("%s: %s is not a duration", name, text);
  return duration_ns;
}

static guint64
bytes_from_env (const char *name)
{
  g_autofree char *text = headroom_env_dup (name);
  guint64 bytes = 0;

  if (text != NULL && !headroom_quantity_parse_bytes (text, &bytes))
    g_warning ("%s: %s is not an amount of memory", name, text);
  return bytes;
}

void
headroom_residency_limits_init_from_env (HeadroomResidencyLimits *ret_limits)
{
  *ret_limits = (HeadroomResidencyLimits) {
    .keep_alive_ns = duration_from_env ("KEEP_ALIVE", DEFAULT_KEEP_ALIVE_NS),
    .load_timeout_ns = duration_from_env ("LOAD_TIMEOUT", DEFAULT_LOAD_TIMEOUT_NS),
    .parking_bytes = bytes_from_env ("PARKING"),
  };
  ret_limits->max_loaded = (guint) MIN (headroom_env_get_uint ("MAX_LOADED_MODELS", 0), G_MAXUINT);
  ret_limits->max_queue =
      (guint) CLAMP (headroom_env_get_uint ("MAX_QUEUE", DEFAULT_MAX_QUEUE), 1, G_MAXINT);
}
