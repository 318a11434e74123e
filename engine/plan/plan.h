/* plan.h: a plan, inside the engine.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "cpu/execute.h"
#include "model/model.h"
#include "vision/encode.h"

/* Which device has what. Layers go to GPUs from the last one backwards, so that rows cross from the
 * host once. */
typedef struct {
    uint32_t *layers;  /* [n_layer] device of a layer with its cache */
    uint32_t *experts; /* [n_layer] device of its experts */
    uint32_t output;   /* device of the output matrix and the logits */
} HrPlacement;

struct HrPlan {
    gatomicrefcount refs;
    HrModel *model;       /* NULL: of items */
    HrSettings settings; /* resolved */
    HrDevice *devices;
    size_t n_devices;
    GArray *items;        /* HrPlanItem */
    GStringChunk *names;  /* of the items */
    uint64_t *device_bytes; /* [n_devices] of all items */
    HrWeightBytes weights; /* the model's, or what settings say of them */
    HrProgram *program;    /* of the largest step; NULL: of items */
    HrExecutorNeeds needs;
    HrEncoderNeeds vision_needs; /* zeros: it sees no images */
    HrPlacement placement;
    uint32_t gpu_takes;  /* layers at the end that this machine's GPUs can compute */
    const char *gpu_why; /* not more; or NULL */
    int32_t asked_gpu_layers; /* before it was resolved */
    uint32_t asked_cpu_experts;
    uint32_t first_projector; /* index of the tower's weights, arena, scratch and rows; none without
                                 a tower */
    uint32_t
        first_adapter; /* index of the adapters' weights; behind them what a step needs for them */
    uint32_t tokenizer_item; /* index of its tables; none if the model says they take nothing */
    uint32_t first_cache; /* index of the first cache item */
    uint32_t first_compute; /* arena, prepared rows, scratch, logits */
    uint32_t *token_bytes; /* [n_layer] cache of one position */
    uint64_t cache_bytes_per_token; /* of what grows with num_ctx */
};

/* Bytes of the cache of each layer, [n_layer], with settings. */
bool hr_plan_cache_bytes(const HrModel *model, const HrSettings *settings, uint64_t *layers,
                         GError **error);

/* Finds a device for everything. plan has model, settings, devices, weights and needs; cache is
 * [n_layer]. Resolves gpu_layers and cpu_experts. */
void hr_plan_place(HrPlan *plan, const uint64_t *cache);
/* What a GPU that has any layers needs beside them. */
uint64_t hr_plan_gpu_fixed_bytes(const HrPlan *plan);
uint64_t hr_plan_staging_bytes(const HrPlan *plan);

/* Tokens and logit rows that a step may have. */
uint32_t hr_settings_max_tokens(const HrSettings *settings);
/* Rows of output of a step: a slot's each, or those of one slot that is a few drafted tokens ahead.
 */
#define HR_DRAFT_OUTPUTS 8
uint32_t hr_settings_max_outputs(const HrSettings *settings);
/* Fills in defaults; HR_ERROR_SETTINGS names what is out of range. */
bool hr_settings_resolve(HrSettings *settings, const HrModel *model, GError **error);
