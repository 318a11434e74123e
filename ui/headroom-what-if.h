/* headroom-what-if.h: a machine, the models that compete for it and who asks them, as chosen by a
 * person.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Becomes a scenario as `headroom simulate` reads it and is played by the same code, on a thread of
 * its own. Thread-safety: plain values; playing may be begun on any thread with a main context.
 */
#pragma once

#include "headroom-simulation.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* One model, and the program that asks it again and again. */
typedef struct {
  char *model;         /* of the catalogue, else of the store or the path of a file */
  guint num_ctx;       /* 0: not said */
  guint first_seconds; /* when it is asked first */
  guint every_seconds; /* from question to question; 0: it is asked once */
  char *keep_alive;    /* as requests say it; NULL: the machine's */
} HeadroomContender;

typedef struct {
  char *title;
  GStrv devices;      /* SPECs of headroom-device-spec.h */
  guint reserve;      /* percent of each device */
  guint hours;        /* that are played */
  guint max_loaded;   /* 0: as usual; G_MAXUINT: no limit */
  guint num_parallel; /* 0: as usual */
  char *keep_alive;
  GPtrArray *contenders; /* HeadroomContender */
} HeadroomWhatIf;

HeadroomWhatIf *headroom_what_if_new (void) G_GNUC_WARN_UNUSED_RESULT;
void headroom_what_if_free (HeadroomWhatIf *self);
HeadroomContender *headroom_what_if_add (HeadroomWhatIf *self, const char *model,
                                         guint first_seconds, guint every_seconds);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeadroomWhatIf, headroom_what_if_free)

/* What was played, and what came of it. */
typedef struct {
  HeadroomScenario *scenario;
  HeadroomSimulation *simulation;
  HrValue *json; /* the scenario as a file has it, for `headroom simulate` */
} HeadroomPlayed;

void headroom_played_free (HeadroomPlayed *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeadroomPlayed, headroom_played_free)

void headroom_what_if_play_async (HeadroomWhatIf *take_self, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data);
void headroom_what_if_play_json_async (HrValue *scenario, GCancellable *cancellable,
                                       GAsyncReadyCallback callback, gpointer user_data);
HeadroomPlayed *headroom_what_if_play_finish (GAsyncResult *result,
                                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
