/* test-speech.c: answers of each family of models, cut into pieces of every length.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <string.h>

#include "headroom-json.h"
#include "headroom-speech.h"

static const char tools_json[] =
    "[{\"type\":\"function\",\"function\":{\"name\":\"weather\",\"parameters\":{\"type\":\"object\",\"properties\":{\"city\":"
    "{\"type\":\"string\"},\"days\":{\"type\":\"integer\"}},\"required\":[\"city\"]}}},"
    "{\"type\":\"function\",\"function\":{\"name\":\"now\",\"parameters\":{\"type\":\"object\",\"properties\":{}}}}]";

/* Marks of templates, as far as they matter here. */
#define QWEN "{% for t in tools %}<tool_call>{% endfor %}<think></think>"
#define CODER "{{ tools }}<tool_call><function=name>"
#define MISTRAL "{{ tools }}[TOOL_CALLS] ["
#define GRANITE "{{ tools }}<|tool_call|>"
#define LLAMA "{{ tools }}<|python_tag|><|start_header_id|>"
#define DEEPSEEK "{{ tools }}<｜tool▁calls▁begin｜><think></think>"
#define HARMONY "<|channel|>analysis<|message|>{{ tools }}"
#define GEMMA "{{ tools }}<start_function_call>"
#define GEMMA_TURN "{{ tools }}<|tool_call>call:<|channel>thought\\n<channel|>"
#define OTHER "{{ tools }}"

#define WEATHER "[{\"name\":\"weather\",\"arguments\":{\"city\":\"Rom\"}}]"

typedef struct {
  const char *template_text, *answer, *thought, *text, *calls;
} Case;

static const Case cases[] = {
  { QWEN, "Hello", "", "Hello", "[]" },
  { QWEN, "<think>hm</think>\n\nHello", "hm", "Hello", "[]" },
  { QWEN, "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Rom\"}}\n</tool_call>",
    "", "", WEATHER },
  { QWEN,
    "<think>\nhm\n</think>\n\n<tool_call>{\"name\":\"now\",\"arguments\":{}}</tool_call>\n<tool_call>{\"name\":\"weather\","
    "\"arguments\":\"{\\\"city\\\":\\\"Bonn\\\"}\"}</tool_call>",
    "hm\n", "",
    "[{\"name\":\"now\",\"arguments\":{}},{\"name\":\"weather\",\"arguments\":{\"city\":\"Bonn\"}}]" },
  { QWEN, "I look. <tool_call>{\"name\":\"now\",\"arguments\":{}}</tool_call>", "", "I look. ",
    "[{\"name\":\"now\",\"arguments\":{}}]" },
  { QWEN, "<tool_call>{\"name\":\"now\",</tool_call>!", "",
    "<tool_call>{\"name\":\"now\",</tool_call>!", "[]" },
  { QWEN, "<tool_call>{\"name\":\"unknown\",\"arguments\":{}}</tool_call>", "",
    "<tool_call>{\"name\":\"unknown\",\"arguments\":{}}</tool_call>", "[]" },
  { QWEN, "<tool_call>{\"name\":\"weather\",\"arguments\":{\"city\":\"Rom\"}}", "", "", WEATHER },
  { QWEN, "a <tool", "", "a <tool", "[]" },
  { CODER,
    "<tool_call>\n<function=weather>\n<parameter=city>\nRom\n</parameter>\n<parameter=days>\n3\n</parameter>\n</function>\n</tool_call>",
    "", "", "[{\"name\":\"weather\",\"arguments\":{\"city\":\"Rom\",\"days\":3}}]" },
  { CODER, "<tool_call><function=weather><parameter=city>4</parameter></function></tool_call>", "",
    "", "[{\"name\":\"weather\",\"arguments\":{\"city\":\"4\"}}]" },
  { MISTRAL, "[TOOL_CALLS] [{\"name\": \"weather\", \"arguments\": {\"city\": \"Rom\"}}]", "", "",
    WEATHER },
  { MISTRAL, "[TOOL_CALLS]weather[ARGS]{\"city\":\"Rom\"}", "", "", WEATHER },
  { MISTRAL, "[TOOL_CALLS]now[CALL_ID]123456789[ARGS]{}[TOOL_CALLS]weather[ARGS]{\"city\":\"Rom\"}",
    "", "",
    "[{\"name\":\"now\",\"arguments\":{}},{\"name\":\"weather\",\"arguments\":{\"city\":\"Rom\"}}]" },
  { MISTRAL, "[TOOL_CALLS] nothing", "", "[TOOL_CALLS] nothing", "[]" },
  { GRANITE, "<|tool_call|>[{\"name\":\"weather\",\"arguments\":{\"city\":\"Rom\"}}]", "", "",
    WEATHER },
  { LLAMA, "{\"name\": \"weather\", \"parameters\": {\"city\": \"Rom\"}}", "", "", WEATHER },
  { LLAMA,
    "<|python_tag|>{\"type\": \"function\", \"name\": \"weather\", \"parameters\": {\"city\": \"Rom\"}}",
    "", "", WEATHER },
  { LLAMA,
    "{\"name\":\"now\",\"parameters\":{}}; {\"name\":\"weather\",\"parameters\":{\"city\":\"Rom\"}}",
    "", "",
    "[{\"name\":\"now\",\"arguments\":{}},{\"name\":\"weather\",\"arguments\":{\"city\":\"Rom\"}}]" },
  { LLAMA, "{\"a\": 1}", "", "{\"a\": 1}", "[]" },
  { LLAMA, "The object {\"name\":\"now\",\"parameters\":{}}", "",
    "The object {\"name\":\"now\",\"parameters\":{}}", "[]" },
  { DEEPSEEK,
    "<think>a</think><｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>weather\n```json\n{\"city\":\"Rom\"}\n```"
    "<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
    "a", "", WEATHER },
  { DEEPSEEK,
    "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>now<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁call▁begin｜>weather<｜tool▁sep｜>"
    "{\"city\":\"Rom\"}<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
    "", "",
    "[{\"name\":\"now\",\"arguments\":{}},{\"name\":\"weather\",\"arguments\":{\"city\":\"Rom\"}}]" },
  { HARMONY,
    "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Hello",
    "hm", "Hello", "[]" },
  { HARMONY,
    "<|channel|>analysis<|message|>hm < 3<|end|><|start|>assistant<|channel|>commentary to=functions.weather <|constrain|>json"
    "<|message|>{\"city\":\"Rom\"}",
    "hm < 3", "", WEATHER },
  { HARMONY, "<|channel|>commentary to=functions.weather<|message|>{broken", "", "{broken", "[]" },
  { HARMONY, "plain words", "", "plain words", "[]" },
  { GEMMA, "<start_function_call>call:weather{city:<escape>Rom<escape>,days:3}<end_function_call>",
    "", "", "[{\"name\":\"weather\",\"arguments\":{\"city\":\"Rom\",\"days\":3}}]" },
  { GEMMA, "<start_function_call>call:weather{city:<escape>Rom<end_function_call>", "",
    "<start_function_call>call:weather{city:<escape>Rom<end_function_call>", "[]" },
  { GEMMA_TURN, "<|tool_call>call:weather{city:<|\"|>Rom<|\"|>}<tool_call|>", "", "", WEATHER },
  { GEMMA_TURN,
    "<|channel>thought\nhm, {a:b}<channel|>I look.<|tool_call>call:weather{city:<|\"|>a, \"b\" {c}<|\"|>,days:3}<tool_call|>"
    "<|tool_call>call:now{}<tool_call|>",
    "hm, {a:b}", "I look.",
    "[{\"name\":\"weather\",\"arguments\":{\"city\":\"a, \\\"b\\\" {c}\",\"days\":3}},{\"name\":\"now\",\"arguments\":{}}]" },
  { GEMMA_TURN,
    "<|tool_call>call:weather{a:{<|\"|>k<|\"|>:[1,<|\"|>x<|\"|>,{n:null}],t:true},b:[],c:\"d,}\"}<tool_call|>",
    "", "",
    "[{\"name\":\"weather\",\"arguments\":{\"a\":{\"k\":[1,\"x\",{\"n\":null}],\"t\":true},\"b\":[],\"c\":\"d,}\"}}]" },
  { GEMMA_TURN, "<|tool_call>call:weather{city:[1}<tool_call|>", "",
    "<|tool_call>call:weather{city:[1}<tool_call|>", "[]" },
  { GEMMA_TURN, "<|tool_call>call:nobody{}<tool_call|>", "",
    "<|tool_call>call:nobody{}<tool_call|>", "[]" },
  { OTHER, "{\"name\":\"weather\",\"arguments\":{\"city\":\"Rom\"}}", "", "", WEATHER },
  { OTHER, "[1, 2]", "", "[1, 2]", "[]" },
  { OTHER, " {", "", " {", "[]" },
  { "no such thing", "{\"name\":\"now\",\"arguments\":{}}", "",
    "{\"name\":\"now\",\"arguments\":{}}", "[]" },
};

/* [{name, arguments}], without the ids, which are drawn. */
static char *
show_calls (HrValue *calls)
{
  g_autoptr (HrValue) list = hr_value_new_list ();

  for (gsize i = 0; i < hr_value_size (calls); i++) {
    HrValue *call = hr_value_at (calls, i);
    g_assert_true (g_str_has_prefix (headroom_json_get_string (call, "id"), "call_"));
    hr_value_append (list, hr_value_ref (hr_value_lookup (call, "function")));
  }
  return headroom_json_print (list, HEADROOM_JSON_PLAIN);
}

static void
check (const Case *c, gsize piece, HrValue *tools)
{
  HeadroomSpeechForm form = headroom_speech_form_of (c->template_text);
  HeadroomSpeech speech;
  g_autoptr (GString) thought = g_string_new (NULL);
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (HrValue) calls = hr_value_new_list ();
  gsize len = strlen (c->answer);

  headroom_speech_init (&speech, &form, tools, TRUE, FALSE);
  for (gsize at = 0; at < len; at += piece)
    headroom_speech_feed (&speech, c->answer + at, MIN (piece, len - at), FALSE, thought, text,
                          calls);
  headroom_speech_feed (&speech, "", 0, TRUE, thought, text, calls);
  headroom_speech_finish (&speech);
  g_autofree char *shown = show_calls (calls);
  g_test_message ("%s in pieces of %" G_GSIZE_FORMAT, c->answer, piece);
  g_assert_cmpstr (thought->str, ==, c->thought);
  g_assert_cmpstr (text->str, ==, c->text);
  g_assert_cmpstr (shown, ==, c->calls);
}

static void
test_families (void)
{
  g_autoptr (HrValue) tools = headroom_json_parse (tools_json, -1, FALSE, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (gsize piece = 1; piece <= strlen (cases[i].answer); piece++)
      check (&cases[i], piece, tools);
}

/* Without tools on offer nothing is a call. */
static void
test_without_tools (void)
{
  Case c = { QWEN, "<tool_call>{\"name\":\"now\",\"arguments\":{}}</tool_call>", "",
             "<tool_call>{\"name\":\"now\",\"arguments\":{}}</tool_call>", "[]" };

  check (&c, 3, NULL);
}

/* What must be called is a call that the parser takes. */
static void
test_grammars (void)
{
  static const struct {
    const char *template_text, *good, *bad;
  } forms[] = {
    { QWEN, "{\"name\":\"weather\",\"arguments\":{\"city\":\"Rom\"}}\n</tool_call>",
      "{\"name\":\"weather\",\"arguments\":{}}\n</tool_call>" },
    { MISTRAL, "[{\"name\":\"now\",\"arguments\":{}}]", "[]" },
    { GRANITE, "[{\"name\":\"now\",\"arguments\":{}}]", "[{\"name\":\"never\",\"arguments\":{}}]" },
    { LLAMA, "{\"name\":\"weather\",\"parameters\":{\"city\":\"Rom\",\"days\":2}}",
      "{\"name\":\"weather\",\"parameters\":{\"city\":\"Rom\",\"days\":\"2\"}}" },
    { OTHER, "{\"name\":\"now\",\"arguments\":{}}", "{\"name\":\"now\"}" },
  };
  g_autoptr (HrValue) tools = headroom_json_parse (tools_json, -1, FALSE, NULL);
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (forms); i++) {
    HeadroomSpeechForm form = headroom_speech_form_of (forms[i].template_text);
    g_auto (HeadroomToolGrammar) grammar = { 0 };
    headroom_tool_grammar_init (&grammar, form.tools, tools, NULL, &error);
    g_assert_no_error (error);
    g_assert_true (hr_grammar_matches (grammar.grammar, forms[i].good, strlen (forms[i].good)));
    g_assert_false (hr_grammar_matches (grammar.grammar, forms[i].bad, strlen (forms[i].bad)));
    g_autofree char *answer = g_strconcat (grammar.prefix, forms[i].good, NULL);
    g_autoptr (GString) text = g_string_new (NULL);
    g_autoptr (GString) thought = g_string_new (NULL);
    g_autoptr (HrValue) calls = hr_value_new_list ();
    HeadroomSpeech speech;
    headroom_speech_init (&speech, &form, tools, FALSE, FALSE);
    headroom_speech_feed (&speech, answer, strlen (answer), TRUE, thought, text, calls);
    headroom_speech_finish (&speech);
    g_assert_cmpuint (hr_value_size (calls), ==, 1);
    g_assert_cmpstr (text->str, ==, "");
  }
  g_auto (HeadroomToolGrammar) only = { 0 };
  headroom_tool_grammar_init (&only, HEADROOM_TOOLS_JSON, tools, "now", &error);
  g_assert_no_error (error);
  g_assert_false (hr_grammar_matches (only.grammar,
                                      "{\"name\":\"weather\",\"arguments\":{\"city\":\"\"}}", 42));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/speech/families", test_families);
  g_test_add_func ("/speech/without-tools", test_without_tools);
  g_test_add_func ("/speech/grammars", test_grammars);
  return g_test_run ();
}
