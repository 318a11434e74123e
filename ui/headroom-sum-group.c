/* headroom-sum-group.c: where the memory of a model goes, as a sum that a person can check.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-sum-group.h"

#include "headroom-memory.h"
#include "headroom-sum.h"

#include <glib/gi18n.h>

struct _HeadroomSumGroup
{
  AdwPreferencesGroup parent_instance;
  AdwActionRow *rows[HEADROOM_SUM_N_KINDS];
  GtkLabel *bytes[HEADROOM_SUM_N_KINDS];
};

G_DEFINE_FINAL_TYPE (HeadroomSumGroup, headroom_sum_group, ADW_TYPE_PREFERENCES_GROUP)

static void
show_row (HeadroomSumGroup *self, const HeadroomSumRow *row)
{
  g_autofree char *rounded = headroom_memory_format (row->bytes),
                  *exact = headroom_memory_format_exact (row->bytes);

  gtk_widget_set_visible (GTK_WIDGET (self->rows[row->kind]), TRUE);
  adw_action_row_set_subtitle (self->rows[row->kind], row->formula);
  gtk_label_set_text (self->bytes[row->kind], rounded);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->bytes[row->kind]), exact);
}

/**
 * headroom_sum_group_set_plan:
 * @self: a group
 * @model: (nullable): the model of @plan
 * @plan: (nullable): what to explain
 */
void
headroom_sum_group_set_plan (HeadroomSumGroup *self, HrModel *model, HrPlan *plan)
{
  g_autoptr (GArray) rows = NULL;

  g_return_if_fail (HEADROOM_IS_SUM_GROUP (self));
  gtk_widget_set_visible (GTK_WIDGET (self), model != NULL && plan != NULL);
  if (model == NULL || plan == NULL)
    return;
  rows = headroom_sum_new (model, plan);
  for (int kind = 0; kind < HEADROOM_SUM_N_KINDS; kind++)
    gtk_widget_set_visible (GTK_WIDGET (self->rows[kind]), FALSE);
  for (guint i = 0; i < rows->len; i++)
    show_row (self, &g_array_index (rows, HeadroomSumRow, i));
}

static void
headroom_sum_group_class_init (HeadroomSumGroupClass *klass)
{
}

static void
headroom_sum_group_init (HeadroomSumGroup *self)
{
  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (self), _("Where Does It Go?"));
  for (int row = 0; row < HEADROOM_SUM_N_KINDS; row++) {
    GtkWidget *widget = adw_action_row_new (), *label = gtk_label_new (NULL);
    gboolean is_counted = row != HEADROOM_SUM_BOOK && row != HEADROOM_SUM_FILE;
    self->rows[row] = ADW_ACTION_ROW (widget);
    self->bytes[row] = GTK_LABEL (label);
    gtk_widget_add_css_class (label, "numeric");
    gtk_widget_add_css_class (label, is_counted ? "heading" : "dim-label");
    adw_preferences_row_set_title (ADW_PREFERENCES_ROW (widget),
                                   headroom_sum_title ((HeadroomSumKind) row));
    adw_action_row_add_suffix (self->rows[row], label);
    adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), widget);
  }
}

GtkWidget *
headroom_sum_group_new (void)
{
  return g_object_new (HEADROOM_TYPE_SUM_GROUP, NULL);
}
