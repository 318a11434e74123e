/* headroom-chat-message.c: one message of a conversation.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-chat-message.h"

#include <glib/gi18n.h>
#include <inttypes.h>

struct _HeadroomChatMessage
{
  GObject parent_instance;
  HeadroomRole role;
  HeadroomChatMessageState state;
  GString *text;
  char *detail; /* progress while waiting, times when done, the reason when failed */
};

G_DEFINE_FINAL_TYPE (HeadroomChatMessage, headroom_chat_message, G_TYPE_OBJECT)

enum { PROP_0, PROP_TEXT, PROP_STATE, PROP_DETAIL, N_PROPS };
static GParamSpec *props[N_PROPS];

static void
headroom_chat_message_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  HeadroomChatMessage *self = HEADROOM_CHAT_MESSAGE (object);

  switch (id) {
  case PROP_TEXT:
    g_value_set_string (value, self->text->str);
    break;
  case PROP_STATE:
    g_value_set_int (value, self->state);
    break;
  case PROP_DETAIL:
    g_value_set_string (value, self->detail);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
headroom_chat_message_finalize (GObject *object)
{
  HeadroomChatMessage *self = HEADROOM_CHAT_MESSAGE (object);

  g_string_free (self->text, TRUE);
  g_free (self->detail);
  G_OBJECT_CLASS (headroom_chat_message_parent_class)->finalize (object);
}

static void
headroom_chat_message_class_init (HeadroomChatMessageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = headroom_chat_message_get_property;
  object_class->finalize = headroom_chat_message_finalize;
  props[PROP_TEXT] = g_param_spec_string ("text", NULL, NULL, "", flags);
  props[PROP_STATE] =
      g_param_spec_int ("state", NULL, NULL, 0, HEADROOM_CHAT_MESSAGE_FAILED, 0, flags);
  props[PROP_DETAIL] = g_param_spec_string ("detail", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
headroom_chat_message_init (HeadroomChatMessage *self)
{
  self->text = g_string_new (NULL);
}

/**
 * headroom_chat_message_new:
 * @role: who speaks
 * @text: what is said so far
 *
 * Returns: (transfer full): a message; a user's is done, an assistant's waits
 */
HeadroomChatMessage *
headroom_chat_message_new (HeadroomRole role, const char *text)
{
  HeadroomChatMessage *self = g_object_new (HEADROOM_TYPE_CHAT_MESSAGE, NULL);

  self->role = role;
  self->state =
      role == HEADROOM_ROLE_USER ? HEADROOM_CHAT_MESSAGE_DONE : HEADROOM_CHAT_MESSAGE_WAITING;
  g_string_append (self->text, text);
  return self;
}

HeadroomRole
headroom_chat_message_get_role (HeadroomChatMessage *self)
{
  g_return_val_if_fail (HEADROOM_IS_CHAT_MESSAGE (self), HEADROOM_ROLE_USER);
  return self->role;
}

const char *
headroom_chat_message_get_text (HeadroomChatMessage *self)
{
  g_return_val_if_fail (HEADROOM_IS_CHAT_MESSAGE (self), "");
  return self->text->str;
}

void
headroom_chat_message_append (HeadroomChatMessage *self, const char *text)
{
  g_return_if_fail (HEADROOM_IS_CHAT_MESSAGE (self));
  if (*text == '\0')
    return;
  g_string_append (self->text, text);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TEXT]);
}

HeadroomChatMessageState
headroom_chat_message_get_state (HeadroomChatMessage *self)
{
  g_return_val_if_fail (HEADROOM_IS_CHAT_MESSAGE (self), HEADROOM_CHAT_MESSAGE_DONE);
  return self->state;
}

void
headroom_chat_message_set_state (HeadroomChatMessage *self, HeadroomChatMessageState state)
{
  g_return_if_fail (HEADROOM_IS_CHAT_MESSAGE (self));
  if (self->state == state)
    return;
  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
}

/* Whether the answer may still grow. */
gboolean
headroom_chat_message_is_open (HeadroomChatMessage *self)
{
  HeadroomChatMessageState state = headroom_chat_message_get_state (self);

  return state == HEADROOM_CHAT_MESSAGE_WAITING || state == HEADROOM_CHAT_MESSAGE_STREAMING;
}

const char *
headroom_chat_message_get_detail (HeadroomChatMessage *self)
{
  g_return_val_if_fail (HEADROOM_IS_CHAT_MESSAGE (self), NULL);
  return self->detail;
}

/**
 * headroom_chat_message_set_detail:
 * @self: a message
 * @detail: (nullable): the line under the text: progress, times or the reason of a failure
 */
void
headroom_chat_message_set_detail (HeadroomChatMessage *self, const char *detail)
{
  g_return_if_fail (HEADROOM_IS_CHAT_MESSAGE (self));
  if (g_strcmp0 (self->detail, detail) == 0)
    return;
  g_free (self->detail);
  self->detail = g_strdup (detail);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_DETAIL]);
}

void
headroom_chat_message_set_times (HeadroomChatMessage *self, const HeadroomChatMessageTimes *times)
{
  g_autofree char *text = headroom_chat_message_times_text (times);

  headroom_chat_message_set_detail (self, text);
}

/**
 * headroom_chat_message_times_text:
 * @times: what was measured
 *
 * Puts the measured parts into one line, leaving out what was not measured.
 *
 * Returns: (transfer full): such as "42 tokens · 31.2 tokens/s · first word after 0.31 s"
 */
char *
headroom_chat_message_times_text (const HeadroomChatMessageTimes *times)
{
  g_autoptr (GStrvBuilder) parts = g_strv_builder_new ();
  g_auto (GStrv) strv = NULL;

  if (times->answer_tokens > 0) {
    g_autofree char *tokens = g_strdup_printf (
      g_dngettext (NULL, "%" PRId64 " token", "%" PRId64 " tokens", times->answer_tokens),
      times->answer_tokens);
    g_strv_builder_add (parts, tokens);
  }
  if (times->answer_tokens > 0 && times->answer_ns > 0) {
    /* Translators: the speed of an answer */
    g_autofree char *speed =
        g_strdup_printf (_("%.1f tokens/s"), times->answer_tokens * 1e9 / times->answer_ns);
    g_strv_builder_add (parts, speed);
  }
  if (times->first_token_us > 0) {
    g_autofree char *first =
        g_strdup_printf (_("first word after %.2f s"), times->first_token_us / 1e6);
    g_strv_builder_add (parts, first);
  }
  if (times->prompt_tokens > 0) {
    g_autofree char *prompt = g_strdup_printf (
      g_dngettext (NULL, "prompt of %" PRId64 " token", "prompt of %" PRId64 " tokens",
                   times->prompt_tokens), times->prompt_tokens);
    g_strv_builder_add (parts, prompt);
  }
  if (times->cut_short)
    g_strv_builder_add (parts, _("cut at the length limit"));
  strv = g_strv_builder_end (parts);
  return g_strjoinv (" · ", strv);
}
