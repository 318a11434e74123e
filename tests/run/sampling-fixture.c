/* sampling-fixture.c: see sampling-fixture.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sampling-fixture.h"

#include "run/random.h"

#include <math.h>

HrSampling neutral(void)
{
    HrSampling s = hr_sampling_default;

    s.temperature = 1;
    s.top_k = 0;
    s.top_p = 1;
    s.seed = 1;
    return s;
}

HrSampler *new_sampler(HrSampling s, size_t n_vocab)
{
    g_autoptr(GError) error = NULL;
    HrSampler *sampler = hr_sampler_new(&s, n_vocab, 4096, &error);

    g_assert_no_error(error);
    return sampler;
}

void fill_random(float *logits, size_t n, uint64_t seed)
{
    HrRandom random;

    hr_random_init(&random, seed);
    for (size_t i = 0; i < n; i++) {
        double sum = 0;

        for (int j = 0; j < 6; j++)
            sum += hr_random_unit(&random);
        logits[i] = (float)((sum - 3) * 5);
    }
}

void fill_known(float *logits)
{
    static const double p[] = {0.15, 0.5, 0.05, 0.3};

    for (size_t i = 0; i < 4; i++)
        logits[i] = (float)log(p[i]);
}
