/* headroom-chat-wire.h: the JSON of /api/chat, as the window asks and hears it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pure functions between text and plain values, testable without a server.
 */
#pragma once

#include "headroom-conversation.h"
#include "headroom-preset.h"

G_BEGIN_DECLS

/* One line of the answer. */
typedef struct {
  char *text;                 /* more of the answer, or "" */
  char *error;                /* why there is no answer, or NULL */
  gboolean done;
  HeadroomChatMessageTimes times; /* with done */
} HeadroomChatLine;

char     *headroom_chat_request    (GListModel               *messages,
                                    guint                     n_messages,
                                    const HeadroomAskOptions *options) G_GNUC_WARN_UNUSED_RESULT;
char     *headroom_load_request    (const char               *model,
                                    const HeadroomAskOptions *options,
                                    const char               *keep_alive) G_GNUC_WARN_UNUSED_RESULT;
char     *headroom_effective_request (const HeadroomAskOptions *options,
                                      const HeadroomPreset *preset) G_GNUC_WARN_UNUSED_RESULT;
gboolean  headroom_chat_line_parse (const char               *line,
                                    HeadroomChatLine         *ret_line,
                                    GError                  **error);
void      headroom_chat_line_clear (HeadroomChatLine         *line);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (HeadroomChatLine, headroom_chat_line_clear)

G_END_DECLS
