/* headroom-neighbours.c: see headroom-neighbours.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-neighbours.h"

#include <string.h>
#include <unistd.h>

/* Of all programs whose names begin so; what they take for models is in the ledger. */
#define OURS "headroom"
/* A machine may run many processes; what comes after so many is not looked at. */
#define MAX_PROCESSES 16384

/* The text of a field of /proc/PID/status, or NULL. */
static const char *
find_field (const char *status, const char *field)
{
  gsize len = strlen (field);

  for (const char *line = status; line != NULL; line = strchr (line, '\n')) {
    line += *line == '\n';
    if (strncmp (line, field, len) == 0 && line[len] == ':')
      return line + len + 1 + (line[len + 1] == '\t');
  }
  return NULL;
}

/* The name of the program's file, which all its processes share; that of the process where the
 * file is not told, as of other people's. */
static char *
dup_name (const char *folder, const char *status)
{
  g_autofree char *link = g_build_filename (folder, "exe", NULL);
  g_autofree char *file = g_file_read_link (link, NULL);
  const char *name = find_field (status, "Name");
  char *deleted = file != NULL ? strstr (file, " (deleted)") : NULL;

  if (deleted != NULL)
    *deleted = '\0';
  if (file != NULL)
    return g_path_get_basename (file);
  return name != NULL ? g_strndup (name, strcspn (name, "\n")) : NULL;
}

/* Adds what a process takes to the sum of its program. */
static void
add_process (GHashTable *sums, const char *proc, const char *pid)
{
  g_autofree char *folder = g_build_filename (proc, pid, NULL),
                  *path = g_build_filename (folder, "status", NULL), *status = NULL, *name = NULL;
  const char *anonymous;
  guint64 bytes, *sum;

  if (!g_file_get_contents (path, &status, NULL, NULL))
    return;
  anonymous = find_field (status, "RssAnon");
  bytes = anonymous != NULL ? g_ascii_strtoull (anonymous, NULL, 10) * 1024 : 0;
  name = bytes > 0 ? dup_name (folder, status) : NULL;
  if (name == NULL || g_str_has_prefix (name, OURS))
    return;
  sum = g_hash_table_lookup (sums, name);
  if (sum == NULL) {
    sum = g_new0 (guint64, 1);
    g_hash_table_insert (sums, g_steal_pointer (&name), sum);
  }
  *sum += bytes;
}

static GHashTable *
sum_processes (const char *proc)
{
  GHashTable *sums = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GDir) dir = g_dir_open (proc, 0, NULL);
  guint64 own = (guint64) getpid ();
  const char *pid;

  for (guint i = 0; dir != NULL && i < MAX_PROCESSES && (pid = g_dir_read_name (dir)) != NULL;)
    if (g_ascii_isdigit (*pid)) {
      if (g_ascii_strtoull (pid, NULL, 10) != own)
        add_process (sums, proc, pid);
      i++;
    }
  return sums;
}

static int
compare_neighbours (gconstpointer a, gconstpointer b)
{
  const HeadroomNeighbour *left = a, *right = b;

  if (left->bytes != right->bytes)
    return left->bytes < right->bytes ? 1 : -1;
  return strcmp (left->name, right->name);
}

static void
clear_neighbour (gpointer data)
{
  g_free (((HeadroomNeighbour *) data)->name);
}

GArray *
headroom_neighbours_read (const char *proc, guint max)
{
  g_autoptr (GHashTable) sums = sum_processes (proc);
  GArray *list = g_array_new (FALSE, FALSE, sizeof (HeadroomNeighbour));
  GHashTableIter iter;
  gpointer name, sum;

  g_array_set_clear_func (list, clear_neighbour);
  g_hash_table_iter_init (&iter, sums);
  while (g_hash_table_iter_next (&iter, &name, &sum)) {
    HeadroomNeighbour neighbour = { g_strdup (name), *(guint64 *) sum };
    g_array_append_val (list, neighbour);
  }
  g_array_sort (list, compare_neighbours);
  if (list->len > max)
    g_array_set_size (list, max);
  return list;
}
