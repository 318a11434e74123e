/* headroom-client-sync.c: the client's calls for programs without a main loop.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-client.h"

static void
remember_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **slot = user_data;

  *slot = g_object_ref (result);
}

static void
wait_for (GAsyncResult **slot)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();

  while (*slot == NULL)
    g_main_context_iteration (context, TRUE);
}

char *
headroom_client_request (HeadroomClient *self, const char *method, const char *path,
                         const char *body, GCancellable *cancellable, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  headroom_client_request_async (self, method, path, body, cancellable, remember_cb, &result);
  wait_for (&result);
  return headroom_client_request_finish (self, result, error);
}

gboolean
headroom_client_stream (HeadroomClient *self, const char *path, const char *body,
                        HeadroomClientLineFunc func, gpointer func_data, GCancellable *cancellable,
                        GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  headroom_client_stream_async (self, path, body, func, func_data, cancellable, remember_cb,
                                &result);
  wait_for (&result);
  return headroom_client_stream_finish (self, result, error);
}
