/* headroom-wire-completion.c: POST /v1/completions, OpenAI's older route.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-json.h"
#include "headroom-wire-private.h"

#define MAX_LOGPROBS 20

static char *
print (HrValue *take_value)
{
  char *text = headroom_json_print (take_value, HEADROOM_JSON_ESCAPE_HTML);

  hr_value_unref (take_value);
  return text;
}

/* A text, or a list of one. */
static HrValue *
read_prompt (HeadroomFields *fields)
{
  const HrValue *value = headroom_fields_any (fields, "prompt");

  if (value != NULL && hr_value_kind (value) == HR_VALUE_LIST && hr_value_size (value) == 1)
    value = hr_value_at (value, 0);
  if (value == NULL)
    return NULL;
  if (hr_value_kind (value) == HR_VALUE_STRING)
    return hr_value_ref ((HrValue *) value);
  headroom_fields_refuse_type (fields, "prompt", value, "string");
  return NULL;
}

HeadroomWireRequest *
headroom_wire_parse_completion (const char *body, gsize len, GError **error)
{
  g_autoptr (HeadroomWireRequest) request = g_new0 (HeadroomWireRequest, 1);
  HeadroomFields fields;

  headroom_fields_init (&fields, "CompletionRequest", body, len);
  request->kind = HEADROOM_WIRE_COMPLETION;
  request->truncate = TRUE;
  request->shift = -1;
  request->model = headroom_fields_dup_string (&fields, "model");
  request->stream = headroom_fields_bool (&fields, "stream", FALSE);
  request->prompt = read_prompt (&fields);
  request->suffix = headroom_fields_ref_text (&fields, "suffix");
  request->grammar = headroom_fields_dup_string (&fields, "grammar");
  request->options = headroom_openai_read_options (&fields);
  headroom_read_own (&fields, request);
  const HrValue *stream_options =
      headroom_fields_dict (&fields, "stream_options", "openai.StreamOptions");
  request->include_usage = headroom_json_get_bool (stream_options, "include_usage", FALSE);
  gint64 logprobs = headroom_fields_int (&fields, "logprobs", -1);
  request->logprobs = logprobs >= 0;
  request->top_logprobs = (int) CLAMP (logprobs, 0, MAX_LOGPROBS);
  if (request->model == NULL) /* as /api/generate: a model of that name is not found */
    request->model = g_strdup ("");
  if (request->prompt == NULL)
    headroom_fields_fail (&fields, 400, "prompt is required");
  return headroom_fields_finish (&fields, error) ? g_steal_pointer (&request) : NULL;
}

/* ---- Answers ---- */

static HrValue *
usage_value (const HeadroomWireMetrics *metrics)
{
  HrValue *usage = hr_value_new_dict ();

  headroom_json_set_int (usage, "prompt_tokens", metrics->prompt_eval_count);
  headroom_json_set_int (usage, "completion_tokens", metrics->eval_count);
  headroom_json_set_int (usage, "total_tokens", metrics->prompt_eval_count + metrics->eval_count);
  return usage;
}

/* {tokens, token_logprobs, top_logprobs}: the older shape. */
static HrValue *
logprobs_value (const HeadroomWireRecord *record)
{
  HrValue *value = hr_value_new_dict (), *tokens = hr_value_new_list (),
          *logprobs = hr_value_new_list ();
  g_autoptr (HrValue) entries = headroom_record_logprobs_value (record);

  for (gsize i = 0; i < hr_value_size (entries); i++) {
    HrValue *entry = hr_value_at (entries, i);
    hr_value_append (tokens, hr_value_ref (hr_value_lookup (entry, "token")));
    hr_value_append (logprobs, hr_value_ref (hr_value_lookup (entry, "logprob")));
  }
  hr_value_set (value, "tokens", tokens);
  hr_value_set (value, "token_logprobs", logprobs);
  return value;
}

static HrValue *
completion_value (const HeadroomWireRecord *record, const HeadroomWireOpenaiStream *stream,
                  gboolean with_text)
{
  HrValue *value = hr_value_new_dict (), *choices = hr_value_new_list (),
          *choice = hr_value_new_dict ();
  g_autofree char *id = g_strdup_printf ("cmpl-%u", stream->id);

  headroom_json_set_string (value, "id", id);
  headroom_json_set_string (value, "object", "text_completion");
  headroom_json_set_int (value, "created", stream->created_ns / HEADROOM_NSEC_PER_SEC);
  headroom_json_set_string (value, "model", record->model);
  headroom_json_set_string (value, "system_fingerprint", "fp_ollama");
  hr_value_set (choice, "text",
                with_text ? headroom_record_text_value (record)
                          : hr_value_new_string ("", 0, false));
  headroom_json_set_int (choice, "index", 0);
  hr_value_set (choice, "finish_reason",
                record->done && record->done_reason != NULL
                    ? hr_value_new_string (record->done_reason, -1, false)
                    : hr_value_new_null ());
  if (record->n_logprobs > 0)
    hr_value_set (choice, "logprobs", logprobs_value (record));
  hr_value_append (choices, choice);
  hr_value_set (value, "choices", choices);
  return value;
}

char *
headroom_wire_print_completion (const HeadroomWireRecord *record, HeadroomWireOpenaiStream *stream)
{
  HrValue *value = completion_value (record, stream, TRUE);

  hr_value_set (value, "usage", usage_value (&record->metrics));
  return print (value);
}

static void
append_event (GString *events, HrValue *take_value)
{
  g_autofree char *text = print (take_value);

  g_string_append_printf (events, "data: %s\n\n", text);
}

char *
headroom_wire_print_completion_chunks (HeadroomWireOpenaiStream *stream,
                                       const HeadroomWireRecord *record)
{
  GString *events = g_string_new (NULL);
  HrValue *value = completion_value (record, stream, TRUE);

  append_event (events, value);
  if (record->done && stream->include_usage) {
    value = completion_value (record, stream, FALSE);
    hr_value_set (value, "choices", hr_value_new_list ());
    hr_value_set (value, "usage", usage_value (&record->metrics));
    append_event (events, value);
  }
  if (record->done)
    g_string_append (events, "data: [DONE]\n\n");
  return g_string_free (events, FALSE);
}
