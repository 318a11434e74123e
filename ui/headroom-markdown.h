/* headroom-markdown.h: Markdown to a tree of blocks, and inline text to Pango markup.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a model writes is not trusted: HTML stays visible text, and only web and mail links become
 * links. Pure functions, no widgets. Thread-safety: main thread only (the parser's extensions are
 * registered once).
 */
#pragma once

#include <cmark-gfm.h>
#include <glib.h>

G_BEGIN_DECLS

G_DEFINE_AUTOPTR_CLEANUP_FUNC (cmark_node, cmark_node_free)

typedef enum {
  HEADROOM_BLOCK_TEXT,    /* a paragraph, or anything that has only inline content */
  HEADROOM_BLOCK_HEADING,
  HEADROOM_BLOCK_CODE,
  HEADROOM_BLOCK_QUOTE,
  HEADROOM_BLOCK_LIST,
  HEADROOM_BLOCK_ITEM,
  HEADROOM_BLOCK_RULE,
  HEADROOM_BLOCK_TABLE,
} HeadroomBlockKind;

cmark_node        *headroom_markdown_parse     (const char *text) G_GNUC_WARN_UNUSED_RESULT;
HeadroomBlockKind  headroom_markdown_kind      (cmark_node *node);
char              *headroom_markdown_to_pango  (cmark_node *block) G_GNUC_WARN_UNUSED_RESULT;
size_t             headroom_markdown_line_offset (const char *text,
                                                  int         line);

G_END_DECLS
