/* headroom-conversation.h: a conversation with a model: the messages, and the answer that is on its
 * way.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A GListModel of HeadroomChatMessage. Asks over a client; the property "busy" tells whether an
 * answer is on its way. Thread-safety: main thread only, never blocks.
 */
#pragma once

#include "headroom-client.h"
#include "headroom-chat-message.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* How to ask. */
typedef struct {
  const char *model;
  int num_ctx;        /* tokens */
  double temperature;
  int num_predict;    /* tokens; -1: no limit */
  int parallel;       /* answers at once; 0: automatic */
  int num_batch;      /* prompt tokens per step */
  int gpu_layers;     /* -1: as many as fit */
  const char *kv_type;    /* "": as the model and the server say */
  const char *keep_alive; /* "5m", "-1", ... */
} HeadroomAskOptions;

#define HEADROOM_TYPE_CONVERSATION (headroom_conversation_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomConversation, headroom_conversation, HEADROOM, CONVERSATION, GObject)

HeadroomConversation *headroom_conversation_new          (void);
void                  headroom_conversation_set_client   (HeadroomConversation     *self,
                                                          HeadroomClient           *client);
gboolean              headroom_conversation_get_busy     (HeadroomConversation     *self);
gboolean              headroom_conversation_send         (HeadroomConversation     *self,
                                                          const char               *text,
                                                          const HeadroomAskOptions *options);
gboolean              headroom_conversation_regenerate   (HeadroomConversation     *self,
                                                          const HeadroomAskOptions *options);
void                  headroom_conversation_set_progress (HeadroomConversation     *self,
                                                          const char               *text);
void                  headroom_conversation_stop         (HeadroomConversation     *self);
void                  headroom_conversation_clear        (HeadroomConversation     *self);
const char           *headroom_conversation_last_answer  (HeadroomConversation     *self);

G_END_DECLS
