/* vision-support.h: the small towers of towers/, what they should make of their pictures, and
 * encoders to run them with.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "vision/encode.h"

#define TOWER_N_OUT 48

typedef struct {
    const char *name; /* of its files */
    const char *arch; /* of a language model that it goes with */
} TowerCase;

extern const TowerCase tower_cases[];
extern const size_t n_tower_cases;

char *tower_path(const char *name, const char *suffix);
HrVision *open_tower(const TowerCase *tower);
HrImage *read_ppm(const char *name);

typedef struct {
    HrEncoder encoder;
    HrLedger ledger;
    HrPlanItem items[3];
} TestEncoder;

void test_encoder_init(TestEncoder *t, const HrVision *vision, uint32_t n_threads);
void test_encoder_finish(TestEncoder *t);
/* Runs until all rows are there, slice_us at a time. Returns the slices. */
uint32_t test_encoder_run(TestEncoder *t, HrSight *sight, int64_t slice_us);
