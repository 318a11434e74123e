/* devices.c: the machine's memory now.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "plan/host.h"

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
    return 1;
}

void hr_pressure_probe(HrPressure *ret_pressure)
{
    hr_host_read_pressure("", ret_pressure);
}
