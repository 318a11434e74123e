/* headroom-plan-preview-private.h: shared by the files that make up the preview.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * headroom-plan-preview.c opens the model and plans; headroom-plan-ground.c has what lies
 * around the plan worked out on threads.
 */
#pragma once

#include "headroom-plan-preview.h"

G_BEGIN_DECLS

#define MAX_DEVICES HEADROOM_MEMORY_MAX_DEVICES

struct _HeadroomPlanPreview
{
  GObject parent_instance;
  char *name;
  HrModel *model;
  GCancellable *opening; /* of the model that is being opened */
  HrSettings settings;
  HrDevice devices[MAX_DEVICES];
  gsize n_devices;
  HrDeviceRates host_rates; /* as measured here; zeros: not measured */
  HeadroomTenancy *tenancy;
  HeadroomFit *fit; /* of the present settings, or NULL */
  GError *problem;

  HeadroomSurveyQuery *asked; /* what the survey is of, or will be; NULL: of nothing */
  gboolean surveying;         /* a thread is at it */
  HeadroomSurvey *survey;     /* of the model; NULL: not yet */
  HeadroomSurveyQuery *advised; /* what the advice is of, or will be */
  gboolean advising;
  GArray *advice;             /* HeadroomAdvice; NULL: not yet */
};


/* Something changed that the ground may depend on. */
void _headroom_plan_preview_ask_ground    (HeadroomPlanPreview *self);
void _headroom_plan_preview_forget_ground (HeadroomPlanPreview *self);
/* The ground is another one now. */
void _headroom_plan_preview_surveyed      (HeadroomPlanPreview *self);

G_END_DECLS
