/* park.c: when what a runner's slots hold goes to files. See parking.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/runner.h"

/* Of a turn while others have answers coming, and while nobody has: so long cancelling may take. */
#define BESIDE_US 5000
#define ALONE_US 50000
/* Who needs the memory waits so long for files to be written. */
#define RELEASE_US 2000000

static const float *adapters_of(const HrRunner *r, uint32_t slot)
{
    return r->slot_adapters + (size_t)slot * r->model->adapters->len;
}

bool hr_runner_is_parking(const HrRunner *r)
{
    return r->parking && hr_parking_is_working(r->parking);
}

bool hr_runner_begin_parking(HrRunner *r, uint32_t slot)
{
    return hr_parking_begin_store(r->parking, &r->kv, slot, adapters_of(r, slot));
}

void hr_runner_park(HrRunner *r)
{
    uint32_t slot;
    if (!hr_runner_is_parking(r))
        return;
    int64_t until_us = g_get_monotonic_time() + (hr_slots_active(r) ? BESIDE_US : ALONE_US);
    if (hr_parking_work(r->parking, &r->kv, until_us, &slot) == HR_PARKING_FAILED)
        r->slots[slot].unparkable = true;
}

void hr_runner_leave_parking(HrRunner *r)
{
    if (r->parking)
        hr_parking_abandon(r->parking, &r->kv);
}

static int64_t release_until(HrRunner *r, int64_t now_us)
{
    g_mutex_lock(&r->lock);
    if (r->releasing && r->release_until_us == 0)
        r->release_until_us = now_us + RELEASE_US;
    r->releasing = false;
    g_mutex_unlock(&r->lock);
    return r->release_until_us;
}

/* Whether it is on its way into a file; else there is nothing left to wait for. */
static bool begin_release(HrRunner *r, uint32_t slot)
{
    return r->parking && !r->program->hparams->whole && !r->slots[slot].unparkable &&
           hr_runner_begin_parking(r, slot);
}

void hr_runner_release(HrRunner *r)
{
    int64_t now_us = g_get_monotonic_time(), until_us = release_until(r, now_us);
    bool late = now_us >= until_us;
    if (until_us == 0 || (hr_runner_is_parking(r) && !late))
        return;
    hr_runner_leave_parking(r);
    for (uint32_t i = 0; i < r->n_slots; i++) {
        if (r->slots[i].state != HR_SLOT_IDLE || r->kv.slots[i].tokens->len == 0)
            continue;
        if (!late && begin_release(r, i))
            return;
        hr_kv_truncate(&r->kv, i, 0);
    }
    r->release_until_us = 0;
}

void hr_runner_park_all(HrRunner *r)
{
    uint32_t slot;
    if (!r->parking || r->program->hparams->whole)
        return;
    hr_runner_leave_parking(r);
    for (uint32_t i = 0; i < r->n_slots; i++)
        if (hr_runner_begin_parking(r, i))
            while (hr_parking_work(r->parking, &r->kv, G_MAXINT64, &slot) == HR_PARKING_WORKS)
                ;
}
