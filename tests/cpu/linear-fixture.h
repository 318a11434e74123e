/* linear-fixture.h: weights and activations for the tests and the timing of linear kernels.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "cpu/linear.h"

#include <glib.h>

/* Types that have kernels, in the order of their ids. */
extern const HrType fixture_types[];
extern const gsize fixture_n_types;

/* Rows of weights that end exactly where a page ends, with nothing readable behind them. */
typedef struct {
    HrType type;
    bool fine; /* columns take 16 bits where kernels round them */
    gsize n_in, n_out, row_bytes;
    bool in_panels; /* laid out: see weights_lay */
    guint8 *rows;
    gpointer mapping;
    gsize mapping_bytes;
} Weights;

void weights_init(Weights *w, HrType type, gsize n_in, gsize n_out);
void weights_clear(Weights *w);
/* Every bit pattern of quants and scales; float fields about 1 in magnitude and of both signs. */
void weights_fill_random(Weights *w, GRand *rand);
/* All bytes fill, but the half fields, which are half (the byte e of MXFP4 stays fill). Floats
 * become half's value. */
void weights_fill(Weights *w, guint8 fill, guint16 half);
/* Sets the fields that hold minima to zero. */
void weights_clear_minima(Weights *w);

/* laid: the same weights in panels, with nothing readable behind them either. */
void weights_lay(const Weights *w, Weights *laid);

/* 64-byte aligned, zeroed; g_free does not fit: aligned_free. */
gpointer aligned_new(gsize bytes);
void aligned_free(gpointer memory);

/* Columns in the form that the kernels want for these weights. */
typedef struct {
    HrForm form;
    gsize stride, n_cols;
    guint8 *data;
} Prepared;
void prepared_init(Prepared *p, const HrLinearKernels *kernels, const Weights *w, const float *x,
                   gsize n_cols);
void prepared_clear(Prepared *p);
