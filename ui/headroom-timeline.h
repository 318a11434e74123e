/* headroom-timeline.h: what was in memory when, what happened to it, and how much was taken, drawn
 * over time.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A lane for each model with its stays in memory and a mark for each event, and below them the sum
 * of all devices. A line across marks one moment. To assistive technologies it is an image whose
 * description counts what happened.
 */
#pragma once

#include "headroom-virtual-machine.h"
#include "headroom-what-if.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_TIMELINE (headroom_timeline_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomTimeline, headroom_timeline, HEADROOM, TIMELINE, GtkWidget)

/* Microseconds since 1970 when every scenario begins. */
#define HEADROOM_TIMELINE_BEGINNING_US (HEADROOM_VIRTUAL_BEGINNING_NS / 1000)

/* One stay of a model in memory. */
typedef struct {
  guint lane;                      /* number of the model in the scenario */
  double from_seconds, to_seconds; /* since the beginning */
  gboolean was_evicted;
} HeadroomStay;

GtkWidget *headroom_timeline_new (void);
void headroom_timeline_set_played (HeadroomTimeline *self, const HeadroomPlayed *played);
void headroom_timeline_set_moment (HeadroomTimeline *self, double seconds);
double headroom_timeline_get_length (HeadroomTimeline *self);
const HeadroomStay *headroom_timeline_get_stays (HeadroomTimeline *self, guint *ret_n);
double headroom_timeline_event_time (HeadroomEvent *event);
char *headroom_timeline_format_time (double seconds) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
