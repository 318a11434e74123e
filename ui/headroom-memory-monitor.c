/* headroom-memory-monitor.c: keeps knowing what the memory is used for, and what the chosen
 * settings would need.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-memory-monitor.h"

#include "headroom-chat-wire.h"
#include "headroom-forecast.h"
#include "headroom-neighbours.h"
#include "headroom-settings.h"
#include "headroom-wire-util.h"

#include <glib/gi18n.h>

#define POLL_MSEC 1000
#define POLLS_PER_WATCH 5

struct _HeadroomMemoryMonitor {
  GObject parent_instance;
  GSettings *settings;
  HeadroomClient *client;
  GCancellable *cancellable; /* of whatever is asked for this client */
  char *model;

  guint poll_id;
  guint n_polls;
  gboolean status_asked;
  gboolean plan_asked;
  gboolean plan_stale; /* the model or the settings changed while a plan was asked for */

  HeadroomMemoryReport report;
  HeadroomMemoryVerdict verdict;
};

G_DEFINE_FINAL_TYPE (HeadroomMemoryMonitor, headroom_memory_monitor, G_TYPE_OBJECT)

enum { CHANGED, NEWS, N_SIGNALS };
static guint signals[N_SIGNALS];

/* ---- Plan: one request at a time, and one more when something changed meanwhile; a slider moves
 * faster than answers -- */

static void ask_plan (HeadroomMemoryMonitor *self);

static void
forget_plan (HeadroomMemoryMonitor *self)
{
  for (gsize i = 0; i < self->report.n_devices; i++) {
    self->report.devices[i].has_plan = FALSE;
    memset (self->report.devices[i].plan, 0, sizeof self->report.devices[i].plan);
  }
  g_clear_pointer (&self->verdict.reason, g_free);
  self->verdict.known = FALSE;
  self->verdict.fits = TRUE;
}

/* What other models take stays where it is. */
static void
mark_beside (HeadroomMemoryMonitor *self)
{
  g_autoptr (HeadroomTenancy) tenancy = headroom_tenancy_new (self->report.status);
  const HeadroomTenant *same = headroom_tenancy_find (tenancy, self->model);

  for (gsize i = 0; i < self->report.n_devices; i++) {
    HeadroomMemoryDevice *device = &self->report.devices[i];
    device->beside = headroom_memory_ours (device);
    if (same != NULL)
      device->beside -= MIN (device->beside, same->device_bytes[i]);
  }
}

static void
hear_plan (HeadroomMemoryMonitor *self, const char *text, const GError *error)
{
  g_autoptr (GError) problem = NULL;

  forget_plan (self);
  if (text == NULL ||
      !headroom_memory_wire_read_plan (text, &self->report, &self->verdict, &problem)) {
    self->verdict.fits = FALSE;
    self->verdict.reason = g_strdup (problem != NULL ? problem->message : error->message);
  }
  mark_beside (self);
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
planned_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (HeadroomMemoryMonitor) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = headroom_client_request_finish (HEADROOM_CLIENT (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  self->plan_asked = FALSE;
  if (self->plan_stale)
    ask_plan (self);
  else
    hear_plan (self, text, error);
}

static void
ask_plan (HeadroomMemoryMonitor *self)
{
  HeadroomAskOptions options;
  g_autofree char *body = NULL;

  self->plan_stale = self->plan_asked;
  if (self->client == NULL || self->model == NULL || self->plan_asked)
    return;
  options = headroom_settings_get_ask_options (self->settings, self->model);
  body = headroom_effective_request (&options, NULL);
  self->plan_asked = TRUE;
  headroom_client_request_async (self->client, "POST", "/headroom/plan", body, self->cancellable,
                                 planned_cb, g_object_ref (self));
}

/* ---- Who asks: only while somebody does -------------------------------------------------------
 */

static gboolean
is_busy (const HeadroomMemoryReport *report)
{
  const HrValue *models = headroom_wire_get (report->status, "models");

  for (gsize i = 0; i < headroom_wire_length (models); i++)
    if (headroom_wire_get_int (headroom_wire_at (models, i), "requests") > 0)
      return TRUE;
  return FALSE;
}

static void
requests_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (HeadroomMemoryMonitor) self = user_data;
  g_autofree char *text = headroom_client_request_finish (HEADROOM_CLIENT (source), result, NULL);

  g_clear_pointer (&self->report.requests, hr_value_unref);
  if (text == NULL || self->client == NULL)
    return;
  self->report.requests = headroom_wire_parse (text, NULL);
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
ask_requests (HeadroomMemoryMonitor *self)
{
  if (!is_busy (&self->report))
    g_clear_pointer (&self->report.requests, hr_value_unref);
  else
    headroom_client_request_async (self->client, "GET", "/headroom/requests", NULL,
                                   self->cancellable, requests_cb, g_object_ref (self));
}

/* ---- Watches: read every few seconds, and only while models are there -------------------------
 */

static void
watches_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (HeadroomMemoryMonitor) self = user_data;
  g_autofree char *text = headroom_client_request_finish (HEADROOM_CLIENT (source), result, NULL);
  HrValue *watches = text != NULL ? headroom_wire_parse (text, NULL) : NULL;

  if (watches == NULL)
    return;
  g_clear_pointer (&self->report.watches, hr_value_unref);
  self->report.watches = watches;
}

static void
ask_watches (HeadroomMemoryMonitor *self)
{
  if (headroom_wire_length (headroom_wire_get (self->report.status, "watches")) > 0)
    headroom_client_request_async (self->client, "GET", "/headroom/watches", NULL,
                                   self->cancellable, watches_cb, g_object_ref (self));
}

/* ---- Other programs: read on a thread, as seldom ----------------------------------------------
 */

static void
neighbours_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  g_task_return_pointer (task, headroom_neighbours_read ("/proc", HEADROOM_MEMORY_MAX_NEIGHBOURS),
                         (GDestroyNotify) g_array_unref);
}

/* The host is the first device. */
static void
neighbours_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  HeadroomMemoryDevice *host = &HEADROOM_MEMORY_MONITOR (source)->report.devices[0];
  g_autoptr (GArray) list = g_task_propagate_pointer (G_TASK (result), NULL);

  if (list == NULL)
    return;
  memset (host->neighbours, 0, sizeof host->neighbours);
  host->n_neighbours = list->len;
  for (guint i = 0; i < list->len; i++) {
    const HeadroomNeighbour *neighbour = &g_array_index (list, HeadroomNeighbour, i);
    g_strlcpy (host->neighbours[i].name, neighbour->name, sizeof host->neighbours[i].name);
    host->neighbours[i].bytes = neighbour->bytes;
  }
}

static void
read_neighbours (HeadroomMemoryMonitor *self)
{
  g_autoptr (GTask) task = g_task_new (self, self->cancellable, neighbours_cb, NULL);

  g_task_set_source_tag (task, read_neighbours);
  g_task_run_in_thread (task, neighbours_thread);
}

/* ---- Status ---------------------------------------------------------------------------------- */

static void
reported_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (HeadroomMemoryMonitor) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = headroom_client_request_finish (HEADROOM_CLIENT (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  self->status_asked = FALSE;
  if (text == NULL || !headroom_memory_wire_read_status (text, &self->report, &error)) {
    g_debug ("no status: %s", error->message);
    return;
  }
  ask_requests (self);
  if (self->n_polls++ % POLLS_PER_WATCH == 0) {
    ask_watches (self);
    read_neighbours (self);
  }
  g_signal_emit (self, signals[CHANGED], 0);
  for (guint i = 0; i < self->report.news->len; i++)
    g_signal_emit (self, signals[NEWS], 0, self->report.news->pdata[i]);
  ask_plan (self);
}

static void
ask_status (HeadroomMemoryMonitor *self)
{
  if (self->client == NULL || self->status_asked)
    return;
  self->status_asked = TRUE;
  headroom_client_request_async (self->client, "GET", "/headroom/status", NULL, self->cancellable,
                                 reported_cb, g_object_ref (self));
}

static gboolean
poll_cb (gpointer user_data)
{
  ask_status (user_data);
  return G_SOURCE_CONTINUE;
}

/* ---- Object ---------------------------------------------------------------------------------- */

static void
headroom_memory_monitor_dispose (GObject *object)
{
  HeadroomMemoryMonitor *self = HEADROOM_MEMORY_MONITOR (object);

  g_clear_handle_id (&self->poll_id, g_source_remove);
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->client);
  g_clear_object (&self->settings);
  G_OBJECT_CLASS (headroom_memory_monitor_parent_class)->dispose (object);
}

static void
headroom_memory_monitor_finalize (GObject *object)
{
  HeadroomMemoryMonitor *self = HEADROOM_MEMORY_MONITOR (object);

  g_free (self->model);
  g_free (self->verdict.reason);
  headroom_memory_report_clear (&self->report);
  G_OBJECT_CLASS (headroom_memory_monitor_parent_class)->finalize (object);
}

static void
headroom_memory_monitor_class_init (HeadroomMemoryMonitorClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = headroom_memory_monitor_dispose;
  G_OBJECT_CLASS (klass)->finalize = headroom_memory_monitor_finalize;
  signals[CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 0);
  signals[NEWS] = g_signal_new ("news", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                NULL, G_TYPE_NONE, 1, G_TYPE_POINTER);
}

static void
headroom_memory_monitor_init (HeadroomMemoryMonitor *self)
{
  self->verdict.fits = TRUE;
}

/**
 * headroom_memory_monitor_new:
 * @settings: the program's settings, which are watched
 *
 * Returns: (transfer full): a monitor that asks nothing yet
 */
HeadroomMemoryMonitor *
headroom_memory_monitor_new (GSettings *settings)
{
  static const char *const signals_heard[] = { "changed::num-ctx", "changed::parallel",
                                               "changed::num-batch", "changed::gpu-layers",
                                               "changed::kv-type" };
  HeadroomMemoryMonitor *self = g_object_new (HEADROOM_TYPE_MEMORY_MONITOR, NULL);

  self->settings = g_object_ref (settings);
  for (gsize i = 0; i < G_N_ELEMENTS (signals_heard); i++)
    g_signal_connect_object (settings, signals_heard[i], G_CALLBACK (ask_plan), self,
                             G_CONNECT_SWAPPED);
  return self;
}

void
headroom_memory_monitor_set_client (HeadroomMemoryMonitor *self, HeadroomClient *client)
{
  g_return_if_fail (HEADROOM_IS_MEMORY_MONITOR (self));
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  self->status_asked = self->plan_asked = FALSE;
  g_set_object (&self->client, client);
  if (self->poll_id != 0)
    ask_status (self);
}

/**
 * headroom_memory_monitor_set_model:
 * @self: a monitor
 * @model: (nullable): the chosen model
 */
void
headroom_memory_monitor_set_model (HeadroomMemoryMonitor *self, const char *model)
{
  g_return_if_fail (HEADROOM_IS_MEMORY_MONITOR (self));
  if (g_strcmp0 (self->model, model) == 0)
    return;
  g_free (self->model);
  self->model = g_strdup (model);
  forget_plan (self);
  ask_plan (self);
  g_signal_emit (self, signals[CHANGED], 0);
}

/* Asks once a second from now on, or no more. A window runs its monitor while it is visible. */
void
headroom_memory_monitor_set_running (HeadroomMemoryMonitor *self, gboolean running)
{
  g_return_if_fail (HEADROOM_IS_MEMORY_MONITOR (self));
  if (running == (self->poll_id != 0))
    return;
  if (!running) {
    g_clear_handle_id (&self->poll_id, g_source_remove);
    return;
  }
  self->poll_id = g_timeout_add (POLL_MSEC, poll_cb, self);
  ask_status (self);
}

/* Returns: (transfer none): what was heard last */
const HeadroomMemoryReport *
headroom_memory_monitor_get_report (HeadroomMemoryMonitor *self)
{
  g_return_val_if_fail (HEADROOM_IS_MEMORY_MONITOR (self), NULL);
  return &self->report;
}

/* Whether a model, by its name or its file, was in memory when the server was heard last. */
gboolean
headroom_memory_monitor_is_loaded (HeadroomMemoryMonitor *self, const char *model)
{
  g_autoptr (HeadroomTenancy) tenancy = NULL;

  g_return_val_if_fail (HEADROOM_IS_MEMORY_MONITOR (self), FALSE);
  tenancy = headroom_tenancy_new (self->report.status);
  return headroom_tenancy_find (tenancy, model) != NULL;
}

/* Returns: (transfer none): whether the chosen settings fit, and why not */
const HeadroomMemoryVerdict *
headroom_memory_monitor_get_verdict (HeadroomMemoryMonitor *self)
{
  g_return_val_if_fail (HEADROOM_IS_MEMORY_MONITOR (self), NULL);
  return &self->verdict;
}

/* Returns: (transfer full) (nullable): such as "Needs 312.4 MiB", %NULL while there is no plan */
char *
headroom_memory_monitor_dup_cost (HeadroomMemoryMonitor *self)
{
  guint64 need = 0;
  g_autofree char *bytes = NULL;

  g_return_val_if_fail (HEADROOM_IS_MEMORY_MONITOR (self), NULL);
  if (!self->verdict.known)
    return NULL;
  for (gsize i = 0; i < self->report.n_devices; i++)
    need += headroom_memory_planned (&self->report.devices[i]);
  bytes = headroom_memory_format (need);
  /* Translators: how much memory the chosen model takes with the chosen settings */
  return g_strdup_printf (self->verdict.fits ? _("Needs %s") : _("Needs %s, which does not fit"),
                          bytes);
}
