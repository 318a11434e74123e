/* test-error-matrix.c: what is answered where something is wrong, row by row, in the shape of the
 * family that was asked.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A row is a situation, a request, the status and the sentence. The shape around the sentence
 * follows from the path: the bodies are compared whole.
 */
#include "server-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

#define HI "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"
#define MANY "\"max_tokens\":4,"
#define TOOLS "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]"
#define CHAT(more) "{\"model\":\"tiny\"," HI "," more "}"
#define GENERATE(more) "{\"model\":\"tiny\",\"prompt\":\"hi\"," more "}"
#define TINY_OPTIONS(options) CHAT ("\"options\":{" options "}")
#define SHORT "\"stream\":false,\"options\":{\"num_predict\":1}"
#define TOO_LONG                                                                                                   \
  "the prompt is longer than the context length currently available to the model; shorten the prompt, adjust the " \
  "context length in settings, or use a model with a longer context length"
#define NO_IMAGES \
  "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj"
/* A pixel. */
#define PNG \
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
#define BAD_THINK \
  "invalid think value: \"x\" (must be \"high\", \"medium\", \"low\", \"max\", true, or false)"

typedef struct {
  const char *situation, *path, *body; /* POST, unless body begins with a method and a blank */
  guint status;
  const char *message; /* NULL: none, the request is a good one; "": any */
} Row;

/* ---- Which model ---- */

static const Row names[] = {
  { "absent", "/api/chat", "{\"model\":\"none\"," HI "}", 404, "model 'none' not found" },
  { "absent", "/api/generate", "{\"model\":\"none\"}", 404, "model 'none' not found" },
  { "absent", "/v1/chat/completions", "{\"model\":\"none\"," HI "}", 404,
    "model 'none' not found" },
  { "absent", "/v1/completions", "{\"model\":\"none\",\"prompt\":\"a\"}", 404,
    "model 'none' not found" },
  { "absent", "/v1/responses", "{\"model\":\"none\",\"input\":\"a\"}", 404,
    "model 'none' not found" },
  { "absent", "/v1/messages", "{\"model\":\"none\"," MANY HI "}", 404, "model 'none' not found" },
  { "absent", "/v1/models/none", "GET ", 404, "model 'none' not found" },
  { "absent", "/api/embed", "{\"model\":\"none\",\"input\":\"a\"}", 404,
    "model \"none\" not found, try pulling it first" },
  { "absent", "/api/embeddings", "{\"model\":\"none\",\"prompt\":\"a\"}", 404,
    "model \"none\" not found, try pulling it first" },
  { "absent", "/v1/embeddings", "{\"model\":\"none\",\"input\":\"a\"}", 404,
    "model \"none\" not found, try pulling it first" },
  { "absent", "/api/show", "{\"model\":\"none\"}", 404, "model 'none:latest' not found" },
  { "absent", "/api/copy", "{\"source\":\"none\",\"destination\":\"x\"}", 404,
    "model \"none\" not found" },
  { "absent", "/api/delete", "DELETE {\"model\":\"none\"}", 404, "model 'none' not found" },
  { "absent/create", "/api/create", "{\"model\":\"x\",\"from\":\"none\",\"stream\":false}", 404,
    "model 'none' not found" },

  { "weights-gone", "/api/chat", "{\"model\":\"gone\"," HI "}", 404,
    "model \"gone\" not found, try pulling it first" },
  { "weights-gone", "/api/generate", "{\"model\":\"gone\"}", 404,
    "model \"gone\" not found, try pulling it first" },
  { "weights-gone", "/api/embed", "{\"model\":\"gone\",\"input\":\"a\"}", 404,
    "model \"gone\" not found, try pulling it first" },
  { "weights-gone", "/v1/chat/completions", "{\"model\":\"gone\"," HI "}", 404,
    "model \"gone\" not found, try pulling it first" },
  { "weights-gone", "/v1/messages", "{\"model\":\"gone\"," MANY HI "}", 404,
    "model \"gone\" not found, try pulling it first" },
  /* A load that fails: the engine says why. */
  { "weights-damaged", "/api/chat", "{\"model\":\"damaged\"," HI "}", 500, "" },
  { "weights-damaged", "/v1/chat/completions", "{\"model\":\"damaged\"," HI "}", 500, "" },
  { "weights-damaged", "/v1/messages", "{\"model\":\"damaged\"," MANY HI "}", 500, "" },
  { "weights-damaged", "/api/show", "{\"model\":\"damaged\"}", 500, "" },

  { "empty", "/api/chat", "{" HI "}", 400, "model is required" },
  { "empty", "/api/show", "{\"model\":\"\"}", 400, "model is required" },
  { "empty", "/api/push", "{}", 400, "model is required" },
  { "empty", "/api/embeddings", "{\"prompt\":\"a\"}", 400, "model is required" },
  { "empty", "/v1/chat/completions", "{" HI "}", 400, "model is required" },
  { "empty", "/v1/responses", "{\"input\":\"a\"}", 400, "model is required" },
  { "empty", "/v1/messages", "{" MANY HI "}", 400, "model is required" },
  { "empty", "/api/generate", "{\"prompt\":\"a\"}", 404, "model '' not found" },
  { "empty", "/api/embed", "{\"input\":\"a\"}", 404, "model '' not found" },
  { "empty", "/v1/completions", "{\"prompt\":\"a\"}", 404, "model '' not found" },
  { "empty", "/v1/embeddings", "{\"input\":\"a\"}", 404, "model '' not found" },

  { "malformed", "/api/chat", "{\"model\":\"no name\"," HI "}", 400, "invalid model name" },
  { "malformed", "/api/generate", "{\"model\":\"no name\"}", 400, "invalid model name" },
  { "malformed", "/api/show", "{\"model\":\"no name\"}", 400, "invalid model name" },
  { "malformed", "/api/pull", "{\"model\":\"no name\"}", 400, "invalid model name" },
  { "malformed", "/api/create", "{\"model\":\"no name\",\"from\":\"tiny\",\"stream\":false}", 400,
    "invalid model name" },
  { "malformed", "/api/copy", "{\"source\":\"no name\",\"destination\":\"x\"}", 400,
    "source \"no name\" is invalid" },
  { "malformed", "/api/copy", "{\"source\":\"tiny\",\"destination\":\"no name\"}", 400,
    "destination \"no name\" is invalid" },
  { "malformed", "/api/delete", "DELETE {\"model\":\"no name\"}", 400,
    "name \"no name\" is invalid" },
  { "malformed", "/v1/chat/completions", "{\"model\":\"no name\"," HI "}", 400,
    "invalid model name" },
  { "malformed", "/v1/messages", "{\"model\":\"no name\"," MANY HI "}", 400, "invalid model name" },
  { "malformed", "/api/embed", "{\"model\":\"no name\",\"input\":\"a\"}", 404,
    "model 'no name' not found" },
  /* Here is no cloud that a name could mean. */
  { "local-and-cloud", "/api/chat", "{\"model\":\"x:local:cloud\"," HI "}", 400,
    "invalid model name" },
  { "cloud", "/api/chat", "{\"model\":\"x:cloud\"," HI "}", 404, "model 'x:cloud' not found" },
  { "cloud", "/api/experimental/web_search", "{\"query\":\"a\"}", 403,
    "ollama cloud is disabled: web search is unavailable" },
  { "cloud", "/api/experimental/web_fetch", "{\"url\":\"a\"}", 403,
    "ollama cloud is disabled: web fetch is unavailable" },
};

/* ---- What a model can do ---- */

static const Row abilities[] = {
  { "embedding-only", "/api/chat", "{\"model\":\"enc\"," HI "}", 400,
    "\"enc\" does not support chat" },
  { "embedding-only", "/api/generate", "{\"model\":\"enc\",\"prompt\":\"a\"}", 400,
    "\"enc\" does not support generate" },
  { "embedding-only", "/v1/chat/completions", "{\"model\":\"enc\"," HI "}", 400,
    "\"enc\" does not support chat" },
  { "embedding-only", "/v1/completions", "{\"model\":\"enc\",\"prompt\":\"a\"}", 400,
    "\"enc\" does not support generate" },
  { "embedding-only", "/v1/responses", "{\"model\":\"enc\",\"input\":\"a\"}", 400,
    "\"enc\" does not support chat" },
  { "embedding-only", "/v1/messages", "{\"model\":\"enc\"," MANY HI "}", 400,
    "\"enc\" does not support chat" },
  { "no-vectors", "/api/embed", "{\"model\":\"tiny\",\"input\":\"a\"}", 501,
    "This server does not support embeddings. Start it with `--embeddings`" },

  { "no-tools", "/api/chat", "{\"model\":\"plain\"," HI "," TOOLS "}", 400,
    "registry.ollama.ai/library/plain:latest does not support tools" },
  { "no-tools", "/v1/chat/completions", "{\"model\":\"plain\"," HI "," TOOLS "}", 400,
    "registry.ollama.ai/library/plain:latest does not support tools" },
  { "no-tools/file", "/api/chat", CHAT (TOOLS), 400, "tiny:latest does not support tools" },
  { "no-insert", "/api/generate", "{\"model\":\"plain\",\"prompt\":\"a\",\"suffix\":\"b\"}", 400,
    "registry.ollama.ai/library/plain:latest does not support insert" },
  { "no-insert", "/v1/completions", "{\"model\":\"plain\",\"prompt\":\"a\",\"suffix\":\"b\"}", 400,
    "registry.ollama.ai/library/plain:latest does not support insert" },

  { "no-thinking", "/api/chat", CHAT ("\"think\":true"), 400,
    "\"tiny\" does not support thinking" },
  { "no-thinking", "/api/generate", GENERATE ("\"think\":\"low\""), 400,
    "\"tiny\" does not support thinking" },
  { "no-thinking", "/v1/chat/completions", CHAT ("\"reasoning_effort\":\"high\""), 400,
    "\"tiny\" does not support thinking" },
  { "no-thinking/off", "/api/chat", CHAT ("\"think\":false," SHORT), 200, NULL },
  { "no-thinking/dropped", "/v1/messages", CHAT (MANY "\"thinking\":{\"type\":\"enabled\"}"), 200,
    NULL },
  { "bad-think", "/api/chat", CHAT ("\"think\":\"x\""), 400, BAD_THINK },
  { "bad-think", "/api/generate", GENERATE ("\"think\":\"x\""), 400, BAD_THINK },
  { "bad-think", "/v1/chat/completions", CHAT ("\"reasoning_effort\":\"x\""), 400,
    "invalid reasoning value: 'x' (must be \"high\", \"medium\", \"low\", \"max\", or \"none\")" },

  { "no-images", "/api/generate", GENERATE ("\"images\":[\"" PNG "\"]"), 500, NO_IMAGES },
  { "no-images", "/api/chat",
    "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"a\",\"images\":[\"" PNG "\"]}]}",
    500, NO_IMAGES },
  { "no-images", "/v1/chat/completions",
    "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":"
    "\"data:image/png;base64," PNG "\"}]}]}",
    500, NO_IMAGES },
  { "bad-base64", "/api/generate", GENERATE ("\"images\":[\"AA!A\"]"), 400,
    "illegal base64 data at input byte 2" },
  { "bad-base64/data-url", "/api/chat",
    "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"images\":[\"data:image/png;base64,AAAA\"]}]}",
    400, "illegal base64 data at input byte 4" },
  { "image-address", "/v1/chat/completions",
    "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":"
    "\"https://example.org/a.png\"}}]}]}",
    400, "image URLs are not currently supported, please use base64 encoded data instead" },
};

/* ---- Options ---- */

static const Row options[] = {
  { "unknown-option", "/api/chat",
    CHAT ("\"stream\":false,\"options\":{\"num_predict\":1,\"no_such_option\":[]}"), 200, NULL },
  { "option-type/float", "/api/chat", TINY_OPTIONS ("\"temperature\":\"hot\""), 500,
    "option \"temperature\" must be of type float32" },
  { "option-type/integer", "/api/generate", GENERATE ("\"options\":{\"num_ctx\":\"x\"}"), 500,
    "option \"num_ctx\" must be of type integer" },
  { "option-type/boolean", "/api/chat", TINY_OPTIONS ("\"use_mmap\":1"), 500,
    "option \"use_mmap\" must be of type boolean" },
  { "option-type/array", "/api/chat", TINY_OPTIONS ("\"stop\":\"x\""), 500,
    "option \"stop\" must be of type array" },
  { "option-type/strings", "/api/chat", TINY_OPTIONS ("\"stop\":[1]"), 500,
    "option \"stop\" must be of an array of strings" },
  { "option-type/embed", "/api/embed",
    "{\"model\":\"enc\",\"input\":\"a\",\"options\":{\"num_ctx\":\"x\"}}", 500,
    "option \"num_ctx\" must be of type integer" },
  { "keep-alive/word", "/api/chat", CHAT ("\"keep_alive\":\"abc\""), 400,
    "time: invalid duration \"abc\"" },
  { "keep-alive/unit", "/api/generate", GENERATE ("\"keep_alive\":\"5\""), 400,
    "time: missing unit in duration \"5\"" },
  { "keep-alive/type", "/api/chat", CHAT ("\"keep_alive\":true"), 400, "Unsupported type: 'bool'" },
  { "keep-alive/embed", "/api/embed", "{\"model\":\"enc\",\"keep_alive\":\"abc\"}", 400,
    "time: invalid duration \"abc\"" },
  { "top-logprobs", "/api/generate", GENERATE ("\"top_logprobs\":21"), 400,
    "top_logprobs must be between 0 and 20" },
  { "raw-and-system", "/api/generate", GENERATE ("\"raw\":true,\"system\":\"a\""), 400,
    "raw mode does not support template, system, or context" },
  { "format", "/api/chat", CHAT ("\"format\":\"xml\""), 500,
    "invalid format: \"\\\"xml\\\"\"; expected \"json\" or a valid JSON Schema object" },
  { "too-long/shift-off", "/api/chat",
    CHAT ("\"truncate\":false,\"shift\":false,\"options\":{\"num_ctx\":4}"), 400, TOO_LONG },
  { "too-long/shift-off", "/api/generate",
    GENERATE ("\"truncate\":false,\"options\":{\"num_ctx\":4}"), 400, TOO_LONG },
  { "too-long/embed", "/api/embed",
    "{\"model\":\"enc\",\"input\":\"a a a a a a a\",\"truncate\":false,\"options\":{\"num_ctx\":4}}",
    400, "the input length exceeds the context length" },
};

/* ---- Bodies and routes ---- */

static const Row bodies[] = {
  { "no-body", "/api/chat", "", 400, "missing request body" },
  { "no-body", "/api/embed", "", 400, "missing request body" },
  { "no-body", "/v1/chat/completions", "", 400, "missing request body" },
  { "no-body", "/v1/messages", "", 400, "missing request body" },
  { "half-a-body", "/api/generate", "{\"model\":", 400, "unexpected EOF" },
  { "half-a-body", "/v1/responses", "{\"model\":", 400, "unexpected EOF" },
  { "half-a-body", "/v1/messages", "{\"model\":", 400, "unexpected EOF" },
  { "no-json", "/api/chat", "x", 400, "invalid character 'x' looking for beginning of value" },
  { "no-json", "/v1/completions", "x", 400,
    "invalid character 'x' looking for beginning of value" },
  { "json-type", "/api/chat", "{\"model\":\"tiny\",\"messages\":\"a\"}", 400,
    "json: cannot unmarshal string into Go struct field ChatRequest.messages of type []api.Message" },
  { "json-type", "/v1/messages", "{\"model\":7}", 400,
    "json: cannot unmarshal number into Go struct field MessagesRequest.model of type string" },
  { "embed-input", "/api/embed", "{\"model\":\"enc\",\"input\":7}", 400, "invalid input type" },
  { "embed-input", "/v1/embeddings", "{\"model\":\"enc\",\"input\":null}", 400, "invalid input" },
  { "embed-format", "/v1/embeddings",
    "{\"model\":\"enc\",\"input\":\"a\",\"encoding_format\":\"x\"}", 400,
    "Invalid value for 'encoding_format' = x. Supported values: ['float', 'base64']." },
  { "no-messages", "/v1/chat/completions", "{\"model\":\"tiny\",\"messages\":[]}", 400,
    "[] is too short - 'messages'" },
  { "messages/max-tokens", "/v1/messages", "{\"model\":\"tiny\"," HI "}", 400,
    "max_tokens is required and must be positive" },
  { "messages/none", "/v1/messages", "{\"model\":\"tiny\"," MANY "\"messages\":[]}", 400,
    "messages is required" },
  { "create/nothing", "/api/create", "{\"model\":\"x\",\"stream\":false}", 400,
    "neither 'from' or 'files' was specified" },
  { "create/digest", "/api/create", "{\"model\":\"x\",\"files\":{\"a\":\"b\"},\"stream\":false}",
    400, "invalid digest format" },
  { "create/path", "/api/create", "{\"model\":\"x\",\"files\":{\"/a\":\"b\"},\"stream\":false}",
    400, "file path must be relative" },
  { "no-account", "/api/me", "", 401, "unauthorized" },
  { "no-account", "/api/signout", "", 401, "you are not currently signed in" },
};

/* ---- Shapes ---- */

static const char *
type_in_openai (guint status)
{
  return status == 400 ? "invalid_request_error" : status == 404 ? "not_found_error" : "api_error";
}

static const char *
type_in_anthropic (guint status)
{
  return status == 400   ? "invalid_request_error"
         : status == 404 ? "not_found_error"
         : status == 503 ? "overloaded_error"
                         : "api_error";
}

static void
assert_anthropic (HrValue *json, guint status)
{
  g_assert_cmpuint (hr_value_size (json), ==, 3);
  g_assert_cmpstr (json_text (json, "type"), ==, "error");
  g_assert_cmpuint (hr_value_size (json_at (json, "error")), ==, 2);
  g_assert_cmpstr (json_text (json, "error.type"), ==, type_in_anthropic (status));
  g_assert_true (g_str_has_prefix (json_text (json, "request_id"), "req_"));
}

static void
assert_openai (HrValue *json, guint status)
{
  HrValue *error = json_at (json, "error");

  g_assert_cmpuint (hr_value_size (json), ==, 1);
  g_assert_cmpuint (hr_value_size (error), ==, 4);
  g_assert_cmpstr (json_text (error, "type"), ==, type_in_openai (status));
  g_assert_cmpint (hr_value_kind (json_at (error, "param")), ==, HR_VALUE_NULL);
  g_assert_cmpint (hr_value_kind (json_at (error, "code")), ==, HR_VALUE_NULL);
}

/* The sentence in an answer, whose shape has to be that of the path's family. */
static char *
message_of (const char *path, guint status, const char *body)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (HrValue) json = headroom_json_parse (body, -1, FALSE, &error);

  g_assert_no_error (error);
  if (g_str_equal (path, "/v1/messages"))
    assert_anthropic (json, status);
  else if (g_str_has_prefix (path, "/v1/"))
    assert_openai (json, status);
  else
    g_assert_cmpuint (hr_value_size (json), ==, 1);
  return g_strdup (json_text (json, g_str_has_prefix (path, "/v1/") ? "error.message" : "error"));
}

static void
check (Server *s, const Row *row)
{
  const char *blank = *row->body != '{' ? strchr (row->body, ' ') : NULL;
  g_autofree char *method =
      blank != NULL ? g_strndup (row->body, (gsize) (blank - row->body)) : g_strdup ("POST");
  g_autofree char *body = NULL, *message = NULL;
  guint status =
      server_ask (s, method, row->path, "", blank != NULL ? blank + 1 : row->body, &body);

  g_test_message ("%s, %s: %u %s", row->situation, row->path, status, body);
  g_assert_cmpuint (status, ==, row->status);
  if (row->message == NULL)
    return;
  message = message_of (row->path, status, body);
  g_assert_nonnull (message);
  if (*row->message == '\0')
    g_assert_cmpuint (strlen (message), >, 10);
  else
    g_assert_cmpstr (message, ==, row->message);
}

/* ---- Models that something is wrong with ---- */

static void
create (Server *s, const char *name)
{
  const HeadroomModelSpec spec = { .from_name = "tiny" };
  g_autoptr (GError) error = NULL;

  headroom_store_create (s->store, name, &spec, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
}

/* "gone" and "damaged" have manifests of their own that name a file that is not there, and one that
 * is half of what it should be. */
static void
redirect (Server *s, const char *name, const char *contents)
{
  g_autofree char *manifest = g_build_filename (s->root, "manifests", "registry.ollama.ai",
                                                "library", name, "latest", NULL);
  g_autofree char *hex = g_compute_checksum_for_string (G_CHECKSUM_SHA256, name, -1);
  g_autofree char *text = NULL, *changed = NULL;
  g_autoptr (HeadroomModelEntry) entry = headroom_store_lookup (s->store, name, NULL);
  g_autofree char *old = g_path_get_basename (headroom_model_entry_get_path (entry));
  g_autoptr (GString) replaced = NULL;

  g_assert_true (g_file_get_contents (manifest, &text, NULL, NULL));
  replaced = g_string_new (text);
  g_assert_cmpuint (g_string_replace (replaced, old + strlen ("sha256-"), hex, 0), ==, 1);
  g_assert_true (g_file_set_contents (manifest, replaced->str, -1, NULL));
  if (contents == NULL)
    return;
  changed = g_strdup_printf ("%s/blobs/sha256-%s", s->root, hex);
  g_assert_true (g_file_set_contents (changed, contents, -1, NULL));
}

static void
setup (Server *s, gconstpointer data)
{
  g_autofree char *source = g_test_build_filename (G_TEST_DIST, "bert.gguf", NULL);
  g_autofree char *bytes = NULL, *target = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;

  server_setup (s, data);
  target = g_build_filename (s->loose, "enc.gguf", NULL);
  g_file_get_contents (source, &bytes, &size, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_set_contents (target, bytes, (gssize) size, NULL));
  create (s, "plain");
  create (s, "gone");
  create (s, "damaged");
  redirect (s, "gone", NULL);
  redirect (s, "damaged", "GGUF and nothing behind it");
}

#define TABLE(name)                                       \
  static void test_##name (Server *s, gconstpointer data) \
  {                                                       \
    for (gsize i = 0; i < G_N_ELEMENTS (name); i++)       \
      check (s, &name[i]);                                \
  }

TABLE (names)
TABLE (abilities)
TABLE (options)
TABLE (bodies)

/* Routes that are not there, and other methods, are answered as plain texts. */
static void
test_routes (Server *s, gconstpointer data)
{
  static const struct {
    const char *method, *path;
    guint status;
    const char *text;
  } routes[] = {
    { "GET", "/nowhere", 404, "404 page not found" },
    { "POST", "/v1/nowhere", 404, "404 page not found" },
    { "PUT", "/api/tags", 405, "405 method not allowed" },
    { "GET", "/v1/chat/completions", 405, "405 method not allowed" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (routes); i++) {
    g_autofree char *body = NULL;
    guint status = server_ask (s, routes[i].method, routes[i].path, "", "", &body);
    g_assert_cmpuint (status, ==, routes[i].status);
    g_assert_cmpstr (body, ==, routes[i].text);
  }
}

/* ---- A full queue, and those who wait in it ---- */

#define ENDLESS \
  "\"model\":\"endless\",\"options\":{\"num_ctx\":8192,\"parallel\":1,\"num_predict\":-2,\"temperature\":0}"

static void
setup_short_queue (Server *s, gconstpointer data)
{
  g_setenv ("HEADROOM_MAX_QUEUE", "1", TRUE);
  server_setup (s, data);
  g_unsetenv ("HEADROOM_MAX_QUEUE");
  server_add_endless_models (s->loose);
}

static GSocketConnection *
send_on (Server *s, const char *body)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GError) error = NULL;
  GSocketConnection *connection =
      g_socket_client_connect_to_host (client, "127.0.0.1", s->port, NULL, &error);
  g_autofree char *text = g_strdup_printf (
      "POST /api/generate HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %" G_GSIZE_FORMAT
      "\r\n\r\n%s",
      strlen (body), body);

  g_assert_no_error (error);
  g_socket_set_timeout (g_socket_connection_get_socket (connection), PATIENCE_SECONDS);
  g_assert_true (
      g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)), text,
                                 strlen (text), NULL, NULL, NULL));
  return connection;
}

static gboolean
two_are_there (HrValue *status, gpointer data)
{
  return json_at (status, "models.0.requests") != NULL &&
         json_number (status, "models.0.requests") == 2 &&
         json_number (status, "models.0.slots.queued") == 1;
}

static void
test_queue (Server *s, gconstpointer data)
{
  static const Row rows[] = {
    { "queue-full", "/api/generate", "{\"prompt\":\"a\"," ENDLESS "}", 503,
      "server busy, please try again.  maximum pending requests exceeded" },
    { "queue-full", "/v1/chat/completions", "{\"model\":\"endless\"," HI "}", 503,
      "server busy, please try again.  maximum pending requests exceeded" },
    { "queue-full", "/v1/messages", "{\"model\":\"endless\"," MANY HI "}", 503,
      "server busy, please try again.  maximum pending requests exceeded" },
  };
  g_autoptr (GSocketConnection) first = send_on (s, "{\"prompt\":\"a\"," ENDLESS "}");
  g_autoptr (GSocketConnection) second = NULL;

  server_wait_until (s, something_runs, NULL);
  second = send_on (s, "{\"prompt\":\"a\",\"stream\":false," ENDLESS "}");
  server_wait_until (s, two_are_there, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    check (s, &rows[i]);
  g_io_stream_close (G_IO_STREAM (first), NULL, NULL);
  g_io_stream_close (G_IO_STREAM (second), NULL, NULL);
  server_wait_until (s, nothing_runs, NULL);
}

static char *
read_all (GSocketConnection *connection)
{
  GString *answer = g_string_new (NULL);
  char buffer[1024];
  gssize n;

  while ((n = g_input_stream_read (g_io_stream_get_input_stream (G_IO_STREAM (connection)), buffer,
                                   sizeof buffer, NULL, NULL)) > 0)
    g_string_append_len (answer, buffer, n);
  return g_string_free (answer, FALSE);
}

/* Who waits and is stopped hears so; whose client left is forgotten (see test-hostile). */
static void
test_stopped_in_queue (Server *s, gconstpointer data)
{
  g_autoptr (GSocketConnection) first G_GNUC_UNUSED = send_on (s, "{\"prompt\":\"a\"," ENDLESS "}");
  g_autoptr (GSocketConnection) second = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *list = NULL, *answer = NULL;

  server_wait_until (s, something_runs, NULL);
  second = send_on (s, "{\"prompt\":\"a\",\"stream\":false," ENDLESS "}");
  server_wait_until (s, two_are_there, NULL);
  list = headroom_client_request (s->local, "GET", "/headroom/requests", NULL, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (HrValue) json = headroom_json_parse (list, -1, FALSE, &error);
  for (gsize i = 0; i < hr_value_size (json_at (json, "requests")); i++) {
    HrValue *request = hr_value_at (json_at (json, "requests"), i);
    g_autofree char *path =
        g_strdup_printf ("/headroom/requests/%" G_GINT64_FORMAT, json_number (request, "id"));
    g_autofree char *done G_GNUC_UNUSED =
        headroom_client_request (s->local, "DELETE", path, NULL, NULL, &error);
    g_assert_no_error (error);
  }
  answer = read_all (second);
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 499 "));
  g_assert_nonnull (strstr (answer, "{\"error\":\"This answer was stopped by hand\"}"));
  server_wait_until (s, nothing_runs, NULL);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  server_fixture_init ();
#define CASE(path, func) g_test_add ("/errors/" path, Server, NULL, setup, func, server_teardown)
  CASE ("names", test_names);
  CASE ("abilities", test_abilities);
  CASE ("options", test_options);
  CASE ("bodies", test_bodies);
  CASE ("routes", test_routes);
  g_test_add ("/errors/queue/full", Server, NULL, setup_short_queue, test_queue, server_teardown);
  g_test_add ("/errors/queue/stopped", Server, NULL, setup_short_queue, test_stopped_in_queue,
              server_teardown);
  result = g_test_run ();
  server_fixture_finish ();
  return result;
}
