/* constrain.c: draws held to a grammar.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/runner.h"

/* How many tokens may still be drawn: by the request's limit, and by the context. */
static uint64_t n_left(const HrRunner *r, const HrSlot *slot)
{
    const HrRequest *request = slot->request;
    uint64_t room = r->kv.num_ctx >= slot->n_past ? r->kv.num_ctx - slot->n_past + 1 : 1;

    uint64_t left = (uint64_t)hr_request_limit(r, request) - request->timings.n_generated;

    return request->options.shift ? left : MIN(room, left);
}

static bool make_matcher(HrRunner *r, HrRequest *request, GError **error)
{
    const HrRequestOptions *options = &request->options;

    if (!r->tokenizer) {
        g_set_error_literal(error, HR_ERROR, HR_ERROR_UNSUPPORTED,
                            "A grammar needs a model with a tokenizer that is known.");
        return false;
    }
    if (!r->trie && !(r->trie = hr_vocab_trie_new(r->tokenizer, error)))
        return false;
    request->matcher = hr_matcher_new(options->grammar, r->tokenizer, r->trie,
                                      options->grammar_after, options->grammar_again);
    return true;
}

bool hr_request_constrain(HrRunner *r, const HrSlot *slot, float *logits, size_t n_vocab,
                          GError **error)
{
    HrRequest *request = slot->request;

    if (!request->options.grammar)
        return true;
    if (!request->matcher && !make_matcher(r, request, error))
        return false;
    if (hr_matcher_mask(request->matcher, logits, n_vocab, n_left(r, slot)))
        return true;
    g_set_error_literal(
        error, HR_ERROR, HR_ERROR_INTERNAL,
        "The grammar cannot be met here: no token of this model's vocabulary continues it.");
    return false;
}
