/* headroom-cmd-devices.c: headroom debug devices [--json]
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the drivers of this machine offer, used or not: the first thing to look at when a GPU is not
 * used, and what to send with a report about it.
 */
#include "headroom-cmd-debug.h"

#include "headroom-json.h"

#include <glib/gi18n.h>
#include <stdio.h>

/* Versions as Vulkan packs them: of ten, ten and twelve bits. */
static char *
version_to_text (guint32 version)
{
  return g_strdup_printf ("%u.%u.%u", version >> 22 & 127, version >> 12 & 1023, version & 4095);
}

HrValue *
headroom_debug_gpu_to_value (const HrGpu *gpu)
{
  g_autofree char *version = version_to_text (gpu->api_version);
  HrValue *dict = hr_value_new_dict ();

  headroom_json_set_string (dict, "name", gpu->name);
  headroom_json_set_string (dict, "driver", gpu->driver);
  headroom_json_set_string (dict, "type", hr_gpu_type_name (gpu->type));
  headroom_json_set_string (dict, "vulkan", version);
  hr_value_set (dict, "used", hr_value_new_bool (gpu->why[0] == '\0'));
  headroom_json_set_string (dict, "why_not", gpu->why);
  headroom_json_set_int (dict, "total_bytes", (gint64) gpu->total);
  headroom_json_set_int (dict, "free_bytes", (gint64) gpu->free);
  hr_value_set (dict, "tells_budget", hr_value_new_bool (gpu->tells_budget));
  hr_value_set (dict, "shares_host_memory", hr_value_new_bool (gpu->shares_host));
  headroom_json_set_int (dict, "max_allocation_bytes", (gint64) gpu->max_allocation_bytes);
  headroom_json_set_int (dict, "max_range_bytes", (gint64) gpu->max_range_bytes);
  headroom_json_set_int (dict, "subgroup", gpu->subgroup);
  headroom_json_set_int (dict, "shared_bytes", gpu->shared_bytes);
  return dict;
}

static void
print_gpu (const HrGpu *gpu)
{
  g_autofree char *version = version_to_text (gpu->api_version);
  g_autofree char *total = g_format_size_full (gpu->total, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *free_bytes = g_format_size_full (gpu->free, G_FORMAT_SIZE_IEC_UNITS);

  printf ("%s\n    %s, %s, Vulkan %s\n    ", gpu->name, hr_gpu_type_name (gpu->type), gpu->driver,
          version);
  /* Translators: memory of a GPU. */
  printf (_("%s free of %s"), free_bytes, total);
  printf ("\n    ");
  if (gpu->why[0] == '\0')
    printf ("%s", _("It is used."));
  else
    printf (_("It is not used: %s."), gpu->why);
  printf ("\n");
}

static void
print_json (const HrGpu *gpus, gsize n, const char *note)
{
  g_autoptr (HrValue) dict = hr_value_new_dict ();
  HrValue *list = hr_value_new_list ();

  for (gsize i = 0; i < n; i++)
    hr_value_append (list, headroom_debug_gpu_to_value (&gpus[i]));
  hr_value_set (dict, "gpus", list);
  if (note != NULL)
    headroom_json_set_string (dict, "note", note);
  headroom_cli_print_json (dict, FALSE);
}

int
headroom_cmd_devices (int argc, char **argv)
{
  gboolean json = FALSE;
  const GOptionEntry entries[] = { { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_("Print as JSON"),
                                     NULL },
                                   G_OPTION_ENTRY_NULL };
  HrGpu gpus[HR_MAX_GPUS];
  const char *note = NULL;
  gsize n;

  if (!headroom_cli_parse (entries, "",
                           _("Lists the GPUs of this machine, and why one is not used."), 0, 0,
                           &argc, &argv))
    return HEADROOM_EXIT_USAGE;
  n = hr_gpus_find (gpus, HR_MAX_GPUS, &note);
  if (json) {
    print_json (gpus, n, note);
    return HEADROOM_EXIT_OK;
  }
  for (gsize i = 0; i < n; i++)
    print_gpu (&gpus[i]);
  if (n == 0) {
    printf (_("There is no GPU: %s."), note);
    printf ("\n");
  }
  return HEADROOM_EXIT_OK;
}
