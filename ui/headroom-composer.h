/* headroom-composer.h: where a question is typed, with the button that sends it or stops the
 * answer.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Enter sends, Shift+Enter starts a new line. The signal "send" carries the text; the composer is
 * empty after it.
 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_COMPOSER (headroom_composer_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomComposer, headroom_composer, HEADROOM, COMPOSER, GtkWidget)

GtkWidget *headroom_composer_new             (void);
void       headroom_composer_set_ready       (HeadroomComposer *self,
                                              gboolean          ready);
void       headroom_composer_set_busy        (HeadroomComposer *self,
                                              gboolean          busy);
void       headroom_composer_set_placeholder (HeadroomComposer *self,
                                              const char       *text);
void       headroom_composer_set_text        (HeadroomComposer *self,
                                              const char       *text);
char      *headroom_composer_dup_text        (HeadroomComposer *self) G_GNUC_WARN_UNUSED_RESULT;
gboolean   headroom_composer_send            (HeadroomComposer *self);

G_END_DECLS
