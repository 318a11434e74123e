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
/* The pages that the slot's next step would look at, and all states that can be come back to. */
bool hr_kv_park_write(const HrKv *kv, uint32_t slot, HrKvWriteFunc write, void *data);
/* The same into a slot that holds nothing, which then holds tokens[n]. On failure it holds nothing.
 */
bool hr_kv_park_read(HrKv *kv, uint32_t slot, const HrToken *tokens, uint32_t n, HrKvReadFunc read,
                     void *data, GError **error);
