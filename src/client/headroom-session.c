/* headroom-session.c: see headroom-session.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whoever gets the store's lock serves; everybody else attaches. Between somebody's taking the lock
 * and listening, and between one's dying and its socket's going, there are moments in which neither
 * works: then it is tried again.
 */
#include "headroom-session.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gi18n-lib.h>

#include "headroom-client-private.h"
#include "headroom-env.h"
#include "headroom-json.h"
#include "headroom-server.h"

/* How long another process may take from locking to listening, or from closing to unlocking (it
 * unloads models meanwhile). */
#define PATIENCE_USEC (20 * G_USEC_PER_SEC)
#define RETRY_USEC (50 * 1000)

struct _HeadroomSession {
  GObject parent_instance;

  HeadroomStore *store;
  HeadroomSessionFlags flags;
  HeadroomClient *client;

  GMutex lock; /* guards what follows: two requests may find the server gone at once */
  HeadroomServer *server;
  char *uri, *notice;
  gboolean closed;
};

G_DEFINE_FINAL_TYPE (HeadroomSession, headroom_session, G_TYPE_OBJECT)

/* ---- Finding or starting ---- */

static gboolean
somebody_listens (const char *path, GCancellable *cancellable)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GSocketConnection) connection =
    g_socket_client_connect (client, G_SOCKET_CONNECTABLE (address), cancellable, NULL);

  return connection != NULL;
}

static void
set_reach (HeadroomSession *self, char *take_uri, const GError *error)
{
  g_free (self->uri);
  g_free (self->notice);
  self->uri = take_uri;
  self->notice = error != NULL ? g_strdup (error->message) : NULL;
}

static char *
spec_from_env (void)
{
  char *spec = headroom_env_dup ("HOST");

  return spec != NULL ? spec : g_strdup (HEADROOM_DEFAULT_HOST_SPEC);
}

static void
listen_here (HeadroomSession *self)
{
  g_autoptr (GError) error = NULL;
  char *uri = NULL;

  if (self->flags & HEADROOM_SESSION_LISTEN)
    uri = headroom_server_listen (self->server, NULL, &error);
  set_reach (self, uri, error);
}

/* Has the process that serves listen. A client of its own: this is a worker thread. */
static void
listen_there (HeadroomSession *self, const char *path, GCancellable *cancellable)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (HrValue) request = hr_value_new_dict ();
  g_autoptr (HrValue) json = NULL;
  g_autofree char *spec = spec_from_env ();
  g_autofree char *body = NULL, *answer = NULL;

  if ((self->flags & HEADROOM_SESSION_LISTEN) == 0)
    return;
  headroom_json_set_string (request, "host", spec);
  body = headroom_json_print (request, HEADROOM_JSON_PLAIN);
  g_main_context_push_thread_default (context);
  {
    g_autoptr (HeadroomClient) client = headroom_client_new_for_socket (path);
    answer =
        headroom_client_request (client, "POST", "/headroom/listen", body, cancellable, &error);
  }
  g_main_context_pop_thread_default (context);
  json = answer != NULL ? headroom_json_parse (answer, -1, FALSE, &error) : NULL;
  set_reach (self, json != NULL ? g_strdup (headroom_json_get_string (json, "uri")) : NULL, error);
}

static gboolean
attach (HeadroomSession *self, const char *path, GCancellable *cancellable)
{
  if (!somebody_listens (path, cancellable))
    return FALSE;
  listen_there (self, path, cancellable);
  return TRUE;
}

/* One try. FALSE without an error: not now. */
static gboolean
start_here (HeadroomSession *self, GError **error)
{
  g_autoptr (HeadroomServer) server = headroom_server_new (self->store);
  g_autoptr (GError) problem = NULL;

  if (headroom_server_start (server, &problem)) {
    self->server = g_steal_pointer (&server);
    listen_here (self);
    return TRUE;
  }
  if (!g_error_matches (problem, HEADROOM_SERVER_ERROR, HEADROOM_SERVER_ERROR_RUNNING))
    g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

/* Blocks; on a worker thread. */
static gboolean
find_or_start (HeadroomSession *self, GCancellable *cancellable, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  g_autofree char *path = headroom_server_dup_socket_path (self->store, error);
  gint64 deadline = g_get_monotonic_time () + PATIENCE_USEC;

  if (path == NULL)
    return FALSE;
  while (!g_cancellable_set_error_if_cancelled (cancellable, error)) {
    GError *problem = NULL;
    if (self->closed) {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, _("The session is closed"));
      return FALSE;
    }
    if (self->server != NULL || attach (self, path, cancellable) || start_here (self, &problem))
      return TRUE;
    if (problem != NULL) {
      g_propagate_error (error, problem);
      return FALSE;
    }
    if (g_get_monotonic_time () > deadline) {
      g_set_error (
          error, HEADROOM_CLIENT_ERROR, HEADROOM_CLIENT_ERROR_UNREACHABLE,
          _("Another Headroom has this store but does not answer at %s; end it, or wait until it has ended"),
          path);
      return FALSE;
    }
    g_usleep (RETRY_USEC);
  }
  return FALSE;
}

static void
find_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;

  if (find_or_start (data, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
revive (gpointer owner, GTask *take_task)
{
  g_autoptr (GTask) task = take_task;

  g_task_set_task_data (task, g_object_ref (owner), g_object_unref);
  g_task_run_in_thread (task, find_thread);
}

/* ---- Opening ---- */

static HeadroomSession *
session_new (HeadroomStore *store, HeadroomSessionFlags flags, GError **error)
{
  g_autoptr (HeadroomSession) self = g_object_new (HEADROOM_TYPE_SESSION, NULL);
  g_autofree char *path = NULL;

  self->store = store != NULL ? g_object_ref (store) : headroom_store_new (NULL, NULL);
  self->flags = flags;
  path = headroom_server_dup_socket_path (self->store, error);
  if (path == NULL)
    return NULL;
  self->client = headroom_client_new_for_socket (path);
  headroom_client_set_reviver (self->client, revive, self);
  return g_steal_pointer (&self);
}

void
headroom_session_open_for_store_async (HeadroomStore *store, HeadroomSessionFlags flags,
                                       GCancellable *cancellable, GAsyncReadyCallback callback,
                                       gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  GError *error = NULL;
  HeadroomSession *self = session_new (store, flags, &error);

  g_task_set_source_tag (task, headroom_session_open_for_store_async);
  if (self == NULL) {
    g_task_return_error (task, error);
    return;
  }
  g_task_set_task_data (task, self, g_object_unref);
  g_task_run_in_thread (task, find_thread);
}

void
headroom_session_open_async (HeadroomSessionFlags flags, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data)
{
  headroom_session_open_for_store_async (NULL, flags, cancellable, callback, user_data);
}

HeadroomSession *
headroom_session_open_finish (GAsyncResult *result, GError **error)
{
  if (!g_task_propagate_boolean (G_TASK (result), error))
    return NULL;
  return g_object_ref (g_task_get_task_data (G_TASK (result)));
}

HeadroomSession *
headroom_session_open (HeadroomStore *store, HeadroomSessionFlags flags, GError **error)
{
  g_autoptr (HeadroomSession) self = session_new (store, flags, error);

  if (self == NULL || !find_or_start (self, NULL, error))
    return NULL;
  return g_steal_pointer (&self);
}

/* ---- Object ---- */

HeadroomClient *
headroom_session_get_client (HeadroomSession *self)
{
  return self->client;
}

HeadroomStore *
headroom_session_get_store (HeadroomSession *self)
{
  return self->store;
}

gboolean
headroom_session_is_host (HeadroomSession *self)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->server != NULL;
}

const char *
headroom_session_get_notice (HeadroomSession *self)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->notice;
}

const char *
headroom_session_get_uri (HeadroomSession *self)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->uri;
}

void
headroom_session_set_flags (HeadroomSession *self, HeadroomSessionFlags flags)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->flags = flags;
}

void
headroom_session_close (HeadroomSession *self)
{
  g_autoptr (HeadroomServer) server = NULL;

  g_return_if_fail (HEADROOM_IS_SESSION (self));
  if (self->client != NULL)
    headroom_client_set_reviver (self->client, NULL, NULL);
  g_mutex_lock (&self->lock);
  server = g_steal_pointer (&self->server);
  self->closed = TRUE;
  g_mutex_unlock (&self->lock);
  if (server != NULL)
    headroom_server_stop (server);
}

static void
headroom_session_dispose (GObject *object)
{
  HeadroomSession *self = HEADROOM_SESSION (object);

  headroom_session_close (self);
  g_clear_object (&self->client);
  g_clear_object (&self->store);
  G_OBJECT_CLASS (headroom_session_parent_class)->dispose (object);
}

static void
headroom_session_finalize (GObject *object)
{
  HeadroomSession *self = HEADROOM_SESSION (object);

  g_mutex_clear (&self->lock);
  g_free (self->uri);
  g_free (self->notice);
  G_OBJECT_CLASS (headroom_session_parent_class)->finalize (object);
}

static void
headroom_session_class_init (HeadroomSessionClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = headroom_session_dispose;
  G_OBJECT_CLASS (klass)->finalize = headroom_session_finalize;
}

static void
headroom_session_init (HeadroomSession *self)
{
  g_mutex_init (&self->lock);
}
