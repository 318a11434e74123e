/* headroom-wire-responses-request.c: the body of POST /v1/responses.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Items become messages: a call of a function and the thoughts before it belong to the assistant's
 * message that they stand beside.
 */
#include <string.h>

#include "headroom-json.h"
#include "headroom-wire-private.h"

static const char *
type_of (const HrValue *item)
{
  const char *type =
      hr_value_kind (item) == HR_VALUE_DICT ? headroom_json_get_string (item, "type") : NULL;

  return type != NULL ? type : "message";
}

static HrValue *
new_message (const char *role, HrValue *take_content)
{
  HrValue *message = hr_value_new_dict ();

  hr_value_set (message, "role",
                headroom_role_value (strcmp (role, "developer") == 0 ? "system" : role));
  hr_value_set (message, "content", take_content);
  return message;
}

/* A text or parts. */
static HrValue *
read_content (HeadroomFields *fields, const HrValue *content, HrValue *ret_images)
{
  if (content != NULL && hr_value_kind (content) == HR_VALUE_STRING)
    return hr_value_ref ((HrValue *) content);
  if (content != NULL && hr_value_kind (content) == HR_VALUE_LIST)
    return headroom_openai_read_parts (fields, content, ret_images);
  return hr_value_new_string ("", 0, false);
}

static void
read_message (HeadroomFields *fields, const HrValue *item, HrValue *messages)
{
  const char *role = headroom_json_get_string (item, "role");
  g_autoptr (HrValue) images = hr_value_new_list ();
  HrValue *message;

  if (role == NULL) {
    headroom_fields_fail (fields, 400, "a message needs a role");
    return;
  }
  message = new_message (role, read_content (fields, hr_value_lookup (item, "content"), images));
  if (hr_value_size (images) > 0)
    hr_value_set (message, "images", hr_value_ref (images));
  hr_value_append (messages, message);
}

/* The assistant's message at the end, made if there is none. */
static HrValue *
last_assistant (HrValue *messages)
{
  gsize n = hr_value_size (messages);
  HrValue *last = n > 0 ? hr_value_at (messages, n - 1) : NULL;

  if (last != NULL && g_strcmp0 (headroom_json_get_string (last, "role"), "assistant") == 0)
    return last;
  last = new_message ("assistant", hr_value_new_string ("", 0, false));
  hr_value_append (messages, last);
  return last;
}

static void
read_function_call (HeadroomFields *fields, const HrValue *item, HrValue *messages)
{
  HrValue *id = hr_value_lookup (item, "call_id"), *name = hr_value_lookup (item, "name");
  const char *text = headroom_json_get_string (item, "arguments");
  g_autoptr (HrValue) arguments = text != NULL ? headroom_json_parse (text, -1, FALSE, NULL) : NULL;
  HrValue *message, *calls;

  if (arguments == NULL || hr_value_kind (arguments) != HR_VALUE_DICT || name == NULL ||
      hr_value_kind (name) != HR_VALUE_STRING) {
    headroom_fields_fail (fields, 400, "invalid tool call arguments");
    return;
  }
  message = last_assistant (messages);
  calls = hr_value_lookup (message, "tool_calls");
  if (calls == NULL) {
    calls = hr_value_new_list ();
    hr_value_set (message, "tool_calls", calls);
  }
  hr_value_append (calls, headroom_tool_call_new (
                              id != NULL && hr_value_kind (id) == HR_VALUE_STRING ? id : NULL, name,
                              arguments));
}

static void
read_function_output (HeadroomFields *fields, const HrValue *item, HrValue *messages)
{
  const char *id = headroom_json_get_string (item, "call_id");
  g_autoptr (HrValue) images = hr_value_new_list ();
  HrValue *message =
      new_message ("tool", read_content (fields, hr_value_lookup (item, "output"), images));
  HrValue *name = headroom_find_tool_name (messages, id);

  headroom_json_set_string (message, "tool_call_id", id);
  if (name != NULL)
    hr_value_set (message, "name", hr_value_ref (name));
  hr_value_append (messages, message);
}

/* Thoughts come back as the plain text that was given out. */
static void
read_reasoning (const HrValue *item, HrValue *messages)
{
  HrValue *text = hr_value_lookup (item, "encrypted_content");
  HrValue *message;

  if (text == NULL || hr_value_kind (text) != HR_VALUE_STRING)
    return;
  message = new_message ("assistant", hr_value_new_string ("", 0, false));
  hr_value_set (message, "reasoning_content", hr_value_ref (text));
  hr_value_set (message, "thinking", hr_value_ref (text));
  hr_value_append (messages, message);
}

static void
read_item (HeadroomFields *fields, const HrValue *item, HrValue *messages)
{
  const char *type = type_of (item);

  if (hr_value_kind (item) != HR_VALUE_DICT)
    headroom_fields_refuse_type (fields, "input", item, "openai.ResponsesInputItem");
  else if (strcmp (type, "message") == 0)
    read_message (fields, item, messages);
  else if (strcmp (type, "function_call") == 0)
    read_function_call (fields, item, messages);
  else if (strcmp (type, "function_call_output") == 0)
    read_function_output (fields, item, messages);
  else if (strcmp (type, "reasoning") == 0)
    read_reasoning (item, messages);
}

static HrValue *
read_input (HeadroomFields *fields)
{
  const HrValue *input = headroom_fields_any (fields, "input");
  HrValue *instructions = headroom_fields_ref_text (fields, "instructions"),
          *messages = hr_value_new_list ();

  if (instructions != NULL)
    hr_value_append (messages, new_message ("system", instructions));
  if (input == NULL)
    headroom_fields_fail (fields, 400, "input is required");
  else if (hr_value_kind (input) == HR_VALUE_STRING)
    hr_value_append (messages, new_message ("user", hr_value_ref ((HrValue *) input)));
  else if (hr_value_kind (input) != HR_VALUE_LIST)
    headroom_fields_refuse_type (fields, "input", input, "openai.ResponsesInput");
  for (gsize i = 0; input != NULL && hr_value_kind (input) == HR_VALUE_LIST &&
                    i < hr_value_size (input) && fields->error == NULL;
       i++)
    read_item (fields, hr_value_at (input, i), messages);
  return messages;
}

static void
add_tool (HeadroomFields *fields, const HrValue *value, const char *space, HrValue *tools)
{
  HrValue *name = hr_value_lookup (value, "name");

  if (name == NULL || hr_value_kind (name) != HR_VALUE_STRING) {
    headroom_fields_fail (fields, 400, "a tool needs a name");
    return;
  }
  g_autofree char *full =
      space != NULL ? g_strconcat (space, ".", hr_value_get_string (name, NULL), NULL) : NULL;
  g_autoptr (HrValue) full_name =
      full != NULL ? hr_value_new_string (full, -1, false) : hr_value_ref (name);
  hr_value_append (tools, headroom_tool_new (full_name, hr_value_lookup (value, "description"),
                                             hr_value_lookup (value, "parameters")));
}

/* Functions; those of a namespace under "namespace.name". Other tools are services elsewhere. */
static HrValue *
read_tools (HeadroomFields *fields)
{
  const HrValue *list = headroom_fields_list (fields, "tools", "[]openai.ResponsesTool");
  g_autoptr (HrValue) tools = hr_value_new_list ();

  for (gsize i = 0; list != NULL && i < hr_value_size (list); i++) {
    const HrValue *value = hr_value_at (list, i);
    const char *type =
        hr_value_kind (value) == HR_VALUE_DICT ? headroom_json_get_string (value, "type") : NULL;
    const HrValue *inner =
        g_strcmp0 (type, "namespace") == 0 ? hr_value_lookup (value, "tools") : NULL;
    if (g_strcmp0 (type, "function") == 0)
      add_tool (fields, value, NULL, tools);
    for (gsize k = 0;
         inner != NULL && hr_value_kind (inner) == HR_VALUE_LIST && k < hr_value_size (inner); k++)
      if (hr_value_kind (hr_value_at (inner, k)) == HR_VALUE_DICT)
        add_tool (fields, hr_value_at (inner, k), headroom_json_get_string (value, "name"), tools);
  }
  return hr_value_size (tools) > 0 ? g_steal_pointer (&tools) : NULL;
}

/* text.format: {type: "json_schema", schema} or {type: "json_object"} */
static HrValue *
read_format (HeadroomFields *fields)
{
  const HrValue *text = headroom_fields_dict (fields, "text", "openai.ResponsesText");
  HrValue *format = text != NULL ? hr_value_lookup (text, "format") : NULL, *schema;
  const char *type;

  if (format == NULL || hr_value_kind (format) != HR_VALUE_DICT)
    return NULL;
  type = headroom_json_get_string (format, "type");
  if (g_strcmp0 (type, "json_object") == 0)
    return hr_value_new_string ("json", -1, false);
  schema = g_strcmp0 (type, "json_schema") == 0 ? hr_value_lookup (format, "schema") : NULL;
  return schema != NULL && hr_value_kind (schema) == HR_VALUE_DICT ? hr_value_ref (schema) : NULL;
}

static HrValue *
read_options (HeadroomFields *fields)
{
  HrValue *options = hr_value_new_dict ();

  hr_value_set (options, "temperature", hr_value_new_float (1));
  headroom_copy_number (fields, "temperature", options, "temperature", "float64");
  headroom_copy_number (fields, "top_p", options, "top_p", "float64");
  headroom_copy_number (fields, "max_output_tokens", options, "num_predict", "int");
  return options;
}

HeadroomWireRequest *
headroom_wire_parse_responses (const char *body, gsize len, GError **error)
{
  g_autoptr (HeadroomWireRequest) request = g_new0 (HeadroomWireRequest, 1);
  HeadroomFields fields;

  headroom_fields_init (&fields, "ResponsesRequest", body, len);
  request->kind = HEADROOM_WIRE_RESPONSES;
  request->truncate = TRUE;
  request->shift = -1;
  request->model = headroom_fields_dup_string (&fields, "model");
  request->stream = headroom_fields_bool (&fields, "stream", FALSE);
  request->messages = read_input (&fields);
  request->tools = read_tools (&fields);
  headroom_read_tool_choice (&fields, request);
  request->format = read_format (&fields);
  request->think = headroom_openai_read_effort (&fields);
  request->options = read_options (&fields);
  headroom_read_own (&fields, request);
  if (headroom_fields_any (&fields, "previous_response_id") != NULL)
    headroom_fields_fail (&fields, 400,
                          "previous_response_id is not supported: answers are not kept");
  if (request->model == NULL || *request->model == '\0')
    headroom_fields_fail (&fields, 400, "model is required");
  return headroom_fields_finish (&fields, error) ? g_steal_pointer (&request) : NULL;
}
