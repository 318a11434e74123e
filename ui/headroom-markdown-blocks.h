/* headroom-markdown-blocks.h: the widgets of Markdown blocks, made and updated from the parsed
 * tree.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "headroom-markdown.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

GtkWidget *headroom_markdown_blocks_sync (GtkBox     *box,
                                          GtkWidget  *after,
                                          cmark_node *first,
                                          int         depth);

G_END_DECLS
