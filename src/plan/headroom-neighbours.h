/* headroom-neighbours.h: which other programs take the host's memory.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Counted is what a program has to itself (anonymous pages): what it shares, and what is cached
 * of files, is nobody's or can be given back. Processes of one program are one neighbour.
 * Thread-safety: Safe; it opens a file or two per process, which is a worker's job.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  char *name;    /* of the program's file, or as the system calls the process */
  guint64 bytes;
} HeadroomNeighbour;

/**
 * headroom_neighbours_read:
 * @proc: "/proc", or a folder that looks like it
 * @max: how many at most
 *
 * This process and other programs of Headroom are left out.
 *
 * Returns: (transfer full) (element-type HeadroomNeighbour): the largest first; empty where the
 * system does not tell
 */
GArray *headroom_neighbours_read (const char *proc, guint max) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
