/* headroom-image-png.c: PNG, through libpng's simplified interface, which returns errors instead of
 * jumping.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-image-private.h"

#include <png.h>

static gboolean
read_opaque (png_image *png, HrImage *image)
{
  png->format = PNG_FORMAT_RGB;
  return png_image_finish_read (png, NULL, hr_image_get_row (image, 0), 0, NULL) != 0;
}

static gboolean
read_transparent (png_image *png, HrImage *image)
{
  g_autofree guint8 *rgba = NULL;

  png->format = PNG_FORMAT_RGBA;
  rgba = g_try_malloc (PNG_IMAGE_SIZE (*png));
  if (rgba == NULL || png_image_finish_read (png, NULL, rgba, 0, NULL) == 0)
    return FALSE;
  headroom_image_lay_on_white (image, rgba);
  return TRUE;
}

HrImage *
headroom_image_decode_png (const guint8 *bytes, gsize len, GError **error)
{
  png_image png = { .version = PNG_IMAGE_VERSION };
  g_autoptr (HrImage) image = NULL;
  gboolean has_read;

  if (png_image_begin_read_from_memory (&png, bytes, len) == 0)
    return headroom_image_fail_damaged ("PNG", png.message, error);
  image = headroom_image_new_for_header (png.width, png.height, error);
  if (image == NULL) {
    png_image_free (&png);
    return NULL;
  }
  png.flags |=
      PNG_IMAGE_FLAG_16BIT_sRGB; /* 16 bits are no sign of linear light in files that say nothing */
  has_read = (png.format & PNG_FORMAT_FLAG_ALPHA) != 0 ? read_transparent (&png, image)
                                                       : read_opaque (&png, image);
  png_image_free (&png);
  return has_read ? g_steal_pointer (&image)
                  : headroom_image_fail_damaged ("PNG", png.message, error);
}
