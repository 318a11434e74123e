/* headroom-wire-anthropic.c: the answers of POST /v1/messages.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A stream is message_start, then each block (thinking, text, tool_use) with its start, deltas and
 * stop, then message_delta and message_stop. Blocks never overlap.
 */
#include <string.h>

#include "headroom-json.h"
#include "headroom-wire-private.h"

static char *
print (HrValue *take_value)
{
  char *text = headroom_json_print (take_value, HEADROOM_JSON_PLAIN);

  hr_value_unref (take_value);
  return text;
}

static HrValue *
typed (const char *type)
{
  HrValue *value = hr_value_new_dict ();

  headroom_json_set_string (value, "type", type);
  return value;
}

/* ---- Errors ---- */

static const char *
error_type (guint status)
{
  switch (status) {
  case 400:
  case 413:
    return "invalid_request_error";
  case 401:
    return "authentication_error";
  case 403:
    return "permission_error";
  case 404:
    return "not_found_error";
  case 429:
    return "rate_limit_error";
  case 503:
  case 529:
    return "overloaded_error";
  default:
    return "api_error";
  }
}

char *
headroom_wire_print_anthropic_error (guint status, const char *message)
{
  HrValue *root = typed ("error"), *error = typed (error_type (status));
  g_autofree char *id = g_strdup_printf ("req_%08x%08x", g_random_int (), g_random_int ());

  headroom_json_set_string (error, "message", message);
  hr_value_set (root, "error", error);
  headroom_json_set_string (root, "request_id", id);
  return print (root);
}

char *
headroom_wire_print_anthropic_stream_error (guint status, const char *message)
{
  g_autofree char *text = headroom_wire_print_anthropic_error (status, message);

  return g_strconcat ("event: error\ndata: ", text, "\n\n", NULL);
}

/* ---- Parts of answers ---- */

static gboolean
has_calls (const HeadroomWireRecord *record)
{
  return record->tool_calls != NULL && hr_value_size (record->tool_calls) > 0;
}

static gboolean
has_text (const HeadroomWireRecord *record)
{
  return record->text != NULL && (record->text_len > 0 || *record->text != '\0');
}

static gboolean
has_thinking (const HeadroomWireRecord *record)
{
  return record->thinking != NULL && *record->thinking != '\0';
}

static const char *
stop_reason (const HeadroomWireRecord *record, gboolean called)
{
  if (g_strcmp0 (record->done_reason, "length") == 0)
    return "max_tokens";
  return called ? "tool_use" : "end_turn";
}

static HrValue *
usage_value (const HeadroomWireRecord *record)
{
  HrValue *usage = hr_value_new_dict ();

  headroom_json_set_int (usage, "input_tokens", record->n_prompt);
  headroom_json_set_int (usage, "output_tokens", record->metrics.eval_count);
  return usage;
}

static HrValue *
message_value (const HeadroomWireRecord *record, const HeadroomWireOpenaiStream *stream,
               HrValue *take_content)
{
  HrValue *value = hr_value_new_dict ();
  g_autofree char *id =
      g_strdup_printf ("msg_%016" G_GINT64_MODIFIER "x%08x", stream->created_ns, stream->id);

  headroom_json_set_string (value, "id", id);
  headroom_json_set_string (value, "type", "message");
  headroom_json_set_string (value, "role", "assistant");
  headroom_json_set_string (value, "model", record->model);
  hr_value_set (value, "content", take_content);
  hr_value_set (value, "stop_reason", hr_value_new_null ());
  hr_value_set (value, "stop_sequence", hr_value_new_null ());
  hr_value_set (value, "usage", usage_value (record));
  return value;
}

static HrValue *
tool_use_value (const HrValue *call, gboolean with_input)
{
  const HrValue *function = hr_value_lookup (call, "function");
  HrValue *value = typed ("tool_use"), *arguments = hr_value_lookup (function, "arguments");

  headroom_json_set_string (value, "id", headroom_json_get_string (call, "id"));
  headroom_json_set_string (value, "name", headroom_json_get_string (function, "name"));
  hr_value_set (value, "input",
                with_input && arguments != NULL ? hr_value_ref (arguments) : hr_value_new_dict ());
  return value;
}

static HrValue *
thinking_block (const char *text)
{
  HrValue *block = typed ("thinking");

  headroom_json_set_string (block, "thinking", text);
  headroom_json_set_string (block, "signature", "");
  return block;
}

char *
headroom_wire_print_anthropic (const HeadroomWireRecord *record, HeadroomWireOpenaiStream *stream)
{
  HrValue *content = hr_value_new_list (), *value;

  if (has_thinking (record))
    hr_value_append (content, thinking_block (record->thinking));
  if (has_text (record) || (!has_calls (record) && !has_thinking (record))) {
    HrValue *block = typed ("text");
    hr_value_set (block, "text", headroom_record_text_value (record));
    hr_value_append (content, block);
  }
  for (gsize i = 0; has_calls (record) && i < hr_value_size (record->tool_calls); i++)
    hr_value_append (content, tool_use_value (hr_value_at (record->tool_calls, i), TRUE));
  value = message_value (record, stream, content);
  hr_value_set (value, "stop_reason",
                hr_value_new_string (stop_reason (record, has_calls (record)), -1, false));
  return print (value);
}

/* ---- Streams ---- */

static void
append_event (GString *events, HrValue *take_value)
{
  g_autofree char *type = g_strdup (headroom_json_get_string (take_value, "type"));
  g_autofree char *text = print (take_value);

  g_string_append_printf (events, "event: %s\ndata: %s\n\n", type, text);
}

static HrValue *
block_event (const char *type, const HeadroomWireOpenaiStream *stream)
{
  HrValue *value = typed (type);

  headroom_json_set_int (value, "index", (gint64) stream->n_blocks - 1);
  return value;
}

static void
close_block (GString *events, HeadroomWireOpenaiStream *stream)
{
  if (stream->block != HEADROOM_BLOCK_NONE)
    append_event (events, block_event ("content_block_stop", stream));
  stream->block = HEADROOM_BLOCK_NONE;
}

static void
open_block (GString *events, HeadroomWireOpenaiStream *stream, HeadroomWireBlock block,
            HrValue *take_content)
{
  HrValue *value;

  stream->n_blocks++;
  stream->block = block;
  value = block_event ("content_block_start", stream);
  hr_value_set (value, "content_block", take_content);
  append_event (events, value);
}

static void
append_delta (GString *events, HeadroomWireOpenaiStream *stream, const char *type, const char *key,
              HrValue *take_text)
{
  HrValue *value = block_event ("content_block_delta", stream), *delta = typed (type);

  hr_value_set (delta, key, take_text);
  hr_value_set (value, "delta", delta);
  append_event (events, value);
}

static void
append_text (GString *events, HeadroomWireOpenaiStream *stream, const HeadroomWireRecord *record)
{
  if (stream->block != HEADROOM_BLOCK_TEXT) {
    HrValue *block = typed ("text");
    close_block (events, stream);
    headroom_json_set_string (block, "text", "");
    open_block (events, stream, HEADROOM_BLOCK_TEXT, block);
  }
  append_delta (events, stream, "text_delta", "text", headroom_record_text_value (record));
}

static void
append_thinking (GString *events, HeadroomWireOpenaiStream *stream,
                 const HeadroomWireRecord *record)
{
  if (stream->block != HEADROOM_BLOCK_THINKING) {
    close_block (events, stream);
    open_block (events, stream, HEADROOM_BLOCK_THINKING, thinking_block (""));
  }
  append_delta (events, stream, "thinking_delta", "thinking",
                hr_value_new_string (record->thinking, -1, false));
}

static void
append_call (GString *events, HeadroomWireOpenaiStream *stream, const HrValue *call)
{
  g_autofree char *arguments =
      headroom_json_print (hr_value_lookup (hr_value_lookup (call, "function"), "arguments"),
                           HEADROOM_JSON_PLAIN);

  close_block (events, stream);
  open_block (events, stream, HEADROOM_BLOCK_TEXT, tool_use_value (call, FALSE));
  append_delta (events, stream, "input_json_delta", "partial_json",
                hr_value_new_string (arguments, -1, false));
  close_block (events, stream);
  stream->sent_tool_calls = TRUE;
}

static void
append_start (GString *events, HeadroomWireOpenaiStream *stream, const HeadroomWireRecord *record)
{
  HrValue *value = typed ("message_start");

  hr_value_set (value, "message", message_value (record, stream, hr_value_new_list ()));
  append_event (events, value);
  stream->started = TRUE;
}

static void
append_end (GString *events, HeadroomWireOpenaiStream *stream, const HeadroomWireRecord *record)
{
  HrValue *value = typed ("message_delta"), *delta = hr_value_new_dict ();

  close_block (events, stream);
  headroom_json_set_string (delta, "stop_reason", stop_reason (record, stream->sent_tool_calls));
  hr_value_set (delta, "stop_sequence", hr_value_new_null ());
  hr_value_set (value, "delta", delta);
  hr_value_set (value, "usage", usage_value (record));
  append_event (events, value);
  append_event (events, typed ("message_stop"));
}

char *
headroom_wire_print_anthropic_events (HeadroomWireOpenaiStream *stream,
                                      const HeadroomWireRecord *record)
{
  GString *events = g_string_new (NULL);

  if (!stream->started)
    append_start (events, stream, record);
  if (has_thinking (record))
    append_thinking (events, stream, record);
  if (has_text (record))
    append_text (events, stream, record);
  for (gsize i = 0; has_calls (record) && i < hr_value_size (record->tool_calls); i++)
    append_call (events, stream, hr_value_at (record->tool_calls, i));
  if (record->done)
    append_end (events, stream, record);
  return g_string_free (events, FALSE);
}
