/* headroom-cmd-events.c: headroom events
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What happened to models in memory, and why: from the log, and with --follow from the server as it
 * happens.
 */
#include "headroom-cli.h"

#include "headroom-event-log.h"
#include "headroom-json.h"

#include <glib/gi18n.h>
#include <stdio.h>

#define USUAL_COUNT 50

static void
print_event (const HrValue *event, gboolean json)
{
  const char *texts[] = { "time", "kind", "model", "reason", "client" };

  if (json) {
    headroom_cli_print_json (event, FALSE);
    return;
  }
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++) {
    const char *text = headroom_json_get_string (event, texts[i]);
    texts[i] = text != NULL ? text : "";
  }
  printf (texts[4][0] != '\0' ? "%s  %-8s %s: %s (%s)\n" : "%s  %-8s %s: %s\n", texts[0], texts[1],
          texts[2], texts[3], texts[4]);
}

static int
print_known (guint count, gboolean json)
{
  g_autoptr (HeadroomEventLog) log = headroom_event_log_open (NULL);
  g_autoptr (GPtrArray) events = headroom_event_log_read (log, count);

  for (guint i = 0; i < events->len; i++) {
    g_autoptr (HrValue) event = headroom_event_to_json (events->pdata[i]);
    print_event (event, json);
  }
  return HEADROOM_EXIT_OK;
}

static void
line_cb (const char *line, gpointer data)
{
  g_autoptr (HrValue) event = headroom_json_parse (line, -1, FALSE, NULL);

  if (event != NULL) {
    print_event (event, *(gboolean *) data);
    fflush (stdout);
  }
}

static int
follow (gboolean json)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (HeadroomClient) client = headroom_cli_find_server (&error);

  if (client == NULL ||
      !headroom_client_stream (client, "/headroom/events", NULL, line_cb, &json, NULL, &error))
    return headroom_cli_fail (error);
  return HEADROOM_EXIT_OK;
}

int
headroom_cmd_events (int argc, char **argv)
{
  gint64 count = HEADROOM_NOT_GIVEN;
  gboolean json = FALSE, live = FALSE;
  const GOptionEntry entries[] = {
    { "number", 'n', 0, G_OPTION_ARG_INT64, &count, N_("How many of the newest"), "N" },
    { "follow", 'f', 0, G_OPTION_ARG_NONE, &live, N_("Ask the server, and go on as things happen"),
      NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_("Print a JSON document per line"), NULL },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (GError) error = NULL;
  guint32 n;

  if (!headroom_cli_parse (entries, "", _("Tells which models came and went, and why."), 0, 0,
                           &argc, &argv))
    return HEADROOM_EXIT_USAGE;
  if (!headroom_cli_parse_count ("--number", count, HEADROOM_EVENT_LOG_MAX, &n, &error))
    return headroom_cli_fail (error);
  return live ? follow (json) : print_known (n > 0 ? n : USUAL_COUNT, json);
}
