/* headroom-plan-preview.h: what settings would cost, worked out while a slider moves.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reads the header of the chosen model once, on a thread of its own, and plans in memory from then
 * on with the function that the loader uses. A plan takes well under a millisecond, so it is made
 * on the main thread, in the frame that shows it.
 *
 * What lies around the plan (every length of context, the cliffs, what would be best) takes dozens
 * of plans and is worked out on a thread.
 *
 * Signals: "changed": another plan, another model, or the reason why there is none. "surveyed":
 * headroom_plan_preview_get_survey() or headroom_plan_preview_get_advice() say something else.
 * Thread-safety: the main thread's.
 */
#pragma once

#include "headroom-survey.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_PLAN_PREVIEW (headroom_plan_preview_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomPlanPreview, headroom_plan_preview, HEADROOM, PLAN_PREVIEW, GObject)

HeadroomPlanPreview *headroom_plan_preview_new          (void) G_GNUC_WARN_UNUSED_RESULT;
void                 headroom_plan_preview_set_model    (HeadroomPlanPreview        *self,
                                                         const char                 *name_or_path);
void                 headroom_plan_preview_set_devices  (HeadroomPlanPreview        *self,
                                                         const HeadroomMemoryDevice *devices,
                                                         gsize                       n_devices);
void                 headroom_plan_preview_set_tenants  (HeadroomPlanPreview        *self,
                                                         const HrValue              *status);
void                 headroom_plan_preview_take_model   (HeadroomPlanPreview        *self,
                                                         const char                 *name,
                                                         HrModel                    *take_model);
void                 headroom_plan_preview_set_settings (HeadroomPlanPreview        *self,
                                                         const HrSettings           *settings);
const HrSettings    *headroom_plan_preview_get_settings (HeadroomPlanPreview        *self);
HrModel             *headroom_plan_preview_get_model    (HeadroomPlanPreview        *self);
HrPlan              *headroom_plan_preview_get_plan     (HeadroomPlanPreview        *self);
HeadroomFit *headroom_plan_preview_get_fit (HeadroomPlanPreview *self);
const HeadroomSurvey *headroom_plan_preview_get_survey  (HeadroomPlanPreview        *self);
const GArray         *headroom_plan_preview_get_advice  (HeadroomPlanPreview        *self);
HeadroomForecastKind  headroom_plan_preview_forecast    (HeadroomPlanPreview        *self,
                                                         GPtrArray                 **ret_names);
gboolean             headroom_plan_preview_is_loaded    (HeadroomPlanPreview        *self);
guint64              headroom_plan_preview_get_present  (HeadroomPlanPreview        *self,
                                                         gsize                       device);
const char          *headroom_plan_preview_get_problem  (HeadroomPlanPreview        *self);
guint64              headroom_plan_preview_get_budget   (HeadroomPlanPreview        *self);
HrPlan *headroom_plan_preview_try (HeadroomPlanPreview *self,
                                   const HrSettings *settings) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
