/* linear-template.h: the integer kernels for any vector width, and the table of a set of kernels.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Include it once, after one of the lanes headers; hr_linear_NAME is then the set. Owns the rounding of activations and the
 * multiplication of panels with them. Each (row, column) sees the same sequence of float operations whatever is computed beside it: one
 * lane, groups in ascending order, the running value carried from chunk to chunk in y. Integer sums are exact, so
 * their order is free.
 */
#pragma once

#include "cpu/kernels.h"

#include "cpu/float-template.h"
#include "cpu/unpack-template.h"

#include <math.h>

/* Columns unpacked at once. The panel of a chunk, and as many columns' groups as are multiplied with it at a time, stay in a
 * first-level cache. */
#define CHUNK 1024

/* A chunk of LANES weight rows: lane r of a vector belongs to row r. */
typedef struct {
    V q[CHUNK / 4];       /* byte b of lane r of q[i] is column 4 i + b of the row */
    F scale[CHUNK / 16];
    F min[CHUNK / 16];    /* only of types with minima */
} Panel;

typedef struct {
    Panel panel;
    /* The rows of the last panel when there are fewer than LANES: no type takes more than 34 bytes for 32 columns. */
    uint8_t padded[LANES * (CHUNK / 32 * 34)];
} Scratch;
static_assert(sizeof(Scratch) <= HR_LINEAR_SCRATCH, "the scratch must hold a panel");

/* ---- Activations ---- */

static HrForm form_of(HrType type, size_t n_in)
{
    return unpacker_of(type) != NULL ? HR_FORM_INT8 : HR_FORM_FLOAT;
}

static size_t prepared_bytes(HrForm form, size_t n_in)
{
    return hr_round_up(form == HR_FORM_FLOAT ? n_in * sizeof(float) : n_in / HR_GROUP * sizeof(HrGroup), 64);
}

/* See groups.h for the rule. */
static void round_group(const float *x, HrGroup *group)
{
    const uint32_t max_bits = max_magnitude_bits(x);
    const bool finite = max_bits < 0x7f800000u;
    float max;

    memcpy(&max, &max_bits, sizeof max);
    if (!finite || max < HR_GROUP_TINY) {
        *group = (HrGroup){.scale = finite ? 0 : NAN, .sum = finite ? 0 : NAN};
        return;
    }
    const float inverse = 127.0f / max;
    const int first = round_16(x, inverse, group->q), last = round_16(x + 16, inverse, group->q + 16);
    group->scale = max / 127.0f;
    group->sum = group->scale * (float)(first + last);
    group->offset = -HR_RAISED_MOST * (first + last);
    group->offset_16[0] = -HR_RAISED_MOST * first;
    group->offset_16[1] = -HR_RAISED_MOST * last;
}

static void prepare(HrForm form, const float *x, size_t n_in, void *dst)
{
    HrGroup *groups = dst;

    if (form == HR_FORM_FLOAT) {
        memcpy(dst, x, n_in * sizeof *x);
        return;
    }
    for (size_t g = 0; g < n_in / HR_GROUP; g++)
        round_group(x + g * HR_GROUP, &groups[g]);
}

/* ---- A panel times a tile of columns ---- */

typedef struct {
    const uint8_t *groups; /* of the chunk's first group of the first column; the next column's are stride bytes on */
    size_t stride;
    float *y;              /* of the panel's first row and the first column */
    size_t y_stride;
    size_t n_rows;         /* that exist */
    bool first;            /* chunk: y holds nothing yet */
} ColumnTile;

/* What the product of a column with raised weights starts from. */
HR_INLINE V start_of(int32_t offset, int raised)
{
    switch (raised) {
    case 0: return v_set_32(0);
    case 16: return v_right_signed(v_set_32(offset), 3);
    case 32: return v_right_signed(v_set_32(offset), 2);
    default: return v_set_32(offset);
    }
}
static_assert(HR_RAISED_MOST == 128, "start_of divides by shifting");

/* acc[c] += 32 columns of the panel times group x[c], of n columns. */
HR_INLINE void multiply_group(const V *q, const F *scale, const F *min, const uint8_t *groups, size_t stride, int n,
                              int group, bool has_min, int raised, F *acc)
{
    HR_UNROLL(2)
    for (int part = 0; part < 32 / group; part++) {
        V dot[TILE];

        HR_UNROLL(16)
        for (int c = 0; c < n; c++) {
            const HrGroup *x = hr_group_of(groups, stride, c);
            dot[c] = start_of(group == 32 ? x->offset : x->offset_16[part], raised);
        }
        add_products(q + part * 4, groups, stride, part * 16, group / 4, n, has_min ? RAISED_32 : raised, dot);
        HR_UNROLL(16)
        for (int c = 0; c < n; c++) {
            const HrGroup *x = hr_group_of(groups, stride, c);
            acc[c] = f_add_product(acc[c], f_mul(f_from_v(dot[c]), scale[part]), f_set(x->scale));
            if (has_min) {
                const float sum = group == 32 ? x->sum : x->scale * (float)(x->offset_16[part] / -HR_RAISED_MOST);
                acc[c] = f_sub_product(acc[c], min[part], f_set(sum));
            }
        }
    }
}

/* n columns times n_groups 32-groups. */
HR_INLINE void multiply_tile(const Panel *panel, size_t n_groups, const ColumnTile *tile, int n, int group, bool has_min,
                             int raised)
{
    const uint8_t *groups = tile->groups;
    const size_t scales = 32 / (size_t)group;
    F acc[TILE];

    HR_UNROLL(16)
    for (int c = 0; c < n; c++)
        acc[c] = tile->first ? f_zero() : f_load(tile->y + (size_t)c * tile->y_stride, tile->n_rows);
    for (size_t g = 0; g < n_groups; g++, groups += sizeof(HrGroup))
        multiply_group(panel->q + 8 * g, panel->scale + scales * g, panel->min + scales * g, groups, tile->stride, n,
                       group, has_min, raised, acc);
    HR_UNROLL(16)
    for (int c = 0; c < n; c++)
        f_store(tile->y + (size_t)c * tile->y_stride, tile->n_rows, acc[c]);
}

/* ---- Kinds of panels: group, minima and raise are constants of the code ---- */

typedef void (*MultiplyFunc)(const Panel *panel, size_t n_groups, const ColumnTile *tile);

#define MULTIPLY(name, n, group, has_min, raised)                                                   \
    static void multiply_##name##_##n(const Panel *panel, size_t n_groups, const ColumnTile *tile)   \
    {                                                                                                \
        multiply_tile(panel, n_groups, tile, n, group, has_min, raised);                             \
    }
#define MULTIPLY_KINDS(n)                        \
    MULTIPLY(32, n, 32, false, RAISED_32)        \
    MULTIPLY(32_wide, n, 32, false, RAISED_WIDE) \
    MULTIPLY(32_min, n, 32, true, 0)             \
    MULTIPLY(16, n, 16, false, RAISED_16)        \
    MULTIPLY(16_min, n, 16, true, 0)

MULTIPLY_KINDS(1)
MULTIPLY_KINDS(2)
MULTIPLY_KINDS(3)
MULTIPLY_KINDS(4)
MULTIPLY_KINDS(6)
#if TILE > 6
MULTIPLY_KINDS(8)
MULTIPLY_KINDS(12)
#endif

#undef MULTIPLY_KINDS
#undef MULTIPLY

typedef enum { KIND_32, KIND_32_WIDE, KIND_32_MIN, KIND_16, KIND_16_MIN, KIND_N } Kind;

#define WIDTH(n) {n, {multiply_32_##n, multiply_32_wide_##n, multiply_32_min_##n, multiply_16_##n, multiply_16_min_##n}}

/* Widest first. */
static const struct {
    size_t n_cols;
    MultiplyFunc func[KIND_N];
} widths[] = {
#if TILE > 6
    WIDTH(12), WIDTH(8),
#endif
    WIDTH(6), WIDTH(4), WIDTH(3), WIDTH(2), WIDTH(1),
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

/* A chunk's panel times all columns. */
static void multiply_columns(const Panel *panel, size_t n_groups, Kind kind, ColumnTile tile, size_t n_cols)
{
    for (size_t i = 0; n_cols > 0; i++) {
        for (; n_cols >= widths[i].n_cols; n_cols -= widths[i].n_cols) {
            widths[i].func[kind](panel, n_groups, &tile);
            tile.groups += widths[i].n_cols * tile.stride;
            tile.y += widths[i].n_cols * tile.y_stride;
        }
    }
}

/* ---- Rows ---- */

/* Unpacks n columns of LANES rows, from src on. */
static void unpack_chunk(const Unpacker *type, const uint8_t *src, size_t row_bytes, size_t n, Panel *panel)
{
    for (size_t k = 0; k < n; k += type->block, src += type->block_bytes)
        type->unpack(src, row_bytes, panel->q + k / 4, panel->scale + k / type->group, panel->min + k / type->group);
}

/* The same for fewer rows: the missing ones are blocks of zero bytes, which are valid in every type. */
static void unpack_padded(const Unpacker *type, const uint8_t *src, size_t row_bytes, size_t n_rows, size_t n,
                          Scratch *scratch)
{
    const size_t bytes = n / type->block * type->block_bytes;

    memset(scratch->padded, 0, LANES * bytes);
    for (size_t r = 0; r < n_rows; r++)
        memcpy(scratch->padded + r * bytes, src + r * row_bytes, bytes);
    unpack_chunk(type, scratch->padded, bytes, n, &scratch->panel);
}

/* LANES rows at most, those of tile, times all columns. */
static void multiply_panel(const Unpacker *type, const uint8_t *rows, size_t row_bytes, size_t n_in, ColumnTile tile,
                           size_t n_cols, Scratch *scratch)
{
    for (size_t k = 0; k < n_in; k += CHUNK) {
        const size_t n = n_in - k < CHUNK ? n_in - k : CHUNK;
        const uint8_t *src = rows + k / type->block * type->block_bytes;

        if (tile.n_rows == LANES)
            unpack_chunk(type, src, row_bytes, n, &scratch->panel);
        else
            unpack_padded(type, src, row_bytes, tile.n_rows, n, scratch);
        multiply_columns(&scratch->panel, n / HR_GROUP, kind_of(type), tile, n_cols);
        tile.groups += n / HR_GROUP * sizeof(HrGroup);
        tile.first = false;
    }
}

static void rows_of(HrType type, const void *w, size_t row_bytes, size_t n_in, size_t row_begin, size_t row_end,
                    const void *prepared, size_t prepared_stride, size_t n_cols, float *y, size_t y_stride, void *scratch)
{
    const Unpacker *unpacker = unpacker_of(type);

    if (unpacker == NULL) {
        float_rows(type, w, row_bytes, n_in, row_begin, row_end, prepared, prepared_stride, n_cols, y, y_stride, scratch);
        return;
    }
    for (size_t r = row_begin; r < row_end; r += LANES) {
        const ColumnTile tile = {
            .groups = prepared,
            .stride = prepared_stride,
            .y = y + r,
            .y_stride = y_stride,
            .n_rows = row_end - r < LANES ? row_end - r : LANES,
            .first = true,
        };
        multiply_panel(unpacker, (const uint8_t *)w + r * row_bytes, row_bytes, n_in, tile, n_cols, scratch);
    }
}

#define LINEAR_KERNELS(set_name)          \
    {                                     \
        .name = set_name,                 \
        .form = form_of,                  \
        .prepared_bytes = prepared_bytes, \
        .prepare = prepare,               \
        .rows = rows_of,                  \
    }
