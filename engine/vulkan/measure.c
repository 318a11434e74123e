/* measure.c: what a GPU's memory and the way to it reach. See hr_gpu_measure in hr-machine.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Copies, because drivers make those as fast as the device can; of a copy within the device's
 * memory every byte counts twice, read and written. The best of several counts: what slows the
 * others is somebody else's work.
 */
#include "vulkan/device.h"
#include "vulkan/gpus.h"

/* More than caches of devices hold, and little of what they have. */
#define BLOCK_BYTES (128ull << 20)
#define SMALL_BYTES 4096
/* Software devices are slow: what is slow is not done often. */
#define LEAST_RUNS 2
#define MOST_RUNS 20
#define ENOUGH_US (100 * 1000)

typedef struct {
    HrVkDevice device;
    HrVkBuffer from, to, up, down, small;
} Bench;

static void finish(Bench *b)
{
    HrVkBuffer *const buffers[] = {&b->from, &b->to, &b->up, &b->down, &b->small};
    if (!b->device.handle)
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(buffers); i++)
        hr_vk_buffer_finish(buffers[i], &b->device);
    hr_vk_device_finish(&b->device);
}

static bool init(Bench *b, uint32_t gpu, uint64_t *ret_bytes, GError **error)
{
    HrVkInstance *instance = hr_gpus_instance(error);
    HrGpu described;
    if (!instance)
        return false;
    if (gpu >= instance->n_devices) {
        g_set_error(error, HR_ERROR, HR_ERROR_UNSUPPORTED, "There is no GPU %u.", gpu);
        return false;
    }
    hr_vk_describe(instance, gpu, &described);
    uint64_t bytes = MIN(BLOCK_BYTES, hr_vk_free_bytes(instance, gpu) / 8);
    bytes = MIN(bytes, MIN(described.max_allocation_bytes, described.max_buffer_bytes));
    *ret_bytes = MAX(bytes, SMALL_BYTES);
    return hr_vk_device_init(&b->device, instance, gpu, &described, error) &&
           hr_vk_buffer_init(&b->from, &b->device, HR_VK_OWN, *ret_bytes, "a block", error) &&
           hr_vk_buffer_init(&b->to, &b->device, HR_VK_OWN, *ret_bytes, "a block", error) &&
           hr_vk_buffer_init(&b->up, &b->device, HR_VK_UPLOAD, *ret_bytes, "a block", error) &&
           hr_vk_buffer_init(&b->down, &b->device, HR_VK_READBACK, *ret_bytes, "a block", error) &&
           hr_vk_buffer_init(&b->small, &b->device, HR_VK_OWN, SMALL_BYTES, "a block", error);
}

/* Seconds of the fastest of several copies. */
static bool time_copy(Bench *b, const HrVkBuffer *from, const HrVkBuffer *to, uint64_t bytes,
                      double *ret_seconds, GError **error)
{
    const VkBufferCopy region = {0, 0, bytes};
    VkCommandBuffer commands;
    int64_t best = INT64_MAX, spent = 0;
    if (!hr_vk_commands_begin(&b->device, &commands, error))
        return false;
    b->device.api.CmdCopyBuffer(commands, from->handle, to->handle, 1, &region);
    hr_vk_commands_barrier(&b->device, commands);
    bool ok = hr_vk_commands_end(&b->device, commands, error);
    for (int i = 0; ok && i < MOST_RUNS && (i < LEAST_RUNS || spent < ENOUGH_US); i++) {
        int64_t begin = g_get_monotonic_time();
        ok = hr_vk_device_run(&b->device, &commands, 1, error);
        int64_t took = g_get_monotonic_time() - begin;
        best = MIN(best, MAX(took, 1));
        spent += took;
    }
    hr_vk_commands_free(&b->device, &commands);
    *ret_seconds = (double)best / G_USEC_PER_SEC;
    return ok;
}

bool hr_gpu_measure(uint32_t gpu, HrGpuRates *ret_rates, GError **error)
{
    Bench b = {0};
    uint64_t bytes = 0;
    double within, up, down, small;
    bool ok = init(&b, gpu, &bytes, error) &&
              time_copy(&b, &b.from, &b.to, bytes, &within, error) &&
              time_copy(&b, &b.up, &b.to, bytes, &up, error) &&
              time_copy(&b, &b.to, &b.down, bytes, &down, error) &&
              time_copy(&b, &b.up, &b.small, SMALL_BYTES, &small, error);
    finish(&b);
    if (ok)
        *ret_rates = (HrGpuRates){.bandwidth = 2 * (double)bytes / within,
                                  .up = (double)bytes / up,
                                  .down = (double)bytes / down,
                                  .submit_seconds = small};
    return ok;
}
