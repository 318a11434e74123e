/* test-towers.c: every family's tower and projector against the program it comes from
 * (write-towers.py).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Both sides compute in floats; sums are taken in another order, and sine, exponential and error
 * function differ in the last bits. Over two or three layers that leaves a relative error (of the
 * norm of all rows) of about 1e-6; 1e-5 is what is accepted, of each row 1e-4. One pixel that were
 * prepared differently by 1/255 would show as 1e-3.
 */
#include "vision-support.h"

#include <math.h>

#define TOLERANCE 1e-5
#define ROW_TOLERANCE 1e-4
#define FOREVER_US ((int64_t)G_USEC_PER_SEC * 3600)
#define ALREADY_OVER_US (-1) /* one operation a slice */

static double squared(const float *a, const float *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)(a[i] - (b ? b[i] : 0)) * (a[i] - (b ? b[i] : 0));
    return sum;
}

static void compare(const HrEncoder *e, const char *name)
{
    g_autofree char *path = tower_path(name, ".f32"), *data = NULL;
    g_autoptr(GError) error = NULL;
    double apart = 0, total = 0;
    gsize len;
    g_file_get_contents(path, &data, &len, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(len, ==, (size_t)e->sight->n_rows * TOWER_N_OUT * sizeof(float));
    for (uint32_t r = 0; r < e->sight->n_rows; r++) {
        const float *want = (const float *)data + (size_t)r * TOWER_N_OUT;
        double difference = squared(hr_encoder_row(e, r), want, TOWER_N_OUT),
               norm = squared(want, NULL, TOWER_N_OUT);
        if (sqrt(difference / norm) > ROW_TOLERANCE)
            g_error("%s: row %u is off by %g of its norm", name, r, sqrt(difference / norm));
        apart += difference;
        total += norm;
    }
    g_test_message("%s: %u rows, relative error %.2g", name, e->sight->n_rows, sqrt(apart / total));
    g_assert_cmpfloat(sqrt(apart / total), <, TOLERANCE);
}

static void check(const TowerCase *tower, const HrProduct *product, uint32_t n_threads)
{
    g_autoptr(HrVision) vision = open_tower(tower);
    g_autoptr(HrImage) image = read_ppm(tower->name);
    g_autoptr(GError) error = NULL;
    g_autoptr(HrSight) sight = hr_sight_new(vision, image, &error);
    TestEncoder t;
    g_assert_no_error(error);
    test_encoder_init(&t, vision, n_threads);
    if (product)
        t.encoder.product = product;
    test_encoder_run(&t, sight, FOREVER_US);
    compare(&t.encoder, tower->name);
    test_encoder_finish(&t);
}

static void test_original(gconstpointer data)
{
    check(data, NULL, 2);
}

static void test_own_product(gconstpointer data)
{
    check(data, &hr_product_own, 1);
}

/* Cut into many slices and on any number of threads, the same bits come out. */
static void test_slices(gconstpointer data)
{
    const TowerCase *tower = data;
    g_autoptr(HrVision) vision = open_tower(tower);
    g_autoptr(HrImage) image = read_ppm(tower->name);
    g_autoptr(HrSight) sight = hr_sight_new(vision, image, NULL);
    TestEncoder whole, sliced;
    test_encoder_init(&whole, vision, 3);
    test_encoder_init(&sliced, vision, 1);
    test_encoder_run(&whole, sight, FOREVER_US);
    g_assert_cmpuint(test_encoder_run(&sliced, sight, ALREADY_OVER_US), >=,
                     whole.encoder.tower->ops->len);
    for (uint32_t r = 0; r < sight->n_rows; r++)
        g_assert_cmpmem(hr_encoder_row(&whole.encoder, r), TOWER_N_OUT * sizeof(float),
                        hr_encoder_row(&sliced.encoder, r), TOWER_N_OUT * sizeof(float));
    test_encoder_finish(&whole);
    test_encoder_finish(&sliced);
}

/* A flag that is up lets nothing begin; what was begun goes on later. */
static void test_abort(void)
{
    g_autoptr(HrVision) vision = open_tower(&tower_cases[0]);
    g_autoptr(HrImage) image = read_ppm(tower_cases[0].name);
    g_autoptr(HrSight) sight = hr_sight_new(vision, image, NULL);
    atomic_bool abort = true;
    bool done = true;
    TestEncoder t;
    test_encoder_init(&t, vision, 2);
    hr_encoder_begin(&t.encoder, sight);
    g_assert_true(hr_encoder_work(&t.encoder, INT64_MAX, &abort, &done, NULL));
    g_assert_false(done);
    abort = false;
    g_assert_true(hr_encoder_work(&t.encoder, INT64_MAX, &abort, &done, NULL));
    g_assert_true(done);
    compare(&t.encoder, tower_cases[0].name);
    test_encoder_finish(&t);
}

/* What was planned for the largest image is what is taken. */
static void test_needs(gconstpointer data)
{
    g_autoptr(HrVision) vision = open_tower(data);
    HrEncoderNeeds needs;
    TestEncoder t;
    g_assert_true(hr_encoder_needs(vision, 2, &needs, NULL));
    test_encoder_init(&t, vision, 2);
    g_assert_cmpuint(t.ledger.items->len, ==, 3);
    g_assert_cmpuint(g_array_index(t.ledger.items, HrPlanItem, 0).bytes, ==, needs.arena_bytes);
    g_assert_cmpuint(g_array_index(t.ledger.items, HrPlanItem, 1).bytes, ==, needs.scratch_bytes);
    g_assert_cmpuint(g_array_index(t.ledger.items, HrPlanItem, 2).bytes, ==, needs.rows_bytes);
    test_encoder_finish(&t);
}

/* Images of every shape stay within what was planned, and say how many places they take. */
static void test_shapes(gconstpointer data)
{
    static const uint32_t sizes[][2] = {{1, 1},     {1, 150},   {150, 1},   {28, 28},  {29, 27},
                                        {400, 300}, {300, 400}, {1000, 10}, {37, 911}, {640, 480}};
    g_autoptr(HrVision) vision = open_tower(data);
    TestEncoder t;
    test_encoder_init(&t, vision, 2);
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(HrImage) image = hr_image_new(sizes[i][0], sizes[i][1], &error);
        g_autoptr(HrSight) sight = hr_sight_new(vision, image, &error);
        g_assert_no_error(error);
        uint32_t n_parts = 0;
        for (uint32_t p = 0; p < sight->parts->len; p++)
            n_parts += g_array_index(sight->parts, HrSightPart, p).n_rows;
        g_assert_cmpuint(n_parts, ==, sight->n_rows);
        test_encoder_run(&t, sight, FOREVER_US);
        for (uint32_t r = 0; r < sight->n_rows; r++)
            for (uint32_t c = 0; c < TOWER_N_OUT; c++)
                g_assert_true(isfinite(hr_encoder_row(&t.encoder, r)[c]));
    }
    test_encoder_finish(&t);
}

/* The library's products and our own kernels' are the same within rounding. */
static void test_products(void)
{
    enum { N_ROWS = 37, N_COLS = 50, N_IN = 333 };
    g_autofree float *x = g_new(float, N_ROWS * N_IN), *w = g_new(float, N_COLS * N_IN);
    float y[2][N_ROWS * N_COLS];
    void *scratch = g_aligned_alloc(1, hr_product_scratch_bytes(N_IN), 64);
    if (hr_product_best() == &hr_product_own)
        g_test_skip("OpenBLAS is not installed");
    for (int i = 0; i < N_ROWS * N_IN; i++)
        x[i] = (float)g_test_rand_double_range(-1, 1);
    for (int i = 0; i < N_COLS * N_IN; i++)
        w[i] = (float)g_test_rand_double_range(-1, 1);
    hr_product_best()->rows(x, N_IN, N_ROWS, w, N_COLS, N_IN, y[0], N_COLS, scratch);
    hr_product_own.rows(x, N_IN, N_ROWS, w, N_COLS, N_IN, y[1], N_COLS, scratch);
    g_test_message("%s against own: %g", hr_product_best()->name,
                   sqrt(squared(y[0], y[1], N_ROWS * N_COLS) /
                        squared(y[1], NULL, N_ROWS * N_COLS)));
    g_assert_cmpfloat(squared(y[0], y[1], N_ROWS * N_COLS), <,
                      1e-12 * squared(y[1], NULL, N_ROWS * N_COLS));
    g_aligned_free(scratch);
}

static void add(const char *what, const TowerCase *tower, GTestDataFunc func)
{
    g_autofree char *path = g_strdup_printf("/vision/%s/%s", what, tower->name);
    g_test_add_data_func(path, tower, func);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < n_tower_cases; i++) {
        add("original", &tower_cases[i], test_original);
        add("own-product", &tower_cases[i], test_own_product);
        add("slices", &tower_cases[i], test_slices);
        add("needs", &tower_cases[i], test_needs);
        add("shapes", &tower_cases[i], test_shapes);
    }
    g_test_add_func("/vision/abort", test_abort);
    g_test_add_func("/vision/products", test_products);
    return g_test_run();
}
