/* headroom-patience.c: gives up on loads that stand still.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A thread that waits for a dead disk or network cannot be stopped. So whoever waits for the model
 * is told, others may load meanwhile, and the load is left to end by itself; until it does,
 * requests for that model are told the same after the same time.
 */
#include "headroom-residency-private.h"

#include <glib/gi18n-lib.h>

#include "headroom-wire-time.h"

typedef struct {
  HeadroomResidency *self; /* borrowed, both: the source is destroyed before them */
  HeadroomResident *resident;
} Patience;

static void
abandon (HeadroomResidency *self, HeadroomResident *resident)
{
  g_autofree char *duration = headroom_wire_format_duration (self->limits.load_timeout_ns);
  g_autoptr (GError) error = g_error_new (
      HEADROOM_RESIDENCY_ERROR, HEADROOM_RESIDENCY_ERROR_STALLED,
      _("Loading %s did not get on for %s (LOAD_TIMEOUT)"),
      headroom_model_entry_get_name (resident->entry), duration);

  if (!g_cancellable_is_cancelled (resident->cancellable))
    headroom_residency_tell (self, HEADROOM_EVENT_REFUSE,
                             headroom_model_entry_get_name (resident->entry),
                             resident->demand.client, 0, HEADROOM_REASON_LOAD_STALLED, duration);
  g_cancellable_cancel (resident->cancellable);
  if (self->loading == resident)
    self->loading = NULL;
  headroom_residency_fail (self, resident->entry, TRUE, error);
  headroom_residency_pump (self);
}

static gboolean
waited_cb (gpointer data)
{
  Patience *patience = data;
  HeadroomResidency *self = patience->self;
  g_autoptr (HeadroomResident) resident = g_object_ref (patience->resident);
  int permille = g_atomic_int_get (&resident->progress_permille);
  gboolean still = permille == resident->patience_permille;

  g_clear_pointer (&resident->patience, g_source_unref);
  resident->patience_permille = permille;
  headroom_patience_start (self, resident);
  /* Waiting for others to make room is no standstill. */
  if (still && resident->state != HEADROOM_RESIDENT_WAITING)
    abandon (self, resident);
  return G_SOURCE_REMOVE;
}

void
headroom_patience_start (HeadroomResidency *self, HeadroomResident *resident)
{
  gint64 timeout_ns = self->limits.load_timeout_ns;
  Patience *patience;

  if (timeout_ns <= 0 || timeout_ns == HEADROOM_FOREVER || resident->patience != NULL)
    return;
  patience = g_new (Patience, 1);
  *patience = (Patience) { self, resident };
  resident->patience = headroom_machine_new_timeout (self->machine, timeout_ns / 1000);
  g_source_set_static_name (resident->patience, "headroom-patience");
  g_source_set_callback (resident->patience, waited_cb, patience, g_free);
  g_source_attach (resident->patience, self->context);
}

void
headroom_patience_stop (HeadroomResident *resident)
{
  if (resident->patience == NULL)
    return;
  g_source_destroy (resident->patience);
  g_clear_pointer (&resident->patience, g_source_unref);
}
