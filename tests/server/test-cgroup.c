/* test-cgroup.c: a real process with a real limit gives memory back before the system has to take
 * it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Makes a control group below its own, where it may, and runs itself in it. Elsewhere it skips.
 */
#include "headroom-residency.h"
#include "headroom-wire-time.h"
#include "server-fixture.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_BYTES (96 << 20)
#define CHUNK_BYTES (1 << 20)
#define PATIENCE_US (20 * G_USEC_PER_SEC)

/* ---- Outside ---- */

typedef struct {
  char *folder, *procs;
} Group;

static gboolean
write_text (const char *folder, const char *file, const char *text)
{
  g_autofree char *path = g_build_filename (folder, file, NULL);
  int fd = open (path, O_WRONLY | O_CLOEXEC);
  gboolean done = fd >= 0 && write (fd, text, strlen (text)) == (ssize_t) strlen (text);

  if (fd >= 0)
    close (fd);
  return done;
}

/* The path of this process behind a tag of /proc/self/cgroup, or NULL. */
static char *
own_group (const char *tag)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents ("/proc/self/cgroup", &text, NULL, NULL))
    return NULL;
  lines = g_strsplit (text, "\n", -1);
  for (gsize i = 0; lines[i] != NULL; i++) {
    const char *at = strstr (lines[i], tag);
    if (at != NULL)
      return g_strdup (at + strlen (tag));
  }
  return NULL;
}

static gboolean
make_below (Group *group, const char *mount, const char *tag, const char *limit_file)
{
  g_autofree char *own = own_group (tag);
  g_autofree char *limit = g_strdup_printf ("%d", LIMIT_BYTES);

  if (own == NULL)
    return FALSE;
  group->folder = g_strdup_printf ("%s%s/headroom-test-%d", mount, own, (int) getpid ());
  group->procs = g_build_filename (group->folder, "cgroup.procs", NULL);
  if (g_mkdir (group->folder, 0755) == 0) {
    if (write_text (group->folder, limit_file, limit))
      return TRUE;
    g_rmdir (group->folder);
  }
  g_clear_pointer (&group->folder, g_free);
  g_clear_pointer (&group->procs, g_free);
  return FALSE;
}

static gboolean
make_group (Group *group)
{
  return make_below (group, "/sys/fs/cgroup", "0::", "memory.max") ||
         make_below (group, "/sys/fs/cgroup/memory", ":memory:", "memory.limit_in_bytes");
}

/* Between fork and exec. */
static void
enter (gpointer data)
{
  int fd = open (data, O_WRONLY);

  if (fd < 0 || write (fd, "0", 1) != 1)
    _exit (99);
  close (fd);
}

static void
test_limit (gconstpointer program)
{
  Group group = { 0 };
  const char *args[] = { program, "--inside", NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *out = NULL;
  int status = 0;

#ifdef __SANITIZE_ADDRESS__
  g_test_skip ("a sanitizer's own memory is more than the limit");
  return;
#endif
  if (!make_group (&group)) {
    g_test_skip ("no control group with a limit of memory can be made here");
    return;
  }
  g_spawn_sync (NULL, (char **) args, NULL, G_SPAWN_DEFAULT, enter, group.procs, &out, NULL,
                &status, &error);
  g_rmdir (group.folder);
  g_free (group.folder);
  g_free (group.procs);
  g_assert_no_error (error);
  if (WIFEXITED (status) && WEXITSTATUS (status) == 99) {
    g_test_skip ("the control group cannot be entered");
    return;
  }
  g_test_message ("%s", out);
  g_assert_true (WIFEXITED (status)); /* not killed */
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

/* ---- Inside ---- */

typedef struct {
  gboolean done;
  HeadroomLease *lease;
  GError *error;
} Asked;

static void
asked_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Asked *asked = data;

  asked->lease =
      headroom_residency_acquire_finish (HEADROOM_RESIDENCY (source), result, &asked->error);
  asked->done = TRUE;
}

static Asked
ask (HeadroomResidency *residency, HeadroomModelEntry *entry, guint32 parallel)
{
  HeadroomDemand demand = { .settings = { .num_ctx = 1024, .parallel = parallel, .num_batch = 64,
                                          .threads = 1, .gpu_layers = -1,
                                          .kv_type = HR_KV_F32 } };
  Asked asked = { 0 };

  headroom_residency_acquire_async (residency, entry, &demand, NULL, NULL, asked_cb, &asked);
  while (!asked.done)
    g_main_context_iteration (NULL, TRUE);
  return asked;
}

static gboolean
was_evicted (HeadroomResidency *residency)
{
  GListModel *events = headroom_residency_get_events (residency);

  for (guint i = 0; i < g_list_model_get_n_items (events); i++) {
    g_autoptr (HeadroomEvent) event = g_list_model_get_item (events, i);
    if (headroom_event_get_kind (event) == HEADROOM_EVENT_EVICT &&
        headroom_event_get_code (event) == HEADROOM_REASON_PRESSURE)
      return TRUE;
  }
  return FALSE;
}

/* As another program would: until less than a twentieth of the limit is left. */
static void
take_memory (GPtrArray *chunks)
{
  HrDevice host;

  for (hr_devices_probe (&host, 1); host.free > LIMIT_BYTES / 24; hr_devices_probe (&host, 1)) {
    char *chunk = g_malloc (CHUNK_BYTES);
    memset (chunk, 1, CHUNK_BYTES);
    g_ptr_array_add (chunks, chunk);
  }
  g_print ("took %u MiB, %" G_GUINT64_FORMAT " bytes are left\n", chunks->len, host.free);
}

static gboolean
wake_cb (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static int
be_inside (void)
{
  g_autofree char *root = NULL;
  g_autofree char *loose = NULL;
  HeadroomResidencyLimits limits = { .keep_alive_ns = 300 * HEADROOM_NSEC_PER_SEC, .max_loaded = 8,
                                     .max_queue = 4 };
  HeadroomStore *store = server_store_new (&root, &loose);
  HeadroomModelEntry *tiny = headroom_store_lookup (store, "tiny", NULL);
  HeadroomResidency *residency = headroom_residency_new (&limits);
  g_autoptr (GPtrArray) chunks = g_ptr_array_new_with_free_func (g_free);
  gint64 until = g_get_monotonic_time () + PATIENCE_US;
  HrDevice host;
  Asked asked;

  hr_devices_probe (&host, 1);
  g_assert_cmpuint (host.total, ==, LIMIT_BYTES);
  /* A limit lower than what the model would need: refused before anything is taken. */
  asked = ask (residency, tiny, 256);
  g_assert_error (asked.error, HEADROOM_RESIDENCY_ERROR, HEADROOM_RESIDENCY_ERROR_NO_MEMORY);
  g_clear_error (&asked.error);
  asked = ask (residency, tiny, 1);
  g_assert_no_error (asked.error);
  headroom_lease_free (asked.lease);
  take_memory (chunks);
  g_timeout_add (100, wake_cb, NULL);
  while (!was_evicted (residency) && g_get_monotonic_time () < until)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (was_evicted (residency));
  headroom_residency_close (residency);
  g_object_unref (residency);
  g_object_unref (tiny);
  g_object_unref (store);
  server_store_remove (g_steal_pointer (&root), g_steal_pointer (&loose));
  return 0;
}

int
main (int argc, char **argv)
{
  gboolean inside = argc > 1 && g_str_equal (argv[1], "--inside");
  int rc;

  g_test_init (&argc, &argv, NULL);
  server_fixture_init ();
  g_test_add_data_func ("/cgroup/limit", argv[0], test_limit);
  rc = inside ? be_inside () : g_test_run ();
  server_fixture_finish ();
  return rc;
}
