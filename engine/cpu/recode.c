/* recode.c: see recode.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/recode.h"

#include "cpu/half.h"

#define P HR_PAGE_POSITIONS

/* ---- Turning ---- */

/* Coarse caches are rotated where the width allows it: queries and keys alike, so scores stay;
 * values, and the result back. */
static bool turns(HrKvType type, uint32_t width)
{
    return (type == HR_KV_Q8_0 || type == HR_KV_Q4_0) && width % 64 == 0;
}

void hr_recode_turn_value(const HrVectorKernels *kernels, HrKvType type, uint32_t dv, float *value)
{
    if (turns(type, dv))
        kernels->rotate(value, dv);
}

void hr_recode_turn_key(const HrVectorKernels *kernels, HrKvType type, const HrKvLayerLayout *layer,
                        float *key)
{
    if (layer->v_block_bytes > 0) {
        hr_recode_turn_value(kernels, type, layer->dk, key);
    } else if (turns(type, layer->dv)) {
        kernels->rotate(key, layer->dv);
        hr_recode_turn_value(kernels, type, layer->dk - layer->dv, key + layer->dv);
    }
}

/* ---- Reading ---- */

/* Value i of a block whose values lie stride apart from at on, and the scales of its groups
 * scale_stride apart from scale_at on. */
typedef struct {
    HrKvType type;
    const char *numbers;
    const uint16_t *scales;
    size_t at, stride, scale_at, scale_stride;
} Reader;

static int nibble(const Reader *r, uint32_t i)
{
    uint32_t group = i / HR_KV_GROUP, lane = i % HR_KV_GROUP;
    uint8_t pair =
        ((const uint8_t *)r->numbers)[r->at + (group * (HR_KV_GROUP / 2) + lane % 16) * r->stride];
    return (lane < 16 ? pair & 15 : pair >> 4) - 8;
}

static float read_one(const Reader *r, uint32_t i)
{
    switch (r->type) {
    case HR_KV_F32:
        return ((const float *)r->numbers)[r->at + i * r->stride];
    case HR_KV_F16:
        return hr_half_to_float(((const uint16_t *)r->numbers)[r->at + i * r->stride]);
    case HR_KV_Q8_0:
        return ((const int8_t *)r->numbers)[r->at + i * r->stride] *
               hr_half_to_float(r->scales[r->scale_at + i / HR_KV_GROUP * r->scale_stride]);
    case HR_KV_Q4_0:
    default:
        return (float)nibble(r, i) *
               hr_half_to_float(r->scales[r->scale_at + i / HR_KV_GROUP * r->scale_stride]);
    }
}

static void read_row(const Reader *r, uint32_t n, float *row)
{
    for (uint32_t i = 0; i < n; i++)
        row[i] = read_one(r, i);
}

/* Where the scales of a block of n values begin. */
static const uint16_t *scales_of(HrKvType type, const char *block, size_t n)
{
    return (const uint16_t *)(block + (type == HR_KV_Q4_0 ? n / 2 : n));
}

static Reader key_reader(HrKvType type, const char *block, uint32_t dk, uint32_t j)
{
    return (Reader){.type = type,
                    .numbers = block,
                    .scales = scales_of(type, block, (size_t)dk * P),
                    .at = j,
                    .stride = P,
                    .scale_at = j,
                    .scale_stride = P};
}

static Reader value_reader(HrKvType type, const char *block, uint32_t dv, uint32_t j)
{
    size_t width = type == HR_KV_Q4_0 ? dv / 2 : dv;
    return (Reader){.type = type,
                    .numbers = block,
                    .scales = scales_of(type, block, (size_t)dv * P),
                    .at = j * width,
                    .stride = 1,
                    .scale_at = (size_t)j * (dv / HR_KV_GROUP),
                    .scale_stride = 1};
}

/* ---- Pages ---- */

static void recode_keys(const HrVectorKernels *kernels, HrKvType from, HrKvType to,
                        const HrKvLayerLayout *layer, const char *source, char *target, float *row)
{
    for (uint32_t j = 0; j < P; j++) {
        Reader reader = key_reader(from, source, layer->dk, j);
        read_row(&reader, layer->dk, row);
        hr_recode_turn_key(kernels, from, layer, row);
        hr_recode_turn_key(kernels, to, layer, row);
        kernels->store_key(to, row, layer->dk, j, target);
    }
}

static void recode_values(const HrVectorKernels *kernels, HrKvType from, HrKvType to,
                          const HrKvLayerLayout *layer, const char *source, char *target,
                          float *row)
{
    for (uint32_t j = 0; j < P; j++) {
        Reader reader = value_reader(from, source, layer->dv, j);
        read_row(&reader, layer->dv, row);
        hr_recode_turn_value(kernels, from, layer->dv, row);
        hr_recode_turn_value(kernels, to, layer->dv, row);
        kernels->store_value(to, row, layer->dv, j, target);
    }
}

void hr_recode_page(const HrVectorKernels *kernels, const HrKvLayout *from, const HrKvLayout *to,
                    uint32_t il, const void *source, void *target, float *row)
{
    const HrKvLayerLayout *a = &from->layers[il], *b = &to->layers[il];
    for (uint32_t head = 0; head < a->n_head_kv; head++) {
        recode_keys(kernels, from->type, to->type, a,
                    (const char *)source + head * a->k_block_bytes,
                    (char *)target + head * b->k_block_bytes, row);
        if (a->v_block_bytes > 0)
            recode_values(kernels, from->type, to->type, a,
                          (const char *)source + a->v_offset + head * a->v_block_bytes,
                          (char *)target + b->v_offset + head * b->v_block_bytes, row);
    }
}
