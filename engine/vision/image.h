/* image.h: an image, inside the engine.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "hr.h"

struct HrImage {
    gatomicrefcount refs;
    uint32_t width, height;
    uint8_t *rgb; /* [height][width][3] */
};

static inline const uint8_t *hr_image_pixels(const HrImage *image)
{
    return image->rgb;
}
