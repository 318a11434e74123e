/* headroom-chat.c: a conversation at the terminal.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-chat.h"

#include "headroom-reply.h"
#include "headroom-cli-images.h"
#include "headroom-cli.h"
#include "headroom-json.h"
#include "headroom-line-reader.h"

#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

#define QUOTES "\"\"\""
#define EXIT_INTERRUPTED 130 /* 128 + SIGINT, as shells have it */

HeadroomChat *
headroom_chat_new (HeadroomSession *session, const char *model)
{
  HeadroomChat *chat = g_new0 (HeadroomChat, 1);

  chat->session = session;
  chat->model = headroom_cli_dup_served_name (model);
  chat->messages = hr_value_new_list ();
  chat->options = hr_value_new_dict ();
  return chat;
}

void
headroom_chat_free (HeadroomChat *chat)
{
  if (chat == NULL)
    return;
  g_free (chat->model);
  g_free (chat->system);
  g_free (chat->keep_alive);
  hr_value_unref (chat->messages);
  hr_value_unref (chat->options);
  hr_value_unref (chat->think);
  g_free (chat);
}

void
headroom_chat_forget (HeadroomChat *chat)
{
  hr_value_unref (chat->messages);
  chat->messages = hr_value_new_list ();
}

/* ---- Requests ---- */

static void
set_if (HrValue *dict, const char *key, HrValue *value)
{
  if (value != NULL)
    hr_value_set (dict, key, hr_value_ref (value));
}

static HrValue *
new_request (HeadroomChat *chat)
{
  HrValue *body = hr_value_new_dict ();

  headroom_json_set_string (body, "model", chat->model);
  headroom_json_set_string (body, "keep_alive", chat->keep_alive);
  set_if (body, "options", chat->options);
  set_if (body, "think", chat->think);
  return body;
}

static HrValue *
new_message (const char *role, const char *content)
{
  HrValue *message = hr_value_new_dict ();

  headroom_json_set_string (message, "role", role);
  headroom_json_set_string (message, "content", content);
  return message;
}

static HrValue *
new_chat_request (HeadroomChat *chat)
{
  HrValue *body = new_request (chat);
  HrValue *messages = hr_value_new_list ();

  if (chat->system != NULL)
    hr_value_append (messages, new_message ("system", chat->system));
  for (gsize i = 0; i < hr_value_size (chat->messages); i++)
    hr_value_append (messages, hr_value_ref (hr_value_at (chat->messages, i)));
  hr_value_set (body, "messages", messages);
  return body;
}

/* ---- Loading ---- */

gboolean
headroom_chat_load (HeadroomChat *chat, GError **error)
{
  g_autoptr (HrValue) body = new_request (chat);
  g_autofree char *text = NULL;
  g_autofree char *answer = NULL;
  gboolean tells = isatty (STDERR_FILENO);

  headroom_json_set_bool (body, "stream", FALSE);
  text = headroom_json_print (body, HEADROOM_JSON_PLAIN);
  if (tells)
    g_printerr (_("loading %s…"), chat->model);
  answer = headroom_client_request (headroom_session_get_client (chat->session), "POST",
                                    "/api/generate", text, NULL, error);
  if (tells)
    g_printerr ("\r\033[K");
  return answer != NULL;
}

gboolean
headroom_chat_set_model (HeadroomChat *chat, const char *model, GError **error)
{
  g_autofree char *old = g_steal_pointer (&chat->model);

  chat->model = headroom_cli_dup_served_name (model);
  if (headroom_chat_load (chat, error))
    return TRUE;
  g_free (chat->model);
  chat->model = g_steal_pointer (&old);
  return FALSE;
}

/* ---- Images ---- */

static gboolean
sees_images (HeadroomChat *chat)
{
  g_autoptr (HrValue) body = hr_value_new_dict ();
  g_autoptr (HrValue) answer = NULL;
  g_autofree char *text = NULL;
  g_autofree char *shown = NULL;
  const HrValue *capabilities;

  headroom_json_set_string (body, "model", chat->model);
  text = headroom_json_print (body, HEADROOM_JSON_PLAIN);
  shown = headroom_client_request (headroom_session_get_client (chat->session), "POST", "/api/show",
                                   text, NULL, NULL);
  answer = shown != NULL ? headroom_json_parse (shown, -1, FALSE, NULL) : NULL;
  capabilities = answer != NULL ? hr_value_lookup (answer, "capabilities") : NULL;
  for (gsize i = 0; capabilities != NULL && i < hr_value_size (capabilities); i++)
    if (g_strcmp0 (hr_value_get_string (hr_value_at (capabilities, i), NULL), "vision") == 0)
      return TRUE;
  return FALSE;
}

/* Images that text names, for a model that can see them; NULL: none, and *ret_text is text. */
static HrValue *
take_images (HeadroomChat *chat, const char *text, char **ret_text)
{
  if (headroom_cli_may_name_image (text) && sees_images (chat))
    return headroom_cli_take_images (text, ret_text);
  *ret_text = g_strdup (text);
  return NULL;
}

/* ---- Answers ---- */

int
headroom_chat_answer_once (HeadroomChat *chat, const char *prompt)
{
  g_autoptr (HrValue) body = new_request (chat);
  g_auto (HeadroomReply) answer = { 0 };
  g_autoptr (HrValue) images = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  images = take_images (chat, prompt, &text);
  headroom_json_set_string (body, "prompt", text);
  if (images != NULL)
    hr_value_set (body, "images", g_steal_pointer (&images));
  headroom_json_set_string (body, "system", chat->system);
  if (!headroom_reply_print (headroom_session_get_client (chat->session), "/api/generate", body,
                             chat->verbose, &answer, &error))
    return headroom_cli_fail (error);
  return answer.stopped ? EXIT_INTERRUPTED : HEADROOM_EXIT_OK;
}

/* What was said stays said, also where the answer was stopped; where there is none, it is taken
 * back. */
static void
say (HeadroomChat *chat, const char *text)
{
  g_autoptr (HrValue) body = NULL;
  g_auto (HeadroomReply) answer = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *words = NULL;
  HrValue *images = take_images (chat, text, &words), *said = new_message ("user", words);

  if (images != NULL)
    hr_value_set (said, "images", images);
  hr_value_append (chat->messages, said);
  body = new_chat_request (chat);
  if (headroom_reply_print (headroom_session_get_client (chat->session), "/api/chat", body,
                            chat->verbose, &answer, &error)) {
    hr_value_append (chat->messages, new_message ("assistant", answer.text->str));
  } else {
    HrValue *kept = hr_value_new_list ();
    for (gsize i = 0; i + 1 < hr_value_size (chat->messages); i++)
      hr_value_append (kept, hr_value_ref (hr_value_at (chat->messages, i)));
    hr_value_unref (chat->messages);
    chat->messages = kept;
    headroom_cli_fail (error);
  }
}

/* ---- Input ---- */

/* Lines up to the closing quotes; NULL where the input ends before them. first: what follows the
 * opening quotes. */
static char *
read_quoted (const char *first)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *line = g_strdup (first);

  while (!g_str_has_suffix (line, QUOTES)) {
    g_string_append (text, line);
    g_string_append_c (text, '\n');
    g_free (line);
    line = headroom_line_reader_read ("... ");
    if (line == NULL)
      return NULL;
  }
  g_string_append_len (text, line, (gssize) (strlen (line) - strlen (QUOTES)));
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static char *
read_message (void)
{
  g_autofree char *line = headroom_line_reader_read (">>> ");

  if (line != NULL && g_str_has_prefix (line, QUOTES))
    return read_quoted (line + strlen (QUOTES));
  return g_steal_pointer (&line);
}

int
headroom_chat_talk (HeadroomChat *chat)
{
  HeadroomChatNext next = HEADROOM_CHAT_GO_ON;

  headroom_line_reader_open ();
  g_printerr ("%s\n", _("Write a message (/? for help)."));
  while (next == HEADROOM_CHAT_GO_ON) {
    g_autofree char *text = read_message ();
    if (text == NULL) {
      g_printerr ("\n");
      break;
    }
    if (*g_strchomp (text) == '\0')
      continue;
    if (*text == '/')
      next = headroom_chat_command (chat, text);
    else
      say (chat, text);
  }
  headroom_line_reader_close ();
  return HEADROOM_EXIT_OK;
}
