/* headroom-timeline.c: what was in memory when, what happened to it, and how much was taken, drawn
 * over time.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-timeline.h"

#include "headroom-memory-paint.h"

#include <glib/gi18n.h>
#include <math.h>

/* pixels */
#define MIN_WIDTH 240
#define LANE_TEXT 18
#define LANE_BAR 12
#define LANE_GAP 8
#define LANE_HEIGHT (LANE_TEXT + LANE_BAR + LANE_GAP)
#define SUM_HEIGHT 72
#define AXIS_HEIGHT 20
#define MARK_SIZE 5.0
#define TICK_WIDTH 64.0

typedef struct {
  guint lane;
  double seconds;
  HeadroomEventKind kind;
} Mark;

typedef struct {
  double seconds;
  guint64 used; /* bytes of all devices together */
} Level;

struct _HeadroomTimeline {
  GtkWidget parent_instance;
  GPtrArray *names; /* of char *: a lane each */
  GArray *stays;    /* HeadroomStay */
  GArray *marks;    /* Mark */
  GArray *levels;   /* Level, by time */
  guint64 total;    /* bytes of all devices */
  guint64 budget;   /* of them, what models may take */
  double length;    /* seconds */
  double moment;
};

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
  Mark mark = { .seconds = headroom_timeline_event_time (event),
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
  Level level = { .seconds = headroom_timeline_event_time (event->event) };

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
    n += g_array_index (self->marks, Mark, i).kind == kind;
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

/* ---- Drawing --------------------------------------------------------------------------------- */

static double
x_of (HeadroomTimeline *self, double seconds, double width)
{
  double x = self->length > 0 ? width * CLAMP (seconds / self->length, 0, 1) : 0;

  return gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL ? width - x : x;
}

static double
bar_top (guint lane)
{
  return lane * LANE_HEIGHT + LANE_TEXT;
}

static void
draw_text (HeadroomTimeline *self, GtkSnapshot *snapshot, const char *text, double x, double y,
           double align)
{
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (GTK_WIDGET (self), text);
  g_autoptr (PangoAttrList) attributes = pango_attr_list_new ();
  double width = gtk_widget_get_width (GTK_WIDGET (self));
  GdkRGBA colour;
  int text_width;

  pango_attr_list_insert (attributes, pango_attr_scale_new (PANGO_SCALE_SMALL));
  pango_layout_set_attributes (layout, attributes);
  pango_layout_get_pixel_size (layout, &text_width, NULL);
  gtk_style_context_get_color (gtk_widget_get_style_context (GTK_WIDGET (self)), &colour);
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot,
                          &GRAPHENE_POINT_INIT ((float) CLAMP (x - text_width * align, 0,
                                                               MAX (width - text_width, 0)),
                                                (float) y));
  gtk_snapshot_append_layout (snapshot, layout, &colour);
  gtk_snapshot_restore (snapshot);
}

static void
snapshot_lanes (HeadroomTimeline *self, GtkSnapshot *snapshot, double width)
{
  GtkWidget *widget = GTK_WIDGET (self);
  gboolean is_rtl = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;

  for (guint lane = 0; lane < self->names->len; lane++) {
    graphene_rect_t trough =
        GRAPHENE_RECT_INIT (0, (float) bar_top (lane), (float) width, LANE_BAR);
    draw_text (self, snapshot, self->names->pdata[lane], is_rtl ? width : 0, lane * LANE_HEIGHT,
               is_rtl ? 1 : 0);
    headroom_memory_paint_trough (widget, snapshot, &trough);
  }
  for (guint i = 0; i < self->stays->len; i++) {
    const HeadroomStay *stay = &g_array_index (self->stays, HeadroomStay, i);
    double a = x_of (self, stay->from_seconds, width), b = x_of (self, stay->to_seconds, width);
    graphene_rect_t area = GRAPHENE_RECT_INIT ((float) MIN (a, b), (float) bar_top (stay->lane),
                                               (float) MAX (fabs (b - a), 1), LANE_BAR);
    headroom_memory_paint (widget, snapshot, &area, HEADROOM_MEMORY_WEIGHTS);
  }
}

/* A triangle for who had to go, a cross for who was refused, a disc for who had to wait or came
 * back with other settings. */
static void
trace_mark (cairo_t *cr, const Mark *mark, double x, double y)
{
  switch (mark->kind) {
  case HEADROOM_EVENT_EVICT:
    cairo_move_to (cr, x - MARK_SIZE, y - MARK_SIZE);
    cairo_line_to (cr, x + MARK_SIZE, y - MARK_SIZE);
    cairo_line_to (cr, x, y + MARK_SIZE);
    cairo_close_path (cr);
    cairo_fill (cr);
    break;
  case HEADROOM_EVENT_REFUSE:
    cairo_move_to (cr, x - MARK_SIZE, y - MARK_SIZE);
    cairo_line_to (cr, x + MARK_SIZE, y + MARK_SIZE);
    cairo_move_to (cr, x - MARK_SIZE, y + MARK_SIZE);
    cairo_line_to (cr, x + MARK_SIZE, y - MARK_SIZE);
    cairo_set_line_width (cr, 2.5);
    cairo_stroke (cr);
    break;
  default:
    cairo_arc (cr, x, y, MARK_SIZE - 1, 0, 2 * G_PI);
    cairo_fill (cr);
  }
}

static gboolean
is_marked (HeadroomEventKind kind)
{
  return kind != HEADROOM_EVENT_UNLOAD && kind != HEADROOM_EVENT_LOAD;
}

static void
draw_marks (HeadroomTimeline *self, cairo_t *cr, double width)
{
  GdkRGBA bad = headroom_memory_colour (GTK_WIDGET (self), "error_color");
  GdkRGBA fair = headroom_memory_colour (GTK_WIDGET (self), "warning_color");

  for (guint i = 0; i < self->marks->len; i++) {
    const Mark *mark = &g_array_index (self->marks, Mark, i);
    if (!is_marked (mark->kind))
      continue;
    gdk_cairo_set_source_rgba (cr, mark->kind == HEADROOM_EVENT_EVICT ||
                                           mark->kind == HEADROOM_EVENT_REFUSE
                                       ? &bad
                                       : &fair);
    trace_mark (cr, mark, CLAMP (x_of (self, mark->seconds, width), MARK_SIZE, width - MARK_SIZE),
                bar_top (mark->lane) + LANE_BAR / 2.0);
  }
}

static double
y_of (HeadroomTimeline *self, guint64 bytes, double top)
{
  return top + SUM_HEIGHT * (1 - (double) MIN (bytes, self->total) / (double) MAX (self->total, 1));
}

/* What is taken holds from one event to the next. */
static void
draw_sum (HeadroomTimeline *self, cairo_t *cr, double width, double top)
{
  static const double dashes[] = { 5, 4 };
  GdkRGBA fill = headroom_memory_colour (GTK_WIDGET (self), "headroom_weights");
  GdkRGBA limit = headroom_memory_colour (GTK_WIDGET (self), "error_color");
  guint64 used = 0;

  fill.alpha *= 0.6f;
  gdk_cairo_set_source_rgba (cr, &fill);
  cairo_move_to (cr, x_of (self, 0, width), top + SUM_HEIGHT);
  for (guint i = 0; i < self->levels->len; i++) {
    const Level *level = &g_array_index (self->levels, Level, i);
    cairo_line_to (cr, x_of (self, level->seconds, width), y_of (self, used, top));
    cairo_line_to (cr, x_of (self, level->seconds, width), y_of (self, level->used, top));
    used = level->used;
  }
  cairo_line_to (cr, x_of (self, self->length, width), y_of (self, used, top));
  cairo_line_to (cr, x_of (self, self->length, width), top + SUM_HEIGHT);
  cairo_close_path (cr);
  cairo_fill (cr);
  gdk_cairo_set_source_rgba (cr, &limit);
  cairo_set_dash (cr, dashes, G_N_ELEMENTS (dashes), 0);
  cairo_set_line_width (cr, 1.5);
  cairo_move_to (cr, 0, y_of (self, self->budget, top));
  cairo_line_to (cr, width, y_of (self, self->budget, top));
  cairo_stroke (cr);
  cairo_set_dash (cr, NULL, 0, 0);
}

static void
draw_moment (HeadroomTimeline *self, cairo_t *cr, double width, double height)
{
  double x = CLAMP (x_of (self, self->moment, width), 1, width - 1);
  GdkRGBA colour;

  gtk_style_context_get_color (gtk_widget_get_style_context (GTK_WIDGET (self)), &colour);
  gdk_cairo_set_source_rgba (cr, &colour);
  cairo_set_line_width (cr, 2);
  cairo_move_to (cr, x, 0);
  cairo_line_to (cr, x, height);
  cairo_stroke (cr);
}

/* A round step of time for which there is room. */
static double
tick_step (double length, double width)
{
  static const double steps[] = { 10,   30,       60,       300,      600,      1800,
                                  3600, 2 * 3600, 4 * 3600, 8 * 3600, 24 * 3600 };
  double least = length * TICK_WIDTH / MAX (width, 1);

  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    if (steps[i] >= least)
      return steps[i];
  return least;
}

static void
draw_axis (HeadroomTimeline *self, GtkSnapshot *snapshot, double width, double y)
{
  double step = tick_step (self->length, width);

  for (double seconds = 0; seconds <= self->length; seconds += step) {
    g_autofree char *text = headroom_timeline_format_time (seconds);
    draw_text (self, snapshot, text, x_of (self, seconds, width), y + 2, 0.5);
  }
}

static void
headroom_timeline_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  HeadroomTimeline *self = HEADROOM_TIMELINE (widget);
  double width = gtk_widget_get_width (widget), lanes = self->names->len * (double) LANE_HEIGHT,
         height = lanes + SUM_HEIGHT;
  graphene_rect_t trough = GRAPHENE_RECT_INIT (0, (float) lanes, (float) width, SUM_HEIGHT);
  graphene_rect_t area = GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height);
  cairo_t *cr;

  if (self->names->len == 0)
    return;
  snapshot_lanes (self, snapshot, width);
  headroom_memory_paint_trough (widget, snapshot, &trough);
  cr = gtk_snapshot_append_cairo (snapshot, &area);
  draw_sum (self, cr, width, lanes);
  draw_marks (self, cr, width);
  draw_moment (self, cr, width, height);
  cairo_destroy (cr);
  draw_axis (self, snapshot, width, height);
}

static void
headroom_timeline_measure (GtkWidget *widget, GtkOrientation orientation, int for_size,
                           int *minimum, int *natural, int *minimum_baseline, int *natural_baseline)
{
  int n_lanes = (int) HEADROOM_TIMELINE (widget)->names->len;

  *minimum = *natural = orientation == GTK_ORIENTATION_HORIZONTAL
                            ? MIN_WIDTH
                            : n_lanes * LANE_HEIGHT + SUM_HEIGHT + AXIS_HEIGHT;
}

/* ---- Widget ---------------------------------------------------------------------------------- */

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
  widget_class->snapshot = headroom_timeline_snapshot;
  gtk_widget_class_set_css_name (widget_class, "timeline");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
headroom_timeline_init (HeadroomTimeline *self)
{
  self->names = g_ptr_array_new_with_free_func (g_free);
  self->stays = g_array_new (FALSE, FALSE, sizeof (HeadroomStay));
  self->marks = g_array_new (FALSE, FALSE, sizeof (Mark));
  self->levels = g_array_new (FALSE, FALSE, sizeof (Level));
  gtk_widget_set_hexpand (GTK_WIDGET (self), TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("Memory over time"), -1);
}

GtkWidget *
headroom_timeline_new (void)
{
  return g_object_new (HEADROOM_TYPE_TIMELINE, NULL);
}
