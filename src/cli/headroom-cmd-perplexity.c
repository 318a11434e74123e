/* headroom-cmd-perplexity.c: headroom perplexity MODEL|FILE TEXT
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cli.h"

#include "headroom-json.h"
#include "headroom-perplexity.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <unistd.h>

#define DEFAULT_CTX 512

typedef struct {
  gint64 ctx, chunks, threads;
  char *kv_type;
  gboolean json;
} PerplexityArgs;

static void
clear_args (PerplexityArgs *args)
{
  g_free (args->kv_type);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PerplexityArgs, clear_args)

static void
on_progress (guint done, guint total, double ppl, gpointer data)
{
  if (isatty (STDERR_FILENO))
    g_printerr ("\r%u/%u  %.4f%s", done, total, ppl, done == total ? "\n" : "");
}

static void
print_result (const HeadroomPerplexity *result, const HrRunner *runner, gboolean json)
{
  const HrSettings *settings = hr_plan_get_settings (hr_runner_get_plan (runner));
  g_autoptr (HrValue) dict = NULL;

  if (!json) {
    printf ("%.4f ± %.4f\n", result->ppl, result->error);
    return;
  }
  dict = hr_value_new_dict ();
  headroom_json_set_float (dict, "ppl", result->ppl);
  headroom_json_set_float (dict, "error", result->error);
  headroom_json_set_int (dict, "tokens", (gint64) result->n_tokens);
  headroom_json_set_int (dict, "chunks", result->n_chunks);
  headroom_json_set_int (dict, "ctx", result->window);
  headroom_json_set_string (dict, "kv_type", hr_kv_type_name (settings->kv_type));
  headroom_cli_print_json (dict, FALSE);
}

static gboolean
measure (const char *file, const char *text_file, const PerplexityArgs *args, GError **error)
{
  HrSettings settings = { .gpu_layers = -1,
                          .all_logits = TRUE,
                          .num_batch = HEADROOM_PERPLEXITY_BATCH };
  g_autoptr (HrModel) model = NULL;
  g_autoptr (HrRunner) runner = NULL;
  g_autofree char *text = NULL;
  HeadroomPerplexity result;
  guint32 n_chunks;
  gsize len;

  if (!headroom_cli_parse_count ("--ctx", args->ctx, G_MAXUINT32, &settings.num_ctx, error) ||
      !headroom_cli_parse_count ("--chunks", args->chunks, G_MAXUINT32, &n_chunks, error) ||
      !headroom_cli_parse_count ("--threads", args->threads, G_MAXUINT16, &settings.threads,
                                 error) ||
      !headroom_cli_parse_kv_type (args->kv_type, &settings.kv_type, error) ||
      (model = headroom_cli_open_model (file, error)) == NULL ||
      !g_file_get_contents (text_file, &text, &len, error) ||
      (runner = headroom_cli_new_runner (model, &settings, error)) == NULL ||
      !headroom_perplexity_measure (runner, text, len, n_chunks, on_progress, NULL, &result, error))
    return FALSE;
  print_result (&result, runner, args->json);
  return TRUE;
}

int
headroom_cmd_perplexity (int argc, char **argv)
{
  g_auto (PerplexityArgs)
      args = { .ctx = DEFAULT_CTX, .chunks = HEADROOM_NOT_GIVEN, .threads = HEADROOM_NOT_GIVEN };
  const GOptionEntry entries[] = {
    { "ctx", 'c', 0, G_OPTION_ARG_INT64, &args.ctx, N_("Tokens of a window (default: 512)"), "N" },
    { "chunks", 0, 0, G_OPTION_ARG_INT64, &args.chunks,
      N_("Windows at most (default: the whole text)"), "N" },
    { "kv-type", 0, 0, G_OPTION_ARG_STRING, &args.kv_type,
      N_("Type of the cache: f32, f16, q8_0 or q4_0"), N_("TYPE") },
    { "threads", 't', 0, G_OPTION_ARG_INT64, &args.threads, N_("Threads (default: all cores)"),
      "N" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &args.json, N_("Print as JSON"), NULL },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (GError) error = NULL;

  if (!headroom_cli_parse (
          entries, _("MODEL|FILE TEXT"),
          _("Measures how well a model predicts a text: lower is better. Only the second half of each window counts."),
          2, 2, &argc, &argv))
    return HEADROOM_EXIT_USAGE;
  return measure (argv[1], argv[2], &args, &error) ? HEADROOM_EXIT_OK : headroom_cli_fail (error);
}
