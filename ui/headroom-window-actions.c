/* headroom-window-actions.c: the actions of the prefix "win", which menus, buttons and keys share.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-window-private.h"

#include <glib/gi18n.h>

static void
new_chat_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  HeadroomWindow *self = HEADROOM_WINDOW (widget);

  headroom_conversation_clear (self->conversation);
  gtk_widget_grab_focus (GTK_WIDGET (self->composer));
}

static void
stop_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  HeadroomWindow *self = HEADROOM_WINDOW (widget);

  headroom_conversation_stop (self->conversation);
  gtk_widget_grab_focus (GTK_WIDGET (self->composer));
}

static void
regenerate_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  HeadroomWindow *self = HEADROOM_WINDOW (widget);
  HeadroomAskOptions options = _headroom_window_get_ask_options (self);

  if (headroom_conversation_regenerate (self->conversation, &options))
    headroom_chat_view_follow (self->chat);
}

static void
copy_answer_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  HeadroomWindow *self = HEADROOM_WINDOW (widget);
  const char *answer = headroom_conversation_last_answer (self->conversation);

  if (answer == NULL)
    return;
  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), answer);
  _headroom_window_show_toast (self, _("Answer copied"));
}

static void
refresh_models_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  headroom_model_library_refresh (HEADROOM_WINDOW (widget)->library);
}

static void
settings_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  gtk_menu_button_popup (HEADROOM_WINDOW (widget)->settings_button);
}

static void
choose_model_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  headroom_model_chooser_popup (HEADROOM_WINDOW (widget)->chooser);
}

static void
memory_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  gtk_widget_activate_action (GTK_WIDGET (HEADROOM_WINDOW (widget)->strip), "memory.details", NULL);
}

static void
pages_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  AdwFlap *flap = HEADROOM_WINDOW (widget)->flap;

  adw_flap_set_reveal_flap (flap, !adw_flap_get_reveal_flap (flap));
}

static void
show_page_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  gtk_stack_set_visible_child_name (HEADROOM_WINDOW (widget)->pages,
                                    g_variant_get_string (parameter, NULL));
}

static void
write_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  HeadroomWindow *self = HEADROOM_WINDOW (widget);

  gtk_stack_set_visible_child_name (self->pages, "chat");
  gtk_widget_grab_focus (GTK_WIDGET (self->composer));
}

static void
opened_cb (GtkWindow *window, const char *path)
{
  headroom_window_choose_model (HEADROOM_WINDOW (window), path);
}

static void
open_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  headroom_open_dialog_show (GTK_WINDOW (widget), opened_cb);
}

/* Which of them are enabled is decided where the window is refreshed. */
void
_headroom_window_install_actions (GtkWidgetClass *widget_class)
{
  gtk_widget_class_install_action (widget_class, "win.new-chat", NULL, new_chat_action);
  gtk_widget_class_install_action (widget_class, "win.stop", NULL, stop_action);
  gtk_widget_class_install_action (widget_class, "win.regenerate", NULL, regenerate_action);
  gtk_widget_class_install_action (widget_class, "win.copy-answer", NULL, copy_answer_action);
  gtk_widget_class_install_action (widget_class, "win.refresh-models", NULL, refresh_models_action);
  gtk_widget_class_install_action (widget_class, "win.settings", NULL, settings_action);
  gtk_widget_class_install_action (widget_class, "win.choose-model", NULL, choose_model_action);
  gtk_widget_class_install_action (widget_class, "win.memory", NULL, memory_action);
  gtk_widget_class_install_action (widget_class, "win.write", NULL, write_action);
  gtk_widget_class_install_action (widget_class, "win.pages", NULL, pages_action);
  gtk_widget_class_install_action (widget_class, "win.show-page", "s", show_page_action);
  gtk_widget_class_install_action (widget_class, "win.open", NULL, open_action);
  gtk_widget_class_install_action (widget_class, "win.reload-model", "s",
                                   _headroom_window_reload_action);
  gtk_widget_class_install_action (widget_class, "win.pin-model", "s", _headroom_window_pin_action);
}
