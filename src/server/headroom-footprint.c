/* headroom-footprint.c: see headroom-footprint.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-footprint.h"

#include <string.h>

#include "headroom-resident.h"

void
headroom_footprint_sum (GPtrArray *residents, HeadroomWireFootprint *ret_footprint)
{
  HeadroomWireFootprint sum = { 0 };

  for (guint i = 0; i < residents->len; i++) {
    HeadroomResident *resident = residents->pdata[i];
    HrRunnerStats stats;
    guint64 committed[HR_ITEM_N_KINDS];
    if (resident->plan != NULL)
      sum.planned += hr_plan_get_bytes (resident->plan, HR_ITEM_N_KINDS);
    if (resident->runner == NULL)
      continue;
    hr_runner_get_stats (resident->runner, &stats);
    hr_runner_get_committed (resident->runner, committed);
    for (int kind = 0; kind < HR_ITEM_N_KINDS; kind++) {
      guint64 rest = stats.allocated[kind] - MIN (committed[kind], stats.allocated[kind]);
      sum.allocated += stats.allocated[kind];
      *(kind == HR_ITEM_CACHE ? &sum.unfilled : &sum.untouched) += rest;
    }
  }
  *ret_footprint = sum;
}

guint64
headroom_footprint_measure (void)
{
  g_autofree char *text = NULL;
  const char *line;

  if (!g_file_get_contents ("/proc/self/smaps_rollup", &text, NULL, NULL))
    return 0;
  line = strstr (text, "\nPss:");
  return line != NULL ? g_ascii_strtoull (line + strlen ("\nPss:"), NULL, 10) * 1024 : 0;
}
