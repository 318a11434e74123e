/* headroom-connections.c: see headroom-connections.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each socket owns its Connection. Sockets may stay for a while after they were closed, so the list
 * is swept when it is full, and a Connection may outlive the list.
 */
#include "headroom-connections.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#define CONNECTION_KEY "headroom-connection"
/* A body that is kept in memory has this many times the silence that is allowed, from its headers
 * to its end: 64 MiB of pictures in five minutes. */
#define BODY_PATIENCE 10

struct _HeadroomConnections {
  guint silence_seconds;
  GPtrArray *all; /* borrowed Connection, those that came first first */
};

typedef struct {
  HeadroomConnections *owner; /* NULL: it is gone */
  GSocket *socket;            /* borrowed: it owns this */
  gboolean waits;             /* for the headers of a request */
  GSource *deadline;          /* of what is being read, or NULL */
} Connection;

/* ---- Deadlines ---- */

static void
forget_deadline (Connection *connection)
{
  if (connection->deadline == NULL)
    return;
  g_source_destroy (connection->deadline);
  g_clear_pointer (&connection->deadline, g_source_unref);
}

static gboolean
deadline_cb (gpointer data)
{
  Connection *connection = data;

  forget_deadline (connection);
  g_socket_shutdown (connection->socket, TRUE, TRUE, NULL);
  return G_SOURCE_REMOVE;
}

static void
set_deadline (Connection *connection, guint seconds)
{
  forget_deadline (connection);
  connection->deadline = g_timeout_source_new_seconds (seconds);
  g_source_set_static_name (connection->deadline, "headroom-deadline");
  g_source_set_callback (connection->deadline, deadline_cb, connection, NULL);
  g_source_attach (connection->deadline, g_main_context_get_thread_default ());
}

/* ---- The list ---- */

static void
connection_free (gpointer data)
{
  Connection *connection = data;

  forget_deadline (connection);
  if (connection->owner != NULL)
    g_ptr_array_remove (connection->owner->all, connection);
  g_free (connection);
}

static void
sweep (HeadroomConnections *self)
{
  for (guint i = self->all->len; i > 0; i--) {
    Connection *connection = self->all->pdata[i - 1];
    if (!g_socket_is_closed (connection->socket))
      continue;
    forget_deadline (connection);
    connection->owner = NULL;
    g_ptr_array_remove_index (self->all, i - 1);
  }
}

/* One that waits for a request, if there is any: it has lost nothing but its place. */
static gboolean
drop_longest_waiting (HeadroomConnections *self)
{
  for (guint i = 0; i < self->all->len; i++) {
    Connection *connection = self->all->pdata[i];
    if (!connection->waits)
      continue;
    forget_deadline (connection);
    connection->owner = NULL;
    g_ptr_array_remove_index (self->all, i);
    g_socket_shutdown (connection->socket, TRUE, TRUE, NULL);
    return TRUE;
  }
  return FALSE;
}

/* NULL: there is no place, and nobody who could make some. */
static Connection *
add (HeadroomConnections *self, GSocket *socket)
{
  Connection *connection;

  if (self->all->len >= HEADROOM_MAX_CONNECTIONS)
    sweep (self);
  if (self->all->len >= HEADROOM_MAX_CONNECTIONS && !drop_longest_waiting (self))
    return NULL;
  connection = g_new0 (Connection, 1);
  connection->owner = self;
  connection->socket = socket;
  g_ptr_array_add (self->all, connection);
  g_object_set_data_full (G_OBJECT (socket), CONNECTION_KEY, connection, connection_free);
  return connection;
}

/* ---- Requests ---- */

/* The socket's connection while it is looked after, else NULL. */
static Connection *
connection_of (SoupServerMessage *message)
{
  GSocket *socket = soup_server_message_get_socket (message);
  Connection *connection =
      socket != NULL ? g_object_get_data (G_OBJECT (socket), CONNECTION_KEY) : NULL;

  return connection != NULL && connection->owner != NULL ? connection : NULL;
}

/* Files are as long as they are: with them only silence counts. */
static void
got_headers_cb (SoupServerMessage *message, HeadroomConnections *self)
{
  Connection *connection = connection_of (message);
  const char *path = g_uri_get_path (soup_server_message_get_uri (message));

  if (connection == NULL)
    return;
  connection->waits = FALSE;
  if (g_str_has_prefix (path, "/api/blobs/"))
    forget_deadline (connection);
  else
    set_deadline (connection, self->silence_seconds * BODY_PATIENCE);
}

static void
got_body_cb (SoupServerMessage *message, HeadroomConnections *self)
{
  Connection *connection = connection_of (message);

  if (connection != NULL)
    forget_deadline (connection);
}

/* libsoup before 3.4 never gives up the reference to a socket that accepting it gave. The connection
 * holds the only other one while it is this new. */
static void
drop_leaked_reference (GSocket *socket)
{
  if (soup_get_minor_version () < 4 && g_atomic_int_get (&G_OBJECT (socket)->ref_count) == 2)
    g_object_unref (socket);
}

/* The first request of a connection "starts" when it is accepted. */
static void
request_started_cb (SoupServer *soup, SoupServerMessage *message, HeadroomConnections *self)
{
  GSocket *socket = soup_server_message_get_socket (message);
  gboolean is_new = g_object_get_data (G_OBJECT (socket), CONNECTION_KEY) == NULL;
  Connection *connection = is_new ? add (self, socket) : connection_of (message);

  if (is_new)
    drop_leaked_reference (socket);

  if (connection == NULL) {
    g_socket_shutdown (socket, TRUE, TRUE, NULL);
    return;
  }
  g_socket_set_timeout (socket, self->silence_seconds);
  /* A token is a small packet, and the next one must not wait for its acknowledgement. */
  if (is_new && g_socket_get_family (socket) != G_SOCKET_FAMILY_UNIX)
    g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, TRUE, NULL);
  connection->waits = TRUE;
  set_deadline (connection, self->silence_seconds);
  g_signal_connect (message, "got-headers", G_CALLBACK (got_headers_cb), self);
  g_signal_connect (message, "got-body", G_CALLBACK (got_body_cb), self);
}

static void
request_finished_cb (SoupServer *soup, SoupServerMessage *message, HeadroomConnections *self)
{
  GSocket *socket = soup_server_message_get_socket (message);
  Connection *connection = connection_of (message);

  if (socket == NULL || g_socket_is_closed (socket))
    return;
  g_socket_set_timeout (socket, self->silence_seconds);
  if (connection != NULL) {
    forget_deadline (connection);
    connection->waits = TRUE;
  }
}

/* ---- Lifetime ---- */

HeadroomConnections *
headroom_connections_new (guint silence_seconds)
{
  HeadroomConnections *self = g_new0 (HeadroomConnections, 1);

  self->silence_seconds = silence_seconds;
  self->all = g_ptr_array_new ();
  return self;
}

void
headroom_connections_attach (HeadroomConnections *self, SoupServer *soup)
{
  g_signal_connect (soup, "request-started", G_CALLBACK (request_started_cb), self);
  g_signal_connect (soup, "request-finished", G_CALLBACK (request_finished_cb), self);
}

void
headroom_connections_free (HeadroomConnections *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < self->all->len; i++) {
    Connection *connection = self->all->pdata[i];
    forget_deadline (connection);
    connection->owner = NULL;
  }
  g_ptr_array_unref (self->all);
  g_free (self);
}
