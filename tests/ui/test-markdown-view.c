/* test-markdown-view.c: an answer that grows looks, at every length, as if it had come at once.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-markdown-view.h"
#include "window-support.h"

static const char text[] =
    "# Title\n\nSome *text* with **words**\nover lines.\n\nSetext\n===\n\n- one\n- two\n  1. nested\n  2. list\n\n     para\n- three\n\n"
    "7. seven\n8. eight\n\nlead-in\n| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\n```c\nint main (void)\n{\n\n  return 0;\n}\n```\n"
    "> quoted\nlazy\n>\n> > deeper\n\n***\n\n    indented code\n\n<div>\nhtml\n</div>\n\n[link](https://example.org) and ünïcödé 你好\n\n"
    "~~~\nunfinished";

/* Kinds and texts of everything below a widget. */
static void
describe (GtkWidget *widget, GString *out)
{
  g_string_append_printf (out, "<%s", G_OBJECT_TYPE_NAME (widget));
  if (GTK_IS_LABEL (widget))
    g_string_append_printf (out, " '%s'", gtk_label_get_label (GTK_LABEL (widget)));
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    describe (child, out);
  g_string_append (out, ">");
}

static char *
look (HeadroomMarkdownView *view)
{
  GString *out = g_string_new (NULL);

  describe (GTK_WIDGET (view), out);
  return g_string_free (out, FALSE);
}

static void
assert_same_as_at_once (HeadroomMarkdownView *grown, const char *prefix)
{
  HeadroomMarkdownView *fresh =
      g_object_ref_sink (HEADROOM_MARKDOWN_VIEW (headroom_markdown_view_new ()));
  g_autofree char *expected = NULL, *actual = look (grown);

  headroom_markdown_view_set_text (fresh, prefix);
  expected = look (fresh);
  g_assert_cmpstr (actual, ==, expected);
  g_assert_finalize_object (fresh);
}

static void
grow_by (gsize step)
{
  HeadroomMarkdownView *view =
      g_object_ref_sink (HEADROOM_MARKDOWN_VIEW (headroom_markdown_view_new ()));

  for (gsize len = 0; len <= strlen (text); len += step) {
    g_autofree char *prefix = NULL;
    if (((guint8) text[len] & 0xc0) == 0x80)
      continue;
    prefix = g_strndup (text, len);
    headroom_markdown_view_set_text (view, prefix);
    assert_same_as_at_once (view, prefix);
  }
  g_assert_finalize_object (view);
}

static void
test_grows (void)
{
  grow_by (1);
  grow_by (7);
  grow_by (40);
}

/* Another text takes the place of the first, as when an answer is asked for again. */
static void
test_replaced (void)
{
  HeadroomMarkdownView *view =
      g_object_ref_sink (HEADROOM_MARKDOWN_VIEW (headroom_markdown_view_new ()));

  headroom_markdown_view_set_text (view, text);
  headroom_markdown_view_set_text (view, "short");
  assert_same_as_at_once (view, "short");
  headroom_markdown_view_set_text (view, "");
  assert_same_as_at_once (view, "");
  g_assert_finalize_object (view);
}

/* What was selected in a finished paragraph must stay selected while the answer goes on: its widget
 * stays. */
static void
test_keeps_widgets (void)
{
  HeadroomMarkdownView *view =
      g_object_ref_sink (HEADROOM_MARKDOWN_VIEW (headroom_markdown_view_new ()));
  GtkWidget *first;

  headroom_markdown_view_set_text (view, "first paragraph\n\nsecond");
  first = window_find (GTK_WIDGET (view), GTK_TYPE_LABEL, 0);
  headroom_markdown_view_set_text (view, "first paragraph\n\nsecond goes on\n\n- and\n- on");
  g_assert_true (window_find (GTK_WIDGET (view), GTK_TYPE_LABEL, 0) == first);
  g_assert_finalize_object (view);
}

static void
test_deep (void)
{
  HeadroomMarkdownView *view =
      g_object_ref_sink (HEADROOM_MARKDOWN_VIEW (headroom_markdown_view_new ()));
  GString *deep = g_string_new (NULL);
  g_autofree char *seen = NULL;

  for (int i = 0; i < 500; i++)
    g_string_append (deep, "> ");
  g_string_append (deep, "the bottom");
  headroom_markdown_view_set_text (view, deep->str);
  seen = window_dup_text (GTK_WIDGET (view));
  g_assert_nonnull (strstr (seen, "the bottom"));
  g_string_free (deep, TRUE);
  g_assert_finalize_object (view);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!gtk_init_check ()) {
    g_print ("1..0 # SKIP no display\n");
    return 0;
  }
  adw_init ();
  g_test_add_func ("/markdown-view/grows", test_grows);
  g_test_add_func ("/markdown-view/replaced", test_replaced);
  g_test_add_func ("/markdown-view/keeps-widgets", test_keeps_widgets);
  g_test_add_func ("/markdown-view/deep", test_deep);
  return g_test_run ();
}
