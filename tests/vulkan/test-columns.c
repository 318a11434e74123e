/* test-columns.c: the shaders that multiply, pick, join, cut off and mix columns, and the norms
 * that few models have, against the same in plain C, on odd widths, with rows that are not there.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tolerance: 1e-5 of what is expected, plus as much; Vulkan allows exp and sqrt a few ulp.
 */
#include "vulkan-fixture.h"

#include "cpu/vector.h"

#include <math.h>

#define ROWS 3 /* that a dispatch has room for; one less is there */
#define HERE 2
#define TOLERANCE 1e-5

typedef struct {
    VulkanFixture f;
    HrVkAddress counts;
    HrVkBuffer *y;
    uint32_t cols; /* of y */
} Bench;

/* False if the test was skipped. */
static bool begin(Bench *b, uint32_t cols)
{
    const uint32_t counts[2] = {HERE, HERE};
    if (!vulkan_fixture_init(&b->f))
        return false;
    b->counts = vulkan_fixture_buffer(&b->f, counts, sizeof counts)->address;
    b->y = vulkan_fixture_buffer(&b->f, NULL, ROWS * cols * sizeof(float));
    b->cols = cols;
    return true;
}

static HrVkAddress put(Bench *b, const float *x, size_t n)
{
    return vulkan_fixture_buffer(&b->f, x, n * sizeof *x)->address;
}

/* want: [HERE, cols]. The row that is not there has to be zeros still. */
static void check(Bench *b, const float *want)
{
    g_autofree float *got = g_new(float, ROWS * b->cols);
    vulkan_fixture_read(&b->f, b->y, got, ROWS * b->cols * sizeof *got);
    for (uint32_t i = 0; i < HERE * b->cols; i++)
        g_assert_cmpfloat_with_epsilon(got[i], want[i], TOLERANCE * (1 + fabsf(want[i])));
    for (uint32_t i = HERE * b->cols; i < ROWS * b->cols; i++)
        g_assert_cmpfloat(got[i], ==, 0);
}

static void dispatch(Bench *b, HrVkVariant v, const void *params, size_t bytes, uint32_t x,
                     uint32_t y)
{
    vulkan_fixture_dispatch(&b->f, &v, params, bytes, x, y);
}

static void test_layer_norm(void)
{
    enum { COLS = 333 };
    g_autofree float *x = vulkan_fixture_numbers(ROWS * COLS, 1),
                     *w = vulkan_fixture_numbers(COLS, 2), *bias = vulkan_fixture_numbers(COLS, 3),
                     *want = g_new(float, HERE *COLS);
    for (uint32_t given = 0; given < 4; given++) {
        Bench b;
        if (!begin(&b, COLS))
            return;
        const HrVkLayerNorm p = {.counts = b.counts,
                                 .x = put(&b, x, ROWS * COLS),
                                 .weight = given & 1 ? put(&b, w, COLS) : 0,
                                 .bias = given & 2 ? put(&b, bias, COLS) : 0,
                                 .y = b.y->address,
                                 .cols = COLS,
                                 .eps = 1e-5f};
        dispatch(&b, (HrVkVariant){HR_VK_LAYER_NORM, {128}}, &p, sizeof p, ROWS, 1);
        for (uint32_t r = 0; r < HERE; r++)
            hr_vector_plain.layer_norm(x + r * COLS, given & 1 ? w : NULL, given & 2 ? bias : NULL,
                                       1e-5f, COLS, want + r * COLS);
        check(&b, want);
        vulkan_fixture_finish(&b.f);
    }
}

/* Factors of one group, of the row, or none. */
static void test_group_norm(void)
{
    enum { WIDTH = 20, N = 3, COLS = N * WIDTH };
    g_autofree float *x = vulkan_fixture_numbers(ROWS * COLS, 1),
                     *w = vulkan_fixture_numbers(COLS, 2), *want = g_new(float, HERE *COLS);
    for (uint32_t n_weights = 0; n_weights <= COLS; n_weights += n_weights ? COLS - WIDTH : WIDTH) {
        Bench b;
        if (!begin(&b, COLS))
            return;
        const HrVkGroupNorm p = {.counts = b.counts,
                                 .x = put(&b, x, ROWS * COLS),
                                 .weight = n_weights > 0 ? put(&b, w, n_weights) : 0,
                                 .y = b.y->address,
                                 .cols = COLS,
                                 .width = WIDTH,
                                 .n_weights = MAX(n_weights, 1),
                                 .eps = 1e-5f};
        dispatch(&b, (HrVkVariant){HR_VK_GROUP_NORM, {64}}, &p, sizeof p, N, ROWS);
        for (uint32_t c = 0; c < HERE * COLS; c += WIDTH)
            hr_vector_plain.rms_norm(x + c, n_weights > 0 ? w + c % n_weights : NULL, 1e-5f, WIDTH,
                                     want + c);
        check(&b, want);
        vulkan_fixture_finish(&b.f);
    }
}

static void test_factors(void)
{
    enum { WIDTH = 7, N = 9, COLS = N * WIDTH };
    g_autofree float *x = vulkan_fixture_numbers(ROWS * COLS, 1),
                     *factors = vulkan_fixture_numbers(N, 2),
                     *add = vulkan_fixture_numbers(ROWS * COLS, 3),
                     *want = g_new(float, HERE *COLS);
    for (uint32_t form = 0; form < 4; form++) {
        Bench b;
        bool divides = form & 1, adds = form & 2;
        if (!begin(&b, COLS))
            return;
        const HrVkFactors p = {.counts = b.counts,
                               .x = put(&b, x, ROWS * COLS),
                               .factors = put(&b, factors, N),
                               .add = put(&b, add, ROWS * COLS),
                               .y = b.y->address,
                               .cols = COLS,
                               .width = WIDTH};
        dispatch(&b, (HrVkVariant){HR_VK_FACTORS, {256, divides, adds}}, &p, sizeof p, 1, 1);
        for (uint32_t i = 0; i < HERE * COLS; i++) {
            float factor = factors[i % COLS / WIDTH];
            want[i] = (divides ? x[i] / factor : x[i] * factor) + (adds ? add[i] : 0);
        }
        check(&b, want);
        vulkan_fixture_finish(&b.f);
    }
}

/* Columns 2 to 6 of each 9, and behind them what all heads share, if anything, from column 3. */
static void test_pick(void)
{
    enum { STRIDE = 9, FIRST = 2, WIDTH = 5, N = 4, X_COLS = N * STRIDE, SHARED = 8, FROM = 3 };
    g_autofree float *x = vulkan_fixture_numbers(ROWS * X_COLS, 1),
                     *shared = vulkan_fixture_numbers(ROWS * SHARED, 2);
    for (uint32_t joins = 0; joins < 2; joins++) {
        uint32_t n_shared = joins ? SHARED - FROM : 0, out = WIDTH + n_shared, cols = 3 + N * out;
        g_autofree float *want = g_new0(float, HERE *cols);
        Bench b;
        if (!begin(&b, cols))
            return;
        const HrVkPick p = {.counts = b.counts,
                            .x = put(&b, x, ROWS * X_COLS),
                            .shared = put(&b, shared, ROWS * SHARED),
                            .y = b.y->address,
                            .x_cols = X_COLS,
                            .y_cols = cols,
                            .at = 3,
                            .stride = STRIDE,
                            .first = FIRST,
                            .width = WIDTH,
                            .shared_cols = joins ? SHARED : 0,
                            .shared_first = joins ? FROM : 0};
        dispatch(&b, (HrVkVariant){HR_VK_PICK, {256}}, &p, sizeof p, 1, 1);
        for (uint32_t r = 0; r < HERE; r++)
            for (uint32_t c = 0; c < N * out; c++)
                want[r * cols + 3 + c] = c % out < WIDTH
                                             ? x[r * X_COLS + c / out * STRIDE + FIRST + c % out]
                                             : shared[r * SHARED + FROM + c % out - WIDTH];
        check(&b, want);
        vulkan_fixture_finish(&b.f);
    }
}

static void test_clamp(void)
{
    enum { COLS = 301 };
    Bench b;
    if (!begin(&b, COLS))
        return;
    g_autofree float *x = vulkan_fixture_numbers(HERE * COLS, 1);
    g_autoptr(GError) error = NULL;
    hr_vk_buffer_write(b.y, &b.f.device, 0, x, HERE * COLS * sizeof *x, &error);
    g_assert_no_error(error);
    const HrVkClamp p = {.counts = b.counts, .x = b.y->address, .cols = COLS, .limit = 0.3f};
    dispatch(&b, (HrVkVariant){HR_VK_CLAMP, {256}}, &p, sizeof p, 1, 1);
    for (uint32_t i = 0; i < HERE * COLS; i++)
        x[i] = CLAMP(x[i], -0.3f, 0.3f);
    check(&b, x);
    vulkan_fixture_finish(&b.f);
}

/* Two streams into three, the first of which stays as it was. */
static void test_mix(void)
{
    enum { WIDTH = 37, IN = 2, OUT = 3, COLS = OUT * WIDTH };
    g_autofree float *x = vulkan_fixture_numbers(ROWS * IN * WIDTH, 1),
                     *factors = vulkan_fixture_numbers(ROWS * IN * OUT, 2),
                     *add = vulkan_fixture_numbers(ROWS * COLS, 3),
                     *want = g_new(float, HERE *COLS);
    for (uint32_t given = 0; given < 2; given++) {
        Bench b;
        if (!begin(&b, COLS))
            return;
        const HrVkMix p = {.counts = b.counts,
                           .x = put(&b, x, ROWS * IN * WIDTH),
                           .factors = put(&b, factors, ROWS * IN * OUT),
                           .add = put(&b, add, ROWS * COLS),
                           .y = b.y->address,
                           .width = WIDTH,
                           .n_in = IN,
                           .n_out = OUT,
                           .first = 1,
                           .add_cols = COLS,
                           .factor = 0.5f};
        dispatch(&b, (HrVkVariant){HR_VK_MIX, {256, given}}, &p, sizeof p, 1, 1);
        for (uint32_t i = 0; i < HERE * COLS; i++) {
            uint32_t row = i / COLS, stream = i % COLS / WIDTH;
            want[i] = add[i];
            for (uint32_t s = 0; s < IN && stream >= 1; s++)
                want[i] += x[(row * IN + s) * WIDTH + i % WIDTH] *
                           (0.5f + (given ? factors[(row * OUT + stream) * IN + s] : 0));
        }
        check(&b, want);
        vulkan_fixture_finish(&b.f);
    }
}

static double mean_square(const float *x, uint32_t n)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += (double)x[i] * x[i];
    return sum / n;
}

/* The second stream is next to nothing, and stays small. */
static void test_match(void)
{
    enum { WIDTH = 45, N = 2, COLS = N * WIDTH };
    Bench b;
    if (!begin(&b, COLS))
        return;
    g_autofree float *x = vulkan_fixture_numbers(ROWS * COLS, 1),
                     *model = vulkan_fixture_numbers(ROWS * WIDTH, 2),
                     *want = g_new(float, HERE *COLS);
    for (uint32_t r = 0; r < ROWS; r++)
        for (uint32_t c = WIDTH; c < COLS; c++)
            x[r * COLS + c] *= 1e-4f;
    const HrVkMatch p = {.counts = b.counts,
                         .x = put(&b, x, ROWS * COLS),
                         .model = put(&b, model, ROWS * WIDTH),
                         .y = b.y->address,
                         .cols = COLS,
                         .model_cols = WIDTH,
                         .width = WIDTH};
    dispatch(&b, (HrVkVariant){HR_VK_MATCH, {64}}, &p, sizeof p, N, ROWS);
    for (uint32_t i = 0; i < HERE * COLS; i++)
        want[i] = (float)(x[i] * sqrt(mean_square(model + i / COLS * WIDTH, WIDTH) /
                                      MAX(mean_square(x + i / WIDTH * WIDTH, WIDTH), 1e-5)));
    check(&b, want);
    vulkan_fixture_finish(&b.f);
}

static void test_beyond(void)
{
    enum { COLS = 259 };
    Bench b;
    if (!begin(&b, COLS))
        return;
    g_autofree float *x = vulkan_fixture_numbers(ROWS * COLS, 1), *want = g_new(float, HERE *COLS);
    const HrVkBeyond p = {.counts = b.counts,
                          .x = put(&b, x, ROWS * COLS),
                          .y = b.y->address,
                          .cols = COLS,
                          .deviations = 0.7f};
    dispatch(&b, (HrVkVariant){HR_VK_BEYOND, {128}}, &p, sizeof p, ROWS, 1);
    for (uint32_t r = 0; r < HERE; r++) {
        double sum = 0, squares = 0;
        for (uint32_t i = 0; i < COLS; i++)
            sum += x[r * COLS + i];
        for (uint32_t i = 0; i < COLS; i++)
            squares += pow(x[r * COLS + i] - sum / COLS, 2);
        for (uint32_t i = 0; i < COLS; i++)
            want[r * COLS + i] =
                (float)fmax(x[r * COLS + i] - sum / COLS - 0.7 * sqrt(squares / COLS), 0);
    }
    check(&b, want);
    vulkan_fixture_finish(&b.f);
}

static void test_xielu(void)
{
    enum { COLS = 300 };
    Bench b;
    if (!begin(&b, COLS))
        return;
    g_autofree float *x = vulkan_fixture_numbers(ROWS * COLS, 1), *want = g_new(float, HERE *COLS);
    for (uint32_t i = 0; i < ROWS * COLS; i++)
        x[i] *= i % 3 == 0 ? 1e-3f : 10;
    const HrVkXielu p = {.counts = b.counts,
                         .x = put(&b, x, ROWS * COLS),
                         .y = b.y->address,
                         .cols = COLS,
                         .alpha_p = 0.8f,
                         .alpha_n = 0.3f,
                         .beta = 0.5f,
                         .eps = -1e-6f};
    dispatch(&b, (HrVkVariant){HR_VK_XIELU, {256}}, &p, sizeof p, 1, 1);
    for (uint32_t i = 0; i < HERE * COLS; i++)
        want[i] = 0.5f * x[i] +
                  (x[i] > 0 ? 0.8f * x[i] * x[i] : 0.3f * (expm1f(fminf(x[i], -1e-6f)) - x[i]));
    check(&b, want);
    vulkan_fixture_finish(&b.f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vulkan/columns/layer-norm", test_layer_norm);
    g_test_add_func("/vulkan/columns/group-norm", test_group_norm);
    g_test_add_func("/vulkan/columns/factors", test_factors);
    g_test_add_func("/vulkan/columns/pick", test_pick);
    g_test_add_func("/vulkan/columns/clamp", test_clamp);
    g_test_add_func("/vulkan/columns/mix", test_mix);
    g_test_add_func("/vulkan/columns/match", test_match);
    g_test_add_func("/vulkan/columns/beyond", test_beyond);
    g_test_add_func("/vulkan/columns/xielu", test_xielu);
    return g_test_run();
}
