/* headroom-window-memory.c: what the window does about models in memory, and what it tells of them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-window-private.h"

#include "headroom-chat-wire.h"
#include "headroom-event-text.h"
#include "headroom-model-item.h"
#include "headroom-watches-group.h"
#include "headroom-wire-util.h"

#include <glib/gi18n.h>

/* Long enough to read two names and decide. */
/* Longer than a toast takes to come in another's place. */
#define TOAST_COMES_MS 600
#define LOSS_SECONDS 12
/* Of a line, so that it finds room in 360 pixels. */
#define LOSS_CHARS 34

/* ---- Doing ----------------------------------------------------------------------------------- */

static void
loaded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (HeadroomWindow) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = headroom_client_request_finish (HEADROOM_CLIENT (source), result, &error);

  if (text == NULL && self->client != NULL)
    _headroom_window_show_toast (self, error->message);
}

/* A question without words loads a model, unloads it or says how long it stays. */
static void
load (HeadroomWindow *self, const char *model, const HeadroomAskOptions *options,
      const char *keep_alive)
{
  g_autofree char *body = headroom_load_request (model, options, keep_alive);

  if (self->client != NULL)
    headroom_client_request_async (self->client, "POST", "/api/generate", body, NULL, loaded_cb,
                                   g_object_ref (self));
}

static void
keep_cb (HeadroomWindow *self, const char *model, const char *keep_alive)
{
  load (self, model, NULL, keep_alive);
}

/* What cannot change in place (layers on a card), and how long the model stays, is the loader's
 * affair. */
static void
resized_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (HeadroomWindow) self = user_data;
  g_autofree char *text G_GNUC_UNUSED = headroom_client_request_finish (HEADROOM_CLIENT (source), result, NULL);
  HeadroomAskOptions options;

  if (self->client == NULL)
    return;
  options = _headroom_window_get_ask_options (self);
  if (options.model != NULL)
    load (self, options.model, &options, options.keep_alive);
}

/* Brings a loaded model to the settings in its place: its weights stay, and answers that run go on.
 */
static void
resize (HeadroomWindow *self, const HeadroomAskOptions *options)
{
  g_autofree char *body = headroom_load_request (options->model, options, options->keep_alive);

  headroom_client_request_async (self->client, "POST", "/headroom/resize", body, NULL, resized_cb,
                                 g_object_ref (self));
}

static void
apply_cb (HeadroomWindow *self)
{
  HeadroomAskOptions options = _headroom_window_get_ask_options (self);

  if (self->client != NULL && options.model != NULL &&
      headroom_memory_monitor_is_loaded (self->monitor, options.model))
    resize (self, &options);
  _headroom_window_show_toast (self, _("Settings applied"));
}

static void
threshold_cb (HeadroomWindow *self, const char *code, double value)
{
  g_autoptr (HrValue) json = hr_value_new_dict ();
  HrValue *thresholds = hr_value_new_dict ();
  g_autofree char *body = NULL;

  headroom_json_set_float (thresholds, code, value);
  hr_value_set (json, "thresholds", thresholds);
  body = headroom_json_print (json, HEADROOM_JSON_PLAIN);
  if (self->client != NULL)
    headroom_client_request_async (self->client, "POST", "/headroom/watches", body, NULL, loaded_cb,
                                   g_object_ref (self));
}

void
_headroom_window_reload_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  HeadroomWindow *self = HEADROOM_WINDOW (widget);
  g_autofree char *keep_alive = g_settings_get_string (self->settings, "keep-alive");

  load (self, g_variant_get_string (parameter, NULL), NULL, keep_alive);
}

void
_headroom_window_pin_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  load (HEADROOM_WINDOW (widget), g_variant_get_string (parameter, NULL), NULL, "-1");
}

/* ---- Telling --------------------------------------------------------------------------------- */

static gboolean
dismiss_cb (gpointer toast)
{
  adw_toast_dismiss (toast);
  return G_SOURCE_REMOVE;
}

/* libadwaita 1.2 crashes where a toast has gone before it has quite come. */
static void
dismiss_later_cb (GtkWidget *button, AdwToast *toast)
{
  gtk_widget_set_sensitive (gtk_widget_get_parent (button), FALSE);
  g_timeout_add_full (G_PRIORITY_DEFAULT, TOAST_COMES_MS, dismiss_cb, g_object_ref (toast),
                      g_object_unref);
}

static GtkWidget *
new_way_back (AdwToast *toast, const char *label, const char *tooltip, const char *action,
              const char *model)
{
  GtkWidget *button = gtk_button_new_with_mnemonic (label);

  gtk_widget_set_tooltip_text (button, tooltip);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), action);
  gtk_actionable_set_action_target (GTK_ACTIONABLE (button), "s", model);
  g_signal_connect_object (button, "clicked", G_CALLBACK (dismiss_later_cb), toast, 0);
  return button;
}

static GtkWidget *
new_ways_back (AdwToast *toast, const char *model)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  g_autofree char *title = headroom_model_dup_title (model);
  /* Translators: %s is a model */
  g_autofree char *reload = g_strdup_printf (_("Load %s again"), title);
  /* Translators: %s is a model */
  g_autofree char *pin = g_strdup_printf (_("Load %s again and keep it in memory"), title);

  gtk_box_append (GTK_BOX (box),
                  new_way_back (toast, _("_Reload"), reload, "win.reload-model", model));
  gtk_box_append (GTK_BOX (box), new_way_back (toast, _("_Pin"), pin, "win.pin-model", model));
  return box;
}

/* What went, for whom, and two ways to have it back; below the words, because a toast does not
 * become narrower than the line that it asks for. */
static AdwToast *
new_loss_toast (const char *model, const char *text)
{
  AdwToast *toast = adw_toast_new (text);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6), *label = gtk_label_new (text);

  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_natural_wrap_mode (GTK_LABEL (label), GTK_NATURAL_WRAP_NONE);
  gtk_label_set_max_width_chars (GTK_LABEL (label), LOSS_CHARS);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_box_append (GTK_BOX (box), label);
  gtk_box_append (GTK_BOX (box), new_ways_back (toast, model));
  adw_toast_set_custom_title (toast, box);
  adw_toast_set_timeout (toast, LOSS_SECONDS);
  return toast;
}

static void
news_cb (HeadroomWindow *self, const HrValue *event)
{
  g_autofree char *text = headroom_event_text_dup_news (event);

  if (headroom_event_text_is_loss (event))
    adw_toast_overlay_add_toast (self->toasts,
                                 new_loss_toast (headroom_wire_get_string (event, "model"), text));
  else
    _headroom_window_show_toast (self, text);
}

/* Where the settings come from that the next question is asked with. */
static void
ask_effective (HeadroomWindow *self)
{
  const HeadroomMemoryReport *report = headroom_memory_monitor_get_report (self->monitor);
  g_autofree char *preset = g_settings_get_string (self->settings, "preset"), *body = NULL;
  HeadroomAskOptions options = _headroom_window_get_ask_options (self);

  if (self->client == NULL || options.model == NULL)
    return;
  body = headroom_effective_request (&options, headroom_preset_find (preset));
  headroom_memory_page_ask_effective (self->memory_page, self->client, body, report->last_event);
}

/* A banner while a watch is crossed; one that a person closed stays away until another sentence is
 * due. */
static void
changed_cb (HeadroomWindow *self)
{
  const HeadroomMemoryReport *report = headroom_memory_monitor_get_report (self->monitor);
  g_autofree char *warning =
      headroom_watches_dup_warning (headroom_wire_get (report->status, "watches"));
  gboolean was_told = warning != NULL && self->warning != NULL;

  ask_effective (self);
  if (warning != NULL && !was_told)
    headroom_banner_show (self->banner, warning);
  else if (warning == NULL && self->warning != NULL)
    headroom_banner_hide (self->banner);
  g_free (self->warning);
  self->warning = g_steal_pointer (&warning);
}

/* Hears the page and the monitor. */
void
_headroom_window_watch_memory (HeadroomWindow *self)
{
  g_signal_connect_object (self->memory_page, "keep", G_CALLBACK (keep_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->memory_page, "choose-model",
                           G_CALLBACK (headroom_window_choose_model), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->memory_page, "apply", G_CALLBACK (apply_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->memory_page, "threshold", G_CALLBACK (threshold_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->monitor, "changed", G_CALLBACK (changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->monitor, "news", G_CALLBACK (news_cb), self, G_CONNECT_SWAPPED);
}
