/* test-neighbours.c: other programs by name, from a folder that looks like /proc.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-neighbours.h"

#include <glib/gstdio.h>
#include <unistd.h>

static char *
new_proc (void)
{
  g_autoptr (GError) error = NULL;
  char *proc = g_dir_make_tmp ("headroom-proc-XXXXXX", &error);

  g_assert_no_error (error);
  return proc;
}

/* exe: (nullable): the program's file; status: (nullable): what the system says of the process */
static void
add_process (const char *proc, const char *pid, const char *exe, const char *status)
{
  g_autofree char *folder = g_build_filename (proc, pid, NULL),
                  *path = g_build_filename (folder, "status", NULL),
                  *link = g_build_filename (folder, "exe", NULL);

  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  if (status != NULL)
    g_assert_true (g_file_set_contents (path, status, -1, NULL));
  if (exe != NULL)
    g_assert_cmpint (symlink (exe, link), ==, 0);
}

static void
remove_proc (char *take_proc)
{
  g_autofree char *proc = take_proc;
  g_autoptr (GDir) dir = g_dir_open (proc, 0, NULL);
  const char *pid;

  while ((pid = g_dir_read_name (dir)) != NULL) {
    static const char *const files[] = { "status", "exe", "" };
    for (gsize i = 0; i < G_N_ELEMENTS (files); i++) {
      g_autofree char *path = g_build_filename (proc, pid, files[i], NULL);
      g_remove (path);
    }
  }
  g_rmdir (proc);
}

static void
assert_neighbour (const GArray *list, guint index, const char *name, guint64 kib)
{
  const HeadroomNeighbour *neighbour = &g_array_index (list, HeadroomNeighbour, index);

  g_assert_cmpuint (index, <, list->len);
  g_assert_cmpstr (neighbour->name, ==, name);
  g_assert_cmpuint (neighbour->bytes, ==, kib * 1024);
}

/* Processes of one program are one, the largest come first, kernel threads take nothing. */
static void
test_programs (void)
{
  char *proc = new_proc ();
  g_autoptr (GArray) list = NULL;

  add_process (proc, "1", NULL, "Name:\tsystemd\nVmRSS:\t  99999 kB\nRssAnon:\t    5000 kB\n");
  add_process (proc, "2", NULL, "Name:\tkthreadd\nState:\tS (sleeping)\n");
  add_process (proc, "30", "/usr/lib/browser/browser", "Name:\tbrowser\nRssAnon:\t  300000 kB\n");
  add_process (proc, "31", "/usr/lib/browser/browser (deleted)",
               "Name:\tIsolated Web Co\nRssAnon:\t  200000 kB\n");
  add_process (proc, "40", "/opt/my editor/edit", "Name:\tedit\nRssAnon:\t  450000 kB\n");
  add_process (proc, "50", "/usr/bin/headroom", "Name:\theadroom\nRssAnon:\t 9000000 kB\n");
  add_process (proc, "self", "/usr/bin/cat", "Name:\tcat\nRssAnon:\t 7000000 kB\n");

  list = headroom_neighbours_read (proc, 10);
  g_assert_cmpuint (list->len, ==, 3);
  assert_neighbour (list, 0, "browser", 500000);
  assert_neighbour (list, 1, "edit", 450000);
  assert_neighbour (list, 2, "systemd", 5000);

  g_array_unref (list);
  list = headroom_neighbours_read (proc, 1);
  g_assert_cmpuint (list->len, ==, 1);
  assert_neighbour (list, 0, "browser", 500000);
  remove_proc (proc);
}

/* Processes end while they are read, and files may hold anything. */
static void
test_damage (void)
{
  char *proc = new_proc ();
  g_autoptr (GArray) list = NULL;

  add_process (proc, "1", NULL, NULL);
  add_process (proc, "2", NULL, "");
  add_process (proc, "3", NULL, "RssAnon:\t    5000 kB\n");
  add_process (proc, "4", NULL, "Name:\tx\nRssAnon:\tmany\n");
  add_process (proc, "5", NULL, "Name:\nFakeRssAnon:\t5 kB\n");
  list = headroom_neighbours_read (proc, 10);
  g_assert_cmpuint (list->len, ==, 0);
  remove_proc (proc);

  g_array_unref (list);
  list = headroom_neighbours_read ("/nowhere/at/all", 10);
  g_assert_cmpuint (list->len, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/neighbours/programs", test_programs);
  g_test_add_func ("/neighbours/damage", test_damage);
  return g_test_run ();
}
