/* test-cores.c: quotas of control groups as trees of files tell of them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/cores.h"
#include "hr.h"

#include <glib/gstdio.h>
#include <sched.h>

typedef struct {
    char *root;
} Fixture;

static void setup(Fixture *f, gconstpointer data)
{
    f->root = g_dir_make_tmp("headroom-cores-XXXXXX", NULL);
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

static void test_none(Fixture *f, gconstpointer data)
{
    g_assert_cmpuint(hr_cores_within_quota(f->root, 8), ==, 8);
    put(f, "/proc/self/cgroup", "0::/\n");
    put(f, "/sys/fs/cgroup/cpu.max", "max 100000\n");
    g_assert_cmpuint(hr_cores_within_quota(f->root, 8), ==, 8);
}

/* The smallest quota on the way up counts, and part of a core is a thread. */
static void test_unified(Fixture *f, gconstpointer data)
{
    put(f, "/proc/self/cgroup", "0::/user/app\n");
    put(f, "/sys/fs/cgroup/user/app/cpu.max", "max 100000\n");
    put(f, "/sys/fs/cgroup/user/cpu.max", "250000 100000\n");
    g_assert_cmpuint(hr_cores_within_quota(f->root, 8), ==, 3);
    g_assert_cmpuint(hr_cores_within_quota(f->root, 2), ==, 2);
    put(f, "/sys/fs/cgroup/user/app/cpu.max", "50000 100000\n");
    g_assert_cmpuint(hr_cores_within_quota(f->root, 8), ==, 1);
    put(f, "/sys/fs/cgroup/user/app/cpu.max", "200000 100000\n");
    g_assert_cmpuint(hr_cores_within_quota(f->root, 8), ==, 2);
}

/* As a container sees its own group: at the root. */
static void test_container(Fixture *f, gconstpointer data)
{
    put(f, "/proc/self/cgroup", "0::/\n");
    put(f, "/sys/fs/cgroup/cpu.max", "400000 100000\n");
    g_assert_cmpuint(hr_cores_within_quota(f->root, 8), ==, 4);
    put(f, "/proc/self/cgroup", "0::/../outside\n");
    g_assert_cmpuint(hr_cores_within_quota(f->root, 8), ==, 4);
}

static void test_old(Fixture *f, gconstpointer data)
{
    put(f, "/proc/self/cgroup", "5:memory:/a\n4:cpu,cpuacct:/a/b\n3:cpuset:/c\n");
    put(f, "/sys/fs/cgroup/cpu/a/b/cpu.cfs_quota_us", "-1\n");
    put(f, "/sys/fs/cgroup/cpu/a/b/cpu.cfs_period_us", "100000\n");
    g_assert_cmpuint(hr_cores_within_quota(f->root, 8), ==, 8);
    put(f, "/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "150000\n");
    put(f, "/sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "50000\n");
    g_assert_cmpuint(hr_cores_within_quota(f->root, 8), ==, 3);
}

/* What is nonsense is no quota. */
static void test_nonsense(Fixture *f, gconstpointer data)
{
    static const char *const texts[] = {
        "", "x", "0 0\n", "-5 100000\n", "100000 -1\n", "100000\n", "1e300 1\n"};
    put(f, "/proc/self/cgroup", "nonsense\n0::/\n::\n");
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        put(f, "/sys/fs/cgroup/cpu.max", texts[i]);
        g_assert_cmpuint(hr_cores_within_quota(f->root, 8), ==, 8);
    }
}

/* No more threads by default than this process may run on. */
static void test_affinity(Fixture *f, gconstpointer data)
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
        void (*run)(Fixture *f, gconstpointer data);
    } tests[] = {{"/cores/none", test_none},           {"/cores/unified", test_unified},
                 {"/cores/container", test_container}, {"/cores/old", test_old},
                 {"/cores/nonsense", test_nonsense},   {"/cores/affinity", test_affinity}};
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Fixture, NULL, setup, tests[i].run, teardown);
    return g_test_run();
}
