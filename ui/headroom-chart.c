/* headroom-chart.c: what drawings over an axis have in common.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-chart.h"

#include "headroom-memory-paint.h"

#define TEXT_OPACITY 0.7f

void
headroom_chart_draw_text (GtkWidget *widget, GtkSnapshot *snapshot, const char *text, double x,
                          double y, double align)
{
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (widget, text);
  g_autoptr (PangoAttrList) attributes = pango_attr_list_new ();
  double width = gtk_widget_get_width (widget);
  GdkRGBA colour;
  int text_width;

  pango_attr_list_insert (attributes, pango_attr_scale_new (PANGO_SCALE_SMALL));
  pango_layout_set_attributes (layout, attributes);
  pango_layout_get_pixel_size (layout, &text_width, NULL);
  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &colour);
  colour.alpha *= TEXT_OPACITY;
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot,
                          &GRAPHENE_POINT_INIT ((float) CLAMP (x - text_width * align, 0,
                                                               MAX (width - text_width, 0)),
                                                (float) y));
  gtk_snapshot_append_layout (snapshot, layout, &colour);
  gtk_snapshot_restore (snapshot);
}

void
headroom_chart_draw_limit (GtkWidget *widget, cairo_t *cr, double y, double width)
{
  static const double dashes[] = { 5, 4 };
  GdkRGBA colour = headroom_memory_colour (widget, "error_color");

  gdk_cairo_set_source_rgba (cr, &colour);
  cairo_set_dash (cr, dashes, G_N_ELEMENTS (dashes), 0);
  cairo_set_line_width (cr, 1.5);
  cairo_move_to (cr, 0, y);
  cairo_line_to (cr, width, y);
  cairo_stroke (cr);
  cairo_set_dash (cr, NULL, 0, 0);
}

void
headroom_chart_draw_choice (GtkWidget *widget, cairo_t *cr, double x, double width, double height)
{
  double at = CLAMP (x, 1, width - 1);
  GdkRGBA colour;

  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &colour);
  gdk_cairo_set_source_rgba (cr, &colour);
  cairo_set_line_width (cr, 2);
  cairo_move_to (cr, at, 0);
  cairo_line_to (cr, at, height);
  cairo_stroke (cr);
}
