/* headroom-cmd-debug.h: what the debugging tools share.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "headroom-cli.h"

G_BEGIN_DECLS

/* Ids separated by spaces, commas or lines, as a GArray of HrToken; each must be one of the
 * model's. */
GArray *headroom_debug_parse_tokens (const HrModel *model, const char *text,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* All that the driver says of a GPU. */
HrValue *headroom_debug_gpu_to_value (const HrGpu *gpu) G_GNUC_WARN_UNUSED_RESULT;

int headroom_cmd_logits (int argc, char **argv);
int headroom_cmd_program (int argc, char **argv);
int headroom_cmd_report (int argc, char **argv);
int headroom_cmd_devices (int argc, char **argv);

G_END_DECLS
