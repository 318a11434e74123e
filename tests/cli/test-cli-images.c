/* test-cli-images.c: image files that prompts name.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <glib/gstdio.h>
#include <string.h>

#include "headroom-cli-images.h"

static char *dir;

/* A file in the test's folder; an image, or a text that only has an image's ending. */
static char *
new_file (const char *name, gboolean is_image)
{
  char *path = g_build_filename (dir, name, NULL);
  const char *content = is_image ? "\x89PNG\r\n\x1a\n and so on" : "just a text";

  g_assert_true (g_file_set_contents (path, content, -1, NULL));
  return path;
}

static void
assert_taken (const char *text, gsize n_images, const char *rest)
{
  g_autofree char *left = NULL;
  g_autoptr (HrValue) images = headroom_cli_take_images (text, &left);

  g_assert_cmpuint (images != NULL ? hr_value_size (images) : 0, ==, n_images);
  g_assert_cmpstr (left, ==, rest);
  for (gsize i = 0; i < n_images; i++) {
    gsize len;
    g_autofree guchar *bytes =
        g_base64_decode (hr_value_get_string (hr_value_at (images, i), NULL), &len);
    g_assert_cmpmem (bytes, 4, "\x89PNG", 4);
  }
}

static void
test_forms (void)
{
  g_autofree char *plain = new_file ("a.png", TRUE), *spaced = new_file ("my cat.JPG", TRUE);
  g_autofree char *before = g_strdup_printf ("%s what is this?", plain),
                  *after = g_strdup_printf ("What is this: %s", plain);
  g_autofree char *quoted = g_strdup_printf ("Who is '%s'?", spaced),
                  *quoted2 = g_strdup_printf ("Who is \"%s\"?", spaced);
  g_autofree char *escaped = g_strdup_printf ("Who is %s/my\\ cat.JPG ?", dir);
  g_autofree char *both = g_strdup_printf ("Compare %s and '%s'", plain, spaced);

  assert_taken (before, 1, "what is this?");
  assert_taken (after, 1, "What is this:");
  assert_taken (quoted, 1, "Who is ?");
  assert_taken (quoted2, 1, "Who is ?");
  assert_taken (escaped, 1, "Who is  ?");
  assert_taken (both, 2, "Compare  and");
}

/* What is no file, or no image, stays in the text. */
static void
test_others (void)
{
  g_autofree char *text = new_file ("text.png", FALSE), *other = new_file ("a.gif", TRUE);
  g_autofree char *first = g_strdup_printf ("Read %s", text),
                  *second = g_strdup_printf ("Read %s", other);
  g_autofree char *folder = g_build_filename (dir, "folder.png", NULL),
                  *third = g_strdup_printf ("List %s", folder);

  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  assert_taken ("What is a .png file?", 0, "What is a .png file?");
  assert_taken ("See missing.png for more", 0, "See missing.png for more");
  assert_taken (first, 0, first);
  assert_taken (second, 0, second);
  assert_taken (third, 0, third);
  assert_taken ("", 0, "");
  g_rmdir (folder);
}

static void
test_may_name (void)
{
  g_assert_true (headroom_cli_may_name_image ("look at x.png"));
  g_assert_true (headroom_cli_may_name_image ("'x y.webp'"));
  g_assert_false (headroom_cli_may_name_image ("look at x.pngs"));
  g_assert_false (headroom_cli_may_name_image ("hello"));
}

static void
remove_folder (void)
{
  g_autoptr (GDir) handle = g_dir_open (dir, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (handle)) != NULL) {
    g_autofree char *path = g_build_filename (dir, name, NULL);
    g_unlink (path);
  }
  g_rmdir (dir);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  dir = g_dir_make_tmp ("headroom-images-XXXXXX", NULL);
  g_test_add_func ("/cli-images/forms", test_forms);
  g_test_add_func ("/cli-images/others", test_others);
  g_test_add_func ("/cli-images/may-name", test_may_name);
  status = g_test_run ();
  remove_folder ();
  g_free (dir);
  return status;
}
