/* cut.c: families that show an image whole. See cut.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vision/cut.h"

#include "vision/resize.h"

#include <math.h>

/* ---- What all do ---- */

bool hr_sight_add_canvas(HrSight *sight, HrImage *take_canvas)
{
    if (take_canvas)
        sight->canvases[sight->n_canvases++] = take_canvas;
    return take_canvas != NULL;
}

void hr_sight_add_view(HrSight *sight, const HrVisionParams *p, uint32_t canvas, uint32_t tile_x,
                       uint32_t tile_y)
{
    HrView view = {canvas, tile_x * p->image_size, tile_y * p->image_size, hr_vision_grid(p),
                   hr_vision_grid(p)};
    g_array_append_val(sight->views, view);
}

void hr_sight_add_part(HrSight *sight, const char *before, uint32_t n_rows)
{
    HrSightPart part = {g_strdup(before), n_rows};
    g_array_append_val(sight->parts, part);
}

bool hr_sight_set_rows(HrSight *sight, uint32_t n_rows, GError **error)
{
    sight->n_rows = n_rows;
    sight->index = g_try_new(uint32_t, n_rows);
    if (!sight->index)
        g_set_error(error, HR_ERROR, HR_ERROR_MEMORY, "No memory for the %u places of an image.",
                    n_rows);
    return sight->index != NULL;
}

void hr_sight_fill_view(HrSight *sight, const HrVisionParams *p, uint32_t first_row,
                        uint32_t *index)
{
    uint32_t n = hr_view_rows(p, hr_vision_grid(p), hr_vision_grid(p));
    for (uint32_t i = 0; i < n; i++)
        index[i] = first_row + i;
}

/* One view of a fixed size, between two texts. */
static bool show_whole(HrSight *sight, const HrVisionParams *p, HrImage *take_canvas,
                       const char *before, const char *after, GError **error)
{
    uint32_t n = hr_view_rows(p, hr_vision_grid(p), hr_vision_grid(p));
    if (!hr_sight_add_canvas(sight, take_canvas) || !hr_sight_set_rows(sight, n, error))
        return false;
    hr_sight_add_view(sight, p, 0, 0, 0);
    hr_sight_fill_view(sight, p, 0, sight->index);
    hr_sight_add_part(sight, before, n);
    sight->after = g_strdup(after);
    return true;
}

/* ---- LLaVA 1.5: made square with borders of the mean colour, then small ---- */

static bool cut_llava(HrSight *sight, const HrVision *vision, const HrImage *image, GError **error)
{
    const HrVisionParams *p = &vision->params;
    uint32_t side = MAX(image->width, image->height);
    HrCanvas square = {.width = side,
                       .height = side,
                       .x = (side - image->width) / 2,
                       .y = (side - image->height) / 2};
    for (uint32_t c = 0; c < 3; c++)
        square.colour[c] = (uint8_t)(p->mean[c] * 255);
    return show_whole(sight, p,
                      hr_image_resize(image, &square, HR_RESIZE_BICUBIC, p->image_size,
                                      p->image_size, error),
                      "", "\n", error);
}

static bool cut_gemma3(HrSight *sight, const HrVision *vision, const HrImage *image, GError **error)
{
    const HrVisionParams *p = &vision->params;
    HrImage *canvas =
        hr_image_resize(image, NULL, HR_RESIZE_BILINEAR, p->image_size, p->image_size, error);
    sight->together = true;
    return show_whole(sight, p, canvas, "\n\n<start_of_image>", "<end_of_image>\n\n", error);
}

/* ---- Any size ---- */

/* Numbers of tokens along both axes whose product is within the limits. */
static void fit_tokens(const HrVisionParams *p, double width, double height, uint32_t *ret_w,
                       uint32_t *ret_h)
{
    double token = p->patch_size * p->merge, area = token * token;
    /* Halves go to the even neighbour, as Python rounds. */
    double w = MAX(1, nearbyint(width / token)), h = MAX(1, nearbyint(height / token));
    if (w * h > p->max_tokens) {
        double shrink = sqrt(width * height / (p->max_tokens * area));
        w = MAX(1, floor(width / shrink / token));
        h = MAX(1, floor(height / shrink / token));
    } else if (w * h < p->min_tokens) {
        double grow = sqrt(p->min_tokens * area / (width * height));
        w = ceil(width * grow / token);
        h = ceil(height * grow / token);
    }
    /* A strip one token high can still be too long. */
    *ret_w = (uint32_t)MIN(w, p->max_tokens / MIN(h, p->max_tokens));
    *ret_h = (uint32_t)MIN(h, p->max_tokens / *ret_w);
}

/* An image of w x h tokens as one view. */
static bool show_grid(HrSight *sight, const HrVisionParams *p, const HrImage *image, uint32_t w,
                      uint32_t h, GError **error)
{
    uint32_t token = p->patch_size * p->merge, grid_w = w * p->merge, grid_h = h * p->merge;
    HrView view = {.grid_w = grid_w, .grid_h = grid_h};
    g_array_append_val(sight->views, view);
    return hr_sight_add_canvas(sight, hr_image_resize(image, NULL, HR_RESIZE_BICUBIC, w * token,
                                                      h * token, error));
}

/* Of sides so unlike, all that is left of one would be a line. */
static bool is_strip(const HrImage *image, GError **error)
{
    uint32_t longer = MAX(image->width, image->height), shorter = MIN(image->width, image->height);
    if (longer <= (uint64_t)shorter * 200)
        return false;
    g_set_error(
        error, HR_ERROR, HR_ERROR_SETTINGS,
        "An image of %u x %u pixels is too narrow: one side may be at most 200 times the other.",
        image->width, image->height);
    return true;
}

static bool cut_qwen2vl(HrSight *sight, const HrVision *vision, const HrImage *image,
                        GError **error)
{
    const HrVisionParams *p = &vision->params;
    uint32_t w, h;
    if (is_strip(image, error))
        return false;
    fit_tokens(p, image->width, image->height, &w, &h);
    g_autofree uint32_t *order = g_try_new(uint32_t, (size_t)w * h * p->merge * p->merge);
    if (!order || !hr_sight_set_rows(sight, w * h, error) ||
        !show_grid(sight, p, image, w, h, error)) {
        if (!order)
            g_set_error(error, HR_ERROR, HR_ERROR_MEMORY,
                        "No memory for the %u places of an image.", w * h);
        return false;
    }
    hr_view_order(p, w * p->merge, h * p->merge, order, sight->index);
    hr_sight_add_part(sight, "<|vision_start|>", w * h);
    sight->after = g_strdup("<|vision_end|>");
    sight->columns = w;
    return true;
}

/* No side longer than image_size; a line break behind each line but the last, which the end of the
 * image follows. */
static bool cut_pixtral(HrSight *sight, const HrVision *vision, const HrImage *image,
                        GError **error)
{
    const HrVisionParams *p = &vision->params;
    double token = p->patch_size * p->merge, longest = MAX(image->width, image->height),
           shrink = MAX(longest / p->image_size, 1);
    double limit = sqrt((double)p->max_tokens) * token;
    shrink = MAX(shrink, longest / limit);
    uint32_t w = (uint32_t)ceil(floor(image->width / shrink) / token),
             h = (uint32_t)ceil(floor(image->height / shrink) / token);
    w = MAX(w, 1);
    h = MAX(h, 1);
    bool breaks = hr_weight_exists(&vision->newline);
    if (!hr_sight_set_rows(sight, w * h + (breaks ? h - 1 : 0), error) ||
        !show_grid(sight, p, image, w, h, error))
        return false;
    for (uint32_t y = 0, n = 0; y < h; y++) {
        for (uint32_t x = 0; x < w; x++)
            sight->index[n++] = y * w + x;
        if (breaks && y + 1 < h)
            sight->index[n++] = HR_SIGHT_NEWLINE;
    }
    hr_sight_add_part(sight, "", sight->n_rows);
    sight->after = g_strdup("[IMG_END]");
    return true;
}

/* ---- The families ---- */

bool hr_sight_cut(HrSight *sight, const HrVision *vision, const HrImage *image, GError **error)
{
    switch (vision->params.kind) {
    case HR_VISION_MLP:
        return vision->params.n_pinpoints > 0 ? hr_sight_cut_anyres(sight, vision, image, error)
                                              : cut_llava(sight, vision, image, error);
    case HR_VISION_GEMMA3:
        return cut_gemma3(sight, vision, image, error);
    case HR_VISION_IDEFICS3:
        return hr_sight_cut_idefics3(sight, vision, image, error);
    case HR_VISION_PIXTRAL:
        return cut_pixtral(sight, vision, image, error);
    case HR_VISION_QWEN2VL:
    case HR_VISION_QWEN25VL:
        return cut_qwen2vl(sight, vision, image, error);
    case HR_VISION_N_KINDS:
        break;
    }
    return false;
}

HrSightLimits hr_sight_limits(const HrVisionParams *p)
{
    if (!hr_vision_is_any_size(p))
        return hr_sight_tile_limits(p);
    return (HrSightLimits){p->max_tokens * p->merge, p->merge, 1, p->max_tokens};
}

uint32_t hr_sight_rows_together(const HrVisionParams *p)
{
    return p->kind == HR_VISION_GEMMA3 ? hr_view_rows(p, hr_vision_grid(p), hr_vision_grid(p)) : 0;
}
