/* view-order.c: see sight.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Patches that become one token lie behind each other, so that merging them is reading several rows
 * as one; patches of a window too, so that attention within it is attention within a range.
 */
#include "vision/sight.h"

typedef struct {
    uint32_t w, h; /* merged squares */
    uint32_t side; /* of a window, in squares; the whole view: 0 */
} Squares;

static Squares squares_of(const HrVisionParams *p, uint32_t grid_w, uint32_t grid_h)
{
    return (Squares){grid_w / p->merge, grid_h / p->merge,
                     p->window > 0 ? p->window / (p->patch_size * p->merge) : 0};
}

/* Calls func for each square of the window whose upper left one is (x0, y0), line by line. */
static void walk_window(const Squares *s, uint32_t x0, uint32_t y0,
                        void (*func)(uint32_t x, uint32_t y, void *data), void *data)
{
    uint32_t w = s->side ? MIN(s->side, s->w - x0) : s->w,
             h = s->side ? MIN(s->side, s->h - y0) : s->h;
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++)
            func(x0 + x, y0 + y, data);
}

typedef struct {
    const HrVisionParams *params;
    uint32_t grid_w, n, columns;
    uint32_t *order, *lines;
} Order;

static void place_square(uint32_t x, uint32_t y, void *data)
{
    Order *o = data;
    uint32_t merge = o->params->merge, square = merge * merge;
    for (uint32_t i = 0; i < square; i++)
        o->order[o->n * square + i] = (y * merge + i / merge) * o->grid_w + x * merge + i % merge;
    if (o->lines)
        o->lines[y * o->columns + x] = o->n;
    o->n++;
}

void hr_view_order(const HrVisionParams *p, uint32_t grid_w, uint32_t grid_h, uint32_t *order,
                   uint32_t *lines)
{
    Squares s = squares_of(p, grid_w, grid_h);
    Order o = {.params = p, .grid_w = grid_w, .columns = s.w, .order = order, .lines = lines};
    for (uint32_t y = 0; y < s.h; y += s.side ? s.side : s.h)
        for (uint32_t x = 0; x < s.w; x += s.side ? s.side : s.w)
            walk_window(&s, x, y, place_square, &o);
}

GArray *hr_view_windows(const HrVisionParams *p, uint32_t grid_w, uint32_t grid_h)
{
    Squares s = squares_of(p, grid_w, grid_h);
    GArray *ends = g_array_new(false, false, sizeof(uint32_t));
    uint32_t end = 0;
    for (uint32_t y = 0; y < s.h; y += s.side ? s.side : s.h)
        for (uint32_t x = 0; x < s.w; x += s.side ? s.side : s.w) {
            uint32_t w = s.side ? MIN(s.side, s.w - x) : s.w,
                     h = s.side ? MIN(s.side, s.h - y) : s.h;
            end += w * h * p->merge * p->merge;
            g_array_append_val(ends, end);
        }
    return ends;
}
