/* headroom-event-text.h: the server's events in words, in this program's language.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An event is a dict as /headroom/status has it. Pure functions.
 */
#pragma once

#include "headroom-json.h"

G_BEGIN_DECLS

/* Returns: (nullable): such as "Evicted"; what the server calls it where it is not known here */
const char *headroom_event_text_kind       (const char    *kind);
/* Why: from the code and its parameters, else as the server says it. */
char       *headroom_event_text_dup_reason (const HrValue *event) G_GNUC_WARN_UNUSED_RESULT;
/* What happened, in one line. */
char       *headroom_event_text_dup_news   (const HrValue *event) G_GNUC_WARN_UNUSED_RESULT;
/* Whether the event took a model away that somebody may want back. */
gboolean    headroom_event_text_is_loss    (const HrValue *event);

G_END_DECLS
