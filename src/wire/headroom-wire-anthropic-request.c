/* headroom-wire-anthropic-request.c: the body of POST /v1/messages.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Becomes what /api/chat would have said: blocks become texts, images, tool calls and tool
 * messages. Results of tools come before the text of the turn that brings them. Blocks of kinds
 * that are not known are passed over.
 */
#include <string.h>

#include "headroom-json.h"
#include "headroom-wire-private.h"

static const char *
type_of (const HrValue *block)
{
  const char *type =
      hr_value_kind (block) == HR_VALUE_DICT ? headroom_json_get_string (block, "type") : NULL;

  return type != NULL ? type : "";
}

static void
append_text (GString *text, const HrValue *value)
{
  gsize len;

  if (value == NULL || hr_value_kind (value) != HR_VALUE_STRING)
    return;
  const char *bytes = hr_value_get_string (value, &len);
  if (text->len > 0)
    g_string_append (text, "\n");
  g_string_append_len (text, bytes, (gssize) len);
}

/* A text, or the texts of a list of blocks. */
static HrValue *
text_of (const HrValue *value)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (value != NULL && hr_value_kind (value) == HR_VALUE_STRING)
    return hr_value_ref ((HrValue *) value);
  for (gsize i = 0;
       value != NULL && hr_value_kind (value) == HR_VALUE_LIST && i < hr_value_size (value); i++)
    if (strcmp (type_of (hr_value_at (value, i)), "text") == 0)
      append_text (text, hr_value_lookup (hr_value_at (value, i), "text"));
  return hr_value_new_string (text->str, (gssize) text->len, false);
}

static void
read_image (HeadroomFields *fields, const HrValue *block, HrValue *images)
{
  const HrValue *source = hr_value_lookup (block, "source");
  const char *type = source != NULL ? type_of (source) : "";
  HrValue *data = source != NULL && hr_value_kind (source) == HR_VALUE_DICT
                      ? hr_value_lookup (source, "data")
                      : NULL;

  if (strcmp (type, "base64") != 0) {
    headroom_fields_fail (fields, 400,
                          "invalid image source type: %.80s. Only base64 images are supported.",
                          type);
    return;
  }
  if (data == NULL)
    data = source != NULL ? (HrValue *) source : NULL;
  g_autoptr (GBytes) bytes = headroom_fields_decode_base64 (fields, data);
  if (bytes != NULL)
    hr_value_append (images, hr_value_ref (data));
}

static HrValue *
new_message (const char *role, HrValue *take_content)
{
  HrValue *message = hr_value_new_dict ();

  hr_value_set (message, "role", headroom_role_value (role));
  hr_value_set (message, "content", take_content);
  return message;
}

static void
add_tool_result (const HrValue *block, HrValue *messages)
{
  HrValue *message = new_message ("tool", text_of (hr_value_lookup (block, "content")));
  const char *id = headroom_json_get_string (block, "tool_use_id");
  HrValue *name = headroom_find_tool_name (messages, id);

  headroom_json_set_string (message, "tool_call_id", id);
  if (name != NULL)
    hr_value_set (message, "name", hr_value_ref (name));
  hr_value_append (messages, message);
}

static void
add_tool_use (HeadroomFields *fields, const HrValue *block, HrValue *calls)
{
  HrValue *id = hr_value_lookup (block, "id"), *name = hr_value_lookup (block, "name"),
          *input = hr_value_lookup (block, "input");

  if (name == NULL || hr_value_kind (name) != HR_VALUE_STRING ||
      (input != NULL && hr_value_kind (input) != HR_VALUE_DICT))
    headroom_fields_fail (fields, 400, "tool_use needs a name and an object as its input");
  else
    hr_value_append (calls, headroom_tool_call_new (
                                id != NULL && hr_value_kind (id) == HR_VALUE_STRING ? id : NULL,
                                name, input));
}

static void
read_blocks (HeadroomFields *fields, const char *role, const HrValue *blocks, HrValue *messages)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GString) thinking = g_string_new (NULL);
  g_autoptr (HrValue) images = hr_value_new_list ();
  g_autoptr (HrValue) calls = hr_value_new_list ();

  for (gsize i = 0; i < hr_value_size (blocks) && fields->error == NULL; i++) {
    const HrValue *block = hr_value_at (blocks, i);
    const char *type = type_of (block);
    if (strcmp (type, "text") == 0)
      append_text (text, hr_value_lookup (block, "text"));
    else if (strcmp (type, "thinking") == 0)
      append_text (thinking, hr_value_lookup (block, "thinking"));
    else if (strcmp (type, "image") == 0)
      read_image (fields, block, images);
    else if (strcmp (type, "tool_use") == 0)
      add_tool_use (fields, block, calls);
    else if (strcmp (type, "tool_result") == 0)
      add_tool_result (block, messages);
  }
  if (text->len == 0 && thinking->len == 0 && hr_value_size (images) == 0 &&
      hr_value_size (calls) == 0)
    return;
  HrValue *message = new_message (role, hr_value_new_string (text->str, (gssize) text->len, false));
  if (thinking->len > 0) {
    hr_value_set (message, "reasoning_content",
                  hr_value_new_string (thinking->str, (gssize) thinking->len, false));
    hr_value_set (message, "thinking",
                  hr_value_new_string (thinking->str, (gssize) thinking->len, false));
  }
  if (hr_value_size (images) > 0)
    hr_value_set (message, "images", hr_value_ref (images));
  if (hr_value_size (calls) > 0)
    hr_value_set (message, "tool_calls", hr_value_ref (calls));
  hr_value_append (messages, message);
}

static HrValue *
read_messages (HeadroomFields *fields)
{
  const HrValue *list = headroom_fields_list (fields, "messages", "[]anthropic.MessageParam");
  HrValue *messages = hr_value_new_list ();
  g_autoptr (HrValue) system = text_of (headroom_fields_any (fields, "system"));
  gsize len;

  if (hr_value_get_string (system, &len) != NULL && len > 0)
    hr_value_append (messages, new_message ("system", g_steal_pointer (&system)));
  if (list == NULL || hr_value_size (list) == 0)
    headroom_fields_fail (fields, 400, "messages is required");
  for (gsize i = 0; list != NULL && i < hr_value_size (list) && fields->error == NULL; i++) {
    const HrValue *value = hr_value_at (list, i);
    const char *role =
        hr_value_kind (value) == HR_VALUE_DICT ? headroom_json_get_string (value, "role") : NULL;
    const HrValue *content = role != NULL ? hr_value_lookup (value, "content") : NULL;
    if (content != NULL && hr_value_kind (content) == HR_VALUE_STRING)
      hr_value_append (messages, new_message (role, hr_value_ref ((HrValue *) content)));
    else if (content != NULL && hr_value_kind (content) == HR_VALUE_LIST)
      read_blocks (fields, role, content, messages);
    else
      headroom_fields_fail (
          fields, 400, "a message needs a role, and a text or a list of blocks as its content");
  }
  return messages;
}

static HrValue *
read_tools (HeadroomFields *fields)
{
  const HrValue *list = headroom_fields_list (fields, "tools", "[]anthropic.Tool");
  g_autoptr (HrValue) tools = hr_value_new_list ();

  for (gsize i = 0; list != NULL && i < hr_value_size (list); i++) {
    const HrValue *value = hr_value_at (list, i);
    HrValue *name = hr_value_kind (value) == HR_VALUE_DICT ? hr_value_lookup (value, "name") : NULL;
    if (name == NULL || hr_value_kind (name) != HR_VALUE_STRING) {
      headroom_fields_fail (fields, 400, "a tool needs a name");
      return NULL;
    }
    if (g_str_has_prefix (type_of (value), "web_search")) /* a service elsewhere */
      continue;
    hr_value_append (tools, headroom_tool_new (name, hr_value_lookup (value, "description"),
                                               hr_value_lookup (value, "input_schema")));
  }
  return hr_value_size (tools) > 0 ? g_steal_pointer (&tools) : NULL;
}

static HeadroomThink
read_thinking (HeadroomFields *fields)
{
  const HrValue *thinking = headroom_fields_dict (fields, "thinking", "anthropic.ThinkingConfig");
  const HrValue *config = headroom_fields_dict (fields, "output_config", "anthropic.OutputConfig");
  const char *effort = headroom_json_get_string (config, "effort");
  HeadroomThink think = HEADROOM_THINK_ON;

  if (thinking == NULL)
    return HEADROOM_THINK_UNSET;
  if (strcmp (type_of (thinking), "disabled") == 0)
    return HEADROOM_THINK_OFF;
  if (g_strcmp0 (effort, "xhigh") == 0)
    effort = "high";
  if (effort != NULL)
    headroom_think_parse (effort, &think);
  return think;
}

HeadroomWireRequest *
headroom_wire_parse_anthropic (const char *body, gsize len, GError **error)
{
  g_autoptr (HeadroomWireRequest) request = g_new0 (HeadroomWireRequest, 1);
  HeadroomFields fields;

  headroom_fields_init (&fields, "MessagesRequest", body, len);
  request->kind = HEADROOM_WIRE_ANTHROPIC;
  request->truncate = TRUE;
  request->shift = -1;
  request->model = headroom_fields_dup_string (&fields, "model");
  if (request->model == NULL || *request->model == '\0')
    headroom_fields_fail (&fields, 400, "model is required");
  if (headroom_fields_int (&fields, "max_tokens", 0) <= 0)
    headroom_fields_fail (&fields, 400, "max_tokens is required and must be positive");
  request->stream = headroom_fields_bool (&fields, "stream", FALSE);
  request->messages = read_messages (&fields);
  request->tools = read_tools (&fields);
  headroom_read_tool_choice (&fields, request);
  request->think = read_thinking (&fields);
  headroom_read_own (&fields, request);
  request->options = hr_value_new_dict ();
  headroom_copy_number (&fields, "max_tokens", request->options, "num_predict", "int");
  headroom_copy_number (&fields, "temperature", request->options, "temperature", "float64");
  headroom_copy_number (&fields, "top_p", request->options, "top_p", "float64");
  headroom_copy_number (&fields, "top_k", request->options, "top_k", "int");
  headroom_copy_stop (&fields, "stop_sequences", request->options);
  return headroom_fields_finish (&fields, error) ? g_steal_pointer (&request) : NULL;
}
