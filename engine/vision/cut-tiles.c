/* cut-tiles.c: large images as an overview and tiles. See cut.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vision/cut.h"

#include "vision/resize.h"

#include <math.h>

/* ---- LLaVA 1.6 (Liu et al. 2024) and Granite Vision ---- */

/* Of the sizes that a model knows, the one that keeps most of the image's pixels and, among equals,
 * wastes least. */
static const uint32_t *choose_pinpoint(const HrVisionParams *p, const HrImage *image)
{
    const uint32_t *best = p->pinpoints[0];
    uint64_t best_kept = 0, least_wasted = UINT64_MAX,
             pixels = (uint64_t)image->width * image->height;
    for (uint32_t i = 0; i < p->n_pinpoints; i++) {
        const uint32_t *size = p->pinpoints[i];
        double scale = MIN((double)size[0] / image->width, (double)size[1] / image->height);
        uint64_t shown = (uint64_t)(image->width * scale) * (uint64_t)(image->height * scale),
                 kept = MIN(shown, pixels);
        uint64_t wasted = (uint64_t)size[0] * size[1] - kept;
        if (kept > best_kept || (kept == best_kept && wasted < least_wasted)) {
            best = size;
            best_kept = kept;
            least_wasted = wasted;
        }
    }
    return best;
}

/* The image as large as fits into size, in the middle of black borders. */
static HrImage *fit_into(const HrImage *image, const uint32_t size[2], GError **error)
{
    double scale_w = (double)size[0] / image->width, scale_h = (double)size[1] / image->height;
    uint32_t w = scale_w < scale_h ? size[0] : MIN((uint32_t)ceil(image->width * scale_h), size[0]);
    uint32_t h =
        scale_w < scale_h ? MIN((uint32_t)ceil(image->height * scale_w), size[1]) : size[1];
    g_autoptr(HrImage) small =
        hr_image_resize(image, NULL, HR_RESIZE_BICUBIC, MAX(w, 1), MAX(h, 1), error);
    HrCanvas canvas = {.width = size[0],
                       .height = size[1],
                       .x = (size[0] - MAX(w, 1)) / 2,
                       .y = (size[1] - MAX(h, 1)) / 2};
    return small ? hr_image_resize(small, &canvas, HR_RESIZE_BICUBIC, size[0], size[1], error)
                 : NULL;
}

/* Which part of a picture of w x h patches the image takes, its borders away. */
typedef struct {
    uint32_t x, y, w, h;
} Part;

static Part unpadded(const HrImage *image, uint32_t w, uint32_t h)
{
    double ratio = (double)image->width / image->height;
    Part part = {0, 0, w, h};
    if (ratio > (double)w / h) {
        uint32_t high = (uint32_t)(round(image->height * ((double)w / image->width) * 1e7) / 1e7);
        part.y = (h - MIN(high, h)) / 2;
        part.h = h - 2 * part.y;
    } else {
        uint32_t wide = (uint32_t)(round(image->width * ((double)h / image->height) * 1e7) / 1e7);
        part.x = (w - MIN(wide, w)) / 2;
        part.w = w - 2 * part.x;
    }
    return part;
}

/* Which of all views' rows shows patch (x, y) of the picture that the tiles make together; the
 * overview's come first. */
static uint32_t tile_row(uint32_t grid, uint32_t tiles_w, uint32_t x, uint32_t y)
{
    uint32_t tile = 1 + y / grid * tiles_w + x / grid;
    return tile * grid * grid + y % grid * grid + x % grid;
}

static void fill_lines(HrSight *sight, uint32_t grid, uint32_t tiles_w, const Part *part,
                       bool newlines, uint32_t *index)
{
    uint32_t n = 0;
    for (uint32_t y = part->y; y < part->y + part->h; y++) {
        for (uint32_t x = part->x; x < part->x + part->w; x++)
            index[n++] = tile_row(grid, tiles_w, x, y);
        if (newlines)
            index[n++] = HR_SIGHT_NEWLINE;
    }
}

bool hr_sight_cut_anyres(HrSight *sight, const HrVision *vision, const HrImage *image,
                         GError **error)
{
    const HrVisionParams *p = &vision->params;
    const uint32_t *size = choose_pinpoint(p, image);
    uint32_t grid = hr_vision_grid(p), tiles_w = size[0] / p->image_size,
             tiles_h = size[1] / p->image_size, n_overview = grid * grid;
    bool newlines = p->unpad && hr_weight_exists(&vision->newline);
    Part part = p->unpad ? unpadded(image, tiles_w * grid, tiles_h * grid)
                         : (Part){0, 0, tiles_w * grid, tiles_h * grid};
    if (!hr_sight_add_canvas(sight, hr_image_resize(image, NULL, HR_RESIZE_BICUBIC, p->image_size,
                                                    p->image_size, error)) ||
        !hr_sight_add_canvas(sight, fit_into(image, size, error)) ||
        !hr_sight_set_rows(sight, n_overview + part.h * (part.w + newlines), error))
        return false;
    hr_sight_add_view(sight, p, 0, 0, 0);
    for (uint32_t i = 0; i < tiles_w * tiles_h; i++)
        hr_sight_add_view(sight, p, 1, i % tiles_w, i / tiles_w);
    hr_sight_fill_view(sight, p, 0, sight->index);
    if (p->unpad)
        fill_lines(sight, grid, tiles_w, &part, newlines, sight->index + n_overview);
    else
        for (uint32_t i = 0; i < tiles_w * tiles_h * n_overview; i++)
            sight->index[n_overview + i] = n_overview + i;
    hr_sight_add_part(sight, "", sight->n_rows);
    sight->after = g_strdup("\n");
    return true;
}

/* ---- Idefics3 (Laurençon et al. 2024) and SmolVLM ---- */

typedef struct {
    uint32_t width, height;    /* what the image is made first, longest_edge long */
    uint32_t tiles_w, tiles_h; /* and then, in whole tiles */
} Tiling;

static uint32_t whole_tiles(double pixels, uint32_t side)
{
    return (uint32_t)MAX(ceil(pixels / side), 1);
}

static Tiling tile(const HrVisionParams *p, const HrImage *image)
{
    double ratio = (double)image->width / image->height;
    uint32_t longest = p->longest_edge, side = p->image_size;
    bool wide = image->width >= image->height;
    uint32_t shorter = (uint32_t)(wide ? longest / ratio : longest * ratio);
    shorter = MAX(shorter + shorter % 2, 1);
    Tiling t = {wide ? longest : shorter, wide ? shorter : longest, 0, 0};
    ratio = (double)t.width / t.height;
    if (t.width >= t.height) {
        t.tiles_w = whole_tiles(t.width, side);
        t.tiles_h = whole_tiles(floor(t.tiles_w * side / ratio), side);
    } else {
        t.tiles_h = whole_tiles(t.height, side);
        t.tiles_w = whole_tiles(floor(t.tiles_h * side * ratio), side);
    }
    return t;
}

static void add_tile_parts(HrSight *sight, const Tiling *t, uint32_t n_rows)
{
    uint32_t n_tiles = t->tiles_w * t->tiles_h;
    for (uint32_t i = 0; i < n_tiles && n_tiles > 1; i++) {
        bool begins_line = i > 0 && i % t->tiles_w == 0;
        g_autofree char *before =
            g_strdup_printf("%s<fake_token_around_image><row_%u_col_%u>", begins_line ? "\n" : "",
                            i / t->tiles_w + 1, i % t->tiles_w + 1);
        hr_sight_add_part(sight, before, n_rows);
    }
    hr_sight_add_part(sight,
                      n_tiles > 1 ? "\n\n<fake_token_around_image><global-img>"
                                  : "<fake_token_around_image><global-img>",
                      n_rows);
    sight->after = g_strdup("<fake_token_around_image>");
}

/* The image resized twice, as the makers did it; the overview is made from what the tiles are cut
 * from. */
static bool add_tile_canvases(HrSight *sight, const HrVisionParams *p, const HrImage *image,
                              const Tiling *t, GError **error)
{
    uint32_t side = p->image_size;
    g_autoptr(HrImage) first =
        hr_image_resize(image, NULL, HR_RESIZE_LANCZOS, t->width, t->height, error);
    if (!first ||
        !hr_sight_add_canvas(sight, hr_image_resize(first, NULL, HR_RESIZE_LANCZOS,
                                                    t->tiles_w * side, t->tiles_h * side, error)))
        return false;
    return t->tiles_w * t->tiles_h == 1 ||
           hr_sight_add_canvas(sight, hr_image_resize(sight->canvases[0], NULL, HR_RESIZE_LANCZOS,
                                                      side, side, error));
}

bool hr_sight_cut_idefics3(HrSight *sight, const HrVision *vision, const HrImage *image,
                           GError **error)
{
    const HrVisionParams *p = &vision->params;
    Tiling t = tile(p, image);
    uint32_t n_tiles = t.tiles_w * t.tiles_h, n_views = n_tiles > 1 ? n_tiles + 1 : 1;
    uint32_t n_rows = hr_view_rows(p, hr_vision_grid(p), hr_vision_grid(p));
    if (!add_tile_canvases(sight, p, image, &t, error) ||
        !hr_sight_set_rows(sight, n_views * n_rows, error))
        return false;
    for (uint32_t i = 0; i < n_tiles; i++)
        hr_sight_add_view(sight, p, 0, i % t.tiles_w, i / t.tiles_w);
    if (n_tiles > 1)
        hr_sight_add_view(sight, p, 1, 0, 0);
    for (uint32_t i = 0; i < sight->n_rows; i++)
        sight->index[i] = i;
    add_tile_parts(sight, &t, n_rows);
    return true;
}

/* ---- Limits ---- */

static uint32_t most_tiles(const HrVisionParams *p)
{
    uint32_t most = 0, side = (p->longest_edge + p->image_size - 1) / p->image_size;
    for (uint32_t i = 0; i < p->n_pinpoints; i++)
        most = MAX(most, p->pinpoints[i][0] / p->image_size * (p->pinpoints[i][1] / p->image_size));
    return MAX(most, p->kind == HR_VISION_IDEFICS3 && side > 1 ? side * side : 0);
}

HrSightLimits hr_sight_tile_limits(const HrVisionParams *p)
{
    uint32_t grid = hr_vision_grid(p);
    return (HrSightLimits){grid, grid, 1 + MIN(most_tiles(p), HR_VISION_MAX_TILES),
                           hr_view_rows(p, grid, grid)};
}
