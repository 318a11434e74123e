/* headroom-route-listen.c: a program that attached asks for the server to be reachable by others,
 * too.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-router.h"

#include <glib/gi18n-lib.h>

#include "headroom-json.h"
#include "headroom-wire.h"

/* {"host": "127.0.0.1:11434"} or {} for the default -> {"uri": "http://127.0.0.1:11434"} */
void
headroom_route_listen (HeadroomExchange *exchange)
{
  HeadroomService *service = headroom_exchange_get_service (exchange);
  gsize len;
  const char *body = headroom_exchange_get_body (exchange, &len);
  g_autoptr (GError) error = NULL;
  g_autoptr (HrValue) json = NULL;
  g_autoptr (HrValue) answer = hr_value_new_dict ();
  g_autofree char *uri = NULL, *text = NULL;

  if (!headroom_exchange_is_local (exchange)) {
    headroom_exchange_reply_problem (exchange, SOUP_STATUS_FORBIDDEN,
                                     _("Only programs of this user may ask for that"));
    return;
  }
  json = headroom_json_parse (body, (gssize) len, FALSE, &error);
  if (json == NULL || hr_value_kind (json) != HR_VALUE_DICT) {
    headroom_exchange_reply_problem (exchange, SOUP_STATUS_BAD_REQUEST,
                                     error != NULL ? error->message : "not an object");
    return;
  }
  uri = service->listen (service->server, headroom_json_get_string (json, "host"), &error);
  if (uri == NULL) {
    headroom_exchange_reply_problem (exchange, SOUP_STATUS_CONFLICT, error->message);
    return;
  }
  headroom_json_set_string (answer, "uri", uri);
  text = headroom_json_print (answer, HEADROOM_JSON_PLAIN);
  headroom_exchange_reply_json (exchange, SOUP_STATUS_OK, text);
}
