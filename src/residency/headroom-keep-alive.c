/* headroom-keep-alive.c: how long a model that nobody uses stays, and how it goes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-residency-private.h"

#include "headroom-wire-time.h"

void
headroom_residency_remove (HeadroomResidency *self, HeadroomResident *resident)
{
  if (self->loading == resident)
    self->loading = NULL;
  headroom_patience_stop (resident);
  g_hash_table_remove (self->residents, headroom_model_entry_get_identity (resident->entry));
  if (g_hash_table_size (self->residents) == 0)
    headroom_vigil_end (self);
}

void
headroom_keep_alive_stop (HeadroomResident *resident)
{
  if (resident->expiry == NULL)
    return;
  g_source_destroy (resident->expiry);
  g_clear_pointer (&resident->expiry, g_source_unref);
}

static void
unloaded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (HeadroomResidency) self = user_data;

  headroom_residency_remove (self, HEADROOM_RESIDENT (source));
  headroom_pressure_look_again (self);
  headroom_admission_continue (self);
  headroom_residency_pump (self);
}

void
headroom_residency_start_unload (HeadroomResidency *self, HeadroomResident *resident)
{
  g_assert (resident->state == HEADROOM_RESIDENT_READY && resident->n_leases == 0);
  headroom_keep_alive_stop (resident);
  headroom_resident_unload_async (resident, unloaded_cb, g_object_ref (self));
}

void
headroom_keep_alive_end (HeadroomResidency *self, HeadroomResident *resident)
{
  guint64 bytes = hr_plan_get_bytes (resident->plan, HR_ITEM_N_KINDS);

  if (resident->keep_alive_ns == 0) {
    headroom_residency_tell (self, HEADROOM_EVENT_UNLOAD,
                             headroom_model_entry_get_name (resident->entry), "", bytes,
                             HEADROOM_REASON_TOLD_TO_GO);
  } else {
    g_autofree char *duration = headroom_wire_format_duration (resident->keep_alive_ns);
    headroom_residency_tell (self, HEADROOM_EVENT_UNLOAD,
                             headroom_model_entry_get_name (resident->entry), "", bytes,
                             HEADROOM_REASON_KEEP_ALIVE, duration);
  }
  headroom_residency_start_unload (self, resident);
}

typedef struct {
  HeadroomResidency *self; /* borrowed: the source is destroyed with the residents */
  HeadroomResident *resident;
} Expiry;

static gboolean
expired_cb (gpointer data)
{
  Expiry *expiry = data;

  headroom_keep_alive_end (expiry->self, expiry->resident);
  return G_SOURCE_REMOVE;
}

void
headroom_keep_alive_start (HeadroomResidency *self, HeadroomResident *resident)
{
  gint64 now_ns = headroom_machine_now_ns (self->machine);
  Expiry *expiry;

  if (resident->state != HEADROOM_RESIDENT_READY || resident->n_leases > 0 ||
      resident->expiry != NULL)
    return;
  resident->last_used_us = headroom_machine_now_us (self->machine);
  if (self->closed) {
    headroom_residency_start_unload (self, resident);
    return;
  }
  if (resident->keep_alive_ns == HEADROOM_FOREVER) {
    resident->expires_ns = HEADROOM_FOREVER;
    return;
  }
  if (resident->keep_alive_ns == 0) {
    headroom_keep_alive_end (self, resident);
    return;
  }
  expiry = g_new (Expiry, 1);
  *expiry = (Expiry) { self, resident };
  resident->expires_ns = now_ns + MIN (resident->keep_alive_ns, HEADROOM_FOREVER - 1 - now_ns);
  resident->expiry = headroom_machine_new_timeout (self->machine, resident->keep_alive_ns / 1000);
  g_source_set_static_name (resident->expiry, "headroom-keep-alive");
  g_source_set_callback (resident->expiry, expired_cb, expiry, g_free);
  g_source_attach (resident->expiry, self->context);
}

gint64
headroom_residency_get_expiry (HeadroomResidency *self, HeadroomResident *resident)
{
  gint64 now = headroom_machine_now_ns (self->machine);

  if (resident == NULL)
    return now;
  if (resident->keep_alive_ns == HEADROOM_FOREVER)
    return HEADROOM_FOREVER;
  if (resident->expiry != NULL)
    return resident->expires_ns;
  return now + MIN (resident->keep_alive_ns, HEADROOM_FOREVER - now);
}
