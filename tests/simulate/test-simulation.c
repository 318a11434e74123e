/* test-simulation.c: the policy on shipped, random and broken scenarios.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * HEADROOM_SCENARIOS is how many random ones are played (N_SCENARIOS if it is not set), from
 * HEADROOM_SEED on, on all processors; the seed is printed with each failure.
 */
#include "headroom-catalogue.h"
#include "headroom-json.h"
#include "headroom-scenario.h"
#include "headroom-simulation.h"
#include "headroom-wire-time.h"

#include <string.h>

/* ---- Shipped ones ---- */

static HeadroomScenario *
read_shipped (const char *name)
{
  g_autofree char *path = g_build_filename (g_getenv ("SCENARIOS"), name, NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (HrValue) json = NULL;
  HeadroomScenario *scenario;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  json = headroom_json_parse (text, -1, FALSE, &error);
  g_assert_no_error (error);
  scenario = headroom_scenario_read (json, &error);
  g_assert_no_error (error);
  return scenario;
}

static guint
count (const HeadroomSimulation *simulation, HeadroomEventKind kind, const char **ret_model,
       gint64 *ret_minute)
{
  guint n = 0;
  gint64 first = headroom_event_get_time_ns (
      g_array_index (simulation->events, HeadroomSimulationEvent, 0).event);

  for (guint i = 0; i < simulation->events->len; i++) {
    HeadroomEvent *event = g_array_index (simulation->events, HeadroomSimulationEvent, i).event;
    if (headroom_event_get_kind (event) != kind)
      continue;
    n++;
    if (ret_model != NULL)
      *ret_model = headroom_event_get_model (event);
    if (ret_minute != NULL)
      *ret_minute = (headroom_event_get_time_ns (event) - first) / (60 * HEADROOM_NSEC_PER_SEC);
  }
  return n;
}

/* Weights alone, nothing in reserve: one has to go, the one that was used least recently, and not
 * before the fifth comes. */
static void
test_five_models (void)
{
  g_autoptr (HeadroomScenario) scenario = read_shipped ("five-models-16gb.json");
  g_autoptr (HeadroomSimulation) simulation = headroom_simulation_play (scenario);
  const char *evicted = NULL;
  gint64 minute = 0;

  g_assert_cmpuint (count (simulation, HEADROOM_EVENT_EVICT, &evicted, &minute), ==, 1);
  g_assert_cmpstr (evicted, ==, "qwen2.5:7b");
  g_assert_cmpstr (headroom_event_get_client (
                       g_array_index (simulation->events, HeadroomSimulationEvent, 4).event),
                   ==, "editor");
  g_assert_cmpint (minute, ==, 3); /* the first load ends two seconds into the first minute */
  g_assert_cmpuint (simulation->n_served, ==, 5);
  g_assert_cmpuint (count (simulation, HEADROOM_EVENT_LOAD, NULL, NULL), ==, 5);
}

/* The memory that an event shows is that of what it says: of a model that goes, without it. */
static void
test_memory_of_events (void)
{
  g_autoptr (HeadroomScenario) scenario = read_shipped ("five-models-16gb.json");
  g_autoptr (HeadroomSimulation) simulation = headroom_simulation_play (scenario);
  guint64 total = 0, most = 0;

  for (guint i = 0; i < simulation->events->len; i++) {
    const HeadroomSimulationEvent *at =
        &g_array_index (simulation->events, HeadroomSimulationEvent, i);
    guint64 bytes = headroom_event_get_bytes (at->event), used = 0;
    for (gsize d = 0; d < scenario->n_devices; d++)
      used += at->used[d];
    total += headroom_event_get_kind (at->event) == HEADROOM_EVENT_LOAD ? bytes : -bytes;
    g_assert_cmpuint (used, ==, total);
    most = MAX (most, total);
  }
  g_assert_cmpuint (most, ==, simulation->peak[0]);
}

/* Two models at most: each one from the third on sends one away. */
static void
test_five_models_real (void)
{
  g_autoptr (HeadroomScenario) scenario = read_shipped ("five-models-16gb-real.json");
  g_autoptr (HeadroomSimulation) simulation = headroom_simulation_play (scenario);

  g_assert_cmpuint (count (simulation, HEADROOM_EVENT_EVICT, NULL, NULL), ==, 3);
  g_assert_cmpuint (simulation->n_served, ==, 5);
  g_assert_false (simulation->over_budget);
}

static void
test_keep_alive (void)
{
  g_autoptr (HeadroomScenario) none = read_shipped ("one-user-keep-alive-0.json");
  g_autoptr (HeadroomScenario) some = read_shipped ("one-user-keep-alive-5m.json");
  g_autoptr (HeadroomScenario) forever = read_shipped ("one-user-keep-alive-forever.json");
  g_autoptr (HeadroomSimulation) a = headroom_simulation_play (none);
  g_autoptr (HeadroomSimulation) b = headroom_simulation_play (some);
  g_autoptr (HeadroomSimulation) c = headroom_simulation_play (forever);

  g_assert_cmpuint (count (a, HEADROOM_EVENT_LOAD, NULL, NULL), ==, none->requests->len);
  g_assert_cmpuint (count (b, HEADROOM_EVENT_LOAD, NULL, NULL), <, none->requests->len);
  g_assert_cmpuint (count (c, HEADROOM_EVENT_LOAD, NULL, NULL), ==, 3);
  g_assert_cmpfloat (a->mean_wait, >, b->mean_wait);
  g_assert_cmpfloat (b->mean_wait, >, c->mean_wait);
}

/* The second size is taken once, and then they are told of one for both. */
static void
test_two_clients (void)
{
  g_autoptr (HeadroomScenario) scenario = read_shipped ("two-clients-num-ctx.json");
  g_autoptr (HeadroomSimulation) played = headroom_simulation_play (scenario);

  g_assert_cmpuint (count (played, HEADROOM_EVENT_LOAD, NULL, NULL), ==, 1);
  g_assert_cmpuint (count (played, HEADROOM_EVENT_RESIZE, NULL, NULL), ==, 1);
  g_assert_cmpuint (count (played, HEADROOM_EVENT_ADVISE, NULL, NULL), ==, 1);
}

/* Every shipped scenario can be played, twice with the same outcome. */
static void
test_all_shipped (void)
{
  g_autoptr (GDir) dir = g_dir_open (g_getenv ("SCENARIOS"), 0, NULL);
  const char *name;
  guint n = 0;

  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autoptr (HeadroomScenario) scenario = NULL;
    g_autoptr (HeadroomSimulation) one = NULL;
    g_autoptr (HeadroomSimulation) two = NULL;
    g_autoptr (HrValue) first = NULL;
    g_autoptr (HrValue) second = NULL;
    g_autofree char *a = NULL;
    g_autofree char *b = NULL;
    if (!g_str_has_suffix (name, ".json"))
      continue;
    scenario = read_shipped (name);
    one = headroom_simulation_play (scenario);
    two = headroom_simulation_play (scenario);
    first = headroom_simulation_to_json (one, scenario);
    second = headroom_simulation_to_json (two, scenario);
    a = headroom_json_print (first, HEADROOM_JSON_PLAIN);
    b = headroom_json_print (second, HEADROOM_JSON_PLAIN);
    g_assert_cmpstr (a, ==, b);
    g_assert_cmpuint (one->n_served + one->n_refused, ==, scenario->requests->len);
    g_assert_false (one->over_budget);
    n++;
  }
  g_assert_cmpuint (n, >=, 8);
}

/* ---- Random ones ---- */

/* Instrumented programs take ten times as long. */
#ifdef __SANITIZE_ADDRESS__
#define N_SCENARIOS 5000
#else
#define N_SCENARIOS 100000
#endif
/* That a thread takes at a time. */
#define AT_ONCE 64
#define GIB ((guint64) 1 << 30)
#define LARGEST_MODEL (20 * (double) GIB)

static void
add_random_devices (GRand *rand, HrDevice *devices, gsize *n)
{
  gint reserve = g_rand_int_range (rand, 0, 3) * 10;

  *n = (gsize) g_rand_int_range (rand, 1, 4);
  for (gsize d = 0; d < *n; d++) {
    devices[d] = (HrDevice) { .kind = d == 0 ? HR_DEVICE_CPU : HR_DEVICE_GPU };
    g_snprintf (devices[d].name, sizeof devices[d].name, "device %" G_GSIZE_FORMAT, d);
    devices[d].total = devices[d].free = (guint64) g_rand_int_range (rand, 1, 33) * GIB;
    devices[d].reserve = devices[d].total / 100 * (guint64) reserve;
  }
}

static gint64
random_keep_alive (GRand *rand)
{
  static const gint64 choices[] = { 0, 1, 60, 3600 };
  gint pick = g_rand_int_range (rand, 0, 8);

  return pick == 0 ? HEADROOM_FOREVER : choices[pick % 4] * HEADROOM_NSEC_PER_SEC;
}

static void
add_random_request (GRand *rand, HeadroomScenario *s, gint64 *at_us)
{
  HeadroomScenarioRequest r = { .prompt = 1, .predict = 1 };

  if (g_rand_int_range (rand, 0, 3) > 0) /* every third comes with the one before */
    *at_us += (gint64) (g_rand_double (rand) * g_rand_double (rand) * 120 * G_USEC_PER_SEC);
  r.at_us = *at_us;
  r.model = (guint) g_rand_int_range (rand, 0, (gint) s->models->len);
  g_snprintf (r.client, sizeof r.client, "client %d", g_rand_int_range (rand, 0, 5));
  r.has_keep_alive = g_rand_boolean (rand);
  r.keep_alive_ns = random_keep_alive (rand);
  r.settings = (HrSettings){ .num_ctx = 1u << g_rand_int_range (rand, 8, 17),
                             .parallel = (guint32) g_rand_int_range (rand, 0, 5),
                             .gpu_layers = -1 };
  r.seconds = 0.001 + g_rand_double (rand) * 30;
  g_array_append_val (s->requests, r);
}

/* Programs that are not ours come and go meanwhile, up to all of a device. */
static void
add_random_others (GRand *rand, HeadroomScenario *s, gint64 until_us)
{
  for (gint i = g_rand_int_range (rand, 1, 6); i > 0; i--) {
    HeadroomScenarioOthers others = { .at_us = (gint64) (g_rand_double (rand) * (double) until_us),
                                      .device =
                                          (gsize) g_rand_int_range (rand, 0, (gint) s->n_devices) };
    others.bytes = (guint64) (g_rand_double (rand) * (double) s->devices[others.device].total);
    g_array_append_val (s->others, others);
  }
}

/* Half of the models are sizes alone; the others have caches that grow with what requests ask for.
 */
static void
add_random_model (GRand *rand, HeadroomScenario *s, HrModel *const *shapes, gsize n_shapes)
{
  HeadroomScenarioModel model = { .name = g_strdup_printf ("model %u", s->models->len) };

  if (g_rand_boolean (rand))
    model.shape = hr_model_ref (shapes[g_rand_int_range (rand, 0, (gint) n_shapes)]);
  else
    model.bytes = (guint64) (g_rand_double (rand) * LARGEST_MODEL) + 1;
  g_array_append_val (s->models, model);
}

static HeadroomScenario *
random_scenario (GRand *rand, HrModel *const *shapes, gsize n_shapes)
{
  HrDevice devices[HR_MAX_DEVICES];
  gsize n;
  HeadroomScenario *s;
  gint n_models = g_rand_int_range (rand, 1, 8), n_requests = g_rand_int_range (rand, 1, 25);
  gint64 at_us = 0;

  add_random_devices (rand, devices, &n);
  s = headroom_scenario_new (devices, n);
  s->keep_alive_ns = random_keep_alive (rand);
  s->max_loaded = g_rand_boolean (rand) ? G_MAXUINT : (guint) g_rand_int_range (rand, 0, 4);
  s->max_queue = g_rand_boolean (rand) ? 512 : (guint) g_rand_int_range (rand, 1, 4);
  for (gint i = 0; i < n_models; i++)
    add_random_model (rand, s, shapes, n_shapes);
  for (gint i = 0; i < n_requests; i++)
    add_random_request (rand, s, &at_us);
  if (g_rand_boolean (rand))
    add_random_others (rand, s, at_us);
  return s;
}

/* Nobody waits longer than all answers and all loads take one after the other. */
static double
longest_fair_wait (const HeadroomScenario *s)
{
  double seconds = 0;

  for (guint i = 0; i < s->requests->len; i++)
    seconds +=
        g_array_index (s->requests, HeadroomScenarioRequest, i).seconds + LARGEST_MODEL / s->disk;
  return seconds;
}

/* Nothing busy is evicted (the residency asserts it), nothing is lost, nobody starves, no budget is
 * exceeded, everything is explained. Counts what happened. */
static void
check (const HeadroomScenario *s, const HeadroomSimulation *simulation, guint32 seed,
       guint64 counts[HEADROOM_REASON_N])
{
  if (simulation->n_served + simulation->n_refused != s->requests->len || simulation->over_budget)
    g_error ("seed %u: %u served, %u refused of %u; over budget: %d", seed, simulation->n_served,
             simulation->n_refused, s->requests->len, simulation->over_budget);
  if (simulation->longest_wait > longest_fair_wait (s))
    g_error ("seed %u: somebody waited for %f seconds, of %f at most", seed,
             simulation->longest_wait, longest_fair_wait (s));
  for (guint i = 0; i < simulation->events->len; i++) {
    HeadroomEvent *event = g_array_index (simulation->events, HeadroomSimulationEvent, i).event;
    const char *reason = headroom_event_get_reason (event);
    counts[headroom_event_get_code (event)]++;
    if (strlen (reason) < 10 || strpbrk (reason, "{[") != NULL)
      g_error ("seed %u: an event without a reason: %s", seed, reason);
  }
}

typedef struct {
  HrModel *shapes[3];
  guint32 first, n;
  guint32 next; /* atomic */
  GMutex lock;  /* guards the next */
  guint64 counts[HEADROOM_REASON_N];
} Randoms;

static gpointer
play_randoms (gpointer data)
{
  Randoms *randoms = data;
  guint64 counts[HEADROOM_REASON_N] = { 0 };
  guint32 begin;

  while ((begin = (guint32) g_atomic_int_add (&randoms->next, AT_ONCE)) < randoms->n) {
    for (guint32 i = begin; i < MIN (begin + AT_ONCE, randoms->n); i++) {
      g_autoptr (GRand) rand = g_rand_new_with_seed (randoms->first + i);
      g_autoptr (HeadroomScenario) s =
          random_scenario (rand, randoms->shapes, G_N_ELEMENTS (randoms->shapes));
      g_autoptr (HeadroomSimulation) simulation = headroom_simulation_play (s);
      check (s, simulation, randoms->first + i, counts);
    }
  }
  g_mutex_lock (&randoms->lock);
  for (gsize i = 0; i < HEADROOM_REASON_N; i++)
    randoms->counts[i] += counts[i];
  g_mutex_unlock (&randoms->lock);
  return NULL;
}

static guint32
number_from (const char *variable, guint32 otherwise)
{
  const char *text = g_getenv (variable);

  return text != NULL ? (guint32) g_ascii_strtoull (text, NULL, 10) : otherwise;
}

static void
test_random (void)
{
  static const char *const names[] = { "smollm2:1.7b", "qwen2.5:0.5b", "llama3.2:1b" };
  static const HeadroomReason expected[] = { HEADROOM_REASON_ROOM,     HEADROOM_REASON_TOO_MANY,
                                             HEADROOM_REASON_PRESSURE, HEADROOM_REASON_RESIZED,
                                             HEADROOM_REASON_REFUSED,  HEADROOM_REASON_HELPLESS,
                                             HEADROOM_REASON_KEEP_ALIVE };
  Randoms randoms = { .first = number_from ("HEADROOM_SEED", 1),
                      .n = number_from ("HEADROOM_SCENARIOS", N_SCENARIOS) };
  g_autoptr (GPtrArray) threads = g_ptr_array_new ();

  g_mutex_init (&randoms.lock);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    randoms.shapes[i] = headroom_catalogue_open (headroom_catalogue_find (names[i]), NULL, NULL);
  for (guint i = 0; i < g_get_num_processors (); i++)
    g_ptr_array_add (threads, g_thread_new ("random", play_randoms, &randoms));
  for (guint i = 0; i < threads->len; i++)
    g_thread_join (threads->pdata[i]);
  for (gsize i = 0; i < G_N_ELEMENTS (expected); i++) {
    g_test_message ("%s: %" G_GUINT64_FORMAT, headroom_reason_code (expected[i]),
                    randoms.counts[expected[i]]);
    g_assert_true (randoms.n < 2000 || randoms.counts[expected[i]] > 0);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    hr_model_unref (randoms.shapes[i]);
  g_mutex_clear (&randoms.lock);
}

/* ---- Broken ones ---- */

#define MACHINE "\"devices\":[\"host:cpu:8GB\"],\"models\":{\"m\":{\"bytes\":\"1GB\"}}"

static void
test_bad (void)
{
  static const struct { const char *json, *named;
  } bad[] = {
    { "[]", "scenario" },
    { "{}", "devices" },
    { "{\"devices\":[]}", "devices" },
    { "{\"devices\":[7]}", "devices" },
    { "{\"devices\":[\"x\"]}", "x" },
    { "{\"devices\":[\"host:cpu:8GB\"]}", "models" },
    { "{\"devices\":[\"host:cpu:8GB\"],\"models\":{\"no-such-model\":{}}}", "no-such-model" },
    { "{\"devices\":[\"host:cpu:8GB\"],\"models\":{\"m\":{\"bytes\":\"-1GB\"}}}", "models.m" },
    { "{\"devices\":[\"host:cpu:8GB\"],\"models\":{\"m\":{\"bytes\":\"0\"}}}", "models.m" },
    { "{\"devices\":[\"host:cpu:8GB\"],\"models\":{\"m\":{\"size\":\"1GB\"}}}", "models.m.size" },
    { "{" MACHINE "}", "requests" },
    { "{" MACHINE ",\"requests\":[7]}", "requests[0]" },
    { "{" MACHINE ",\"requests\":[{}]}", "requests[0]" },
    { "{" MACHINE ",\"requests\":[{\"model\":\"other\"}]}", "requests[0]" },
    { "{" MACHINE ",\"requests\":[{\"model\":\"m\",\"at\":\"soon\"}]}", "requests[0].at" },
    { "{" MACHINE ",\"requests\":[{\"model\":\"m\",\"at\":\"-5s\"}]}", "requests[0].at" },
    { "{" MACHINE ",\"requests\":[{\"model\":\"m\",\"at\":\"900000h\"}]}", "requests[0].at" },
    { "{" MACHINE ",\"requests\":[{\"model\":\"m\",\"num_ctx\":-1}]}", "num_ctx" },
    { "{" MACHINE ",\"requests\":[{\"model\":\"m\",\"parallel\":1000000}]}", "parallel" },
    { "{" MACHINE ",\"requests\":[{\"model\":\"m\",\"loop\":true}]}", "loop" },
    { "{" MACHINE ",\"requests\":[{\"model\":\"m\",\"repeat\":{\"count\":1000000}}]}",
      "repeat.count" },
    { "{" MACHINE
      ",\"requests\":[{\"model\":\"m\",\"repeat\":{\"count\":60000}},{\"model\":\"m\",\"repeat\":{\"count\":60000}}]}",
      "too many" },
    { "{" MACHINE ",\"requests\":[{\"model\":\"m\",\"repeat\":{\"count\":2,\"repeat\":{}}}]}",
      "repeat.repeat" },
    { "{" MACHINE ",\"disk\":\"0GB/s\",\"requests\":[]}", "disk" },
    { "{" MACHINE ",\"keep_alive\":\"never\",\"requests\":[]}", "keep_alive" },
    { "{" MACHINE ",\"reserve\":101,\"requests\":[]}", "reserve" },
    { "{" MACHINE ",\"max_loaded\":\"some\",\"requests\":[]}", "max_loaded" }
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (HrValue) json = headroom_json_parse (bad[i].json, -1, FALSE, NULL);
    g_autoptr (GError) error = NULL;
    g_assert_nonnull (json);
    g_assert_null (headroom_scenario_read (json, &error));
    g_assert_error (error, HR_ERROR, HR_ERROR_SETTINGS);
    if (strstr (error->message, bad[i].named) == NULL)
      g_error ("%s: %s", bad[i].json, error->message);
  }
}

/* As many requests as may be, at once: those beyond the queue are refused, and it takes no time to
 * speak of. */
static void
test_crowd (void)
{
  static const char text[] =
      "{" MACHINE
      ",\"max_queue\":16,\"num_parallel\":4,\"requests\":[{\"model\":\"m\",\"seconds\":1,"
      "\"repeat\":{\"count\":20000,\"every\":\"0s\"}}]}";
  g_autoptr (HrValue) json = headroom_json_parse (text, -1, FALSE, NULL);
  g_autoptr (HeadroomScenario) scenario = headroom_scenario_read (json, NULL);
  g_autoptr (HeadroomSimulation) simulation = headroom_simulation_play (scenario);

  g_assert_cmpuint (simulation->n_served, ==, 16);
  g_assert_cmpuint (simulation->n_refused, ==, 20000 - 16);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/simulation/five-models", test_five_models);
  g_test_add_func ("/simulation/memory-of-events", test_memory_of_events);
  g_test_add_func ("/simulation/five-models-real", test_five_models_real);
  g_test_add_func ("/simulation/keep-alive", test_keep_alive);
  g_test_add_func ("/simulation/two-clients", test_two_clients);
  g_test_add_func ("/simulation/all-shipped", test_all_shipped);
  g_test_add_func ("/simulation/random", test_random);
  g_test_add_func ("/simulation/bad", test_bad);
  g_test_add_func ("/simulation/crowd", test_crowd);
  return g_test_run ();
}
