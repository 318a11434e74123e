/* headroom-plan-preview.c: what settings would cost, worked out while a slider moves.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-plan-preview-private.h"

#include "headroom-device-spec.h"
#include "headroom-machine-rates.h"
#include "headroom-session.h"

G_DEFINE_FINAL_TYPE (HeadroomPlanPreview, headroom_plan_preview, G_TYPE_OBJECT)

enum { CHANGED, SURVEYED, N_SIGNALS };
static guint signals[N_SIGNALS];

void
_headroom_plan_preview_surveyed (HeadroomPlanPreview *self)
{
  g_signal_emit (self, signals[SURVEYED], 0);
}

/* ---- Planning -------------------------------------------------------------------------------- */

static void
plan_again (HeadroomPlanPreview *self)
{
  g_clear_pointer (&self->fit, headroom_fit_free);
  if (self->model != NULL && self->n_devices > 0) {
    g_clear_error (&self->problem);
    self->fit = headroom_fit_new (self->model, &self->settings, self->devices, self->n_devices,
                                  &self->problem);
  }
  g_signal_emit (self, signals[CHANGED], 0);
  _headroom_plan_preview_ask_ground (self);
}

/**
 * headroom_plan_preview_try:
 * @self: a preview
 * @settings: what might be chosen
 *
 * Returns: (transfer full) (nullable): its plan on the same model and devices
 */
HrPlan *
headroom_plan_preview_try (HeadroomPlanPreview *self, const HrSettings *settings)
{
  g_return_val_if_fail (HEADROOM_IS_PLAN_PREVIEW (self), NULL);
  if (self->model == NULL || self->n_devices == 0)
    return NULL;
  return headroom_plan_new (self->model, settings, self->devices, self->n_devices, NULL);
}

void
headroom_plan_preview_set_settings (HeadroomPlanPreview *self, const HrSettings *settings)
{
  g_return_if_fail (HEADROOM_IS_PLAN_PREVIEW (self));
  if (memcmp (&self->settings, settings, sizeof *settings) == 0)
    return;
  self->settings = *settings;
  plan_again (self);
}

/**
 * headroom_plan_preview_set_devices:
 * @self: a preview
 * @devices: (array length=n_devices): the machine now
 * @n_devices: how many
 *
 * What our own loaded models take counts as free: the plan is one that would take their place.
 */
void
headroom_plan_preview_set_devices (HeadroomPlanPreview *self, const HeadroomMemoryDevice *devices,
                                   gsize n_devices)
{
  HrDevice now[MAX_DEVICES] = { 0 };

  g_return_if_fail (HEADROOM_IS_PLAN_PREVIEW (self));
  n_devices = MIN (n_devices, MAX_DEVICES);
  for (gsize i = 0; i < n_devices; i++) {
    g_strlcpy (now[i].name, devices[i].name, sizeof now[i].name);
    now[i].kind = devices[i].is_gpu ? HR_DEVICE_GPU : HR_DEVICE_CPU;
    now[i].total = devices[i].total;
    now[i].reserve = devices[i].now[HEADROOM_MEMORY_RESERVE];
    if (!devices[i].is_gpu)
      now[i].rates = self->host_rates;
    headroom_device_assume_rates (&now[i]);
    now[i].free = headroom_memory_available (&devices[i]) + now[i].reserve;
  }
  if (n_devices == self->n_devices && memcmp (now, self->devices, n_devices * sizeof *now) == 0)
    return;
  memcpy (self->devices, now, sizeof now);
  self->n_devices = n_devices;
  plan_again (self);
}

/**
 * headroom_plan_preview_set_tenants:
 * @self: a preview
 * @status: (nullable): what the server said last
 *
 * Who is in memory, and might have to go for the plan.
 */
void
headroom_plan_preview_set_tenants (HeadroomPlanPreview *self, const HrValue *status)
{
  HeadroomTenancy *tenancy;
  gboolean is_same;

  g_return_if_fail (HEADROOM_IS_PLAN_PREVIEW (self));
  tenancy = headroom_tenancy_new (status);
  is_same = headroom_tenancy_equal (self->tenancy, tenancy);
  headroom_tenancy_free (self->tenancy);
  self->tenancy = tenancy;
  if (!is_same)
    plan_again (self);
}

/**
 * headroom_plan_preview_forecast:
 * @self: a preview
 * @ret_names: (out) (optional) (transfer full): of char *: who would have to go
 *
 * Returns: what loading the plan would do to the models in memory; it fits beside them if there is
 * no plan
 */
HeadroomForecastKind
headroom_plan_preview_forecast (HeadroomPlanPreview *self, GPtrArray **ret_names)
{
  g_return_val_if_fail (HEADROOM_IS_PLAN_PREVIEW (self), HEADROOM_FORECAST_BESIDE);
  if (self->fit != NULL)
    return headroom_forecast (self->tenancy, self->fit->plan, self->name, ret_names);
  if (ret_names != NULL)
    *ret_names = g_ptr_array_new_with_free_func (g_free);
  return HEADROOM_FORECAST_BESIDE;
}

/* Whether the model is in memory. */
gboolean
headroom_plan_preview_is_loaded (HeadroomPlanPreview *self)
{
  g_return_val_if_fail (HEADROOM_IS_PLAN_PREVIEW (self), FALSE);
  return headroom_tenancy_find (self->tenancy, self->name) != NULL;
}

/* Returns: bytes of a device that the model takes now, as it is loaded; 0: it is not in memory */
guint64
headroom_plan_preview_get_present (HeadroomPlanPreview *self, gsize device)
{
  const HeadroomTenant *tenant;

  g_return_val_if_fail (HEADROOM_IS_PLAN_PREVIEW (self) && device < MAX_DEVICES, 0);
  tenant = headroom_tenancy_find (self->tenancy, self->name);
  return tenant != NULL ? tenant->device_bytes[device] : 0;
}

/* ---- Opening --------------------------------------------------------------------------------- */

static void
open_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (HeadroomStore) store = headroom_store_new (NULL, NULL);
  g_autoptr (HeadroomModelEntry) entry = headroom_store_resolve (store, task_data, &error);
  const char *path = entry != NULL ? headroom_model_entry_get_path (entry) : NULL;
  HrModel *model = path != NULL ? headroom_model_entry_open (entry, &error) : NULL;

  if (model != NULL)
    g_task_return_pointer (task, model, (GDestroyNotify) hr_model_unref);
  else if (error != NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "%s is not a GGUF model",
                             (char *) task_data);
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  HeadroomPlanPreview *self = HEADROOM_PLAN_PREVIEW (source);
  g_autoptr (GError) error = NULL;
  HrModel *model = g_task_propagate_pointer (G_TASK (result), &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  self->model = model;
  g_clear_error (&self->problem);
  self->problem = g_steal_pointer (&error);
  plan_again (self);
}

/**
 * headroom_plan_preview_set_model:
 * @self: a preview
 * @name_or_path: (nullable): the chosen model
 */
void
headroom_plan_preview_set_model (HeadroomPlanPreview *self, const char *name_or_path)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (HEADROOM_IS_PLAN_PREVIEW (self));
  if (g_strcmp0 (self->name, name_or_path) == 0)
    return;
  if (self->opening != NULL)
    g_cancellable_cancel (self->opening);
  g_clear_object (&self->opening);
  g_clear_pointer (&self->model, hr_model_unref);
  _headroom_plan_preview_forget_ground (self);
  g_clear_error (&self->problem);
  g_free (self->name);
  self->name = g_strdup (name_or_path);
  plan_again (self);
  if (name_or_path == NULL)
    return;
  self->opening = g_cancellable_new ();
  task = g_task_new (self, self->opening, opened_cb, NULL);
  g_task_set_source_tag (task, headroom_plan_preview_set_model);
  g_task_set_task_data (task, g_strdup (name_or_path), g_free);
  g_task_run_in_thread (task, open_thread);
}

/**
 * headroom_plan_preview_take_model:
 * @self: a preview
 * @name: what to call it
 * @take_model: (transfer full): a model whose header is read already
 */
void
headroom_plan_preview_take_model (HeadroomPlanPreview *self, const char *name, HrModel *take_model)
{
  g_return_if_fail (HEADROOM_IS_PLAN_PREVIEW (self));
  headroom_plan_preview_set_model (self, NULL);
  self->name = g_strdup (name);
  self->model = take_model;
  plan_again (self);
}

/* ---- Asking ---------------------------------------------------------------------------------- */

const HrSettings *
headroom_plan_preview_get_settings (HeadroomPlanPreview *self)
{
  g_return_val_if_fail (HEADROOM_IS_PLAN_PREVIEW (self), NULL);
  return &self->settings;
}

/* Returns: (transfer none) (nullable): the model whose header is read */
HrModel *
headroom_plan_preview_get_model (HeadroomPlanPreview *self)
{
  g_return_val_if_fail (HEADROOM_IS_PLAN_PREVIEW (self), NULL);
  return self->model;
}

/* Returns: (transfer none) (nullable): the plan of the present settings */
HrPlan *
headroom_plan_preview_get_plan (HeadroomPlanPreview *self)
{
  g_return_val_if_fail (HEADROOM_IS_PLAN_PREVIEW (self), NULL);
  return self->fit != NULL ? self->fit->plan : NULL;
}

/* Returns: (transfer none) (nullable): the same with what was reduced for it, and what could be
 * given up */
HeadroomFit *
headroom_plan_preview_get_fit (HeadroomPlanPreview *self)
{
  g_return_val_if_fail (HEADROOM_IS_PLAN_PREVIEW (self), NULL);
  return self->fit;
}

/* Returns: (nullable): why there is no plan; %NULL also while the model is being opened */
const char *
headroom_plan_preview_get_problem (HeadroomPlanPreview *self)
{
  g_return_val_if_fail (HEADROOM_IS_PLAN_PREVIEW (self), NULL);
  return self->fit == NULL && self->problem != NULL ? self->problem->message : NULL;
}

/* Returns: bytes that a model may take of all devices together */
guint64
headroom_plan_preview_get_budget (HeadroomPlanPreview *self)
{
  guint64 bytes = 0;

  g_return_val_if_fail (HEADROOM_IS_PLAN_PREVIEW (self), 0);
  for (gsize i = 0; i < self->n_devices; i++)
    bytes += self->devices[i].free - MIN (self->devices[i].reserve, self->devices[i].free);
  return bytes;
}

/* ---- Object ---------------------------------------------------------------------------------- */

static void
headroom_plan_preview_dispose (GObject *object)
{
  HeadroomPlanPreview *self = HEADROOM_PLAN_PREVIEW (object);

  if (self->opening != NULL)
    g_cancellable_cancel (self->opening);
  g_clear_object (&self->opening);
  G_OBJECT_CLASS (headroom_plan_preview_parent_class)->dispose (object);
}

static void
headroom_plan_preview_finalize (GObject *object)
{
  HeadroomPlanPreview *self = HEADROOM_PLAN_PREVIEW (object);

  g_free (self->name);
  g_clear_error (&self->problem);
  g_clear_pointer (&self->fit, headroom_fit_free);
  g_clear_pointer (&self->model, hr_model_unref);
  headroom_tenancy_free (self->tenancy);
  _headroom_plan_preview_forget_ground (self);
  G_OBJECT_CLASS (headroom_plan_preview_parent_class)->finalize (object);
}

static void
headroom_plan_preview_class_init (HeadroomPlanPreviewClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = headroom_plan_preview_dispose;
  G_OBJECT_CLASS (klass)->finalize = headroom_plan_preview_finalize;
  signals[CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 0);
  signals[SURVEYED] = g_signal_new ("surveyed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                    NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
headroom_plan_preview_init (HeadroomPlanPreview *self)
{
  self->tenancy = headroom_tenancy_new (NULL);
  headroom_machine_rates_load (&self->host_rates);
}

HeadroomPlanPreview *
headroom_plan_preview_new (void)
{
  return g_object_new (HEADROOM_TYPE_PLAN_PREVIEW, NULL);
}
