/* traffic.c: what a runner takes of memory, what it reads from it, and how long memory takes to
 * answer it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/latency.h"
#include "plan/predict.h"
#include "run/runner.h"

#include <string.h>

/* Fewer weights than this could lie in a cache, and would tell nothing about memory. */
#define LEAST_SAMPLED_BYTES (64ull << 20)
/* A tenth of a millisecond at what servers' memory takes. */
#define SAMPLE_HOPS 512

void hr_runner_count_traffic(HrRunner *r, const HrStep *step)
{
    HrStepCost costs[HR_MAX_DEVICES];
    HrStepShape shape = {.n_tokens = step->n_tokens, .n_outputs = step->n_outputs};
    uint64_t depth = 0;
    for (uint32_t i = 0; i < step->n_tokens; i++)
        if (i == 0 || step->slots[i] != step->slots[i - 1]) {
            shape.n_slots++;
            depth += step->positions[i];
        }
    shape.depth = (uint32_t)(depth / shape.n_slots);
    hr_plan_count_step(r->plan, &shape, costs);
    for (size_t d = 0; d < hr_plan_n_devices(r->plan); d++)
        r->bytes_read += (uint64_t)costs[d].bytes;
}

double hr_runner_sample_latency(HrRunner *r)
{
    g_mutex_lock(&r->lock); /* a resize passes them from one executor to the next */
    HrRegion weights = hr_laid_stretch(&r->executor.laid);
    g_mutex_unlock(&r->lock);
    return weights.bytes >= LEAST_SAMPLED_BYTES
               ? hr_latency_sample(weights.base, weights.bytes, SAMPLE_HOPS)
               : 0;
}

static uint64_t untouched(const HrRegion *region)
{
    return region->bytes - hr_region_committed(region);
}

void hr_runner_get_committed(HrRunner *r, uint64_t ret_bytes[HR_ITEM_N_KINDS])
{
    g_mutex_lock(&r->lock); /* a resize replaces them all with it held */
    const HrExecutor *e = &r->executor;
    const HrEncoder *v = &r->encoder;
    memcpy(ret_bytes, r->stats.allocated, sizeof r->stats.allocated);
    ret_bytes[HR_ITEM_CACHE] = r->stats.cache_committed_bytes;
    ret_bytes[HR_ITEM_COMPUTE] -= untouched(&e->arena) + untouched(&e->prepared) +
                                  untouched(&e->scratch) + untouched(&e->loras.inner);
    ret_bytes[HR_ITEM_OUTPUT] -= untouched(&e->logits);
    ret_bytes[HR_ITEM_PROJECTOR] -=
        untouched(&v->arena) + untouched(&v->scratch) + untouched(&v->rows);
    g_mutex_unlock(&r->lock);
}
