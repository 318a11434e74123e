/* session-helper.c: another process that opens a session.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * session-helper STORE [ADDRESS]: prints "host" or "attached", with an ADDRESS also where it
 * listens, and stays until its standard input ends. A line on standard input is asked for as a path
 * and the answer printed on one line.
 */
#include <stdio.h>

#include "headroom-session.h"

static void
ask (HeadroomSession *session, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *answer = headroom_client_request (headroom_session_get_client (session), "GET",
                                                     path, NULL, NULL, &error);

  printf ("%s %s\n", headroom_session_is_host (session) ? "host" : "attached",
          error != NULL ? error->message : answer);
  fflush (stdout);
}

int
main (int argc, char **argv)
{
  g_autoptr (HeadroomStore) store = headroom_store_new (argv[1], NULL);
  g_autoptr (GError) error = NULL;
  HeadroomSessionFlags flags = argc > 2 ? HEADROOM_SESSION_LISTEN : HEADROOM_SESSION_PLAIN;
  g_autoptr (HeadroomSession) session = NULL;
  char line[256];

  if (argc > 2)
    g_setenv ("HEADROOM_HOST", argv[2], TRUE);
  session = headroom_session_open (store, flags, &error);
  if (session == NULL) {
    fprintf (stderr, "%s\n", error->message);
    return 1;
  }
  printf ("%s%s%s\n", headroom_session_is_host (session) ? "host" : "attached",
          headroom_session_get_uri (session) != NULL ? " " : "",
          headroom_session_get_uri (session) != NULL ? headroom_session_get_uri (session) : "");
  fflush (stdout);
  while (fgets (line, sizeof line, stdin) != NULL)
    ask (session, g_strchomp (line));
  return 0;
}
