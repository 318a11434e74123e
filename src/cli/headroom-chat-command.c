/* headroom-chat-command.c: lines that change the conversation instead of going to the model.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-chat.h"

#include "headroom-cli.h"
#include "headroom-json.h"
#include "headroom-line-reader.h"
#include "headroom-options.h"

#include <glib/gi18n.h>
#include <string.h>

typedef struct {
  const char *name;
  const char *arguments;
  const char *summary;
  HeadroomChatNext (*run) (HeadroomChat *chat,
                           const char *argument); /* argument: "" if there is none */
} ChatCommand;

static HeadroomChatNext
misused (const char *usage)
{
  /* Translators: %s is how a command is used. */
  headroom_cli_complain (_("usage: %s"), usage);
  return HEADROOM_CHAT_GO_ON;
}

/* The first word of text; *ret_rest is what follows it. */
static char *
dup_word (const char *text, const char **ret_rest)
{
  gsize len = strcspn (text, " \t");

  *ret_rest = text + len + strspn (text + len, " \t");
  return g_strndup (text, len);
}

/* ---- /set ---- */

static void
set_parameter (HeadroomChat *chat, const char *argument)
{
  const char *value;
  g_autofree char *name = dup_word (argument, &value);
  g_autoptr (GError) error = NULL;
  HrValue *parsed;

  if (*name == '\0' || *value == '\0') {
    misused ("/set parameter NAME VALUE");
    return;
  }
  parsed = headroom_option_value_from_text (name, value, &error);
  if (parsed == NULL) {
    headroom_cli_fail (error);
    return;
  }
  if (g_str_equal (name, "stop")) {
    HrValue *list = hr_value_new_list ();
    HrValue *old = hr_value_lookup (chat->options, name);
    for (gsize i = 0; old != NULL && i < hr_value_size (old); i++)
      hr_value_append (list, hr_value_ref (hr_value_at (old, i)));
    hr_value_append (list, parsed);
    parsed = list;
  }
  hr_value_set (chat->options, name, parsed);
}

static void
set_think (HeadroomChat *chat, const char *level)
{
  hr_value_unref (chat->think);
  chat->think = *level == '\0' ? hr_value_new_bool (true) : hr_value_new_string (level, -1, false);
}

static HeadroomChatNext
run_set (HeadroomChat *chat, const char *argument)
{
  const char *rest;
  g_autofree char *what = dup_word (argument, &rest);

  if (g_str_equal (what, "parameter")) {
    set_parameter (chat, rest);
  } else if (g_str_equal (what, "system")) {
    g_free (chat->system);
    chat->system = *rest != '\0' ? g_strdup (rest) : NULL;
  } else if (g_str_equal (what, "think")) {
    set_think (chat, rest);
  } else if (g_str_equal (what, "nothink")) {
    hr_value_unref (chat->think);
    chat->think = hr_value_new_bool (false);
  } else if (g_str_equal (what, "verbose") || g_str_equal (what, "quiet")) {
    chat->verbose = *what == 'v';
  } else if (g_str_equal (what, "history") || g_str_equal (what, "nohistory")) {
    headroom_line_reader_set_history (*what == 'h');
  } else {
    misused (
        "/set parameter NAME VALUE | system TEXT | think [LEVEL] | nothink | verbose | quiet | history | nohistory");
  }
  return HEADROOM_CHAT_GO_ON;
}

/* ---- Others ---- */

/* What was set here is shown as it is; the rest is the model's. */
static HeadroomChatNext
run_show (HeadroomChat *chat, const char *argument)
{
  static const char *const parts[] = { "license", "modelfile", "parameters",
                                       "system",  "template",  NULL };
  g_autofree char *option = g_strdup_printf ("--%s", argument);
  char *whole[] = { (char *) "show", chat->model, NULL };
  char *part[] = { (char *) "show", option, chat->model, NULL };

  if (g_str_equal (argument, "info"))
    headroom_cmd_show (2, whole);
  else if (g_str_equal (argument, "system") && chat->system != NULL)
    g_print ("%s\n", chat->system);
  else if (g_strv_contains (parts, argument))
    headroom_cmd_show (3, part);
  else
    return misused ("/show info | license | modelfile | parameters | system | template");
  if (g_str_equal (argument, "parameters") && hr_value_size (chat->options) > 0)
    headroom_cli_print_json (chat->options, TRUE);
  return HEADROOM_CHAT_GO_ON;
}

static HeadroomChatNext
run_load (HeadroomChat *chat, const char *argument)
{
  g_autoptr (GError) error = NULL;

  if (*argument == '\0')
    return misused ("/load MODEL");
  if (!headroom_chat_set_model (chat, argument, &error))
    headroom_cli_fail (error);
  return HEADROOM_CHAT_GO_ON;
}

/* The model with this conversation's system message, parameters and messages, under a name. */
static HeadroomChatNext
run_save (HeadroomChat *chat, const char *argument)
{
  gboolean is_path = headroom_store_is_path (chat->model);
  const char *const paths[] = { is_path ? chat->model : NULL, NULL };
  HeadroomModelSpec spec = {
    .from_name = is_path ? NULL : chat->model,
    .from_paths = paths,
    .system = chat->system,
    .params = chat->options,
    .messages = chat->messages,
  };
  g_autoptr (GError) error = NULL;

  if (*argument == '\0')
    return misused ("/save NAME");
  if (!headroom_store_create (headroom_session_get_store (chat->session), argument, &spec, NULL,
                              NULL, NULL, &error)) {
    headroom_cli_fail (error);
  } else {
    g_printerr (_("saved as “%s”"), argument);
    g_printerr ("\n");
  }
  return HEADROOM_CHAT_GO_ON;
}

static HeadroomChatNext
run_list (HeadroomChat *chat, const char *argument)
{
  char *args[] = { (char *) "list", NULL };

  headroom_cmd_list (1, args);
  return HEADROOM_CHAT_GO_ON;
}

static HeadroomChatNext
run_clear (HeadroomChat *chat, const char *argument)
{
  headroom_chat_forget (chat);
  g_printerr ("%s\n", _("The conversation starts anew."));
  return HEADROOM_CHAT_GO_ON;
}

static HeadroomChatNext
run_bye (HeadroomChat *chat, const char *argument)
{
  return HEADROOM_CHAT_LEAVE;
}

static HeadroomChatNext run_help (HeadroomChat *chat, const char *argument);

static const ChatCommand commands[] = {
  { "/set", "…", N_("Change a parameter, the system message, …"), run_set },
  { "/show", "…", N_("Show what the model is"), run_show },
  { "/load", N_("MODEL"), N_("Go on with another model"), run_load },
  { "/save", N_("NAME"), N_("Keep the model with this conversation and its settings"), run_save },
  { "/list", "", N_("List the models on this computer"), run_list },
  { "/clear", "", N_("Forget the conversation"), run_clear },
  { "/bye", "", N_("Leave"), run_bye },
  { "/exit", NULL, NULL, run_bye },
  { "/?", "", N_("Show this help"), run_help },
  { "/help", NULL, NULL, run_help },
};

static HeadroomChatNext
run_help (HeadroomChat *chat, const char *argument)
{
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++) {
    const ChatCommand *c = &commands[i];
    if (c->summary != NULL)
      g_printerr ("  %-6s %-8s %s\n", c->name, *c->arguments != '\0' ? _(c->arguments) : "",
                  _(c->summary));
  }
  g_printerr ("\n  %s\n",
              _("\"\"\" begins and ends a message of several lines. Ctrl+C stops an answer."));
  return HEADROOM_CHAT_GO_ON;
}

HeadroomChatNext
headroom_chat_command (HeadroomChat *chat, const char *line)
{
  const char *argument;
  g_autofree char *name = dup_word (line, &argument);

  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (name, commands[i].name))
      return commands[i].run (chat, argument);
  headroom_cli_complain (_("“%s” is not a command; /? lists them"), name);
  return HEADROOM_CHAT_GO_ON;
}
