/* headroom-router.h: which function answers what, and who may ask at all.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Thread-safety: belongs to the server's main context.
 */
#pragma once

#include "headroom-exchange.h"

G_BEGIN_DECLS

/* A request with pictures fits; a body that does not is refused without being kept. */
#define HEADROOM_MAX_BODY_BYTES (64u * 1024 * 1024)

typedef void (*HeadroomHandler) (HeadroomExchange *exchange);

typedef enum {
  HEADROOM_ROUTE_PLAIN = 0,
  HEADROOM_ROUTE_HEAD = 1 << 0,   /* answers HEAD as well as GET */
  HEADROOM_ROUTE_PREFIX = 1 << 1, /* path is followed by a name */
  HEADROOM_ROUTE_OPENAI = 1 << 2,
  HEADROOM_ROUTE_ANTHROPIC = 1 << 3,
} HeadroomRouteFlags;

typedef struct {
  const char *method, *path;
  HeadroomHandler handler;
  HeadroomRouteFlags flags;
} HeadroomRoute;

/* Adds the handlers to a server. is_loopback: (borrowed): whether every address that it listens on
 * is this machine's own; read with each request. */
void headroom_router_attach (SoupServer *server, HeadroomService *service,
                             const gboolean *is_loopback);

/* "POST /api/chat" for each route; those that a name follows end with a slash. */
GStrv headroom_router_dup_operations (void) G_GNUC_WARN_UNUSED_RESULT;

/* headroom-route-info.c */
void headroom_route_root (HeadroomExchange *exchange);
void headroom_route_version (HeadroomExchange *exchange);
void headroom_route_tags (HeadroomExchange *exchange);
void headroom_route_ps (HeadroomExchange *exchange);
void headroom_route_show (HeadroomExchange *exchange);
void headroom_route_openai_models (HeadroomExchange *exchange);
void headroom_route_openai_model (HeadroomExchange *exchange);
/* headroom-route-manage.c */
void headroom_route_create (HeadroomExchange *exchange);
void headroom_route_copy (HeadroomExchange *exchange);
void headroom_route_delete (HeadroomExchange *exchange);
/* headroom-route-answer.c */
void headroom_route_generate (HeadroomExchange *exchange);
void headroom_route_chat (HeadroomExchange *exchange);
void headroom_route_openai_chat (HeadroomExchange *exchange);
void headroom_route_openai_completion (HeadroomExchange *exchange);
void headroom_route_openai_response (HeadroomExchange *exchange);
void headroom_route_anthropic (HeadroomExchange *exchange);
/* headroom-route-embed.c */
void headroom_route_embed (HeadroomExchange *exchange);
void headroom_route_embeddings (HeadroomExchange *exchange);
void headroom_route_openai_embeddings (HeadroomExchange *exchange);
void headroom_route_rerank (HeadroomExchange *exchange);
/* headroom-route-blob.c */
void headroom_route_blob_head (HeadroomExchange *exchange);
void headroom_route_blob_upload (HeadroomExchange *exchange);
/* Before the body: if the request uploads a blob, has its body written to the store. */
gboolean headroom_route_blob_begin (HeadroomService *service, SoupServerMessage *message,
                                    const char *path);
/* headroom-route-registry.c */
void headroom_route_pull (HeadroomExchange *exchange);
void headroom_route_push (HeadroomExchange *exchange);
void headroom_route_cloud_status (HeadroomExchange *exchange);
void headroom_route_me (HeadroomExchange *exchange);
void headroom_route_signout (HeadroomExchange *exchange);
void headroom_route_web (HeadroomExchange *exchange);
/* headroom-route-memory.c */
void headroom_route_status (HeadroomExchange *exchange);
void headroom_route_plan (HeadroomExchange *exchange);
void headroom_route_events (HeadroomExchange *exchange);
void headroom_route_metrics (HeadroomExchange *exchange);
/* headroom-route-watches.c */
void headroom_route_watches (HeadroomExchange *exchange);
void headroom_route_set_watches (HeadroomExchange *exchange);
/* The model that a request for its memory names, with a file that can be run. Blocks. */
HeadroomModelEntry *headroom_route_find_entry (HeadroomExchange *exchange, HrValue *json,
                                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* headroom-route-resize.c */
void headroom_route_resize (HeadroomExchange *exchange);
/* headroom-openapi.c */
void headroom_route_openapi (HeadroomExchange *exchange);
/* headroom-route-requests.c */
void headroom_route_requests (HeadroomExchange *exchange);
void headroom_route_cancel (HeadroomExchange *exchange);
/* headroom-route-listen.c */
void headroom_route_listening (HeadroomExchange *exchange);
void headroom_route_listen (HeadroomExchange *exchange);
void headroom_route_unlisten (HeadroomExchange *exchange);

G_END_DECLS
