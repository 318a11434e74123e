/* panels.h: weights laid out for the kernels.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A panel is HR_PANEL_ROWS rows of one quantised matrix, in as many bytes as in the file and at the
 * same place: row r of the matrix, a multiple of HR_PANEL_ROWS, begins a panel at r * row_bytes.
 * Rows behind the last whole panel stay as they are. Kernels then read memory from front to back
 * and put one row into each lane without turning anything.
 *
 * A panel is a sequence of tiles, one per block of a row, of HR_PANEL_ROWS * block_bytes: first the
 * blocks' dwords, dword by dword, [n_dwords][HR_PANEL_ROWS]; then what is left of each block, its
 * odd bytes, [HR_PANEL_ROWS][odd].
 */
#pragma once

#include "cpu/linear.h"

/* The bytes of a block that are no part of a dword: its first ones or its last ones. */
typedef struct {
    uint8_t bytes; /* 0 .. 2 */
    bool first;
} HrOdd;

static inline HrOdd hr_odd_of(HrType type)
{
    switch (type) {
    case HR_TYPE_Q4_0:
    case HR_TYPE_Q5_0:
    case HR_TYPE_Q8_0:
    case HR_TYPE_IQ4_NL: return (HrOdd){2, true}; /* d */
    case HR_TYPE_MXFP4: return (HrOdd){1, true};  /* e */
    case HR_TYPE_Q3_K:
    case HR_TYPE_Q6_K: return (HrOdd){2, false}; /* d */
    default: return (HrOdd){0, false};
    }
}

/* HR_PANEL_ROWS rows of n_in elements, as in the file, to a panel. They must not overlap. */
void hr_panel_lay(HrType type, const void *rows, size_t n_in, void *panel);
/* dst[n_in] = row of a panel, dequantised. */
void hr_panel_dequantize(HrType type, const void *panel, size_t row, size_t n_in, float *dst);
