/* headroom-eviction.c: see headroom-eviction.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-eviction.h"

#include <stdlib.h>

static int
compare_by_size (const void *a, const void *b)
{
  const HeadroomEvictionCandidate *x = *(HeadroomEvictionCandidate *const *) a;
  const HeadroomEvictionCandidate *y = *(HeadroomEvictionCandidate *const *) b;

  return (x->bytes < y->bytes) - (x->bytes > y->bytes);
}

static int
compare_by_use (const void *a, const void *b)
{
  const HeadroomEvictionCandidate *x = *(HeadroomEvictionCandidate *const *) a;
  const HeadroomEvictionCandidate *y = *(HeadroomEvictionCandidate *const *) b;

  if (x->last_used_us != y->last_used_us)
    return x->last_used_us < y->last_used_us ? -1 : 1;
  return (x->load_bytes > y->load_bytes) - (x->load_bytes < y->load_bytes);
}

/* What the n_take largest that are not chosen, without skip, would free. Candidates are sorted by
 * size. */
static guint64
largest (HeadroomEvictionCandidate **by_size, gsize n, gsize n_take,
         const HeadroomEvictionCandidate *skip)
{
  guint64 bytes = 0;

  for (gsize i = 0; i < n && n_take > 0; i++) {
    if (by_size[i]->chosen || by_size[i] == skip)
      continue;
    bytes += by_size[i]->bytes;
    n_take--;
  }
  return bytes;
}

/* The smallest number of models that frees enough, or n + 1. */
static gsize
smallest_count (HeadroomEvictionCandidate **by_size, gsize n, guint64 need_bytes, gsize need_models)
{
  gsize count = need_models;

  while (count <= n && largest (by_size, n, count, NULL) < need_bytes)
    count++;
  return count;
}

gboolean
headroom_eviction_choose (HeadroomEvictionCandidate **candidates, gsize n, guint64 need_bytes,
                          gsize need_models)
{
  g_autofree HeadroomEvictionCandidate **by_use = NULL;
  gsize left;

  for (gsize i = 0; i < n; i++)
    candidates[i]->chosen = FALSE;
  if (n > 0)
    qsort (candidates, n, sizeof *candidates, compare_by_size);
  left = smallest_count (candidates, n, need_bytes, need_models);
  if (left > n)
    return FALSE;

  /* In the order of use, take each one with which so few are still enough. */
  by_use = g_memdup2 (candidates, n * sizeof *candidates);
  if (n > 0)
    qsort (by_use, n, sizeof *by_use, compare_by_use);
  for (gsize i = 0; i < n && left > 0; i++) {
    guint64 with_rest = by_use[i]->bytes + largest (candidates, n, left - 1, by_use[i]);
    if (with_rest < need_bytes)
      continue;
    by_use[i]->chosen = TRUE;
    need_bytes -= MIN (need_bytes, by_use[i]->bytes);
    left--;
  }
  return TRUE;
}
