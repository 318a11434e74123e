/* headroom-memory.h: what the memory of one device is used for, as numbers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Turns the engine's reports into parts that add up to the device's size, and parts into places on
 * a bar. Draws nothing. Thread-safety: plain values, no shared state.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* In the order in which a bar shows them, from its start. */
typedef enum {
  HEADROOM_MEMORY_OTHERS,       /* other programs and the system */
  HEADROOM_MEMORY_WEIGHTS,
  HEADROOM_MEMORY_PROJECTOR,    /* what turns images into rows */
  HEADROOM_MEMORY_CACHE,        /* keys and values that are filled */
  HEADROOM_MEMORY_CACHE_UNUSED, /* keys and values that are promised, not yet filled */
  HEADROOM_MEMORY_COMPUTE,
  HEADROOM_MEMORY_DRIVER,       /* what a graphics card's driver keeps for itself */
  HEADROOM_MEMORY_FREE,
  HEADROOM_MEMORY_RESERVE,      /* kept free for other programs */
  HEADROOM_MEMORY_N_PARTS,
} HeadroomMemoryPart;

/* Who of many are told apart on a bar; what the rest takes is drawn as nobody's. */
#define HEADROOM_MEMORY_MAX_MODELS 8
#define HEADROOM_MEMORY_MAX_NEIGHBOURS 5

/* What one model takes of a device now. */
typedef struct {
  char name[64];
  guint64 parts[HEADROOM_MEMORY_N_PARTS]; /* bytes */
} HeadroomMemoryModel;

/* What another program takes. */
typedef struct {
  char name[32];
  guint64 bytes;
} HeadroomMemoryNeighbour;

typedef struct {
  char name[64];
  gboolean is_gpu;
  guint64 total;                          /* bytes */
  guint64 now[HEADROOM_MEMORY_N_PARTS];   /* bytes; they add up to total */
  HeadroomMemoryModel models[HEADROOM_MEMORY_MAX_MODELS];
  gsize n_models;
  HeadroomMemoryNeighbour neighbours[HEADROOM_MEMORY_MAX_NEIGHBOURS]; /* the largest first */
  gsize n_neighbours;
  gboolean has_plan;
  guint64 beside;                         /* bytes of ours that stay beside the plan: other models */
  guint64 plan[HEADROOM_MEMORY_N_PARTS]; /* bytes that the chosen settings need: weights, cache (as
                                            unused), compute */
} HeadroomMemoryDevice;

/* A part's place on a bar, in pixels from the bar's start. */
typedef struct {
  double start, width;
} HeadroomMemorySpan;

/* A stretch of a bar: one part of one model, one program, or what is nobody's. */
typedef struct {
  HeadroomMemoryPart part;
  int owner; /* of device->models, or of neighbours for what is others'; -1: nobody's */
  guint64 bytes;
  HeadroomMemorySpan span;
} HeadroomMemorySegment;

#define HEADROOM_MEMORY_MAX_SEGMENTS \
  ((HEADROOM_MEMORY_MAX_MODELS + 1) * HEADROOM_MEMORY_N_PARTS + HEADROOM_MEMORY_MAX_NEIGHBOURS)

const char *headroom_memory_part_title  (HeadroomMemoryPart          part);
/* Bytes of the parts that are models'. */
guint64     headroom_memory_sum_ours    (const guint64              *parts);
guint64     headroom_memory_ours        (const HeadroomMemoryDevice *device);
guint64     headroom_memory_planned     (const HeadroomMemoryDevice *device);
guint64     headroom_memory_after       (const HeadroomMemoryDevice *device);
guint64     headroom_memory_available   (const HeadroomMemoryDevice *device);
gboolean    headroom_memory_fits        (const HeadroomMemoryDevice *device);
void        headroom_memory_settle      (HeadroomMemoryDevice       *device,
                                         guint64                     free_bytes,
                                         guint64                     reserve_bytes);
void        headroom_memory_layout_now  (const HeadroomMemoryDevice *device,
                                         double                      width,
                                         HeadroomMemorySpan         *ret_spans);
void        headroom_memory_layout_plan (const HeadroomMemoryDevice *device,
                                         double                      width,
                                         HeadroomMemorySpan         *ret_spans);
gsize       headroom_memory_layout_segments (const HeadroomMemoryDevice *device,
                                             double                      width,
                                             HeadroomMemorySegment      *ret_segments);
char *headroom_memory_format (guint64 bytes) G_GNUC_WARN_UNUSED_RESULT;
char *headroom_memory_format_exact (guint64 bytes) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
