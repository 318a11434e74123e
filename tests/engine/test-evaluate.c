/* test-evaluate.c: logits depend on the tokens alone: not on chunks, threads or what else is in a
 * step.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "hr.h"
#include "tiny-model.h"

#include <math.h>
#include <string.h>

#define N_TOKENS 150 /* more than two pages of the cache */

typedef struct {
    float *logits; /* [N_TOKENS, n_vocab] */
    uint32_t n;
} Logits;

static void collect(uint32_t position, const float *logits, size_t n_vocab, void *data)
{
    Logits *all = data;
    memcpy(all->logits + position * n_vocab, logits, n_vocab * sizeof(float));
    all->n++;
}

static void make_tokens(HrToken *tokens, uint32_t n_vocab)
{
    for (int i = 0; i < N_TOKENS; i++)
        tokens[i] = (HrToken)((uint32_t)(i * i * 7 + i * 31 + 5) % n_vocab);
}

static HrRunner *runner_for(HrModel *model, HrSettings settings)
{
    g_autoptr(GError) error = NULL;
    HrDevice device = {.name = "host", .total = 64ull << 30, .free = 64ull << 30};
    g_autoptr(HrPlan) plan = hr_plan_new(model, &settings, &device, 1, &error);
    g_assert_no_error(error);
    HrRunner *runner = hr_runner_new(model, plan, false, NULL, NULL, &error);
    g_assert_no_error(error);
    return runner;
}

/* All logits of the token list, read in pieces of piece tokens. */
static float *logits_of(HrModel *model, HrSettings settings, uint32_t piece)
{
    uint32_t n_vocab = hr_model_get_info(model)->n_vocab;
    HrToken tokens[N_TOKENS];
    g_autoptr(GError) error = NULL;
    settings.all_logits = true;
    g_autoptr(HrRunner) runner = runner_for(model, settings);
    Logits all = {.logits = g_new(float, N_TOKENS * n_vocab)};
    make_tokens(tokens, n_vocab);
    for (uint32_t begin = 0; begin < N_TOKENS; begin += piece)
        g_assert_true(hr_runner_evaluate(runner, tokens + begin, MIN(piece, N_TOKENS - begin),
                                         begin == 0, collect, &all, &error));
    g_assert_cmpuint(all.n, ==, N_TOKENS);
    return all.logits;
}

static void assert_same_bits(const float *a, const float *b, uint32_t n_vocab)
{
    g_assert_cmpmem(a, N_TOKENS * n_vocab * sizeof(float), b, N_TOKENS * n_vocab * sizeof(float));
}

static void test_chunks(gconstpointer data)
{
    const TinyModel *tiny = data;
    char *path = tiny_model_new(tiny);
    g_autoptr(HrModel) model = hr_model_open(path, NULL);
    for (int kv = HR_KV_F16; kv <= HR_KV_Q4_0; kv++) {
        HrSettings settings = {.num_ctx = 256, .kv_type = (HrKvType)kv, .threads = 1};
        g_autofree float *whole = logits_of(model, settings, N_TOKENS);
        settings.threads = 2;
        g_autofree float *threads = logits_of(model, settings, N_TOKENS);
        g_autofree float *ones = logits_of(model, settings, 1),
                         *sevens = logits_of(model, settings, 7);
        settings.num_batch = 16;
        g_autofree float *batches = logits_of(model, settings, N_TOKENS);
        assert_same_bits(whole, threads, tiny->n_vocab);
        assert_same_bits(whole, ones, tiny->n_vocab);
        assert_same_bits(whole, sevens, tiny->n_vocab);
        assert_same_bits(whole, batches, tiny->n_vocab);
    }
    tiny_model_remove(path);
}

static double kl(const float *p, const float *q, uint32_t n)
{
    double sum_p = 0, sum_q = 0, divergence = 0, max_p = p[0], max_q = q[0];
    for (uint32_t i = 0; i < n; i++) {
        max_p = fmax(max_p, p[i]);
        max_q = fmax(max_q, q[i]);
    }
    for (uint32_t i = 0; i < n; i++) {
        sum_p += exp(p[i] - max_p);
        sum_q += exp(q[i] - max_q);
    }
    for (uint32_t i = 0; i < n; i++)
        divergence +=
            exp(p[i] - max_p) / sum_p * ((p[i] - max_p - log(sum_p)) - (q[i] - max_q - log(sum_q)));
    return divergence;
}

/* Coarser caches move the answer, and not by much: the bounds are ten times what was seen, a wrong
 * layout is a hundred times. */
static void test_cache_types(void)
{
    static const double bound[] = {
        [HR_KV_F16] = 1e-5, [HR_KV_F32] = 0, [HR_KV_Q8_0] = 5e-2, [HR_KV_Q4_0] = 3};
    TinyModel tiny = tiny_model_default;
    tiny.head_dim = 64;
    tiny.n_head = 2;
    tiny.n_head_kv = 1;
    char *path = tiny_model_new(&tiny);
    g_autoptr(HrModel) model = hr_model_open(path, NULL);
    HrSettings settings = {.num_ctx = 256, .kv_type = HR_KV_F32};
    g_autofree float *exact = logits_of(model, settings, N_TOKENS);
    for (int kv = HR_KV_F16; kv <= HR_KV_Q4_0; kv++) {
        settings.kv_type = (HrKvType)kv;
        g_autofree float *logits = logits_of(model, settings, N_TOKENS);
        double mean = 0;
        for (uint32_t i = 0; i < N_TOKENS; i++)
            mean +=
                kl(exact + i * tiny.n_vocab, logits + i * tiny.n_vocab, tiny.n_vocab) / N_TOKENS;
        g_test_message("%s: mean KL %.2e", hr_kv_type_name((HrKvType)kv), mean);
        g_assert_cmpfloat(mean, <=, bound[kv]);
    }
    tiny_model_remove(path);
}

static void test_too_long(void)
{
    char *path = tiny_model_new(&tiny_model_default);
    g_autoptr(HrModel) model = hr_model_open(path, NULL);
    g_autoptr(HrRunner) runner = runner_for(model, (HrSettings){.num_ctx = 64});
    g_autoptr(GError) error = NULL;
    HrToken tokens[N_TOKENS];
    make_tokens(tokens, 300);
    g_assert_false(hr_runner_evaluate(runner, tokens, 65, true, collect, NULL, &error));
    g_assert_error(error, HR_ERROR, HR_ERROR_TOO_LONG);
    g_clear_error(&error);
    tokens[3] = 300;
    g_assert_false(hr_runner_evaluate(runner, tokens, 10, true, collect, NULL, &error));
    g_assert_error(error, HR_ERROR, HR_ERROR_SETTINGS);
    g_assert_nonnull(strstr(error->message, "Token 300"));
    tiny_model_remove(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    static TinyModel llama, qwen2, qwen3, mixtral, apart;
    llama = qwen2 = qwen3 = mixtral = tiny_model_default;
    llama.head_dim = qwen2.head_dim = qwen3.head_dim = 32;
    llama.rope_freqs = true;
    llama.type = HR_TYPE_Q8_0;
    qwen2.arch = "qwen2";
    qwen2.type = HR_TYPE_F16;
    qwen2.tied = false;
    qwen3.arch = "qwen3";
    mixtral.head_dim = 32;
    mixtral.type = HR_TYPE_Q8_0;
    mixtral.experts = (TinyExperts){.n = 11, .n_used = 3};
    apart = mixtral;
    apart.type = HR_TYPE_F16;
    apart.experts.form = TINY_APART;
    g_test_add_data_func("/evaluate/chunks/mixtral-q8_0", &mixtral, test_chunks);
    g_test_add_data_func("/evaluate/chunks/mixtral-apart-f16", &apart, test_chunks);
    g_test_add_data_func("/evaluate/chunks/llama-q8_0", &llama, test_chunks);
    g_test_add_data_func("/evaluate/chunks/qwen2-f16", &qwen2, test_chunks);
    g_test_add_data_func("/evaluate/chunks/qwen3-f32", &qwen3, test_chunks);
    g_test_add_func("/evaluate/cache-types", test_cache_types);
    g_test_add_func("/evaluate/too-long", test_too_long);
    return g_test_run();
}
