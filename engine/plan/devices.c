/* devices.c: the machine's memory now.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "hr.h"

#include <stdio.h>
#include <string.h>

/* Share of a device's memory that stays with others unless a setting says otherwise. */
#define DEFAULT_RESERVE_PERCENT 20

static uint64_t meminfo(const char *text, const char *field)
{
    const char *line = strstr(text, field);
    return line ? g_ascii_strtoull(line + strlen(field), NULL, 10) * 1024 : 0;
}

static bool read_number(const char *path, uint64_t *ret)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL) || !g_ascii_isdigit(text[0]))
        return false;
    *ret = g_ascii_strtoull(text, NULL, 10);
    return true;
}

/* The unified hierarchy's path of this process, "" where there is none. */
static char *own_cgroup(void)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents("/proc/self/cgroup", &text, NULL, NULL))
        return g_strdup("");
    char *line = g_str_has_prefix(text, "0::") ? text : strstr(text, "\n0::");
    if (!line)
        return g_strdup("");
    line = strstr(line, "0::") + 3;
    return g_strndup(line, strcspn(line, "\n"));
}

/* A limit anywhere above counts, so the smallest on the way up does. File pages that the kernel can
 * drop are not in use. */
static void apply_cgroup(HrDevice *host)
{
    g_autofree char *group = own_cgroup();
    while (group[0] != '\0') {
        uint64_t limit, used, inactive = 0;
        g_autofree char *max = g_strdup_printf("/sys/fs/cgroup%s/memory.max", group);
        g_autofree char *current = g_strdup_printf("/sys/fs/cgroup%s/memory.current", group);
        g_autofree char *stat = g_strdup_printf("/sys/fs/cgroup%s/memory.stat", group);
        g_autofree char *text = NULL;
        if (read_number(max, &limit) && read_number(current, &used)) {
            const char *line = g_file_get_contents(stat, &text, NULL, NULL)
                                   ? strstr(text, "\ninactive_file ")
                                   : NULL;
            inactive = line ? g_ascii_strtoull(line + strlen("\ninactive_file "), NULL, 10) : 0;
            used -= MIN(used, inactive);
            host->total = MIN(host->total, limit);
            host->free = MIN(host->free, limit > used ? limit - used : 0);
        }
        char *slash = strrchr(group, '/');
        *(slash ? slash : group) = '\0';
    }
}

size_t hr_devices_probe(HrDevice *devices, size_t max)
{
    g_autofree char *text = NULL;
    if (max == 0)
        return 0;
    HrDevice *host = &devices[0];
    *host = (HrDevice){.kind = HR_DEVICE_CPU};
    g_strlcpy(host->name, "host", sizeof host->name);
    if (g_file_get_contents("/proc/meminfo", &text, NULL, NULL)) {
        host->total = meminfo(text, "MemTotal:");
        host->free = meminfo(text, "MemAvailable:");
    }
    apply_cgroup(host);
    host->reserve = host->total / 100 * DEFAULT_RESERVE_PERCENT;
    return 1;
}
