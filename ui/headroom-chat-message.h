/* headroom-chat-message.h: one message of a conversation, as the window shows it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Owns the text, the state of the answer and its measured times. Knows nothing of widgets nor of
 * the wire. Thread-safety: main thread only.
 */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

typedef enum {
  HEADROOM_ROLE_USER,
  HEADROOM_ROLE_ASSISTANT,
} HeadroomRole;

typedef enum {
  HEADROOM_CHAT_MESSAGE_WAITING,   /* asked, nothing came yet */
  HEADROOM_CHAT_MESSAGE_STREAMING,
  HEADROOM_CHAT_MESSAGE_DONE,
  HEADROOM_CHAT_MESSAGE_STOPPED,   /* by the user; the text stays */
  HEADROOM_CHAT_MESSAGE_FAILED,
} HeadroomChatMessageState;

/* What the engine measured. Zero where it said nothing. */
typedef struct {
  gint64 prompt_tokens;
  gint64 answer_tokens;
  gint64 prompt_ns;
  gint64 answer_ns;
  gint64 load_ns;
  gint64 first_token_us; /* from the request to the first text, as seen by the window */
  gboolean cut_short;    /* ended by the token limit */
} HeadroomChatMessageTimes;

#define HEADROOM_TYPE_CHAT_MESSAGE (headroom_chat_message_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomChatMessage, headroom_chat_message, HEADROOM, CHAT_MESSAGE, GObject)

HeadroomChatMessage      *headroom_chat_message_new        (HeadroomRole                    role,
                                                            const char                     *text);
HeadroomRole              headroom_chat_message_get_role   (HeadroomChatMessage            *self);
const char               *headroom_chat_message_get_text   (HeadroomChatMessage            *self);
void                      headroom_chat_message_append     (HeadroomChatMessage            *self,
                                                            const char                     *text);
HeadroomChatMessageState  headroom_chat_message_get_state  (HeadroomChatMessage            *self);
void                      headroom_chat_message_set_state  (HeadroomChatMessage            *self,
                                                            HeadroomChatMessageState        state);
const char               *headroom_chat_message_get_detail (HeadroomChatMessage            *self);
void                      headroom_chat_message_set_detail (HeadroomChatMessage            *self,
                                                            const char                     *detail);
void                      headroom_chat_message_set_times  (HeadroomChatMessage            *self,
                                                            const HeadroomChatMessageTimes *times);
gboolean                  headroom_chat_message_is_open    (HeadroomChatMessage            *self);
char                     *headroom_chat_message_times_text (const HeadroomChatMessageTimes *times)
  G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
