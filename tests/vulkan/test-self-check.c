/* test-self-check.c: devices that compute wrongly are found out and not used, by a dispatch that is
 * left out below everything of ours.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vulkan-fixture.h"

#include "vulkan/self-check.h"

#include <glib/gstdio.h>
#include <string.h>

/* The driver's own function, how many dispatches come before the one that is left out, and how many
 * there were. */
static PFN_vkCmdDispatch dispatch;
static int left_out, n_dispatches;

static VKAPI_ATTR void VKAPI_CALL lazy_dispatch(VkCommandBuffer commands, uint32_t x, uint32_t y,
                                                uint32_t z)
{
    if (n_dispatches++ != left_out)
        dispatch(commands, x, y, z);
}

static bool open_lazy(VulkanFixture *f)
{
    if (!vulkan_fixture_init(f))
        return false;
    dispatch = f->device.api.CmdDispatch;
    f->device.api.CmdDispatch = lazy_dispatch;
    left_out = -1;
    n_dispatches = 0;
    return true;
}

/* Whichever dispatch does nothing, it is noticed and named. */
static void test_wrong(void)
{
    VulkanFixture f;
    g_autoptr(GError) error = NULL;
    if (!open_lazy(&f))
        return;
    g_assert_true(hr_vk_self_check(&f.device, &f.pipelines, &error));
    g_assert_no_error(error);
    int n = n_dispatches;
    g_assert_cmpint(n, >, 5);
    for (int i = 0; i < n; i++) {
        g_autoptr(GError) found = NULL;
        n_dispatches = 0;
        left_out = i;
        g_assert_false(hr_vk_self_check(&f.device, &f.pipelines, &found));
        g_assert_error(found, HR_ERROR, HR_ERROR_UNSUPPORTED);
        g_assert_true(g_str_has_prefix(found->message, "it computes "));
        g_assert_true(g_str_has_suffix(found->message, " wrongly"));
    }
    vulkan_fixture_finish(&f);
}

static bool check_once(VulkanFixture *f, const char *path, char **ret_why)
{
    g_autoptr(GError) error = NULL;
    bool ok = hr_vk_self_check_once(&f->device, &f->pipelines, path, &error);
    *ret_why = ok ? NULL : g_strdup(error->message);
    return ok;
}

/* It is asked once; other shaders are asked again. */
static void test_once(void)
{
    g_autofree char *folder = g_dir_make_tmp("headroom-check-XXXXXX", NULL),
                    *path = g_build_filename(folder, "device.checked", NULL), *why = NULL,
                    *again = NULL;
    VulkanFixture f;
    if (!open_lazy(&f))
        return;
    left_out = 0;
    g_assert_false(check_once(&f, path, &why));
    n_dispatches = 0;
    left_out = -1;
    g_assert_false(check_once(&f, path, &again));
    g_assert_cmpstr(again, ==, why);
    g_assert_cmpint(n_dispatches, ==, 0);
    g_assert_true(g_file_set_contents(path, "other shaders\nit computes nothing\n", -1, NULL));
    g_clear_pointer(&again, g_free);
    g_assert_true(check_once(&f, path, &again));
    g_assert_cmpint(n_dispatches, >, 0);
    n_dispatches = 0;
    g_assert_true(check_once(&f, path, &again));
    g_assert_cmpint(n_dispatches, ==, 0);
    g_remove(path);
    g_rmdir(folder);
    vulkan_fixture_finish(&f);
}

/* A device that was found wrong is listed with the reason and not used. */
static void test_refused(void)
{
    HrGpu gpus[HR_MAX_GPUS];
    HrDevice devices[4];
    if (!g_test_subprocess()) {
        if (vulkan_fixture_find() == UINT32_MAX)
            return;
        g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
        g_test_trap_assert_passed();
        g_test_trap_assert_stdout("*because it computes norms wrongly*");
        return;
    }
    g_autofree char *cache = g_dir_make_tmp("headroom-check-XXXXXX", NULL), *path = NULL,
                    *mark = hr_vk_shaders_mark(), *text = NULL, *folder = NULL;
    g_autoptr(GError) error = NULL;
    HrVkInstance instance;
    g_setenv("XDG_CACHE_HOME", cache, true);
    hr_vk_instance_init(&instance, false, NULL, &error);
    g_assert_no_error(error);
    hr_vk_describe(&instance, 0, &gpus[0]);
    path = hr_vk_self_check_path(&gpus[0]);
    hr_vk_instance_finish(&instance);
    g_assert_true(g_str_has_prefix(path, cache));
    folder = g_path_get_dirname(path);
    text = g_strdup_printf("%s\nit computes norms wrongly\n", mark);
    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_assert_cmpuint(hr_gpus_find(gpus, HR_MAX_GPUS, NULL), >=, 1);
    g_assert_cmpuint(hr_devices_probe(devices, 4), ==, 1);
    g_print("because %s", gpus[0].why);
    g_remove(path);
    g_rmdir(folder);
    g_rmdir(cache);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vulkan/self-check/refused", test_refused);
    g_test_add_func("/vulkan/self-check/wrong", test_wrong);
    g_test_add_func("/vulkan/self-check/once", test_once);
    return g_test_run();
}
