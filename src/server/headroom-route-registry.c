/* headroom-route-registry.c: what would talk to a registry or an account elsewhere; this build has
 * neither, and says so in the shape that clients expect.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-router.h"

#include <glib/gi18n-lib.h>

#include "headroom-json.h"
#include "headroom-model-name.h"
#include "headroom-wire.h"

typedef struct {
  char *model;
  gboolean stream;
} Transfer;

static gboolean
read_transfer (HeadroomExchange *exchange, Transfer *ret_transfer)
{
  gsize len;
  const char *body = headroom_exchange_get_body (exchange, &len);
  g_autoptr (GError) error = NULL;
  g_autofree char *model = headroom_wire_parse_delete (body, len, &error);
  g_autoptr (HrValue) value =
      model != NULL ? headroom_json_parse (body, (gssize) len, FALSE, NULL) : NULL;

  if (model == NULL) {
    headroom_exchange_reply_error (exchange, error);
    return FALSE;
  }
  ret_transfer->stream = headroom_json_get_bool (value, "stream", TRUE);
  ret_transfer->model = g_steal_pointer (&model);
  return TRUE;
}

/* A first status, and then why there is no more: as a line of the stream, or as the answer. */
static void
reply_without_registry (HeadroomExchange *exchange, gboolean stream, const char *status,
                        const char *what)
{
  g_autofree char *message =
      g_strdup_printf ("%s: %s", what,
                       _("this version of Headroom has no registry; make the model from a file"));
  g_autofree char *first = NULL, *error = NULL, *lines = NULL;

  if (!stream) {
    headroom_exchange_reply_problem (exchange, SOUP_STATUS_INTERNAL_SERVER_ERROR, message);
    return;
  }
  first = headroom_wire_print_status (status, NULL, 0, 0);
  error = headroom_wire_print_error (message);
  lines = g_strconcat (first, "\n", error, "\n", NULL);
  headroom_exchange_write (exchange, "application/x-ndjson", lines);
  headroom_exchange_end (exchange);
}

void
headroom_route_pull (HeadroomExchange *exchange)
{
  Transfer transfer;

  if (!read_transfer (exchange, &transfer))
    return;
  g_autofree char *model = transfer.model;
  g_autoptr (HeadroomModelName) name = headroom_model_name_parse (model);
  if (name == NULL)
    headroom_exchange_reply_problem (exchange, SOUP_STATUS_BAD_REQUEST, "invalid model name");
  else
    reply_without_registry (exchange, transfer.stream, "pulling manifest", "pull model manifest");
}

void
headroom_route_push (HeadroomExchange *exchange)
{
  Transfer transfer;

  if (!read_transfer (exchange, &transfer))
    return;
  g_autofree char *model = transfer.model;
  if (*model == '\0')
    headroom_exchange_reply_problem (exchange, SOUP_STATUS_BAD_REQUEST, "model is required");
  else
    reply_without_registry (exchange, transfer.stream, "retrieving manifest", "push");
}

/* Nothing here asks a service elsewhere. */
void
headroom_route_cloud_status (HeadroomExchange *exchange)
{
  headroom_exchange_reply_json (exchange, SOUP_STATUS_OK,
                                "{\"cloud\":{\"disabled\":true,\"source\":\"config\"}}");
}

void
headroom_route_me (HeadroomExchange *exchange)
{
  headroom_exchange_reply_problem (exchange, SOUP_STATUS_UNAUTHORIZED, "unauthorized");
}

void
headroom_route_signout (HeadroomExchange *exchange)
{
  headroom_exchange_reply_problem (exchange, SOUP_STATUS_UNAUTHORIZED,
                                   "you are not currently signed in");
}

void
headroom_route_web (HeadroomExchange *exchange)
{
  gboolean searches = g_str_has_suffix (headroom_exchange_get_path (exchange), "web_search");

  headroom_exchange_reply_problem (exchange, SOUP_STATUS_FORBIDDEN,
                                   searches ? "ollama cloud is disabled: web search is unavailable"
                                            : "ollama cloud is disabled: web fetch is unavailable");
}
