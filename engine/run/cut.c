/* cut.c: see cut.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/cut.h"

#include "run/exp.h"
#include "run/logprobs.h"

#include <float.h>
#include <math.h>

#define BLOCK 4 /* logits that are worked on at once: what every machine has registers for */
#define BINS_PER_NAT 64
#define N_BINS (64 * BINS_PER_NAT) /* what is farther away adds nothing to a double beside the nearest */
#define COLDEST 1e-30f             /* a lower temperature is as good as this one */

/* ---- A block of logits ---- */

typedef float Lanes __attribute__((vector_size(BLOCK * sizeof(float))));
typedef int32_t Mask __attribute__((vector_size(BLOCK * sizeof(int32_t)))); /* -1: yes, 0: no */

static inline Lanes choose(Mask mask, Lanes yes, Lanes no)
{
    return (Lanes)((mask & (Mask)yes) | (~mask & (Mask)no));
}

static inline Lanes all(float value)
{
    return value - (Lanes){0};
}

static inline bool any(Mask mask)
{
    int32_t bits = 0;

    for (int j = 0; j < BLOCK; j++)
        bits |= mask[j];
    return bits != 0;
}

/* Behind the last logit nothing is a candidate. */
static inline Lanes load(const float *logits, size_t n, size_t i)
{
    Lanes x = all(-INFINITY);

    if (i + BLOCK <= n)
        memcpy(&x, logits + i, sizeof x);
    else
        memcpy(&x, logits + i, (n - i) * sizeof *logits);
    return x;
}

/* +infinity counts as the largest finite number. */
static inline Lanes bounded(Lanes logits)
{
    return choose(logits > FLT_MAX, all(FLT_MAX), logits);
}

/* How far from center logits lie; infinitely what is no candidate. */
static inline Lanes distance(const HrReach *reach, Lanes logits)
{
    Lanes d = (Lanes)((Mask)(reach->center - bounded(logits)) & INT32_MAX);

    return choose(logits > -INFINITY, d, all(INFINITY));
}

static inline Mask reaches(const HrReach *reach, Lanes logits, Mask tokens)
{
    Lanes d = distance(reach, logits);

    return (d < reach->distance) | ((d == reach->distance) & (tokens <= reach->last));
}

static inline Mask tokens_from(size_t first)
{
    static const Mask steps = {0, 1, 2, 3};

    return steps + (int32_t)first;
}

static inline Mask is_outside(const HrCut *cut, Lanes logits, size_t first)
{
    return cut->has_outer ? ~reaches(&cut->outer, logits, tokens_from(first)) : (Mask){0};
}

static inline Mask has(const HrCut *cut, Lanes logits, size_t first)
{
    return reaches(&cut->own, logits, tokens_from(first)) & ~is_outside(cut, logits, first);
}

/* ---- Weights: exp((logit - max) / temperature) ---- */

typedef struct {
    const float *logits;
    size_t n;
    float max, per_temperature;
} Weights;

static Weights weights_of(const float *logits, size_t n, float max, double temperature)
{
    return (Weights){logits, n, max, 1 / fmaxf((float)temperature, COLDEST)};
}

static inline Lanes weigh(const Weights *w, Lanes logits)
{
    Lanes x = (bounded(logits) - w->max) * w->per_temperature;
    Mask counts = x > HR_EXP_LEAST;

    x = choose(counts, x, all(HR_EXP_LEAST));
    x = choose(x < 0, x, all(0));
    for (int j = 0; j < BLOCK; j++)
        x[j] = hr_exp_negative(x[j]);
    return choose(counts, x, all(0));
}

static double sum_of(Lanes lanes)
{
    double sum = 0;

    for (int j = 0; j < BLOCK; j++)
        sum += lanes[j];
    return sum;
}

/* Blocks of which nothing is in the cut, which are nearly all after a filter, cost a comparison. */
static double sum_stretch(const Weights *w, const HrCut *cut, size_t begin, size_t end)
{
    Lanes sum = {0};

    for (size_t i = begin; i < end; i += BLOCK) {
        Lanes x = load(w->logits, w->n, i);
        Mask in = has(cut, x, i);

        if (any(in))
            sum += choose(in, weigh(w, x), all(0));
    }
    return sum_of(sum);
}

/* Of all logits: what a stretch adds to the sum of weights, and of weights times (logit - max). */
static void add_moments(const Weights *w, size_t begin, size_t end, double *sum, double *moment)
{
    Lanes sums = {0}, moments = {0};

    for (size_t i = begin; i < end; i += BLOCK) {
        Lanes logits = load(w->logits, w->n, i), e = weigh(w, logits);

        sums += e;
        moments += choose(e > 0, e * (bounded(logits) - w->max), all(0));
    }
    *sum += sum_of(sums);
    *moment += sum_of(moments);
}

/* ---- Cuts that follow from the logits' sums ---- */

bool hr_cut_all(HrCut *ret_cut, const float *logits, size_t n)
{
    float max = hr_max_logit(logits, n);

    max = fminf(max, FLT_MAX);
    *ret_cut = (HrCut){.own = {max, INFINITY, -1}, .largest = max};
    return max > -INFINITY;
}

static float largest_in(const HrCut *cut, const float *logits, size_t n)
{
    Lanes largest = all(-INFINITY);
    float max;

    for (size_t i = 0; i < n; i += BLOCK) {
        Lanes x = load(logits, n, i);

        largest = choose(has(cut, x, i) & (x > largest), x, largest);
    }
    max = hr_max_logit((const float *)&largest, BLOCK);
    return fminf(max, FLT_MAX);
}

void hr_cut_again(HrCut *cut)
{
    cut->outer = cut->own;
    cut->has_outer = true;
    cut->own = (HrReach){cut->largest, INFINITY, -1};
}

/* The largest float that is at most the number. */
static float at_most(double number)
{
    float nearest = (float)number;

    return nearest > number ? nextafterf(nearest, -INFINITY) : nearest;
}

static void shorten(HrCut *cut, double distance)
{
    if (distance < cut->own.distance) {
        cut->own.distance = at_most(MAX(distance, 0));
        cut->own.last = G_MAXINT32;
    }
}

void hr_cut_near_best(HrCut *cut, double min_p)
{
    shorten(cut, -log(MIN(min_p, 1)));
}

static HrToken first_at_center(const HrCut *cut, const float *logits, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (MIN(logits[i], FLT_MAX) == cut->own.center)
            return (HrToken)i;
    return -1;
}

double hr_cut_log_sum(const HrCut *cut, const float *logits, size_t n, double temperature)
{
    Weights w = weights_of(logits, n, cut->own.center, temperature);
    double sum = 0;

    for (size_t i = 0; i < n; i += HR_CUT_STRETCH)
        sum += sum_stretch(&w, cut, i, MIN(i + HR_CUT_STRETCH, n));
    return log(sum);
}

void hr_cut_surprise(HrCut *cut, const float *logits, size_t n, double temperature, double log_sum,
                     double max_bits)
{
    double nats = max_bits * G_LN2 - log_sum; /* that a logit may lie below the largest, over T */

    if (nats >= 0) {
        shorten(cut, nats * temperature);
    } else {
        cut->own.distance = 0;
        cut->own.last = first_at_center(cut, logits, n);
    }
}

/* ---- Cuts by mass ---- */

typedef struct {
    double mass[N_BINS];
} Bins;

static inline Mask bins_of(const HrCut *cut, Lanes logits)
{
    Lanes at = distance(&cut->own, logits) * BINS_PER_NAT;

    return __builtin_convertvector(choose(at < N_BINS - 1, at, all(N_BINS - 1)), Mask);
}

static double fill_bins(Bins *bins, const Weights *w, const HrCut *cut)
{
    double total = 0;

    memset(bins, 0, sizeof *bins);
    for (size_t i = 0; i < w->n; i += BLOCK) {
        Lanes x = load(w->logits, w->n, i), e = choose(is_outside(cut, x, i), all(0), weigh(w, x));
        Mask at = bins_of(cut, x);

        for (int j = 0; j < BLOCK; j++)
            bins->mass[at[j]] += e[j];
    }
    for (int bin = 0; bin < N_BINS; bin++)
        total += bins->mass[bin];
    return total;
}

/* The tokens of one bin; their p is the weight. False if memory is short. */
static bool gather(const Weights *w, const HrCut *cut, int bin, HrCandidates *scratch)
{
    scratch->n = 0;
    for (size_t i = 0; i < w->n; i += BLOCK) {
        Lanes x = load(w->logits, w->n, i), d, e;
        Mask in = bins_of(cut, x) == bin;

        if (!any(in))
            continue;
        in &= has(cut, x, i);
        if (!hr_candidates_reserve(scratch, scratch->n + BLOCK))
            return false;
        d = distance(&cut->own, x);
        e = weigh(w, x);
        for (int j = 0; j < BLOCK; j++)
            if (in[j])
                scratch->items[scratch->n++] = (HrCandidate){
                    .token = (HrToken)i + j, .key = -d[j], .p = e[j]};
    }
    return true;
}

/* Of a cut whose own reach is all: shortens it to the nearest that have this share of the weights, and to one at least. */
static void keep_mass(HrCut *cut, const Weights *w, double share, HrCandidates *scratch)
{
    Bins bins;
    double mass = share * fill_bins(&bins, w, cut), before = 0;
    int bin = 0;

    while (bin < N_BINS - 1 && (bins.mass[bin] == 0 || before + bins.mass[bin] < mass))
        before += bins.mass[bin++];
    if (bin == N_BINS - 1)
        return;
    if (gather(w, cut, bin, scratch)) {
        size_t kept = hr_candidates_order_mass(scratch, mass - before);

        cut->own.distance = -scratch->items[kept - 1].key;
        cut->own.last = scratch->items[kept - 1].token;
    } else {
        cut->own.distance = (float)(bin + 1) / BINS_PER_NAT;
    }
}

void hr_cut_nucleus(HrCut *cut, const float *logits, size_t n, double mass, HrCandidates *scratch)
{
    Weights w = weights_of(logits, n, cut->own.center, 1);

    keep_mass(cut, &w, mass, scratch);
}

/* -log p is what a token tells, in nats; the distribution's entropy is its mean. */
void hr_cut_typical(HrCut *cut, const float *logits, size_t n, double mass, HrCandidates *scratch)
{
    Weights w = weights_of(logits, n, cut->own.center, 1);
    double sum = 0, moment = 0;

    for (size_t i = 0; i < n; i += HR_CUT_STRETCH)
        add_moments(&w, i, MIN(i + HR_CUT_STRETCH, n), &sum, &moment);
    cut->own.center = (float)(w.max + moment / sum);
    keep_mass(cut, &w, mass, scratch);
    cut->largest = largest_in(cut, logits, n);
}

/* ---- What is in a cut ---- */

bool hr_cut_take(const HrCut *cut, const float *logits, size_t n, HrCandidates *set)
{
    if (!hr_candidates_reserve(set, n))
        return false;
    set->n = 0;
    for (size_t i = 0; i < n; i += BLOCK) {
        Mask in = has(cut, load(logits, n, i), i);

        for (size_t j = 0; any(in) && j < BLOCK; j++)
            if (in[j])
                set->items[set->n++] = (HrCandidate){.token = (HrToken)(i + j),
                                                     .logit = MIN(logits[i + j], FLT_MAX)};
    }
    return true;
}

/* The last token that has any weight takes what rounding leaves over. */
static HrToken find_in(const Weights *w, const HrCut *cut, size_t begin, size_t end, double point)
{
    HrToken found = -1;

    for (size_t i = begin; i < end; i += BLOCK) {
        Lanes x = load(w->logits, w->n, i), e = choose(has(cut, x, i), weigh(w, x), all(0));

        for (int j = 0; j < BLOCK && (found < 0 || point >= 0); j++) {
            point -= e[j];
            found = e[j] > 0 ? (HrToken)i + j : found;
        }
    }
    return found;
}

HrToken hr_cut_draw(const HrCut *cut, const float *logits, size_t n, double temperature, double unit,
                    double *sums)
{
    Weights w = weights_of(logits, n, cut->largest, temperature);
    size_t n_stretches = (n + HR_CUT_STRETCH - 1) / HR_CUT_STRETCH, last = 0, at = 0;
    double total = 0, point;

    for (size_t s = 0; s < n_stretches; s++) {
        sums[s] = sum_stretch(&w, cut, s * HR_CUT_STRETCH, MIN((s + 1) * HR_CUT_STRETCH, n));
        total += sums[s];
        last = sums[s] > 0 ? s : last;
    }
    point = unit * total;
    for (; at < last && (sums[at] == 0 || point >= sums[at]); at++)
        point -= sums[at];
    return find_in(&w, cut, at * HR_CUT_STRETCH, MIN((at + 1) * HR_CUT_STRETCH, n), point);
}
