/* headroom-message-row.h: one message on the screen.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A question is a bubble; an answer is Markdown over a line of measured times and its buttons. The
 * row follows its message.
 */
#pragma once

#include "headroom-chat-message.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_MESSAGE_ROW (headroom_message_row_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomMessageRow, headroom_message_row, HEADROOM, MESSAGE_ROW, GtkWidget)

GtkWidget       *headroom_message_row_new         (HeadroomChatMessage    *message);
HeadroomChatMessage *headroom_message_row_get_message (HeadroomMessageRow *self);
void             headroom_message_row_set_last    (HeadroomMessageRow *self,
                                                   gboolean            last);

G_END_DECLS
