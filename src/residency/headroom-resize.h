/* headroom-resize.h: other settings for a model that is loaded.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Growth takes what is free; then idle models go; what does not fit even then is refused, with what
 * would. Answers that run go on, and requests that the present settings are enough for do not wait.
 * Thread-safety: belongs to the residency's main context.
 */
#pragma once

#include "headroom-residency-private.h"

G_BEGIN_DECLS

typedef enum {
  HEADROOM_RESIZE_LATER,   /* it is on its way, or waits for memory; then there will be a pump */
  HEADROOM_RESIZE_NOTHING, /* the model is what it can be */
  HEADROOM_RESIZE_RELOAD,  /* it has to be loaded again for that */
  HEADROOM_RESIZE_REFUSED, /* error is set */
} HeadroomResizeOutcome;

/* Whether how many layers are on GPUs is to be the planner's choice from now on, and was not. */
gboolean headroom_resize_makes_auto (const HeadroomResident *resident,
                                     const HeadroomAcquisition *wanted);
/* Has resident, which is READY, become what an acquisition of it wants. */
HeadroomResizeOutcome headroom_resize_try (HeadroomResidency *self, HeadroomResident *resident,
                                           const HeadroomAcquisition *wanted, GError **error);
/* resident was given to a request with this demand: clients that keep asking for different num_ctx
 * are told once of one that would do for all of them. */
void headroom_resize_note (HeadroomResidency *self, HeadroomResident *resident,
                           const HeadroomDemand *demand);

G_END_DECLS
