/* test-placement.c: layers on several devices, and plans of shapes without weights.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "hr.h"
#include "tiny-model.h"

typedef struct {
    char *path;
    HrModel *model;
} Fixture;

static void setup(Fixture *f, gconstpointer data)
{
    TinyModel tiny = tiny_model_default;
    tiny.tied = false;
    f->path = tiny_model_new(&tiny);
    f->model = hr_model_open(f->path, NULL);
}

static void teardown(Fixture *f, gconstpointer data)
{
    hr_model_unref(f->model);
    tiny_model_remove(f->path);
}

static HrDevice host(void)
{
    return (HrDevice){.name = "host", .total = 64ull << 30, .free = 64ull << 30};
}

static HrDevice gpu(const char *name, uint64_t bytes, double bandwidth)
{
    HrDevice device = {.kind = HR_DEVICE_GPU,
                       .total = bytes,
                       .free = bytes,
                       .rates.bandwidth = bandwidth};
    g_strlcpy(device.name, name, sizeof device.name);
    return device;
}

static HrPlan *plan(HrModel *model, int32_t gpu_layers, const HrDevice *devices, size_t n)
{
    g_autoptr(GError) error = NULL;
    HrSettings settings = {
        .num_ctx = 256, .parallel = 2, .num_batch = 64, .threads = 2, .gpu_layers = gpu_layers};
    HrPlan *made = hr_plan_new(model, &settings, devices, n, &error);
    g_assert_no_error(error);
    return made;
}

static uint64_t sum_of_devices(const HrPlan *p)
{
    uint64_t bytes = 0;
    for (size_t d = 0; d < hr_plan_n_devices(p); d++)
        bytes += hr_plan_get_device_bytes(p, d);
    return bytes;
}

/* All on the faster card, whichever comes first in the list; nothing that computes on the host. */
static void test_fastest_first(Fixture *f, gconstpointer data)
{
    HrDevice devices[] = {host(), gpu("slow", 8ull << 30, 1e11), gpu("fast", 8ull << 30, 9e11)};
    g_autoptr(HrPlan) p = plan(f->model, -1, devices, 3);
    g_assert_cmpint(hr_plan_get_settings(p)->gpu_layers, ==, hr_plan_n_layers(p));
    for (uint32_t il = 0; il < hr_plan_n_layers(p); il++)
        g_assert_cmpuint(hr_plan_get_layer_device(p, il), ==, 2);
    g_assert_cmpuint(hr_plan_get_device_bytes(p, 1), ==, 0);
    g_assert_cmpuint(sum_of_devices(p), ==, hr_plan_get_bytes(p, HR_ITEM_N_KINDS));
}

/* A card with room for one layer less than all: the first layer stays on the host, and rows cross
 * once. */
static void test_last_layers(Fixture *f, gconstpointer data)
{
    HrDevice devices[] = {host(), gpu("card", 8ull << 30, 1e11)};
    g_autoptr(HrPlan) all = plan(f->model, -1, devices, 2);
    uint32_t n = hr_plan_n_layers(all);
    devices[1].total = devices[1].free = hr_plan_get_device_bytes(all, 1);
    g_autoptr(HrPlan) exact = plan(f->model, -1, devices, 2);
    g_assert_cmpint(hr_plan_get_settings(exact)->gpu_layers, ==, n);
    g_assert_true(hr_plan_fits(exact, NULL));
    devices[1].free -= 1;
    g_autoptr(HrPlan) less = plan(f->model, -1, devices, 2);
    g_assert_cmpint(hr_plan_get_settings(less)->gpu_layers, ==, n - 1);
    g_assert_true(hr_plan_fits(less, NULL));
    g_assert_cmpuint(hr_plan_get_layer_device(less, 0), ==, 0);
    g_assert_cmpuint(hr_plan_get_layer_device(less, n - 1), ==, 1);
}

/* What is asked for is planned although it does not fit; a card too small for anything is left
 * alone. */
static void test_asked(Fixture *f, gconstpointer data)
{
    HrDevice devices[] = {host(), gpu("card", 1 << 20, 1e11)};
    g_autoptr(HrPlan) asked = plan(f->model, 1, devices, 2);
    g_autoptr(HrPlan) chosen = plan(f->model, -1, devices, 2);
    g_assert_cmpint(hr_plan_get_settings(asked)->gpu_layers, ==, 1);
    g_assert_false(hr_plan_fits(asked, NULL));
    g_assert_cmpint(hr_plan_get_settings(chosen)->gpu_layers, ==, 0);
    g_assert_true(hr_plan_fits(chosen, NULL));
    g_assert_cmpuint(hr_plan_get_device_bytes(chosen, 1), ==, 0);
}

/* The largest num_ctx is the largest: one more page does not fit. */
static void test_largest_num_ctx(Fixture *f, gconstpointer data)
{
    HrDevice devices[] = {host()};
    g_autoptr(HrPlan) roomy = plan(f->model, 0, devices, 1);
    devices[0].free = devices[0].total = hr_plan_get_bytes(roomy, HR_ITEM_N_KINDS) +
                                         128 * 2 * hr_plan_get_cache_bytes_per_token(roomy) - 1;
    g_autoptr(HrPlan) tight = plan(f->model, 0, devices, 1);
    g_assert_cmpuint(hr_plan_largest_num_ctx(tight), ==, 256 + 64);
}

/* A total of weights that is only known as a number is spread to the last byte. */
static void test_weights_total(Fixture *f, gconstpointer data)
{
    HrDevice device = host();
    HrSettings settings = {.num_ctx = 64, .weights_bytes = 1234567891};
    g_autoptr(HrPlan) p = hr_plan_new(f->model, &settings, &device, 1, NULL);
    g_assert_cmpuint(hr_plan_get_bytes(p, HR_ITEM_WEIGHTS), ==, 1234567891);
}

/* A header alone plans what the file does, and is not run. */
static void test_header(Fixture *f, gconstpointer data)
{
    HrDevice device = host();
    g_autofree char *bytes = NULL;
    g_autoptr(GError) error = NULL;
    gsize len;
    g_assert_true(g_file_get_contents(f->path, &bytes, &len, NULL));
    g_autoptr(GBytes) header = g_bytes_new(bytes, len - 1000);
    g_autoptr(HrModel) shape = hr_model_open_header(header, "shape", &error);
    g_assert_no_error(error);
    g_autoptr(HrPlan) a = plan(f->model, 0, &device, 1);
    g_autoptr(HrPlan) b = plan(shape, 0, &device, 1);
    g_assert_cmpuint(hr_plan_n_items(a), ==, hr_plan_n_items(b));
    for (size_t i = 0; i < hr_plan_n_items(a); i++)
        g_assert_cmpuint(hr_plan_get_item(a, i)->bytes, ==, hr_plan_get_item(b, i)->bytes);
    g_assert_cmpuint(hr_model_get_info(shape)->file_bytes, ==, len);
    g_assert_false(hr_model_has_weights(shape));
    g_assert_null(hr_runner_new(shape, b, false, NULL, NULL, &error));
    g_assert_error(error, HR_ERROR, HR_ERROR_FILE);
}

#define CASE(path, func) g_test_add(path, Fixture, NULL, setup, func, teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    CASE("/plan/placement/fastest-first", test_fastest_first);
    CASE("/plan/placement/last-layers", test_last_layers);
    CASE("/plan/placement/asked", test_asked);
    CASE("/plan/placement/largest-num-ctx", test_largest_num_ctx);
    CASE("/plan/placement/weights-total", test_weights_total);
    CASE("/plan/header", test_header);
    return g_test_run();
}
