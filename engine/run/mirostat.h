/* mirostat.h: keeps the surprise of drawn tokens near a target (Basu et al., 2020), in its versions
 * 1 and 2.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "run/candidates.h"

typedef struct {
    double tau; /* target, bits per token */
    double eta; /* rate of learning */
    double mu;  /* what is let through now, bits */
} HrMirostat;

void hr_mirostat_init(HrMirostat *mirostat, double tau, double eta);
/* Keeps what version 1 lets through, by Zipf's law; version 2 is hr_cut_surprise. p stays as given,
 * over all tokens: surprise is measured by it, and drawing needs only ratios. */
void hr_mirostat_truncate(const HrMirostat *mirostat, HrCandidates *set, size_t n_vocab);
/* After a draw of a token of probability p. */
void hr_mirostat_observe(HrMirostat *mirostat, double p);
