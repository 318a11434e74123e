/* test-trouble.c: memory that runs out and GPUs that are lost, by functions put into the table below
 * everything of ours.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vulkan-fixture.h"

#include "tiny-model.h"
#include "vulkan/gpus.h"

#include <string.h>

/* The driver's own functions, and how often they still work. */
static PFN_vkGetDeviceProcAddr find;
static PFN_vkAllocateMemory allocate;
static PFN_vkQueueSubmit submit;
static int allocations_left, submits_left;

static VKAPI_ATTR VkResult VKAPI_CALL scarce_allocate(VkDevice device,
                                                      const VkMemoryAllocateInfo *info,
                                                      const VkAllocationCallbacks *callbacks,
                                                      VkDeviceMemory *ret)
{
    return allocations_left-- > 0 ? allocate(device, info, callbacks, ret)
                                  : VK_ERROR_OUT_OF_DEVICE_MEMORY;
}

static VKAPI_ATTR VkResult VKAPI_CALL doomed_submit(VkQueue queue, uint32_t n,
                                                    const VkSubmitInfo *info, VkFence fence)
{
    return submits_left-- > 0 ? submit(queue, n, info, fence) : VK_ERROR_DEVICE_LOST;
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL find_ours(VkDevice device, const char *name)
{
    PFN_vkVoidFunction found = find(device, name);
    if (strcmp(name, "vkAllocateMemory") == 0) {
        allocate = (PFN_vkAllocateMemory)found;
        return (PFN_vkVoidFunction)scarce_allocate;
    }
    if (strcmp(name, "vkQueueSubmit") == 0) {
        submit = (PFN_vkQueueSubmit)found;
        return (PFN_vkVoidFunction)doomed_submit;
    }
    return found;
}

/* False if the test was skipped. */
static bool interpose(void)
{
    if (vulkan_fixture_find() == UINT32_MAX)
        return false;
    HrVkInstance *instance = hr_gpus_instance(NULL);
    if (!find) {
        find = instance->api.GetDeviceProcAddr;
        instance->api.GetDeviceProcAddr = find_ours;
    }
    allocations_left = submits_left = G_MAXINT;
    return true;
}

static HrRunner *load(const char *path, GError **error)
{
    g_autoptr(HrModel) model = hr_model_open(path, error);
    HrDevice devices[4];
    size_t n = hr_devices_probe(devices, 4);
    const HrSettings settings = {.num_ctx = 128, .gpu_layers = 2};
    g_autoptr(HrPlan) plan = hr_plan_new(model, &settings, devices, n, error);
    return hr_runner_new(model, plan, true, NULL, NULL, error);
}

/* Whichever allocation fails, loading fails with a word and nothing stays. */
static void test_memory(void)
{
    if (!interpose())
        return;
    g_autofree char *path = tiny_model_new(&tiny_model_default);
    bool loaded = false;
    int n_allocations = 0;
    for (; !loaded; n_allocations++) {
        g_autoptr(GError) error = NULL;
        allocations_left = n_allocations;
        g_autoptr(HrRunner) runner = load(path, &error);
        loaded = runner != NULL;
        if (!loaded) {
            g_assert_error(error, HR_ERROR, HR_ERROR_MEMORY);
            g_assert_nonnull(strstr(error->message, "out of GPU memory"));
        }
    }
    g_assert_cmpint(n_allocations, >, 5); /* activations, steps, rows, caches, weights */
    tiny_model_remove(g_steal_pointer(&path));
    vulkan_fixture_assert_silent();
}

static void ignore_logits(uint32_t position, const float *logits, size_t n_vocab, void *data)
{
}

static void note_end(const HrEvent *event, void *data)
{
    char **end = data;
    if (event->kind == HR_EVENT_DONE) {
        g_assert_cmpint(event->reason, ==, HR_DONE_ERROR);
        *end = g_strdup(event->error->message);
    }
}

/* Who waits for an answer is told; the runner lives, and so does the program. */
static void test_lost(void)
{
    if (!interpose())
        return;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = tiny_model_new(&tiny_model_default), *end = NULL;
    g_autoptr(HrRunner) runner = load(path, &error);
    const HrToken tokens[] = {1, 2, 3};
    const HrRequestOptions options = {.tokens = tokens,
                                      .n_tokens = 3,
                                      .sampling = hr_sampling_default,
                                      .num_predict = 50,
                                      .ignore_eos = true,
                                      .top_logprobs = -1};
    g_assert_no_error(error);
    submits_left = 5; /* in the middle of the answer */
    g_autoptr(HrRequest) request = hr_runner_submit(runner, &options, g_main_context_default(),
                                                    note_end, &end, NULL, &error);
    g_assert_no_error(error);
    g_assert_nonnull(request);
    while (!end)
        g_main_context_iteration(NULL, true);
    g_assert_nonnull(strstr(end, "the GPU was lost"));
    g_assert_false(hr_runner_evaluate(runner, tokens, 3, true, ignore_logits, NULL, &error));
    g_assert_nonnull(strstr(error->message, "the GPU was lost"));
    tiny_model_remove(g_steal_pointer(&path));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vulkan/trouble/memory", test_memory);
    g_test_add_func("/vulkan/trouble/lost", test_lost);
    return g_test_run();
}
