/* test-dequantize.c: what blocks mean, against another reader's values and against blocks built by
 * hand.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/blocks.h"
#include "cpu/half.h"
#include "cpu/linear.h"

#include <glib.h>
#include <math.h>

/* ---- Another reader's values: see make-dequantize-fixture.py ---- */

static guint32 take_u32(const char **cursor)
{
    guint32 value;
    memcpy(&value, *cursor, sizeof value);
    *cursor += sizeof value;
    return GUINT32_FROM_LE(value);
}

/* Both readers round d * scale, then the product with the element; a minimum is subtracted in float
 * by both. */
static void test_other_reader(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "dequantize.bin", NULL);
    g_autofree char *data = NULL;
    gsize size = 0;
    guint n_types = 0;

    g_assert_true(g_file_get_contents(path, &data, &size, NULL));
    for (const char *cursor = data; cursor < data + size; n_types++) {
        const guint32 type = take_u32(&cursor), n_bytes = take_u32(&cursor), n = take_u32(&cursor);
        const HrTypeTraits *traits = hr_type_traits(type);
        g_autofree float *want = g_memdup2(cursor + n_bytes, n * sizeof(float));
        g_autofree float *got = g_new(float, n);

        g_assert_cmpuint(n / traits->block * traits->block_bytes, ==, n_bytes);
        hr_dequantize(type, cursor, got, n);
        for (guint i = 0; i < n; i++)
            if (got[i] != want[i] && !(isnan(got[i]) && isnan(want[i])))
                g_error("%s: element %u is %.9g, not %.9g", traits->name, i, (double)got[i],
                        (double)want[i]);
        cursor += n_bytes + n * sizeof(float);
    }
    g_assert_cmpuint(n_types, ==, 13);
}

/* ---- By hand ---- */

#define ONE 0x3c00 /* 1.0 */
#define TWO 0x4000 /* 2.0 */

static void test_small_blocks(void)
{
    float y[HR_QK];

    HrBlockQ4_0 q4_0 = {.d = TWO, .qs = {[0] = 0xf0, [15] = 0x19}};
    hr_dequantize(HR_TYPE_Q4_0, &q4_0, y, HR_QK);
    g_assert_cmpfloat(y[0], ==, -16);
    g_assert_cmpfloat(y[16], ==, 14);
    g_assert_cmpfloat(y[15], ==, 2);
    g_assert_cmpfloat(y[31], ==, -14);

    HrBlockQ4_1 q4_1 = {.d = TWO, .m = ONE, .qs = {[1] = 0xf3}};
    hr_dequantize(HR_TYPE_Q4_1, &q4_1, y, HR_QK);
    g_assert_cmpfloat(y[0], ==, 1);
    g_assert_cmpfloat(y[1], ==, 7);
    g_assert_cmpfloat(y[17], ==, 31);

    /* fifth bits of elements 0 and 31 */
    HrBlockQ5_0 q5_0 = {.d = ONE, .qh = {1, 0, 0, 0x80}, .qs = {[15] = 0x20}};
    hr_dequantize(HR_TYPE_Q5_0, &q5_0, y, HR_QK);
    g_assert_cmpfloat(y[0], ==, 0);
    g_assert_cmpfloat(y[1], ==, -16);
    g_assert_cmpfloat(y[31], ==, 2);

    HrBlockQ5_1 q5_1 = {.d = ONE, .m = TWO, .qh = {0, 0, 1, 0}, .qs = {[0] = 0x01}};
    hr_dequantize(HR_TYPE_Q5_1, &q5_1, y, HR_QK);
    g_assert_cmpfloat(y[0], ==, 3);
    g_assert_cmpfloat(y[16], ==, 18);

    HrBlockQ8_0 q8_0 = {.d = TWO, .qs = {-128, 127}};
    hr_dequantize(HR_TYPE_Q8_0, &q8_0, y, HR_QK);
    g_assert_cmpfloat(y[0], ==, -256);
    g_assert_cmpfloat(y[1], ==, 254);

    HrBlockIQ4_NL iq4_nl = {.d = ONE, .qs = {0xf0}};
    hr_dequantize(HR_TYPE_IQ4_NL, &iq4_nl, y, HR_QK);
    g_assert_cmpfloat(y[0], ==, -127);
    g_assert_cmpfloat(y[16], ==, 113);

    HrBlockMXFP4 mxfp4 = {.e = 127, .qs = {0xf7, 0x92}}; /* scale 1: 6, -6; 1, -0.5 */
    hr_dequantize(HR_TYPE_MXFP4, &mxfp4, y, HR_QK);
    g_assert_cmpfloat(y[0], ==, 6);
    g_assert_cmpfloat(y[16], ==, -6);
    g_assert_cmpfloat(y[1], ==, 1);
    g_assert_cmpfloat(y[17], ==, -0.5);
}

static void test_super_blocks(void)
{
    float y[HR_QKK];

    HrBlockQ2_K q2_k = {.d = ONE,
                        .dmin = TWO,
                        .scales = {[0] = 0x13, [15] = 0x01},
                        .qs = {[0] = 0x03, [63] = 0xc0}};
    hr_dequantize(HR_TYPE_Q2_K, &q2_k, y, HR_QKK);
    g_assert_cmpfloat(y[0], ==, 3 * 3 - 2);
    g_assert_cmpfloat(y[1], ==, -2);
    g_assert_cmpfloat(y[255], ==, 3);

    /* scale 0 is 5 + 16 * 3 - 32; every high bit is clear but that of element 32 */
    HrBlockQ3_K q3_k = {.d = ONE, .scales = {[0] = 5, [8] = 3}, .hmask = {[0] = 2}};
    hr_dequantize(HR_TYPE_Q3_K, &q3_k, y, HR_QKK);
    g_assert_cmpfloat(y[0], ==, 21 * -4);
    g_assert_cmpfloat(y[16], ==, -32 * -4);
    g_assert_cmpfloat(y[32], ==, 0);

    /* group 0: scale 63, minimum 1; group 4: scale 15 + 16 * 3 from bytes 8 and 0, minimum 2 + 16 *
     * 1 from bytes 8 and 4 */
    HrBlockQ4_K q4_k = {.d = ONE,
                        .dmin = ONE,
                        .scales = {[0] = 0xff, [4] = 0x41, [8] = 0x2f},
                        .qs = {[0] = 0x01, [64] = 0x02}};
    hr_dequantize(HR_TYPE_Q4_K, &q4_k, y, HR_QKK);
    g_assert_cmpfloat(y[0], ==, 63 - 1);
    g_assert_cmpfloat(y[128], ==, 2 * 63 - 18);

    HrBlockQ5_K q5_k = {
        .d = ONE, .dmin = ONE, .scales = {[0] = 1, [1] = 2}, .qh = {[3] = 3}, .qs = {[3] = 0x21}};
    hr_dequantize(HR_TYPE_Q5_K, &q5_k, y, HR_QKK);
    g_assert_cmpfloat(y[3], ==, 17);
    g_assert_cmpfloat(y[35], ==, 2 * 18);

    HrBlockQ6_K q6_k = {.d = ONE,
                        .scales = {[0] = -128, [14] = 2},
                        .ql = {[96] = 0xf0},
                        .qh = {[32] = 0xc0}};
    hr_dequantize(HR_TYPE_Q6_K, &q6_k, y, HR_QKK);
    g_assert_cmpfloat(y[0], ==, -128 * -32);
    g_assert_cmpfloat(y[224], ==, 2 * (63 - 32));

    HrBlockIQ4_XS iq4_xs = {.d = ONE,
                            .scales_h = 0xc000,
                            .scales_l = {[3] = 0x10},
                            .qs = {[112] = 0x0f}};
    hr_dequantize(HR_TYPE_IQ4_XS, &iq4_xs, y, HR_QKK);
    g_assert_cmpfloat(y[0], ==, -32 * -127);
    g_assert_cmpfloat(y[224], ==, 17 * 113);
}

/* Every bit pattern of the scales gives some float, never a fault: infinities and NaNs pass
 * through. */
static void test_any_bytes(void)
{
    g_autofree float *y = g_new(float, HR_QKK);

    for (guint32 type = 0; type < HR_TYPE_N; type++) {
        const HrTypeTraits *traits = hr_type_traits(type);
        const gsize bytes = HR_QKK / traits->block * (gsize)traits->block_bytes;

        if (!traits->computable)
            continue;
        for (int fill = 0; fill < 256; fill += 5) {
            g_autofree guint8 *block = g_malloc(bytes);
            memset(block, fill, bytes);
            hr_dequantize(type, block, y, HR_QKK);
            if (fill == 0 && type != HR_TYPE_MXFP4)
                g_assert_cmpfloat(y[HR_QKK - 1], ==, 0);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpu/dequantize/other-reader", test_other_reader);
    g_test_add_func("/cpu/dequantize/small-blocks", test_small_blocks);
    g_test_add_func("/cpu/dequantize/super-blocks", test_super_blocks);
    g_test_add_func("/cpu/dequantize/any-bytes", test_any_bytes);
    return g_test_run();
}
