/* headroom-resident.h: one model on its way into memory, in it, or on its way out.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Has the machine do what takes time and tells about it on the main context that made it. Decides
 * nothing: when to load and when to go is the residency's affair. Thread-safety: belongs to that
 * context.
 */
#pragma once

#include "headroom-demand.h"
#include "headroom-model-entry.h"

G_BEGIN_DECLS

typedef enum {
  HEADROOM_RESIDENT_OPENING,   /* its header is being read */
  HEADROOM_RESIDENT_WAITING,   /* for its place */
  HEADROOM_RESIDENT_LOADING,
  HEADROOM_RESIDENT_READY,
  HEADROOM_RESIDENT_UNLOADING,
} HeadroomResidentState;
const char *headroom_resident_state_name (HeadroomResidentState state);

#define HEADROOM_TYPE_RESIDENT (headroom_resident_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomResident, headroom_resident, HEADROOM, RESIDENT, GObject)

struct _HeadroomMachine;

struct _HeadroomResident {
  GObject parent_instance;

  struct _HeadroomMachine *machine;
  HeadroomModelEntry *entry;
  HeadroomDemand demand;       /* of the request that brought it here */
  HeadroomResidentState state;
  HrModel *model;              /* from WAITING on */
  HrPlan *plan;                /* from LOADING on */
  HrPlan *next_plan;           /* while it is being resized, else NULL */
  HrRunner *runner;            /* while READY */
  GCancellable *cancellable;   /* stops the load */
  int progress_permille;       /* atomic */
  char *gpu_refusal; /* why layers are not on a GPU whoever asks, unless somebody insists; or
                        NULL */

  guint n_leases;
  gint64 keep_alive_ns;        /* HEADROOM_FOREVER: pinned */
  gint64 last_used_us;         /* monotonic */
  gint64 expires_ns;           /* since 1970; while idle */
  GSource *expiry;             /* while idle and not pinned */
  gboolean queue_told;         /* that it waits was told once */
  gint64 wanted_us;            /* monotonic: when loading began */
  GSource *patience; /* while it opens, waits or loads, where that may not last for ever */
  int patience_permille;       /* how far it was when that was looked at last */

  /* headroom-resize.c */
  gconstpointer resize_for;    /* the acquisition that it is resized for; only to be compared */
  gboolean reload_instead;     /* it could not be resized while it answers */
  guint32 last_num_ctx;        /* that a request asked for; 0: none did */
  guint n_other_sizes;         /* how often one asked for another than the one before */
};

HeadroomResident *headroom_resident_new (struct _HeadroomMachine *machine,
                                         HeadroomModelEntry *entry,
                                         const HeadroomDemand *demand) G_GNUC_WARN_UNUSED_RESULT;

/* Reads the header; on success self->model is set and the state is WAITING. */
void headroom_resident_open_async (HeadroomResident *self, GAsyncReadyCallback callback,
                                   gpointer user_data);
gboolean headroom_resident_open_finish (HeadroomResident *self, GAsyncResult *result,
                                        GError **error);

/* Allocates take_plan and reads the weights; on success the state is READY. */
void headroom_resident_load_async (HeadroomResident *self, HrPlan *take_plan,
                                   GAsyncReadyCallback callback, gpointer user_data);
gboolean headroom_resident_load_finish (HeadroomResident *self, GAsyncResult *result,
                                        GError **error);

/* Makes it what take_plan says, while it is READY and stays so. Must not be unloaded meanwhile. */
void headroom_resident_resize_async (HeadroomResident *self, HrPlan *take_plan,
                                     GAsyncReadyCallback callback, gpointer user_data);
gboolean headroom_resident_resize_finish (HeadroomResident *self, GAsyncResult *result,
                                          GError **error);

/* Frees the runner; requests that still run end as cancelled. */
void headroom_resident_unload_async (HeadroomResident *self, GAsyncReadyCallback callback,
                                     gpointer user_data);

double headroom_resident_get_progress (HeadroomResident *self); /* 0 to 1, also of a resize */
/* Bytes of the plan on a device that are not yet taken from what the system calls free: weights
 * that stayed mapped, which the system counts as free, and cache that is promised but not filled.
 */
guint64 headroom_resident_get_promised_bytes (HeadroomResident *self, gsize device);
guint64 headroom_resident_get_bytes (HeadroomResident *self, gsize device);

G_END_DECLS
