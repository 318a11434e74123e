/* linear-avx512.c: the linear kernels with AVX-512 and its VNNI byte products.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Owns the rounding of activations and the multiplication of a panel with them. Each (row, column) sees the same sequence of float
 * operations whatever is computed beside it: one lane, groups in ascending order, the running value carried
 * from chunk to chunk in y. Integer sums are exact, so their order is free.
 */
#include "cpu/avx512.h"
#include "gguf/type.h"

#include <math.h>
#include <string.h>

typedef struct {
    HrPanel panel;
    /* The rows of the last panel when there are fewer than 16: no type takes more than 34 bytes for 32 columns. */
    uint8_t padded[HR_PANEL_ROWS * (HR_CHUNK / 32 * 34)];
} Scratch;
static_assert(sizeof(Scratch) <= HR_LINEAR_SCRATCH, "the scratch must hold a panel");

/* ---- Activations ---- */

static HrForm avx512_form(HrType type, size_t n_in)
{
    return hr_avx512_unpacker(type) != NULL ? HR_FORM_INT8 : HR_FORM_FLOAT;
}

static size_t avx512_prepared_bytes(HrForm form, size_t n_in)
{
    const size_t bytes = form == HR_FORM_FLOAT ? n_in * sizeof(float) : n_in / HR_GROUP * sizeof(HrGroup);
    return hr_round_up(bytes, 64);
}

/* One group; see groups.h for the rule. */
HR_INLINE void round_group(const float *x, HrGroup *group)
{
    const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);
    const __m512 x0 = _mm512_loadu_ps(x), x1 = _mm512_loadu_ps(x + 16);
    /* as integers: a NaN is larger than infinity, infinity larger than any number */
    const __m512i bits = _mm512_max_epi32(_mm512_and_si512(_mm512_castps_si512(x0), magnitude),
                                          _mm512_and_si512(_mm512_castps_si512(x1), magnitude));
    const uint32_t max_bits = (uint32_t)_mm512_reduce_max_epi32(bits);
    const bool finite = max_bits < 0x7f800000u;
    float max = 0;

    memcpy(&max, &max_bits, sizeof max);
    const bool usable = finite && max >= HR_GROUP_TINY;
    const __m512 inverse = _mm512_set1_ps(usable ? 127.0f / max : 0);
    const __mmask16 keep = usable ? 0xffff : 0;
    const __m512i q0 = _mm512_maskz_cvtps_epi32(keep, _mm512_mul_ps(x0, inverse));
    const __m512i q1 = _mm512_maskz_cvtps_epi32(keep, _mm512_mul_ps(x1, inverse));
    const int sum0 = _mm512_reduce_add_epi32(q0), sum1 = _mm512_reduce_add_epi32(q1);

    group->scale = usable ? max / 127.0f : finite ? 0 : NAN;
    group->sum = group->scale * (float)(sum0 + sum1);
    group->offset = -HR_RAISED * (sum0 + sum1);
    group->offset_16[0] = -HR_RAISED * sum0;
    group->offset_16[1] = -HR_RAISED * sum1;
    _mm_storeu_si128((__m128i *)group->q, _mm512_cvtepi32_epi8(q0));
    _mm_storeu_si128((__m128i *)(group->q + 16), _mm512_cvtepi32_epi8(q1));
}

static void avx512_prepare(HrForm form, const float *x, size_t n_in, void *dst)
{
    HrGroup *groups = dst;

    if (form == HR_FORM_FLOAT) {
        memcpy(dst, x, n_in * sizeof *x);
        return;
    }
    for (size_t g = 0; g < n_in / HR_GROUP; g++)
        round_group(x + g * HR_GROUP, &groups[g]);
}

/* ---- A panel times columns ---- */

/* The columns of a tile, and where their results go. */
typedef struct {
    const uint8_t *groups; /* of the chunk's first group of the first column; the next column's are stride bytes on */
    size_t stride;
    float *y;              /* of the panel's first row and the first column */
    size_t y_stride;
    __mmask16 rows;        /* that exist */
    bool first;            /* chunk: y holds nothing yet */
} HrTile;

HR_INLINE __m512i broadcast_4(const int8_t *q)
{
    int32_t four;
    memcpy(&four, q, sizeof four);
    return _mm512_set1_epi32(four);
}

HR_INLINE const HrGroup *group_of(const uint8_t *groups, size_t stride, int column)
{
    return (const HrGroup *)(const void *)(groups + (size_t)column * stride);
}

/* Products of n_steps dwords of n columns with the panel's q. dot[c] comes in as the sum's start. */
HR_INLINE void add_products(const __m512i *q, const uint8_t *groups, size_t stride, int from, int n_steps, int n,
                            __m512i *dot)
{
#pragma GCC unroll 8
    for (int i = 0; i < n_steps; i++)
#pragma GCC unroll 16
        for (int c = 0; c < n; c++)
            dot[c] = _mm512_dpbusd_epi32(dot[c], q[i], broadcast_4(group_of(groups, stride, c)->q + from + 4 * i));
}

/* One 32-group of n columns: acc += sums. */
HR_INLINE void multiply_group(const __m512i *q, const __m512 *scale, const __m512 *min, const uint8_t *groups,
                              size_t stride, int n, int group, bool has_min, __m512 *acc)
{
#pragma GCC unroll 2
    for (int part = 0; part < 32 / group; part++) {
        __m512i dot[16];

#pragma GCC unroll 16
        for (int c = 0; c < n; c++) {
            const HrGroup *x = group_of(groups, stride, c);
            dot[c] = has_min ? _mm512_setzero_si512()
                             : _mm512_set1_epi32(group == 32 ? x->offset : x->offset_16[part]);
        }
        add_products(q + part * 4, groups, stride, part * 16, group / 4, n, dot);
#pragma GCC unroll 16
        for (int c = 0; c < n; c++) {
            const HrGroup *x = group_of(groups, stride, c);
            const __m512 value = _mm512_mul_ps(_mm512_cvtepi32_ps(dot[c]), scale[part]);
            acc[c] = _mm512_fmadd_ps(value, _mm512_set1_ps(x->scale), acc[c]);
            if (has_min) {
                const float part_sum = x->scale * (float)(x->offset_16[part] / -HR_RAISED);
                acc[c] = _mm512_fnmadd_ps(min[part], _mm512_set1_ps(group == 32 ? x->sum : part_sum), acc[c]);
            }
        }
    }
}

/* n columns times n_groups 32-groups. */
HR_INLINE void multiply(const HrPanel *panel, size_t n_groups, const HrTile *tile, int n, int group, bool has_min)
{
    const uint8_t *groups = tile->groups;
    const int scales = 32 / group;
    __m512 acc[16];

#pragma GCC unroll 16
    for (int c = 0; c < n; c++)
        acc[c] = tile->first ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(tile->rows, tile->y + c * tile->y_stride);
    for (size_t g = 0; g < n_groups; g++, groups += sizeof(HrGroup))
        multiply_group(panel->q + 8 * g, panel->scale + scales * g, panel->min + scales * g, groups, tile->stride, n,
                       group, has_min, acc);
#pragma GCC unroll 16
    for (int c = 0; c < n; c++)
        _mm512_mask_storeu_ps(tile->y + c * tile->y_stride, tile->rows, acc[c]);
}

/* Widest tile: its sums and integer sums, and a vector of weights, fit in the 32 registers. */
#define TILE 12

typedef void (*MultiplyFunc)(const HrPanel *panel, size_t n_groups, const HrTile *tile);

#define MULTIPLY(n, group, has_min)                                                                         \
    static void multiply_##n##_##group##_##has_min(const HrPanel *panel, size_t n_groups, const HrTile *tile) \
    {                                                                                                       \
        multiply(panel, n_groups, tile, n, group, has_min);                                                 \
    }
#define MULTIPLY_KINDS(n) MULTIPLY(n, 32, false) MULTIPLY(n, 32, true) MULTIPLY(n, 16, false) MULTIPLY(n, 16, true)
MULTIPLY_KINDS(1)
MULTIPLY_KINDS(2)
MULTIPLY_KINDS(4)
MULTIPLY_KINDS(8)
MULTIPLY_KINDS(12)

#define KINDS(n) {{multiply_##n##_32_false, multiply_##n##_32_true}, {multiply_##n##_16_false, multiply_##n##_16_true}}

/* By width, whether groups are of 16, whether there are minima. */
static const struct {
    size_t n_cols;
    MultiplyFunc func[2][2];
} tiles[] = {{TILE, KINDS(12)}, {8, KINDS(8)}, {4, KINDS(4)}, {2, KINDS(2)}, {1, KINDS(1)}};

/* A chunk's panel times all columns, widest tiles first. */
static void multiply_columns(const HrPanel *panel, size_t n_groups, const HrUnpacker *type, HrTile tile, size_t n_cols)
{
    for (size_t t = 0; n_cols > 0; t++) {
        for (; n_cols >= tiles[t].n_cols; n_cols -= tiles[t].n_cols) {
            tiles[t].func[type->group == 16][type->has_min](panel, n_groups, &tile);
            tile.groups += tiles[t].n_cols * tile.stride;
            tile.y += tiles[t].n_cols * tile.y_stride;
        }
    }
}

/* ---- Rows ---- */

/* Unpacks n columns of 16 rows, from src on. */
static void unpack_chunk(const HrUnpacker *type, const uint8_t *src, size_t row_bytes, size_t n, HrPanel *panel)
{
    for (size_t k = 0; k < n; k += type->block, src += type->block_bytes)
        type->unpack(src, row_bytes, panel->q + k / 4, panel->scale + k / type->group, panel->min + k / type->group);
}

/* The same for fewer than 16 rows: the missing ones are blocks of zero bytes, which are valid in every type. */
static void unpack_padded(const HrUnpacker *type, const uint8_t *src, size_t row_bytes, size_t n_rows, size_t n,
                          Scratch *scratch)
{
    const size_t bytes = n / type->block * type->block_bytes;

    memset(scratch->padded, 0, HR_PANEL_ROWS * bytes);
    for (size_t r = 0; r < n_rows; r++)
        memcpy(scratch->padded + r * bytes, src + r * row_bytes, bytes);
    unpack_chunk(type, scratch->padded, bytes, n, &scratch->panel);
}

static void avx512_rows(HrType type_id, const void *w, size_t row_bytes, size_t n_in, size_t row_begin, size_t row_end,
                        const void *prepared, size_t prepared_stride, size_t n_cols, float *y, size_t y_stride,
                        void *scratch_bytes)
{
    const HrUnpacker *type = hr_avx512_unpacker(type_id);
    Scratch *scratch = scratch_bytes;

    if (type == NULL) {
        hr_avx512_float_rows(type_id, w, row_bytes, n_in, row_begin, row_end, prepared, prepared_stride, n_cols, y,
                             y_stride, scratch_bytes);
        return;
    }
    for (size_t r = row_begin; r < row_end; r += HR_PANEL_ROWS) {
        const size_t n_rows = row_end - r < HR_PANEL_ROWS ? row_end - r : HR_PANEL_ROWS;
        const uint8_t *rows = (const uint8_t *)w + r * row_bytes;

        for (size_t k = 0; k < n_in; k += HR_CHUNK) {
            const size_t n = n_in - k < HR_CHUNK ? n_in - k : HR_CHUNK;
            const uint8_t *src = rows + k / type->block * type->block_bytes;
            if (n_rows == HR_PANEL_ROWS)
                unpack_chunk(type, src, row_bytes, n, &scratch->panel);
            else
                unpack_padded(type, src, row_bytes, n_rows, n, scratch);
            const HrTile tile = {
                .groups = (const uint8_t *)prepared + k / HR_GROUP * sizeof(HrGroup),
                .stride = prepared_stride,
                .y = y + r,
                .y_stride = y_stride,
                .rows = (__mmask16)(0xffffu >> (HR_PANEL_ROWS - n_rows)),
                .first = k == 0,
            };
            multiply_columns(&scratch->panel, n / HR_GROUP, type, tile, n_cols);
        }
    }
}

const HrLinearKernels hr_linear_avx512_vnni = {
    .name = "avx512-vnni",
    .form = avx512_form,
    .prepared_bytes = avx512_prepared_bytes,
    .prepare = avx512_prepare,
    .rows = avx512_rows,
};
