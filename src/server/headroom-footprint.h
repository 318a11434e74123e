/* headroom-footprint.h: what was planned for the models in memory, what is allocated, and what the
 * system sees of this process.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Thread-safety: measuring is safe from any thread and walks this process' page tables, which takes
 * a while for a large one: a worker's job. The rest belongs to the residency's context.
 */
#pragma once

#include "headroom-residency.h"
#include "headroom-wire.h"

G_BEGIN_DECLS

/* Sums up what the models in memory were promised and have taken. */
void headroom_footprint_sum (GPtrArray *residents, HeadroomWireFootprint *ret_footprint);
/* Bytes that the system counts for this process, its part of what it shares with others; 0: it does
 * not tell. */
guint64 headroom_footprint_measure (void);

G_END_DECLS
