/* host.c: see host.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A limit on any control group above this process counts, so groups are looked at from its own up
 * to the root. The unified hierarchy (version 2) is asked first, then the memory controller of
 * version 1.
 */
#include "plan/host.h"

#include <string.h>

static char *read_text(const char *root, const char *path)
{
    g_autofree char *whole = g_strconcat(root, path, NULL);
    char *text = NULL;
    g_file_get_contents(whole, &text, NULL, NULL);
    return text;
}

static bool read_number(const char *root, const char *folder, const char *file, uint64_t *ret)
{
    g_autofree char *path = g_strdup_printf("%s/%s", folder, file);
    g_autofree char *text = read_text(root, path);
    if (!text || !g_ascii_isdigit(text[0]))
        return false;
    *ret = g_ascii_strtoull(text, NULL, 10);
    return true;
}

/* The number behind a word at the beginning of a line, 0 if there is none. */
static uint64_t field(const char *text, const char *word)
{
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (g_str_has_prefix(line, word))
            return g_ascii_strtoull(line + strlen(word), NULL, 10);
    }
    return 0;
}

/* ---- Control groups ---- */

/* How one version of the hierarchy calls what is needed here. */
typedef struct {
    const char *tag;    /* of its line in /proc/self/cgroup */
    const char *mount;
    const char *limits[2], *used, *droppable; /* droppable: a word in memory.stat */
} Hierarchy;

static const Hierarchy hierarchies[] = {
    {"0::", "/sys/fs/cgroup", {"memory.max", "memory.high"}, "memory.current", "inactive_file "},
    {":memory:", "/sys/fs/cgroup/memory", {"memory.limit_in_bytes", NULL}, "memory.usage_in_bytes",
     "total_inactive_file "},
};

/* The path of this process in a hierarchy, NULL if it is in none. */
static char *own_group(const char *root, const Hierarchy *h)
{
    g_autofree char *text = read_text(root, "/proc/self/cgroup");
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    for (size_t i = 0; lines[i]; i++) {
        const char *tag = strstr(lines[i], h->tag);
        bool numbered = h->tag[0] == ':';
        if (tag && (numbered || tag == lines[i])) {
            const char *path = tag + strlen(h->tag);
            return g_strdup(g_str_equal(path, "/") ? "" : path);
        }
    }
    return NULL;
}

/* File pages that the kernel can drop are not in use. */
static void apply_group(const char *root, const Hierarchy *h, const char *folder, HrDevice *host)
{
    g_autofree char *stat_path = g_strconcat(folder, "/memory.stat", NULL);
    g_autofree char *stat = read_text(root, stat_path);
    uint64_t limit, used;
    if (!read_number(root, folder, h->used, &used))
        return;
    used -= MIN(used, field(stat, h->droppable));
    for (size_t i = 0; i < G_N_ELEMENTS(h->limits); i++) {
        if (!h->limits[i] || !read_number(root, folder, h->limits[i], &limit))
            continue;
        host->total = MIN(host->total, limit);
        host->free = MIN(host->free, limit > used ? limit - used : 0);
    }
}

static void apply_hierarchy(const char *root, const Hierarchy *h, HrDevice *host)
{
    g_autofree char *group = own_group(root, h);
    while (group) {
        g_autofree char *folder = g_strconcat(h->mount, group, NULL);
        apply_group(root, h, folder, host);
        if (group[0] == '\0')
            return;
        char *slash = strrchr(group, '/');
        *(slash ? slash : group) = '\0';
    }
}

void hr_host_probe(const char *root, HrDevice *host)
{
    g_autofree char *text = read_text(root, "/proc/meminfo");
    g_strlcpy(host->name, "host", sizeof host->name);
    host->kind = HR_DEVICE_CPU;
    host->total = field(text, "MemTotal:") * 1024;
    host->free = field(text, "MemAvailable:") * 1024;
    for (size_t i = 0; i < G_N_ELEMENTS(hierarchies); i++)
        apply_hierarchy(root, &hierarchies[i], host);
}

/* ---- Pressure ---- */

/* "some avg10=1.23 avg60=..." */
static double average(const char *text, const char *word)
{
    const char *line = text ? strstr(text, word) : NULL;
    const char *at = line ? strstr(line, "avg10=") : NULL;
    return at ? g_ascii_strtod(at + strlen("avg10="), NULL) : -1;
}

/* That of this process's own group where it is told, because others' groups stall by themselves. */
static char *read_stalls(const char *root)
{
    const Hierarchy *unified = &hierarchies[0];
    g_autofree char *group = own_group(root, unified);
    g_autofree char *path =
        g_strconcat(unified->mount, group ? group : "", "/memory.pressure", NULL);
    char *text = group && group[0] != '\0' ? read_text(root, path) : NULL;
    return text ? text : read_text(root, "/proc/pressure/memory");
}

void hr_host_read_pressure(const char *root, HrPressure *ret_pressure)
{
    g_autofree char *stalls = read_stalls(root);
    g_autofree char *meminfo = read_text(root, "/proc/meminfo");
    g_autofree char *status = read_text(root, "/proc/self/status");
    HrPressure pressure = {.some_percent = average(stalls, "some "),
                           .full_percent = average(stalls, "full ")};
    uint64_t total = field(meminfo, "SwapTotal:") * 1024, free = field(meminfo, "SwapFree:") * 1024;
    pressure.swap_total = total;
    pressure.swap_used = total - MIN(total, free);
    pressure.own_swap = field(status, "VmSwap:") * 1024;
    *ret_pressure = pressure;
}
