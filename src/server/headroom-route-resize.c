/* headroom-route-resize.c: other settings for a model that is loaded.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The same way as a request that needs more than was loaded, but that the settings are to become what
 * is said, smaller ones too, and that what runs has a say: it is told what would be cut off.
 */
#include "headroom-router.h"

#include <glib/gi18n-lib.h>

#include "headroom-json.h"
#include "headroom-plan-json.h"
#include "headroom-wire.h"

typedef struct {
  HeadroomExchange *exchange; /* NULL: its work holds it */
  HeadroomModelEntry *entry;
  HeadroomDemand demand;
} Resize;

static void
resize_free (gpointer data)
{
  Resize *self = data;

  g_clear_object (&self->exchange);
  g_clear_object (&self->entry);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Resize, resize_free)

static gboolean
says_nothing (const HeadroomDemand *demand)
{
  const HrSettings *s = &demand->settings;

  return s->num_ctx == 0 && s->parallel == 0 && s->num_batch == 0 && !demand->kv_type_given &&
         !demand->gpu_layers_given;
}

static gboolean
read_demand (HeadroomExchange *exchange, HrValue *json, HeadroomDemand *ret_demand, GError **error)
{
  g_autoptr (HeadroomOptions) options = headroom_options_new ();
  HrValue *nested = hr_value_lookup (json, "options");

  if (!headroom_options_merge (options, json, error) ||
      !headroom_options_merge (options, nested, error) ||
      !headroom_demand_init (ret_demand, options, nested != NULL ? nested : json,
                             headroom_exchange_get_client (exchange), error))
    return FALSE;
  ret_demand->exact = TRUE;
  if (!says_nothing (ret_demand))
    return TRUE;
  g_set_error_literal (
      error, HEADROOM_WIRE_ERROR, 400,
      _("Say what is to change: num_ctx, parallel, num_batch, kv_type or num_gpu."));
  return FALSE;
}

static gpointer
read_work (HeadroomExchange *exchange, gpointer data, GError **error)
{
  gsize len;
  const char *body = headroom_exchange_get_body (exchange, &len);
  g_autoptr (HrValue) json = headroom_json_parse (body, (gssize) len, FALSE, error);
  g_autoptr (Resize) self = g_new0 (Resize, 1);

  if (json == NULL)
    return NULL;
  self->entry = headroom_route_find_entry (exchange, json, error);
  if (self->entry == NULL || !read_demand (exchange, json, &self->demand, error))
    return NULL;
  return g_steal_pointer (&self);
}

static void
reply (HeadroomExchange *exchange, HeadroomModelEntry *entry, HeadroomLease *lease)
{
  const HrPlan *plan = headroom_lease_get_plan (lease);
  g_autoptr (HrValue) json = hr_value_new_dict ();
  g_autofree char *text = NULL;

  headroom_json_set_string (json, "model", headroom_model_entry_get_name (entry));
  hr_value_set (json, "settings", headroom_settings_to_json (hr_plan_get_settings (plan)));
  hr_value_set (json, "bytes", headroom_plan_bytes_to_json (plan));
  headroom_json_set_float (
      json, "seconds",
      (double) (g_get_monotonic_time () - headroom_exchange_get_started_us (exchange)) /
          G_USEC_PER_SEC);
  text = headroom_json_print (json, HEADROOM_JSON_PLAIN);
  headroom_exchange_reply_json (exchange, SOUP_STATUS_OK, text);
}

static void
resized_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Resize) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (HeadroomLease) lease =
      headroom_residency_acquire_finish (HEADROOM_RESIDENCY (source), result, &error);

  if (lease != NULL)
    reply (self->exchange, self->entry, lease);
  else
    headroom_exchange_reply_error (self->exchange, error);
}

static void
was_read (HeadroomExchange *exchange, gpointer take_result, gpointer data)
{
  HeadroomResidency *residency = headroom_exchange_get_service (exchange)->residency;
  g_autoptr (Resize) self = take_result;
  g_autoptr (HrModel) loaded = headroom_residency_ref_model (residency, self->entry);

  if (loaded == NULL) {
    g_autofree char *text =
        g_strdup_printf (_("%s is not loaded; what is not in memory has no size to change"),
                         headroom_model_entry_get_name (self->entry));
    headroom_exchange_reply_problem (exchange, SOUP_STATUS_NOT_FOUND, text);
    return;
  }
  self->exchange = g_object_ref (exchange);
  headroom_residency_acquire_async (residency, self->entry, &self->demand, NULL,
                                    headroom_exchange_get_cancellable (exchange), resized_cb, self);
  g_steal_pointer (&self);
}

void
headroom_route_resize (HeadroomExchange *exchange)
{
  headroom_exchange_work (exchange, read_work, was_read, NULL, NULL, resize_free);
}
