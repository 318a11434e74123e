/* headroom-slider-row.c: a setting in a list, chosen on a slider with stops.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-slider-row.h"

#include <math.h>

struct _HeadroomSliderRow
{
  AdwPreferencesRow parent_instance;
  GArray *stops; /* guint, ascending */
  HeadroomSliderFormat format;
  gpointer format_data;
  guint value;

  GtkAdjustment *adjustment; /* of stop numbers */
  GtkBox *box;
  GtkLabel *title_label;
  GtkLabel *value_label;
  GtkScale *scale;
  GtkLabel *cost_label;
};

G_DEFINE_FINAL_TYPE (HeadroomSliderRow, headroom_slider_row, ADW_TYPE_PREFERENCES_ROW)

enum { PROP_0, PROP_VALUE, N_PROPS };
static GParamSpec *properties[N_PROPS];

static guint
stop_at (HeadroomSliderRow *self, guint index)
{
  return g_array_index (self->stops, guint, index);
}

/* The stop that is next to a value. */
static guint
nearest (HeadroomSliderRow *self, guint value)
{
  guint best = 0;

  for (guint i = 1; i < self->stops->len; i++)
    if (ABS ((gint64) stop_at (self, i) - value) < ABS ((gint64) stop_at (self, best) - value))
      best = i;
  return best;
}

static void
show_value (HeadroomSliderRow *self)
{
  g_autofree char *text = self->format != NULL ? self->format (self->value, self->format_data) :
                                                 g_strdup_printf ("%u", self->value);

  gtk_label_set_text (self->value_label, text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->scale), GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT,
                                  text, -1);
}

static void
take_value (HeadroomSliderRow *self, guint value)
{
  if (self->value == value)
    return;
  self->value = value;
  show_value (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_VALUE]);
}

/* A value that is no stop stays what it is until the thumb moves to another one. */
static void
moved_cb (HeadroomSliderRow *self)
{
  guint index = (guint) lround (gtk_adjustment_get_value (self->adjustment));

  if (index < self->stops->len && index != nearest (self, self->value))
    take_value (self, stop_at (self, index));
}

/**
 * headroom_slider_row_set_stops:
 * @self: a row
 * @stops: (array length=n_stops): ascending values
 * @n_stops: how many
 *
 * Gives the slider its stops. The chosen value stays.
 */
void
headroom_slider_row_set_stops (HeadroomSliderRow *self, const guint *stops, gsize n_stops)
{
  guint value;

  g_return_if_fail (HEADROOM_IS_SLIDER_ROW (self) && n_stops > 0);
  value = self->value;
  g_array_set_size (self->stops, 0);
  g_array_append_vals (self->stops, stops, (guint) n_stops);
  g_signal_handlers_block_by_func (self->adjustment, moved_cb, self);
  gtk_adjustment_set_upper (self->adjustment, (double) n_stops - 1);
  gtk_adjustment_set_value (self->adjustment, nearest (self, value));
  g_signal_handlers_unblock_by_func (self->adjustment, moved_cb, self);
}

void
headroom_slider_row_set_value (HeadroomSliderRow *self, guint value)
{
  g_return_if_fail (HEADROOM_IS_SLIDER_ROW (self));
  take_value (self, value);
  g_signal_handlers_block_by_func (self->adjustment, moved_cb, self);
  gtk_adjustment_set_value (self->adjustment, nearest (self, value));
  g_signal_handlers_unblock_by_func (self->adjustment, moved_cb, self);
}

guint
headroom_slider_row_get_value (HeadroomSliderRow *self)
{
  g_return_val_if_fail (HEADROOM_IS_SLIDER_ROW (self), 0);
  return self->value;
}

void
headroom_slider_row_set_format (HeadroomSliderRow *self, HeadroomSliderFormat format, gpointer data)
{
  g_return_if_fail (HEADROOM_IS_SLIDER_ROW (self));
  self->format = format;
  self->format_data = data;
  show_value (self);
}

/**
 * headroom_slider_row_set_cost:
 * @self: a row
 * @text: (nullable): what the chosen value costs
 * @is_problem: whether that is too much
 */
void
headroom_slider_row_set_cost (HeadroomSliderRow *self, const char *text, gboolean is_problem)
{
  GtkWidget *label;

  g_return_if_fail (HEADROOM_IS_SLIDER_ROW (self));
  label = GTK_WIDGET (self->cost_label);
  gtk_label_set_text (self->cost_label, text != NULL ? text : "");
  gtk_widget_set_visible (label, text != NULL);
  if (is_problem) {
    gtk_widget_remove_css_class (label, "dim-label");
    gtk_widget_add_css_class (label, "error");
  } else {
    gtk_widget_remove_css_class (label, "error");
    gtk_widget_add_css_class (label, "dim-label");
  }
}

/* Returns: (transfer none): what the row says about the cost, "" for nothing */
const char *
headroom_slider_row_get_cost (HeadroomSliderRow *self)
{
  g_return_val_if_fail (HEADROOM_IS_SLIDER_ROW (self), NULL);
  return gtk_label_get_text (self->cost_label);
}

/**
 * headroom_slider_row_add_below:
 * @self: a row
 * @child: (transfer floating): shown below the row's texts
 */
void
headroom_slider_row_add_below (HeadroomSliderRow *self, GtkWidget *child)
{
  g_return_if_fail (HEADROOM_IS_SLIDER_ROW (self));
  gtk_box_append (self->box, child);
}

GtkScale *
headroom_slider_row_get_scale (HeadroomSliderRow *self)
{
  g_return_val_if_fail (HEADROOM_IS_SLIDER_ROW (self), NULL);
  return self->scale;
}

/* ---- Object ---------------------------------------------------------------------------------- */

static void
headroom_slider_row_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_VALUE)
    g_value_set_uint (value, HEADROOM_SLIDER_ROW (object)->value);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
headroom_slider_row_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_VALUE)
    headroom_slider_row_set_value (HEADROOM_SLIDER_ROW (object), g_value_get_uint (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
headroom_slider_row_finalize (GObject *object)
{
  g_array_unref (HEADROOM_SLIDER_ROW (object)->stops);
  G_OBJECT_CLASS (headroom_slider_row_parent_class)->finalize (object);
}

static void
headroom_slider_row_class_init (HeadroomSliderRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = headroom_slider_row_get_property;
  object_class->set_property = headroom_slider_row_set_property;
  object_class->finalize = headroom_slider_row_finalize;
  properties[PROP_VALUE] =
      g_param_spec_uint ("value", NULL, NULL, 0, G_MAXUINT, 0,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/headroom/Headroom/headroom-slider-row.ui");
  gtk_widget_class_bind_template_child (widget_class, HeadroomSliderRow, adjustment);
  gtk_widget_class_bind_template_child (widget_class, HeadroomSliderRow, box);
  gtk_widget_class_bind_template_child (widget_class, HeadroomSliderRow, title_label);
  gtk_widget_class_bind_template_child (widget_class, HeadroomSliderRow, value_label);
  gtk_widget_class_bind_template_child (widget_class, HeadroomSliderRow, scale);
  gtk_widget_class_bind_template_child (widget_class, HeadroomSliderRow, cost_label);
}

static void
headroom_slider_row_init (HeadroomSliderRow *self)
{
  self->stops = g_array_new (FALSE, FALSE, sizeof (guint));
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect_swapped (self->adjustment, "value-changed", G_CALLBACK (moved_cb), self);
}

/**
 * headroom_slider_row_new:
 * @title: what is chosen
 *
 * Returns: (transfer floating): a row without stops
 */
GtkWidget *
headroom_slider_row_new (const char *title)
{
  HeadroomSliderRow *self = g_object_new (HEADROOM_TYPE_SLIDER_ROW, "title", title, NULL);

  gtk_label_set_text (self->title_label, title);
  return GTK_WIDGET (self);
}
