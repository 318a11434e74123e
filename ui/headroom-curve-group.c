/* headroom-curve-group.c: see headroom-curve-group.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-curve-group.h"

#include "headroom-curve-text.h"

#include <glib/gi18n.h>

struct _HeadroomCurveGroup {
  AdwPreferencesGroup parent_instance;
  HeadroomCurveChart *chart;
  GtkLabel *reading;
  AdwExpanderRow *table;
};

G_DEFINE_FINAL_TYPE (HeadroomCurveGroup, headroom_curve_group, ADW_TYPE_PREFERENCES_GROUP)

HeadroomCurveChart *
headroom_curve_group_get_chart (HeadroomCurveGroup *self)
{
  g_return_val_if_fail (HEADROOM_IS_CURVE_GROUP (self), NULL);
  return self->chart;
}

/* ---- The same as a list ---------------------------------------------------------------------- */

static void
add_value (HeadroomCurveGroup *self, guint index)
{
  const HeadroomCurve *curve = headroom_curve_chart_get_curve (self->chart);
  const HeadroomCurvePoint *point = headroom_curve_at (curve, index);
  g_autofree char *x = headroom_curve_format_x (curve->kind, point->x);
  g_autofree char *value =
      headroom_curve_dup_value (curve->kind, point,
                                headroom_curve_chart_find_other (self->chart, index));
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), x);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), value);
  adw_expander_row_add_row (self->table, row);
}

/* ---- Object ---------------------------------------------------------------------------------- */

static void
headroom_curve_group_class_init (HeadroomCurveGroupClass *klass)
{
}

static void
headroom_curve_group_init (HeadroomCurveGroup *self)
{
  GtkWidget *row = adw_preferences_row_new (), *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);

  self->chart = HEADROOM_CURVE_CHART (headroom_curve_chart_new ());
  self->reading = GTK_LABEL (gtk_label_new (NULL));
  self->table = ADW_EXPANDER_ROW (adw_expander_row_new ());
  gtk_label_set_wrap (self->reading, TRUE);
  gtk_label_set_xalign (self->reading, 0);
  gtk_widget_add_css_class (GTK_WIDGET (self->reading), "numeric");
  gtk_widget_add_css_class (box, "headroom-curve");
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->chart));
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->reading));
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), FALSE);
  gtk_widget_set_focusable (row, FALSE);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), row);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->table), _("As a List"));
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), GTK_WIDGET (self->table));
  g_object_bind_property (self->chart, "reading", self->reading, "label", G_BINDING_SYNC_CREATE);
}

GtkWidget *
headroom_curve_group_new (HeadroomCurve *take_curve, HeadroomCurve *take_other)
{
  HeadroomCurveGroup *self = g_object_new (HEADROOM_TYPE_CURVE_GROUP, NULL);

  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (self),
                                   headroom_curve_title (take_curve->kind));
  adw_preferences_group_set_description (ADW_PREFERENCES_GROUP (self),
                                         headroom_curve_legend (take_curve->kind));
  headroom_curve_chart_set_curves (self->chart, take_curve, take_other);
  for (guint i = 0; i < take_curve->points->len; i++)
    add_value (self, i);
  return GTK_WIDGET (self);
}
