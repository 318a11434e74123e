/* test-answer.c: the texts that clients read, byte for byte.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <string.h>

#include "headroom-json.h"
#include "headroom-model-entry-private.h"
#include "headroom-store.h"
#include "headroom-wire.h"
#include "store-fixture.h"

#define CREATED G_GINT64_CONSTANT (1767323045123456789)
#define STAMP "2026-01-02T03:04:05.123456789Z"

static void
assert_text (char *take_text, const char *expected)
{
  g_assert_cmpstr (take_text, ==, expected);
  g_free (take_text);
}

/* ---- /api/generate and /api/chat ---- */

static void
test_generate_stream (void)
{
  static const HrToken context[] = { 1, 2, 3 };
  HeadroomWireRecord record = { .model = "m1", .created_ns = CREATED, .text = "Hi <b>&\n" };

  assert_text (headroom_wire_print_generate (&record),
               "{\"model\":\"m1\",\"created_at\":\"" STAMP
               "\",\"response\":\"Hi \\u003cb\\u003e\\u0026\\n\",\"done\":false}");
  record = (HeadroomWireRecord){
    .model = "m1",
    .created_ns = CREATED,
    .done = TRUE,
    .done_reason = "stop",
    .context = context,
    .n_context = 3,
    .metrics = { 900000000, 50000000, 7, 100000000, 3, 200000000 },
  };
  assert_text (
      headroom_wire_print_generate (&record),
      "{\"model\":\"m1\",\"created_at\":\"" STAMP
      "\",\"response\":\"\",\"done\":true,\"done_reason\":\"stop\",\"context\":[1,2,3],"
      "\"total_duration\":900000000,\"load_duration\":50000000,\"prompt_eval_count\":7,\"prompt_eval_duration\":100000000,"
      "\"eval_count\":3,\"eval_duration\":200000000}");
}

static void
test_generate_probes (void)
{
  HeadroomWireRecord record = {
    .model = "m1", .created_ns = CREATED, .done = TRUE, .done_reason = "load"
  };

  assert_text (headroom_wire_print_generate (&record),
               "{\"model\":\"m1\",\"created_at\":\"" STAMP
               "\",\"response\":\"\",\"done\":true,\"done_reason\":\"load\"}");
  record.done_reason = "unload";
  assert_text (headroom_wire_print_chat (&record),
               "{\"model\":\"m1\",\"created_at\":\"" STAMP
               "\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,"
               "\"done_reason\":\"unload\"}");
  record = (HeadroomWireRecord){ .model = "m1", .created_ns = CREATED, .rendered_template = "<s>" };
  assert_text (headroom_wire_print_generate (&record),
               "{\"model\":\"m1\",\"created_at\":\"" STAMP "\",\"response\":\"\",\"done\":false,"
               "\"_debug_info\":{\"rendered_template\":\"\\u003cs\\u003e\"}}");
}

static HrValue *
one_tool_call (void)
{
  return headroom_json_parse (
      "[{\"id\":\"call_ab12cd34\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":{\"x\":1}}}]",
      -1, FALSE, NULL);
}

static void
test_chat_stream (void)
{
  g_autoptr(HrValue) calls = one_tool_call ();
  HeadroomWireRecord record = { .model = "m1", .created_ns = CREATED, .tool_calls = calls };

  assert_text (
      headroom_wire_print_chat (&record),
      "{\"model\":\"m1\",\"created_at\":\"" STAMP
      "\",\"message\":{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":"
      "[{\"id\":\"call_ab12cd34\",\"function\":{\"index\":0,\"name\":\"f\",\"arguments\":{\"x\":1}}}]},\"done\":false}");
  record = (HeadroomWireRecord){
    .model = "m1", .created_ns = CREATED, .text = "a\0b", .text_len = 3, .thinking = "hm"
  };
  assert_text (headroom_wire_print_chat (&record),
               "{\"model\":\"m1\",\"created_at\":\"" STAMP
               "\",\"message\":{\"role\":\"assistant\",\"content\":\"a\\u0000b\","
               "\"thinking\":\"hm\"},\"done\":false}");
  record = (HeadroomWireRecord){ .model = "m1",
                                 .created_ns = CREATED,
                                 .done = TRUE,
                                 .done_reason = "length",
                                 .metrics = { 1, 2, 3, 4, 5, 6 } };
  assert_text (
      headroom_wire_print_chat (&record),
      "{\"model\":\"m1\",\"created_at\":\"" STAMP
      "\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,"
      "\"done_reason\":\"length\",\"total_duration\":1,\"load_duration\":2,\"prompt_eval_count\":3,\"prompt_eval_duration\":4,"
      "\"eval_count\":5,\"eval_duration\":6}");
}

static void
test_logprobs (void)
{
  const HeadroomWireProb top[] = { { "Hi", 2, -0.1f }, { "\xf0\x9f", 2, -INFINITY } };
  const HeadroomWireLogprob logprobs[] = { { top[0], top, 2 }, { { "!", 1, 0 }, NULL, 0 } };
  HeadroomWireRecord record = {
    .model = "m1", .created_ns = CREATED, .text = "Hi!", .logprobs = logprobs, .n_logprobs = 2
  };

  assert_text (
      headroom_wire_print_generate (&record),
      "{\"model\":\"m1\",\"created_at\":\"" STAMP
      "\",\"response\":\"Hi!\",\"done\":false,\"logprobs\":["
      "{\"token\":\"Hi\",\"logprob\":-0.1,\"bytes\":[72,105],\"top_logprobs\":["
      "{\"token\":\"Hi\",\"logprob\":-0.1,\"bytes\":[72,105]},"
      "{\"token\":\"\xef\xbf\xbd\xef\xbf\xbd\",\"logprob\":-3.4028234663852886e+38,\"bytes\":[240,159]}]},"
      "{\"token\":\"!\",\"logprob\":0,\"bytes\":[33]}]}");
}

static void
test_small (void)
{
  assert_text (headroom_wire_print_error ("model 'x' not found"),
               "{\"error\":\"model 'x' not found\"}");
  assert_text (headroom_wire_print_error ("bad \xff"), "{\"error\":\"bad \xef\xbf\xbd\"}");
  assert_text (headroom_wire_print_version ("0.32.15"),
               "{\"version\":\"0.32.15\",\"headroom\":\"0.1.0\"}");
  assert_text (headroom_wire_print_status ("success", NULL, 0, 0), "{\"status\":\"success\"}");
  assert_text (
      headroom_wire_print_status ("copying file", "sha256:00", 5, 10),
      "{\"status\":\"copying file\",\"digest\":\"sha256:00\",\"total\":10,\"completed\":5}");
}

/* ---- Models ---- */

static HeadroomModelEntry *
make_entry (void)
{
  HeadroomModelEntry *entry = headroom_model_entry_new ();
  const char *const families[] = { "llama", NULL };

  entry->name = g_strdup ("m1:latest");
  entry->full_name = g_strdup ("registry.ollama.ai/library/m1:latest");
  entry->digest = g_strdup ("d1");
  entry->size = 2100000000;
  entry->modified_ns = CREATED;
  entry->format = g_strdup ("gguf");
  entry->family = g_strdup ("llama");
  entry->families = g_strdupv ((char **) families);
  entry->parameter_size = g_strdup ("1.2B");
  entry->quantization = g_strdup ("Q8_0");
  headroom_model_entry_seal (entry);
  return entry;
}

#define DETAILS                                                                                                                       \
  "\"details\":{\"parent_model\":\"\",\"format\":\"gguf\",\"family\":\"llama\",\"families\":[\"llama\"],\"parameter_size\":\"1.2B\"," \
  "\"quantization_level\":\"Q8_0\"}"

static void
test_tags (void)
{
  g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func (g_object_unref);

  assert_text (headroom_wire_print_tags (entries), "{\"models\":[]}");
  g_ptr_array_add (entries, make_entry ());
  assert_text (
      headroom_wire_print_tags (entries),
      "{\"models\":[{\"name\":\"m1:latest\",\"model\":\"m1:latest\",\"modified_at\":\"2026-01-02T05:04:05.123456789+02:00\","
      "\"size\":2100000000,\"digest\":\"d1\"," DETAILS "}]}");
}

static void
test_ps (void)
{
  g_autoptr(HeadroomModelEntry) entry = make_entry ();
  const HeadroomWireRunning running[] = {
    { .entry = entry, .size = 5, .expires_ns = 1, .context_length = 4096 },
    { .entry = entry,
      .size = 2100000000,
      .expires_ns = CREATED + 300 * HEADROOM_NSEC_PER_SEC,
      .context_length = 4096 },
  };

  const HeadroomWireFootprint footprint = {
    .planned = 1000, .allocated = 1000, .unfilled = 250, .untouched = 50, .seen = 750
  };

  assert_text (headroom_wire_print_ps (NULL, 0, NULL), "{\"models\":[]}");
  assert_text (headroom_wire_print_ps (NULL, 0, &footprint),
               "{\"models\":[],\"memory\":{\"planned\":1000,\"allocated\":1000,\"unfilled_cache\":250,"
               "\"untouched_buffers\":50,\"in_use\":700,\"seen_by_system\":750,\"program\":50}}");
  assert_text (
      headroom_wire_print_ps (&running[1], 1, NULL),
      "{\"models\":[{\"name\":\"m1:latest\",\"model\":\"m1:latest\",\"size\":2100000000,\"digest\":\"d1\"," DETAILS
      ",\"expires_at\":\"2026-01-02T05:09:05.123456789+02:00\",\"size_vram\":0,\"context_length\":4096}]}");
  g_autofree char *both = headroom_wire_print_ps (running, 2, NULL);
  g_assert_nonnull (strstr (both, "\"size\":5,"));
  g_assert_true (strstr (both, "2100000000") <
                 strstr (both, "\"size\":5,")); /* the one that expires last comes first */
}

static void
test_show (void)
{
  StoreFixture fixture;
  g_autoptr(GError) error = NULL;

  store_fixture_init (&fixture);
  store_fixture_manifest (&fixture, "registry.ollama.ai/library/m/latest", "model", "", "system",
                          "Be brief.", "params", "{\"top_k\":3}", NULL);
  g_autoptr(HeadroomModelEntry) entry = headroom_store_lookup (fixture.store, "m", &error);
  g_assert_no_error (error);
  g_autoptr(HrModel) model = hr_model_open (headroom_model_entry_get_path (entry), &error);
  g_assert_no_error (error);
  g_auto(GStrv) capabilities = headroom_wire_dup_capabilities (entry, model);
  g_autofree char *joined = g_strjoinv (",", capabilities);
  g_assert_cmpstr (joined, ==, "completion,tools,thinking");

  g_autofree char *text =
      headroom_wire_print_show (entry, model, (const char *const *) capabilities, FALSE);
  g_autoptr(HrValue) value = headroom_json_parse (text, -1, FALSE, &error);
  g_assert_no_error (error);
  static const char *const keys[] = { "modelfile", "parameters",   "template",
                                      "system",    "details",      "model_info",
                                      "tensors",   "capabilities", "modified_at" };
  g_assert_cmpuint (hr_value_size (value), ==, G_N_ELEMENTS (keys));
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++) {
    const char *key;
    hr_value_entry (value, i, &key);
    g_assert_cmpstr (key, ==, keys[i]);
  }
  g_autofree char *info =
      headroom_json_print (hr_value_lookup (value, "model_info"), HEADROOM_JSON_PLAIN);
  g_assert_cmpstr (
      info, ==,
      "{\"general.architecture\":\"llama\",\"general.parameter_count\":32,\"llama.attention.head_count\":2,"
      "\"llama.block_count\":1,\"llama.context_length\":2048,\"llama.embedding_length\":32}");
  g_autofree char *tensors =
      headroom_json_print (hr_value_lookup (value, "tensors"), HEADROOM_JSON_PLAIN);
  g_assert_cmpstr (tensors, ==,
                   "[{\"name\":\"output_norm.weight\",\"type\":\"F32\",\"shape\":[32]}]");
  g_assert_cmpstr (headroom_json_get_string (value, "parameters"), ==,
                   "top_k                          3");
  store_fixture_clear (&fixture);
}

/* ---- /v1 ---- */

static void
test_openai_errors (void)
{
  static const struct {
    guint status;
    const char *type;
  } cases[] = { { 400, "invalid_request_error" },
                { 404, "not_found_error" },
                { 500, "api_error" },
                { 503, "api_error" } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *expected = g_strdup_printf (
        "{\"error\":{\"message\":\"m\",\"type\":\"%s\",\"param\":null,\"code\":null}}",
        cases[i].type);
    assert_text (headroom_wire_print_openai_error (cases[i].status, "m"), expected);
  }
}

static void
test_openai_models (void)
{
  g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func (g_object_unref);

  assert_text (headroom_wire_print_openai_models (entries), "{\"object\":\"list\",\"data\":null}");
  g_ptr_array_add (entries, make_entry ());
  assert_text (
      headroom_wire_print_openai_models (entries),
      "{\"object\":\"list\",\"data\":[{\"id\":\"m1:latest\",\"object\":\"model\",\"created\":1767323045,\"owned_by\":\"library\"}]}");
  assert_text (
      headroom_wire_print_openai_model (g_ptr_array_index (entries, 0)),
      "{\"id\":\"m1:latest\",\"object\":\"model\",\"created\":1767323045,\"owned_by\":\"library\"}");
}

#define START \
  "{\"id\":\"chatcmpl-7\",\"object\":\"chat.completion\",\"created\":1767323045,\"model\":\"m1\",\"system_fingerprint\":\"fp_ollama\","
#define USAGE "\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3,\"total_tokens\":10}"

static void
test_openai_completion (void)
{
  g_autoptr(HrValue) calls = one_tool_call ();
  HeadroomWireRecord record = { .model = "m1",
                                .created_ns = CREATED,
                                .text = "Hi",
                                .done = TRUE,
                                .done_reason = "stop",
                                .metrics = { .prompt_eval_count = 7, .eval_count = 3 } };

  assert_text (
      headroom_wire_print_openai_completion (&record, 7), START
      "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]," USAGE
      "}");
  record.tool_calls = calls;
  record.text = NULL;
  record.thinking = "hm";
  assert_text (
      headroom_wire_print_openai_completion (&record, 7), START
      "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"\",\"reasoning\":\"hm\",\"tool_calls\":"
      "[{\"id\":\"call_ab12cd34\",\"index\":0,\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"x\\\":1}\"}}]},"
      "\"finish_reason\":\"tool_calls\"}]," USAGE "}");
}

#define CHUNK \
  "data: {\"id\":\"chatcmpl-7\",\"object\":\"chat.completion.chunk\",\"created\":1767323045,\"model\":\"m1\",\"system_fingerprint\":\"fp_ollama\","

static void
test_openai_stream (void)
{
  HeadroomWireOpenaiStream stream = { .id = 7, .created_ns = CREATED, .include_usage = TRUE };
  HeadroomWireRecord record = { .model = "m1", .created_ns = CREATED + 1, .text = "Hi" };

  assert_text (
      headroom_wire_print_openai_chunks (&stream, &record), CHUNK
      "\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Hi\"},\"finish_reason\":null}]}\n\n");
  record.text = "";
  assert_text (headroom_wire_print_openai_chunks (&stream, &record), "");
  record.text = "you";
  record.thinking = "hm";
  assert_text (
      headroom_wire_print_openai_chunks (&stream, &record), CHUNK
      "\"choices\":[{\"index\":0,\"delta\":{\"reasoning\":\"hm\"},\"finish_reason\":null}]}\n\n" CHUNK
      "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"you\"},\"finish_reason\":null}]}\n\n");
  record = (HeadroomWireRecord){ .model = "m1",
                                 .done = TRUE,
                                 .done_reason = "stop",
                                 .metrics = { .prompt_eval_count = 7, .eval_count = 3 } };
  assert_text (headroom_wire_print_openai_chunks (&stream, &record), CHUNK
               "\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n" CHUNK
               "\"choices\":[]," USAGE "}\n\n"
               "data: [DONE]\n\n");
}

static void
test_openai_stream_of_tools (void)
{
  g_autoptr(HrValue) calls = one_tool_call ();
  HeadroomWireOpenaiStream stream = { .id = 7, .created_ns = CREATED };
  HeadroomWireRecord record = { .model = "m1", .tool_calls = calls };

  assert_text (
      headroom_wire_print_openai_chunks (&stream, &record), CHUNK
      "\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"call_ab12cd34\",\"index\":0,"
      "\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"x\\\":1}\"}}]},\"finish_reason\":null}]}\n\n");
  record = (HeadroomWireRecord) { .model = "m1", .done = TRUE, .done_reason = "stop" };
  assert_text (
      headroom_wire_print_openai_chunks (&stream, &record), CHUNK
      "\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n");
  assert_text (
      headroom_wire_print_openai_stream_error (500, "broke"),
      "data: {\"error\":{\"message\":\"broke\",\"type\":\"api_error\",\"param\":null,\"code\":null}}\n\n");
}

/* ---- Statuses ---- */

static void
test_statuses (void)
{
  const struct {
    GQuark domain;
    int code;
    guint status;
  } cases[] = {
    { HEADROOM_WIRE_ERROR, 503, 503 },
    { HEADROOM_JSON_ERROR, HEADROOM_JSON_ERROR_SYNTAX, 400 },
    { HEADROOM_OPTIONS_ERROR, HEADROOM_OPTIONS_ERROR_TYPE, 500 },
    { HEADROOM_OPTIONS_ERROR, HEADROOM_OPTIONS_ERROR_VALUE, 400 },
    { HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_NOT_FOUND, 404 },
    { HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_INVALID_NAME, 400 },
    { HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_NO_SPACE, 500 },
    { HR_ERROR, HR_ERROR_TOO_LONG, 400 },
    { HR_ERROR, HR_ERROR_CANCELLED, 499 },
    { HR_ERROR, HR_ERROR_MEMORY, 500 },
    { G_IO_ERROR, G_IO_ERROR_CANCELLED, 499 },
    { G_IO_ERROR, G_IO_ERROR_FAILED, 500 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr(GError) error = g_error_new_literal (cases[i].domain, cases[i].code, "x");
    g_assert_cmpuint (headroom_wire_status (error), ==, cases[i].status);
  }
}

int
main (int argc, char **argv)
{
  g_setenv ("TZ", "UTC-2", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/answer/generate-stream", test_generate_stream);
  g_test_add_func ("/wire/answer/generate-probes", test_generate_probes);
  g_test_add_func ("/wire/answer/chat-stream", test_chat_stream);
  g_test_add_func ("/wire/answer/logprobs", test_logprobs);
  g_test_add_func ("/wire/answer/small", test_small);
  g_test_add_func ("/wire/answer/tags", test_tags);
  g_test_add_func ("/wire/answer/ps", test_ps);
  g_test_add_func ("/wire/answer/show", test_show);
  g_test_add_func ("/wire/answer/openai-errors", test_openai_errors);
  g_test_add_func ("/wire/answer/openai-models", test_openai_models);
  g_test_add_func ("/wire/answer/openai-completion", test_openai_completion);
  g_test_add_func ("/wire/answer/openai-stream", test_openai_stream);
  g_test_add_func ("/wire/answer/openai-stream-of-tools", test_openai_stream_of_tools);
  g_test_add_func ("/wire/answer/statuses", test_statuses);
  return g_test_run ();
}
