/* headroom-tool-forms.c: the forms that families give their calls, from text to values.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <string.h>

#include "headroom-json.h"
#include "headroom-tool-cursor.h"
#include "headroom-tool-parser.h"

/* ---- Finding things in text ---- */

gsize
headroom_tool_json_length (const char *text, gsize len, gboolean *ret_hopeless)
{
  gsize at = 0, depth = 0;
  gboolean in_string = FALSE;

  *ret_hopeless = FALSE;
  while (at < len && g_ascii_isspace (text[at]))
    at++;
  if (at < len && text[at] != '{' && text[at] != '[') {
    *ret_hopeless = TRUE;
    return 0;
  }
  for (; at < len; at++) {
    if (in_string) {
      if (text[at] == '\\')
        at++;
      else if (text[at] == '"')
        in_string = FALSE;
    } else if (text[at] == '"') {
      in_string = TRUE;
    } else if (text[at] == '{' || text[at] == '[') {
      depth++;
    } else if ((text[at] == '}' || text[at] == ']') && --depth == 0) {
      return at + 1;
    }
  }
  return 0;
}

static HrValue *
parse (const char *text, gsize len)
{
  return headroom_json_parse (text, (gssize) len, FALSE, NULL);
}

/* ---- JSON: an object, a list of such, or objects one after the other ---- */

static gboolean
add_call (HrValue *take_call, HrValue *calls)
{
  if (take_call != NULL)
    hr_value_append (calls, take_call);
  return take_call != NULL;
}

static gboolean
read_value (const HrValue *value, const HrValue *tools, HrValue *calls)
{
  if (hr_value_kind (value) != HR_VALUE_LIST)
    return add_call (headroom_tool_call_from_value (value, tools), calls);
  for (gsize i = 0; i < hr_value_size (value); i++)
    if (!add_call (headroom_tool_call_from_value (hr_value_at (value, i), tools), calls))
      return FALSE;
  return hr_value_size (value) > 0;
}

static gboolean
read_json (HeadroomCursor *c, const HrValue *tools, HrValue *calls)
{
  gboolean hopeless, any = FALSE;

  for (headroom_cursor_skip_space (c); c->at < c->end; headroom_cursor_skip_space (c)) {
    gsize n = headroom_tool_json_length (c->at, (gsize) (c->end - c->at), &hopeless);
    g_autoptr (HrValue) value = n > 0 ? parse (c->at, n) : NULL;
    if (value == NULL || !read_value (value, tools, calls))
      return FALSE;
    c->at += n;
    any = TRUE;
    headroom_cursor_skip_space (c);
    headroom_cursor_skip (c, ";");
  }
  return any;
}

/* ---- name[ARGS]{...} ---- */

static gboolean
read_mistral (HeadroomCursor *c, const HrValue *tools, HrValue *calls)
{
  const char *name;
  gsize n_name;

  if (!headroom_cursor_until (c, "[ARGS]", &name, &n_name))
    return read_json (c, tools, calls);
  for (gsize i = 0; i + strlen ("[CALL_ID]") < n_name; i++) /* an id may stand behind the name */
    if (memcmp (name + i, "[CALL_ID]", strlen ("[CALL_ID]")) == 0)
      n_name = i;
  return add_call (headroom_tool_call_from_parts (name, n_name,
                                                  parse (c->at, (gsize) (c->end - c->at)), tools),
                   calls);
}

/* ---- <function=name><parameter=key>value</parameter></function> ---- */

/* Parameters are texts; what the tool wants as something else is read as JSON. */
static HrValue *
typed_value (const HrValue *tool, const char *key, const char *text, gsize len)
{
  const HrValue *function = hr_value_lookup (tool, "function"),
                *parameters = hr_value_lookup (function, "parameters");
  const HrValue *properties = parameters != NULL && hr_value_kind (parameters) == HR_VALUE_DICT
                                  ? hr_value_lookup (parameters, "properties")
                                  : NULL;
  const HrValue *schema = properties != NULL && hr_value_kind (properties) == HR_VALUE_DICT
                              ? hr_value_lookup (properties, key)
                              : NULL;
  const char *type = schema != NULL && hr_value_kind (schema) == HR_VALUE_DICT
                         ? headroom_json_get_string (schema, "type")
                         : NULL;
  HrValue *value = type != NULL && g_str_equal (type, "string") ? NULL : parse (text, len);

  return value != NULL ? value : hr_value_new_string (text, (gssize) len, false);
}

static HrValue *
read_parameters (HeadroomCursor *c, const HrValue *tool)
{
  g_autoptr (HrValue) arguments = hr_value_new_dict ();

  for (headroom_cursor_skip_space (c); headroom_cursor_skip (c, "<parameter=");
       headroom_cursor_skip_space (c)) {
    const char *key, *value;
    gsize n_key, n_value;
    if (!headroom_cursor_until (c, ">", &key, &n_key) ||
        !headroom_cursor_until (c, "</parameter>", &value, &n_value))
      return NULL;
    if (n_value > 0 && *value == '\n')
      value++, n_value--;
    if (n_value > 0 && value[n_value - 1] == '\n')
      n_value--;
    g_autofree char *name = g_strstrip (g_strndup (key, n_key));
    hr_value_set (arguments, name, typed_value (tool, name, value, n_value));
  }
  return g_steal_pointer (&arguments);
}

static gboolean
read_xml (HeadroomCursor *c, const HrValue *tools, HrValue *calls)
{
  const char *name;
  gsize n_name;

  headroom_cursor_skip_space (c);
  if (!headroom_cursor_skip (c, "<function="))
    return read_json (c, tools, calls);
  if (!headroom_cursor_until (c, ">", &name, &n_name))
    return FALSE;
  g_autofree char *trimmed = g_strstrip (g_strndup (name, n_name));
  const HrValue *tool = headroom_tool_find (tools, trimmed);
  HrValue *arguments = tool != NULL ? read_parameters (c, tool) : NULL;
  headroom_cursor_skip (c, "</function>");
  headroom_cursor_skip_space (c);
  if (c->at < c->end)
    g_clear_pointer (&arguments, hr_value_unref);
  return add_call (headroom_tool_call_from_parts (trimmed, strlen (trimmed), arguments, tools),
                   calls);
}

/* ---- DeepSeek: function<sep>name, a fence of JSON; or name<sep>JSON ---- */

static gboolean
read_deepseek (HeadroomCursor *c, const HrValue *tools, HrValue *calls)
{
  gboolean any = FALSE;

  headroom_cursor_skip_space (c);
  if (c->at < c->end && (*c->at == '{' || *c->at == '['))
    return read_json (c, tools, calls);
  for (headroom_cursor_skip_space (c); headroom_cursor_skip (c, "<｜tool▁call▁begin｜>");
       headroom_cursor_skip_space (c), any = TRUE) {
    const char *head, *body, *brace;
    gsize n_head, n_body;
    gboolean hopeless;
    if (!headroom_cursor_until (c, "<｜tool▁sep｜>", &head, &n_head) ||
        !headroom_cursor_until (c, "<｜tool▁call▁end｜>", &body, &n_body))
      return FALSE;
    brace = memchr (body, '{', n_body);
    if (brace == NULL)
      return FALSE;
    gsize n = headroom_tool_json_length (brace, n_body - (gsize) (brace - body), &hopeless);
    gboolean is_fenced = n_head == strlen ("function") && memcmp (head, "function", n_head) == 0;
    const char *line_end = memchr (body, '\n', n_body);
    const char *name = is_fenced ? body : head;
    gsize n_name = is_fenced
                       ? (gsize) ((line_end != NULL && line_end < brace ? line_end : brace) - body)
                       : n_head;
    if (!add_call (headroom_tool_call_from_parts (name, n_name, n > 0 ? parse (brace, n) : NULL,
                                                  tools),
                   calls))
      return FALSE;
  }
  headroom_cursor_skip_space (c);
  return any && c->at == c->end;
}

gboolean
headroom_tool_read_block (HeadroomToolSyntax syntax, const char *text, gsize len,
                          const HrValue *tools, HrValue *ret_calls)
{
  g_autofree char *copy = g_strndup (text, len); /* ended, for strcspn */
  HeadroomCursor c = { copy, copy + len };
  g_autoptr (HrValue) calls = hr_value_new_list ();
  gboolean good;

  switch (syntax) {
  case HEADROOM_TOOLS_MISTRAL:
    good = read_mistral (&c, tools, calls);
    break;
  case HEADROOM_TOOLS_XML:
    good = read_xml (&c, tools, calls);
    break;
  case HEADROOM_TOOLS_DEEPSEEK:
    good = read_deepseek (&c, tools, calls);
    break;
  case HEADROOM_TOOLS_GEMMA:
  case HEADROOM_TOOLS_GEMMA_TURN:
    good =
        *copy == '{' ? read_json (&c, tools, calls) : headroom_tool_read_gemma (&c, tools, calls);
    break;
  default:
    good = read_json (&c, tools, calls);
    break;
  }
  for (gsize i = 0; good && i < hr_value_size (calls); i++)
    hr_value_append (ret_calls, hr_value_ref (hr_value_at (calls, i)));
  return good;
}
