/* bench-plan.c: how long a plan takes, for docs/benchmarks.md. Not a test: it prints numbers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *   bench-plan [CATALOGUE-NAME ...]
 */
#include "headroom-catalogue.h"
#include "headroom-fit.h"

#include <stdio.h>
#include <stdlib.h>

#define ROUNDS 100

typedef struct {
  HrModel *model;
  HrSettings settings;
  HrDevice devices[3];
  gsize n_devices;
} Question;

static void
plan_once (Question *q)
{
  hr_plan_unref (hr_plan_new (q->model, &q->settings, q->devices, q->n_devices, NULL));
}

static void
fit_once (Question *q)
{
  headroom_fit_free (headroom_fit_new (q->model, &q->settings, q->devices, q->n_devices, NULL));
}

static int
compare (const void *a, const void *b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return x < y ? -1 : x > y;
}

static gint64
once_us (void (*func) (Question *), Question *q)
{
  gint64 before = g_get_monotonic_time ();

  func (q);
  return g_get_monotonic_time () - before;
}

static gint64
median_us (void (*func) (Question *), Question *q)
{
  gint64 times[ROUNDS];

  for (gsize i = 0; i < ROUNDS; i++) {
    times[i] = once_us (func, q);
  }
  qsort (times, ROUNDS, sizeof *times, compare);
  return times[ROUNDS / 2];
}

static void
measure (const char *name)
{
  const HeadroomCatalogueEntry *entry = headroom_catalogue_find (name);
  g_autoptr (HrModel) model = entry != NULL ? headroom_catalogue_open (entry, NULL, NULL) : NULL;
  Question q = { .model = model,
                 .settings = { .num_ctx = 8192, .parallel = 4, .gpu_layers = -1 },
                 .devices = {
                     { .name = "host", .total = (guint64) 1 << 40, .free = (guint64) 1 << 40 },
                     { .name = "a",
                       .kind = HR_DEVICE_GPU,
                       .total = (guint64) 24 << 30,
                       .free = (guint64) 24 << 30 },
                     { .name = "b",
                       .kind = HR_DEVICE_GPU,
                       .total = (guint64) 24 << 30,
                       .free = (guint64) 24 << 30 } } };

  if (model == NULL || !hr_model_is_runnable (model, NULL)) {
    printf ("%s: not planned here\n", name);
    return;
  }
  q.n_devices = 1;
  printf ("%s, the first plan: %" G_GINT64_FORMAT " us\n", name, once_us (plan_once, &q));
  for (q.n_devices = 1; q.n_devices <= 3; q.n_devices += 2)
    printf ("%s, %u layers, %" G_GSIZE_FORMAT " devices: plan %" G_GINT64_FORMAT
            " us, fit %" G_GINT64_FORMAT " us\n",
            name, hr_model_get_info (model)->n_layer, q.n_devices, median_us (plan_once, &q),
            median_us (fit_once, &q));
}

int
main (int argc, char **argv)
{
  static const char *const usual[] = { "llama3.1:8b", "llama3.1:70b", "qwen2.5:72b",
                                       "qwen3:30b-a3b", "deepseek-r1:671b" };

  for (int i = 1; i < argc; i++)
    measure (argv[i]);
  for (gsize i = 0; argc == 1 && i < G_N_ELEMENTS (usual); i++)
    measure (usual[i]);
  return 0;
}
