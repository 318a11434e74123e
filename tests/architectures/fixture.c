/* fixture.c: see fixture.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "fixture.h"

#include "cpu/linear.h"
#include "gguf-builder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DEVIATION 0.5
#define CLEAR_MARGIN 0.05
#define MXFP4_NUMBERS 32
#define MXFP4_BYTES 17

void fixture_tokens(HrToken tokens[FIXTURE_N_TOKENS])
{
    for (int i = 0; i < FIXTURE_N_TOKENS; i++)
        tokens[i] = (i * i * 7 + i * 31 + 5) % FIXTURE_N_VOCAB;
}

/* ---- Weights ---- */

static uint64_t mix(uint64_t x) /* splitmix64 (Steele et al. 2014) */
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static uint64_t hash(const char *text)
{
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */
    for (; *text; text++)
        h = (h ^ (uint8_t)*text) * 0x100000001b3u;
    return h;
}

/* The sum of four uniform numbers: nearly normal, and exact. */
static float random_weight(uint64_t seed, uint64_t index)
{
    uint64_t bits = mix(seed + (index + 1) * 0x9e3779b97f4a7c15u);
    int sum = (int)(bits & 0xffff) + (int)(bits >> 16 & 0xffff) + (int)(bits >> 32 & 0xffff) +
              (int)(bits >> 48) - 2 * 0xffff;
    return (float)sum * (float)(DEVIATION / 37837);
}

/* n numbers as blocks: an exponent, and 32 times four bits. */
static uint8_t *random_blocks(uint64_t seed, uint64_t n)
{
    uint64_t n_blocks = n / MXFP4_NUMBERS;
    uint8_t *blocks = g_new(uint8_t, n_blocks * MXFP4_BYTES);
    for (uint64_t i = 0; i < n_blocks * MXFP4_BYTES; i++) {
        uint8_t byte = (uint8_t)mix(seed + (i + 1) * 0x9e3779b97f4a7c15u);
        blocks[i] = i % MXFP4_BYTES == 0 ? 122 + byte % 4 : byte;
    }
    return blocks;
}

static void add_experts(GgufBuilder *b, const char *name, uint32_t n_dims, const uint64_t *dims,
                        uint64_t n, FixtureForm form)
{
    g_assert_cmpuint(dims[0] % MXFP4_NUMBERS, ==, 0);
    g_autofree uint8_t *blocks = random_blocks(hash(name), n);
    g_autofree float *data = g_new(float, n);
    if (form == FIXTURE_MXFP4_EXPERTS) {
        gguf_builder_tensor(b, name, HR_TYPE_MXFP4, n_dims, dims, blocks);
        return;
    }
    hr_dequantize(HR_TYPE_MXFP4, blocks, data, n);
    gguf_builder_tensor(b, name, HR_TYPE_F32, n_dims, dims, data);
}

static void add_tensor(GgufBuilder *b, char **words, FixtureForm form)
{
    uint64_t dims[4], n = 1, seed = hash(words[1]);
    uint32_t n_dims = 0;
    for (; words[2 + n_dims]; n_dims++) {
        g_assert_cmpuint(n_dims, <, 4);
        n *= dims[n_dims] = g_ascii_strtoull(words[2 + n_dims], NULL, 10);
    }
    if (form != FIXTURE_FLOATS && g_str_has_suffix(words[1], "_exps.weight")) {
        add_experts(b, words[1], n_dims, dims, n, form);
        return;
    }
    bool decay = strstr(words[1], "ssm_a") != NULL;
    g_autofree float *data = g_new(float, n);
    for (uint64_t i = 0; i < n; i++) {
        float x = random_weight(seed, i);
        data[i] = decay ? (x > 0 ? -x : x) : x;
    }
    gguf_builder_tensor(b, words[1], HR_TYPE_F32, n_dims, dims, data);
}

/* ---- Metadata ---- */

static void add_array(GgufBuilder *b, const char *type, const char *key, char **values)
{
    size_t n = g_strv_length(values);
    g_autofree int32_t *whole = g_new(int32_t, n);
    g_autofree float *real = g_new(float, n);
    g_autofree uint8_t *flags = g_new(uint8_t, n);
    for (size_t i = 0; i < n; i++) {
        real[i] = (float)g_ascii_strtod(values[i], NULL);
        whole[i] = (int32_t)g_ascii_strtoll(values[i], NULL, 10);
        flags[i] = whole[i] != 0;
    }
    if (g_str_equal(type, "f32s"))
        gguf_builder_f32s(b, key, real, n);
    else if (g_str_equal(type, "bools"))
        gguf_builder_array(b, key, HR_GGUF_BOOL, flags, n, 1);
    else
        gguf_builder_array(b, key, g_str_equal(type, "u32s") ? HR_GGUF_U32 : HR_GGUF_I32, whole, n,
                           sizeof *whole);
}

static void add_line(GgufBuilder *b, const char *line, FixtureForm form)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    const char *type = words[0], *key = words[1];
    if (g_str_equal(type, "u32"))
        gguf_builder_u32(b, key, (uint32_t)g_ascii_strtoull(words[2], NULL, 10));
    else if (g_str_equal(type, "i32"))
        gguf_builder_scalar(b, key, HR_GGUF_I32,
                            &(int32_t){(int32_t)g_ascii_strtoll(words[2], NULL, 10)}, 4);
    else if (g_str_equal(type, "f32"))
        gguf_builder_f32(b, key, (float)g_ascii_strtod(words[2], NULL));
    else if (g_str_equal(type, "bool"))
        gguf_builder_bool(b, key, g_str_equal(words[2], "1"));
    else if (g_str_equal(type, "string"))
        gguf_builder_string(b, key, words[2]);
    else if (g_str_equal(type, "tensor"))
        add_tensor(b, words, form);
    else if (g_str_has_suffix(type, "s"))
        add_array(b, type, key, words + 2);
    else
        g_assert_cmpstr(type, ==, "answer");
}

static void add_vocabulary(GgufBuilder *b)
{
    const char *tokens[FIXTURE_N_VOCAB];
    int32_t types[FIXTURE_N_VOCAB];
    float scores[FIXTURE_N_VOCAB] = {0};
    g_autoptr(GPtrArray) owned = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < FIXTURE_N_VOCAB; i++) {
        tokens[i] = g_strdup_printf("tok_%d", i);
        g_ptr_array_add(owned, (gpointer)tokens[i]);
        types[i] = 1;
    }
    gguf_builder_string(b, "tokenizer.ggml.model", "test");
    gguf_builder_strings(b, "tokenizer.ggml.tokens", tokens, FIXTURE_N_VOCAB);
    gguf_builder_i32s(b, "tokenizer.ggml.token_type", types, FIXTURE_N_VOCAB);
    gguf_builder_f32s(b, "tokenizer.ggml.scores", scores, FIXTURE_N_VOCAB);
}

void fixture_write_model(const char *text, const char *path)
{
    fixture_write_model_as(text, path, FIXTURE_FLOATS);
}

void fixture_write_model_as(const char *text, const char *path, FixtureForm form)
{
    g_autoptr(GgufBuilder) b = gguf_builder_new();
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    add_vocabulary(b);
    for (size_t i = 0; lines[i]; i++)
        if (*lines[i])
            add_line(b, lines[i], form);
    gguf_builder_write(b, path);
}

/* ---- Answers ---- */

static double log_normalizer(const float *logits)
{
    float max = logits[0];
    double sum = 0;
    for (int i = 0; i < FIXTURE_N_VOCAB; i++)
        max = fmaxf(max, logits[i]);
    for (int i = 0; i < FIXTURE_N_VOCAB; i++)
        sum += exp((double)logits[i] - max);
    return max + log(sum);
}

static int most_likely(const float *logits)
{
    int best = 0;
    for (int i = 1; i < FIXTURE_N_VOCAB; i++)
        if (logits[i] > logits[best])
            best = i;
    return best;
}

double fixture_divergence(const char *line, const float *ours)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    double normalizer = log_normalizer(ours), kl = 0, p_rest = 1, q_rest = 1, first = 0,
           lead = INFINITY;
    for (size_t i = 2; words[i]; i++) {
        char *end;
        int id = (int)g_ascii_strtoll(words[i], &end, 10);
        double theirs = g_ascii_strtod(end + 1, NULL), q = ours[id] - normalizer;
        kl += exp(theirs) * (theirs - q);
        p_rest -= exp(theirs);
        q_rest -= exp(q);
        first = i == 2 ? theirs : first;
        lead = i == 3 ? first - theirs : lead;
    }
    if (lead > CLEAR_MARGIN)
        g_assert_cmpint(most_likely(ours), ==, atoi(words[2]));
    return p_rest > 1e-3 ? kl + p_rest * log(p_rest / fmax(q_rest, 1e-12)) : kl;
}
