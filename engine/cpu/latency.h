/* latency.h: how long one load from memory takes when nothing can be fetched ahead.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Seconds per load: each of hops loads from another line of base[bytes], known only once the one
 * before has come. bytes are more than the caches hold. Only reads. Thread-safety: Safe. */
double hr_latency_sample(const void *base, size_t bytes, uint32_t hops);
