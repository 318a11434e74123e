/* headroom-bench-form.h: what is to be measured, chosen by a person.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Signal "start": a person wants it measured. Signal "tune": a person wants better settings looked
 * for.
 */
#pragma once

#include "headroom-suite.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_BENCH_FORM (headroom_bench_form_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomBenchForm, headroom_bench_form, HEADROOM, BENCH_FORM, GtkBox)

GtkWidget *headroom_bench_form_new (void);
/* title: (nullable): of the chosen model; without one nothing can be started */
void headroom_bench_form_set_model (HeadroomBenchForm *self, const char *title);
/* text: (nullable): what measuring would do to models in memory */
void headroom_bench_form_set_warning (HeadroomBenchForm *self, const char *text);
/* While it is so nothing can be started. */
void headroom_bench_form_set_busy (HeadroomBenchForm *self, gboolean busy);

HeadroomSuiteParts headroom_bench_form_get_parts (HeadroomBenchForm *self);
void headroom_bench_form_set_parts (HeadroomBenchForm *self, HeadroomSuiteParts parts);
gboolean headroom_bench_form_get_quick (HeadroomBenchForm *self);
void headroom_bench_form_set_quick (HeadroomBenchForm *self, gboolean quick);
/* Bounds of the search for settings; 0: none. */
guint64 headroom_bench_form_get_max_bytes (HeadroomBenchForm *self);
double headroom_bench_form_get_max_first_ms (HeadroomBenchForm *self);

G_END_DECLS
