/* headroom-server.c: see headroom-server.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The thread runs one main context until it is told to stop; everything else in this folder runs on
 * it. Other threads only ask it to listen somewhere or to end.
 */
#include "headroom-server.h"

#include <glib/gi18n-lib.h>
#include <libsoup/soup.h>

#include "headroom-address.h"
#include "headroom-connections.h"
#include "headroom-env.h"
#include "headroom-exposure.h"
#include "headroom-rendezvous.h"
#include "headroom-router.h"

/* A client that has not finished its request, or does not read its answer, for so long is cut off.
 */
#define DEFAULT_SILENCE_SECONDS 30

G_DEFINE_QUARK (headroom-server-error-quark, headroom_server_error)

struct _HeadroomServer {
  GObject parent_instance;

  HeadroomStore *store;
  HeadroomRendezvous *rendezvous; /* while it runs */
  GThread *thread;
  GMainContext *context;
  GMainLoop *loop;
  guint silence_seconds;

  /* The thread's own. */
  SoupServer *soup;     /* on the unix socket */
  SoupServer *tcp;      /* for other programs; NULL: nowhere */
  gboolean is_loopback; /* only this machine's own addresses are listened on */
  HeadroomService service;
  HeadroomConnections *connections;
};

G_DEFINE_FINAL_TYPE (HeadroomServer, headroom_server, G_TYPE_OBJECT)

/* ---- Asking the thread ---- */

typedef struct {
  void (*func) (HeadroomServer *self, gpointer data);
  HeadroomServer *self;
  gpointer data;
  GMutex lock;
  GCond done_cond;
  gboolean done;
} Errand;

static gboolean
errand_cb (gpointer data)
{
  Errand *errand = data;

  errand->func (errand->self, errand->data);
  g_mutex_lock (&errand->lock);
  errand->done = TRUE;
  g_cond_signal (&errand->done_cond);
  g_mutex_unlock (&errand->lock);
  return G_SOURCE_REMOVE;
}

/* Runs func on the thread and waits for it. */
static void
run_there (HeadroomServer *self, void (*func) (HeadroomServer *self, gpointer data), gpointer data)
{
  Errand errand = { .func = func, .self = self, .data = data };
  g_autoptr (GSource) source = NULL;

  g_mutex_init (&errand.lock);
  g_cond_init (&errand.done_cond);
  /* A source, not g_main_context_invoke (): that would run it here while the thread does not
   * iterate yet. */
  source = g_idle_source_new ();
  g_source_set_callback (source, errand_cb, &errand, NULL);
  g_source_attach (source, self->context);
  g_mutex_lock (&errand.lock);
  while (!errand.done)
    g_cond_wait (&errand.done_cond, &errand.lock);
  g_mutex_unlock (&errand.lock);
  g_mutex_clear (&errand.lock);
  g_cond_clear (&errand.done_cond);
}

/* ---- The thread ---- */

static char *listen_cb (gpointer server, const char *spec, GError **error);
static void unlisten_cb (gpointer server);
static char *expose_cb (gpointer server, gboolean network, GError **error);
static GStrv dup_uris_cb (gpointer server);

/* Some guides give this variable, which nobody reads, for the number of requests at once. */
static void
warn_of_num_batch (void)
{
  if (g_getenv ("OLLAMA_NUM_BATCH") != NULL)
    g_warning ("OLLAMA_NUM_BATCH has no effect: the option num_batch says how many tokens of a "
               "prompt are read in one step; for more requests at once set OLLAMA_NUM_PARALLEL");
}

static SoupServer *
new_soup (HeadroomServer *self)
{
  SoupServer *soup = soup_server_new (NULL, NULL);

  headroom_connections_attach (self->connections, soup);
  headroom_router_attach (soup, &self->service, &self->is_loopback);
  return soup;
}

static void
open_service (HeadroomServer *self)
{
  HeadroomResidencyLimits limits;

  warn_of_num_batch ();

  headroom_residency_limits_init_from_env (&limits);
  self->service = (HeadroomService){
    .store = self->store,
    .residency = headroom_residency_new (&limits),
    .exchanges = g_hash_table_new (NULL, NULL),
    .ends_loops = headroom_env_get_bool ("END_LOOPS", TRUE),
    .drafts = headroom_env_get_bool ("DRAFTS", TRUE),
    .listen = listen_cb,
    .unlisten = unlisten_cb,
    .expose = expose_cb,
    .dup_uris = dup_uris_cb,
    .is_loopback = &self->is_loopback,
    .server = self,
  };
  headroom_recent_init (&self->service.recent);
  headroom_residency_take_log (self->service.residency, headroom_event_log_open (NULL));
  headroom_metrics_watch (&self->service.metrics,
                          headroom_residency_get_events (self->service.residency));
  self->connections = headroom_connections_new (self->silence_seconds);
  self->soup = new_soup (self);
}

static GPtrArray *
dup_exchanges (HeadroomServer *self)
{
  GPtrArray *exchanges = g_ptr_array_new_with_free_func (g_object_unref);
  GHashTableIter iter;
  gpointer exchange;

  g_hash_table_iter_init (&iter, self->service.exchanges);
  while (g_hash_table_iter_next (&iter, &exchange, NULL))
    g_ptr_array_add (exchanges, g_object_ref (exchange));
  return exchanges;
}

static void
close_service (HeadroomServer *self)
{
  g_autoptr (GPtrArray) working = dup_exchanges (self);
  g_autoptr (GPtrArray) left = NULL;

  for (guint i = 0; i < working->len; i++)
    g_cancellable_cancel (headroom_exchange_get_cancellable (working->pdata[i]));
  headroom_residency_close (self->service.residency);
  while (self->service.n_working > 0)
    g_main_context_iteration (self->context, TRUE);
  /* What can still be written is; then nobody may touch a connection any more. */
  while (g_main_context_iteration (self->context, FALSE))
    ;
  left = dup_exchanges (self);
  for (guint i = 0; i < left->len; i++)
    headroom_exchange_abandon (left->pdata[i]);
  soup_server_disconnect (self->soup);
  if (self->tcp != NULL)
    soup_server_disconnect (self->tcp);
  while (g_main_context_iteration (self->context, self->service.n_working > 0) ||
         self->service.n_working > 0)
    ;
  g_clear_object (&self->tcp);
  g_clear_object (&self->soup);
  g_clear_pointer (&self->connections, headroom_connections_free);
  headroom_metrics_unwatch (&self->service.metrics,
                            headroom_residency_get_events (self->service.residency));
  g_clear_object (&self->service.residency);
  g_clear_pointer (&self->service.planned, hr_model_unref);
  headroom_recent_clear (&self->service.recent);
  g_clear_pointer (&self->service.guest_key, g_free);
  g_hash_table_unref (self->service.exchanges);
}

static gpointer
thread_main (gpointer data)
{
  HeadroomServer *self = data;

  g_main_context_push_thread_default (self->context);
  open_service (self);
  g_main_loop_run (self->loop);
  close_service (self);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

/* ---- Listening ---- */

/* A listening address of ours: the one given, or with port 0 the last one on that host. NULL if
 * there is none. */
static GInetSocketAddress *
find_listener (HeadroomServer *self, GInetAddress *inet, guint16 port)
{
  GSList *sockets = self->tcp != NULL ? soup_server_get_listeners (self->tcp) : NULL;
  GInetSocketAddress *found = NULL;

  for (GSList *l = sockets; l != NULL; l = l->next) {
    g_autoptr (GSocketAddress) bound = g_socket_get_local_address (l->data, NULL);
    GInetSocketAddress *address =
        G_IS_INET_SOCKET_ADDRESS (bound) ? G_INET_SOCKET_ADDRESS (bound) : NULL;
    if (address == NULL ||
        !g_inet_address_equal (inet, g_inet_socket_address_get_address (address)) ||
        (port != 0 && port != g_inet_socket_address_get_port (address)))
      continue;
    g_set_object (&found, address);
  }
  g_slist_free (sockets);
  return found;
}

static void
explain_taken (const GError *problem, guint16 port, const char *spec, GError **error)
{
  g_autofree char *owner = NULL;

  if (!g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE)) {
    g_set_error (error, HEADROOM_SERVER_ERROR, HEADROOM_SERVER_ERROR_ADDRESS,
                 _("Cannot listen on %s: %s"), spec, problem->message);
    return;
  }
  owner = headroom_address_dup_port_owner (port);
  g_set_error (
      error, HEADROOM_SERVER_ERROR, HEADROOM_SERVER_ERROR_ADDRESS,
      _("Port %u is taken by %s. Stop it, or choose another address: HEADROOM_HOST=127.0.0.1:%u"),
      port, owner != NULL ? owner : _("another program"),
      port == G_MAXUINT16 ? port - 1u : port + 1u);
}

/* As soup_server_listen (), which leaves the queue of those who knock at ten: of more at once some
 * would wait a second for their second try. */
static gboolean
listen_at (HeadroomServer *self, GSocketAddress *address, GError **error)
{
  g_autoptr (GSocket) socket =
      g_socket_new (g_socket_address_get_family (address), G_SOCKET_TYPE_STREAM,
                    G_SOCKET_PROTOCOL_TCP, error);

  if (socket == NULL || !g_socket_bind (socket, address, TRUE, error))
    return FALSE;
  g_socket_set_listen_backlog (socket, HEADROOM_MAX_CONNECTIONS);
  if (!g_socket_listen (socket, error))
    return FALSE;
  if (self->tcp == NULL)
    self->tcp = new_soup (self);
  return soup_server_listen_socket (self->tcp, socket, 0, error);
}

/* On the thread. */
static char *
listen_here (HeadroomServer *self, const char *spec, GError **error)
{
  g_autofree char *from_env = headroom_env_dup ("HOST");
  g_autoptr (GInetAddress) inet = NULL;
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GInetSocketAddress) bound = NULL;
  g_autoptr (GError) problem = NULL;
  guint16 port;

  if (spec == NULL && from_env == NULL && self->tcp == NULL && headroom_exposure_is_network ())
    return expose_cb (self, TRUE, error);
  if (spec == NULL)
    spec = from_env != NULL ? from_env : HEADROOM_DEFAULT_HOST_SPEC;
  if (!headroom_address_parse (spec, &inet, &port, error))
    return NULL;
  if (port != 0 && (bound = find_listener (self, inet, port)) != NULL)
    return headroom_address_dup_uri (bound); /* already */
  address = g_inet_socket_address_new (inet, port);
  if (!listen_at (self, address, &problem)) {
    explain_taken (problem, port, spec, error);
    return NULL;
  }
  if (!g_inet_address_get_is_loopback (inet))
    self->is_loopback = FALSE;
  bound = find_listener (self, inet, port);
  return headroom_address_dup_uri (bound);
}

typedef struct {
  const char *spec;
  char *uri;
  GError *error;
} Listen;

static void
listen_there (HeadroomServer *self, gpointer data)
{
  Listen *listen = data;

  listen->uri = listen_here (self, listen->spec, &listen->error);
}

char *
headroom_server_listen (HeadroomServer *self, const char *spec, GError **error)
{
  Listen listen = { .spec = spec };

  g_return_val_if_fail (HEADROOM_IS_SERVER (self) && self->thread != NULL, NULL);
  run_there (self, listen_there, &listen);
  if (listen.error != NULL)
    g_propagate_error (error, listen.error);
  return listen.uri;
}

static char *
listen_cb (gpointer server, const char *spec, GError **error)
{
  return listen_here (server, spec, error);
}

/* On the thread. Who is being answered over TCP is cut off. */
static void
unlisten_cb (gpointer server)
{
  HeadroomServer *self = server;
  g_autoptr (GPtrArray) exchanges = dup_exchanges (self);

  for (guint i = 0; i < exchanges->len; i++)
    if (!headroom_exchange_is_local (exchanges->pdata[i]))
      headroom_exchange_abandon (exchanges->pdata[i]);
  if (self->tcp != NULL)
    soup_server_disconnect (self->tcp);
  g_clear_object (&self->tcp);
  g_clear_pointer (&self->service.guest_key, g_free);
  self->is_loopback = TRUE;
}

/* On the thread. An address has to be given up before all of the machine's can be had. */
static char *
expose_cb (gpointer server, gboolean network, GError **error)
{
  HeadroomServer *self = server;
  g_auto (GStrv) before = dup_uris_cb (self);
  g_autofree char *spec = headroom_exposure_dup_spec (network, before[0]);
  g_autofree char *key = network ? headroom_exposure_dup_key (error) : NULL;
  g_autofree char *uri = NULL, *again = NULL;

  if (network && key == NULL)
    return NULL;
  unlisten_cb (self);
  uri = listen_here (self, spec, error);
  if (uri == NULL && before[0] != NULL)
    again = listen_here (self, before[0], NULL);
  if (uri == NULL || !headroom_exposure_keep (network, error))
    return NULL;
  self->service.guest_key = g_steal_pointer (&key);
  return g_steal_pointer (&uri);
}

/* On the thread. */
static GStrv
dup_uris_cb (gpointer server)
{
  HeadroomServer *self = server;
  GSList *sockets = self->tcp != NULL ? soup_server_get_listeners (self->tcp) : NULL;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (GSList *l = sockets; l != NULL; l = l->next) {
    g_autoptr (GSocketAddress) bound = g_socket_get_local_address (l->data, NULL);
    g_autofree char *uri = G_IS_INET_SOCKET_ADDRESS (bound)
                               ? headroom_address_dup_uri (G_INET_SOCKET_ADDRESS (bound))
                               : NULL;
    if (uri != NULL)
      g_strv_builder_add (builder, uri);
  }
  g_slist_free (sockets);
  return g_strv_builder_end (builder);
}

typedef struct {
  GSocket *socket;
  GError *error;
} ListenSocket;

static void
listen_socket_there (HeadroomServer *self, gpointer data)
{
  ListenSocket *listen = data;

  soup_server_listen_socket (self->soup, listen->socket, 0, &listen->error);
}

/* ---- Lifetime ---- */

gboolean
headroom_server_start (HeadroomServer *self, GError **error)
{
  g_autoptr (HeadroomRendezvous) rendezvous = headroom_rendezvous_new (self->store, error);
  g_autoptr (GSocket) socket = NULL;
  ListenSocket listen = { 0 };

  g_return_val_if_fail (HEADROOM_IS_SERVER (self) && self->thread == NULL, FALSE);
  if (rendezvous == NULL || !headroom_rendezvous_claim (rendezvous, error) ||
      (socket = headroom_rendezvous_listen (rendezvous, error)) == NULL)
    return FALSE;
  self->rendezvous = g_steal_pointer (&rendezvous);
  self->is_loopback = TRUE;
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->thread = g_thread_new ("headroom-server", thread_main, self);
  listen.socket = socket;
  run_there (self, listen_socket_there, &listen);
  if (listen.error == NULL)
    return TRUE;
  g_propagate_error (error, listen.error);
  headroom_server_stop (self);
  return FALSE;
}

static gboolean
quit_cb (gpointer data)
{
  g_main_loop_quit (data);
  return G_SOURCE_REMOVE;
}

void
headroom_server_stop (HeadroomServer *self)
{
  g_autoptr (GSource) source = NULL;

  g_return_if_fail (HEADROOM_IS_SERVER (self));
  if (self->thread == NULL)
    return;
  /* Whoever comes from now on waits for the lock instead of asking us. */
  headroom_rendezvous_hide (self->rendezvous);
  /* A source, not a bare call: the loop may not have begun to run yet. */
  source = g_idle_source_new ();
  g_source_set_callback (source, quit_cb, self->loop, NULL);
  g_source_attach (source, self->context);
  g_thread_join (g_steal_pointer (&self->thread));
  g_clear_pointer (&self->loop, g_main_loop_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_pointer (&self->rendezvous, headroom_rendezvous_free);
}

char *
headroom_server_dup_socket_path (HeadroomStore *store, GError **error)
{
  g_autoptr (HeadroomRendezvous) rendezvous = headroom_rendezvous_new (store, error);

  return rendezvous != NULL ? g_strdup (rendezvous->socket_path) : NULL;
}

static void
headroom_server_dispose (GObject *object)
{
  HeadroomServer *self = HEADROOM_SERVER (object);

  headroom_server_stop (self);
  g_clear_object (&self->store);
  G_OBJECT_CLASS (headroom_server_parent_class)->dispose (object);
}

static void
headroom_server_class_init (HeadroomServerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = headroom_server_dispose;
}

static void
headroom_server_init (HeadroomServer *self)
{
  self->silence_seconds = DEFAULT_SILENCE_SECONDS;
}

void
headroom_server_set_silence_seconds (HeadroomServer *self, guint seconds)
{
  g_return_if_fail (HEADROOM_IS_SERVER (self) && self->thread == NULL);
  self->silence_seconds = seconds;
}

HeadroomServer *
headroom_server_new (HeadroomStore *store)
{
  HeadroomServer *self = g_object_new (HEADROOM_TYPE_SERVER, NULL);

  self->store = g_object_ref (store);
  return self;
}
