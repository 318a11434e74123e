/* headroom-server-page.c: whether and where other programs reach the models, who is being answered
 * and was before, and how to connect one more.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-server-page.h"

#include "headroom-log-group.h"
#include "headroom-reach-group.h"
#include "headroom-requests-group.h"
#include "headroom-wire-util.h"

#include <glib/gi18n.h>

#define POLL_MSEC 1000
#define N_EXAMPLES 3

struct _HeadroomServerPage
{
  GtkWidget parent_instance;
  GtkWidget *scroller;
  AdwActionRow *address_row;
  GtkSwitch *serve_switch;
  HeadroomReachGroup *reach_group;
  HeadroomRequestsGroup *requests_group;
  HeadroomLogGroup *log_group;
  AdwActionRow *example_rows[N_EXAMPLES];
  HeadroomClient *client;
  GSettings *settings;       /* or NULL */
  GCancellable *cancellable; /* of whatever is asked for this client */
  char *others;              /* as GET /headroom/listen says; NULL: not known */
  gboolean needs_key;        /* who uses the address does, here or elsewhere */
  char *uri;                 /* NULL: only this user's Headroom programs reach the server */
  char *model;
  guint poll_id;
  gboolean asked;
  gboolean switching; /* the switch is only told how things are */
};

G_DEFINE_FINAL_TYPE (HeadroomServerPage, headroom_server_page, GTK_TYPE_WIDGET)

enum { PROBLEM, N_SIGNALS };
static guint signals[N_SIGNALS];

/* ---- Address --------------------------------------------------------------------------------- */

/* Whether an address such as "http://127.0.0.1:11434" means this computer only. */
static gboolean
is_loopback (const char *uri)
{
  g_autoptr (GUri) parsed = g_uri_parse (uri, G_URI_FLAGS_NONE, NULL);
  const char *host = parsed != NULL ? g_uri_get_host (parsed) : NULL;
  g_autoptr (GInetAddress) address = host != NULL ? g_inet_address_new_from_string (host) : NULL;

  return address != NULL ? g_inet_address_get_is_loopback (address)
                         : g_strcmp0 (host, "localhost") == 0;
}

static const char *
describe_reach (HeadroomServerPage *self)
{
  if (self->uri == NULL)
    return _("Only Headroom’s own programs reach the models now.");
  if (is_loopback (self->uri))
    return _("Programs on this computer reach the models; nobody else does.");
  if (g_strcmp0 (self->others, "refused") == 0)
    return _("Programs on this computer reach the models. Other computers reach this address and are refused, because no "
             "key is set: set HEADROOM_API_KEY to let in who knows it.");
  if (g_strcmp0 (self->others, "key") == 0)
    return _("Every computer that reaches this address and knows the key can use the models, see their names and delete "
             "them. Nothing is encrypted on its way.");
  return _("Every computer that reaches this address can use the models, see their names and delete them. Set OLLAMA_HOST to "
           "127.0.0.1 to keep others out.");
}

static void
show_address (HeadroomServerPage *self)
{
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->address_row),
                                 self->uri != NULL ? self->uri : _("No address"));
  adw_action_row_set_subtitle (self->address_row, describe_reach (self));
  if (self->uri != NULL && !is_loopback (self->uri))
    gtk_widget_add_css_class (GTK_WIDGET (self->address_row), "warning");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->address_row), "warning");
  self->switching = TRUE;
  gtk_switch_set_active (self->serve_switch, self->uri != NULL);
  self->switching = FALSE;
}

static void show_examples (HeadroomServerPage *self);

/* ---- On and off ------------------------------------------------------------------------------ */

static void
take_listening (HeadroomServerPage *self, const HrValue *listening)
{
  g_free (self->others);
  self->others = g_strdup (headroom_wire_get_string (listening, "others"));
  self->needs_key = headroom_wire_get_bool (listening, "needs_key") ||
                    g_strcmp0 (self->others, "key") == 0;
  headroom_reach_group_set_listening (self->reach_group, listening);
  show_address (self);
  show_examples (self);
}

static void
reach_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (HeadroomServerPage) self = user_data;
  g_autofree char *text = headroom_client_request_finish (HEADROOM_CLIENT (source), result, NULL);
  g_autoptr (HrValue) json = text != NULL ? headroom_wire_parse (text, NULL) : NULL;

  if (json == NULL) /* then it is told as if anybody were answered */
    return;
  take_listening (self, json);
}

static void
ask_reach (HeadroomServerPage *self)
{
  if (self->client != NULL)
    headroom_client_request_async (self->client, "GET", "/headroom/listen", NULL,
                                   self->cancellable, reach_cb, g_object_ref (self));
}

static void
remember (HeadroomServerPage *self, gboolean serves)
{
  if (self->settings != NULL)
    g_settings_set_boolean (self->settings, "serve", serves);
}

static void
switched_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (HeadroomServerPage) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = headroom_client_request_finish (HEADROOM_CLIENT (source), result, &error);
  g_autoptr (HrValue) json = text != NULL ? headroom_wire_parse (text, &error) : NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  gtk_widget_set_sensitive (GTK_WIDGET (self->serve_switch), TRUE);
  if (json != NULL) {
    headroom_server_page_set_uri (self, headroom_wire_get_string (json, "uri"));
    remember (self, self->uri != NULL);
  } else {
    show_address (self); /* as it was */
    g_signal_emit (self, signals[PROBLEM], 0, error->message);
  }
  ask_reach (self);
}

static void
change_listening (HeadroomServerPage *self, const char *method, const char *body)
{
  gtk_widget_set_sensitive (GTK_WIDGET (self->serve_switch), FALSE);
  headroom_client_request_async (self->client, method, "/headroom/listen", body, self->cancellable,
                                 switched_cb, g_object_ref (self));
}

/* The server listens where its environment says, or as was chosen last. */
static void
switch_cb (HeadroomServerPage *self)
{
  gboolean serve = gtk_switch_get_active (self->serve_switch);

  if (!self->switching && self->client != NULL)
    change_listening (self, serve ? "POST" : "DELETE", serve ? "{}" : NULL);
}

static void
chosen_cb (HeadroomServerPage *self, const char *reach)
{
  g_autofree char *body = g_strdup_printf ("{\"reach\": \"%s\"}", reach);

  if (self->client != NULL)
    change_listening (self, "POST", body);
}

static void
add_switch (HeadroomServerPage *self)
{
  self->serve_switch = GTK_SWITCH (gtk_switch_new ());
  gtk_widget_set_valign (GTK_WIDGET (self->serve_switch), GTK_ALIGN_CENTER);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->serve_switch), _("Answer Other Programs"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->serve_switch),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL, _("Answer Other Programs"), -1);
  adw_action_row_add_suffix (self->address_row, GTK_WIDGET (self->serve_switch));
  adw_action_row_set_activatable_widget (self->address_row, GTK_WIDGET (self->serve_switch));
  g_signal_connect_object (self->serve_switch, "notify::active", G_CALLBACK (switch_cb), self,
                           G_CONNECT_SWAPPED);
}

/* ---- Examples -------------------------------------------------------------------------------- */

/* An address that means every one of this computer is none that a program can ask. */
static char *
dup_example_uri (HeadroomServerPage *self)
{
  g_autoptr (GUri) uri = self->uri != NULL ? g_uri_parse (self->uri, G_URI_FLAGS_NONE, NULL) : NULL;
  const char *host = uri != NULL ? g_uri_get_host (uri) : NULL;

  if (host != NULL && (g_str_equal (host, "0.0.0.0") || g_str_equal (host, "::")))
    return g_strdup_printf ("http://%s:%d", g_get_host_name (), g_uri_get_port (uri));
  return g_strdup (self->uri != NULL ? self->uri : "http://127.0.0.1:11434");
}

static char *
make_example (HeadroomServerPage *self, int index)
{
  g_autofree char *uri = dup_example_uri (self);
  const char *model = self->model != NULL ? self->model : "MODEL";

  if (index == 0)
    return g_strdup_printf (
        "curl %s/api/chat %s-d '{\"model\": \"%s\", \"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}]}'",
        uri, self->needs_key ? "-H 'Authorization: Bearer KEY' " : "", model);
  if (index == 1)
    return g_strdup_printf (
        "from ollama import Client\nprint(Client(\"%s\"%s).chat(\"%s\", [{\"role\": \"user\", \"content\": "
        "\"Hello\"}]).message.content)",
        uri, self->needs_key ? ", headers={\"Authorization\": \"Bearer KEY\"}" : "", model);
  return g_strdup_printf ("%s/v1", uri);
}

static void
show_examples (HeadroomServerPage *self)
{
  for (int i = 0; i < N_EXAMPLES; i++) {
    g_autofree char *text = make_example (self, i);
    adw_action_row_set_subtitle (self->example_rows[i], text);
    gtk_widget_set_sensitive (GTK_WIDGET (self->example_rows[i]), self->uri != NULL);
  }
}

static void
copy_cb (GtkWidget *button, AdwActionRow *row)
{
  gdk_clipboard_set_text (gtk_widget_get_clipboard (button), adw_action_row_get_subtitle (row));
}

static AdwActionRow *
add_example (AdwPreferencesGroup *group, const char *title)
{
  AdwActionRow *row = ADW_ACTION_ROW (adw_action_row_new ());
  GtkWidget *button = gtk_button_new_from_icon_name ("edit-copy-symbolic");

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  gtk_widget_set_tooltip_text (button, _("Copy"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("Copy"), -1);
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (button, "flat");
  adw_action_row_add_suffix (row, button);
  adw_preferences_group_add (group, GTK_WIDGET (row));
  g_signal_connect_object (button, "clicked", G_CALLBACK (copy_cb), row, 0);
  return row;
}

/* ---- Requests -------------------------------------------------------------------------------- */

static void
heard_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (HeadroomServerPage) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = headroom_client_request_finish (HEADROOM_CLIENT (source), result, &error);
  g_autoptr (HrValue) json = text != NULL ? headroom_wire_parse (text, &error) : NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  self->asked = FALSE;
  headroom_requests_group_set_requests (self->requests_group, headroom_wire_get (json, "requests"));
  headroom_log_group_set_requests (self->log_group, headroom_wire_get (json, "recent"));
}

static gboolean
poll_cb (gpointer user_data)
{
  HeadroomServerPage *self = user_data;

  if (self->client == NULL || self->asked)
    return G_SOURCE_CONTINUE;
  self->asked = TRUE;
  headroom_client_request_async (self->client, "GET", "/headroom/requests", NULL, self->cancellable,
                                 heard_cb, g_object_ref (self));
  return G_SOURCE_CONTINUE;
}

static void
stopped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (HeadroomServerPage) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = headroom_client_request_finish (HEADROOM_CLIENT (source), result, &error);

  if (text == NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_signal_emit (self, signals[PROBLEM], 0, error->message);
}

static void
stop_cb (HeadroomServerPage *self, guint64 id)
{
  g_autofree char *path = g_strdup_printf ("/headroom/requests/%" G_GUINT64_FORMAT, id);

  if (self->client != NULL)
    headroom_client_request_async (self->client, "DELETE", path, NULL, self->cancellable,
                                   stopped_cb, g_object_ref (self));
}

/* ---- What is told ---------------------------------------------------------------------------- */

void
headroom_server_page_set_client (HeadroomServerPage *self, HeadroomClient *client)
{
  g_return_if_fail (HEADROOM_IS_SERVER_PAGE (self));
  g_cancellable_cancel (self->cancellable);
  g_object_unref (self->cancellable);
  self->cancellable = g_cancellable_new ();
  self->asked = FALSE;
  gtk_widget_set_sensitive (GTK_WIDGET (self->serve_switch), client != NULL);
  g_set_object (&self->client, client);
  ask_reach (self);
}

/* settings: where it is kept whether other programs are answered */
void
headroom_server_page_set_settings (HeadroomServerPage *self, GSettings *settings)
{
  g_return_if_fail (HEADROOM_IS_SERVER_PAGE (self));
  g_set_object (&self->settings, settings);
}

/**
 * headroom_server_page_set_uri:
 * @self: a page
 * @uri: (nullable): where other programs reach the server
 */
void
headroom_server_page_set_uri (HeadroomServerPage *self, const char *uri)
{
  g_return_if_fail (HEADROOM_IS_SERVER_PAGE (self));
  g_free (self->uri);
  self->uri = g_strdup (uri);
  show_address (self);
  show_examples (self);
}

/* model: (nullable): the one that examples name */
void
headroom_server_page_set_model (HeadroomServerPage *self, const char *model)
{
  g_return_if_fail (HEADROOM_IS_SERVER_PAGE (self));
  g_free (self->model);
  self->model = g_strdup (model);
  show_examples (self);
}

/* ---- Widget ---------------------------------------------------------------------------------- */

static void
headroom_server_page_map (GtkWidget *widget)
{
  HeadroomServerPage *self = HEADROOM_SERVER_PAGE (widget);

  GTK_WIDGET_CLASS (headroom_server_page_parent_class)->map (widget);
  self->poll_id = g_timeout_add (POLL_MSEC, poll_cb, self);
  ask_reach (self);
  poll_cb (self);
}

static void
headroom_server_page_unmap (GtkWidget *widget)
{
  g_clear_handle_id (&HEADROOM_SERVER_PAGE (widget)->poll_id, g_source_remove);
  GTK_WIDGET_CLASS (headroom_server_page_parent_class)->unmap (widget);
}

static void
headroom_server_page_dispose (GObject *object)
{
  HeadroomServerPage *self = HEADROOM_SERVER_PAGE (object);

  g_clear_handle_id (&self->poll_id, g_source_remove);
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->client);
  g_clear_object (&self->settings);
  g_clear_pointer (&self->scroller, gtk_widget_unparent);
  G_OBJECT_CLASS (headroom_server_page_parent_class)->dispose (object);
}

static void
headroom_server_page_finalize (GObject *object)
{
  HeadroomServerPage *self = HEADROOM_SERVER_PAGE (object);

  g_object_unref (self->cancellable);
  g_free (self->others);
  g_free (self->uri);
  g_free (self->model);
  G_OBJECT_CLASS (headroom_server_page_parent_class)->finalize (object);
}

static void
headroom_server_page_class_init (HeadroomServerPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = headroom_server_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = headroom_server_page_finalize;
  widget_class->map = headroom_server_page_map;
  widget_class->unmap = headroom_server_page_unmap;
  signals[PROBLEM] = g_signal_new ("problem", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
}

static void
add_groups (HeadroomServerPage *self, GtkBox *column)
{
  AdwPreferencesGroup *address = ADW_PREFERENCES_GROUP (adw_preferences_group_new ());
  AdwPreferencesGroup *examples = ADW_PREFERENCES_GROUP (adw_preferences_group_new ());

  self->address_row = ADW_ACTION_ROW (adw_action_row_new ());
  self->reach_group = HEADROOM_REACH_GROUP (headroom_reach_group_new ());
  self->requests_group = HEADROOM_REQUESTS_GROUP (headroom_requests_group_new ());
  self->log_group = HEADROOM_LOG_GROUP (headroom_log_group_new ());
  add_switch (self);
  adw_preferences_group_set_title (address, _("Address"));
  adw_preferences_group_add (address, GTK_WIDGET (self->address_row));
  adw_preferences_group_set_title (examples, _("Connect a Program"));
  self->example_rows[0] = add_example (examples, _("In a terminal"));
  self->example_rows[1] = add_example (examples, _("In Python"));
  self->example_rows[2] = add_example (examples, _("Programs made for OpenAI: base URL"));
  gtk_box_append (column, GTK_WIDGET (address));
  gtk_box_append (column, GTK_WIDGET (self->reach_group));
  gtk_box_append (column, GTK_WIDGET (self->requests_group));
  gtk_box_append (column, GTK_WIDGET (self->log_group));
  gtk_box_append (column, GTK_WIDGET (examples));
  g_signal_connect_object (self->reach_group, "chosen", G_CALLBACK (chosen_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->requests_group, "stop", G_CALLBACK (stop_cb), self,
                           G_CONNECT_SWAPPED);
}

static void
headroom_server_page_init (HeadroomServerPage *self)
{
  GtkWidget *clamp = adw_clamp_new (), *column = gtk_box_new (GTK_ORIENTATION_VERTICAL, 24);

  self->cancellable = g_cancellable_new ();
  gtk_widget_add_css_class (column, "headroom-page");
  add_groups (self, GTK_BOX (column));
  adw_clamp_set_maximum_size (ADW_CLAMP (clamp), 760);
  adw_clamp_set_child (ADW_CLAMP (clamp), column);
  self->scroller = gtk_scrolled_window_new ();
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (self->scroller), GTK_POLICY_NEVER,
                                  GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (self->scroller), clamp);
  gtk_widget_set_vexpand (self->scroller, TRUE);
  gtk_widget_set_parent (self->scroller, GTK_WIDGET (self));
  show_address (self);
  show_examples (self);
}

GtkWidget *
headroom_server_page_new (void)
{
  return g_object_new (HEADROOM_TYPE_SERVER_PAGE, NULL);
}
