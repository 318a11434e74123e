/* test-allocations.c: drivers that give little memory at once, by functions put into the table
 * below everything of ours.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vulkan-fixture.h"

#include "tiny-model.h"
#include "vulkan/gpus.h"

#include <string.h>

/* More than a matrix of the model takes, less than a layer of it. */
#define LIMIT (300u << 10)
#define N_TOKENS 12

/* The driver's own functions, what a device gives at once, and how often it was asked. */
static PFN_vkGetDeviceProcAddr find;
static PFN_vkGetPhysicalDeviceProperties2 describe;
static PFN_vkAllocateMemory allocate;
static uint64_t most = UINT64_MAX;
static int n_allocations;

static VKAPI_ATTR void VKAPI_CALL describe_small(VkPhysicalDevice device,
                                                 VkPhysicalDeviceProperties2 *properties)
{
    describe(device, properties);
    for (VkBaseOutStructure *at = properties->pNext; at; at = at->pNext) {
        VkPhysicalDeviceMaintenance3Properties *m3 = (void *)at;
        if (at->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES)
            m3->maxMemoryAllocationSize = MIN(m3->maxMemoryAllocationSize, most);
    }
}

static VKAPI_ATTR VkResult VKAPI_CALL small_allocate(VkDevice device,
                                                     const VkMemoryAllocateInfo *info,
                                                     const VkAllocationCallbacks *callbacks,
                                                     VkDeviceMemory *ret)
{
    g_assert_cmpuint(info->allocationSize, <=, most);
    n_allocations++;
    return allocate(device, info, callbacks, ret);
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL find_ours(VkDevice device, const char *name)
{
    PFN_vkVoidFunction found = find(device, name);
    if (strcmp(name, "vkAllocateMemory") != 0)
        return found;
    allocate = (PFN_vkAllocateMemory)found;
    return (PFN_vkVoidFunction)small_allocate;
}

/* False if the test was skipped. */
static bool interpose(void)
{
    if (vulkan_fixture_find() == UINT32_MAX)
        return false;
    HrVkInstance *instance = hr_gpus_instance(NULL);
    if (!find) {
        find = instance->api.GetDeviceProcAddr;
        describe = instance->api.GetPhysicalDeviceProperties2;
        instance->api.GetDeviceProcAddr = find_ours;
        instance->api.GetPhysicalDeviceProperties2 = describe_small;
    }
    most = UINT64_MAX;
    n_allocations = 0;
    return true;
}

static HrRunner *load(const char *path, uint32_t num_batch, GError **error)
{
    g_autoptr(HrModel) model = hr_model_open(path, error);
    HrDevice devices[4];
    size_t n = hr_devices_probe(devices, 4);
    const HrSettings settings = {.num_ctx = 64, .num_batch = num_batch, .gpu_layers = 2};
    g_autoptr(HrPlan) plan = hr_plan_new(model, &settings, devices, n, error);
    return hr_runner_new(model, plan, true, NULL, NULL, error);
}

static void keep_logits(uint32_t position, const float *logits, size_t n_vocab, void *data)
{
    g_array_append_vals(data, logits, (guint)n_vocab);
}

/* Logits of a text, as a GArray of floats. */
static GArray *answer(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HrRunner) runner = load(path, 16, &error);
    GArray *logits = g_array_new(false, false, sizeof(float));
    HrToken tokens[N_TOKENS];
    for (HrToken i = 0; i < N_TOKENS; i++)
        tokens[i] = i * 7 % 250;
    g_assert_no_error(error);
    hr_runner_evaluate(runner, tokens, N_TOKENS, true, keep_logits, logits, &error);
    g_assert_no_error(error);
    return logits;
}

static TinyModel wide_model(void)
{
    TinyModel model = tiny_model_default;
    model.n_ff = 1024; /* three matrices of 256 KiB */
    return model;
}

/* A layer's weights lie in several pieces, and nothing else changes. */
static void test_layer(void)
{
    TinyModel model = wide_model();
    if (!interpose())
        return;
    g_autofree char *path = tiny_model_new(&model);
    g_autoptr(GArray) want = answer(path);
    int n = n_allocations;
    most = LIMIT;
    n_allocations = 0;
    g_autoptr(GArray) got = answer(path);
    g_assert_cmpint(n_allocations, >=, n + 2 * 2);
    g_assert_cmpmem(got->data, got->len * sizeof(float), want->data, want->len * sizeof(float));
    tiny_model_remove(g_steal_pointer(&path));
    vulkan_fixture_assert_silent();
}

/* What cannot be cut is refused in a sentence, before anything is asked of the driver. */
static void test_matrix(void)
{
    TinyModel model = wide_model();
    g_autoptr(GError) error = NULL;
    if (!interpose())
        return;
    g_autofree char *path = tiny_model_new(&model);
    most = 200u << 10;
    g_autoptr(HrRunner) runner = load(path, 16, &error);
    g_assert_null(runner);
    g_assert_error(error, HR_ERROR, HR_ERROR_MEMORY);
    g_assert_nonnull(strstr(error->message, "more than the driver gives"));
    tiny_model_remove(g_steal_pointer(&path));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vulkan/allocations/layer", test_layer);
    g_test_add_func("/vulkan/allocations/matrix", test_matrix);
    return g_test_run();
}
