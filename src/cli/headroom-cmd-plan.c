/* headroom-cmd-plan.c: headroom plan MODEL|FILE
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Prints the plan that the loader would allocate. Exit status 3 where it does not fit.
 */
#include "headroom-cli.h"

#include "headroom-cli-text.h"
#include "headroom-json.h"
#include "headroom-plan.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <stdio.h>

#define MAX_DEVICES 16

static HrValue *
dup_settings (const HrPlan *plan)
{
  const HrSettings *settings = hr_plan_get_settings (plan);
  HrValue *dict = hr_value_new_dict ();

  headroom_json_set_int (dict, "num_ctx", settings->num_ctx);
  headroom_json_set_int (dict, "parallel", settings->parallel);
  headroom_json_set_int (dict, "num_batch", settings->num_batch);
  headroom_json_set_string (dict, "kv_type", hr_kv_type_name (settings->kv_type));
  headroom_json_set_int (dict, "gpu_layers", settings->gpu_layers);
  return dict;
}

static HrValue *
dup_devices (const HrPlan *plan)
{
  HrValue *list = hr_value_new_list ();

  for (gsize i = 0; i < hr_plan_n_devices (plan); i++) {
    const HrDevice *device = hr_plan_get_device (plan, i);
    HrValue *dict = hr_value_new_dict ();
    headroom_json_set_string (dict, "name", device->name);
    headroom_json_set_string (dict, "kind", device->kind == HR_DEVICE_GPU ? "gpu" : "cpu");
    headroom_json_set_int (dict, "total", (gint64) device->total);
    headroom_json_set_int (dict, "free", (gint64) device->free);
    headroom_json_set_int (dict, "reserve", (gint64) device->reserve);
    headroom_json_set_int (dict, "used", (gint64) hr_plan_get_device_bytes (plan, i));
    hr_value_append (list, dict);
  }
  return list;
}

static HrValue *
dup_items (const HrPlan *plan)
{
  HrValue *list = hr_value_new_list ();

  for (gsize i = 0; i < hr_plan_n_items (plan); i++) {
    const HrPlanItem *item = hr_plan_get_item (plan, i);
    HrValue *dict = hr_value_new_dict ();
    headroom_json_set_string (dict, "kind", hr_item_kind_name (item->kind));
    headroom_json_set_string (dict, "name", item->name);
    headroom_json_set_int (dict, "layer", item->layer);
    headroom_json_set_string (dict, "device", hr_plan_get_device (plan, item->device)->name);
    headroom_json_set_int (dict, "bytes", (gint64) item->bytes);
    hr_value_append (list, dict);
  }
  return list;
}

static HrValue *
dup_bytes (const HrPlan *plan)
{
  HrValue *dict = hr_value_new_dict ();

  for (int kind = 0; kind < HR_ITEM_N_KINDS; kind++)
    headroom_json_set_int (dict, hr_item_kind_name (kind), (gint64) hr_plan_get_bytes (plan, kind));
  headroom_json_set_int (dict, "total", (gint64) hr_plan_get_bytes (plan, HR_ITEM_N_KINDS));
  return dict;
}

/* What the planner did not take as it was asked for; a list of sentences. */
static HrValue *
dup_steps (const HrModel *model, const HrPlan *plan, const HrSettings *asked)
{
  guint32 num_ctx = hr_plan_get_settings (plan)->num_ctx;
  HrValue *list = hr_value_new_list ();

  if (asked->num_ctx > num_ctx) {
    g_autofree char *text = g_strdup_printf (_("num_ctx is %u instead of %u: the model was trained for %u."), num_ctx, asked->num_ctx,
                                             hr_model_get_info (model)->n_ctx_train);
    hr_value_append (list, hr_value_new_string (text, -1, true));
  }
  return list;
}

static void
print_json (const char *name, const HrModel *model, const HrPlan *plan, HrValue *steps, gboolean fits)
{
  g_autoptr (HrValue) dict = hr_value_new_dict ();
  HrValue *layers = hr_value_new_dict ();
  gint64 n_gpu = hr_plan_get_settings (plan)->gpu_layers;

  headroom_json_set_string (dict, "model", name);
  hr_value_set (dict, "settings", dup_settings (plan));
  headroom_json_set_bool (dict, "fits", fits);
  hr_value_set (dict, "devices", dup_devices (plan));
  hr_value_set (dict, "items", dup_items (plan));
  hr_value_set (dict, "bytes", dup_bytes (plan));
  headroom_json_set_int (dict, "cache_bytes_per_token", (gint64) hr_plan_get_cache_bytes_per_token (plan));
  headroom_json_set_int (layers, "gpu", n_gpu);
  headroom_json_set_int (layers, "cpu", hr_model_get_info (model)->n_layer - n_gpu);
  hr_value_set (dict, "layers", layers);
  hr_value_set (dict, "steps", hr_value_ref (steps));
  headroom_cli_print_json (dict, FALSE);
}

/* What each kind of memory is for, in the plan's order. */
static const char *const kind_labels[HR_ITEM_N_KINDS] = {
  [HR_ITEM_WEIGHTS] = N_ ("weights, mapped from the file"),
  [HR_ITEM_CACHE] = N_ ("cache of keys and values, filled as text comes"),
  [HR_ITEM_COMPUTE] = N_ ("working memory of the largest step"),
  [HR_ITEM_OUTPUT] = N_ ("scores of the next token"),
  [HR_ITEM_PROJECTOR] = N_ ("the part that reads images"),
  [HR_ITEM_STAGING] = N_ ("rows on their way between devices"),
  [HR_ITEM_DRIVER] = N_ ("what the graphics driver takes"),
};

static void
print_bytes (const char *label, guint64 bytes)
{
  g_autofree char *text = headroom_text_memory (bytes);

  printf ("  %12s  %s\n", text, label);
}

static void
print_devices (const HrPlan *plan)
{
  for (gsize i = 0; i < hr_plan_n_devices (plan); i++) {
    const HrDevice *device = hr_plan_get_device (plan, i);
    g_autofree char *used = headroom_text_memory (hr_plan_get_device_bytes (plan, i));
    g_autofree char *available = headroom_text_memory (device->free);
    g_autofree char *reserve = headroom_text_memory (device->reserve);
    /* Translators: a device's name, then three amounts of memory. */
    printf (_("%s: %s of %s available, of which %s are kept for others"), device->name, used, available, reserve);
    printf ("\n");
  }
}

static void
print_text (const char *name, const HrPlan *plan, const HrValue *steps)
{
  const HrSettings *s = hr_plan_get_settings (plan);
  g_autofree char *per_token = headroom_text_memory (hr_plan_get_cache_bytes_per_token (plan));

  printf ("%s  num_ctx %u × parallel %u, num_batch %u, kv_type %s\n\n", name, s->num_ctx, s->parallel, s->num_batch,
          hr_kv_type_name (s->kv_type));
  for (int kind = 0; kind < HR_ITEM_N_KINDS; kind++)
    if (kind < HR_ITEM_PROJECTOR || hr_plan_get_bytes (plan, kind) > 0)
      print_bytes (_(kind_labels[kind]), hr_plan_get_bytes (plan, kind));
  print_bytes (_("in all"), hr_plan_get_bytes (plan, HR_ITEM_N_KINDS));
  printf ("\n");
  printf (_("One more token of context takes %s of cache."), per_token);
  printf ("\n");
  print_devices (plan);
  for (gsize i = 0; i < hr_value_size (steps); i++)
    printf ("%s\n", hr_value_get_string (hr_value_at (steps, i), NULL));
}

typedef struct {
  gint64 num_ctx, parallel, num_batch, reserve;
  char *kv_type;
  gboolean json;
} PlanOptions;

static void
clear_options (PlanOptions *options)
{
  g_free (options->kv_type);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PlanOptions, clear_options)

static gboolean
read_settings (const PlanOptions *options, HrSettings *ret_settings, GError **error)
{
  HrSettings settings = { .gpu_layers = -1 };

  if (!headroom_cli_parse_count ("--num-ctx", options->num_ctx, G_MAXUINT32, &settings.num_ctx, error) ||
      !headroom_cli_parse_count ("--parallel", options->parallel, HR_MAX_PARALLEL, &settings.parallel, error) ||
      !headroom_cli_parse_count ("--num-batch", options->num_batch, HR_MAX_NUM_BATCH, &settings.num_batch, error) ||
      !headroom_cli_parse_kv_type (options->kv_type, &settings.kv_type, error))
    return FALSE;
  if (options->reserve < -1 || options->reserve > 100) {
    g_set_error (error, HR_ERROR, HR_ERROR_SETTINGS, _("--reserve is %" PRId64 "; it can be 0 to 100 percent"),
                 options->reserve);
    return FALSE;
  }
  *ret_settings = settings;
  return TRUE;
}

static int
plan_model (const char *name, const PlanOptions *options, GError **error)
{
  HrDevice devices[MAX_DEVICES];
  gsize n_devices = hr_devices_probe (devices, G_N_ELEMENTS (devices));
  HrSettings settings;
  g_autoptr (HrModel) model = NULL;
  g_autoptr (HrPlan) plan = NULL;
  g_autoptr (HrValue) steps = NULL;
  g_autoptr (GError) misfit = NULL;
  gboolean fits;

  if (!read_settings (options, &settings, error) || (model = headroom_cli_open_model (name, error)) == NULL)
    return HEADROOM_EXIT_FAILURE;
  for (gsize i = 0; options->reserve >= 0 && i < n_devices; i++)
    devices[i].reserve = devices[i].total / 100 * (guint64) options->reserve;
  plan = headroom_plan_new (model, &settings, devices, n_devices, error);
  if (plan == NULL)
    return HEADROOM_EXIT_FAILURE;
  steps = dup_steps (model, plan, &settings);
  fits = hr_plan_fits (plan, &misfit);
  if (options->json)
    print_json (name, model, plan, steps, fits);
  else
    print_text (name, plan, steps);
  return fits ? HEADROOM_EXIT_OK : headroom_cli_fail (misfit);
}

int
headroom_cmd_plan (int argc, char **argv)
{
  g_auto (PlanOptions) options = { .num_ctx = HEADROOM_NOT_GIVEN, .parallel = HEADROOM_NOT_GIVEN,
                          .num_batch = HEADROOM_NOT_GIVEN, .reserve = -1 };
  const GOptionEntry entries[] = {
    { "num-ctx", 'c', 0, G_OPTION_ARG_INT64, &options.num_ctx, N_ ("Context length in tokens"), "N" },
    { "parallel", 0, 0, G_OPTION_ARG_INT64, &options.parallel, N_ ("Answers at once"), "N" },
    { "num-batch", 0, 0, G_OPTION_ARG_INT64, &options.num_batch, N_ ("Prompt tokens read in one step"), "N" },
    { "kv-type", 0, 0, G_OPTION_ARG_STRING, &options.kv_type, N_ ("Type of the cache: f32, f16, q8_0 or q4_0"), N_ ("TYPE") },
    { "reserve", 0, 0, G_OPTION_ARG_INT64, &options.reserve, N_ ("Memory kept for other programs, in percent of a device"), "N" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, N_ ("Print the whole plan as JSON"), NULL },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (GError) error = NULL;
  int status;

  if (!headroom_cli_parse (entries, _("MODEL|FILE"),
                           _("Shows what running a model takes, before it is run.\nExit status 3: it does not fit."), 1, 1, &argc, &argv))
    return HEADROOM_EXIT_USAGE;
  status = plan_model (argv[1], &options, &error);
  return error != NULL ? headroom_cli_fail (error) : status;
}
