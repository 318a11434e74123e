/* headroom-queue.c: requests for models, from being asked to a lease or a refusal.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A request waits here until its model is as it needs it: loaded, resized or loaded again. Requests
 * for a model have it in the order in which they came, but for one that waits for more than those
 * behind it need.
 */
#include "headroom-residency-private.h"

#include <glib/gi18n-lib.h>

#include "headroom-resize.h"

static const char *
key_of (HeadroomModelEntry *entry)
{
  return headroom_model_entry_get_identity (entry);
}

/* ---- In and out ---- */

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

/* ---- Finding a place ---- */

/* The model is here but not as it is needed. */
static void
reload_when_idle (HeadroomResidency *self, HeadroomResident *resident, const char *client,
                  const char *reason)
{
  if (resident->n_leases > 0)
    return;
  headroom_residency_tell (self, HEADROOM_EVENT_RELOAD,
                           headroom_model_entry_get_name (resident->entry), client,
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
  if (resident->gpu_refusal == NULL || wanted->demand.exact) {
    if (headroom_resize_makes_auto (resident, wanted) ||
        !headroom_demand_layers_are_met (&wanted->demand, resident->plan, ret_reason))
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
      g_array_append_vals (grants,
                           &(Grant){ .task = take (self, l),
                                     .lease = headroom_lease_grant (self, resident, wanted) },
                           1);
    else if (error != NULL)
      g_array_append_vals (grants, &(Grant){ .task = take (self, l), .error = error }, 1);
    else if (!overtakable)
      g_hash_table_add (passed, (gpointer) key);
  }
  return_grants (grants);
}

/* ---- Refusing ---- */

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

void
headroom_queue_refuse_all (HeadroomResidency *self, const GError *error)
{
  while (!g_queue_is_empty (&self->queue)) {
    g_autoptr (GTask) task = take (self, self->queue.head);
    g_task_return_error (task, g_error_copy (error));
  }
}

/* ---- Asking ---- */

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
