/* headroom-landscape.h: what every context length would take, drawn as a landscape over the powers of two.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Layers from below: weights, compute, cache. A line marks what there is; beyond it the ground is hatched. The present choice is a
 * line across. To assistive technologies it is an image whose description names the numbers at both ends and the cliff.
 */
#pragma once

#include "headroom-plan-preview.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_LANDSCAPE (headroom_landscape_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomLandscape, headroom_landscape, HEADROOM, LANDSCAPE, GtkWidget)

/* What one context length takes. */
typedef struct {
  guint32 num_ctx;                 /* tokens per slot */
  guint64 weights, compute, cache; /* bytes, of all devices together */
  gboolean fits;
} HeadroomLandscapePoint;

/* Two per power of two from 512 to 2^26. */
#define HEADROOM_LANDSCAPE_MAX_POINTS 40

GtkWidget                    *headroom_landscape_new        (void);
void                          headroom_landscape_set_plans  (HeadroomLandscape   *self,
                                                             HeadroomPlanPreview *preview);
const HeadroomLandscapePoint *headroom_landscape_get_points (HeadroomLandscape   *self,
                                                             gsize               *ret_n);

G_END_DECLS
