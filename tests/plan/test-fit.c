/* test-fit.c: what is chosen where nobody said anything, and what is given up for a machine that is
 * too small.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-fit.h"
#include "headroom-json.h"
#include "headroom-landscape.h"
#include "headroom-plan-json.h"
#include "tiny-model.h"

#include <string.h>

typedef struct {
  char *path;
  HrModel *model;
} Fixture;

static void
setup (Fixture *f, gconstpointer data)
{
  TinyModel tiny = tiny_model_default;

  tiny.n_ctx = 65536;
  f->path = tiny_model_new (&tiny);
  f->model = hr_model_open (f->path, NULL);
}

static void
teardown (Fixture *f, gconstpointer data)
{
  hr_model_unref (f->model);
  tiny_model_remove (f->path);
}

static HrDevice
host (guint64 bytes)
{
  return (HrDevice) { .name = "host", .total = bytes, .free = bytes, .rates = { 4e10, 1e12, 0, 1e-6 } };
}

static HrDevice
gpu (guint64 bytes)
{
  return (HrDevice){ .name = "card",
                     .kind = HR_DEVICE_GPU,
                     .total = bytes,
                     .free = bytes,
                     .rates = { 4e11, 1e13, 2e10, 1e-6 } };
}

static HeadroomFit *
fit (Fixture *f, HrSettings asked, const HrDevice *devices, gsize n)
{
  g_autoptr (GError) error = NULL;
  HeadroomFit *made = headroom_fit_new (f->model, &asked, devices, n, &error);

  g_assert_no_error (error);
  return made;
}

static const HrSettings *
settings (const HeadroomFit *made)
{
  return hr_plan_get_settings (made->plan);
}

static const char *
step (const HeadroomFit *made, guint i)
{
  g_assert_cmpuint (i, <, made->steps->len);
  return made->steps->pdata[i];
}

#define ROOMY ((guint64) 64 << 30)

static void
test_defaults (Fixture *f, gconstpointer data)
{
  HrDevice small[] = { host (ROOMY), gpu ((guint64) 8 << 30) },
           middle[] = { host (ROOMY), gpu ((guint64) 24 << 30) };
  HrDevice large[] = { host (ROOMY), gpu ((guint64) 48 << 30) };
  HrSettings nothing = { .gpu_layers = -1 };
  g_autoptr (HeadroomFit) none = fit (f, nothing, small, 1);
  g_autoptr (HeadroomFit) eight = fit (f, nothing, small, 2);
  g_autoptr (HeadroomFit) twenty = fit (f, nothing, middle, 2);
  g_autoptr (HeadroomFit) forty = fit (f, nothing, large, 2);

  g_assert_cmpuint (settings (none)->num_ctx, ==, 4096);
  g_assert_cmpuint (settings (none)->parallel, ==, 4);
  g_assert_cmpuint (settings (eight)->num_ctx, ==, 4096);
  g_assert_cmpuint (settings (twenty)->num_ctx, ==, 32768);
  g_assert_cmpuint (settings (forty)->num_ctx, ==, 65536); /* the model's own is less than 262144 */
  g_assert_cmpuint (none->steps->len + forty->steps->len, ==, 0);
}

/* Bytes of a plan of exactly these settings. */
static guint64
bytes_of (Fixture *f, guint32 num_ctx, guint32 parallel, guint32 num_batch)
{
  HrDevice roomy = host (ROOMY);
  HrSettings exact = { .num_ctx = num_ctx, .parallel = parallel, .num_batch = num_batch };
  g_autoptr (HrPlan) plan = hr_plan_new (f->model, &exact, &roomy, 1, NULL);

  return hr_plan_get_bytes (plan, HR_ITEM_N_KINDS);
}

static void
test_parallel (Fixture *f, gconstpointer data)
{
  HrDevice enough = host (bytes_of (f, 16384, 4, 512)), less = enough;
  HrSettings asked = { .num_ctx = 16384 };
  g_autoptr (HeadroomFit) four = NULL;
  g_autoptr (HeadroomFit) one = NULL;

  less.free -= 1;
  four = fit (f, asked, &enough, 1);
  one = fit (f, asked, &less, 1);
  g_assert_cmpuint (settings (four)->parallel, ==, 4);
  g_assert_cmpuint (four->steps->len, ==, 0);
  g_assert_cmpuint (settings (one)->parallel, ==, 1);
  g_assert_nonnull (strstr (step (one, 0), "parallel is 1 instead of 4"));
  g_assert_true (hr_plan_fits (one->plan, NULL));
}

/* Nobody chose a context: first the steps get smaller, then the context shorter, to the last 256
 * that fit. */
static void
test_reduced (Fixture *f, gconstpointer data)
{
  HrDevice tight = host (bytes_of (f, 960, 1, 128));
  g_autoptr (HeadroomFit) made = fit (f, (HrSettings) { 0 }, &tight, 1);

  g_assert_true (hr_plan_fits (made->plan, NULL));
  g_assert_cmpuint (settings (made)->num_batch, ==, 128);
  g_assert_cmpuint (settings (made)->num_ctx, ==, 768);
  g_assert_cmpuint (made->steps->len, ==, 3);
  g_assert_nonnull (strstr (step (made, 0), "parallel is 1"));
  g_assert_nonnull (strstr (step (made, 1), "num_batch is 128 instead of 512"));
  g_assert_nonnull (strstr (step (made, 2), "num_ctx is 768 instead of 4096"));
}

/* What was asked for stays; what would help is offered, with what it frees. */
static void
test_offered (Fixture *f, gconstpointer data)
{
  HrDevice tight = host (bytes_of (f, 8192, 1, 128));
  g_autoptr (HeadroomFit) made =
      fit (f, (HrSettings){ .num_ctx = 16384, .kv_type = HR_KV_F32 }, &tight, 1);
  GPtrArray *offers = headroom_fit_get_offers (made);
  gboolean context = FALSE, type = FALSE;

  g_assert_false (hr_plan_fits (made->plan, NULL));
  g_assert_cmpuint (settings (made)->num_ctx, ==, 16384);
  g_assert_cmpint (settings (made)->kv_type, ==, HR_KV_F32);
  for (guint i = 0; i < offers->len; i++) {
    const HeadroomOffer *offer = offers->pdata[i];
    g_assert_cmpuint (offer->frees, >, 0);
    context |= offer->settings.num_ctx == 4096 && offer->fits;
    type |= offer->settings.kv_type == HR_KV_F16;
  }
  g_assert_true (context);
  g_assert_true (type);
}

static void
test_spills (Fixture *f, gconstpointer data)
{
  HrDevice devices[] = { host (ROOMY),
                         gpu (((guint64) 256 << 20) + bytes_of (f, 16384, 1, 128) / 2) };
  g_autoptr (HeadroomFit) made =
      fit (f, (HrSettings){ .num_ctx = 16384, .gpu_layers = -1 }, devices, 2);

  g_assert_true (hr_plan_fits (made->plan, NULL));
  g_assert_cmpint (settings (made)->gpu_layers, <, hr_plan_n_layers (made->plan));
  g_assert_nonnull (strstr (step (made, made->steps->len - 1), "stay with the host"));
}

/* Used is the sum of the items, on every device; the same question has the same answer. */
static void
test_json (Fixture *f, gconstpointer data)
{
  HrDevice devices[] = { host (ROOMY), gpu ((guint64) 8 << 30) };
  g_autoptr (HeadroomFit) a = fit (f, (HrSettings) { .gpu_layers = 1 }, devices, 2);
  g_autoptr (HeadroomFit) b = fit (f, (HrSettings) { .gpu_layers = 1 }, devices, 2);
  g_autoptr (HrValue) json = headroom_plan_to_json ("m", f->model, a);
  g_autoptr (HrValue) again = headroom_plan_to_json ("m", f->model, b);
  g_autofree char *text = headroom_json_print (json, HEADROOM_JSON_PLAIN);
  g_autofree char *text_again = headroom_json_print (again, HEADROOM_JSON_PLAIN);
  HrValue *items = hr_value_lookup (json, "items"), *list = hr_value_lookup (json, "devices"),
          *share = hr_value_lookup (json, "share");
  double time = 0;

  g_assert_cmpstr (text, ==, text_again);
  for (gsize d = 0; d < hr_value_size (list); d++) {
    HrValue *device = hr_value_at (list, d);
    gint64 sum = 0;
    for (gsize i = 0; i < hr_value_size (items); i++)
      if (g_str_equal (headroom_json_get_string (hr_value_at (items, i), "device"),
                       headroom_json_get_string (device, "name")))
        sum += headroom_json_get_int (hr_value_at (items, i), "bytes", 0);
    g_assert_cmpint (headroom_json_get_int (device, "used", -1), ==, sum);
    time += hr_value_get_float (hr_value_lookup (hr_value_lookup (share, "time"),
                                                 headroom_json_get_string (device, "name")));
  }
  g_assert_cmpfloat_with_epsilon (time, 1, 1e-9);
  g_assert_cmpint (headroom_json_get_int (hr_value_lookup (json, "layers"), "gpu", -1), ==, 1);
}

/* Longer contexts never cost less, nor are they faster, nor do more of them fit at once. */
static void
test_landscape (Fixture *f, gconstpointer data)
{
  HrDevice devices[] = { host (bytes_of (f, 65536, 2, 512)) };
  HrSettings asked = { .parallel = 1 };
  g_autoptr (GArray) stops = headroom_landscape_new (f->model, &asked, devices, 1);
  g_autoptr (GArray) list = headroom_recommend (f->model, &asked, devices, 1);

  g_assert_cmpuint (stops->len, ==, 6);
  g_assert_cmpuint (list->len, ==, 6);
  for (guint i = 1; i < stops->len; i++) {
    const HeadroomStop *stop = &g_array_index (stops, HeadroomStop, i), *before = stop - 1;
    const HeadroomAdvice *advice = &g_array_index (list, HeadroomAdvice, i), *less = advice - 1;
    g_assert_cmpuint (stop->cache_bytes, ==, before->cache_bytes * 2);
    g_assert_cmpfloat (stop->slower_percent, >=, before->slower_percent);
    g_assert_cmpint (stop->verdict, >=, before->verdict);
    g_assert_cmpuint (advice->parallel_max, <=, less->parallel_max);
    g_assert_cmpuint (advice->parallel_best, <=, advice->parallel_max);
    g_assert_cmpuint (advice->parallel_best, >=, 1);
  }
  g_assert_cmpuint (g_array_index (list, HeadroomAdvice, 5).parallel_max, ==, 2);
}

#define CASE(path, func) g_test_add (path, Fixture, NULL, setup, func, teardown)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  CASE ("/plan/fit/defaults", test_defaults);
  CASE ("/plan/fit/parallel", test_parallel);
  CASE ("/plan/fit/reduced", test_reduced);
  CASE ("/plan/fit/offered", test_offered);
  CASE ("/plan/fit/spills", test_spills);
  CASE ("/plan/json", test_json);
  CASE ("/plan/landscape", test_landscape);
  return g_test_run ();
}
