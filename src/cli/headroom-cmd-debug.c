/* headroom-cmd-debug.c: headroom debug tokenize | detokenize | render | logits | program | devices
 * | report
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The engine's parts one at a time, for people who want to know, and for comparing with other
 * programs. Logits are in headroom-cmd-logits.c, what GPUs do in
 * headroom-cmd-program.c, devices in headroom-cmd-devices.c.
 */
#include "headroom-cmd-debug.h"

#include "headroom-json.h"

#include <glib/gi18n.h>
#include <stdio.h>

/* ---- tokenize ---- */

static gboolean
tokenize (const char *file, gboolean special, GError **error)
{
  g_autoptr (HrModel) model = headroom_cli_open_model (file, error);
  g_autoptr (HrPrompt) prompt = hr_prompt_new ();
  g_autoptr (GString) text = NULL;
  g_autoptr (GArray) tokens = NULL;

  if (model == NULL || (text = headroom_cli_read_stdin (error)) == NULL)
    return FALSE;
  hr_prompt_append (prompt, text->str, (gssize) text->len, special);
  tokens = hr_model_tokenize (model, prompt, FALSE, error);
  if (tokens == NULL)
    return FALSE;
  for (guint i = 0; i < tokens->len; i++)
    printf ("%s%d", i > 0 ? " " : "", g_array_index (tokens, HrToken, i));
  printf ("\n");
  return TRUE;
}

static int
cmd_tokenize (int argc, char **argv)
{
  gboolean special = FALSE;
  const GOptionEntry entries[] = { { "special", 0, 0, G_OPTION_ARG_NONE, &special,
                                     N_("Take the names of control tokens for control tokens"),
                                     NULL },
                                   G_OPTION_ENTRY_NULL };
  g_autoptr (GError) error = NULL;

  if (!headroom_cli_parse (entries, _("MODEL|FILE"), _("Prints the token ids of standard input."),
                           1, 1, &argc, &argv))
    return HEADROOM_EXIT_USAGE;
  return tokenize (argv[1], special, &error) ? HEADROOM_EXIT_OK : headroom_cli_fail (error);
}

/* ---- detokenize ---- */

GArray *
headroom_debug_parse_tokens (const HrModel *model, const char *text, GError **error)
{
  g_auto (GStrv) words = g_strsplit_set (text, ", \t\r\n", -1);
  g_autoptr (GArray) tokens = g_array_new (FALSE, FALSE, sizeof (HrToken));
  guint32 n_vocab = hr_model_get_info (model)->n_vocab;

  for (guint i = 0; words[i] != NULL; i++) {
    guint64 id;
    HrToken token;
    if (*words[i] == '\0')
      continue;
    if (!g_ascii_string_to_unsigned (words[i], 10, 0, n_vocab > 0 ? n_vocab - 1 : G_MAXINT32, &id,
                                     error)) {
      g_prefix_error (error, _("not a token of this model: "));
      return NULL;
    }
    token = (HrToken) id;
    g_array_append_val (tokens, token);
  }
  return g_steal_pointer (&tokens);
}

static gboolean
detokenize (const char *file, GError **error)
{
  g_autoptr (HrModel) model = headroom_cli_open_model (file, error);
  g_autoptr (GString) input = NULL;
  g_autoptr (GArray) tokens = NULL;
  g_autoptr (GString) text = NULL;

  if (model == NULL || !hr_model_has_tokenizer (model, error) ||
      (input = headroom_cli_read_stdin (error)) == NULL)
    return FALSE;
  tokens = headroom_debug_parse_tokens (model, input->str, error);
  if (tokens == NULL)
    return FALSE;
  text = hr_model_detokenize (model, (const HrToken *) tokens->data, tokens->len, TRUE);
  fwrite (text->str, 1, text->len, stdout);
  return TRUE;
}

static int
cmd_detokenize (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  if (!headroom_cli_parse (NULL, _("MODEL|FILE"),
                           _("Prints the text of the token ids on standard input."), 1, 1, &argc,
                           &argv))
    return HEADROOM_EXIT_USAGE;
  return detokenize (argv[1], &error) ? HEADROOM_EXIT_OK : headroom_cli_fail (error);
}

/* ---- render ---- */

static gboolean
render (const char *template_file, const char *case_file, GError **error)
{
  g_autofree char *template_text = NULL;
  g_autofree char *case_text = NULL;
  g_autoptr (HrValue) vars = NULL;
  g_autoptr (HrPrompt) prompt = NULL;
  gsize len;

  if (!g_file_get_contents (template_file, &template_text, NULL, error) ||
      !g_file_get_contents (case_file, &case_text, &len, error))
    return FALSE;
  vars = headroom_json_parse (case_text, (gssize) len, FALSE, error);
  if (vars == NULL)
    return FALSE;
  if (hr_value_kind (vars) != HR_VALUE_DICT) {
    g_set_error (error, HR_ERROR, HR_ERROR_FORMAT, _("“%s” does not hold a JSON object"),
                 case_file);
    return FALSE;
  }
  prompt = hr_template_render_text (template_text, vars, error);
  if (prompt == NULL)
    return FALSE;
  fwrite (prompt->text->str, 1, prompt->text->len, stdout);
  return TRUE;
}

static int
cmd_render (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  if (!headroom_cli_parse (
          NULL, _("TEMPLATE.jinja CASE.json"),
          _("Prints the prompt that a chat template makes of a case: an object of its variables."),
          2, 2, &argc, &argv))
    return HEADROOM_EXIT_USAGE;
  return render (argv[1], argv[2], &error) ? HEADROOM_EXIT_OK : headroom_cli_fail (error);
}

/* ---- The table ---- */

static const HeadroomCommand tools[] = {
  { "tokenize", N_("MODEL|FILE"), N_("Token ids of a text"), cmd_tokenize },
  { "detokenize", N_("MODEL|FILE"), N_("Text of token ids"), cmd_detokenize },
  { "render", N_("TEMPLATE CASE"), N_("Prompt that a chat template makes"), cmd_render },
  { "logits", N_("MODEL|FILE"), N_("Likeliest next tokens after a prompt"), headroom_cmd_logits },
  { "program", N_("MODEL|FILE"), N_("What a step makes a GPU do"), headroom_cmd_program },
  { "devices", "", N_("GPUs of this machine, and why one is not used"), headroom_cmd_devices },
  { "report", "", N_("A report to be sent with a problem, without anything that people wrote"),
    headroom_cmd_report },
  { NULL, NULL, NULL, NULL },
};

int
headroom_cmd_debug (int argc, char **argv)
{
  return headroom_cli_dispatch (tools, "headroom debug",
                                _("Looks into tokens, templates and logits."), argc, argv);
}
