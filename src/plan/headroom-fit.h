/* headroom-fit.h: settings that somebody asked for, made to fit a machine, with what had to be
 * given up for it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The engine prices settings exactly as they are. Here is the policy over those prices: what is
 * chosen where nobody said anything, and in which order things are reduced. The loader, the window,
 * the API and the command all go through it. What a person asked for (the context, the precision of
 * the cache) is never lowered here: it is offered, with what it would free. Thread-safety: Safe.
 */
#pragma once

#include "hr.h"

G_BEGIN_DECLS

typedef struct {
  char *text;          /* a sentence */
  HrSettings settings; /* all of them, with the change */
  guint64 frees;       /* bytes */
  gboolean fits;       /* it would be enough */
} HeadroomOffer;

typedef struct {
  HrPlan *plan;
  GPtrArray *steps; /* of char *: what was chosen or reduced, in order, and what each step freed */
  /*< private >*/
  HrSettings settings; /* that it ended with, as they were before a plan resolved them */
  GPtrArray *offers;   /* NULL: nobody asked yet */
} HeadroomFit;

/**
 * headroom_fit_new:
 * @model: a model, or the shape of one
 * @asked: what was asked for; fields that are 0 were not said, nor were gpu_layers that are -1
 * @devices: (array length=n_devices): the machine; the first one is the host
 *
 * - num_ctx that nobody chose follows the memory of the GPUs: 262144 from 47 GiB on, 32768 from 23
 * GiB on, else 4096; no more than the model was trained for.
 * - parallel that nobody chose is 4 where that fits without taking layers from a GPU, else 1.
 * - What does not fit loses in this order: num_batch that nobody chose, experts and then layers to
 * the host, num_ctx that nobody chose.
 *
 * Returns: (transfer full): the fit, or %NULL with @error set; see hr_plan_new()
 */
HeadroomFit *headroom_fit_new (HrModel *model, const HrSettings *asked, const HrDevice *devices,
                               gsize n_devices, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A plan that is what it is, without steps or offers. */
HeadroomFit *headroom_fit_new_of_plan (HrPlan *take_plan) G_GNUC_WARN_UNUSED_RESULT;
/* Of HeadroomOffer (borrowed): what could be given up; empty if the plan fits. Reckoned when it is
 * asked for first. */
GPtrArray *headroom_fit_get_offers (HeadroomFit *fit);
void headroom_fit_free (HeadroomFit *fit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeadroomFit, headroom_fit_free)

/* The plan alone. */
HrPlan *headroom_plan_new (HrModel *model, const HrSettings *asked, const HrDevice *devices,
                           gsize n_devices, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
