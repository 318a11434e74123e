/* headroom-chat.h: a conversation at the terminal.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is said goes to the model; what starts with '/' changes the conversation
 * (headroom-chat-command.c).
 */
#pragma once

#include "headroom-session.h"
#include "hr.h"

G_BEGIN_DECLS

typedef struct {
  HeadroomSession *session; /* borrowed */
  char *model;              /* as the server is asked for it */
  char *system;             /* NULL: the model's own */
  HrValue *messages;        /* list of {role, content} */
  HrValue *options;         /* dict */
  HrValue *think;           /* true, false, "high", or NULL: the model's own way */
  char *keep_alive;         /* or NULL */
  gboolean verbose;
} HeadroomChat;

HeadroomChat *headroom_chat_new (HeadroomSession *session,
                                 const char *model) G_GNUC_WARN_UNUSED_RESULT;
void headroom_chat_free (HeadroomChat *chat);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeadroomChat, headroom_chat_free)

/* Brings the model into memory, so that the first answer does not wait for it and problems show at
 * once. */
gboolean headroom_chat_load (HeadroomChat *chat, GError **error);
/* One prompt, without a conversation around it. Exit status. */
int headroom_chat_answer_once (HeadroomChat *chat, const char *prompt);
/* Talks until the person leaves. Exit status. */
int headroom_chat_talk (HeadroomChat *chat);

/* Another model from now on; the conversation goes on. */
gboolean headroom_chat_set_model (HeadroomChat *chat, const char *model, GError **error);
void headroom_chat_forget (HeadroomChat *chat);

typedef enum {
  HEADROOM_CHAT_GO_ON,
  HEADROOM_CHAT_LEAVE,
} HeadroomChatNext;

/* A line that starts with '/'. */
HeadroomChatNext headroom_chat_command (HeadroomChat *chat, const char *line);

G_END_DECLS
