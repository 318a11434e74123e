/* cut.h: filters of a whole vocabulary as one stretch of logits, and draws from it without a
 * candidate for each token.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each filter keeps the tokens whose logits lie nearest to one number: to the largest logit (top-p,
 * min-p, mirostat 2), or to what a typical token has. So what it keeps is that number and a distance,
 * with the last token of those at exactly that distance, lower ids first. Logits that are NaN or
 * -infinity are in no cut; +infinity counts as the largest finite number. candidates.h has the same
 * filters for sets that others have made small. Thread-safety: one thread per object.
 */
#pragma once

#include "run/candidates.h"

/* Logits nearer to center than distance; and of those at distance, the tokens up to last. */
typedef struct {
    float center, distance;
    HrToken last;
} HrReach;

typedef struct {
    HrReach own, outer; /* a token of the cut is in both */
    bool has_outer;     /* else outer is not looked at */
    float largest;      /* logit of the cut */
} HrCut;

/* Every token that is a candidate, around the largest logit. False if there is none. */
bool hr_cut_all(HrCut *ret_cut, const float *logits, size_t n);
/* What the cut has becomes the outer reach; its own is all of that, around its largest logit. Once at
 * most. */
void hr_cut_again(HrCut *cut);

/* The following shorten the own reach of a cut, which is around its largest logit. */

/* To what has p >= min_p times the largest p. */
void hr_cut_near_best(HrCut *cut, double min_p);
/* To what has -log2 p <= max_bits by the softmax of logits / temperature, and the first of the
 * largest; log_sum is that of hr_cut_log_sum. */
void hr_cut_surprise(HrCut *cut, const float *logits, size_t n, double temperature, double log_sum,
                     double max_bits);
/* log(sum(exp((logits - center) / temperature))). */
double hr_cut_log_sum(const HrCut *cut, const float *logits, size_t n, double temperature);
/* Top-p (Holtzman et al., 2019). scratch is made as large as it takes; without memory for it up to a
 * few hundredths of a nat too many stay. */
void hr_cut_nucleus(HrCut *cut, const float *logits, size_t n, double mass, HrCandidates *scratch);
/* Locally typical sampling (Meister et al., 2022). Its own
 * reach is around what a typical token has then. */
void hr_cut_typical(HrCut *cut, const float *logits, size_t n, double mass, HrCandidates *scratch);

/* Candidates of what is in the cut, in the order of ids. False if memory is short. */
bool hr_cut_take(const HrCut *cut, const float *logits, size_t n, HrCandidates *set);

/* Stretches of a vocabulary whose probabilities are summed apart. */
#define HR_CUT_STRETCH 256
/* A token of the cut by the softmax of logits / temperature, at unit [0, 1) of the cumulative
 * distribution. sums is [n / HR_CUT_STRETCH + 1] of scratch. */
HrToken hr_cut_draw(const HrCut *cut, const float *logits, size_t n, double temperature, double unit,
                    double *sums);
