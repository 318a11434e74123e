/* groups.h: activations rounded to int8, as the integer kernels read them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A prepared row (HR_FORM_INT8) is n_in / 32 of these. x[i] is about scale * q[i], with
 *
 *   scale = max |x| / 127,  q = x * (127 / max |x|), rounded to nearest, ties to even
 *
 * in float. A group whose largest magnitude is below HR_GROUP_TINY counts as zeros, so that the
 * quotient stays finite; one with an infinity or a NaN has q = 0 and scale NaN, so that every
 * result it takes part in is NaN. All sets round alike, bit for bit.
 *
 * One record rather than arrays: a kernel that walks many columns at once then needs one pointer
 * per column, and a column is one stream of memory.
 */
#pragma once

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define HR_GROUP 32
#define HR_GROUP_TINY 1e-30f

/* Signed weights lie in panels as unsigned bytes, raised by a power of two. A product with them
 * starts from an offset that takes it back: sum (w + raised) q - raised * sum q. Groups hold the
 * offset of the largest; the others' are that, shifted right. Offsets count from the integer that a
 * set's sums start from, which is its own affair. */
#define HR_RAISED_MOST 128

typedef struct {
    float scale;
    float sum;             /* scale * sum of q */
    int32_t offset;        /* start - HR_RAISED_MOST * sum of q */
    int32_t offset_16[2];  /* the same for the first and the last 16 */
    int8_t q[HR_GROUP];
} HrGroup;
static_assert(sizeof(HrGroup) == 52, "records of columns are 4-byte aligned and without gaps");

/* The group at this place of the column-th of columns that are stride bytes apart. */
static inline const HrGroup *hr_group_of(const uint8_t *groups, size_t stride, int column)
{
    return (const HrGroup *)(const void *)(groups + (size_t)column * stride);
}
