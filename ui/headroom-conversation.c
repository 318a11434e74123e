/* headroom-conversation.c: a conversation with a model.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-conversation.h"

#include "headroom-chat-wire.h"

#include <glib/gi18n.h>

struct _HeadroomConversation
{
  GObject parent_instance;
  GPtrArray *messages;
  HeadroomClient *client;

  /* The answer on its way. */
  HeadroomChatMessage *answer;
  GCancellable *cancellable;
  gint64 asked_us;
  gint64 first_us; /* 0: nothing came yet */
};

enum { PROP_0, PROP_BUSY, N_PROPS };
static GParamSpec *props[N_PROPS];

/* ---- GListModel ------------------------------------------------------------------------------ */

static GType
get_item_type (GListModel *list)
{
  return HEADROOM_TYPE_CHAT_MESSAGE;
}

static guint
get_n_items (GListModel *list)
{
  return HEADROOM_CONVERSATION (list)->messages->len;
}

static gpointer
get_item (GListModel *list, guint position)
{
  GPtrArray *messages = HEADROOM_CONVERSATION (list)->messages;

  return position < messages->len ? g_object_ref (messages->pdata[position]) : NULL;
}

static void
list_model_iface_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (HeadroomConversation, headroom_conversation, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_iface_init))

static HeadroomChatMessage *
append (HeadroomConversation *self, HeadroomRole role, const char *text)
{
  HeadroomChatMessage *message = headroom_chat_message_new (role, text);

  g_ptr_array_add (self->messages, message);
  g_list_model_items_changed (G_LIST_MODEL (self), self->messages->len - 1, 0, 1);
  return message;
}

static void
truncate_to (HeadroomConversation *self, guint n)
{
  guint removed = self->messages->len - n;

  if (removed == 0)
    return;
  g_ptr_array_remove_range (self->messages, n, removed);
  g_list_model_items_changed (G_LIST_MODEL (self), n, removed, 0);
}

/* ---- The answer ------------------------------------------------------------------------------ */

static void
end_answer (HeadroomConversation *self, HeadroomChatMessageState state)
{
  g_autoptr (HeadroomChatMessage) answer = g_steal_pointer (&self->answer);

  g_clear_object (&self->cancellable);
  headroom_chat_message_set_state (answer, state);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_BUSY]);
}

static void
fail_answer (HeadroomConversation *self, const char *reason)
{
  headroom_chat_message_set_detail (self->answer, reason);
  end_answer (self, HEADROOM_CHAT_MESSAGE_FAILED);
}

static void
hear_text (HeadroomConversation *self, const char *text)
{
  if (*text == '\0')
    return;
  if (self->first_us == 0) {
    self->first_us = g_get_monotonic_time ();
    headroom_chat_message_set_detail (self->answer, NULL);
    headroom_chat_message_set_state (self->answer, HEADROOM_CHAT_MESSAGE_STREAMING);
  }
  headroom_chat_message_append (self->answer, text);
}

static void
hear_end (HeadroomConversation *self, HeadroomChatMessageTimes *times)
{
  if (self->first_us != 0)
    times->first_token_us = self->first_us - self->asked_us;
  headroom_chat_message_set_times (self->answer, times);
  end_answer (self, HEADROOM_CHAT_MESSAGE_DONE);
}

/* Lines of an answer that was stopped or replaced meanwhile are not heard: their message is no
 * longer the answer. */
static void
line_cb (const char *text, gpointer user_data)
{
  HeadroomChatMessage *message = user_data;
  HeadroomConversation *self = g_object_get_data (G_OBJECT (message), "conversation");
  g_auto (HeadroomChatLine) line = { 0 };
  g_autoptr (GError) error = NULL;

  if (self == NULL || self->answer != message)
    return;
  if (!headroom_chat_line_parse (text, &line, &error)) {
    fail_answer (self, error->message);
    return;
  }
  if (line.error != NULL) {
    fail_answer (self, line.error);
    return;
  }
  hear_text (self, line.text);
  if (line.done)
    hear_end (self, &line.times);
}

static void
streamed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (HeadroomChatMessage) message = user_data;
  HeadroomConversation *self = g_object_get_data (G_OBJECT (message), "conversation");
  g_autoptr (GError) error = NULL;
  gboolean ok = headroom_client_stream_finish (HEADROOM_CLIENT (source), result, &error);

  if (self == NULL || self->answer != message)
    return;
  fail_answer (self, ok ? _("The answer ended early") : error->message);
}

static void
ask (HeadroomConversation *self, const HeadroomAskOptions *options)
{
  g_autofree char *body = headroom_chat_request (G_LIST_MODEL (self), self->messages->len, options);
  HeadroomChatMessage *message = append (self, HEADROOM_ROLE_ASSISTANT, "");

  self->answer = g_object_ref (message);
  self->cancellable = g_cancellable_new ();
  self->asked_us = g_get_monotonic_time ();
  self->first_us = 0;
  g_object_set_data (G_OBJECT (message), "conversation", self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_BUSY]);
  headroom_client_stream_async (self->client, "/api/chat", body, line_cb, message,
                                self->cancellable, streamed_cb, g_object_ref (message));
}

/* ---- Object ---------------------------------------------------------------------------------- */

static void
headroom_conversation_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_BUSY)
    g_value_set_boolean (value, headroom_conversation_get_busy (HEADROOM_CONVERSATION (object)));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
headroom_conversation_dispose (GObject *object)
{
  HeadroomConversation *self = HEADROOM_CONVERSATION (object);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  for (guint i = 0; i < self->messages->len; i++)
    g_object_set_data (self->messages->pdata[i], "conversation", NULL);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->answer);
  g_clear_object (&self->client);
  G_OBJECT_CLASS (headroom_conversation_parent_class)->dispose (object);
}

static void
headroom_conversation_finalize (GObject *object)
{
  g_ptr_array_unref (HEADROOM_CONVERSATION (object)->messages);
  G_OBJECT_CLASS (headroom_conversation_parent_class)->finalize (object);
}

static void
headroom_conversation_class_init (HeadroomConversationClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = headroom_conversation_get_property;
  object_class->dispose = headroom_conversation_dispose;
  object_class->finalize = headroom_conversation_finalize;
  props[PROP_BUSY] =
      g_param_spec_boolean ("busy", NULL, NULL, FALSE,
                            G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
headroom_conversation_init (HeadroomConversation *self)
{
  self->messages = g_ptr_array_new_with_free_func (g_object_unref);
}

HeadroomConversation *
headroom_conversation_new (void)
{
  return g_object_new (HEADROOM_TYPE_CONVERSATION, NULL);
}

/**
 * headroom_conversation_set_client:
 * @self: a conversation
 * @client: (nullable): whom to ask from now on
 */
void
headroom_conversation_set_client (HeadroomConversation *self, HeadroomClient *client)
{
  g_return_if_fail (HEADROOM_IS_CONVERSATION (self));
  g_set_object (&self->client, client);
}

gboolean
headroom_conversation_get_busy (HeadroomConversation *self)
{
  g_return_val_if_fail (HEADROOM_IS_CONVERSATION (self), FALSE);
  return self->answer != NULL;
}

/**
 * headroom_conversation_send:
 * @self: a conversation
 * @text: the question
 * @options: how to ask
 *
 * Returns: whether it was sent; not while an answer is on its way, nor without a client and a model
 */
gboolean
headroom_conversation_send (HeadroomConversation *self, const char *text,
                            const HeadroomAskOptions *options)
{
  g_return_val_if_fail (HEADROOM_IS_CONVERSATION (self), FALSE);
  if (self->client == NULL || self->answer != NULL || options->model == NULL)
    return FALSE;
  append (self, HEADROOM_ROLE_USER, text);
  ask (self, options);
  return TRUE;
}

/**
 * headroom_conversation_regenerate:
 * @self: a conversation
 * @options: how to ask
 *
 * Drops the last answer and asks for another.
 *
 * Returns: whether there was one to ask for again
 */
gboolean
headroom_conversation_regenerate (HeadroomConversation *self, const HeadroomAskOptions *options)
{
  HeadroomChatMessage *last;

  g_return_val_if_fail (HEADROOM_IS_CONVERSATION (self), FALSE);
  if (self->client == NULL || self->answer != NULL || options->model == NULL ||
      self->messages->len == 0)
    return FALSE;
  last = self->messages->pdata[self->messages->len - 1];
  if (headroom_chat_message_get_role (last) == HEADROOM_ROLE_ASSISTANT)
    truncate_to (self, self->messages->len - 1);
  ask (self, options);
  return TRUE;
}

/**
 * headroom_conversation_set_progress:
 * @self: a conversation
 * @text: (nullable): what happens while the answer on its way has no text yet
 */
void
headroom_conversation_set_progress (HeadroomConversation *self, const char *text)
{
  g_return_if_fail (HEADROOM_IS_CONVERSATION (self));
  if (self->answer != NULL &&
      headroom_chat_message_get_state (self->answer) == HEADROOM_CHAT_MESSAGE_WAITING)
    headroom_chat_message_set_detail (self->answer, text);
}

/* Ends the answer that is on its way; what came of it stays. */
void
headroom_conversation_stop (HeadroomConversation *self)
{
  g_return_if_fail (HEADROOM_IS_CONVERSATION (self));
  if (self->answer == NULL)
    return;
  g_cancellable_cancel (self->cancellable);
  headroom_chat_message_set_detail (self->answer, _("Stopped"));
  end_answer (self, HEADROOM_CHAT_MESSAGE_STOPPED);
}

/* Begins anew. */
void
headroom_conversation_clear (HeadroomConversation *self)
{
  g_return_if_fail (HEADROOM_IS_CONVERSATION (self));
  headroom_conversation_stop (self);
  truncate_to (self, 0);
}

/* Returns: (transfer none) (nullable): the text of the last answer */
const char *
headroom_conversation_last_answer (HeadroomConversation *self)
{
  g_return_val_if_fail (HEADROOM_IS_CONVERSATION (self), NULL);
  for (guint i = self->messages->len; i > 0; i--)
    if (headroom_chat_message_get_role (self->messages->pdata[i - 1]) == HEADROOM_ROLE_ASSISTANT)
      return headroom_chat_message_get_text (self->messages->pdata[i - 1]);
  return NULL;
}
