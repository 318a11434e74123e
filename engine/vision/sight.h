/* sight.h: what a model is shown of an image: pixels cut into views, and the places in a prompt
 * that stand for them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Made where the prompt is made (not on the runner's thread), because it looks at every pixel. Each
 * family prepares images as the programs did that it was trained with. Immutable. Thread-safety:
 * Safe.
 */
#pragma once

#include "vision/image.h"
#include "vision/vision.h"

/* What the tower is given at once: grid_w x grid_h patches of a canvas, from (x, y) on. */
typedef struct {
    uint32_t canvas, x, y; /* pixels */
    uint32_t grid_w, grid_h;
} HrView;

/* Text around the rows of an image: control tokens are recognised in it. */
typedef struct {
    char *before;    /* owned; "" if none */
    uint32_t n_rows; /* of the image, behind the text */
} HrSightPart;

#define HR_SIGHT_NEWLINE UINT32_MAX /* in index: the projector's own row for the end of a line */

typedef struct {
    gatomicrefcount refs;
    HrImage *canvases[2];
    uint32_t n_canvases;
    GArray *views; /* HrView */
    GArray *parts; /* HrSightPart */
    char *after;   /* text behind the last row */
    uint32_t n_rows;
    uint32_t *index;  /* [n_rows] which of the rows that the views give, one view after the other */
    uint32_t columns; /* rows of a line of the picture, for models whose positions have axes; 0:
                         they have none */
    bool together;       /* each part's rows see each other whole */
    HrToken *marks; /* [n_rows] negative: stand for the rows where prompts are compared; made from
                       the pixels */
} HrSight;

HrSight *hr_sight_new(const HrVision *vision, const HrImage *image,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
HrSight *hr_sight_ref(HrSight *sight);
void hr_sight_unref(HrSight *sight);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HrSight, hr_sight_unref)

/* The largest image that there can be: patches of a view, and rows that all views give together. */
typedef struct {
    uint32_t grid_w, grid_h, n_views;
    uint32_t n_view_rows; /* of one view */
} HrSightLimits;
HrSightLimits hr_sight_limits(const HrVisionParams *params);

/* Rows that have to be in one step because they see each other; 0: any may be apart. */
uint32_t hr_sight_rows_together(const HrVisionParams *params);

static inline uint32_t hr_view_rows(const HrVisionParams *p, uint32_t grid_w, uint32_t grid_h)
{
    return (grid_w / p->merge) * (grid_h / p->merge);
}

/* ---- view-order.c: in which order the tower has a view's patches ---- */

/* Patch number y * grid_w + x of each place: squares of merge x merge patches one after the other,
 * these line by line, or (windows) window by window. order [grid_w * grid_h]; lines, if not NULL:
 * [n_view_rows] the place of each merged row in reading order. */
void hr_view_order(const HrVisionParams *params, uint32_t grid_w, uint32_t grid_h, uint32_t *order,
                   uint32_t *lines);
/* Where each window begins among the patches in that order: the ends, ascending, in a GArray of
 * uint32_t. One for all without windows. */
GArray *hr_view_windows(const HrVisionParams *params, uint32_t grid_w,
                        uint32_t grid_h) G_GNUC_WARN_UNUSED_RESULT;
