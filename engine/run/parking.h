/* parking.h: what slots held, in files, for requests that begin the same way later on.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A slot is parked when another conversation takes its place and when the model is unloaded; a
 * request that shares more with a file than with any slot has it read into one. A file
 * (park-file.h) is named after who wrote it and what it holds, lies beside its final name until it
 * is whole, and is readable by its owner only.
 *
 * Writing and reading are jobs, one at a time, that go on a little between steps: nobody's answer
 * waits for a disk. The slot of a job must not change meanwhile.
 *
 * Thread-safety: Unsafe (the runner's thread).
 */
#pragma once

#include "kv/kv.h"

/* Fewer tokens are read again faster than they are found. */
#define HR_PARK_MIN_TOKENS 128
/* Files that are kept of one model; each is looked at for every request. */
#define HR_MAX_PARKED 256

typedef struct HrParking HrParking;

/* Finds what was parked before by the same model. adapters: of each slot. Never NULL; options are
 * copied. */
HrParking *hr_parking_new(const HrParkingOptions *options, const HrKv *kv, bool turned_far,
                          uint32_t n_adapters) G_GNUC_WARN_UNUSED_RESULT;
void hr_parking_free(HrParking *parking);

/* The cache has another form now: other files are for it. */
void hr_parking_reform(HrParking *parking, const HrKv *kv, bool turned_far);
/* The most of tokens[n] that a file holds, with the adapters; 0: nothing. */
uint32_t hr_parking_find(const HrParking *parking, const HrToken *tokens, uint32_t n,
                         uint32_t num_ctx, const float *adapters, uint32_t *ret_index);

/* ---- Jobs ---- */

/* Begins to write what slot holds. False where there is nothing to do: a file holds it already, it
 * is not worth it, or it cannot be (that is noted, and nothing else). */
bool hr_parking_begin_store(HrParking *parking, const HrKv *kv, uint32_t slot,
                            const float *adapters);
/* Begins to read a file that was found into a slot that holds nothing. False: it cannot be. */
bool hr_parking_begin_restore(HrParking *parking, HrKv *kv, uint32_t slot, uint32_t index);
bool hr_parking_is_working(const HrParking *parking);

typedef enum {
    HR_PARKING_WORKS,
    HR_PARKING_STORED,
    HR_PARKING_RESTORED,
    HR_PARKING_FAILED
} HrParkingState;
/* Goes on with the job until until_us (monotonic), by a page at least. ret_slot: the job's. A slot
 * that could not be read holds nothing. */
HrParkingState hr_parking_work(HrParking *parking, HrKv *kv, int64_t until_us, uint32_t *ret_slot);
/* Leaves the job, if there is one, as if it had never been begun. */
void hr_parking_abandon(HrParking *parking, HrKv *kv);
