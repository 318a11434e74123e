/* test-server.c: every route, asked over HTTP as clients do.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "server-fixture.h"

#define CHAT "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}],"
#define SHORT "\"options\":{\"num_predict\":8,\"temperature\":0}}"

/* ---- What is there ---- */

static void
test_root (Server *s, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = headroom_client_request (s->client, "GET", "/", NULL, NULL, &error);
  g_autofree char *head = headroom_client_request (s->client, "HEAD", "/", NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, "Ollama is running");
  g_assert_cmpstr (head, ==, "");
}

static void
test_version (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) json = server_get (s, "/api/version");

  g_assert_true (g_regex_match_simple ("^\\d+\\.\\d+\\.\\d+$", json_text (json, "version"), 0, 0));
}

static void
test_tags (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) json = server_get (s, "/api/tags");

  g_assert_cmpuint (hr_value_size (json_at (json, "models")), ==, 2);
  g_assert_nonnull (json_text (json, "models.0.digest"));
  g_assert_cmpstr (json_text (json, "models.0.details.family"), ==, "llama");
  g_assert_cmpint (json_number (json, "models.0.size"), >, 0);
}

static void
test_show (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) json = server_post (s, "/api/show", "{\"model\":\"tiny\"}");
  g_autofree char *missing =
      server_post_fails (s, "/api/show", "{\"model\":\"none\"}", HEADROOM_CLIENT_ERROR_NOT_FOUND);

  g_assert_cmpint (hr_value_get_int (
                       hr_value_lookup (json_at (json, "model_info"), "llama.context_length")),
                   ==, 1024);
  g_assert_cmpstr (missing, ==, "model 'none:latest' not found");
}

static void
test_unknown (Server *s, gconstpointer data)
{
  g_autofree char *path =
      server_post_fails (s, "/api/nothing", "{}", HEADROOM_CLIENT_ERROR_NOT_FOUND);
  g_autofree char *method = server_post_fails (s, "/api/tags", "{}", HEADROOM_CLIENT_ERROR_REQUEST);
  g_autofree char *absent =
      server_post_fails (s, "/v1/audio/transcriptions", "{}", HEADROOM_CLIENT_ERROR_SERVER);

  g_assert_cmpstr (path, ==, "404 page not found");
  g_assert_cmpstr (method, ==, "405 method not allowed");
  g_assert_nonnull (strstr (absent, "/v1/audio/transcriptions"));
}

/* ---- Chat ---- */

static void
assert_metrics (HrValue *record)
{
  static const char *const names[] = { "total_duration",       "load_duration", "prompt_eval_count",
                                       "prompt_eval_duration", "eval_count",    "eval_duration" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_cmpint (json_number (record, names[i]), >, 0);
}

static void
test_chat (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) json = server_post (s, "/api/chat", CHAT "\"stream\":false," SHORT);

  g_assert_cmpstr (json_text (json, "model"), ==, "tiny");
  g_assert_cmpstr (json_text (json, "message.role"), ==, "assistant");
  g_assert_nonnull (json_text (json, "message.content"));
  g_assert_true (hr_value_get_bool (json_at (json, "done")));
  g_assert_cmpstr (json_text (json, "done_reason"), ==, "length");
  g_assert_cmpint (json_number (json, "eval_count"), ==, 8);
  assert_metrics (json);
}

static char *
joined (GPtrArray *records, const char *field)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < records->len; i++)
    if (json_text (records->pdata[i], field) != NULL)
      g_string_append (text, json_text (records->pdata[i], field));
  return g_string_free (text, FALSE);
}

static void
test_chat_stream (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) whole = server_post (s, "/api/chat", CHAT "\"stream\":false," SHORT);
  g_autoptr (GPtrArray) records = server_stream (s, "/api/chat", CHAT SHORT);
  g_autofree char *text = joined (records, "message.content");
  HrValue *last = records->pdata[records->len - 1];

  g_assert_cmpuint (records->len, >, 1);
  g_assert_cmpstr (text, ==, json_text (whole, "message.content"));
  for (guint i = 0; i + 1 < records->len; i++)
    g_assert_false (hr_value_get_bool (json_at (records->pdata[i], "done")));
  g_assert_true (hr_value_get_bool (json_at (last, "done")));
  assert_metrics (last);
}

static void
test_chat_errors (Server *s, gconstpointer data)
{
  static const struct {
    const char *body;
    HeadroomClientError code;
    const char *message;
  } cases[] = {
    { "{\"model\":\"none\",\"messages\":[]}", HEADROOM_CLIENT_ERROR_NOT_FOUND,
      "model 'none' not found" },
    { "{\"messages\":[]}", HEADROOM_CLIENT_ERROR_REQUEST, "model is required" },
    { "", HEADROOM_CLIENT_ERROR_REQUEST, "missing request body" },
    { "{\"model\":", HEADROOM_CLIENT_ERROR_REQUEST, "unexpected EOF" },
    { CHAT "\"think\":true}", HEADROOM_CLIENT_ERROR_REQUEST, "\"tiny\" does not support thinking" },
    { CHAT "\"options\":{\"temperature\":\"hot\"}}", HEADROOM_CLIENT_ERROR_SERVER,
      "option \"temperature\" must be of type float32" },
    { CHAT "\"keep_alive\":\"abc\"}", HEADROOM_CLIENT_ERROR_REQUEST,
      "time: invalid duration \"abc\"" },
    { CHAT "\"top_logprobs\":99}", HEADROOM_CLIENT_ERROR_REQUEST,
      "top_logprobs must be between 0 and 20" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *message = server_post_fails (s, "/api/chat", cases[i].body, cases[i].code);
    g_assert_cmpstr (message, ==, cases[i].message);
  }
}

static void
test_chat_refused (Server *s, gconstpointer data)
{
  g_autofree char *tools =
      server_post_fails (s, "/api/chat",
                         CHAT "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]}",
                         HEADROOM_CLIENT_ERROR_REQUEST);

  g_assert_nonnull (strstr (tools, "does not support tools"));
}

static void
test_truncation (Server *s, gconstpointer data)
{
  g_autoptr (GString) body = g_string_new (
      "{\"model\":\"tiny\",\"stream\":false,\"options\":{\"num_ctx\":128,\"num_predict\":4},"
      "\"messages\":[{\"role\":\"system\",\"content\":\"SYS\"}");
  g_autoptr (HrValue) json = NULL;
  g_autoptr (HrValue) status = NULL;
  g_autofree char *refused = NULL;

  for (int i = 0; i < 20; i++)
    g_string_append_printf (body, ",{\"role\":\"user\",\"content\":\"message number %d\"}", i);
  g_string_append (body, "]}");
  json = server_post (s, "/api/chat", body->str);
  g_assert_cmpint (json_number (json, "headroom.dropped_messages"), >, 0);
  g_assert_cmpint (json_number (json, "headroom.dropped_messages"), <, 20);
  g_assert_cmpint (json_number (json, "prompt_eval_count"), <, 128);
  g_assert_cmpint (json_number (json, "prompt_eval_count"), >,
                   64); /* no more than needed was left out */

  status = server_get (s, "/headroom/status");
  HrValue *events = json_at (status, "events");
  g_assert_cmpstr (json_text (hr_value_at (events, hr_value_size (events) - 1), "kind"), ==,
                   "truncate");

  g_string_truncate (body, body->len - 1);
  g_string_append (body, ",\"truncate\":false}");
  refused = server_post_fails (s, "/api/chat", body->str, HEADROOM_CLIENT_ERROR_REQUEST);
  g_assert_nonnull (strstr (refused, "the prompt is longer than the context length"));
}

static void
test_smaller_context (Server *s, gconstpointer data)
{
  G_GNUC_UNUSED g_autoptr (HrValue) large =
      server_post (s, "/api/chat",
                   CHAT "\"stream\":false,\"options\":{\"num_ctx\":512,\"num_predict\":1}}");
  g_autoptr (HrValue) small = server_post (
      s, "/api/generate",
      "{\"model\":\"tiny\",\"prompt\":\"x\",\"raw\":true,\"stream\":false,"
      "\"options\":{\"num_ctx\":16,\"num_predict\":-1,\"temperature\":0,\"stop\":[]}}");
  g_autoptr (HrValue) ps = server_get (s, "/api/ps");

  /* The smaller one was held to what it asked for, and the larger one is still loaded. */
  g_assert_cmpint (json_number (small, "prompt_eval_count") + json_number (small, "eval_count"), <=,
                   16);
  g_assert_cmpint (json_number (ps, "models.0.context_length"), ==, 512);
}

static void
test_logprobs (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) json =
      server_post (s, "/api/chat",
                   CHAT "\"stream\":false,\"logprobs\":true,\"top_logprobs\":3," SHORT);
  HrValue *list = json_at (json, "logprobs");

  g_assert_cmpuint (hr_value_size (list), ==, 8);
  for (gsize i = 0; i < 8; i++) {
    HrValue *entry = hr_value_at (list, i);
    g_assert_cmpuint (hr_value_size (json_at (entry, "top_logprobs")), ==, 3);
    g_assert_cmpfloat (hr_value_get_float (json_at (entry, "logprob")), <=, 0);
  }
}

/* ---- Generate ---- */

static void
test_generate (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) first =
      server_post (s, "/api/generate",
                   "{\"model\":\"tiny\",\"prompt\":\"one two\",\"stream\":false," SHORT);
  g_autofree char *context = headroom_json_print (json_at (first, "context"), HEADROOM_JSON_PLAIN);
  g_autofree char *body = g_strdup_printf (
      "{\"model\":\"tiny\",\"prompt\":\"more\",\"stream\":false,\"context\":%s," SHORT, context);
  g_autoptr (HrValue) second = server_post (s, "/api/generate", body);

  g_assert_nonnull (json_text (first, "response"));
  assert_metrics (first);
  g_assert_cmpuint (hr_value_size (json_at (first, "context")), ==,
                    (gsize) (json_number (first, "prompt_eval_count") +
                             json_number (first, "eval_count")));
  g_assert_cmpint (json_number (second, "prompt_eval_count"), >,
                   (gint64) hr_value_size (json_at (first, "context")));
}

static void
test_generate_raw (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) json = server_post (
      s, "/api/generate",
      "{\"model\":\"tiny\",\"prompt\":\"<|im_start|>a\",\"raw\":true,\"stream\":false," SHORT);

  g_assert_cmpint (json_number (json, "prompt_eval_count"), ==,
                   2); /* the control token and one letter */
  g_assert_null (json_at (json, "context"));
}

static void
test_generate_suffix (Server *s, gconstpointer data)
{
  g_autofree char *message =
      server_post_fails (s, "/api/generate",
                         "{\"model\":\"tiny\",\"prompt\":\"a\",\"suffix\":\"b\"}",
                         HEADROOM_CLIENT_ERROR_REQUEST);

  g_assert_nonnull (strstr (message, "does not support insert"));
}

static void
test_injection (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) plain =
      server_post (s, "/api/generate",
                   "{\"model\":\"tiny\",\"prompt\":\"<|im_end|>\",\"stream\":false," SHORT);
  g_autoptr (HrValue) empty =
      server_post (s, "/api/generate",
                   "{\"model\":\"tiny\",\"prompt\":\"x\",\"stream\":false," SHORT);

  /* Ten letters and not one control token. */
  g_assert_cmpint (json_number (plain, "prompt_eval_count"), ==,
                   json_number (empty, "prompt_eval_count") + 9);
}

/* ---- Residency over the API ---- */

static void
test_load_unload (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) load = server_post (s, "/api/generate", "{\"model\":\"tiny\"}");
  g_autoptr (HrValue) loaded = server_get (s, "/api/ps");
  g_autoptr (HrValue) unload =
      server_post (s, "/api/chat", "{\"model\":\"tiny\",\"messages\":[],\"keep_alive\":0}");

  g_assert_cmpstr (json_text (load, "done_reason"), ==, "load");
  g_assert_cmpstr (json_text (loaded, "models.0.name"), ==, "tiny:latest");
  g_assert_cmpstr (json_text (unload, "done_reason"), ==, "unload");
  server_wait_until (s, nothing_is_loaded, NULL);
}

static void
test_keep_alive_zero (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) json =
      server_post (s, "/api/chat", CHAT "\"stream\":false,\"keep_alive\":0," SHORT);

  g_assert_true (hr_value_get_bool (json_at (json, "done")));
  server_wait_until (s, nothing_is_loaded, NULL);
}

static void
test_larger_context_resizes (Server *s, gconstpointer data)
{
  G_GNUC_UNUSED g_autoptr (HrValue) small =
      server_post (s, "/api/generate", "{\"model\":\"tiny\",\"options\":{\"num_ctx\":128}}");
  G_GNUC_UNUSED g_autoptr (HrValue) large =
      server_post (s, "/api/generate", "{\"model\":\"tiny\",\"options\":{\"num_ctx\":512}}");
  g_autoptr (HrValue) status = server_get (s, "/headroom/status");
  g_autofree char *events = headroom_json_print (json_at (status, "events"), HEADROOM_JSON_PLAIN);

  g_assert_cmpint (json_number (status, "models.0.settings.num_ctx"), ==, 512);
  g_assert_null (strstr (events, "\"kind\":\"reload\""));
  g_assert_nonnull (strstr (events, "\"kind\":\"resize\""));
  g_assert_nonnull (strstr (events, "num_ctx 512 instead of 128"));
}

/* Smaller and larger, with what the status says afterwards; what cannot be says why. */
static void
test_resize (Server *s, gconstpointer data)
{
  g_autofree char *absent =
      server_post_fails (s, "/headroom/resize", "{\"model\":\"tiny\",\"num_ctx\":64}",
                         HEADROOM_CLIENT_ERROR_NOT_FOUND);
  G_GNUC_UNUSED g_autoptr (HrValue) load = server_post (
      s, "/api/generate", "{\"model\":\"tiny\",\"options\":{\"num_ctx\":512,\"parallel\":2}}");
  g_autoptr (HrValue) less =
      server_post (s, "/headroom/resize", "{\"model\":\"tiny\",\"num_ctx\":128,\"parallel\":1}");
  g_autoptr (HrValue) more = server_post (
      s, "/headroom/resize",
      "{\"model\":\"tiny\",\"options\":{\"num_ctx\":1024,\"parallel\":3,\"kv_type\":\"f32\"}}");
  g_autoptr (HrValue) status = server_get (s, "/headroom/status");
  g_autofree char *nothing = server_post_fails (s, "/headroom/resize", "{\"model\":\"tiny\"}",
                                                HEADROOM_CLIENT_ERROR_REQUEST);
  g_autofree char *negative = server_post_fails (
      s, "/headroom/resize", "{\"model\":\"tiny\",\"num_ctx\":-5}", HEADROOM_CLIENT_ERROR_REQUEST);

  g_assert_nonnull (strstr (absent, "not loaded"));
  g_assert_cmpint (json_number (less, "settings.num_ctx"), ==, 128);
  g_assert_cmpint (json_number (less, "settings.parallel"), ==, 1);
  g_assert_cmpint (json_number (more, "bytes.cache"), ==,
                   json_number (less, "bytes.cache") * 8 * 3 * 2);
  g_assert_cmpint (json_number (status, "models.0.settings.num_ctx"), ==, 1024);
  g_assert_cmpint (json_number (status, "models.0.slots.total"), ==, 3);
  g_assert_cmpstr (json_text (status, "models.0.settings.kv_type"), ==, "f32");
  g_assert_nonnull (strstr (nothing, "num_ctx"));
  g_assert_nonnull (strstr (negative, "num_ctx"));
}

/* Asked for by clients that know GPUs: nothing is loaded anew for it, and no answer is another. */
static void
test_places (Server *s, gconstpointer data)
{
  static const char *const options[] = { "\"num_gpu\":0", "\"num_gpu\":99", "\"num_gpu\":-1",
                                         "\"main_gpu\":1", "\"use_mmap\":false" };
  g_autoptr (HrValue) first = server_post (s, "/api/chat", CHAT "\"stream\":false," SHORT);

  for (gsize i = 0; i < G_N_ELEMENTS (options); i++) {
    g_autofree char *body =
        g_strdup_printf (CHAT
                         "\"stream\":false,\"options\":{\"num_predict\":8,\"temperature\":0,%s}}",
                         options[i]);
    g_autoptr (HrValue) json = server_post (s, "/api/chat", body);
    g_assert_cmpstr (json_text (json, "message.content"), ==, json_text (first, "message.content"));
  }
  g_autoptr (HrValue) status = server_get (s, "/headroom/status");
  g_autofree char *events = headroom_json_print (json_at (status, "events"), HEADROOM_JSON_PLAIN);
  g_assert_null (strstr (events, "\"kind\":\"reload\""));
  g_assert_cmpint (json_number (status, "models.0.settings.gpu_layers"), ==, 0);
  /* The planner does read it. */
  g_autofree char *bad = server_post_fails (s, "/api/chat", CHAT "\"options\":{\"num_gpu\":-5}}",
                                            HEADROOM_CLIENT_ERROR_REQUEST);
  g_assert_nonnull (strstr (bad, "num_gpu"));
}

static void
test_status_and_plan (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) plan =
      server_post (s, "/headroom/plan",
                   "{\"model\":\"tiny\",\"num_ctx\":256,\"parallel\":2,\"kv_type\":\"f32\"}");
  G_GNUC_UNUSED g_autoptr (HrValue) load = server_post (
      s, "/api/generate",
      "{\"model\":\"tiny\",\"options\":{\"num_ctx\":256,\"parallel\":2,\"kv_type\":\"f32\"}}");
  g_autoptr (HrValue) status = server_get (s, "/headroom/status");
  HrValue *items = json_at (plan, "items");
  gint64 sum = 0;

  for (gsize i = 0; i < hr_value_size (items); i++)
    sum += json_number (hr_value_at (items, i), "bytes");
  g_assert_cmpint (sum, ==, json_number (plan, "bytes.total"));
  g_assert_cmpint (sum, ==, json_number (plan, "devices.0.used"));
  g_assert_true (hr_value_get_bool (json_at (plan, "fits")));
  g_assert_cmpstr (json_text (plan, "settings.kv_type"), ==, "f32");
  /* What was planned is what was loaded. */
  g_assert_cmpint (json_number (status, "models.0.bytes.total"), ==, sum);
  g_assert_cmpint (json_number (status, "devices.0.ours.weights"), ==,
                   json_number (plan, "bytes.weights"));
  g_assert_cmpint (json_number (status, "devices.0.ours.weights_mapped"), <=,
                   json_number (plan, "bytes.weights"));
  g_assert_cmpint (json_number (status, "devices.0.ours.cache") +
                       json_number (status, "devices.0.ours.cache_reserved"),
                   ==, json_number (plan, "bytes.cache"));
}

static void
stop_at_load (const char *line, gpointer data)
{
  g_autoptr (HrValue) event = headroom_json_parse (line, -1, FALSE, NULL);

  if (g_strcmp0 (json_text (event, "kind"), "load") == 0)
    g_cancellable_cancel (data);
}

static void
test_events (Server *s, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  G_GNUC_UNUSED g_autoptr (HrValue) load = server_post (s, "/api/generate", "{\"model\":\"tiny\"}");

  g_assert_false (headroom_client_stream (s->client, "/headroom/events", NULL, stop_at_load,
                                          cancellable, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* ---- Managing ---- */

static void
test_manage (Server *s, gconstpointer data)
{
  g_autoptr (GPtrArray) created = server_stream (
      s, "/api/create",
      "{\"model\":\"mine\",\"from\":\"tiny\",\"system\":\"Be brief.\",\"parameters\":{\"num_predict\":3}}");
  g_autoptr (HrValue) answer = server_post (
      s, "/api/chat",
      "{\"model\":\"mine\",\"stream\":false,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],"
      "\"options\":{\"temperature\":0}}");
  g_autoptr (GError) error = NULL;
  g_autofree char *copied =
      headroom_client_request (s->client, "POST", "/api/copy",
                               "{\"source\":\"mine\",\"destination\":\"yours\"}", NULL, &error);
  g_autofree char *deleted = headroom_client_request (s->client, "DELETE", "/api/delete",
                                                      "{\"model\":\"mine\"}", NULL, &error);
  G_GNUC_UNUSED g_autofree char *missing =
      server_post_fails (s, "/api/show", "{\"model\":\"mine\"}", HEADROOM_CLIENT_ERROR_NOT_FOUND);
  g_autoptr (HrValue) shown = server_post (s, "/api/show", "{\"model\":\"yours\"}");

  g_assert_no_error (error);
  g_assert_cmpstr (json_text (created->pdata[created->len - 1], "status"), ==, "success");
  g_assert_cmpint (json_number (answer, "eval_count"), ==, 3);
  g_assert_cmpstr (copied, ==, "");
  g_assert_cmpstr (deleted, ==, "");
  g_assert_cmpstr (json_text (shown, "system"), ==, "Be brief.");
}

/* ---- Thinking ---- */

static void
test_thinking (Server *s, gconstpointer data)
{
  /* The prompt ends with the opening tag and the model never writes the closing one: all of the
   * answer is thinking. */
  G_GNUC_UNUSED g_autoptr (GPtrArray) created = server_stream (
      s, "/api/create",
      "{\"model\":\"thinker\",\"from\":\"tiny\",\"template\":\"{% for m in messages %}{{ m.content }}{% endfor %}"
      "{% if false %}</think>{% endif %}<think>\"}");
  g_autoptr (HrValue) json = server_post (
      s, "/api/chat",
      "{\"model\":\"thinker\",\"stream\":false,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]," SHORT);
  g_autoptr (HrValue) off =
      server_post (s, "/api/chat",
                   "{\"model\":\"thinker\",\"stream\":false,\"think\":false,"
                   "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]," SHORT);

  g_assert_cmpstr (json_text (json, "message.content"), ==, "");
  g_assert_cmpuint (strlen (json_text (json, "message.thinking")), >, 0);
  g_assert_null (json_text (off, "message.thinking"));
}

/* ---- OpenAI ---- */

static void
test_openai_models (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) list = server_get (s, "/v1/models");
  g_autoptr (HrValue) one = server_get (s, "/v1/models/tiny");
  g_autoptr (GError) error = NULL;
  g_autofree char *none =
      headroom_client_request (s->client, "GET", "/v1/models/none", NULL, NULL, &error);

  g_assert_cmpuint (hr_value_size (json_at (list, "data")), ==, 2);
  g_assert_cmpstr (json_text (one, "object"), ==, "model");
  g_assert_null (none);
  g_assert_error (error, HEADROOM_CLIENT_ERROR, HEADROOM_CLIENT_ERROR_NOT_FOUND);
}

static void
test_openai_chat (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) json =
      server_post (s, "/v1/chat/completions", CHAT "\"max_tokens\":5,\"temperature\":0}");
  g_autoptr (GPtrArray) events = server_stream (
      s, "/v1/chat/completions",
      CHAT
      "\"max_tokens\":5,\"temperature\":0,\"stream\":true,\"stream_options\":{\"include_usage\":true}}");
  g_autofree char *text = joined (events, "choices.0.delta.content");

  g_assert_cmpstr (json_text (json, "object"), ==, "chat.completion");
  g_assert_cmpstr (json_text (json, "choices.0.finish_reason"), ==, "length");
  g_assert_cmpint (json_number (json, "usage.completion_tokens"), ==, 5);
  g_assert_cmpstr (text, ==, json_text (json, "choices.0.message.content"));
  g_assert_cmpstr (hr_value_get_string (events->pdata[events->len - 1], NULL), ==, "[DONE]");
  g_assert_cmpint (json_number (events->pdata[events->len - 2], "usage.completion_tokens"), ==, 5);
}

int
main (int argc, char **argv)
{
  int rc;

  g_test_init (&argc, &argv, NULL);
  server_fixture_init ();
#define CASE(path, func) \
  g_test_add ("/server/" path, Server, NULL, server_setup, func, server_teardown)
  CASE ("root", test_root);
  CASE ("version", test_version);
  CASE ("tags", test_tags);
  CASE ("show", test_show);
  CASE ("unknown", test_unknown);
  CASE ("chat/whole", test_chat);
  CASE ("chat/stream", test_chat_stream);
  CASE ("chat/errors", test_chat_errors);
  CASE ("chat/refused", test_chat_refused);
  CASE ("chat/truncation", test_truncation);
  CASE ("chat/smaller-context", test_smaller_context);
  CASE ("chat/logprobs", test_logprobs);
  CASE ("chat/thinking", test_thinking);
  CASE ("generate/whole", test_generate);
  CASE ("generate/raw", test_generate_raw);
  CASE ("generate/suffix", test_generate_suffix);
  CASE ("generate/control-tokens", test_injection);
  CASE ("residency/load-unload", test_load_unload);
  CASE ("residency/keep-alive-zero", test_keep_alive_zero);
  CASE ("residency/resize", test_resize);
  CASE ("residency/larger-context", test_larger_context_resizes);
  CASE ("residency/places", test_places);
  CASE ("memory/status-and-plan", test_status_and_plan);
  CASE ("memory/events", test_events);
  CASE ("manage", test_manage);
  CASE ("openai/models", test_openai_models);
  CASE ("openai/chat", test_openai_chat);
  rc = g_test_run ();
  server_fixture_finish ();
  return rc;
}
