/* encode.h: runs a tower over the views of an image.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An encoder owns the memory that the largest image takes and works on one image at a time, for as
 * long at once as it is let: towers take seconds, and others' answers go on between. Work is cut
 * into pieces of milliseconds that threads claim; a piece's result does not depend on who computes
 * it or when. Thread-safety: Unsafe (the runner's thread calls it).
 */
#pragma once

#include "cpu/linear.h"
#include "cpu/pool.h"
#include "cpu/vector.h"
#include "memory/region.h"
#include "vision/product.h"
#include "vision/tower.h"

#include <stdatomic.h>

/* What an encoder takes, for the plan. */
typedef struct {
    uint64_t arena_bytes, scratch_bytes, rows_bytes;
} HrEncoderNeeds;
/* HR_ERROR_MEMORY. */
bool hr_encoder_needs(const HrVision *vision, uint32_t n_threads, HrEncoderNeeds *ret_needs,
                      GError **error);

typedef struct {
    const HrVision *vision;
    const HrProduct *product;
    const HrVectorKernels *vector;
    HrPool *pool;
    uint32_t n_threads;
    HrRegion arena, scratch, rows; /* rows: what the views gave */
    size_t thread_scratch_bytes;
    HrSight *sight;   /* being encoded or encoded; NULL: none */
    HrTower *tower;   /* of the view at hand */
    uint32_t view, op;
    uint32_t n_pieces; /* of op */
    atomic_uint claimed;
    double *frequencies; /* [n_embd / n_head / 4] of positions' angles */
    int64_t deadline_us; /* of the work at hand */
    bool is_owed;        /* an operation, whatever the deadline says: no slice is in vain */
    const atomic_bool *abort;
    bool leave; /* what thread 0 decided */
} HrEncoder;

/* items: arena, scratch and rows of the plan, in this order. */
bool hr_encoder_init(HrEncoder *encoder, const HrVision *vision, uint32_t n_threads,
                     HrLedger *ledger, const HrPlanItem *const items[3], GError **error);
void hr_encoder_finish(HrEncoder *encoder);

/* The image to work on from now on, instead of any other; NULL: none. */
void hr_encoder_begin(HrEncoder *encoder, HrSight *sight);
/* Works until the image is encoded, deadline_us (monotonic) is over or abort is true; does one
 * operation at least unless aborted. False on an error; ret_done: all rows are there. */
bool hr_encoder_work(HrEncoder *encoder, int64_t deadline_us, const atomic_bool *abort,
                     bool *ret_done, GError **error);
/* [n_out], of an encoded image; row < sight->n_rows. */
const float *hr_encoder_row(const HrEncoder *encoder, uint32_t row);

/* ---- Inside: what the files of the operations share ---- */

typedef struct {
    HrEncoder *e;
    const HrTowerOp *op;
    char *scratch; /* this thread's */
} HrEncoderTask;

static inline float *hr_encoder_at(const HrEncoder *e, HrTowerBuf buf, uint32_t row)
{
    const HrTowerBuffer *buffer = hr_tower_buffer(e->tower, buf);
    return (float *)((char *)e->arena.base + buffer->offset) + (size_t)row * buffer->cols;
}
static inline uint32_t hr_encoder_rows_of(const HrEncoder *e, HrTowerBuf buf)
{
    return hr_tower_buffer(e->tower, buf)->rows;
}
static inline uint32_t hr_encoder_cols_of(const HrEncoder *e, HrTowerBuf buf)
{
    return hr_tower_buffer(e->tower, buf)->cols;
}

/* How many pieces an operation is cut into, and one of them. */
typedef struct {
    uint32_t (*count)(const HrEncoder *e, const HrTowerOp *op);
    void (*run)(const HrEncoderTask *task, uint32_t piece);
} HrEncoderOp;

extern const HrEncoderOp hr_encoder_linear, hr_encoder_attend; /* op-heavy.c */
extern const HrEncoderOp hr_encoder_patches, hr_encoder_position, hr_encoder_angles,
    hr_encoder_norm, hr_encoder_turn, hr_encoder_gate, hr_encoder_mean,
    hr_encoder_put; /* op-light.c */
size_t hr_encoder_thread_scratch(const HrTower *tower);
