/* test-image.c: pictures of every format against Pillow's pixels, damaged and oversized ones.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lossless formats must agree to the bit. JPEG and WebP may differ by rounding: other builds of the
 * same libraries have other inverse transforms and upsampling.
 */
#include "headroom-image.h"

#include <stdlib.h>
#include <string.h>

#define LOSSY_TOLERANCE 4

static const char *folder;

static GBytes *
read_file (const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;
  char *data;
  gsize len;

  g_file_get_contents (path, &data, &len, &error);
  g_assert_no_error (error);
  return g_bytes_new_take (data, len);
}

/* ---- Formats ---- */

static void
check_pixels (HrImage *image, const char *name, int tolerance)
{
  g_autofree char *ppm_name = g_strconcat (name, ".ppm", NULL);
  g_autoptr (GBytes) ppm = read_file (ppm_name);
  gsize len, n = (gsize) hr_image_get_width (image) * hr_image_get_height (image) * 3;
  const char *data = g_bytes_get_data (ppm, &len);
  g_autofree char *header =
      g_strdup_printf ("P6\n%u %u\n255\n", hr_image_get_width (image), hr_image_get_height (image));
  const guint8 *want = (const guint8 *) data + strlen (header), *have = hr_image_get_row (image, 0);

  g_assert_cmpuint (len, ==, strlen (header) + n);
  g_assert_cmpmem (data, strlen (header), header, strlen (header));
  for (gsize i = 0; i < n; i++)
    if (abs ((int) have[i] - (int) want[i]) > tolerance)
      g_error ("%s: byte %zu is %u, not %u", name, i, have[i], want[i]);
}

static void
test_format (gconstpointer data)
{
  const char *name = data;
  gboolean lossless = g_str_has_suffix (name, ".png") || g_str_has_prefix (name, "lossless") ||
                      g_str_has_prefix (name, "alpha");
  g_autoptr (GBytes) file = read_file (name);
  g_autoptr (GError) error = NULL;
  g_autoptr (HrImage) image = headroom_image_decode (file, &error);

  g_assert_no_error (error);
  /* Pillow lays colours on white with its own rounding. */
  check_pixels (image, name,
                !lossless                          ? LOSSY_TOLERANCE
                : g_str_has_prefix (name, "alpha") ? 1
                                                   : 0);
}

/* ---- Damage ---- */

static void
assert_refused (const guint8 *bytes, gsize len, int code, const char *pattern)
{
  g_autoptr (GBytes) file = g_bytes_new (bytes, len);
  g_autoptr (GError) error = NULL;

  g_assert_null (headroom_image_decode (file, &error));
  g_assert_error (error, HEADROOM_IMAGE_ERROR, code);
  if (!g_pattern_match_simple (pattern, error->message))
    g_error ("\"%s\" is not like \"%s\"", error->message, pattern);
}

/* However much of its end a file lacks, there is an error and no picture. */
static void
test_cut (gconstpointer data)
{
  g_autoptr (GBytes) file = read_file (data);
  gsize len;
  const guint8 *bytes = g_bytes_get_data (file, &len);

  for (gsize n = 12; n < len - 16; n += 7) {
    g_autoptr (GBytes) cut = g_bytes_new (bytes, n);
    g_autoptr (GError) error = NULL;
    HrImage *image = headroom_image_decode (cut, &error);
    if (image != NULL)
      g_error ("%s: %zu of %zu bytes are a picture", (const char *) data, n, len);
    g_assert_error (error, HEADROOM_IMAGE_ERROR, HEADROOM_IMAGE_ERROR_DAMAGED);
  }
}

/* Any byte changed: a picture or an error, never a crash. */
static void
test_flipped (gconstpointer data)
{
  g_autoptr (GBytes) file = read_file (data);
  gsize len;
  const guint8 *bytes = g_bytes_get_data (file, &len);

  for (gsize i = 0; i < len; i++) {
    g_autofree guint8 *copy = g_memdup2 (bytes, len);
    g_autoptr (GBytes) changed = NULL;
    g_autoptr (GError) error = NULL;
    copy[i] ^= 0x5a;
    changed = g_bytes_new_static (copy, len);
    g_autoptr (HrImage) image = headroom_image_decode (changed, &error);
    g_assert_true ((image == NULL) == (error != NULL));
  }
}

static void
test_unknown (void)
{
  assert_refused ((const guint8 *) "GIF89a", 6, HEADROOM_IMAGE_ERROR_UNKNOWN,
                  "*PNG, JPEG and WebP*");
  assert_refused ((const guint8 *) "", 0, HEADROOM_IMAGE_ERROR_UNKNOWN, "*no format*");
}

/* ---- Size ---- */

static void
put_u32 (guint8 *at, guint32 value)
{
  value = GUINT32_TO_BE (value);
  memcpy (at, &value, sizeof value);
}

static guint32
png_crc (const guint8 *bytes, gsize len)
{
  guint32 crc = 0xffffffff;

  for (gsize i = 0; i < len; i++) {
    crc ^= bytes[i];
    for (guint bit = 0; bit < 8; bit++)
      crc = (crc >> 1) ^ (0xedb88320 & (0 - (crc & 1)));
  }
  return ~crc;
}

/* A well-formed header of a PNG file that promises width x height. */
static void
test_png_too_large (void)
{
  static const guint32 sizes[][2] = {
    { 30000, 30000 }, { 16385, 1 }, { 1, 16385 }, { 16000, 16000 }
  };
  g_autoptr (GBytes) file = read_file ("rgb.png");
  gsize len;
  const guint8 *bytes = g_bytes_get_data (file, &len);

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autofree guint8 *copy = g_memdup2 (bytes, len);
    g_autofree char *pattern = g_strdup_printf ("*%u × %u*", sizes[i][0], sizes[i][1]);
    put_u32 (copy + 16, sizes[i][0]);
    put_u32 (copy + 20, sizes[i][1]);
    put_u32 (copy + 29, png_crc (copy + 12, 17));
    assert_refused (copy, len, HEADROOM_IMAGE_ERROR_TOO_LARGE, pattern);
  }
}

/* The frame header (SOF0) holds height and width. */
static void
test_jpeg_too_large (void)
{
  g_autoptr (GBytes) file = read_file ("baseline.jpg");
  gsize len;
  const guint8 *bytes = g_bytes_get_data (file, &len);
  g_autofree guint8 *copy = g_memdup2 (bytes, len);
  guint8 *frame = memmem (copy, len, "\xff\xc0", 2);

  g_assert_nonnull (frame);
  memcpy (frame + 5, "\x75\x30\x75\x30", 4);
  assert_refused (copy, len, HEADROOM_IMAGE_ERROR_TOO_LARGE, "*30000 × 30000*");
}

static void
test_caps (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (hr_image_new (HR_MAX_IMAGE_SIDE + 1, 1, &error));
  g_assert_error (error, HR_ERROR, HR_ERROR_SETTINGS);
  g_clear_error (&error);
  g_assert_null (hr_image_new (0, 1, &error));
  g_assert_error (error, HR_ERROR, HR_ERROR_SETTINGS);
}

int
main (int argc, char **argv)
{
  static const char *const names[] = { "rgb.png",      "palette.png",   "transparent-palette.png",
                                       "grey.png",     "grey16.png",    "one-bit.png",
                                       "alpha.png",    "baseline.jpg",  "progressive.jpg",
                                       "grey.jpg",     "cmyk.jpg",      "turned-2.jpg",
                                       "turned-3.jpg", "turned-4.jpg",  "turned-5.jpg",
                                       "turned-6.jpg", "turned-7.jpg",  "turned-8.jpg",
                                       "lossy.webp",   "lossless.webp", "alpha.webp" };
  static const char *const kinds[] = { "rgb.png", "baseline.jpg", "lossy.webp", "lossless.webp" };

  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  folder = argv[1];
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *path = g_strconcat ("/image/format/", names[i], NULL);
    g_test_add_data_func (path, names[i], test_format);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++) {
    g_autofree char *cut = g_strconcat ("/image/cut/", kinds[i], NULL);
    g_autofree char *flipped = g_strconcat ("/image/flipped/", kinds[i], NULL);
    g_test_add_data_func (cut, kinds[i], test_cut);
    g_test_add_data_func (flipped, kinds[i], test_flipped);
  }
  g_test_add_func ("/image/unknown", test_unknown);
  g_test_add_func ("/image/too-large/png", test_png_too_large);
  g_test_add_func ("/image/too-large/jpeg", test_jpeg_too_large);
  g_test_add_func ("/image/too-large/caps", test_caps);
  return g_test_run ();
}
