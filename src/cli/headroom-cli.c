/* headroom-cli.c: finds the command that was asked for.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cli.h"

#include <glib/gi18n.h>

static const HeadroomCommand commands[] = {
  { "run", N_("MODEL|FILE [PROMPT]"), N_("Chat with a model, or answer one prompt"),
    headroom_cmd_run },
  { "serve", "", N_("Serve models to other programs"), headroom_cmd_serve },
  { "list", "", N_("List the models on this computer"), headroom_cmd_list },
  { "ps", "", N_("List the models that are in memory"), headroom_cmd_ps },
  { "show", N_("MODEL|FILE"), N_("Show what a model is"), headroom_cmd_show },
  { "plan", N_("MODEL|FILE|CATALOGUE-NAME"),
    N_("Show what running a model takes, before it is run"), headroom_cmd_plan },
  { "create", N_("NAME"), N_("Make a model from a Modelfile"), headroom_cmd_create },
  { "cp", N_("SOURCE DESTINATION"), N_("Give a model a second name"), headroom_cmd_cp },
  { "rm", N_("MODEL…"), N_("Delete models"), headroom_cmd_rm },
  { "events", "", N_("Tell which models came and went, and why"), headroom_cmd_events },
  { "simulate", N_("SCENARIO.json"), N_("Play requests on a machine that is only described"),
    headroom_cmd_simulate },
  { "resize", N_("MODEL"), N_("Give a model in memory other settings"), headroom_cmd_resize },
  { "stop", N_("MODEL"), N_("Take a model out of memory"), headroom_cmd_stop },
  { "bench", N_("KIND"), N_("Measure how fast a model runs"), headroom_cmd_bench },
  { "perplexity", N_("MODEL|FILE TEXT"), N_("Measure how well a model predicts a text"),
    headroom_cmd_perplexity },
  { "debug", N_("TOOL"), N_("Look into tokens, templates and logits"), headroom_cmd_debug },
  { "version", "", N_("Print the version"), headroom_cmd_version },
  { NULL, NULL, NULL, NULL },
};

static void
print_help (const HeadroomCommand *table, const char *prefix, const char *summary)
{
  int width = 0;

  g_print (_("Usage: %s COMMAND [OPTION…] [ARGUMENT…]"), prefix);
  g_print ("\n\n%s\n\n", summary);
  for (const HeadroomCommand *c = table; c->name != NULL; c++)
    width = MAX (width, (int) strlen (c->name));
  for (const HeadroomCommand *c = table; c->name != NULL; c++)
    g_print ("  %-*s  %s\n", width, c->name, _(c->summary));
  g_print ("\n");
  g_print (_("“%s COMMAND --help” says more about a command."), prefix);
  g_print ("\n");
}

static gboolean
is_help (const char *word)
{
  return g_str_equal (word, "--help") || g_str_equal (word, "-h") || g_str_equal (word, "help");
}

int
headroom_cli_dispatch (const HeadroomCommand *table, const char *prefix, const char *summary,
                       int argc, char **argv)
{
  if (argc < 2) {
    print_help (table, prefix, summary);
    return HEADROOM_EXIT_USAGE;
  }
  if (is_help (argv[1])) {
    print_help (table, prefix, summary);
    return HEADROOM_EXIT_OK;
  }
  for (const HeadroomCommand *c = table; c->name != NULL; c++) {
    if (g_str_equal (argv[1], c->name)) {
      g_autofree char *name = g_strdup_printf ("%s %s", prefix, c->name);
      g_set_prgname (name);
      return c->run (argc - 1, argv + 1);
    }
  }
  headroom_cli_complain (_("“%s” is not a command; “%s --help” lists them"), argv[1], prefix);
  return HEADROOM_EXIT_USAGE;
}

int
headroom_cli_main (int argc, char **argv)
{
  char *version[] = { (char *) "version", NULL };

  if (argc == 2 && (g_str_equal (argv[1], "--version") || g_str_equal (argv[1], "-v")))
    return headroom_cmd_version (1, version);
  return headroom_cli_dispatch (
      commands, "headroom", _("Runs language models on this computer, and shows what they cost."),
      argc, argv);
}
