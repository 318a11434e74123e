/* headroom-cli-server.c: the server that runs, as the commands ask for it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cli.h"

#include "headroom-json.h"
#include "headroom-server.h"

HeadroomClient *
headroom_cli_find_server (GError **error)
{
  g_autoptr (HeadroomStore) store = headroom_store_new (NULL, NULL);
  g_autofree char *path = headroom_server_dup_socket_path (store, error);

  return path != NULL ? headroom_client_new_for_socket (path) : NULL;
}

gboolean
headroom_cli_unload (HeadroomClient *client, const char *model, GError **error)
{
  g_autofree char *name = headroom_cli_dup_served_name (model);
  g_autoptr (HrValue) body = hr_value_new_dict ();
  g_autofree char *text = NULL;
  g_autofree char *answer = NULL;

  headroom_json_set_string (body, "model", name);
  headroom_json_set_int (body, "keep_alive", 0);
  headroom_json_set_bool (body, "stream", FALSE);
  text = headroom_json_print (body, HEADROOM_JSON_PLAIN);
  answer = headroom_client_request (client, "POST", "/api/generate", text, NULL, error);
  return answer != NULL;
}
