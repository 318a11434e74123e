/* headroom-sparkline.c: a few readings as a small curve, with the line that they should stay below.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-sparkline.h"

#include "headroom-memory-paint.h"
#include "headroom-wire-util.h"

#include <glib/gi18n.h>

/* pixels */
#define WIDTH 72
#define HEIGHT 24

struct _HeadroomSparkline {
  GtkWidget parent_instance;
  GArray *values; /* float */
  double threshold;
};

G_DEFINE_FINAL_TYPE (HeadroomSparkline, headroom_sparkline, GTK_TYPE_WIDGET)

static double
highest (HeadroomSparkline *self)
{
  double top = self->threshold;

  for (guint i = 0; i < self->values->len; i++)
    top = MAX (top, (double) g_array_index (self->values, float, i));
  return MAX (top * 1.1, 1e-9);
}

static void
headroom_sparkline_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  static const double dashes[] = { 3, 2 };
  HeadroomSparkline *self = HEADROOM_SPARKLINE (widget);
  double width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget),
         top = highest (self);
  graphene_rect_t area = GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height);
  GdkRGBA limit = headroom_memory_colour (widget, "error_color"), colour;
  cairo_t *cr;

  if (self->values->len < 2)
    return;
  cr = gtk_snapshot_append_cairo (snapshot, &area);
  gdk_cairo_set_source_rgba (cr, &limit);
  cairo_set_dash (cr, dashes, G_N_ELEMENTS (dashes), 0);
  cairo_set_line_width (cr, 1);
  cairo_move_to (cr, 0, height * (1 - self->threshold / top));
  cairo_line_to (cr, width, height * (1 - self->threshold / top));
  cairo_stroke (cr);
  cairo_set_dash (cr, NULL, 0, 0);
  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &colour);
  gdk_cairo_set_source_rgba (cr, &colour);
  cairo_set_line_width (cr, 1.5);
  for (guint i = 0; i < self->values->len; i++)
    cairo_line_to (cr, width * i / (self->values->len - 1.0),
                   height * (1 - (double) g_array_index (self->values, float, i) / top));
  cairo_stroke (cr);
  cairo_destroy (cr);
}

static void
headroom_sparkline_measure (GtkWidget *widget, GtkOrientation orientation, int for_size,
                            int *minimum, int *natural, int *minimum_baseline,
                            int *natural_baseline)
{
  *minimum = *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? WIDTH : HEIGHT;
}

/**
 * headroom_sparkline_set_values:
 * @self: a sparkline
 * @values: (nullable): a list of numbers, oldest first
 * @threshold: the line
 * @title: what they are of, for assistive technologies
 */
void
headroom_sparkline_set_values (HeadroomSparkline *self, const HrValue *values, double threshold,
                               const char *title)
{
  g_autofree char *text = NULL;

  g_return_if_fail (HEADROOM_IS_SPARKLINE (self));
  g_array_set_size (self->values, 0);
  for (gsize i = 0; i < headroom_wire_length (values); i++) {
    const HrValue *value = headroom_wire_at (values, i);
    float number = hr_value_kind (value) == HR_VALUE_FLOAT ? (float) hr_value_get_float (value)
                   : hr_value_kind (value) == HR_VALUE_INT ? (float) hr_value_get_int (value)
                                                           : 0;
    g_array_append_val (self->values, number);
  }
  self->threshold = threshold;
  /* Translators: for a screen reader: what a small drawing shows the past of */
  text = g_strdup_printf (_("%s, the last minutes"), title);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
headroom_sparkline_finalize (GObject *object)
{
  g_array_unref (HEADROOM_SPARKLINE (object)->values);
  G_OBJECT_CLASS (headroom_sparkline_parent_class)->finalize (object);
}

static void
headroom_sparkline_class_init (HeadroomSparklineClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = headroom_sparkline_finalize;
  widget_class->measure = headroom_sparkline_measure;
  widget_class->snapshot = headroom_sparkline_snapshot;
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
headroom_sparkline_init (HeadroomSparkline *self)
{
  self->values = g_array_new (FALSE, FALSE, sizeof (float));
}

GtkWidget *
headroom_sparkline_new (void)
{
  return g_object_new (HEADROOM_TYPE_SPARKLINE, NULL);
}
