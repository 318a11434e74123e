/* headroom-logprobs.c: logits as log-probabilities.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-logprobs.h"

#include <math.h>

double
headroom_logprobs_normalizer (const float *logits, gsize n)
{
  double max = -INFINITY;
  double sum = 0;

  for (gsize i = 0; i < n; i++)
    max = MAX (max, (double) logits[i]);
  for (gsize i = 0; i < n; i++)
    sum += exp ((double) logits[i] - max);
  return max + log (sum);
}

static gint
compare_tokens (gconstpointer a, gconstpointer b, gpointer data)
{
  const float *logits = data;
  HrToken x = *(const HrToken *) a;
  HrToken y = *(const HrToken *) b;

  if (logits[x] != logits[y])
    return logits[x] > logits[y] ? -1 : 1;
  return x < y ? -1 : 1;
}

gsize
headroom_logprobs_top (const float *logits, gsize n, gsize n_top, HrToken *ret_top)
{
  g_autoptr (GArray) ids = g_array_sized_new (FALSE, FALSE, sizeof (HrToken), (guint) n);
  gsize n_found = MIN (n, n_top);

  for (gsize i = 0; i < n; i++) {
    HrToken id = (HrToken) i;
    g_array_append_val (ids, id);
  }
  g_array_sort_with_data (ids, compare_tokens, (gpointer) logits);
  for (gsize i = 0; i < n_found; i++)
    ret_top[i] = g_array_index (ids, HrToken, i);
  return n_found;
}
