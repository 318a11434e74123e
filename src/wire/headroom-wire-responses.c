/* headroom-wire-responses.c: the answers of POST /v1/responses.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An answer is a list of items: reasoning, message, function_call. A stream tells each item's
 * begin, its pieces and its end, numbered.
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

/* ---- Items ---- */

static void
set_item_id (HrValue *item, const char *prefix, const HeadroomWireOpenaiStream *stream,
             gsize number)
{
  g_autofree char *id = g_strdup_printf ("%s_%u_%" G_GSIZE_FORMAT, prefix, stream->id, number);

  headroom_json_set_string (item, "id", id);
}

static HrValue *
text_part (HrValue *take_text)
{
  HrValue *part = typed ("output_text");

  hr_value_set (part, "text", take_text);
  hr_value_set (part, "annotations", hr_value_new_list ());
  return part;
}

static HrValue *
message_item (const HeadroomWireOpenaiStream *stream, gsize number, HrValue *take_text)
{
  HrValue *item = typed ("message"), *content = hr_value_new_list ();

  set_item_id (item, "msg", stream, number);
  headroom_json_set_string (item, "status", take_text != NULL ? "completed" : "in_progress");
  headroom_json_set_string (item, "role", "assistant");
  if (take_text != NULL)
    hr_value_append (content, text_part (take_text));
  hr_value_set (item, "content", content);
  return item;
}

static HrValue *
reasoning_item (const HeadroomWireOpenaiStream *stream, gsize number, const char *text)
{
  HrValue *item = typed ("reasoning"), *summary = hr_value_new_list ();

  set_item_id (item, "rs", stream, number);
  if (text != NULL) {
    HrValue *part = typed ("summary_text");
    headroom_json_set_string (part, "text", text);
    hr_value_append (summary, part);
    headroom_json_set_string (item, "encrypted_content", text);
  }
  hr_value_set (item, "summary", summary);
  return item;
}

static HrValue *
call_item (const HeadroomWireOpenaiStream *stream, gsize number, const HrValue *call,
           const char *arguments)
{
  HrValue *item = typed ("function_call");

  set_item_id (item, "fc", stream, number);
  headroom_json_set_string (item, "call_id", headroom_json_get_string (call, "id"));
  headroom_json_set_string (item, "name",
                            headroom_json_get_string (hr_value_lookup (call, "function"), "name"));
  headroom_json_set_string (item, "arguments", arguments);
  headroom_json_set_string (item, "status", *arguments != '\0' ? "completed" : "in_progress");
  return item;
}

static char *
dup_arguments (const HrValue *call)
{
  return headroom_json_print (hr_value_lookup (hr_value_lookup (call, "function"), "arguments"),
                              HEADROOM_JSON_PLAIN);
}

/* ---- The whole ---- */

static HrValue *
usage_value (const HeadroomWireMetrics *metrics)
{
  HrValue *usage = hr_value_new_dict (), *input = hr_value_new_dict (),
          *output = hr_value_new_dict ();

  headroom_json_set_int (usage, "input_tokens", metrics->prompt_eval_count);
  headroom_json_set_int (input, "cached_tokens", 0);
  hr_value_set (usage, "input_tokens_details", input);
  headroom_json_set_int (usage, "output_tokens", metrics->eval_count);
  headroom_json_set_int (output, "reasoning_tokens", 0);
  hr_value_set (usage, "output_tokens_details", output);
  headroom_json_set_int (usage, "total_tokens", metrics->prompt_eval_count + metrics->eval_count);
  return usage;
}

static HrValue *
response_value (const HeadroomWireRecord *record, const HeadroomWireOpenaiStream *stream,
                HrValue *take_output)
{
  gboolean cut = g_strcmp0 (record->done_reason, "length") == 0;
  HrValue *value = hr_value_new_dict (), *details = hr_value_new_null ();
  g_autofree char *id = g_strdup_printf ("resp_%u", stream->id);

  if (cut) {
    hr_value_unref (details);
    details = hr_value_new_dict ();
    headroom_json_set_string (details, "reason", "max_output_tokens");
  }
  headroom_json_set_string (value, "id", id);
  headroom_json_set_string (value, "object", "response");
  headroom_json_set_int (value, "created_at", stream->created_ns / HEADROOM_NSEC_PER_SEC);
  headroom_json_set_string (value, "status",
                            !record->done ? "in_progress"
                            : cut         ? "incomplete"
                                          : "completed");
  hr_value_set (value, "error", hr_value_new_null ());
  hr_value_set (value, "incomplete_details", details);
  hr_value_set (value, "instructions", hr_value_new_null ());
  headroom_json_set_string (value, "model", record->model);
  hr_value_set (value, "output", take_output);
  headroom_json_set_bool (value, "parallel_tool_calls", TRUE);
  headroom_json_set_string (value, "tool_choice", "auto");
  hr_value_set (value, "tools", hr_value_new_list ());
  hr_value_set (value, "metadata", hr_value_new_dict ());
  headroom_json_set_string (value, "truncation", "disabled");
  hr_value_set (value, "usage",
                record->done ? usage_value (&record->metrics) : hr_value_new_null ());
  return value;
}

char *
headroom_wire_print_response (const HeadroomWireRecord *record, HeadroomWireOpenaiStream *stream)
{
  HrValue *output = hr_value_new_list ();

  if (has_thinking (record))
    hr_value_append (output, reasoning_item (stream, hr_value_size (output), record->thinking));
  if (has_text (record) || !has_calls (record))
    hr_value_append (output, message_item (stream, hr_value_size (output),
                                           headroom_record_text_value (record)));
  for (gsize i = 0; has_calls (record) && i < hr_value_size (record->tool_calls); i++) {
    const HrValue *call = hr_value_at (record->tool_calls, i);
    g_autofree char *arguments = dup_arguments (call);
    hr_value_append (output, call_item (stream, hr_value_size (output), call, arguments));
  }
  return print (response_value (record, stream, output));
}

/* ---- Streams ---- */

static void
append_event (GString *events, HeadroomWireOpenaiStream *stream, HrValue *take_value)
{
  g_autofree char *type = g_strdup (headroom_json_get_string (take_value, "type"));

  headroom_json_set_int (take_value, "sequence_number", stream->n_events++);
  g_autofree char *text = print (take_value);
  g_string_append_printf (events, "event: %s\ndata: %s\n\n", type, text);
}

static void
append_response (GString *events, HeadroomWireOpenaiStream *stream, const char *type,
                 const HeadroomWireRecord *record)
{
  HrValue *value = typed (type);

  hr_value_set (value, "response", response_value (record, stream, hr_value_ref (stream->output)));
  append_event (events, stream, value);
}

static gsize
item_number (const HeadroomWireOpenaiStream *stream)
{
  return hr_value_size (stream->output);
}

static void
append_item (GString *events, HeadroomWireOpenaiStream *stream, const char *type,
             HrValue *take_item)
{
  HrValue *value = typed (type);

  headroom_json_set_int (value, "output_index", (gint64) item_number (stream));
  hr_value_set (value, "item", take_item);
  append_event (events, stream, value);
}

/* An event of the open item, with the fields that all of them have. */
static HrValue *
item_event (const HeadroomWireOpenaiStream *stream, const char *type, const char *prefix,
            const char *index_key)
{
  HrValue *value = typed (type);
  g_autofree char *id =
      g_strdup_printf ("%s_%u_%" G_GSIZE_FORMAT, prefix, stream->id, item_number (stream));

  headroom_json_set_string (value, "item_id", id);
  headroom_json_set_int (value, "output_index", (gint64) item_number (stream));
  if (index_key != NULL)
    headroom_json_set_int (value, index_key, 0);
  return value;
}

static void
end_item (GString *events, HeadroomWireOpenaiStream *stream, HrValue *take_item)
{
  append_item (events, stream, "response.output_item.done", hr_value_ref (take_item));
  hr_value_append (stream->output, take_item);
}

static HrValue *
block_text (const HeadroomWireOpenaiStream *stream)
{
  return hr_value_new_string (stream->block_text->str, (gssize) stream->block_text->len, false);
}

static void
close_text (GString *events, HeadroomWireOpenaiStream *stream)
{
  HrValue *value = item_event (stream, "response.output_text.done", "msg", "content_index");

  hr_value_set (value, "text", block_text (stream));
  hr_value_set (value, "logprobs", hr_value_new_list ());
  append_event (events, stream, value);
  value = item_event (stream, "response.content_part.done", "msg", "content_index");
  hr_value_set (value, "part", text_part (block_text (stream)));
  append_event (events, stream, value);
  end_item (events, stream, message_item (stream, item_number (stream), block_text (stream)));
}

static void
close_reasoning (GString *events, HeadroomWireOpenaiStream *stream)
{
  HrValue *value =
      item_event (stream, "response.reasoning_summary_text.done", "rs", "summary_index");

  hr_value_set (value, "text", block_text (stream));
  append_event (events, stream, value);
  end_item (events, stream, reasoning_item (stream, item_number (stream), stream->block_text->str));
}

static void
close_block (GString *events, HeadroomWireOpenaiStream *stream)
{
  if (stream->block == HEADROOM_BLOCK_TEXT)
    close_text (events, stream);
  else if (stream->block == HEADROOM_BLOCK_THINKING)
    close_reasoning (events, stream);
  stream->block = HEADROOM_BLOCK_NONE;
  g_string_truncate (stream->block_text, 0);
}

static void
append_text (GString *events, HeadroomWireOpenaiStream *stream, const HeadroomWireRecord *record)
{
  g_autoptr (HrValue) text = headroom_record_text_value (record);
  HrValue *value;
  gsize len;

  if (stream->block != HEADROOM_BLOCK_TEXT) {
    close_block (events, stream);
    stream->block = HEADROOM_BLOCK_TEXT;
    append_item (events, stream, "response.output_item.added",
                 message_item (stream, item_number (stream), NULL));
    value = item_event (stream, "response.content_part.added", "msg", "content_index");
    hr_value_set (value, "part", text_part (hr_value_new_string ("", 0, false)));
    append_event (events, stream, value);
  }
  const char *bytes = hr_value_get_string (text, &len);
  g_string_append_len (stream->block_text, bytes, (gssize) len);
  value = item_event (stream, "response.output_text.delta", "msg", "content_index");
  hr_value_set (value, "delta", g_steal_pointer (&text));
  hr_value_set (value, "logprobs", hr_value_new_list ());
  append_event (events, stream, value);
}

static void
append_thinking (GString *events, HeadroomWireOpenaiStream *stream, const char *thinking)
{
  HrValue *value;

  if (stream->block != HEADROOM_BLOCK_THINKING) {
    close_block (events, stream);
    stream->block = HEADROOM_BLOCK_THINKING;
    append_item (events, stream, "response.output_item.added",
                 reasoning_item (stream, item_number (stream), NULL));
  }
  g_string_append (stream->block_text, thinking);
  value = item_event (stream, "response.reasoning_summary_text.delta", "rs", "summary_index");
  headroom_json_set_string (value, "delta", thinking);
  append_event (events, stream, value);
}

static void
append_call (GString *events, HeadroomWireOpenaiStream *stream, const HrValue *call)
{
  g_autofree char *arguments = dup_arguments (call);
  HrValue *value;

  close_block (events, stream);
  append_item (events, stream, "response.output_item.added",
               call_item (stream, item_number (stream), call, ""));
  value = item_event (stream, "response.function_call_arguments.delta", "fc", NULL);
  headroom_json_set_string (value, "delta", arguments);
  append_event (events, stream, value);
  value = item_event (stream, "response.function_call_arguments.done", "fc", NULL);
  headroom_json_set_string (value, "name",
                            headroom_json_get_string (hr_value_lookup (call, "function"), "name"));
  headroom_json_set_string (value, "arguments", arguments);
  append_event (events, stream, value);
  end_item (events, stream, call_item (stream, item_number (stream), call, arguments));
}

static void
append_start (GString *events, HeadroomWireOpenaiStream *stream, const HeadroomWireRecord *record)
{
  HeadroomWireRecord begun = { .model = record->model };

  stream->started = TRUE;
  stream->output = hr_value_new_list ();
  stream->block_text = g_string_new (NULL);
  append_response (events, stream, "response.created", &begun);
  append_response (events, stream, "response.in_progress", &begun);
}

char *
headroom_wire_print_response_events (HeadroomWireOpenaiStream *stream,
                                     const HeadroomWireRecord *record)
{
  GString *events = g_string_new (NULL);

  if (!stream->started)
    append_start (events, stream, record);
  if (has_thinking (record))
    append_thinking (events, stream, record->thinking);
  if (has_text (record))
    append_text (events, stream, record);
  for (gsize i = 0; has_calls (record) && i < hr_value_size (record->tool_calls); i++)
    append_call (events, stream, hr_value_at (record->tool_calls, i));
  if (record->done) {
    close_block (events, stream);
    /* Also where its status is incomplete: clients wait for this event. */
    append_response (events, stream, "response.completed", record);
  }
  return g_string_free (events, FALSE);
}
