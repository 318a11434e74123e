/* park.h: what a slot holds, as bytes that can be put back.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The bytes are those of the pages and states, layer by layer: they mean something only to a cache
 * of the same form (hr_kv_park_form) of the same model. Thread-safety: Unsafe (the runner's
 * thread).
 */
#pragma once

#include "kv/kv.h"

/* Takes or gives bytes in order; false ends it. */
typedef bool (*HrKvWriteFunc)(const void *bytes, size_t n, void *data);
typedef bool (*HrKvReadFunc)(void *bytes, size_t n, void *data);

/* Feeds everything that decides how bytes lie: two caches that feed the same can hold each other's.
 */
void hr_kv_park_form(const HrKv *kv, GChecksum *sum);
/* Bytes that slot gives. */
uint64_t hr_kv_park_bytes(const HrKv *kv, uint32_t slot);

/* Both ways go bit by bit, a page at least each time, so that others' steps can be between. */
typedef struct {
    uint32_t layer, entry; /* the next page; zeros: the beginning */
} HrKvParkPlace;
typedef enum { HR_KV_PARK_MORE, HR_KV_PARK_DONE, HR_KV_PARK_FAILED } HrKvParkState;

/* The pages that the slot's next step would look at, and all states that can be come back to. The
 * slot must not change meanwhile. until_us: monotonic. */
HrKvParkState hr_kv_park_write(const HrKv *kv, uint32_t slot, HrKvParkPlace *place,
                               int64_t until_us, HrKvWriteFunc write, void *data);
/* Makes room for tokens[n] in a slot that holds nothing; until all was read it must not be used.
 * HR_ERROR_MEMORY: it holds nothing still. */
bool hr_kv_park_begin_read(HrKv *kv, uint32_t slot, const HrToken *tokens, uint32_t n,
                           GError **error);
/* Reads what was written. On failure the slot is as if it had never been begun: truncate it. */
HrKvParkState hr_kv_park_read(HrKv *kv, uint32_t slot, HrKvParkPlace *place, int64_t until_us,
                              HrKvReadFunc read, void *data);
