/* tower.h: a vision tower as a flat list of operations, for views of one size.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The same idea as program/, with other rows: a buffer has one row per patch (and one for the class
 * token where there is one), all rows see each other, and nothing is kept. Buffers are float
 * matrices, row-major, with places in one arena. Immutable once built.
 */
#pragma once

#include "vision/sight.h"

typedef uint32_t HrTowerBuf;
#define HR_TOWER_NONE UINT32_MAX

typedef struct {
    uint32_t rows, cols;
    uint32_t first_op, last_op; /* lifetime */
    size_t offset;              /* in the arena */
} HrTowerBuffer;

typedef enum {
    HR_TOWER_PATCHES,  /* dst[r] = normalised pixels of patch order[r]: red, then green, then blue;
                          zeros for the class token */
    HR_TOWER_POSITION, /* dst[r] += table[order[r]]; the class token's own */
    HR_TOWER_ANGLES, /* dst[r] = cosines, then sines, of the angles of patch order[r], half a head's
                        width each */
    HR_TOWER_NORM,   /* dst = norm of src: of layers, or (rms) of root mean squares */
    HR_TOWER_LINEAR, /* dst = activation (linear (src)) (+ add); merge rows of src, from first_row
                        on, are one row of it */
    HR_TOWER_TURN,   /* each head of dst, in place, by the angles of k */
    HR_TOWER_ATTEND, /* dst = softmax (src . k^T / sqrt (width)) v within each range of rows */
    HR_TOWER_GATE,   /* dst = activation (src) * k */
    HR_TOWER_MEAN,   /* dst[r] = mean of merge rows of src */
    HR_TOWER_PUT,    /* columns first_col.. of dst = src */
    HR_TOWER_N,
} HrTowerKind;

typedef struct {
    HrTowerKind kind;
    HrTowerBuf src, dst, k, v, add;
    const HrLinear *linear;   /* LINEAR */
    const HrWeight *weight, *bias; /* NORM, POSITION */
    HrActivation activation;
    bool activates;           /* LINEAR: with activation */
    bool rms;                 /* NORM */
    bool transposed;          /* LINEAR: the matrix is stored [n_in, n_out] */
    bool interleaved; /* LINEAR: the matrix has the merged rows' columns in turns: the first of
                         each, the second of each ... */
    bool whole;               /* ATTEND: all rows, whatever windows there are */
    uint32_t merge, first_row, first_col;
} HrTowerOp;

typedef struct {
    const HrVision *vision;
    uint32_t grid_w, grid_h;
    uint32_t n_class;    /* rows before the first patch: 1 with a class token */
    uint32_t *order;     /* [grid_w * grid_h] patch y * grid_w + x of each place */
    GArray *windows;     /* uint32_t: ends of ranges of rows that see each other */
    GArray *ops;         /* HrTowerOp */
    GArray *buffers;     /* HrTowerBuffer */
    HrTowerBuf result;   /* [view rows, n_out] */
    size_t arena_bytes;
    uint32_t widest_in;  /* columns of the widest product's input */
} HrTower;

/* HR_ERROR_MEMORY. */
HrTower *hr_tower_new(const HrVision *vision, uint32_t grid_w, uint32_t grid_h,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
void hr_tower_free(HrTower *tower);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HrTower, hr_tower_free)

static inline const HrTowerOp *hr_tower_op(const HrTower *t, uint32_t i)
{
    return &g_array_index(t->ops, HrTowerOp, i);
}
static inline const HrTowerBuffer *hr_tower_buffer(const HrTower *t, HrTowerBuf b)
{
    return &g_array_index(t->buffers, HrTowerBuffer, b);
}

/* ---- tower-emit.c: the words that towers are written with ---- */

HrTowerBuf hr_tower_patches(HrTower *tower);
void hr_tower_position(HrTower *tower, HrTowerBuf x, const HrWeight *table);
HrTowerBuf hr_tower_angles(HrTower *tower);
HrTowerBuf hr_tower_norm(
    HrTower *tower, HrTowerBuf x,
    const HrVisionNorm *norm); /* of root mean squares where there is no bias */
HrTowerBuf hr_tower_linear(HrTower *tower, HrTowerBuf x, const HrLinear *linear);
HrTowerBuf hr_tower_linear_add(HrTower *tower, HrTowerBuf x, const HrLinear *linear,
                               HrTowerBuf residual);
HrTowerBuf hr_tower_linear_activated(HrTower *tower, HrTowerBuf x, const HrLinear *linear,
                                     HrActivation activation);
HrTowerBuf hr_tower_linear_transposed(HrTower *tower, HrTowerBuf x, const HrLinear *linear);
/* The product of merge rows laid side by side; the class token is left out. */
HrTowerBuf hr_tower_linear_merged(HrTower *tower, HrTowerBuf x, const HrLinear *linear,
                                  uint32_t merge);
HrTowerBuf hr_tower_linear_interleaved(HrTower *tower, HrTowerBuf x, const HrLinear *linear,
                                       uint32_t merge);
/* The last product emitted gets an activation. */
void hr_tower_activate_last(HrTower *tower, HrActivation activation);
void hr_tower_turn(HrTower *tower, HrTowerBuf x, HrTowerBuf angles);
HrTowerBuf hr_tower_attend(HrTower *tower, HrTowerBuf q, HrTowerBuf k, HrTowerBuf v, bool whole);
HrTowerBuf hr_tower_gate(HrTower *tower, HrActivation activation, HrTowerBuf gate, HrTowerBuf up);
HrTowerBuf hr_tower_mean(HrTower *tower, HrTowerBuf x, uint32_t merge);
HrTowerBuf hr_tower_stack(HrTower *tower, uint32_t rows, uint32_t cols); /* for PUT */
void hr_tower_put(HrTower *tower, HrTowerBuf stack, HrTowerBuf x, uint32_t first_col);
