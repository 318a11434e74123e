/* test-markdown.c: Markdown to Pango markup.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-markdown.h"

#include <pango/pango.h>

static char *
first_block_to_pango (const char *markdown)
{
  g_autoptr (cmark_node) document = headroom_markdown_parse (markdown);
  cmark_node *first = cmark_node_first_child (document);

  return first != NULL ? headroom_markdown_to_pango (first) : NULL;
}

/* Whatever a model writes, a label must be able to show it. */
static void
assert_valid_markup (const char *markup)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *without_links = NULL;
  g_autoptr (GRegex) links = g_regex_new ("</?a( href=\"[^\"]*\")?>", 0, 0, NULL);

  without_links = g_regex_replace_literal (links, markup, -1, 0, "", 0, NULL);
  pango_parse_markup (without_links, -1, 0, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
}

static void
test_inlines (void)
{
  static const struct {
    const char *markdown, *pango;
  } cases[] = {
    { "plain", "plain" },
    { "a **b** *c* `d` ~~e~~", "a <b>b</b> <i>c</i> <tt>d</tt> <s>e</s>" },
    { "1 < 2 & 3", "1 &lt; 2 &amp; 3" },
    { "soft\nbreak", "soft break" },
    { "hard  \nbreak", "hard\nbreak" },
    { "<b>html</b>", "&lt;b&gt;html&lt;/b&gt;" },
    { "[web](https://example.org/?a=1&b=2)",
      "<a href=\"https://example.org/?a=1&amp;b=2\">web</a>" },
    { "[file](file:///etc/passwd)", "file" },
    { "[script](javascript:alert(1))", "script" },
    { "![a picture](https://example.org/x.png)", "a picture" },
    { "**unfinished", "**unfinished" },
    { "`unfinished", "`unfinished" },
    { "# Title", "Title" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *pango = first_block_to_pango (cases[i].markdown);
    g_assert_cmpstr (pango, ==, cases[i].pango);
    assert_valid_markup (pango);
  }
}

static void
test_kinds (void)
{
  static const struct {
    const char *markdown;
    HeadroomBlockKind kind;
  } cases[] = {
    { "text", HEADROOM_BLOCK_TEXT },
    { "# heading", HEADROOM_BLOCK_HEADING },
    { "```c\nint x;\n```", HEADROOM_BLOCK_CODE },
    { "```\nunfinished", HEADROOM_BLOCK_CODE },
    { "> quote", HEADROOM_BLOCK_QUOTE },
    { "- item", HEADROOM_BLOCK_LIST },
    { "1. item", HEADROOM_BLOCK_LIST },
    { "---", HEADROOM_BLOCK_RULE },
    { "|a|b|\n|-|-|\n|1|2|", HEADROOM_BLOCK_TABLE },
    { "<div>html</div>", HEADROOM_BLOCK_TEXT },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (cmark_node) document = headroom_markdown_parse (cases[i].markdown);
    g_assert_cmpint (headroom_markdown_kind (cmark_node_first_child (document)), ==, cases[i].kind);
  }
}

static void
test_deep (void)
{
  GString *text = g_string_new (NULL);
  g_autofree char *pango = NULL;

  for (int i = 0; i < 2000; i++)
    g_string_append (text, "*a **b ");
  for (int i = 0; i < 2000; i++)
    g_string_append (text, "** *");
  pango = first_block_to_pango (text->str);
  assert_valid_markup (pango);
  g_assert_nonnull (strstr (pango, "a "));
  g_string_free (text, TRUE);
}

static void
test_not_utf8 (void)
{
  g_autofree char *pango = first_block_to_pango ("ab\xff\xfe");

  g_assert_cmpstr (pango, ==, "ab\xef\xbf\xbd\xef\xbf\xbd");
}

static void
test_lines (void)
{
  g_assert_cmpuint (headroom_markdown_line_offset ("ab\ncd\n", 1), ==, 0);
  g_assert_cmpuint (headroom_markdown_line_offset ("ab\ncd\n", 2), ==, 3);
  g_assert_cmpuint (headroom_markdown_line_offset ("ab\ncd\n", 3), ==, 6);
  g_assert_cmpuint (headroom_markdown_line_offset ("ab\ncd\n", 9), ==, 6);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/markdown/inlines", test_inlines);
  g_test_add_func ("/markdown/kinds", test_kinds);
  g_test_add_func ("/markdown/deep", test_deep);
  g_test_add_func ("/markdown/not-utf8", test_not_utf8);
  g_test_add_func ("/markdown/lines", test_lines);
  return g_test_run ();
}
