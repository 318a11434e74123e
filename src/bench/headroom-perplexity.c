/* headroom-perplexity.c: how well a model predicts a text.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-perplexity.h"

#include "headroom-logprobs.h"

#include <glib/gi18n.h>
#include <math.h>

#define MIN_WINDOW 4 /* fewer tokens have no second half to speak of */

typedef struct {
  const HrToken *window; /* [n_window] */
  guint32 n_window;
  guint64 n;
  double sum, sum_of_squares; /* of negative log-probabilities */
} Score;

static void
on_logits (guint32 position, const float *logits, size_t n_vocab, void *data)
{
  Score *score = data;
  double nll;

  if (position < score->n_window / 2 || position + 1 >= score->n_window)
    return;
  nll =
      headroom_logprobs_normalizer (logits, n_vocab) - (double) logits[score->window[position + 1]];
  score->sum += nll;
  score->sum_of_squares += nll * nll;
  score->n++;
}

static HeadroomPerplexity
summarize (const Score *score, guint32 n_chunks)
{
  double mean = score->sum / (double) score->n;
  double variance = score->sum_of_squares / (double) score->n - mean * mean;
  double error = score->n > 1 && variance > 0 ? sqrt (variance / (double) (score->n - 1)) : 0;

  return (HeadroomPerplexity){ .ppl = exp (mean),
                               .error = error * exp (mean),
                               .n_tokens = score->n,
                               .n_chunks = n_chunks,
                               .window = score->n_window };
}

/* The text's tokens; a newline at its very end, which editors add, is not part of it. */
static GArray *
tokenize (const HrModel *model, const char *text, gsize len, GError **error)
{
  g_autoptr (HrPrompt) prompt = hr_prompt_new ();

  if (len > 0 && text[len - 1] == '\n')
    len--;
  hr_prompt_append (prompt, text, (gssize) len, FALSE);
  return hr_model_tokenize (model, prompt, TRUE, error);
}

gboolean
headroom_perplexity_measure (HrRunner *runner, const char *text, gsize len, guint32 max_chunks,
                             HeadroomPerplexityFunc progress, gpointer data,
                             HeadroomPerplexity *ret_result, GError **error)
{
  HrModel *model = hr_runner_get_model (runner);
  guint32 window = hr_plan_get_settings (hr_runner_get_plan (runner))->num_ctx;
  g_autoptr (GArray) tokens = tokenize (model, text, len, error);
  Score score = { .n_window = window };
  HrToken bos;
  guint32 n_chunks;

  if (tokens == NULL)
    return FALSE;
  if (window < MIN_WINDOW || tokens->len / window < 2) {
    g_set_error (
        error, HR_ERROR, HR_ERROR_SETTINGS,
        _("The text has %u tokens; two windows of %u, each of at least %d, are the least."),
        tokens->len, window, MIN_WINDOW);
    return FALSE;
  }
  bos = g_array_index (tokens, HrToken, 0);
  n_chunks = max_chunks > 0 ? MIN (tokens->len / window, max_chunks) : tokens->len / window;
  for (guint32 i = 0; i < n_chunks; i++) {
    HrToken *begin = &g_array_index (tokens, HrToken, (gsize) i * window);
    if (hr_model_adds_bos (model))
      begin[0] = bos;
    score.window = begin;
    if (!hr_runner_evaluate (runner, begin, window, TRUE, on_logits, &score, error))
      return FALSE;
    if (progress != NULL)
      progress (i + 1, n_chunks, summarize (&score, i + 1).ppl, data);
  }
  *ret_result = summarize (&score, n_chunks);
  return TRUE;
}
