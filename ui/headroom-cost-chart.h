/* headroom-cost-chart.h: what every context length would take, drawn as a chart over the powers of
 * two.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Layers from below: weights, compute, cache. A line marks what there is. Over them two
 * curves, each
 * on a scale of its own: how fast an answer is when the context is full, and how long such a prompt
 * takes to read. Lines down mark the present choice and the cliffs. To assistive technologies
 * it is an
 * image whose description names the numbers at both ends and the cliffs.
 */
#pragma once

#include "headroom-survey.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_COST_CHART (headroom_cost_chart_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomCostChart, headroom_cost_chart, HEADROOM, COST_CHART, GtkWidget)

GtkWidget                 *headroom_cost_chart_new        (void);
void                       headroom_cost_chart_set_survey (HeadroomCostChart    *self,
                                                           const HeadroomSurvey *survey,
                                                           guint64               budget);
void                       headroom_cost_chart_set_choice (HeadroomCostChart    *self,
                                                           guint32               num_ctx);
const HeadroomSurveyPoint *headroom_cost_chart_get_points (HeadroomCostChart    *self,
                                                           gsize                *ret_n);
const HeadroomCliff       *headroom_cost_chart_get_cliffs (HeadroomCostChart    *self,
                                                           gsize                *ret_n);

G_END_DECLS
