/* headroom-cmd-simulate.c: headroom simulate SCENARIO.json
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Plays requests against a machine that is only described. Exit status 0 where every request was
 * served, 3 where some were refused.
 */
#include "headroom-cli.h"

#include "headroom-cli-text.h"
#include "headroom-json.h"
#include "headroom-simulation.h"
#include "headroom-wire-time.h"

#include <glib/gi18n.h>
#include <stdio.h>

#define BAR_CELLS 40
/* A scenario of all requests there may be, written at length. */
#define MAX_FILE_BYTES (64 * 1024 * 1024)

static HeadroomScenario *
read_scenario (const char *path, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GFile) file = g_file_new_for_commandline_arg (path);
  g_autoptr (GFileInfo) info =
      g_file_query_info (file, G_FILE_ATTRIBUTE_STANDARD_SIZE, G_FILE_QUERY_INFO_NONE, NULL, error);
  g_autoptr (HrValue) json = NULL;
  gsize len;

  if (info == NULL)
    return NULL;
  if (g_file_info_get_size (info) > MAX_FILE_BYTES) {
    g_set_error (error, HR_ERROR, HR_ERROR_SETTINGS, _("%s is too large for a scenario"), path);
    return NULL;
  }
  if (!g_file_load_contents (file, NULL, &text, &len, NULL, error))
    return NULL;
  json = headroom_json_parse (text, (gssize) len, FALSE, error);
  if (json == NULL) {
    g_prefix_error (error, "%s: ", path);
    return NULL;
  }
  return headroom_scenario_read (json, error);
}

static guint
cells_of (const HrDevice *device, guint64 bytes)
{
  return (guint) MIN ((double) bytes / (double) device->total * BAR_CELLS + 0.5, BAR_CELLS);
}

/* "[########xx--------////]": used, taken by other programs, free, kept for them. */
static char *
draw_bar (const HrDevice *device, guint64 used, guint64 others)
{
  GString *bar = g_string_new ("[");
  guint full = cells_of (device, used), taken = full + cells_of (device, others);
  guint kept = cells_of (device, device->reserve);

  for (guint i = 0; i < BAR_CELLS; i++)
    g_string_append_c (bar, i < full               ? '#'
                            : i < taken            ? 'x'
                            : i >= BAR_CELLS - kept ? '/'
                                                    : '-');
  g_string_append_c (bar, ']');
  return g_string_free (bar, FALSE);
}

static void
print_event (const HeadroomScenario *scenario, const HeadroomSimulationEvent *event)
{
  g_autofree char *time =
      headroom_wire_format_time (headroom_event_get_time_ns (event->event), FALSE);

  printf ("%s  %-7s %s: %s\n", time, headroom_event_get_kind_name (event->event),
          headroom_event_get_model (event->event), headroom_event_get_reason (event->event));
  for (gsize d = 0; d < scenario->n_devices; d++) {
    g_autofree char *bar = draw_bar (&scenario->devices[d], event->used[d], event->others[d]);
    g_autofree char *used = headroom_text_memory (event->used[d]);
    g_autofree char *total = headroom_text_memory (scenario->devices[d].total);
    if (d > 0 || scenario->n_devices == 1 || event->used[d] > 0)
      printf ("    %s %s: %s / %s\n", bar, scenario->devices[d].name, used, total);
  }
}

static void
print_text (const HeadroomScenario *scenario, const HeadroomSimulation *simulation)
{
  printf ("%s\n\n", scenario->title);
  for (guint i = 0; i < simulation->events->len; i++)
    print_event (scenario, &g_array_index (simulation->events, HeadroomSimulationEvent, i));
  printf ("\n");
  printf (
      _("%u requests: %u served, %u refused; they waited %.1f s in the mean and %.1f s at most."),
      scenario->requests->len, simulation->n_served, simulation->n_refused, simulation->mean_wait,
      simulation->longest_wait);
  printf ("\n");
}

int
headroom_cmd_simulate (int argc, char **argv)
{
  gboolean json = FALSE;
  const GOptionEntry entries[] = { { "json", 0, 0, G_OPTION_ARG_NONE, &json,
                                     N_("Print the events as JSON"), NULL },
                                   G_OPTION_ENTRY_NULL };
  g_autoptr (HeadroomScenario) scenario = NULL;
  g_autoptr (HeadroomSimulation) simulation = NULL;
  g_autoptr (GError) error = NULL;

  if (!headroom_cli_parse (entries, _("SCENARIO.json"),
                           _("Plays a day of requests on a machine that is only described."), 1, 1,
                           &argc, &argv))
    return HEADROOM_EXIT_USAGE;
  scenario = read_scenario (argv[1], &error);
  if (scenario == NULL)
    return headroom_cli_fail (error);
  simulation = headroom_simulation_play (scenario);
  if (json) {
    g_autoptr (HrValue) value = headroom_simulation_to_json (simulation, scenario);
    headroom_cli_print_json (value, FALSE);
  } else {
    print_text (scenario, simulation);
  }
  return simulation->n_refused > 0 ? HEADROOM_EXIT_DOES_NOT_FIT : HEADROOM_EXIT_OK;
}
