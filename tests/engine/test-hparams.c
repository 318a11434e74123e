/* test-hparams.c: metadata becomes typed fields, or an error that names the key; rotary frequencies
 * against published formulas.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "gguf-builder.h"
#include "model/hparams.h"

#include <math.h>
#include <string.h>

/* ---- Files with one key changed ---- */

typedef enum { NO_CHANGE, LEFT_OUT, TEXT, NUMBER, REAL, ONE_PER_LAYER } ChangeKind;

typedef struct {
    const char *key;
    ChangeKind kind;
    const char *text;
    double number; /* or the number of elements, each 4 */
    const char *message; /* what the error says */
} Change;

static void put(GgufBuilder *builder, const Change *change)
{
    g_autofree int32_t *fours = g_new(int32_t, 8);
    for (int i = 0; i < 8; i++)
        fours[i] = 4;
    if (change->kind == TEXT)
        gguf_builder_string(builder, change->key, change->text);
    else if (change->kind == NUMBER)
        gguf_builder_u32(builder, change->key, (uint32_t)change->number);
    else if (change->kind == REAL)
        gguf_builder_f32(builder, change->key, (float)change->number);
    else if (change->kind == ONE_PER_LAYER)
        gguf_builder_i32s(builder, change->key, fours, (size_t)change->number);
}

static bool read_with(const Change *change, HrHparams *hp, GError **error)
{
    static const Change good[] = {
        {"llama.block_count", NUMBER, .number = 3},
        {"llama.context_length", NUMBER, .number = 2048},
        {"llama.embedding_length", NUMBER, .number = 64},
        {"llama.feed_forward_length", NUMBER, .number = 96},
        {"llama.attention.head_count", NUMBER, .number = 4},
        {"llama.attention.layer_norm_rms_epsilon", REAL, .number = 1e-6},
    };
    g_autoptr(GgufBuilder) builder = gguf_builder_new();
    bool replaced = change->kind == NO_CHANGE;
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        bool this_one = change->key && g_str_equal(good[i].key, change->key);
        put(builder, this_one ? change : &good[i]);
        replaced |= this_one;
    }
    if (!replaced)
        put(builder, change);
    g_autoptr(GBytes) file = gguf_builder_finish(builder);
    g_autoptr(HrGguf) gguf =
        hr_gguf_open_memory(g_bytes_get_data(file, NULL), g_bytes_get_size(file), false, error);
    g_assert_nonnull(gguf);
    return hr_hparams_read(hp, gguf, "llama", false, error);
}

static void test_defaults(void)
{
    g_autoptr(GError) error = NULL;
    HrHparams hp;
    g_assert_true(read_with(&(Change){0}, &hp, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(hp.n_layer, ==, 3);
    g_assert_cmpuint(hp.n_ctx_train, ==, 2048);
    g_assert_cmpuint(hp.layers[2].n_head, ==, 4);
    g_assert_cmpuint(hp.layers[2].n_head_kv, ==, 4);
    g_assert_cmpuint(hp.head_dim_k, ==, 16);
    g_assert_cmpuint(hp.rope.n_rot, ==, 16);
    g_assert_cmpfloat(hp.rope.base, ==, 10000);
    g_assert_cmpint(hp.rope.scaling, ==, HR_ROPE_SCALING_NONE);
    g_assert_cmpfloat(hp.norm_eps, ==, 1e-6f);
    g_assert_cmpfloat_with_epsilon(hp.attention_scale, 0.25f, 1e-7f);
    hr_hparams_finish(&hp);
}

static void test_per_layer(void)
{
    g_autoptr(GError) error = NULL;
    HrHparams hp;
    g_assert_true(read_with(&(Change){"llama.attention.head_count", ONE_PER_LAYER, .number = 3},
                            &hp, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(hp.layers[1].n_head, ==, 4);
    hr_hparams_finish(&hp);
}

static const Change defects[] = {
    {"llama.block_count", LEFT_OUT, .message = "llama.block_count is missing"},
    {"llama.block_count", NUMBER, .number = 0, .message = "llama.block_count is out of range"},
    {"llama.block_count", NUMBER, .number = 1e9, .message = "llama.block_count is out of range"},
    {"llama.block_count", TEXT, "3", .message = "llama.block_count is not a whole number"},
    {"llama.context_length", LEFT_OUT, .message = "llama.context_length is missing"},
    {"llama.context_length", NUMBER, .number = 4e9,
     .message = "llama.context_length is out of range"},
    {"llama.embedding_length", LEFT_OUT, .message = "llama.embedding_length is missing"},
    {"llama.embedding_length", NUMBER, .number = 0,
     .message = "llama.embedding_length is out of range"},
    {"llama.feed_forward_length", LEFT_OUT, .message = "llama.feed_forward_length is missing"},
    {"llama.feed_forward_length", NUMBER, .number = 4e9,
     .message = "llama.feed_forward_length is out of range"},
    {"llama.attention.head_count", LEFT_OUT, .message = "llama.attention.head_count is missing"},
    {"llama.attention.head_count", NUMBER, .number = 0,
     .message = "llama.attention.head_count is out of range"},
    {"llama.attention.head_count", REAL, .number = 4,
     .message = "llama.attention.head_count is not a whole number"},
    {"llama.attention.head_count", NUMBER, .number = 5,
     .message = "llama.attention.head_count does not divide embedding_length"},
    {"llama.attention.head_count", NUMBER, .number = 1e7,
     .message = "llama.attention.head_count is out of range"},
    {"llama.attention.head_count", ONE_PER_LAYER, .number = 2,
     .message = "llama.attention.head_count has fewer entries"},
    {"llama.attention.head_count_kv", NUMBER, .number = 3,
     .message = "does not divide attention.head_count"},
    {"llama.attention.head_count_kv", NUMBER, .number = 0,
     .message = "llama.attention.head_count_kv is out of range"},
    {"llama.attention.key_length", NUMBER, .number = 0,
     .message = "llama.attention.key_length is out of range"},
    {"llama.attention.value_length", NUMBER, .number = 3e6,
     .message = "llama.attention.value_length is out of range"},
    {"llama.attention.layer_norm_rms_epsilon", REAL, .number = NAN,
     .message = "layer_norm_rms_epsilon is out of range"},
    {"llama.attention.layer_norm_rms_epsilon", REAL, .number = -1,
     .message = "layer_norm_rms_epsilon is out of range"},
    {"llama.attention.layer_norm_rms_epsilon", TEXT, "1e-5",
     .message = "layer_norm_rms_epsilon is not a number"},
    {"llama.rope.dimension_count", NUMBER, .number = 17,
     .message = "llama.rope.dimension_count does not fit"},
    {"llama.rope.dimension_count", NUMBER, .number = 18,
     .message = "llama.rope.dimension_count does not fit"},
    {"llama.rope.freq_base", REAL, .number = 0, .message = "llama.rope.freq_base is out of range"},
    {"llama.rope.freq_base", REAL, .number = INFINITY,
     .message = "llama.rope.freq_base is out of range"},
    {"llama.rope.scaling.type", TEXT, "dynamic",
     .message = "does not know the rope scaling \"dynamic\" of llama.rope.scaling.type"},
    {"llama.rope.scaling.factor", REAL, .number = -2,
     .message = "llama.rope.scaling.factor is out of range"},
    {"llama.rope.scaling.original_context_length", NUMBER, .number = 0,
     .message = "original_context_length is out of range"},
};

static void test_defect(gconstpointer data)
{
    const Change *change = data;
    g_autoptr(GError) error = NULL;
    HrHparams hp;
    g_assert_false(read_with(change, &hp, &error));
    g_assert_nonnull(error);
    if (!strstr(error->message, change->message))
        g_error("“%s” does not say “%s”", error->message, change->message);
    g_assert_null(hp.layers);
}

/* ---- Rotary frequencies ---- */

/* Su et al. 2021, section 3.2.2: base^(-2i/d). */
static void test_plain_rope(void)
{
    HrRope rope = {.n_rot = 8,
                   .base = 10000,
                   .factor = 1,
                   .n_ctx_orig = 2048,
                   .attn_factor = 1,
                   .beta_fast = 32,
                   .beta_slow = 1};
    double freq[4];
    float magnitude;
    hr_rope_frequencies(&rope, NULL, freq, &magnitude);
    g_assert_cmpfloat(magnitude, ==, 1);
    g_assert_cmpfloat_with_epsilon(freq[0], 1, 1e-12);
    g_assert_cmpfloat_with_epsilon(freq[1], 0.1, 1e-12);
    g_assert_cmpfloat_with_epsilon(freq[3], 0.001, 1e-12);
}

/* Chen et al. 2023: positions, here frequencies, divided by the factor. */
static void test_linear_rope(void)
{
    HrRope rope = {.n_rot = 8,
                   .base = 10000,
                   .scaling = HR_ROPE_SCALING_LINEAR,
                   .factor = 4,
                   .n_ctx_orig = 2048,
                   .attn_factor = 1,
                   .beta_fast = 32,
                   .beta_slow = 1};
    double freq[4];
    float magnitude;
    hr_rope_frequencies(&rope, NULL, freq, &magnitude);
    g_assert_cmpfloat(magnitude, ==, 1);
    g_assert_cmpfloat_with_epsilon(freq[0], 0.25, 1e-12);
    g_assert_cmpfloat_with_epsilon(freq[3], 0.00025, 1e-12);
}

/* Llama 3.1's numbers: factor 8, low 1, high 4 of 8192 positions, base 500000, 128 wide.
 * Wavelengths under 2048 stay, over 8192 are stretched by 8, between them smoothly; files carry the
 * quotients. Pair 30's wavelength is 2 pi 500000^(60/128) = 2948.3. */
static void test_divided_rope(void)
{
    HrRope rope = {.n_rot = 128,
                   .base = 500000,
                   .factor = 1,
                   .n_ctx_orig = 131072,
                   .attn_factor = 1,
                   .beta_fast = 32,
                   .beta_slow = 1};
    double freq[64];
    float divisors[64], magnitude;
    for (int i = 0; i < 64; i++) {
        double wavelength = 2 * G_PI * pow(500000, i / 64.0), smooth = (8192 / wavelength - 1) / 3;
        divisors[i] = wavelength < 2048   ? 1
                      : wavelength > 8192 ? 8
                                          : (float)(1 / ((1 - smooth) / 8 + smooth));
    }
    hr_rope_frequencies(&rope, divisors, freq, &magnitude);
    g_assert_cmpfloat(magnitude, ==, 1);
    g_assert_cmpfloat_with_epsilon(freq[0], 1, 1e-12);
    g_assert_cmpfloat_with_epsilon(freq[63] / (pow(500000, -63 / 64.0) / 8), 1, 1e-9);
    g_assert_cmpfloat_with_epsilon(freq[30] * 2948.3 / (2 * G_PI), 0.64374, 1e-4);
}

/* Peng et al. 2023 with Qwen2.5's numbers: factor 4 of 32768 positions, base 1e6, 128 wide, betas
 * 32 and 1. Pairs before 23 turn more than 32 times in the original context and stay; from 40 on
 * less than once and are divided; pair 31 is 8/17 of the way. The temperature is 0.1 ln 4 + 1. */
static void test_yarn_rope(void)
{
    HrRope rope = {.n_rot = 128,
                   .base = 1e6,
                   .scaling = HR_ROPE_SCALING_YARN,
                   .factor = 4,
                   .n_ctx_orig = 32768,
                   .ext_factor = 1,
                   .attn_factor = 1,
                   .beta_fast = 32,
                   .beta_slow = 1};
    double freq[64];
    float magnitude;
    hr_rope_frequencies(&rope, NULL, freq, &magnitude);
    g_assert_cmpfloat_with_epsilon(magnitude, 1.13862944f, 1e-6f);
    g_assert_cmpfloat_with_epsilon(freq[0], 1, 1e-12);
    g_assert_cmpfloat_with_epsilon(freq[23] / pow(1e6, -23 / 64.0), 1, 1e-9);
    g_assert_cmpfloat_with_epsilon(freq[31] / pow(1e6, -31 / 64.0), 1 - 0.75 * 8 / 17, 1e-9);
    g_assert_cmpfloat_with_epsilon(freq[40] / pow(1e6, -40 / 64.0), 0.25, 1e-9);
    g_assert_cmpfloat_with_epsilon(freq[63] / pow(1e6, -63 / 64.0), 0.25, 1e-9);
    rope.factor = 0.5; /* a shorter context needs no other temperature */
    hr_rope_frequencies(&rope, NULL, freq, &magnitude);
    g_assert_cmpfloat(magnitude, ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hparams/defaults", test_defaults);
    g_test_add_func("/hparams/per-layer", test_per_layer);
    for (size_t i = 0; i < G_N_ELEMENTS(defects); i++) {
        g_autofree char *name =
            g_strdup_printf("/hparams/defect/%02zu-%s", i, defects[i].key + strlen("llama."));
        g_test_add_data_func(name, &defects[i], test_defect);
    }
    g_test_add_func("/hparams/rope/plain", test_plain_rope);
    g_test_add_func("/hparams/rope/linear", test_linear_rope);
    g_test_add_func("/hparams/rope/divided", test_divided_rope);
    g_test_add_func("/hparams/rope/yarn", test_yarn_rope);
    return g_test_run();
}
