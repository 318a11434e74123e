/* test-cli-usage.c: help, arguments that make no sense, and exit statuses.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cli-run.h"

#include <string.h>

static const char *const commands[] = { "run",   "serve",      "list",  "ps",     "show",
                                        "plan",  "create",     "cp",    "rm",     "stop",
                                        "bench", "perplexity", "debug", "version" };

static void
test_help (void)
{
  g_autoptr (CliResult) result = cli_run ("--help");

  cli_assert_status (result, 0);
  g_assert_cmpstr (result->err, ==, "");
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++) {
    g_autoptr (CliResult) help = cli_run (commands[i], "--help");
    g_autofree char *line = g_strdup_printf ("  %s ", commands[i]);
    g_autofree char *usage = g_strdup_printf ("headroom %s", commands[i]);
    cli_assert_contains (result->out, line);
    cli_assert_status (help, 0);
    g_assert_cmpstr (help->err, ==, "");
    cli_assert_contains (help->out, usage);
  }
}

static void
test_help_of_tools (void)
{
  static const char *const tools[][2] = { { "debug", "tokenize" }, { "debug", "detokenize" },
                                          { "debug", "render" },   { "debug", "logits" },
                                          { "debug", "program" },  { "debug", "devices" },
                                          { "bench", "speed" },    { "bench", "machine" } };

  for (gsize i = 0; i < G_N_ELEMENTS (tools); i++) {
    g_autoptr (CliResult) help = cli_run (tools[i][0], tools[i][1], "--help");
    g_autofree char *usage = g_strdup_printf ("headroom %s %s", tools[i][0], tools[i][1]);
    cli_assert_status (help, 0);
    cli_assert_contains (help->out, usage);
  }
}

static void
test_version (void)
{
  g_autoptr (CliResult) command = cli_run ("version");
  g_autoptr (CliResult) option = cli_run ("--version");

  cli_assert_status (command, 0);
  g_assert_true (g_str_has_prefix (command->out, "headroom "));
  g_assert_cmpstr (command->out, ==, option->out);
}

typedef struct {
  const char *args[6];
  const char *complaint;
} Misuse;

/* Nothing is done and nothing is printed to stdout: the complaint says what is wrong. */
static const Misuse misuses[] = {
  { { "frobnicate" }, "“frobnicate” is not a command" },
  { { "debug", "frobnicate" }, "“frobnicate” is not a command" },
  { { "bench", "frobnicate" }, "“frobnicate” is not a command" },
  { { "plan" }, "too few arguments" },
  { { "plan", "a.gguf", "b.gguf" }, "too many arguments, from “b.gguf” on" },
  { { "plan", "--frobnicate", "a.gguf" }, "Unknown option --frobnicate" },
  { { "plan", "--num-ctx", "many", "a.gguf" }, "many" },
  { { "plan", "--num-ctx", "0", "a.gguf" }, "--num-ctx is 0; it can be 1 to" },
  { { "plan", "--num-ctx", "-5", "a.gguf" }, "--num-ctx is -5; it can be 1 to" },
  { { "plan", "--num-ctx", "99999999999", "a.gguf" }, "--num-ctx is 99999999999; it can be 1 to" },
  { { "plan", "--num-ctx", "99999999999999999999", "a.gguf" }, "99999999999999999999" },
  { { "plan", "--parallel", "0", "a.gguf" }, "--parallel is 0" },
  { { "plan", "--num-batch", "-1", "a.gguf" }, "--num-batch is -1" },
  { { "plan", "--reserve", "101", "a.gguf" }, "--reserve is 101; it can be 0 to 100" },
  { { "plan", "--kv-type", "q3", "a.gguf" }, "“q3” is not a cache type" },
  { { "bench", "speed" }, "--model" },
  { { "bench", "speed", "-m", "a.gguf", "-p", "1,x" }, "-p takes numbers" },
  { { "bench", "speed", "-m", "a.gguf", "-s", "1000" }, "-s takes numbers from 0 to 256" },
  { { "bench", "speed", "-m", "a.gguf", "-t", "0" }, "-t is 0" },
  { { "perplexity", "a.gguf" }, "too few arguments" },
  { { "perplexity", "a.gguf", "b", "--ctx", "0" }, "--ctx is 0" },
  { { "debug", "logits", "a.gguf" }, "either --prompt or --tokens" },
  { { "debug", "logits", "a.gguf", "--prompt", "x", "--tokens=1" }, "either --prompt or --tokens" },
  { { "debug", "logits", "a.gguf", "--prompt", "x", "--top=0" }, "--top is 0" },
  { { "show", "--system", "--license", "a.gguf" }, "only one of" },
  { { "create" }, "too few arguments" },
  { { "cp", "a" }, "too few arguments" },
};

static void
test_misuse (gconstpointer data)
{
  const Misuse *misuse = data;
  const char *const *a = misuse->args;
  g_autoptr (CliResult) result = cli_run (a[0], a[1], a[2], a[3], a[4], a[5]);

  cli_assert_status (result, 2);
  g_assert_cmpstr (result->out, ==, "");
  g_assert_true (g_str_has_prefix (result->err, "headroom: "));
  cli_assert_contains (result->err, misuse->complaint);
}

static void
test_nothing (void)
{
  g_autoptr (CliResult) result = cli_run_with_input (NULL, NULL);

  cli_assert_status (result, 2);
  cli_assert_contains (result->out, "Usage: headroom COMMAND");
}

static void
test_double_dash (void)
{
  g_autoptr (CliResult) result = cli_run ("plan", "--", "--no-such-file.gguf");

  cli_assert_status (result, 1);
  cli_assert_contains (result->err, "--no-such-file.gguf");
}

int
main (int argc, char **argv)
{
  cli_init (&argc, &argv);
  g_test_add_func ("/cli/usage/nothing", test_nothing);
  g_test_add_func ("/cli/usage/help", test_help);
  g_test_add_func ("/cli/usage/help-of-tools", test_help_of_tools);
  g_test_add_func ("/cli/usage/version", test_version);
  g_test_add_func ("/cli/usage/double-dash", test_double_dash);
  for (gsize i = 0; i < G_N_ELEMENTS (misuses); i++) {
    g_autofree char *words = g_strjoinv (" ", (char **) misuses[i].args);
    g_autofree char *path = g_strdup_printf ("/cli/misuse/%s", g_strdelimit (words, "/", '_'));
    g_test_add_data_func (path, &misuses[i], test_misuse);
  }
  return g_test_run ();
}
