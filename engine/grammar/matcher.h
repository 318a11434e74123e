/* matcher.h: one answer held to a grammar: which tokens may come next.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The tokens that may follow a state are found by walking grammar and vocabulary together, once,
 * and kept as one bit per token: most tokens of an answer come by states that were there before.
 * When few tokens are left, only those may be drawn that still leave room to end what was begun, so
 * that an answer ends well even where its length is limited. Thread-safety: one thread.
 */
#pragma once

#include "grammar/network.h"
#include "grammar/trie.h"

typedef struct HrMatcher HrMatcher;

/* Both are borrowed. after: the text behind which the grammar holds, or NULL for the start. again:
 * where the grammar is over it waits for `after` anew; else the answer is over with it. */
HrMatcher *hr_matcher_new(HrGrammar *grammar, const HrTokenizer *tokenizer, const HrVocabTrie *trie,
                          const char *after, bool again) G_GNUC_WARN_UNUSED_RESULT;
void hr_matcher_free(HrMatcher *matcher);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HrMatcher, hr_matcher_free)

/* Lowers the logits of what may not come next to -infinity. n_left: tokens that may still be drawn,
 * this one included. False: nothing may come next. */
bool hr_matcher_mask(HrMatcher *matcher, float *logits, size_t n_vocab, uint64_t n_left);
void hr_matcher_accept(HrMatcher *matcher, HrToken token);
/* Nothing but the end may follow. */
bool hr_matcher_is_over(const HrMatcher *matcher);
/* For want of room to end, the token that the model preferred was left out at least once. */
bool hr_matcher_was_cut(const HrMatcher *matcher);
