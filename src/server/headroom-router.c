/* headroom-router.c: see headroom-router.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-router.h"

#include <glib/gi18n-lib.h>

#include "headroom-address.h"
#include "headroom-env.h"
#include "headroom-key.h"

/* A refused body is read to its end, so that the client gets to read why; but not forever. */
#define MAX_DISCARDED_BYTES (16ll * HEADROOM_MAX_BODY_BYTES)

#define ALLOWED_METHODS "GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS"
#define ALLOWED_HEADERS                                                                                           \
  "Authorization,Content-Type,User-Agent,Accept,X-Requested-With,OpenAI-Beta,x-stainless-arch,x-stainless-async," \
  "x-stainless-custom-poll-interval,x-stainless-helper-method,x-stainless-lang,x-stainless-os,"                   \
  "x-stainless-package-version,x-stainless-poll-helper,x-stainless-retry-count,x-stainless-runtime,"              \
  "x-stainless-runtime-version,x-stainless-timeout"
#define PREFLIGHT_SECONDS "43200"

typedef struct {
  HeadroomService *service;
  const gboolean *is_loopback;
  GStrv origins; /* ORIGINS, or NULL */
  char *key;     /* API_KEY, or NULL */
} Router;

static const HeadroomRoute routes[] = {
  { "GET", "/", headroom_route_root, HEADROOM_ROUTE_HEAD },
  { "GET", "/api/version", headroom_route_version, HEADROOM_ROUTE_HEAD },
  { "GET", "/api/tags", headroom_route_tags, HEADROOM_ROUTE_HEAD },
  { "GET", "/api/ps", headroom_route_ps },
  { "POST", "/api/show", headroom_route_show },
  { "POST", "/api/generate", headroom_route_generate },
  { "POST", "/api/chat", headroom_route_chat },
  { "POST", "/api/embed", headroom_route_embed },
  { "POST", "/api/embeddings", headroom_route_embeddings },
  { "POST", "/api/create", headroom_route_create },
  { "POST", "/api/copy", headroom_route_copy },
  { "DELETE", "/api/delete", headroom_route_delete },
  { "HEAD", "/api/blobs/", headroom_route_blob_head, HEADROOM_ROUTE_PREFIX },
  { "POST", "/api/blobs/", headroom_route_blob_upload, HEADROOM_ROUTE_PREFIX },
  { "POST", "/api/pull", headroom_route_pull },
  { "POST", "/api/push", headroom_route_push },
  { "GET", "/api/status", headroom_route_cloud_status },
  { "POST", "/api/me", headroom_route_me },
  { "POST", "/api/signout", headroom_route_signout },
  { "POST", "/api/experimental/web_search", headroom_route_web },
  { "POST", "/api/experimental/web_fetch", headroom_route_web },
  { "GET", "/v1/models", headroom_route_openai_models, HEADROOM_ROUTE_OPENAI },
  { "GET", "/v1/models/", headroom_route_openai_model,
    HEADROOM_ROUTE_OPENAI | HEADROOM_ROUTE_PREFIX },
  { "POST", "/v1/chat/completions", headroom_route_openai_chat, HEADROOM_ROUTE_OPENAI },
  { "POST", "/v1/completions", headroom_route_openai_completion, HEADROOM_ROUTE_OPENAI },
  { "POST", "/v1/responses", headroom_route_openai_response, HEADROOM_ROUTE_OPENAI },
  { "POST", "/v1/messages", headroom_route_anthropic, HEADROOM_ROUTE_ANTHROPIC },
  { "POST", "/v1/embeddings", headroom_route_openai_embeddings, HEADROOM_ROUTE_OPENAI },
  { "POST", "/v1/rerank", headroom_route_rerank, HEADROOM_ROUTE_OPENAI },
  { "POST", "/v1/reranking", headroom_route_rerank, HEADROOM_ROUTE_OPENAI },
  { "GET", "/headroom/status", headroom_route_status },
  { "POST", "/headroom/plan", headroom_route_plan },
  { "POST", "/headroom/resize", headroom_route_resize },
  { "POST", "/headroom/effective", headroom_route_plan },
  { "GET", "/headroom/events", headroom_route_events },
  { "GET", "/headroom/watches", headroom_route_watches },
  { "POST", "/headroom/watches", headroom_route_set_watches },
  { "GET", "/headroom/listen", headroom_route_listening },
  { "POST", "/headroom/listen", headroom_route_listen },
  { "DELETE", "/headroom/listen", headroom_route_unlisten },
  { "GET", "/headroom/requests", headroom_route_requests },
  { "DELETE", "/headroom/requests/", headroom_route_cancel, HEADROOM_ROUTE_PREFIX },
  { "GET", "/headroom/metrics", headroom_route_metrics },
  { "GET", "/headroom/openapi.json", headroom_route_openapi },
};

/* Routes of the API that this build does not have: a client learns that it is not its own mistake.
 */
static const HeadroomRoute absent[] = {
  { "POST", "/v1/audio/transcriptions", NULL, HEADROOM_ROUTE_OPENAI },
};

/* ---- Bodies ---- */

static void
refuse_body (SoupServerMessage *message)
{
  SoupMessageBody *body = soup_server_message_get_request_body (message);

  soup_message_body_truncate (body);
  soup_message_body_set_accumulate (body, FALSE);
  soup_message_headers_replace (soup_server_message_get_response_headers (message), "Connection",
                                "close");
  soup_server_message_set_status (message, SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE, NULL);
  soup_server_message_set_response (message, "application/json; charset=utf-8", SOUP_MEMORY_STATIC,
                                    "{\"error\":\"request body too large\"}",
                                    strlen ("{\"error\":\"request body too large\"}"));
}

static void
got_chunk_cb (SoupServerMessage *message, GBytes *chunk, gpointer data)
{
  goffset *n_read = data;

  *n_read += (goffset) g_bytes_get_size (chunk);
  if (*n_read > MAX_DISCARDED_BYTES)
    g_socket_shutdown (soup_server_message_get_socket (message), TRUE, TRUE, NULL);
  else if (*n_read > HEADROOM_MAX_BODY_BYTES && soup_server_message_get_status (message) == 0)
    refuse_body (message);
}

static void
free_counter (gpointer data, GClosure *closure)
{
  g_free (data);
}

/* ---- Who may ask ---- */

/* Whether it is asked for no key although others are: then a page that its browser takes for a
 * neighbour's could ask as well. */
static gboolean
is_trusting (Router *self, SoupServerMessage *message)
{
  return self->key == NULL && headroom_key_is_from_here (message);
}

/* FALSE: answered. */
static gboolean
check_host (Router *self, SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  gboolean is_unix =
      g_socket_get_family (soup_server_message_get_socket (message)) == G_SOCKET_FAMILY_UNIX;

  if (is_unix || (!*self->is_loopback && !is_trusting (self, message)) ||
      headroom_address_is_local_host_header (soup_message_headers_get_one (headers, "Host")))
    return TRUE;
  soup_server_message_set_status (message, SOUP_STATUS_FORBIDDEN, NULL);
  return FALSE;
}

static gboolean
is_same_origin (const char *origin, const char *host)
{
  const char *rest = strstr (origin, "://");

  return rest != NULL && host != NULL && g_str_equal (rest + strlen ("://"), host);
}

static gboolean
check_origin (Router *self, SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  SoupMessageHeaders *answer = soup_server_message_get_response_headers (message);
  const char *origin = soup_message_headers_get_one (headers, "Origin");
  gboolean is_preflight = g_str_equal (soup_server_message_get_method (message), "OPTIONS");

  if (origin != NULL && !is_same_origin (origin, soup_message_headers_get_one (headers, "Host"))) {
    if (!headroom_address_is_allowed_origin (origin, (const char *const *) self->origins)) {
      soup_server_message_set_status (message, SOUP_STATUS_FORBIDDEN, NULL);
      return FALSE;
    }
    soup_message_headers_replace (answer, "Access-Control-Allow-Origin", origin);
    soup_message_headers_append (answer, "Vary", "Origin");
  }
  if (!is_preflight)
    return TRUE;
  soup_message_headers_replace (answer, "Access-Control-Allow-Methods", ALLOWED_METHODS);
  soup_message_headers_replace (answer, "Access-Control-Allow-Headers", ALLOWED_HEADERS);
  soup_message_headers_replace (answer, "Access-Control-Max-Age", PREFLIGHT_SECONDS);
  soup_server_message_set_status (message, SOUP_STATUS_NO_CONTENT, NULL);
  return FALSE;
}

/* libsoup before 3.4 forgets connections that clients close between two requests: they stay open
 * until there are too many. There a connection is for one request. */
static void
close_if_leaky (SoupServerMessage *message)
{
  if (soup_get_minor_version () < 4)
    soup_message_headers_replace (soup_server_message_get_response_headers (message), "Connection",
                                  "close");
}

/* After the headers, before the body. */
static void
early_cb (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query,
          gpointer data)
{
  Router *self = data;
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  goffset announced = soup_message_headers_get_content_length (headers);

  close_if_leaky (message);
  /* Who may not ask may not fill the disk either. */
  if (g_str_has_prefix (path, "/api/blobs/") && check_host (self, message) &&
      check_origin (self, message) && headroom_key_refuses (self->key, self->service->guest_key, message) == NULL &&
      headroom_route_blob_begin (self->service, message, path))
    return;
  g_signal_connect_data (message, "got-chunk", G_CALLBACK (got_chunk_cb), g_new0 (goffset, 1),
                         free_counter, 0);
  if (announced > HEADROOM_MAX_BODY_BYTES)
    refuse_body (message);
}

/* ---- Finding the handler ---- */

static gboolean
has_path (const HeadroomRoute *route, const char *path)
{
  if (route->flags & HEADROOM_ROUTE_PREFIX)
    return g_str_has_prefix (path, route->path) && path[strlen (route->path)] != '\0';
  return g_str_equal (path, route->path);
}

static gboolean
has_method (const HeadroomRoute *route, const char *method)
{
  return g_str_equal (method, route->method) ||
         ((route->flags & HEADROOM_ROUTE_HEAD) && g_str_equal (method, "HEAD"));
}

static void
add_methods (GString *methods, const HeadroomRoute *route)
{
  g_string_append_printf (methods, "%s%s%s", methods->len > 0 ? ", " : "", route->method,
                          route->flags & HEADROOM_ROUTE_HEAD ? ", HEAD" : "");
}

/* NULL: none; methods gets those that the path is known with. */
static const HeadroomRoute *
find_route (const HeadroomRoute *table, gsize n, const char *method, const char *path,
            GString *methods)
{
  for (gsize i = 0; i < n; i++) {
    if (!has_path (&table[i], path))
      continue;
    add_methods (methods, &table[i]);
    if (has_method (&table[i], method))
      return &table[i];
  }
  return NULL;
}

static void
reply_plain (SoupServerMessage *message, guint status, const char *text)
{
  soup_server_message_set_status (message, status, NULL);
  soup_server_message_set_response (message, "text/plain", SOUP_MEMORY_STATIC, text, strlen (text));
}

static void
reply_other_method (SoupServerMessage *message, const char *methods)
{
  soup_message_headers_replace (soup_server_message_get_response_headers (message), "Allow",
                                methods);
  reply_plain (message, SOUP_STATUS_METHOD_NOT_ALLOWED, "405 method not allowed");
}

static HeadroomDialect
dialect_of (const HeadroomRoute *route)
{
  if (route->flags & HEADROOM_ROUTE_ANTHROPIC)
    return HEADROOM_DIALECT_ANTHROPIC;
  return route->flags & HEADROOM_ROUTE_OPENAI ? HEADROOM_DIALECT_OPENAI : HEADROOM_DIALECT_OLLAMA;
}

static void
reply_absent (Router *self, SoupServerMessage *message, const HeadroomRoute *route)
{
  g_autoptr (HeadroomExchange) exchange =
      headroom_exchange_new (self->service, message, dialect_of (route));
  g_autofree char *text =
      g_strdup_printf (_("%s is not part of this version of Headroom"), route->path);

  headroom_exchange_reply_problem (exchange, SOUP_STATUS_NOT_IMPLEMENTED, text);
}

/* TRUE: answered. With 415 and what is accepted a client knows to send its body once more, unpacked. */
static gboolean
refuse_packed (HeadroomExchange *exchange, SoupServerMessage *message)
{
  const char *coding = soup_message_headers_get_one (
      soup_server_message_get_request_headers (message), "Content-Encoding");
  g_autofree char *text = NULL;

  if (coding == NULL || *coding == '\0' || g_ascii_strcasecmp (coding, "identity") == 0)
    return FALSE;
  soup_message_headers_replace (soup_server_message_get_response_headers (message),
                                "Accept-Encoding", "identity");
  text = g_strdup_printf ("request bodies with Content-Encoding \"%.32s\" are not read here; send "
                          "the body as it is", coding);
  headroom_exchange_reply_problem (exchange, SOUP_STATUS_UNSUPPORTED_MEDIA_TYPE, text);
  return TRUE;
}

static void
request_cb (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query,
            gpointer data)
{
  Router *self = data;
  const char *method = soup_server_message_get_method (message);
  g_autoptr (GString) methods = g_string_new (NULL);
  const HeadroomRoute *route;
  const char *refusal;
  g_autoptr (HeadroomExchange) exchange = NULL;

  if (!check_host (self, message) || !check_origin (self, message))
    return;
  refusal = headroom_key_refuses (self->key, self->service->guest_key, message);
  route = find_route (routes, G_N_ELEMENTS (routes), method, path, methods);
  if (route != NULL) {
    exchange = headroom_exchange_new (self->service, message, dialect_of (route));
    if (refusal != NULL)
      headroom_exchange_reply_problem (exchange, SOUP_STATUS_UNAUTHORIZED, refusal);
    else if (!refuse_packed (exchange, message))
      route->handler (exchange);
    return;
  }
  route = find_route (absent, G_N_ELEMENTS (absent), method, path, methods);
  if (route != NULL)
    reply_absent (self, message, route);
  else if (methods->len > 0)
    reply_other_method (message, methods->str);
  else
    reply_plain (message, SOUP_STATUS_NOT_FOUND, "404 page not found");
}

static void
router_free (gpointer data)
{
  Router *self = data;

  g_strfreev (self->origins);
  g_free (self->key);
  g_free (self);
}

void
headroom_router_attach (SoupServer *server, HeadroomService *service, const gboolean *is_loopback)
{
  Router *self = g_new0 (Router, 1);
  g_autofree char *origins = headroom_env_dup ("ORIGINS");

  self->service = service;
  self->is_loopback = is_loopback;
  self->key = headroom_env_dup ("API_KEY");
  self->origins = origins != NULL ? g_strsplit (origins, ",", -1) : NULL;
  soup_server_add_early_handler (server, NULL, early_cb, self, NULL);
  soup_server_add_handler (server, NULL, request_cb, self, router_free);
}

GStrv
headroom_router_dup_operations (void)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (routes); i++) {
    g_autofree char *name = g_strconcat (routes[i].method, " ", routes[i].path, NULL);
    g_strv_builder_add (builder, name);
  }
  return g_strv_builder_end (builder);
}
