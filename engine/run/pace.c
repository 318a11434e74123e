/* pace.c: see pace.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/pace.h"

#include <glib.h>

/* How much the newest step counts. */
#define WEIGHT 0.25
/* Where nothing is known; and at least: fewer at a time would read weights for next to nothing. But
 * for those no step takes more than LONGEST times what it usually does, however small the model. */
#define FIRST_SHARE 32
#define LEAST_SHARE 8
#define LONGEST 3.0

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
    if (pace->generate > 0 && pace->read > 0) {
        double usual = pace->generate / pace->read;
        share = MAX((stretch - 1) * usual, MIN(LEAST_SHARE, (LONGEST - 1) * usual));
    }
    return (uint32_t)CLAMP(share, 1, (double)num_batch);
}
