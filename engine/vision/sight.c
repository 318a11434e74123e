/* sight.c: lifetime and bookkeeping of what a model is shown; how each family cuts an image is in
 * cut.c. See sight.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vision/sight.h"

#include "vision/cut.h"

#include <string.h>

static void part_clear(void *data)
{
    g_free(((HrSightPart *)data)->before);
}

static HrSight *sight_alloc(void)
{
    HrSight *sight = g_new0(HrSight, 1);
    g_atomic_ref_count_init(&sight->refs);
    sight->views = g_array_new(false, false, sizeof(HrView));
    sight->parts = g_array_new(false, false, sizeof(HrSightPart));
    g_array_set_clear_func(sight->parts, part_clear);
    return sight;
}

HrSight *hr_sight_ref(HrSight *sight)
{
    g_atomic_ref_count_inc(&sight->refs);
    return sight;
}

void hr_sight_unref(HrSight *sight)
{
    if (!sight || !g_atomic_ref_count_dec(&sight->refs))
        return;
    for (uint32_t i = 0; i < sight->n_canvases; i++)
        hr_image_unref(sight->canvases[i]);
    g_array_unref(sight->views);
    g_array_unref(sight->parts);
    g_free(sight->after);
    g_free(sight->index);
    g_free(sight->marks);
    g_free(sight);
}

/* ---- Marks ---- */

static void hash_image(GChecksum *sum, const HrImage *image)
{
    uint32_t size[2] = {image->width, image->height};
    g_checksum_update(sum, (const guchar *)size, sizeof size);
    for (uint32_t y = 0; y < image->height; y++)
        g_checksum_update(sum, image->rgb + (size_t)y * image->width * 3, (gssize)image->width * 3);
}

/* Mark i is 31 bits of SHA-256 (SHA-256 (pixels), i / 8): where two images differ, so do all their
 * marks but by a chance of 2^-31 each. */
static bool make_marks(HrSight *sight)
{
    g_autoptr(GChecksum) pixels = g_checksum_new(G_CHECKSUM_SHA256);
    uint8_t seed[36];
    uint32_t words[8];
    gsize n = 32;
    sight->marks = g_try_new(HrToken, sight->n_rows);
    if (!sight->marks)
        return false;
    for (uint32_t i = 0; i < sight->n_canvases; i++)
        hash_image(pixels, sight->canvases[i]);
    g_checksum_get_digest(pixels, seed, &n);
    for (uint32_t i = 0; i < sight->n_rows; i++) {
        if (i % 8 == 0) {
            g_autoptr(GChecksum) block = g_checksum_new(G_CHECKSUM_SHA256);
            uint32_t number = i / 8;
            memcpy(seed + 32, &number, sizeof number);
            g_checksum_update(block, seed, sizeof seed);
            n = sizeof words;
            g_checksum_get_digest(block, (guint8 *)words, &n);
        }
        sight->marks[i] = (HrToken)(words[i % 8] | 0x80000000u);
    }
    return true;
}

/* ---- Making ---- */

HrSight *hr_sight_new(const HrVision *vision, const HrImage *image, GError **error)
{
    g_autoptr(HrSight) sight = sight_alloc();
    if (!hr_sight_cut(sight, vision, image, error))
        return NULL;
    if (!make_marks(sight)) {
        g_set_error(error, HR_ERROR, HR_ERROR_MEMORY, "No memory for the %u places of an image.",
                    sight->n_rows);
        return NULL;
    }
    return g_steal_pointer(&sight);
}
