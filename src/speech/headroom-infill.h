/* headroom-infill.h: prompts that ask for what stands between two texts.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Models that can do this have three control tokens for it, which the file names, or which are
 * spelled as one of a few families do. Thread-safety: Safe.
 */
#pragma once

#include <glib.h>

#include "hr.h"

G_BEGIN_DECLS

gboolean headroom_infill_is_possible (const HrModel *model);
/* prompt, suffix: strings, or NULL. ret_text: the prompt as text. NULL with @error: the tokenizer
 * failed. */
GArray *headroom_infill_tokenize (const HrModel *model, const HrValue *prompt,
                                  const HrValue *suffix, char **ret_text,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
