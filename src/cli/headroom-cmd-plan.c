/* headroom-cmd-plan.c: headroom plan MODEL|FILE|CATALOGUE-NAME
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Prints the plan that the loader would allocate. Exit status 3 where it does not fit.
 */
#include "headroom-cli.h"

#include "headroom-device-spec.h"
#include "headroom-gpu-reason.h"
#include "headroom-json.h"
#include "headroom-landscape.h"
#include "headroom-plan-json.h"
#include "headroom-plan-text.h"

#include <glib/gi18n.h>
#include <inttypes.h>

typedef struct {
  gint64 num_ctx, num_batch, reserve;
  char *parallel, *gpu_layers, *kv_type, *weights;
  char **devices;
  gboolean recommend, json;
} PlanOptions;

static void
clear_options (PlanOptions *options)
{
  g_free (options->parallel);
  g_free (options->gpu_layers);
  g_free (options->kv_type);
  g_free (options->weights);
  g_strfreev (options->devices);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PlanOptions, clear_options)

/* A number, or "auto" (and nothing given), which leaves value alone. */
static gboolean
read_number_or_auto (const char *option, const char *text, gint64 min, gint64 max, gint64 *value,
                     GError **error)
{
  gint64 number;

  if (text == NULL || g_str_equal (text, "auto"))
    return TRUE;
  if (!g_ascii_string_to_signed (text, 10, min, max, &number, NULL)) {
    g_set_error (error, HR_ERROR, HR_ERROR_SETTINGS,
                 _("%s is %s; it can be auto, or %" PRId64 " to %" PRId64), option, text, min,
                 max);
    return FALSE;
  }
  *value = number;
  return TRUE;
}

static gboolean
read_settings (const PlanOptions *options, HrSettings *ret_settings, GError **error)
{
  HrSettings settings = { .gpu_layers = -1 };
  gint64 parallel = 0, gpu_layers = -1;

  if (!headroom_cli_parse_count ("--num-ctx", options->num_ctx, G_MAXUINT32, &settings.num_ctx,
                                 error) ||
      !read_number_or_auto ("--parallel", options->parallel, 1, HR_MAX_PARALLEL, &parallel,
                            error) ||
      !headroom_cli_parse_count ("--num-batch", options->num_batch, HR_MAX_NUM_BATCH,
                                 &settings.num_batch, error) ||
      !read_number_or_auto ("--gpu-layers", options->gpu_layers, 0, G_MAXINT32, &gpu_layers,
                            error) ||
      !headroom_cli_parse_kv_type (options->kv_type, &settings.kv_type, error))
    return FALSE;
  if (options->reserve != -1 && (options->reserve < 0 || options->reserve > 100)) {
    g_set_error (error, HR_ERROR, HR_ERROR_SETTINGS,
                 _("--reserve is %" PRId64 "; it can be 0 to 100 percent"), options->reserve);
    return FALSE;
  }
  settings.parallel = (guint32) parallel;
  settings.gpu_layers = (gint32) gpu_layers;
  *ret_settings = settings;
  return TRUE;
}

typedef struct {
  HrModel *model;
  HrSettings settings;
  HrDevice devices[HR_MAX_DEVICES];
  gsize n_devices;
  gboolean here; /* they are this machine's */
} Question;

static void
print_json (const char *name, Question *q, HeadroomFit *fit, gboolean recommend)
{
  g_autoptr (HrValue) json = headroom_plan_to_json (name, q->model, fit);

  headroom_gpu_add_to_json (json, fit->plan, q->here);
  if (recommend) {
    g_autoptr (GArray) stops =
        headroom_landscape_new (q->model, &q->settings, q->devices, q->n_devices);
    g_autoptr (GArray) list = headroom_recommend (q->model, &q->settings, q->devices, q->n_devices);
    hr_value_set (json, "landscape", headroom_landscape_to_json (stops));
    hr_value_set (json, "recommend", headroom_recommend_to_json (list));
  }
  headroom_cli_print_json (json, FALSE);
}

static void
print_text (const char *name, Question *q, HeadroomFit *fit, gboolean recommend)
{
  headroom_plan_print (name, q->model, fit, q->here);
  if (recommend) {
    g_autoptr (GArray) stops =
        headroom_landscape_new (q->model, &q->settings, q->devices, q->n_devices);
    g_autoptr (GArray) list = headroom_recommend (q->model, &q->settings, q->devices, q->n_devices);
    headroom_plan_print_landscape (stops);
    headroom_plan_print_recommend (list);
  }
}

static int
plan_model (const char *name, const PlanOptions *options, GError **error)
{
  Question q = { 0 };
  g_autoptr (HrModel) model = NULL;
  g_autoptr (HeadroomFit) fit = NULL;
  g_autoptr (GError) misfit = NULL;

  if (!read_settings (options, &q.settings, error) ||
      !headroom_device_specs_parse ((const char *const *) options->devices, (int) options->reserve,
                                    q.devices, HR_MAX_DEVICES, &q.n_devices, error))
    return HEADROOM_EXIT_USAGE;
  model = headroom_cli_open_shape (name, options->weights, &q.settings.weights_bytes, error);
  if (model == NULL)
    return HEADROOM_EXIT_FAILURE;
  q.model = model;
  q.here = options->devices == NULL;
  fit = headroom_fit_new (model, &q.settings, q.devices, q.n_devices, error);
  if (fit == NULL)
    return HEADROOM_EXIT_FAILURE;
  (options->json ? print_json : print_text) (name, &q, fit, options->recommend);
  return hr_plan_fits (fit->plan, &misfit) ? HEADROOM_EXIT_OK : headroom_cli_fail (misfit);
}

int
headroom_cmd_plan (int argc, char **argv)
{
  g_auto (PlanOptions)
      options = { .num_ctx = HEADROOM_NOT_GIVEN, .num_batch = HEADROOM_NOT_GIVEN, .reserve = -1 };
  const GOptionEntry entries[] = {
    { "num-ctx", 'c', 0, G_OPTION_ARG_INT64, &options.num_ctx,
      N_("Context length in tokens, of each slot"), "N" },
    { "parallel", 0, 0, G_OPTION_ARG_STRING, &options.parallel, N_("Answers at once"), "N|auto" },
    { "num-batch", 0, 0, G_OPTION_ARG_INT64, &options.num_batch,
      N_("Prompt tokens read in one step"), "N" },
    { "kv-type", 0, 0, G_OPTION_ARG_STRING, &options.kv_type,
      N_("Type of the cache: f32, f16, q8_0 or q4_0"), N_("TYPE") },
    { "gpu-layers", 0, 0, G_OPTION_ARG_STRING, &options.gpu_layers, N_("Layers on GPUs"),
      "N|auto" },
    { "reserve", 0, 0, G_OPTION_ARG_INT64, &options.reserve,
      N_("Memory kept for other programs, in percent of a device"), "N" },
    { "device", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.devices,
      N_("A device to plan for instead of this machine’s; may be repeated"),
      "[COUNTx]NAME:cpu|gpu:MEMORY[:BANDWIDTH[:COMPUTE[:BUS]]]" },
    { "weights", 0, 0, G_OPTION_ARG_STRING, &options.weights,
      N_("Quantisation of a model of the catalogue, or the size of all weights"),
      N_("TYPE|BYTES") },
    { "recommend", 0, 0, G_OPTION_ARG_NONE, &options.recommend,
      N_("Also show other contexts, and how many answers at once are best"), NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, N_("Print the whole plan as JSON"), NULL },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (GError) error = NULL;
  int status;

  if (!headroom_cli_parse (
          entries, _("MODEL|FILE|CATALOGUE-NAME"),
          _("Shows what running a model takes, before it is run.\nExit status 3: it does not fit."),
          1, 1, &argc, &argv))
    return HEADROOM_EXIT_USAGE;
  status = plan_model (argv[1], &options, &error);
  return error != NULL ? headroom_cli_fail (error) : status;
}
