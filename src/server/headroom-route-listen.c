/* headroom-route-listen.c: a program that attached asks for the server to be reachable by others,
 * too, or no longer.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-router.h"

#include <glib/gi18n-lib.h>

#include "headroom-env.h"
#include "headroom-json.h"
#include "headroom-key.h"
#include "headroom-wire.h"

/* FALSE: refused. */
static gboolean
check_local (HeadroomExchange *exchange)
{
  if (headroom_exchange_is_local (exchange))
    return TRUE;
  headroom_exchange_reply_problem (exchange, SOUP_STATUS_FORBIDDEN,
                                   _("Only programs of this user may ask for that"));
  return FALSE;
}

/* {"uris": [...], "others": what other machines meet there, "needs_key": whether programs here need
 * one} */
void
headroom_route_listening (HeadroomExchange *exchange)
{
  HeadroomService *service = headroom_exchange_get_service (exchange);
  g_autofree char *key = headroom_env_dup ("API_KEY");
  const char *access = headroom_key_access (key);
  g_auto (GStrv) uris = service->dup_uris (service->server);
  g_autoptr (HrValue) answer = hr_value_new_dict ();
  g_autofree char *text = NULL;

  headroom_json_set_strv (answer, "uris", (const char *const *) uris);
  headroom_json_set_string (answer, "others", *service->is_loopback ? "none" : access);
  headroom_json_set_bool (answer, "needs_key", g_str_equal (access, "key"));
  text = headroom_json_print (answer, HEADROOM_JSON_PLAIN);
  headroom_exchange_reply_json (exchange, SOUP_STATUS_OK, text);
}

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

  if (!check_local (exchange))
    return;
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

/* {} once nobody but this user's programs reaches the server. */
void
headroom_route_unlisten (HeadroomExchange *exchange)
{
  HeadroomService *service = headroom_exchange_get_service (exchange);

  if (!check_local (exchange))
    return;
  service->unlisten (service->server);
  headroom_exchange_reply_json (exchange, SOUP_STATUS_OK, "{}");
}
