/* headroom-wire-openai.c: the answers of /v1.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <string.h>

#include "headroom-json.h"
#include "headroom-model-name.h"
#include "headroom-wire-private.h"

#define FINGERPRINT "fp_ollama" /* clients compare it */

static char *
print (HrValue *take_value)
{
  char *text = headroom_json_print (take_value, HEADROOM_JSON_ESCAPE_HTML);

  hr_value_unref (take_value);
  return text;
}

/* ---- Errors and models ---- */

char *
headroom_wire_print_openai_error (guint status, const char *message)
{
  HrValue *root = hr_value_new_dict (), *error = hr_value_new_dict ();

  headroom_json_set_string (error, "message", message);
  headroom_json_set_string (error, "type",
                            status == 400   ? "invalid_request_error"
                            : status == 404 ? "not_found_error"
                                            : "api_error");
  hr_value_set (error, "param", hr_value_new_null ());
  hr_value_set (error, "code", hr_value_new_null ());
  hr_value_set (root, "error", error);
  return print (root);
}

char *
headroom_wire_print_openai_stream_error (guint status, const char *message)
{
  g_autofree char *text = headroom_wire_print_openai_error (status, message);

  return g_strconcat ("data: ", text, "\n\n", NULL);
}

static HrValue *
model_value (HeadroomModelEntry *entry)
{
  HrValue *value = hr_value_new_dict ();
  g_autoptr (HeadroomModelName) name =
      headroom_model_name_parse (headroom_model_entry_get_full_name (entry));

  headroom_json_set_string (value, "id", headroom_model_entry_get_name (entry));
  headroom_json_set_string (value, "object", "model");
  headroom_json_set_int (value, "created",
                         headroom_model_entry_get_modified_ns (entry) / HEADROOM_NSEC_PER_SEC);
  headroom_json_set_string (value, "owned_by",
                            name != NULL ? name->space : HEADROOM_DEFAULT_NAMESPACE);
  return value;
}

char *
headroom_wire_print_openai_model (HeadroomModelEntry *entry)
{
  return print (model_value (entry));
}

char *
headroom_wire_print_openai_models (GPtrArray *entries)
{
  HrValue *root = hr_value_new_dict (),
          *list = entries->len > 0 ? hr_value_new_list () : hr_value_new_null ();

  headroom_json_set_string (root, "object", "list");
  for (guint i = 0; i < entries->len; i++)
    hr_value_append (list, model_value (g_ptr_array_index (entries, i)));
  hr_value_set (root, "data", list);
  return print (root);
}

/* ---- Completions ---- */

static gboolean
has_tool_calls (const HeadroomWireRecord *record)
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

/* [{id, index, type, function: {name, arguments (a string)}}] */
static HrValue *
tool_calls_value (const HrValue *calls, gsize n_earlier)
{
  HrValue *list = hr_value_new_list ();

  for (size_t i = 0; i < hr_value_size (calls); i++) {
    const HrValue *call = hr_value_at (calls, i);
    const HrValue *function = hr_value_lookup (call, "function");
    const char *id = headroom_json_get_string (call, "id");
    HrValue *value = hr_value_new_dict (), *shown = hr_value_new_dict ();
    g_autofree char *arguments =
        headroom_json_print (function != NULL ? hr_value_lookup (function, "arguments") : NULL,
                             HEADROOM_JSON_PLAIN);
    headroom_json_set_string (value, "id", id != NULL ? id : "");
    headroom_json_set_int (value, "index", (gint64) (n_earlier + i));
    headroom_json_set_string (value, "type", "function");
    headroom_json_set_string (shown, "name", headroom_json_get_string (function, "name"));
    headroom_json_set_string (shown, "arguments", arguments);
    hr_value_set (value, "function", shown);
    hr_value_append (list, value);
  }
  return list;
}

static HrValue *
finish_reason_value (const char *done_reason, gboolean called_tools)
{
  if (done_reason == NULL || *done_reason == '\0')
    return hr_value_new_null ();
  if (called_tools && strcmp (done_reason, "stop") == 0)
    done_reason = "tool_calls";
  return hr_value_new_string (done_reason, -1, false);
}

static HrValue *
usage_value (const HeadroomWireMetrics *metrics)
{
  HrValue *usage = hr_value_new_dict ();

  headroom_json_set_int (usage, "prompt_tokens", metrics->prompt_eval_count);
  headroom_json_set_int (usage, "completion_tokens", metrics->eval_count);
  headroom_json_set_int (usage, "total_tokens", metrics->prompt_eval_count + metrics->eval_count);
  return usage;
}

static void
set_logprobs (HrValue *choice, const HeadroomWireRecord *record)
{
  HrValue *logprobs;

  if (record->n_logprobs == 0)
    return;
  logprobs = hr_value_new_dict ();
  hr_value_set (logprobs, "content", headroom_record_logprobs_value (record));
  hr_value_set (choice, "logprobs", logprobs);
}

static HrValue *
start_answer (guint id, const char *object, gint64 created_ns, const char *model)
{
  HrValue *value = hr_value_new_dict ();
  g_autofree char *name = g_strdup_printf ("chatcmpl-%u", id);

  headroom_json_set_string (value, "id", name);
  headroom_json_set_string (value, "object", object);
  headroom_json_set_int (value, "created", created_ns / HEADROOM_NSEC_PER_SEC);
  headroom_json_set_string (value, "model", model);
  headroom_json_set_string (value, "system_fingerprint", FINGERPRINT);
  return value;
}

static void
set_choice (HrValue *value, HrValue *take_choice)
{
  HrValue *choices = hr_value_new_list ();

  hr_value_append (choices, take_choice);
  hr_value_set (value, "choices", choices);
}

static HrValue *
whole_message (const HeadroomWireRecord *record)
{
  HrValue *message = hr_value_new_dict ();

  headroom_json_set_string (message, "role", "assistant");
  hr_value_set (message, "content", headroom_record_text_value (record));
  if (has_thinking (record))
    headroom_json_set_string (message, "reasoning", record->thinking);
  if (has_tool_calls (record))
    hr_value_set (message, "tool_calls",
                  tool_calls_value (record->tool_calls, record->n_earlier_calls));
  return message;
}

char *
headroom_wire_print_openai_completion (const HeadroomWireRecord *record, guint id)
{
  HrValue *value = start_answer (id, "chat.completion", record->created_ns, record->model);
  HrValue *choice = hr_value_new_dict ();

  headroom_json_set_int (choice, "index", 0);
  hr_value_set (choice, "message", whole_message (record));
  hr_value_set (choice, "finish_reason",
                finish_reason_value (record->done_reason, has_tool_calls (record)));
  set_logprobs (choice, record);
  set_choice (value, choice);
  hr_value_set (value, "usage", usage_value (&record->metrics));
  return print (value);
}

/* ---- Streams ---- */

static void
append_event (GString *events, HrValue *take_value)
{
  g_autofree char *text = print (take_value);

  g_string_append_printf (events, "data: %s\n\n", text);
}

/* One chunk; delta and finish_reason are taken. logprobs NULL: none. */
static void
append_chunk (GString *events, const HeadroomWireOpenaiStream *stream,
              const HeadroomWireRecord *record, HrValue *take_delta, HrValue *take_finish_reason,
              gboolean with_logprobs)
{
  HrValue *value =
      start_answer (stream->id, "chat.completion.chunk", stream->created_ns, record->model);
  HrValue *choice = hr_value_new_dict ();

  headroom_json_set_int (choice, "index", 0);
  hr_value_set (choice, "delta", take_delta);
  hr_value_set (choice, "finish_reason", take_finish_reason);
  if (with_logprobs)
    set_logprobs (choice, record);
  set_choice (value, choice);
  append_event (events, value);
}

static HrValue *
start_delta (HeadroomWireOpenaiStream *stream)
{
  HrValue *delta = hr_value_new_dict ();

  if (!stream->sent_role)
    headroom_json_set_string (delta, "role", "assistant");
  stream->sent_role = TRUE;
  return delta;
}

static void
append_deltas (GString *events, HeadroomWireOpenaiStream *stream, const HeadroomWireRecord *record)
{
  gboolean has_more = has_text (record) || has_tool_calls (record);

  if (has_thinking (record)) {
    HrValue *delta = start_delta (stream);
    headroom_json_set_string (delta, "reasoning", record->thinking);
    append_chunk (events, stream, record, delta, hr_value_new_null (), !has_more);
  }
  if (!has_more && (has_thinking (record) || record->n_logprobs == 0))
    return;
  HrValue *delta = start_delta (stream);
  if (has_text (record) || !has_tool_calls (record))
    hr_value_set (delta, "content", headroom_record_text_value (record));
  if (has_tool_calls (record))
    hr_value_set (delta, "tool_calls",
                  tool_calls_value (record->tool_calls, record->n_earlier_calls));
  stream->sent_tool_calls = stream->sent_tool_calls || has_tool_calls (record);
  append_chunk (events, stream, record, delta, hr_value_new_null (), TRUE);
}

static void
append_end (GString *events, HeadroomWireOpenaiStream *stream, const HeadroomWireRecord *record)
{
  /* An answer without any text still has a first chunk with the role. */
  append_chunk (events, stream, record, start_delta (stream),
                finish_reason_value (record->done_reason, stream->sent_tool_calls), FALSE);
  if (stream->include_usage) {
    HrValue *value =
        start_answer (stream->id, "chat.completion.chunk", stream->created_ns, record->model);
    hr_value_set (value, "choices", hr_value_new_list ());
    hr_value_set (value, "usage", usage_value (&record->metrics));
    append_event (events, value);
  }
  g_string_append (events, "data: [DONE]\n\n");
}

char *
headroom_wire_print_openai_chunks (HeadroomWireOpenaiStream *stream,
                                   const HeadroomWireRecord *record)
{
  GString *events = g_string_new (NULL);

  append_deltas (events, stream, record);
  if (record->done)
    append_end (events, stream, record);
  return g_string_free (events, FALSE);
}
