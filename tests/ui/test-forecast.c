/* test-forecast.c: who would have to go for a plan, as the window tells before anything happens.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-forecast.h"

#define MIB ((guint64) 1024 * 1024)

/* Two idle models of 300 and 200 MiB on one device; "old" was used longer ago. */
#define MODELS(until, requests, limit)                                                                                           \
  "{\"max_loaded\":" limit ",\"models\":["                                                                                       \
  "{\"name\":\"old\",\"path\":\"/o.gguf\",\"state\":\"ready\",\"requests\":" requests                                            \
  ",\"idle_ms\":9000,\"until\":" until ","                                                                                       \
  "\"bytes\":{\"weights\":1000},\"device_bytes\":[314572800]},"                                                                  \
  "{\"name\":\"new\",\"path\":\"/n.gguf\",\"state\":\"ready\",\"requests\":0,\"idle_ms\":10,\"until\":\"2099-01-01T00:00:00Z\"," \
  "\"bytes\":{\"weights\":1000},\"device_bytes\":[209715200]}]}"
#define SOON "\"2099-01-01T00:00:00Z\""

static HeadroomTenancy *
read_tenancy (const char *text)
{
  g_autoptr (HrValue) json = headroom_json_parse (text, -1, FALSE, NULL);

  g_assert_nonnull (json);
  return headroom_tenancy_new (json);
}

/* A plan on a device of 1000 MiB, of which 800 may be taken, those of the tenants included. */
static HrPlan *
plan_of (guint64 bytes)
{
  HrPlanItem item = { .kind = HR_ITEM_WEIGHTS, .name = "weights", .layer = -1, .bytes = bytes };
  HrDevice device = { .name = "Memory",
                      .kind = HR_DEVICE_CPU,
                      .total = 1000 * MIB,
                      .free = 900 * MIB,
                      .reserve = 100 * MIB };
  HrSettings settings = { .num_ctx = 512, .parallel = 1, .num_batch = 64 };

  return hr_plan_new_of_items (&item, 1, &settings, &device, 1);
}

static void
assert_forecast (const char *status, guint64 mib, const char *model, HeadroomForecastKind kind,
                 const char *who)
{
  g_autoptr (HeadroomTenancy) tenancy = read_tenancy (status);
  g_autoptr (HrPlan) plan = plan_of (mib * MIB);
  g_autoptr (GPtrArray) names = NULL;
  g_autofree char *joined = NULL;

  g_assert_cmpint (headroom_forecast (tenancy, plan, model, &names), ==, kind);
  g_ptr_array_add (names, NULL);
  joined = g_strjoinv (",", (char **) names->pdata);
  g_assert_cmpstr (joined, ==, who);
}

static void
test_room (void)
{
  const char *status = MODELS (SOON, "0", "3");

  /* 500 of 800 MiB are taken. */
  assert_forecast (status, 300, "third", HEADROOM_FORECAST_BESIDE, "");
  /* One is enough: the one that was used longest ago. */
  assert_forecast (status, 301, "third", HEADROOM_FORECAST_EVICTS, "old");
  assert_forecast (status, 500, "third", HEADROOM_FORECAST_EVICTS, "old");
  /* Only the larger one is enough, then both. */
  assert_forecast (status, 600, "third", HEADROOM_FORECAST_EVICTS, "old");
  assert_forecast (status, 601, "third", HEADROOM_FORECAST_EVICTS, "old,new");
  assert_forecast (status, 801, "third", HEADROOM_FORECAST_IMPOSSIBLE, "");
}

/* A model that is here already is loaded again in its own place, by whichever name it is called. */
static void
test_same (void)
{
  const char *status = MODELS (SOON, "0", "2");

  assert_forecast (status, 600, "old", HEADROOM_FORECAST_BESIDE, "");
  assert_forecast (status, 600, "/o.gguf", HEADROOM_FORECAST_BESIDE, "");
  assert_forecast (status, 601, "old", HEADROOM_FORECAST_EVICTS, "new");
}

static void
test_pinned (void)
{
  assert_forecast (MODELS ("null", "0", "3"), 400, "third", HEADROOM_FORECAST_EVICTS, "new");
  assert_forecast (MODELS ("null", "0", "3"), 600, "third", HEADROOM_FORECAST_IMPOSSIBLE, "");
}

static void
test_busy (void)
{
  assert_forecast (MODELS (SOON, "1", "3"), 400, "third", HEADROOM_FORECAST_EVICTS, "new");
  assert_forecast (MODELS (SOON, "1", "3"), 600, "third", HEADROOM_FORECAST_WAITS, "");
}

static void
test_limit (void)
{
  assert_forecast (MODELS (SOON, "0", "2"), 10, "third", HEADROOM_FORECAST_EVICTS, "old");
  assert_forecast (MODELS (SOON, "0", "1"), 10, "third", HEADROOM_FORECAST_EVICTS, "old,new");
  assert_forecast (MODELS (SOON, "0", "null"), 10, "third", HEADROOM_FORECAST_BESIDE, "");
}

/* What is not there or odd counts as nothing. */
static void
test_odd (void)
{
  static const char *const texts[] = {
    "{}", "{\"models\":7}", "{\"models\":[{},7,{\"device_bytes\":[\"x\",-5]}],\"max_loaded\":-3}"
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (HeadroomTenancy) tenancy = read_tenancy (texts[i]);
    g_autoptr (HeadroomTenancy) copy = headroom_tenancy_copy (tenancy);
    g_autoptr (HrPlan) plan = plan_of (MIB);
    g_assert_true (headroom_tenancy_equal (tenancy, copy));
    g_assert_cmpint (headroom_forecast (tenancy, plan, "x", NULL), ==, HEADROOM_FORECAST_BESIDE);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/forecast/room", test_room);
  g_test_add_func ("/forecast/same", test_same);
  g_test_add_func ("/forecast/pinned", test_pinned);
  g_test_add_func ("/forecast/busy", test_busy);
  g_test_add_func ("/forecast/limit", test_limit);
  g_test_add_func ("/forecast/odd", test_odd);
  return g_test_run ();
}
