/* resize.c: see resize.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vision/resize.h"

#include <math.h>
#include <string.h>

#define WEIGHT_BITS                                                                                \
    22 /* of a weight's fraction: 8 bits of pixel, 2 of head-room for negative lobes, 22 more fill \
          32 */

/* ---- Filters ---- */

static double bilinear(double x)
{
    x = fabs(x);
    return x < 1 ? 1 - x : 0;
}

/* Keys 1981, a = -1/2. */
static double bicubic(double x)
{
    const double a = -0.5;
    x = fabs(x);
    if (x < 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

static double sinc(double x)
{
    return x == 0 ? 1 : sin(G_PI * x) / (G_PI * x);
}

static double lanczos(double x)
{
    return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

typedef struct {
    double (*weight)(double x);
    double support;
} Filter;

static const Filter filters[] = {
    [HR_RESIZE_BILINEAR] = {bilinear, 1},
    [HR_RESIZE_BICUBIC] = {bicubic, 2},
    [HR_RESIZE_LANCZOS] = {lanczos, 3},
};

/* ---- One axis ---- */

typedef struct {
    uint32_t n_in, n_out, width; /* width: weights of an output at most */
    uint32_t *first, *n;         /* [n_out] inputs of an output */
    int32_t *weights;            /* [n_out][width] */
} Axis;

static void axis_clear(Axis *axis)
{
    g_free(axis->first);
    g_free(axis->n);
    g_free(axis->weights);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Axis, axis_clear)

static void set_weights(Axis *axis, const Filter *filter, uint32_t out, double *w)
{
    double scale = (double)axis->n_in / axis->n_out, stretch = MAX(scale, 1),
           support = filter->support * stretch;
    double centre = (out + 0.5) * scale, sum = 0;
    int32_t begin = MAX((int32_t)(centre - support + 0.5), 0),
            end = MIN((int32_t)(centre + support + 0.5), (int32_t)axis->n_in);
    axis->first[out] = (uint32_t)begin;
    axis->n[out] = (uint32_t)(end - begin);
    for (int32_t i = 0; i < end - begin; i++) {
        w[i] = filter->weight((i + begin - centre + 0.5) * (1 / stretch));
        sum += w[i];
    }
    for (int32_t i = 0; i < end - begin; i++) {
        double fixed = (sum != 0 ? w[i] / sum : w[i]) * (1 << WEIGHT_BITS);
        axis->weights[(size_t)out * axis->width + (size_t)i] =
            (int32_t)(fixed < 0 ? fixed - 0.5 : fixed + 0.5);
    }
}

static bool axis_init(Axis *axis, const Filter *filter, uint32_t n_in, uint32_t n_out)
{
    double stretch = MAX((double)n_in / n_out, 1);
    *axis = (Axis){.n_in = n_in,
                   .n_out = n_out,
                   .width = (uint32_t)ceil(filter->support * stretch) * 2 + 1};
    g_autofree double *w = g_try_new(double, axis->width);
    axis->first = g_try_new(uint32_t, n_out);
    axis->n = g_try_new(uint32_t, n_out);
    axis->weights = g_try_new(int32_t, (size_t)n_out * axis->width);
    if (!w || !axis->first || !axis->n || !axis->weights)
        return false;
    for (uint32_t out = 0; out < n_out; out++)
        set_weights(axis, filter, out, w);
    return true;
}

static inline uint8_t to_byte(int32_t sum)
{
    return (uint8_t)CLAMP(sum >> WEIGHT_BITS, 0, 255);
}

/* One row of the canvas, squeezed to its new width. */
static void squeeze_row(const Axis *x, const uint8_t *line, uint8_t *dst)
{
    if (x->n_in == x->n_out) {
        memcpy(dst, line, (size_t)x->n_out * 3);
        return;
    }
    for (uint32_t out = 0; out < x->n_out; out++) {
        const uint8_t *src = line + (size_t)x->first[out] * 3;
        const int32_t *w = x->weights + (size_t)out * x->width;
        int32_t sum[3] = {1 << (WEIGHT_BITS - 1), 1 << (WEIGHT_BITS - 1), 1 << (WEIGHT_BITS - 1)};
        for (uint32_t i = 0; i < x->n[out]; i++, src += 3)
            for (uint32_t c = 0; c < 3; c++)
                sum[c] += src[c] * w[i];
        for (uint32_t c = 0; c < 3; c++)
            dst[(size_t)out * 3 + c] = to_byte(sum[c]);
    }
}

/* ---- Both axes: squeezed rows are kept in a ring for as long as later rows need them ---- */

typedef struct {
    const HrImage *image;
    HrCanvas canvas;
    const Axis *x;
    uint8_t *line; /* [canvas.width][3] */
    uint8_t *ring; /* [n_ring][x->n_out][3] */
    uint32_t n_ring, n_done;
} Rows;

static void fill_line(Rows *rows, uint32_t y)
{
    const HrCanvas *canvas = &rows->canvas;
    bool inside = y >= canvas->y && y - canvas->y < rows->image->height;
    for (uint32_t x = 0; x < canvas->width && (!inside || rows->image->width < canvas->width); x++)
        memcpy(rows->line + (size_t)x * 3, canvas->colour, 3);
    if (inside)
        memcpy(rows->line + (size_t)canvas->x * 3,
               hr_image_pixels(rows->image) + (size_t)(y - canvas->y) * rows->image->width * 3,
               (size_t)rows->image->width * 3);
}

static uint8_t *ring_row(const Rows *rows, uint32_t y)
{
    return rows->ring + (size_t)(y % rows->n_ring) * rows->x->n_out * 3;
}

static void squeeze_until(Rows *rows, uint32_t end)
{
    for (; rows->n_done < end; rows->n_done++) {
        fill_line(rows, rows->n_done);
        squeeze_row(rows->x, rows->line, ring_row(rows, rows->n_done));
    }
}

static void make_row(Rows *rows, const Axis *y, uint32_t out, int32_t *sums, uint8_t *dst)
{
    size_t n = (size_t)rows->x->n_out * 3;
    if (y->n_in == y->n_out) {
        squeeze_until(rows, out + 1);
        memcpy(dst, ring_row(rows, out), n);
        return;
    }
    squeeze_until(rows, y->first[out] + y->n[out]);
    for (size_t i = 0; i < n; i++)
        sums[i] = 1 << (WEIGHT_BITS - 1);
    for (uint32_t k = 0; k < y->n[out]; k++) {
        const uint8_t *src = ring_row(rows, y->first[out] + k);
        int32_t w = y->weights[(size_t)out * y->width + k];
        for (size_t i = 0; i < n; i++)
            sums[i] += src[i] * w;
    }
    for (size_t i = 0; i < n; i++)
        dst[i] = to_byte(sums[i]);
}

static bool make_rows(Rows *rows, const Axis *y, HrImage *result)
{
    size_t n = (size_t)result->width * 3;
    g_autofree uint8_t *line = g_try_malloc((size_t)rows->canvas.width * 3),
                       *ring = g_try_malloc(n * rows->n_ring);
    g_autofree int32_t *sums = g_try_new(int32_t, n);
    if (!line || !ring || !sums)
        return false;
    rows->line = line;
    rows->ring = ring;
    for (uint32_t out = 0; out < result->height; out++)
        make_row(rows, y, out, sums, result->rgb + out * n);
    return true;
}

HrImage *hr_image_resize(const HrImage *image, const HrCanvas *canvas, HrResizeFilter filter,
                         uint32_t width, uint32_t height, GError **error)
{
    HrCanvas whole = {.width = image->width, .height = image->height};
    g_auto(Axis) x = {0}, y = {0};
    g_autoptr(HrImage) result = hr_image_new(width, height, error);
    if (!canvas)
        canvas = &whole;
    if (!result)
        return NULL;
    if (axis_init(&x, &filters[filter], canvas->width, width) &&
        axis_init(&y, &filters[filter], canvas->height, height)) {
        Rows rows = {.image = image, .canvas = *canvas, .x = &x, .n_ring = y.width};
        if (make_rows(&rows, &y, result))
            return g_steal_pointer(&result);
    }
    g_set_error(error, HR_ERROR, HR_ERROR_MEMORY, "No memory to resize an image to %u x %u pixels.",
                width, height);
    return NULL;
}
