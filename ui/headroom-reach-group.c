/* headroom-reach-group.c: see headroom-reach-group.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-reach-group.h"

#include "headroom-choice-row.h"
#include "headroom-wire-util.h"

#include <glib/gi18n.h>

struct _HeadroomReachGroup
{
  AdwPreferencesGroup parent_instance;
  HeadroomChoiceRow *choice_row;
  AdwActionRow *key_row;
  gboolean telling; /* the choice is only told how things are */
};

G_DEFINE_FINAL_TYPE (HeadroomReachGroup, headroom_reach_group, ADW_TYPE_PREFERENCES_GROUP)

enum { CHOSEN, N_SIGNALS };
static guint signals[N_SIGNALS];

/* What follows from a choice is said before it is made: of the one that is not there yet. */
static const char *
describe (const char *reach, gboolean fixed)
{
  if (fixed)
    return _("HEADROOM_HOST or OLLAMA_HOST says where the server listens; it cannot be changed here.");
  if (g_strcmp0 (reach, "network") == 0)
    return _("Computers on your network connect with the key below, and can then use the models, see their names and "
             "delete them. Nothing is encrypted on its way. Programs on this computer need no key.");
  return _("On the local network, every computer that has the key could use the models, see their names and delete "
           "them. A change takes effect at once and ends the answers that other programs are getting.");
}

static void
chosen_cb (HeadroomReachGroup *self)
{
  if (!self->telling)
    g_signal_emit (self, signals[CHOSEN], 0, headroom_choice_row_get_value (self->choice_row));
}

static void
copy_cb (GtkWidget *button, AdwActionRow *row)
{
  gdk_clipboard_set_text (gtk_widget_get_clipboard (button), adw_action_row_get_subtitle (row));
}

/**
 * headroom_reach_group_set_listening:
 * @self: a group
 * @listening: (nullable): what GET /headroom/listen answered, or %NULL if it is not known
 */
void
headroom_reach_group_set_listening (HeadroomReachGroup *self, const HrValue *listening)
{
  const char *reach = headroom_wire_get_string (listening, "reach");
  const char *key = headroom_wire_get_string (listening, "key");
  gboolean fixed = headroom_wire_get_bool (listening, "fixed");

  g_return_if_fail (HEADROOM_IS_REACH_GROUP (self));
  self->telling = TRUE;
  if (reach != NULL)
    headroom_choice_row_choose (self->choice_row, reach);
  self->telling = FALSE;
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self->choice_row), describe (reach, fixed));
  gtk_widget_set_sensitive (GTK_WIDGET (self->choice_row), !fixed);
  adw_action_row_set_subtitle (self->key_row, key != NULL ? key : "");
  gtk_widget_set_visible (GTK_WIDGET (self->key_row), key != NULL && *key != '\0');
  gtk_widget_set_visible (GTK_WIDGET (self), reach != NULL && !g_str_equal (reach, "nobody"));
}

static void
add_key_row (HeadroomReachGroup *self)
{
  GtkWidget *button = gtk_button_new_from_icon_name ("edit-copy-symbolic");

  self->key_row = ADW_ACTION_ROW (adw_action_row_new ());
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (self->key_row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->key_row), _("Key"));
  gtk_widget_set_tooltip_text (button, _("Copy Key"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("Copy Key"), -1);
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (button, "flat");
  adw_action_row_add_suffix (self->key_row, button);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), GTK_WIDGET (self->key_row));
  g_signal_connect_object (button, "clicked", G_CALLBACK (copy_cb), self->key_row, 0);
}

static void
headroom_reach_group_class_init (HeadroomReachGroupClass *klass)
{
  signals[CHOSEN] = g_signal_new ("chosen", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                  NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
headroom_reach_group_init (HeadroomReachGroup *self)
{
  self->choice_row = HEADROOM_CHOICE_ROW (headroom_choice_row_new (_("Who Can Connect")));
  headroom_choice_row_add (self->choice_row, "computer", _("This computer only"));
  headroom_choice_row_add (self->choice_row, "network", _("Local network"));
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), GTK_WIDGET (self->choice_row));
  add_key_row (self);
  g_signal_connect_object (self->choice_row, "notify::selected", G_CALLBACK (chosen_cb), self,
                           G_CONNECT_SWAPPED);
  headroom_reach_group_set_listening (self, NULL);
}

GtkWidget *
headroom_reach_group_new (void)
{
  return g_object_new (HEADROOM_TYPE_REACH_GROUP, NULL);
}
