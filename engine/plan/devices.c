/* devices.c: the machine's memory now.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "plan/host.h"
#include "vulkan/offload.h"

/* Share of a device's memory that stays with others unless a setting says otherwise. */
#define DEFAULT_RESERVE_PERCENT 20

size_t hr_devices_probe(HrDevice *devices, size_t max)
{
    if (max == 0)
        return 0;
    HrDevice host = {0};
    hr_host_probe("", &host);
    host.reserve = host.total / 100 * DEFAULT_RESERVE_PERCENT;
    devices[0] = host;
    size_t n = 1 + hr_gpus_probe(devices + 1, max - 1);
    for (size_t d = 1; d < n; d++)
        devices[d].reserve = devices[d].total / 100 * DEFAULT_RESERVE_PERCENT;
    return n;
}

const char *hr_gpu_type_name(HrGpuType type)
{
    static const char *const names[] = {[HR_GPU_DISCRETE] = "discrete",
                                        [HR_GPU_INTEGRATED] = "integrated",
                                        [HR_GPU_VIRTUAL] = "virtual",
                                        [HR_GPU_SOFTWARE] = "software"};
    return names[type];
}

void hr_pressure_probe(HrPressure *ret_pressure)
{
    hr_host_read_pressure("", ret_pressure);
}
