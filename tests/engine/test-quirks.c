/* test-quirks.c: files with their maker's own names give the bits that the usual names give.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "hr.h"
#include "gguf-builder.h"
#include "model/model.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define N_VOCAB 64
#define WIDTH 32
#define HIDDEN 48

/* A file in the making; own: with its maker's names. */
typedef struct {
    GgufBuilder *builder;
    const char *arch;
    bool own;
    uint32_t n_tensors;
} Writer;

static const char *key_of(const Writer *w, const char *name, char buffer[128])
{
    g_snprintf(buffer, 128, "%s.%s", w->arch, name);
    return buffer;
}

static void put_uint(Writer *w, const char *name, uint32_t value)
{
    char key[128];
    gguf_builder_u32(w->builder, key_of(w, name, key), value);
}

static void put_float(Writer *w, const char *name, float value)
{
    char key[128];
    gguf_builder_f32(w->builder, key_of(w, name, key), value);
}

/* The n-th tensor has the same numbers under any name. */
static void put(Writer *w, const char *name, uint32_t n_dims, uint64_t a, uint64_t b, uint64_t c)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(++w->n_tensors);
    uint64_t n = a * (n_dims > 1 ? b : 1) * (n_dims > 2 ? c : 1);
    g_autofree float *x = g_new(float, n);
    for (uint64_t i = 0; i < n; i++)
        x[i] = (float)g_rand_double_range(rand, -0.5, 0.5) + (n_dims == 1 ? 0.7f : 0);
    gguf_builder_tensor(w->builder, name, HR_TYPE_F32, n_dims, (uint64_t[]){a, b, c}, x);
}

static void put_layer(Writer *w, uint32_t il, const char *name, uint32_t n_dims, uint64_t a,
                      uint64_t b, uint64_t c)
{
    g_autofree char *full = g_strdup_printf("blk.%u.%s", il, name);
    put(w, full, n_dims, a, b, c);
}

static void put_shape(Writer *w)
{
    gguf_builder_string(w->builder, "general.architecture", w->arch);
    put_uint(w, "block_count", 2);
    put_uint(w, "embedding_length", WIDTH);
    put_uint(w, "attention.head_count", 4);
    put_uint(w, "attention.head_count_kv", 2);
    put_uint(w, "attention.key_length", 8);
    put_uint(w, "attention.value_length", 8);
    put_uint(w, "attention.sliding_window", 8);
}

static char *finish(Writer *w)
{
    char *path = NULL;
    int fd = g_file_open_tmp("headroom-XXXXXX.gguf", &path, NULL);
    g_close(fd, NULL);
    gguf_builder_write(w->builder, path);
    gguf_builder_free(w->builder);
    return path;
}

/* ---- gpt-oss ---- */

static void put_gpt_oss_layer(Writer *w, uint32_t il)
{
    put_layer(w, il, "attn_norm.weight", 1, WIDTH, 0, 0);
    for (int i = 0; i < 3; i++) {
        static const char *const names[] = {"attn_q", "attn_k", "attn_v"};
        g_autofree char *weight = g_strconcat(names[i], ".weight", NULL),
                        *bias = g_strconcat(names[i], ".bias", NULL);
        put_layer(w, il, weight, 2, WIDTH, i == 0 ? 32 : 16, 0);
        put_layer(w, il, bias, 1, i == 0 ? 32 : 16, 0, 0);
    }
    put_layer(w, il, w->own ? "attn_out.weight" : "attn_output.weight", 2, 32, WIDTH, 0);
    put_layer(w, il, w->own ? "attn_out.bias" : "attn_output.bias", 1, WIDTH, 0, 0);
    put_layer(w, il, w->own ? "attn_sinks" : "attn_sinks.weight", 1, 4, 0, 0);
    put_layer(w, il, w->own ? "ffn_norm.weight" : "post_attention_norm.weight", 1, WIDTH, 0, 0);
    put_layer(w, il, "ffn_gate_inp.weight", 2, WIDTH, 4, 0);
    put_layer(w, il, "ffn_gate_inp.bias", 1, 4, 0, 0);
    put_layer(w, il, "ffn_gate_exps.weight", 3, WIDTH, HIDDEN, 4);
    put_layer(w, il, "ffn_gate_exps.bias", 2, HIDDEN, 4, 0);
    put_layer(w, il, "ffn_up_exps.weight", 3, WIDTH, HIDDEN, 4);
    put_layer(w, il, "ffn_up_exps.bias", 2, HIDDEN, 4, 0);
    put_layer(w, il, "ffn_down_exps.weight", 3, HIDDEN, WIDTH, 4);
    put_layer(w, il, "ffn_down_exps.bias", 2, WIDTH, 4, 0);
}

static char *write_gpt_oss(bool own)
{
    Writer w = {gguf_builder_new(), own ? "gptoss" : "gpt-oss", own, 0};
    put_shape(&w);
    put_uint(&w, "context_length", 512);
    put_uint(&w, "expert_count", 4);
    put_uint(&w, "expert_used_count", 2);
    put_float(&w, "attention.layer_norm_rms_epsilon", 1e-5f);
    put_float(&w, "rope.freq_base", 150000);
    put_float(&w, "rope.scaling.factor", 32);
    put_uint(&w, "rope.scaling.original_context_length", 64);
    if (!own) {
        gguf_builder_string(w.builder, "gpt-oss.rope.scaling.type", "yarn");
        put_uint(&w, "feed_forward_length", HIDDEN);
        put_uint(&w, "expert_feed_forward_length", HIDDEN);
    }
    put(&w, "token_embd.weight", 2, WIDTH, N_VOCAB, 0);
    for (uint32_t il = 0; il < 2; il++)
        put_gpt_oss_layer(&w, il);
    put(&w, "output_norm.weight", 1, WIDTH, 0, 0);
    put(&w, "output.weight", 2, WIDTH, N_VOCAB, 0);
    return finish(&w);
}

/* ---- Gemma 3, and EmbeddingGemma ---- */

static void put_gemma_layer(Writer *w, uint32_t il)
{
    static const char *const norms[] = {"attn_norm.weight", "post_attention_norm.weight",
                                        "ffn_norm.weight", "post_ffw_norm.weight"};
    for (size_t i = 0; i < G_N_ELEMENTS(norms); i++)
        put_layer(w, il, norms[i], 1, WIDTH, 0, 0);
    put_layer(w, il, "attn_q.weight", 2, WIDTH, 32, 0);
    put_layer(w, il, "attn_k.weight", 2, WIDTH, 16, 0);
    put_layer(w, il, "attn_v.weight", 2, WIDTH, 16, 0);
    put_layer(w, il, "attn_q_norm.weight", 1, 8, 0, 0);
    put_layer(w, il, "attn_k_norm.weight", 1, 8, 0, 0);
    put_layer(w, il, "attn_output.weight", 2, 32, WIDTH, 0);
    put_layer(w, il, "ffn_gate.weight", 2, WIDTH, HIDDEN, 0);
    put_layer(w, il, "ffn_up.weight", 2, WIDTH, HIDDEN, 0);
    put_layer(w, il, "ffn_down.weight", 2, HIDDEN, WIDTH, 0);
}

static char *write_gemma(bool own, bool embeds, uint32_t n_ctx)
{
    Writer w = {gguf_builder_new(), own || !embeds ? "gemma3" : "gemma-embedding", own, 0};
    put_shape(&w);
    put_uint(&w, "context_length", n_ctx);
    put_uint(&w, "feed_forward_length", HIDDEN);
    put_uint(&w, "attention.sliding_window_pattern", 2);
    put_float(&w, own ? "rope.global.freq_base" : "rope.freq_base", 2e6f);
    put_float(&w, own ? "rope.local.freq_base" : "rope.freq_base_swa", 20000);
    if (!own) {
        put_float(&w, "attention.layer_norm_rms_epsilon", 1e-6f);
        if (n_ctx >= 131072) {
            gguf_builder_string(w.builder, "gemma3.rope.scaling.type", "linear");
            put_float(&w, "rope.scaling.factor", 8);
        }
    }
    put(&w, "token_embd.weight", 2, WIDTH, N_VOCAB, 0);
    for (uint32_t il = 0; il < 2; il++)
        put_gemma_layer(&w, il);
    put(&w, "output_norm.weight", 1, WIDTH, 0, 0);
    if (embeds) {
        put(&w, own ? "dense.0.weight" : "dense_2.weight", 2, WIDTH, 2 * WIDTH, 0);
        put(&w, own ? "dense.1.weight" : "dense_3.weight", 2, 2 * WIDTH, WIDTH, 0);
    }
    return finish(&w);
}

/* ---- Asking ---- */

typedef struct {
    GMainLoop *loop;
    GArray *numbers; /* float */
} Answer;

static void take_logits(float *logits, size_t n_vocab, void *data)
{
    g_array_append_vals(((Answer *)data)->numbers, logits, (guint)n_vocab);
}

static void event_cb(const HrEvent *event, void *data)
{
    Answer *answer = data;
    if (event->kind == HR_EVENT_VECTOR)
        g_array_append_vals(answer->numbers, event->vectors,
                            (guint)(event->n_vectors * event->width));
    if (event->kind != HR_EVENT_DONE)
        return;
    g_assert_cmpint(event->reason, !=, HR_DONE_ERROR);
    g_main_loop_quit(answer->loop);
}

static HrRequest *submit(HrRunner *runner, bool embeds, const HrToken *tokens, size_t n,
                         Answer *answer, GError **error)
{
    HrRequestOptions options = {.tokens = tokens,
                                .n_tokens = n,
                                .sampling = hr_sampling_default,
                                .num_predict = 1,
                                .top_logprobs = -1,
                                .mask = take_logits,
                                .mask_data = answer};
    if (embeds)
        return hr_runner_embed(runner, tokens, n, g_main_context_default(), event_cb, answer, NULL,
                               error);
    return hr_runner_submit(runner, &options, g_main_context_default(), event_cb, answer, NULL,
                            error);
}

/* The logits, or the vector, of 40 tokens: beyond windows. */
static GArray *ask(char *take_path)
{
    g_autofree char *path = take_path;
    g_autoptr(GError) error = NULL;
    HrDevice device = {.name = "host", .total = 64ull << 30, .free = 64ull << 30};
    HrSettings settings = {.threads = 2, .num_ctx = 128};
    HrToken tokens[40];
    g_autoptr(HrModel) model = hr_model_open(path, &error);
    g_assert_no_error(error);
    hr_model_is_runnable(model, &error);
    g_assert_no_error(error);
    g_autoptr(HrPlan) plan = hr_plan_new(model, &settings, &device, 1, &error);
    g_autoptr(HrRunner) runner = hr_runner_new(model, plan, false, NULL, NULL, &error);
    g_assert_no_error(error);
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, false);
    Answer answer = {loop, g_array_new(false, false, sizeof(float))};
    for (int i = 0; i < 40; i++)
        tokens[i] = i * 13 % N_VOCAB;
    g_autoptr(HrRequest) request G_GNUC_UNUSED =
        submit(runner, hr_model_get_info(model)->embeds, tokens, 40, &answer, &error);
    g_assert_no_error(error);
    g_main_loop_run(loop);
    g_unlink(path);
    return answer.numbers;
}

static void assert_same(char *take_own, char *take_usual, size_t n)
{
    g_autoptr(GArray) own = ask(take_own), usual = ask(take_usual);
    g_assert_cmpuint(own->len, ==, n);
    for (guint i = 0; i < own->len; i++)
        g_assert_true(isfinite(g_array_index(own, float, i)));
    g_assert_cmpmem(own->data, own->len * sizeof(float), usual->data, usual->len * sizeof(float));
}

static void test_gpt_oss(void)
{
    assert_same(write_gpt_oss(true), write_gpt_oss(false), N_VOCAB);
}

static void test_gemma(void)
{
    assert_same(write_gemma(true, false, 32768), write_gemma(false, false, 32768), N_VOCAB);
    assert_same(write_gemma(true, false, 131072), write_gemma(false, false, 131072), N_VOCAB);
}

static void test_embedding_gemma(void)
{
    assert_same(write_gemma(true, true, 2048), write_gemma(false, true, 2048), WIDTH);
}

/* The file is shown as it is; aliases are found, not listed. */
static void test_shown(void)
{
    g_autofree char *path = write_gpt_oss(true);
    g_autoptr(HrModel) model = hr_model_open(path, NULL);
    g_autoptr(HrValue) metadata = hr_model_dup_metadata(model, false);
    g_assert_cmpstr(hr_model_get_info(model)->architecture, ==, "gptoss");
    g_assert_nonnull(hr_value_lookup(metadata, "gptoss.block_count"));
    g_assert_null(hr_value_lookup(metadata, "gpt-oss.block_count"));
    g_unlink(path);
}

/* YaRN's keys as Ollama writes them for Mistral 3; its factor on rotations is taken out by
 * mscale_all_dim. */
static void test_mistral(void)
{
    Writer w = {gguf_builder_new(), "mistral3", true, 0};
    put_shape(&w);
    put_uint(&w, "context_length", 512);
    put_uint(&w, "feed_forward_length", HIDDEN);
    put_float(&w, "attention.layer_norm_rms_epsilon", 1e-5f);
    gguf_builder_string(w.builder, "mistral3.rope.scaling.type", "yarn");
    put_float(&w, "rope.scaling.factor", 16);
    put_float(&w, "rope.scaling.beta_fast", 24);
    put_float(&w, "rope.scaling.beta_slow", 2);
    put_float(&w, "rope.scaling.mscale_all_dim", 1);
    put_uint(&w, "rope.scaling.original_context_length", 64);
    put(&w, "token_embd.weight", 2, WIDTH, N_VOCAB, 0);
    for (uint32_t il = 0; il < 2; il++)
        put_gemma_layer(&w, il);
    put(&w, "output_norm.weight", 1, WIDTH, 0, 0);
    g_autofree char *path = finish(&w);
    g_autoptr(HrModel) model = hr_model_open(path, NULL);
    g_autoptr(GError) error = NULL;
    double inv_freq[4];
    float magnitude;
    hr_model_is_runnable(model, &error);
    g_assert_no_error(error);
    g_assert_cmpfloat(model->hparams.rope.beta_fast, ==, 24);
    g_assert_cmpfloat(model->hparams.rope.beta_slow, ==, 2);
    hr_rope_frequencies(&model->hparams.rope, NULL, inv_freq, &magnitude);
    g_assert_cmpfloat_with_epsilon(magnitude, 1, 1e-6f);
    g_unlink(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/quirks/gpt-oss", test_gpt_oss);
    g_test_add_func("/quirks/gemma3", test_gemma);
    g_test_add_func("/quirks/embedding-gemma", test_embedding_gemma);
    g_test_add_func("/quirks/mistral3", test_mistral);
    g_test_add_func("/quirks/shown", test_shown);
    return g_test_run();
}
