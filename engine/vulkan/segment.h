/* segment.h: a stretch of a program's operations on one GPU.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Owns what the stretch takes on the device: weights as they are in the file, the layers' cache, an
 * arena laid out as the host's, and recorded commands for each shape of step. Rows cross from and
 * to the host's arena. Thread-safety: Unsafe (the loading thread, then the runner's).
 */
#pragma once

#include "cpu/execute.h"
#include "vulkan/params.h"
#include "vulkan/pipeline.h"

/* Where a step's data lie, in the staging buffer and in the device's copy of it. */
typedef struct {
    uint64_t counts, positions, seen, slots, tempers, texts, runs, outputs, pages,
        small_bytes, tables[2], rows, bytes;
    uint32_t table_cols[2]; /* of the rope's table and the local one; 0: none */
    uint32_t entries;       /* of a slot's page table */
} HrVkStepLayout;

/* The weights of a layer. */
typedef struct {
    HrVkBuffer *parts; /* [n], owned */
    uint32_t n;
} HrVkWeights;

/* The recurrent states of a step's runs, which the host keeps. */
#define HR_VK_NO_STATE UINT64_MAX
typedef struct {
    uint64_t *at;       /* [n_layer] where a layer's is in a run's; HR_VK_NO_STATE: it has none */
    uint64_t run_bytes; /* of a run; 0: no layer has any */
    HrVkBuffer device, host;
} HrVkStates;

typedef struct HrVkSegment {
    const HrProgram *program;
    HrKv *kv;
    uint32_t begin, end; /* operations */
    uint32_t gpu;        /* HrDevice.gpu, for who looks for it */
    struct HrVkSegment *before; /* whose device, weights and pages it is going to have; or NULL */
    HrVkDevice device;
    HrVkPipelines pipelines;
    HrVkWeights *weights;   /* [n_layer + 1] of a layer; the last: of what comes behind all */
    GHashTable *placed;     /* where a weight's data were bound -> HrVkAddress */
    HrVkBuffer *pools;      /* [n_layer] */
    HrVkBuffer arena, scratch, step, staging, logits;
    HrVkBuffer back;        /* rows for the host, unless the stretch ends the program */
    HrVkStates states;
    HrVkStepLayout layout;
    GArray *inputs, *outputs; /* HrBuf that come from before, and that are read behind */
    GArray *recordings;       /* HrVkRecording */
    float *host_arena;
} HrVkSegment;

/* The stretch alone, without a device: enough to be lowered. To be finished likewise. */
void hr_vk_segment_outline(HrVkSegment *segment, const HrProgram *program, HrKv *kv, uint32_t begin,
                           uint32_t end);
/* Opens GPU device->gpu - 1 and takes everything but the pools and the weights. host_arena: the
 * host executor's. */
bool hr_vk_segment_init(HrVkSegment *segment, const HrProgram *program, HrKv *kv, uint32_t begin,
                        uint32_t end, const HrVkInstance *instance, uint32_t gpu,
                        const char *cache_path, GError **error);
void hr_vk_segment_finish(HrVkSegment *segment);
/* Gives back what is on the device and closes it; the stretch is still known. */
void hr_vk_segment_drop(HrVkSegment *segment);

/* ---- In the place of another one (succeed.c) ----
 * Another stretch of the same model's operations on the same GPU. Until it takes over, both share
 * the device, which is the other one's, and what stays as it is is only there. */
bool hr_vk_segment_init_beside(HrVkSegment *segment, HrVkSegment *before, const HrProgram *program,
                               HrKv *kv, uint32_t begin, uint32_t end, GError **error);
/* Whether the pages of a layer are those that the other one has. */
bool hr_vk_segment_keeps_pool(const HrVkSegment *segment, uint32_t layer, uint64_t bytes);
/* Takes what is kept from the other one, which has nothing then but what it did not need. */
void hr_vk_segment_take_over(HrVkSegment *segment, HrKv *kv);

/* The cache of a layer, and pages of it. */
bool hr_vk_segment_add_pool(HrVkSegment *segment, uint32_t layer, uint64_t bytes, GError **error);
bool hr_vk_segment_copy_page(HrVkSegment *segment, uint32_t layer, uint32_t from, uint32_t to,
                             GError **error);
bool hr_vk_segment_read_page(HrVkSegment *segment, uint32_t layer, uint32_t page, void *dst,
                             GError **error);
bool hr_vk_segment_write_page(HrVkSegment *segment, uint32_t layer, uint32_t page, const void *src,
                              GError **error);

/* Sends the weights of the stretch up that are not kept; progress (may be NULL) gets bytes as they
 * go and says whether to go on. HR_ERROR_CANCELLED, HR_ERROR_MEMORY. */
bool hr_vk_segment_load(HrVkSegment *segment, bool (*progress)(uint64_t bytes, void *data),
                        void *data, GError **error);
uint64_t hr_vk_segment_missing_bytes(HrVkSegment *segment); /* that it is going to send */
uint64_t hr_vk_segment_weight_bytes(const HrVkSegment *segment);
/* Where the stretch has a copy of the weight that was bound at data; 0: it has none. */
HrVkAddress hr_vk_segment_find(const HrVkSegment *segment, const void *data);

/* Computes the stretch for a step. False with error, or without where abort became true. */
bool hr_vk_segment_run(HrVkSegment *segment, const HrStep *step, const atomic_bool *abort,
                       GError **error);

/* ---- Between the files of a segment ---- */

/* Weights begin at multiples of this: the widest load of any shader, and a cache line. */
#define HR_VK_WEIGHT_ALIGN 64
/* What a step takes on the device, whatever the weights are. */
bool hr_vk_segment_make_buffers(HrVkSegment *segment, GError **error);

/* One dispatch. */
typedef struct {
    HrVkVariant variant;
    uint32_t params_bytes, groups_x, groups_y, op;
    union {
        HrVkRmsNorm rms_norm;
        HrVkHeadNorms head_norms;
        HrVkActivate activate;
        HrVkCombine combine;
        HrVkOutputRows output_rows;
        HrVkLinear linear;
        HrVkRopeStore rope_store;
        HrVkAttention attention;
        HrVkLayerNorm layer_norm;
        HrVkGroupNorm group_norm;
        HrVkFactors factors;
        HrVkPick pick;
        HrVkClamp clamp;
        HrVkMix mix;
        HrVkMatch match;
        HrVkBeyond beyond;
        HrVkXielu xielu;
        HrVkRoute route;
        HrVkOrder order;
        HrVkExperts experts;
        HrVkExpertsGate experts_gate;
        HrVkExpertsSum experts_sum;
        HrVkRope rope;
        HrVkHeadLinear head_linear;
        HrVkAttendText attend_text;
        HrVkMeanRows mean_rows;
        HrVkShortConv short_conv;
        HrVkRecurrence recurrence;
    } params;
    bool waits; /* for what was written before */
} HrVkDispatch;

/* Bytes between the matrices of a stack that are tensors of their own, on the device. */
static inline uint64_t hr_vk_apart_stride(const HrLinearStack *stack)
{
    return (stack->weight.n_out * stack->weight.row_bytes + HR_VK_WEIGHT_ALIGN - 1) /
           HR_VK_WEIGHT_ALIGN * HR_VK_WEIGHT_ALIGN;
}

/* weights.c; also of none. */
void hr_vk_weights_finish(HrVkWeights *weights, HrVkDevice *device);

/* states.c: where states are, memory for them, and their ways up and down. */
void hr_vk_states_lay_out(HrVkSegment *segment);
bool hr_vk_states_init(HrVkSegment *segment, GError **error);
void hr_vk_states_finish(HrVkSegment *segment);
void hr_vk_states_write(HrVkSegment *segment, const HrStep *step);
void hr_vk_states_read(HrVkSegment *segment, const HrStep *step);

/* lower.c: the dispatches of the stretch for a step of up to so many rows, as a GArray of
 * HrVkDispatch. */
GArray *hr_vk_lower(const HrVkSegment *segment, uint32_t n_tokens, uint32_t n_outputs);
/* record.c: bytes of matrices that a dispatch reads. */
uint64_t hr_vk_dispatch_read_bytes(const HrVkDispatch *dispatch);
