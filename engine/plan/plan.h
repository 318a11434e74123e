/* plan.h: a plan, inside the engine.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "model/model.h"

struct HrPlan {
    gatomicrefcount refs;
    HrModel *model;
    HrSettings settings; /* resolved */
    HrDevice *devices;
    size_t n_devices;
    GArray *items;        /* HrPlanItem */
    GPtrArray *names;     /* owned strings that items borrow */
    uint32_t first_cache; /* index of the first cache item */
    uint32_t first_compute; /* arena, prepared rows, scratch, logits */
    uint64_t cache_bytes_per_token; /* of what grows with num_ctx */
};

/* Tokens and logit rows that a step may have. */
uint32_t hr_settings_max_tokens(const HrSettings *settings);
uint32_t hr_settings_max_outputs(const HrSettings *settings);
/* Fills in defaults; HR_ERROR_SETTINGS names what is out of range. */
bool hr_settings_resolve(HrSettings *settings, const HrModel *model, GError **error);
