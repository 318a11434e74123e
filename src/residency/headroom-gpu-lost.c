/* headroom-gpu-lost.c: GPUs that fail while a model answers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The engine does what GPU_LOST chose, on the runner's thread; what it tells becomes an event here,
 * and the model's plan is what it is then.
 */
#include "headroom-residency-private.h"

typedef struct {
  GWeakRef residency, resident;
  GMainContext *context;
} Teller;

typedef struct {
  HeadroomResidency *residency;
  HeadroomResident *resident;
  HrGpuLost what;
  HrPlan *plan;
  char *why;
} Note;

static void
teller_free (gpointer data)
{
  Teller *teller = data;

  g_weak_ref_clear (&teller->residency);
  g_weak_ref_clear (&teller->resident);
  g_main_context_unref (teller->context);
  g_free (teller);
}

static void
note_free (gpointer data)
{
  Note *note = data;

  g_clear_object (&note->residency);
  g_clear_object (&note->resident);
  hr_plan_unref (note->plan);
  g_free (note->why);
  g_free (note);
}

static gboolean
tell (gpointer data)
{
  Note *note = data;
  static const HeadroomReason reasons[] = {
    [HR_GPU_LOST_MOVED] = HEADROOM_REASON_GPU_LOST_MOVED,
    [HR_GPU_LOST_REBUILT] = HEADROOM_REASON_GPU_LOST_REBUILT,
    [HR_GPU_LOST_STUCK] = HEADROOM_REASON_GPU_LOST_STUCK,
  };

  headroom_residency_tell (note->residency, HEADROOM_EVENT_ADVISE,
                           headroom_model_entry_get_name (note->resident->entry), "",
                           hr_plan_get_bytes (note->plan, HR_ITEM_N_KINDS), reasons[note->what],
                           note->why);
  if (note->what == HR_GPU_LOST_MOVED) {
    g_free (note->resident->gpu_refusal);
    note->resident->gpu_refusal = g_strdup (note->why);
  }
  if (note->resident->plan != NULL) {
    hr_plan_unref (note->resident->plan);
    note->resident->plan = hr_plan_ref (note->plan);
  }
  headroom_residency_pump (note->residency);
  return G_SOURCE_REMOVE;
}

/* On the runner's thread. */
static void
note_cb (HrGpuLost what, HrPlan *plan, const char *why, void *data)
{
  Teller *teller = data;
  g_autoptr (GSource) source = NULL;
  Note *note = g_new0 (Note, 1);

  note->residency = g_weak_ref_get (&teller->residency);
  note->resident = g_weak_ref_get (&teller->resident);
  note->what = what;
  note->plan = hr_plan_ref (plan);
  note->why = g_strdup (why);
  if (note->residency == NULL || note->resident == NULL) {
    note_free (note);
    return;
  }
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, "headroom-gpu-lost");
  g_source_set_callback (source, tell, note, note_free);
  g_source_attach (source, teller->context);
}

void
headroom_gpu_lost_start (HeadroomResidency *self, HeadroomResident *resident)
{
  HrGpuLostOptions options = { .go_on = headroom_machine_goes_on_without_gpu (),
                               .note = note_cb,
                               .destroy = teller_free };
  Teller *teller;

  if (resident->runner == NULL)
    return;
  teller = g_new0 (Teller, 1);
  g_weak_ref_init (&teller->residency, self);
  g_weak_ref_init (&teller->resident, resident);
  teller->context = g_main_context_ref (self->context);
  options.data = teller;
  hr_runner_set_gpu_lost (resident->runner, &options);
}
