/* headroom-simulation.c: see headroom-simulation.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-simulation.h"

#include "headroom-json.h"
#include "headroom-plan-json.h"
#include "headroom-predict.h"
#include "headroom-residency.h"
#include "headroom-virtual-machine.h"

/* Of a request whose model's speed is not known. */
#define USUAL_SECONDS 5.0

/* A model's slots: a lease is worked on when one is free. */
typedef struct {
  HeadroomModelEntry *entry;
  guint n_active;
  GQueue waiting; /* Run */
} Slots;

typedef struct {
  const HeadroomScenario *scenario;
  HeadroomVirtualMachine *machine;
  HeadroomResidency *residency;
  HeadroomSimulation *result;
  Slots *slots; /* [models] */
  GArray *order; /* guint: requests by their time */
  guint next;    /* in it */
  GArray *leaving; /* guint: events of the result whose models still have their memory */
  double total_wait;
} Play;

/* One request on its way. */
typedef struct {
  Play *play;
  const HeadroomScenarioRequest *request;
  HeadroomLease *lease;
} Run;

static void
after (Play *play, gint64 us, GSourceFunc func, gpointer data)
{
  g_autoptr (GSource) source = headroom_machine_new_timeout (HEADROOM_MACHINE (play->machine), us);

  g_source_set_callback (source, func, data, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());
}

/* ---- Being answered ---- */

static double
seconds_of (const Run *run, const HrPlan *plan, guint n_active)
{
  const HeadroomScenarioRequest *r = run->request;
  HeadroomPrediction predicted;

  if (r->seconds > 0)
    return r->seconds;
  predicted = headroom_predict (plan, r->prompt, 0, n_active);
  if (predicted.tokens_per_second <= 0)
    return USUAL_SECONDS;
  return r->prompt / predicted.prompt_tokens_per_second + r->predict / predicted.tokens_per_second;
}

static gboolean served_cb (gpointer data);

static void
work_on (Run *run)
{
  Play *play = run->play;
  Slots *slots = &play->slots[run->request->model];
  gint64 now = headroom_machine_now_us (HEADROOM_MACHINE (play->machine));
  double wait = (double) (now - run->request->at_us) / G_USEC_PER_SEC;

  slots->n_active++;
  play->total_wait += wait;
  play->result->longest_wait = MAX (play->result->longest_wait, wait);
  after (play,
         (gint64) (seconds_of (run, headroom_lease_get_plan (run->lease), slots->n_active) *
                   G_USEC_PER_SEC),
         served_cb, run);
}

static gboolean
served_cb (gpointer data)
{
  Run *run = data;
  Play *play = run->play;
  Slots *slots = &play->slots[run->request->model];

  slots->n_active--;
  play->result->n_served++;
  if (!g_queue_is_empty (&slots->waiting))
    work_on (g_queue_pop_head (&slots->waiting));
  headroom_lease_free (run->lease);
  g_free (run);
  return G_SOURCE_REMOVE;
}

static void
acquired_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Run *run = data;
  Slots *slots = &run->play->slots[run->request->model];

  run->lease = headroom_residency_acquire_finish (HEADROOM_RESIDENCY (source), result, NULL);
  if (run->lease == NULL) {
    run->play->result->n_refused++;
    g_free (run);
  } else if (slots->n_active <
             hr_plan_get_settings (headroom_lease_get_plan (run->lease))->parallel) {
    work_on (run);
  } else {
    g_queue_push_tail (&slots->waiting, run);
  }
}

static const HeadroomScenarioRequest *
next_request (const Play *play)
{
  guint index;

  if (play->next >= play->order->len)
    return NULL;
  index = g_array_index (play->order, guint, play->next);
  return &g_array_index (play->scenario->requests, HeadroomScenarioRequest, index);
}

static void
ask (Play *play, const HeadroomScenarioRequest *r)
{
  HeadroomDemand demand = { .settings = r->settings };
  Run *run = g_new0 (Run, 1);

  run->play = play;
  run->request = r;
  g_strlcpy (demand.client, r->client, sizeof demand.client);
  headroom_residency_acquire_async (play->residency, play->slots[r->model].entry, &demand,
                                    r->has_keep_alive ? &r->keep_alive_ns : NULL, NULL, acquired_cb,
                                    run);
}

static gboolean asked_cb (gpointer data);

/* ---- Other programs ---- */

typedef struct {
  Play *play;
  const HeadroomScenarioOthers *others;
} Taking;

static gboolean
took_cb (gpointer data)
{
  const Taking *taking = data;

  headroom_virtual_machine_set_others (taking->play->machine, taking->others->device,
                                       taking->others->bytes);
  return G_SOURCE_REMOVE;
}

static void
schedule_others (Play *play)
{
  for (guint i = 0; i < play->scenario->others->len; i++) {
    Taking *taking = g_new (Taking, 1);
    g_autoptr (GSource) source = NULL;
    *taking = (Taking) { play, &g_array_index (play->scenario->others, HeadroomScenarioOthers, i) };
    source = headroom_machine_new_timeout (HEADROOM_MACHINE (play->machine), taking->others->at_us);
    g_source_set_callback (source, took_cb, taking, g_free);
    g_source_attach (source, g_main_context_get_thread_default ());
  }
}

/* ---- Asking ---- */

/* One at a time: a main context looks at all its sources in every turn. */
static void
wait_for_next (Play *play)
{
  const HeadroomScenarioRequest *r = next_request (play);

  if (r != NULL)
    after (play, r->at_us - headroom_machine_now_us (HEADROOM_MACHINE (play->machine)), asked_cb,
           play);
}

static gboolean
asked_cb (gpointer data)
{
  Play *play = data;
  const HeadroomScenarioRequest *r = next_request (play);

  play->next++;
  ask (play, r);
  wait_for_next (play);
  return G_SOURCE_REMOVE;
}

static int
compare_times (gconstpointer a, gconstpointer b, gpointer data)
{
  const HeadroomScenario *s = data;
  guint i = *(const guint *) a, k = *(const guint *) b;
  gint64 x = g_array_index (s->requests, HeadroomScenarioRequest, i).at_us;
  gint64 y = g_array_index (s->requests, HeadroomScenarioRequest, k).at_us;

  if (x != y)
    return x < y ? -1 : 1;
  return i < k ? -1 : i > k;
}

static void
order_requests (Play *play)
{
  play->order = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint i = 0; i < play->scenario->requests->len; i++)
    g_array_append_val (play->order, i);
  g_array_sort_with_data (play->order, compare_times, (gpointer) play->scenario);
}

/* ---- Watching ---- */

static void
look_at_memory (Play *play, HeadroomSimulationEvent *ret_event)
{
  for (gsize d = 0; d < play->scenario->n_devices; d++) {
    const HrDevice *device = &play->scenario->devices[d];
    guint64 used = headroom_virtual_machine_get_used (play->machine, d);
    ret_event->used[d] = used;
    ret_event->others[d] = headroom_virtual_machine_get_others (play->machine, d);
    play->result->peak[d] = MAX (play->result->peak[d], used);
    if (used > device->total - MIN (device->total, device->reserve))
      play->result->over_budget = TRUE;
  }
}

static gboolean
makes_go (HeadroomEvent *event)
{
  HeadroomEventKind kind = headroom_event_get_kind (event);

  return kind == HEADROOM_EVENT_EVICT || kind == HEADROOM_EVENT_UNLOAD ||
         kind == HEADROOM_EVENT_RELOAD;
}

static void
events_changed_cb (GListModel *events, guint position, guint removed, guint added, gpointer data)
{
  Play *play = data;

  for (guint i = 0; i < added; i++) {
    HeadroomSimulationEvent event = { .event = g_list_model_get_item (events, position + i) };
    look_at_memory (play, &event);
    if (makes_go (event.event))
      g_array_append_val (play->leaving, play->result->events->len);
    g_array_append_val (play->result->events, event);
  }
}

/* That a model goes is told when it begins to. */
static void
freed_cb (const char *model, gpointer data)
{
  Play *play = data;

  for (guint i = play->leaving->len; i-- > 0;) {
    HeadroomSimulationEvent *event =
        &g_array_index (play->result->events, HeadroomSimulationEvent,
                        g_array_index (play->leaving, guint, i));
    if (!g_str_equal (headroom_event_get_model (event->event), model))
      continue;
    look_at_memory (play, event);
    g_array_remove_index (play->leaving, i);
  }
}

/* ---- The whole ---- */

static void
clear_event (gpointer data)
{
  g_object_unref (((HeadroomSimulationEvent *) data)->event);
}

static HeadroomSimulation *
simulation_new (void)
{
  HeadroomSimulation *simulation = g_new0 (HeadroomSimulation, 1);

  simulation->events = g_array_new (FALSE, FALSE, sizeof (HeadroomSimulationEvent));
  g_array_set_clear_func (simulation->events, clear_event);
  return simulation;
}

void
headroom_simulation_free (HeadroomSimulation *simulation)
{
  if (simulation == NULL)
    return;
  g_array_unref (simulation->events);
  g_free (simulation);
}

static void
set_up (Play *play)
{
  const HeadroomScenario *s = play->scenario;
  HeadroomResidencyLimits limits = { .keep_alive_ns = s->keep_alive_ns,
                                     .max_loaded = s->max_loaded,
                                     .max_queue = s->max_queue };

  play->machine = headroom_virtual_machine_new (s->devices, s->n_devices, s->disk);
  play->residency = headroom_residency_new_on (HEADROOM_MACHINE (play->machine), &limits);
  play->slots = g_new0 (Slots, s->models->len);
  for (guint i = 0; i < s->models->len; i++) {
    const HeadroomScenarioModel *model = &g_array_index (s->models, HeadroomScenarioModel, i);
    play->slots[i].entry =
        headroom_virtual_machine_add_model (play->machine, model->name, model->shape, model->bytes);
  }
  play->leaving = g_array_new (FALSE, FALSE, sizeof (guint));
  headroom_virtual_machine_set_freed_func (play->machine, freed_cb, play);
  order_requests (play);
  schedule_others (play);
  wait_for_next (play);
}

static void
tear_down (Play *play)
{
  g_signal_handlers_disconnect_by_func (headroom_residency_get_events (play->residency),
                                        events_changed_cb, play);
  headroom_virtual_machine_set_freed_func (play->machine, NULL, NULL);
  headroom_residency_close (play->residency);
  for (guint i = 0; i < play->scenario->models->len; i++)
    g_object_unref (play->slots[i].entry);
  g_free (play->slots);
  g_array_unref (play->order);
  g_array_unref (play->leaving);
  g_object_unref (play->residency);
  g_object_unref (play->machine);
}

/* Nothing comes from outside: what happens is in the sources alone, so the system is not asked. */
static gint
poll_nothing (GPollFD *fds, guint n_fds, gint timeout)
{
  return 0;
}

HeadroomSimulation *
headroom_simulation_play (const HeadroomScenario *scenario)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  Play play = { .scenario = scenario, .result = simulation_new () };
  HeadroomSimulationEvent now;

  g_main_context_set_poll_func (context, poll_nothing);
  g_main_context_push_thread_default (context);
  set_up (&play);
  g_signal_connect (headroom_residency_get_events (play.residency), "items-changed",
                    G_CALLBACK (events_changed_cb), &play);
  while (headroom_virtual_machine_step (play.machine))
    look_at_memory (&play, &now);
  tear_down (&play);
  g_main_context_pop_thread_default (context);
  if (play.result->n_served > 0)
    play.result->mean_wait = play.total_wait / play.result->n_served;
  return play.result;
}

/* ---- As JSON ---- */

static HrValue *
devices_to_json (const HeadroomSimulation *simulation, const HeadroomScenario *scenario)
{
  HrValue *list = hr_value_new_list ();

  for (gsize d = 0; d < scenario->n_devices; d++) {
    HrValue *json = headroom_device_to_json (&scenario->devices[d]);
    headroom_json_set_int (json, "peak", (gint64) simulation->peak[d]);
    hr_value_append (list, json);
  }
  return list;
}

static HrValue *
requests_to_json (const HeadroomSimulation *simulation, const HeadroomScenario *scenario)
{
  HrValue *json = hr_value_new_dict ();

  headroom_json_set_int (json, "total", scenario->requests->len);
  headroom_json_set_int (json, "served", simulation->n_served);
  headroom_json_set_int (json, "refused", simulation->n_refused);
  headroom_json_set_float (json, "mean_wait_seconds", simulation->mean_wait);
  headroom_json_set_float (json, "longest_wait_seconds", simulation->longest_wait);
  return json;
}

static HrValue *
event_to_json (const HeadroomSimulationEvent *event, gsize n_devices)
{
  HrValue *json = headroom_event_to_json (event->event), *used = hr_value_new_list ();

  for (gsize d = 0; d < n_devices; d++)
    hr_value_append (used, hr_value_new_int ((gint64) event->used[d]));
  hr_value_set (json, "used", used);
  return json;
}

HrValue *
headroom_simulation_to_json (const HeadroomSimulation *simulation, const HeadroomScenario *scenario)
{
  HrValue *json = hr_value_new_dict (), *events = hr_value_new_list ();

  headroom_json_set_string (json, "title", scenario->title);
  for (guint i = 0; i < simulation->events->len; i++)
    hr_value_append (
        events, event_to_json (&g_array_index (simulation->events, HeadroomSimulationEvent, i),
                               scenario->n_devices));
  hr_value_set (json, "events", events);
  hr_value_set (json, "devices", devices_to_json (simulation, scenario));
  hr_value_set (json, "requests", requests_to_json (simulation, scenario));
  return json;
}
