/* headroom-cmd-bench-throughput.c: headroom bench throughput
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cli-bench.h"

#include "headroom-json.h"
#include "headroom-throughput.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <stdio.h>

#define DEFAULT_WORKERS "1,2,4,8,16,32"

typedef struct {
  char *host, *workers;
  gint64 words, generate;
  double seconds;
  gboolean json;
} ThroughputArgs;

static void
print_level (const HrValue *level, gboolean is_knee)
{
  g_autofree char *latency = headroom_bench_dup_summary (hr_value_lookup (level, "latency"), "ms");

  /* Translators: how many ask at once, tokens per second of all, requests that failed, then how
   * long answers took. */
  printf (_("%3" PRIi64 " workers  %9.1f tokens/s  %" PRIi64 " errors  %s%s"),
          headroom_json_get_int (level, "workers", 0),
          hr_value_get_float (hr_value_lookup (level, "tokens_per_sec")),
          headroom_json_get_int (level, "errors", 0), latency, is_knee ? _("  ← knee") : "");
  printf ("\n");
}

static void
print_report (const HrValue *report)
{
  HrValue *levels = hr_value_lookup (report, "levels");
  gint64 knee = headroom_json_get_int (report, "knee", 0);

  for (gsize i = 0; i < hr_value_size (levels); i++) {
    HrValue *level = hr_value_at (levels, i);
    print_level (level, headroom_json_get_int (level, "workers", 0) == knee);
  }
  headroom_bench_print_advice ("throughput", hr_value_ref ((HrValue *) report));
}

static gboolean
check (const ThroughputArgs *args, GError **error)
{
  return headroom_bench_check ("--seconds", args->seconds, 0.1, 3600, error) &&
         headroom_bench_check ("-p", (double) args->words, 1, 1 << 20, error) &&
         headroom_bench_check ("-n", (double) args->generate, 1, 1 << 20, error);
}

static int
measure (const char *model, const ThroughputArgs *args, GArray *workers, GError **error)
{
  g_auto (HeadroomBench) bench = { 0 };
  g_autofree char *name = args->host != NULL ? g_strdup (model)
                                             : headroom_cli_dup_served_name (model);
  HeadroomThroughputOptions options = { .model = name,
                                        .workers = (const guint32 *) (gpointer) workers->data,
                                        .n_levels = workers->len,
                                        .seconds = args->seconds,
                                        .n_words = (guint) args->words,
                                        .num_predict = args->generate };
  g_autoptr (HrValue) report = NULL;

  if (!headroom_bench_open (&bench, args->host, error))
    return HEADROOM_EXIT_FAILURE;
  report = headroom_throughput_measure (bench.client, &options, headroom_bench_progress,
                                        _("levels"), bench.cancellable, error);
  if (report == NULL)
    return HEADROOM_EXIT_FAILURE;
  return headroom_bench_tell (&bench, report, args->json, print_report);
}

static int
run (const char *model, const ThroughputArgs *args, GError **error)
{
  g_autoptr (GArray) workers = headroom_bench_parse_counts (
      "-w", args->workers != NULL ? args->workers : DEFAULT_WORKERS, 1,
      HEADROOM_THROUGHPUT_MAX_WORKERS, error);

  if (workers == NULL || !check (args, error))
    return HEADROOM_EXIT_FAILURE;
  return measure (model, args, workers, error);
}

int
headroom_cmd_bench_throughput (int argc, char **argv)
{
  ThroughputArgs args = { .words = 50, .generate = 64, .seconds = 10 };
  const GOptionEntry entries[] = {
    { "workers", 'w', 0, G_OPTION_ARG_STRING, &args.workers,
      N_("How many ask at once (default: 1,2,4,8,16,32)"), "N[,N…]" },
    { "seconds", 's', 0, G_OPTION_ARG_DOUBLE, &args.seconds,
      N_("How long with each number of workers (default: 10)"), "N" },
    { "prompt", 'p', 0, G_OPTION_ARG_INT64, &args.words, N_("Words of each prompt (default: 50)"),
      "N" },
    { "generate", 'n', 0, G_OPTION_ARG_INT64, &args.generate,
      N_("Tokens of an answer at most (default: 64)"), "N" },
    { "host", 0, 0, G_OPTION_ARG_STRING, &args.host,
      N_("Another server of the Ollama API (default: ours)"), N_("URL") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &args.json, N_("Print as JSON"), NULL },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (GError) error = NULL;
  int status;

  if (!headroom_cli_parse (entries, _("MODEL"),
                           _("Measures how much several who ask at once are answered together."), 1,
                           1, &argc, &argv))
    return HEADROOM_EXIT_USAGE;
  status = run (argv[1], &args, &error);
  g_free (args.host);
  g_free (args.workers);
  return error != NULL ? headroom_cli_fail (error) : status;
}
