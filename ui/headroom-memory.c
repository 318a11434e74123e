/* headroom-memory.c: what the memory of one device is used for, as numbers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-memory.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <string.h>

/* A part that exists is never narrower than this, else a small model would not be seen on a large
 * machine. */
#define MIN_PART_PIXELS 3.0
#define MIN_NEIGHBOUR_PIXELS 8.0

const char *
headroom_memory_part_title (HeadroomMemoryPart part)
{
  switch (part) {
  case HEADROOM_MEMORY_OTHERS:
    return _("Other programs");
  case HEADROOM_MEMORY_WEIGHTS:
    return _("Weights");
  case HEADROOM_MEMORY_PROJECTOR:
    return _("Projector");
  case HEADROOM_MEMORY_CACHE:
    return _("Cache in use");
  case HEADROOM_MEMORY_CACHE_UNUSED:
    return _("Cache set aside");
  case HEADROOM_MEMORY_COMPUTE:
    return _("Compute");
  case HEADROOM_MEMORY_DRIVER:
    return _("Driver");
  case HEADROOM_MEMORY_FREE:
    return _("Free");
  case HEADROOM_MEMORY_RESERVE:
    return _("Kept free");
  case HEADROOM_MEMORY_N_PARTS:
    break;
  }
  g_return_val_if_reached ("");
}

guint64
headroom_memory_sum_ours (const guint64 *parts)
{
  guint64 bytes = 0;

  for (int part = HEADROOM_MEMORY_WEIGHTS; part <= HEADROOM_MEMORY_DRIVER; part++)
    bytes += parts[part];
  return bytes;
}

/* Bytes that loaded models take now. */
guint64
headroom_memory_ours (const HeadroomMemoryDevice *device)
{
  return headroom_memory_sum_ours (device->now);
}

/* Bytes that the chosen settings need. */
guint64
headroom_memory_planned (const HeadroomMemoryDevice *device)
{
  return headroom_memory_sum_ours (device->plan);
}

/* Bytes that our models would take with the chosen settings: beside the others where there is room,
 * else in their place. */
guint64
headroom_memory_after (const HeadroomMemoryDevice *device)
{
  guint64 together = headroom_memory_planned (device) + device->beside;

  return together <= headroom_memory_available (device) ? together
                                                        : headroom_memory_planned (device);
}

/* Bytes that the chosen settings may take: what is free, and what our own loaded models would give
 * back. */
guint64
headroom_memory_available (const HeadroomMemoryDevice *device)
{
  return device->now[HEADROOM_MEMORY_FREE] + headroom_memory_ours (device);
}

gboolean
headroom_memory_fits (const HeadroomMemoryDevice *device)
{
  return !device->has_plan ||
         headroom_memory_planned (device) <= headroom_memory_available (device);
}

/**
 * headroom_memory_settle:
 * @device: a device whose total and own parts (weights, cache, compute) are set
 * @free_bytes: what the system says is still free, beyond our own parts
 * @reserve_bytes: how much of it shall stay free
 *
 * Fills in the other parts so that all parts add up to the total. What is neither ours nor free
 * belongs to others.
 */
void
headroom_memory_settle (HeadroomMemoryDevice *device, guint64 free_bytes, guint64 reserve_bytes)
{
  guint64 ours = MIN (headroom_memory_ours (device), device->total);
  guint64 rest = device->total - ours;

  free_bytes = MIN (free_bytes, rest);
  reserve_bytes = MIN (reserve_bytes, free_bytes);
  device->now[HEADROOM_MEMORY_OTHERS] = rest - free_bytes;
  device->now[HEADROOM_MEMORY_RESERVE] = reserve_bytes;
  device->now[HEADROOM_MEMORY_FREE] = free_bytes - reserve_bytes;
}

/* ---- Places on a bar ------------------------------------------------------------------------- */

static void
add_segment (HeadroomMemorySegment *segments, gsize *n, HeadroomMemoryPart part, int owner,
             guint64 bytes)
{
  if (bytes > 0)
    segments[(*n)++] = (HeadroomMemorySegment){ .part = part, .owner = owner, .bytes = bytes };
}

/* Programs that share memory may be counted for more than is not free; small ones would only be
 * stripes. */
static void
add_others (const HeadroomMemoryDevice *device, double width, HeadroomMemorySegment *segments,
            gsize *n)
{
  guint64 rest = device->now[HEADROOM_MEMORY_OTHERS];

  for (gsize i = 0; i < device->n_neighbours; i++) {
    guint64 bytes = MIN (rest, device->neighbours[i].bytes);
    if (width * (double) bytes < MIN_NEIGHBOUR_PIXELS * (double) device->total)
      break;
    add_segment (segments, n, HEADROOM_MEMORY_OTHERS, (int) i, bytes);
    rest -= bytes;
  }
  add_segment (segments, n, HEADROOM_MEMORY_OTHERS, -1, rest);
}

static void
add_ours (const HeadroomMemoryDevice *device, HeadroomMemorySegment *segments, gsize *n)
{
  guint64 rest[HEADROOM_MEMORY_N_PARTS];

  memcpy (rest, device->now, sizeof rest);
  for (gsize i = 0; i < device->n_models; i++)
    for (int part = HEADROOM_MEMORY_WEIGHTS; part <= HEADROOM_MEMORY_DRIVER; part++) {
      guint64 bytes = MIN (rest[part], device->models[i].parts[part]);
      add_segment (segments, n, part, (int) i, bytes);
      rest[part] -= bytes;
    }
  for (int part = HEADROOM_MEMORY_WEIGHTS; part <= HEADROOM_MEMORY_DRIVER; part++)
    add_segment (segments, n, part, -1, rest[part]);
}

/* Widens slim segments to MIN_PART_PIXELS at the cost of the widest one. */
static void
widen_slim (HeadroomMemorySegment *segments, gsize n)
{
  gsize widest = 0;

  for (gsize i = 1; i < n; i++)
    if (segments[i].span.width > segments[widest].span.width)
      widest = i;
  for (gsize i = 0; i < n; i++) {
    double missing = MIN_PART_PIXELS - segments[i].span.width;
    if (i == widest || missing <= 0 || segments[widest].span.width - missing < MIN_PART_PIXELS)
      continue;
    segments[i].span.width += missing;
    segments[widest].span.width -= missing;
  }
}

/**
 * headroom_memory_layout_segments:
 * @device: a device
 * @width: the bar's width in pixels
 * @ret_segments: (out): room for HEADROOM_MEMORY_MAX_SEGMENTS; other programs, then one model after
 * the other, then what is free; they cover the bar
 *
 * Returns: how many there are
 */
gsize
headroom_memory_layout_segments (const HeadroomMemoryDevice *device, double width,
                                 HeadroomMemorySegment *ret_segments)
{
  gsize n = 0;
  double x = 0;

  if (device->total == 0)
    return 0;
  add_others (device, width, ret_segments, &n);
  add_ours (device, ret_segments, &n);
  add_segment (ret_segments, &n, HEADROOM_MEMORY_FREE, -1, device->now[HEADROOM_MEMORY_FREE]);
  add_segment (ret_segments, &n, HEADROOM_MEMORY_RESERVE, -1, device->now[HEADROOM_MEMORY_RESERVE]);
  for (gsize i = 0; i < n; i++)
    ret_segments[i].span.width = width * (double) ret_segments[i].bytes / (double) device->total;
  widen_slim (ret_segments, n);
  for (gsize i = 0; i < n; i++) {
    ret_segments[i].span.start = x;
    x += ret_segments[i].span.width;
  }
  return n;
}

/**
 * headroom_memory_layout_now:
 * @device: a device
 * @width: the bar's width in pixels
 * @ret_spans: (out): HEADROOM_MEMORY_N_PARTS places, which cover the bar; of a part that several
 * models have, their sum where the first model's is
 */
void
headroom_memory_layout_now (const HeadroomMemoryDevice *device, double width,
                            HeadroomMemorySpan *ret_spans)
{
  HeadroomMemorySegment segments[HEADROOM_MEMORY_MAX_SEGMENTS];
  gsize n = headroom_memory_layout_segments (device, width, segments);
  double x = 0;

  for (int i = 0; i < HEADROOM_MEMORY_N_PARTS; i++)
    ret_spans[i] = (HeadroomMemorySpan){ 0, 0 };
  for (gsize i = 0; i < n; i++)
    ret_spans[segments[i].part].width += segments[i].span.width;
  for (int i = 0; i < HEADROOM_MEMORY_N_PARTS; i++) {
    ret_spans[i].start = x;
    x += ret_spans[i].width;
  }
}

/**
 * headroom_memory_layout_plan:
 * @device: a device with a plan
 * @width: the bar's width in pixels
 * @ret_spans: (out): HEADROOM_MEMORY_N_PARTS places; they begin where other programs end and may
 * reach past the bar's end
 */
void
headroom_memory_layout_plan (const HeadroomMemoryDevice *device, double width,
                             HeadroomMemorySpan *ret_spans)
{
  HeadroomMemorySpan now[HEADROOM_MEMORY_N_PARTS];
  double x;

  headroom_memory_layout_now (device, width, now);
  x = now[HEADROOM_MEMORY_WEIGHTS].start;
  for (int i = 0; i < HEADROOM_MEMORY_N_PARTS; i++) {
    double part = device->total > 0 ? width * (double) device->plan[i] / (double) device->total : 0;
    if (part > 0)
      part = MAX (part, MIN_PART_PIXELS);
    ret_spans[i] = (HeadroomMemorySpan){ x, part };
    x += part;
  }
}

/* Such as "312.4 MiB". */
char *
headroom_memory_format (guint64 bytes)
{
  return g_format_size_full (bytes, G_FORMAT_SIZE_IEC_UNITS);
}

/* Such as "327,581,696 B". */
char *
headroom_memory_format_exact (guint64 bytes)
{
  /* Translators: an exact number of bytes */
  return g_strdup_printf (_("%'" PRIu64 " B"), bytes);
}
