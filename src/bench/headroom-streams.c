/* headroom-streams.c: see headroom-streams.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-streams.h"

#define CANCEL_CHECK_US (100 * 1000)

/* On the runner's thread. */
static void
on_event (const HrEvent *event, void *data)
{
  HeadroomStream *stream = data;
  gint64 now = g_get_monotonic_time ();

  g_mutex_lock (stream->lock);
  if (event->kind == HR_EVENT_TOKEN) {
    g_array_append_val (stream->times_us, now);
  } else if (event->kind == HR_EVENT_DONE) {
    stream->done = TRUE;
    stream->reason = event->reason;
    stream->timings = event->timings;
    stream->error = event->error != NULL ? g_error_copy (event->error) : NULL;
    g_cond_signal (stream->changed);
  }
  g_mutex_unlock (stream->lock);
}

GArray *
headroom_streams_draw (HrRunner *runner, GRand *rand, guint32 n)
{
  guint32 n_vocab = hr_model_get_info (hr_runner_get_model (runner))->n_vocab;
  GArray *tokens = g_array_sized_new (FALSE, FALSE, sizeof (HrToken), n);

  for (guint32 i = 0; i < n; i++) {
    HrToken token = g_rand_int_range (rand, 0, (gint32) n_vocab);
    g_array_append_val (tokens, token);
  }
  return tokens;
}

static HrRequest *
submit (HrRunner *runner, GArray *tokens, const HeadroomStreamOptions *given,
        HeadroomStream *stream, GError **error)
{
  HrRequestOptions options = {
    .tokens = (const HrToken *) tokens->data,
    .n_tokens = tokens->len,
    .sampling = hr_sampling_default,
    .num_predict = given->num_predict,
    .top_logprobs = -1,
    .ignore_eos = given->ignore_eos,
  };

  options.sampling.temperature = 0;
  stream->begin_us = g_get_monotonic_time ();
  return hr_runner_submit (runner, &options, NULL, on_event, stream, NULL, error);
}

/* Until all of n have ended; what was cancelled ends soon. */
static void
await (HeadroomStream *streams, GPtrArray *requests, GCancellable *cancellable)
{
  GMutex *lock = streams[0].lock;
  gboolean cancelled = FALSE;

  g_mutex_lock (lock);
  for (guint i = 0; i < requests->len; i++)
    while (!streams[i].done) {
      g_cond_wait_until (streams[0].changed, lock, g_get_monotonic_time () + CANCEL_CHECK_US);
      if (cancelled || !g_cancellable_is_cancelled (cancellable))
        continue;
      cancelled = TRUE;
      g_ptr_array_foreach (requests, (GFunc) (GCallback) hr_request_cancel, NULL);
    }
  g_mutex_unlock (lock);
}

/* The first stream's error, or that it was cancelled. */
static gboolean
check (HeadroomStream *streams, gsize n, GCancellable *cancellable, GError **error)
{
  for (gsize i = 0; i < n; i++)
    if (streams[i].error != NULL) {
      g_propagate_error (error, g_steal_pointer (&streams[i].error));
      return FALSE;
    }
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

gboolean
headroom_streams_run (HrRunner *runner, GArray **prompts, gsize n,
                      const HeadroomStreamOptions *options, HeadroomStream *streams,
                      GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) requests = g_ptr_array_new_with_free_func ((GDestroyNotify)
                                                                       hr_request_unref);
  GMutex lock;
  GCond changed;
  gboolean ok = TRUE;

  g_mutex_init (&lock);
  g_cond_init (&changed);
  for (gsize i = 0; i < n; i++)
    streams[i] = (HeadroomStream){ .times_us = g_array_new (FALSE, FALSE, sizeof (gint64)),
                                   .lock = &lock,
                                   .changed = &changed };
  for (gsize i = 0; i < n && ok; i++) {
    HrRequest *request = submit (runner, prompts[i], options, &streams[i], error);
    ok = request != NULL;
    if (ok)
      g_ptr_array_add (requests, request);
  }
  if (!ok)
    g_ptr_array_foreach (requests, (GFunc) (GCallback) hr_request_cancel, NULL);
  await (streams, requests, cancellable);
  g_cond_clear (&changed);
  g_mutex_clear (&lock);
  return ok && check (streams, n, cancellable, error);
}

void
headroom_streams_clear (HeadroomStream *streams, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    g_clear_pointer (&streams[i].times_us, g_array_unref);
    g_clear_error (&streams[i].error);
  }
}

static guint
count_tokens (const HeadroomStream *streams, gsize n, gint64 after, gint64 until)
{
  guint n_tokens = 0;

  for (gsize i = 0; i < n; i++)
    for (guint k = 0; k < streams[i].times_us->len; k++) {
      gint64 time = g_array_index (streams[i].times_us, gint64, k);
      n_tokens += time > after && time <= until;
    }
  return n_tokens;
}

double
headroom_streams_rate (const HeadroomStream *streams, gsize n)
{
  gint64 first = G_MAXINT64, all_begun = G_MININT64, one_ended = G_MAXINT64, last = G_MININT64;

  for (gsize i = 0; i < n; i++) {
    GArray *times = streams[i].times_us;
    if (times->len == 0)
      return 0;
    first = MIN (first, g_array_index (times, gint64, 0));
    all_begun = MAX (all_begun, g_array_index (times, gint64, 0));
    one_ended = MIN (one_ended, g_array_index (times, gint64, times->len - 1));
    last = MAX (last, g_array_index (times, gint64, times->len - 1));
  }
  if (one_ended > all_begun)
    return count_tokens (streams, n, all_begun, one_ended) * 1e6 / (double) (one_ended - all_begun);
  return last > first ? count_tokens (streams, n, first, last) * 1e6 / (double) (last - first) : 0;
}
