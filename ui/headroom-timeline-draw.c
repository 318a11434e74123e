/* headroom-timeline-draw.c: lanes, marks, the sum and the axis of the timeline.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-timeline-private.h"

#include "headroom-chart.h"
#include "headroom-memory-paint.h"

#include <math.h>

/* pixels */
#define LANE_TEXT 18
#define LANE_BAR 12
#define LANE_GAP 8
#define LANE_HEIGHT (LANE_TEXT + LANE_BAR + LANE_GAP)
#define SUM_HEIGHT 72
#define AXIS_HEIGHT 20
#define MARK_SIZE 5.0
#define TICK_WIDTH 64.0

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
snapshot_lanes (HeadroomTimeline *self, GtkSnapshot *snapshot, double width)
{
  GtkWidget *widget = GTK_WIDGET (self);
  gboolean is_rtl = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;

  for (guint lane = 0; lane < self->names->len; lane++) {
    graphene_rect_t trough =
        GRAPHENE_RECT_INIT (0, (float) bar_top (lane), (float) width, LANE_BAR);
    headroom_chart_draw_text (GTK_WIDGET (self), snapshot, self->names->pdata[lane],
                              is_rtl ? width : 0, lane * LANE_HEIGHT, is_rtl ? 1 : 0);
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
trace_mark (cairo_t *cr, const HeadroomTimelineMark *mark, double x, double y)
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
    const HeadroomTimelineMark *mark = &g_array_index (self->marks, HeadroomTimelineMark, i);
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
  GdkRGBA fill = headroom_memory_colour (GTK_WIDGET (self), "headroom_weights");
  guint64 used = 0;

  fill.alpha *= 0.6f;
  gdk_cairo_set_source_rgba (cr, &fill);
  cairo_move_to (cr, x_of (self, 0, width), top + SUM_HEIGHT);
  for (guint i = 0; i < self->levels->len; i++) {
    const HeadroomTimelineLevel *level = &g_array_index (self->levels, HeadroomTimelineLevel, i);
    cairo_line_to (cr, x_of (self, level->seconds, width), y_of (self, used, top));
    cairo_line_to (cr, x_of (self, level->seconds, width), y_of (self, level->used, top));
    used = level->used;
  }
  cairo_line_to (cr, x_of (self, self->length, width), y_of (self, used, top));
  cairo_line_to (cr, x_of (self, self->length, width), top + SUM_HEIGHT);
  cairo_close_path (cr);
  cairo_fill (cr);
  headroom_chart_draw_limit (GTK_WIDGET (self), cr, y_of (self, self->budget, top), width);
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
    headroom_chart_draw_text (GTK_WIDGET (self), snapshot, text, x_of (self, seconds, width), y + 2,
                              0.5);
  }
}

void
_headroom_timeline_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
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
  headroom_chart_draw_choice (widget, cr, x_of (self, self->moment, width), width, height);
  cairo_destroy (cr);
  draw_axis (self, snapshot, width, height);
}

int
_headroom_timeline_get_height (int n_lanes)
{
  return n_lanes * LANE_HEIGHT + SUM_HEIGHT + AXIS_HEIGHT;
}
