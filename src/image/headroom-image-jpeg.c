/* headroom-image-jpeg.c: JPEG, through libjpeg-turbo.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The library reports errors by a jump. It only ever goes to one place (decode ()), and what must
 * outlive it lies in a struct outside of the functions that are left.
 */
#include "headroom-image-private.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

/* Scans of a progressive file: cameras and converters write about ten. Each costs a walk over the
 * whole picture, whatever its bytes. */
#define MAX_SCANS 64
/* The EXIF segment is at most 64 KiB. */
#define EXIF_MARKER (JPEG_APP0 + 1)

typedef struct {
  struct jpeg_error_mgr manager; /* first: the library hands out pointers to it */
  jmp_buf jump;
  char message[JMSG_LENGTH_MAX];
} Problem;

typedef struct {
  struct jpeg_decompress_struct info;
  struct jpeg_progress_mgr progress;
  Problem problem;
  HrImage *image;
  GError *error;
  guint orientation; /* EXIF: 1 to 8 */
  guint8 *line;      /* of a CMYK picture, or NULL */
} Reader;

/* ---- Errors ---- */

static void
leave (j_common_ptr info)
{
  Problem *problem = (Problem *) info->err;

  problem->manager.format_message (info, problem->message);
  longjmp (problem->jump, 1);
}

/* Warnings that mean that a part of the picture is made up end it; others (stray bytes before a
 * marker) do not. */
static void
judge (j_common_ptr info, int level)
{
  int code = info->err->msg_code;

  if (level < 0 && (code == JWRN_HIT_MARKER || code == JWRN_JPEG_EOF ||
                    code == JWRN_HUFF_BAD_CODE || code == JWRN_ARITH_BAD_CODE))
    leave (info);
}

static void
say_nothing (j_common_ptr info)
{
}

static void
count_scans (j_common_ptr info)
{
  if (((j_decompress_ptr) info)->input_scan_number > MAX_SCANS)
    leave (info);
}

/* ---- Which side is up ---- */

typedef struct {
  const guint8 *bytes;
  gsize len;
  gboolean big_endian;
} Tiff;

static guint
tiff_u16 (const Tiff *tiff, gsize at)
{
  if (at + 2 > tiff->len)
    return 0;
  return tiff->big_endian ? tiff->bytes[at] << 8 | tiff->bytes[at + 1]
                          : tiff->bytes[at + 1] << 8 | tiff->bytes[at];
}

static gsize
tiff_u32 (const Tiff *tiff, gsize at)
{
  gsize first = tiff_u16 (tiff, at), second = tiff_u16 (tiff, at + 2);

  return tiff->big_endian ? first << 16 | second : second << 16 | first;
}

/* Tag 0x0112 of the first directory; 1 (upright) where there is none that makes sense. */
static guint
read_orientation (const guint8 *segment, gsize len)
{
  Tiff tiff = { segment + 6, len - 6, FALSE };
  gsize directory;

  if (len < 6 + 8 || memcmp (segment, "Exif\0\0", 6) != 0)
    return 1;
  tiff.big_endian = tiff.bytes[0] == 'M';
  directory = tiff_u32 (&tiff, 4);
  for (guint i = 0; i < tiff_u16 (&tiff, directory); i++) {
    gsize entry = directory + 2 + (gsize) i * 12;
    guint value = tiff_u16 (&tiff, entry + 8);
    if (entry + 12 > tiff.len)
      break;
    if (tiff_u16 (&tiff, entry) == 0x0112)
      return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

static guint
find_orientation (const Reader *reader)
{
  for (jpeg_saved_marker_ptr marker = reader->info.marker_list; marker != NULL;
       marker = marker->next)
    if (marker->marker == EXIF_MARKER)
      return read_orientation (marker->data, marker->data_length);
  return 1;
}

/* Orientations 5 to 8 swap the axes; which of them are mirrored follows from the standard's table.
 */
static HrImage *
turn_upright (HrImage *image, guint orientation, GError **error)
{
  gboolean swaps = orientation >= 5;
  gboolean mirrors_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  gboolean mirrors_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  guint32 width = hr_image_get_width (image), height = hr_image_get_height (image);
  HrImage *upright = hr_image_new (swaps ? height : width, swaps ? width : height, error);

  for (guint32 y = 0; upright != NULL && y < hr_image_get_height (upright); y++) {
    guint8 *row = hr_image_get_row (upright, y);
    for (guint32 x = 0; x < hr_image_get_width (upright); x++) {
      guint32 from_x = swaps ? y : x, from_y = swaps ? x : y;
      from_x = mirrors_x ? width - 1 - from_x : from_x;
      from_y = mirrors_y ? height - 1 - from_y : from_y;
      memcpy (row + (gsize) x * 3, hr_image_get_row (image, from_y) + (gsize) from_x * 3, 3);
    }
  }
  return upright;
}

/* ---- Pixels ---- */

/* Inks on white. Files by Adobe's programs store how much of each ink is missing. */
static void
inks_to_rgb (const guint8 *cmyk, gboolean inverted, guint32 width, guint8 *row)
{
  for (guint32 x = 0; x < width; x++, cmyk += 4, row += 3)
    for (guint c = 0; c < 3; c++) {
      guint light = inverted ? cmyk[c] : 255 - cmyk[c], black = inverted ? cmyk[3] : 255 - cmyk[3];
      row[c] = (guint8) ((light * black + 127) / 255);
    }
}

static void
read_rows (Reader *reader)
{
  struct jpeg_decompress_struct *info = &reader->info;

  while (info->output_scanline < info->output_height) {
    guint8 *row = hr_image_get_row (reader->image, info->output_scanline);
    guint8 *target = reader->line != NULL ? reader->line : row;
    if (jpeg_read_scanlines (info, &target, 1) == 1 && reader->line != NULL)
      inks_to_rgb (reader->line, info->saw_Adobe_marker, info->output_width, row);
  }
}

static gboolean
prepare (Reader *reader, const guint8 *bytes, gsize len)
{
  struct jpeg_decompress_struct *info = &reader->info;
  gboolean has_inks;

  jpeg_create_decompress (info);
  info->progress = &reader->progress;
  jpeg_mem_src (info, bytes, len);
  jpeg_save_markers (info, EXIF_MARKER, 0xffff);
  jpeg_read_header (info, TRUE);
  reader->image =
      headroom_image_new_for_header (info->image_width, info->image_height, &reader->error);
  if (reader->image == NULL)
    return FALSE;
  has_inks = info->jpeg_color_space == JCS_CMYK || info->jpeg_color_space == JCS_YCCK;
  info->out_color_space = has_inks ? JCS_CMYK : JCS_RGB;
  reader->line = has_inks ? g_malloc (HR_MAX_IMAGE_SIDE * 4) : NULL;
  reader->orientation = find_orientation (reader);
  return TRUE;
}

/* What the library leaves by a jump is left from here. */
static gboolean
decode (Reader *reader, const guint8 *bytes, gsize len)
{
  if (setjmp (reader->problem.jump) != 0) {
    headroom_image_fail_damaged ("JPEG", reader->problem.message, &reader->error);
    return FALSE;
  }
  if (!prepare (reader, bytes, len))
    return FALSE;
  jpeg_start_decompress (&reader->info);
  read_rows (reader);
  jpeg_finish_decompress (&reader->info);
  return TRUE;
}

HrImage *
headroom_image_decode_jpeg (const guint8 *bytes, gsize len, GError **error)
{
  Reader reader = { .orientation = 1 };
  gboolean has_read;

  reader.info.err = jpeg_std_error (&reader.problem.manager);
  reader.problem.manager.error_exit = leave;
  reader.problem.manager.emit_message = judge;
  reader.problem.manager.output_message = say_nothing;
  reader.progress.progress_monitor = count_scans;
  has_read = decode (&reader, bytes, len);
  jpeg_destroy_decompress (&reader.info);
  g_free (reader.line);
  if (has_read && reader.orientation > 1) {
    HrImage *upright = turn_upright (reader.image, reader.orientation, &reader.error);
    hr_image_unref (reader.image);
    reader.image = upright;
  }
  if (reader.error != NULL) {
    g_clear_pointer (&reader.image, hr_image_unref);
    g_propagate_error (error, reader.error);
  }
  return reader.image;
}
