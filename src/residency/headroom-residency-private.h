/* headroom-residency-private.h: shared by the files that make up the residency.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * headroom-residency.c owns the table, the events and the leases; headroom-queue.c the requests
 * that wait for one; headroom-admission.c finds a place for a model and loads it; headroom-resize.c
 * changes one that is loaded; headroom-keep-alive.c lets it go; headroom-budget.c knows what there
 * is to give away.
 */
#pragma once

#include "headroom-eviction.h"
#include "headroom-residency.h"
#include "headroom-resident.h"

G_BEGIN_DECLS

/* What headroom-pressure.c remembers between its looks. */
typedef struct {
  GSource *pulse;      /* while models are here */
  gboolean again; /* when something goes or becomes idle: memory was short, or not to be judged */
  gboolean told;       /* that nothing may go, once for each time that memory runs short */
  gint64 rest_until_us; /* monotonic: programs that waited for memory get time to find it */
  HeadroomReliefFunc relief;
  gpointer relief_data;
} HeadroomPressure;

/* What headroom-vigil.c remembers between its readings. */
typedef struct {
  gint64 read_us;     /* monotonic: when it read last; 0: never */
  guint64 bytes_read; /* of all models here, then */
} HeadroomVigil;

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
  HeadroomPressure pressure;
  HeadroomWatches *watches;
  HeadroomVigil vigil;
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

/* One more for a model that is here as wanted. */
HeadroomLease *headroom_lease_grant (HeadroomResidency *self, HeadroomResident *resident,
                                     const HeadroomAcquisition *wanted) G_GNUC_WARN_UNUSED_RESULT;

/* ---- headroom-queue.c ---- */

/* Tries everything that waits once more. */
void headroom_residency_pump (HeadroomResidency *self);
/* Ends the oldest or all acquisitions of a model with an error. */
void headroom_residency_fail (HeadroomResidency *self, HeadroomModelEntry *entry, gboolean all,
                              const GError *error);
/* Ends that acquisition, if it still waits. */
void headroom_residency_fail_one (HeadroomResidency *self, gconstpointer wanted,
                                  const GError *error);
void headroom_queue_refuse_all (HeadroomResidency *self, const GError *error);

/* A model that nobody has a lease on, any more or yet. */
void headroom_residency_settle (HeadroomResidency *self, HeadroomResident *resident);
void headroom_residency_remove (HeadroomResidency *self, HeadroomResident *resident);
void headroom_residency_start_unload (HeadroomResidency *self, HeadroomResident *resident);

/* Makes the devices what they would be without a model. */
void headroom_budget_give_back (HeadroomResident *resident, HrDevice *devices, gsize n);

/* ---- Who may go: headroom-candidates.c ---- */

typedef struct {
  HeadroomEvictionCandidate candidate; /* first: what is sorted are pointers to it */
  HeadroomResident *resident;          /* borrowed */
} HeadroomCandidate;

/* Neither pinned nor on its way in or out; nor busy, unless even_busy. */
gboolean headroom_candidate_may_go (HeadroomResident *resident, gboolean even_busy);
/* Of HeadroomCandidate: those who may go for guest (NULL: for other programs), with what they have of a
 * device. */
GArray *headroom_candidates_list (HeadroomResidency *self, HeadroomResident *guest, gsize device,
                                  gboolean even_busy) G_GNUC_WARN_UNUSED_RESULT;
/* See headroom_eviction_choose (). */
gboolean headroom_candidates_choose (GArray *list, guint64 need_bytes, gsize need_models);
/* Whether a model is being unloaded. */
gboolean headroom_residency_something_leaves (HeadroomResidency *self);

/* ---- Coming and going ---- */

/* Looks at the machine now and then, for as long as models are here; to be called when one comes.
 */
void headroom_pressure_watch (HeadroomResidency *self);
/* A model became idle or went: if memory was short, another may go now. */
void headroom_pressure_look_again (HeadroomResidency *self);
void headroom_pressure_stop (HeadroomResidency *self);

/* A model's time runs while nobody has a lease on it; start does nothing for one that is in use. */
void headroom_keep_alive_start (HeadroomResidency *self, HeadroomResident *resident);
void headroom_keep_alive_stop (HeadroomResident *resident);
/* Its time is over: unloads it and says why. */
void headroom_keep_alive_end (HeadroomResidency *self, HeadroomResident *resident);

/* headroom-parking.c: has what slots of a model hold go to files, where that is wanted; to be called
 * before its first request. And gives idle caches up, as a HeadroomReliefFunc. */
/* Sees to GPUs that fail under a model that was loaded. */
void headroom_gpu_lost_start (HeadroomResidency *self, HeadroomResident *resident);
void headroom_parking_start (HeadroomResidency *self, HeadroomResident *resident);
gboolean headroom_parking_is_relieving (HeadroomResidency *self);
guint64 headroom_parking_relieve (HeadroomResidency *self, gsize device, guint64 need_bytes,
                                  gpointer data);

typedef enum {
  HEADROOM_PLACE_FREE,       /* now */
  HEADROOM_PLACE_LATER,      /* something is on its way out, or busy */
  HEADROOM_PLACE_IMPOSSIBLE,
} HeadroomPlace;

/* Sees to it that a plan fits, by sending idle models but guest away. need_models: at least so many
 * have to go. */
HeadroomPlace headroom_admission_make_room (HeadroomResidency *self, HeadroomResident *guest,
                                            const HrPlan *plan, gsize need_models);
/* Why guest cannot be as settings say, and what could be. */
GError *headroom_admission_new_refusal (HeadroomResidency *self, HeadroomResident *guest,
                                        const HrSettings *settings) G_GNUC_WARN_UNUSED_RESULT;
/* Begins to load a model that is not here. There must be none on its way in. */
void headroom_admission_start (HeadroomResidency *self, HeadroomModelEntry *entry,
                               const HeadroomDemand *demand);
/* Reads the watches, if it is time to. devices: as the system tells of them now. */
void headroom_vigil_keep (HeadroomResidency *self, const HrDevice *devices, gsize n_devices,
                          const HrPressure *pressure);

/* The last model went: there is nothing to read for. */
void headroom_vigil_end (HeadroomResidency *self);

/* Gives up on a load that does not get on for LOAD_TIMEOUT. */
void headroom_patience_start (HeadroomResidency *self, HeadroomResident *resident);
void headroom_patience_stop (HeadroomResident *resident);

/* Memory was freed or a model became idle: the one that waits for its place may have it now. */
void headroom_admission_continue (HeadroomResidency *self);

G_END_DECLS
