/* test-host.c: the host's memory as trees of files tell of it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "plan/host.h"

#include <glib/gstdio.h>

#define GIB (1ull << 30)
#define MEMINFO                                                                                   \
    "MemTotal:       16777216 kB\nMemFree:         1048576 kB\nMemAvailable:    8388608 kB\n"      \
    "SwapTotal:       2097152 kB\nSwapFree:        1572864 kB\n"

typedef struct {
    char *root;
} Fixture;

static void setup(Fixture *f, gconstpointer data)
{
    f->root = g_dir_make_tmp("headroom-host-XXXXXX", NULL);
}

static void remove_tree(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *below = g_build_filename(path, name, NULL);
        remove_tree(below);
    }
    g_remove(path);
}

static void teardown(Fixture *f, gconstpointer data)
{
    remove_tree(f->root);
    g_free(f->root);
}

static void put(Fixture *f, const char *path, const char *text)
{
    g_autofree char *whole = g_strconcat(f->root, path, NULL);
    g_autofree char *folder = g_path_get_dirname(whole);
    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    g_assert_true(g_file_set_contents(whole, text, -1, NULL));
}

static HrDevice probe(Fixture *f)
{
    HrDevice host = {0};
    hr_host_probe(f->root, &host);
    return host;
}

static void test_plain(Fixture *f, gconstpointer data)
{
    put(f, "/proc/meminfo", MEMINFO);
    HrDevice host = probe(f);
    g_assert_cmpuint(host.total, ==, 16 * GIB);
    g_assert_cmpuint(host.free, ==, 8 * GIB);
    g_assert_cmpstr(host.name, ==, "host");
}

/* The smallest limit on the way up counts; pages of files that can be dropped are not in use. */
static void test_unified(Fixture *f, gconstpointer data)
{
    put(f, "/proc/meminfo", MEMINFO);
    put(f, "/proc/self/cgroup", "0::/user/app\n");
    put(f, "/sys/fs/cgroup/user/app/memory.max", "max\n");
    put(f, "/sys/fs/cgroup/user/app/memory.current", "1073741824\n");
    put(f, "/sys/fs/cgroup/user/memory.max", "4294967296\n");
    put(f, "/sys/fs/cgroup/user/memory.current", "3221225472\n");
    put(f, "/sys/fs/cgroup/user/memory.stat", "anon 5\ninactive_file 1073741824\nactive_file 7\n");
    HrDevice host = probe(f);
    g_assert_cmpuint(host.total, ==, 4 * GIB);
    g_assert_cmpuint(host.free, ==, 2 * GIB);
    put(f, "/sys/fs/cgroup/user/app/memory.high", "2147483648\n");
    host = probe(f);
    g_assert_cmpuint(host.total, ==, 2 * GIB);
    g_assert_cmpuint(host.free, ==, GIB);
}

/* Version 1; in containers the path is the outer one's, and the limit is at the root. */
static void test_version_1(Fixture *f, gconstpointer data)
{
    put(f, "/proc/meminfo", MEMINFO);
    put(f, "/proc/self/cgroup", "5:cpu:/\n4:memory:/outer/one\n0::/\n");
    put(f, "/sys/fs/cgroup/memory/memory.limit_in_bytes", "3221225472\n");
    put(f, "/sys/fs/cgroup/memory/memory.usage_in_bytes", "2147483648\n");
    put(f, "/sys/fs/cgroup/memory/memory.stat", "cache 1\ntotal_inactive_file 536870912\n");
    HrDevice host = probe(f);
    g_assert_cmpuint(host.total, ==, 3 * GIB);
    g_assert_cmpuint(host.free, ==, 3 * GIB / 2);
    put(f, "/sys/fs/cgroup/memory/outer/one/memory.limit_in_bytes", "1073741824\n");
    put(f, "/sys/fs/cgroup/memory/outer/one/memory.usage_in_bytes", "2147483648\n");
    host = probe(f);
    g_assert_cmpuint(host.total, ==, GIB);
    g_assert_cmpuint(host.free, ==, 0);
}

static void test_unlimited(Fixture *f, gconstpointer data)
{
    put(f, "/proc/meminfo", MEMINFO);
    put(f, "/proc/self/cgroup", "4:memory:/\n");
    put(f, "/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    put(f, "/sys/fs/cgroup/memory/memory.usage_in_bytes", "2147483648\n");
    g_assert_cmpuint(probe(f).total, ==, 16 * GIB);
    g_assert_cmpuint(probe(f).free, ==, 8 * GIB);
}

static void test_nothing(Fixture *f, gconstpointer data)
{
    HrPressure pressure;
    g_assert_cmpuint(probe(f).total, ==, 0);
    hr_host_read_pressure(f->root, &pressure);
    g_assert_cmpfloat(pressure.some_percent, <, 0);
    g_assert_cmpuint(pressure.swap_total, ==, 0);
}

/* The own group's stalls where they are told, else the system's. */
static void test_pressure(Fixture *f, gconstpointer data)
{
    HrPressure pressure;
    put(f, "/proc/meminfo", MEMINFO);
    put(f, "/proc/self/status", "Name:\tx\nVmSwap:\t     128 kB\n");
    put(f, "/proc/pressure/memory", "some avg10=12.50 avg60=1.00 avg300=0 total=9\n"
                                    "full avg10=3.25 avg60=0.50 avg300=0 total=5\n");
    hr_host_read_pressure(f->root, &pressure);
    g_assert_cmpfloat(pressure.some_percent, ==, 12.5);
    g_assert_cmpfloat(pressure.full_percent, ==, 3.25);
    g_assert_cmpuint(pressure.swap_total, ==, 2 * GIB);
    g_assert_cmpuint(pressure.swap_used, ==, GIB / 2);
    g_assert_cmpuint(pressure.own_swap, ==, 128 * 1024);
    put(f, "/proc/self/cgroup", "0::/app\n");
    put(f, "/sys/fs/cgroup/app/memory.pressure", "some avg10=99.00 avg60=1.00 avg300=0 total=9\n");
    hr_host_read_pressure(f->root, &pressure);
    g_assert_cmpfloat(pressure.some_percent, ==, 99);
    g_assert_cmpfloat(pressure.full_percent, <, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define CASE(path, func) g_test_add("/host/" path, Fixture, NULL, setup, func, teardown)
    CASE("plain", test_plain);
    CASE("unified", test_unified);
    CASE("version-1", test_version_1);
    CASE("unlimited", test_unlimited);
    CASE("nothing", test_nothing);
    CASE("pressure", test_pressure);
    return g_test_run();
}
