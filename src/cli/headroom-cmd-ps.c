/* headroom-cmd-ps.c: headroom ps
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cli.h"

#include "headroom-cli-text.h"
#include "headroom-json.h"
#include "headroom-wire-time.h"

#include <glib/gi18n.h>
#include <math.h>
#include <stdio.h>

#define N_COLUMNS 6
#define SHORT_DIGEST 12
#define PINNED_SECONDS \
  (G_GINT64_CONSTANT (10) * 365 * 24 * 60 * 60) /* expires_at of what stays is centuries away */

/* As other clients write it: the host's share is rounded, and the rest is the GPU's. */
static char *
dup_processor (HrValue *model)
{
  gint64 size = headroom_json_get_int (model, "size", 0);
  gint64 vram = headroom_json_get_int (model, "size_vram", 0);
  int cpu;

  if (size <= 0 || vram <= 0)
    return g_strdup ("100% CPU");
  if (vram >= size)
    return g_strdup ("100% GPU");
  cpu = (int) round (100 * (double) (size - vram) / (double) size);
  return g_strdup_printf ("%d%%/%d%% CPU/GPU", cpu, 100 - cpu);
}

static char *
dup_until (HrValue *model)
{
  const char *text = headroom_json_get_string (model, "expires_at");
  g_autoptr (GDateTime) when = text != NULL ? g_date_time_new_from_iso8601 (text, NULL) : NULL;

  if (when == NULL ||
      g_date_time_to_unix (when) > headroom_wire_now () / HEADROOM_NSEC_PER_SEC + PINNED_SECONDS)
    return g_strdup (_("Forever"));
  return headroom_text_distance (g_date_time_to_unix (when) * HEADROOM_NSEC_PER_SEC);
}

static void
print_table (HrValue *models)
{
  g_autoptr (GPtrArray) cells = g_ptr_array_new_with_free_func (g_free);
  const char *headings[N_COLUMNS] = { _("NAME"),      _("ID"),      _("SIZE"),
                                      _("PROCESSOR"), _("CONTEXT"), _("UNTIL") };

  for (guint i = 0; i < N_COLUMNS; i++)
    g_ptr_array_add (cells, g_strdup (headings[i]));
  for (gsize i = 0; models != NULL && i < hr_value_size (models); i++) {
    HrValue *model = hr_value_at (models, i);
    const char *digest = headroom_json_get_string (model, "digest");
    const char *name = headroom_json_get_string (model, "name");
    g_ptr_array_add (cells, g_strdup (name != NULL ? name : ""));
    g_ptr_array_add (cells, g_strndup (digest != NULL ? digest : "", SHORT_DIGEST));
    g_ptr_array_add (cells,
                     headroom_text_memory ((guint64) headroom_json_get_int (model, "size", 0)));
    g_ptr_array_add (cells, dup_processor (model));
    g_ptr_array_add (cells, g_strdup_printf ("%" G_GINT64_FORMAT,
                                             headroom_json_get_int (model, "context_length", 0)));
    g_ptr_array_add (cells, dup_until (model));
  }
  headroom_cli_print_table ((const char *const *) cells->pdata, cells->len, N_COLUMNS);
}

/* What was promised, what is taken, and what the system says of it. */
static void
print_memory (HrValue *memory)
{
  g_autofree char *planned = NULL, *allocated = NULL, *in_use = NULL, *seen = NULL, *program = NULL;
  gint64 rest;

  if (memory == NULL || headroom_json_get_int (memory, "planned", 0) == 0)
    return;
  planned = headroom_text_memory ((guint64) headroom_json_get_int (memory, "planned", 0));
  allocated = headroom_text_memory ((guint64) headroom_json_get_int (memory, "allocated", 0));
  in_use = headroom_text_memory ((guint64) headroom_json_get_int (memory, "in_use", 0));
  g_print ("\n");
  g_print (_("Planned %s, allocated %s; in use, without cache that is not filled and buffers that no "
             "step has touched yet: %s."),
           planned, allocated, in_use);
  g_print ("\n");
  if (hr_value_lookup (memory, "seen_by_system") == NULL)
    return;
  rest = headroom_json_get_int (memory, "program", 0);
  seen = headroom_text_memory ((guint64) headroom_json_get_int (memory, "seen_by_system", 0));
  program = headroom_text_memory ((guint64) ABS (rest));
  if (rest >= 0)
    g_print (_("The system sees %s: %s more, the program itself."), seen, program);
  else
    g_print (_("The system sees %s: %s less, weights that it keeps in the file only."), seen, program);
  g_print ("\n");
}

/* Where no server runs, nothing is in memory: that is an answer, not an error. */
static char *
ask (GError **error)
{
  g_autoptr (HeadroomClient) client = headroom_cli_find_server (error);
  g_autoptr (GError) problem = NULL;
  g_autofree char *answer = NULL;

  if (client == NULL)
    return NULL;
  answer = headroom_client_request (client, "GET", "/api/ps", NULL, NULL, &problem);
  if (g_error_matches (problem, HEADROOM_CLIENT_ERROR, HEADROOM_CLIENT_ERROR_UNREACHABLE)) {
    headroom_cli_complain (_("no server runs, so no model is in memory"));
    return g_strdup ("{\"models\":[]}");
  }
  if (problem != NULL)
    g_propagate_error (error, g_steal_pointer (&problem));
  return g_steal_pointer (&answer);
}

int
headroom_cmd_ps (int argc, char **argv)
{
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_("Print what /api/ps answers"), NULL },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (HrValue) answer = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  if (!headroom_cli_parse (entries, "", _("Lists the models that are in memory."), 0, 0, &argc,
                           &argv))
    return HEADROOM_EXIT_USAGE;
  text = ask (&error);
  if (text == NULL)
    return headroom_cli_fail (error);
  answer = headroom_json_parse (text, -1, FALSE, &error);
  if (answer == NULL)
    return headroom_cli_fail (error);
  if (json)
    puts (text);
  else
    {
      print_table (hr_value_lookup (answer, "models"));
      print_memory (hr_value_lookup (answer, "memory"));
    }
  return HEADROOM_EXIT_OK;
}
