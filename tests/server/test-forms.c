/* test-forms.c: answers that are held to a form, over HTTP: formats, tools, thoughts.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The models' weights are made up, so whatever is right about an answer is so because it was held
 * to it.
 */
#include <string.h>

#include "server-fixture.h"

#define USER "\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]"
#define LIMIT "\"options\":{\"num_predict\":400,\"temperature\":1.5,\"seed\":3}"
#define SCHEMA                                                                                                       \
  "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"},\"age\":{\"type\":\"integer\",\"minimum\":0," \
  "\"maximum\":120}},\"required\":[\"name\",\"age\"],\"uniqueItems\":true}"
#define TOOLS                                                                                                            \
  "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"weather\",\"description\":\"d\",\"parameters\":{\"type\":" \
  "\"object\",\"properties\":{\"city\":{\"enum\":[\"Rom\",\"Bonn\"]}},\"required\":[\"city\"]}}}]"

static void
create (Server *s, const char *name, const char *template)
{
  g_autoptr (HrValue) request = hr_value_new_dict ();
  g_autofree char *body = NULL;

  headroom_json_set_string (request, "model", name);
  headroom_json_set_string (request, "from", "tiny");
  headroom_json_set_string (request, "template", template);
  headroom_json_set_bool (request, "stream", FALSE);
  body = headroom_json_print (request, HEADROOM_JSON_PLAIN);
  g_autoptr (HrValue) answer = server_post (s, "/api/create", body);
  g_assert_cmpstr (json_text (answer, "status"), ==, "success");
}

static HrValue *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  HrValue *value = headroom_json_parse (text, -1, FALSE, &error);

  g_test_message ("%s", text);
  g_assert_no_error (error);
  return value;
}

static void
assert_person (const char *text)
{
  g_autoptr (HrValue) value = parse (text);

  g_assert_nonnull (json_text (value, "name"));
  g_assert_cmpint (json_number (value, "age"), >=, 0);
  g_assert_cmpint (json_number (value, "age"), <=, 120);
}

/* ---- Loops ---- */

#define ONLY_A                                                                                     \
  "\"model\":\"tiny\",\"stream\":false,\"prompt\":\"a\",\"grammar\":\"root ::= [a]{900}\""
#define GREEDY "\"temperature\":0,\"repeat_penalty\":1,\"num_ctx\":2048"

/* Without a limit it ends, and says why; with one it goes on to that, and says what it saw. */
static void
test_loops (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) endless =
      server_post (s, "/api/generate", "{" ONLY_A ",\"options\":{" GREEDY "}}");
  g_autoptr (HrValue) limited = server_post (
      s, "/api/generate", "{" ONLY_A ",\"options\":{\"num_predict\":700," GREEDY "}}");

  g_assert_cmpstr (json_text (endless, "done_reason"), ==, "length");
  g_assert_cmpint (json_number (endless, "headroom.repeated_tokens"), ==, 1);
  g_assert_true (hr_value_get_bool (json_at (endless, "headroom.ended_for_loop")));
  g_assert_cmpint (json_number (endless, "eval_count"), >=, 256);
  g_assert_cmpint (json_number (endless, "eval_count"), <, 600);
  g_assert_cmpint (json_number (limited, "eval_count"), ==, 700);
  g_assert_cmpint (json_number (limited, "headroom.repeated_tokens"), ==, 1);
}

/* ---- Formats ---- */

static void
test_formats (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) chat = server_post (s, "/api/chat",
                                          "{\"model\":\"tiny\",\"stream\":false," USER
                                          ",\"format\":" SCHEMA "," LIMIT "}");
  g_autoptr (HrValue) json = server_post (
      s, "/api/generate",
      "{\"model\":\"tiny\",\"stream\":false,\"prompt\":\"a\",\"format\":\"json\"," LIMIT "}");
  g_autoptr (HrValue) gbnf = server_post (
      s, "/api/generate",
      "{\"model\":\"tiny\",\"stream\":false,\"prompt\":\"a\",\"grammar\":\"root ::= [ab]{5}\"," LIMIT
      "}");
  g_autoptr (HrValue) openai =
      server_post (s, "/v1/chat/completions",
                   "{\"model\":\"tiny\"," USER ",\"max_tokens\":400,\"response_format\":{\"type\":"
                   "\"json_schema\",\"json_schema\":{\"name\":\"p\",\"schema\":" SCHEMA "}}}");
  g_autoptr (HrValue) object = parse (json_text (json, "response"));

  assert_person (json_text (chat, "message.content"));
  assert_person (json_text (openai, "choices.0.message.content"));
  g_assert_cmpint (hr_value_kind (object), ==, HR_VALUE_DICT);
  g_assert_true (g_regex_match_simple ("^[ab]{5}$", json_text (gbnf, "response"), 0, 0));
  g_assert_cmpstr (json_text (chat, "headroom.ignored_keywords.0"), ==, "uniqueItems");
}

static void
test_format_errors (Server *s, gconstpointer data)
{
  g_autofree char *schema =
      server_post_fails (s, "/api/chat",
                         "{\"model\":\"tiny\"," USER ",\"format\":{\"type\":\"thing\"}}",
                         HEADROOM_CLIENT_ERROR_REQUEST);
  g_autofree char *endless =
      server_post_fails (s, "/api/chat",
                         "{\"model\":\"tiny\"," USER ",\"format\":{\"$ref\":\"#\"}}",
                         HEADROOM_CLIENT_ERROR_REQUEST);
  g_autofree char *grammar =
      server_post_fails (s, "/api/chat", "{\"model\":\"tiny\"," USER ",\"grammar\":\"root ::= x\"}",
                         HEADROOM_CLIENT_ERROR_REQUEST);
  g_autofree char *word =
      server_post_fails (s, "/api/chat", "{\"model\":\"tiny\"," USER ",\"format\":\"xml\"}",
                         HEADROOM_CLIENT_ERROR_SERVER);

  g_assert_nonnull (strstr (schema, "thing is no type"));
  g_assert_nonnull (strstr (endless, "cannot be met"));
  g_assert_nonnull (strstr (grammar, "x is used and not defined"));
  g_assert_cmpstr (
      word, ==, "invalid format: \"\\\"xml\\\"\"; expected \"json\" or a valid JSON Schema object");
}

/* ---- Tools ---- */

static void
assert_call (HrValue *calls, gboolean as_text)
{
  g_autoptr (HrValue) arguments = NULL;
  const char *city;

  g_assert_cmpuint (hr_value_size (calls), >=, 1);
  g_assert_cmpstr (json_text (calls, "0.function.name"), ==, "weather");
  g_assert_true (g_str_has_prefix (json_text (calls, "0.id"), "call_"));
  arguments = as_text ? parse (json_text (calls, "0.function.arguments"))
                      : hr_value_ref (json_at (calls, "0.function.arguments"));
  city = json_text (arguments, "city");
  g_assert_true (g_str_equal (city, "Rom") || g_str_equal (city, "Bonn"));
}

static void
test_tools (Server *s, gconstpointer data)
{
  static const char *const templates[] = {
    "{% for m in messages %}{{ m.content }}{% endfor %}{{ tools }}<tool_call>",
    "{% for m in messages %}{{ m.content }}{% endfor %}{{ tools }}[TOOL_CALLS]",
    "{% for m in messages %}{{ m.content }}{% endfor %}{{ tools }}<|tool_call|>",
    "{% for m in messages %}{{ m.content }}{% endfor %}{{ tools }}<|python_tag|>",
    "{% for m in messages %}{{ m.content }}{% endfor %}{{ tools }}<|channel|>analysis<|message|>",
    "{% for m in messages %}{{ m.content }}{% endfor %}{{ tools }}<｜tool▁calls▁begin｜>",
    "{% for m in messages %}{{ m.content }}{% endfor %}{{ tools }}<|tool_call>call:",
    "{% for m in messages %}{{ m.content }}{% endfor %}{{ tools }}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (templates); i++) {
    create (s, "caller", templates[i]);
    g_autoptr (HrValue) native = server_post (s, "/api/chat",
                                              "{\"model\":\"caller\",\"stream\":false," USER
                                              "," TOOLS ",\"tool_choice\":\"required\"," LIMIT "}");
    g_autoptr (HrValue) openai = server_post (
        s, "/v1/chat/completions",
        "{\"model\":\"caller\"," USER "," TOOLS
        ",\"max_tokens\":400,\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"weather\"}}}");
    assert_call (json_at (native, "message.tool_calls"), FALSE);
    assert_call (json_at (openai, "choices.0.message.tool_calls"), TRUE);
    if (i != 1 && i != 2) /* lists of calls may be as long as the limit allows, which is told */
      g_assert_cmpstr (json_text (openai, "choices.0.finish_reason"), ==, "tool_calls");
  }
}

static void
test_tools_stream (Server *s, gconstpointer data)
{
  create (s, "caller", "{% for m in messages %}{{ m.content }}{% endfor %}{{ tools }}<tool_call>");
  g_autoptr (GPtrArray) records =
      server_stream (s, "/v1/chat/completions",
                     "{\"model\":\"caller\",\"stream\":true," USER "," TOOLS
                     ",\"max_tokens\":400,\"tool_choice\":\"required\"}");
  HrValue *calls = NULL;
  const char *finish = NULL;

  for (guint i = 0; i < records->len; i++) {
    if (hr_value_kind (records->pdata[i]) != HR_VALUE_DICT)
      continue;
    if (json_at (records->pdata[i], "choices.0.delta.tool_calls") != NULL)
      calls = json_at (records->pdata[i], "choices.0.delta.tool_calls");
    if (json_text (records->pdata[i], "choices.0.finish_reason") != NULL)
      finish = json_text (records->pdata[i], "choices.0.finish_reason");
  }
  assert_call (calls, TRUE);
  g_assert_cmpstr (finish, ==, "tool_calls");
}

static void
test_tools_errors (Server *s, gconstpointer data)
{
  create (s, "caller", "{% for m in messages %}{{ m.content }}{% endfor %}{{ tools }}<tool_call>");
  g_autofree char *name = server_post_fails (s, "/api/chat",
                                             "{\"model\":\"caller\"," USER "," TOOLS
                                             ",\"tool_choice\":{\"type\":\"function\",\"function\":"
                                             "{\"name\":\"other\"}}}",
                                             HEADROOM_CLIENT_ERROR_REQUEST);

  g_assert_nonnull (strstr (name, "other"));
}

/* ---- Thoughts ---- */

/* The format holds behind the thoughts, which a made-up model never ends by itself: so they are
 * switched off, or end with the limit. */
static void
test_thinking (Server *s, gconstpointer data)
{
  create (
      s, "thinker",
      "{% for m in messages %}{{ m.content }}{% endfor %}{% if enable_thinking %}<think>{% else %}<think></think>{% endif %}");
  g_autoptr (HrValue) off =
      server_post (s, "/api/chat",
                   "{\"model\":\"thinker\",\"stream\":false,\"think\":false," USER
                   ",\"format\":" SCHEMA "," LIMIT "}");
  g_autoptr (HrValue) on =
      server_post (s, "/api/chat", "{\"model\":\"thinker\",\"stream\":false," USER "," LIMIT "}");

  assert_person (json_text (off, "message.content"));
  g_assert_null (json_text (off, "message.thinking"));
  g_assert_nonnull (json_text (on, "message.thinking"));
  g_assert_cmpstr (json_text (on, "message.content"), ==, "");
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  server_fixture_init ();
#define CASE(path, func) \
  g_test_add ("/forms/" path, Server, NULL, server_setup, func, server_teardown)
  CASE ("loops", test_loops);
  CASE ("formats", test_formats);
  CASE ("formats/errors", test_format_errors);
  CASE ("tools", test_tools);
  CASE ("tools/stream", test_tools_stream);
  CASE ("tools/errors", test_tools_errors);
  CASE ("thinking", test_thinking);
  result = g_test_run ();
  server_fixture_finish ();
  return result;
}
