/* request.h: one question to a runner, from submission to its DONE event.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "grammar/matcher.h"
#include "hr.h"
#include "run/sampler.h"
#include "run/stop.h"
#include "vision/places.h"

#include <stdatomic.h>

struct HrRequest {
    gatomicrefcount refs;
    /* Asked for, copied. */
    GArray *prompt; /* HrToken */
    HrRequestOptions options;
    char **stop;
    char *grammar_after;
    HrPlaces *places; /* of its images; NULL: none */
    /* Where events go. */
    GMainContext *context;
    HrEventFunc func;
    void *data;
    GDestroyNotify destroy;

    GMutex lock;           /* guards runner against hr_runner_free */
    HrRunner *runner;      /* NULL once done */
    atomic_bool cancelled;

    /* The runner's thread only. */
    bool embeds;        /* wants a vector, no tokens */
    HrSampler *sampler; /* NULL if it embeds */
    HrStop *stopper;    /* likewise */
    HrMatcher *matcher; /* NULL: no grammar */
    uint32_t n_forgotten; /* tokens that were shifted out */
    HrTimings timings;
    int64_t submitted_us, started_us, first_us;
};

/* The sampler and stop strings are made here; fails on settings out of range. n_vocab 0: it embeds.
 */
HrRequest *hr_request_new(HrRunner *runner, const HrRequestOptions *options, GMainContext *context,
                          HrEventFunc func, void *data, GDestroyNotify destroy, uint32_t n_vocab,
                          uint32_t num_ctx, GError **error) G_GNUC_WARN_UNUSED_RESULT;

void hr_request_send_prompt(HrRequest *request, uint32_t n_read);
void hr_request_send_token(HrRequest *request, HrToken token, const GString *text, float logprob,
                           const HrTokenProb *top, size_t n_top);
void hr_request_send_vectors(HrRequest *request, const float *vectors, size_t n, size_t width);
/* The last event; takes error. text: what was held back, or NULL. */
void hr_request_send_done(HrRequest *request, HrDoneReason reason, const GString *text,
                          GError *take_error);
