/* fixture.h: an architecture's tiny model as a text: what its file's header says, and what another
 * engine answers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One line each, words apart by single spaces:
 *
 *     u32|i32|f32|bool KEY VALUE
 *     string KEY VALUE
 *     u32s|i32s|f32s|bools KEY VALUE ...
 *     tensor NAME DIMENSION ...
 *     answer POSITION ID:LOGPROB ...
 *
 * Weights are made up from the tensors' names, the same on every machine: normal around 0 with a
 * deviation of 0.5, states' decays (ssm_a) negative. A vocabulary of VOCAB made-up tokens is added.
 */
#pragma once

#include "hr.h"

#define FIXTURE_N_TOKENS 72 /* more than a page of the cache and twice the windows of the files */
#define FIXTURE_N_VOCAB 128

/* What is asked about. */
void fixture_tokens(HrToken tokens[FIXTURE_N_TOKENS]);
/* Writes the model of a fixture's text to path. */
void fixture_write_model(const char *text, const char *path);

/* The same with made-up MXFP4 blocks for experts, or with the floats that these stand for. */
typedef enum { FIXTURE_FLOATS, FIXTURE_MXFP4_EXPERTS, FIXTURE_EXPERTS_OF_MXFP4 } FixtureForm;
void fixture_write_model_as(const char *text, const char *path, FixtureForm form);

/* How far logits [FIXTURE_N_VOCAB] are from a line "answer POSITION ID:LOGPROB ...": the divergence
 * from the named tokens and from all others together. Where the first leads clearly it has to be
 * first in both. */
double fixture_divergence(const char *line, const float *logits);
