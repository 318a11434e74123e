/* headroom-bench.c: how fast a loaded model reads and writes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-bench.h"

#include "headroom-streams.h"

#include <glib/gi18n.h>

/* Reads the depth, then times what comes after it: the cache has the first part, so only the rest
 * is read. */
static double
time_reading (HrRunner *runner, GRand *rand, const HeadroomBenchCase *c, GError **error)
{
  g_autoptr (GArray) before = headroom_streams_draw (runner, rand, c->n_depth);
  g_autoptr (GArray) prompt = headroom_streams_draw (runner, rand, c->n_prompt);
  g_autoptr (GArray) all = g_array_copy (before);
  HeadroomStreamOptions options = { .ignore_eos = TRUE };
  HeadroomStream stream = { 0 };
  gboolean ok = TRUE;

  g_array_append_vals (all, prompt->data, prompt->len);
  if (before->len > 0) {
    ok = headroom_streams_run (runner, &before, 1, &options, &stream, NULL, error);
    headroom_streams_clear (&stream, 1);
  }
  ok = ok && headroom_streams_run (runner, &all, 1, &options, &stream, NULL, error);
  headroom_streams_clear (&stream, 1);
  if (!ok)
    return -1;
  return (stream.timings.n_prompt - stream.timings.n_cached) * 1e6 /
         (double) MAX (stream.timings.prompt_us, 1);
}

/* Leaves the prompts in the cache: streams then begin together, rather than the first to be through
 * before the last one's prompt is read beside it. */
static gboolean
read_prompts (HrRunner *runner, GPtrArray *prompts, HeadroomStream *streams, GError **error)
{
  HeadroomStreamOptions options = { 1, TRUE };
  gboolean ok = prompts->len < 2 ||
                headroom_streams_run (runner, (GArray **) prompts->pdata, prompts->len, &options,
                                      streams, NULL, error);

  headroom_streams_clear (streams, prompts->len);
  return ok;
}

static double
time_generating (HrRunner *runner, GRand *rand, const HeadroomBenchCase *c, GError **error)
{
  guint32 n_before = MAX (c->n_depth, c->n_streams > 1 ? HEADROOM_BENCH_STREAM_PROMPT : 1);
  g_autoptr (GPtrArray) prompts = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  g_autofree HeadroomStream *streams = g_new0 (HeadroomStream, c->n_streams);
  /* The first token comes with the end of the prompt: one more makes n_gen steps. */
  HeadroomStreamOptions options = { (gint64) c->n_gen + 1, TRUE };
  double rate = -1;

  for (guint32 i = 0; i < c->n_streams; i++)
    g_ptr_array_add (prompts, headroom_streams_draw (runner, rand, n_before));
  if (read_prompts (runner, prompts, streams, error) &&
      headroom_streams_run (runner, (GArray **) prompts->pdata, c->n_streams, &options, streams,
                            NULL, error))
    rate = headroom_streams_rate (streams, c->n_streams);
  headroom_streams_clear (streams, c->n_streams);
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
