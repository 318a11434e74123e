/* headroom-residency-private.h: shared by the files that make up the residency.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * headroom-residency.c owns the table, the queue and the leases; headroom-admission.c finds a place
 * for a model and loads it; headroom-keep-alive.c lets it go; headroom-budget.c knows what there is
 * to give away.
 */
#pragma once

#include "headroom-residency.h"
#include "headroom-resident.h"

G_BEGIN_DECLS

struct _HeadroomResidency {
  GObject parent_instance;

  HeadroomMachine *machine;
  GMainContext *context;
  HeadroomResidencyLimits limits;
  HeadroomDevicesFunc devices_func;
  gpointer devices_data;

  GHashTable *residents;     /* path of the GGUF (borrowed from the entry) -> HeadroomResident */
  GQueue queue;              /* GTask: acquisitions that wait, oldest first */
  HeadroomResident *loading; /* borrowed; the one that is on its way in, one at a time */
  GListStore *events;
  HeadroomEventLog *log;     /* or NULL */
  gboolean closed;
};

/* Task data of an acquisition. */
typedef struct {
  HeadroomModelEntry *entry;
  HeadroomDemand demand;
  gboolean has_keep_alive;
  gint64 keep_alive_ns;
  GSource *cancelled;
} HeadroomAcquisition;

/* Tries everything that waits once more. */
void headroom_residency_pump (HeadroomResidency *self);
/* Ends the oldest or all acquisitions of a model with an error. */
void headroom_residency_fail (HeadroomResidency *self, HeadroomModelEntry *entry, gboolean all,
                              const GError *error);
/* A model that nobody has a lease on, any more or yet. */
void headroom_residency_settle (HeadroomResidency *self, HeadroomResident *resident);
void headroom_residency_remove (HeadroomResidency *self, HeadroomResident *resident);
void headroom_residency_start_unload (HeadroomResidency *self, HeadroomResident *resident);

/* Makes the devices what they would be without a model. */
void headroom_budget_give_back (HeadroomResident *resident, HrDevice *devices, gsize n);

/* A model's time runs while nobody has a lease on it; start does nothing for one that is in use. */
void headroom_keep_alive_start (HeadroomResidency *self, HeadroomResident *resident);
void headroom_keep_alive_stop (HeadroomResident *resident);
/* Its time is over: unloads it and says why. */
void headroom_keep_alive_end (HeadroomResidency *self, HeadroomResident *resident);

/* Begins to load a model that is not here. There must be none on its way in. */
void headroom_admission_start (HeadroomResidency *self, HeadroomModelEntry *entry,
                               const HeadroomDemand *demand);
/* Memory was freed or a model became idle: the one that waits for its place may have it now. */
void headroom_admission_continue (HeadroomResidency *self);

G_END_DECLS
