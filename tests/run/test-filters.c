/* test-filters.c: which tokens may be drawn and how likely, against the definitions written out the
 * slow way in double precision.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/random.h"
#include "sampling-fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define P_TOLERANCE 2e-6 /* logits are floats of about 10, and penalties are applied in float */

/* ---- The definitions ---- */

typedef struct {
    HrToken token;
    double logit, p, deviation;
} Word;

static int by_logit(const void *a, const void *b)
{
    const Word *x = a, *y = b;

    return x->logit != y->logit ? (x->logit < y->logit) - (x->logit > y->logit)
                                : x->token - y->token;
}

static int by_deviation(const void *a, const void *b)
{
    const Word *x = a, *y = b;

    return (x->deviation > y->deviation) - (x->deviation < y->deviation);
}

static void softmax(Word *words, size_t n, double temperature)
{
    double max = -INFINITY, sum = 0;

    for (size_t i = 0; i < n; i++)
        max = fmax(max, words[i].logit);
    for (size_t i = 0; i < n; i++)
        sum += words[i].p = exp((words[i].logit - max) / temperature);
    for (size_t i = 0; i < n; i++)
        words[i].p /= sum;
}

static size_t until(const Word *words, size_t n, double mass)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        if ((sum += words[i].p) >= mass)
            return i + 1;
    return n;
}

static void penalise(Word *words, size_t n, const HrSampling *s, const HrToken *history,
                     size_t n_history)
{
    size_t from = n_history - MIN(n_history, (size_t)s->repeat_last_n);

    for (size_t i = 0; i < n; i++) {
        int count = 0;

        for (size_t j = from; j < n_history; j++)
            count += history[j] == words[i].token;
        if (count == 0)
            continue;
        words[i].logit = words[i].logit > 0 ? words[i].logit / s->repeat_penalty
                                            : words[i].logit * s->repeat_penalty;
        words[i].logit -= count * s->frequency_penalty + s->presence_penalty;
    }
}

static size_t keep_typical(Word *words, size_t n, double mass)
{
    double entropy = 0;

    softmax(words, n, 1);
    for (size_t i = 0; i < n; i++)
        entropy -= words[i].p * log(words[i].p);
    for (size_t i = 0; i < n; i++)
        words[i].deviation = fabs(-log(words[i].p) - entropy);
    qsort(words, n, sizeof *words, by_deviation);
    return until(words, n, mass);
}

/* What is left of logits[n] and its probabilities. Returns how many words. */
static size_t define(Word *words, const float *logits, size_t n, const HrSampling *s,
                     const HrToken *history, size_t n_history)
{
    for (size_t i = 0; i < n; i++)
        words[i] = (Word){.token = (HrToken)i, .logit = logits[i]};
    penalise(words, n, s, history, n_history);
    qsort(words, n, sizeof *words, by_logit);
    if (s->top_k > 0)
        n = MIN(n, (size_t)s->top_k);
    if (s->typical_p < 1)
        n = keep_typical(words, n, s->typical_p);
    qsort(words, n, sizeof *words, by_logit);
    softmax(words, n, 1);
    if (s->top_p < 1)
        n = until(words, n, s->top_p);
    for (size_t i = n; i-- > 0;)
        if (words[i].p < s->min_p * words[0].p)
            n = i;
    softmax(words, n, s->temperature);
    return n;
}

static int by_token(const void *a, const void *b)
{
    return ((const HrCandidate *)a)->token - ((const HrCandidate *)b)->token;
}

static void check_same(const HrCandidates *set, const Word *words, size_t n)
{
    g_autofree HrCandidate *sorted = g_memdup2(set->items, set->n * sizeof *set->items);

    g_assert_cmpuint(set->n, ==, n);
    qsort(sorted, set->n, sizeof *sorted, by_token);
    for (size_t i = 0; i < n; i++) {
        HrCandidate wanted = {.token = words[i].token};
        const HrCandidate *found = bsearch(&wanted, sorted, n, sizeof *sorted, by_token);

        g_assert_nonnull(found);
        g_assert_cmpfloat_with_epsilon(found->p, words[i].p, P_TOLERANCE);
    }
}

/* ---- Distributions ---- */

static void check_settings(HrSampling s, uint64_t seed)
{
    g_autoptr(HrSampler) sampler = new_sampler(s, N_WORDS);
    float logits[N_WORDS], before[N_WORDS];
    g_autofree Word *words = g_new(Word, N_WORDS);
    HrToken history[200];
    HrRandom random;

    fill_random(logits, N_WORDS, seed);
    hr_random_init(&random, seed + 1000);
    for (size_t i = 0; i < G_N_ELEMENTS(history); i++) {
        history[i] = (HrToken)(hr_random_u64(&random) % 50);
        hr_sampler_accept(sampler, history[i]);
    }
    memcpy(before, logits, sizeof before);
    check_same(hr_sampler_prepare(sampler, logits), words,
               define(words, before, N_WORDS, &s, history, G_N_ELEMENTS(history)));
    g_assert_cmpmem(logits, sizeof logits, before, sizeof before);
}

/* Draws that go without a set find the token at which the set's probabilities, in the order of ids,
 * reach the random number; next to a border single precision may find its neighbour. */
static void check_draw(HrSampling s, uint64_t seed)
{
    g_autoptr(HrSampler) sampler = NULL;
    const HrCandidates *set;
    float logits[N_WORDS];
    HrRandom random;
    double sum = 0, unit;
    size_t i = 0;

    s.seed = (int64_t)seed;
    sampler = new_sampler(s, N_WORDS);
    fill_random(logits, N_WORDS, seed);
    hr_random_init(&random, seed);
    unit = hr_random_unit(&random);
    set = hr_sampler_prepare(sampler, logits);
    for (; i + 1 < set->n && sum + set->items[i].p <= unit; i++)
        sum += set->items[i].p;
    HrCandidate wanted = set->items[i]; /* the set does not outlive the draw */
    if (unit - sum > P_TOLERANCE && sum + wanted.p - unit > P_TOLERANCE)
        g_assert_cmpint(hr_sampler_draw(sampler, logits, NULL, 0, NULL), ==, wanted.token);
}

static void test_draws(void)
{
    static const float top_ps[] = {1, 0.9f, 0.3f, 0}, min_ps[] = {0, 0.05f, 1},
                       typicals[] = {1, 0.9f, 0.2f}, temperatures[] = {1, 0.1f, 3};

    for (uint64_t seed = 0; seed < 2000; seed++) {
        HrSampling s = neutral();

        s.top_p = top_ps[seed % 4];
        s.min_p = min_ps[seed % 3];
        s.typical_p = typicals[seed / 12 % 3];
        s.temperature = temperatures[seed / 36 % 3];
        check_draw(s, seed);
    }
}

/* Every combination of these settings. */
static void test_definitions(void)
{
    static const int top_ks[] = {0, 1, 40, 999, 5000};
    static const float typicals[] = {1, 0.5f}, top_ps[] = {1, 0.9f, 0.3f, 0},
                       min_ps[] = {0, 0.05f, 1};
    static const float temperatures[] = {1, 0.3f, 2}, penalties[] = {1, 1.3f};
    uint64_t seed = 0;

    for (size_t k = 0; k < G_N_ELEMENTS(top_ks); k++)
        for (size_t t = 0; t < G_N_ELEMENTS(typicals); t++)
            for (size_t p = 0; p < G_N_ELEMENTS(top_ps); p++)
                for (size_t m = 0; m < G_N_ELEMENTS(min_ps); m++)
                    for (size_t r = 0; r < G_N_ELEMENTS(temperatures) * G_N_ELEMENTS(penalties);
                         r++) {
                        HrSampling s = neutral();

                        s.top_k = top_ks[k];
                        s.typical_p = typicals[t];
                        s.top_p = top_ps[p];
                        s.min_p = min_ps[m];
                        s.temperature = temperatures[r % 3];
                        s.repeat_penalty = penalties[r / 3];
                        s.presence_penalty = r / 3 ? 0.4f : 0;
                        s.frequency_penalty = r / 3 ? 0.1f : 0;
                        check_settings(s, seed++);
                    }
}

static void check_survivors(HrSampling s, const char *tokens)
{
    g_autoptr(HrSampler) sampler = new_sampler(s, 4);
    g_autoptr(GString) found = g_string_new(NULL);
    const HrCandidates *set;
    float logits[4];

    fill_known(logits);
    set = hr_sampler_prepare(sampler, logits);
    for (HrToken token = 0; token < 4; token++)
        for (size_t i = 0; i < set->n; i++)
            if (set->items[i].token == token)
                g_string_append_printf(found, "%d", token);
    g_assert_cmpstr(found->str, ==, tokens);
}

/* By hand. */
static void test_known(void)
{
    HrSampling s = neutral();

    check_survivors(s, "0123");
    s.top_k = 2;
    check_survivors(s, "13");
    s = neutral();
    s.top_p = 0.79f;
    check_survivors(s, "13");
    s.top_p = 0.81f;
    check_survivors(s, "013");
    s.top_p = 0;
    check_survivors(s, "1");
    s = neutral();
    s.min_p = 0.25f; /* 0.125 and more */
    check_survivors(s, "013");
    s.min_p = 2;
    check_survivors(s, "1");
    s = neutral();
    s.typical_p = 0.25f; /* the entropy is 1.142 nats; 0.3 (1.204) is nearest, then 0.5 (0.693) */
    check_survivors(s, "3");
    s.typical_p = 0.6f;
    check_survivors(s, "13");
    s = neutral();
    s.top_k = 3;
    s.top_p = 0.8f; /* of 0.526, 0.316, 0.158 */
    check_survivors(s, "13");
    s = neutral();
    s.top_p = 0.79f;
    s.temperature = 100; /* flattens only what top_p left */
    check_survivors(s, "13");
}

/* The first draw of version 2 lets through exactly what has no more than 2 tau bits. */
static void test_mirostat_2_set(void)
{
    HrSampling s = neutral();
    g_autoptr(HrSampler) sampler = NULL;
    float logits[4];
    const HrCandidates *set;

    s.mirostat = 2;
    s.mirostat_tau = 1; /* 2 bits: p >= 0.25 */
    sampler = new_sampler(s, 4);
    fill_known(logits);
    set = hr_sampler_prepare(sampler, logits);
    g_assert_cmpuint(set->n, ==, 2);
    g_assert_cmpint(set->items[0].token, ==, 1);
    g_assert_cmpint(set->items[1].token, ==, 3);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/run/filters/definitions", test_definitions);
    g_test_add_func("/run/filters/draws", test_draws);
    g_test_add_func("/run/filters/known", test_known);
    g_test_add_func("/run/filters/mirostat-2", test_mirostat_2_set);
    return g_test_run();
}
