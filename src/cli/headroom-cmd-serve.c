/* headroom-cmd-serve.c: headroom serve
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cli.h"

#include "headroom-machine-rates.h"
#include "headroom-server.h"

#include <glib-unix.h>
#include <glib/gi18n.h>

static gboolean
on_signal (gpointer data)
{
  g_main_loop_quit (data);
  return G_SOURCE_CONTINUE;
}

static void
wait_for_signal (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  guint sigint = g_unix_signal_add (SIGINT, on_signal, loop);
  guint sigterm = g_unix_signal_add (SIGTERM, on_signal, loop);

  g_main_loop_run (loop);
  g_source_remove (sigint);
  g_source_remove (sigterm);
}

int
headroom_cmd_serve (int argc, char **argv)
{
  g_autofree char *host = NULL;
  const GOptionEntry entries[] = {
    { "host", 0, 0, G_OPTION_ARG_STRING, &host,
      N_("Where to listen (default: HEADROOM_HOST, OLLAMA_HOST or 127.0.0.1:11434)"),
      N_("HOST:PORT") },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (HeadroomStore) store = NULL;
  g_autoptr (HeadroomServer) server = NULL;
  g_autofree char *uri = NULL;
  g_autoptr (GError) error = NULL;

  if (!headroom_cli_parse (entries, "",
                           _("Serves models to other programs until it is stopped with Ctrl+C."),
                           0, 0, &argc, &argv))
    return HEADROOM_EXIT_USAGE;
  store = headroom_store_new (NULL, NULL);
  server = headroom_server_new (store);
  if (!headroom_server_start (server, &error))
    return headroom_cli_fail (error);
  uri = headroom_server_listen (server, host, &error);
  if (uri == NULL)
    return headroom_cli_fail (error);
  g_printerr (_("Headroom %s serves %s on %s"), HEADROOM_VERSION, headroom_store_get_root (store),
              uri);
  g_printerr ("\n");
  headroom_machine_rates_ensure ();
  wait_for_signal ();
  headroom_server_stop (server);
  return HEADROOM_EXIT_OK;
}
