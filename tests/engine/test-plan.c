/* test-plan.c: the estimate is the allocation.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "hr.h"
#include "tiny-model.h"

static HrDevice roomy(void)
{
    return (HrDevice){.name = "host", .total = 64ull << 30, .free = 64ull << 30};
}

static HrPlan *plan_for(HrModel *model, const HrSettings *settings)
{
    g_autoptr(GError) error = NULL;
    HrDevice device = roomy();
    HrPlan *plan = hr_plan_new(model, settings, &device, 1, &error);
    g_assert_no_error(error);
    return plan;
}

/* Every item of the plan stands in the ledger with the same bytes, and nothing else does. */
static void assert_ledger_is_plan(HrRunner *runner, HrPlan *plan)
{
    uint64_t sums[HR_ITEM_N_KINDS] = {0};
    HrRunnerStats stats;
    g_assert_cmpuint(hr_runner_n_allocations(runner), ==, hr_plan_n_items(plan));
    for (size_t i = 0; i < hr_plan_n_items(plan); i++) {
        const HrPlanItem *planned = hr_plan_get_item(plan, i);
        bool found = false;
        for (size_t k = 0; k < hr_runner_n_allocations(runner); k++) {
            const HrPlanItem *taken = hr_runner_get_allocation(runner, k);
            if (taken->kind == planned->kind && taken->layer == planned->layer &&
                g_str_equal(taken->name, planned->name)) {
                g_assert_cmpuint(taken->bytes, ==, planned->bytes);
                found = true;
            }
        }
        g_assert_true(found);
        sums[planned->kind] += planned->bytes;
    }
    hr_runner_get_stats(runner, &stats);
    for (int kind = 0; kind < HR_ITEM_N_KINDS; kind++) {
        g_assert_cmpuint(stats.allocated[kind], ==, sums[kind]);
        g_assert_cmpuint(hr_plan_get_bytes(plan, (HrItemKind)kind), ==, sums[kind]);
    }
}

/* ---- The matrix: architecture, num_ctx, parallel, num_batch, type of the cache ---- */

/* The second llama with experts. */
static const char *const archs[] = {"llama", "qwen2", "qwen3", "llama", "falcon-h1"};
#define N_COMBINATIONS (5 * 2 * 2 * 4)
/* Coprime to that: from one to the next nearly everything is another. */
#define STRIDE 37

static HrSettings combination(uint32_t i)
{
    static const uint32_t contexts[] = {1, 63, 64, 65, 1024}, parallels[] = {1, 3},
                          batches[] = {1, 512};
    return (HrSettings){.num_ctx = contexts[i % 5],
                        .parallel = parallels[i / 5 % 2],
                        .num_batch = batches[i / 10 % 2],
                        .kv_type = (HrKvType)(i / 20 % 4),
                        .threads = 2};
}

static HrModel *open_tiny(size_t arch, char **ret_path)
{
    g_autoptr(GError) error = NULL;
    TinyModel tiny = tiny_model_default;
    tiny.arch = archs[arch];
    if (arch == 3)
        tiny.experts = (TinyExperts){.n = 8, .n_used = 3, .form = TINY_FUSED};
    tiny.head_dim = 32;
    tiny.tied = arch != 1;
    *ret_path = tiny_model_new(&tiny);
    HrModel *model = hr_model_open(*ret_path, &error);
    g_assert_no_error(error);
    return model;
}

static HrRunner *load(HrModel *model, HrPlan *plan)
{
    g_autoptr(GError) error = NULL;
    HrRunner *runner = hr_runner_new(model, plan, false, NULL, NULL, &error);
    g_assert_no_error(error);
    return runner;
}

static void test_equals_ledger(void)
{
    for (size_t a = 0; a < G_N_ELEMENTS(archs); a++) {
        char *path;
        g_autoptr(HrModel) model = open_tiny(a, &path);
        for (uint32_t i = 0; i < N_COMBINATIONS; i++) {
            HrSettings settings = combination(i);
            g_autoptr(HrPlan) plan = plan_for(model, &settings);
            g_autoptr(HrRunner) runner = load(model, plan);
            assert_ledger_is_plan(runner, plan);
        }
        tiny_model_remove(path);
    }
}

/* However it became what it is. */
static void test_equals_ledger_resized(void)
{
    for (size_t a = 0; a < G_N_ELEMENTS(archs); a++) {
        char *path;
        g_autoptr(HrModel) model = open_tiny(a, &path);
        HrSettings first = combination(0);
        g_autoptr(HrPlan) plan = plan_for(model, &first);
        g_autoptr(HrRunner) runner = load(model, plan);
        for (uint32_t i = 1; i <= N_COMBINATIONS; i++) {
            HrSettings settings = combination(i * STRIDE % N_COMBINATIONS);
            g_autoptr(HrPlan) next = plan_for(model, &settings);
            g_autoptr(GError) error = NULL;
            hr_runner_resize(runner, next, false, NULL, NULL, &error);
            g_assert_no_error(error);
            assert_ledger_is_plan(runner, next);
        }
        tiny_model_remove(path);
    }
}

/* Counted by hand from the shapes. */
static void
assert_same (const HrPlan *a, const HrPlan *b)
{
  g_assert_cmpuint (hr_plan_n_items (a), ==, hr_plan_n_items (b));
  g_assert_cmpuint (hr_plan_get_device_bytes (a, 0), ==, hr_plan_get_bytes (b, HR_ITEM_N_KINDS));
  for (size_t i = 0; i < hr_plan_n_items (a); i++) {
    const HrPlanItem *x = hr_plan_get_item (a, i), *y = hr_plan_get_item (b, i);
    g_assert_cmpstr (x->name, ==, y->name);
    g_assert_cmpint (x->kind, ==, y->kind);
    g_assert_cmpint (x->layer, ==, y->layer);
    g_assert_cmpuint (x->bytes, ==, y->bytes);
  }
}

/* A plan like another is the one that would have been made without it, whether their steps are
 * alike or not. */
static void
test_like (void)
{
  for (size_t arch = 0; arch < G_N_ELEMENTS (archs); arch++) {
    char *path;
    g_autoptr (HrModel) model = open_tiny (arch, &path);
    HrSettings first = combination (0);
    g_autoptr (HrPlan) from = plan_for (model, &first);
    for (uint32_t i = 0; i < N_COMBINATIONS; i++) {
      HrSettings settings = combination (i);
      g_autoptr (HrPlan) plan = plan_for (model, &settings);
      g_autoptr (HrPlan) like = hr_plan_new_like (from, &settings, NULL);
      assert_same (like, plan);
      hr_plan_unref (g_steal_pointer (&from));
      from = g_steal_pointer (&like);
    }
    tiny_model_remove (path);
  }
}

static void test_sizes(void)
{
    char *path = tiny_model_new(&tiny_model_default);
    g_autoptr(HrModel) model = hr_model_open(path, NULL);
    HrSettings settings = {.num_ctx = 128, .parallel = 3, .threads = 1};
    g_autoptr(HrPlan) plan = plan_for(model, &settings);
    uint64_t layer = 4ull * (64 + 64 * 64 + 2 * 64 * 32 + 64 * 64 + 64 + 3 * 64 * 96);
    g_assert_cmpuint(hr_plan_get_bytes(plan, HR_ITEM_WEIGHTS), ==,
                     4ull * (300 * 64 + 64) + 2 * layer);
    g_assert_cmpuint(hr_plan_get_cache_bytes_per_token(plan), ==, 2ull * 2 * 2 * 16 * 2);
    g_assert_cmpuint(hr_plan_get_bytes(plan, HR_ITEM_CACHE), ==,
                     128ull * 3 * hr_plan_get_cache_bytes_per_token(plan));
    g_assert_cmpuint(hr_plan_get_bytes(plan, HR_ITEM_OUTPUT), ==, 8ull * 300 * 4);
    tiny_model_remove(path);
}

static void test_cache_types(void)
{
    static const uint64_t bytes[] = {
        [HR_KV_F16] = 64, [HR_KV_F32] = 128, [HR_KV_Q8_0] = 34, [HR_KV_Q4_0] = 18};
    TinyModel tiny = tiny_model_default;
    tiny.head_dim = 32;
    char *path = tiny_model_new(&tiny);
    g_autoptr(HrModel) model = hr_model_open(path, NULL);
    for (int kv = HR_KV_F16; kv <= HR_KV_Q4_0; kv++) {
        HrSettings settings = {.num_ctx = 64, .kv_type = (HrKvType)kv};
        g_autoptr(HrPlan) plan = plan_for(model, &settings);
        g_assert_cmpuint(hr_plan_get_cache_bytes_per_token(plan), ==, 2 * 2 * 2 * bytes[kv]);
    }
    tiny_model_remove(path);
}

static void test_narrow_heads(void)
{
    char *path = tiny_model_new(&tiny_model_default);
    g_autoptr(HrModel) model = hr_model_open(path, NULL);
    g_autoptr(GError) error = NULL;
    HrDevice device = roomy();
    HrSettings settings = {.kv_type = HR_KV_Q8_0};
    g_assert_null(hr_plan_new(model, &settings, &device, 1, &error));
    g_assert_error(error, HR_ERROR, HR_ERROR_SETTINGS);
    g_assert_nonnull(strstr(error->message, "multiple of 32"));
    tiny_model_remove(path);
}

static void test_settings(void)
{
    char *path = tiny_model_new(&tiny_model_default);
    g_autoptr(HrModel) model = hr_model_open(path, NULL);
    HrDevice device = roomy();
    struct {
        HrSettings settings;
        const char *message;
    } bad[] = {
        {{.num_ctx = UINT32_MAX}, "num_ctx is 4294967295"},
        {{.parallel = 257}, "parallel is 257"},
        {{.num_batch = 16385}, "num_batch is 16385"},
        {{.threads = 1000}, "threads is 1000"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(hr_plan_new(model, &bad[i].settings, &device, 1, &error));
        g_assert_error(error, HR_ERROR, HR_ERROR_SETTINGS);
        g_assert_nonnull(strstr(error->message, bad[i].message));
    }
    HrSettings none = {0}, beyond = {.num_ctx = 5000};
    g_autoptr(HrPlan) defaults = plan_for(model, &none), trained = plan_for(model, &beyond);
    g_assert_cmpuint(hr_plan_get_settings(defaults)->num_ctx, ==, 1024);
    g_assert_cmpuint(hr_plan_get_settings(defaults)->parallel, ==, 1);
    g_assert_cmpuint(hr_plan_get_settings(trained)->num_ctx, ==, 1024);
    tiny_model_remove(path);
}

/* Refused before anything is allocated, with what would fit; and what is said to fit does. */
static void test_does_not_fit(void)
{
    char *path = tiny_model_new(&tiny_model_default);
    g_autoptr(HrModel) model = hr_model_open(path, NULL);
    g_autoptr(GError) error = NULL;
    HrSettings settings = {.num_ctx = 1024, .num_batch = 16, .threads = 1};
    g_autoptr(HrPlan) roomy_plan = plan_for(model, &settings);
    uint64_t all = hr_plan_get_bytes(roomy_plan, HR_ITEM_N_KINDS),
             cache = hr_plan_get_bytes(roomy_plan, HR_ITEM_CACHE);
    HrDevice tight = {.name = "host",
                      .total = all,
                      .free = all - cache / 2 + 1000,
                      .reserve = 1000};
    g_autoptr(HrPlan) plan = hr_plan_new(model, &settings, &tight, 1, NULL);
    g_assert_false(hr_plan_fits(plan, NULL));
    g_assert_null(hr_runner_new(model, plan, false, NULL, NULL, &error));
    g_assert_error(error, HR_ERROR, HR_ERROR_MEMORY);
    g_assert_nonnull(strstr(error->message, "A num_ctx of 512 would fit"));
    settings.num_ctx = 512;
    g_autoptr(HrPlan) smaller = hr_plan_new(model, &settings, &tight, 1, NULL);
    g_assert_true(hr_plan_fits(smaller, NULL));
    tiny_model_remove(path);
}

static void test_probe(void)
{
    HrDevice devices[2];
    g_assert_cmpuint(hr_devices_probe(devices, 2), ==, 1);
    g_assert_cmpint(devices[0].kind, ==, HR_DEVICE_CPU);
    g_assert_cmpuint(devices[0].total, >, 0);
    g_assert_cmpuint(devices[0].free, <=, devices[0].total);
    g_assert_cmpuint(devices[0].reserve, <=, devices[0].total / 4);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plan/equals-ledger", test_equals_ledger);
    g_test_add_func("/plan/equals-ledger/resized", test_equals_ledger_resized);
    g_test_add_func ("/plan/like", test_like);
    g_test_add_func("/plan/sizes", test_sizes);
    g_test_add_func("/plan/cache-types", test_cache_types);
    g_test_add_func("/plan/narrow-heads", test_narrow_heads);
    g_test_add_func("/plan/settings", test_settings);
    g_test_add_func("/plan/does-not-fit", test_does_not_fit);
    g_test_add_func("/plan/probe", test_probe);
    return g_test_run();
}
