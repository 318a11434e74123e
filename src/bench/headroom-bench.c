/* headroom-bench.c: how fast a loaded model reads and writes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-bench.h"

#include <gio/gio.h>
#include <glib/gi18n.h>

/* One stream's answer, told by the runner's thread. */
typedef struct {
  GArray *times_us; /* gint64, of each token */
  gboolean done;
  HrTimings timings;
  GError *error;
  GMutex *lock;
  GCond *changed;
} Stream;

static void
on_event (const HrEvent *event, void *data)
{
  Stream *stream = data;
  gint64 now = g_get_monotonic_time ();

  g_mutex_lock (stream->lock);
  if (event->kind == HR_EVENT_TOKEN) {
    g_array_append_val (stream->times_us, now);
  } else if (event->kind == HR_EVENT_DONE) {
    stream->done = TRUE;
    stream->timings = event->timings;
    stream->error = event->error != NULL ? g_error_copy (event->error) : NULL;
    g_cond_signal (stream->changed);
  }
  g_mutex_unlock (stream->lock);
}

static GArray *
draw_tokens (HrRunner *runner, GRand *rand, guint32 n)
{
  guint32 n_vocab = hr_model_get_info (hr_runner_get_model (runner))->n_vocab;
  GArray *tokens = g_array_sized_new (FALSE, FALSE, sizeof (HrToken), n);

  for (guint32 i = 0; i < n; i++) {
    HrToken token = g_rand_int_range (rand, 0, (gint32) n_vocab);
    g_array_append_val (tokens, token);
  }
  return tokens;
}

static gboolean
submit (HrRunner *runner, GArray *tokens, gint64 num_predict, Stream *stream, GError **error)
{
  HrRequestOptions options = {
    .tokens = (const HrToken *) tokens->data,
    .n_tokens = tokens->len,
    .sampling = hr_sampling_default,
    .num_predict = num_predict,
    .top_logprobs = -1,
    .ignore_eos = TRUE,
  };
  g_autoptr (HrRequest) request = NULL;

  options.sampling.temperature = 0;
  request = hr_runner_submit (runner, &options, NULL, on_event, stream, NULL, error);
  return request != NULL;
}

/* Every stream's answer from its own prompt; prompts holds a GArray of HrToken for each. */
static gboolean
run_streams (HrRunner *runner, GArray **prompts, gsize n, gint64 num_predict, Stream *streams,
             GError **error)
{
  GMutex lock;
  GCond changed;
  gsize n_submitted = 0;

  g_mutex_init (&lock);
  g_cond_init (&changed);
  for (gsize i = 0; i < n; i++) {
    streams[i] = (Stream){ .times_us = g_array_new (FALSE, FALSE, sizeof (gint64)),
                           .lock = &lock,
                           .changed = &changed };
  }
  while (n_submitted < n &&
         submit (runner, prompts[n_submitted], num_predict, &streams[n_submitted], error))
    n_submitted++;
  g_mutex_lock (&lock);
  for (gsize i = 0; i < n_submitted; i++)
    while (!streams[i].done)
      g_cond_wait (&changed, &lock);
  g_mutex_unlock (&lock);
  g_cond_clear (&changed);
  g_mutex_clear (&lock);
  for (gsize i = 0; i < n_submitted; i++) {
    if (streams[i].error == NULL)
      continue;
    if (error == NULL || *error == NULL)
      g_propagate_error (error, g_steal_pointer (&streams[i].error));
    g_clear_error (&streams[i].error);
    n_submitted = 0;
  }
  return n_submitted == n;
}

static void
clear_streams (Stream *streams, gsize n)
{
  for (gsize i = 0; i < n; i++)
    g_clear_pointer (&streams[i].times_us, g_array_unref);
}

static guint
count_tokens (const Stream *streams, gsize n, gint64 after, gint64 until)
{
  guint n_tokens = 0;

  for (gsize i = 0; i < n; i++)
    for (guint k = 0; k < streams[i].times_us->len; k++) {
      gint64 time = g_array_index (streams[i].times_us, gint64, k);
      n_tokens += time > after && time <= until;
    }
  return n_tokens;
}

/* Tokens per second while every stream was generating: from the last one's first token to the first
 * one's last. Where a model is so fast that one had ended before another began, from the first
 * token of all to the last. */
static double
rate_of (const Stream *streams, gsize n)
{
  gint64 first = G_MAXINT64, all_begun = G_MININT64, one_ended = G_MAXINT64, last = G_MININT64;

  for (gsize i = 0; i < n; i++) {
    gint64 begin = g_array_index (streams[i].times_us, gint64, 0);
    gint64 end = g_array_index (streams[i].times_us, gint64, streams[i].times_us->len - 1);
    first = MIN (first, begin);
    all_begun = MAX (all_begun, begin);
    one_ended = MIN (one_ended, end);
    last = MAX (last, end);
  }
  if (one_ended > all_begun)
    return count_tokens (streams, n, all_begun, one_ended) * 1e6 / (double) (one_ended - all_begun);
  return last > first ? count_tokens (streams, n, first, last) * 1e6 / (double) (last - first) : 0;
}

/* Reads the depth, then times what comes after it: the cache has the first part, so only the rest
 * is read. */
static double
time_reading (HrRunner *runner, GRand *rand, const HeadroomBenchCase *c, GError **error)
{
  g_autoptr (GArray) before = draw_tokens (runner, rand, c->n_depth);
  g_autoptr (GArray) prompt = draw_tokens (runner, rand, c->n_prompt);
  g_autoptr (GArray) all = g_array_copy (before);
  Stream stream = { 0 };
  gboolean ok = TRUE;

  g_array_append_vals (all, prompt->data, prompt->len);
  if (before->len > 0) {
    ok = run_streams (runner, &before, 1, 0, &stream, error);
    clear_streams (&stream, 1);
  }
  ok = ok && run_streams (runner, &all, 1, 0, &stream, error);
  clear_streams (&stream, 1);
  if (!ok)
    return -1;
  return (stream.timings.n_prompt - stream.timings.n_cached) * 1e6 /
         (double) MAX (stream.timings.prompt_us, 1);
}

static double
time_generating (HrRunner *runner, GRand *rand, const HeadroomBenchCase *c, GError **error)
{
  guint32 n_before = MAX (c->n_depth, c->n_streams > 1 ? HEADROOM_BENCH_STREAM_PROMPT : 1);
  g_autoptr (GPtrArray) prompts = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  g_autofree Stream *streams = g_new0 (Stream, c->n_streams);
  double rate = -1;

  for (guint32 i = 0; i < c->n_streams; i++)
    g_ptr_array_add (prompts, draw_tokens (runner, rand, n_before));
  /* The first token comes with the end of the prompt: one more makes n_gen steps. */
  if (run_streams (runner, (GArray **) prompts->pdata, c->n_streams, (gint64) c->n_gen + 1, streams,
                   error))
    rate = rate_of (streams, c->n_streams);
  clear_streams (streams, c->n_streams);
  return rate;
}

guint32
headroom_bench_case_num_ctx (const HeadroomBenchCase *c)
{
  guint32 before = MAX (c->n_depth, c->n_streams > 1 ? HEADROOM_BENCH_STREAM_PROMPT : 1);

  return c->n_gen > 0 ? before + c->n_gen + 2 : c->n_depth + c->n_prompt + 1;
}

double
headroom_bench_run (HrRunner *runner, GRand *rand, const HeadroomBenchCase *c, GError **error)
{
  guint32 num_ctx = hr_plan_get_settings (hr_runner_get_plan (runner))->num_ctx;

  if (headroom_bench_case_num_ctx (c) > num_ctx) {
    g_set_error (error, HR_ERROR, HR_ERROR_SETTINGS,
                 _("This case needs a context of %u tokens; the model's is %u."),
                 headroom_bench_case_num_ctx (c), num_ctx);
    return -1;
  }
  return c->n_gen > 0 ? time_generating (runner, rand, c, error)
                      : time_reading (runner, rand, c, error);
}
