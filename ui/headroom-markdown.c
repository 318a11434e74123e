/* headroom-markdown.c: Markdown to a tree of blocks, and inline text to Pango markup.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-markdown.h"

#include <cmark-gfm-core-extensions.h>
#include <string.h>

/* Emphasis nested deeper than this is shown as plain text: nobody writes it, and recursion needs an
 * end. */
#define MAX_INLINE_DEPTH 24

static const char *const extensions[] = { "table", "strikethrough", "autolink" };

/**
 * headroom_markdown_parse:
 * @text: Markdown in UTF-8, finished or not
 *
 * Returns: (transfer full): the document node; every text is a valid document
 */
cmark_node *
headroom_markdown_parse (const char *text)
{
  cmark_parser *parser;
  cmark_node *document;

  cmark_gfm_core_extensions_ensure_registered ();
  parser = cmark_parser_new (CMARK_OPT_VALIDATE_UTF8);
  for (gsize i = 0; i < G_N_ELEMENTS (extensions); i++)
    cmark_parser_attach_syntax_extension (parser, cmark_find_syntax_extension (extensions[i]));
  cmark_parser_feed (parser, text, strlen (text));
  document = cmark_parser_finish (parser);
  cmark_parser_free (parser);
  return document;
}

HeadroomBlockKind
headroom_markdown_kind (cmark_node *node)
{
  switch ((int) cmark_node_get_type (node)) {
  case CMARK_NODE_HEADING:
    return HEADROOM_BLOCK_HEADING;
  case CMARK_NODE_CODE_BLOCK:
    return HEADROOM_BLOCK_CODE;
  case CMARK_NODE_BLOCK_QUOTE:
    return HEADROOM_BLOCK_QUOTE;
  case CMARK_NODE_LIST:
    return HEADROOM_BLOCK_LIST;
  case CMARK_NODE_ITEM:
    return HEADROOM_BLOCK_ITEM;
  case CMARK_NODE_THEMATIC_BREAK:
    return HEADROOM_BLOCK_RULE;
  default:
    return strcmp (cmark_node_get_type_string (node), "table") == 0 ? HEADROOM_BLOCK_TABLE
                                                                    : HEADROOM_BLOCK_TEXT;
  }
}

static void
append_escaped (GString *out, const char *text)
{
  g_autofree char *escaped = g_markup_escape_text (text != NULL ? text : "", -1);

  g_string_append (out, escaped);
}

static gboolean
is_safe_url (const char *url)
{
  return url != NULL && (g_str_has_prefix (url, "https://") || g_str_has_prefix (url, "http://") ||
                         g_str_has_prefix (url, "mailto:"));
}

static void append_inlines (GString *out, cmark_node *parent, int depth);

static void
append_tagged (GString *out, cmark_node *node, const char *tag, int depth)
{
  g_string_append_printf (out, "<%s>", tag);
  append_inlines (out, node, depth + 1);
  g_string_append_printf (out, "</%s>", tag);
}

static void
append_link (GString *out, cmark_node *node, int depth)
{
  const char *url = cmark_node_get_url (node);

  if (!is_safe_url (url)) {
    append_inlines (out, node, depth + 1);
    return;
  }
  g_string_append (out, "<a href=\"");
  append_escaped (out, url);
  g_string_append (out, "\">");
  append_inlines (out, node, depth + 1);
  g_string_append (out, "</a>");
}

/* The text of everything below a node, without its form. */
static void
append_plain (GString *out, cmark_node *node)
{
  cmark_iter *iter = cmark_iter_new (node);

  while (cmark_iter_next (iter) != CMARK_EVENT_DONE)
    append_escaped (out, cmark_node_get_literal (cmark_iter_get_node (iter)));
  cmark_iter_free (iter);
}

static void
append_inline (GString *out, cmark_node *node, int depth)
{
  switch ((int) cmark_node_get_type (node)) {
  case CMARK_NODE_SOFTBREAK:
    g_string_append_c (out, ' ');
    break;
  case CMARK_NODE_LINEBREAK:
    g_string_append_c (out, '\n');
    break;
  case CMARK_NODE_CODE:
    g_string_append (out, "<tt>");
    append_escaped (out, cmark_node_get_literal (node));
    g_string_append (out, "</tt>");
    break;
  case CMARK_NODE_EMPH:
    append_tagged (out, node, "i", depth);
    break;
  case CMARK_NODE_STRONG:
    append_tagged (out, node, "b", depth);
    break;
  case CMARK_NODE_LINK:
    append_link (out, node, depth);
    break;
  default:
    if (strcmp (cmark_node_get_type_string (node), "strikethrough") == 0)
      append_tagged (out, node, "s", depth);
    else if (cmark_node_first_child (node) != NULL)
      append_inlines (out, node, depth + 1);
    else
      append_escaped (out, cmark_node_get_literal (node));
  }
}

static void
append_inlines (GString *out, cmark_node *parent, int depth)
{
  if (depth > MAX_INLINE_DEPTH) {
    append_plain (out, parent);
    return;
  }
  for (cmark_node *node = cmark_node_first_child (parent); node != NULL;
       node = cmark_node_next (node))
    append_inline (out, node, depth);
}

/**
 * headroom_markdown_to_pango:
 * @block: a block with inline content, or one that is a literal (HTML)
 *
 * Returns: (transfer full): valid Pango markup
 */
char *
headroom_markdown_to_pango (cmark_node *block)
{
  GString *out = g_string_new (NULL);

  if (cmark_node_first_child (block) == NULL)
    append_escaped (out, cmark_node_get_literal (block));
  append_inlines (out, block, 0);
  while (out->len > 0 && out->str[out->len - 1] == '\n')
    g_string_truncate (out, out->len - 1);
  return g_string_free (out, FALSE);
}

/* Where a line begins, in bytes; lines count from 1. The text's length where it has fewer lines. */
size_t
headroom_markdown_line_offset (const char *text, int line)
{
  const char *at = text;

  for (int i = 1; i < line; i++) {
    const char *end = strchr (at, '\n');
    if (end == NULL)
      return strlen (text);
    at = end + 1;
  }
  return at - text;
}
