/* headroom-window.c: the window.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-window-private.h"

#include "headroom-model-item.h"
#include "headroom-settings.h"

#include <glib/gi18n.h>

G_DEFINE_FINAL_TYPE (HeadroomWindow, headroom_window, ADW_TYPE_APPLICATION_WINDOW)

/* ---- What is shown --------------------------------------------------------------------------- */

void
_headroom_window_show_toast (HeadroomWindow *self, const char *text)
{
  adw_toast_overlay_add_toast (self->toasts, adw_toast_new (text));
}

static void
refresh_page (HeadroomWindow *self)
{
  const char *model = headroom_model_chooser_get_model (self->chooser);
  gboolean is_empty = g_list_model_get_n_items (G_LIST_MODEL (self->conversation)) == 0;

  if (self->client == NULL)
    return;
  gtk_widget_set_visible (GTK_WIDGET (self->composer), model != NULL);
  if (!is_empty)
    gtk_stack_set_visible_child_name (self->stack, "chat");
  else
    gtk_stack_set_visible_child_name (self->stack, model != NULL ? "empty" : "no-model");
}

static void
refresh_actions (HeadroomWindow *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  gboolean busy = headroom_conversation_get_busy (self->conversation);
  gboolean is_empty = g_list_model_get_n_items (G_LIST_MODEL (self->conversation)) == 0;
  gboolean ready = self->client != NULL && headroom_model_chooser_get_model (self->chooser) != NULL;

  gtk_widget_action_set_enabled (widget, "win.stop", busy);
  gtk_widget_action_set_enabled (widget, "win.regenerate", ready && !busy && !is_empty);
  gtk_widget_action_set_enabled (widget, "win.copy-answer", !is_empty);
  gtk_widget_action_set_enabled (widget, "win.new-chat", !is_empty);
  gtk_widget_action_set_enabled (widget, "win.refresh-models", self->client != NULL);
  headroom_composer_set_busy (self->composer, busy);
  headroom_composer_set_ready (self->composer, ready);
}

static void
refresh (HeadroomWindow *self)
{
  refresh_page (self);
  refresh_actions (self);
}

static void
memory_changed_cb (HeadroomWindow *self)
{
  const HeadroomMemoryReport *report = headroom_memory_monitor_get_report (self->monitor);
  const HeadroomMemoryVerdict *verdict = headroom_memory_monitor_get_verdict (self->monitor);
  g_autofree char *cost = headroom_memory_monitor_dup_cost (self->monitor);

  headroom_memory_strip_set_reason (self->strip, verdict->reason);
  headroom_memory_strip_set_devices (self->strip, report->devices, report->n_devices);
  headroom_memory_page_set_report (self->memory_page, report);
  headroom_what_if_page_set_devices (self->what_if_page, report->devices, report->n_devices);
  headroom_bench_page_set_report (self->bench_page, report);
  headroom_settings_popover_set_cost (self->popover, cost, verdict->fits);
  if (report->loading != NULL) {
    g_autofree char *model = headroom_model_dup_title (report->loading);
    g_autofree char *text =
        g_strdup_printf (_("Loading %s, %.0f %%"), model, report->loaded * 100);
    headroom_conversation_set_progress (self->conversation, text);
  } else
    headroom_conversation_set_progress (self->conversation, NULL);
}

/* ---- Asking ---------------------------------------------------------------------------------- */

HeadroomAskOptions
_headroom_window_get_ask_options (HeadroomWindow *self)
{
  return headroom_settings_get_ask_options (self->settings,
                                            headroom_model_chooser_get_model (self->chooser));
}

static void
send_cb (HeadroomWindow *self, const char *text)
{
  HeadroomAskOptions options = _headroom_window_get_ask_options (self);

  if (!headroom_conversation_send (self->conversation, text, &options))
    headroom_composer_set_text (self->composer, text);
  else
    headroom_chat_view_follow (self->chat);
}

static void
suggested_cb (HeadroomWindow *self, const char *text)
{
  headroom_composer_set_text (self->composer, text);
  headroom_composer_send (self->composer);
}

/* ---- Models ---------------------------------------------------------------------------------- */

static void
described_cb (HeadroomWindow *self, const char *model, guint max_ctx)
{
  if (g_strcmp0 (model, headroom_model_chooser_get_model (self->chooser)) == 0)
    headroom_settings_popover_set_max_ctx (self->popover, max_ctx);
}

static void
model_chosen_cb (HeadroomWindow *self)
{
  HeadroomModelItem *item = headroom_model_chooser_get_chosen (self->chooser);
  const char *model = headroom_model_chooser_get_model (self->chooser);

  headroom_memory_monitor_set_model (self->monitor, model);
  headroom_memory_page_set_model (self->memory_page, model);
  headroom_bench_page_set_model (self->bench_page, model);
  headroom_server_page_set_model (self->server_page, model);
  if (item != NULL) {
    /* Translators: the composer's hint; %s is a model's name */
    g_autofree char *hint =
        g_strdup_printf (_("Message %s"), headroom_model_item_get_title (item));
    headroom_composer_set_placeholder (self->composer, hint);
    headroom_model_library_describe (self->library, model);
    if (self->listed)
      g_settings_set_string (self->settings, "last-model", model);
  }
  refresh (self);
}

/* Chooses what was asked for, or with the first list what was chosen last; else the choice stays as
 * it is. */
static void
settle_choice (HeadroomWindow *self)
{
  g_autofree char *wanted = g_steal_pointer (&self->wanted_model);
  g_autofree char *last = g_settings_get_string (self->settings, "last-model");

  if (wanted != NULL && !headroom_model_chooser_choose (self->chooser, wanted)) {
    g_autofree char *text = g_strdup_printf (_("There is no model “%s”"), wanted);
    _headroom_window_show_toast (self, text);
  } else if (wanted == NULL && !self->listed)
    headroom_model_chooser_choose (self->chooser, last);
  self->listed = TRUE;
}

static void
listed_cb (HeadroomWindow *self)
{
  headroom_model_chooser_set_models (self->chooser,
                                     headroom_model_library_get_models (self->library));
  headroom_what_if_page_set_models (self->what_if_page,
                                    headroom_model_library_get_models (self->library));
  settle_choice (self);
  refresh (self);
}

/**
 * headroom_window_choose_model:
 * @self: a window
 * @name: a name of the store, or the absolute path of a GGUF file
 *
 * Chooses a model as soon as the list of models is there.
 */
void
headroom_window_choose_model (HeadroomWindow *self, const char *name)
{
  g_return_if_fail (HEADROOM_IS_WINDOW (self));
  if (g_path_is_absolute (name))
    headroom_model_library_add_file (self->library, name);
  g_free (self->wanted_model);
  self->wanted_model = g_strdup (name);
  headroom_model_library_refresh (self->library);
}

/* ---- Window ---------------------------------------------------------------------------------- */

static void
headroom_window_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (headroom_window_parent_class)->map (widget);
  headroom_memory_monitor_set_running (HEADROOM_WINDOW (widget)->monitor, TRUE);
}

static void
headroom_window_unmap (GtkWidget *widget)
{
  headroom_memory_monitor_set_running (HEADROOM_WINDOW (widget)->monitor, FALSE);
  GTK_WIDGET_CLASS (headroom_window_parent_class)->unmap (widget);
}

static void
headroom_window_dispose (GObject *object)
{
  HeadroomWindow *self = HEADROOM_WINDOW (object);

  if (self->conversation != NULL)
    headroom_conversation_stop (self->conversation);
  g_clear_object (&self->conversation);
  g_clear_object (&self->monitor);
  g_clear_object (&self->library);
  g_clear_object (&self->client);
  g_clear_object (&self->settings);
  g_clear_pointer (&self->warning, g_free);
  g_clear_pointer (&self->wanted_model, g_free);
  G_OBJECT_CLASS (headroom_window_parent_class)->dispose (object);
}

static void
headroom_window_class_init (HeadroomWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = headroom_window_dispose;
  widget_class->map = headroom_window_map;
  widget_class->unmap = headroom_window_unmap;
  g_type_ensure (HEADROOM_TYPE_BANNER);
  g_type_ensure (HEADROOM_TYPE_BENCH_PAGE);
  g_type_ensure (HEADROOM_TYPE_CHAT_VIEW);
  g_type_ensure (HEADROOM_TYPE_COMPOSER);
  g_type_ensure (HEADROOM_TYPE_MEMORY_PAGE);
  g_type_ensure (HEADROOM_TYPE_MEMORY_STRIP);
  g_type_ensure (HEADROOM_TYPE_MODEL_CHOOSER);
  g_type_ensure (HEADROOM_TYPE_SERVER_PAGE);
  g_type_ensure (HEADROOM_TYPE_WELCOME);
  g_type_ensure (HEADROOM_TYPE_WHAT_IF_PAGE);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/headroom/Headroom/headroom-window.ui");
  gtk_widget_class_bind_template_child (widget_class, HeadroomWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, HeadroomWindow, chooser);
  gtk_widget_class_bind_template_child (widget_class, HeadroomWindow, settings_button);
  gtk_widget_class_bind_template_child (widget_class, HeadroomWindow, banner);
  gtk_widget_class_bind_template_child (widget_class, HeadroomWindow, flap);
  gtk_widget_class_bind_template_child (widget_class, HeadroomWindow, pages_button);
  gtk_widget_class_bind_template_child (widget_class, HeadroomWindow, pages);
  gtk_widget_class_bind_template_child (widget_class, HeadroomWindow, memory_page);
  gtk_widget_class_bind_template_child (widget_class, HeadroomWindow, what_if_page);
  gtk_widget_class_bind_template_child (widget_class, HeadroomWindow, bench_page);
  gtk_widget_class_bind_template_child (widget_class, HeadroomWindow, server_page);
  gtk_widget_class_bind_template_child (widget_class, HeadroomWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, HeadroomWindow, failed_page);
  gtk_widget_class_bind_template_child (widget_class, HeadroomWindow, welcome);
  gtk_widget_class_bind_template_child (widget_class, HeadroomWindow, chat);
  gtk_widget_class_bind_template_child (widget_class, HeadroomWindow, composer);
  gtk_widget_class_bind_template_child (widget_class, HeadroomWindow, strip);
  _headroom_window_install_actions (widget_class);
}

static void
headroom_window_init (HeadroomWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_object_bind_property (self->flap, "reveal-flap", self->pages_button, "active",
                          G_BINDING_BIDIRECTIONAL | G_BINDING_SYNC_CREATE);
  self->conversation = headroom_conversation_new ();
  self->library = headroom_model_library_new ();
  headroom_chat_view_set_messages (self->chat, G_LIST_MODEL (self->conversation));
  g_signal_connect_object (self->conversation, "items-changed", G_CALLBACK (refresh), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->conversation, "notify::busy", G_CALLBACK (refresh), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->library, "listed", G_CALLBACK (listed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->library, "failed", G_CALLBACK (_headroom_window_show_toast), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->library, "described", G_CALLBACK (described_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->chooser, "notify::model", G_CALLBACK (model_chosen_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->welcome, "suggested", G_CALLBACK (suggested_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->composer, "send", G_CALLBACK (send_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->server_page, "problem", G_CALLBACK (_headroom_window_show_toast),
                           self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->bench_page, "problem", G_CALLBACK (_headroom_window_show_toast),
                           self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->bench_page, "news", G_CALLBACK (_headroom_window_show_toast), self,
                           G_CONNECT_SWAPPED);
  headroom_bench_page_set_preview (self->bench_page,
                                   headroom_memory_page_get_preview (self->memory_page));
}

static void
bind_settings (HeadroomWindow *self)
{
  self->popover = HEADROOM_SETTINGS_POPOVER (headroom_settings_popover_new (self->settings));
  gtk_menu_button_set_popover (self->settings_button, GTK_WIDGET (self->popover));
  headroom_memory_page_set_settings (self->memory_page, self->settings);
  headroom_server_page_set_settings (self->server_page, self->settings);
  self->monitor = headroom_memory_monitor_new (self->settings);
  _headroom_window_watch_memory (self);
  g_signal_connect_object (self->monitor, "changed", G_CALLBACK (memory_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_settings_bind (self->settings, "window-width", self, "default-width", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (self->settings, "window-height", self, "default-height",
                   G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (self->settings, "window-maximized", self, "maximized", G_SETTINGS_BIND_DEFAULT);
}

/**
 * headroom_window_new:
 * @application: the program
 * @settings: its settings
 *
 * Returns: (transfer floating): a window that waits for a client
 */
GtkWidget *
headroom_window_new (GtkApplication *application, GSettings *settings)
{
  HeadroomWindow *self = g_object_new (HEADROOM_TYPE_WINDOW, "application", application, NULL);

  self->settings = g_object_ref (settings);
  bind_settings (self);
  refresh_actions (self);
  gtk_widget_grab_focus (GTK_WIDGET (self->composer));
  return GTK_WIDGET (self);
}

/**
 * headroom_window_set_client:
 * @self: a window
 * @client: whom to ask from now on
 */
void
headroom_window_set_client (HeadroomWindow *self, HeadroomClient *client)
{
  g_return_if_fail (HEADROOM_IS_WINDOW (self));
  g_set_object (&self->client, client);
  headroom_conversation_set_client (self->conversation, client);
  headroom_memory_monitor_set_client (self->monitor, client);
  headroom_model_library_set_client (self->library, client);
  headroom_bench_page_set_client (self->bench_page, client);
  headroom_server_page_set_client (self->server_page, client);
  headroom_model_library_refresh (self->library);
}

/* uri: (nullable): where other programs reach the server */
void
headroom_window_set_server_uri (HeadroomWindow *self, const char *uri)
{
  g_return_if_fail (HEADROOM_IS_WINDOW (self));
  headroom_server_page_set_uri (self->server_page, uri);
}

/* Shows why there is no engine, with a button to try again. */
void
headroom_window_set_failure (HeadroomWindow *self, const char *reason)
{
  g_return_if_fail (HEADROOM_IS_WINDOW (self));
  adw_status_page_set_description (self->failed_page, reason);
  gtk_widget_set_visible (GTK_WIDGET (self->composer), FALSE);
  gtk_stack_set_visible_child_name (self->stack, "failed");
}

/* Shows a lasting state over the page. */
void
headroom_window_set_notice (HeadroomWindow *self, const char *text)
{
  g_return_if_fail (HEADROOM_IS_WINDOW (self));
  headroom_banner_show (self->banner, text);
}
