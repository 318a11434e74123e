/* test-half.c: conversions to and from the small float formats.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/half.h"

#include <glib.h>
#include <math.h>

/* The value of a half by the definition of binary16. */
static double half_by_definition(uint16_t half)
{
    const int exponent = half >> 10 & 31, fraction = half & 1023;
    const double sign = half & 0x8000 ? -1 : 1;

    if (exponent == 31)
        return fraction ? NAN : sign * INFINITY;
    return sign * (exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24));
}

static void test_half_every_value(void)
{
    for (uint32_t half = 0; half < 0x10000; half++) {
        const double want = half_by_definition((uint16_t)half);
        const float got = hr_half_to_float((uint16_t)half);

        if (isnan(want)) {
            g_assert_true(isnan(got));
            g_assert_true(isnan(hr_half_to_float(hr_float_to_half(got))));
            continue;
        }
        g_assert_true(got == want);
        g_assert_cmpint(signbit(got) != 0, ==, signbit(want) != 0);
        g_assert_cmphex(hr_float_to_half(got), ==, half);
    }
}

/* Between two neighbours a float goes to the nearer one; from the middle to the even one. */
static void test_half_rounding(void)
{
    for (uint32_t half = 0; half < 0x7bff; half++) {
        const double low = half_by_definition((uint16_t)half),
                     high = half_by_definition((uint16_t)(half + 1));
        const float middle = (float)((low + high) / 2); /* exact: one bit more than a half */

        g_assert_cmphex(hr_float_to_half(middle), ==, half & 1 ? half + 1 : half);
        g_assert_cmphex(hr_float_to_half(nextafterf(middle, 0)), ==, half);
        g_assert_cmphex(hr_float_to_half(nextafterf(middle, INFINITY)), ==, half + 1);
        g_assert_cmphex(hr_float_to_half(-middle), ==, 0x8000u | (half & 1 ? half + 1 : half));
    }
    g_assert_cmphex(hr_float_to_half(65519.0f), ==, 0x7bff);
    g_assert_cmphex(hr_float_to_half(65520.0f), ==, 0x7c00);
    g_assert_cmphex(hr_float_to_half(1e30f), ==, 0x7c00);
    g_assert_cmphex(hr_float_to_half(-INFINITY), ==, 0xfc00);
    g_assert_cmphex(hr_float_to_half(1e-10f), ==, 0);
}

static void test_bfloat(void)
{
    for (uint32_t upper = 0; upper < 0x10000; upper++) {
        const float value = hr_bfloat_to_float((uint16_t)upper);

        g_assert_cmphex(hr_float_bits(value), ==, upper << 16);
        if (isnan(value))
            g_assert_true(isnan(hr_bfloat_to_float(hr_float_to_bfloat(value))));
        else
            g_assert_cmphex(hr_float_to_bfloat(value), ==, upper);
    }
    g_assert_cmphex(hr_float_to_bfloat(hr_float_from_bits(0x3f808000)), ==,
                    0x3f80); /* ties to even */
    g_assert_cmphex(hr_float_to_bfloat(hr_float_from_bits(0x3f818000)), ==, 0x3f82);
    g_assert_cmphex(hr_float_to_bfloat(hr_float_from_bits(0x3f808001)), ==, 0x3f81);
    g_assert_cmphex(hr_float_to_bfloat(hr_float_from_bits(0x7f7fffff)), ==, 0x7f80);
    g_assert_true(isnan(hr_bfloat_to_float(hr_float_to_bfloat(hr_float_from_bits(0x7f800001)))));
}

static void test_e8m0(void)
{
    for (int e = 0; e < 256; e++)
        g_assert_true(hr_e8m0_half_to_float((uint8_t)e) == ldexp(1, e - 128));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpu/half/every-value", test_half_every_value);
    g_test_add_func("/cpu/half/rounding", test_half_rounding);
    g_test_add_func("/cpu/bfloat/every-value", test_bfloat);
    g_test_add_func("/cpu/e8m0/every-value", test_e8m0);
    return g_test_run();
}
