/* headroom-markdown-view.c: shows Markdown that may still be growing.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-markdown-view.h"

#include "headroom-markdown-blocks.h"

#include <string.h>

#define BLOCK_SPACING 10 /* pixels */

struct _HeadroomMarkdownView
{
  GtkWidget parent_instance;
  GtkWidget *box;
  GString *settled;     /* the text of the blocks up to last_settled */
  GtkWidget *last_settled;
};

G_DEFINE_FINAL_TYPE (HeadroomMarkdownView, headroom_markdown_view, GTK_TYPE_WIDGET)

static void
headroom_markdown_view_dispose (GObject *object)
{
  HeadroomMarkdownView *self = HEADROOM_MARKDOWN_VIEW (object);

  g_clear_pointer (&self->box, gtk_widget_unparent);
  G_OBJECT_CLASS (headroom_markdown_view_parent_class)->dispose (object);
}

static void
headroom_markdown_view_finalize (GObject *object)
{
  g_string_free (HEADROOM_MARKDOWN_VIEW (object)->settled, TRUE);
  G_OBJECT_CLASS (headroom_markdown_view_parent_class)->finalize (object);
}

static void
headroom_markdown_view_class_init (HeadroomMarkdownViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = headroom_markdown_view_dispose;
  object_class->finalize = headroom_markdown_view_finalize;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
}

static void
headroom_markdown_view_init (HeadroomMarkdownView *self)
{
  self->settled = g_string_new (NULL);
  self->box = gtk_box_new (GTK_ORIENTATION_VERTICAL, BLOCK_SPACING);
  gtk_widget_set_parent (self->box, GTK_WIDGET (self));
}

GtkWidget *
headroom_markdown_view_new (void)
{
  return g_object_new (HEADROOM_TYPE_MARKDOWN_VIEW, NULL);
}

/* How many bytes belong to blocks that no further text can change: all but the last, once the line
 * that begins the last one is complete (a lone "|" may become a table's next row). A table that was
 * begun by a paragraph's last line does not know where it begins; nothing is settled until the next
 * block. */
static size_t
count_settled (const char *text, cmark_node *document)
{
  cmark_node *last = cmark_node_last_child (document);
  size_t offset;

  if (last == NULL || cmark_node_previous (last) == NULL ||
      headroom_markdown_kind (last) == HEADROOM_BLOCK_TABLE)
    return 0;
  offset = headroom_markdown_line_offset (text, cmark_node_get_start_line (last));
  return strchr (text + offset, '\n') != NULL ? offset : 0;
}

/**
 * headroom_markdown_view_set_text:
 * @self: a view
 * @text: the whole text so far
 *
 * Shows @text. Where it continues what was shown before, only its last block is parsed again: in
 * Markdown a block can no longer change once another has begun at the top level.
 */
void
headroom_markdown_view_set_text (HeadroomMarkdownView *self, const char *text)
{
  g_autoptr (cmark_node) document = NULL;
  GtkWidget *last_finished;
  const char *tail;
  size_t settled_len;

  g_return_if_fail (HEADROOM_IS_MARKDOWN_VIEW (self));
  if (!g_str_has_prefix (text, self->settled->str)) {
    g_string_truncate (self->settled, 0);
    self->last_settled = NULL;
  }
  tail = text + self->settled->len;
  document = headroom_markdown_parse (tail);
  last_finished = headroom_markdown_blocks_sync (GTK_BOX (self->box), self->last_settled,
                                                 cmark_node_first_child (document), 0);
  settled_len = count_settled (tail, document);
  if (settled_len > 0) {
    self->last_settled = last_finished;
    g_string_append_len (self->settled, tail, settled_len);
  }
}
