/* laid.h: the weights of a program's products, moved out of the mapped file and laid out for the
 * kernels.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Generating a token reads every weight once, so what it costs is how fast memory can be read:
 * panels (panels.h) are read from front to back, and memory of our own comes in 2 MiB pages, which
 * a mapped file does not. A weight takes as many bytes as in the file, whose pages are given back
 * as they are moved: weights are in memory once. What is not multiplied with (norms, biases,
 * embeddings of their own) stays mapped. Thread-safety: Unsafe while it is filled, then Safe.
 */
#pragma once

#include "cpu/linear.h"
#include "cpu/pool.h"
#include "memory/region.h"
#include "program/program.h"

/* Where a weight is. */
typedef struct {
    const HrWeight *weight;
    const void *data;
    bool in_panels; /* else in the rows of the file */
} HrLaidWeight;

typedef struct {
    HrRegion region;
    GArray *weights;     /* HrLaidWeight, in the order of the file */
    GHashTable *by_data; /* their places in the file -> HrLaidWeight */
} HrLaid;

/* Finds memory for the weights of all linear operations of program, if the kernels want them moved.
 * HR_ERROR_MEMORY. */
bool hr_laid_init(HrLaid *laid, const HrProgram *program, const HrLinearKernels *kernels,
                  GError **error);
void hr_laid_finish(HrLaid *laid);
/* Moves rows [begin, end) of a weight, with all threads of the pool. begin is a multiple of
 * HR_PANEL_ROWS; end too, or the last row's end. */
void hr_laid_fill(const HrLaidWeight *at, uint64_t begin, uint64_t end, HrPool *pool,
                  uint32_t n_threads);

/* Gives the file's pages of all moved weights back once more, when all of the file has been read: the
 * kernel maps a few beside each that it is asked for. */
void hr_laid_give_back(const HrLaid *laid);

/* Where weight is now; where it was bound, if it was not moved. */
HrLaidWeight hr_laid_find(const HrLaid *laid, const HrWeight *weight);
/* Whether any weight that was moved lay in [data, data + bytes). */
bool hr_laid_covers(const HrLaid *laid, const void *data, uint64_t bytes);
/* dst[n_in] = row of a weight. */
void hr_laid_row(const HrLaidWeight *at, uint64_t row, float *dst);
