/* headroom-plan-preview.c: what settings would cost, worked out while a slider moves.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-plan-preview.h"

#include "headroom-device-spec.h"
#include "headroom-session.h"

#define MAX_DEVICES 17 /* as many as the strip shows */

struct _HeadroomPlanPreview
{
  GObject parent_instance;
  char *name;
  HrModel *model;
  GCancellable *opening; /* of the model that is being opened */
  HrSettings settings;
  HrDevice devices[MAX_DEVICES];
  gsize n_devices;
  HeadroomFit *fit; /* of the present settings, or NULL */
  GError *problem;
};

G_DEFINE_FINAL_TYPE (HeadroomPlanPreview, headroom_plan_preview, G_TYPE_OBJECT)

enum { CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

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
    headroom_device_assume_rates (&now[i]);
    now[i].free = headroom_memory_available (&devices[i]) + now[i].reserve;
  }
  if (n_devices == self->n_devices && memcmp (now, self->devices, n_devices * sizeof *now) == 0)
    return;
  memcpy (self->devices, now, sizeof now);
  self->n_devices = n_devices;
  plan_again (self);
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
const HeadroomFit *
headroom_plan_preview_get_fit (HeadroomPlanPreview *self)
{
  g_return_val_if_fail (HEADROOM_IS_PLAN_PREVIEW (self), NULL);
  return self->fit;
}

/**
 * headroom_plan_preview_survey:
 * @self: a preview
 *
 * Returns: (transfer full) (nullable): HeadroomStop at the powers of two up to the model's own
 * context
 */
GArray *
headroom_plan_preview_survey (HeadroomPlanPreview *self)
{
  g_return_val_if_fail (HEADROOM_IS_PLAN_PREVIEW (self), NULL);
  if (self->model == NULL || self->n_devices == 0)
    return NULL;
  return headroom_landscape_new (self->model, &self->settings, self->devices, self->n_devices);
}

/**
 * headroom_plan_preview_recommend:
 * @self: a preview
 *
 * Returns: (transfer full) (nullable): HeadroomAdvice per context length
 */
GArray *
headroom_plan_preview_recommend (HeadroomPlanPreview *self)
{
  g_return_val_if_fail (HEADROOM_IS_PLAN_PREVIEW (self), NULL);
  if (self->model == NULL || self->n_devices == 0)
    return NULL;
  return headroom_recommend (self->model, &self->settings, self->devices, self->n_devices);
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
  G_OBJECT_CLASS (headroom_plan_preview_parent_class)->finalize (object);
}

static void
headroom_plan_preview_class_init (HeadroomPlanPreviewClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = headroom_plan_preview_dispose;
  G_OBJECT_CLASS (klass)->finalize = headroom_plan_preview_finalize;
  signals[CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 0);
}

static void
headroom_plan_preview_init (HeadroomPlanPreview *self)
{
}

HeadroomPlanPreview *
headroom_plan_preview_new (void)
{
  return g_object_new (HEADROOM_TYPE_PLAN_PREVIEW, NULL);
}
