/* sampler.c: see sampler.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/sampler.h"

#include "run/cut.h"
#include "run/history.h"
#include "run/logprobs.h"
#include "run/mirostat.h"
#include "run/random.h"

#include <math.h>

struct HrSampler {
    HrSampling settings;
    size_t n_vocab;
    uint64_t seed;
    HrRandom random;
    HrHistory history;
    HrCandidates set;
    double log_sum; /* of the latest draw of mirostat 2 */
    double *sums; /* [n_vocab / HR_CUT_STRETCH + 1]; NULL: draws are not from a cut */
    HrMirostat mirostat;
};

/* ---- Settings ---- */

static bool check_finite(const char *name, float value, GError **error)
{
    if (isfinite(value))
        return true;
    g_set_error(error, HR_ERROR, HR_ERROR_SETTINGS, "%s must be a finite number", name);
    return false;
}

static bool check_settings(const HrSampling *s, GError **error)
{
    if (!check_finite("temperature", s->temperature, error) ||
        !check_finite("top_p", s->top_p, error) || !check_finite("min_p", s->min_p, error) ||
        !check_finite("typical_p", s->typical_p, error) ||
        !check_finite("repeat_penalty", s->repeat_penalty, error) ||
        !check_finite("presence_penalty", s->presence_penalty, error) ||
        !check_finite("frequency_penalty", s->frequency_penalty, error) ||
        !check_finite("mirostat_tau", s->mirostat_tau, error) ||
        !check_finite("mirostat_eta", s->mirostat_eta, error))
        return false;
    if (s->repeat_penalty <= 0)
        g_set_error(error, HR_ERROR, HR_ERROR_SETTINGS, "repeat_penalty is %g; it must be above 0",
                    s->repeat_penalty);
    else if (s->repeat_last_n < -1)
        g_set_error(error, HR_ERROR, HR_ERROR_SETTINGS,
                    "repeat_last_n is %d; it must be -1 or more", s->repeat_last_n);
    else if (s->mirostat < 0 || s->mirostat > 2)
        g_set_error(error, HR_ERROR, HR_ERROR_SETTINGS, "mirostat is %d; it must be 0, 1 or 2",
                    s->mirostat);
    else
        return true;
    return false;
}

static bool penalises(const HrSampling *s)
{
    return s->repeat_penalty != 1 || s->presence_penalty != 0 || s->frequency_penalty != 0;
}

/* Whether what the filters leave of the whole vocabulary is a cut (cut.h). */
static bool leaves_a_cut(const HrSampling *s, size_t n_vocab)
{
    bool all = s->top_k <= 0 || (size_t)s->top_k >= n_vocab;

    return s->temperature > 0 && (s->mirostat == 2 || (s->mirostat == 0 && all));
}

/* Tokens that a draw may have to look at together. */
static size_t capacity(const HrSampling *s, size_t n_vocab)
{
    if (s->temperature <= 0 || leaves_a_cut(s, n_vocab))
        return 1;
    return s->mirostat == 0 && s->top_k > 0 ? MIN((size_t)s->top_k, n_vocab) : n_vocab;
}

static bool allocate_sums(HrSampler *sampler, GError **error)
{
    sampler->sums = g_try_new(double, sampler->n_vocab / HR_CUT_STRETCH + 1);
    if (!sampler->sums)
        g_set_error_literal(error, HR_ERROR, HR_ERROR_MEMORY, "no memory to sample");
    return sampler->sums != NULL;
}

HrSampler *hr_sampler_new(const HrSampling *settings, size_t n_vocab, uint32_t num_ctx,
                          GError **error)
{
    g_autoptr(HrSampler) sampler = NULL;
    size_t window;

    if (!check_settings(settings, error))
        return NULL;
    sampler = g_new0(HrSampler, 1);
    sampler->settings = *settings;
    sampler->n_vocab = n_vocab;
    sampler->seed = settings->seed >= 0
                        ? (uint64_t)settings->seed
                        : (uint64_t)(g_random_int() & 0x7fffffff) << 32 | g_random_int();
    hr_random_init(&sampler->random, sampler->seed);
    hr_mirostat_init(&sampler->mirostat, settings->mirostat_tau, settings->mirostat_eta);
    window =
        settings->repeat_last_n < 0 ? num_ctx : MIN((uint32_t)settings->repeat_last_n, num_ctx);
    if (!hr_history_init(&sampler->history, penalises(settings) ? window : 0, n_vocab, error) ||
        !hr_candidates_init(&sampler->set, capacity(settings, n_vocab), error))
        return NULL;
    if (leaves_a_cut(settings, n_vocab) && !allocate_sums(sampler, error))
        return NULL;
    return g_steal_pointer(&sampler);
}

void hr_sampler_free(HrSampler *sampler)
{
    if (!sampler)
        return;
    hr_history_clear(&sampler->history);
    hr_candidates_clear(&sampler->set);
    g_free(sampler->sums);
    g_free(sampler);
}

uint64_t hr_sampler_seed(const HrSampler *sampler)
{
    return sampler->seed;
}

void hr_sampler_accept(HrSampler *sampler, HrToken token)
{
    hr_history_add(&sampler->history, token);
}

/* ---- Drawing ---- */

static void filter(HrCandidates *set, const HrSampling *s, const float *logits, size_t n_vocab)
{
    hr_candidates_take_top(set, logits, n_vocab, (size_t)s->top_k);
    if (s->typical_p > 0 && s->typical_p < 1)
        hr_candidates_keep_typical(set, s->typical_p);
    if (s->top_p < 1)
        hr_candidates_keep_nucleus(set, s->top_p);
    if (s->min_p > 0)
        hr_candidates_keep_near_best(set, s->min_p);
    hr_candidates_softmax(set, s->temperature);
}

static void cut_surprise(HrSampler *sampler, const float *logits, HrCut *cut)
{
    double temperature = sampler->settings.temperature;

    sampler->log_sum = hr_cut_log_sum(cut, logits, sampler->n_vocab, temperature);
    hr_cut_surprise(cut, logits, sampler->n_vocab, temperature, sampler->log_sum,
                    sampler->mirostat.mu);
}

static float clean_logit(float logit)
{
    return MIN(logit, G_MAXFLOAT);
}

static void cut_by_filters(HrSampler *sampler, const float *logits, HrCut *cut)
{
    const HrSampling *s = &sampler->settings;
    size_t n = sampler->n_vocab;

    if (s->typical_p > 0 && s->typical_p < 1) {
        hr_cut_typical(cut, logits, n, s->typical_p, &sampler->set);
        hr_cut_again(cut);
    }
    if (s->top_p < 1)
        hr_cut_nucleus(cut, logits, n, s->top_p, &sampler->set);
    if (s->min_p > 0)
        hr_cut_near_best(cut, s->min_p);
}

/* False: there is no candidate. */
static bool cut(HrSampler *sampler, const float *logits, HrCut *ret_cut)
{
    if (!hr_cut_all(ret_cut, logits, sampler->n_vocab))
        return false;
    if (sampler->settings.mirostat == 2)
        cut_surprise(sampler, logits, ret_cut);
    else
        cut_by_filters(sampler, logits, ret_cut);
    return true;
}

static void prepare_cut(HrSampler *sampler, const float *logits)
{
    HrCut left;

    sampler->set.n = 0;
    if (cut(sampler, logits, &left) &&
        hr_cut_take(&left, logits, sampler->n_vocab, &sampler->set))
        hr_candidates_softmax(&sampler->set, sampler->settings.temperature);
}

const HrCandidates *hr_sampler_prepare(HrSampler *sampler, float *logits)
{
    const HrSampling *s = &sampler->settings;
    HrCandidates *set = &sampler->set;

    hr_history_penalise(&sampler->history, logits, s->repeat_penalty, s->presence_penalty,
                        s->frequency_penalty);
    if (sampler->sums) {
        prepare_cut(sampler, logits);
    } else if (s->temperature <= 0) {
        hr_candidates_take_top(set, logits, sampler->n_vocab, 1);
        hr_candidates_softmax(set, 1);
    } else if (s->mirostat != 0) {
        hr_candidates_take_all(set, logits, sampler->n_vocab);
        hr_candidates_softmax(set, s->temperature);
        hr_mirostat_truncate(&sampler->mirostat, set, sampler->n_vocab);
    } else {
        filter(set, s, logits, sampler->n_vocab);
    }
    hr_history_restore(&sampler->history, logits);
    return set;
}

/* By the inverse of the cumulative distribution; p need not sum to 1. */
static const HrCandidate *pick(const HrCandidates *set, double unit)
{
    double sum = 0, point;

    for (size_t i = 0; i < set->n; i++)
        sum += set->items[i].p;
    point = unit * sum;
    for (size_t i = 0; i + 1 < set->n; i++) {
        point -= set->items[i].p;
        if (point < 0)
            return &set->items[i];
    }
    return &set->items[set->n - 1];
}

/* Inserts into top[n], which is in order, what belongs there. n is small: 20 at most over the API.
 */
static size_t find_top(const float *logits, size_t n_vocab, HrTokenProb *top, size_t n_top)
{
    size_t n = 0;

    for (size_t i = 0; i < n_vocab; i++) {
        size_t at = n;

        if (!(logits[i] > -INFINITY) || (n == n_top && logits[i] <= top[n - 1].logprob))
            continue;
        n = MIN(n + 1, n_top);
        for (at = MIN(at, n - 1); at > 0 && top[at - 1].logprob < logits[i]; at--)
            top[at] = top[at - 1];
        top[at] = (HrTokenProb){.token = (HrToken)i, .logprob = logits[i]};
    }
    return n;
}

static void fill_top(const float *logits, size_t n_vocab, double log_sum, HrTokenProb *top,
                     size_t n_top)
{
    size_t n = n_top > 0 ? find_top(logits, n_vocab, top, n_top) : 0;

    for (size_t i = 0; i < n_top; i++) {
        if (i < n)
            top[i].logprob = (float)(clean_logit(top[i].logprob) - log_sum);
        else
            top[i] = (HrTokenProb){.token = -1, .logprob = -INFINITY};
    }
}

static HrToken draw_from_set(HrSampler *sampler, float *logits, double *ret_p)
{
    const HrCandidates *set = hr_sampler_prepare(sampler, logits);
    const HrCandidate *drawn;

    if (set->n == 0)
        return -1;
    drawn = pick(set, hr_random_unit(&sampler->random));
    *ret_p = drawn->p;
    return drawn->token;
}

/* *ret_p is of the whole vocabulary, for mirostat. */
static HrToken draw_from_cut(HrSampler *sampler, float *logits, double *ret_p)
{
    const HrSampling *s = &sampler->settings;
    HrToken token = -1;
    HrCut left;

    hr_history_penalise(&sampler->history, logits, s->repeat_penalty, s->presence_penalty,
                        s->frequency_penalty);
    if (cut(sampler, logits, &left)) {
        token = hr_cut_draw(&left, logits, sampler->n_vocab, s->temperature,
                            hr_random_unit(&sampler->random), sampler->sums);
        *ret_p = exp((clean_logit(logits[token]) - left.own.center) / s->temperature - sampler->log_sum);
    }
    hr_history_restore(&sampler->history, logits);
    return token;
}

HrToken hr_sampler_draw(HrSampler *sampler, float *logits, HrTokenProb *top, size_t n_top,
                        float *ret_logprob)
{
    double p, log_sum = 0;
    HrToken drawn = sampler->sums ? draw_from_cut(sampler, logits, &p)
                                  : draw_from_set(sampler, logits, &p);

    if (drawn < 0)
        return -1;
    if (sampler->settings.mirostat != 0)
        hr_mirostat_observe(&sampler->mirostat, p);
    if (ret_logprob || n_top > 0)
        log_sum = hr_log_sum_exp(logits, sampler->n_vocab);
    if (ret_logprob)
        *ret_logprob = (float)(clean_logit(logits[drawn]) - log_sum);
    fill_top(logits, sampler->n_vocab, log_sum, top, n_top);
    return drawn;
}
