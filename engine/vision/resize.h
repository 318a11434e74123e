/* resize.h: images of another size, to the pixel as Pillow makes them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Models were trained on what Pillow (up to release 11) returns: first the width, then the height,
 * separable filters whose support grows with the reduction, weights in fixed point, and 8 bits
 * between the passes. The same arithmetic here, so that the same pixels come out. Thread-safety:
 * Safe.
 */
#pragma once

#include "vision/image.h"

typedef enum { HR_RESIZE_BILINEAR, HR_RESIZE_BICUBIC, HR_RESIZE_LANCZOS } HrResizeFilter;

/* An image on a larger canvas: its upper left corner lies at (x, y), the rest is one colour. */
typedef struct {
    uint32_t width, height, x, y;
    uint8_t colour[3];
} HrCanvas;

/* The canvas with the image on it (canvas NULL: the image itself), width x height pixels large. The
 * canvas is never made as such: it can be much larger than the image. HR_ERROR_MEMORY. */
HrImage *hr_image_resize(const HrImage *image, const HrCanvas *canvas, HrResizeFilter filter,
                         uint32_t width, uint32_t height, GError **error) G_GNUC_WARN_UNUSED_RESULT;
