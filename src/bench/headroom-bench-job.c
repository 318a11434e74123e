/* headroom-bench-job.c: see headroom-bench-job.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-bench-job.h"

struct _HeadroomBenchJob {
  GObject parent_instance;
  GMainContext *owner; /* where signals come */
  char *address;       /* or NULL */
  GCancellable *cancellable;
  HeadroomBenchJobFunc func;
  gpointer data;
  GDestroyNotify destroy;
  gboolean is_over;
  HrValue *report;
  GError *error;
  /* The thread's */
  HeadroomClient *client;
  const char *part;
};

G_DEFINE_FINAL_TYPE (HeadroomBenchJob, headroom_bench_job, G_TYPE_OBJECT)

enum { PROGRESS, SAVED, OVER, N_SIGNALS };
static guint signals[N_SIGNALS];

/* ---- From the thread to the owner ---- */

typedef struct {
  HeadroomBenchJob *job;
  const char *part;
  guint done, total;
} News;

static void
news_free (gpointer data)
{
  News *news = data;

  g_object_unref (news->job);
  g_free (news);
}

static void
post (HeadroomBenchJob *self, GSourceFunc func, guint done, guint total)
{
  News *news = g_new (News, 1);
  g_autoptr (GSource) source = g_idle_source_new ();

  *news = (News){ g_object_ref (self), self->part, done, total };
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, func, news, news_free);
  g_source_attach (source, self->owner);
}

static gboolean
tell_progress (gpointer data)
{
  News *news = data;

  g_signal_emit (news->job, signals[PROGRESS], 0, news->part, news->done, news->total);
  return G_SOURCE_REMOVE;
}

static gboolean
tell_saved (gpointer data)
{
  g_signal_emit (((News *) data)->job, signals[SAVED], 0);
  return G_SOURCE_REMOVE;
}

static gboolean
tell_over (gpointer data)
{
  HeadroomBenchJob *self = ((News *) data)->job;

  self->is_over = TRUE;
  g_signal_emit (self, signals[OVER], 0);
  return G_SOURCE_REMOVE;
}

void
headroom_bench_job_begin (HeadroomBenchJob *self, const char *part)
{
  self->part = part;
}

void
headroom_bench_job_progress (guint done, guint total, gpointer job)
{
  post (job, tell_progress, done, total);
}

void
headroom_bench_job_tell_saved (HeadroomBenchJob *self)
{
  post (self, tell_saved, 0, 0);
}

HeadroomClient *
headroom_bench_job_get_client (HeadroomBenchJob *self)
{
  return self->client;
}

GCancellable *
headroom_bench_job_get_cancellable (HeadroomBenchJob *self)
{
  return self->cancellable;
}

/* ---- The thread ---- */

static gpointer
run (gpointer data)
{
  HeadroomBenchJob *self = data;
  g_autoptr (GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  if (self->address != NULL)
    self->client = headroom_client_new_for_address (self->address);
  self->report = self->func (self, self->data, &self->error);
  g_clear_object (&self->client);
  if (self->destroy != NULL)
    self->destroy (self->data);
  /* What the client's connections still have to do. */
  while (g_main_context_iteration (context, FALSE))
    continue;
  g_main_context_pop_thread_default (context);
  post (self, tell_over, 0, 0);
  g_object_unref (self);
  return NULL;
}

void
headroom_bench_job_start (HeadroomBenchJob *self, HeadroomBenchJobFunc func, gpointer take_data,
                          GDestroyNotify destroy)
{
  g_return_if_fail (HEADROOM_IS_BENCH_JOB (self) && self->func == NULL);
  self->func = func;
  self->data = take_data;
  self->destroy = destroy;
  g_thread_unref (g_thread_new ("bench", run, g_object_ref (self)));
}

/* ---- The owner ---- */

void
headroom_bench_job_cancel (HeadroomBenchJob *self)
{
  g_return_if_fail (HEADROOM_IS_BENCH_JOB (self));
  g_cancellable_cancel (self->cancellable);
}

gboolean
headroom_bench_job_is_cancelled (HeadroomBenchJob *self)
{
  g_return_val_if_fail (HEADROOM_IS_BENCH_JOB (self), FALSE);
  return g_cancellable_is_cancelled (self->cancellable);
}

gboolean
headroom_bench_job_is_over (HeadroomBenchJob *self)
{
  g_return_val_if_fail (HEADROOM_IS_BENCH_JOB (self), FALSE);
  return self->is_over;
}

void
headroom_bench_job_await (HeadroomBenchJob *self)
{
  g_return_if_fail (HEADROOM_IS_BENCH_JOB (self));
  while (!self->is_over)
    g_main_context_iteration (self->owner, TRUE);
}

HrValue *
headroom_bench_job_get_report (HeadroomBenchJob *self)
{
  g_return_val_if_fail (HEADROOM_IS_BENCH_JOB (self) && self->is_over, NULL);
  return self->report;
}

const GError *
headroom_bench_job_get_error (HeadroomBenchJob *self)
{
  g_return_val_if_fail (HEADROOM_IS_BENCH_JOB (self) && self->is_over, NULL);
  return self->error;
}

static void
headroom_bench_job_finalize (GObject *object)
{
  HeadroomBenchJob *self = HEADROOM_BENCH_JOB (object);

  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->report, hr_value_unref);
  g_clear_error (&self->error);
  g_free (self->address);
  g_main_context_unref (self->owner);
  G_OBJECT_CLASS (headroom_bench_job_parent_class)->finalize (object);
}

static void
headroom_bench_job_class_init (HeadroomBenchJobClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = headroom_bench_job_finalize;
  signals[PROGRESS] =
      g_signal_new ("progress", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                    G_TYPE_NONE, 3, G_TYPE_STRING, G_TYPE_UINT, G_TYPE_UINT);
  signals[SAVED] = g_signal_new ("saved", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                 NULL, NULL, G_TYPE_NONE, 0);
  signals[OVER] = g_signal_new ("over", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                NULL, G_TYPE_NONE, 0);
}

static void
headroom_bench_job_init (HeadroomBenchJob *self)
{
  self->owner = g_main_context_ref_thread_default ();
}

HeadroomBenchJob *
headroom_bench_job_new (HeadroomClient *client, GCancellable *cancellable)
{
  HeadroomBenchJob *self = g_object_new (HEADROOM_TYPE_BENCH_JOB, NULL);

  self->address = client != NULL ? headroom_client_dup_address (client) : NULL;
  self->cancellable = cancellable != NULL ? g_object_ref (cancellable) : g_cancellable_new ();
  return self;
}
