/* headroom-chat-view.h: the messages of a conversation, from top to bottom.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Follows the end of a growing answer as long as the reader is at the end.
 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_CHAT_VIEW (headroom_chat_view_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomChatView, headroom_chat_view, HEADROOM, CHAT_VIEW, GtkWidget)

GtkWidget *headroom_chat_view_new          (void);
void       headroom_chat_view_set_messages (HeadroomChatView *self,
                                            GListModel       *messages);
void       headroom_chat_view_follow       (HeadroomChatView *self);

G_END_DECLS
