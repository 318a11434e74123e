/* test-cli-chat.c: run, serve, ps and stop: one prompt, a server that others use, a model that
 * leaves memory.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Conversations with line editing need a terminal: test-cli-terminal.py.
 */
#include "cli-run.h"

#include <signal.h>
#include <string.h>

/* A made-up model says random letters; greedy, so always the same ones. */
#define SHORT "-o", "num_predict=12", "-o", "temperature=0"

static void
test_prompt (void)
{
  g_autoptr (CliResult) first = cli_run ("run", cli_tiny_model (), SHORT, "Hello");
  g_autoptr (CliResult) second = cli_run ("run", cli_tiny_model (), SHORT, "Hello");
  g_autoptr (CliResult) piped = cli_run_with_input ("Hello", "run", cli_tiny_model (), SHORT, NULL);

  cli_assert_status (first, 0);
  g_assert_cmpuint (strlen (first->out), >, 1);
  g_assert_true (g_str_has_suffix (first->out, "\n"));
  g_assert_true (g_utf8_validate (first->out, -1, NULL));
  g_assert_cmpstr (first->out, ==, second->out);
  g_assert_cmpstr (first->out, ==, piped->out);
  cli_assert_contains (first->err, "the answer was cut");
}

static void
test_verbose (void)
{
  g_autoptr (CliResult) result = cli_run ("run", "--verbose", cli_tiny_model (), SHORT, "Hello");

  cli_assert_status (result, 0);
  cli_assert_contains (result->err, "prompt eval count:");
  cli_assert_contains (result->err, "eval count:            12 token(s)");
  cli_assert_contains (result->err, "ctx-size=");
  g_assert_null (strstr (result->out, "eval"));
}

static void
test_no_prompt (void)
{
  g_autoptr (CliResult) result = cli_run ("run", cli_tiny_model ());

  cli_assert_status (result, 2);
  cli_assert_contains (result->err, "standard input is empty");
}

typedef struct {
  const char *option;
  int status;
  const char *complaint;
} BadOption;

static const BadOption bad_options[] = {
  { "num_ctx", 2, "NAME=VALUE" },
  { "warmth=1", 2, "warmth" },
  { "num_ctx=many", 2, "many" },
  { "num_ctx=-1", 1, "num_ctx" },
  { "num_ctx=99999999999999999999", 2, "99999999999999999999" },
  { "temperature=warm", 2, "warm" },
};

static void
test_bad_option (gconstpointer data)
{
  const BadOption *bad = data;
  g_autoptr (CliResult) result = cli_run ("run", cli_tiny_model (), "-o", bad->option, "Hello");

  cli_assert_status (result, bad->status);
  g_assert_cmpstr (result->out, ==, "");
  cli_assert_contains (result->err, bad->complaint);
}

static void
test_missing_model (void)
{
  g_autoptr (CliResult) file = cli_run ("run", "./nothing.gguf", "Hello");
  g_autoptr (CliResult) name = cli_run ("run", "nobody", "Hello");

  cli_assert_status (file, 1);
  cli_assert_contains (file->err, "nothing.gguf");
  cli_assert_status (name, 1);
  cli_assert_contains (name->err, "'nobody' not found");
}

/* More than the context holds: the answer is refused or the loss is told, never neither. */
static void
test_long_prompt (void)
{
  g_autofree char *prompt = g_strnfill (3000, 'a');
  g_autoptr (CliResult) result =
      cli_run ("run", cli_tiny_model (), "-o", "num_ctx=256", "-o", "num_predict=2", prompt);

  cli_assert_status (result, 1);
  cli_assert_contains (result->err, "context length");
}

static void
test_ps_without_server (void)
{
  g_autoptr (CliResult) result = cli_run ("ps");
  g_autoptr (CliResult) json = cli_run ("ps", "--json");

  cli_assert_status (result, 0);
  g_assert_true (g_str_has_prefix (result->out, "NAME"));
  cli_assert_contains (result->err, "no server");
  g_assert_cmpstr (json->out, ==, "{\"models\":[]}\n");
}

/* ---- A server ---- */

static GSubprocess *
start_server (char **ret_line)
{
  GSubprocess *server = cli_start ("serve", "--host", "127.0.0.1:0", NULL);
  g_autoptr (GDataInputStream) err =
      g_data_input_stream_new (g_subprocess_get_stderr_pipe (server));
  g_autoptr (GError) error = NULL;

  *ret_line = g_data_input_stream_read_line_utf8 (err, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (*ret_line);
  cli_assert_contains (*ret_line, "http://127.0.0.1:");
  /* The rest of the log must not fill the pipe. */
  g_filter_input_stream_set_close_base_stream (G_FILTER_INPUT_STREAM (err), FALSE);
  return server;
}

/* A variable that some guides give and nobody reads: the log says what to set instead. */
static void
test_num_batch_warning (void)
{
  g_autoptr (GSubprocess) server = NULL;
  g_autoptr (GDataInputStream) err = NULL;
  g_autoptr (GString) log = g_string_new (NULL);

  g_setenv ("OLLAMA_NUM_BATCH", "64", TRUE);
  server = cli_start ("serve", "--host", "127.0.0.1:0", NULL);
  g_unsetenv ("OLLAMA_NUM_BATCH");
  err = g_data_input_stream_new (g_subprocess_get_stderr_pipe (server));
  while (strstr (log->str, "http://127.0.0.1:") == NULL) {
    g_autofree char *line = g_data_input_stream_read_line_utf8 (err, NULL, NULL, NULL);
    g_assert_nonnull (line);
    g_string_append_printf (log, "%s\n", line);
  }
  cli_assert_contains (log->str, "OLLAMA_NUM_BATCH has no effect");
  cli_assert_contains (log->str, "set OLLAMA_NUM_PARALLEL");
  g_subprocess_send_signal (server, SIGTERM);
  g_assert_true (g_subprocess_wait (server, NULL, NULL));
}

#define ORPHAN "HEADROOM_TEST_ORPHAN" /* the file that a child of the test notes its server in */

static gboolean
is_running (const char *pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%s/stat", pid);
  g_autofree char *text = NULL;

  return g_file_get_contents (path, &text, NULL, NULL) && strstr (text, ") Z ") == NULL;
}

/* A test that aborts takes its server with it. */
static void
test_no_orphans (void)
{
  g_autofree char *path = cli_path ("orphan");
  g_autofree char *folder = cli_path ("run");
  g_autofree char *pid = NULL;

  if (g_test_subprocess ()) {
    g_autofree char *line = NULL;
    GSubprocess *server = start_server (&line);

    g_file_set_contents (g_getenv (ORPHAN), g_subprocess_get_identifier (server), -1, NULL);
    raise (SIGKILL);
  }
  g_setenv (ORPHAN, path, TRUE);
  g_setenv ("TMPDIR", folder, TRUE);
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_unsetenv ("TMPDIR");
  g_test_trap_assert_failed ();
  g_assert_true (g_file_get_contents (path, &pid, NULL, NULL));
  while (is_running (pid))
    g_usleep (10 * G_TIME_SPAN_MILLISECOND);
}

static void
stop_server (GSubprocess *server)
{
  g_subprocess_send_signal (server, SIGTERM);
  g_assert_true (g_subprocess_wait (server, NULL, NULL));
  g_assert_true (g_subprocess_get_if_exited (server));
  g_assert_cmpint (g_subprocess_get_exit_status (server), ==, 0);
}

/* What one program loads, the others see; what is stopped is gone. */
static void
test_server (void)
{
  g_autofree char *line = NULL;
  g_autoptr (GSubprocess) server = start_server (&line);
  g_autoptr (CliResult) answer = cli_run ("run", cli_tiny_model (), SHORT, "Hello");
  g_autoptr (CliResult) loaded = cli_run ("ps");
  g_autoptr (CliResult) second = cli_run ("serve", "--host", "127.0.0.1:0");
  g_autoptr (CliResult) stopped = cli_run ("stop", cli_tiny_model ());
  g_autoptr (CliResult) unloaded = cli_run ("ps", "--json");

  cli_assert_status (answer, 0);
  cli_assert_status (loaded, 0);
  cli_assert_contains (loaded->out, "tiny");
  cli_assert_contains (loaded->out, "100% CPU");
  cli_assert_contains (loaded->out, "from now");
  cli_assert_status (second, 1);
  cli_assert_contains (second->err, "serves this store already");
  cli_assert_status (stopped, 0);
  g_assert_true (g_str_has_prefix (unloaded->out, "{\"models\":[],"));
  stop_server (server);
}

static void
test_bad_host (void)
{
  g_autoptr (CliResult) result = cli_run ("serve", "--host", "not a host:x");

  cli_assert_status (result, 1);
  cli_assert_contains (result->err, "not a host");
}

static void
test_port_taken (void)
{
  g_autofree char *line = NULL;
  g_autoptr (GSubprocess) server = start_server (&line);
  g_autofree char *host = g_strdup (strstr (line, "127.0.0.1:"));
  g_autofree char *other = cli_path ("other-store");
  g_autoptr (CliResult) result = NULL;

  g_setenv ("HEADROOM_MODELS", other, TRUE);
  result = cli_run ("serve", "--host", g_strchomp (host));
  g_unsetenv ("HEADROOM_MODELS");
  cli_assert_status (result, 1);
  cli_assert_contains (result->err, "is taken by");
  stop_server (server);
}

/* Ctrl+C stops an answer in the middle; what had come stays. A made-up model would be too fast for
 * that. */
static void
test_interrupt (void)
{
  const char *model = cli_real_model ();
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GDataInputStream) out = NULL;
  g_autoptr (GError) error = NULL;

  if (model == NULL)
    return;
  process = cli_start ("run", model, "-o", "temperature=0", "Count from one to a thousand.", NULL);
  out = g_data_input_stream_new (g_subprocess_get_stdout_pipe (process));
  g_assert_true (g_output_stream_close (g_subprocess_get_stdin_pipe (process), NULL, NULL));
  g_data_input_stream_read_byte (out, NULL, &error);
  g_assert_no_error (error);
  g_subprocess_send_signal (process, SIGINT);
  g_assert_true (g_subprocess_wait (process, NULL, NULL));
  g_assert_true (g_subprocess_get_if_exited (process));
  g_assert_cmpint (g_subprocess_get_exit_status (process), ==, 130);
}

int
main (int argc, char **argv)
{
  cli_init (&argc, &argv);
  g_test_add_func ("/cli/serve/num-batch-warning", test_num_batch_warning);
  g_test_add_func ("/cli/run/prompt", test_prompt);
  g_test_add_func ("/cli/run/verbose", test_verbose);
  g_test_add_func ("/cli/run/no-prompt", test_no_prompt);
  g_test_add_func ("/cli/run/missing-model", test_missing_model);
  g_test_add_func ("/cli/run/long-prompt", test_long_prompt);
  g_test_add_func ("/cli/run/interrupt", test_interrupt);
  g_test_add_func ("/cli/ps/without-server", test_ps_without_server);
  g_test_add_func ("/cli/serve/shared", test_server);
  g_test_add_func ("/cli/serve/no-orphans", test_no_orphans);
  g_test_add_func ("/cli/serve/bad-host", test_bad_host);
  g_test_add_func ("/cli/serve/port-taken", test_port_taken);
  for (gsize i = 0; i < G_N_ELEMENTS (bad_options); i++) {
    g_autofree char *path = g_strdup_printf ("/cli/run/bad-option/%s", bad_options[i].option);
    g_test_add_data_func (path, &bad_options[i], test_bad_option);
  }
  return g_test_run ();
}
