/* test-advisories.c: kinds of holes that servers of models have had, tried on this one.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each case is a kind; docs/api.md says which other tests belong to it.
 */
#include "headroom-exposure.h"
#include "server-fixture.h"

#include <glib/gstdio.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/stat.h>

#include "../gguf/defects.h"

#define HI "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"

static void
assert_alive (Server *s)
{
  g_autoptr (HrValue) json = server_get (s, "/api/version");

  g_assert_nonnull (json);
}

/* The answer to one request, which has to be a refusal with a sentence. */
static char *
refused (Server *s, const char *method, const char *path, const char *body, guint *ret_status)
{
  g_autofree char *text = NULL;
  guint status = server_ask (s, method, path, "", body, &text);
  g_autoptr (HrValue) json = headroom_json_parse (text, -1, FALSE, NULL);

  g_test_message ("%s %s %.200s: %u %s", method, path, body, status, text);
  g_assert_cmpuint (status, >=, 400);
  g_assert_cmpuint (status, <, 600);
  if (ret_status != NULL)
    *ret_status = status;
  return g_strdup (json != NULL && json_text (json, "error") != NULL ? json_text (json, "error")
                                                                     : "");
}

/* ---- Pages that a name was turned round for, and nobody who was asked to prove himself ---- */

typedef void (*OperationFunc) (Server *s, const char *method, const char *path);

static void
foreach_operation (Server *s, OperationFunc func)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (HrValue) document = NULL;
  HrValue *paths;
  guint n = 0;

  text = headroom_client_request (s->local, "GET", "/headroom/openapi.json", NULL, NULL, &error);
  g_assert_no_error (error);
  document = headroom_json_parse (text, -1, FALSE, NULL);
  paths = json_at (document, "paths");
  for (gsize i = 0; i < hr_value_size (paths); i++) {
    const char *path, *method;
    HrValue *methods = hr_value_entry (paths, i, &path);
    for (gsize k = 0; k < hr_value_size (methods); k++, n++) {
      hr_value_entry (methods, k, &method);
      g_autofree char *upper = g_ascii_strup (method, -1);
      func (s, upper, path);
    }
  }
  g_assert_cmpuint (n, >, 25);
}

static void
ask_as_evil_host (Server *s, const char *method, const char *path)
{
  g_autofree char *text =
      g_strdup_printf ("%s %s HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n"
                       "Content-Length: 2\r\n\r\n{}",
                       method, path);
  g_autofree char *answer = server_raw_whole (s, text, -1);

  g_test_message ("%s %s", method, path);
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 403 "));
}

static void
test_dns_rebinding (Server *s, gconstpointer data)
{
  foreach_operation (s, ask_as_evil_host);
}

static void
setup_with_key (Server *s, gconstpointer data)
{
  g_setenv ("HEADROOM_API_KEY", "secret", TRUE);
  server_setup (s, data);
  g_unsetenv ("HEADROOM_API_KEY");
}

static void
ask_without_key (Server *s, const char *method, const char *path)
{
  g_autofree char *body = NULL;
  guint status = server_ask (s, method, path, "", "{}", &body);

  g_test_message ("%s %s", method, path);
  g_assert_cmpuint (status, ==, 401);
}

static void
test_authentication (Server *s, gconstpointer data)
{
  foreach_operation (s, ask_without_key);
}

/* An address of this machine that is not its own alone, or NULL. */
static GInetAddress *
find_outer_address (void)
{
  struct ifaddrs *list = NULL;
  GInetAddress *found = NULL;

  if (getifaddrs (&list) != 0)
    return NULL;
  for (struct ifaddrs *each = list; each != NULL && found == NULL; each = each->ifa_next) {
    if (each->ifa_addr == NULL || each->ifa_addr->sa_family != AF_INET)
      continue;
    const struct sockaddr_in *address = (const struct sockaddr_in *) (const void *) each->ifa_addr;
    found =
        g_inet_address_new_from_bytes ((const guint8 *) &address->sin_addr, G_SOCKET_FAMILY_IPV4);
    if (g_inet_address_get_is_loopback (found))
      g_clear_object (&found);
  }
  freeifaddrs (list);
  return found;
}

/* Without a key others are not answered, wherever the server listens. */
static void
test_exposed (Server *s, gconstpointer data)
{
  g_autoptr (GInetAddress) outer = find_outer_address ();
  g_autofree char *host = outer != NULL ? g_inet_address_to_string (outer) : NULL;
  g_autoptr (GError) error = NULL;

  if (host == NULL) {
    g_test_skip ("this machine has no address but its own");
    return;
  }
  g_autofree char *spec = g_strdup_printf ("%s:0", host);
  g_autofree char *uri = headroom_server_listen (s->server, spec, &error);
  g_assert_no_error (error);
  g_autoptr (HeadroomClient) client = headroom_client_new_for_uri (uri);
  g_autofree char *answer =
      headroom_client_request (client, "GET", "/api/tags", NULL, NULL, &error);
  g_assert_null (answer);
  g_assert_nonnull (strstr (error->message, "HEADROOM_API_KEY"));
  g_autoptr (HrValue) listening = server_get (s, "/headroom/listen");
  g_assert_cmpstr (json_text (listening, "others"), ==, "refused");
}

/* The status of GET /api/tags at an address of this machine, under a name. */
static guint
ask_at (const char *host, guint16 port, const char *name, const char *header)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnection) connection =
      g_socket_client_connect_to_host (client, host, port, NULL, &error);
  g_autofree char *request = g_strdup_printf (
      "GET /api/tags HTTP/1.1\r\nHost: %s:%u\r\nConnection: close\r\n%s\r\n", name, port, header);
  char line[sizeof "HTTP/1.1 200"] = "";
  gsize len;
  guint status = 0;

  g_assert_no_error (error);
  g_assert_true (g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)),
                                            request, strlen (request), NULL, NULL, NULL));
  g_assert_true (g_input_stream_read_all (g_io_stream_get_input_stream (G_IO_STREAM (connection)),
                                          line, sizeof line - 1, &len, NULL, NULL));
  g_assert_cmpint (sscanf (line, "HTTP/1.1 %u", &status), ==, 1);
  return status;
}

static HrValue *
expose (Server *s, const char *reach)
{
  g_autofree char *body = g_strdup_printf ("{\"reach\":\"%s\"}", reach);
  g_autoptr (GError) error = NULL;
  g_autofree char *answer =
      headroom_client_request (s->local, "POST", "/headroom/listen", body, NULL, &error);
  HrValue *json;

  g_assert_no_error (error);
  json = headroom_json_parse (answer, -1, FALSE, NULL);
  g_assert_cmpstr (json_text (json, "reach"), ==, reach);
  return json;
}

/* Who is let in from the network needs the key that was made for that, which only this user's programs
 * are told; programs of this machine need none, but then pages of other names are refused as before.
 */
static void
test_let_in (Server *s, gconstpointer data)
{
  g_autoptr (GInetAddress) outer = find_outer_address ();
  g_autofree char *host = outer != NULL ? g_inet_address_to_string (outer) : NULL;
  g_autoptr (HrValue) opened = NULL, told = NULL, closed = NULL, again = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *wrong = NULL, *remote = NULL;

  remote = headroom_client_request (s->client, "POST", "/headroom/listen",
                                    "{\"reach\":\"network\"}", NULL, &error);
  g_assert_error (error, HEADROOM_CLIENT_ERROR, HEADROOM_CLIENT_ERROR_REQUEST);
  g_clear_error (&error);
  wrong = headroom_client_request (s->local, "POST", "/headroom/listen", "{\"reach\":\"moon\"}",
                                   NULL, &error);
  g_assert_error (error, HEADROOM_CLIENT_ERROR, HEADROOM_CLIENT_ERROR_REQUEST);
  g_clear_error (&error);

  opened = expose (s, "network");
  g_assert_cmpstr (json_text (opened, "others"), ==, "key");
  g_assert_false (hr_value_get_bool (json_at (opened, "needs_key")));
  g_assert_cmpuint (strlen (json_text (opened, "key")), ==, 32);
  g_autofree char *expected = g_strdup_printf ("http://0.0.0.0:%u", s->port);
  g_assert_cmpstr (json_text (opened, "uri"), ==, expected);
  told = server_get (s, "/headroom/listen");
  g_assert_null (json_at (told, "key"));
  g_assert_cmpuint (ask_at ("127.0.0.1", s->port, "127.0.0.1", ""), ==, 200);
  g_assert_cmpuint (ask_at ("127.0.0.1", s->port, "evil.example", ""), ==, 403);
  if (host != NULL) {
    g_autofree char *right =
        g_strdup_printf ("Authorization: Bearer %s\r\n", json_text (opened, "key"));
    g_assert_cmpuint (ask_at (host, s->port, host, ""), ==, 401);
    g_assert_cmpuint (ask_at (host, s->port, host, "x-api-key: none\r\n"), ==, 401);
    g_assert_cmpuint (ask_at (host, s->port, host, right), ==, 200);
  }

  closed = expose (s, "computer");
  g_assert_null (json_at (closed, "key"));
  g_assert_cmpstr (json_text (closed, "others"), ==, "none");
  g_assert_cmpstr (json_text (closed, "uri"), ==, s->uri);
  again = expose (s, "network"); /* whoever was given the key need not be given another */
  g_assert_cmpstr (json_text (again, "key"), ==, json_text (opened, "key"));
}

/* What was chosen holds for a server that is started later, unless its environment says where. */
static void
test_stays_open (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) opened = expose (s, "network"), closed = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *body = g_strdup_printf ("{\"host\":\"127.0.0.1:%u\"}", s->port);
  g_autofree char *off = headroom_client_request (s->local, "DELETE", "/headroom/listen", NULL, NULL,
                                                  &error);
  g_autofree char *refused = NULL;

  g_assert_no_error (error);
  g_assert_nonnull (off);
  g_assert_nonnull (json_at (opened, "key"));
  g_assert_true (headroom_exposure_is_network ());
  g_setenv ("HEADROOM_HOST", "127.0.0.1:0", TRUE);
  refused = headroom_client_request (s->local, "POST", "/headroom/listen",
                                     "{\"reach\":\"network\"}", NULL, &error);
  g_assert_error (error, HEADROOM_CLIENT_ERROR, HEADROOM_CLIENT_ERROR_REQUEST);
  g_assert_nonnull (strstr (error->message, "HEADROOM_HOST"));
  g_unsetenv ("HEADROOM_HOST");
  g_autofree char *back =
      headroom_client_request (s->local, "POST", "/headroom/listen", body, NULL, NULL);
  g_assert_nonnull (back);
  closed = expose (s, "computer");
  g_assert_cmpstr (json_text (closed, "others"), ==, "none");
  g_assert_false (headroom_exposure_is_network ());
}

/* ---- Names that leave the store ---- */

static guint
count_files (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;
  guint n = 0;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename (folder, name, NULL);
    n += g_file_test (path, G_FILE_TEST_IS_DIR) ? count_files (path) : 1;
  }
  return n;
}

static void
test_digests (Server *s, gconstpointer data)
{
  static const char *const digests[] = {
    "sha256:../../../../tmp/x",
    "sha256-..%2f..%2fx",
    "%2e%2e%2f%2e%2e%2fx",
    "../manifests/x",
    "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b982",
    "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b98240",
    "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b98/4",
    "md5:5d41402abc4b2a76b9719d911017c592",
    "sha256:",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (digests); i++) {
    g_autofree char *path = g_strconcat ("/api/blobs/", digests[i], NULL);
    g_autofree char *uploaded G_GNUC_UNUSED = refused (s, "POST", path, "hello", NULL);
    g_autofree char *head = NULL;
    guint status = server_ask (s, "HEAD", path, "", "", &head);
    g_assert_true (status == 400 || status == 404);
  }
  g_assert_cmpuint (count_files (s->root), ==, 0);
}

static const char *const bad_names[] = {
  "../../x",          "..",       "a/../../b", "/etc/passwd", "a/b/c/../d", "x:../y",    "x:..",
  "http://../../x/y", "x\\..\\y", ".hidden",   "a//b",        "a/b/c/d/e",  "x\\u0000y",
};

static void
test_names (Server *s, gconstpointer data)
{
  g_autofree char *bystander = g_strdup_printf ("%s.bystander", s->root);

  g_assert_true (g_file_set_contents (bystander, "here", -1, NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (bad_names); i++) {
    const struct {
      const char *method, *path, *format;
    } requests[] = {
      { "POST", "/api/show", "{\"model\":\"%s\"}" },
      { "POST", "/api/generate", "{\"model\":\"%s\"}" },
      { "POST", "/api/push", "{\"model\":\"%s\",\"stream\":false}" },
      { "POST", "/api/pull", "{\"model\":\"%s\",\"stream\":false}" },
      { "POST", "/api/create", "{\"model\":\"%s\",\"from\":\"tiny\",\"stream\":false}" },
      { "POST", "/api/create", "{\"model\":\"new\",\"from\":\"%s\",\"stream\":false}" },
      { "POST", "/api/copy", "{\"source\":\"%s\",\"destination\":\"new\"}" },
      { "POST", "/api/copy", "{\"source\":\"tiny\",\"destination\":\"%s\"}" },
      { "DELETE", "/api/delete", "{\"model\":\"%s\"}" },
    };
    for (gsize k = 0; k < G_N_ELEMENTS (requests); k++) {
      g_autoptr (GString) body = g_string_new (requests[k].format);
      g_string_replace (body, "%s", bad_names[i], 1);
      g_autofree char *message G_GNUC_UNUSED =
          refused (s, requests[k].method, requests[k].path, body->str, NULL);
    }
  }
  g_assert_true (g_file_test (bystander, G_FILE_TEST_EXISTS));
  g_assert_cmpuint (count_files (s->root), ==, 0);
  g_unlink (bystander);
}

/* Manifests come from elsewhere: what they name is looked for among the blobs alone. */
static void
test_manifests (Server *s, gconstpointer data)
{
#define CONFIG                       \
  "\"config\":{\"digest\":\"sha256:" \
  "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\",\"size\":2}"
#define LAYER(digest, size)                                                                \
  "\"layers\":[{\"mediaType\":\"application/vnd.ollama.image.model\",\"digest\":\"" digest \
  "\",\"size\":" size "}]"
  static const char *const manifests[] = {
    "{\"schemaVersion\":2,\"config\":{\"digest\":\"sha256:../../../etc/passwd\",\"size\":1},\"layers\":[]}",
    "{\"schemaVersion\":2," CONFIG "," LAYER ("sha256:../../../../../../etc/passwd", "1") "}",
    "{\"schemaVersion\":2," CONFIG "," LAYER ("/etc/passwd", "1") "}",
    "{\"schemaVersion\":2," CONFIG "," LAYER ("", "1") "}",
    "{\"schemaVersion\":2," CONFIG ",\"layers\":7}",
    "{\"schemaVersion\":2," CONFIG ",\"layers\":[7,null,[]]}",
    "{\"schemaVersion\":2," CONFIG
    "," LAYER ("sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", "-9") "}",
    "{\"schemaVersion\":2,\"config\":[],\"layers\":[]}",
    "[[[[[[",
    "",
  };
  g_autofree char *folder =
      g_build_filename (s->root, "manifests", "registry.ollama.ai", "library", "evil", NULL);
  g_autofree char *file = g_build_filename (folder, "latest", NULL);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (manifests); i++) {
    g_assert_true (g_file_set_contents (file, manifests[i], -1, NULL));
    g_autoptr (HrValue) tags = server_get (s, "/api/tags");
    g_autofree char *show = refused (s, "POST", "/api/show", "{\"model\":\"evil\"}", NULL);
    g_autofree char *chat G_GNUC_UNUSED =
        refused (s, "POST", "/api/chat", "{\"model\":\"evil\"," HI "}", NULL);
    g_assert_cmpuint (hr_value_size (json_at (tags, "models")), ==, 2);
    g_assert_null (strstr (show, "root:"));
  }
}

/* ---- Files of this machine ---- */

static char *
refused_about (Server *s, const char *const request[2], const char *file, guint *ret_status)
{
  g_autoptr (GString) body = g_string_new (request[1]);

  g_string_replace (body, "%s", file, 1);
  return refused (s, "POST", request[0], body->str, ret_status);
}

/* Over TCP a file that is there and one that is not are the same. */
static void
test_no_oracle (Server *s, gconstpointer data)
{
  static const char *const requests[][2] = {
    { "/api/create", "{\"model\":\"x\",\"from\":\"%s\",\"stream\":false}" },
    { "/api/show", "{\"model\":\"%s\"}" },
    { "/api/chat", "{\"model\":\"%s\"," HI "}" },
    { "/headroom/plan", "{\"model\":\"%s\"}" },
  };
  static const char *const files[] = { "/etc/passwd", "/etc/passwd-that-is-not-there" };

  for (gsize i = 0; i < G_N_ELEMENTS (requests); i++) {
    guint statuses[2];
    g_autofree char *there = refused_about (s, requests[i], files[0], &statuses[0]);
    g_autofree char *absent = refused_about (s, requests[i], files[1], &statuses[1]);
    g_assert_cmpuint (statuses[0], ==, statuses[1]);
    g_assert_cmpstr (there, ==, absent);
  }
}

static void
assert_refused_here (Server *s, const char *from)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *body =
      g_strdup_printf ("{\"model\":\"x\",\"from\":\"%s\",\"stream\":false}", from);
  g_autofree char *answer =
      headroom_client_request (s->local, "POST", "/api/create", body, NULL, &error);

  g_test_message ("%s: %s", from, error != NULL ? error->message : answer);
  g_assert_null (answer);
  g_assert_cmpint (error->domain, ==, HEADROOM_CLIENT_ERROR);
}

/* Programs of this user may name files. None of these is read for ever. */
static void
test_devices (Server *s, gconstpointer data)
{
  g_autofree char *fifo = g_build_filename (s->root, "fifo.gguf", NULL);

  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  assert_refused_here (s, "/dev/zero");
  assert_refused_here (s, "/dev/null");
  assert_refused_here (s, fifo);
  assert_refused_here (s, s->root);
  assert_refused_here (s, "/proc/self/mem");
  g_assert_cmpint (g_unlink (fifo), ==, 0);
  assert_alive (s);
}

/* ---- Uploaded bytes ---- */

static void
upload (Server *s, const void *bytes, gsize len, char **ret_digest)
{
  g_autofree char *hex = g_compute_checksum_for_data (G_CHECKSUM_SHA256, bytes, len);
  g_autofree char *head = g_strdup_printf (
      "POST /api/blobs/sha256:%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
      "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n",
      hex, len);
  g_autoptr (GString) request = g_string_new (head);
  g_autofree char *answer = NULL;

  g_string_append_len (request, bytes, (gssize) len);
  answer = server_raw_whole (s, request->str, (gssize) request->len);
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 20"));
  *ret_digest = g_strconcat ("sha256:", hex, NULL);
}

static void
assert_no_model (Server *s, const char *name, const void *bytes, gsize len)
{
  g_autofree char *digest = NULL, *body = NULL, *message = NULL;

  upload (s, bytes, len, &digest);
  body = g_strdup_printf ("{\"model\":\"bad\",\"files\":{\"a.gguf\":\"%s\"},\"stream\":false}",
                          digest);
  g_test_message ("%s", name);
  message = refused (s, "POST", "/api/create", body, NULL);
  g_assert_cmpuint (strlen (message), >, 10);
}

/* Sizes past the end, counts that overflow, alignments of zero, strings of exabytes: none is more
 * than a sentence, and none is installed. */
static void
test_gguf_bombs (Server *s, gconstpointer data)
{
  for (gsize i = 0; i < n_defects; i++) {
    g_autoptr (GBytes) file = defects_build (&defects[i]);
    gsize len;
    const void *bytes = g_bytes_get_data (file, &len);
    if (len > 0)
      assert_no_model (s, defects[i].name, bytes, len);
  }
  g_autoptr (HrValue) tags = server_get (s, "/api/tags");
  g_assert_cmpuint (hr_value_size (json_at (tags, "models")), ==, 2);
}

/* Files that are well formed, of a model that is not: blocks of which there are none, heads of
 * zero, widths that divide by nothing. They may be installed; asking them is refused. */
static void
test_crafted_models (Server *s, gconstpointer data)
{
  static const struct {
    const char *key;
    guint32 value;
  } numbers[] = {
    { "llama.block_count", 0 },          { "llama.block_count", G_MAXUINT32 },
    { "llama.attention.head_count", 0 }, { "llama.attention.head_count", 7 },
    { "llama.embedding_length", 0 },     { "llama.embedding_length", G_MAXUINT32 },
    { "llama.context_length", 0 },       { "llama.attention.head_count_kv", 0 },
    { "llama.feed_forward_length", 0 },  { "llama.rope.dimension_count", G_MAXUINT32 },
  };
  static const struct {
    const char *key;
    guint32 usual;
  } usual[] = { { "llama.block_count", 1 },
                { "llama.attention.head_count", 4 },
                { "llama.attention.head_count_kv", 4 },
                { "llama.embedding_length", 64 },
                { "llama.feed_forward_length", 96 },
                { "llama.context_length", 128 } };

  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++) {
    g_autoptr (GgufBuilder) builder = gguf_builder_new ();
    g_autofree char *path = g_build_filename (s->loose, "crafted.gguf", NULL);
    gboolean found = FALSE;
    gguf_builder_string (builder, "general.architecture", "llama");
    for (gsize k = 0; k < G_N_ELEMENTS (usual); k++) {
      gboolean same = g_str_equal (usual[k].key, numbers[i].key);
      found |= same;
      gguf_builder_u32 (builder, usual[k].key, same ? numbers[i].value : usual[k].usual);
    }
    if (!found)
      gguf_builder_u32 (builder, numbers[i].key, numbers[i].value);
    gguf_builder_write (builder, path);
    g_autofree char *asked G_GNUC_UNUSED =
        refused (s, "POST", "/api/generate", "{\"model\":\"crafted\",\"prompt\":\"a\"}", NULL);
    g_autofree char *body = NULL;
    server_ask (s, "POST", "/api/show", "", "{\"model\":\"crafted\"}", &body);
    g_assert_true (*body == '{');
  }
  assert_alive (s);
}

/* Nothing is ever unpacked. */
static void
test_archives (Server *s, gconstpointer data)
{
  static const char zip[] = "PK\003\004\024\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\020\0\0\0"
                            "../../../escaped";
  g_autofree char *escaped = g_build_filename (s->root, "..", "escaped", NULL);

  assert_no_model (s, "zip", zip, sizeof zip - 1);
  g_assert_false (g_file_test (escaped, G_FILE_TEST_EXISTS));
}

static char *
zeros_compressed (gsize n_bytes, gsize *ret_len)
{
  g_autoptr (GConverter) gzip =
      G_CONVERTER (g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP, 9));
  g_autofree char *zeros = g_malloc0 (n_bytes);
  gsize room = n_bytes / 500 + 1024, read, done = 0, written = 0;
  char *packed = g_malloc (room);
  GConverterResult result;

  do {
    result = g_converter_convert (gzip, zeros + done, n_bytes - done, packed + written,
                                  room - written, G_CONVERTER_INPUT_AT_END, &read, ret_len, NULL);
    g_assert_cmpint (result, !=, G_CONVERTER_ERROR);
    done += read;
    written += *ret_len;
  } while (result != G_CONVERTER_FINISHED);
  *ret_len = written;
  return packed;
}

/* A body that says it is packed is refused, whatever it would become. */
static void
test_compressed_bodies (Server *s, gconstpointer data)
{
  gsize len;
  g_autofree char *packed = zeros_compressed (32 << 20, &len);
  g_autofree char *head = g_strdup_printf (
      "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Encoding: gzip\r\n"
      "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n",
      len);
  g_autoptr (GString) request = g_string_new (head);
  g_autofree char *answer = NULL;

  g_string_append_len (request, packed, (gssize) len);
  answer = server_raw_whole (s, request->str, (gssize) request->len);
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 415 "));
  g_assert_nonnull (strstr (answer, "Accept-Encoding: identity\r\n"));
  g_assert_nonnull (strstr (answer, "Content-Encoding \\\"gzip\\\""));
  assert_alive (s);
}

/* ---- Other servers ---- */

/* Whatever host a model's name has, nobody is called: no manifest of strangers is read, no token is
 * sent, no inner network is probed. */
static void
test_nobody_is_called (Server *s, gconstpointer data)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocket) socket =
      g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
  g_autoptr (GSocketAddress) bound = NULL;
  static const char *const requests[][2] = {
    { "/api/pull", "{\"model\":\"http://127.0.0.1:%u/a/b\",\"insecure\":true,\"stream\":false}" },
    { "/api/pull", "{\"model\":\"127.0.0.1:%u/a/b:c\",\"stream\":false}" },
    { "/api/push", "{\"model\":\"127.0.0.1:%u/a/b\",\"insecure\":true,\"stream\":false}" },
    { "/api/create", "{\"model\":\"x\",\"from\":\"127.0.0.1:%u/a/b\",\"stream\":false}" },
    { "/api/create",
      "{\"model\":\"x\",\"from\":\"a\",\"remote_host\":\"http://127.0.0.1:%u\",\"stream\":false}" },
    { "/api/chat", "{\"model\":\"127.0.0.1:%u/a/b\"," HI "}" },
    { "/api/experimental/web_fetch", "{\"url\":\"http://127.0.0.1:%u/\"}" },
    { "/v1/chat/completions",
      "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":"
      "{\"url\":\"http://127.0.0.1:%u/a.png\"}}]}]}" },
  };

  g_assert_true (g_socket_bind (socket, address, FALSE, NULL) && g_socket_listen (socket, NULL));
  bound = g_socket_get_local_address (socket, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (requests); i++) {
    g_autofree char *port =
        g_strdup_printf ("%u", g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound)));
    g_autoptr (GString) body = g_string_new (requests[i][1]);
    g_string_replace (body, "%u", port, 1);
    g_autofree char *message G_GNUC_UNUSED = refused (s, "POST", requests[i][0], body->str, NULL);
    g_assert_cmpint (g_socket_condition_check (socket, G_IO_IN), ==, 0);
  }
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  server_fixture_init ();
#define CASE(path, func) \
  g_test_add ("/advisories/" path, Server, NULL, server_setup, func, server_teardown)
  CASE ("dns-rebinding", test_dns_rebinding);
  g_test_add ("/advisories/authentication", Server, NULL, setup_with_key, test_authentication,
              server_teardown);
  CASE ("exposed-without-key", test_exposed);
  CASE ("let-in-with-key", test_let_in);
  CASE ("stays-open", test_stays_open);
  CASE ("path-traversal/digests", test_digests);
  CASE ("path-traversal/names", test_names);
  CASE ("path-traversal/manifests", test_manifests);
  CASE ("file-oracle", test_no_oracle);
  CASE ("devices", test_devices);
  CASE ("gguf-bombs", test_gguf_bombs);
  CASE ("crafted-models", test_crafted_models);
  CASE ("archives", test_archives);
  CASE ("compressed-bodies", test_compressed_bodies);
  CASE ("nobody-is-called", test_nobody_is_called);
  result = g_test_run ();
  server_fixture_finish ();
  return result;
}
