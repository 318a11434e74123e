/* headroom-cmd-run.c: headroom run MODEL|FILE [PROMPT]
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-chat.h"
#include "headroom-cli.h"
#include "headroom-options.h"

#include <glib/gi18n.h>
#include <unistd.h>

typedef struct {
  char *keep_alive, *system;
  char **options; /* NAME=VALUE */
  gboolean verbose;
} RunArgs;

static void
clear_args (RunArgs *args)
{
  g_free (args->keep_alive);
  g_free (args->system);
  g_strfreev (args->options);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RunArgs, clear_args)

static gboolean
set_option (HeadroomChat *chat, const char *text, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, "=", 2);
  g_autoptr (GError) problem = NULL;
  HrValue *value;

  if (g_strv_length (parts) != 2) {
    g_set_error (error, HR_ERROR, HR_ERROR_SETTINGS, _("“%s” is not NAME=VALUE"), text);
    return FALSE;
  }
  value = headroom_option_value_from_text (parts[0], parts[1], &problem);
  if (value == NULL) {
    g_set_error_literal (error, HR_ERROR, HR_ERROR_SETTINGS, problem->message);
    return FALSE;
  }
  hr_value_set (chat->options, parts[0], value);
  return TRUE;
}

static gboolean
apply_args (HeadroomChat *chat, const RunArgs *args, GError **error)
{
  chat->verbose = args->verbose;
  chat->keep_alive = g_strdup (args->keep_alive);
  chat->system = g_strdup (args->system);
  for (guint i = 0; args->options != NULL && args->options[i] != NULL; i++)
    if (!set_option (chat, args->options[i], error))
      return FALSE;
  return TRUE;
}

/* What stands on standard input, if it is no terminal, goes before the prompt. */
static gboolean
read_prompt (int argc, char **argv, char **ret_prompt, GError **error)
{
  g_autofree char *words = argc > 2 ? g_strjoinv (" ", argv + 2) : NULL;
  g_autoptr (GString) input = NULL;

  if (!isatty (STDIN_FILENO)) {
    input = headroom_cli_read_stdin (error);
    if (input == NULL)
      return FALSE;
  }
  if (input != NULL && input->len > 0) {
    g_autofree char *text = g_utf8_make_valid (input->str, (gssize) input->len);
    *ret_prompt = words != NULL ? g_strdup_printf ("%s\n%s", text, words) : g_steal_pointer (&text);
  } else {
    *ret_prompt = g_steal_pointer (&words);
  }
  return TRUE;
}

/* The server in this process tells of every load; whoever chats did not ask for a log. */
static GLogWriterOutput
write_problems (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  return level <= G_LOG_LEVEL_WARNING ? g_log_writer_default (level, fields, n_fields, data)
                                      : G_LOG_WRITER_HANDLED;
}

static int
run (const char *model, const char *prompt, const RunArgs *args)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (HeadroomSession) session =
      headroom_session_open (NULL, HEADROOM_SESSION_PLAIN, &error);
  g_autoptr (HeadroomChat) chat = NULL;

  if (session == NULL)
    return headroom_cli_fail (error);
  chat = headroom_chat_new (session, model);
  if (!apply_args (chat, args, &error))
    return headroom_cli_fail (error);
  if (prompt != NULL)
    return headroom_chat_answer_once (chat, prompt);
  if (!isatty (STDIN_FILENO)) {
    headroom_cli_complain (_("there is no prompt, and standard input is empty"));
    return HEADROOM_EXIT_USAGE;
  }
  return headroom_chat_load (chat, &error) ? headroom_chat_talk (chat) : headroom_cli_fail (error);
}

int
headroom_cmd_run (int argc, char **argv)
{
  g_auto (RunArgs) args = { 0 };
  const GOptionEntry entries[] = {
    { "option", 'o', 0, G_OPTION_ARG_STRING_ARRAY, &args.options,
      N_("Set an option, such as num_ctx=8192 or temperature=0"), N_("NAME=VALUE") },
    { "system", 0, 0, G_OPTION_ARG_STRING, &args.system, N_("The system message"), N_("TEXT") },
    { "keepalive", 0, 0, G_OPTION_ARG_STRING, &args.keep_alive,
      N_("How long the model stays in memory after it"), N_("DURATION") },
    { "verbose", 0, 0, G_OPTION_ARG_NONE, &args.verbose, N_("Print timings after each answer"),
      NULL },
    G_OPTION_ENTRY_NULL
  };
  g_autofree char *prompt = NULL;
  g_autoptr (GError) error = NULL;

  if (!headroom_cli_parse (
          entries, _("MODEL|FILE [PROMPT…]"),
          _("Chats with a model, or answers one prompt and ends.\nStandard input, where it is no terminal, goes before the prompt."),
          1, -1, &argc, &argv))
    return HEADROOM_EXIT_USAGE;
  if (!read_prompt (argc, argv, &prompt, &error))
    return headroom_cli_fail (error);
  if (!args.verbose)
    g_log_set_writer_func (write_problems, NULL, NULL);
  return run (argv[1], prompt, &args);
}
