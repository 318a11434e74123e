/* test-ui-wire.c: what the window asks and how it reads the answers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-chat-wire.h"
#include "headroom-memory-wire.h"
#include "headroom-model-item.h"
#include "headroom-model-wire.h"
#include "headroom-wire-util.h"

static void
test_chat_request (void)
{
  g_autoptr (GListStore) messages = g_list_store_new (HEADROOM_TYPE_CHAT_MESSAGE);
  g_autoptr (HeadroomChatMessage) question =
      headroom_chat_message_new (HEADROOM_ROLE_USER, "say \"hi\"\n");
  g_autoptr (HeadroomChatMessage) failed = headroom_chat_message_new (HEADROOM_ROLE_ASSISTANT, "");
  HeadroomAskOptions options = { .model = "tiny:latest",
                                 .num_ctx = 2048,
                                 .temperature = 0.5,
                                 .num_predict = -1,
                                 .gpu_layers = -1,
                                 .num_batch = 512 };
  g_autofree char *body = NULL, *load = NULL;

  g_list_store_append (messages, question);
  g_list_store_append (messages, failed);
  body = headroom_chat_request (G_LIST_MODEL (messages), 2, &options);
  g_assert_cmpstr (
      body, ==,
      "{\"model\":\"tiny:latest\",\"messages\":[{\"role\":\"user\",\"content\":\"say \\\"hi\\\"\\n\"}],"
      "\"stream\":true,\"options\":{\"num_ctx\":2048,\"temperature\":0.5,\"num_predict\":-1}}");

  options.parallel = 2;
  options.kv_type = "q8_0";
  load = headroom_load_request ("tiny:latest", &options, "-1");
  g_assert_cmpstr (
      load, ==,
      "{\"model\":\"tiny:latest\",\"stream\":false,\"keep_alive\":-1,\"options\":{\"num_ctx\":2048,"
      "\"temperature\":0.5,\"num_predict\":-1,\"parallel\":2,\"kv_type\":\"q8_0\",\"num_gpu\":-1}}");
}

/* What is still as a proposal set it comes from it; the rest is the window's. */
static void
test_effective_request (void)
{
  const HeadroomPreset *chat = headroom_preset_find ("chat");
  HeadroomAskOptions options = { .model = "tiny",
                                 .num_ctx = 2048,
                                 .temperature = 0.5,
                                 .num_predict = 512,
                                 .parallel = 3,
                                 .num_batch = 512,
                                 .gpu_layers = -1,
                                 .keep_alive = "5m" };
  g_autofree char *plain = headroom_effective_request (&options, NULL),
                  *after = headroom_effective_request (&options, chat);

  g_assert_cmpstr (plain, ==,
                   "{\"model\":\"tiny\",\"options\":{\"num_ctx\":2048,\"temperature\":0.5,"
                   "\"num_predict\":512,\"parallel\":3},\"keep_alive\":\"5m\"}");
  g_assert_cmpstr (after, ==,
                   "{\"model\":\"tiny\",\"options\":{\"num_ctx\":2048,\"temperature\":0.5,"
                   "\"parallel\":3},\"preset\":{\"name\":\"chat\",\"options\":{\"parallel\":2,"
                   "\"num_predict\":512},\"keep_alive\":\"5m\"}}");
}

static void
test_chat_line (void)
{
  g_auto (HeadroomChatLine) line = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_true (headroom_chat_line_parse (
      "{\"message\":{\"role\":\"assistant\",\"content\":\"hi\"},\"done\":false}", &line, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (line.text, ==, "hi");
  g_assert_false (line.done);
  g_assert_null (line.error);
}

static void
test_chat_last_line (void)
{
  g_auto (HeadroomChatLine) line = { 0 };
  g_autofree char *text = NULL;

  g_assert_true (headroom_chat_line_parse (
      "{\"done\":true,\"done_reason\":\"length\",\"prompt_eval_count\":1,\"eval_count\":40,"
      "\"eval_duration\":2000000000}",
      &line, NULL));
  g_assert_true (line.done);
  g_assert_cmpstr (line.text, ==, "");
  line.times.first_token_us = 250000;
  text = headroom_chat_message_times_text (&line.times);
  g_assert_cmpstr (
      text, ==,
      "40 tokens · 20.0 tokens/s · first word after 0.25 s · prompt of 1 token · cut at the length limit");
}

static void
test_chat_error_line (void)
{
  g_auto (HeadroomChatLine) line = { 0 };

  g_assert_true (headroom_chat_line_parse ("{\"error\":\"out of memory\"}", &line, NULL));
  g_assert_cmpstr (line.error, ==, "out of memory");
}

static void
test_chat_broken_line (void)
{
  static const char *const lines[] = { "", "{", "[]", "null", "7", "{\"message\":" };

  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++) {
    g_auto (HeadroomChatLine) line = { 0 };
    g_autoptr (GError) error = NULL;
    g_assert_false (headroom_chat_line_parse (lines[i], &line, &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
  }
}

static void
test_chat_odd_line (void)
{
  g_auto (HeadroomChatLine) line = { 0 };

  g_assert_true (
      headroom_chat_line_parse ("{\"message\":7,\"done\":\"yes\",\"eval_count\":\"many\"}", &line,
                                NULL));
  g_assert_cmpstr (line.text, ==, "");
  g_assert_false (line.done);
}

static void
test_tags (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GListModel) models = headroom_model_wire_parse_tags (
      "{\"models\":[{\"name\":\"a:latest\",\"size\":1048576,\"details\":{\"parameter_size\":\"1.5B\",\"quantization_level\":"
      "\"Q4_0\"}},{\"name\":\"b:7b\",\"details\":{\"parameter_size\":\"7B\"}},{\"size\":1}]}",
      &error);
  g_autoptr (HeadroomModelItem) a = NULL, b = NULL;

  g_assert_no_error (error);
  g_assert_cmpuint (g_list_model_get_n_items (models), ==, 2);
  a = g_list_model_get_item (models, 0);
  b = g_list_model_get_item (models, 1);
  g_assert_cmpstr (headroom_model_item_get_name (a), ==, "a:latest");
  g_assert_cmpstr (headroom_model_item_get_title (a), ==, "a");
  g_assert_true (g_str_has_prefix (headroom_model_item_get_subtitle (a), "1.5B · Q4_0 · 1.0"));
  g_assert_cmpstr (headroom_model_item_get_title (b), ==, "b:7b");
  g_assert_cmpstr (headroom_model_item_get_subtitle (b), ==, "7B");
}

static void
test_file_title (void)
{
  g_autoptr (HeadroomModelItem) item =
      headroom_model_item_new ("/models/Some Model.Q4_1.GGUF", NULL);

  g_assert_cmpstr (headroom_model_item_get_name (item), ==, "/models/Some Model.Q4_1.GGUF");
  g_assert_cmpstr (headroom_model_item_get_title (item), ==, "Some Model.Q4_1");
}

static void
test_max_ctx (void)
{
  g_assert_cmpuint (
      headroom_model_wire_parse_max_ctx (
          "{\"model_info\":{\"general.architecture\":\"qwen2\",\"qwen2.context_length\":32768}}"),
      ==, 32768);
  g_assert_cmpuint (headroom_model_wire_parse_max_ctx (
                        "{\"model_info\":{\"llama.context_length\":32768}}"),
                    ==, 0);
  g_assert_cmpuint (headroom_model_wire_parse_max_ctx (
                        "{\"model_info\":{\"general.architecture\":\"x\","
                        "\"x.context_length\":-5}}"),
                    ==, 0);
  g_assert_cmpuint (headroom_model_wire_parse_max_ctx ("nonsense"), ==, 0);
}

/* ---- Memory ---------------------------------------------------------------------------------- */

static const char status_text[] =
    "{\"devices\":[{\"name\":\"CPU\",\"kind\":\"cpu\",\"total\":1000,\"free\":700,\"reserve\":100,\"ours\":{\"weights\":200,"
    "\"weights_mapped\":50,\"cache\":10,\"cache_reserved\":90,\"compute\":50}},{\"name\":\"Card\",\"kind\":\"gpu\",\"total\":1000,\"free\":700,"
    "\"reserve\":100,\"ours\":{\"weights\":200,\"cache\":10,\"cache_reserved\":90,\"compute\":50}}],"
    "\"models\":[{\"name\":\"old:latest\",\"state\":\"ready\",\"device_parts\":[{\"weights\":180,\"cache\":10},"
    "{\"weights\":200}]},{\"name\":\"new\",\"state\":\"loading\",\"progress\":0.25}],"
    "\"events\":[{\"time\":\"2026-01-01T00:00:01Z\",\"kind\":\"evict\",\"reason\":\"before\"}]}";

static void
test_status (void)
{
  HeadroomMemoryReport report = { 0 };
  const guint64 *host = report.devices[0].now, *card = report.devices[1].now;

  g_assert_true (headroom_memory_wire_read_status (status_text, &report, NULL));
  g_assert_cmpuint (report.n_devices, ==, 2);
  /* On the host what is free still holds weights that are read from the file, and the cache that is
   * not filled. */
  g_assert_cmpuint (host[HEADROOM_MEMORY_FREE], ==, 700 - 50 - 90 - 100);
  g_assert_cmpuint (host[HEADROOM_MEMORY_OTHERS], ==, 1000 - 350 - 560);
  g_assert_cmpuint (card[HEADROOM_MEMORY_FREE], ==, 700 - 90 - 100);
  g_assert_cmpstr (report.devices[1].name, ==, "Card");
  /* The model that is being loaded has nothing yet. */
  g_assert_cmpuint (report.devices[0].n_models, ==, 1);
  g_assert_cmpstr (report.devices[0].models[0].name, ==, "old");
  g_assert_cmpuint (report.devices[0].models[0].parts[HEADROOM_MEMORY_WEIGHTS], ==, 180);
  g_assert_cmpuint (report.devices[0].models[0].parts[HEADROOM_MEMORY_CACHE], ==, 10);
  g_assert_cmpuint (report.devices[1].models[0].parts[HEADROOM_MEMORY_WEIGHTS], ==, 200);
  g_assert_cmpstr (report.loading, ==, "new");
  g_assert_cmpfloat (report.loaded, ==, 0.25);
  /* What happened before the window was there is no news. */
  g_assert_cmpuint (report.news->len, ==, 0);
  headroom_memory_report_clear (&report);
}

static void
test_status_news (void)
{
  HeadroomMemoryReport report = { 0 };

  g_assert_true (headroom_memory_wire_read_status (status_text, &report, NULL));
  g_assert_true (headroom_memory_wire_read_status (
      "{\"devices\":[],\"events\":[{\"time\":\"2026-01-01T00:00:01Z\",\"kind\":\"evict\",\"reason\":\"before\"},"
      "{\"time\":\"2026-01-01T00:00:02Z\",\"kind\":\"load\",\"reason\":\"loaded\"},"
      "{\"time\":\"2026-01-01T00:00:03Z\",\"kind\":\"truncate\",\"reason\":\"left out\"}]}",
      &report, NULL));
  g_assert_cmpuint (report.n_devices, ==, 0);
  g_assert_cmpuint (report.news->len, ==, 1);
  g_assert_cmpstr (headroom_wire_get_string (report.news->pdata[0], "reason"), ==, "left out");
  g_assert_null (report.loading);
  headroom_memory_report_clear (&report);
}

static void
test_status_odd (void)
{
  static const char *const texts[] = {
    "{}",
    "{\"devices\":7}",
    "{\"devices\":[null,7,{}]}",
    "{\"devices\":[{\"total\":-5,\"free\":-7,\"ours\":[]}]}",
    "{\"devices\":[{\"total\":5,\"free\":9000,\"reserve\":9000,\"ours\":{\"weights\":77}}],\"models\":{},\"events\":[1,{}]}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++) {
    HeadroomMemoryReport report = { 0 };
    g_assert_true (headroom_memory_wire_read_status (texts[i], &report, NULL));
    headroom_memory_report_clear (&report);
  }
}

static void
test_plan (void)
{
  HeadroomMemoryReport report = { 0 };
  HeadroomMemoryVerdict verdict = { 0 };

  g_assert_true (headroom_memory_wire_read_status (status_text, &report, NULL));
  g_assert_true (headroom_memory_wire_read_plan (
      "{\"fits\":false,\"reason\":\"too much\",\"devices\":[{\"weights\":750,\"cache\":50,\"compute\":10}]}",
      &report, &verdict, NULL));
  /* Beside what is loaded 460 are free, and in its place 810. */
  g_assert_true (verdict.fits);
  g_assert_null (verdict.reason);
  g_assert_true (report.devices[0].has_plan);
  g_assert_false (report.devices[1].has_plan);
  g_assert_true (headroom_memory_wire_read_plan (
      "{\"fits\":false,\"reason\":\"too much\",\"devices\":[{\"weights\":750,\"cache\":50,\"compute\":11}]}",
      &report, &verdict, NULL));
  g_assert_false (verdict.fits);
  g_assert_cmpstr (verdict.reason, ==, "too much");
  g_free (verdict.reason);
  headroom_memory_report_clear (&report);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/chat/request", test_chat_request);
  g_test_add_func ("/wire/effective/request", test_effective_request);
  g_test_add_func ("/wire/chat/line", test_chat_line);
  g_test_add_func ("/wire/chat/last-line", test_chat_last_line);
  g_test_add_func ("/wire/chat/error-line", test_chat_error_line);
  g_test_add_func ("/wire/chat/broken-line", test_chat_broken_line);
  g_test_add_func ("/wire/chat/odd-line", test_chat_odd_line);
  g_test_add_func ("/wire/tags", test_tags);
  g_test_add_func ("/wire/file-title", test_file_title);
  g_test_add_func ("/wire/max-ctx", test_max_ctx);
  g_test_add_func ("/wire/status/parts", test_status);
  g_test_add_func ("/wire/status/news", test_status_news);
  g_test_add_func ("/wire/status/odd", test_status_odd);
  g_test_add_func ("/wire/plan", test_plan);
  return g_test_run ();
}
