/* headroom-curve-chart.c: a curve of a benchmark, drawn over the logarithm of its setting, with a
 * point that is read out.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-curve-chart.h"

#include "headroom-chart.h"
#include "headroom-curve-text.h"
#include "headroom-memory-paint.h"

#include <glib/gi18n.h>
#include <math.h>

/* pixels */
#define HEIGHT 150
#define MIN_WIDTH 200
#define AXIS_HEIGHT 18
#define TOP_GAP 18
#define SIDE_GAP 10
#define TICK_WIDTH 44
#define DOT 3.0
#define CHOSEN_DOT 5.0

struct _HeadroomCurveChart {
  GtkWidget parent_instance;
  HeadroomCurve *curve, *other; /* or NULL */
  guint chosen;
  char *reading;
};

G_DEFINE_FINAL_TYPE (HeadroomCurveChart, headroom_curve_chart, GTK_TYPE_WIDGET)

enum { PROP_READING = 1, N_PROPS };
static GParamSpec *properties[N_PROPS];

typedef enum { FIRST, SECOND, OTHER } Series;

static guint
count (HeadroomCurveChart *self)
{
  return self->curve != NULL ? self->curve->points->len : 0;
}

const HeadroomCurvePoint *
headroom_curve_chart_find_other (HeadroomCurveChart *self, guint index)
{
  for (guint i = 0; self->other != NULL && i < self->other->points->len; i++)
    if (headroom_curve_at (self->other, i)->x == headroom_curve_at (self->curve, index)->x)
      return headroom_curve_at (self->other, i);
  return NULL;
}

/* ---- Where things are ------------------------------------------------------------------------ */

static double
x_of (HeadroomCurveChart *self, double x)
{
  double first = log2 (headroom_curve_at (self->curve, 0)->x);
  double last = log2 (headroom_curve_at (self->curve, count (self) - 1)->x);
  double share = last > first ? CLAMP ((log2 (x) - first) / (last - first), 0, 1) : 0.5;
  double width = gtk_widget_get_width (GTK_WIDGET (self)) - 2 * SIDE_GAP;

  if (gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL)
    share = 1 - share;
  return SIDE_GAP + width * share;
}

static double
value_of (const HeadroomCurvePoint *point, Series series)
{
  return series == SECOND ? point->second : point->y;
}

/* Curves stand on nothing, so that heights compare as what they mean. */
static double
ceiling_of (HeadroomCurveChart *self)
{
  double top = 0;

  for (guint i = 0; i < count (self); i++) {
    const HeadroomCurvePoint *point = headroom_curve_at (self->curve, i);
    top = fmax (fmax (top, point->y), point->second); /* fmax () leaves NAN out */
  }
  for (guint i = 0; self->other != NULL && i < self->other->points->len; i++)
    top = fmax (top, headroom_curve_at (self->other, i)->y);
  return top > 0 ? top * 1.04 : 1;
}

static double
y_of (double value, double ceiling, double height)
{
  return TOP_GAP + (height - TOP_GAP) * (1 - value / ceiling);
}

/* ---- Drawing --------------------------------------------------------------------------------- */

static void
trace (HeadroomCurveChart *self, cairo_t *cr, const HeadroomCurve *curve, Series series,
       double height)
{
  double ceiling = ceiling_of (self);

  for (guint i = 0; i < curve->points->len; i++) {
    const HeadroomCurvePoint *point = headroom_curve_at (curve, i);
    double value = value_of (point, series);
    if (isfinite (value))
      cairo_line_to (cr, x_of (self, point->x), y_of (value, ceiling, height));
  }
  cairo_stroke (cr);
}

static void
draw_lines (HeadroomCurveChart *self, cairo_t *cr, double height)
{
  static const double dashed[] = { 6, 4 }, dotted[] = { 1.5, 3 };
  GdkRGBA colour = headroom_memory_colour (GTK_WIDGET (self), "accent_color"), ink;

  gtk_style_context_get_color (gtk_widget_get_style_context (GTK_WIDGET (self)), &ink);
  cairo_set_line_width (cr, 2);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  gdk_cairo_set_source_rgba (cr, &ink);
  if (self->other != NULL) {
    cairo_set_dash (cr, dotted, G_N_ELEMENTS (dotted), 0);
    trace (self, cr, self->other, OTHER, height);
  }
  cairo_set_dash (cr, dashed, G_N_ELEMENTS (dashed), 0);
  trace (self, cr, self->curve, SECOND, height);
  cairo_set_dash (cr, NULL, 0, 0);
  gdk_cairo_set_source_rgba (cr, &colour);
  trace (self, cr, self->curve, FIRST, height);
}

static void
draw_dots (HeadroomCurveChart *self, cairo_t *cr, double height)
{
  double ceiling = ceiling_of (self);
  GdkRGBA colour = headroom_memory_colour (GTK_WIDGET (self), "accent_color");

  gdk_cairo_set_source_rgba (cr, &colour);
  for (guint i = 0; i < count (self); i++) {
    const HeadroomCurvePoint *point = headroom_curve_at (self->curve, i);
    double x = x_of (self, point->x);
    if (!isfinite (point->y))
      continue;
    cairo_arc (cr, x, y_of (point->y, ceiling, height), i == self->chosen ? CHOSEN_DOT : DOT, 0,
               2 * G_PI);
    cairo_fill (cr);
  }
}

static void
draw_base (HeadroomCurveChart *self, cairo_t *cr, double height)
{
  GdkRGBA colour;

  gtk_style_context_get_color (gtk_widget_get_style_context (GTK_WIDGET (self)), &colour);
  colour.alpha *= 0.2f;
  gdk_cairo_set_source_rgba (cr, &colour);
  cairo_set_line_width (cr, 1);
  cairo_move_to (cr, 0, height - 0.5);
  cairo_line_to (cr, gtk_widget_get_width (GTK_WIDGET (self)), height - 0.5);
  cairo_stroke (cr);
  colour.alpha *= 2;
  gdk_cairo_set_source_rgba (cr, &colour);
  cairo_move_to (cr, x_of (self, headroom_curve_at (self->curve, self->chosen)->x), TOP_GAP);
  cairo_rel_line_to (cr, 0, height - TOP_GAP);
  cairo_stroke (cr);
}

/* A small flag over the point that stands out. */
static void
draw_mark (HeadroomCurveChart *self, cairo_t *cr, double height)
{
  GdkRGBA colour = headroom_memory_colour (GTK_WIDGET (self), "warning_color");
  double x;

  if (!isfinite (self->curve->mark))
    return;
  x = x_of (self, self->curve->mark);
  gdk_cairo_set_source_rgba (cr, &colour);
  cairo_move_to (cr, x - 5, height);
  cairo_line_to (cr, x + 5, height);
  cairo_line_to (cr, x, height - 8);
  cairo_close_path (cr);
  cairo_fill (cr);
}

/* As many as there is room for; the last one always, because it is what people look for. */
static void
draw_ticks (HeadroomCurveChart *self, GtkSnapshot *snapshot, double height)
{
  double last = x_of (self, headroom_curve_at (self->curve, count (self) - 1)->x), before = -1e9;

  for (guint i = 0; i < count (self); i++) {
    double value = headroom_curve_at (self->curve, i)->x, x = x_of (self, value);
    g_autofree char *text = headroom_curve_format_tick (value);
    gboolean is_last = i + 1 == count (self);
    if (!is_last && (fabs (x - before) < TICK_WIDTH || fabs (x - last) < TICK_WIDTH))
      continue;
    headroom_chart_draw_text (GTK_WIDGET (self), snapshot, text, x, height + 2, 0.5);
    before = x;
  }
}

static void
headroom_curve_chart_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  HeadroomCurveChart *self = HEADROOM_CURVE_CHART (widget);
  double width = gtk_widget_get_width (widget),
         height = gtk_widget_get_height (widget) - AXIS_HEIGHT;
  g_autofree char *top = NULL;
  cairo_t *cr;

  if (count (self) == 0)
    return;
  cr = gtk_snapshot_append_cairo (snapshot,
                                  &GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height));
  draw_base (self, cr, height);
  draw_mark (self, cr, height);
  draw_lines (self, cr, height);
  draw_dots (self, cr, height);
  cairo_destroy (cr);
  draw_ticks (self, snapshot, height);
  top = headroom_curve_format_y (self->curve->kind, ceiling_of (self) / 1.04);
  headroom_chart_draw_text (widget, snapshot, top, 0, 0, 0);
}

static void
headroom_curve_chart_measure (GtkWidget *widget, GtkOrientation orientation, int for_size,
                              int *minimum, int *natural, int *minimum_baseline,
                              int *natural_baseline)
{
  *minimum = *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? MIN_WIDTH : HEIGHT;
}

/* ---- What is read ---------------------------------------------------------------------------- */

static void
read_chosen (HeadroomCurveChart *self)
{
  g_free (self->reading);
  self->reading =
      count (self) > 0
          ? headroom_curve_dup_reading (self->curve->kind,
                                        headroom_curve_at (self->curve, self->chosen),
                                        headroom_curve_chart_find_other (self, self->chosen))
          : g_strdup ("");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_VALUE_NOW,
                                  (double) self->chosen + 1, GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT,
                                  self->reading, -1);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_READING]);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/* All of it at once, for who cannot see it. */
static void
describe (HeadroomCurveChart *self)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < count (self); i++) {
    g_autofree char *line =
        headroom_curve_dup_reading (self->curve->kind, headroom_curve_at (self->curve, i),
                                    headroom_curve_chart_find_other (self, i));
    g_string_append_printf (text, "%s%s", i > 0 ? "; " : "", line);
  }
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  self->curve != NULL ? headroom_curve_title (self->curve->kind)
                                                      : "",
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text->str,
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_MIN, 1.0,
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_MAX, (double) MAX (count (self), 1),
                                  -1);
  g_string_free (text, TRUE);
}

static guint
last_measured (HeadroomCurveChart *self)
{
  guint i = MAX (count (self), 1) - 1;

  while (i > 0 && !isfinite (headroom_curve_at (self->curve, i)->y))
    i--;
  return i;
}

void
headroom_curve_chart_set_curves (HeadroomCurveChart *self, HeadroomCurve *take_curve,
                                 HeadroomCurve *take_other)
{
  g_return_if_fail (HEADROOM_IS_CURVE_CHART (self));
  headroom_curve_free (self->curve);
  headroom_curve_free (self->other);
  self->curve = take_curve;
  self->other = take_other;
  self->chosen = last_measured (self);
  describe (self);
  read_chosen (self);
}

const HeadroomCurve *
headroom_curve_chart_get_curve (HeadroomCurveChart *self)
{
  g_return_val_if_fail (HEADROOM_IS_CURVE_CHART (self), NULL);
  return self->curve;
}

const HeadroomCurve *
headroom_curve_chart_get_other (HeadroomCurveChart *self)
{
  g_return_val_if_fail (HEADROOM_IS_CURVE_CHART (self), NULL);
  return self->other;
}

void
headroom_curve_chart_set_chosen (HeadroomCurveChart *self, guint index)
{
  g_return_if_fail (HEADROOM_IS_CURVE_CHART (self));
  self->chosen = MIN (index, MAX (count (self), 1) - 1);
  read_chosen (self);
}

guint
headroom_curve_chart_get_chosen (HeadroomCurveChart *self)
{
  g_return_val_if_fail (HEADROOM_IS_CURVE_CHART (self), 0);
  return self->chosen;
}

const char *
headroom_curve_chart_get_reading (HeadroomCurveChart *self)
{
  g_return_val_if_fail (HEADROOM_IS_CURVE_CHART (self), NULL);
  return self->reading;
}

static void
motion_cb (HeadroomCurveChart *self, double x, double y)
{
  guint nearest = 0;

  for (guint i = 1; i < count (self); i++)
    if (fabs (x_of (self, headroom_curve_at (self->curve, i)->x) - x) <
        fabs (x_of (self, headroom_curve_at (self->curve, nearest)->x) - x))
      nearest = i;
  if (nearest != self->chosen)
    headroom_curve_chart_set_chosen (self, nearest);
}

/* Fingers do not hover. */
static void
pressed_cb (HeadroomCurveChart *self, int n_press, double x, double y)
{
  gtk_widget_grab_focus (GTK_WIDGET (self));
  motion_cb (self, x, y);
}

static gboolean
key_pressed_cb (HeadroomCurveChart *self, guint keyval)
{
  gboolean is_rtl = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;
  gboolean is_left = keyval == GDK_KEY_Left || keyval == GDK_KEY_KP_Left;
  gboolean is_right = keyval == GDK_KEY_Right || keyval == GDK_KEY_KP_Right;

  if (keyval == GDK_KEY_Home)
    headroom_curve_chart_set_chosen (self, 0);
  else if (keyval == GDK_KEY_End)
    headroom_curve_chart_set_chosen (self, G_MAXUINT);
  else if (is_rtl ? is_right : is_left)
    headroom_curve_chart_set_chosen (self, MAX (self->chosen, 1) - 1);
  else if (is_left || is_right)
    headroom_curve_chart_set_chosen (self, self->chosen + 1);
  else
    return FALSE;
  return TRUE;
}

/* ---- Object ---------------------------------------------------------------------------------- */

static void
headroom_curve_chart_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_READING)
    g_value_set_string (value, HEADROOM_CURVE_CHART (object)->reading);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
headroom_curve_chart_finalize (GObject *object)
{
  HeadroomCurveChart *self = HEADROOM_CURVE_CHART (object);

  headroom_curve_free (self->curve);
  headroom_curve_free (self->other);
  g_free (self->reading);
  G_OBJECT_CLASS (headroom_curve_chart_parent_class)->finalize (object);
}

static void
headroom_curve_chart_class_init (HeadroomCurveChartClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = headroom_curve_chart_get_property;
  object_class->finalize = headroom_curve_chart_finalize;
  widget_class->measure = headroom_curve_chart_measure;
  widget_class->snapshot = headroom_curve_chart_snapshot;
  properties[PROP_READING] =
      g_param_spec_string ("reading", NULL, NULL, "", G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  gtk_widget_class_set_css_name (widget_class, "curvechart");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_SLIDER);
}

static void
headroom_curve_chart_init (HeadroomCurveChart *self)
{
  GtkEventController *motion = gtk_event_controller_motion_new ();
  GtkEventController *keys = gtk_event_controller_key_new ();
  GtkGesture *click = gtk_gesture_click_new ();

  self->reading = g_strdup ("");
  gtk_widget_set_hexpand (GTK_WIDGET (self), TRUE);
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  g_signal_connect_object (motion, "motion", G_CALLBACK (motion_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (motion, "enter", G_CALLBACK (motion_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (keys, "key-pressed", G_CALLBACK (key_pressed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (click, "pressed", G_CALLBACK (pressed_cb), self, G_CONNECT_SWAPPED);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (click));
  gtk_widget_add_controller (GTK_WIDGET (self), motion);
  gtk_widget_add_controller (GTK_WIDGET (self), keys);
}

GtkWidget *
headroom_curve_chart_new (void)
{
  return g_object_new (HEADROOM_TYPE_CURVE_CHART, NULL);
}
