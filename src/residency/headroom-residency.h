/* headroom-residency.h: which models are in memory, where, and until when.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A request takes a lease on a model; while it holds one, the model stays. One model per file;
 * names that share a file share it.
 *
 * - A lease on a model that is loaded and enough for the request is given at once, whatever else is
 *   being loaded.
 * - Requests for one model share its load. When the last of them gives up, the load stops; one that
 *   stands still for LOAD_TIMEOUT is given up.
 * - A request that needs more than was loaded (a longer context, more slots, another cache type)
 * has the model resized while it answers others (see headroom-resize.h). Only what weights depend
 * on waits until the model is idle; then it is loaded again, and later requests wait behind it.
 * - A model that does not fit beside the others sends idle ones away (see headroom-eviction.h),
 * waits for busy ones, and is refused before anything is touched if it would not fit even then.
 * Pinned models (keep_alive forever) stay.
 * - When other programs need the memory, what is cheapest to have back goes before the system has
 * to take it: parked caches, then idle models. Pinned models stay.
 * - Every such decision is a HeadroomEvent.
 *
 * Thread-safety: belongs to the main context that is the thread's default when it is made.
 */
#pragma once

#include "headroom-demand.h"
#include "headroom-event-log.h"
#include "headroom-fit.h"
#include "headroom-machine.h"
#include "headroom-model-entry.h"
#include "headroom-watch.h"

G_BEGIN_DECLS

#define HEADROOM_RESIDENCY_ERROR (headroom_residency_error_quark ())
GQuark headroom_residency_error_quark (void);

typedef enum {
  HEADROOM_RESIDENCY_ERROR_BUSY,      /* more requests wait than MAX_QUEUE */
  HEADROOM_RESIDENCY_ERROR_NO_MEMORY, /* does not fit; what would is in the message */
  HEADROOM_RESIDENCY_ERROR_CLOSED,    /* the server is shutting down */
  HEADROOM_RESIDENCY_ERROR_STALLED,   /* loading did not get on for LOAD_TIMEOUT */
} HeadroomResidencyError;

/* More events than this are not kept. */
#define HEADROOM_RESIDENCY_MAX_EVENTS 1000
/* Far more devices than a machine has. */
#define HEADROOM_MAX_DEVICES 16

typedef struct {
  gint64 keep_alive_ns;   /* KEEP_ALIVE, 5 minutes */
  guint
      max_loaded;  /* MAX_LOADED_MODELS; 0: three per GPU, three without one; G_MAXUINT: no limit */
  guint max_queue; /* MAX_QUEUE, 512; requests that wait for a model or for one of its slots */
  gint64
      load_timeout_ns; /* LOAD_TIMEOUT, 5 minutes: how long a load may stand still; 0: for ever */
  guint64 parking_bytes; /* PARKING, 0: of files with caches that nobody uses now; 0: there are none */
} HeadroomResidencyLimits;
void headroom_residency_limits_init_from_env (HeadroomResidencyLimits *ret_limits);

/* Where device memory is asked for; the machine's own by default. Returns how many were written. */
typedef gsize (*HeadroomDevicesFunc) (HrDevice *devices, gsize max, gpointer data);

#define HEADROOM_TYPE_RESIDENCY (headroom_residency_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomResidency, headroom_residency, HEADROOM, RESIDENCY, GObject)

/* Gives up what can be had back cheaply, such as caches that nobody uses, until need_bytes of a
 * device are free. Returns the bytes that will be. */
typedef guint64 (*HeadroomReliefFunc) (HeadroomResidency *self, gsize device, guint64 need_bytes,
                                       gpointer data);

/* On the machine at hand, or on another one. */
HeadroomResidency *headroom_residency_new (const HeadroomResidencyLimits *limits)
    G_GNUC_WARN_UNUSED_RESULT;
HeadroomResidency *headroom_residency_new_on (
    HeadroomMachine *machine, const HeadroomResidencyLimits *limits) G_GNUC_WARN_UNUSED_RESULT;
void headroom_residency_set_devices_func (HeadroomResidency *self, HeadroomDevicesFunc func,
                                          gpointer data);

/* What is asked before a model has to go because others need the memory; NULL: nothing. */
void headroom_residency_set_relief_func (HeadroomResidency *self, HeadroomReliefFunc func,
                                         gpointer data);

/* ---- Leases ---- */

typedef struct _HeadroomLease HeadroomLease;

/**
 * headroom_residency_acquire_async:
 * @keep_alive_ns: (nullable): how long the model stays after this request; %NULL leaves it as it is
 */
void headroom_residency_acquire_async (HeadroomResidency *self, HeadroomModelEntry *entry,
                                       const HeadroomDemand *demand, const gint64 *keep_alive_ns,
                                       GCancellable *cancellable, GAsyncReadyCallback callback,
                                       gpointer user_data);
HeadroomLease *headroom_residency_acquire_finish (HeadroomResidency *self, GAsyncResult *result,
                                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

HrRunner *headroom_lease_get_runner (HeadroomLease *lease);
const HrPlan *headroom_lease_get_plan (HeadroomLease *lease); /* borrowed */
HrModel *headroom_lease_get_model (HeadroomLease *lease);
guint32 headroom_lease_get_num_ctx (HeadroomLease *lease); /* tokens that this request may use */
void headroom_lease_free (
    HeadroomLease *lease); /* the model's time starts to run when the last one goes */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeadroomLease, headroom_lease_free)

/* Unloads a model as soon as it is idle. Whether it was loaded does not matter. */
void headroom_residency_unload (HeadroomResidency *self, HeadroomModelEntry *entry);

/* Refuses what waits, stops loads and unloads everything. Leases must have been freed. Runs the
 * main context meanwhile. */
void headroom_residency_close (HeadroomResidency *self);

/* ---- Telling ---- */

/* Borrowed; of HeadroomEvent, oldest first. */
GListModel *headroom_residency_get_events (HeadroomResidency *self);
/* With the parameters that reason takes. client: who asked, or "". */
void headroom_residency_tell (HeadroomResidency *self, HeadroomEventKind kind, const char *model,
                              const char *client, guint64 bytes, HeadroomReason reason, ...);
void headroom_residency_tell_params (HeadroomResidency *self, HeadroomEventKind kind,
                                     const char *model, const char *client, guint64 bytes,
                                     HeadroomReason reason, HrValue *take_params);
/* Borrowed; read while models are here. */
HeadroomWatches *headroom_residency_get_watches (HeadroomResidency *self);
/* Writes events to a log from now on, and tells those that it has. */
void headroom_residency_take_log (HeadroomResidency *self, HeadroomEventLog *take_log);

/* Borrowed; of HeadroomResident (see headroom-resident.h), in no order. */
GPtrArray *headroom_residency_dup_residents (HeadroomResidency *self) G_GNUC_WARN_UNUSED_RESULT;

/* The devices as the system tells of them now, and without what is promised to models that are
 * here. */
gsize headroom_residency_probe_devices (HeadroomResidency *self, HrDevice *devices, gsize max);
gsize headroom_residency_get_devices (HeadroomResidency *self, HrDevice *devices, gsize max);

/**
 * headroom_residency_fit:
 * @entry: (nullable): the model's; if it is loaded, its memory counts as free, as it would be
 * loaded again
 *
 * What loading a model for a demand would take now, and what would be given up for it; see
 * headroom_fit_new().
 */
HeadroomFit *headroom_residency_fit (HeadroomResidency *self, HeadroomModelEntry *entry,
                                     HrModel *model, const HeadroomDemand *demand,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The plan alone. */
HrPlan *headroom_residency_plan (HeadroomResidency *self, HeadroomModelEntry *entry, HrModel *model,
                                 const HeadroomDemand *demand,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* How many models may be in memory at once on a machine with so many GPUs; G_MAXUINT: no limit. */
guint headroom_residency_get_max_loaded (HeadroomResidency *self, guint n_gpus);

/* The opened header of a model that is here, or NULL. */
HrModel *headroom_residency_ref_model (HeadroomResidency *self,
                                       HeadroomModelEntry *entry) G_GNUC_WARN_UNUSED_RESULT;

/* When a resident goes if nobody asks for it again: nanoseconds since 1970, HEADROOM_FOREVER if
 * never. */
struct _HeadroomResident;
gint64 headroom_residency_get_expiry (HeadroomResidency *self, struct _HeadroomResident *resident);

G_END_DECLS
