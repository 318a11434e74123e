/* headroom-application.c: the program with a window.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-application.h"

#include "headroom-session.h"
#include "headroom-window.h"

#include <glib/gi18n.h>

#define APP_ID "io.github.headroom.Headroom"

struct _HeadroomApplication {
  AdwApplication parent_instance;
  GSettings *settings;
  HeadroomSession *session; /* NULL until it is open */
  GCancellable *cancellable;
  gboolean opening;
};

G_DEFINE_FINAL_TYPE (HeadroomApplication, headroom_application, ADW_TYPE_APPLICATION)

/* ---- Windows --------------------------------------------------------------------------------- */

static HeadroomWindow *
get_window (HeadroomApplication *self)
{
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (self));

  return HEADROOM_IS_WINDOW (window) ? HEADROOM_WINDOW (window) : NULL;
}

/* ---- Session --------------------------------------------------------------------------------- */

static void
hand_out_client (HeadroomApplication *self)
{
  const char *notice = headroom_session_get_notice (self->session);

  for (GList *l = gtk_application_get_windows (GTK_APPLICATION (self)); l != NULL; l = l->next) {
    if (!HEADROOM_IS_WINDOW (l->data))
      continue;
    headroom_window_set_client (l->data, headroom_session_get_client (self->session));
    headroom_window_set_server_uri (l->data, headroom_session_get_uri (self->session));
    if (notice != NULL)
      headroom_window_set_notice (l->data, notice);
  }
}

static void
session_opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (HeadroomApplication) self = user_data;
  g_autoptr (GError) error = NULL;
  HeadroomWindow *window = get_window (self);

  self->opening = FALSE;
  self->session = headroom_session_open_finish (result, &error);
  if (self->session != NULL)
    hand_out_client (self);
  else if (window != NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    headroom_window_set_failure (window, error->message);
}

static HeadroomSessionFlags
session_flags (HeadroomApplication *self)
{
  return g_settings_get_boolean (self->settings, "serve") ? HEADROOM_SESSION_LISTEN
                                                          : HEADROOM_SESSION_PLAIN;
}

/* A server that is started for this session later is reached as the person has it now. */
static void
serve_changed_cb (HeadroomApplication *self)
{
  if (self->session != NULL)
    headroom_session_set_flags (self->session, session_flags (self));
}

static void
open_session (HeadroomApplication *self)
{
  if (self->session != NULL || self->opening)
    return;
  self->opening = TRUE;
  headroom_session_open_async (session_flags (self), self->cancellable, session_opened_cb,
                               g_object_ref (self));
}

/* ---- GApplication ---------------------------------------------------------------------------- */

static HeadroomWindow *
ensure_window (HeadroomApplication *self)
{
  HeadroomWindow *window = get_window (self);

  if (window == NULL) {
    window = HEADROOM_WINDOW (headroom_window_new (GTK_APPLICATION (self), self->settings));
    if (self->session != NULL)
      hand_out_client (self);
  }
  gtk_window_present (GTK_WINDOW (window));
  open_session (self);
  return window;
}

static void
headroom_application_activate (GApplication *application)
{
  ensure_window (HEADROOM_APPLICATION (application));
}

static void
headroom_application_open (GApplication *application, GFile **files, int n_files, const char *hint)
{
  HeadroomWindow *window = ensure_window (HEADROOM_APPLICATION (application));

  for (int i = 0; i < n_files; i++) {
    g_autofree char *path = g_file_get_path (files[i]);
    if (path != NULL)
      headroom_window_choose_model (window, path);
    else
      headroom_window_set_notice (window, _("Only files on this computer can be opened"));
  }
}

static void
model_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  headroom_window_choose_model (ensure_window (user_data), g_variant_get_string (parameter, NULL));
}

/* What the desktop entry offers beside opening the window. */
static void
new_chat_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  gtk_widget_activate_action (GTK_WIDGET (ensure_window (user_data)), "win.new-chat", NULL);
}

static void
connect_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  open_session (user_data);
}

static void
quit_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  g_application_quit (user_data);
}

static void
about_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  adw_show_about_window (gtk_application_get_active_window (user_data), "application-name",
                         _("Headroom"), "application-icon", APP_ID, "version", HEADROOM_VERSION,
                         "comments",
                         _("Language models on your own machine, with every byte accounted for"),
                         "developer-name", _("The Headroom Authors"), "license-type",
                         GTK_LICENSE_GPL_3_0,
                         /* Translators: your names, one on each line */
                         "translator-credits", _("translator-credits"), NULL);
}

static void
set_accels (HeadroomApplication *self, const char *action, const char *first, const char *second)
{
  const char *const accels[] = { first, second, NULL };

  gtk_application_set_accels_for_action (GTK_APPLICATION (self), action, accels);
}

static void
headroom_application_startup (GApplication *application)
{
  HeadroomApplication *self = HEADROOM_APPLICATION (application);

  /* Under X11 a window is matched with its desktop entry by this name. */
  g_set_prgname (APP_ID);
  G_APPLICATION_CLASS (headroom_application_parent_class)->startup (application);
  gtk_window_set_default_icon_name (APP_ID);
  set_accels (self, "app.quit", "<Primary>q", NULL);
  set_accels (self, "window.close", "<Primary>w", NULL);
  set_accels (self, "win.new-chat", "<Primary>n", NULL);
  set_accels (self, "win.open", "<Primary>o", NULL);
  set_accels (self, "win.stop", "Escape", NULL);
  set_accels (self, "win.regenerate", "<Primary>r", NULL);
  set_accels (self, "win.copy-answer", "<Primary><Shift>c", NULL);
  set_accels (self, "win.settings", "<Primary>comma", NULL);
  set_accels (self, "win.choose-model", "<Primary>l", NULL);
  set_accels (self, "win.memory", "<Primary>m", NULL);
  set_accels (self, "win.pages", "F9", NULL);
  set_accels (self, "win.show-page::chat", "<Alt>1", NULL);
  set_accels (self, "win.show-page::memory", "<Alt>2", NULL);
  set_accels (self, "win.show-page::what-if", "<Alt>3", NULL);
  set_accels (self, "win.show-page::benchmarks", "<Alt>4", NULL);
  set_accels (self, "win.show-page::server", "<Alt>5", NULL);
  set_accels (self, "win.write", "<Primary>i", NULL);
  set_accels (self, "win.show-help-overlay", "<Primary>question", NULL);
}

/* A model that is named on the command line is handed to the program that runs already, if one
 * does. */
static int
headroom_application_handle_local_options (GApplication *application, GVariantDict *options)
{
  g_autoptr (GError) error = NULL;
  const char *model;

  if (g_variant_dict_contains (options, "version")) {
    g_print ("headroom-app %s\n", HEADROOM_VERSION);
    return 0;
  }
  if (!g_variant_dict_lookup (options, "model", "&s", &model))
    return -1;
  if (!g_application_register (application, NULL, &error)) {
    g_printerr ("headroom-app: %s\n", error->message);
    return 1;
  }
  g_action_group_activate_action (G_ACTION_GROUP (application), "model",
                                  g_variant_new_string (model));
  return -1;
}

/* ---- Object ---------------------------------------------------------------------------------- */

static void
headroom_application_dispose (GObject *object)
{
  HeadroomApplication *self = HEADROOM_APPLICATION (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->session);
  g_clear_object (&self->settings);
  G_OBJECT_CLASS (headroom_application_parent_class)->dispose (object);
}

static void
headroom_application_finalize (GObject *object)
{
  g_object_unref (HEADROOM_APPLICATION (object)->cancellable);
  G_OBJECT_CLASS (headroom_application_parent_class)->finalize (object);
}

static void
headroom_application_class_init (HeadroomApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = headroom_application_dispose;
  G_OBJECT_CLASS (klass)->finalize = headroom_application_finalize;
  application_class->startup = headroom_application_startup;
  application_class->activate = headroom_application_activate;
  application_class->open = headroom_application_open;
  application_class->handle_local_options = headroom_application_handle_local_options;
}

static void
headroom_application_init (HeadroomApplication *self)
{
  static const GActionEntry actions[] = {
    { "quit", quit_action },         { "about", about_action },      { "connect", connect_action },
    { "new-chat", new_chat_action }, { "model", model_action, "s" },
  };
  static const GOptionEntry options[] = {
    { "model", 'm', 0, G_OPTION_ARG_STRING, NULL, N_("Open with this model"), N_("NAME") },
    { "version", 'v', 0, G_OPTION_ARG_NONE, NULL, N_("Show the version"), NULL },
    { NULL },
  };

  self->cancellable = g_cancellable_new ();
  g_action_map_add_action_entries (G_ACTION_MAP (self), actions, G_N_ELEMENTS (actions), self);
  g_application_add_main_option_entries (G_APPLICATION (self), options);
  g_application_set_option_context_parameter_string (G_APPLICATION (self), _("[FILE.gguf]"));
}

/**
 * headroom_application_new:
 * @settings: (nullable): the program's settings; %NULL is enough to show help and version
 *
 * Returns: (transfer full): the program
 */
HeadroomApplication *
headroom_application_new (GSettings *settings)
{
  HeadroomApplication *self =
      g_object_new (HEADROOM_TYPE_APPLICATION, "application-id", APP_ID, "resource-base-path",
                    "/io/github/headroom/Headroom", "flags", G_APPLICATION_HANDLES_OPEN, NULL);

  self->settings = settings != NULL ? g_object_ref (settings) : NULL;
  if (settings != NULL)
    g_signal_connect_object (settings, "changed::serve", G_CALLBACK (serve_changed_cb), self,
                             G_CONNECT_SWAPPED);
  return self;
}
