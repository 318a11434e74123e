/* cores.c: see cores.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/cores.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

static char *read_text(const char *root, const char *folder, const char *file)
{
    g_autofree char *path = g_strconcat(root, folder, file, NULL);
    char *text = NULL;
    g_file_get_contents(path, &text, NULL, NULL);
    return text;
}

static uint32_t whole_cores(double quota, double period, uint32_t n)
{
    double cores = quota > 0 && period > 0 ? quota / period : n;
    return cores >= n ? n : MAX(1, (uint32_t)cores + (cores > (uint32_t)cores));
}

/* Version 2: "200000 100000", or "max 100000". */
static uint32_t unified_quota(const char *root, const char *folder, uint32_t n)
{
    g_autofree char *text = read_text(root, folder, "/cpu.max");
    double quota, period;
    return text && sscanf(text, "%lf %lf", &quota, &period) == 2 ? whole_cores(quota, period, n)
                                                                 : n;
}

/* Version 1: a quota of -1 is none. */
static uint32_t old_quota(const char *root, const char *folder, uint32_t n)
{
    g_autofree char *quota = read_text(root, folder, "/cpu.cfs_quota_us");
    g_autofree char *period = read_text(root, folder, "/cpu.cfs_period_us");
    return quota && period
               ? whole_cores(g_ascii_strtod(quota, NULL), g_ascii_strtod(period, NULL), n)
               : n;
}

typedef uint32_t (*QuotaFunc)(const char *root, const char *folder, uint32_t n);

/* From the group itself up to the root of its hierarchy. */
static uint32_t smallest_quota(const char *root, const char *mount, const char *group,
                               QuotaFunc quota, uint32_t n)
{
    g_autofree char *left = g_strdup(g_str_equal(group, "/") ? "" : group);
    for (;;) {
        g_autofree char *folder = g_strconcat(mount, left, NULL);
        n = quota(root, folder, n);
        if (left[0] == '\0')
            return n;
        char *slash = strrchr(left, '/');
        *(slash ? slash : left) = '\0';
    }
}

uint32_t hr_cores_within_quota(const char *root, uint32_t n)
{
    g_autofree char *text = read_text(root, "/proc/self", "/cgroup");
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    /* What is mounted at the root holds even where the process is in no group that it can see. */
    n = unified_quota(root, "/sys/fs/cgroup", n);
    for (size_t i = 0; lines[i]; i++) {
        g_auto(GStrv) fields = g_strsplit(lines[i], ":", 3); /* number, controllers, path */
        if (g_strv_length(fields) < 3)
            continue;
        g_auto(GStrv) controllers = g_strsplit(fields[1], ",", -1);
        if (fields[1][0] == '\0')
            n = smallest_quota(root, "/sys/fs/cgroup", fields[2], unified_quota, n);
        else if (g_strv_contains((const char *const *)controllers, "cpu"))
            n = smallest_quota(root, "/sys/fs/cgroup/cpu", fields[2], old_quota, n);
    }
    return n;
}
