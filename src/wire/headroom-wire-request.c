/* headroom-wire-request.c: the bodies of POST /api/generate and /api/chat.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-wire-private.h"

#include <string.h>

#include "headroom-json.h"

#define MAX_TOP_LOGPROBS 20
#define MAX_CONTEXT_TOKENS (4 * 1024 * 1024) /* no model's window comes near */

/* ---- Fields that both have ---- */

static HeadroomThink
read_think (HeadroomFields *fields)
{
  const HrValue *value = headroom_fields_any (fields, "think");
  HeadroomThink think = HEADROOM_THINK_UNSET;

  if (value == NULL)
    return think;
  if (hr_value_kind (value) == HR_VALUE_BOOL)
    return hr_value_get_bool (value) ? HEADROOM_THINK_ON : HEADROOM_THINK_OFF;
  if (hr_value_kind (value) == HR_VALUE_STRING &&
      headroom_think_parse (hr_value_get_string (value, NULL), &think))
    return think;
  g_autofree char *shown = hr_value_kind (value) == HR_VALUE_STRING
                               ? g_strdup (hr_value_get_string (value, NULL))
                               : headroom_json_print (value, HEADROOM_JSON_PLAIN);
  headroom_fields_fail (
      fields, 400,
      "invalid think value: \"%.80s\" (must be \"high\", \"medium\", \"low\", \"max\", true, or false)",
      shown);
  return think;
}

static HrValue *
read_format (HeadroomFields *fields)
{
  const HrValue *value = headroom_fields_any (fields, "format");

  if (value == NULL)
    return NULL;
  if (hr_value_kind (value) == HR_VALUE_DICT)
    return hr_value_ref ((HrValue *) value);
  if (hr_value_kind (value) == HR_VALUE_STRING) {
    const char *text = hr_value_get_string (value, NULL);
    if (*text == '\0')
      return NULL;
    if (strcmp (text, "json") == 0)
      return hr_value_ref ((HrValue *) value);
  }
  g_autofree char *json = headroom_json_print (value, HEADROOM_JSON_PLAIN);
  g_autofree char *quoted = g_strescape (json, NULL);
  headroom_fields_fail (
      fields, 500, "invalid format: \"%.200s\"; expected \"json\" or a valid JSON Schema object",
      quoted);
  return NULL;
}

static void
read_keep_alive (HeadroomFields *fields, HeadroomWireRequest *request)
{
  const HrValue *value = headroom_fields_any (fields, "keep_alive");
  g_autoptr(GError) error = NULL;

  if (value == NULL)
    return;
  request->has_keep_alive = TRUE;
  if (!headroom_wire_parse_keep_alive (value, &request->keep_alive_ns, &error))
    headroom_fields_fail (fields, 400, "%s", error->message);
}

static void
read_shared (HeadroomFields *fields, HeadroomWireRequest *request)
{
  const HrValue *options = headroom_fields_dict (fields, "options", "map[string]interface {}");
  gint64 top = headroom_fields_int (fields, "top_logprobs", 0);

  request->model = headroom_fields_dup_string (fields, "model");
  request->stream = headroom_fields_bool (fields, "stream", TRUE);
  request->options = options != NULL ? hr_value_ref ((HrValue *) options) : NULL;
  request->truncate = headroom_fields_bool (fields, "truncate", TRUE);
  request->shift = headroom_fields_any (fields, "shift") == NULL
                       ? -1
                       : headroom_fields_bool (fields, "shift", FALSE);
  request->logprobs = headroom_fields_bool (fields, "logprobs", FALSE);
  request->debug_render_only = headroom_fields_bool (fields, "_debug_render_only", FALSE);
  request->think = read_think (fields);
  request->format = read_format (fields);
  request->grammar = headroom_fields_dup_string (fields, "grammar");
  read_keep_alive (fields, request);
  headroom_read_own (fields, request);
  if (top < 0 || top > MAX_TOP_LOGPROBS)
    headroom_fields_fail (fields, 400, "top_logprobs must be between 0 and 20");
  request->top_logprobs = (int) CLAMP (top, 0, MAX_TOP_LOGPROBS);
  if (request->model == NULL)
    request->model = g_strdup ("");
}

/* ---- tool_choice ---- */

static const char *
chosen_tool (const HrValue *choice)
{
  const HrValue *function = hr_value_lookup (choice, "function");
  const HrValue *holder =
      function != NULL && hr_value_kind (function) == HR_VALUE_DICT ? function : choice;

  return headroom_json_get_string (holder, "name");
}

void
headroom_read_tool_choice (HeadroomFields *fields, HeadroomWireRequest *request)
{
  const HrValue *choice = headroom_fields_any (fields, "tool_choice");
  gboolean is_dict = choice != NULL && hr_value_kind (choice) == HR_VALUE_DICT;
  const char *kind = is_dict ? headroom_json_get_string (choice, "type")
                     : choice != NULL && hr_value_kind (choice) == HR_VALUE_STRING
                         ? hr_value_get_string (choice, NULL)
                         : NULL;

  if (kind == NULL || request->tools == NULL)
    return;
  if (strcmp (kind, "none") == 0) {
    g_clear_pointer (&request->tools, hr_value_unref);
  } else if (strcmp (kind, "required") == 0 || strcmp (kind, "any") == 0) {
    request->must_call = TRUE;
  } else if (is_dict && (strcmp (kind, "function") == 0 || strcmp (kind, "tool") == 0)) {
    request->must_call = TRUE;
    request->only_tool = g_strdup (chosen_tool (choice));
  }
}

/* ---- generate ---- */

static GArray *
read_context (HeadroomFields *fields)
{
  const HrValue *list = headroom_fields_list (fields, "context", "[]int");
  g_autoptr(GArray) tokens = NULL;

  if (list == NULL || hr_value_size (list) == 0)
    return NULL;
  if (hr_value_size (list) > MAX_CONTEXT_TOKENS) {
    headroom_fields_fail (fields, 400, "context must not hold more than %d tokens",
                          MAX_CONTEXT_TOKENS);
    return NULL;
  }
  tokens = g_array_sized_new (FALSE, FALSE, sizeof (HrToken), (guint) hr_value_size (list));
  for (size_t i = 0; i < hr_value_size (list); i++) {
    const HrValue *item = hr_value_at (list, i);
    gint64 id = hr_value_kind (item) == HR_VALUE_INT ? hr_value_get_int (item) : -1;
    HrToken token = (HrToken) id;
    if (hr_value_kind (item) != HR_VALUE_INT)
      headroom_fields_refuse_type (fields, "context", item, "int");
    else if (id < 0 || id > G_MAXINT32)
      headroom_fields_fail (fields, 400, "context holds %" G_GINT64_FORMAT ", which is no token",
                            id);
    if (fields->error != NULL)
      return NULL;
    g_array_append_val (tokens, token);
  }
  return g_steal_pointer (&tokens);
}

static GPtrArray *
read_images (HeadroomFields *fields)
{
  const HrValue *list = headroom_fields_list (fields, "images", "[]api.ImageData");
  g_autoptr(GPtrArray) images = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  for (size_t i = 0; list != NULL && i < hr_value_size (list); i++) {
    GBytes *bytes = headroom_fields_decode_base64 (fields, hr_value_at (list, i));
    if (bytes == NULL)
      return NULL;
    g_ptr_array_add (images, bytes);
  }
  return images->len > 0 ? g_steal_pointer (&images) : NULL;
}

HeadroomWireRequest *
headroom_wire_parse_generate (const char *body, gsize len, GError **error)
{
  g_autoptr(HeadroomWireRequest) request = g_new0 (HeadroomWireRequest, 1);
  HeadroomFields fields;

  headroom_fields_init (&fields, "GenerateRequest", body, len);
  request->kind = HEADROOM_WIRE_GENERATE;
  read_shared (&fields, request);
  request->prompt = headroom_fields_ref_text (&fields, "prompt");
  request->suffix = headroom_fields_ref_text (&fields, "suffix");
  request->system = headroom_fields_ref_text (&fields, "system");
  request->template_text = headroom_fields_ref_text (&fields, "template");
  request->raw = headroom_fields_bool (&fields, "raw", FALSE);
  request->context = read_context (&fields);
  request->images = read_images (&fields);
  if (request->raw &&
      (request->template_text != NULL || request->system != NULL || request->context != NULL))
    headroom_fields_fail (&fields, 400, "raw mode does not support template, system, or context");
  return headroom_fields_finish (&fields, error) ? g_steal_pointer (&request) : NULL;
}

/* ---- chat ---- */

HrValue *
headroom_tool_call_new (HrValue *id, const HrValue *name, const HrValue *arguments)
{
  HrValue *call = hr_value_new_dict (), *function = hr_value_new_dict ();

  if (id != NULL)
    hr_value_set (call, "id", hr_value_ref (id));
  hr_value_set (call, "type", hr_value_new_string ("function", -1, true));
  hr_value_set (function, "name",
                name != NULL ? hr_value_ref ((HrValue *) name)
                             : hr_value_new_string ("", 0, false));
  hr_value_set (function, "arguments",
                arguments != NULL ? hr_value_ref ((HrValue *) arguments) : hr_value_new_dict ());
  hr_value_set (call, "function", function);
  return call;
}

static void
read_tool_call (HeadroomFields *fields, const HrValue *value, HrValue *calls)
{
  if (hr_value_kind (value) != HR_VALUE_DICT) {
    headroom_fields_refuse_type (fields, "tool_calls", value, "api.ToolCall");
    return;
  }
  HeadroomFields call = headroom_fields_inner (fields, value, "messages.tool_calls.");
  const HrValue *function = headroom_fields_dict (&call, "function", "api.ToolCallFunction");
  HeadroomFields inner = headroom_fields_inner (fields, function, "messages.tool_calls.function.");
  HrValue *id = headroom_fields_ref_text (&call, "id");
  HrValue *name = headroom_fields_ref_text (&inner, "name");
  const HrValue *arguments =
      headroom_fields_dict (&inner, "arguments", "api.ToolCallFunctionArguments");

  hr_value_append (calls, headroom_tool_call_new (id, name, arguments));
  hr_value_unref (id);
  hr_value_unref (name);
  headroom_fields_merge (fields, &call);
  headroom_fields_merge (fields, &inner);
}

static void
read_tool_calls (HeadroomFields *fields, HrValue *message)
{
  const HrValue *list = headroom_fields_list (fields, "tool_calls", "[]api.ToolCall");
  HrValue *calls;

  if (list == NULL || hr_value_size (list) == 0)
    return;
  hr_value_set (message, "tool_calls", calls = hr_value_new_list ());
  for (size_t i = 0; i < hr_value_size (list); i++)
    read_tool_call (fields, hr_value_at (list, i), calls);
}

static void
set_text (HeadroomFields *fields, const char *name, HrValue *message, const char *key)
{
  HrValue *text = headroom_fields_ref_text (fields, name);

  if (text != NULL)
    hr_value_set (message, key, text);
}

static void
check_images (HeadroomFields *fields, HrValue *message)
{
  const HrValue *list = headroom_fields_list (fields, "images", "[]api.ImageData");

  for (size_t i = 0; list != NULL && i < hr_value_size (list); i++) {
    g_autoptr(GBytes) bytes = headroom_fields_decode_base64 (fields, hr_value_at (list, i));
    if (bytes == NULL)
      return;
  }
  if (list != NULL && hr_value_size (list) > 0)
    hr_value_set (message, "images", hr_value_ref ((HrValue *) list));
}

static HrValue *
read_message (HeadroomFields *fields, const HrValue *value)
{
  HrValue *message = hr_value_new_dict ();
  HeadroomFields inner = headroom_fields_inner (fields, value, "messages.");
  g_autofree char *role = headroom_fields_dup_string (&inner, "role");
  HrValue *content = headroom_fields_ref_text (&inner, "content");

  hr_value_set (message, "role", headroom_role_value (role != NULL ? role : ""));
  hr_value_set (message, "content", content != NULL ? content : hr_value_new_string ("", 0, false));
  /* Templates know the thoughts of earlier turns by either name. */
  set_text (&inner, "thinking", message, "reasoning_content");
  set_text (&inner, "thinking", message, "thinking");
  check_images (&inner, message);
  read_tool_calls (&inner, message);
  set_text (&inner, "tool_name", message, "name");
  set_text (&inner, "tool_call_id", message, "tool_call_id");
  headroom_fields_merge (fields, &inner);
  return message;
}

static HrValue *
read_messages (HeadroomFields *fields)
{
  const HrValue *list = headroom_fields_list (fields, "messages", "[]api.Message");
  HrValue *messages = hr_value_new_list ();

  for (size_t i = 0; list != NULL && i < hr_value_size (list); i++) {
    const HrValue *value = hr_value_at (list, i);
    if (hr_value_kind (value) == HR_VALUE_DICT)
      hr_value_append (messages, read_message (fields, value));
    else
      headroom_fields_refuse_type (fields, "messages", value, "api.Message");
  }
  return messages;
}

static HrValue *
read_tools (HeadroomFields *fields)
{
  const HrValue *list = headroom_fields_list (fields, "tools", "api.Tools");

  for (size_t i = 0; list != NULL && i < hr_value_size (list); i++) {
    if (hr_value_kind (hr_value_at (list, i)) != HR_VALUE_DICT)
      headroom_fields_refuse_type (fields, "tools", hr_value_at (list, i), "api.Tool");
  }
  return list != NULL && hr_value_size (list) > 0 ? hr_value_ref ((HrValue *) list) : NULL;
}

HeadroomWireRequest *
headroom_wire_parse_chat (const char *body, gsize len, GError **error)
{
  g_autoptr(HeadroomWireRequest) request = g_new0 (HeadroomWireRequest, 1);
  HeadroomFields fields;

  headroom_fields_init (&fields, "ChatRequest", body, len);
  request->kind = HEADROOM_WIRE_CHAT;
  read_shared (&fields, request);
  request->messages = read_messages (&fields);
  request->tools = read_tools (&fields);
  headroom_read_tool_choice (&fields, request);
  if (*request->model == '\0')
    headroom_fields_fail (&fields, 400, "model is required");
  return headroom_fields_finish (&fields, error) ? g_steal_pointer (&request) : NULL;
}
