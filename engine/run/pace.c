/* pace.c: see pace.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/pace.h"

#include <glib.h>

/* How much the newest step counts. */
#define WEIGHT 0.25
/* Where nothing is known, and at least: fewer at a time would read weights for next to nothing. */
#define FIRST_SHARE 32
#define LEAST_SHARE 8

static void smooth(double *value, double newest)
{
    *value = *value > 0 ? *value + WEIGHT * (newest - *value) : newest;
}

void hr_pace_note(HrPace *pace, uint32_t n_generated, uint32_t n_read, double seconds)
{
    if (n_read == 0)
        smooth(&pace->generate, seconds);
    else if (n_generated == 0 && pace->read == 0)
        pace->read = seconds / n_read;
    else if (n_generated > 0 && pace->generate > 0)
        smooth(&pace->read, MAX(seconds - pace->generate, 0) / n_read);
}

uint32_t hr_pace_share(const HrPace *pace, double stretch, uint32_t num_batch)
{
    double share = FIRST_SHARE;
    if (pace->generate > 0 && pace->read > 0)
        share = (stretch - 1) * pace->generate / pace->read;
    share = CLAMP(share, LEAST_SHARE, (double)num_batch);
    return MIN((uint32_t)share, num_batch);
}
