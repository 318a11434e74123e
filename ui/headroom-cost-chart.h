/* headroom-cost-chart.h: what every context length would take, drawn as a chart over the powers of
 * two.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Layers from below: weights, compute, cache. A line marks what there is; beyond it the ground is
 * hatched. The present choice is a line across. To assistive technologies it is an image whose
 * description names the numbers at both ends and the cliff.
 */
#pragma once

#include "headroom-plan-preview.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_COST_CHART (headroom_cost_chart_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomCostChart, headroom_cost_chart, HEADROOM, COST_CHART, GtkWidget)

/* What one context length takes. */
typedef struct {
  guint32 num_ctx;                 /* tokens per slot */
  guint64 weights, compute, cache; /* bytes, of all devices together */
  gboolean fits;
} HeadroomCostChartPoint;

/* Two per power of two from 512 to 2^26. */
#define HEADROOM_COST_CHART_MAX_POINTS 40

GtkWidget                    *headroom_cost_chart_new        (void);
void                          headroom_cost_chart_set_plans  (HeadroomCostChart   *self,
                                                             HeadroomPlanPreview *preview);
const HeadroomCostChartPoint *headroom_cost_chart_get_points (HeadroomCostChart   *self,
                                                             gsize               *ret_n);

G_END_DECLS
