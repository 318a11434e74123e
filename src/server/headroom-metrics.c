/* headroom-metrics.c: see headroom-metrics.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-metrics.h"

#include "headroom-json.h"

static const double bounds[HEADROOM_METRICS_N_BUCKETS] = {
  0.005, 0.02, 0.1, 0.5, 1, 2.5, 10, 30, 120, 600
}; /* seconds */

/* ---- Counting ---- */

static void
note (HeadroomHistogram *histogram, gint64 us)
{
  double seconds = (double) us / G_USEC_PER_SEC;
  gsize i = 0;

  while (i < HEADROOM_METRICS_N_BUCKETS && seconds > bounds[i])
    i++;
  histogram->buckets[i]++;
  histogram->sum += seconds;
}

void
headroom_metrics_note_answer (HeadroomMetrics *self, const HrTimings *timings, gint64 total_us)
{
  self->n_answers++;
  self->prompt_tokens += timings->n_prompt;
  self->cached_tokens += timings->n_cached;
  self->generated_tokens += timings->n_generated;
  note (&self->queue, timings->queue_us);
  note (&self->prompt, timings->prompt_us);
  note (&self->generate, timings->generate_us);
  note (&self->total, total_us);
}

static void
events_changed_cb (GListModel *events, guint position, guint removed, guint added, gpointer data)
{
  HeadroomMetrics *self = data;

  for (guint i = 0; i < added; i++) {
    g_autoptr (HeadroomEvent) event = g_list_model_get_item (events, position + i);
    if (event != NULL && headroom_event_get_kind (event) < G_N_ELEMENTS (self->n_events))
      self->n_events[headroom_event_get_kind (event)]++;
  }
}

void
headroom_metrics_watch (HeadroomMetrics *self, GListModel *events)
{
  g_signal_connect (events, "items-changed", G_CALLBACK (events_changed_cb), self);
}

void
headroom_metrics_unwatch (HeadroomMetrics *self, GListModel *events)
{
  g_signal_handlers_disconnect_by_data (events, self);
}

/* ---- Printing ---- */

static void
head (GString *text, const char *name, const char *type, const char *help)
{
  g_string_append_printf (text, "# HELP headroom_%s %s\n# TYPE headroom_%s %s\n", name, help, name,
                          type);
}

static void
counter (GString *text, const char *name, const char *help, guint64 value)
{
  head (text, name, "counter", help);
  g_string_append_printf (text, "headroom_%s %" G_GUINT64_FORMAT "\n", name, value);
}

static char *
seconds_text (double seconds, char *buffer)
{
  return g_ascii_formatd (buffer, G_ASCII_DTOSTR_BUF_SIZE, "%g", seconds);
}

static void
histogram (GString *text, const char *name, const char *help, const HeadroomHistogram *h)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];
  guint64 n = 0;

  head (text, name, "histogram", help);
  for (gsize i = 0; i < HEADROOM_METRICS_N_BUCKETS; i++) {
    n += h->buckets[i];
    g_string_append_printf (text, "headroom_%s_bucket{le=\"%s\"} %" G_GUINT64_FORMAT "\n", name,
                            seconds_text (bounds[i], buffer), n);
  }
  n += h->buckets[HEADROOM_METRICS_N_BUCKETS];
  g_string_append_printf (text, "headroom_%s_bucket{le=\"+Inf\"} %" G_GUINT64_FORMAT "\n", name, n);
  g_string_append_printf (text, "headroom_%s_sum %s\nheadroom_%s_count %" G_GUINT64_FORMAT "\n",
                          name, seconds_text (h->sum, buffer), name, n);
}

/* A label's value, with the three characters escaped that the format escapes. */
static char *
label (const char *value)
{
  GString *text = g_string_new (value != NULL ? value : "");

  g_string_replace (text, "\\", "\\\\", 0);
  g_string_replace (text, "\"", "\\\"", 0);
  g_string_replace (text, "\n", "\\n", 0);
  return g_string_free (text, FALSE);
}

static void
print_devices (GString *text, const HrValue *devices)
{
  static const char *const kinds[] = { "weights", "cache",     "cache_reserved",
                                       "compute", "projector", "driver" };

  head (text, "device_bytes", "gauge",
        "Bytes by device and kind: what is ours, what is free, what there is.");
  for (gsize i = 0; devices != NULL && i < hr_value_size (devices); i++) {
    const HrValue *device = hr_value_at (devices, i), *ours = hr_value_lookup (device, "ours");
    g_autofree char *name = label (headroom_json_get_string (device, "name"));
    for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++)
      g_string_append_printf (text,
                              "headroom_device_bytes{device=\"%s\",kind=\"%s\"} %" G_GINT64_FORMAT
                              "\n",
                              name, kinds[k], headroom_json_get_int (ours, kinds[k], 0));
    g_string_append_printf (text,
                            "headroom_device_bytes{device=\"%s\",kind=\"free\"} %" G_GINT64_FORMAT
                            "\n",
                            name, headroom_json_get_int (device, "free", 0));
    g_string_append_printf (text,
                            "headroom_device_bytes{device=\"%s\",kind=\"total\"} %" G_GINT64_FORMAT
                            "\n",
                            name, headroom_json_get_int (device, "total", 0));
  }
}

static void
print_models (GString *text, const HrValue *models, const char *metric, const char *help,
              const char *key, const char *inner_key)
{
  head (text, metric, "gauge", help);
  for (gsize i = 0; models != NULL && i < hr_value_size (models); i++) {
    const HrValue *model = hr_value_at (models, i),
                  *inner = inner_key != NULL ? hr_value_lookup (model, inner_key) : model;
    g_autofree char *name = label (headroom_json_get_string (model, "name"));
    g_string_append_printf (text, "headroom_%s{model=\"%s\"} %" G_GINT64_FORMAT "\n", metric, name,
                            inner != NULL && hr_value_kind (inner) == HR_VALUE_DICT
                                ? headroom_json_get_int (inner, key, 0)
                                : 0);
  }
}

static void
print_events (GString *text, const HeadroomMetrics *self)
{
  head (text, "events_total", "counter", "What happened to models, by kind.");
  for (guint kind = 0; kind < G_N_ELEMENTS (self->n_events); kind++)
    g_string_append_printf (text, "headroom_events_total{kind=\"%s\"} %" G_GUINT64_FORMAT "\n",
                            headroom_event_kind_name (kind), self->n_events[kind]);
}

char *
headroom_metrics_print (const HeadroomMetrics *self, const HrValue *status)
{
  GString *text = g_string_new (NULL);
  const HrValue *models = hr_value_lookup (status, "models");

  counter (text, "answers_total", "Answers that were given in full.", self->n_answers);
  counter (text, "failed_total", "Requests for text that ended with an error.", self->n_failed);
  counter (text, "cancelled_total", "Requests for text whose client left.", self->n_cancelled);
  counter (text, "unknown_options_total", "Options in requests that nothing here knows.",
           self->n_unknown_options);
  counter (text, "prompt_tokens_total", "Tokens of prompts.", self->prompt_tokens);
  counter (text, "cached_tokens_total", "Of these, those that were not read again.",
           self->cached_tokens);
  counter (text, "generated_tokens_total", "Tokens that were generated.", self->generated_tokens);
  histogram (text, "queue_seconds", "Waiting for a slot.", &self->queue);
  histogram (text, "prompt_seconds", "Reading the prompt.", &self->prompt);
  histogram (text, "generate_seconds", "Generating.", &self->generate);
  histogram (text, "request_seconds", "From the request to the end of its answer.", &self->total);
  print_events (text, self);
  print_devices (text, hr_value_lookup (status, "devices"));
  print_models (text, models, "model_requests", "Requests that hold a model.", "requests", NULL);
  print_models (text, models, "model_slots_active", "Slots that work.", "active", "slots");
  print_models (text, models, "model_slots_queued", "Requests without a slot.", "queued", "slots");
  print_models (text, models, "model_cached_tokens", "Positions that slots hold.", "cached_tokens",
                NULL);
  return g_string_free (text, FALSE);
}
