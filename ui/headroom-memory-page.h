/* headroom-memory-page.h: the page that shows what memory is used for, what settings would cost,
 * and why things happened.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Signal "keep" (model, keep_alive): a person wants a loaded model to stay, to go later or to go
 * now. Signal "apply": the stored settings changed and a loaded model should follow. Signal
 * "threshold" (code, value): a watch shall warn elsewhere. "choose-model" (name): a person wants the
 * same model in another quantisation.
 */
#pragma once

#include "headroom-memory-monitor.h"
#include "headroom-plan-preview.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_MEMORY_PAGE (headroom_memory_page_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomMemoryPage, headroom_memory_page, HEADROOM, MEMORY_PAGE, GtkWidget)

GtkWidget *headroom_memory_page_new          (void);
void       headroom_memory_page_set_settings (HeadroomMemoryPage         *self,
                                              GSettings                  *settings);
void       headroom_memory_page_set_model    (HeadroomMemoryPage         *self,
                                              const char                 *name_or_path);
void       headroom_memory_page_set_report   (HeadroomMemoryPage         *self,
                                              const HeadroomMemoryReport *report);

/* Has the settings explained that a request would be answered with; see
 * headroom_effective_group_ask(). */
void       headroom_memory_page_ask_effective (HeadroomMemoryPage *self,
                                               HeadroomClient     *client,
                                               const char         *body,
                                               const char         *last_event);
/* Who plans for the page; borrowed. */
HeadroomPlanPreview *headroom_memory_page_get_preview (HeadroomMemoryPage *self);

G_END_DECLS
