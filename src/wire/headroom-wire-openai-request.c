/* headroom-wire-openai-request.c: the body of POST /v1/chat/completions.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Everything becomes what /api/chat would have said: sampling settings become options, parts of a
 * message become messages of their own, arguments of tool calls become objects. temperature and
 * top_p are 1.0 where the client says nothing, as this API has it.
 */
#include <string.h>

#include "headroom-json.h"
#include "headroom-wire-private.h"

#define MAX_TOP_LOGPROBS 20

/* ---- Messages ---- */

static const char *
go_type_name (const HrValue *value)
{
  switch (value != NULL ? hr_value_kind (value) : HR_VALUE_NULL) {
  case HR_VALUE_BOOL:
    return "bool";
  case HR_VALUE_INT:
  case HR_VALUE_FLOAT:
    return "float64";
  case HR_VALUE_STRING:
    return "string";
  case HR_VALUE_LIST:
    return "[]interface {}";
  case HR_VALUE_DICT:
    return "map[string]interface {}";
  default:
    return "<nil>";
  }
}

static HrValue *
new_message (const char *role, HrValue *take_content)
{
  HrValue *message = hr_value_new_dict ();

  /* The newer name of the same role. */
  hr_value_set (message, "role",
                headroom_role_value (g_ascii_strcasecmp (role, "developer") == 0 ? "system"
                                                                                 : role));
  hr_value_set (message, "content", take_content);
  return message;
}

/* The base64 text behind the comma of a data: URL, as a value; NULL if refused. */
static HrValue *
read_image_url (HeadroomFields *fields, const HrValue *part)
{
  static const char *const prefixes[] = {
    "data:image/jpeg;base64,", "data:image/jpg;base64,", "data:image/png;base64,",
    "data:image/webp;base64,", "data:;base64,",
  };
  const HrValue *value = hr_value_lookup (part, "image_url");
  const char *url = value != NULL && hr_value_kind (value) == HR_VALUE_DICT
                        ? headroom_json_get_string (value, "url")
                        : headroom_json_get_string (part, "image_url");

  if (url != NULL && (g_str_has_prefix (url, "http://") || g_str_has_prefix (url, "https://"))) {
    headroom_fields_fail (
        fields, 400,
        "image URLs are not currently supported, please use base64 encoded data instead");
    return NULL;
  }
  for (gsize i = 0; url != NULL && i < G_N_ELEMENTS (prefixes); i++) {
    if (!g_str_has_prefix (url, prefixes[i]))
      continue;
    HeadroomFields scratch = { 0 };
    g_autoptr(HrValue) text = hr_value_new_string (url + strlen (prefixes[i]), -1, false);
    g_autoptr(GBytes) bytes = headroom_fields_decode_base64 (&scratch, text);
    g_clear_error (&scratch.error);
    if (bytes != NULL)
      return g_steal_pointer (&text);
    break;
  }
  headroom_fields_fail (fields, 400, "invalid image input");
  return NULL;
}

/* One part of a message: text goes to its content, behind what is there, a picture to its images.
 */
static void
read_part (HeadroomFields *fields, const HrValue *part, GString *text, HrValue *images)
{
  const char *type =
      hr_value_kind (part) == HR_VALUE_DICT ? headroom_json_get_string (part, "type") : NULL;
  gboolean is_text = g_strcmp0 (type, "text") == 0 || g_strcmp0 (type, "input_text") == 0 ||
                     g_strcmp0 (type, "output_text") == 0;
  HrValue *value = is_text ? hr_value_lookup (part, "text") : NULL;
  gsize len;

  if (value != NULL && hr_value_kind (value) == HR_VALUE_STRING) {
    const char *bytes = hr_value_get_string (value, &len);
    if (text->len > 0)
      g_string_append (text, "\n");
    g_string_append_len (text, bytes, (gssize) len);
  } else if (g_strcmp0 (type, "image_url") == 0 || g_strcmp0 (type, "input_image") == 0) {
    HrValue *image = read_image_url (fields, part);
    if (image != NULL)
      hr_value_append (images, image);
  } else {
    headroom_fields_fail (fields, 400,
                          g_strcmp0 (type, "input_file") == 0
                              ? "file inputs are not currently supported"
                              : "invalid message format");
  }
}

HrValue *
headroom_openai_read_parts (HeadroomFields *fields, const HrValue *list, HrValue *ret_images)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (size_t i = 0; i < hr_value_size (list) && fields->error == NULL; i++)
    read_part (fields, hr_value_at (list, i), text, ret_images);
  return hr_value_new_string (text->str, (gssize) text->len, false);
}

static void
read_tool_call (HeadroomFields *fields, const HrValue *call, HrValue *calls)
{
  const HrValue *function =
      hr_value_kind (call) == HR_VALUE_DICT ? hr_value_lookup (call, "function") : NULL;
  const char *text = headroom_json_get_string (function, "arguments");
  g_autoptr(HrValue) arguments = text != NULL ? headroom_json_parse (text, -1, FALSE, NULL) : NULL;

  if (arguments == NULL || hr_value_kind (arguments) != HR_VALUE_DICT) {
    headroom_fields_fail (fields, 400, "invalid tool call arguments");
    return;
  }
  HrValue *id = hr_value_lookup (call, "id"), *name = hr_value_lookup (function, "name");
  if ((id != NULL && hr_value_kind (id) != HR_VALUE_STRING) || name == NULL
      || hr_value_kind (name) != HR_VALUE_STRING) {
    headroom_fields_fail (fields, 400, "invalid message format");
    return;
  }
  hr_value_append (calls, headroom_tool_call_new (id, name, arguments));
}

/* The name of the function that a tool message answers, from the calls before it. */
HrValue *
headroom_find_tool_name (const HrValue *messages, const char *id)
{
  for (size_t i = hr_value_size (messages); id != NULL && i-- > 0;) {
    const HrValue *calls = hr_value_lookup (hr_value_at (messages, i), "tool_calls");
    for (size_t j = 0; calls != NULL && j < hr_value_size (calls); j++) {
      const HrValue *call = hr_value_at (calls, j);
      if (g_strcmp0 (headroom_json_get_string (call, "id"), id) == 0)
        return hr_value_lookup (hr_value_lookup (call, "function"), "name");
    }
  }
  return NULL;
}

static void
set_tool_fields (HeadroomFields *inner, HrValue *message, const HrValue *earlier)
{
  HrValue *id = headroom_fields_ref_text (inner, "tool_call_id");
  HrValue *name = headroom_fields_ref_text (inner, "name");
  HrValue *found = name == NULL && id != NULL
                       ? headroom_find_tool_name (earlier, hr_value_get_string (id, NULL))
                       : NULL;

  if (found != NULL)
    name = hr_value_ref (found);
  if (name != NULL)
    hr_value_set (message, "name", name);
  if (id != NULL)
    hr_value_set (message, "tool_call_id", id);
}

static void
set_reasoning (HeadroomFields *inner, HrValue *message)
{
  HrValue *reasoning = headroom_fields_ref_text (inner, "reasoning");

  if (reasoning == NULL)
    return;
  hr_value_set (message, "reasoning_content", hr_value_ref (reasoning));
  hr_value_set (message, "thinking", reasoning);
}

/* A message of one content, or of none but with tool calls. */
static void
read_whole (HeadroomFields *fields, HeadroomFields *inner, const char *role, HrValue *content,
            HrValue *messages)
{
  const HrValue *list = headroom_fields_list (inner, "tool_calls", "[]openai.ToolCall");
  gboolean has_calls = list != NULL && hr_value_size (list) > 0;

  if (content == NULL && !has_calls) {
    headroom_fields_fail (fields, 400, "invalid message content type: <nil>");
    return;
  }
  HrValue *message = new_message (role, content != NULL ? hr_value_ref (content)
                                                        : hr_value_new_string ("", 0, false));
  set_reasoning (inner, message);
  if (has_calls) {
    HrValue *calls = hr_value_new_list ();
    hr_value_set (message, "tool_calls", calls);
    for (size_t i = 0; i < hr_value_size (list); i++)
      read_tool_call (fields, hr_value_at (list, i), calls);
  }
  set_tool_fields (inner, message, messages);
  hr_value_append (messages, message);
}

static void
read_message (HeadroomFields *fields, const HrValue *value, HrValue *messages)
{
  HeadroomFields inner = headroom_fields_inner (fields, value, "messages.");
  g_autofree char *role = headroom_fields_dup_string (&inner, "role");
  HrValue *content = (HrValue *) headroom_fields_any (&inner, "content");
  HrValueKind kind = content != NULL ? hr_value_kind (content) : HR_VALUE_NULL;

  if (kind == HR_VALUE_LIST) {
    g_autoptr (HrValue) images = hr_value_new_list ();
    g_autoptr (HrValue) text = headroom_openai_read_parts (fields, content, images);
    read_whole (fields, &inner, role != NULL ? role : "", text, messages);
    if (hr_value_size (images) > 0 && hr_value_size (messages) > 0)
      hr_value_set (hr_value_at (messages, hr_value_size (messages) - 1), "images",
                    hr_value_ref (images));
  } else if (kind == HR_VALUE_STRING || kind == HR_VALUE_NULL) {
    read_whole (fields, &inner, role != NULL ? role : "", content, messages);
  } else {
    headroom_fields_fail (fields, 400, "invalid message content type: %s", go_type_name (content));
  }
  headroom_fields_merge (fields, &inner);
}

static HrValue *
read_messages (HeadroomFields *fields)
{
  const HrValue *list = headroom_fields_list (fields, "messages", "[]openai.Message");
  HrValue *messages = hr_value_new_list ();

  if (list == NULL || hr_value_size (list) == 0)
    headroom_fields_fail (fields, 400, "[] is too short - 'messages'");
  for (size_t i = 0; list != NULL && i < hr_value_size (list); i++) {
    if (hr_value_kind (hr_value_at (list, i)) == HR_VALUE_DICT)
      read_message (fields, hr_value_at (list, i), messages);
    else
      headroom_fields_refuse_type (fields, "messages", hr_value_at (list, i), "openai.Message");
  }
  return messages;
}

/* ---- Options ---- */

void
headroom_copy_number (HeadroomFields *fields, const char *name, HrValue *options,
                      const char *option, const char *go_type)
{
  const HrValue *value = headroom_fields_any (fields, name);

  if (value == NULL)
    return;
  if (hr_value_kind (value) == HR_VALUE_INT
      || (hr_value_kind (value) == HR_VALUE_FLOAT && strcmp (go_type, "int") != 0))
    hr_value_set (options, option, hr_value_ref ((HrValue *) value));
  else
    headroom_fields_refuse_type (fields, name, value, go_type);
}

void
headroom_copy_stop (HeadroomFields *fields, const char *name, HrValue *options)
{
  const HrValue *value = headroom_fields_any (fields, name);
  HrValue *list;

  if (value == NULL)
    return;
  if (hr_value_kind (value) == HR_VALUE_LIST) {
    hr_value_set (options, "stop", hr_value_ref ((HrValue *) value));
  } else if (hr_value_kind (value) == HR_VALUE_STRING) {
    list = hr_value_new_list ();
    hr_value_append (list, hr_value_ref ((HrValue *) value));
    hr_value_set (options, "stop", list);
  }
}

HrValue *
headroom_openai_read_options (HeadroomFields *fields)
{
  HrValue *options = hr_value_new_dict ();

  /* The newer name for the same limit; the older one wins. */
  headroom_copy_number (fields, "max_completion_tokens", options, "num_predict", "int");
  headroom_copy_number (fields, "max_tokens", options, "num_predict", "int");
  hr_value_set (options, "temperature", hr_value_new_float (1));
  hr_value_set (options, "top_p", hr_value_new_float (1));
  headroom_copy_number (fields, "temperature", options, "temperature", "float64");
  headroom_copy_number (fields, "top_p", options, "top_p", "float64");
  headroom_copy_number (fields, "seed", options, "seed", "int");
  headroom_copy_number (fields, "frequency_penalty", options, "frequency_penalty", "float64");
  headroom_copy_number (fields, "presence_penalty", options, "presence_penalty", "float64");
  headroom_copy_stop (fields, "stop", options);
  return options;
}

/* ---- The rest ---- */

HeadroomThink
headroom_openai_read_effort (HeadroomFields *fields)
{
  static const struct {
    const char *name;
    HeadroomThink think;
  } efforts[] = {
    { "none", HEADROOM_THINK_OFF },  { "minimal", HEADROOM_THINK_LOW },
    { "low", HEADROOM_THINK_LOW },   { "medium", HEADROOM_THINK_MEDIUM },
    { "high", HEADROOM_THINK_HIGH }, { "max", HEADROOM_THINK_MAX },
    { "xhigh", HEADROOM_THINK_MAX }, { "ultra", HEADROOM_THINK_MAX },
  };
  const HrValue *reasoning = headroom_fields_dict (fields, "reasoning", "openai.Reasoning");
  g_autofree char *flat = headroom_fields_dup_string (fields, "reasoning_effort");
  const char *inner = headroom_json_get_string (reasoning, "effort");
  const char *name = inner != NULL && *inner != '\0' ? inner : flat;

  if (name == NULL || *name == '\0')
    return HEADROOM_THINK_UNSET;
  for (gsize i = 0; i < G_N_ELEMENTS (efforts); i++) {
    if (strcmp (efforts[i].name, name) == 0)
      return efforts[i].think;
  }
  g_autofree char *valid = g_utf8_make_valid (name, (gssize) MIN (strlen (name), 80));
  headroom_fields_fail (
      fields, 400,
      "invalid reasoning value: '%s' (must be \"high\", \"medium\", \"low\", \"max\", or \"none\")",
      valid);
  return HEADROOM_THINK_UNSET;
}

static HrValue *
read_response_format (HeadroomFields *fields)
{
  const HrValue *format = headroom_fields_dict (fields, "response_format", "openai.ResponseFormat");
  const char *type = headroom_json_get_string (format, "type");
  const HrValue *holder =
      g_strcmp0 (type, "json_schema") == 0 ? hr_value_lookup (format, "json_schema") : NULL;
  HrValue *schema = holder != NULL && hr_value_kind (holder) == HR_VALUE_DICT
                        ? hr_value_lookup (holder, "schema")
                        : NULL;

  if (g_strcmp0 (type, "json_object") == 0)
    return hr_value_new_string ("json", -1, false);
  return schema != NULL && hr_value_kind (schema) == HR_VALUE_DICT ? hr_value_ref (schema) : NULL;
}

static HrValue *
read_tools (HeadroomFields *fields)
{
  const HrValue *list = headroom_fields_list (fields, "tools", "[]api.Tool");

  for (size_t i = 0; list != NULL && i < hr_value_size (list); i++) {
    if (hr_value_kind (hr_value_at (list, i)) != HR_VALUE_DICT)
      headroom_fields_refuse_type (fields, "tools", hr_value_at (list, i), "api.Tool");
  }
  return list != NULL && hr_value_size (list) > 0 ? hr_value_ref ((HrValue *) list) : NULL;
}

HeadroomWireRequest *
headroom_wire_parse_openai_chat (const char *body, gsize len, GError **error)
{
  g_autoptr(HeadroomWireRequest) request = g_new0 (HeadroomWireRequest, 1);
  HeadroomFields fields;

  headroom_fields_init (&fields, "ChatCompletionRequest", body, len);
  request->kind = HEADROOM_WIRE_OPENAI;
  request->truncate = TRUE;
  request->shift = -1;
  request->model = headroom_fields_dup_string (&fields, "model");
  request->stream = headroom_fields_bool (&fields, "stream", FALSE);
  request->messages = read_messages (&fields);
  request->tools = read_tools (&fields);
  request->options = headroom_openai_read_options (&fields);
  request->format = read_response_format (&fields);
  request->grammar = headroom_fields_dup_string (&fields, "grammar");
  headroom_read_tool_choice (&fields, request);
  request->think = headroom_openai_read_effort (&fields);
  headroom_read_own (&fields, request);
  request->logprobs = headroom_fields_bool (&fields, "logprobs", FALSE);
  request->debug_render_only = headroom_fields_bool (&fields, "_debug_render_only", FALSE);
  const HrValue *stream_options =
      headroom_fields_dict (&fields, "stream_options", "openai.StreamOptions");
  request->include_usage = headroom_json_get_bool (stream_options, "include_usage", FALSE);
  gint64 top = headroom_fields_int (&fields, "top_logprobs", 0);
  if (top < 0 || top > MAX_TOP_LOGPROBS)
    headroom_fields_fail (&fields, 400, "top_logprobs must be between 0 and 20");
  request->top_logprobs = (int) CLAMP (top, 0, MAX_TOP_LOGPROBS);
  if (request->model == NULL || *request->model == '\0')
    headroom_fields_fail (&fields, 400, "model is required");
  return headroom_fields_finish (&fields, error) ? g_steal_pointer (&request) : NULL;
}
