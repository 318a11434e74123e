/* image.c: see the Images section of hr.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vision/image.h"

HrImage *hr_image_new(uint32_t width, uint32_t height, GError **error)
{
    bool fits = width > 0 && height > 0 && width <= HR_MAX_IMAGE_SIDE &&
                height <= HR_MAX_IMAGE_SIDE && (uint64_t)width * height <= HR_MAX_IMAGE_PIXELS;
    uint8_t *rgb = fits ? g_try_malloc0((size_t)width * height * 3) : NULL;
    if (!rgb) {
        g_set_error(error, HR_ERROR, fits ? HR_ERROR_MEMORY : HR_ERROR_SETTINGS,
                    fits ? "No memory for an image of %u x %u pixels."
                         : "An image cannot have %u x %u pixels.",
                    width, height);
        return NULL;
    }
    HrImage *image = g_new0(HrImage, 1);
    g_atomic_ref_count_init(&image->refs);
    image->width = width;
    image->height = height;
    image->rgb = rgb;
    return image;
}

HrImage *hr_image_ref(HrImage *image)
{
    g_atomic_ref_count_inc(&image->refs);
    return image;
}

void hr_image_unref(HrImage *image)
{
    if (!image || !g_atomic_ref_count_dec(&image->refs))
        return;
    g_free(image->rgb);
    g_free(image);
}

uint32_t hr_image_get_width(const HrImage *image)
{
    return image->width;
}

uint32_t hr_image_get_height(const HrImage *image)
{
    return image->height;
}

uint8_t *hr_image_get_row(HrImage *image, uint32_t y)
{
    return image->rgb + (size_t)y * image->width * 3;
}
