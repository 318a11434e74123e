/* pace.h: how much of a prompt a step reads while others generate.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who reads an answer waits for every step. So a step that also reads a prompt may take a certain
 * multiple of one that only generates; how many tokens that is follows from what steps took before.
 * What is computed does not depend on it. Thread-safety: the runner's thread.
 */
#pragma once

#include <stdint.h>

/* Of a step that reads a prompt, times what a step without takes: leaves answers fluent, and a
 * prompt still gets half of the time. */
#define HR_DEFAULT_STRETCH 2.0f

/* All zero: nothing is known yet. */
typedef struct {
    double generate; /* seconds of a step that only generates; smoothed, like the other */
    double read;     /* seconds by which a token of a prompt makes a step longer */
} HrPace;

/* A step of n_generated and n_read tokens took so long. */
void hr_pace_note(HrPace *pace, uint32_t n_generated, uint32_t n_read, double seconds);
/* Prompt tokens of a step that also generates: at least one, at most num_batch. stretch >= 1. */
uint32_t hr_pace_share(const HrPace *pace, double stretch, uint32_t num_batch);
