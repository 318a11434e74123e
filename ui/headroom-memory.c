/* headroom-memory.c: what the memory of one device is used for, as numbers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-memory.h"

#include <glib/gi18n.h>
#include <inttypes.h>

/* A part that exists is never narrower than this, else a small model would not be seen on a large
 * machine. */
#define MIN_PART_PIXELS 3.0

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

static guint64
sum_ours (const guint64 *parts)
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
  return sum_ours (device->now);
}

/* Bytes that the chosen settings need. */
guint64
headroom_memory_planned (const HeadroomMemoryDevice *device)
{
  return sum_ours (device->plan);
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

/* Widens slim parts to MIN_PART_PIXELS at the cost of the widest one. */
static void
widen_slim_parts (double *widths)
{
  int widest = 0;

  for (int i = 1; i < HEADROOM_MEMORY_N_PARTS; i++)
    if (widths[i] > widths[widest])
      widest = i;
  for (int i = 0; i < HEADROOM_MEMORY_N_PARTS; i++) {
    double missing = MIN_PART_PIXELS - widths[i];
    if (i == widest || widths[i] <= 0 || missing <= 0 || widths[widest] - missing < MIN_PART_PIXELS)
      continue;
    widths[i] += missing;
    widths[widest] -= missing;
  }
}

/**
 * headroom_memory_layout_now:
 * @device: a device
 * @width: the bar's width in pixels
 * @ret_spans: (out): HEADROOM_MEMORY_N_PARTS places, which cover the bar
 */
void
headroom_memory_layout_now (const HeadroomMemoryDevice *device, double width,
                            HeadroomMemorySpan *ret_spans)
{
  double widths[HEADROOM_MEMORY_N_PARTS] = { 0 };
  double x = 0;

  for (int i = 0; device->total > 0 && i < HEADROOM_MEMORY_N_PARTS; i++)
    widths[i] = width * (double) device->now[i] / (double) device->total;
  widen_slim_parts (widths);
  for (int i = 0; i < HEADROOM_MEMORY_N_PARTS; i++) {
    ret_spans[i] = (HeadroomMemorySpan){ x, widths[i] };
    x += widths[i];
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
