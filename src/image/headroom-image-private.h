/* headroom-image-private.h: what the decoders of the formats share.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "headroom-image.h"

G_BEGIN_DECLS

/* Each is given a file that begins like its format. */
HrImage *headroom_image_decode_jpeg (const guint8 *bytes, gsize len,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
HrImage *headroom_image_decode_png (const guint8 *bytes, gsize len,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
HrImage *headroom_image_decode_webp (const guint8 *bytes, gsize len,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A picture of the size that a header tells, not filled yet; %NULL with an error that tells the
 * size where it is too large. */
HrImage *headroom_image_new_for_header (guint32 width, guint32 height,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* format: "PNG"; reason: the library's own words, or NULL. Returns NULL. */
HrImage *headroom_image_fail_damaged (const char *format, const char *reason, GError **error);
/* rgba: [height][width][4], colours not multiplied with their alpha. */
void headroom_image_lay_on_white (HrImage *image, const guint8 *rgba);

G_END_DECLS
