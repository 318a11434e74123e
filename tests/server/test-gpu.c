/* test-gpu.c: a server whose models have layers on a GPU, on Mesa's software device; skipped where
 * that is not installed. Layers move while answers run, and what is said is the same.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "server-fixture.h"

#include "vulkan/gpus.h"

#include <string.h>

#define N_TOKENS "120"

/* Whether there is one; else the test was skipped. */
static gboolean
has_gpu (void)
{
  HrGpu gpus[HR_MAX_GPUS];
  gsize n = hr_gpus_find (gpus, HR_MAX_GPUS, NULL);

  for (gsize i = 0; i < n; i++)
    if (gpus[i].why[0] == '\0')
      return TRUE;
  g_test_skip ("no Vulkan device for tests; Debian's mesa-vulkan-drivers has one");
  return FALSE;
}

/* ---- An answer that runs while other things are asked ---- */

#define ASK                                                                                                     \
  "{\"model\":\"tiny\",\"prompt\":\"Hello there\",\"raw\":true,\"options\":{\"temperature\":0,\"num_ctx\":512," \
  "\"parallel\":2,\"num_predict\":" N_TOKENS ",\"num_gpu\":%d}}"

static GSocketConnection *
start (Server *s, int num_gpu)
{
  g_autofree char *body = g_strdup_printf (ASK, num_gpu);
  g_autofree char *request =
      g_strdup_printf ("POST /api/generate HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                       "Content-Type: application/json\r\nContent-Length: %" G_GSIZE_FORMAT
                       "\r\n\r\n%s",
                       strlen (body), body);
  GSocketConnection *connection = server_connect (s);

  g_assert_true (server_send (connection, request, strlen (request)));
  return connection;
}

/* Reads until needle has come n times, or to the end. */
static void
read_on (GSocketConnection *connection, GString *text, const char *needle, guint n)
{
  GInputStream *stream = g_io_stream_get_input_stream (G_IO_STREAM (connection));
  char buffer[4096];

  for (;;) {
    guint found = 0;
    gssize got;
    for (const char *at = text->str; (at = strstr (at, needle)) != NULL; at++)
      found++;
    if (found >= n)
      return;
    got = g_input_stream_read (stream, buffer, sizeof buffer, NULL, NULL);
    if (got <= 0)
      return;
    g_string_append_len (text, buffer, got);
  }
}

/* The pieces of the answer, joined. */
static char *
said (const GString *text)
{
  GString *answer = g_string_new (NULL);

  for (const char *line = strchr (text->str, '{'); line != NULL;) {
    const char *end = strchr (line, '\n');
    g_autofree char *json = end != NULL ? g_strndup (line, (gsize) (end - line)) : g_strdup (line);
    g_autoptr (HrValue) value = headroom_json_parse (json, -1, FALSE, NULL);
    if (value != NULL && json_text (value, "response") != NULL)
      g_string_append (answer, json_text (value, "response"));
    line = end != NULL ? strchr (end, '{') : NULL;
  }
  return g_string_free (answer, FALSE);
}

static char *
answer_unmoved (Server *s)
{
  g_autoptr (GSocketConnection) connection = start (s, 0);
  g_autoptr (GString) text = g_string_new (NULL);

  read_on (connection, text, "\"done\":true", 1);
  g_assert_nonnull (strstr (text->str, "\"done\":true"));
  return said (text);
}

static gint64
move (Server *s, int num_gpu)
{
  g_autofree char *body = g_strdup_printf ("{\"model\":\"tiny\",\"num_gpu\":%d}", num_gpu);
  g_autoptr (HrValue) answer = server_post (s, "/headroom/resize", body);

  return json_number (answer, "settings.gpu_layers");
}

/* Of this server and those before it, which wrote them down. */
static guint
count_all (Server *s, const char *code)
{
  g_autoptr (HrValue) status = server_get (s, "/headroom/status");
  HrValue *events = json_at (status, "events");
  guint n = 0;

  for (gsize i = 0; i < hr_value_size (events); i++)
    n += g_strcmp0 (headroom_json_get_string (hr_value_at (events, i), "code"), code) == 0;
  return n;
}

static guint counted_before;

static void
begin_count (Server *s, const char *code)
{
  counted_before = count_all (s, code);
}

static guint
count_since (Server *s, const char *code)
{
  return count_all (s, code) - counted_before;
}

/* Layers go up and come back while the answer is on its way, and it says what it would have said.
 */
static void
test_layers_move (Server *s, gconstpointer data)
{
  static const int ways[] = { 2, 1, 0, 1 };
  g_autofree char *want = NULL, *got = NULL;
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GString) text = g_string_new (NULL);

  if (!has_gpu ())
    return;
  begin_count (s, "layers-asked");
  want = answer_unmoved (s);
  connection = start (s, 0);
  for (guint i = 0; i < G_N_ELEMENTS (ways); i++) {
    read_on (connection, text, "\"response\"", 5 * (i + 1));
    g_assert_cmpint (move (s, ways[i]), ==, ways[i]);
  }
  read_on (connection, text, "\"done\":true", 1);
  got = said (text);
  g_assert_cmpstr (got, ==, want);
  g_assert_cmpuint (count_since (s, "layers-asked"), ==, G_N_ELEMENTS (ways));
  g_assert_cmpuint (count_all (s, "other-settings"), ==, 0); /* nothing was loaded again */
}

/* Other sizes for a model that has layers on a GPU, which stay there. */
static void
test_sizes (Server *s, gconstpointer data)
{
  g_autofree char *want = NULL, *got = NULL;
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (HrValue) more = NULL, less = NULL, status = NULL;

  if (!has_gpu ())
    return;
  begin_count (s, "resized");
  want = answer_unmoved (s);
  g_assert_cmpint (move (s, 1), ==, 1);
  connection = start (s, 1);
  read_on (connection, text, "\"response\"", 5);
  more =
      server_post (s, "/headroom/resize", "{\"model\":\"tiny\",\"num_ctx\":1024,\"parallel\":3}");
  less = server_post (s, "/headroom/resize",
                      "{\"model\":\"tiny\",\"num_ctx\":512,\"parallel\":1,\"num_batch\":64}");
  read_on (connection, text, "\"done\":true", 1);
  got = said (text);
  status = server_get (s, "/headroom/status");
  g_assert_cmpstr (got, ==, want);
  g_assert_cmpint (json_number (more, "settings.gpu_layers"), ==, 1);
  g_assert_cmpint (json_number (less, "settings.gpu_layers"), ==, 1);
  g_assert_cmpint (json_number (status, "models.0.settings.num_ctx"), ==, 512);
  g_assert_cmpuint (count_since (s, "resized"), ==, 2);
  g_assert_cmpuint (count_all (s, "other-settings"), ==, 0);
}

/* As many as fit, where somebody says so; and how many that is shows everywhere. */
static void
test_auto (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) status = NULL, ps = NULL;

  if (!has_gpu ())
    return;
  begin_count (s, "layers-fit");
  g_free (answer_unmoved (s));
  g_assert_cmpint (move (s, -1), ==, 2);
  status = server_get (s, "/headroom/status");
  ps = server_get (s, "/api/ps");
  g_assert_cmpint (json_number (status, "models.0.settings.gpu_layers"), ==, 2);
  g_assert_cmpint (json_number (status, "models.0.device_bytes.1"), ==,
                   json_number (ps, "models.0.size_vram"));
  g_assert_cmpint (json_number (ps, "models.0.size_vram"), >, 0);
  g_assert_cmpuint (count_since (s, "layers-fit"), ==, 1);
}

/* A request that asks for other layers gets them without a load. */
static void
test_request_moves (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) one = NULL, status = NULL;

  if (!has_gpu ())
    return;
  begin_count (s, "layers-asked");
  g_free (answer_unmoved (s));
  one = server_post (s, "/api/generate",
                     "{\"model\":\"tiny\",\"prompt\":\"Hi\",\"raw\":true,\"stream\":false,"
                     "\"options\":{\"num_gpu\":99,\"num_predict\":2}}");
  status = server_get (s, "/headroom/status");
  g_assert_cmpint (json_number (status, "models.0.settings.gpu_layers"), ==, 2);
  g_assert_cmpuint (count_since (s, "layers-asked"), ==, 1);
  g_assert_cmpuint (count_all (s, "other-settings"), ==, 0);
}

/* ---- GPUs that fail, by functions below everything of ours ---- */

static PFN_vkGetDeviceProcAddr find;
static PFN_vkAllocateMemory allocate;
static PFN_vkQueueSubmit submit;
static gint allocations_left, submits_left; /* how often they still work; atomic */

static gboolean
take (gint *left)
{
  return g_atomic_int_add (left, -1) > 0;
}

static VKAPI_ATTR VkResult VKAPI_CALL
scarce_allocate (VkDevice device, const VkMemoryAllocateInfo *info,
                 const VkAllocationCallbacks *callbacks, VkDeviceMemory *ret)
{
  return take (&allocations_left) ? allocate (device, info, callbacks, ret)
                                  : VK_ERROR_OUT_OF_DEVICE_MEMORY;
}

static VKAPI_ATTR VkResult VKAPI_CALL
doomed_submit (VkQueue queue, uint32_t n, const VkSubmitInfo *info, VkFence fence)
{
  if (take (&submits_left))
    return submit (queue, n, info, fence);
  g_atomic_int_set (&submits_left, G_MAXINT); /* once: a device that is opened anew works */
  return VK_ERROR_DEVICE_LOST;
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL
find_ours (VkDevice device, const char *name)
{
  PFN_vkVoidFunction found = find (device, name);

  if (g_str_equal (name, "vkAllocateMemory")) {
    allocate = (PFN_vkAllocateMemory) found;
    return (PFN_vkVoidFunction) scarce_allocate;
  }
  if (g_str_equal (name, "vkQueueSubmit")) {
    submit = (PFN_vkQueueSubmit) found;
    return (PFN_vkVoidFunction) doomed_submit;
  }
  return found;
}

static void
interpose (void)
{
  HrVkInstance *instance = hr_gpus_instance (NULL);

  g_atomic_int_set (&allocations_left, G_MAXINT);
  g_atomic_int_set (&submits_left, G_MAXINT);
  if (find != NULL)
    return;
  find = instance->api.GetDeviceProcAddr;
  instance->api.GetDeviceProcAddr = find_ours;
}

/* The answer goes on with the processor, and says what it would have said. */
static void
test_lost_goes_on (Server *s, gconstpointer data)
{
  g_autofree char *want = NULL, *got = NULL;
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (HrValue) status = NULL, after = NULL;

  if (!has_gpu ())
    return;
  interpose ();
  begin_count (s, "gpu-lost-moved");
  want = answer_unmoved (s);
  g_assert_cmpint (move (s, 2), ==, 2);
  connection = start (s, 2);
  read_on (connection, text, "\"response\"", 20);
  g_atomic_int_set (&submits_left, 3);
  read_on (connection, text, "\"done\":true", 1);
  got = said (text);
  g_assert_cmpstr (got, ==, want);
  status = server_get (s, "/headroom/status");
  g_assert_cmpint (json_number (status, "models.0.settings.gpu_layers"), ==, 0);
  g_assert_cmpuint (count_since (s, "gpu-lost-moved"), ==, 1);
  /* The device is opened anew when layers go there again. */
  g_assert_cmpint (move (s, 1), ==, 1);
  after = server_post (s, "/api/generate",
                       "{\"model\":\"tiny\",\"prompt\":\"Hi\",\"stream\":false,"
                       "\"options\":{\"num_predict\":2}}");
  g_assert_true (hr_value_get_bool (json_at (after, "done")));
}

/* Who waits is told what failed; the device is opened anew, and the next one is answered by it. */
static void
test_lost_fails (Server *s, gconstpointer data)
{
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *want = NULL, *got = NULL;
  g_autoptr (GSocketConnection) again = NULL;
  g_autoptr (GString) more = g_string_new (NULL);
  g_autoptr (HrValue) status = NULL;

  if (!has_gpu ())
    return;
  interpose ();
  g_setenv ("HEADROOM_GPU_LOST", "fail", TRUE);
  begin_count (s, "gpu-lost-rebuilt");
  want = answer_unmoved (s);
  g_unsetenv ("HEADROOM_GPU_LOST");
  g_assert_cmpint (move (s, 2), ==, 2);
  connection = start (s, 2);
  read_on (connection, text, "\"response\"", 20);
  g_atomic_int_set (&submits_left, 3);
  read_on (connection, text, "\"error\"", 1);
  g_assert_nonnull (strstr (text->str, "the GPU was lost"));
  again = start (s, 2);
  read_on (again, more, "\"done\":true", 1);
  got = said (more);
  g_assert_cmpstr (got, ==, want);
  status = server_get (s, "/headroom/status");
  g_assert_cmpint (json_number (status, "models.0.settings.gpu_layers"), ==, 2);
  g_assert_cmpuint (count_since (s, "gpu-lost-rebuilt"), ==, 1);
}

/* A GPU that has less room than it said does not keep a model from being loaded. */
static void
test_scarce_load (Server *s, gconstpointer data)
{
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (HrValue) status = NULL;

  if (!has_gpu ())
    return;
  interpose ();
  begin_count (s, "gpu-refused");
  g_atomic_int_set (&allocations_left, 3);
  connection = start (s, 2);
  read_on (connection, text, "\"done\":true", 1);
  g_assert_nonnull (strstr (text->str, "\"done\":true"));
  status = server_get (s, "/headroom/status");
  g_assert_cmpint (json_number (status, "models.0.settings.gpu_layers"), ==, 0);
  g_assert_cmpuint (count_since (s, "gpu-refused"), ==, 1);
}

/* Nor does it harm one that is loaded: what cannot move stays, with a word. */
static void
test_scarce_move (Server *s, gconstpointer data)
{
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *want = NULL, *got = NULL, *problem = NULL;
  g_autoptr (HrValue) status = NULL;

  if (!has_gpu ())
    return;
  interpose ();
  want = answer_unmoved (s);
  connection = start (s, 0);
  read_on (connection, text, "\"response\"", 5);
  g_atomic_int_set (&allocations_left, 6);
  problem = server_post_fails (s, "/headroom/resize", "{\"model\":\"tiny\",\"num_gpu\":2}",
                               HEADROOM_CLIENT_ERROR_SERVER);
  g_assert_nonnull (strstr (problem, "out of GPU memory"));
  read_on (connection, text, "\"done\":true", 1);
  got = said (text);
  g_assert_cmpstr (got, ==, want);
  status = server_get (s, "/headroom/status");
  g_assert_cmpint (json_number (status, "models.0.settings.gpu_layers"), ==, 0);
}

#define CASE(path, func) \
  g_test_add ("/server/gpu/" path, Server, NULL, server_setup, func, server_teardown)

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  server_fixture_init ();
  CASE ("layers-move", test_layers_move);
  CASE ("sizes", test_sizes);
  CASE ("auto", test_auto);
  CASE ("request-moves", test_request_moves);
  CASE ("lost-goes-on", test_lost_goes_on);
  CASE ("lost-fails", test_lost_fails);
  CASE ("scarce-load", test_scarce_load);
  CASE ("scarce-move", test_scarce_move);
  status = g_test_run ();
  server_fixture_finish ();
  return status;
}
