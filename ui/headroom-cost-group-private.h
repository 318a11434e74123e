/* headroom-cost-group-private.h: shared by the files that make up the group of settings.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * headroom-cost-group.c owns what is chosen, applied and undone; headroom-cost-prices.c says what
 * it costs and where its sliders stop; headroom-cost-rows.c makes the rows.
 */
#pragma once

#include "headroom-cost-chart.h"
#include "headroom-cost-group.h"
#include "headroom-layer-strip.h"
#include "headroom-slider-row.h"

G_BEGIN_DECLS

#define HEADROOM_COST_MIN_CTX 512

struct _HeadroomCostGroup
{
  AdwPreferencesGroup parent_instance;
  GSettings *settings;
  HeadroomPlanPreview *preview;
  int num_predict; /* of the preset that was chosen last; 0: none */
  const char *preset_id; /* its name, or NULL */
  HrModel *model; /* borrowed; whose stops the context slider has */

  HeadroomSliderRow *ctx_row;
  HeadroomSliderRow *parallel_row;
  HeadroomSliderRow *batch_row;
  HeadroomSliderRow *gpu_row;
  AdwComboRow *kv_row;
  AdwComboRow *keep_alive_row;
  HeadroomCostChart *chart;
  GtkLabel *speed_label;    /* below the chart */
  GtkLabel *forecast_label; /* who would have to go */
  HeadroomLayerStrip *layers;
  GtkLabel *layers_label;
  GtkLabel *slower_label; /* what it costs that layers are not on a card */
  guint settling;         /* the timeout after which that is worked out */
  GtkWidget *apply_button;
  GtkWidget *undo_button;
};

/* Says what the preview's plan costs, or why there is none. */
void               _headroom_cost_group_show_prices   (HeadroomCostGroup    *self);
/* Draws what lies around the plan, and gives the context slider its cliffs. */
void               _headroom_cost_group_show_ground   (HeadroomCostGroup    *self);
/* Gives the sliders the stops of a model: powers of two, its own length, the last one before the
 * cliff; its layers. */
void               _headroom_cost_group_set_stops     (HeadroomCostGroup    *self,
                                                       HrPlan               *plan,
                                                       HrModel              *model);
/* Models in one line, as people call them; names: of char *, without NULL at the end. */
char              *_headroom_cost_group_dup_names     (GPtrArray            *names);
/* A person moved something. */
void               _headroom_cost_group_chosen        (HeadroomCostGroup    *self);
/* Makes every row and button. */
void               _headroom_cost_group_add_rows      (HeadroomCostGroup    *self);

G_END_DECLS
