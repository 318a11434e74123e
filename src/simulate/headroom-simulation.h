/* headroom-simulation.h: plays a scenario with the residency that the server has.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Only the clock and the devices differ. Thread-safety: Unsafe; runs the thread's default main
 * context until the scenario is over.
 */
#pragma once

#include "headroom-event.h"
#include "headroom-scenario.h"

G_BEGIN_DECLS

/* What has happened, with the memory of each device then; where a model goes, once it has gone. */
typedef struct {
  HeadroomEvent *event;
  guint64 used[HR_MAX_DEVICES];
  guint64 others[HR_MAX_DEVICES]; /* what programs that are not ours took */
} HeadroomSimulationEvent;

typedef struct {
  GArray *events;  /* HeadroomSimulationEvent */
  guint n_served, n_refused;
  double mean_wait,
      longest_wait; /* seconds until a request was worked on, of those that were served */
  guint64 peak[HR_MAX_DEVICES];
  gboolean over_budget; /* more was promised than there is: must never happen */
} HeadroomSimulation;

HeadroomSimulation *headroom_simulation_play (const HeadroomScenario *scenario)
    G_GNUC_WARN_UNUSED_RESULT;
void headroom_simulation_free (HeadroomSimulation *simulation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeadroomSimulation, headroom_simulation_free)

/* {"title", "events": [{time, kind, model, reason, bytes, client, used: [bytes of each device]}],
 * "devices": [{name, kind, total, reserve, peak}], "requests": {total, served, refused,
 * mean_wait_seconds, longest_wait_seconds}} */
HrValue *headroom_simulation_to_json (const HeadroomSimulation *simulation,
                                      const HeadroomScenario *scenario) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
