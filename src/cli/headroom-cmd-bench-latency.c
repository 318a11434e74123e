/* headroom-cmd-bench-latency.c: headroom bench latency
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cli-bench.h"

#include "headroom-json.h"
#include "headroom-latency.h"

#include <glib/gi18n.h>
#include <stdio.h>

typedef struct {
  char *host;
  gint64 requests, words, generate, num_ctx;
  gboolean cold, json;
} LatencyArgs;

static void
print_line (const char *label, const HrValue *report, const char *key)
{
  g_autofree char *text = headroom_bench_dup_summary (hr_value_lookup (report, key), "ms");

  printf ("%-14s %s\n", label, text);
}

static void
print_report (const HrValue *report)
{
  HrValue *load = hr_value_lookup (report, "cold_load_ms");

  if (load != NULL)
    printf (_("%-14s %.0f ms\n"), _("cold load"), hr_value_get_float (load));
  print_line (_("whole answer"), report, "total");
  print_line (_("first byte"), report, "first_byte");
  print_line (_("per token"), report, "per_token");
}

static gboolean
check (const LatencyArgs *args, GError **error)
{
  return headroom_bench_check ("-r", (double) args->requests, 1, 100000, error) &&
         headroom_bench_check ("-p", (double) args->words, 1, 1 << 20, error) &&
         headroom_bench_check ("-n", (double) args->generate, 1, 1 << 20, error) &&
         headroom_bench_check ("--num-ctx", (double) args->num_ctx, 0, 1 << 24, error);
}

static int
measure (const char *model, const LatencyArgs *args, GError **error)
{
  g_auto (HeadroomBench) bench = { 0 };
  g_autofree char *name = args->host != NULL ? g_strdup (model)
                                             : headroom_cli_dup_served_name (model);
  HeadroomLatencyOptions options = { .model = name,
                                     .n_requests = (guint) args->requests,
                                     .n_words = (guint) args->words,
                                     .num_predict = args->generate,
                                     .num_ctx = args->num_ctx,
                                     .cold = args->cold };
  g_autoptr (HrValue) report = NULL;

  if (!headroom_bench_open (&bench, args->host, error))
    return HEADROOM_EXIT_FAILURE;
  report = headroom_latency_measure (bench.client, &options, headroom_bench_progress,
                                     _("requests"), bench.cancellable, error);
  if (report == NULL)
    return HEADROOM_EXIT_FAILURE;
  return headroom_bench_tell (&bench, report, args->json, print_report);
}

int
headroom_cmd_bench_latency (int argc, char **argv)
{
  LatencyArgs args = { .requests = 20, .words = 100, .generate = 64 };
  const GOptionEntry entries[] = {
    { "requests", 'r', 0, G_OPTION_ARG_INT64, &args.requests,
      N_("How many, one after another (default: 20)"), "N" },
    { "prompt", 'p', 0, G_OPTION_ARG_INT64, &args.words,
      N_("Words of each prompt (default: 100)"), "N" },
    { "generate", 'n', 0, G_OPTION_ARG_INT64, &args.generate,
      N_("Tokens of an answer at most (default: 64)"), "N" },
    { "num-ctx", 0, 0, G_OPTION_ARG_INT64, &args.num_ctx,
      N_("Tokens of context (default: the server's)"), "N" },
    { "cold", 0, 0, G_OPTION_ARG_NONE, &args.cold,
      N_("Unload the model first, even if it is in use, and time the load"), NULL },
    { "host", 0, 0, G_OPTION_ARG_STRING, &args.host,
      N_("Another server of the Ollama API (default: ours)"), N_("URL") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &args.json, N_("Print as JSON"), NULL },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (GError) error = NULL;
  int status;

  if (!headroom_cli_parse (entries, _("MODEL"),
                           _("Times single requests through the API, one after another."), 1, 1,
                           &argc, &argv))
    return HEADROOM_EXIT_USAGE;
  status = check (&args, &error) ? measure (argv[1], &args, &error) : HEADROOM_EXIT_FAILURE;
  g_free (args.host);
  return error != NULL ? headroom_cli_fail (error) : status;
}
