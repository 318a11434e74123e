/* linear-template.h: the integer kernels for any vector width, and the table of a set of kernels.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Include it once, after one of the lanes headers; hr_linear_NAME is then the set. Owns the rounding of activations and the
 * multiplication of panels with them. Each (row, column) sees the same sequence of float operations whatever is computed beside it: one
 * lane, groups in ascending order, the running value carried from chunk to chunk. Integer sums are exact, so their order
 * is free.
 */
#pragma once

#include "cpu/kernels.h"

#include "cpu/float-template.h"
#include "cpu/unpack-template.h"

#include <math.h>

/* Columns unpacked at once. Two panels of a chunk, and as many columns' groups as are multiplied with them at a time, stay in a
 * first-level cache of 32 KiB. */
#define CHUNK 512
/* Panels unpacked and multiplied together, when there are columns enough to share the loads of. */
#define PANELS 2
#define SHARE_FROM 8

/* A chunk of LANES weight rows: lane r of a vector belongs to row r. */
typedef struct {
    V q[CHUNK / 4];       /* byte b of lane r of q[i] is column 4 i + b of the row */
    F scale[CHUNK / 16];
    F min[CHUNK / 16];    /* only of types with minima */
} Panel;

/* Rows and columns whose running sums are kept while chunk after chunk is added; they and the columns' chunk stay in a second-level
 * cache. In y they might not: its rows are often a power of two apart. */
#define STRIP 64
#define SLAB 512
#define SHARED_ROWS (PANELS * LANES)

typedef struct {
    Panel panels[PANELS];
    float sums[STRIP / SHARED_ROWS][SLAB][SHARED_ROWS];
    /* The rows of the last panel when there are fewer than LANES: no type takes more than 34 bytes for 32 columns. */
    uint8_t padded[LANES * (CHUNK / 32 * 34)];
} Scratch;
static_assert(sizeof(Scratch) <= HR_LINEAR_SCRATCH, "the scratch must hold the panels");

/* ---- Activations ---- */

static HrForm form_of(HrType type, bool fine)
{
    if (unpacker_of(type) == NULL)
        return HR_FORM_FLOAT;
    return fine ? HR_FORM_INT16 : HR_FORM_INT8;
}

/* Of one int8 row; a row of HR_FORM_INT16 is two, one behind the other. */
static size_t groups_bytes(size_t n_in)
{
    return n_in / HR_GROUP * sizeof(HrGroup);
}

static size_t prepared_bytes(HrForm form, size_t n_in)
{
    const size_t n_rows = form == HR_FORM_INT16 ? 2 : 1;
    const size_t bytes = hr_round_up(form == HR_FORM_FLOAT ? n_in * sizeof(float) : n_rows * groups_bytes(n_in), 64);
    /* columns that are a large power of two apart would share few sets of a cache */
    return bytes % 512 == 0 ? bytes + 64 : bytes;
}

/* See groups.h for the rule. */
static void round_group(const float *x, HrGroup *group)
{
    const uint32_t max_bits = max_magnitude_bits(x);
    const bool finite = max_bits < 0x7f800000u;
    float max;

    memcpy(&max, &max_bits, sizeof max);
    if (!finite || max < HR_GROUP_TINY) {
        const float value = finite ? 0 : NAN;
        *group = (HrGroup){.scale = value, .sum = value, .offset = START, .offset_16 = {START, START}};
        return;
    }
    const float inverse = 127.0f / max;
    const int first = round_16(x, inverse, group->q), last = round_16(x + 16, inverse, group->q + 16);
    group->scale = max / 127.0f;
    group->sum = group->scale * (float)(first + last);
    group->offset = START - HR_RAISED_MOST * (first + last);
    group->offset_16[0] = START - HR_RAISED_MOST * first;
    group->offset_16[1] = START - HR_RAISED_MOST * last;
}

/* What group rounded off of x, rounded in its turn. */
static void round_rest(const float *x, const HrGroup *group, HrGroup *rest)
{
    float left[HR_GROUP];

    for (int i = 0; i < HR_GROUP; i++)
        left[i] = x[i] - group->scale * group->q[i];
    round_group(left, rest);
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
    for (size_t g = 0; form == HR_FORM_INT16 && g < n_in / HR_GROUP; g++)
        round_rest(x + g * HR_GROUP, &groups[g], &groups[n_in / HR_GROUP + g]);
}

/* ---- Panels times a tile of columns ---- */

/* Columns, and where their results go. */
typedef struct {
    const uint8_t *groups; /* of the chunk's first group of the first column; the next column's are stride bytes on */
    size_t stride;
    float *y;              /* of the first panel's first row and the first column */
    size_t y_stride;
    float *sums;           /* the same of running sums; may be y */
    size_t sums_stride;
    size_t n_rows;         /* that exist, of all panels */
    size_t rest;           /* bytes from a group to the one that holds what it rounded off; 0: none does */
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
HR_INLINE F add_scaled(F acc, V dot, F scale, F min, const HrGroup *x, int part, int group, bool has_min)
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

/* acc[p][c] += one 32-group, group g of the panels, times group x of column c. */
HR_INLINE void multiply_group(const Panel *panel, size_t g, int n_panels, const uint8_t *groups, size_t stride, int n_cols,
                              int group, bool has_min, int raised, F acc[][COLUMNS_1])
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
        add_products(panel->q + 8 * g + 4 * part, sizeof *panel / sizeof(V), n_panels, groups, stride, part * 16,
                     group / 4, n_cols, has_min ? RAISED_32 : raised, dot);
        HR_UNROLL(16)
        for (int c = 0; c < n_cols; c++) {
            HR_UNROLL(2)
            for (int p = 0; p < n_panels; p++)
                acc[p][c] = add_scaled(acc[p][c], dot[p][c], panel[p].scale[scales * g + (size_t)part],
                                       panel[p].min[scales * g + (size_t)part], hr_group_of(groups, stride, c), part,
                                       group, has_min);
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
HR_INLINE void multiply_tile(const Panel *panel, int n_panels, size_t n_groups, const ColumnTile *tile, int n_cols,
                             int group, bool has_min, int raised)
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
        multiply_group(panel, g, n_panels, groups, tile->stride, n_cols, group, has_min, raised, acc);
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

#define MULTIPLY(kind, n_panels, n_cols, group, has_min, raised)                                                      \
    static void multiply_##kind##_##n_panels##x##n_cols(const Panel *panel, size_t n_groups, const ColumnTile *tile)  \
    {                                                                                                                 \
        multiply_tile(panel, n_panels, n_groups, tile, n_cols, group, has_min, raised);                               \
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
#if COLUMNS_1 >= 12
MULTIPLY_KINDS(1, 8)
MULTIPLY_KINDS(1, 12)
#endif
MULTIPLY_KINDS(2, 1)
MULTIPLY_KINDS(2, 2)
MULTIPLY_KINDS(2, 3)
#if COLUMNS_2 >= 6
MULTIPLY_KINDS(2, 4)
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
        WIDTH(1, 12), WIDTH(1, 8),
#endif
        WIDTH(1, 6), WIDTH(1, 4), WIDTH(1, 3), WIDTH(1, 2), WIDTH(1, 1),
    },
    {
#if COLUMNS_2 >= 6
        WIDTH(2, 6), WIDTH(2, 4),
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

static void multiply_groups(const Panel *panels, size_t n_groups, Kind kind, ColumnTile tile, size_t n_cols)
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
static void multiply_columns(const Panel *panels, size_t n_groups, Kind kind, ColumnTile tile, size_t n_cols)
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

/* ---- Rows ---- */

/* Weights that a call of rows is about. */
typedef struct {
    const Unpacker *type;
    const uint8_t *w; /* of row 0 */
    size_t row_bytes, n_in, row_end;
} Weights;

/* Columns between prefetches, and how far ahead of the unpacking they are: enough bytes of LANES rows to be under way. */
#define PREFETCH_STEP 256
#define PREFETCH_AHEAD 1024

static inline size_t bytes_of(const Unpacker *type, size_t n)
{
    return n / type->block * type->block_bytes;
}

/* Asks for the columns that will be unpacked PREFETCH_AHEAD columns after k, in these rows or else in the next panel's. */
static void prefetch_ahead(const Weights *w, size_t row, size_t k)
{
    size_t ahead = k + PREFETCH_AHEAD;

    if (ahead >= w->n_in) {
        row += LANES;
        ahead -= w->n_in;
    }
    if (row >= w->row_end || ahead >= w->n_in)
        return;
    const uint8_t *src = w->w + row * w->row_bytes + bytes_of(w->type, ahead);
    const size_t bytes = bytes_of(w->type, PREFETCH_STEP);
    for (int r = 0; r < LANES; r++, src += w->row_bytes)
        for (size_t i = 0; i < bytes; i += 64)
            __builtin_prefetch(src + i, 0, 2);
}

/* Unpacks n columns of LANES rows, from src on. */
static void unpack_blocks(const Unpacker *type, const uint8_t *src, size_t row_bytes, size_t k, size_t n, Panel *panel)
{
    for (const size_t end = k + n; k < end; k += type->block, src += type->block_bytes)
        type->unpack(src, row_bytes, panel->q + k / 4, panel->scale + k / type->group, panel->min + k / type->group);
}

/* Columns from k on, n at most CHUNK, of LANES rows from row on. */
static void unpack_chunk(const Weights *w, size_t row, size_t k, size_t n, Panel *panel)
{
    const uint8_t *src = w->w + row * w->row_bytes + bytes_of(w->type, k);

    for (size_t i = 0; i < n; i += PREFETCH_STEP) {
        const size_t step = n - i < PREFETCH_STEP ? n - i : PREFETCH_STEP;
        prefetch_ahead(w, row, k + i);
        unpack_blocks(w->type, src + bytes_of(w->type, i), w->row_bytes, i, step, panel);
    }
}

/* The same for fewer rows: the missing ones are blocks of zero bytes, which are valid in every type. */
static void unpack_padded(const Weights *w, size_t row, size_t k, size_t n, Panel *panel, uint8_t *padded)
{
    const size_t bytes = bytes_of(w->type, n);

    memset(padded, 0, LANES * bytes);
    for (size_t r = row; r < w->row_end; r++)
        memcpy(padded + (r - row) * bytes, w->w + r * w->row_bytes + bytes_of(w->type, k), bytes);
    unpack_blocks(w->type, padded, bytes, 0, n, panel);
}

/* One chunk of one or two panels, the rows of tile from row on, times all columns. */
static void multiply_chunk(const Weights *w, size_t row, size_t k, ColumnTile tile, size_t n_cols, Scratch *scratch)
{
    const size_t n = w->n_in - k < CHUNK ? w->n_in - k : CHUNK;

    for (size_t r = row, p = 0; r < row + tile.n_rows; r += LANES, p++) {
        if (w->row_end - r >= LANES)
            unpack_chunk(w, r, k, n, &scratch->panels[p]);
        else
            unpack_padded(w, r, k, n, &scratch->panels[p], scratch->padded);
    }
    tile.groups += k / HR_GROUP * sizeof(HrGroup);
    tile.first = k == 0;
    tile.last = k + n == w->n_in;
    multiply_columns(scratch->panels, n / HR_GROUP, kind_of(w->type), tile, n_cols);
}

/* The rows of tile, from row on and at most LANES: weights are read in the order of memory. */
static void multiply_few(const Weights *w, size_t row, const ColumnTile *tile, size_t n_cols, Scratch *scratch)
{
    ColumnTile chunk = *tile;

    chunk.sums = tile->y;
    chunk.sums_stride = tile->y_stride;
    for (size_t k = 0; k < w->n_in; k += CHUNK)
        multiply_chunk(w, row, k, chunk, n_cols, scratch);
}

/* The rows of tile, from row on and at most STRIP, times at most SLAB columns: a chunk of the columns is used for all rows. */
static void multiply_many(const Weights *w, size_t row, const ColumnTile *tile, size_t n_cols, Scratch *scratch)
{
    for (size_t k = 0; k < w->n_in; k += CHUNK) {
        for (size_t r = 0; r < tile->n_rows; r += SHARED_ROWS) {
            ColumnTile chunk = *tile;
            chunk.y = tile->y + r;
            chunk.sums = scratch->sums[r / SHARED_ROWS][0];
            chunk.sums_stride = SHARED_ROWS;
            chunk.n_rows = tile->n_rows - r < SHARED_ROWS ? tile->n_rows - r : SHARED_ROWS;
            multiply_chunk(w, row + r, k, chunk, n_cols, scratch);
        }
    }
}

static void multiply_rows(const Weights *w, size_t row_begin, const ColumnTile *columns, size_t n_cols, Scratch *scratch)
{
    const bool many = n_cols >= SHARE_FROM;
    const size_t n_rows = many ? STRIP : LANES;

    for (size_t row = row_begin; row < w->row_end; row += n_rows) {
        for (size_t c = 0; c < n_cols; c += SLAB) {
            ColumnTile tile = *columns;
            const size_t n = n_cols - c < SLAB ? n_cols - c : SLAB;
            tile.groups += c * tile.stride;
            tile.y += c * tile.y_stride + row;
            tile.n_rows = w->row_end - row < n_rows ? w->row_end - row : n_rows;
            if (many)
                multiply_many(w, row, &tile, n, scratch);
            else
                multiply_few(w, row, &tile, n, scratch);
        }
    }
}

static void rows_of(HrForm form, HrType type, const void *w, size_t row_bytes, size_t n_in, size_t row_begin, size_t row_end,
                    const void *prepared, size_t prepared_stride, size_t n_cols, float *y, size_t y_stride, void *scratch)
{
    const Weights weights = {.type = unpacker_of(type), .w = w, .row_bytes = row_bytes, .n_in = n_in, .row_end = row_end};
    const ColumnTile columns = {.groups = prepared, .stride = prepared_stride, .y = y, .y_stride = y_stride,
                                .rest = form == HR_FORM_INT16 ? groups_bytes(n_in) : 0};

    if (weights.type != NULL)
        multiply_rows(&weights, row_begin, &columns, n_cols, scratch);
    else
        float_rows(type, w, row_bytes, n_in, row_begin, row_end, prepared, prepared_stride, n_cols, y, y_stride, scratch);
}

#define LINEAR_KERNELS(set_name)          \
    {                                     \
        .name = set_name,                 \
        .form = form_of,                  \
        .prepared_bytes = prepared_bytes, \
        .prepare = prepare,               \
        .rows = rows_of,                  \
    }
