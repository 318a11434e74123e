/* headroom-image.h: pictures as people send them, decoded for the engine.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * PNG by libpng, JPEG by libjpeg-turbo, WebP by libwebp. What shines through is laid on white; a
 * camera's note on which side is up (EXIF) is obeyed. Nothing is decoded, and no memory taken,
 * before a file's header said how large the picture is and the engine's caps (HR_MAX_IMAGE_*)
 * allowed that. Pure functions. Thread-safety: Safe.
 */
#pragma once

#include <gio/gio.h>

#include "hr.h"

G_BEGIN_DECLS

#define HEADROOM_IMAGE_ERROR (headroom_image_error_quark ())
GQuark headroom_image_error_quark (void);

typedef enum {
  HEADROOM_IMAGE_ERROR_UNKNOWN,   /* no format that is decoded here */
  HEADROOM_IMAGE_ERROR_TOO_LARGE, /* by its header */
  HEADROOM_IMAGE_ERROR_DAMAGED,
} HeadroomImageError;

/**
 * headroom_image_decode:
 * @file: the bytes of a PNG, JPEG or WebP file
 *
 * Decodes a picture. A file that ends early or contradicts itself is an error, not half a picture.
 *
 * Returns: (transfer full): the picture, or %NULL with #HEADROOM_IMAGE_ERROR or HR_ERROR set
 */
HrImage *headroom_image_decode (GBytes *file, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the file begins like one that can be decoded. */
gboolean headroom_image_is_known (const guint8 *bytes, gsize len);

G_END_DECLS
