/* headroom-cmd-resize.c: headroom resize MODEL --num-ctx N
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cli.h"

#include <glib/gi18n.h>

#include "headroom-cli-text.h"
#include "headroom-json.h"

typedef struct {
  gint64 num_ctx, parallel, num_batch;
  char *kv_type, *gpu_layers;
  gboolean json;
} Wanted;

static gboolean
add_count (HrValue *body, const char *option, const char *name, gint64 value, gint64 max,
           GError **error)
{
  guint32 count;

  if (!headroom_cli_parse_count (option, value, max, &count, error))
    return FALSE;
  if (count > 0)
    headroom_json_set_int (body, name, count);
  return TRUE;
}

/* "auto" is as many as fit. */
static gboolean
add_gpu_layers (HrValue *body, const char *text, GError **error)
{
  gint64 layers = -1;

  if (text == NULL)
    return TRUE;
  if (!g_str_equal (text, "auto") &&
      !g_ascii_string_to_signed (text, 10, 0, G_MAXINT16, &layers, NULL)) {
    g_set_error (error, HR_ERROR, HR_ERROR_SETTINGS,
                 _("--gpu-layers is %s; it can be auto, or a number of layers"), text);
    return FALSE;
  }
  headroom_json_set_int (body, "num_gpu", layers);
  return TRUE;
}

/* What the server is asked for. */
static char *
dup_body (const char *model, const Wanted *wanted, GError **error)
{
  g_autoptr (HrValue) body = hr_value_new_dict ();
  g_autofree char *name = headroom_cli_dup_served_name (model);
  HrKvType type;

  headroom_json_set_string (body, "model", name);
  if (!add_count (body, "--num-ctx", "num_ctx", wanted->num_ctx, G_MAXINT32, error) ||
      !add_count (body, "--parallel", "parallel", wanted->parallel, HR_MAX_PARALLEL, error) ||
      !add_count (body, "--num-batch", "num_batch", wanted->num_batch, HR_MAX_NUM_BATCH, error) ||
      !add_gpu_layers (body, wanted->gpu_layers, error) ||
      !headroom_cli_parse_kv_type (wanted->kv_type, &type, error))
    return NULL;
  if (wanted->kv_type != NULL)
    headroom_json_set_string (body, "kv_type", hr_kv_type_name (type));
  return headroom_json_print (body, HEADROOM_JSON_PLAIN);
}

static void
print_answer (HrValue *answer)
{
  HrValue *settings = hr_value_lookup (answer, "settings");
  g_autofree char *cache = headroom_text_memory (
      (guint64) headroom_json_get_int (hr_value_lookup (answer, "bytes"), "cache", 0));

  g_print (_("%s: num_ctx %d, parallel %d, a %s cache of %s"),
           headroom_json_get_string (answer, "model"),
           (int) headroom_json_get_int (settings, "num_ctx", 0),
           (int) headroom_json_get_int (settings, "parallel", 0),
           headroom_json_get_string (settings, "kv_type"), cache);
  if (headroom_json_get_int (settings, "gpu_layers", 0) > 0)
    g_print (_(", %d layers on GPUs"), (int) headroom_json_get_int (settings, "gpu_layers", 0));
  g_print ("\n");
}

static int
resize (const char *model, const Wanted *wanted)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *body = dup_body (model, wanted, &error);
  g_autoptr (HeadroomClient) client = body != NULL ? headroom_cli_find_server (&error) : NULL;
  g_autofree char *text =
      client != NULL
          ? headroom_client_request (client, "POST", "/headroom/resize", body, NULL, &error)
          : NULL;
  g_autoptr (HrValue) answer = text != NULL ? headroom_json_parse (text, -1, FALSE, &error) : NULL;

  if (answer == NULL)
    return headroom_cli_fail (error);
  if (wanted->json)
    headroom_cli_print_json (answer, TRUE);
  else
    print_answer (answer);
  return HEADROOM_EXIT_OK;
}

int
headroom_cmd_resize (int argc, char **argv)
{
  Wanted wanted = { HEADROOM_NOT_GIVEN, HEADROOM_NOT_GIVEN, HEADROOM_NOT_GIVEN, NULL, NULL, FALSE };
  const GOptionEntry entries[] = {
    { "num-ctx", 'c', 0, G_OPTION_ARG_INT64, &wanted.num_ctx,
      N_("Context length in tokens, of each slot"), "N" },
    { "parallel", 0, 0, G_OPTION_ARG_INT64, &wanted.parallel, N_("Answers at once"), "N" },
    { "num-batch", 0, 0, G_OPTION_ARG_INT64, &wanted.num_batch,
      N_("Prompt tokens read in one step"), "N" },
    { "kv-type", 0, 0, G_OPTION_ARG_STRING, &wanted.kv_type,
      N_("Type of the cache: f32, f16, q8_0 or q4_0"), N_("TYPE") },
    { "gpu-layers", 0, 0, G_OPTION_ARG_STRING, &wanted.gpu_layers, N_("Layers on GPUs"),
      "N|auto" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &wanted.json, N_("Print what /headroom/resize answers"),
      NULL },
    G_OPTION_ENTRY_NULL
  };
  int status;

  if (!headroom_cli_parse (
          entries, _("MODEL"),
          _("Gives a model that is in memory other settings. Its weights stay, but for "
             "layers that go to another device, and answers that run go on."),
          1, 1, &argc, &argv)) {
    g_free (wanted.kv_type);
    g_free (wanted.gpu_layers);
    return HEADROOM_EXIT_USAGE;
  }
  status = resize (argv[1], &wanted);
  g_free (wanted.kv_type);
  g_free (wanted.gpu_layers);
  return status;
}
