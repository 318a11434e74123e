/* headroom-landscape.c: see headroom-landscape.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-landscape.h"

#define FIRST_STOP 2048
/* Of the highest throughput, what a good number of answers at once reaches. */
#define KNEE_SHARE 0.8

const char *
headroom_verdict_name (HeadroomVerdict verdict)
{
  static const char *const names[] = { "negligible", "noticeable", "heavy", "critical",
                                       "does not fit" };

  return names[verdict];
}

guint64
headroom_textbook_cache_bytes (const HrModel *model, const HrSettings *settings)
{
  const HrModelInfo *info = hr_model_get_info (model);

  return (guint64) 2 * info->n_layer * settings->num_ctx * info->n_embd * 2 * settings->parallel;
}

/* Powers of two, then the model's own length. */
static GArray *
list_stops (const HrModel *model)
{
  GArray *stops = g_array_new (FALSE, FALSE, sizeof (guint32));
  guint32 last = hr_model_get_info (model)->n_ctx_train;

  for (guint32 stop = FIRST_STOP; stop < last && stop <= G_MAXUINT32 / 2; stop *= 2)
    g_array_append_val (stops, stop);
  g_array_append_val (stops, last);
  return stops;
}

/* ---- The slider ---- */

/* Bytes that models may have, of all devices. */
static guint64
room_of (const HrPlan *plan)
{
  guint64 room = 0;

  for (gsize d = 0; d < hr_plan_n_devices (plan); d++) {
    const HrDevice *device = hr_plan_get_device (plan, d);
    room += device->free - MIN (device->free, device->reserve);
  }
  return MAX (room, 1);
}

static HeadroomStart
start_of (const HrPlan *first)
{
  return (HeadroomStart){ headroom_predict (first, 1, 0, 1).tokens_per_second,
                          hr_plan_get_settings (first)->gpu_layers };
}

static HeadroomVerdict
judge (const HeadroomStop *stop, const HrPlan *plan, gint32 gpu_layers_before)
{
  double percent = 100.0 * (double) stop->cache_bytes / (double) room_of (plan);

  if (!hr_plan_fits (plan, NULL))
    return HEADROOM_VERDICT_DOES_NOT_FIT;
  if (percent > 50 || stop->slower_percent > 90 ||
      hr_plan_get_settings (plan)->gpu_layers < gpu_layers_before)
    return HEADROOM_VERDICT_CRITICAL;
  if (percent > 20 || stop->slower_percent > 50)
    return HEADROOM_VERDICT_HEAVY;
  return percent > 5 || stop->slower_percent > 10 ? HEADROOM_VERDICT_NOTICEABLE
                                                  : HEADROOM_VERDICT_NEGLIGIBLE;
}

HeadroomStop
headroom_stop_of (const HrPlan *plan, const HeadroomStart *start)
{
  guint32 num_ctx = hr_plan_get_settings (plan)->num_ctx;
  HeadroomPrediction full = headroom_predict (plan, num_ctx, 0, 1);
  HeadroomStop stop = { .num_ctx = num_ctx,
                        .cache_bytes = hr_plan_get_bytes (plan, HR_ITEM_CACHE),
                        .predicted = full };

  stop.percent_of_weights = 100.0 * (double) stop.cache_bytes /
                            (double) MAX (hr_plan_get_bytes (plan, HR_ITEM_WEIGHTS), 1);
  if (start->tokens_per_second > 0)
    stop.slower_percent = 100 * (1 - full.tokens_per_second / start->tokens_per_second);
  stop.verdict = judge (&stop, plan, start->gpu_layers);
  return stop;
}

/* What a fit of asked has, for any context; FALSE: there is no fit. */
static gboolean
settle (HrModel *model, const HrSettings *asked, const HrDevice *devices, gsize n_devices,
        HrSettings *ret_settings)
{
  g_autoptr (HeadroomFit) fit = headroom_fit_new (model, asked, devices, n_devices, NULL);

  if (fit == NULL)
    return FALSE;
  *ret_settings = *hr_plan_get_settings (fit->plan);
  ret_settings->gpu_layers = asked->gpu_layers;
  ret_settings->num_batch = asked->num_batch > 0 ? asked->num_batch : ret_settings->num_batch;
  return TRUE;
}

HeadroomStart
headroom_landscape_start (HrModel *model, const HeadroomFit *fit)
{
  HrSettings settings = fit->settings;
  HeadroomStart start = { 0 };
  g_autoptr (HrPlan) first = NULL;

  settings.num_ctx = MIN (FIRST_STOP, hr_model_get_info (model)->n_ctx_train);
  first = hr_plan_new_like (fit->plan, &settings, NULL);
  return first != NULL ? start_of (first) : start;
}

GArray *
headroom_landscape_new (HrModel *model, const HrSettings *asked, const HrDevice *devices,
                        gsize n_devices)
{
  GArray *landscape = g_array_new (FALSE, FALSE, sizeof (HeadroomStop));
  g_autoptr (GArray) stops = list_stops (model);
  HeadroomStart start = { 0 };
  HrSettings settings;

  if (!settle (model, asked, devices, n_devices, &settings))
    return landscape;
  for (guint i = 0; i < stops->len; i++) {
    g_autoptr (HrPlan) plan = NULL;
    HeadroomStop stop;
    settings.num_ctx = g_array_index (stops, guint32, i);
    plan = hr_plan_new (model, &settings, devices, n_devices, NULL);
    if (plan == NULL)
      break;
    if (i == 0)
      start = start_of (plan);
    stop = headroom_stop_of (plan, &start);
    g_array_append_val (landscape, stop);
  }
  return landscape;
}

/* ---- How many at once ---- */

static HrPlan *
plan_for (HrModel *model, const HrSettings *settings, guint32 parallel, const HrDevice *devices,
          gsize n_devices)
{
  HrSettings with = *settings;

  with.parallel = parallel;
  return hr_plan_new (model, &with, devices, n_devices, NULL);
}

static gboolean
fits (HrModel *model, const HrSettings *settings, guint32 parallel, const HrDevice *devices,
      gsize n_devices)
{
  g_autoptr (HrPlan) plan = plan_for (model, settings, parallel, devices, n_devices);

  return plan != NULL && hr_plan_fits (plan, NULL);
}

static guint32
largest_parallel (HrModel *model, const HrSettings *settings, const HrDevice *devices,
                  gsize n_devices)
{
  guint32 low = 0, high = HR_MAX_PARALLEL + 1;

  while (low + 1 < high) {
    guint32 middle = (low + high) / 2;
    if (fits (model, settings, middle, devices, n_devices))
      low = middle;
    else
      high = middle;
  }
  return low;
}

typedef struct {
  guint32 parallel;
  HeadroomPrediction predicted;
} Sample;

/* Throughput at more and more answers at once, each step a tenth. Half full contexts are what a
 * busy service has. */
static GArray *
sample_throughput (HrModel *model, const HrSettings *settings, guint32 parallel_max,
                   const HrDevice *devices, gsize n_devices)
{
  GArray *samples = g_array_new (FALSE, FALSE, sizeof (Sample));
  guint32 n_prompt = MIN (HEADROOM_USUAL_PROMPT, settings->num_ctx);

  for (guint32 n = 1; n <= parallel_max; n = MAX (n + 1, MIN (n + n / 10, parallel_max))) {
    g_autoptr (HrPlan) plan = plan_for (model, settings, n, devices, n_devices);
    Sample sample = { n, headroom_predict (plan, n_prompt, settings->num_ctx / 2, n) };
    g_array_append_val (samples, sample);
  }
  return samples;
}

static double
throughput (const Sample *sample)
{
  return sample->parallel * sample->predicted.tokens_per_second;
}

/* The knee: the fewest answers at once that reach most of the highest throughput. Behind it each
 * answer gets slower for little. */
static const Sample *
find_knee (const GArray *samples)
{
  const Sample *knee = &g_array_index (samples, Sample, 0);
  double highest = 0;

  for (guint i = 0; i < samples->len; i++)
    highest = MAX (highest, throughput (&g_array_index (samples, Sample, i)));
  for (guint i = 0; throughput (knee) < KNEE_SHARE * highest; i++)
    knee = &g_array_index (samples, Sample, i);
  return knee;
}

static void
find_best (HeadroomAdvice *advice, HrModel *model, const HrSettings *settings,
           const HrDevice *devices, gsize n_devices)
{
  g_autoptr (GArray) samples = NULL;
  const Sample *knee;

  if (advice->parallel_max == 0)
    return;
  samples = sample_throughput (model, settings, advice->parallel_max, devices, n_devices);
  knee = find_knee (samples);
  advice->parallel_best = knee->parallel;
  advice->predicted = knee->predicted;
  advice->tokens_per_second = throughput (knee);
}

GArray *
headroom_recommend (HrModel *model, const HrSettings *asked, const HrDevice *devices,
                    gsize n_devices)
{
  GArray *list = g_array_new (FALSE, FALSE, sizeof (HeadroomAdvice));
  g_autoptr (GArray) stops = list_stops (model);
  HrSettings settings = *asked;

  for (guint i = 0; i < stops->len; i++) {
    HeadroomAdvice advice = { .num_ctx = g_array_index (stops, guint32, i) };
    settings.num_ctx = advice.num_ctx;
    advice.parallel_max = largest_parallel (model, &settings, devices, n_devices);
    find_best (&advice, model, &settings, devices, n_devices);
    g_array_append_val (list, advice);
  }
  return list;
}
