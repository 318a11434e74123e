/* tree-fixture.h: a folder of files as the kernel's would be, for what reads /proc and /sys.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <glib.h>

typedef struct {
    char *root;
} TreeFixture;

/* For g_test_add. */
void tree_setup(TreeFixture *f, gconstpointer data);
void tree_teardown(TreeFixture *f, gconstpointer data);
/* path: from the root on, with its slash; folders are made. */
void tree_put(TreeFixture *f, const char *path, const char *text);
