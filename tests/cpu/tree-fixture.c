/* tree-fixture.c: see tree-fixture.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tree-fixture.h"

#include <glib/gstdio.h>

void tree_setup(TreeFixture *f, gconstpointer data)
{
    f->root = g_dir_make_tmp("headroom-tree-XXXXXX", NULL);
    g_assert_nonnull(f->root);
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

void tree_teardown(TreeFixture *f, gconstpointer data)
{
    remove_tree(f->root);
    g_free(f->root);
}

void tree_put(TreeFixture *f, const char *path, const char *text)
{
    g_autofree char *whole = g_strconcat(f->root, path, NULL);
    g_autofree char *folder = g_path_get_dirname(whole);
    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    g_assert_true(g_file_set_contents(whole, text, -1, NULL));
}
