/* headroom-watch.h: readings of the machine with thresholds that people set.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A watch has a present value, a bounded history, a threshold and advice. It is crossed once two
 * readings in a row are above the threshold, and is over once one is a twentieth below it: readings
 * tremble, and nobody wants to be told twice.
 *
 * Thresholds come from the environment (WATCH_DEVICE_MEMORY, WATCH_BUS, WATCH_LATENCY, WATCH_SWAP,
 * WATCH_FRAGMENTATION; see headroom-env.h), else from what was set before (watches.json in
 * headroom's folder of the user's configuration: {CODE: number}), else they are the usual ones.
 *
 * Thread-safety: Unsafe.
 */
#pragma once

#include "headroom-reason.h"

G_BEGIN_DECLS

typedef enum {
  HEADROOM_WATCH_DEVICE_MEMORY, /* percent of a device's memory that is in use; 90 */
  HEADROOM_WATCH_BUS,           /* percent of what memory gives that our steps take; 70 */
  HEADROOM_WATCH_LATENCY,       /* times the idle machine's, of a load from memory; 1.5 */
  HEADROOM_WATCH_SWAP,          /* bytes of swap that are in use; 512 MiB */
  HEADROOM_WATCH_FRAGMENTATION, /* percent of the allocator's memory that nobody uses; 50 */
  HEADROOM_WATCH_N,
} HeadroomWatchKind;

/* A reading in so many seconds; readings that are kept make ten minutes. */
#define HEADROOM_WATCH_SECONDS 5
#define HEADROOM_WATCH_HISTORY 120

typedef struct {
  HeadroomWatchKind kind;
  char device[64]; /* of DEVICE_MEMORY; else "" */
  double value;
  gboolean known;  /* there is a reading */
  gboolean crossed;
  gint64 since_ns; /* since 1970; while it is crossed */
  guint n_above;   /* readings in a row */
  float history[HEADROOM_WATCH_HISTORY]; /* a ring */
  guint n_history; /* readings that there ever were */
} HeadroomWatch;

typedef struct _HeadroomWatches HeadroomWatches;

/* path: of the settings; NULL: neither they nor the environment count, and nothing can be set. */
HeadroomWatches *headroom_watches_new (const char *path) G_GNUC_WARN_UNUSED_RESULT;
char *headroom_watches_dup_path (void) G_GNUC_WARN_UNUSED_RESULT; /* of the user's settings */
void headroom_watches_free (HeadroomWatches *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeadroomWatches, headroom_watches_free)

const char *headroom_watch_code (HeadroomWatchKind kind); /* "device-memory" */
const char *headroom_watch_unit (HeadroomWatchKind kind); /* "percent", "times", "bytes" */
gboolean headroom_watch_parse_code (const char *code, HeadroomWatchKind *ret_kind);

double headroom_watches_get_threshold (HeadroomWatches *self, HeadroomWatchKind kind);
/* Keeps it for the next start. HR_ERROR_SETTINGS: out of range, or the environment decides. */
gboolean headroom_watches_set_threshold (HeadroomWatches *self, HeadroomWatchKind kind,
                                         double value, GError **error);

/**
 * headroom_watches_feed:
 * @device: (nullable): which device is read
 * @value: the reading, or a negative number: there is none now
 *
 * Returns: (nullable): the watch, if it was crossed by this reading
 */
const HeadroomWatch *headroom_watches_feed (HeadroomWatches *self, HeadroomWatchKind kind,
                                            const char *device, double value, gint64 now_ns);

/* There will be no readings for a while: nothing is known, nothing crossed. Histories stay. */
void headroom_watches_rest (HeadroomWatches *self);

/* Borrowed; those that were ever fed. */
guint headroom_watches_get_size (HeadroomWatches *self);
const HeadroomWatch *headroom_watches_get (HeadroomWatches *self, guint index);

/* What is, as a reason and its parameters, and what to do, in the reader's language. */
HeadroomReason headroom_watch_reason (HeadroomWatchKind kind);
HrValue *headroom_watches_dup_params (HeadroomWatches *self, const HeadroomWatch *watch)
    G_GNUC_WARN_UNUSED_RESULT;
const char *headroom_watch_advice (HeadroomWatchKind kind);

/* [{code, device, unit, value, threshold, crossed, since, text, reason, params, advice, history?}];
 * text is made of reason and params; history: the readings, oldest first. */
HrValue *headroom_watches_to_json (HeadroomWatches *self, gboolean with_history)
    G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
