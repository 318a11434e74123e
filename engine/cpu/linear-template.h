/* linear-template.h: a set of linear kernels, for any vector width.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Include it once, after one of the lanes headers; LINEAR_KERNELS is then the set. Owns the
 * rounding of activations and the order in which weights are unpacked and columns multiplied;
 * tile-template.h does the multiplying.
 */
#pragma once

#include "cpu/few-template.h"
#include "cpu/float-template.h"
#include "cpu/kernels.h"
#include "cpu/tile-template.h"

#include <math.h>

/* Columns from which on panels are shared: see multiply_many. */
#define SHARE_FROM 8

/* Rows and columns whose running sums are kept while chunk after chunk is added; they and the
 * columns' chunk stay in a second-level cache. In y they might not: its rows are often a power of
 * two apart. */
#define STRIP 64
#define SLAB 512
#define SHARED_ROWS (PANELS * LANES)
#define FEW_ROWS (SHARED_ROWS < HR_PANEL_ROWS ? SHARED_ROWS : HR_PANEL_ROWS)

typedef struct {
    Panel panels[PANELS];
    float sums[STRIP / SHARED_ROWS][SLAB][SHARED_ROWS];
    /* The rows of the last panel when there are fewer than LANES: no type takes more than 34 bytes
     * for 32 columns. */
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
    const size_t bytes =
        hr_round_up(form == HR_FORM_FLOAT ? n_in * sizeof(float) : n_rows * groups_bytes(n_in), 64);
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
        *group =
            (HrGroup){.scale = value, .sum = value, .offset = START, .offset_16 = {START, START}};
        return;
    }
    const float inverse = 127.0f / max;
    const int first = round_16(x, inverse, group->q),
              last = round_16(x + 16, inverse, group->q + 16);
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

/* ---- Rows ---- */

/* Weights that a call of rows is about. */
typedef struct {
    const Unpacker *type;
    const uint8_t *w; /* of row 0 */
    size_t row_bytes, n_in, row_end;
    bool in_panels;   /* whole panels are laid out as in panels.h */
} Weights;

/* Of rows as in the file: columns between prefetches, and how far ahead of the unpacking they are:
 * enough bytes of LANES rows to be under way. */
#define PREFETCH_STEP 256
#define PREFETCH_AHEAD 1024

static inline size_t bytes_of(const Unpacker *type, size_t n)
{
    return n / type->block * type->block_bytes;
}

/* Asks for the columns that will be unpacked PREFETCH_AHEAD columns after k, in these rows or else
 * in the next panel's. */
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

/* n columns of LANES rows, from src on, to column k of the panel. */
static void unpack_blocks(const Unpacker *type, const uint8_t *src, size_t row_bytes, size_t k,
                          size_t n, Panel *panel)
{
    type->unpack(src, row_bytes, n / type->block, panel->q + k / 4, panel->scale + k / type->group,
                 panel->min + k / type->group);
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

/* The same where the rows are in a panel. */
static void unpack_panel_chunk(const Weights *w, size_t row, size_t k, size_t n, Panel *panel)
{
    const size_t lane = row % HR_PANEL_ROWS;
    const uint8_t *src = w->w + (row - lane) * w->row_bytes + bytes_of(w->type, k) * HR_PANEL_ROWS;

    w->type->unpack_panel(src, lane, n / w->type->block, panel->q, panel->scale, panel->min);
}

/* The same for fewer rows: the missing ones are blocks of zero bytes, which are valid in every
 * type. */
static void unpack_padded(const Weights *w, size_t row, size_t k, size_t n, Panel *panel,
                          uint8_t *padded)
{
    const size_t bytes = bytes_of(w->type, n);

    memset(padded, 0, LANES * bytes);
    for (size_t r = row; r < w->row_end; r++)
        memcpy(padded + (r - row) * bytes, w->w + r * w->row_bytes + bytes_of(w->type, k), bytes);
    unpack_blocks(w->type, padded, bytes, 0, n, panel);
}

/* Rows behind the last whole panel are not: row_end is a multiple of HR_PANEL_ROWS or the end of
 * the matrix. */
static inline bool is_in_panel(const Weights *w, size_t row)
{
    return w->in_panels && w->row_end - row / HR_PANEL_ROWS * HR_PANEL_ROWS >= HR_PANEL_ROWS;
}

/* One chunk of one or two panels, the rows of tile from row on, times all columns. */
static void multiply_chunk(const Weights *w, size_t row, size_t k, ColumnTile tile, size_t n_cols,
                           Scratch *scratch)
{
    const size_t n = w->n_in - k < CHUNK ? w->n_in - k : CHUNK;

    for (size_t r = row, p = 0; r < row + tile.n_rows; r += LANES, p++) {
        if (is_in_panel(w, r))
            unpack_panel_chunk(w, r, k, n, &scratch->panels[p]);
        else if (w->row_end - r >= LANES)
            unpack_chunk(w, r, k, n, &scratch->panels[p]);
        else
            unpack_padded(w, r, k, n, &scratch->panels[p], scratch->padded);
    }
    tile.groups += k / HR_GROUP * sizeof(HrGroup);
    tile.first = k == 0;
    tile.last = k + n == w->n_in;
    multiply_columns(scratch->panels, n / HR_GROUP, kind_of(w->type), tile, n_cols);
}

/* The rows of tile, from row on and at most FEW_ROWS: weights are read in the order of memory.
 */
static void multiply_few(const Weights *w, size_t row, const ColumnTile *tile, size_t n_cols,
                         Scratch *scratch)
{
    ColumnTile chunk = *tile;

    chunk.sums = tile->y;
    chunk.sums_stride = tile->y_stride;
    for (size_t k = 0; k < w->n_in; k += CHUNK)
        multiply_chunk(w, row, k, chunk, n_cols, scratch);
}

/* The rows of tile, from row on and at most STRIP, times at most SLAB columns: a chunk of the
 * columns is used for all rows. */
static void multiply_many(const Weights *w, size_t row, const ColumnTile *tile, size_t n_cols,
                          Scratch *scratch)
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

/* LANES rows of a panel times all columns: what is unpacked again for further columns lies in a
 * first-level cache by then. Where nearly as many as a width are left, some are computed twice: the
 * same bits. */
static void multiply_lanes(const FewFunc *funcs, const uint8_t *panel, size_t lane, size_t n_in,
                           ColumnTile tile, size_t n_cols)
{
    for (size_t width = FEW_MOST, done = 0; done < n_cols; width /= 2) {
        const FewFunc func = funcs[__builtin_ctzl(width)];
        for (; func != NULL && n_cols >= width && n_cols - done >= width - width / 4 && done < n_cols;
             done += width) {
            done = done + width > n_cols ? n_cols - width : done;
            func(panel, lane, n_in, tile.groups + done * tile.stride, tile.stride, tile.rest,
                 tile.y + done * tile.y_stride, tile.y_stride);
        }
    }
}

/* Whole panels of a matrix times a few columns; returns the first row behind them. */
static size_t multiply_panels(const Weights *w, HrType type, size_t row, const ColumnTile *columns,
                              size_t n_cols)
{
    for (; w->row_end - row >= HR_PANEL_ROWS; row += HR_PANEL_ROWS) {
        for (size_t lane = 0; lane < HR_PANEL_ROWS; lane += LANES) {
            ColumnTile tile = *columns;
            tile.y += row + lane;
            multiply_lanes(few[type], w->w + row * w->row_bytes, lane, w->n_in, tile, n_cols);
        }
    }
    return row;
}

static void multiply_rows(const Weights *w, size_t row_begin, const ColumnTile *columns,
                          size_t n_cols, Scratch *scratch)
{
    const bool many = n_cols >= SHARE_FROM;
    const size_t n_rows = many ? STRIP : FEW_ROWS;

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

HR_INLINE void all_rows(bool in_panels, HrForm form, HrType type, const void *w, size_t row_bytes,
                        size_t n_in, size_t row_begin, size_t row_end, const void *prepared,
                        size_t prepared_stride, size_t n_cols, float *y, size_t y_stride,
                        void *scratch)
{
    const Weights weights = {.type = unpacker_of(type),
                             .w = w,
                             .row_bytes = row_bytes,
                             .n_in = n_in,
                             .row_end = row_end,
                             .in_panels = in_panels};
    const ColumnTile columns = {.groups = prepared,
                                .stride = prepared_stride,
                                .y = y,
                                .y_stride = y_stride,
                                .rest = form == HR_FORM_INT16 ? groups_bytes(n_in) : 0};

    if (weights.type != NULL && in_panels && is_few(type, n_cols))
        row_begin = multiply_panels(&weights, type, row_begin, &columns, n_cols);
    if (weights.type != NULL)
        multiply_rows(&weights, row_begin, &columns, n_cols, scratch);
    else
        float_rows(type, w, row_bytes, n_in, row_begin, row_end, prepared, prepared_stride, n_cols,
                   y, y_stride, scratch);
}

static void file_rows(HrForm form, HrType type, const void *w, size_t row_bytes, size_t n_in,
                      size_t row_begin, size_t row_end, const void *prepared,
                      size_t prepared_stride, size_t n_cols, float *y, size_t y_stride,
                      void *scratch)
{
    all_rows(false, form, type, w, row_bytes, n_in, row_begin, row_end, prepared, prepared_stride,
             n_cols, y, y_stride, scratch);
}

static void panel_rows(HrForm form, HrType type, const void *w, size_t row_bytes, size_t n_in,
                       size_t row_begin, size_t row_end, const void *prepared,
                       size_t prepared_stride, size_t n_cols, float *y, size_t y_stride,
                       void *scratch)
{
    all_rows(true, form, type, w, row_bytes, n_in, row_begin, row_end, prepared, prepared_stride,
             n_cols, y, y_stride, scratch);
}

static bool in_panels(HrType type)
{
    return unpacker_of(type) != NULL;
}

#define LINEAR_KERNELS(set_name)          \
    {                                     \
        .name = set_name,                 \
        .form = form_of,                  \
        .prepared_bytes = prepared_bytes, \
        .prepare = prepare,               \
        .rows = file_rows,                \
        .in_panels = in_panels,           \
        .panel_rows = panel_rows,         \
    }
