/* cut.h: how the families cut an image into views and lay these out in a prompt.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "vision/sight.h"

/* Fills in everything but the marks. */
bool hr_sight_cut(HrSight *sight, const HrVision *vision, const HrImage *image, GError **error);

/* ---- cut-tiles.c: families that show large images as tiles ---- */
bool hr_sight_cut_anyres(HrSight *sight, const HrVision *vision, const HrImage *image,
                         GError **error); /* LLaVA 1.6, Granite */
bool hr_sight_cut_idefics3(HrSight *sight, const HrVision *vision, const HrImage *image,
                           GError **error);
HrSightLimits hr_sight_tile_limits(const HrVisionParams *params);

/* ---- For both ---- */

/* Appends a canvas (or passes an error of making it on): takes it. */
bool hr_sight_add_canvas(HrSight *sight, HrImage *take_canvas);
void hr_sight_add_view(HrSight *sight, const HrVisionParams *params, uint32_t canvas,
                       uint32_t tile_x, uint32_t tile_y);
void hr_sight_add_part(HrSight *sight, const char *before, uint32_t n_rows);
/* Room for n_rows rows in index. HR_ERROR_MEMORY. */
bool hr_sight_set_rows(HrSight *sight, uint32_t n_rows, GError **error);
/* Rows of one view of the family's fixed size, in reading order, into index. first: of the rows
 * that all views give. */
void hr_sight_fill_view(HrSight *sight, const HrVisionParams *params, uint32_t first_row,
                        uint32_t *index);
