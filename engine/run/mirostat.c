/* mirostat.c: see mirostat.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/mirostat.h"

#include <math.h>

#define N_ESTIMATE \
    100 /* most likely tokens that Zipf's exponent is estimated from, as in the paper */

void hr_mirostat_init(HrMirostat *mirostat, double tau, double eta)
{
    *mirostat = (HrMirostat){.tau = tau, .eta = eta, .mu = 2 * tau};
}

/* Zipf's exponent s of the most likely tokens, by least squares; items are in order. */
static double estimate_exponent(const HrCandidate *items, size_t n)
{
    double sum_tb = 0, sum_tt = 0;

    for (size_t i = 0; i + 1 < n && items[i + 1].p > 0; i++) {
        double t = log((double)(i + 2) / (double)(i + 1));
        double b = log(items[i].p / items[i + 1].p);

        sum_tb += t * b;
        sum_tt += t * t;
    }
    return sum_tt > 0 ? sum_tb / sum_tt : 0;
}

/* How many tokens have a cross-entropy of mu under Zipf's law with exponent s over n_vocab words.
 */
static double tokens_for(double mu, double s, size_t n_vocab)
{
    double epsilon = s - 1, n = (double)n_vocab;
    double ratio = fabs(epsilon) < 1e-9 ? 1 / log(n) : epsilon / (1 - pow(n, -epsilon));

    return s > 0 ? pow(ratio * exp2(mu), 1 / s) : n;
}

void hr_mirostat_truncate(const HrMirostat *mirostat, HrCandidates *set, size_t n_vocab)
{
    size_t n_estimate = MIN(set->n, N_ESTIMATE);
    double k;

    if (set->n < 2)
        return;
    hr_candidates_order_first(set, n_estimate);
    k = tokens_for(mirostat->mu, estimate_exponent(set->items, n_estimate), n_vocab);
    if (k < (double)set->n)
        hr_candidates_keep_first(set, (size_t)MAX(k, 1));
}

void hr_mirostat_observe(HrMirostat *mirostat, double p)
{
    mirostat->mu -= mirostat->eta * (-log2(p) - mirostat->tau);
}
