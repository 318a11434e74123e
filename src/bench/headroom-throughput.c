/* headroom-throughput.c: see headroom-throughput.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-throughput.h"

#include "headroom-ask.h"
#include "headroom-json.h"
#include "headroom-summary.h"

#define KNEE_SHARE 0.8
/* A server that refuses at once would be asked without end. */
#define MAX_ERRORS_PER_WORKER 3

typedef struct {
  HeadroomClient *client;
  const HeadroomThroughputOptions *options;
  GCancellable *over; /* of the level: what still runs is cut off */
  gint64 deadline_us;
  guint n_workers, n_busy, n_errors, n_requests, next_number;
  gint64 n_tokens;
  GArray *latency; /* double, ms */
  char *first_error;
} Level;

static void ask_next (Level *level);

static void
on_asked (const HeadroomAsked *asked, gpointer data)
{
  Level *level = data;
  gboolean cut = g_error_matches (asked->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  level->n_busy--;
  if (asked->error != NULL && !cut) {
    level->n_errors++;
    if (level->first_error == NULL)
      level->first_error = g_strdup (asked->error->message);
  } else if (cut) {
    level->n_tokens += asked->n_lines;
  } else {
    double ms = (double) (asked->end_us - asked->begin_us) / 1e3;
    g_array_append_val (level->latency, ms);
    level->n_tokens += asked->n_tokens >= 0 ? asked->n_tokens : asked->n_lines;
    level->n_requests++;
  }
  if (!cut && g_get_monotonic_time () < level->deadline_us &&
      level->n_errors < MAX_ERRORS_PER_WORKER * level->n_workers)
    ask_next (level);
}

static void
ask_next (Level *level)
{
  g_autofree char *prompt = headroom_ask_prompt (level->next_number++, level->options->n_words);
  HeadroomQuestion question = { level->options->model, prompt, level->options->num_predict, 0 };

  level->n_busy++;
  headroom_ask (level->client, &question, level->over, on_asked, level);
}

static gboolean
on_time_over (gpointer data)
{
  g_cancellable_cancel (data);
  return G_SOURCE_REMOVE;
}

static void
on_cancelled (GCancellable *cancellable, gpointer over)
{
  g_cancellable_cancel (over);
}

static void
run_level (Level *level, GCancellable *cancellable)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();
  g_autoptr (GSource) timer = g_timeout_source_new ((guint) (level->options->seconds * 1e3));
  gulong handler = cancellable != NULL ? g_cancellable_connect (cancellable,
                                                                G_CALLBACK (on_cancelled),
                                                                level->over, NULL)
                                       : 0;

  g_source_set_callback (timer, on_time_over, level->over, NULL);
  g_source_attach (timer, context);
  level->deadline_us =
      g_get_monotonic_time () + (gint64) (level->options->seconds * G_USEC_PER_SEC);
  for (guint i = 0; i < level->n_workers; i++)
    ask_next (level);
  while (level->n_busy > 0)
    g_main_context_iteration (context, TRUE);
  g_source_destroy (timer);
  g_cancellable_disconnect (cancellable, handler);
}

static HrValue *
level_to_value (const Level *level, double seconds, double rate)
{
  HrValue *dict = hr_value_new_dict ();

  headroom_json_set_int (dict, "workers", level->n_workers);
  headroom_json_set_int (dict, "requests", level->n_requests);
  headroom_json_set_int (dict, "errors", level->n_errors);
  if (level->first_error != NULL)
    headroom_json_set_string (dict, "error", level->first_error);
  headroom_json_set_float (dict, "seconds", seconds);
  headroom_json_set_int (dict, "total_tokens", level->n_tokens);
  headroom_json_set_float (dict, "tokens_per_sec", rate);
  hr_value_set (dict, "latency",
                headroom_summary_to_value (level->latency, "ms", HEADROOM_BETTER_LOWER));
  return dict;
}

/* Appends what so many workers got to the report's levels; returns their tokens per second, or a
 * negative number where requests failed and none was answered: more workers fare no better. */
static double
measure_level (HeadroomClient *client, const HeadroomThroughputOptions *options, guint32 n_workers,
               HrValue *report, GCancellable *cancellable)
{
  Level level = { .client = client,
                  .options = options,
                  .over = g_cancellable_new (),
                  .n_workers = n_workers,
                  .next_number = g_random_int (),
                  .latency = g_array_new (FALSE, FALSE, sizeof (double)) };
  gint64 begin = g_get_monotonic_time ();
  double seconds, rate;

  run_level (&level, cancellable);
  seconds = (double) (g_get_monotonic_time () - begin) / 1e6;
  rate = (double) level.n_tokens / MAX (seconds, 1e-6);
  hr_value_append (hr_value_lookup (report, "levels"), level_to_value (&level, seconds, rate));
  if (level.first_error != NULL)
    headroom_json_set_string (report, "error", level.first_error);
  if (level.n_errors > 0 && level.n_tokens == 0)
    rate = -1;
  g_object_unref (level.over);
  g_array_unref (level.latency);
  g_free (level.first_error);
  return rate;
}

gsize
headroom_throughput_knee (const double *rates, gsize n)
{
  double best = 0;
  gsize knee = 0;

  for (gsize i = 0; i < n; i++)
    best = MAX (best, rates[i]);
  while (rates[knee] < KNEE_SHARE * best)
    knee++;
  return knee;
}

static HrValue *
new_report (const HeadroomThroughputOptions *options)
{
  HrValue *dict = hr_value_new_dict ();

  headroom_json_set_string (dict, "model", options->model);
  headroom_json_set_float (dict, "seconds", options->seconds);
  headroom_json_set_int (dict, "words", options->n_words);
  headroom_json_set_int (dict, "num_predict", options->num_predict);
  return dict;
}

HrValue *
headroom_throughput_measure (HeadroomClient *client, const HeadroomThroughputOptions *options,
                             HeadroomBenchProgressFunc progress, gpointer data,
                             GCancellable *cancellable, GError **error)
{
  g_autofree double *rates = g_new0 (double, options->n_levels);
  g_autoptr (HrValue) report = new_report (options);
  gsize n = 0;

  hr_value_set (report, "levels", hr_value_new_list ());
  if (!headroom_ask_load (client, options->model, -1, cancellable, error))
    return NULL;
  for (double rate = 0; n < options->n_levels && rate >= 0 &&
                        !g_cancellable_is_cancelled (cancellable);) {
    rate = measure_level (client, options, options->workers[n], report, cancellable);
    rates[n++] = MAX (rate, 0);
    if (progress != NULL)
      progress ((guint) n, (guint) options->n_levels, data);
  }
  headroom_json_set_bool (report, "complete",
                          !g_cancellable_is_cancelled (cancellable) &&
                              hr_value_lookup (report, "error") == NULL);
  if (n > 0)
    headroom_json_set_int (report, "knee",
                           options->workers[headroom_throughput_knee (rates, n)]);
  return g_steal_pointer (&report);
}
