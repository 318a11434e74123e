/* headroom-cmd-bench.c: headroom bench, and headroom bench speed
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cli-bench.h"

#include "headroom-bench-share.h"
#include "headroom-device-spec.h"
#include "headroom-gpu-rates.h"
#include "headroom-gpu-reason.h"
#include "headroom-json.h"
#include "headroom-machine-rates.h"
#include "headroom-predict.h"

#include <glib/gi18n.h>
#include <stdio.h>

#define SEED 1          /* the same token ids every time */
#define MAX_COUNT 1048576

typedef struct {
  char *model, *prompts, *gens, *depths, *streams, *kv_type, *device;
  gint64 threads, rounds;
  gboolean json;
} SpeedArgs;

static void
clear_args (SpeedArgs *args)
{
  g_free (args->model);
  g_free (args->prompts);
  g_free (args->gens);
  g_free (args->depths);
  g_free (args->streams);
  g_free (args->kv_type);
  g_free (args->device);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SpeedArgs, clear_args)

/* Every depth with every prompt, and with every length of answer in every number of streams. */
static GArray *
list_cases (GArray *prompts, GArray *gens, GArray *depths, GArray *streams)
{
  GArray *cases = g_array_new (FALSE, TRUE, sizeof (HeadroomBenchCase));

  for (guint d = 0; d < depths->len; d++) {
    guint32 depth = g_array_index (depths, guint32, d);
    for (guint p = 0; p < prompts->len; p++) {
      HeadroomBenchCase c = { .n_prompt = g_array_index (prompts, guint32, p),
                              .n_depth = depth,
                              .n_streams = 1 };
      if (c.n_prompt > 0)
        g_array_append_val (cases, c);
    }
    for (guint g = 0; g < gens->len; g++)
      for (guint s = 0; s < streams->len; s++) {
        HeadroomBenchCase c = { .n_gen = g_array_index (gens, guint32, g), .n_depth = depth,
                                .n_streams = g_array_index (streams, guint32, s) };
        if (c.n_gen > 0 && c.n_streams > 0)
          g_array_append_val (cases, c);
      }
  }
  return cases;
}

static GArray *
parse_cases (const SpeedArgs *args, GError **error)
{
  g_autoptr (GArray) prompts =
      headroom_bench_parse_counts ("-p", args->prompts ? args->prompts : "512", 0, MAX_COUNT,
                                   error);
  g_autoptr (GArray) gens =
      prompts
          ? headroom_bench_parse_counts ("-n", args->gens ? args->gens : "64", 0, MAX_COUNT, error)
          : NULL;
  g_autoptr (GArray) depths =
      gens ? headroom_bench_parse_counts ("-d", args->depths ? args->depths : "0", 0, MAX_COUNT,
                                          error)
           : NULL;
  g_autoptr (GArray) streams =
      depths ? headroom_bench_parse_counts ("-s", args->streams ? args->streams : "1", 0,
                                            HR_MAX_PARALLEL, error)
             : NULL;

  return streams != NULL ? list_cases (prompts, gens, depths, streams) : NULL;
}

/* NULL: as the planner decides. */
static gboolean
read_device (const char *device, gint32 *ret_layers, GError **error)
{
  if (device == NULL || g_str_equal (device, "auto"))
    *ret_layers = -1;
  else if (g_str_equal (device, "cpu"))
    *ret_layers = 0;
  else if (g_str_equal (device, "gpu"))
    *ret_layers = G_MAXINT32;
  else {
    g_set_error (error, HR_ERROR, HR_ERROR_SETTINGS,
                 _("--device is %s; it can be cpu, gpu or auto"), device);
    return FALSE;
  }
  return TRUE;
}

/* Who asks for a GPU gets all layers there, or is told why not. */
static gboolean
check_device (const char *device, const HrPlan *plan, GError **error)
{
  g_autofree char *reason = headroom_gpu_reason (plan, TRUE);

  if (g_strcmp0 (device, "gpu") != 0 || reason == NULL)
    return TRUE;
  g_set_error_literal (error, HR_ERROR, HR_ERROR_UNSUPPORTED, reason);
  return FALSE;
}

/* Those whose bandwidth is not known yet are measured. */
static void
rate_gpus (HrRunner *runner)
{
  if (hr_plan_get_settings (hr_runner_get_plan (runner))->gpu_layers > 0)
    headroom_gpu_rates_ensure ();
}

static HrRunner *
load (const SpeedArgs *args, GArray *cases, GError **error)
{
  HrSettings settings = { .gpu_layers = -1, .num_ctx = 1, .parallel = 1 };
  g_autoptr (HrModel) model = NULL;
  HrDevice devices[HR_MAX_DEVICES];
  g_autoptr (HrPlan) plan = NULL;
  g_autoptr (HrRunner) runner = NULL;

  for (guint i = 0; i < cases->len; i++) {
    const HeadroomBenchCase *c = &g_array_index (cases, HeadroomBenchCase, i);
    settings.num_ctx = MAX (settings.num_ctx, headroom_bench_case_num_ctx (c));
    settings.parallel = MAX (settings.parallel, c->n_streams);
  }
  if (!headroom_cli_parse_count ("-t", args->threads, G_MAXUINT16, &settings.threads, error) ||
      !headroom_cli_parse_kv_type (args->kv_type, &settings.kv_type, error) ||
      !read_device (args->device, &settings.gpu_layers, error) ||
      (model = headroom_cli_open_model (args->model, error)) == NULL)
    return NULL;
  if (!hr_model_is_runnable (model, error))
    return NULL;
  plan = hr_plan_new (model, &settings, devices, hr_devices_probe (devices, G_N_ELEMENTS (devices)),
                      error);
  if (plan == NULL || !check_device (args->device, plan, error) ||
      (runner = hr_runner_new (model, plan, FALSE, NULL, NULL, error)) == NULL)
    return NULL;
  rate_gpus (runner);
  return g_steal_pointer (&runner);
}

static gint
compare_doubles (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a;
  double y = *(const double *) b;

  return (x > y) - (x < y);
}

/* The median of the rounds, or a negative number. */
static double
measure (HrRunner *runner, GRand *rand, const HeadroomBenchCase *c, gint64 rounds, GError **error)
{
  g_autoptr (GArray) rates = g_array_new (FALSE, FALSE, sizeof (double));

  for (gint64 i = 0; i < rounds; i++) {
    double rate = headroom_bench_run (runner, rand, c, error);
    if (rate < 0)
      return rate;
    g_array_append_val (rates, rate);
  }
  g_array_sort (rates, compare_doubles);
  return g_array_index (rates, double, rates->len / 2);
}

static void
print_case (const HeadroomBenchCase *c, double rate, const HeadroomBenchShare *share)
{
  g_autofree char *kind = c->n_gen > 0 ? g_strdup_printf (_("generate %u"), c->n_gen)
                                       : g_strdup_printf (_("read %u"), c->n_prompt);

  if (share->gpu_read > 0) {
    /* Translators: what is timed, the tokens before it, streams at once, the speed, and a share of
     * what was measured of the GPU. */
    printf (_("%-14s  depth %-6u  streams %-3u  %9.2f tokens/s  %3.0f %% of the GPU’s memory"),
            kind, c->n_depth, c->n_streams, rate, 100 * share->gpu_read);
    printf ("\n");
    fflush (stdout);
    return;
  }
  /* Translators: what is timed, the tokens before it, streams at once, the speed, and shares of
   * what memory and processor reach. */
  printf (
      _("%-14s  depth %-6u  streams %-3u  %9.2f tokens/s  %3.0f %% of memory, %3.0f %% of arithmetic"),
      kind, c->n_depth, c->n_streams, rate, 100 * share->read, 100 * share->compute);
  printf ("\n");
  fflush (stdout);
}

/* What the plan says with the rates that were measured just now, for tokens of all streams. */
static double
predict (HrModel *model, const HrPlan *plan, const HrMachineRates *machine,
         const HeadroomBenchCase *c)
{
  const HrSettings *settings = hr_plan_get_settings (plan);
  HrDevice devices[HR_MAX_DEVICES];
  gsize n = hr_plan_n_devices (plan);
  g_autoptr (HrPlan) rated = NULL;
  HeadroomPrediction predicted;

  for (gsize d = 0; d < n; d++) {
    devices[d] = *hr_plan_get_device (plan, d);
    if (devices[d].kind == HR_DEVICE_CPU)
      headroom_machine_rates_apply (machine, &devices[d].rates);
    else
      headroom_gpu_rates_apply (&devices[d]);
    headroom_device_assume_rates (&devices[d]);
  }
  rated = hr_plan_new (model, settings, devices, n, NULL);
  if (rated == NULL)
    return 0;
  if (c->n_gen == 0)
    return headroom_predict (rated, c->n_prompt, c->n_depth, 1).prompt_tokens_per_second;
  predicted = headroom_predict (rated, 1, c->n_depth + c->n_gen / 2, c->n_streams);
  return predicted.tokens_per_second * c->n_streams;
}

static HrValue *
case_to_value (const HeadroomBenchCase *c, double rate, double predicted,
               const HeadroomBenchShare *share)
{
  HrValue *dict = hr_value_new_dict ();

  headroom_json_set_int (dict, "n_prompt", c->n_prompt);
  headroom_json_set_int (dict, "n_gen", c->n_gen);
  headroom_json_set_int (dict, "n_depth", c->n_depth);
  headroom_json_set_int (dict, "n_streams", c->n_streams);
  headroom_json_set_float (dict, "tokens_per_second", rate);
  headroom_json_set_float (dict, "memory_share", share->read);
  headroom_json_set_float (dict, "gpu_memory_share", share->gpu_read);
  headroom_json_set_float (dict, "arithmetic_share", share->compute);
  headroom_json_set_float (dict, "predicted_tokens_per_second", predicted);
  return dict;
}

static gboolean
run_cases (HrRunner *runner, GArray *cases, const SpeedArgs *args, const HrMachineRates *machine,
           GError **error)
{
  const HrPlan *plan = hr_runner_get_plan (runner);
  const HrModelInfo *info = hr_model_get_info (hr_runner_get_model (runner));
  g_autoptr (GRand) rand = g_rand_new_with_seed (SEED);
  g_autoptr (HrValue) list = hr_value_new_list ();
  HeadroomBenchCase warm_up = { .n_gen = 2, .n_streams = 1 };

  if (headroom_bench_case_num_ctx (&warm_up) <=
          hr_plan_get_settings (hr_runner_get_plan (runner))->num_ctx &&
      headroom_bench_run (runner, rand, &warm_up, error) < 0)
    return FALSE;
  for (guint i = 0; i < cases->len; i++) {
    const HeadroomBenchCase *c = &g_array_index (cases, HeadroomBenchCase, i);
    double rate = measure (runner, rand, c, args->rounds, error);
    HeadroomBenchShare share;
    if (rate < 0)
      return FALSE;
    share = headroom_bench_share (plan, info, machine, c, rate);
    if (args->json)
      hr_value_append (list,
                       case_to_value (c, rate,
                                      predict (hr_runner_get_model (runner), plan, machine, c),
                                      &share));
    else
      print_case (c, rate, &share);
  }
  if (args->json)
    headroom_cli_print_json (list, FALSE);
  return TRUE;
}

static gboolean
bench_speed (const SpeedArgs *args, GError **error)
{
  g_autoptr (GArray) cases = parse_cases (args, error);
  g_autoptr (HrRunner) runner = NULL;
  HrMachineRates machine;

  if (cases == NULL || (runner = load (args, cases, error)) == NULL)
    return FALSE;
  return hr_machine_measure (hr_plan_get_settings (hr_runner_get_plan (runner))->threads, &machine,
                             error) &&
         run_cases (runner, cases, args, &machine, error);
}

static int
cmd_speed (int argc, char **argv)
{
  g_auto (SpeedArgs) args = { .threads = HEADROOM_NOT_GIVEN, .rounds = 1 };
  const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_STRING, &args.model, N_("The model"), N_("MODEL|FILE") },
    { "prompt", 'p', 0, G_OPTION_ARG_STRING, &args.prompts,
      N_("Tokens to read (default: 512; 0: do not time reading)"), "N[,N…]" },
    { "generate", 'n', 0, G_OPTION_ARG_STRING, &args.gens,
      N_("Tokens to generate (default: 64; 0: do not time it)"), "N[,N…]" },
    { "depth", 'd', 0, G_OPTION_ARG_STRING, &args.depths,
      N_("Tokens in the cache before (default: 0)"), "N[,N…]" },
    { "streams", 's', 0, G_OPTION_ARG_STRING, &args.streams, N_("Answers at once (default: 1)"),
      "N[,N…]" },
    { "threads", 't', 0, G_OPTION_ARG_INT64, &args.threads, N_("Threads (default: all cores)"),
      "N" },
    { "rounds", 'r', 0, G_OPTION_ARG_INT64, &args.rounds,
      N_("How often; the median counts (default: 1)"), "N" },
    { "kv-type", 0, 0, G_OPTION_ARG_STRING, &args.kv_type,
      N_("Type of the cache: f32, f16, q8_0 or q4_0"), N_("TYPE") },
    { "device", 0, 0, G_OPTION_ARG_STRING, &args.device,
      N_("Where all layers are: cpu or gpu (default: auto, as planned)"), "cpu|gpu|auto" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &args.json, N_("Print as JSON"), NULL },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (GError) error = NULL;

  if (!headroom_cli_parse (entries, "", _("Times reading prompts and generating answers."), 0, 0,
                           &argc, &argv))
    return HEADROOM_EXIT_USAGE;
  if (args.model == NULL || args.rounds < 1) {
    headroom_cli_complain (args.model == NULL ? _("--model says which model to time")
                                              : _("--rounds can be 1 or more"));
    return HEADROOM_EXIT_USAGE;
  }
  return bench_speed (&args, &error) ? HEADROOM_EXIT_OK : headroom_cli_fail (error);
}

static const HeadroomCommand kinds[] = {
  { "speed", "", N_("Tokens per second, reading and generating"), cmd_speed },
  { "latency", N_("MODEL"), N_("How long single requests through the API take"),
    headroom_cmd_bench_latency },
  { "throughput", N_("MODEL"), N_("How much several who ask at once are answered"),
    headroom_cmd_bench_throughput },
  { "sweep", N_("MODEL|FILE"), N_("What a setting costs and gives, value by value"),
    headroom_cmd_bench_sweep },
  { "tune", N_("MODEL|FILE"), N_("Looks for better settings within bounds"),
    headroom_cmd_bench_tune },
  { "suite", N_("MODEL|FILE…"), N_("All of these for several models, into one report"),
    headroom_cmd_bench_suite },
  { "compare", N_("A.json B.json"), N_("Whether two reports differ by more than noise"),
    headroom_cmd_bench_compare },
  { "machine", "", N_("What memory and processor reach on their own"),
    headroom_cmd_bench_machine },
  { NULL, NULL, NULL, NULL },
};

int
headroom_cmd_bench (int argc, char **argv)
{
  return headroom_cli_dispatch (kinds, "headroom bench", _("Measures how fast a model runs."),
                                argc, argv);
}
