/* headroom-timeline-private.h: shared by the files that make up the timeline.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * headroom-timeline.c reads what was played; headroom-timeline-draw.c draws it.
 */
#pragma once

#include "headroom-timeline.h"

G_BEGIN_DECLS

typedef struct {
  guint lane;
  double seconds;
  HeadroomEventKind kind;
} HeadroomTimelineMark;

typedef struct {
  double seconds;
  guint64 used; /* bytes of all devices together */
} HeadroomTimelineLevel;

struct _HeadroomTimeline {
  GtkWidget parent_instance;
  GPtrArray *names; /* of char *: a lane each */
  GArray *stays;    /* HeadroomStay */
  GArray *marks;    /* HeadroomTimelineMark */
  GArray *levels;   /* HeadroomTimelineLevel, by time */
  guint64 total;    /* bytes of all devices */
  guint64 budget;   /* of them, what models may take */
  double length;    /* seconds */
  double moment;
};

void _headroom_timeline_snapshot   (GtkWidget   *widget,
                                    GtkSnapshot *snapshot);
/* Pixels that so many lanes take with all that is below them. */
int  _headroom_timeline_get_height (int          n_lanes);

G_END_DECLS
