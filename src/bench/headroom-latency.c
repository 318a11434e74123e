/* headroom-latency.c: see headroom-latency.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-latency.h"

#include "headroom-ask.h"
#include "headroom-json.h"
#include "headroom-summary.h"

typedef struct {
  GArray *total, *first_byte, *per_token; /* double, in ms */
  gint64 n_prompt, n_tokens;
  gboolean answered; /* the request at hand has ended */
  GError *error;
} Latency;

static void
add_ms (GArray *values, gint64 us)
{
  double ms = (double) us / 1e3;

  g_array_append_val (values, ms);
}

static void
on_asked (const HeadroomAsked *asked, gpointer data)
{
  Latency *latency = data;

  latency->answered = TRUE;
  if (asked->error != NULL) {
    latency->error = g_error_copy (asked->error);
    return;
  }
  add_ms (latency->total, asked->end_us - asked->begin_us);
  add_ms (latency->first_byte, asked->first_us - asked->begin_us);
  if (asked->n_tokens > 1)
    add_ms (latency->per_token, (asked->end_us - asked->first_us) / (asked->n_tokens - 1));
  latency->n_prompt += asked->n_prompt;
  latency->n_tokens += MAX (asked->n_tokens, 0);
}

static void
ask_all (HeadroomClient *client, const HeadroomLatencyOptions *options, Latency *latency,
         HeadroomBenchProgressFunc progress, gpointer data, GCancellable *cancellable)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();
  guint first_number = g_random_int ();

  for (guint i = 0; i < options->n_requests && latency->error == NULL; i++) {
    g_autofree char *prompt = headroom_ask_prompt (first_number + i, options->n_words);
    HeadroomQuestion question = { options->model, prompt, options->num_predict, options->num_ctx };
    latency->answered = FALSE;
    headroom_ask (client, &question, cancellable, on_asked, latency);
    while (!latency->answered)
      g_main_context_iteration (context, TRUE);
    if (progress != NULL && latency->error == NULL)
      progress (i + 1, options->n_requests, data);
  }
}

/* Milliseconds, 0 where the model was in memory already, or negative with error. */
static double
load (HeadroomClient *client, const HeadroomLatencyOptions *options, GCancellable *cancellable,
      GError **error)
{
  g_autoptr (GError) problem = NULL;
  gboolean was_loaded = headroom_ask_is_loaded (client, options->model, cancellable, &problem);
  gint64 begin;

  if (problem != NULL) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return -1;
  }
  if (was_loaded && options->cold &&
      !headroom_ask_load (client, options->model, 0, cancellable, error))
    return -1;
  begin = g_get_monotonic_time ();
  if (!headroom_ask_load (client, options->model, -1, cancellable, error))
    return -1;
  return was_loaded && !options->cold ? 0 : (double) (g_get_monotonic_time () - begin) / 1e3;
}

static HrValue *
to_value (const HeadroomLatencyOptions *options, const Latency *latency, double load_ms)
{
  HrValue *dict = hr_value_new_dict ();

  headroom_json_set_string (dict, "model", options->model);
  headroom_json_set_int (dict, "requests", options->n_requests);
  headroom_json_set_int (dict, "words", options->n_words);
  headroom_json_set_int (dict, "num_predict", options->num_predict);
  headroom_json_set_bool (dict, "complete", latency->error == NULL);
  if (latency->error != NULL)
    headroom_json_set_string (dict, "error", latency->error->message);
  if (load_ms > 0)
    headroom_json_set_float (dict, "cold_load_ms", load_ms);
  hr_value_set (dict, "total",
                headroom_summary_to_value (latency->total, "ms", HEADROOM_BETTER_LOWER));
  hr_value_set (dict, "first_byte",
                headroom_summary_to_value (latency->first_byte, "ms", HEADROOM_BETTER_LOWER));
  hr_value_set (dict, "per_token",
                headroom_summary_to_value (latency->per_token, "ms", HEADROOM_BETTER_LOWER));
  headroom_json_set_int (dict, "prompt_tokens", latency->n_prompt);
  headroom_json_set_int (dict, "tokens", latency->n_tokens);
  return dict;
}

HrValue *
headroom_latency_measure (HeadroomClient *client, const HeadroomLatencyOptions *options,
                          HeadroomBenchProgressFunc progress, gpointer data,
                          GCancellable *cancellable, GError **error)
{
  Latency latency = { .total = g_array_new (FALSE, FALSE, sizeof (double)),
                      .first_byte = g_array_new (FALSE, FALSE, sizeof (double)),
                      .per_token = g_array_new (FALSE, FALSE, sizeof (double)) };
  double load_ms = load (client, options, cancellable, error);
  HrValue *result = NULL;

  if (load_ms >= 0) {
    ask_all (client, options, &latency, progress, data, cancellable);
    result = to_value (options, &latency, load_ms);
  }
  g_clear_error (&latency.error);
  g_array_unref (latency.total);
  g_array_unref (latency.first_byte);
  g_array_unref (latency.per_token);
  return result;
}
