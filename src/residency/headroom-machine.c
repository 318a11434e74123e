/* headroom-machine.c: the machine at hand. See headroom-machine.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-machine.h"

#include "headroom-device-spec.h"
#include "headroom-env.h"
#include "headroom-machine-rates.h"
#include "headroom-wire-time.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

G_DEFINE_TYPE (HeadroomMachine, headroom_machine, G_TYPE_OBJECT)

/* ---- Time ---- */

static gint64
real_now_us (HeadroomMachine *self)
{
  return g_get_monotonic_time ();
}

static gint64
real_now_ns (HeadroomMachine *self)
{
  return headroom_wire_now ();
}

static GSource *
real_new_timeout (HeadroomMachine *self, gint64 us)
{
  return g_timeout_source_new ((guint) MIN (us / 1000, G_MAXUINT));
}

static void
real_wait (HeadroomMachine *self, GMainContext *context)
{
  g_main_context_iteration (context, TRUE);
}

/* ---- Memory ---- */

static gsize
real_probe (HeadroomMachine *self, HrDevice *devices, gsize max)
{
  gsize n = headroom_devices_probe (devices, max);

  for (gsize d = 0; d < n; d++)
    headroom_device_assume_rates (&devices[d]);
  return n;
}

static void
real_read_pressure (HeadroomMachine *self, HrPressure *ret_pressure)
{
  hr_pressure_probe (ret_pressure);
}

static void
count_runner (HrRunner *runner, HeadroomVitals *vitals, gboolean *any_works)
{
  HrRunnerStats stats;

  hr_runner_get_stats (runner, &stats);
  vitals->bytes_read += stats.bytes_read;
  *any_works |= stats.n_active > 0;
}

/* Our own steps keep memory busy, and would only tell of themselves: latency is sampled between. */
static void
real_read_vitals (HeadroomMachine *self, GPtrArray *residents, HeadroomVitals *ret_vitals)
{
  HeadroomVitals vitals = { 0 };
  HrRunner *idle = NULL;
  HrMachineRates rates;
  gboolean any_works = FALSE;

  for (guint i = 0; i < residents->len; i++) {
    HeadroomResident *resident = residents->pdata[i];
    if (resident->runner == NULL)
      continue;
    idle = resident->runner;
    count_runner (resident->runner, &vitals, &any_works);
  }
  if (headroom_machine_rates_get (&rates)) {
    vitals.bandwidth = rates.read;
    vitals.idle_latency = rates.latency;
  }
  if (idle != NULL && !any_works)
    vitals.latency = hr_runner_sample_latency (idle);
#ifdef __GLIBC__
  struct mallinfo2 heap = mallinfo2 ();
  vitals.heap_bytes = heap.arena;
  vitals.heap_unused = heap.fordblks;
#endif
  *ret_vitals = vitals;
}

static HeadroomFit *
real_fit (HeadroomMachine *self, HrModel *model, const HrSettings *asked, const HrDevice *devices,
          gsize n_devices, GError **error)
{
  return headroom_fit_new (model, asked, devices, n_devices, error);
}

/* ---- Models ---- */

static void
open_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  HeadroomResident *resident = source;
  GError *error = NULL;
  HrModel *model = headroom_model_entry_open (resident->entry, &error);

  if (model == NULL || !hr_model_is_runnable (model, &error) ||
      !hr_model_has_tokenizer (model, &error)) {
    hr_model_unref (model);
    g_task_return_error (task, error);
    return;
  }
  g_task_return_pointer (task, model, (GDestroyNotify) hr_model_unref);
}

static void
run_in_thread (GTask *take_task, GTaskThreadFunc func)
{
  g_task_run_in_thread (take_task, func);
  g_object_unref (take_task);
}

static void
real_open (HeadroomMachine *self, HeadroomResident *resident, GTask *take_task)
{
  run_in_thread (take_task, open_thread);
}

/* What reading a header or freeing a model leaves behind in the allocator goes back to the system. */
static void
trim_heap (void)
{
#ifdef __GLIBC__
  malloc_trim (0);
#endif
}

static bool
load_progress (double fraction, void *data)
{
  HeadroomResident *resident = data;

  g_atomic_int_set (&resident->progress_permille, (int) (fraction * 1000));
  return !g_cancellable_is_cancelled (resident->cancellable);
}

gboolean
headroom_machine_goes_on_without_gpu (void)
{
  g_autofree char *choice = headroom_env_dup ("GPU_LOST");

  return choice == NULL || g_ascii_strcasecmp (choice, "fail") != 0;
}

/* A GPU that has no room after all, or fails, is done without, unless somebody said otherwise. */
static gboolean
may_do_without_gpu (HeadroomResident *resident, const GError *error)
{
  return hr_plan_get_settings (resident->plan)->gpu_layers > 0 &&
         headroom_machine_goes_on_without_gpu () &&
         (g_error_matches (error, HR_ERROR, HR_ERROR_MEMORY) ||
          g_error_matches (error, HR_ERROR, HR_ERROR_INTERNAL));
}

/* With the processor alone, if that fits; else error stays what it is. */
static HrRunner *
load_without_gpu (HeadroomResident *resident, GError **error)
{
  HrSettings settings = *hr_plan_get_settings (resident->plan);
  g_autoptr (HrPlan) plan = NULL;
  HrRunner *runner;

  settings.gpu_layers = 0;
  plan = hr_plan_new_like (resident->plan, &settings, NULL);
  runner = plan != NULL
               ? hr_runner_new (resident->model, plan, false, load_progress, resident, NULL)
               : NULL;
  if (runner == NULL)
    return NULL;
  g_free (resident->gpu_refusal);
  resident->gpu_refusal = g_strdup ((*error)->message);
  g_clear_error (error);
  return runner;
}

static void
load_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  HeadroomResident *resident = source;
  guint64 stretch = headroom_env_get_uint ("STEP_STRETCH", 0);
  GError *error = NULL;
  HrRunner *runner =
      hr_runner_new (resident->model, resident->plan, false, load_progress, resident, &error);

  if (runner == NULL && may_do_without_gpu (resident, error))
    runner = load_without_gpu (resident, &error);
  trim_heap ();
  if (runner == NULL) {
    g_task_return_error (task, error);
    return;
  }
  if (stretch > 0)
    hr_runner_set_stretch (runner, (double) stretch / 100);
  g_task_return_pointer (task, runner, (GDestroyNotify) hr_runner_free);
}

static void
real_load (HeadroomMachine *self, HeadroomResident *resident, GTask *take_task)
{
  run_in_thread (take_task, load_thread);
}

static void
resize_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  HeadroomResident *resident = source;
  GError *error = NULL;

  if (hr_runner_resize (resident->runner, resident->next_plan, false, load_progress, resident,
                        &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
real_resize (HeadroomMachine *self, HeadroomResident *resident, GTask *take_task)
{
  run_in_thread (take_task, resize_thread);
}

static void
unload_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  hr_runner_free (data);
  trim_heap ();
  g_task_return_boolean (task, TRUE);
}

static guint64
real_release_cache (HeadroomMachine *self, HeadroomResident *resident)
{
  HrRunnerStats stats;

  if (resident->runner == NULL)
    return 0;
  hr_runner_get_stats (resident->runner, &stats);
  if (stats.cache_committed_bytes > 0)
    hr_runner_release_idle (resident->runner);
  return stats.cache_committed_bytes;
}

static gboolean
real_is_releasing (HeadroomMachine *self, HeadroomResident *resident)
{
  HrRunnerStats stats;

  if (resident->runner == NULL)
    return FALSE;
  hr_runner_get_stats (resident->runner, &stats);
  return stats.releasing;
}

static void
real_unload (HeadroomMachine *self, HeadroomResident *resident, HrRunner *take_runner,
             GTask *take_task)
{
  g_task_set_task_data (take_task, take_runner, NULL);
  run_in_thread (take_task, unload_thread);
}

/* ---- The class ---- */

static void
headroom_machine_class_init (HeadroomMachineClass *klass)
{
  klass->now_us = real_now_us;
  klass->now_ns = real_now_ns;
  klass->new_timeout = real_new_timeout;
  klass->new_pulse = real_new_timeout;
  klass->wait = real_wait;
  klass->probe = real_probe;
  klass->read_pressure = real_read_pressure;
  klass->read_vitals = real_read_vitals;
  klass->fit = real_fit;
  klass->open = real_open;
  klass->load = real_load;
  klass->resize = real_resize;
  klass->release_cache = real_release_cache;
  klass->is_releasing = real_is_releasing;
  klass->unload = real_unload;
}

static void
headroom_machine_init (HeadroomMachine *self)
{
}

HeadroomMachine *
headroom_machine_new (void)
{
  return g_object_new (HEADROOM_TYPE_MACHINE, NULL);
}

gint64
headroom_machine_now_us (HeadroomMachine *self)
{
  return HEADROOM_MACHINE_GET_CLASS (self)->now_us (self);
}

gint64
headroom_machine_now_ns (HeadroomMachine *self)
{
  return HEADROOM_MACHINE_GET_CLASS (self)->now_ns (self);
}

GSource *
headroom_machine_new_timeout (HeadroomMachine *self, gint64 us)
{
  return HEADROOM_MACHINE_GET_CLASS (self)->new_timeout (self, us);
}

GSource *
headroom_machine_new_pulse (HeadroomMachine *self, gint64 us)
{
  return HEADROOM_MACHINE_GET_CLASS (self)->new_pulse (self, us);
}

void
headroom_machine_wait (HeadroomMachine *self, GMainContext *context)
{
  HEADROOM_MACHINE_GET_CLASS (self)->wait (self, context);
}

gsize
headroom_machine_probe (HeadroomMachine *self, HrDevice *devices, gsize max)
{
  return HEADROOM_MACHINE_GET_CLASS (self)->probe (self, devices, max);
}

void
headroom_machine_read_pressure (HeadroomMachine *self, HrPressure *ret_pressure)
{
  HEADROOM_MACHINE_GET_CLASS (self)->read_pressure (self, ret_pressure);
}

void
headroom_machine_read_vitals (HeadroomMachine *self, GPtrArray *residents,
                              HeadroomVitals *ret_vitals)
{
  HEADROOM_MACHINE_GET_CLASS (self)->read_vitals (self, residents, ret_vitals);
}

HeadroomFit *
headroom_machine_fit (HeadroomMachine *self, HrModel *model, const HrSettings *asked,
                      const HrDevice *devices, gsize n_devices, GError **error)
{
  return HEADROOM_MACHINE_GET_CLASS (self)->fit (self, model, asked, devices, n_devices, error);
}

void
headroom_machine_open (HeadroomMachine *self, HeadroomResident *resident, GTask *take_task)
{
  HEADROOM_MACHINE_GET_CLASS (self)->open (self, resident, take_task);
}

void
headroom_machine_load (HeadroomMachine *self, HeadroomResident *resident, GTask *take_task)
{
  HEADROOM_MACHINE_GET_CLASS (self)->load (self, resident, take_task);
}

void
headroom_machine_resize (HeadroomMachine *self, HeadroomResident *resident, GTask *take_task)
{
  HEADROOM_MACHINE_GET_CLASS (self)->resize (self, resident, take_task);
}

gboolean
headroom_machine_is_releasing (HeadroomMachine *self, HeadroomResident *resident)
{
  return HEADROOM_MACHINE_GET_CLASS (self)->is_releasing (self, resident);
}

guint64
headroom_machine_release_cache (HeadroomMachine *self, HeadroomResident *resident)
{
  return HEADROOM_MACHINE_GET_CLASS (self)->release_cache (self, resident);
}

void
headroom_machine_unload (HeadroomMachine *self, HeadroomResident *resident, HrRunner *take_runner,
                         GTask *take_task)
{
  HEADROOM_MACHINE_GET_CLASS (self)->unload (self, resident, take_runner, take_task);
}
