/* headroom-cli-images.h: images that a prompt names by their files.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "hr.h"

G_BEGIN_DECLS

/**
 * headroom_cli_take_images:
 * @text: what a person wrote
 * @ret_text: (out) (transfer full): the same without the files' names
 *
 * Reads the image files (PNG, JPEG, WebP) that @text names: words with such an ending that are
 * files with such a content, in quotes or with a backslash before each blank where there are any.
 * Tells on standard error which were taken.
 *
 * Returns: (transfer full) (nullable): a list of base64 texts; %NULL if no image is named,
 * @ret_text is a copy then
 */
HrValue *headroom_cli_take_images (const char *text, char **ret_text) G_GNUC_WARN_UNUSED_RESULT;

/* Whether text might name an image, without looking for files. */
gboolean headroom_cli_may_name_image (const char *text);

G_END_DECLS
