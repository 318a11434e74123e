/* headroom-projector.h: which file helps a loose model to see images.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Projectors are files of their own whose names begin with "mmproj", beside the model. A name that
 * goes on like the model's belongs to it
 * ("mmproj-gemma-3-4b-it-f16.gguf", "gemma-3-4b-it-Q4_K_M.gguf"); any other one ("mmproj-F16.gguf")
 * belongs to a model that is alone in its folder. Thread-safety: Safe.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

gboolean headroom_projector_is_name (const char *file_name);
/* The projector of the model at path, or NULL. Reads the folder. */
char *headroom_projector_dup_path_for (const char *path) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
