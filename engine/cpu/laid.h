/* laid.h: the weights of a program's products, moved out of the mapped file and laid out for the
 * kernels.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Generating a token reads every weight once, so what it costs is how fast memory can be read:
 * panels (panels.h) are read from front to back, and memory of our own comes in 2 MiB pages, which
 * a mapped file does not. A weight takes as many bytes as in the file, whose pages are given back
 * as they are moved: weights are in memory once. What is not multiplied with (norms, biases,
 * embeddings of their own) stays mapped. Every weight has a place from the start, which takes
 * memory only while the host computes with it: who comes back from another device comes back to it.
 * Thread-safety: Unsafe while it is filled or assigned, then Safe.
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
    bool here;      /* it is filled, or on its way; else its place is empty */
} HrLaidWeight;

typedef struct {
    HrRegion region;
    GArray *weights;     /* HrLaidWeight, in the order of the file */
    GHashTable *by_data; /* their places in the file -> HrLaidWeight */
} HrLaid;

/* Finds places for the weights of all linear operations of program, if the kernels want them moved;
 * those of operations of the host are to be filled. HR_ERROR_MEMORY. */
bool hr_laid_init(HrLaid *laid, const HrProgram *program, const HrLinearKernels *kernels,
                  GError **error);
void hr_laid_finish(HrLaid *laid);
/* The weights that program has the host compute with and that are not here yet, as a GArray of
 * pointers to HrLaidWeight: they are to be filled before they are assigned. */
GArray *hr_laid_list_missing(HrLaid *laid, const HrProgram *program) G_GNUC_WARN_UNUSED_RESULT;
/* From now on those of operations of the host in program are here; others give their memory back.
 */
void hr_laid_assign(HrLaid *laid, const HrProgram *program);
/* Gives back what was filled and is not here. */
void hr_laid_forget(HrLaid *laid, const GArray *missing);
/* What those that are here take. */
uint64_t hr_laid_bytes(const HrLaid *laid);
/* The longest stretch of memory that only holds weights that are here. */
HrRegion hr_laid_stretch(const HrLaid *laid);
/* Moves rows [begin, end) of a weight, with all threads of the pool. begin is a multiple of
 * HR_PANEL_ROWS; end too, or the last row's end. */
void hr_laid_fill(const HrLaidWeight *at, uint64_t begin, uint64_t end, HrPool *pool,
                  uint32_t n_threads);

/* Gives the file's pages of all moved weights back once more, when all of the file has been read: the
 * kernel maps a few beside each that it is asked for. */
void hr_laid_give_back(const HrLaid *laid);

/* Where weight is now; where it was bound, if it was not moved. */
HrLaidWeight hr_laid_find(const HrLaid *laid, const HrWeight *weight);
/* Whether any weight that is here lay in [data, data + bytes) of the file. */
bool hr_laid_covers(const HrLaid *laid, const void *data, uint64_t bytes);
/* dst[n_in] = row of a weight. */
void hr_laid_row(const HrLaidWeight *at, uint64_t row, float *dst);
