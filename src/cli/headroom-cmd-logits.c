/* headroom-cmd-logits.c: headroom debug logits MODEL|FILE (--prompt TEXT | --tokens IDS)
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cmd-debug.h"

#include "headroom-json.h"
#include "headroom-logprobs.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <stdio.h>

/* All positions' logits of one step stand in memory at once; 64 of them of a 256 000-token
 * vocabulary are 64 MiB. */
#define ALL_LOGITS_BATCH 64
#define DEFAULT_TOP 10

typedef struct {
  char *prompt, *tokens, *kv_type;
  gboolean all, json;
  gint64 top, threads, chunk, slots, reuse;
} LogitsOptions;

typedef struct {
  const HrModel *model;
  gboolean has_tokenizer;
  gboolean muted;  /* nobody asks for what is being read */
  guint32 last;    /* the position of the last token */
  gboolean all;
  gsize n_top;
  HrToken *top;    /* [n_top], room */
  HrValue *result; /* list */
} Collector;

/* A token may be part of a character: then its text has replacement characters. */
static void
set_text (const Collector *collector, HrValue *dict, HrToken token)
{
  gsize len = 0;
  const char *bytes =
      collector->has_tokenizer ? hr_model_token_bytes (collector->model, token, TRUE, &len) : "";
  g_autofree char *text = g_utf8_make_valid (bytes, (gssize) len);

  headroom_json_set_string (dict, "text", text);
}

static void
on_logits (guint32 position, const float *logits, size_t n_vocab, void *data)
{
  Collector *collector = data;
  double normalizer;
  gsize n;
  HrValue *row;
  HrValue *top;

  if (collector->muted || (!collector->all && position != collector->last))
    return;
  normalizer = headroom_logprobs_normalizer (logits, n_vocab);
  n = headroom_logprobs_top (logits, n_vocab, collector->n_top, collector->top);
  row = hr_value_new_dict ();
  top = hr_value_new_list ();
  for (gsize i = 0; i < n; i++) {
    HrValue *entry = hr_value_new_dict ();
    headroom_json_set_int (entry, "id", collector->top[i]);
    set_text (collector, entry, collector->top[i]);
    headroom_json_set_float (entry, "logprob", (double) logits[collector->top[i]] - normalizer);
    hr_value_append (top, entry);
  }
  headroom_json_set_int (row, "position", position);
  hr_value_set (row, "top", top);
  hr_value_append (collector->result, row);
}

static GArray *
read_tokens (const HrModel *model, const LogitsOptions *options, GError **error)
{
  g_autoptr (HrPrompt) prompt = NULL;
  g_autoptr (GArray) tokens = NULL;

  if (options->tokens != NULL) {
    tokens = headroom_debug_parse_tokens (model, options->tokens, error);
  } else {
    prompt = hr_prompt_new ();
    hr_prompt_append (prompt, options->prompt, -1, FALSE);
    tokens = hr_model_tokenize (model, prompt, TRUE, error);
  }
  if (tokens != NULL && tokens->len == 0) {
    g_set_error_literal (error, HR_ERROR, HR_ERROR_SETTINGS, _("the prompt has no tokens"));
    return NULL;
  }
  return g_steal_pointer (&tokens);
}

static void
print_text (HrValue *rows)
{
  for (gsize i = 0; i < hr_value_size (rows); i++) {
    HrValue *row = hr_value_at (rows, i);
    HrValue *top = hr_value_lookup (row, "top");
    printf (_("position %d"), (int) headroom_json_get_int (row, "position", 0));
    printf ("\n");
    for (gsize k = 0; k < hr_value_size (top); k++) {
      HrValue *entry = hr_value_at (top, k);
      g_autofree char *text =
          headroom_json_print (hr_value_lookup (entry, "text"), HEADROOM_JSON_PLAIN);
      printf ("  %8.4f  %7d  %s\n", hr_value_get_float (hr_value_lookup (entry, "logprob")),
              (int) headroom_json_get_int (entry, "id", 0), text);
    }
  }
}

/* Reads the first n_reuse tokens, then all of them backwards behind those, then all from there: as
 * when the next prompt begins like the last one. */
static gboolean
evaluate_reusing (HrRunner *runner, const HrToken *tokens, gsize n, guint32 n_reuse,
                  HrEvaluateOptions *options, Collector *collector, GError **error)
{
  g_autofree HrToken *detour = g_new (HrToken, n);

  for (gsize i = 0; i < n; i++)
    detour[i] = i < n_reuse ? tokens[i] : tokens[n - 1 - (i - n_reuse)];
  if (!hr_runner_evaluate_as (runner, tokens, n_reuse, options, on_logits, collector, error))
    return FALSE;
  options->n_keep = n_reuse;
  collector->muted = TRUE;
  if (!hr_runner_evaluate_as (runner, detour, n, options, on_logits, collector, error))
    return FALSE;
  collector->muted = FALSE;
  return hr_runner_evaluate_as (runner, tokens, n, options, on_logits, collector, error);
}

static gboolean
evaluate (HrRunner *runner, GArray *tokens, const LogitsOptions *options, Collector *collector,
          GError **error)
{
  guint32 slots, reuse;
  HrEvaluateOptions how = { 0 };

  if (!headroom_cli_parse_count ("--chunk", options->chunk, G_MAXUINT32, &how.chunk, error) ||
      !headroom_cli_parse_count ("--slots", options->slots, G_MAXUINT16, &slots, error) ||
      !headroom_cli_parse_count ("--reuse", options->reuse, tokens->len - 1, &reuse, error))
    return FALSE;
  how.slot = slots > 0 ? slots - 1 : 0;
  how.company = slots > 1;
  if (reuse > 0)
    return evaluate_reusing (runner, (const HrToken *) tokens->data, tokens->len, reuse, &how,
                             collector, error);
  return hr_runner_evaluate_as (runner, (const HrToken *) tokens->data, tokens->len, &how,
                                on_logits, collector, error);
}

static gboolean
print_logits (const char *file, const LogitsOptions *options, GError **error)
{
  g_autoptr (HrModel) model = headroom_cli_open_model (file, error);
  HrSettings settings = { .gpu_layers = -1,
                          .all_logits = options->all,
                          .num_batch = options->all ? ALL_LOGITS_BATCH : 0 };
  g_autoptr (GArray) tokens = NULL;
  g_autoptr (HrRunner) runner = NULL;
  g_autoptr (HrValue) result = hr_value_new_list ();
  g_autofree HrToken *top = NULL;
  Collector collector = {
    .model = model, .all = options->all, .n_top = (gsize) options->top, .result = result
  };

  if (model == NULL || !headroom_cli_parse_kv_type (options->kv_type, &settings.kv_type, error) ||
      !headroom_cli_parse_count ("--threads", options->threads, G_MAXUINT16, &settings.threads,
                                 error) ||
      !headroom_cli_parse_count ("--slots", options->slots, G_MAXUINT16, &settings.parallel,
                                 error) ||
      (tokens = read_tokens (model, options, error)) == NULL)
    return FALSE;
  settings.num_ctx = tokens->len;
  runner = headroom_cli_new_runner (model, &settings, error);
  if (runner == NULL)
    return FALSE;
  collector.has_tokenizer = hr_model_has_tokenizer (model, NULL);
  collector.last = tokens->len - 1;
  collector.top = top = g_new (HrToken, collector.n_top);
  if (!evaluate (runner, tokens, options, &collector, error))
    return FALSE;
  if (options->json)
    headroom_cli_print_json (result, FALSE);
  else
    print_text (result);
  return TRUE;
}

static void
clear_options (LogitsOptions *options)
{
  g_free (options->prompt);
  g_free (options->tokens);
  g_free (options->kv_type);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LogitsOptions, clear_options)

int
headroom_cmd_logits (int argc, char **argv)
{
  g_auto (LogitsOptions) options = { .top = DEFAULT_TOP,
                                     .threads = HEADROOM_NOT_GIVEN,
                                     .chunk = HEADROOM_NOT_GIVEN,
                                     .slots = HEADROOM_NOT_GIVEN,
                                     .reuse = HEADROOM_NOT_GIVEN };
  const GOptionEntry entries[] = {
    { "prompt", 0, 0, G_OPTION_ARG_STRING, &options.prompt, N_("The prompt as text"),
      N_("TEXT") },
    { "tokens", 0, 0, G_OPTION_ARG_STRING, &options.tokens, N_("The prompt as token ids"),
      "1,5,9" },
    { "all", 0, 0, G_OPTION_ARG_NONE, &options.all, N_("Every position, not only the last"),
      NULL },
    { "top", 0, 0, G_OPTION_ARG_INT64, &options.top, N_("How many tokens (default: 10)"), "N" },
    { "kv-type", 0, 0, G_OPTION_ARG_STRING, &options.kv_type,
      N_("Type of the cache: f32, f16, q8_0 or q4_0"), N_("TYPE") },
    { "threads", 't', 0, G_OPTION_ARG_INT64, &options.threads, N_("Threads (default: all cores)"),
      "N" },
    { "chunk", 0, 0, G_OPTION_ARG_INT64, &options.chunk,
      N_("Tokens that are read at once (default: many)"), "N" },
    { "slots", 0, 0, G_OPTION_ARG_INT64, &options.slots,
      N_("Read in the last of so many slots, beside other text in the others"), "N" },
    { "reuse", 0, 0, G_OPTION_ARG_INT64, &options.reuse,
      N_("Come back to the first so many tokens after other text"), "N" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, N_("Print as JSON"), NULL },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (GError) error = NULL;

  if (!headroom_cli_parse (entries, _("MODEL|FILE"),
                           _("Prints the likeliest next tokens after a prompt."), 1, 1, &argc,
                           &argv))
    return HEADROOM_EXIT_USAGE;
  if ((options.prompt == NULL) == (options.tokens == NULL)) {
    headroom_cli_complain (_("either --prompt or --tokens says what to read"));
    return HEADROOM_EXIT_USAGE;
  }
  if (options.top < 1 || options.top > G_MAXINT32) {
    headroom_cli_complain (_("--top is %" PRId64 "; it can be 1 or more"), options.top);
    return HEADROOM_EXIT_USAGE;
  }
  return print_logits (argv[1], &options, &error) ? HEADROOM_EXIT_OK : headroom_cli_fail (error);
}
