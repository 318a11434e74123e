/* replay.c: gives every file of a folder to a fuzz target, without libFuzzer: replay NAME FOLDER.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "fuzz.h"

#include <glib.h>

static void test_file(const void *path)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *contents = NULL;
    g_autofree uint8_t *exact = NULL; /* so that a sanitizer sees the first byte too far */
    gsize size;

    g_file_get_contents(path, &contents, &size, &error);
    g_assert_no_error(error);
    exact = g_memdup2(contents, size);
    g_assert_cmpint(LLVMFuzzerTestOneInput(exact, size), ==, 0);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) folder = NULL;
    const char *name;
    int n_files = 0;

    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 3);
    folder = g_dir_open(argv[2], 0, &error);
    g_assert_no_error(error);
    for (; (name = g_dir_read_name(folder)); n_files++) {
        g_autofree char *path = g_strdup_printf("/fuzz/%s/%s", argv[1], name);

        g_test_add_data_func_full(path, g_build_filename(argv[2], name, NULL), test_file, g_free);
    }
    g_assert_cmpint(n_files, >, 0);
    return g_test_run();
}
