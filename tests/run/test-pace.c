/* test-pace.c: how many tokens of a prompt a step reads beside answers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/pace.h"

#include <glib.h>

#define NUM_BATCH 512

/* Where nothing is known it begins small. */
static void test_unknown(void)
{
    HrPace pace = {0};
    uint32_t share = hr_pace_share(&pace, 2.5, NUM_BATCH);
    g_assert_cmpuint(share, >, 0);
    g_assert_cmpuint(share, <, NUM_BATCH / 4);
    g_assert_cmpuint(hr_pace_share(&pace, 2.5, 8), ==, 8);
    g_assert_cmpuint(hr_pace_share(&pace, 2.5, 1), ==, 1);
}

/* Steps of 90 ms, 7.5 ms more for each token: 18 of them make it 2.5 times as long. */
static void test_share(void)
{
    HrPace pace = {0};
    for (uint32_t i = 0; i < 50; i++)
        hr_pace_note(&pace, 1, 0, 0.09);
    for (uint32_t i = 0; i < 50; i++)
        hr_pace_note(&pace, 1, 20, 0.09 + 20 * 0.0075);
    g_assert_cmpuint(hr_pace_share(&pace, 2.5, NUM_BATCH), ==, 18);
    g_assert_cmpuint(hr_pace_share(&pace, 5, NUM_BATCH), ==, 48);
    g_assert_cmpuint(hr_pace_share(&pace, 1000, NUM_BATCH), ==, NUM_BATCH);
    /* Prompts go on even where they would not have to. */
    g_assert_cmpuint(hr_pace_share(&pace, 1, NUM_BATCH), >, 0);
}

/* It follows a machine that becomes busier or a context that becomes longer. */
static void test_follows(void)
{
    HrPace pace = {0};
    hr_pace_note(&pace, 1, 0, 0.01);
    hr_pace_note(&pace, 1, 10, 0.01 + 10 * 0.001);
    uint32_t before = hr_pace_share(&pace, 2.5, NUM_BATCH);
    for (uint32_t i = 0; i < 30; i++)
        hr_pace_note(&pace, 1, 10, 0.01 + 10 * 0.003);
    uint32_t after = hr_pace_share(&pace, 2.5, NUM_BATCH);
    g_assert_cmpuint(after, <, before);
    /* A clock that stood still does no harm. */
    hr_pace_note(&pace, 1, 10, 0);
    hr_pace_note(&pace, 1, 0, 0);
    g_assert_cmpuint(hr_pace_share(&pace, 2.5, NUM_BATCH), >, 0);
}

/* A prompt that was read alone says what its tokens cost, until it is seen beside answers. */
static void test_alone(void)
{
    HrPace pace = {0};
    hr_pace_note(&pace, 0, 500, 0.5);
    hr_pace_note(&pace, 1, 0, 0.01);
    g_assert_cmpuint(hr_pace_share(&pace, 2.5, NUM_BATCH), ==, 15);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pace/unknown", test_unknown);
    g_test_add_func("/pace/share", test_share);
    g_test_add_func("/pace/follows", test_follows);
    g_test_add_func("/pace/alone", test_alone);
    return g_test_run();
}
