/* headroom-route-manage.c: making, copying and deleting models.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-router.h"

#include "headroom-wire.h"

/* ---- Create ---- */

typedef struct {
  HeadroomExchange *exchange;
  GMainContext *context;      /* the server's */
  gboolean stream;
  char *last;                 /* the last status, as JSON */
} Create;

static void
create_free (gpointer data)
{
  Create *create = data;

  g_main_context_unref (create->context);
  g_free (create->last);
  g_free (create);
}

typedef struct {
  HeadroomExchange *exchange;
  char *line;
} Line;

static gboolean
write_line (gpointer data)
{
  Line *line = data;

  headroom_exchange_write (line->exchange, "application/x-ndjson", line->line);
  return G_SOURCE_REMOVE;
}

static void
line_free (gpointer data)
{
  Line *line = data;

  g_object_unref (line->exchange);
  g_free (line->line);
  g_free (line);
}

/* On the worker. */
static void
progress_cb (const char *status, const char *digest, guint64 completed, guint64 total,
             gpointer data)
{
  Create *create = data;
  Line *line;

  g_free (create->last);
  create->last = headroom_wire_print_status (status, digest, completed, total);
  if (!create->stream)
    return;
  line = g_new (Line, 1);
  *line = (Line) { g_object_ref (create->exchange), g_strconcat (create->last, "\n", NULL) };
  g_main_context_invoke_full (create->context, G_PRIORITY_DEFAULT, write_line, line, line_free);
}

static gpointer
create_work (HeadroomExchange *exchange, gpointer data, GError **error)
{
  Create *create = data;
  gsize len;
  const char *body = headroom_exchange_get_body (exchange, &len);
  g_autoptr (HeadroomWireCreateRequest) request = headroom_wire_parse_create (body, len, error);
  HeadroomModelSpec spec = { 0 };
  const char *paths[] = { NULL, NULL };

  if (request == NULL)
    return NULL;
  create->stream = request->stream;
  spec.from_paths = paths;
  spec.from_digests = (const char *const *) request->file_digests;
  /* A file may be named by programs of this user only. */
  if (request->from != NULL && headroom_exchange_is_local (exchange) &&
      headroom_store_is_path (request->from))
    paths[0] = request->from;
  else
    spec.from_name = request->from;
  spec.adapter_digests = (const char *const *) request->adapter_digests;
  spec.template_text = request->template_text;
  spec.system = request->system;
  spec.params = request->params;
  spec.messages = request->messages;
  spec.licenses = (const char *const *) request->licenses;
  spec.renderer = request->renderer;
  spec.parser = request->parser;
  spec.requires = request->requires;
  if (!headroom_store_create (headroom_exchange_get_service (exchange)->store, request->model,
                              &spec, progress_cb, create,
                              headroom_exchange_get_cancellable (exchange), error))
    return NULL;
  return g_strdup (create->last != NULL ? create->last : "{\"status\":\"success\"}");
}

static void
create_done (HeadroomExchange *exchange, gpointer take_result, gpointer take_data)
{
  g_autofree char *last = take_result;

  create_free (take_data);
  if (headroom_exchange_is_answered (exchange))
    headroom_exchange_end (exchange);
  else
    headroom_exchange_reply_json (exchange, SOUP_STATUS_OK, last);
}

void
headroom_route_create (HeadroomExchange *exchange)
{
  Create *create = g_new0 (Create, 1);

  create->exchange = exchange; /* the work keeps it */
  create->context = g_main_context_ref_thread_default ();
  headroom_exchange_work (exchange, create_work, create_done, create, create_free, g_free);
}

/* ---- Copy and delete ---- */

static void
reply_empty (HeadroomExchange *exchange, gpointer take_result, gpointer data)
{
  headroom_exchange_reply (exchange, SOUP_STATUS_OK, NULL, NULL);
}

static gpointer
copy_work (HeadroomExchange *exchange, gpointer data, GError **error)
{
  g_autofree char *source = NULL, *destination = NULL;
  gsize len;
  const char *body = headroom_exchange_get_body (exchange, &len);

  if (headroom_wire_parse_copy (body, len, &source, &destination, error))
    headroom_store_copy (headroom_exchange_get_service (exchange)->store, source, destination,
                         error);
  return NULL;
}

void
headroom_route_copy (HeadroomExchange *exchange)
{
  headroom_exchange_work (exchange, copy_work, reply_empty, NULL, NULL, NULL);
}

static gpointer
delete_work (HeadroomExchange *exchange, gpointer data, GError **error)
{
  gsize len;
  const char *body = headroom_exchange_get_body (exchange, &len);
  g_autofree char *name = headroom_wire_parse_delete (body, len, error);

  if (name != NULL)
    headroom_store_delete (headroom_exchange_get_service (exchange)->store, name, error);
  return NULL;
}

void
headroom_route_delete (HeadroomExchange *exchange)
{
  headroom_exchange_work (exchange, delete_work, reply_empty, NULL, NULL, NULL);
}
