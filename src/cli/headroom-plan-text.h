/* headroom-plan-text.h: a plan as people read it in a terminal.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "headroom-fit.h"

G_BEGIN_DECLS

/* here: for this machine, not one that is only described */
void headroom_plan_print (const char *name, HrModel *model, HeadroomFit *fit, gboolean here);
/* Where the memory goes, row by row. */
void headroom_plan_print_sum (const HrModel *model, const HrPlan *plan);
/* of HeadroomStop */
void headroom_plan_print_landscape (const GArray *stops);
/* of HeadroomAdvice */
void headroom_plan_print_recommend (const GArray *list);

G_END_DECLS
