/* vulkan-fixture.c: see vulkan-fixture.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vulkan-fixture.h"

#include "vulkan/gpus.h"

uint32_t vulkan_fixture_find(void)
{
    HrGpu gpus[HR_MAX_GPUS];
    const char *note = NULL;
    size_t n = hr_gpus_find(gpus, HR_MAX_GPUS, &note);
    for (uint32_t i = 0; i < n; i++)
        if (gpus[i].why[0] == '\0')
            return i;
    g_autofree char *why = g_strdup_printf(
        "no Vulkan device for tests (%s); Debian's mesa-vulkan-drivers has one",
        n > 0 ? gpus[0].why : note);
    g_test_skip(why);
    return UINT32_MAX;
}

void vulkan_fixture_assert_silent(void)
{
    g_assert_cmpuint(atomic_load(&hr_gpus_instance(NULL)->n_messages), ==, 0);
}

bool vulkan_fixture_init(VulkanFixture *f)
{
    g_autoptr(GError) error = NULL;
    HrGpu gpu;
    uint32_t index = vulkan_fixture_find();
    *f = (VulkanFixture){0};
    if (index == UINT32_MAX)
        return false;
    f->instance = hr_gpus_instance(&error);
    g_assert_no_error(error);
    hr_vk_describe(f->instance, index, &gpu);
    g_test_message("subgroups of %u", gpu.subgroup);
    f->buffers = g_ptr_array_new_with_free_func(g_free);
    hr_vk_device_init(&f->device, f->instance, index, &gpu, &error);
    g_assert_no_error(error);
    hr_vk_pipelines_init(&f->pipelines, &f->device, NULL, &error);
    g_assert_no_error(error);
    return true;
}

void vulkan_fixture_finish(VulkanFixture *f)
{
    for (guint i = 0; i < f->buffers->len; i++)
        hr_vk_buffer_finish(f->buffers->pdata[i], &f->device);
    g_ptr_array_unref(f->buffers);
    hr_vk_pipelines_finish(&f->pipelines);
    hr_vk_device_finish(&f->device);
    vulkan_fixture_assert_silent();
}

HrVkBuffer *vulkan_fixture_buffer(VulkanFixture *f, const void *data, size_t bytes)
{
    g_autoptr(GError) error = NULL;
    HrVkBuffer *buffer = g_new0(HrVkBuffer, 1);
    g_autofree char *zeros = g_malloc0(bytes + 1);
    g_ptr_array_add(f->buffers, buffer);
    hr_vk_buffer_init(buffer, &f->device, HR_VK_OWN, bytes, "test", &error);
    g_assert_no_error(error);
    hr_vk_buffer_write(buffer, &f->device, 0, data ? data : zeros, bytes, &error);
    g_assert_no_error(error);
    return buffer;
}

void vulkan_fixture_dispatch(VulkanFixture *f, const HrVkVariant *variant, const void *params,
                             size_t params_bytes, uint32_t groups_x, uint32_t groups_y)
{
    g_autoptr(GError) error = NULL;
    const HrVkBuffer *at = vulkan_fixture_buffer(f, params, params_bytes);
    VkCommandBuffer commands = VK_NULL_HANDLE;
    VkPipeline pipeline = VK_NULL_HANDLE;
    const HrVkApi *api = &f->device.api;
    hr_vk_pipelines_get(&f->pipelines, variant, &pipeline, &error);
    g_assert_no_error(error);
    g_assert_true(hr_vk_commands_begin(&f->device, &commands, &error));
    api->CmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
    api->CmdPushConstants(commands, f->pipelines.layout, VK_SHADER_STAGE_COMPUTE_BIT, 0,
                          sizeof at->address, &at->address);
    api->CmdDispatch(commands, groups_x, groups_y, 1);
    hr_vk_commands_barrier(&f->device, commands);
    g_assert_true(hr_vk_commands_end(&f->device, commands, &error));
    hr_vk_device_run(&f->device, &commands, 1, &error);
    g_assert_no_error(error);
    hr_vk_commands_free(&f->device, &commands);
}

void vulkan_fixture_read(VulkanFixture *f, HrVkBuffer *buffer, void *data, size_t bytes)
{
    g_autoptr(GError) error = NULL;
    hr_vk_buffer_read(buffer, &f->device, 0, data, bytes, &error);
    g_assert_no_error(error);
}

float *vulkan_fixture_numbers(size_t n, uint32_t seed)
{
    float *x = g_new(float, n + 1);
    for (size_t i = 0; i < n; i++) {
        uint32_t h = (uint32_t)i * 2654435761u + seed * 40503u;
        h = (h ^ h >> 15) * 2246822519u;
        x[i] = (float)((h ^ h >> 13) % 20001) / 10000 - 1;
    }
    return x;
}
