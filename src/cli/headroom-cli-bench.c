/* headroom-cli-bench.c: see headroom-cli-bench.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cli-bench.h"

#include "headroom-advice.h"
#include "headroom-json.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* ---- The server ---- */

static gboolean
on_interrupt (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return G_SOURCE_CONTINUE;
}

/* The server in this process tells of every load; whoever measures did not ask for a log. */
static GLogWriterOutput
write_problems (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  return level <= G_LOG_LEVEL_WARNING ? g_log_writer_default (level, fields, n_fields, data)
                                      : G_LOG_WRITER_HANDLED;
}

void
headroom_bench_watch_interrupt (HeadroomBench *bench)
{
  bench->cancellable = g_cancellable_new ();
  bench->interrupt = g_unix_signal_add (SIGINT, on_interrupt, bench->cancellable);
}

gboolean
headroom_bench_open (HeadroomBench *bench, const char *host, GError **error)
{
  g_log_set_writer_func (write_problems, NULL, NULL);
  if (host == NULL) {
    bench->session = headroom_session_open (NULL, HEADROOM_SESSION_PLAIN, error);
    if (bench->session == NULL)
      return FALSE;
    bench->client = g_object_ref (headroom_session_get_client (bench->session));
  } else if (g_uri_is_valid (host, G_URI_FLAGS_NONE, error)) {
    bench->client = headroom_client_new_for_uri (host);
  } else {
    g_prefix_error (error, _("--host takes an address such as http://127.0.0.1:11434: "));
    return FALSE;
  }
  headroom_bench_watch_interrupt (bench);
  return TRUE;
}

void
headroom_bench_close (HeadroomBench *bench)
{
  g_clear_handle_id (&bench->interrupt, g_source_remove);
  g_clear_object (&bench->cancellable);
  g_clear_object (&bench->client);
  g_clear_object (&bench->session);
}

/* ---- Work ---- */

typedef struct {
  GThreadFunc func;
  gpointer data;
  gint done; /* atomic */
} Work;

static gpointer
do_work (gpointer data)
{
  Work *work = data;
  gpointer result = work->func (work->data);

  g_atomic_int_set (&work->done, TRUE);
  g_main_context_wakeup (NULL);
  return result;
}

gpointer
headroom_bench_work (GThreadFunc func, gpointer data)
{
  Work work = { .func = func, .data = data };
  GThread *thread = g_thread_new ("bench", do_work, &work);

  while (!g_atomic_int_get (&work.done))
    g_main_context_iteration (NULL, TRUE);
  return g_thread_join (thread);
}

static void
on_progress (HeadroomBenchJob *job, const char *part, guint done, guint total, gpointer data)
{
  headroom_bench_progress (done, total, (gpointer) part);
}

HeadroomBenchJob *
headroom_bench_start (HeadroomBench *bench, HeadroomBenchJobFunc func, gpointer take_data,
                      GDestroyNotify destroy)
{
  HeadroomBenchJob *job = headroom_bench_job_new (bench->client, bench->cancellable);

  g_signal_connect (job, "progress", G_CALLBACK (on_progress), NULL);
  headroom_bench_job_start (job, func, take_data, destroy);
  return job;
}

/* ---- Words ---- */

void
headroom_bench_progress (guint done, guint total, gpointer label)
{
  if (!isatty (STDERR_FILENO))
    return;
  fprintf (stderr, "\r%s %u/%u%s", (const char *) label, done, total, done == total ? "\n" : "");
  fflush (stderr);
}

GArray *
headroom_bench_parse_counts (const char *option, const char *text, guint64 min, guint64 max,
                             GError **error)
{
  g_auto (GStrv) words = g_strsplit (text, ",", -1);
  g_autoptr (GArray) counts = g_array_new (FALSE, FALSE, sizeof (guint32));

  for (guint i = 0; words[i] != NULL; i++) {
    guint64 count;
    guint32 value;
    if (!g_ascii_string_to_unsigned (words[i], 10, min, max, &count, NULL)) {
      g_set_error (error, HR_ERROR, HR_ERROR_SETTINGS,
                   _("%s takes numbers from %" PRIu64 " to %" PRIu64
                      " with commas between, not “%s”"),
                   option, min, max, text);
      return NULL;
    }
    value = (guint32) count;
    g_array_append_val (counts, value);
  }
  return g_steal_pointer (&counts);
}

gboolean
headroom_bench_check (const char *option, double value, double min, double max, GError **error)
{
  if (value >= min && value <= max)
    return TRUE;
  g_set_error (error, HR_ERROR, HR_ERROR_SETTINGS, _("%s takes a number from %g to %g, not %g"),
               option, min, max, value);
  return FALSE;
}

int
headroom_bench_exit_status (const HeadroomBench *bench, const HrValue *report)
{
  const char *error = headroom_json_get_string (report, "error");

  if (g_cancellable_is_cancelled (bench->cancellable)) {
    headroom_cli_complain (_("stopped; what was measured until then is above"));
    return HEADROOM_EXIT_INTERRUPTED;
  }
  if (headroom_json_get_bool (report, "complete", TRUE))
    return HEADROOM_EXIT_OK;
  headroom_cli_complain (_("not complete: %s"), error != NULL ? error : _("some requests failed"));
  return HEADROOM_EXIT_FAILURE;
}

int
headroom_bench_tell (const HeadroomBench *bench, const HrValue *report, gboolean json,
                     void (*print) (const HrValue *report))
{
  if (json)
    headroom_cli_print_json (report, FALSE);
  else
    print (report);
  return headroom_bench_exit_status (bench, report);
}

static gboolean
is_unsupported (const HrValue *summary, const char *key)
{
  HrValue *list = hr_value_lookup (summary, "unsupported");

  for (gsize i = 0; i < hr_value_size (list); i++)
    if (g_str_equal (hr_value_get_string (hr_value_at (list, i), NULL), key))
      return TRUE;
  return FALSE;
}

char *
headroom_bench_dup_summary (const HrValue *summary, const char *unit)
{
  static const char *const names[] = { "avg", "p50", "p95", "p99", "min", "max" };
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *key = g_strdup_printf ("%s_%s", names[i], unit);
    HrValue *value = hr_value_lookup (summary, key);
    if (text->len > 0)
      g_string_append (text, "  ");
    if (value == NULL || is_unsupported (summary, key))
      g_string_append_printf (text, "%s       –", names[i]);
    else
      g_string_append_printf (text, "%s %7.1f", names[i], hr_value_get_float (value));
  }
  g_string_append_printf (text, "  %s", unit);
  return g_string_free (text, FALSE);
}

void
headroom_bench_print_advice (const char *key, HrValue *take_part)
{
  g_autoptr (HrValue) entry = hr_value_new_dict ();
  g_autoptr (GPtrArray) advice = NULL;

  hr_value_set (entry, key, take_part);
  advice = headroom_advice_new (entry);
  for (guint i = 0; i < advice->len; i++)
    printf ("%s\n", (const char *) advice->pdata[i]);
}
