/* headroom-image-webp.c: WebP, still pictures.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-image-private.h"

#include <glib/gi18n-lib.h>
#include <webp/decode.h>

static gboolean
read_transparent (const guint8 *bytes, gsize len, HrImage *image)
{
  gsize stride = (gsize) hr_image_get_width (image) * 4,
        size = stride * hr_image_get_height (image);
  g_autofree guint8 *rgba = g_try_malloc (size);

  if (rgba == NULL || WebPDecodeRGBAInto (bytes, len, rgba, size, (int) stride) == NULL)
    return FALSE;
  headroom_image_lay_on_white (image, rgba);
  return TRUE;
}

static gboolean
read_opaque (const guint8 *bytes, gsize len, HrImage *image)
{
  gsize stride = (gsize) hr_image_get_width (image) * 3;

  return WebPDecodeRGBInto (bytes, len, hr_image_get_row (image, 0),
                            stride * hr_image_get_height (image), (int) stride) != NULL;
}

HrImage *
headroom_image_decode_webp (const guint8 *bytes, gsize len, GError **error)
{
  WebPBitstreamFeatures features;
  g_autoptr (HrImage) image = NULL;
  gboolean has_read;

  if (WebPGetFeatures (bytes, len, &features) != VP8_STATUS_OK)
    return headroom_image_fail_damaged ("WebP", NULL, error);
  if (features.has_animation) {
    g_set_error_literal (error, HEADROOM_IMAGE_ERROR, HEADROOM_IMAGE_ERROR_UNKNOWN,
                         _("The WebP image is animated; send one picture of it."));
    return NULL;
  }
  image =
      headroom_image_new_for_header ((guint32) features.width, (guint32) features.height, error);
  if (image == NULL)
    return NULL;
  has_read =
      features.has_alpha ? read_transparent (bytes, len, image) : read_opaque (bytes, len, image);
  return has_read ? g_steal_pointer (&image) : headroom_image_fail_damaged ("WebP", NULL, error);
}
