/* test-cores.c: quotas of control groups as trees of files tell of them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/cores.h"
#include "hr.h"
#include "tree-fixture.h"

#include <sched.h>

static void test_none(TreeFixture *f, gconstpointer data)
{
    g_assert_cmpuint(hr_cores_within_quota(f->root, 8), ==, 8);
    tree_put(f, "/proc/self/cgroup", "0::/\n");
    tree_put(f, "/sys/fs/cgroup/cpu.max", "max 100000\n");
    g_assert_cmpuint(hr_cores_within_quota(f->root, 8), ==, 8);
}

/* The smallest quota on the way up counts, and part of a core is a thread. */
static void test_unified(TreeFixture *f, gconstpointer data)
{
    tree_put(f, "/proc/self/cgroup", "0::/user/app\n");
    tree_put(f, "/sys/fs/cgroup/user/app/cpu.max", "max 100000\n");
    tree_put(f, "/sys/fs/cgroup/user/cpu.max", "250000 100000\n");
    g_assert_cmpuint(hr_cores_within_quota(f->root, 8), ==, 3);
    g_assert_cmpuint(hr_cores_within_quota(f->root, 2), ==, 2);
    tree_put(f, "/sys/fs/cgroup/user/app/cpu.max", "50000 100000\n");
    g_assert_cmpuint(hr_cores_within_quota(f->root, 8), ==, 1);
    tree_put(f, "/sys/fs/cgroup/user/app/cpu.max", "200000 100000\n");
    g_assert_cmpuint(hr_cores_within_quota(f->root, 8), ==, 2);
}

/* As a container sees its own group: at the root. */
static void test_container(TreeFixture *f, gconstpointer data)
{
    tree_put(f, "/proc/self/cgroup", "0::/\n");
    tree_put(f, "/sys/fs/cgroup/cpu.max", "400000 100000\n");
    g_assert_cmpuint(hr_cores_within_quota(f->root, 8), ==, 4);
    tree_put(f, "/proc/self/cgroup", "0::/../outside\n");
    g_assert_cmpuint(hr_cores_within_quota(f->root, 8), ==, 4);
}

static void test_old(TreeFixture *f, gconstpointer data)
{
    tree_put(f, "/proc/self/cgroup", "5:memory:/a\n4:cpu,cpuacct:/a/b\n3:cpuset:/c\n");
    tree_put(f, "/sys/fs/cgroup/cpu/a/b/cpu.cfs_quota_us", "-1\n");
    tree_put(f, "/sys/fs/cgroup/cpu/a/b/cpu.cfs_period_us", "100000\n");
    g_assert_cmpuint(hr_cores_within_quota(f->root, 8), ==, 8);
    tree_put(f, "/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "150000\n");
    tree_put(f, "/sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "50000\n");
    g_assert_cmpuint(hr_cores_within_quota(f->root, 8), ==, 3);
}

/* What is nonsense is no quota. */
static void test_nonsense(TreeFixture *f, gconstpointer data)
{
    static const char *const texts[] = {
        "", "x", "0 0\n", "-5 100000\n", "100000 -1\n", "100000\n", "1e300 1\n"};
    tree_put(f, "/proc/self/cgroup", "nonsense\n0::/\n::\n");
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        tree_put(f, "/sys/fs/cgroup/cpu.max", texts[i]);
        g_assert_cmpuint(hr_cores_within_quota(f->root, 8), ==, 8);
    }
}

/* No more threads by default than this process may run on. */
static void test_affinity(TreeFixture *f, gconstpointer data)
{
    cpu_set_t set;
    g_assert_cmpuint(hr_cpu_count(), >=, 1);
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        g_assert_cmpuint(hr_cpu_count(), <=, (uint32_t)CPU_COUNT(&set));
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*run)(TreeFixture *f, gconstpointer data);
    } tests[] = {{"/cores/none", test_none},           {"/cores/unified", test_unified},
                 {"/cores/container", test_container}, {"/cores/old", test_old},
                 {"/cores/nonsense", test_nonsense},   {"/cores/affinity", test_affinity}};
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, TreeFixture, NULL, tree_setup, tests[i].run, tree_teardown);
    return g_test_run();
}
