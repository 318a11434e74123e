/* headroom-eviction.h: which models go when another needs their place.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A pure function over numbers. As few models as free enough; among sets of that size the ones
 * least recently used; among those the smaller files, which are back sooner. Thread-safety: Safe.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  guint64 bytes;        /* that would be free without it */
  guint64 load_bytes;   /* to be read to have it back */
  gint64 last_used_us;  /* monotonic */
  gboolean chosen;      /* set by headroom_eviction_choose () */
} HeadroomEvictionCandidate;

/**
 * headroom_eviction_choose:
 * @candidates: (array length=n): models that may go; reordered
 * @need_bytes: to be freed
 * @need_models: at least so many have to go, whatever they free
 *
 * Returns: whether enough can be freed; if not, none is chosen
 */
gboolean headroom_eviction_choose (HeadroomEvictionCandidate **candidates, gsize n,
                                   guint64 need_bytes, gsize need_models);

G_END_DECLS
