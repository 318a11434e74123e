/* headroom-cost-chart.c: what every context length would take, drawn as a chart over the powers of
 * two.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cost-chart.h"

#include "headroom-chart.h"
#include "headroom-memory-paint.h"

#include <glib/gi18n.h>
#include <math.h>

/* pixels */
#define HEIGHT 168
#define MIN_WIDTH 200
#define AXIS_HEIGHT 18
#define TOP_GAP 16
#define TICK_WIDTH 44

struct _HeadroomCostChart {
  GtkWidget parent_instance;
  HeadroomSurveyPoint points[HEADROOM_SURVEY_MAX_POINTS];
  gsize n_points;
  HeadroomCliff cliffs[HEADROOM_CLIFF_N_KINDS];
  gsize n_cliffs;
  guint32 num_ctx; /* the present choice */
  guint64 budget;  /* bytes */
};

G_DEFINE_FINAL_TYPE (HeadroomCostChart, headroom_cost_chart, GTK_TYPE_WIDGET)

static guint64
sum (const HeadroomSurveyPoint *point)
{
  return point->weights + point->compute + point->cache;
}

/* ---- Where things are ------------------------------------------------------------------------ */

/* Context lengths lie as their logarithms do. */
static double
x_of (HeadroomCostChart *self, guint32 num_ctx, double width)
{
  double first = log2 (self->points[0].num_ctx),
         last = log2 (self->points[self->n_points - 1].num_ctx);
  double x = last > first ? (log2 (MAX (num_ctx, 1)) - first) / (last - first) : 0.5;

  x = CLAMP (x, 0, 1);
  return width * (gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL ? 1 - x : x);
}

/* The ground shows all of the chart, and the budget too where it is near; a budget far above would
 * flatten everything. */
static double
ceiling_of (HeadroomCostChart *self)
{
  double top = (double) sum (&self->points[self->n_points - 1]);

  return MAX (self->budget > 0 && self->budget < 2 * top ? MAX (top, (double) self->budget) : top,
              1) *
         1.04;
}

static double
y_of (double bytes, double ceiling, double height)
{
  return TOP_GAP + (height - TOP_GAP) * (1 - MIN (bytes / ceiling, 1));
}

/* ---- Drawing --------------------------------------------------------------------------------- */

static guint64
layer_top (const HeadroomSurveyPoint *point, int layer)
{
  return point->weights + (layer > 0 ? point->compute : 0) + (layer > 1 ? point->cache : 0);
}

static void
trace_layer (HeadroomCostChart *self, cairo_t *cr, int layer, double width, double height)
{
  double ceiling = ceiling_of (self);

  for (gsize i = 0; i < self->n_points; i++)
    cairo_line_to (cr, x_of (self, self->points[i].num_ctx, width),
                   y_of ((double) layer_top (&self->points[i], layer), ceiling, height));
  for (gsize i = self->n_points; i-- > 0;)
    cairo_line_to (cr, x_of (self, self->points[i].num_ctx, width),
                   y_of (layer > 0 ? (double) layer_top (&self->points[i], layer - 1) : 0, ceiling,
                         height));
  cairo_close_path (cr);
}

static void
draw_layers (HeadroomCostChart *self, cairo_t *cr, double width, double height)
{
  static const char *const names[] = { "headroom_weights", "headroom_compute", "headroom_cache" };

  for (int layer = 0; layer < 3; layer++) {
    GdkRGBA colour = headroom_memory_colour (GTK_WIDGET (self), names[layer]);
    colour.alpha *= 0.75f;
    gdk_cairo_set_source_rgba (cr, &colour);
    trace_layer (self, cr, layer, width, height);
    cairo_fill (cr);
  }
}

static void
draw_budget (HeadroomCostChart *self, cairo_t *cr, double width, double height)
{
  double ceiling = ceiling_of (self);

  if (self->budget > 0 && (double) self->budget <= ceiling)
    headroom_chart_draw_limit (GTK_WIDGET (self), cr, y_of ((double) self->budget, ceiling, height),
                               width);
}

typedef double (*Measure) (const HeadroomSurveyPoint *point);

static double
speed_of (const HeadroomSurveyPoint *point)
{
  return point->tokens_per_second;
}

static double
wait_of (const HeadroomSurveyPoint *point)
{
  return point->first_token_ms;
}

/* A curve from nothing to its own highest point; dashed or not, so that colour is not needed. */
static void
draw_curve (HeadroomCostChart *self, cairo_t *cr, Measure measure, gboolean dashed, double width,
            double height)
{
  static const double dashes[] = { 2, 3 };
  double highest = 0;
  GdkRGBA colour;

  for (gsize i = 0; i < self->n_points; i++)
    highest = MAX (highest, measure (&self->points[i]));
  if (highest <= 0)
    return;
  gtk_style_context_get_color (gtk_widget_get_style_context (GTK_WIDGET (self)), &colour);
  gdk_cairo_set_source_rgba (cr, &colour);
  cairo_set_line_width (cr, 2);
  if (dashed)
    cairo_set_dash (cr, dashes, G_N_ELEMENTS (dashes), 0);
  for (gsize i = 0; i < self->n_points; i++)
    cairo_line_to (cr, x_of (self, self->points[i].num_ctx, width),
                   y_of (measure (&self->points[i]), highest * 1.04, height));
  cairo_stroke (cr);
  cairo_set_dash (cr, NULL, 0, 0);
}

/* A line down and a small flag at its foot. */
static void
draw_cliffs (HeadroomCostChart *self, cairo_t *cr, double width, double height)
{
  static const char *const colours[HEADROOM_CLIFF_N_KINDS] = { "warning_color", "headroom_cache",
                                                               "error_color" };

  for (gsize i = 0; i < self->n_cliffs; i++) {
    double x = CLAMP (x_of (self, self->cliffs[i].num_ctx, width), 1, width - 1);
    GdkRGBA colour = headroom_memory_colour (GTK_WIDGET (self), colours[self->cliffs[i].kind]);
    gdk_cairo_set_source_rgba (cr, &colour);
    cairo_set_line_width (cr, 1.5);
    cairo_move_to (cr, x, TOP_GAP);
    cairo_line_to (cr, x, height);
    cairo_stroke (cr);
    cairo_move_to (cr, x - 5, height);
    cairo_line_to (cr, x + 5, height);
    cairo_line_to (cr, x, height - 8);
    cairo_close_path (cr);
    cairo_fill (cr);
  }
}

/* Powers of two, as many as there is room for. */
static void
draw_ticks (HeadroomCostChart *self, GtkSnapshot *snapshot, double width, double height)
{
  double octaves = log2 (self->points[self->n_points - 1].num_ctx) - log2 (self->points[0].num_ctx);
  int step = (int) MAX (1, ceil (octaves * TICK_WIDTH / MAX (width, 1)));

  for (guint32 tokens = HEADROOM_SURVEY_MIN_CTX, i = 0;
       tokens <= self->points[self->n_points - 1].num_ctx; tokens *= 2, i++) {
    g_autofree char *text =
        tokens >= 1024 ? g_strdup_printf ("%uk", tokens / 1024) : g_strdup_printf ("%u", tokens);
    if (tokens >= self->points[0].num_ctx && i % step == 0)
      headroom_chart_draw_text (GTK_WIDGET (self), snapshot, text, x_of (self, tokens, width),
                                height + 2, 0.5);
  }
}

/* What the longest context takes, over the end of its curve, and what there is, over its line. */
static void
draw_amounts (HeadroomCostChart *self, GtkSnapshot *snapshot, double width, double height)
{
  const HeadroomSurveyPoint *last = &self->points[self->n_points - 1];
  double ceiling = ceiling_of (self);
  gboolean is_rtl = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;
  g_autofree char *top = headroom_memory_format (sum (last)),
                  *budget = headroom_memory_format (self->budget);
  /* Translators: how many bytes there are */
  g_autofree char *room = g_strdup_printf (_("%s are there"), budget);

  headroom_chart_draw_text (GTK_WIDGET (self), snapshot, top, is_rtl ? 0 : width,
                            y_of ((double) sum (last), ceiling, height) - TOP_GAP, is_rtl ? 0 : 1);
  if (self->budget > 0 && (double) self->budget <= ceiling)
    headroom_chart_draw_text (GTK_WIDGET (self), snapshot, room, is_rtl ? width : 0,
                              y_of ((double) self->budget, ceiling, height) - TOP_GAP,
                              is_rtl ? 1 : 0);
}

static void
headroom_cost_chart_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  HeadroomCostChart *self = HEADROOM_COST_CHART (widget);
  double width = gtk_widget_get_width (widget),
         height = gtk_widget_get_height (widget) - AXIS_HEIGHT;
  graphene_rect_t area = GRAPHENE_RECT_INIT (0, 0, width, height);
  cairo_t *cr;

  if (self->n_points == 0)
    return;
  cr = gtk_snapshot_append_cairo (snapshot, &area);
  draw_layers (self, cr, width, height);
  draw_budget (self, cr, width, height);
  draw_cliffs (self, cr, width, height);
  draw_curve (self, cr, speed_of, FALSE, width, height);
  draw_curve (self, cr, wait_of, TRUE, width, height);
  headroom_chart_draw_choice (widget, cr, x_of (self, self->num_ctx, width), width, height);
  cairo_destroy (cr);
  draw_ticks (self, snapshot, width, height);
  draw_amounts (self, snapshot, width, height);
}

static void
headroom_cost_chart_measure (GtkWidget *widget, GtkOrientation orientation, int for_size,
                             int *minimum, int *natural, int *minimum_baseline,
                             int *natural_baseline)
{
  *minimum = *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? MIN_WIDTH : HEIGHT;
}

/* ---- Numbers --------------------------------------------------------------------------------- */

static void
describe (HeadroomCostChart *self)
{
  const HeadroomSurveyPoint *first = &self->points[0], *last = &self->points[self->n_points - 1];
  g_autofree char *from = headroom_memory_format (sum (first)),
                  *to = headroom_memory_format (sum (last));
  GString *text = g_string_new (NULL);

  /* Translators: for a screen reader, about a drawing of memory over context length */
  g_string_append_printf (text, _("From %s at %'u tokens to %s at %'u tokens."), from,
                          first->num_ctx, to, last->num_ctx);
  for (gsize i = 0; i < self->n_cliffs; i++) {
    g_string_append_c (text, ' ');
    /* Translators: a number of tokens, and what happens there, such as "beyond it there is no room"
     */
    g_string_append_printf (text, _("At %'u tokens: %s."), self->cliffs[i].num_ctx,
                            headroom_cliff_title (self->cliffs[i].kind));
  }
  if (self->n_cliffs == 0)
    g_string_append_printf (text, " %s", _("All of it fits."));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  text->str, -1);
  g_string_free (text, TRUE);
}

/**
 * headroom_cost_chart_set_survey:
 * @self: a chart
 * @survey: (nullable): what to draw; copied
 * @budget: bytes that models may take
 */
void
headroom_cost_chart_set_survey (HeadroomCostChart *self, const HeadroomSurvey *survey,
                                guint64 budget)
{
  g_return_if_fail (HEADROOM_IS_COST_CHART (self));
  self->n_points = self->n_cliffs = 0;
  self->budget = budget;
  if (survey != NULL) {
    memcpy (self->points, survey->points, sizeof self->points);
    memcpy (self->cliffs, survey->cliffs, sizeof self->cliffs);
    self->n_points = survey->n_points;
    self->n_cliffs = survey->n_cliffs;
  }
  if (self->n_points > 0)
    describe (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
headroom_cost_chart_set_choice (HeadroomCostChart *self, guint32 num_ctx)
{
  g_return_if_fail (HEADROOM_IS_COST_CHART (self));
  if (self->num_ctx == num_ctx)
    return;
  self->num_ctx = num_ctx;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/* Returns: (array length=ret_n): where it goes down, in the order of badness */
const HeadroomCliff *
headroom_cost_chart_get_cliffs (HeadroomCostChart *self, gsize *ret_n)
{
  g_return_val_if_fail (HEADROOM_IS_COST_CHART (self), NULL);
  *ret_n = self->n_cliffs;
  return self->cliffs;
}

/* Returns: (array length=ret_n): what is drawn, in ascending order of context */
const HeadroomSurveyPoint *
headroom_cost_chart_get_points (HeadroomCostChart *self, gsize *ret_n)
{
  g_return_val_if_fail (HEADROOM_IS_COST_CHART (self), NULL);
  *ret_n = self->n_points;
  return self->points;
}

/* ---- Widget ---------------------------------------------------------------------------------- */

static void
headroom_cost_chart_class_init (HeadroomCostChartClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  widget_class->measure = headroom_cost_chart_measure;
  widget_class->snapshot = headroom_cost_chart_snapshot;
  gtk_widget_class_set_css_name (widget_class, "costchart");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
headroom_cost_chart_init (HeadroomCostChart *self)
{
  gtk_widget_set_hexpand (GTK_WIDGET (self), TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("Memory over context length"), -1);
}

GtkWidget *
headroom_cost_chart_new (void)
{
  return g_object_new (HEADROOM_TYPE_COST_CHART, NULL);
}
