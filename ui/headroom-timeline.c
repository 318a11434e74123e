/* headroom-timeline.c: what was in memory when, what happened to it, and how much was taken, drawn
 * over time.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-timeline-private.h"

#include <glib/gi18n.h>

#define MIN_WIDTH 240 /* pixels */

G_DEFINE_FINAL_TYPE (HeadroomTimeline, headroom_timeline, GTK_TYPE_WIDGET)

/* ---- What happened --------------------------------------------------------------------------- */

/* Returns: seconds since the beginning of the scenario */
double
headroom_timeline_event_time (HeadroomEvent *event)
{
  return (double) (headroom_event_get_time_ns (event) - HEADROOM_VIRTUAL_BEGINNING_NS) / 1e9;
}

/* Such as "1:05:30", or "5:30" in the first hour. */
char *
headroom_timeline_format_time (double seconds)
{
  guint whole = (guint) MAX (seconds, 0);

  if (whole >= 3600)
    return g_strdup_printf ("%u:%02u:%02u", whole / 3600, whole / 60 % 60, whole % 60);
  return g_strdup_printf ("%u:%02u", whole / 60, whole % 60);
}

static gboolean
find_lane (HeadroomTimeline *self, const char *model, guint *ret_lane)
{
  return g_ptr_array_find_with_equal_func (self->names, model, g_str_equal, ret_lane);
}

static HeadroomStay *
open_stay (HeadroomTimeline *self, guint lane)
{
  for (guint i = self->stays->len; i-- > 0;) {
    HeadroomStay *stay = &g_array_index (self->stays, HeadroomStay, i);
    if (stay->lane == lane)
      return stay->to_seconds < 0 ? stay : NULL;
  }
  return NULL;
}

static void
end_stay (HeadroomTimeline *self, guint lane, double seconds, gboolean was_evicted)
{
  HeadroomStay *stay = open_stay (self, lane);

  if (stay == NULL)
    return;
  stay->to_seconds = seconds;
  stay->was_evicted = was_evicted;
}

static void
take_event (HeadroomTimeline *self, HeadroomEvent *event)
{
  HeadroomTimelineMark mark = { .seconds = headroom_timeline_event_time (event),
                                .kind = headroom_event_get_kind (event) };
  HeadroomStay stay = { .from_seconds = mark.seconds, .to_seconds = -1 };

  if (!find_lane (self, headroom_event_get_model (event), &mark.lane))
    return;
  stay.lane = mark.lane;
  switch (mark.kind) {
  case HEADROOM_EVENT_LOAD:
    g_array_append_val (self->stays, stay);
    return;
  case HEADROOM_EVENT_EVICT:
  case HEADROOM_EVENT_UNLOAD:
  case HEADROOM_EVENT_RELOAD:
    end_stay (self, mark.lane, mark.seconds, mark.kind == HEADROOM_EVENT_EVICT);
    break;
  default:
    break;
  }
  g_array_append_val (self->marks, mark);
}

static void
take_level (HeadroomTimeline *self, const HeadroomSimulationEvent *event, gsize n_devices)
{
  HeadroomTimelineLevel level = { .seconds = headroom_timeline_event_time (event->event) };

  for (gsize d = 0; d < n_devices; d++)
    level.used += event->used[d];
  g_array_append_val (self->levels, level);
}

static double
find_length (const HeadroomPlayed *played)
{
  const GArray *events = played->simulation->events, *requests = played->scenario->requests;
  double length = 1;

  for (guint i = 0; i < requests->len; i++)
    length = MAX (length, (double) g_array_index (requests, HeadroomScenarioRequest, i).at_us /
                              G_USEC_PER_SEC);
  if (events->len > 0)
    length =
        MAX (length, headroom_timeline_event_time (
                         g_array_index (events, HeadroomSimulationEvent, events->len - 1).event));
  return length;
}

static guint
count_marks (HeadroomTimeline *self, HeadroomEventKind kind)
{
  guint n = 0;

  for (guint i = 0; i < self->marks->len; i++)
    n += g_array_index (self->marks, HeadroomTimelineMark, i).kind == kind;
  return n;
}

static void
describe (HeadroomTimeline *self)
{
  g_autofree char *length = headroom_timeline_format_time (self->length);
  /* Translators: for a screen reader, about a drawing: a duration, and three numbers */
  g_autofree char *text = g_strdup_printf (
      _("In %s models are loaded %u times, evicted %u times and refused %u times."), length,
      self->stays->len, count_marks (self, HEADROOM_EVENT_EVICT),
      count_marks (self, HEADROOM_EVENT_REFUSE));

  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text,
                                  -1);
}

static void
take_devices (HeadroomTimeline *self, const HeadroomScenario *scenario)
{
  self->total = self->budget = 0;
  for (gsize d = 0; d < scenario->n_devices; d++) {
    const HrDevice *device = &scenario->devices[d];
    self->total += device->total;
    self->budget += device->total - MIN (device->reserve, device->total);
  }
}

/**
 * headroom_timeline_set_played:
 * @self: a timeline
 * @played: (nullable): what to draw; copied
 */
void
headroom_timeline_set_played (HeadroomTimeline *self, const HeadroomPlayed *played)
{
  g_return_if_fail (HEADROOM_IS_TIMELINE (self));
  g_ptr_array_set_size (self->names, 0);
  g_array_set_size (self->stays, 0);
  g_array_set_size (self->marks, 0);
  g_array_set_size (self->levels, 0);
  self->moment = 0;
  if (played != NULL) {
    const GArray *models = played->scenario->models, *events = played->simulation->events;
    for (guint i = 0; i < models->len; i++)
      g_ptr_array_add (self->names,
                       g_strdup (g_array_index (models, HeadroomScenarioModel, i).name));
    for (guint i = 0; i < events->len; i++) {
      const HeadroomSimulationEvent *event = &g_array_index (events, HeadroomSimulationEvent, i);
      take_event (self, event->event);
      take_level (self, event, played->scenario->n_devices);
    }
    self->length = find_length (played);
    for (guint lane = 0; lane < models->len; lane++)
      end_stay (self, lane, self->length, FALSE);
    take_devices (self, played->scenario);
    describe (self);
  }
  gtk_widget_queue_resize (GTK_WIDGET (self));
}

void
headroom_timeline_set_moment (HeadroomTimeline *self, double seconds)
{
  g_return_if_fail (HEADROOM_IS_TIMELINE (self));
  self->moment = CLAMP (seconds, 0, self->length);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/* Returns: seconds from the first to the last thing that happens */
double
headroom_timeline_get_length (HeadroomTimeline *self)
{
  g_return_val_if_fail (HEADROOM_IS_TIMELINE (self), 0);
  return self->length;
}

/* Returns: (array length=ret_n): what is drawn in the lanes, in the order of loading */
const HeadroomStay *
headroom_timeline_get_stays (HeadroomTimeline *self, guint *ret_n)
{
  g_return_val_if_fail (HEADROOM_IS_TIMELINE (self), NULL);
  *ret_n = self->stays->len;
  return (const HeadroomStay *) (gpointer) self->stays->data;
}

/* ---- Widget ---------------------------------------------------------------------------------- */

static void
headroom_timeline_measure (GtkWidget *widget, GtkOrientation orientation, int for_size,
                           int *minimum, int *natural, int *minimum_baseline, int *natural_baseline)
{
  int n_lanes = (int) HEADROOM_TIMELINE (widget)->names->len;

  *minimum = *natural = orientation == GTK_ORIENTATION_HORIZONTAL
                            ? MIN_WIDTH
                            : _headroom_timeline_get_height (n_lanes);
}

static void
headroom_timeline_finalize (GObject *object)
{
  HeadroomTimeline *self = HEADROOM_TIMELINE (object);

  g_ptr_array_unref (self->names);
  g_array_unref (self->stays);
  g_array_unref (self->marks);
  g_array_unref (self->levels);
  G_OBJECT_CLASS (headroom_timeline_parent_class)->finalize (object);
}

static void
headroom_timeline_class_init (HeadroomTimelineClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = headroom_timeline_finalize;
  widget_class->measure = headroom_timeline_measure;
  widget_class->snapshot = _headroom_timeline_snapshot;
  gtk_widget_class_set_css_name (widget_class, "timeline");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
headroom_timeline_init (HeadroomTimeline *self)
{
  self->names = g_ptr_array_new_with_free_func (g_free);
  self->stays = g_array_new (FALSE, FALSE, sizeof (HeadroomStay));
  self->marks = g_array_new (FALSE, FALSE, sizeof (HeadroomTimelineMark));
  self->levels = g_array_new (FALSE, FALSE, sizeof (HeadroomTimelineLevel));
  gtk_widget_set_hexpand (GTK_WIDGET (self), TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("Memory over time"), -1);
}

GtkWidget *
headroom_timeline_new (void)
{
  return g_object_new (HEADROOM_TYPE_TIMELINE, NULL);
}
