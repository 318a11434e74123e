/* tile-template.h: panels of unpacked weights times a tile of columns, for any vector width.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The integer kernels' inner loops; for linear-template.h. Each (row, column) sees the same
 * sequence of float operations whatever is computed beside it: one lane, groups in ascending order,
 * the running value carried from chunk to chunk. Integer sums are exact, so their order is free.
 */
#pragma once

#include "cpu/unpack-template.h"

/* Columns unpacked at once. Two panels of a chunk, and as many columns' groups as are multiplied
 * with them at a time, stay in a first-level cache of 32 KiB. */
#define CHUNK 512
/* Panels unpacked and multiplied together, where there are columns enough to share the loads of. */
#define PANELS 2

/* A chunk of LANES weight rows: lane r of a vector belongs to row r. */
typedef struct {
    V q[CHUNK / 4];       /* byte b of lane r of q[i] is column 4 i + b of the row */
    F scale[CHUNK / 16];
    F min[CHUNK / 16];    /* only of types with minima */
} Panel;

/* ---- Panels times a tile of columns ---- */

/* Columns, and where their results go. */
typedef struct {
    const uint8_t *groups; /* of the chunk's first group of the first column; the next column's are
                              stride bytes on */
    size_t stride;
    float *y;              /* of the first panel's first row and the first column */
    size_t y_stride;
    float *sums;           /* the same of running sums; may be y */
    size_t sums_stride;
    size_t n_rows;         /* that exist, of all panels */
    size_t rest; /* bytes from a group to the one that holds what it rounded off; 0: none does */
    bool first, last;      /* there are no sums yet; y is to get them now */
} ColumnTile;

/* What a product with raised weights starts from. */
HR_INLINE V start_of(int32_t offset, int raised)
{
    switch (raised) {
    case 0: return v_set_32(START);
    case 16: return v_right_signed(v_set_32(offset), 3);
    case 32: return v_right_signed(v_set_32(offset), 2);
    default: return v_set_32(offset);
    }
}
static_assert(HR_RAISED_MOST == 128, "start_of divides by shifting");

/* acc += dot * scale * x's scale - min * x's sum. */
HR_INLINE F add_scaled(F acc, V dot, F scale, F min, const HrGroup *x, int part, int group,
                       bool has_min)
{
    const F value = f_scaled(dot, scale);

    if (!has_min)
        return f_add_product(acc, value, f_set(x->scale));
    if (group == 32)
        return f_sub_product(f_add_product(acc, value, f_set(x->scale)), min, f_set(x->sum));
    /* min / HR_RAISED_MOST * (offset - START) is -min * sum of q */
    const F low = f_scaled(v_set_32(x->offset_16[part]), f_mul(min, f_set(1.0f / HR_RAISED_MOST)));
    return f_add_product(acc, f_add(value, low), f_set(x->scale));
}

/* From a panel's vectors to the next panel's. */
#define PANEL_STEP (sizeof(Panel) / sizeof(V))

/* acc[p][c] += one 32-group, whose weights are q, scale and min in the first panel, times group x
 * of column c. */
HR_INLINE void multiply_group(const V *q, const F *scale, const F *min, int n_panels,
                              const uint8_t *groups, size_t stride, int n_cols, int group,
                              bool has_min, int raised, F acc[][COLUMNS_1])
{
    const size_t scales = 32 / (size_t)group;

    HR_UNROLL(2)
    for (int part = 0; part < (int)scales; part++) {
        V dot[PANELS][COLUMNS_1];

        HR_UNROLL(16)
        for (int c = 0; c < n_cols; c++) {
            const HrGroup *x = hr_group_of(groups, stride, c);
            HR_UNROLL(2)
            for (int p = 0; p < n_panels; p++)
                dot[p][c] = start_of(group == 32 ? x->offset : x->offset_16[part], raised);
        }
        add_products(q + 4 * part, PANEL_STEP, n_panels, groups, stride, part * 16, group / 4,
                     n_cols, has_min ? RAISED_32 : raised, dot);
        HR_UNROLL(16)
        for (int c = 0; c < n_cols; c++) {
            HR_UNROLL(2)
            for (int p = 0; p < n_panels; p++)
                acc[p][c] =
                    add_scaled(acc[p][c], dot[p][c], scale[(size_t)p * PANEL_STEP + (size_t)part],
                               has_min ? min[(size_t)p * PANEL_STEP + (size_t)part] : f_zero(),
                               hr_group_of(groups, stride, c), part, group, has_min);
        }
    }
}

/* Rows of panel p that exist. */
HR_INLINE size_t rows_in(const ColumnTile *tile, int p)
{
    const size_t before = (size_t)p * LANES;
    return tile->n_rows - before < LANES ? tile->n_rows - before : LANES;
}

/* n_panels panels times n_cols columns, n_groups 32-groups. */
HR_INLINE void multiply_tile(const Panel *panel, int n_panels, size_t n_groups,
                             const ColumnTile *tile, int n_cols, int group, bool has_min,
                             int raised)
{
    const uint8_t *groups = tile->groups;
    F acc[PANELS][COLUMNS_1];

    HR_UNROLL(16)
    for (int c = 0; c < n_cols; c++) {
        HR_UNROLL(2)
        for (int p = 0; p < n_panels; p++) {
            const float *sums = tile->sums + (size_t)c * tile->sums_stride + p * LANES;
            acc[p][c] = tile->first ? f_zero() : f_load(sums, rows_in(tile, p));
        }
    }
    for (size_t g = 0; g < n_groups; g++, groups += sizeof(HrGroup)) {
        if (n_panels > 1) {
            HR_UNROLL(16)
            for (int c = 0; c < n_cols; c++) /* the next tile's */
                __builtin_prefetch(groups + (size_t)(n_cols + c) * tile->stride);
        }
        const size_t scales = g * (32 / (size_t)group);
        multiply_group(panel->q + 8 * g, panel->scale + scales, panel->min + scales, n_panels,
                       groups, tile->stride, n_cols, group, has_min, raised, acc);
    }
    float *dst = tile->last ? tile->y : tile->sums;
    const size_t dst_stride = tile->last ? tile->y_stride : tile->sums_stride;
    HR_UNROLL(16)
    for (int c = 0; c < n_cols; c++) {
        HR_UNROLL(2)
        for (int p = 0; p < n_panels; p++)
            f_store(dst + (size_t)c * dst_stride + p * LANES, rows_in(tile, p), acc[p][c]);
    }
}

/* ---- Kinds of panels: group, minima and raise are constants of the code ---- */

typedef enum { KIND_32, KIND_32_WIDE, KIND_32_MIN, KIND_16, KIND_16_MIN, KIND_N } Kind;
typedef void (*MultiplyFunc)(const Panel *panel, size_t n_groups, const ColumnTile *tile);

#define MULTIPLY(kind, n_panels, n_cols, group, has_min, raised)                             \
    static void multiply_##kind##_##n_panels##x##n_cols(const Panel *panel, size_t n_groups, \
                                                        const ColumnTile *tile)              \
    {                                                                                        \
        multiply_tile(panel, n_panels, n_groups, tile, n_cols, group, has_min, raised);      \
    }
#define MULTIPLY_KINDS(n_panels, n_cols)                        \
    MULTIPLY(32, n_panels, n_cols, 32, false, RAISED_32)        \
    MULTIPLY(32_wide, n_panels, n_cols, 32, false, RAISED_WIDE) \
    MULTIPLY(32_min, n_panels, n_cols, 32, true, 0)             \
    MULTIPLY(16, n_panels, n_cols, 16, false, RAISED_16)        \
    MULTIPLY(16_min, n_panels, n_cols, 16, true, 0)

MULTIPLY_KINDS(1, 1)
MULTIPLY_KINDS(1, 2)
MULTIPLY_KINDS(1, 3)
MULTIPLY_KINDS(1, 4)
MULTIPLY_KINDS(1, 6)
#if COLUMNS_1 >= 8
MULTIPLY_KINDS(1, 8)
#endif
#if COLUMNS_1 >= 12
MULTIPLY_KINDS(1, 12)
#endif
MULTIPLY_KINDS(2, 1)
MULTIPLY_KINDS(2, 2)
MULTIPLY_KINDS(2, 3)
#if COLUMNS_2 >= 4
MULTIPLY_KINDS(2, 4)
#endif
#if COLUMNS_2 >= 6
MULTIPLY_KINDS(2, 6)
#endif

#undef MULTIPLY_KINDS
#undef MULTIPLY

typedef struct {
    size_t n_cols;
    MultiplyFunc func[KIND_N];
} Width;

#define WIDTH(n_panels, n)                                                                       \
    {                                                                                            \
        n,                                                                                       \
        {                                                                                        \
            multiply_32_##n_panels##x##n, multiply_32_wide_##n_panels##x##n,                     \
                multiply_32_min_##n_panels##x##n, multiply_16_##n_panels##x##n,                  \
                multiply_16_min_##n_panels##x##n                                                 \
        }                                                                                        \
    }

/* By panels less one; widest first. */
static const Width widths[PANELS][7] = {
    {
#if COLUMNS_1 >= 12
        WIDTH(1, 12),
#endif
#if COLUMNS_1 >= 8
        WIDTH(1, 8),
#endif
        WIDTH(1, 6), WIDTH(1, 4), WIDTH(1, 3), WIDTH(1, 2), WIDTH(1, 1),
    },
    {
#if COLUMNS_2 >= 6
        WIDTH(2, 6),
#endif
#if COLUMNS_2 >= 4
        WIDTH(2, 4),
#endif
        WIDTH(2, 3), WIDTH(2, 2), WIDTH(2, 1),
    },
};

#undef WIDTH

static Kind kind_of(const Unpacker *type)
{
    if (type->group == 16)
        return type->has_min ? KIND_16_MIN : KIND_16;
    if (type->has_min)
        return KIND_32_MIN;
    return type->raised == RAISED_WIDE ? KIND_32_WIDE : KIND_32;
}

static void multiply_groups(const Panel *panels, size_t n_groups, Kind kind, ColumnTile tile,
                            size_t n_cols)
{
    const Width *width = widths[tile.n_rows > LANES];

    for (; n_cols > 0; width++) {
        for (; n_cols >= width->n_cols; n_cols -= width->n_cols) {
            width->func[kind](panels, n_groups, &tile);
            tile.groups += width->n_cols * tile.stride;
            tile.y += width->n_cols * tile.y_stride;
            tile.sums += width->n_cols * tile.sums_stride;
        }
    }
}

/* A chunk's panels times all columns. */
static void multiply_columns(const Panel *panels, size_t n_groups, Kind kind, ColumnTile tile,
                             size_t n_cols)
{
    ColumnTile main = tile;

    main.last = tile.last && tile.rest == 0;
    multiply_groups(panels, n_groups, kind, main, n_cols);
    if (tile.rest > 0) {
        tile.groups += tile.rest;
        tile.first = false;
        multiply_groups(panels, n_groups, kind, tile, n_cols);
    }
}
