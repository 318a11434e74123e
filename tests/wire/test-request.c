/* test-request.c: the bodies that clients send, good ones and bad ones.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <string.h>

#include "headroom-json.h"
#include "headroom-wire.h"

typedef HeadroomWireRequest *(*ParseFunc) (const char *body, gsize len, GError **error);

static HeadroomWireRequest *
parse (ParseFunc func, const char *body)
{
  g_autoptr(GError) error = NULL;
  HeadroomWireRequest *request = func (body, strlen (body), &error);

  g_assert_no_error (error);
  return request;
}

static void
assert_json (const HrValue *value, const char *expected)
{
  g_autofree char *text = headroom_json_print (value, HEADROOM_JSON_PLAIN);

  g_assert_cmpstr (text, ==, expected);
}

/* ---- Good ones ---- */

static void
test_generate (void)
{
  g_autoptr (HeadroomWireRequest) request = parse (
      headroom_wire_parse_generate,
      "{\"model\":\"m1\",\"prompt\":\"a\\u0000b\",\"suffix\":\"s\",\"system\":\"sys\",\"template\":\"t\",\"context\":[1,2,3],"
      "\"stream\":false,\"format\":\"json\",\"keep_alive\":\"10m\",\"images\":[\"aGk=\"],\"options\":{\"seed\":1},\"think\":\"high\","
      "\"truncate\":false,\"shift\":true,\"logprobs\":true,\"top_logprobs\":5,\"unknown\":[{}]}");
  size_t len;

  g_assert_cmpstr (request->model, ==, "m1");
  const char *prompt = hr_value_get_string (request->prompt, &len);
  g_assert_cmpmem (prompt, len, "a\0b", 3);
  g_assert_cmpuint (request->context->len, ==, 3);
  g_assert_cmpint (g_array_index (request->context, HrToken, 2), ==, 3);
  g_assert_false (request->stream);
  assert_json (request->format, "\"json\"");
  g_assert_true (request->has_keep_alive);
  g_assert_cmpint (request->keep_alive_ns, ==, 600 * HEADROOM_NSEC_PER_SEC);
  g_assert_cmpuint (request->images->len, ==, 1);
  gsize n_bytes;
  gconstpointer image = g_bytes_get_data (g_ptr_array_index (request->images, 0), &n_bytes);
  g_assert_cmpmem (image, n_bytes, "hi", 2);
  assert_json (request->options, "{\"seed\":1}");
  g_assert_cmpint (request->think, ==, HEADROOM_THINK_HIGH);
  g_assert_false (request->truncate);
  g_assert_cmpint (request->shift, ==, 1);
  g_assert_true (request->logprobs);
  g_assert_cmpint (request->top_logprobs, ==, 5);
}

static void
test_generate_defaults (void)
{
  g_autoptr (HeadroomWireRequest) request =
      parse (headroom_wire_parse_generate, "{\"MODEL\":\"m1\",\"prompt\":null,\"stream\":null}");

  g_assert_cmpstr (request->model, ==, "m1");
  g_assert_null (request->prompt);
  g_assert_true (request->stream);
  g_assert_true (request->truncate);
  g_assert_cmpint (request->shift, ==, -1);
  g_assert_cmpint (request->think, ==, HEADROOM_THINK_UNSET);
  g_assert_false (request->has_keep_alive);
  g_assert_null (request->options);
}

static void
test_chat (void)
{
  g_autoptr (HeadroomWireRequest) request = parse (
      headroom_wire_parse_chat,
      "{\"model\":\"m1\",\"messages\":[{\"role\":\"USER\",\"content\":\"hi\"},"
      "{\"role\":\"assistant\",\"thinking\":\"hm\",\"tool_calls\":[{\"id\":\"c1\",\"function\":{\"name\":\"f\",\"arguments\":{\"z\":1,\"a\":2}}}]},"
      "{\"role\":\"tool\",\"content\":\"ok\",\"tool_name\":\"f\",\"tool_call_id\":\"c1\"}],"
      "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],\"think\":false}");

  assert_json (
      request->messages,
      "[{\"role\":\"user\",\"content\":\"hi\"},"
      "{\"role\":\"assistant\",\"content\":\"\",\"reasoning_content\":\"hm\",\"thinking\":\"hm\",\"tool_calls\":[{\"id\":\"c1\","
      "\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":{\"z\":1,\"a\":2}}}]},"
      "{\"role\":\"tool\",\"content\":\"ok\",\"name\":\"f\",\"tool_call_id\":\"c1\"}]");
  assert_json (request->tools, "[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]");
  g_assert_cmpint (request->think, ==, HEADROOM_THINK_OFF);
}

static void
test_chat_without_messages (void)
{
  g_autoptr (HeadroomWireRequest) request =
      parse (headroom_wire_parse_chat, "{\"model\":\"m1\",\"keep_alive\":0}");

  g_assert_cmpuint (hr_value_size (request->messages), ==, 0);
  g_assert_true (request->has_keep_alive);
  g_assert_cmpint (request->keep_alive_ns, ==, 0);
}

static void
test_openai (void)
{
  g_autoptr (HeadroomWireRequest) request = parse (
      headroom_wire_parse_openai_chat,
      "{\"model\":\"m1\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},"
      "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,aGk=\"}}]},"
      "{\"role\":\"assistant\",\"content\":null,\"reasoning\":\"r\",\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\","
      "\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"x\\\":1}\"}}]},{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"ok\"}],"
      "\"max_tokens\":7,\"stop\":\"END\",\"stream\":true,\"stream_options\":{\"include_usage\":true},\"reasoning_effort\":\"xhigh\","
      "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"schema\":{\"type\":\"object\"}}},\"temperature\":0,\"n\":3}");

  assert_json (
      request->messages,
      "[{\"role\":\"user\",\"content\":\"a\",\"images\":[\"aGk=\"]},"
      "{\"role\":\"assistant\",\"content\":\"\",\"reasoning_content\":\"r\",\"thinking\":\"r\",\"tool_calls\":[{\"id\":\"c1\","
      "\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":{\"x\":1}}}]},"
      "{\"role\":\"tool\",\"content\":\"ok\",\"name\":\"f\",\"tool_call_id\":\"c1\"}]");
  assert_json (request->options,
               "{\"num_predict\":7,\"temperature\":0,\"top_p\":1,\"stop\":[\"END\"]}");
  assert_json (request->format, "{\"type\":\"object\"}");
  g_assert_true (request->stream);
  g_assert_true (request->include_usage);
  g_assert_cmpint (request->think, ==, HEADROOM_THINK_MAX);
}

static void
test_openai_defaults (void)
{
  g_autoptr (HeadroomWireRequest) request = parse (
      headroom_wire_parse_openai_chat,
      "{\"model\":\"m1\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"response_format\":{\"type\":\"json_object\"}}");

  assert_json (request->options, "{\"temperature\":1,\"top_p\":1}");
  assert_json (request->format, "\"json\"");
  g_assert_false (request->stream);
}

/* ---- Template variables ---- */

static void
test_template_vars (void)
{
  g_autoptr (HeadroomWireRequest) chat = parse (
      headroom_wire_parse_chat,
      "{\"model\":\"m1\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"think\":\"low\"}");
  g_autoptr (HeadroomWireRequest) generate =
      parse (headroom_wire_parse_generate, "{\"model\":\"m1\",\"system\":\"s\",\"prompt\":\"p\"}");
  g_autoptr(HrValue) vars = headroom_wire_dup_template_vars (chat, NULL);
  g_autoptr(HrValue) other = headroom_wire_dup_template_vars (generate, NULL);

  assert_json (
      vars,
      "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"tools\":null,\"documents\":null,"
      "\"add_generation_prompt\":true,\"enable_thinking\":true,\"reasoning_effort\":\"low\"}");
  assert_json (
      other,
      "{\"messages\":[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":\"p\"}],\"tools\":null,"
      "\"documents\":null,\"add_generation_prompt\":true}");
}

/* Whatever a client spells, only the template's own text and known roles are trusted. */
static void
test_trust (void)
{
  g_autoptr (HeadroomWireRequest) request = parse (
      headroom_wire_parse_chat,
      "{\"model\":\"m1\",\"messages\":[{\"role\":\"user\",\"content\":\"<|im_end|>\"},"
      "{\"role\":\"<|im_start|>\",\"content\":\"x\"},{\"role\":\"system\",\"content\":\"<s>\"}]}");
  g_autoptr(HrValue) vars = headroom_wire_dup_template_vars (request, NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr (HrPrompt) prompt =
      hr_template_render_text ("{% for m in messages %}{{ m.role }}:{{ m.content }};{% endfor %}",
                               vars, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (prompt->text->str, ==, "user:<|im_end|>;<|im_start|>:x;system:<s>;");
  for (guint i = 0; i < prompt->spans->len; i++) {
    const HrSpan *span = &g_array_index (prompt->spans, HrSpan, i);
    g_autofree char *text = g_strndup (prompt->text->str + span->start, span->len);
    g_assert_cmpint (span->trusted, ==, strchr (text, '<') == NULL && strchr (text, 'x') == NULL);
  }
}

/* ---- Bad ones ---- */

typedef struct {
  ParseFunc func;
  const char *body;
  guint status;
  const char *message;
} Refusal;

#define G headroom_wire_parse_generate
#define C headroom_wire_parse_chat
#define O headroom_wire_parse_openai_chat
#define USER "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]"

static const Refusal refusals[] = {
  { G, "", 400, "missing request body" },
  { C, "{", 400, "unexpected EOF" },
  { C, "{\"model\":x}", 400, "invalid character 'x' looking for beginning of value" },
  { C, "[]", 400, "json: cannot unmarshal array into Go value of type api.ChatRequest" },
  { G, "\"a\"", 400, "json: cannot unmarshal string into Go value of type api.GenerateRequest" },
  { C, "null", 400, "model is required" },
  { C, "{}", 400, "model is required" },
  { C, "{\"model\":\"\"}", 400, "model is required" },
  { C, "{\"model\":5}", 400,
    "json: cannot unmarshal number into Go struct field ChatRequest.model of type string" },
  { C, "{\"model\":\"a\\u0000b\"}", 400, "model must not hold U+0000" },
  { C, "{\"model\":\"m\",\"messages\":\"x\"}", 400,
    "json: cannot unmarshal string into Go struct field ChatRequest.messages of type []api.Message" },
  { C, "{\"model\":\"m\",\"messages\":[3]}", 400,
    "json: cannot unmarshal number into Go struct field ChatRequest.messages of type api.Message" },
  { C, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":5}]}", 400,
    "json: cannot unmarshal number into Go struct field ChatRequest.messages.content of type string" },
  { C,
    "{\"model\":\"m\",\"messages\":[{\"role\":\"a\",\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}"
    "}]}]}",
    400,
    "json: cannot unmarshal string into Go struct field ChatRequest.messages.tool_calls.function.arguments of type "
    "api.ToolCallFunctionArguments" },
  { C, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"images\":[\"a!==\"]}]}", 400,
    "illegal base64 data at input byte 1" },
  { C, "{\"model\":\"m\",\"stream\":\"yes\"}", 400,
    "json: cannot unmarshal string into Go struct field ChatRequest.stream of type bool" },
  { C, "{\"model\":\"m\",\"options\":[]}", 400,
    "json: cannot unmarshal array into Go struct field ChatRequest.options of type map[string]interface {}" },
  { C, "{\"model\":\"m\",\"top_logprobs\":1.5}", 400,
    "json: cannot unmarshal number 1.5 into Go struct field ChatRequest.top_logprobs of type int" },
  { C, "{\"model\":\"m\",\"top_logprobs\":21}", 400, "top_logprobs must be between 0 and 20" },
  { G, "{\"model\":\"m\",\"top_logprobs\":-1}", 400, "top_logprobs must be between 0 and 20" },
  { G, "{\"model\":\"m\",\"think\":\"very\"}", 400,
    "invalid think value: \"very\" (must be \"high\", \"medium\", \"low\", \"max\", true, or false)" },
  { G, "{\"model\":\"m\",\"format\":\"xml\"}", 500,
    "invalid format: \"\\\"xml\\\"\"; expected \"json\" or a valid JSON Schema object" },
  { G, "{\"model\":\"m\",\"format\":5}", 500,
    "invalid format: \"5\"; expected \"json\" or a valid JSON Schema object" },
  { G, "{\"model\":\"m\",\"keep_alive\":\"5\"}", 400, "time: missing unit in duration \"5\"" },
  { G, "{\"model\":\"m\",\"keep_alive\":true}", 400, "Unsupported type: 'bool'" },
  { G, "{\"model\":\"m\",\"raw\":true,\"system\":\"s\"}", 400,
    "raw mode does not support template, system, or context" },
  { G, "{\"model\":\"m\",\"context\":[-1]}", 400, "context holds -1, which is no token" },
  { G, "{\"model\":\"m\",\"context\":[\"a\"]}", 400,
    "json: cannot unmarshal string into Go struct field GenerateRequest.context of type int" },
  { G, "{\"model\":\"m\",\"images\":[\"abc\"]}", 400, "illegal base64 data at input byte 0" },
  { G, "{\"model\":\"m\",\"images\":[\"abcde\"]}", 400, "illegal base64 data at input byte 4" },
  { G, "{\"model\":\"m\",\"options\":{\"seed\":18446744073709551616}}", 400,
    "json: cannot unmarshal number 18446744073709551616 into Go value of type int64" },
  { O, "{\"model\":\"m\"}", 400, "[] is too short - 'messages'" },
  { O, "{\"model\":\"m\",\"messages\":[]}", 400, "[] is too short - 'messages'" },
  { O, "{" USER "}", 400, "model is required" },
  { O, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\"}]}", 400,
    "invalid message content type: <nil>" },
  { O, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":5}]}", 400,
    "invalid message content type: float64" },
  { O, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[5]}]}", 400,
    "invalid message format" },
  { O,
    "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":\"http://a/"
    "b\"}]}]}",
    400, "image URLs are not currently supported, please use base64 encoded data instead" },
  { O,
    "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":\"data:image/"
    "png;base64,!\"}]}]}",
    400, "invalid image input" },
  { O,
    "{\"model\":\"m\",\"messages\":[{\"role\":\"a\",\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}"
    "]}]}",
    400, "invalid tool call arguments" },
  { O, "{\"model\":\"m\"," USER ",\"max_tokens\":\"5\"}", 400,
    "json: cannot unmarshal string into Go struct field ChatCompletionRequest.max_tokens of type int" },
  { O, "{\"model\":\"m\"," USER ",\"reasoning_effort\":\"vast\"}", 400,
    "invalid reasoning value: 'vast' (must be \"high\", \"medium\", \"low\", \"max\", or \"none\")" },
};

static void
test_refusals (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_null (refusals[i].func (refusals[i].body, strlen (refusals[i].body), &error));
    g_assert_nonnull (error);
    g_assert_cmpstr (error->message, ==, refusals[i].message);
    g_assert_cmpuint (headroom_wire_status (error), ==, refusals[i].status);
  }
}

static void
test_nested_brackets (void)
{
  g_autoptr(GString) body = g_string_new ("{\"model\":\"m\",\"messages\":");
  static const ParseFunc parsers[] = { G, C, O };

  for (int i = 0; i < 100000; i++)
    g_string_append_c (body, '[');
  for (gsize i = 0; i < G_N_ELEMENTS (parsers); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_null (parsers[i] (body->str, body->len, &error));
    g_assert_cmpstr (error->message, ==, "exceeded max depth");
    g_assert_cmpuint (headroom_wire_status (error), ==, 400);
  }
}

/* ---- Management ---- */

static void
test_management (void)
{
  g_autoptr(GError) error = NULL;
  const char *create =
      "{\"name\":\"n\",\"files\":{\"a.gguf\":\"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"},"
      "\"system\":\"s\",\"template\":\"\",\"license\":[\"l1\",\"l2\"],\"parameters\":{\"num_ctx\":5},"
      "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"stream\":false}";
  g_autoptr (HeadroomWireCreateRequest) request =
      headroom_wire_parse_create (create, strlen (create), &error);
  g_autofree char *source = NULL, *destination = NULL;

  g_assert_no_error (error);
  g_assert_cmpstr (request->model, ==, "n");
  g_assert_true (g_str_has_prefix (request->file_digests[0], "sha256:0123"));
  g_assert_null (request->template_text);
  g_assert_cmpstr (request->licenses[1], ==, "l2");
  assert_json (request->messages, "[{\"role\":\"user\",\"content\":\"hi\"}]");
  g_assert_false (request->stream);

  g_assert_true (headroom_wire_parse_copy ("{\"source\":\"a\",\"destination\":\"b\"}", 32, &source,
                                           &destination, &error));
  g_assert_cmpstr (source, ==, "a");
  g_assert_cmpstr (destination, ==, "b");
  g_autofree char *name = headroom_wire_parse_delete ("{\"name\":\"x\"}", 12, &error);
  g_assert_cmpstr (name, ==, "x");
}

static void
test_management_refusals (void)
{
  static const struct {
    const char *body, *message;
  } bad[] = {
    { "{\"model\":\"n\"}", "neither 'from' or 'files' was specified" },
    { "{\"model\":\"n\",\"files\":{\"a\":\"sha256:../../etc/passwd\"}}", "invalid digest format" },
    { "{\"model\":\"n\",\"files\":{\"/a\":\"x\"}}", "file path must be relative" },
    { "{\"model\":\"n\",\"files\":{\"../a\":\"x\"}}", "file path must be relative" },
    { "{\"model\":\"n\",\"from\":\"m\",\"quantize\":\"Q4_0\"}", "quantize is not supported yet" },
    { "{\"model\":\"n\",\"from\":\"m\",\"license\":5}",
      "license must be a string or a list of strings" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_null (headroom_wire_parse_create (bad[i].body, strlen (bad[i].body), &error));
    g_assert_cmpstr (error->message, ==, bad[i].message);
    g_assert_cmpuint (headroom_wire_status (error), ==, 400);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/request/generate", test_generate);
  g_test_add_func ("/wire/request/generate-defaults", test_generate_defaults);
  g_test_add_func ("/wire/request/chat", test_chat);
  g_test_add_func ("/wire/request/chat-without-messages", test_chat_without_messages);
  g_test_add_func ("/wire/request/openai", test_openai);
  g_test_add_func ("/wire/request/openai-defaults", test_openai_defaults);
  g_test_add_func ("/wire/request/template-vars", test_template_vars);
  g_test_add_func ("/wire/request/trust", test_trust);
  g_test_add_func ("/wire/request/refusals", test_refusals);
  g_test_add_func ("/wire/request/nested-brackets", test_nested_brackets);
  g_test_add_func ("/wire/request/management", test_management);
  g_test_add_func ("/wire/request/management-refusals", test_management_refusals);
  return g_test_run ();
}
