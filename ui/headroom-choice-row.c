/* headroom-choice-row.c: a row that offers a few values by name.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-choice-row.h"

#include <glib/gi18n.h>

struct _HeadroomChoiceRow {
  AdwComboRow parent_instance;
  GtkStringList *labels;
  GPtrArray *values; /* of char * */
};

G_DEFINE_FINAL_TYPE (HeadroomChoiceRow, headroom_choice_row, ADW_TYPE_COMBO_ROW)

static void
headroom_choice_row_finalize (GObject *object)
{
  HeadroomChoiceRow *self = HEADROOM_CHOICE_ROW (object);

  g_ptr_array_unref (self->values);
  g_object_unref (self->labels);
  G_OBJECT_CLASS (headroom_choice_row_parent_class)->finalize (object);
}

static void
headroom_choice_row_class_init (HeadroomChoiceRowClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = headroom_choice_row_finalize;
}

static void
headroom_choice_row_init (HeadroomChoiceRow *self)
{
  self->values = g_ptr_array_new_with_free_func (g_free);
  self->labels = gtk_string_list_new (NULL);
  adw_combo_row_set_model (ADW_COMBO_ROW (self), G_LIST_MODEL (self->labels));
}

/* The first choice that is added is chosen. */
GtkWidget *
headroom_choice_row_new (const char *title)
{
  return g_object_new (HEADROOM_TYPE_CHOICE_ROW, "title", title, NULL);
}

void
headroom_choice_row_add (HeadroomChoiceRow *self, const char *value, const char *label)
{
  g_return_if_fail (HEADROOM_IS_CHOICE_ROW (self));
  g_ptr_array_add (self->values, g_strdup (value));
  gtk_string_list_append (self->labels, label);
}

/* For how long a model stays after its last answer. */
void
headroom_choice_row_add_keep_alives (HeadroomChoiceRow *self)
{
  headroom_choice_row_add (self, "0", _("Not at all"));
  headroom_choice_row_add (self, "5m", _("5 minutes"));
  headroom_choice_row_add (self, "30m", _("30 minutes"));
  headroom_choice_row_add (self, "1h", _("1 hour"));
  headroom_choice_row_add (self, "24h", _("1 day"));
  headroom_choice_row_add (self, "-1", _("Until the program ends"));
}

/* Returns: (transfer none): the chosen value */
const char *
headroom_choice_row_get_value (HeadroomChoiceRow *self)
{
  guint selected;

  g_return_val_if_fail (HEADROOM_IS_CHOICE_ROW (self), NULL);
  selected = adw_combo_row_get_selected (ADW_COMBO_ROW (self));
  return selected < self->values->len ? self->values->pdata[selected] : "";
}

/* Returns: the chosen value as a number; 0 if it is none */
guint
headroom_choice_row_get_number (HeadroomChoiceRow *self)
{
  return (guint) g_ascii_strtoull (headroom_choice_row_get_value (self), NULL, 10);
}

/* Returns: whether there is such a value; if not, the choice stays */
gboolean
headroom_choice_row_choose (HeadroomChoiceRow *self, const char *value)
{
  guint index;

  g_return_val_if_fail (HEADROOM_IS_CHOICE_ROW (self), FALSE);
  if (!g_ptr_array_find_with_equal_func (self->values, value, g_str_equal, &index))
    return FALSE;
  adw_combo_row_set_selected (ADW_COMBO_ROW (self), index);
  return TRUE;
}
