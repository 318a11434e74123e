/* headroom-memory-paint.c: the colours and patterns of the parts of memory.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-memory-paint.h"

#include <math.h>

typedef enum { PATTERN_SOLID, PATTERN_HATCH, PATTERN_DOTS, PATTERN_BARS, PATTERN_ROWS } Pattern;

typedef struct {
  const char *colour; /* a named colour of style.css; NULL: nothing is painted */
  Pattern pattern;
  float fill; /* opacity of the colour under the pattern */
} Paint;

static const Paint paints[HEADROOM_MEMORY_N_PARTS] = {
  [HEADROOM_MEMORY_OTHERS] = { "headroom_others", PATTERN_SOLID, 1 },
  [HEADROOM_MEMORY_WEIGHTS] = { "headroom_weights", PATTERN_SOLID, 1 },
  [HEADROOM_MEMORY_PROJECTOR] = { "headroom_projector", PATTERN_ROWS, 1 },
  [HEADROOM_MEMORY_CACHE] = { "headroom_cache", PATTERN_BARS, 1 },
  [HEADROOM_MEMORY_CACHE_UNUSED] = { "headroom_cache_unused", PATTERN_HATCH, 0.25f },
  [HEADROOM_MEMORY_COMPUTE] = { "headroom_compute", PATTERN_DOTS, 1 },
  [HEADROOM_MEMORY_DRIVER] = { "headroom_driver", PATTERN_ROWS, 0.4f },
  [HEADROOM_MEMORY_FREE] = { NULL, PATTERN_SOLID, 0 },
  [HEADROOM_MEMORY_RESERVE] = { "headroom_reserve", PATTERN_HATCH, 0 },
};

#define PATTERN_STEP 5.0 /* pixels from line to line */

/* Returns: a named colour of the style; grey where the style has none */
GdkRGBA
headroom_memory_colour (GtkWidget *widget, const char *name)
{
  GdkRGBA colour = { 0.5f, 0.5f, 0.5f, 1 };

  gtk_style_context_lookup_color (gtk_widget_get_style_context (widget), name, &colour);
  return colour;
}

/* Slanted lines whose phase depends on the bar and not on the part, so that parts that grow do not
 * flicker. */
static void
trace_hatch (cairo_t *cr, const graphene_rect_t *area)
{
  double top = area->origin.y, height = area->size.height;
  double first = floor ((area->origin.x - height) / PATTERN_STEP) * PATTERN_STEP;

  for (double x = first; x < area->origin.x + area->size.width; x += PATTERN_STEP) {
    cairo_move_to (cr, x, top + height);
    cairo_line_to (cr, x + height, top);
  }
  cairo_set_line_width (cr, 1.3);
  cairo_stroke (cr);
}

static void
trace_bars (cairo_t *cr, const graphene_rect_t *area)
{
  double first = ceil (area->origin.x / PATTERN_STEP) * PATTERN_STEP;

  for (double x = first; x < area->origin.x + area->size.width; x += PATTERN_STEP)
    cairo_rectangle (cr, x, area->origin.y, 1, area->size.height);
  cairo_fill (cr);
}

static void
trace_rows (cairo_t *cr, const graphene_rect_t *area)
{
  for (double y = area->origin.y + 2; y < area->origin.y + area->size.height; y += PATTERN_STEP - 1)
    cairo_rectangle (cr, area->origin.x, y, area->size.width, 1);
  cairo_fill (cr);
}

static void
trace_dots (cairo_t *cr, const graphene_rect_t *area)
{
  for (double y = area->origin.y + 2; y < area->origin.y + area->size.height; y += PATTERN_STEP)
    for (double x = area->origin.x + 2; x < area->origin.x + area->size.width; x += PATTERN_STEP)
      cairo_rectangle (cr, x, y, 1.6, 1.6);
  cairo_fill (cr);
}

static void
trace_pattern (cairo_t *cr, const graphene_rect_t *area, Pattern pattern)
{
  if (pattern == PATTERN_HATCH)
    trace_hatch (cr, area);
  else if (pattern == PATTERN_BARS)
    trace_bars (cr, area);
  else if (pattern == PATTERN_ROWS)
    trace_rows (cr, area);
  else if (pattern == PATTERN_DOTS)
    trace_dots (cr, area);
}

static void
paint_pattern (GtkSnapshot *snapshot, const graphene_rect_t *area, Pattern pattern,
               const GdkRGBA *colour)
{
  cairo_t *cr;

  if (pattern == PATTERN_SOLID)
    return;
  cr = gtk_snapshot_append_cairo (snapshot, area);
  gdk_cairo_set_source_rgba (cr, colour);
  trace_pattern (cr, area, pattern);
  cairo_destroy (cr);
}

/* The same into a drawing that is under way, within its clip. */
void
headroom_memory_paint_cairo (GtkWidget *widget, cairo_t *cr, const graphene_rect_t *area,
                             HeadroomMemoryPart part)
{
  const Paint *paint = &paints[part];
  GdkRGBA colour, ink;

  if (paint->colour == NULL)
    return;
  colour = headroom_memory_colour (widget, paint->colour);
  ink = paint->fill < 1 ? colour : headroom_memory_colour (widget, "headroom_ink");
  colour.alpha *= paint->fill;
  gdk_cairo_set_source_rgba (cr, &colour);
  cairo_paint (cr);
  gdk_cairo_set_source_rgba (cr, &ink);
  trace_pattern (cr, area, paint->pattern);
}

void
headroom_memory_paint (GtkWidget *widget, GtkSnapshot *snapshot, const graphene_rect_t *area,
                       HeadroomMemoryPart part)
{
  const Paint *paint = &paints[part];
  GdkRGBA colour, ink;

  if (paint->colour == NULL || area->size.width <= 0)
    return;
  colour = headroom_memory_colour (widget, paint->colour);
  ink = paint->fill < 1 ? colour : headroom_memory_colour (widget, "headroom_ink");
  colour.alpha *= paint->fill;
  if (colour.alpha > 0)
    gtk_snapshot_append_color (snapshot, &colour, area);
  paint_pattern (snapshot, area, paint->pattern, &ink);
}

void
headroom_memory_paint_trough (GtkWidget *widget, GtkSnapshot *snapshot, const graphene_rect_t *area)
{
  GdkRGBA colour = headroom_memory_colour (widget, "headroom_trough");

  gtk_snapshot_append_color (snapshot, &colour, area);
}

/* What a change would take or give back, over what is there now: a veil with a dashed edge. */
void
headroom_memory_paint_ghost (GtkWidget *widget, GtkSnapshot *snapshot, const graphene_rect_t *area,
                             gboolean takes)
{
  static const double dashes[] = { 3, 2 };
  GdkRGBA veil = headroom_memory_colour (widget, takes ? "headroom_weights" : "window_bg_color");
  GdkRGBA edge = headroom_memory_colour (widget, "window_fg_color");
  cairo_t *cr;

  if (area->size.width <= 0)
    return;
  veil.alpha *= takes ? 0.4f : 0.65f;
  gtk_snapshot_append_color (snapshot, &veil, area);
  cr = gtk_snapshot_append_cairo (snapshot, area);
  gdk_cairo_set_source_rgba (cr, &edge);
  cairo_set_dash (cr, dashes, G_N_ELEMENTS (dashes), 0);
  cairo_set_line_width (cr, 1);
  cairo_rectangle (cr, area->origin.x + 0.5, area->origin.y + 0.5, MAX (area->size.width - 1, 0.5),
                   area->size.height - 1);
  cairo_stroke (cr);
  cairo_destroy (cr);
}

/* What is needed and is not there. */
void
headroom_memory_paint_overrun (GtkWidget *widget, GtkSnapshot *snapshot,
                               const graphene_rect_t *area)
{
  GdkRGBA colour = headroom_memory_colour (widget, "error_bg_color"),
          ink = headroom_memory_colour (widget, "error_fg_color");

  gtk_snapshot_append_color (snapshot, &colour, area);
  paint_pattern (snapshot, area, PATTERN_HATCH, &ink);
}
