/* headroom-pair.h: a question and a text as one prompt, as rerankers were trained to read them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Thread-safety: one thread.
 */
#pragma once

#include "hr.h"

G_BEGIN_DECLS

typedef struct {
  HrModel *model;        /* borrowed */
  char *template_text;   /* with {query} and {document}, where the file has one; else NULL */
  gboolean has_two_seps; /* between the two texts, as RoBERTa's family has it */
} HeadroomPair;

void headroom_pair_init (HeadroomPair *self, HrModel *model);
void headroom_pair_clear (HeadroomPair *self);

/**
 * headroom_pair_tokenize:
 * @max_tokens: the document is cut for it where that is enough
 * @ret_cut: (out): whether it was
 *
 * Returns: (transfer full): tokens with all control tokens, or %NULL with @error set:
 * HR_ERROR_TOO_LONG
 */
GArray *headroom_pair_tokenize (const HeadroomPair *self, const HrValue *query,
                                const HrValue *document, guint max_tokens, gboolean *ret_cut,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
