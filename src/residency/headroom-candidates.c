/* headroom-candidates.c: which models may go, and a choice among them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-residency-private.h"

#include "headroom-wire-time.h"

gboolean
headroom_candidate_may_go (HeadroomResident *resident, gboolean even_busy)
{
  return resident->state == HEADROOM_RESIDENT_READY &&
         resident->keep_alive_ns != HEADROOM_FOREVER && (even_busy || resident->n_leases == 0);
}

GArray *
headroom_candidates_list (HeadroomResidency *self, HeadroomResident *guest, gsize device,
                          gboolean even_busy)
{
  GArray *list = g_array_new (FALSE, TRUE, sizeof (HeadroomCandidate));
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->residents);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    HeadroomResident *resident = value;
    HeadroomCandidate candidate = { .resident = resident };
    if (resident == guest || !headroom_candidate_may_go (resident, even_busy))
      continue;
    candidate.candidate.bytes = headroom_resident_get_bytes (resident, device);
    candidate.candidate.load_bytes = hr_plan_get_bytes (resident->plan, HR_ITEM_WEIGHTS);
    candidate.candidate.last_used_us = resident->last_used_us;
    g_array_append_val (list, candidate);
  }
  return list;
}

gboolean
headroom_candidates_choose (GArray *list, guint64 need_bytes, gsize need_models)
{
  g_autofree HeadroomEvictionCandidate **candidates =
      g_new (HeadroomEvictionCandidate *, list->len + 1);

  for (guint i = 0; i < list->len; i++)
    candidates[i] = &g_array_index (list, HeadroomCandidate, i).candidate;
  return headroom_eviction_choose (candidates, list->len, need_bytes, need_models);
}

gboolean
headroom_residency_something_leaves (HeadroomResidency *self)
{
  GHashTableIter iter;
  gpointer resident;

  g_hash_table_iter_init (&iter, self->residents);
  while (g_hash_table_iter_next (&iter, NULL, &resident))
    if (((HeadroomResident *) resident)->state == HEADROOM_RESIDENT_UNLOADING)
      return TRUE;
  return FALSE;
}
