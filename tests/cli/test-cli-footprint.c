/* test-cli-footprint.c: what the system sees of the terminal program with a model in memory is its
 * weights and what of the rest is in use.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cli-run.h"

#include "headroom-json.h"

#include <math.h>

/* The program itself: its code and its libraries' (some 8 MiB where nobody else has them in memory,
 * next to nothing on a desktop), heap and stacks. */
#define SLACK_BYTES (8.0 * 1024 * 1024)
/* Of that, what a model adds. */
#define ADDED_BYTES (4.0 * 1024 * 1024)
#define SLACK_SHARE 0.02
#define MIB (1024.0 * 1024)
/* Words of a long prompt, a token or more each. */
#define N_WORDS 300

typedef struct {
  const char *num_ctx, *parallel, *kv_type;
  const char *resized_ctx, *resized_type;
} Case;

static double
seen_bytes (GSubprocess *server)
{
  g_autofree char *path =
      g_strdup_printf ("/proc/%s/smaps_rollup", g_subprocess_get_identifier (server));
  g_autofree char *text = NULL;
  const char *line;

  if (!g_file_get_contents (path, &text, NULL, NULL) || (line = strstr (text, "\nPss:")) == NULL)
    return 0;
  return g_ascii_strtod (line + strlen ("\nPss:"), NULL) * 1024;
}

static double
number (HrValue *memory, const char *name)
{
  return (double) headroom_json_get_int (memory, name, -1);
}

/* The answer that was waited for may have come before the last step was written down. */
static HrValue *
ask_ps (void)
{
  g_autoptr (CliResult) ps = cli_run ("ps", "--json");
  g_autoptr (GError) error = NULL;
  HrValue *answer;

  cli_assert_status (ps, 0);
  answer = headroom_json_parse (ps->out, -1, FALSE, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (hr_value_size (hr_value_lookup (answer, "models")), ==, 1);
  return answer;
}

static void
assert_seen (GSubprocess *server, double idle, const char *when, double *ret_in_use)
{
  g_autoptr (HrValue) answer = ask_ps ();
  HrValue *memory = hr_value_lookup (answer, "memory");
  double in_use = number (memory, "in_use"), seen = seen_bytes (server);

  g_test_message ("%s: in use %.1f MiB, the system sees %.1f MiB, %+.1f, of which the program %.1f",
                  when, in_use / MIB, seen / MIB, (seen - in_use) / MIB, idle / MIB);
  g_assert_cmpfloat (number (memory, "planned"), ==, number (memory, "allocated"));
  g_assert_cmpfloat (in_use, ==,
                     number (memory, "allocated") - number (memory, "unfilled_cache") -
                         number (memory, "untouched_buffers"));
  g_assert_cmpfloat (number (memory, "program"), ==, number (memory, "seen_by_system") - in_use);
  g_assert_cmpfloat (fabs (seen - number (memory, "seen_by_system")), <=, SLACK_BYTES / 4);
  g_assert_cmpfloat (fabs (seen - in_use), <=, in_use * SLACK_SHARE + SLACK_BYTES);
  g_assert_cmpfloat (fabs (seen - idle - in_use), <=, in_use * SLACK_SHARE + ADDED_BYTES);
  *ret_in_use = in_use;
}

static char *
dup_long_prompt (void)
{
  GString *prompt = g_string_new ("Count:");

  for (int i = 0; i < N_WORDS; i++)
    g_string_append_printf (prompt, " w%d", i % 10);
  return g_string_free (prompt, FALSE);
}

static GSubprocess *
start_server (const Case *c)
{
  g_autoptr (GDataInputStream) err = NULL;
  g_autofree char *line = NULL;
  GSubprocess *server;

  g_setenv ("HEADROOM_CONTEXT_LENGTH", c->num_ctx, TRUE);
  g_setenv ("HEADROOM_NUM_PARALLEL", c->parallel, TRUE);
  g_setenv ("HEADROOM_KV_CACHE_TYPE", c->kv_type, TRUE);
  server = cli_start ("serve", "--host", "127.0.0.1:0", NULL);
  g_unsetenv ("HEADROOM_CONTEXT_LENGTH");
  g_unsetenv ("HEADROOM_NUM_PARALLEL");
  g_unsetenv ("HEADROOM_KV_CACHE_TYPE");
  err = g_data_input_stream_new (g_subprocess_get_stderr_pipe (server));
  line = g_data_input_stream_read_line_utf8 (err, NULL, NULL, NULL);
  g_assert_nonnull (line);
  g_filter_input_stream_set_close_base_stream (G_FILTER_INPUT_STREAM (err), FALSE);
  return server;
}

static void
ask (const char *model, const char *prompt)
{
  g_autoptr (CliResult) answer =
      cli_run ("run", "-o", "num_predict=2", "--keepalive", "-1", model, prompt);

  cli_assert_status (answer, 0);
}

static void
resize (const char *model, const Case *c)
{
  g_autoptr (CliResult) resized =
      cli_run ("resize", model, "--num-ctx", c->resized_ctx, "--kv-type", c->resized_type);

  cli_assert_status (resized, 0);
}

/* Loaded, with a long prompt in its cache, and with another cache. */
static void
test_footprint (gconstpointer data)
{
  const char *model = cli_real_model ();
  g_autoptr (GSubprocess) server = NULL;
  g_autofree char *prompt = dup_long_prompt ();
  double idle, loaded, filled, resized;

#ifdef __SANITIZE_ADDRESS__
  g_test_skip ("a sanitizer has memory of its own");
  return;
#endif
  if (model == NULL)
    return;
  server = start_server (data);
  if ((idle = seen_bytes (server)) == 0) {
    g_test_skip ("the system does not tell of /proc/PID/smaps_rollup");
  } else {
    ask (model, "Hello");
    assert_seen (server, idle, "after a short prompt", &loaded);
    ask (model, prompt);
    assert_seen (server, idle, "after a long one", &filled);
    resize (model, data);
    assert_seen (server, idle, "with another cache", &resized);
    g_assert_cmpfloat (filled, >, loaded);
    g_assert_cmpfloat (resized, >, loaded);
  }
  g_subprocess_send_signal (server, SIGTERM);
  g_assert_true (g_subprocess_wait (server, NULL, NULL));
}

int
main (int argc, char **argv)
{
  static const Case cases[] = {
    { "4096", "1", "f16", "8192", "f32" },
    { "2048", "4", "f32", "1024", "q8_0" },
    { "8192", "2", "q8_0", "8192", "q4_0" },
  };

  cli_init (&argc, &argv);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *path = g_strdup_printf ("/cli/footprint/%s-x-%s-%s", cases[i].num_ctx,
                                             cases[i].parallel, cases[i].kv_type);
    g_test_add_data_func (path, &cases[i], test_footprint);
  }
  return g_test_run ();
}
