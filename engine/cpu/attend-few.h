/* attend-few.h: attention of a few rows over a page of the cache, read where it lies.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Part of vector-wide.c. While answers are written a page is read for a handful of rows, and what
 * counts is to read memory without a pause: keys and values go from the cache to registers and are
 * multiplied at once. For many rows a page is unpacked first. Each sum runs over the same products
 * in the same order either way, so both give the same bits.
 */

/* Rows multiplied at once: their sums and a stretch of a page fit the registers. */
#define FEW_ROWS 6

/* LANES positions from j on of dimension d of a block of keys. */
static inline __attribute__((always_inline)) V packed_key(HrKvType type, const void *block,
                                                          uint32_t d, uint32_t j)
{
    switch (type) {
    case HR_KV_F16: return load_half((const uint16_t *)block + d * P + j);
    case HR_KV_Q8_0: return load_int8((const int8_t *)block + d * P + j);
    case HR_KV_Q4_0:
        return load_nibbles((const uint8_t *)block + (d / HR_KV_GROUP * 16 + d % 16) * P + j,
                            d % HR_KV_GROUP >= 16);
    default: return load((const float *)block + d * P + j);
    }
}

/* LANES dimensions from d on of position j of a block of values. */
static inline __attribute__((always_inline)) V packed_value(HrKvType type, const void *block,
                                                            uint32_t dv, uint32_t j, uint32_t d)
{
    switch (type) {
    case HR_KV_F16: return load_half((const uint16_t *)block + j * dv + d);
    case HR_KV_Q8_0: return load_int8((const int8_t *)block + j * dv + d);
    case HR_KV_Q4_0:
        return load_nibbles((const uint8_t *)block + j * (dv / 2) + d / HR_KV_GROUP * 16 + d % 16,
                            d % HR_KV_GROUP >= 16);
    default: return load((const float *)block + j * dv + d);
    }
}

/* The scales behind the n numbers of each of a block's positions; NULL: its type has none. */
static inline const uint16_t *packed_scales(HrKvType type, const void *block, uint32_t n)
{
    if (type != HR_KV_Q8_0 && type != HR_KV_Q4_0)
        return NULL;
    return (const uint16_t *)((const char *)block + (type == HR_KV_Q8_0 ? n : n / 2) * P);
}

/* p[r][j] = the scores of n rows, of TILE_WIDTH positions from j on. */
static inline __attribute__((always_inline)) void score_few(HrKvType type, uint32_t n,
                                                            const HrAttend *a, const void *block,
                                                            uint32_t j, const float *q, float *p)
{
    const uint16_t *scales = packed_scales(type, block, a->dk);
    V acc[FEW_ROWS][TILE_COLS] = {{{0}}}, step[TILE_COLS] = {{0}};

    for (uint32_t d = 0; d < a->dk; d++) {
        V y[TILE_COLS];
#pragma GCC unroll 4
        for (uint32_t c = 0; c < TILE_COLS; c++) {
            if (scales && d % HR_KV_GROUP == 0)
                step[c] = load_half(scales + d / HR_KV_GROUP * P + j + c * LANES);
            y[c] = packed_key(type, block, d, j + c * LANES);
            y[c] = scales ? y[c] * step[c] : y[c];
        }
#pragma GCC unroll 6
        for (uint32_t r = 0; r < n; r++) {
            V factor = splat(q[r * a->dk + d]);
#pragma GCC unroll 4
            for (uint32_t c = 0; c < TILE_COLS; c++)
                acc[r][c] += factor * y[c];
        }
    }
#pragma GCC unroll 6
    for (uint32_t r = 0; r < n; r++)
#pragma GCC unroll 4
        for (uint32_t c = 0; c < TILE_COLS; c++)
            store(p + r * P + j + c * LANES, acc[r][c]);
}

/* The scales of a block of values as floats, in the place that unpacked values would take. */
static void widen_scales(HrAttend *a, const uint16_t *scales)
{
    for (uint32_t i = 0; i < a->dv / HR_KV_GROUP * P; i += LANES)
        store(a->values + i, load_half(scales + i));
}

/* acc[r][d] += the weighted values of n rows, TILE_WIDTH dimensions from d on. */
static inline __attribute__((always_inline)) void gather_few(HrKvType type, uint32_t n,
                                                             const HrAttend *a, const void *block,
                                                             uint32_t d, uint32_t n_positions,
                                                             const float *p, float *to)
{
    const bool scaled = packed_scales(type, block, a->dv) != NULL;
    const uint32_t n_groups = a->dv / HR_KV_GROUP;
    V acc[FEW_ROWS][TILE_COLS];

#pragma GCC unroll 6
    for (uint32_t r = 0; r < n; r++)
#pragma GCC unroll 4
        for (uint32_t c = 0; c < TILE_COLS; c++)
            acc[r][c] = load(to + r * a->dv_padded + d + c * LANES);
    for (uint32_t j = 0; j < n_positions; j++) {
        V y[TILE_COLS];
#pragma GCC unroll 4
        for (uint32_t c = 0; c < TILE_COLS; c++) {
            const uint32_t at = d + c * LANES;
            y[c] = packed_value(type, block, a->dv, j, at);
            if (scaled)
                y[c] *= splat(a->values[j * n_groups + at / HR_KV_GROUP]);
        }
#pragma GCC unroll 6
        for (uint32_t r = 0; r < n; r++) {
            V factor = splat(p[r * P + j]);
#pragma GCC unroll 4
            for (uint32_t c = 0; c < TILE_COLS; c++)
                acc[r][c] += factor * y[c];
        }
    }
#pragma GCC unroll 6
    for (uint32_t r = 0; r < n; r++)
#pragma GCC unroll 4
        for (uint32_t c = 0; c < TILE_COLS; c++)
            store(to + r * a->dv_padded + d + c * LANES, acc[r][c]);
}

/* n rows from row on; type and n are constants where it is inlined. */
static inline __attribute__((always_inline)) void attend_few_rows(HrKvType type, uint32_t n,
                                                                  HrAttend *a, uint32_t row,
                                                                  const void *k_block,
                                                                  const void *v_block,
                                                                  uint32_t n_positions)
{
    float *p = a->p + row * P;

    for (uint32_t j = 0; j < P; j += TILE_WIDTH)
        score_few(type, n, a, k_block, j, a->q + row * a->dk, p);
    for (uint32_t r = row; r < row + n; r++)
        soften_seen(a, r);
    for (uint32_t d = 0; d < a->dv; d += TILE_WIDTH)
        gather_few(type, n, a, v_block, d, n_positions, p, a->acc + row * a->dv_padded);
}

/* At most FEW_ROWS rows. */
#define ATTEND_FEW(name, type)                                                           \
    static void attend_few_##name(HrAttend *a, uint32_t row, uint32_t n, const void *k,  \
                                  const void *v, uint32_t n_positions)                   \
    {                                                                                    \
        switch (n) {                                                                     \
        case 6: attend_few_rows(type, 6, a, row, k, v, n_positions); break;              \
        case 5: attend_few_rows(type, 5, a, row, k, v, n_positions); break;              \
        case 4: attend_few_rows(type, 4, a, row, k, v, n_positions); break;              \
        case 3: attend_few_rows(type, 3, a, row, k, v, n_positions); break;              \
        case 2: attend_few_rows(type, 2, a, row, k, v, n_positions); break;              \
        default: attend_few_rows(type, 1, a, row, k, v, n_positions); break;             \
        }                                                                                \
    }
ATTEND_FEW(f32, HR_KV_F32)
ATTEND_FEW(f16, HR_KV_F16)
ATTEND_FEW(q8_0, HR_KV_Q8_0)
ATTEND_FEW(q4_0, HR_KV_Q4_0)
#undef ATTEND_FEW

/* Whether the page is read as it lies for the rows of a: twice, the second time from a near cache,
 * only where that is cheaper than to unpack it. */
static inline bool is_few(const HrAttend *a, const void *v_block)
{
    const bool packed = a->type == HR_KV_Q8_0 || a->type == HR_KV_Q4_0;
    return v_block && a->n_rows <= FEW_ROWS * (packed ? 1 : 2) && a->dv % TILE_WIDTH == 0;
}

static void attend_few(HrAttend *a, const void *k_block, const void *v_block, uint32_t n_positions)
{
    static void (*const of_type[])(HrAttend *a, uint32_t row, uint32_t n, const void *k,
                                   const void *v, uint32_t n_positions) = {
        [HR_KV_F32] = attend_few_f32,
        [HR_KV_F16] = attend_few_f16,
        [HR_KV_Q8_0] = attend_few_q8_0,
        [HR_KV_Q4_0] = attend_few_q4_0,
    };
    const uint16_t *scales = packed_scales(a->type, v_block, a->dv);
    const uint32_t pieces = (a->n_rows + FEW_ROWS - 1) / FEW_ROWS;

    if (scales)
        widen_scales(a, scales);
    /* pieces of like size: 4 and 4 rather than 6 and 2 */
    for (uint32_t row = 0, i = 0; i < pieces; i++) {
        const uint32_t n = (a->n_rows - row + pieces - i - 1) / (pieces - i);
        of_type[a->type](a, row, n, k_block, v_block, n_positions);
        row += n;
    }
}
