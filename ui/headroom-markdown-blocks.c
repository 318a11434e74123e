/* headroom-markdown-blocks.c: the widgets of Markdown blocks, made and updated from the parsed
 * tree.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-markdown-blocks.h"

#include <glib/gi18n.h>
#include <string.h>

/* Quotes and lists nested deeper than this show their text without form: the window has no room for
 * more indents. */
#define MAX_BLOCK_DEPTH 12
#define BLOCK_SPACING 10 /* pixels */
#define ITEM_SPACING 4   /* pixels */

/* ---- Kinds: a widget remembers which kind of block it shows, so that it can be kept while that
 * kind stays --- */

static GQuark
kind_quark (void)
{
  return g_quark_from_static_string ("headroom-block-kind");
}

static gboolean
shows_kind (GtkWidget *widget, HeadroomBlockKind kind)
{
  return GPOINTER_TO_INT (g_object_get_qdata (G_OBJECT (widget), kind_quark ())) == (int) kind + 1;
}

/* ---- Text ------------------------------------------------------------------------------------ */

static GtkWidget *
new_text_label (void)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_widget_set_focusable (label, FALSE);
  return label;
}

static void
set_markup (GtkWidget *label, const char *markup)
{
  if (strcmp (gtk_label_get_label (GTK_LABEL (label)), markup) != 0)
    gtk_label_set_markup (GTK_LABEL (label), markup);
}

static void
update_text (GtkWidget *label, cmark_node *node)
{
  g_autofree char *markup = headroom_markdown_to_pango (node);

  set_markup (label, markup);
}

static void
update_heading (GtkWidget *label, cmark_node *node)
{
  static const char *const classes[] = { "title-2", "title-3", "title-4", "heading" };
  int level = CLAMP (cmark_node_get_heading_level (node), 1, (int) G_N_ELEMENTS (classes));

  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++)
    gtk_widget_remove_css_class (label, classes[i]);
  gtk_widget_add_css_class (label, classes[level - 1]);
  update_text (label, node);
}

/* ---- Code ------------------------------------------------------------------------------------ */

static void
copy_code_cb (GtkButton *button, GtkLabel *code)
{
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (button)),
                          gtk_label_get_text (code));
}

static GtkWidget *
new_code_header (GtkWidget *code)
{
  GtkWidget *header = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *language = gtk_label_new (NULL);
  GtkWidget *copy = gtk_button_new_from_icon_name ("edit-copy-symbolic");

  gtk_label_set_xalign (GTK_LABEL (language), 0);
  gtk_label_set_ellipsize (GTK_LABEL (language), PANGO_ELLIPSIZE_END);
  gtk_widget_set_hexpand (language, TRUE);
  gtk_widget_add_css_class (language, "caption");
  gtk_widget_add_css_class (language, "dim-label");
  gtk_widget_add_css_class (copy, "flat");
  gtk_widget_set_tooltip_text (copy, _("Copy Code"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (copy), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("Copy Code"), -1);
  g_signal_connect_object (copy, "clicked", G_CALLBACK (copy_code_cb), code, 0);
  gtk_box_append (GTK_BOX (header), language);
  gtk_box_append (GTK_BOX (header), copy);
  return header;
}

/* Lays a wide child into a box that scrolls sideways and is as high as the child. */
static GtkWidget *
new_sideways (GtkWidget *child)
{
  GtkWidget *scroller = gtk_scrolled_window_new ();

  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroller), GTK_POLICY_AUTOMATIC,
                                  GTK_POLICY_NEVER);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), child);
  return scroller;
}

static GtkWidget *
new_code (void)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *code = new_text_label ();

  gtk_label_set_wrap (GTK_LABEL (code), FALSE);
  gtk_widget_add_css_class (code, "monospace");
  gtk_widget_add_css_class (box, "headroom-code");
  gtk_widget_set_overflow (box, GTK_OVERFLOW_HIDDEN);
  gtk_box_append (GTK_BOX (box), new_code_header (code));
  gtk_box_append (GTK_BOX (box), new_sideways (code));
  g_object_set_data (G_OBJECT (box), "code", code);
  return box;
}

static void
update_code (GtkWidget *box, cmark_node *node)
{
  GtkLabel *code = g_object_get_data (G_OBJECT (box), "code");
  GtkWidget *language = gtk_widget_get_first_child (gtk_widget_get_first_child (box));
  g_autofree char *text = g_strdup (cmark_node_get_literal (node));
  size_t len = strlen (text);

  if (len > 0 && text[len - 1] == '\n')
    text[len - 1] = '\0';
  if (strcmp (gtk_label_get_text (code), text) != 0)
    gtk_label_set_text (code, text);
  gtk_label_set_text (GTK_LABEL (language), cmark_node_get_fence_info (node));
}

/* ---- Lists ----------------------------------------------------------------------------------- */

static GtkWidget *
new_item (void)
{
  GtkWidget *item = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 8);
  GtkWidget *marker = gtk_label_new (NULL);
  GtkWidget *content = gtk_box_new (GTK_ORIENTATION_VERTICAL, ITEM_SPACING);

  gtk_widget_set_valign (marker, GTK_ALIGN_START);
  gtk_widget_add_css_class (marker, "headroom-marker");
  gtk_widget_add_css_class (marker, "numeric");
  gtk_widget_set_hexpand (content, TRUE);
  gtk_box_append (GTK_BOX (item), marker);
  gtk_box_append (GTK_BOX (item), content);
  return item;
}

static int
item_index (cmark_node *item)
{
  int index = 0;

  while ((item = cmark_node_previous (item)) != NULL)
    index++;
  return index;
}

static void
update_item (GtkWidget *item, cmark_node *node, int depth)
{
  cmark_node *list = cmark_node_parent (node);
  GtkWidget *marker = gtk_widget_get_first_child (item);
  GtkBox *content = GTK_BOX (gtk_widget_get_last_child (item));

  if (cmark_node_get_list_type (list) == CMARK_ORDERED_LIST) {
    g_autofree char *number =
        g_strdup_printf ("%d.", cmark_node_get_list_start (list) + item_index (node));
    gtk_label_set_text (GTK_LABEL (marker), number);
  } else
    gtk_label_set_text (GTK_LABEL (marker), "•");
  headroom_markdown_blocks_sync (content, NULL, cmark_node_first_child (node), depth);
}

/* ---- Tables: rebuilt as a whole, they are small ---------------------------------------------- */

static void
fill_row (GtkGrid *grid, cmark_node *row, int y)
{
  int x = 0;

  for (cmark_node *cell = cmark_node_first_child (row); cell != NULL;
       cell = cmark_node_next (cell)) {
    GtkWidget *label = new_text_label ();
    gtk_label_set_wrap (GTK_LABEL (label), FALSE);
    update_text (label, cell);
    if (y == 0)
      gtk_widget_add_css_class (label, "headroom-strong");
    gtk_grid_attach (grid, label, x++, y, 1, 1);
  }
}

static void
update_table (GtkWidget *scroller, cmark_node *node)
{
  GtkWidget *grid = gtk_grid_new ();
  int y = 0;

  gtk_grid_set_column_spacing (GTK_GRID (grid), 18);
  gtk_grid_set_row_spacing (GTK_GRID (grid), 6);
  gtk_widget_add_css_class (grid, "headroom-table");
  for (cmark_node *row = cmark_node_first_child (node); row != NULL; row = cmark_node_next (row))
    fill_row (GTK_GRID (grid), row, y++);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), grid);
}

/* ---- Any block ------------------------------------------------------------------------------- */

static GtkWidget *
new_block (HeadroomBlockKind kind)
{
  GtkWidget *widget = NULL;

  switch (kind) {
  case HEADROOM_BLOCK_TEXT:
  case HEADROOM_BLOCK_HEADING:
    widget = new_text_label ();
    break;
  case HEADROOM_BLOCK_CODE:
    widget = new_code ();
    break;
  case HEADROOM_BLOCK_QUOTE:
    widget = gtk_box_new (GTK_ORIENTATION_VERTICAL, BLOCK_SPACING);
    gtk_widget_add_css_class (widget, "headroom-quote");
    break;
  case HEADROOM_BLOCK_LIST:
    widget = gtk_box_new (GTK_ORIENTATION_VERTICAL, ITEM_SPACING);
    break;
  case HEADROOM_BLOCK_ITEM:
    widget = new_item ();
    break;
  case HEADROOM_BLOCK_RULE:
    widget = gtk_separator_new (GTK_ORIENTATION_HORIZONTAL);
    break;
  case HEADROOM_BLOCK_TABLE:
    widget = new_sideways (NULL);
    break;
  }
  g_object_set_qdata (G_OBJECT (widget), kind_quark (), GINT_TO_POINTER (kind + 1));
  return widget;
}

static void
update_block (GtkWidget *widget, cmark_node *node, HeadroomBlockKind kind, int depth)
{
  switch (kind) {
  case HEADROOM_BLOCK_TEXT:
    update_text (widget, node);
    break;
  case HEADROOM_BLOCK_HEADING:
    update_heading (widget, node);
    break;
  case HEADROOM_BLOCK_CODE:
    update_code (widget, node);
    break;
  case HEADROOM_BLOCK_QUOTE:
  case HEADROOM_BLOCK_LIST:
    headroom_markdown_blocks_sync (GTK_BOX (widget), NULL, cmark_node_first_child (node),
                                   depth + 1);
    break;
  case HEADROOM_BLOCK_ITEM:
    update_item (widget, node, depth);
    break;
  case HEADROOM_BLOCK_RULE:
    break;
  case HEADROOM_BLOCK_TABLE:
    update_table (widget, node);
    break;
  }
}

static void
remove_from (GtkBox *box, GtkWidget *child)
{
  while (child != NULL) {
    GtkWidget *next = gtk_widget_get_next_sibling (child);
    gtk_box_remove (box, child);
    child = next;
  }
}

/**
 * headroom_markdown_blocks_sync:
 * @box: where the blocks are shown, from top to bottom
 * @after: (nullable): a child of @box that stays, as all before it; %NULL: none stay
 * @first: (nullable): the first of the sibling nodes to show
 * @depth: how many quotes and lists are around
 *
 * Makes the children of @box after @after show the nodes. A child that already shows a block of the
 * same kind is kept.
 *
 * Returns: (transfer none) (nullable): the last child but one, which new text can no longer change;
 * %NULL if there is none
 */
GtkWidget *
headroom_markdown_blocks_sync (GtkBox *box, GtkWidget *after, cmark_node *first, int depth)
{
  GtkWidget *child = after != NULL ? gtk_widget_get_next_sibling (after)
                                   : gtk_widget_get_first_child (GTK_WIDGET (box));
  GtkWidget *finished = after;

  for (cmark_node *node = first; node != NULL; node = cmark_node_next (node)) {
    HeadroomBlockKind kind =
        depth < MAX_BLOCK_DEPTH ? headroom_markdown_kind (node) : HEADROOM_BLOCK_TEXT;
    if (child != NULL && !shows_kind (child, kind)) {
      remove_from (box, child);
      child = NULL;
    }
    if (child == NULL) {
      child = new_block (kind);
      gtk_box_append (box, child);
    }
    update_block (child, node, kind, depth);
    if (cmark_node_next (node) != NULL)
      finished = child;
    child = gtk_widget_get_next_sibling (child);
  }
  remove_from (box, child);
  return finished;
}
