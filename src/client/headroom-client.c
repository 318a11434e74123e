/* headroom-client.c: see headroom-client.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-client-private.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gi18n-lib.h>
#include <libsoup/soup.h>

#include "headroom-json.h"

/* Every chat that streams holds a connection; libsoup's default of two per host would make the
 * third wait. */
#define MAX_CONNECTIONS 64
/* Of an error's text that is shown to people. */
#define MAX_ERROR_CHARS 2000

G_DEFINE_QUARK (headroom-client-error-quark, headroom_client_error)

struct _HeadroomClient {
  GObject parent_instance;

  SoupSession *session;
  char *base; /* "http://127.0.0.1:11434" */
  HeadroomClientReviveFunc revive;
  gpointer revive_owner;
};

G_DEFINE_FINAL_TYPE (HeadroomClient, headroom_client, G_TYPE_OBJECT)

/* One request: the task data of both calls. */
typedef struct {
  char *method, *path;
  GBytes *body;                 /* or NULL */
  HeadroomClientLineFunc func;  /* NULL: the whole answer at once */
  gpointer func_data;
  SoupMessage *message;
  GDataInputStream *lines;
  gboolean revived;
} Call;

static void
call_free (gpointer data)
{
  Call *call = data;

  g_free (call->method);
  g_free (call->path);
  g_clear_pointer (&call->body, g_bytes_unref);
  g_clear_object (&call->message);
  g_clear_object (&call->lines);
  g_free (call);
}

/* ---- Errors ---- */

static HeadroomClientError
code_of_status (guint status)
{
  if (status == SOUP_STATUS_NOT_FOUND)
    return HEADROOM_CLIENT_ERROR_NOT_FOUND;
  if (status == SOUP_STATUS_SERVICE_UNAVAILABLE)
    return HEADROOM_CLIENT_ERROR_BUSY;
  if (status >= 400 && status < 500)
    return HEADROOM_CLIENT_ERROR_REQUEST;
  return status >= 500 ? HEADROOM_CLIENT_ERROR_SERVER : HEADROOM_CLIENT_ERROR_PROTOCOL;
}

/* The sentence in {"error":"..."} or {"error":{"message":"..."}}, else NULL. */
static char *
dup_error_text (const char *body, gsize len)
{
  g_autoptr (HrValue) json = headroom_json_parse (body, (gssize) len, FALSE, NULL);
  HrValue *error = json != NULL && hr_value_kind (json) == HR_VALUE_DICT
                       ? hr_value_lookup (json, "error")
                       : NULL;

  if (error != NULL && hr_value_kind (error) == HR_VALUE_DICT)
    error = hr_value_lookup (error, "message");
  if (error == NULL || hr_value_kind (error) != HR_VALUE_STRING)
    return NULL;
  return g_strdup (hr_value_get_string (error, NULL));
}

static GError *
error_of_answer (SoupMessage *message, GBytes *body)
{
  guint status = soup_message_get_status (message);
  gsize len;
  const char *text = g_bytes_get_data (body, &len);
  g_autofree char *said = dup_error_text (text, len);
  g_autofree char *plain = NULL;

  if (said == NULL && len > 0 && len < MAX_ERROR_CHARS)
    plain = g_utf8_make_valid (text, (gssize) len);
  if (said == NULL && plain == NULL)
    plain = g_strdup_printf (_("The server answered with status %u"), status);
  return g_error_new_literal (HEADROOM_CLIENT_ERROR, code_of_status (status),
                              said != NULL ? said : plain);
}

static gboolean
is_unreachable (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NETWORK_UNREACHABLE);
}

static void
return_send_error (GTask *task, GError *take_error)
{
  g_autoptr (GError) error = take_error;

  if (g_task_return_error_if_cancelled (task))
    return;
  if (is_unreachable (error))
    g_task_return_new_error (task, HEADROOM_CLIENT_ERROR, HEADROOM_CLIENT_ERROR_UNREACHABLE,
                             _("No Headroom server is reachable: %s"), error->message);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/* ---- Whole answers ---- */

static void
collected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Call *call = g_task_get_task_data (task);
  g_autoptr (GBytes) body = NULL;
  GError *error = NULL;

  if (g_output_stream_splice_finish (G_OUTPUT_STREAM (source), result, &error) < 0) {
    return_send_error (task, error);
    return;
  }
  body = g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (source));
  if (soup_message_get_status (call->message) >= 400) {
    g_task_return_error (task, error_of_answer (call->message, body));
  } else if (call->func != NULL) {
    g_task_return_boolean (task, TRUE);
  } else {
    gsize len;
    const char *text = g_bytes_get_data (body, &len);
    g_task_return_pointer (task, g_strndup (text != NULL ? text : "", len), g_free);
  }
}

static void
collect (GTask *task, GInputStream *stream)
{
  g_autoptr (GOutputStream) sink = g_memory_output_stream_new_resizable ();

  g_output_stream_splice_async (sink, stream,
                                G_OUTPUT_STREAM_SPLICE_CLOSE_SOURCE |
                                    G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET,
                                G_PRIORITY_DEFAULT, g_task_get_cancellable (task), collected_cb,
                                g_object_ref (task));
}

/* ---- Streams ---- */

static void read_line (GTask *task);

/* Whether the stream goes on; if not, the task was returned from. */
static gboolean
hear_line (GTask *task, const char *line, gsize len)
{
  Call *call = g_task_get_task_data (task);
  g_autofree char *problem = NULL;

  if (g_str_has_prefix (line, "data: "))
    line += strlen ("data: ");
  if (*line == '\0')
    return TRUE;
  if (g_str_has_prefix (line, "{\"error\":"))
    problem = dup_error_text (line, strlen (line));
  if (problem != NULL) {
    g_task_return_new_error (task, HEADROOM_CLIENT_ERROR, HEADROOM_CLIENT_ERROR_SERVER, "%s",
                             problem);
    return FALSE;
  }
  call->func (line, call->func_data);
  return !g_task_return_error_if_cancelled (task);
}

static void
line_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  gsize len;
  g_autofree char *line = g_data_input_stream_read_line_finish_utf8 (G_DATA_INPUT_STREAM (source),
                                                                     result, &len, &error);

  if (error != NULL)
    return_send_error (task, error);
  else if (g_task_return_error_if_cancelled (task))
    return;
  else if (line == NULL)
    g_task_return_boolean (task, TRUE);
  else if (hear_line (task, line, len))
    read_line (task);
}

static void
read_line (GTask *task)
{
  Call *call = g_task_get_task_data (task);

  g_data_input_stream_read_line_async (call->lines, G_PRIORITY_DEFAULT,
                                       g_task_get_cancellable (task), line_cb, g_object_ref (task));
}

/* ---- Sending ---- */

static void send (GTask *task);

static void
revived_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    g_task_return_error (task, error);
  else
    send (task);
}

static gboolean
is_closing (SoupMessage *message)
{
  return soup_message_get_status (message) == SOUP_STATUS_SERVICE_UNAVAILABLE &&
         soup_message_headers_get_one (soup_message_get_response_headers (message),
                                       "Headroom-Closing") != NULL;
}

/* Whether somebody takes care that there is a server again. error: NULL: an answer came. */
static gboolean
try_revive (GTask *task, const GError *error)
{
  HeadroomClient *self = g_task_get_source_object (task);
  Call *call = g_task_get_task_data (task);

  if (self->revive == NULL || call->revived ||
      !(error != NULL ? is_unreachable (error) : is_closing (call->message)))
    return FALSE;
  call->revived = TRUE;
  self->revive (self->revive_owner,
                g_task_new (self, g_task_get_cancellable (task), revived_cb, g_object_ref (task)));
  return TRUE;
}

static void
sent_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Call *call = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GInputStream) stream =
      soup_session_send_finish (SOUP_SESSION (source), result, &error);

  if (stream == NULL) {
    if (try_revive (task, error))
      g_error_free (error);
    else
      return_send_error (task, error);
    return;
  }
  if (try_revive (task, NULL))
    return;
  if (call->func == NULL || soup_message_get_status (call->message) >= 400) {
    collect (task, stream);
    return;
  }
  call->lines = g_data_input_stream_new (stream);
  read_line (task);
}

static void
send (GTask *task)
{
  HeadroomClient *self = g_task_get_source_object (task);
  Call *call = g_task_get_task_data (task);
  g_autofree char *uri = g_strconcat (self->base, call->path, NULL);

  g_clear_object (&call->message);
  call->message = soup_message_new (call->method, uri);
  if (call->message == NULL) {
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                             _("%s is not an address"), uri);
    return;
  }
  if (call->body != NULL)
    soup_message_set_request_body_from_bytes (call->message, "application/json", call->body);
  soup_session_send_async (self->session, call->message, G_PRIORITY_DEFAULT,
                           g_task_get_cancellable (task), sent_cb, g_object_ref (task));
}

static GTask *
start (HeadroomClient *self, const char *method, const char *path, const char *body,
       HeadroomClientLineFunc func, gpointer func_data, GCancellable *cancellable,
       GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  Call *call = g_new0 (Call, 1);

  call->method = g_strdup (method);
  call->path = g_strdup (path);
  call->body = body != NULL ? g_bytes_new (body, strlen (body)) : NULL;
  call->func = func;
  call->func_data = func_data;
  g_task_set_task_data (task, call, call_free);
  send (task);
  return task;
}

void
headroom_client_request_async (HeadroomClient *self, const char *method, const char *path,
                               const char *body, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (HEADROOM_IS_CLIENT (self));
  task = start (self, method, path, body, NULL, NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, headroom_client_request_async);
}

char *
headroom_client_request_finish (HeadroomClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
headroom_client_stream_async (HeadroomClient *self, const char *path, const char *body,
                              HeadroomClientLineFunc func, gpointer func_data,
                              GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (HEADROOM_IS_CLIENT (self) && func != NULL);
  task = start (self, body != NULL ? "POST" : "GET", path, body, func, func_data, cancellable,
                callback, user_data);
  g_task_set_source_tag (task, headroom_client_stream_async);
}

gboolean
headroom_client_stream_finish (HeadroomClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* ---- Object ---- */

static void
headroom_client_finalize (GObject *object)
{
  HeadroomClient *self = HEADROOM_CLIENT (object);

  g_clear_object (&self->session);
  g_free (self->base);
  G_OBJECT_CLASS (headroom_client_parent_class)->finalize (object);
}

static void
headroom_client_class_init (HeadroomClientClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = headroom_client_finalize;
}

static void
headroom_client_init (HeadroomClient *self)
{
}

static HeadroomClient *
client_new (GSocketConnectable *connectable, const char *base)
{
  HeadroomClient *self = g_object_new (HEADROOM_TYPE_CLIENT, NULL);

  self->session = g_object_new (SOUP_TYPE_SESSION, "remote-connectable", connectable, "max-conns",
                                MAX_CONNECTIONS, "max-conns-per-host", MAX_CONNECTIONS,
                                "user-agent", "headroom/" HEADROOM_VERSION, NULL);
  self->base = g_strdup (base);
  return self;
}

HeadroomClient *
headroom_client_new_for_socket (const char *path)
{
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);

  return client_new (G_SOCKET_CONNECTABLE (address), "http://localhost");
}

HeadroomClient *
headroom_client_new_for_uri (const char *uri)
{
  gsize len = strlen (uri);
  g_autofree char *base = g_strndup (uri, len > 0 && uri[len - 1] == '/' ? len - 1 : len);

  return client_new (NULL, base);
}

char *
headroom_client_dup_address (HeadroomClient *self)
{
  g_autoptr (GSocketConnectable) connectable = NULL;

  g_return_val_if_fail (HEADROOM_IS_CLIENT (self), NULL);
  g_object_get (self->session, "remote-connectable", &connectable, NULL);
  return G_IS_UNIX_SOCKET_ADDRESS (connectable)
             ? g_strdup (g_unix_socket_address_get_path (G_UNIX_SOCKET_ADDRESS (connectable)))
             : g_strdup (self->base);
}

HeadroomClient *
headroom_client_new_for_address (const char *address)
{
  return g_path_is_absolute (address) ? headroom_client_new_for_socket (address)
                                      : headroom_client_new_for_uri (address);
}

void
headroom_client_set_reviver (HeadroomClient *self, HeadroomClientReviveFunc func, gpointer owner)
{
  self->revive = func;
  self->revive_owner = owner;
}
