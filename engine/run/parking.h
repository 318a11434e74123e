/* parking.h: what slots held, in files, for requests that begin the same way later on.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A slot is parked when another conversation takes its place and when the model is unloaded; a
 * request that shares more with a file than with any slot has it read into one. A file is named
 * after who wrote it and what it holds, lies beside its final name until it is whole, and is
 * readable by its owner only. What is in it, in the machine's byte order:
 *
 *   char     magic[8]        "HRPARK1\n"
 *   uint8    form[32]        SHA-256 of the model's identity and of the cache's form
 * (hr_kv_park_form) uint32   n_tokens, n_adapters uint64   n_bytes         of the pages and states
 * that follow (hr_kv_park_write) float    adapters[n_adapters] int32    tokens[n_tokens] uint8
 * bytes[n_bytes] uint8    sum[32]         SHA-256 of everything before
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
/* Parks what slot holds, unless a file holds it already. What cannot be is noted, and nothing else.
 */
void hr_parking_store(HrParking *parking, const HrKv *kv, uint32_t slot, const float *adapters);
/* The most of tokens[n] that a file holds, with the adapters; 0: nothing. */
uint32_t hr_parking_find(const HrParking *parking, const HrToken *tokens, uint32_t n,
                         uint32_t num_ctx, const float *adapters, uint32_t *ret_index);
/* Reads a file that was found into a slot that holds nothing; false: it holds nothing still. */
bool hr_parking_restore(HrParking *parking, HrKv *kv, uint32_t slot, uint32_t index);
