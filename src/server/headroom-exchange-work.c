/* headroom-exchange-work.c: what an exchange has done on worker threads.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-exchange.h"

typedef struct {
  HeadroomWorkFunc func;
  HeadroomDoneFunc done;
  gpointer data;
  GDestroyNotify free_data, free_result;
} Work;

static void
let_go (Work *work)
{
  gpointer data = g_steal_pointer (&work->data);

  if (work->free_data != NULL && data != NULL)
    work->free_data (data);
}

static void
work_free (gpointer data)
{
  Work *work = data;

  let_go (work);
  g_free (work);
}

static void
work_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Work *work = data;
  GError *error = NULL;
  gpointer result;

  if (g_task_return_error_if_cancelled (task))
    return;
  result = work->func (source, work->data, &error);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, result, work->free_result);
}

static void
worked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  HeadroomExchange *self = HEADROOM_EXCHANGE (source);
  Work *work = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  gpointer value = g_task_propagate_pointer (G_TASK (result), &error);

  headroom_exchange_get_service (self)->n_working--;
  if (error == NULL) {
    work->done (self, value, g_steal_pointer (&work->data));
    return;
  }
  headroom_exchange_fail (self, error);
  /* Here and not with the task: that may end on the thread that worked, and what the data holds (a
   * lease) belongs to this one. */
  let_go (work);
}

void
headroom_exchange_work (HeadroomExchange *self, HeadroomWorkFunc func, HeadroomDoneFunc done,
                        gpointer data, GDestroyNotify free_data, GDestroyNotify free_result)
{
  g_autoptr (GTask) task =
      g_task_new (self, headroom_exchange_get_cancellable (self), worked_cb, NULL);
  Work *work = g_new0 (Work, 1);

  *work = (Work) { func, done, data, free_data, free_result };
  headroom_exchange_get_service (self)->n_working++;
  g_task_set_source_tag (task, headroom_exchange_work);
  g_task_set_task_data (task, work, work_free);
  g_task_run_in_thread (task, work_thread);
}
