/* headroom-tool-syntax.c: see headroom-tool-syntax.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-tool-syntax.h"

#include <string.h>

#include "headroom-json.h"

#define MAX_CALLS 16 /* at once, where an answer is made to call */

/* ---- Families ---- */

HeadroomToolSyntax
headroom_tool_syntax_find (const char *template_text)
{
  static const struct {
    const char *mark;
    HeadroomToolSyntax syntax;
  } marks[] = {
    { "<|channel|>", HEADROOM_TOOLS_HARMONY },
    { "tool▁calls▁begin", HEADROOM_TOOLS_DEEPSEEK },
    { "[TOOL_CALLS]", HEADROOM_TOOLS_MISTRAL },
    { "<start_function_call>", HEADROOM_TOOLS_GEMMA },
    { "<|tool_call>call:", HEADROOM_TOOLS_GEMMA_TURN },
    { "<function=", HEADROOM_TOOLS_XML },
    { "<|tool_call|>", HEADROOM_TOOLS_GRANITE },
    { "<tool_call>", HEADROOM_TOOLS_TAGGED },
    { "<|python_tag|>", HEADROOM_TOOLS_LLAMA },
    { "\"parameters\": dictionary", HEADROOM_TOOLS_LLAMA },
    { "<|start_header_id|>", HEADROOM_TOOLS_LLAMA },
  };

  if (template_text == NULL)
    return HEADROOM_TOOLS_NONE;
  for (gsize i = 0; i < 1; i++) /* gpt-oss writes channels without any tools */
    if (strstr (template_text, marks[i].mark) != NULL &&
        strstr (template_text, "<|message|>") != NULL)
      return marks[i].syntax;
  if (strstr (template_text, "tools") == NULL)
    return HEADROOM_TOOLS_NONE;
  for (gsize i = 1; i < G_N_ELEMENTS (marks); i++)
    if (strstr (template_text, marks[i].mark) != NULL)
      return marks[i].syntax;
  return HEADROOM_TOOLS_JSON;
}

const char *
headroom_tool_syntax_open (HeadroomToolSyntax syntax)
{
  static const char *const open[] = { NULL,
                                      "<tool_call>",
                                      "<tool_call>",
                                      "[TOOL_CALLS]",
                                      "<|tool_call|>",
                                      "<|python_tag|>",
                                      "<｜tool▁calls▁begin｜>",
                                      NULL,
                                      "<start_function_call>",
                                      "<|tool_call>",
                                      NULL };

  return open[syntax];
}

const char *
headroom_tool_syntax_close (HeadroomToolSyntax syntax)
{
  static const char *const close[] = {
    NULL, "</tool_call>",        "</tool_call>", NULL, NULL, NULL, "<｜tool▁calls▁end｜>",
    NULL, "<end_function_call>", "<tool_call|>", NULL
  };

  return close[syntax];
}

/* ---- Calls ---- */

static const HrValue *
function_of (const HrValue *tool)
{
  const HrValue *function =
      hr_value_kind (tool) == HR_VALUE_DICT ? hr_value_lookup (tool, "function") : NULL;

  return function != NULL && hr_value_kind (function) == HR_VALUE_DICT ? function : NULL;
}

const HrValue *
headroom_tool_find (const HrValue *tools, const char *name)
{
  for (gsize i = 0; tools != NULL && i < hr_value_size (tools); i++) {
    const HrValue *tool = hr_value_at (tools, i);
    if (g_strcmp0 (headroom_json_get_string (function_of (tool), "name"), name) == 0)
      return tool;
  }
  return NULL;
}

static char *
new_id (void)
{
  static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
  char id[] = "call_xxxxxxxx";

  for (gsize i = strlen ("call_"); id[i] != '\0'; i++)
    id[i] = letters[g_random_int_range (0, (gint32) strlen (letters))];
  return g_strdup (id);
}

HrValue *
headroom_tool_call_from_parts (const char *name, gsize len, HrValue *take_arguments,
                               const HrValue *tools)
{
  g_autoptr (HrValue) arguments = take_arguments;
  g_autofree char *trimmed = g_strstrip (g_strndup (name, len));
  HrValue *call, *function;
  g_autofree char *id = NULL;

  if (arguments == NULL || hr_value_kind (arguments) != HR_VALUE_DICT ||
      headroom_tool_find (tools, trimmed) == NULL)
    return NULL;
  id = new_id ();
  call = hr_value_new_dict ();
  function = hr_value_new_dict ();
  headroom_json_set_string (call, "id", id);
  headroom_json_set_string (call, "type", "function");
  headroom_json_set_string (function, "name", trimmed);
  hr_value_set (function, "arguments", g_steal_pointer (&arguments));
  hr_value_set (call, "function", function);
  return call;
}

HrValue *
headroom_tool_call_from_value (const HrValue *value, const HrValue *tools)
{
  const HrValue *function = hr_value_kind (value) == HR_VALUE_DICT ? function_of (value) : NULL;
  const HrValue *holder = function != NULL ? function : value;
  const char *name =
      hr_value_kind (value) == HR_VALUE_DICT ? headroom_json_get_string (holder, "name") : NULL;
  HrValue *arguments;

  if (name == NULL)
    return NULL;
  arguments = hr_value_lookup (holder, "arguments");
  if (arguments == NULL)
    arguments = hr_value_lookup (holder, "parameters");
  if (arguments == NULL)
    arguments = hr_value_new_dict ();
  else if (hr_value_kind (arguments) == HR_VALUE_STRING)
    arguments = headroom_json_parse (hr_value_get_string (arguments, NULL), -1, FALSE, NULL);
  else
    arguments = hr_value_ref (arguments);
  return headroom_tool_call_from_parts (name, strlen (name), arguments, tools);
}

/* ---- Grammars ---- */

static HrValue *
constant (const char *text)
{
  HrValue *dict = hr_value_new_dict ();

  headroom_json_set_string (dict, "const", text);
  return dict;
}

static HrValue *
object_schema (void)
{
  HrValue *dict = hr_value_new_dict ();

  headroom_json_set_string (dict, "type", "object");
  return dict;
}

/* Definitions that parameters refer to as "#/$defs/..." belong at the root of the whole. */
static void
move_definitions (const HrValue *parameters, HrValue *root)
{
  static const char *const names[] = { "$defs", "definitions" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    HrValue *definitions = hr_value_lookup (parameters, names[i]),
            *all = hr_value_lookup (root, names[i]);
    if (definitions == NULL || hr_value_kind (definitions) != HR_VALUE_DICT)
      continue;
    if (all == NULL) {
      all = hr_value_new_dict ();
      hr_value_set (root, names[i], all);
    }
    for (gsize k = 0; k < hr_value_size (definitions); k++) {
      const char *name;
      HrValue *definition = hr_value_entry (definitions, k, &name);
      hr_value_set (all, name, hr_value_ref (definition));
    }
  }
}

/* {"name": "f", "arguments": {...}} */
static HrValue *
call_schema (const HrValue *tool, const char *arguments_key, HrValue *root)
{
  const HrValue *function = function_of (tool);
  HrValue *parameters = function != NULL ? hr_value_lookup (function, "parameters") : NULL;
  HrValue *schema = object_schema (), *properties = hr_value_new_dict (),
          *required = hr_value_new_list ();
  gboolean is_object = parameters != NULL && hr_value_kind (parameters) == HR_VALUE_DICT &&
                       hr_value_size (parameters) > 0;

  if (is_object)
    move_definitions (parameters, root);
  hr_value_set (properties, "name", constant (headroom_json_get_string (function, "name")));
  hr_value_set (properties, arguments_key,
                is_object ? hr_value_ref (parameters) : object_schema ());
  hr_value_append (required, hr_value_new_string ("name", -1, false));
  hr_value_append (required, hr_value_new_string (arguments_key, -1, false));
  hr_value_set (schema, "properties", properties);
  hr_value_set (schema, "required", required);
  return schema;
}

static HrValue *
calls_schema (const HrValue *tools, const char *only, const char *arguments_key, gboolean as_list)
{
  HrValue *root = hr_value_new_dict (), *any = hr_value_new_list (), *one;

  for (gsize i = 0; i < hr_value_size (tools); i++) {
    const HrValue *tool = hr_value_at (tools, i);
    const char *name = headroom_json_get_string (function_of (tool), "name");
    if (name != NULL && (only == NULL || g_str_equal (name, only)))
      hr_value_append (any, call_schema (tool, arguments_key, root));
  }
  if (!as_list) {
    hr_value_set (root, "anyOf", any);
    return root;
  }
  one = hr_value_new_dict ();
  hr_value_set (one, "anyOf", any);
  headroom_json_set_string (root, "type", "array");
  headroom_json_set_int (root, "minItems", 1);
  headroom_json_set_int (root, "maxItems", MAX_CALLS);
  hr_value_set (root, "items", one);
  return root;
}

typedef struct {
  const char *prefix, *after, *behind, *arguments_key;
  gboolean as_list;
} Form;

/* Families whose own form is no JSON are held to it only where they must call: then in JSON, which
 * is read as well. */
static Form
form_of (HeadroomToolSyntax syntax)
{
  switch (syntax) {
  case HEADROOM_TOOLS_TAGGED:
    return (Form) { "<tool_call>\n", "<tool_call>\n", "\n</tool_call>", "arguments", FALSE };
  case HEADROOM_TOOLS_MISTRAL:
    return (Form) { "[TOOL_CALLS]", NULL, NULL, "arguments", TRUE };
  case HEADROOM_TOOLS_GRANITE:
    return (Form) { "<|tool_call|>", "<|tool_call|>", NULL, "arguments", TRUE };
  case HEADROOM_TOOLS_LLAMA:
    return (Form) { "", NULL, NULL, "parameters", FALSE };
  case HEADROOM_TOOLS_HARMONY:
    return (Form) { "<|channel|>final<|message|>", NULL, NULL, "arguments", FALSE };
  default:
    return (Form) { "", NULL, NULL, "arguments", FALSE };
  }
}

gboolean
headroom_tool_grammar_init (HeadroomToolGrammar *self, HeadroomToolSyntax syntax,
                            const HrValue *tools, const char *only, GError **error)
{
  Form form = form_of (syntax);
  g_autoptr (HrValue) schema = calls_schema (tools, only, form.arguments_key, form.as_list);
  HrGrammar *grammar = hr_grammar_new_schema (NULL, schema, form.behind, error);

  if (grammar == NULL)
    return FALSE;
  *self = (HeadroomToolGrammar) { form.prefix, form.after, grammar };
  return TRUE;
}

void
headroom_tool_grammar_clear (HeadroomToolGrammar *self)
{
  g_clear_pointer (&self->grammar, hr_grammar_unref);
}
