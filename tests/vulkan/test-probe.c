/* test-probe.c: drivers that crash, hang or lie while they are probed, and which devices are used.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * GPUs are looked for once per process, so each case is a process of its own.
 */
#include "vulkan-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

/* Runs a probe that is a script; tells what comes of it. */
static void tell_of_script(const char *script)
{
    g_autofree char *folder = g_dir_make_tmp("headroom-probe-XXXXXX", NULL),
                    *path = g_build_filename(folder, "probe", NULL),
                    *text = g_strdup_printf("#!/bin/sh\n%s\n", script);
    HrDevice devices[4];
    const char *note = NULL;
    HrGpu gpus[4];
    g_assert_true(g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, 0700, NULL));
    g_setenv("HEADROOM_GPU_PROBE", path, true);
    g_assert_cmpuint(hr_gpus_find(gpus, 4, &note), ==, 0);
    g_assert_cmpuint(hr_devices_probe(devices, 4), ==, 1); /* the host is there all the same */
    g_print("because %s", note);
    g_remove(path);
    g_rmdir(folder);
}

static void check_note(const char *pattern)
{
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_passed();
    g_test_trap_assert_stdout(pattern);
}

static void test_crash(void)
{
    if (g_test_subprocess())
        tell_of_script("kill -SEGV $$");
    else
        check_note("*because a driver crashed while it was probed*");
}

static void test_failure(void)
{
    if (g_test_subprocess())
        tell_of_script("echo nonsense; exit 3");
    else
        check_note("*because the program that probes GPUs failed*");
}

static void test_missing(void)
{
    if (g_test_subprocess()) {
        const char *note = NULL;
        HrGpu gpus[1];
        g_setenv("HEADROOM_GPU_PROBE", "/nonexistent/probe", true);
        g_assert_cmpuint(hr_gpus_find(gpus, 1, &note), ==, 0);
        g_print("because %s", note);
    } else {
        check_note("*because*/nonexistent/probe*");
    }
}

static void test_none(void)
{
    if (g_test_subprocess()) {
        g_setenv("HEADROOM_VULKAN_DEVICE", "none", true);
        tell_of_script("kill -SEGV $$"); /* not even started */
    } else {
        check_note("*because HEADROOM_VULKAN_DEVICE says none*");
    }
}

/* A name that no device has: all are listed, none is used. */
static void test_other_name(void)
{
    if (g_test_subprocess()) {
        HrGpu gpus[HR_MAX_GPUS];
        HrDevice devices[4];
        g_setenv("HEADROOM_VULKAN_DEVICE", "no such card", true);
        size_t n = hr_gpus_find(gpus, HR_MAX_GPUS, NULL);
        for (size_t i = 0; i < n; i++)
            g_assert_cmpstr(gpus[i].why, !=, "");
        g_assert_cmpuint(hr_devices_probe(devices, 4), ==, 1);
    } else {
        g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
        g_test_trap_assert_passed();
    }
}

static void test_described(void)
{
    uint32_t index = vulkan_fixture_find();
    HrGpu gpus[HR_MAX_GPUS];
    HrDevice devices[4];
    if (index == UINT32_MAX)
        return;
    hr_gpus_find(gpus, HR_MAX_GPUS, NULL);
    const HrGpu *gpu = &gpus[index];
    g_assert_cmpint(gpu->type, ==, HR_GPU_SOFTWARE);
    g_assert_nonnull(strstr(gpu->name, "llvmpipe"));
    g_assert_cmpstr(gpu->driver, !=, "");
    g_assert_true(gpu->shares_host);
    g_assert_cmpuint(gpu->total, >, 0);
    g_assert_cmpuint(gpu->max_range_bytes, >=, 1u << 27);
    g_assert_cmpuint(gpu->subgroup, >=, 4);
    g_assert_cmpuint(hr_devices_probe(devices, 4), ==, 2);
    g_assert_cmpint(devices[1].kind, ==, HR_DEVICE_GPU);
    g_assert_cmpuint(devices[1].gpu, ==, index + 1);
    g_assert_cmpuint(devices[1].free, <=, devices[1].total);
    g_assert_cmpuint(devices[1].reserve, >, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vulkan/probe/crash", test_crash);
    g_test_add_func("/vulkan/probe/failure", test_failure);
    g_test_add_func("/vulkan/probe/missing", test_missing);
    g_test_add_func("/vulkan/probe/none", test_none);
    g_test_add_func("/vulkan/probe/other-name", test_other_name);
    g_test_add_func("/vulkan/probe/described", test_described);
    return g_test_run();
}
