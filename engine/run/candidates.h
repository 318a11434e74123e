/* candidates.h: the tokens that may still be drawn, and the filters that take some away.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Logits that are NaN or -infinity are no candidates; +infinity counts as the largest finite
 * number. Where two are alike, the token with the lower id goes first, so that results do not
 * depend on how they were found. Nothing here sorts a vocabulary: what is needed of it in order is
 * taken off a heap. Thread-safety: one thread per object.
 */
#pragma once

#include "hr.h"

typedef struct {
    HrToken token;
    float logit;
    float key;  /* what a filter orders by, larger first */
    double p;   /* valid after hr_candidates_softmax */
} HrCandidate;

typedef struct {
    HrCandidate *items; /* [n] of [capacity] */
    size_t n, capacity;
} HrCandidates;

bool hr_candidates_init(HrCandidates *set, size_t capacity, GError **error);
void hr_candidates_clear(HrCandidates *set);
/* Room for n, in steps that grow. False if memory is short; what is there stays. */
bool hr_candidates_reserve(HrCandidates *set, size_t n);

/* Fills set with the k largest of logits[n_logits], largest first; k is at most the capacity. */
void hr_candidates_take_top(HrCandidates *set, const float *logits, size_t n_logits, size_t k);
/* All of logits[n_logits], in the order of ids; the capacity is at least n_logits. */
void hr_candidates_take_all(HrCandidates *set, const float *logits, size_t n_logits);

/* p = softmax of logit / temperature over the set. */
void hr_candidates_softmax(HrCandidates *set, double temperature);
/* Puts the k with the largest logits in order at the beginning. */
void hr_candidates_order_first(HrCandidates *set, size_t k);
/* Puts, by key, the first candidates in order at the beginning, until their p sum to mass, but at
 * least one. Returns how many. The set has one at least. */
size_t hr_candidates_order_mass(HrCandidates *set, double mass);
/* Filters; each leaves at least one candidate of a set that has any. */
void hr_candidates_keep_first(HrCandidates *set,
                              size_t k); /* the k with the largest logits, in order */
void hr_candidates_keep_typical(HrCandidates *set,
                                double mass); /* locally typical sampling (Meister et al., 2022) */
void hr_candidates_keep_nucleus(HrCandidates *set,
                                double mass); /* top-p (Holtzman et al., 2019), in order */
void hr_candidates_keep_near_best(HrCandidates *set,
                                  double min_p); /* min-p: p >= min_p * the largest p */
