/* headroom-image.c: which format a file is of, and what the formats share. See headroom-image.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-image-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

G_DEFINE_QUARK (headroom-image-error-quark, headroom_image_error)

typedef HrImage *(*Decoder) (const guint8 *bytes, gsize len, GError **error);

static Decoder
find_decoder (const guint8 *bytes, gsize len)
{
  if (len >= 8 && memcmp (bytes, "\x89PNG\r\n\x1a\n", 8) == 0)
    return headroom_image_decode_png;
  if (len >= 3 && memcmp (bytes, "\xff\xd8\xff", 3) == 0)
    return headroom_image_decode_jpeg;
  if (len >= 12 && memcmp (bytes, "RIFF", 4) == 0 && memcmp (bytes + 8, "WEBP", 4) == 0)
    return headroom_image_decode_webp;
  return NULL;
}

gboolean
headroom_image_is_known (const guint8 *bytes, gsize len)
{
  return find_decoder (bytes, len) != NULL;
}

HrImage *
headroom_image_decode (GBytes *file, GError **error)
{
  gsize len;
  const guint8 *bytes = g_bytes_get_data (file, &len);
  Decoder decode = find_decoder (bytes, len);

  if (decode == NULL) {
    g_set_error_literal (
        error, HEADROOM_IMAGE_ERROR, HEADROOM_IMAGE_ERROR_UNKNOWN,
        _("The image is of no format that is known here: PNG, JPEG and WebP are."));
    return NULL;
  }
  return decode (bytes, len, error);
}

/* ---- For the decoders ---- */

HrImage *
headroom_image_new_for_header (guint32 width, guint32 height, GError **error)
{
  if (width == 0 || height == 0) {
    g_set_error_literal (error, HEADROOM_IMAGE_ERROR, HEADROOM_IMAGE_ERROR_DAMAGED,
                         _("The image has no pixels."));
    return NULL;
  }
  if (width > HR_MAX_IMAGE_SIDE || height > HR_MAX_IMAGE_SIDE ||
      (guint64) width * height > HR_MAX_IMAGE_PIXELS) {
    g_set_error (
        error, HEADROOM_IMAGE_ERROR, HEADROOM_IMAGE_ERROR_TOO_LARGE,
        _("The image has %u × %u pixels; at most %d on a side and %d million in all are read."),
        width, height, HR_MAX_IMAGE_SIDE, HR_MAX_IMAGE_PIXELS / 1000000);
    return NULL;
  }
  return hr_image_new (width, height, error);
}

HrImage *
headroom_image_fail_damaged (const char *format, const char *reason, GError **error)
{
  g_autofree char *text = g_utf8_make_valid (
      reason != NULL && *reason != '\0' ? reason : _("it ends early or contradicts itself"), -1);

  g_set_error (error, HEADROOM_IMAGE_ERROR, HEADROOM_IMAGE_ERROR_DAMAGED,
               _("The %s image is damaged: %s."), format, text);
  return NULL;
}

static guint8
over_white (guint8 colour, guint8 alpha)
{
  return (guint8) ((colour * alpha + 255 * (255 - alpha) + 127) / 255);
}

void
headroom_image_lay_on_white (HrImage *image, const guint8 *rgba)
{
  guint32 width = hr_image_get_width (image);

  for (guint32 y = 0; y < hr_image_get_height (image); y++) {
    guint8 *row = hr_image_get_row (image, y);
    for (guint32 x = 0; x < width; x++, rgba += 4)
      for (guint c = 0; c < 3; c++)
        row[x * 3 + c] = over_white (rgba[c], rgba[3]);
  }
}
