/* linear-fixture.c: see linear-fixture.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "linear-fixture.h"
#include "cpu/half.h"
#include "cpu/panels.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

const HrType fixture_types[] = {
    HR_TYPE_F32,    HR_TYPE_F16,    HR_TYPE_Q4_0, HR_TYPE_Q4_1,  HR_TYPE_Q5_0, HR_TYPE_Q5_1,
    HR_TYPE_Q8_0,   HR_TYPE_Q2_K,   HR_TYPE_Q3_K, HR_TYPE_Q4_K,  HR_TYPE_Q5_K, HR_TYPE_Q6_K,
    HR_TYPE_IQ4_NL, HR_TYPE_IQ4_XS, HR_TYPE_BF16, HR_TYPE_MXFP4,
};
const gsize fixture_n_types = G_N_ELEMENTS(fixture_types);

/* Offsets of the half fields of a block, -1: none. The second is a minimum. */
static const struct {
    int first, second;
} half_fields[HR_TYPE_N] = {
    [HR_TYPE_Q4_0] = {0, -1},   [HR_TYPE_Q4_1] = {0, 2},    [HR_TYPE_Q5_0] = {0, -1},
    [HR_TYPE_Q5_1] = {0, 2},    [HR_TYPE_Q8_0] = {0, -1},   [HR_TYPE_Q2_K] = {80, 82},
    [HR_TYPE_Q3_K] = {108, -1}, [HR_TYPE_Q4_K] = {0, 2},    [HR_TYPE_Q5_K] = {0, 2},
    [HR_TYPE_Q6_K] = {208, -1}, [HR_TYPE_IQ4_NL] = {0, -1}, [HR_TYPE_IQ4_XS] = {0, -1},
    [HR_TYPE_MXFP4] = {-1, -1},
};

void weights_init(Weights *w, HrType type, gsize n_in, gsize n_out)
{
    const HrTypeTraits *traits = hr_type_traits(type);
    const gsize page = (gsize)sysconf(_SC_PAGESIZE);

    *w = (Weights){.type = type, .n_in = n_in, .n_out = n_out};
    w->row_bytes = n_in / traits->block * traits->block_bytes;
    const gsize bytes = w->row_bytes * n_out, pages = (bytes + page - 1) / page * page;
    w->mapping_bytes = pages + page;
    w->mapping =
        mmap(NULL, w->mapping_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    g_assert_true(w->mapping != MAP_FAILED);
    madvise(w->mapping, pages, MADV_HUGEPAGE); /* as weights that were laid out have them */
    g_assert_cmpint(mprotect((guint8 *)w->mapping + pages, page, PROT_NONE), ==, 0);
    w->rows = (guint8 *)w->mapping + pages - bytes;
}

void weights_clear(Weights *w)
{
    munmap(w->mapping, w->mapping_bytes);
}

static void put_half(guint8 *at, guint16 half)
{
    memcpy(at, &half, sizeof half);
}

static void fill_floats(Weights *w, GRand *rand)
{
    for (gsize i = 0; i < w->n_in * w->n_out; i++) {
        const float value = (float)g_rand_double_range(rand, -1, 1);
        if (w->type == HR_TYPE_F32)
            memcpy(w->rows + 4 * i, &value, 4);
        else
            put_half(w->rows + 2 * i,
                     w->type == HR_TYPE_F16 ? hr_float_to_half(value) : hr_float_to_bfloat(value));
    }
}

void weights_fill_random(Weights *w, GRand *rand)
{
    const HrTypeTraits *traits = hr_type_traits(w->type);
    const gsize bytes = w->row_bytes * w->n_out;

    if (traits->block == 1) {
        fill_floats(w, rand);
        return;
    }
    for (gsize i = 0; i < bytes; i++)
        w->rows[i] = (guint8)g_rand_int(rand);
    for (guint8 *block = w->rows; block < w->rows + bytes; block += traits->block_bytes) {
        if (half_fields[w->type].first >= 0)
            put_half(block + half_fields[w->type].first,
                     hr_float_to_half((float)g_rand_double_range(rand, -2, 2)));
        if (half_fields[w->type].second >= 0)
            put_half(block + half_fields[w->type].second,
                     hr_float_to_half((float)g_rand_double_range(rand, -2, 2)));
        if (w->type == HR_TYPE_MXFP4)
            block[0] = (guint8)g_rand_int_range(rand, 120, 132);
    }
}

void weights_fill(Weights *w, guint8 fill, guint16 half)
{
    const HrTypeTraits *traits = hr_type_traits(w->type);
    const gsize bytes = w->row_bytes * w->n_out;
    const float value = hr_half_to_float(half);

    memset(w->rows, fill, bytes);
    for (guint8 *block = w->rows; block < w->rows + bytes; block += traits->block_bytes) {
        if (w->type == HR_TYPE_F32)
            memcpy(block, &value, sizeof value);
        else if (w->type == HR_TYPE_BF16)
            put_half(block, hr_float_to_bfloat(value));
        else if (half_fields[w->type].first >= 0)
            put_half(block + half_fields[w->type].first, half);
        if (half_fields[w->type].second > 0)
            put_half(block + half_fields[w->type].second, half);
    }
}

void weights_clear_minima(Weights *w)
{
    const guint block_bytes = hr_type_traits(w->type)->block_bytes;

    if (half_fields[w->type].second <= 0)
        return;
    for (guint8 *block = w->rows; block < w->rows + w->row_bytes * w->n_out; block += block_bytes)
        put_half(block + half_fields[w->type].second, 0);
}

void weights_lay(const Weights *w, Weights *laid)
{
    const gsize panel = HR_PANEL_ROWS * w->row_bytes, in_panels = w->n_out / HR_PANEL_ROWS * panel;

    weights_init(laid, w->type, w->n_in, w->n_out);
    laid->fine = w->fine;
    laid->in_panels = true;
    for (gsize at = 0; at < in_panels; at += panel)
        hr_panel_lay(w->type, w->rows + at, w->n_in, laid->rows + at);
    memcpy(laid->rows + in_panels, w->rows + in_panels, w->n_out * w->row_bytes - in_panels);
}

gpointer aligned_new(gsize bytes)
{
    const gsize rounded = MAX(64, (bytes + 63) / 64 * 64);
    gpointer memory = aligned_alloc(64, rounded);

    g_assert_nonnull(memory);
    memset(memory, 0, rounded);
    return memory;
}

void aligned_free(gpointer memory)
{
    free(memory);
}

void prepared_init(Prepared *p, const HrLinearKernels *kernels, const Weights *w, const float *x,
                   gsize n_cols)
{
    p->form = kernels->form(w->type, w->fine);
    p->stride = kernels->prepared_bytes(p->form, w->n_in);
    p->n_cols = n_cols;
    p->data = aligned_new(p->stride * n_cols);
    g_assert_cmpuint(p->stride % 64, ==, 0);
    for (gsize c = 0; c < n_cols; c++)
        kernels->prepare(p->form, x + c * w->n_in, w->n_in, p->data + c * p->stride);
}

void prepared_clear(Prepared *p)
{
    aligned_free(p->data);
}
