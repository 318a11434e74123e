/* cli-run.c: see cli-run.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cli-run.h"

#include "tiny-model.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>

#define REAL_MODEL "SmolLM2-135M-Instruct.Q4_1.gguf"

static char *home;
static char *tiny;
static char *real;

static void
remove_home (void)
{
  g_autofree char *quoted = g_shell_quote (home);
  g_autofree char *command = g_strdup_printf ("rm -rf %s", quoted);

  if (g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL))
    g_clear_pointer (&home, g_free);
  g_free (tiny);
  g_free (real);
}

static void
set_folder (const char *variable, const char *name, int mode)
{
  g_autofree char *path = g_build_filename (home, name, NULL);

  g_assert_no_errno (g_mkdir (path, mode));
  g_setenv (variable, path, TRUE);
}

void
cli_init (int *argc, char ***argv)
{
  static const char *const foreign[] = { "HEADROOM_MODELS",   "OLLAMA_MODELS",
                                         "HEADROOM_HOST",     "OLLAMA_HOST",
                                         "HEADROOM_CPU",      "OLLAMA_CONTEXT_LENGTH",
                                         "OLLAMA_KEEP_ALIVE", NULL };
  g_autoptr (GError) error = NULL;

  g_test_init (argc, argv, NULL);
  real = g_strdup (g_getenv ("HEADROOM_TEST_MODEL"));
  if (real == NULL)
    real = g_build_filename (g_get_user_data_dir (), "headroom", "models", REAL_MODEL, NULL);
  home = g_dir_make_tmp ("headroom-cli-XXXXXX", &error);
  g_assert_no_error (error);
  atexit (remove_home);
  g_setenv ("HOME", home, TRUE);
  set_folder ("XDG_DATA_HOME", "data", 0700);
  set_folder ("XDG_CONFIG_HOME", "config", 0700);
  set_folder ("XDG_CACHE_HOME", "cache", 0700);
  set_folder ("XDG_STATE_HOME", "state", 0700);
  set_folder ("XDG_RUNTIME_DIR", "run", 0700);
  g_setenv ("LC_ALL", "C.UTF-8", TRUE);
  g_setenv ("HEADROOM_MEASURE", "0", TRUE);
  g_unsetenv ("LANGUAGE");
  for (guint i = 0; foreign[i] != NULL; i++)
    g_unsetenv (foreign[i]);
}

char *
cli_path (const char *name)
{
  return g_build_filename (home, name, NULL);
}

char *
cli_write_file (const char *name, const char *data, gssize len)
{
  char *path = cli_path (name);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, data, len, &error);
  g_assert_no_error (error);
  return path;
}

const char *
cli_tiny_model (void)
{
  if (tiny == NULL) {
    tiny = cli_path ("tiny.gguf");
    tiny_model_write (&tiny_model_default, tiny);
  }
  return tiny;
}

const char *
cli_real_model (void)
{
  if (g_file_test (real, G_FILE_TEST_IS_REGULAR))
    return real;
  g_test_skip ("the chat model is not here: ./dev run gets it, HEADROOM_TEST_MODEL names it");
  return NULL;
}

void
cli_result_free (CliResult *result)
{
  g_free (result->out);
  g_free (result->err);
  g_free (result);
}

static GPtrArray *
new_arguments (const char *first, va_list rest)
{
  GPtrArray *words = g_ptr_array_new ();

  g_ptr_array_add (words, (gpointer) g_getenv ("HEADROOM_PROGRAM"));
  g_assert_nonnull (words->pdata[0]);
  for (const char *word = first; word != NULL; word = va_arg (rest, const char *))
    g_ptr_array_add (words, (gpointer) word);
  g_ptr_array_add (words, NULL);
  return words;
}

/* Runs in the child: it ends with the test program, also where that is killed or aborts. */
static void
die_with_parent (gpointer data)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

static GSubprocess *
spawn (GPtrArray *words)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (
      G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  g_autoptr (GError) error = NULL;
  GSubprocess *process;

  g_subprocess_launcher_set_child_setup (launcher, die_with_parent, NULL, NULL);
  process =
      g_subprocess_launcher_spawnv (launcher, (const char *const *) words->pdata, &error);
  g_assert_no_error (error);
  return process;
}

static char *
dup_text (GBytes *bytes)
{
  gsize len = bytes != NULL ? g_bytes_get_size (bytes) : 0;

  return len > 0 ? g_strndup (g_bytes_get_data (bytes, NULL), len) : g_strdup ("");
}

CliResult *
cli_run_with_input (const char *input, ...)
{
  g_autoptr (GPtrArray) words = NULL;
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GBytes) bytes =
      g_bytes_new_static (input != NULL ? input : "", input != NULL ? strlen (input) : 0);
  g_autoptr (GBytes) out = NULL;
  g_autoptr (GBytes) err = NULL;
  CliResult *result = g_new0 (CliResult, 1);
  va_list args;

  va_start (args, input);
  words = new_arguments (va_arg (args, const char *), args);
  va_end (args);
  process = spawn (words);
  /* It may end without reading its input: that is no error of ours. */
  g_subprocess_communicate (process, bytes, NULL, &out, &err, NULL);
  g_subprocess_wait (process, NULL, NULL);
  result->status =
      g_subprocess_get_if_exited (process) ? g_subprocess_get_exit_status (process) : -1;
  result->out = dup_text (out);
  result->err = dup_text (err);
  return result;
}

GSubprocess *
cli_start (const char *first, ...)
{
  g_autoptr (GPtrArray) words = NULL;
  va_list args;

  va_start (args, first);
  words = new_arguments (first, args);
  va_end (args);
  return spawn (words);
}
