/* test-families.c: the routes of OpenAI and Anthropic beside chat, uploads, and what needs a
 * registry.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <string.h>

#include "headroom-openapi.h"
#include "headroom-router.h"
#include "server-fixture.h"

#define TOOL_PARAMETERS \
  "{\"type\":\"object\",\"properties\":{\"city\":{\"enum\":[\"Rom\"]}},\"required\":[\"city\"]}"

static void
create_caller (Server *s)
{
  g_autoptr (HrValue) answer = server_post (
      s, "/api/create",
      "{\"model\":\"caller\",\"from\":\"tiny\",\"stream\":false,\"template\":"
      "\"{% for m in messages %}{{ m.role }}:{{ m.content }}{% endfor %}{{ tools }}<tool_call>\"}");

  g_assert_cmpstr (json_text (answer, "status"), ==, "success");
}

/* ---- Completions ---- */

static void
test_completions (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) json =
      server_post (s, "/v1/completions",
                   "{\"model\":\"tiny\",\"prompt\":\"a\",\"max_tokens\":8,\"temperature\":0}");
  g_autoptr (GPtrArray) records =
      server_stream (s, "/v1/completions",
                     "{\"model\":\"tiny\",\"prompt\":[\"a\"],\"max_tokens\":8,\"temperature\":0,"
                     "\"stream\":true,\"stream_options\":{\"include_usage\":true}}");
  g_autoptr (GString) text = g_string_new (NULL);

  g_assert_cmpstr (json_text (json, "object"), ==, "text_completion");
  g_assert_cmpstr (json_text (json, "choices.0.finish_reason"), ==, "length");
  g_assert_cmpint (json_number (json, "usage.completion_tokens"), ==, 8);
  for (guint i = 0; i < records->len; i++)
    if (json_text (records->pdata[i], "choices.0.text") != NULL)
      g_string_append (text, json_text (records->pdata[i], "choices.0.text"));
  g_assert_cmpstr (text->str, ==, json_text (json, "choices.0.text"));
  g_assert_cmpint (json_number (records->pdata[records->len - 2], "usage.completion_tokens"), ==,
                   8);
  g_assert_cmpstr (hr_value_get_string (records->pdata[records->len - 1], NULL), ==, "[DONE]");
}

/* ---- Responses ---- */

static void
test_responses (Server *s, gconstpointer data)
{
  create_caller (s);
  g_autoptr (HrValue) text = server_post (
      s, "/v1/responses",
      "{\"model\":\"tiny\",\"input\":\"hello\",\"max_output_tokens\":8,\"temperature\":0}");
  g_autoptr (HrValue) call = server_post (
      s, "/v1/responses",
      "{\"model\":\"caller\",\"instructions\":\"i\",\"max_output_tokens\":400,\"tool_choice\":\"required\",\"tools\":[{\"type\":\"function\","
      "\"name\":\"weather\",\"parameters\":" TOOL_PARAMETERS
      "}],\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\","
      "\"text\":\"a\"}]},{\"type\":\"function_call\",\"call_id\":\"c1\",\"name\":\"weather\",\"arguments\":\"{}\"},"
      "{\"type\":\"function_call_output\",\"call_id\":\"c1\",\"output\":\"sunny\"}]}");

  g_assert_cmpstr (json_text (text, "object"), ==, "response");
  g_assert_cmpstr (json_text (text, "status"), ==, "incomplete");
  g_assert_cmpstr (json_text (text, "output.0.content.0.type"), ==, "output_text");
  g_assert_cmpint (json_number (text, "usage.output_tokens"), ==, 8);
  g_assert_cmpstr (json_text (call, "output.0.type"), ==, "function_call");
  g_assert_cmpstr (json_text (call, "output.0.name"), ==, "weather");
  g_assert_cmpstr (json_text (call, "output.0.arguments"), ==, "{\"city\":\"Rom\"}");
}

/* The types of the events, in order, each once where it repeats. */
static char *
types_of (GPtrArray *records)
{
  GString *types = g_string_new (NULL);
  const char *last = "";

  for (guint i = 0; i < records->len; i++) {
    const char *type = json_text (records->pdata[i], "type");
    if (g_str_equal (type, last))
      continue;
    g_string_append_printf (types, "%s%s", types->len > 0 ? " " : "", type);
    last = type;
  }
  return g_string_free (types, FALSE);
}

static void
test_responses_stream (Server *s, gconstpointer data)
{
  g_autoptr (GPtrArray) records = server_stream (
      s, "/v1/responses",
      "{\"model\":\"tiny\",\"input\":\"hello\",\"max_output_tokens\":8,\"temperature\":0,\"stream\":true}");
  g_autofree char *types = types_of (records);

  g_assert_cmpstr (
      types, ==,
      "response.created response.in_progress response.output_item.added response.content_part.added "
      "response.output_text.delta response.output_text.done response.content_part.done response.output_item.done "
      "response.completed");
  for (guint i = 0; i < records->len; i++)
    g_assert_cmpint (json_number (records->pdata[i], "sequence_number"), ==, i);
}

/* ---- Messages ---- */

#define ANTHROPIC_TOOLS \
  "\"tools\":[{\"name\":\"weather\",\"description\":\"d\",\"input_schema\":" TOOL_PARAMETERS "}]"

static void
test_messages (Server *s, gconstpointer data)
{
  create_caller (s);
  g_autoptr (HrValue) text = server_post (
      s, "/v1/messages",
      "{\"model\":\"tiny\",\"max_tokens\":8,\"temperature\":0,\"system\":\"s\",\"thinking\":{\"type\":\"enabled\"},"
      "\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}");
  g_autoptr (HrValue) call = server_post (
      s, "/v1/messages",
      "{\"model\":\"caller\",\"max_tokens\":400,\"tool_choice\":{\"type\":\"any\"}," ANTHROPIC_TOOLS
      ",\"messages\":["
      "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}]},{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\","
      "\"id\":\"t1\",\"name\":\"weather\",\"input\":{}}]},{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"t1\","
      "\"content\":[{\"type\":\"text\",\"text\":\"sunny\"}]}]}]}");

  g_assert_cmpstr (json_text (text, "type"), ==, "message");
  g_assert_cmpstr (json_text (text, "stop_reason"), ==, "max_tokens");
  g_assert_cmpstr (json_text (text, "content.0.type"), ==, "text");
  g_assert_cmpint (json_number (text, "usage.output_tokens"), ==, 8);
  g_assert_cmpstr (json_text (call, "stop_reason"), ==, "tool_use");
  g_assert_cmpstr (json_text (call, "content.0.type"), ==, "tool_use");
  g_assert_cmpstr (json_text (call, "content.0.input.city"), ==, "Rom");
}

static void
test_messages_stream (Server *s, gconstpointer data)
{
  create_caller (s);
  g_autoptr (GPtrArray) text = server_stream (
      s, "/v1/messages",
      "{\"model\":\"tiny\",\"max_tokens\":8,\"stream\":true,\"temperature\":0,\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}");
  g_autoptr (GPtrArray) call = server_stream (
      s, "/v1/messages",
      "{\"model\":\"caller\",\"max_tokens\":400,\"stream\":true,\"tool_choice\":{\"type\":\"tool\",\"name\":\"weather\"}," ANTHROPIC_TOOLS
      ",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}");
  g_autofree char *text_types = types_of (text), *call_types = types_of (call);
  const char *expected =
      "message_start content_block_start content_block_delta content_block_stop message_delta message_stop";

  g_assert_cmpstr (text_types, ==, expected);
  g_assert_cmpstr (call_types, ==, expected);
  g_assert_cmpstr (json_text (call->pdata[2], "delta.partial_json"), ==, "{\"city\":\"Rom\"}");
  g_assert_cmpstr (json_text (call->pdata[call->len - 2], "delta.stop_reason"), ==, "tool_use");
}

/* ---- Errors in each family's shape ---- */

static char *
raw (Server *s, const char *method, const char *path, const char *body)
{
  g_autofree char *text = g_strdup_printf (
      "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %" G_GSIZE_FORMAT
      "\r\n\r\n%s",
      method, path, strlen (body), body);

  return server_raw_whole (s, text, -1);
}

static void
test_errors (Server *s, gconstpointer data)
{
  static const struct {
    const char *path, *body, *status, *text;
  } cases[] = {
    { "/v1/messages", "{\"model\":\"tiny\"}", "400",
      "\"type\":\"invalid_request_error\",\"message\":\"max_tokens is required and must be positive\"" },
    { "/v1/messages", "{\"model\":\"tiny\",\"max_tokens\":3,\"messages\":[]}", "400",
      "messages is required" },
    { "/v1/messages",
      "{\"model\":\"none\",\"max_tokens\":3,\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}",
      "404", "\"type\":\"not_found_error\"" },
    { "/v1/messages",
      "{\"model\":\"tiny\",\"max_tokens\":3,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":{\"type\":\"url\"}}]}]}",
      "400", "invalid image source type: url. Only base64 images are supported." },
    { "/v1/responses", "{\"model\":\"tiny\"}", "400", "\"message\":\"input is required\"" },
    { "/v1/responses", "{\"model\":\"none\",\"input\":\"a\"}", "404",
      "\"type\":\"not_found_error\"" },
    { "/v1/completions", "{\"model\":\"tiny\"}", "400", "\"message\":\"prompt is required\"" },
    { "/v1/completions", "{\"model\":\"tiny\",\"prompt\":3}", "400",
      "cannot unmarshal number into Go struct field CompletionRequest.prompt of type string" },
    { "/api/push", "{}", "400", "{\"error\":\"model is required\"}" },
    { "/api/pull", "{\"model\":\"a/b/c/d/e\"}", "400", "{\"error\":\"invalid model name\"}" },
    { "/api/pull", "{\"model\":\"x\",\"stream\":false}", "500",
      "{\"error\":\"pull model manifest: " },
    { "/api/me", "", "401", "{\"error\":\"unauthorized\"}" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *answer = raw (s, "POST", cases[i].path, cases[i].body);
    g_autofree char *status = g_strdup_printf ("HTTP/1.1 %s ", cases[i].status);
    g_test_message ("%s %s: %s", cases[i].path, cases[i].body, answer);
    g_assert_true (g_str_has_prefix (answer, status));
    g_assert_nonnull (strstr (answer, cases[i].text));
  }
}

static void
test_pull_stream (Server *s, gconstpointer data)
{
  g_autofree char *answer = raw (s, "POST", "/api/pull", "{\"model\":\"x\"}");

  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 200 "));
  g_assert_nonnull (
      strstr (answer, "{\"status\":\"pulling manifest\"}\n{\"error\":\"pull model manifest: "));
}

/* ---- Blobs ---- */

static void
test_blobs (Server *s, gconstpointer data)
{
  /* sha256 of "hello" */
  static const char path[] =
      "/api/blobs/sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
  g_autofree char *missing = raw (s, "HEAD", path, "");
  g_autofree char *created = raw (s, "POST", path, "hello");
  g_autofree char *there = raw (s, "HEAD", path, "");
  g_autofree char *again = raw (s, "POST", path, "hello");
  g_autofree char *other = raw (s, "POST", path, "other");
  g_autofree char *name = raw (s, "POST", "/api/blobs/sha256:../../x", "a");
  g_autofree char *file =
      g_build_filename (s->root, "blobs",
                        "sha256-2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
                        NULL);
  g_autofree char *contents = NULL;
  g_autofree char *blobs = g_build_filename (s->root, "blobs", NULL);

  g_assert_true (g_str_has_prefix (missing, "HTTP/1.1 404 "));
  g_assert_true (g_str_has_prefix (created, "HTTP/1.1 201 "));
  g_assert_true (g_str_has_prefix (there, "HTTP/1.1 200 "));
  g_assert_true (g_str_has_prefix (again, "HTTP/1.1 200 "));
  g_assert_true (g_str_has_prefix (other, "HTTP/1.1 400 "));
  g_assert_nonnull (strstr (other, "digest mismatch, expected"));
  g_assert_true (g_str_has_prefix (name, "HTTP/1.1 400 "));
  g_assert_nonnull (strstr (name, "invalid digest format"));
  g_assert_true (g_file_get_contents (file, &contents, NULL, NULL));
  g_assert_cmpstr (contents, ==, "hello");

  g_autoptr (GDir) dir = g_dir_open (blobs, 0, NULL); /* nothing half done stays */
  g_assert_nonnull (g_dir_read_name (dir));
  g_assert_null (g_dir_read_name (dir));
}

/* From a foreign page nothing reaches the disk. */
static void
test_blobs_foreign (Server *s, gconstpointer data)
{
  g_autofree char *blobs = g_build_filename (s->root, "blobs", NULL);
  g_autofree char *answer = server_raw (
      s,
      "POST /api/blobs/sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824 HTTP/1.1\r\nHost: localhost\r\n"
      "Origin: http://evil.example\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
      -1);

  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 403 "));
  g_assert_false (g_file_test (blobs, G_FILE_TEST_EXISTS));
}

/* The way of `ollama create` from a file: upload, then create from the digest. */
static void
test_create_from_blob (Server *s, gconstpointer data)
{
  g_autofree char *path = g_build_filename (s->loose, "tiny.gguf", NULL), *bytes = NULL,
                  *hex = NULL, *head = NULL, *body = NULL;
  g_autoptr (GString) request = NULL;
  g_autoptr (GError) error = NULL;
  gsize len;

  g_assert_true (g_file_get_contents (path, &bytes, &len, &error));
  hex = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) bytes, len);
  head = g_strdup_printf (
      "POST /api/blobs/sha256:%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %" G_GSIZE_FORMAT
      "\r\n\r\n",
      hex, len);
  request = g_string_new (head);
  g_string_append_len (request, bytes, (gssize) len);
  g_autofree char *answer = server_raw (s, request->str, (gssize) request->len);
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 201 "));
  body = g_strdup_printf (
      "{\"model\":\"made\",\"files\":{\"tiny.gguf\":\"sha256:%s\"},\"system\":\"s\",\"parameters\":{\"num_predict\":3},\"stream\":false}",
      hex);
  g_autoptr (HrValue) created = server_post (s, "/api/create", body);
  g_assert_cmpstr (json_text (created, "status"), ==, "success");
  g_autoptr (HrValue) said =
      server_post (s, "/api/generate", "{\"model\":\"made\",\"prompt\":\"a\",\"stream\":false}");
  g_assert_cmpint (json_number (said, "eval_count"), <=, 3);
}

/* ---- Headroom's own ---- */

static void
test_metrics (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) said = server_post (
      s, "/api/generate",
      "{\"model\":\"tiny\",\"prompt\":\"a\",\"stream\":false,\"options\":{\"num_predict\":5,"
      "\"temperature\":0,\"no_such_option\":1}}");
  g_autoptr (GError) error = NULL;
  g_autofree char *text =
      headroom_client_request (s->client, "GET", "/headroom/metrics", NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpint (json_number (said, "eval_count"), ==, 5);
  g_assert_nonnull (strstr (text, "\nheadroom_generated_tokens_total 5\n"));
  g_assert_nonnull (strstr (text, "\nheadroom_answers_total 1\n"));
  g_assert_nonnull (strstr (text, "\nheadroom_unknown_options_total 1\n"));
  g_assert_nonnull (strstr (text, "\nheadroom_events_total{kind=\"load\"} 1\n"));
  g_assert_nonnull (strstr (text, "\nheadroom_request_seconds_bucket{le=\"+Inf\"} 1\n"));
  g_assert_nonnull (strstr (text, "headroom_device_bytes{device="));
  for (const char *line = text; *line != '\0'; line = strchr (line, '\n') + 1)
    g_assert_true (*line == '#' || g_str_has_prefix (line, "headroom_"));
}

/* Everything that is described is there. */
static void
test_openapi (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) document = server_get (s, "/headroom/openapi.json");
  HrValue *paths = json_at (document, "paths");
  guint n = 0;

  g_assert_cmpstr (json_text (document, "openapi"), ==, "3.0.3");
  for (gsize i = 0; i < hr_value_size (paths); i++) {
    const char *path;
    HrValue *methods = hr_value_entry (paths, i, &path);
    for (gsize k = 0; k < hr_value_size (methods); k++, n++) {
      const char *method;
      hr_value_entry (methods, k, &method);
      g_autofree char *upper = g_ascii_strup (method, -1);
      g_autofree char *answer = NULL;
      if (g_str_equal (path, "/headroom/events")) /* does not end */
        continue;
      answer = raw (s, upper, path, g_str_equal (upper, "GET") ? "" : "{}");
      g_test_message ("%s %s: %.40s", upper, path, answer);
      g_assert_null (strstr (answer, "404 page not found"));
      g_assert_null (strstr (answer, "405 method not allowed"));
      g_assert_false (g_str_has_prefix (answer, "HTTP/1.1 501 "));
    }
  }
  g_assert_cmpuint (n, >, 25);
}

/* Everything that is there is described. */
static void
test_openapi_is_complete (void)
{
  g_auto (GStrv) routes = headroom_router_dup_operations (),
                 described = headroom_openapi_dup_operations ();

  for (char **route = routes; *route != NULL; route++) {
    gboolean found = FALSE;
    for (char **operation = described; *operation != NULL && !found; operation++)
      found = g_str_has_suffix (*route, "/") && !g_str_has_suffix (*route, " /")
                  ? g_str_has_prefix (*operation, *route)
                  : g_str_equal (*operation, *route);
    g_test_message ("%s", *route);
    g_assert_true (found);
  }
}

/* With a key nobody gets in without it; the unix socket is this user's. */
static void
setup_with_key (Server *s, gconstpointer data)
{
  g_setenv ("HEADROOM_API_KEY", "secret", TRUE);
  server_setup (s, data);
  g_unsetenv ("HEADROOM_API_KEY");
}

static char *
ask_with (Server *s, const char *path, const char *header)
{
  g_autofree char *text = g_strdup_printf (
      "POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%sContent-Length: 2\r\n\r\n{}",
      path, header);

  return server_raw_whole (s, text, -1);
}

static void
test_key (Server *s, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *none = ask_with (s, "/api/show", ""),
                  *wrong = ask_with (s, "/api/show", "Authorization: Bearer secre\r\n");
  g_autofree char *longer = ask_with (s, "/api/show", "Authorization: Bearer secretsecret\r\n");
  g_autofree char *right = ask_with (s, "/api/show", "Authorization: Bearer secret\r\n");
  g_autofree char *openai = ask_with (s, "/v1/chat/completions", ""),
                  *anthropic = ask_with (s, "/v1/messages", "");
  g_autofree char *by_header = ask_with (s, "/v1/messages", "x-api-key: secret\r\n");
  g_autofree char *blob = ask_with (
      s, "/api/blobs/sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", "");
  g_autofree char *blobs = g_build_filename (s->root, "blobs", NULL);
  g_autofree char *local G_GNUC_UNUSED =
      headroom_client_request (s->local, "GET", "/api/tags", NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (none, "HTTP/1.1 401 "));
  g_assert_true (g_str_has_prefix (wrong, "HTTP/1.1 401 "));
  g_assert_true (g_str_has_prefix (longer, "HTTP/1.1 401 "));
  g_assert_true (g_str_has_prefix (right, "HTTP/1.1 400 ")); /* no model was named */
  g_assert_nonnull (strstr (openai, "\"error\":{\"message\""));
  g_assert_nonnull (strstr (anthropic, "\"type\":\"authentication_error\""));
  g_assert_true (g_str_has_prefix (by_header, "HTTP/1.1 400 "));
  g_assert_true (g_str_has_prefix (blob, "HTTP/1.1 401 "));
  g_assert_false (g_file_test (blobs, G_FILE_TEST_EXISTS));
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  server_fixture_init ();
#define CASE(path, func) \
  g_test_add ("/families/" path, Server, NULL, server_setup, func, server_teardown)
  CASE ("completions", test_completions);
  CASE ("responses", test_responses);
  CASE ("responses/stream", test_responses_stream);
  CASE ("messages", test_messages);
  CASE ("messages/stream", test_messages_stream);
  CASE ("errors", test_errors);
  CASE ("pull/stream", test_pull_stream);
  CASE ("blobs", test_blobs);
  CASE ("blobs/foreign", test_blobs_foreign);
  CASE ("blobs/create", test_create_from_blob);
  CASE ("metrics", test_metrics);
  CASE ("openapi", test_openapi);
  g_test_add_func ("/families/openapi/complete", test_openapi_is_complete);
  g_test_add ("/families/key", Server, NULL, setup_with_key, test_key, server_teardown);
  result = g_test_run ();
  server_fixture_finish ();
  return result;
}
