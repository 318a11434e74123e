/* headroom-cmd-program.c: headroom debug program MODEL|FILE|CATALOGUE-NAME [--json]
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a step makes a GPU do, layer by layer: how often something is dispatched, how often that has
 * to wait for what was written before, and the bytes that are read. Counted by the code that
 * records the work, so no GPU is needed.
 */
#include "headroom-cmd-debug.h"

#include "headroom-cli-text.h"
#include "headroom-json.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

/* What attention's parts are put together by, where the positions are shared out. */
#define REDUCE "reduce"

typedef struct {
  char *device, *weights, *kv_type;
  gint64 tokens, slots, outputs, depth;
  gboolean json;
} ProgramOptions;

static void
clear_options (ProgramOptions *options)
{
  g_free (options->device);
  g_free (options->weights);
  g_free (options->kv_type);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ProgramOptions, clear_options)

typedef struct {
  guint dispatches, reduces, barriers;
  guint64 weight_bytes, cache_bytes;
} Sum;

static void
add (Sum *sum, const HrGpuDispatch *d)
{
  gboolean reduces = strstr (d->shader, REDUCE) != NULL;

  sum->dispatches += !reduces;
  sum->reduces += reduces;
  sum->barriers += d->waits;
  sum->weight_bytes += d->weight_bytes;
  sum->cache_bytes += d->cache_bytes;
}

static Sum
sum_up (const GArray *dispatches, guint begin, guint end)
{
  Sum sum = { 0 };

  for (guint i = begin; i < end; i++)
    add (&sum, &g_array_index (dispatches, HrGpuDispatch, i));
  return sum;
}

/* The end of the dispatches that belong to the layer of the one at begin. */
static guint
end_of_layer (const GArray *dispatches, guint begin)
{
  guint end = begin + 1;

  while (end < dispatches->len && g_array_index (dispatches, HrGpuDispatch, end).layer ==
                                      g_array_index (dispatches, HrGpuDispatch, begin).layer)
    end++;
  return end;
}

/* ---- JSON ---- */

static HrValue *
sum_to_value (const Sum *sum)
{
  HrValue *dict = hr_value_new_dict ();

  headroom_json_set_int (dict, "dispatches", sum->dispatches);
  headroom_json_set_int (dict, "reduces", sum->reduces);
  headroom_json_set_int (dict, "barriers", sum->barriers);
  headroom_json_set_int (dict, "weight_bytes", (gint64) sum->weight_bytes);
  headroom_json_set_int (dict, "cache_bytes", (gint64) sum->cache_bytes);
  return dict;
}

static HrValue *
dispatch_to_value (const HrGpuDispatch *d)
{
  HrValue *dict = hr_value_new_dict ();

  headroom_json_set_string (dict, "shader", d->shader);
  headroom_json_set_string (dict, "op", d->op);
  headroom_json_set_int (dict, "groups", d->groups);
  hr_value_set (dict, "waits", hr_value_new_bool (d->waits));
  headroom_json_set_int (dict, "weight_bytes", (gint64) d->weight_bytes);
  headroom_json_set_int (dict, "cache_bytes", (gint64) d->cache_bytes);
  return dict;
}

static HrValue *
layer_to_value (const GArray *dispatches, guint begin, guint end)
{
  Sum sum = sum_up (dispatches, begin, end);
  HrValue *dict = sum_to_value (&sum);
  HrValue *list = hr_value_new_list ();

  headroom_json_set_int (dict, "layer", g_array_index (dispatches, HrGpuDispatch, begin).layer);
  for (guint i = begin; i < end; i++)
    hr_value_append (list, dispatch_to_value (&g_array_index (dispatches, HrGpuDispatch, i)));
  hr_value_set (dict, "list", list);
  return dict;
}

static void
print_json (const HrPlan *plan, const HrStepShape *shape, const GArray *dispatches)
{
  g_autoptr (HrValue) dict = hr_value_new_dict ();
  HrValue *layers = hr_value_new_list ();
  Sum sum = sum_up (dispatches, 0, dispatches->len);

  headroom_json_set_int (dict, "tokens", shape->n_tokens);
  headroom_json_set_int (dict, "slots", shape->n_slots);
  headroom_json_set_int (dict, "outputs", shape->n_outputs);
  headroom_json_set_int (dict, "depth", shape->depth);
  headroom_json_set_int (dict, "matrix_bytes", (gint64) hr_plan_get_matrix_bytes (plan));
  for (guint begin = 0, end; begin < dispatches->len; begin = end) {
    end = end_of_layer (dispatches, begin);
    hr_value_append (layers, layer_to_value (dispatches, begin, end));
  }
  hr_value_set (dict, "layers", layers);
  hr_value_set (dict, "total", sum_to_value (&sum));
  headroom_cli_print_json (dict, FALSE);
}

/* ---- Text ---- */

#define N_COLUMNS 5

static void
add_row (GPtrArray *cells, char *take_name, const Sum *sum)
{
  g_ptr_array_add (cells, take_name);
  g_ptr_array_add (cells, sum->reduces > 0
                              ? g_strdup_printf ("%u + %u", sum->dispatches, sum->reduces)
                              : g_strdup_printf ("%u", sum->dispatches));
  g_ptr_array_add (cells, g_strdup_printf ("%u", sum->barriers));
  g_ptr_array_add (cells, headroom_text_memory (sum->weight_bytes));
  g_ptr_array_add (cells, headroom_text_memory (sum->cache_bytes));
}

static void
print_text (const HrPlan *plan, const GArray *dispatches)
{
  g_autoptr (GPtrArray) cells = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *matrices = headroom_text_memory (hr_plan_get_matrix_bytes (plan));
  const char *headings[N_COLUMNS] = { _("LAYER"), _("DISPATCHES"), _("WAITS"), _("WEIGHTS"),
                                      _("CACHE") };
  Sum sum = sum_up (dispatches, 0, dispatches->len);

  for (guint i = 0; i < N_COLUMNS; i++)
    g_ptr_array_add (cells, g_strdup (headings[i]));
  for (guint begin = 0, end; begin < dispatches->len; begin = end) {
    gint32 layer = g_array_index (dispatches, HrGpuDispatch, begin).layer;
    Sum of_layer;
    end = end_of_layer (dispatches, begin);
    of_layer = sum_up (dispatches, begin, end);
    add_row (cells, layer < 0 ? g_strdup (_("output")) : g_strdup_printf ("%d", layer), &of_layer);
  }
  add_row (cells, g_strdup (_("all")), &sum);
  headroom_cli_print_table ((const char *const *) cells->pdata, cells->len, N_COLUMNS);
  g_print (_("All matrices of these layers are %s."), matrices);
  g_print ("\n");
}

/* ---- The command ---- */

/* 0 where it is not given, so that depth may be 0. */
static gboolean
read_shape (const ProgramOptions *options, HrStepShape *ret, GError **error)
{
  HrStepShape shape = { 0 };

  if (!headroom_cli_parse_count ("--tokens", options->tokens, HR_MAX_NUM_BATCH, &shape.n_tokens,
                                 error) ||
      !headroom_cli_parse_count ("--slots", options->slots, HR_MAX_PARALLEL, &shape.n_slots,
                                 error) ||
      !headroom_cli_parse_count ("--outputs", options->outputs, HR_MAX_PARALLEL, &shape.n_outputs,
                                 error) ||
      !headroom_cli_parse_count ("--depth", options->depth, G_MAXINT32, &shape.depth, error))
    return FALSE;
  shape.n_slots = MAX (shape.n_slots, 1);
  shape.n_tokens = MAX (shape.n_tokens, shape.n_slots);
  shape.n_outputs = MAX (shape.n_outputs, shape.n_slots);
  *ret = shape;
  return TRUE;
}

static gboolean
print_program (const char *name, const ProgramOptions *options, GError **error)
{
  HrSettings settings = { .gpu_layers = -1 };
  const HrDevice host = { .kind = HR_DEVICE_CPU, .name = "CPU" };
  HrStepShape shape;
  g_autoptr (HrModel) model = NULL;
  g_autoptr (HrPlan) plan = NULL;
  g_autoptr (GArray) dispatches = NULL;

  if (!read_shape (options, &shape, error) ||
      !headroom_cli_parse_kv_type (options->kv_type, &settings.kv_type, error))
    return FALSE;
  model = headroom_cli_open_shape (name, options->weights, &settings.weights_bytes, error);
  if (model == NULL)
    return FALSE;
  settings.parallel = shape.n_slots;
  settings.num_batch = MAX (shape.n_tokens, HR_DEFAULT_NUM_BATCH);
  plan = hr_plan_new (model, &settings, &host, 1, error);
  dispatches = plan != NULL ? hr_plan_list_dispatches (plan, &shape, error) : NULL;
  if (dispatches == NULL)
    return FALSE;
  if (options->json)
    print_json (plan, &shape, dispatches);
  else
    print_text (plan, dispatches);
  return TRUE;
}

int
headroom_cmd_program (int argc, char **argv)
{
  g_auto (ProgramOptions) options = { .tokens = HEADROOM_NOT_GIVEN,
                                      .slots = HEADROOM_NOT_GIVEN,
                                      .outputs = HEADROOM_NOT_GIVEN,
                                      .depth = HEADROOM_NOT_GIVEN };
  const GOptionEntry entries[] = {
    { "device", 0, 0, G_OPTION_ARG_STRING, &options.device, N_("What would run it: gpu"), "gpu" },
    { "weights", 0, 0, G_OPTION_ARG_STRING, &options.weights,
      N_("Quantisation of a model of the catalogue, or the size of all weights"),
      N_("TYPE|BYTES") },
    { "kv-type", 0, 0, G_OPTION_ARG_STRING, &options.kv_type,
      N_("Type of the cache: f32, f16, q8_0 or q4_0"), N_("TYPE") },
    { "tokens", 0, 0, G_OPTION_ARG_INT64, &options.tokens,
      N_("Tokens of the step (default: one for each answer)"), "N" },
    { "slots", 0, 0, G_OPTION_ARG_INT64, &options.slots, N_("Answers at once (default: 1)"), "N" },
    { "outputs", 0, 0, G_OPTION_ARG_INT64, &options.outputs,
      N_("Tokens whose scores are wanted (default: one for each answer)"), "N" },
    { "depth", 0, 0, G_OPTION_ARG_INT64, &options.depth,
      N_("Positions that each answer holds already (default: 0)"), "N" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, N_("Print as JSON"), NULL },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (GError) error = NULL;

  if (!headroom_cli_parse (entries, _("MODEL|FILE|CATALOGUE-NAME"),
                           _("Counts what a step makes a GPU do, layer by layer."), 1, 1, &argc,
                           &argv))
    return HEADROOM_EXIT_USAGE;
  if (options.device != NULL && !g_str_equal (options.device, "gpu")) {
    headroom_cli_complain (_("--device is %s; it can be gpu"), options.device);
    return HEADROOM_EXIT_USAGE;
  }
  return print_program (argv[1], &options, &error) ? HEADROOM_EXIT_OK : headroom_cli_fail (error);
}
