/* test-host.c: the host's memory as trees of files tell of it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "plan/host.h"
#include "tree-fixture.h"

#define GIB (1ull << 30)
#define MEMINFO                                                                                   \
    "MemTotal:       16777216 kB\nMemFree:         1048576 kB\nMemAvailable:    8388608 kB\n"      \
    "SwapTotal:       2097152 kB\nSwapFree:        1572864 kB\n"

static HrDevice probe(TreeFixture *f)
{
    HrDevice host = {0};
    hr_host_probe(f->root, &host);
    return host;
}

static void test_plain(TreeFixture *f, gconstpointer data)
{
    tree_put(f, "/proc/meminfo", MEMINFO);
    HrDevice host = probe(f);
    g_assert_cmpuint(host.total, ==, 16 * GIB);
    g_assert_cmpuint(host.free, ==, 8 * GIB);
    g_assert_cmpstr(host.name, ==, "host");
}

/* The smallest limit on the way up counts; pages of files that can be dropped are not in use. */
static void test_unified(TreeFixture *f, gconstpointer data)
{
    tree_put(f, "/proc/meminfo", MEMINFO);
    tree_put(f, "/proc/self/cgroup", "0::/user/app\n");
    tree_put(f, "/sys/fs/cgroup/user/app/memory.max", "max\n");
    tree_put(f, "/sys/fs/cgroup/user/app/memory.current", "1073741824\n");
    tree_put(f, "/sys/fs/cgroup/user/memory.max", "4294967296\n");
    tree_put(f, "/sys/fs/cgroup/user/memory.current", "3221225472\n");
    tree_put(f, "/sys/fs/cgroup/user/memory.stat", "anon 5\ninactive_file 1073741824\nactive_file 7\n");
    HrDevice host = probe(f);
    g_assert_cmpuint(host.total, ==, 4 * GIB);
    g_assert_cmpuint(host.free, ==, 2 * GIB);
    tree_put(f, "/sys/fs/cgroup/user/app/memory.high", "2147483648\n");
    host = probe(f);
    g_assert_cmpuint(host.total, ==, 2 * GIB);
    g_assert_cmpuint(host.free, ==, GIB);
}

/* Version 1; in containers the path is the outer one's, and the limit is at the root. */
static void test_version_1(TreeFixture *f, gconstpointer data)
{
    tree_put(f, "/proc/meminfo", MEMINFO);
    tree_put(f, "/proc/self/cgroup", "5:cpu:/\n4:memory:/outer/one\n0::/\n");
    tree_put(f, "/sys/fs/cgroup/memory/memory.limit_in_bytes", "3221225472\n");
    tree_put(f, "/sys/fs/cgroup/memory/memory.usage_in_bytes", "2147483648\n");
    tree_put(f, "/sys/fs/cgroup/memory/memory.stat", "cache 1\ntotal_inactive_file 536870912\n");
    HrDevice host = probe(f);
    g_assert_cmpuint(host.total, ==, 3 * GIB);
    g_assert_cmpuint(host.free, ==, 3 * GIB / 2);
    tree_put(f, "/sys/fs/cgroup/memory/outer/one/memory.limit_in_bytes", "1073741824\n");
    tree_put(f, "/sys/fs/cgroup/memory/outer/one/memory.usage_in_bytes", "2147483648\n");
    host = probe(f);
    g_assert_cmpuint(host.total, ==, GIB);
    g_assert_cmpuint(host.free, ==, 0);
}

static void test_unlimited(TreeFixture *f, gconstpointer data)
{
    tree_put(f, "/proc/meminfo", MEMINFO);
    tree_put(f, "/proc/self/cgroup", "4:memory:/\n");
    tree_put(f, "/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    tree_put(f, "/sys/fs/cgroup/memory/memory.usage_in_bytes", "2147483648\n");
    g_assert_cmpuint(probe(f).total, ==, 16 * GIB);
    g_assert_cmpuint(probe(f).free, ==, 8 * GIB);
}

static void test_nothing(TreeFixture *f, gconstpointer data)
{
    HrPressure pressure;
    g_assert_cmpuint(probe(f).total, ==, 0);
    hr_host_read_pressure(f->root, &pressure);
    g_assert_cmpfloat(pressure.some_percent, <, 0);
    g_assert_cmpuint(pressure.swap_total, ==, 0);
}

/* The own group's stalls where they are told, else the system's. */
static void test_pressure(TreeFixture *f, gconstpointer data)
{
    HrPressure pressure;
    tree_put(f, "/proc/meminfo", MEMINFO);
    tree_put(f, "/proc/self/status", "Name:\tx\nVmSwap:\t     128 kB\n");
    tree_put(f, "/proc/pressure/memory", "some avg10=12.50 avg60=1.00 avg300=0 total=9\n"
                                    "full avg10=3.25 avg60=0.50 avg300=0 total=5\n");
    hr_host_read_pressure(f->root, &pressure);
    g_assert_cmpfloat(pressure.some_percent, ==, 12.5);
    g_assert_cmpfloat(pressure.full_percent, ==, 3.25);
    g_assert_cmpuint(pressure.swap_total, ==, 2 * GIB);
    g_assert_cmpuint(pressure.swap_used, ==, GIB / 2);
    g_assert_cmpuint(pressure.own_swap, ==, 128 * 1024);
    tree_put(f, "/proc/self/cgroup", "0::/app\n");
    tree_put(f, "/sys/fs/cgroup/app/memory.pressure", "some avg10=99.00 avg60=1.00 avg300=0 total=9\n");
    hr_host_read_pressure(f->root, &pressure);
    g_assert_cmpfloat(pressure.some_percent, ==, 99);
    g_assert_cmpfloat(pressure.full_percent, <, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define CASE(path, func) g_test_add("/host/" path, TreeFixture, NULL, tree_setup, func, tree_teardown)
    CASE("plain", test_plain);
    CASE("unified", test_unified);
    CASE("version-1", test_version_1);
    CASE("unlimited", test_unlimited);
    CASE("nothing", test_nothing);
    CASE("pressure", test_pressure);
    return g_test_run();
}
