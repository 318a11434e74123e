/* headroom-route-listen.c: a program that attached asks for the server to be reachable by others,
 * too, or no longer.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-router.h"

#include <glib/gi18n-lib.h>

#include "headroom-env.h"
#include "headroom-exposure.h"
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

static gboolean
is_fixed (void)
{
  g_autofree char *host = headroom_env_dup ("HOST");

  return host != NULL;
}

/* {"uris": [...], "others": what other machines meet there, "needs_key": whether programs here need
 * one, "reach": whom it is meant for, "fixed": whether the environment says so, "key": the secret,
 * for this user's programs} */
static HrValue *
describe (HeadroomExchange *exchange)
{
  HeadroomService *service = headroom_exchange_get_service (exchange);
  g_autofree char *key = headroom_env_dup ("API_KEY");
  const char *secret = headroom_key_secret (key, service->guest_key);
  g_auto (GStrv) uris = service->dup_uris (service->server);
  HrValue *answer = hr_value_new_dict ();

  headroom_json_set_strv (answer, "uris", (const char *const *) uris);
  headroom_json_set_string (
      answer, "others",
      *service->is_loopback ? "none" : headroom_key_access (key, service->guest_key));
  headroom_json_set_bool (answer, "needs_key", headroom_key_secret (key, NULL) != NULL);
  headroom_json_set_string (answer, "reach",
                            uris[0] == NULL         ? "nobody"
                            : *service->is_loopback ? HEADROOM_EXPOSURE_COMPUTER
                                                    : HEADROOM_EXPOSURE_NETWORK);
  headroom_json_set_bool (answer, "fixed", is_fixed ());
  if (secret != NULL && headroom_exchange_is_local (exchange))
    headroom_json_set_string (answer, "key", secret);
  return answer;
}

static void
reply_value (HeadroomExchange *exchange, const HrValue *answer)
{
  g_autofree char *text = headroom_json_print (answer, HEADROOM_JSON_PLAIN);

  headroom_exchange_reply_json (exchange, SOUP_STATUS_OK, text);
}

void
headroom_route_listening (HeadroomExchange *exchange)
{
  g_autoptr (HrValue) answer = describe (exchange);

  reply_value (exchange, answer);
}

/* NULL with error: where it is reached from now on. */
static char *
expose (HeadroomService *service, const char *reach, GError **error)
{
  gboolean network = g_str_equal (reach, HEADROOM_EXPOSURE_NETWORK);

  if (!network && !g_str_equal (reach, HEADROOM_EXPOSURE_COMPUTER))
    g_set_error (error, HEADROOM_WIRE_ERROR, 400, "reach is “%s”; it must be %s or %s", reach,
                 HEADROOM_EXPOSURE_COMPUTER, HEADROOM_EXPOSURE_NETWORK);
  else if (is_fixed ())
    g_set_error_literal (error, HEADROOM_WIRE_ERROR, SOUP_STATUS_CONFLICT,
                         _("HEADROOM_HOST or OLLAMA_HOST says where the server listens"));
  else
    return service->expose (service->server, network, error);
  return NULL;
}

/* {"host": "127.0.0.1:11434"} or {} for the default, or {"reach": "network"}
 * -> {"uri": "http://127.0.0.1:11434"} and what headroom_route_listening () says */
void
headroom_route_listen (HeadroomExchange *exchange)
{
  HeadroomService *service = headroom_exchange_get_service (exchange);
  gsize len;
  const char *body = headroom_exchange_get_body (exchange, &len);
  g_autoptr (GError) error = NULL;
  g_autoptr (HrValue) json = NULL, answer = NULL;
  g_autofree char *uri = NULL;
  const char *reach;

  if (!check_local (exchange))
    return;
  json = headroom_json_parse (body, (gssize) len, FALSE, &error);
  if (json == NULL || hr_value_kind (json) != HR_VALUE_DICT) {
    headroom_exchange_reply_problem (exchange, SOUP_STATUS_BAD_REQUEST,
                                     error != NULL ? error->message : "not an object");
    return;
  }
  reach = headroom_json_get_string (json, "reach");
  uri = reach != NULL
            ? expose (service, reach, &error)
            : service->listen (service->server, headroom_json_get_string (json, "host"), &error);
  if (uri == NULL) {
    headroom_exchange_reply_problem (
        exchange,
        error->domain == HEADROOM_WIRE_ERROR ? (guint) error->code : SOUP_STATUS_CONFLICT,
        error->message);
    return;
  }
  answer = describe (exchange);
  headroom_json_set_string (answer, "uri", uri);
  reply_value (exchange, answer);
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
