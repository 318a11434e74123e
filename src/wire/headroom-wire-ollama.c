/* headroom-wire-ollama.c: the answers of /api.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fields come in the order that clients have always seen; a field whose value is zero or empty is
 * left out where Go's omitempty leaves it out.
 */
#include <float.h>
#include <string.h>

#include "headroom-json.h"
#include "headroom-wire-private.h"

static char *
print (HrValue *take_value)
{
  char *text = headroom_json_print (take_value, HEADROOM_JSON_ESCAPE_HTML);

  hr_value_unref (take_value);
  return text;
}

static void
set_time (HrValue *dict, const char *key, gint64 time_ns, gboolean local)
{
  g_autofree char *text = headroom_wire_format_time (time_ns, local);

  headroom_json_set_string (dict, key, text);
}

static void
set_nonzero (HrValue *dict, const char *key, gint64 number)
{
  if (number != 0)
    headroom_json_set_int (dict, key, number);
}

static void
set_nonempty (HrValue *dict, const char *key, const char *text)
{
  if (text != NULL && *text != '\0')
    headroom_json_set_string (dict, key, text);
}

/* ---- Records of text ---- */

HrValue *
headroom_record_text_value (const HeadroomWireRecord *record)
{
  if (record->text == NULL)
    return hr_value_new_string ("", 0, false);
  return hr_value_new_string (record->text, record->text_len > 0 ? record->text_len : -1, false);
}

/* A float as the double with the same shortest spelling; JSON has no infinity, so its nearest
 * number stands for it. */
static double
widen (float number)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  if (number < -FLT_MAX)
    return -FLT_MAX;
  for (int precision = 6; precision < 9; precision++) {
    char format[] = "%.6g";
    format[2] = (char) ('0' + precision);
    g_ascii_formatd (buffer, sizeof buffer, format, number);
    if ((float) g_ascii_strtod (buffer, NULL) == number)
      return g_ascii_strtod (buffer, NULL);
  }
  return number;
}

static HrValue *
prob_value (const HeadroomWireProb *prob)
{
  HrValue *value = hr_value_new_dict (), *bytes = hr_value_new_list ();

  hr_value_set (value, "token",
                hr_value_new_string (prob->token != NULL ? prob->token : "",
                                     (gssize) prob->token_len, false));
  headroom_json_set_float (value, "logprob", widen (prob->logprob));
  for (gsize i = 0; i < prob->token_len; i++)
    hr_value_append (bytes, hr_value_new_int ((guint8) prob->token[i]));
  hr_value_set (value, "bytes", bytes);
  return value;
}

HrValue *
headroom_record_logprobs_value (const HeadroomWireRecord *record)
{
  HrValue *list = hr_value_new_list ();

  for (gsize i = 0; i < record->n_logprobs; i++) {
    const HeadroomWireLogprob *logprob = &record->logprobs[i];
    HrValue *value = prob_value (&logprob->chosen);
    if (logprob->n_top > 0) {
      HrValue *top = hr_value_new_list ();
      for (gsize j = 0; j < logprob->n_top; j++)
        hr_value_append (top, prob_value (&logprob->top[j]));
      hr_value_set (value, "top_logprobs", top);
    }
    hr_value_append (list, value);
  }
  return list;
}

/* [{id?, function: {index, name, arguments}}] from calls as templates know them. */
static HrValue *
tool_calls_value (const HrValue *calls, gsize n_earlier)
{
  HrValue *list = hr_value_new_list ();

  for (size_t i = 0; i < hr_value_size (calls); i++) {
    const HrValue *call = hr_value_at (calls, i);
    const HrValue *function = hr_value_lookup (call, "function");
    HrValue *arguments = function != NULL ? hr_value_lookup (function, "arguments") : NULL;
    HrValue *value = hr_value_new_dict (), *shown = hr_value_new_dict ();
    headroom_json_set_string (value, "id", headroom_json_get_string (call, "id"));
    headroom_json_set_int (shown, "index", (gint64) (n_earlier + i));
    headroom_json_set_string (shown, "name", headroom_json_get_string (function, "name"));
    hr_value_set (shown, "arguments",
                  arguments != NULL ? hr_value_ref (arguments) : hr_value_new_dict ());
    hr_value_set (value, "function", shown);
    hr_value_append (list, value);
  }
  return list;
}

static gboolean
has_tool_calls (const HeadroomWireRecord *record)
{
  return record->tool_calls != NULL && hr_value_size (record->tool_calls) > 0;
}

static HrValue *
start_record (const HeadroomWireRecord *record)
{
  HrValue *value = hr_value_new_dict ();

  headroom_json_set_string (value, "model", record->model);
  set_time (value, "created_at", record->created_ns, FALSE);
  return value;
}

static void
set_done (HrValue *value, const HeadroomWireRecord *record)
{
  headroom_json_set_bool (value, "done", record->done);
  set_nonempty (value, "done_reason", record->done_reason);
}

static void
set_metrics (HrValue *value, const HeadroomWireMetrics *metrics)
{
  set_nonzero (value, "total_duration", metrics->total_duration);
  set_nonzero (value, "load_duration", metrics->load_duration);
  set_nonzero (value, "prompt_eval_count", metrics->prompt_eval_count);
  set_nonzero (value, "prompt_eval_duration", metrics->prompt_eval_duration);
  set_nonzero (value, "eval_count", metrics->eval_count);
  set_nonzero (value, "eval_duration", metrics->eval_duration);
}

static void
set_debug_and_logprobs (HrValue *value, const HeadroomWireRecord *record)
{
  if (record->rendered_template != NULL) {
    HrValue *info = hr_value_new_dict ();
    headroom_json_set_string (info, "rendered_template", record->rendered_template);
    hr_value_set (value, "_debug_info", info);
  }
  if (record->n_logprobs > 0)
    hr_value_set (value, "logprobs", headroom_record_logprobs_value (record));
}

char *
headroom_wire_print_generate (const HeadroomWireRecord *record)
{
  HrValue *value = start_record (record);

  hr_value_set (value, "response", headroom_record_text_value (record));
  set_nonempty (value, "thinking", record->thinking);
  set_done (value, record);
  if (record->n_context > 0) {
    HrValue *context = hr_value_new_list ();
    for (gsize i = 0; i < record->n_context; i++)
      hr_value_append (context, hr_value_new_int (record->context[i]));
    hr_value_set (value, "context", context);
  }
  set_metrics (value, &record->metrics);
  if (has_tool_calls (record))
    hr_value_set (value, "tool_calls",
                  tool_calls_value (record->tool_calls, record->n_earlier_calls));
  set_debug_and_logprobs (value, record);
  return print (value);
}

char *
headroom_wire_print_chat (const HeadroomWireRecord *record)
{
  HrValue *value = start_record (record), *message = hr_value_new_dict ();

  headroom_json_set_string (message, "role", "assistant");
  hr_value_set (message, "content", headroom_record_text_value (record));
  set_nonempty (message, "thinking", record->thinking);
  if (has_tool_calls (record))
    hr_value_set (message, "tool_calls",
                  tool_calls_value (record->tool_calls, record->n_earlier_calls));
  hr_value_set (value, "message", message);
  set_done (value, record);
  set_debug_and_logprobs (value, record);
  set_metrics (value, &record->metrics);
  return print (value);
}

/* ---- Small answers ---- */

char *
headroom_wire_print_error (const char *message)
{
  HrValue *value = hr_value_new_dict ();

  headroom_json_set_string (value, "error", message);
  return print (value);
}

char *
headroom_wire_print_version (const char *version)
{
  HrValue *value = hr_value_new_dict ();

  headroom_json_set_string (value, "version", version);
  headroom_json_set_string (value, "headroom", HEADROOM_VERSION);
  return print (value);
}

char *
headroom_wire_print_status (const char *status, const char *digest, guint64 completed,
                            guint64 total)
{
  HrValue *value = hr_value_new_dict ();

  headroom_json_set_string (value, "status", status);
  set_nonempty (value, "digest", digest);
  set_nonzero (value, "total", (gint64) total);
  set_nonzero (value, "completed", (gint64) completed);
  return print (value);
}

/* ---- Models ---- */

HrValue *
headroom_details_value (HeadroomModelEntry *entry, gboolean with_lengths)
{
  HrValue *value = hr_value_new_dict ();
  const char *const *families = headroom_model_entry_get_families (entry);

  headroom_json_set_string (value, "parent_model", headroom_model_entry_get_parent (entry));
  headroom_json_set_string (value, "format", headroom_model_entry_get_format (entry));
  headroom_json_set_string (value, "family", headroom_model_entry_get_family (entry));
  if (families[0] != NULL)
    headroom_json_set_strv (value, "families", families);
  else
    hr_value_set (value, "families", hr_value_new_null ());
  headroom_json_set_string (value, "parameter_size",
                            headroom_model_entry_get_parameter_size (entry));
  headroom_json_set_string (value, "quantization_level",
                            headroom_model_entry_get_quantization (entry));
  if (with_lengths) {
    set_nonzero (value, "context_length", headroom_model_entry_get_context_length (entry));
    set_nonzero (value, "embedding_length", headroom_model_entry_get_embedding_length (entry));
  }
  return value;
}

static HrValue *
tag_value (HeadroomModelEntry *entry)
{
  HrValue *value = hr_value_new_dict ();
  const char *const *capabilities = headroom_model_entry_get_capabilities (entry);

  headroom_json_set_string (value, "name", headroom_model_entry_get_name (entry));
  headroom_json_set_string (value, "model", headroom_model_entry_get_name (entry));
  set_time (value, "modified_at", headroom_model_entry_get_modified_ns (entry), TRUE);
  headroom_json_set_int (value, "size", (gint64) headroom_model_entry_get_size (entry));
  headroom_json_set_string (value, "digest", headroom_model_entry_get_digest (entry));
  hr_value_set (value, "details", headroom_details_value (entry, TRUE));
  if (capabilities[0] != NULL)
    headroom_json_set_strv (value, "capabilities", capabilities);
  return value;
}

static char *
print_models (HrValue *take_list)
{
  HrValue *root = hr_value_new_dict ();

  hr_value_set (root, "models", take_list);
  return print (root);
}

char *
headroom_wire_print_tags (GPtrArray *entries)
{
  HrValue *list = hr_value_new_list ();

  for (guint i = 0; i < entries->len; i++)
    hr_value_append (list, tag_value (g_ptr_array_index (entries, i)));
  return print_models (list);
}

static HrValue *
running_value (const HeadroomWireRunning *running)
{
  HrValue *value = hr_value_new_dict ();
  const char *name = headroom_model_entry_get_name (running->entry);

  headroom_json_set_string (value, "name", name);
  headroom_json_set_string (value, "model", name);
  headroom_json_set_int (value, "size", (gint64) running->size);
  headroom_json_set_string (value, "digest", headroom_model_entry_get_digest (running->entry));
  hr_value_set (value, "details", headroom_details_value (running->entry, FALSE));
  set_time (value, "expires_at", running->expires_ns, TRUE);
  headroom_json_set_int (value, "size_vram", (gint64) running->size_vram);
  headroom_json_set_int (value, "context_length", running->context_length);
  return value;
}

static int
compare_latest_first (gconstpointer a, gconstpointer b)
{
  const HeadroomWireRunning *first = *(const HeadroomWireRunning *const *) a,
                            *second = *(const HeadroomWireRunning *const *) b;

  return first->expires_ns == second->expires_ns  ? 0
         : first->expires_ns > second->expires_ns ? -1
                                                  : 1;
}

/* What is in use is what was allocated but for cache that is not filled and buffers that no step
 * has touched yet; the rest of what the system sees is the program itself. */
static HrValue *
footprint_value (const HeadroomWireFootprint *footprint)
{
  HrValue *value = hr_value_new_dict ();
  guint64 idle = footprint->unfilled + footprint->untouched;
  guint64 in_use = footprint->allocated - MIN (footprint->allocated, idle);

  headroom_json_set_int (value, "planned", (gint64) footprint->planned);
  headroom_json_set_int (value, "allocated", (gint64) footprint->allocated);
  headroom_json_set_int (value, "unfilled_cache", (gint64) footprint->unfilled);
  headroom_json_set_int (value, "untouched_buffers", (gint64) footprint->untouched);
  headroom_json_set_int (value, "in_use", (gint64) in_use);
  if (footprint->seen > 0) {
    headroom_json_set_int (value, "seen_by_system", (gint64) footprint->seen);
    headroom_json_set_int (value, "program", (gint64) footprint->seen - (gint64) in_use);
  }
  return value;
}

char *
headroom_wire_print_ps (const HeadroomWireRunning *running, gsize n,
                        const HeadroomWireFootprint *footprint)
{
  HrValue *root = hr_value_new_dict ();
  g_autoptr(GPtrArray) sorted = g_ptr_array_new ();
  HrValue *list = hr_value_new_list ();

  for (gsize i = 0; i < n; i++)
    g_ptr_array_add (sorted, (gpointer) &running[i]);
  g_ptr_array_sort (sorted, compare_latest_first);
  for (guint i = 0; i < sorted->len; i++)
    hr_value_append (list, running_value (g_ptr_array_index (sorted, i)));
  hr_value_set (root, "models", list);
  if (footprint != NULL)
    hr_value_set (root, "memory", footprint_value (footprint));
  return print (root);
}
