/* headroom-markdown-view.h: shows Markdown that may still be growing.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Finished blocks are parsed once; only the last block is parsed again as text arrives, and widgets
 * are changed in place.
 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_MARKDOWN_VIEW (headroom_markdown_view_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomMarkdownView, headroom_markdown_view, HEADROOM, MARKDOWN_VIEW,
                      GtkWidget)

GtkWidget *headroom_markdown_view_new      (void);
void       headroom_markdown_view_set_text (HeadroomMarkdownView *self,
                                            const char           *text);

G_END_DECLS
