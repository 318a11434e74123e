/* headroom-contender-row.c: one model that competes for memory, and how often it is asked.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-contender-row.h"

#include "headroom-choice-row.h"

#include <glib/gi18n.h>

/* Programs do not all ask in the same second. */
#define SECONDS_APART 7

struct _HeadroomContenderRow {
  AdwExpanderRow parent_instance;
  char *model;
  gboolean is_filling; /* the list of models is being exchanged */
  AdwComboRow *model_row;
  HeadroomChoiceRow *every_row;
  HeadroomChoiceRow *ctx_row;
  HeadroomChoiceRow *keep_row;
};

G_DEFINE_FINAL_TYPE (HeadroomContenderRow, headroom_contender_row, ADW_TYPE_EXPANDER_ROW)

enum { CHANGED, REMOVED, N_SIGNALS };
static guint signals[N_SIGNALS];

static const char *
chosen_label (HeadroomChoiceRow *row)
{
  GtkStringObject *item = adw_combo_row_get_selected_item (ADW_COMBO_ROW (row));

  return item != NULL ? gtk_string_object_get_string (item) : "";
}

static void
show_summary (HeadroomContenderRow *self)
{
  g_autofree char *text = NULL;

  if (headroom_choice_row_get_number (self->ctx_row) > 0)
    /* Translators: how often a model is asked ("every minute"), and its context ("8,192 tokens") */
    text = g_strdup_printf (_("%s, context of %s"), chosen_label (self->every_row),
                            chosen_label (self->ctx_row));
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), self->model);
  adw_expander_row_set_subtitle (ADW_EXPANDER_ROW (self),
                                 text != NULL ? text : chosen_label (self->every_row));
}

static void
chosen_cb (HeadroomContenderRow *self)
{
  if (self->keep_row == NULL) /* the rows are being made */
    return;
  show_summary (self);
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
model_chosen_cb (HeadroomContenderRow *self)
{
  GtkStringObject *item = adw_combo_row_get_selected_item (self->model_row);

  if (self->is_filling || item == NULL ||
      g_str_equal (gtk_string_object_get_string (item), self->model))
    return;
  g_free (self->model);
  self->model = g_strdup (gtk_string_object_get_string (item));
  chosen_cb (self);
}

static void
remove_cb (HeadroomContenderRow *self)
{
  g_signal_emit (self, signals[REMOVED], 0);
}

/* ---- Rows ------------------------------------------------------------------------------------ */

static HeadroomChoiceRow *
add_choice (HeadroomContenderRow *self, const char *title)
{
  GtkWidget *row = headroom_choice_row_new (title);

  adw_expander_row_add_row (ADW_EXPANDER_ROW (self), row);
  g_signal_connect_object (row, "notify::selected", G_CALLBACK (chosen_cb), self,
                           G_CONNECT_SWAPPED);
  return HEADROOM_CHOICE_ROW (row);
}

static void
add_every (HeadroomContenderRow *self)
{
  self->every_row = add_choice (self, _("Asked"));
  headroom_choice_row_add (self->every_row, "10", _("every 10 seconds"));
  headroom_choice_row_add (self->every_row, "60", _("every minute"));
  headroom_choice_row_add (self->every_row, "300", _("every 5 minutes"));
  headroom_choice_row_add (self->every_row, "1200", _("every 20 minutes"));
  headroom_choice_row_add (self->every_row, "3600", _("every hour"));
  headroom_choice_row_add (self->every_row, "0", _("once"));
}

static void
add_contexts (HeadroomContenderRow *self)
{
  self->ctx_row = add_choice (self, _("Context length"));
  headroom_choice_row_add (self->ctx_row, "0", _("Automatic"));
  for (guint tokens = 2048; tokens <= 131072; tokens *= 2) {
    g_autofree char *value = g_strdup_printf ("%u", tokens);
    g_autofree char *label =
        g_strdup_printf (g_dngettext (NULL, "%'u token", "%'u tokens", tokens), tokens);
    headroom_choice_row_add (self->ctx_row, value, label);
  }
}

static void
add_remove_button (HeadroomContenderRow *self)
{
  GtkWidget *button = gtk_button_new_from_icon_name ("user-trash-symbolic");

  gtk_widget_set_tooltip_text (button, _("Take Out"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("Take Out"), -1);
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (button, "flat");
  adw_expander_row_add_action (ADW_EXPANDER_ROW (self), button);
  g_signal_connect_object (button, "clicked", G_CALLBACK (remove_cb), self, G_CONNECT_SWAPPED);
}

/**
 * headroom_contender_row_set_models:
 * @self: a row
 * @models: names that can be chosen
 *
 * The choice stays, also where it is not among them.
 */
void
headroom_contender_row_set_models (HeadroomContenderRow *self, GtkStringList *models)
{
  guint n;

  g_return_if_fail (HEADROOM_IS_CONTENDER_ROW (self));
  n = g_list_model_get_n_items (G_LIST_MODEL (models));
  self->is_filling = TRUE;
  adw_combo_row_set_model (self->model_row, G_LIST_MODEL (models));
  for (guint i = 0; i < n; i++)
    if (g_str_equal (gtk_string_list_get_string (models, i), self->model))
      adw_combo_row_set_selected (self->model_row, i);
  self->is_filling = FALSE;
}

/* Puts what is chosen beside what there is already. */
void
headroom_contender_row_add_to (HeadroomContenderRow *self, HeadroomWhatIf *what_if)
{
  HeadroomContender *contender;
  const char *keep_alive;

  g_return_if_fail (HEADROOM_IS_CONTENDER_ROW (self));
  contender = headroom_what_if_add (what_if, self->model, what_if->contenders->len * SECONDS_APART,
                                    headroom_choice_row_get_number (self->every_row));
  contender->num_ctx = headroom_choice_row_get_number (self->ctx_row);
  keep_alive = headroom_choice_row_get_value (self->keep_row);
  contender->keep_alive = *keep_alive != '\0' ? g_strdup (keep_alive) : NULL;
}

/* ---- Object ---------------------------------------------------------------------------------- */

static void
headroom_contender_row_finalize (GObject *object)
{
  g_free (HEADROOM_CONTENDER_ROW (object)->model);
  G_OBJECT_CLASS (headroom_contender_row_parent_class)->finalize (object);
}

static void
headroom_contender_row_class_init (HeadroomContenderRowClass *klass)
{
  GType type = G_TYPE_FROM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = headroom_contender_row_finalize;
  signals[CHANGED] =
      g_signal_new ("changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[REMOVED] =
      g_signal_new ("removed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
headroom_contender_row_init (HeadroomContenderRow *self)
{
  self->model = g_strdup ("");
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (self), FALSE);
  add_remove_button (self);
  self->model_row = ADW_COMBO_ROW (adw_combo_row_new ());
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->model_row), _("Model"));
  adw_expander_row_add_row (ADW_EXPANDER_ROW (self), GTK_WIDGET (self->model_row));
  g_signal_connect_object (self->model_row, "notify::selected", G_CALLBACK (model_chosen_cb), self,
                           G_CONNECT_SWAPPED);
  add_every (self);
  add_contexts (self);
  self->keep_row = add_choice (self, _("Stays in memory after an answer"));
  /* Translators: a model stays in memory for as long as the machine's own setting says */
  headroom_choice_row_add (self->keep_row, "", _("As the machine says"));
  headroom_choice_row_add_keep_alives (self->keep_row);
}

/**
 * headroom_contender_row_new:
 * @model: a model's name
 * @every_seconds: from question to question
 *
 * Returns: (transfer floating): a row
 */
GtkWidget *
headroom_contender_row_new (const char *model, guint every_seconds)
{
  HeadroomContenderRow *self = g_object_new (HEADROOM_TYPE_CONTENDER_ROW, NULL);
  g_autofree char *every = g_strdup_printf ("%u", every_seconds);

  g_free (self->model);
  self->model = g_strdup (model);
  headroom_choice_row_choose (self->every_row, every);
  show_summary (self);
  return GTK_WIDGET (self);
}
