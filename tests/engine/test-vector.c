/* test-vector.c: the wide vector kernels against their scalar twins.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Both compute in floats with sums in another order, so results differ by a few roundings: 1e-5 of
 * the largest value is ten times what was seen.
 */
#include "cpu/kv-codec.h"
#include "cpu/vector.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#define TOLERANCE 1e-5f

typedef struct {
    const char *name;
    const HrVectorKernels *kernels;
} Set;

static void fill(GRand *rand, float *x, size_t n, double scale)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(g_rand_double_range(rand, -1, 1) * scale);
}

static void assert_close(const float *a, const float *b, size_t n)
{
    float largest = 1e-6f;
    for (size_t i = 0; i < n; i++)
        largest = fmaxf(largest, fabsf(a[i]));
    for (size_t i = 0; i < n; i++)
        g_assert_cmpfloat_with_epsilon(a[i], b[i], largest * TOLERANCE);
}

static void test_rows(gconstpointer data)
{
    const HrVectorKernels *wide = ((const Set *)data)->kernels;
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);
    float x[300], w[300], a[300], b[300];
    for (uint32_t n = 1; n <= 300; n++) {
        fill(rand, x, n, 3);
        fill(rand, w, n, 2);
        hr_vector_plain.rms_norm(x, w, 1e-5f, n, a);
        wide->rms_norm(x, w, 1e-5f, n, b);
        assert_close(a, b, n);
        hr_vector_plain.layer_norm(x, w, n % 2 ? w : NULL, 1e-5f, n, a);
        wide->layer_norm(x, w, n % 2 ? w : NULL, 1e-5f, n, b);
        assert_close(a, b, n);
        for (int activation = HR_SILU; activation <= HR_TANH; activation++) {
            hr_vector_plain.activate((HrActivation)activation, x, n % 3 ? w : NULL, n, a);
            wide->activate((HrActivation)activation, x, n % 3 ? w : NULL, n, b);
            assert_close(a, b, n);
        }
        g_assert_cmpfloat_with_epsilon(hr_vector_plain.dot(x, w, n), wide->dot(x, w, n),
                                       (float)n * 6 * TOLERANCE);
        hr_vector_plain.add(a, w, n);
        wide->add(b, w, n);
        assert_close(a, b, n);
    }
}

/* Values so small that the epsilon decides: 1e-3 / sqrt(1e-6 + 1e-5); and so small that it alone
 * does. */
static void test_norm_epsilon(gconstpointer data)
{
    const HrVectorKernels *kernels = ((const Set *)data)->kernels;
    float x[48], one[48], y[48];
    for (int i = 0; i < 48; i++) {
        x[i] = i % 2 ? 1e-3f : -1e-3f;
        one[i] = 1;
    }
    kernels->rms_norm(x, one, 1e-5f, 48, y);
    g_assert_cmpfloat_with_epsilon(y[1], 0.301511345f, 1e-6f);
    g_assert_cmpfloat_with_epsilon(y[0], -0.301511345f, 1e-6f);
    kernels->rms_norm(x, one, 0, 48, y);
    g_assert_cmpfloat_with_epsilon(y[1], 1, 1e-6f);
    memset(x, 0, sizeof x);
    kernels->rms_norm(x, one, 1e-6f, 48, y);
    g_assert_cmpfloat(y[1], ==, 0);
}

static void test_silu_extremes(gconstpointer data)
{
    const HrVectorKernels *wide = ((const Set *)data)->kernels;
    float gate[16] = {0,  -0.0f, 1e-30f, -1e-30f, 20,    -20,    87,   -87,
                      88, -88,   200,    -200,    1e30f, -1e30f, 5e4f, -5e4f};
    float up[16], a[16], b[16];
    for (int i = 0; i < 16; i++)
        up[i] = 1;
    hr_vector_plain.activate(HR_SILU, gate, up, 16, a);
    wide->activate(HR_SILU, gate, up, 16, b);
    for (int i = 0; i < 16; i++)
        g_assert_cmpfloat_with_epsilon(a[i], b[i], fabsf(a[i]) * TOLERANCE + 1e-30f);
}

/* Values of the functions themselves, and that none of them breaks far out. */
static void test_activations(gconstpointer data)
{
    static const struct {
        HrActivation activation;
        float x, y;
    } cases[] = {
        {HR_SILU, 1, 0.731058579f},
        {HR_SILU, -2, -0.238405844f},
        {HR_GELU_ERF, 1, 0.841344746f},
        {HR_GELU_ERF, -2, -0.0455002639f},
        {HR_GELU_TANH, 1, 0.841191991f},
        {HR_GELU_TANH, -2, -0.0454023058f},
        {HR_GELU_QUICK, 1, 0.845795658f},
        {HR_GELU_QUICK, -2, -0.0643413733f},
        {HR_RELU, -3, 0},
        {HR_RELU, 3, 3},
        {HR_RELU_SQUARED, 3, 9},
        {HR_RELU_SQUARED, -3, 0},
        {HR_TANH, 0.5f, 0.462117157f},
        {HR_TANH, -30, -1},
    };
    const HrVectorKernels *kernels = ((const Set *)data)->kernels;
    float x[17], y[17];
    for (size_t c = 0; c < G_N_ELEMENTS(cases); c++) {
        for (int i = 0; i < 17; i++)
            x[i] = cases[c].x;
        kernels->activate(cases[c].activation, x, NULL, 17, y);
        g_assert_cmpfloat_with_epsilon(y[0], cases[c].y, 1e-6f);
        g_assert_cmpfloat_with_epsilon(y[16], cases[c].y, 1e-6f);
    }
    for (int activation = HR_SILU; activation <= HR_RELU; activation++) {
        for (int i = 0; i < 17; i++)
            x[i] = i % 2 ? -1e25f : 1e25f;
        kernels->activate((HrActivation)activation, x, NULL, 17, y);
        for (int i = 0; i < 17; i++)
            g_assert_cmpfloat_with_epsilon(y[i], i % 2 ? 0 : 1e25f, 1e-6f);
    }
}

static void test_layer_norm(gconstpointer data)
{
    const HrVectorKernels *kernels = ((const Set *)data)->kernels;
    float x[20], weight[20], bias[20], y[20];
    for (int i = 0; i < 20; i++) {
        x[i] = 1000 + (i % 2 ? 1.0f : -1.0f);
        weight[i] = 3;
        bias[i] = (float)i;
    }
    kernels->layer_norm(x, weight, bias, 0, 20, y);
    g_assert_cmpfloat_with_epsilon(y[0], -3, 1e-5f);
    g_assert_cmpfloat_with_epsilon(y[19], 22, 1e-5f);
    kernels->layer_norm(x, NULL, NULL, 3, 20, y);
    g_assert_cmpfloat_with_epsilon(y[1], 0.5f, 1e-6f);
}

static void test_rotations(gconstpointer data)
{
    const HrVectorKernels *wide = ((const Set *)data)->kernels;
    g_autoptr(GRand) rand = g_rand_new_with_seed(2);
    float table[128], a[128], b[128], back[128];
    for (uint32_t n = 2; n <= 128; n += 2)
        for (int kind = HR_ROPE_NORM; kind <= HR_ROPE_NEOX; kind++) {
            fill(rand, table, n, 1);
            fill(rand, a, 128, 4);
            memcpy(b, a, sizeof a);
            hr_vector_plain.rope((HrRopeKind)kind, n, table, a);
            wide->rope((HrRopeKind)kind, n, table, b);
            assert_close(a, b, 128);
        }
    for (uint32_t n = 64; n <= 128; n += 32) {
        fill(rand, a, n, 4);
        memcpy(back, a, sizeof a);
        memcpy(b, a, sizeof a);
        hr_vector_plain.rotate(a, n);
        wide->rotate(b, n);
        assert_close(a, b, n);
        wide->rotate(b, n);
        assert_close(back, b, n);
    }
}

/* ---- Attention ---- */

#define MAX_PAGES 3

typedef struct {
    HrKvType type;
    uint32_t dk, dv, n_rows, n_positions;
    uint32_t window; /* positions that a row sees, its own included; 0: all */
    float slope;     /* ALiBi */
    float cap;       /* of scores, 0: none */
} Shape;

/* Blocks of MAX_PAGES pages, filled by the plain kernels. */
static void fill_pages(GRand *rand, const Shape *s, char *k_blocks, char *v_blocks, size_t k_bytes,
                       size_t v_bytes)
{
    float x[256];
    for (uint32_t position = 0; position < s->n_positions; position++) {
        uint32_t page = position / HR_PAGE_POSITIONS, j = position % HR_PAGE_POSITIONS;
        fill(rand, x, s->dk, 1.5);
        hr_vector_plain.store_key(s->type, x, s->dk, j, k_blocks + page * k_bytes);
        fill(rand, x, s->dv, 2);
        hr_vector_plain.store_value(s->type, x, s->dv, j, v_blocks + page * v_bytes);
    }
}

/* Row r sees n_positions - (n_rows - 1 - r) positions, as tokens of a prompt do. */
static void attend(const HrVectorKernels *kernels, const Shape *s, const float *q,
                   const char *k_blocks, const char *v_blocks, size_t k_bytes, size_t v_bytes,
                   float *result)
{
    g_autofree char *memory = g_malloc0(hr_attend_scratch_bytes(s->dk, s->dv) + 64);
    char *scratch = (char *)(((uintptr_t)memory + 63) / 64 * 64);
    HrAttend a;
    hr_attend_init(&a, s->type, s->dk, s->dv, scratch);
    a.n_rows = s->n_rows;
    a.cap = s->cap;
    memcpy(a.q, q, (size_t)s->n_rows * s->dk * sizeof(float));
    for (uint32_t r = 0; r < s->n_rows; r++)
        a.max[r] = -INFINITY;
    for (uint32_t start = 0; start < s->n_positions; start += HR_PAGE_POSITIONS) {
        for (uint32_t r = 0; r < s->n_rows; r++) {
            int32_t seen = (int32_t)(s->n_positions - (s->n_rows - 1 - r)) - (int32_t)start;
            a.n_valid[r] = (uint32_t)CLAMP(seen, 0, HR_PAGE_POSITIONS);
            a.first_valid[r] =
                s->window > 0 ? (uint32_t)CLAMP(seen - (int32_t)s->window, 0, HR_PAGE_POSITIONS)
                              : 0;
            a.slope[r] = s->slope;
            a.at[r] = seen - 1;
        }
        uint32_t page = start / HR_PAGE_POSITIONS;
        kernels->attend_page(&a, k_blocks + page * k_bytes, v_blocks + page * v_bytes,
                             MIN(s->n_positions - start, HR_PAGE_POSITIONS));
    }
    for (uint32_t r = 0; r < s->n_rows; r++)
        for (uint32_t d = 0; d < s->dv; d++)
            result[r * s->dv + d] = a.acc[r * a.dv_padded + d] / a.sum[r];
}

static void check_attention(const HrVectorKernels *wide, GRand *rand, const Shape *s)
{
    size_t k_bytes = hr_kv_bytes(s->type, (size_t)s->dk * HR_PAGE_POSITIONS),
           v_bytes = hr_kv_bytes(s->type, (size_t)s->dv * HR_PAGE_POSITIONS);
    g_autofree char *k_blocks = g_malloc0(MAX_PAGES * k_bytes),
                    *v_blocks = g_malloc0(MAX_PAGES * v_bytes);
    g_autofree float *q = g_new(float, s->n_rows * s->dk);
    g_autofree float *a = g_new(float, s->n_rows * s->dv), *b = g_new(float, s->n_rows * s->dv);
    Shape last = *s;
    fill(rand, q, s->n_rows * s->dk, 0.4);
    fill_pages(rand, s, k_blocks, v_blocks, k_bytes, v_bytes);
    attend(&hr_vector_plain, s, q, k_blocks, v_blocks, k_bytes, v_bytes, a);
    attend(wide, s, q, k_blocks, v_blocks, k_bytes, v_bytes, b);
    assert_close(a, b, s->n_rows * s->dv);
    /* The last rows alone give the same bits as among the others. */
    for (last.n_rows = 1; last.n_rows < MIN(s->n_rows, 14); last.n_rows++) {
        uint32_t first = s->n_rows - last.n_rows;
        attend(wide, &last, q + first * s->dk, k_blocks, v_blocks, k_bytes, v_bytes, a);
        g_assert_cmpmem(a, last.n_rows * s->dv * sizeof(float), b + first * s->dv,
                        last.n_rows * s->dv * sizeof(float));
    }
}

static void test_attention(gconstpointer data)
{
    static const uint32_t widths[][2] = {{64, 64}, {128, 128}, {32, 96}, {80, 80}, {192, 128}};
    static const uint32_t rows[] = {1, 3, 6, 12, 64}, positions[] = {64, 65, 100, 190};
    g_autoptr(GRand) rand = g_rand_new_with_seed(3);
    for (int type = HR_KV_F32; type <= HR_KV_Q4_0; type++)
        for (size_t w = 0; w < G_N_ELEMENTS(widths); w++)
            for (size_t r = 0; r < G_N_ELEMENTS(rows); r++)
                for (size_t p = 0; p < G_N_ELEMENTS(positions); p++) {
                    Shape shape = {.type = (HrKvType)type,
                                   .dk = widths[w][0],
                                   .dv = widths[w][1],
                                   .n_rows = rows[r],
                                   .n_positions = positions[p]};
                    if (type >= HR_KV_Q8_0 && shape.dk % HR_KV_GROUP != 0)
                        continue;
                    check_attention(((const Set *)data)->kernels, rand, &shape);
                }
}

static void test_windows_and_distances(gconstpointer data)
{
    static const uint32_t windows[] = {0, 1, 5, 64, 70};
    g_autoptr(GRand) rand = g_rand_new_with_seed(4);
    for (size_t w = 0; w < G_N_ELEMENTS(windows); w++)
        for (int sloped = 0; sloped < 3; sloped++) {
            Shape shape = {.type = HR_KV_F32,
                           .dk = 32,
                           .dv = 48,
                           .n_rows = 37,
                           .n_positions = 150,
                           .window = windows[w],
                           .slope = sloped == 1 ? 0.125f : 0,
                           .cap = sloped == 2 ? 0.75f : 0};
            check_attention(((const Set *)data)->kernels, rand, &shape);
        }
}

/* Who sees one position, or for whom every other one is too far away, gets its value; also where
 * others follow. */
static void test_lone_position(gconstpointer data)
{
    g_autofree char *memory = g_malloc0(hr_attend_scratch_bytes(16, 16) + 64);
    HrAttend a;
    hr_attend_init(&a, HR_KV_F32, 16, 16, (char *)(((uintptr_t)memory + 63) / 64 * 64));
    a.n_rows = 2;
    for (uint32_t d = 0; d < 16; d++)
        for (uint32_t j = 0; j < HR_PAGE_POSITIONS; j++) {
            a.keys[d * HR_PAGE_POSITIONS + j] = (float)(d * j % 7);
            a.values[j * 16 + d] = (float)(100 * j + d);
        }
    for (uint32_t i = 0; i < 2 * 16; i++)
        a.q[i] = 0.01f * (float)i;
    for (uint32_t r = 0; r < 2; r++) {
        a.max[r] = -INFINITY;
        a.first_valid[r] = r == 0 ? 20 : 0;
        a.n_valid[r] = r == 0 ? 21 : HR_PAGE_POSITIONS;
        a.slope[r] = r == 0 ? 0 : 1000;
        a.at[r] = 20;
    }
    ((const Set *)data)->kernels->attend(&a, HR_PAGE_POSITIONS);
    for (uint32_t r = 0; r < 2; r++)
        for (uint32_t d = 0; d < 16; d++)
            g_assert_cmpfloat_with_epsilon(a.acc[r * 16 + d] / a.sum[r], (float)(2000 + d), 1e-3f);
}

/* What the wide kernels store is what the plain ones store. */
static void test_stores(gconstpointer data)
{
    const HrVectorKernels *wide = ((const Set *)data)->kernels;
    g_autoptr(GRand) rand = g_rand_new_with_seed(4);
    static char a[64 * 128 * 4], b[64 * 128 * 4];
    float x[128];
    for (int type = HR_KV_F16; type <= HR_KV_Q4_0; type++)
        for (uint32_t j = 0; j < HR_PAGE_POSITIONS; j++) {
            fill(rand, x, 128, j % 7 == 0 ? 1e6 : j % 5 == 0 ? 0 : 1);
            hr_vector_plain.store_key((HrKvType)type, x, 128, j, a);
            wide->store_key((HrKvType)type, x, 128, j, b);
            hr_vector_plain.store_value((HrKvType)type, x, 128, j, a);
            wide->store_value((HrKvType)type, x, 128, j, b);
        }
    g_assert_cmpmem(a, sizeof a, b, sizeof b);
}

/* ---- Four bits ---- */

static double error_of_nibbles(const float *x, const uint8_t *q, float step)
{
    double error = 0;
    for (uint32_t i = 0; i < HR_KV_GROUP; i++) {
        int nibble = i < 16 ? q[i] & 15 : q[i - 16] >> 4;
        error += pow(x[i] - step * (float)(nibble - 8), 2);
    }
    return error;
}

/* The step that is chosen is never worse than the one that takes the largest value to -8, and a
 * twelfth better on the whole for values that are spread like rotated ones: normally. */
static void test_four_bits(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(9);
    double chosen = 0, plain = 0;
    for (int n = 0; n < 2000; n++) {
        float x[HR_KV_GROUP], max = 0;
        uint8_t q[HR_KV_GROUP / 2], simple[HR_KV_GROUP / 2];
        for (int i = 0; i < HR_KV_GROUP; i++) {
            x[i] = (float)(sqrt(-2 * log(g_rand_double_range(rand, 1e-9, 1))) *
                           cos(2 * G_PI * g_rand_double(rand)));
            max = fabsf(x[i]) > fabsf(max) ? x[i] : max;
        }
        for (int i = 0; i < HR_KV_GROUP / 2; i++)
            simple[i] =
                (uint8_t)(hr_kv_nibble(x[i], -8 / max) | hr_kv_nibble(x[i + 16], -8 / max) << 4);
        double step = hr_half_to_float(hr_kv_round4(x, q, 1)),
               mine = error_of_nibbles(x, q, (float)step);
        double other = error_of_nibbles(x, simple, max / -8);
        g_assert_cmpfloat(mine, <=, other * 1.001); /* the step is rounded to half */
        chosen += mine;
        plain += other;
    }
    g_test_message("squared error %.3f of that of the plain step", chosen / plain);
    g_assert_cmpfloat(chosen, <, plain * 0.93);
}

/* Nothing in, nothing out; no number that is none comes back. */
static void test_four_bits_extremes(void)
{
    static const float all[] = {0, -0.0f, 1e-30f, 1e30f, -1e30f, INFINITY, NAN};
    for (size_t k = 0; k < G_N_ELEMENTS(all); k++) {
        float x[HR_KV_GROUP] = {0};
        uint8_t q[HR_KV_GROUP / 2];
        x[5] = all[k];
        g_assert_true(isfinite(hr_half_to_float(hr_kv_round4(x, q, 1))));
    }
}

static void add_set(const Set *set)
{
    static const struct {
        const char *name;
        GTestDataFunc func;
    } cases[] = {{"rows", test_rows},
                 {"norm-epsilon", test_norm_epsilon},
                 {"silu-extremes", test_silu_extremes},
                 {"activations", test_activations},
                 {"layer-norm", test_layer_norm},
                 {"rotations", test_rotations},
                 {"attention", test_attention},
                 {"windows-and-distances", test_windows_and_distances},
                 {"lone-position", test_lone_position},
                 {"stores", test_stores}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/vector/%s/%s", set->name, cases[i].name);
        g_test_add_data_func(path, set, cases[i].func);
    }
}

int main(int argc, char **argv)
{
    static const Set plain = {"plain", &hr_vector_plain};
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vector/four-bits", test_four_bits);
    g_test_add_func("/vector/four-bits/extremes", test_four_bits_extremes);
    add_set(&plain); /* shows that a row's bits do not depend on its neighbours there, too */
#ifdef __x86_64__
    static const Set avx2 = {"avx2", &hr_vector_avx2}, avx512 = {"avx512", &hr_vector_avx512};
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        add_set(&avx2);
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
        add_set(&avx512);
#elif defined(__aarch64__)
    static const Set neon = {"neon", &hr_vector_neon};
    add_set(&neon);
#endif
    return g_test_run();
}
