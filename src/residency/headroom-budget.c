/* headroom-budget.c: what of each device may still be given away, and plans within it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-residency-private.h"

gsize
headroom_residency_probe_devices (HeadroomResidency *self, HrDevice *devices, gsize max)
{
  if (self->devices_func != NULL)
    return self->devices_func (devices, max, self->devices_data);
  return headroom_machine_probe (self->machine, devices, max);
}

gsize
headroom_residency_get_devices (HeadroomResidency *self, HrDevice *devices, gsize max)
{
  gsize n = headroom_residency_probe_devices (self, devices, max);
  GHashTableIter iter;
  gpointer resident;

  g_hash_table_iter_init (&iter, self->residents);
  while (g_hash_table_iter_next (&iter, NULL, &resident)) {
    for (gsize d = 0; d < n; d++) {
      guint64 promised = headroom_resident_get_promised_bytes (resident, d);
      devices[d].free -= MIN (devices[d].free, promised);
    }
  }
  return n;
}

void
headroom_residency_set_devices_func (HeadroomResidency *self, HeadroomDevicesFunc func,
                                     gpointer data)
{
  self->devices_func = func;
  self->devices_data = data;
}

void
headroom_budget_give_back (HeadroomResident *resident, HrDevice *devices, gsize n)
{
  for (gsize d = 0; d < n; d++)
    devices[d].free =
        MIN (devices[d].free + headroom_resident_get_bytes (resident, d), devices[d].total);
}

HeadroomFit *
headroom_residency_fit (HeadroomResidency *self, HeadroomModelEntry *entry, HrModel *model,
                        const HeadroomDemand *demand, GError **error)
{
  HrDevice devices[HEADROOM_MAX_DEVICES];
  gsize n = headroom_residency_get_devices (self, devices, G_N_ELEMENTS (devices));
  HeadroomResident *resident =
      entry != NULL
          ? g_hash_table_lookup (self->residents, headroom_model_entry_get_identity (entry))
          : NULL;

  if (resident != NULL)
    headroom_budget_give_back (resident, devices, n);
  return headroom_machine_fit (self->machine, model, &demand->settings, devices, n, error);
}

HrPlan *
headroom_residency_plan (HeadroomResidency *self, HeadroomModelEntry *entry, HrModel *model,
                         const HeadroomDemand *demand, GError **error)
{
  g_autoptr (HeadroomFit) fit = headroom_residency_fit (self, entry, model, demand, error);

  return fit != NULL ? g_steal_pointer (&fit->plan) : NULL;
}
