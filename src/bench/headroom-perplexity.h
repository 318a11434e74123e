/* headroom-perplexity.h: how well a model predicts a text.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The text is cut into windows of num_ctx tokens (what is left over does not count). Each is read
 * on its own, its first token replaced by BOS where the model's tokenizer adds one. The tokens of
 * its second half are scored, each by the probability that the model gave it after everything
 * before it in the window. Perplexity is exp of the mean negative logarithm of these.
 *
 * Thread-safety: blocks; the runner must be idle.
 */
#pragma once

#include "hr.h"

G_BEGIN_DECLS

/* Tokens per step: every position's logits stand in memory, 4 bytes a word of the vocabulary. */
#define HEADROOM_PERPLEXITY_BATCH 256

typedef struct {
  double ppl;
  double error;   /* standard error of ppl */
  guint64 n_tokens; /* that were scored */
  guint32 n_chunks, window;
} HeadroomPerplexity;

typedef void (*HeadroomPerplexityFunc) (guint done, guint total, double ppl_so_far, gpointer data);

/**
 * headroom_perplexity_measure:
 * @runner: whose plan has all_logits
 * @max_chunks: windows at most, or 0
 * @progress: (nullable): called after each window
 */
gboolean headroom_perplexity_measure (HrRunner *runner, const char *text, gsize len,
                                      guint32 max_chunks, HeadroomPerplexityFunc progress,
                                      gpointer data, HeadroomPerplexity *ret_result,
                                      GError **error);

G_END_DECLS
