/* headroom-questions.h: questions as people ask them, for measuring how answers end.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Random tokens are as good as any for timing, but only a question has an answer that ends by
 * itself. Thread-safety: Safe.
 */
#pragma once

#include "hr.h"

G_BEGIN_DECLS

#define HEADROOM_QUESTIONS_N 6

/**
 * headroom_questions_tokens:
 * @number: which one; they begin again after the last
 *
 * A question in the model's chat template, or as plain text where it has none.
 *
 * Returns: (transfer full) (nullable) (element-type HrToken): %NULL with @error set where the model
 * has no tokenizer or its template fails
 */
GArray *headroom_questions_tokens (const HrModel *model, guint number,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
