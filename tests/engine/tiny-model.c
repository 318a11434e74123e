/* tiny-model.c: see tiny-model.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tiny-model.h"

#include "cpu/half.h"

#include <glib/gstdio.h>
#include <math.h>

const TinyModel tiny_model_default = {
    .arch = "llama",
    .type = HR_TYPE_F32,
    .n_layer = 2,
    .n_embd = 64,
    .n_ff = 96,
    .n_head = 4,
    .n_head_kv = 2,
    .head_dim = 16,
    .n_vocab = 300,
    .n_ctx = 1024,
    .tied = true,
    .std = 0.3f,
};

typedef struct {
    const TinyModel *model;
    GgufBuilder *builder;
    GRand *rand;
} Writer;

/* ---- Metadata ---- */

static void put_u32(Writer *w, const char *name, uint32_t value)
{
    g_autofree char *key = g_strdup_printf("%s.%s", w->model->arch, name);
    gguf_builder_u32(w->builder, key, value);
}

static void put_f32(Writer *w, const char *name, float value)
{
    g_autofree char *key = g_strdup_printf("%s.%s", w->model->arch, name);
    gguf_builder_f32(w->builder, key, value);
}

static void put_scaling(Writer *w)
{
    const TinyModel *m = w->model;
    if (!m->rope_scaling)
        return;
    g_autofree char *key = g_strdup_printf("%s.rope.scaling.type", m->arch);
    gguf_builder_string(w->builder, key, m->rope_scaling);
    put_f32(w, "rope.scaling.factor", m->rope_factor);
    if (m->n_ctx_orig > 0)
        put_u32(w, "rope.scaling.original_context_length", m->n_ctx_orig);
}

static void put_u32_unless_0(Writer *w, const char *name, uint32_t value)
{
    if (value > 0)
        put_u32(w, name, value);
}

static void put_experts_shape(Writer *w)
{
    const TinyExperts *x = &w->model->experts;
    g_autofree char *norm = g_strdup_printf("%s.expert_weights_norm", w->model->arch);
    put_u32_unless_0(w, "expert_count", x->n);
    put_u32_unless_0(w, "expert_used_count", x->n_used);
    put_u32_unless_0(w, "expert_feed_forward_length", x->n_ff);
    put_u32_unless_0(w, "expert_shared_count", x->n_shared);
    put_u32_unless_0(w, "expert_shared_feed_forward_length", x->n_ff_shared);
    put_u32_unless_0(w, "expert_group_count", x->n_groups);
    put_u32_unless_0(w, "expert_group_used_count", x->n_groups_used);
    put_u32_unless_0(w, "leading_dense_block_count", x->n_dense_lead);
    put_u32_unless_0(w, "expert_gating_func", x->gating);
    if (x->scale > 0)
        put_f32(w, "expert_weights_scale", x->scale);
    if (x->normalise)
        gguf_builder_bool(w->builder, norm, true);
}

/* Falcon-H1: Mamba 2 beside attention; twice as wide, four heads, 16 rows of state. */
static void put_recurrent_shape(Writer *w)
{
    put_u32(w, "ssm.conv_kernel", 4);
    put_u32(w, "ssm.inner_size", 2 * w->model->n_embd);
    put_u32(w, "ssm.state_size", 16);
    put_u32(w, "ssm.time_step_rank", 4);
    put_u32(w, "ssm.group_count", 1);
}

static void put_shape(Writer *w)
{
    const TinyModel *m = w->model;
    gguf_builder_string(w->builder, "general.architecture", m->arch);
    gguf_builder_string(w->builder, "general.name", "tiny");
    put_u32(w, "block_count", m->n_layer);
    put_u32(w, "context_length", m->n_ctx);
    put_u32(w, "embedding_length", m->n_embd);
    put_u32(w, "feed_forward_length", m->n_ff);
    put_u32(w, "attention.head_count", m->n_head);
    put_u32(w, "attention.head_count_kv", m->n_head_kv);
    put_u32(w, "attention.key_length", m->head_dim);
    put_u32(w, "attention.value_length", m->head_dim);
    put_u32(w, "rope.dimension_count", m->head_dim);
    put_f32(w, "rope.freq_base", 10000);
    put_f32(w, "attention.layer_norm_rms_epsilon", m->norm_eps > 0 ? m->norm_eps : 1e-5f);
    put_scaling(w);
    put_experts_shape(w);
    if (g_str_equal(m->arch, "falcon-h1"))
        put_recurrent_shape(w);
}

/* The printable stand-ins that byte-level vocabularies use. */
static char *byte_token(int byte)
{
    static int extra[256];
    int n = 0;
    for (int b = 0; b < 256; b++) {
        bool printable = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
        extra[b] = printable ? b : 256 + n++;
    }
    char *text = g_malloc0(8);
    g_unichar_to_utf8((gunichar)extra[byte], text);
    return text;
}

static void put_tokenizer(Writer *w)
{
    static const char *const control[] = {"<|endoftext|>", "<|im_start|>", "<|im_end|>"};
    uint32_t n = w->model->n_vocab;
    g_autoptr(GPtrArray) tokens = g_ptr_array_new_with_free_func(g_free);
    g_autofree int32_t *types = g_new(int32_t, n);
    for (uint32_t i = 0; i < n; i++) {
        g_ptr_array_add(tokens, i < 256   ? byte_token((int)i)
                                : i < 259 ? g_strdup(control[i - 256])
                                : i == 259 ? g_strdup("\304\240w") /* what the one merge makes */
                                          : g_strdup_printf("\304\240w%u", i));
        types[i] = i >= 256 && i < 259 ? 3 : 1;
    }
    gguf_builder_string(w->builder, "tokenizer.ggml.model", "gpt2");
    gguf_builder_string(w->builder, "tokenizer.ggml.pre", "qwen2");
    gguf_builder_strings(w->builder, "tokenizer.ggml.tokens", (const char *const *)tokens->pdata,
                         n);
    gguf_builder_i32s(w->builder, "tokenizer.ggml.token_type", types, n);
    gguf_builder_strings(w->builder, "tokenizer.ggml.merges", (const char *const[]){"\304\240 w"},
                         1);
    gguf_builder_u32(w->builder, "tokenizer.ggml.eos_token_id", 258);
    gguf_builder_u32(w->builder, "tokenizer.ggml.bos_token_id", 256);
    gguf_builder_bool(w->builder, "tokenizer.ggml.add_bos_token", false);
    gguf_builder_string(
        w->builder, "tokenizer.chat_template",
        "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>\\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}");
}

/* ---- Weights ---- */

static float normal(Writer *w)
{
    double u = g_rand_double_range(w->rand, 1e-9, 1), v = g_rand_double(w->rand);
    return w->model->std * (float)(sqrt(-2 * log(u)) * cos(2 * G_PI * v));
}

static GByteArray *random_values(Writer *w, HrType type, uint64_t n)
{
    GByteArray *data = g_byte_array_new();
    for (uint64_t i = 0; i < n; i += hr_type_traits(type)->block) {
        float f = normal(w);
        uint16_t half = hr_float_to_half(type == HR_TYPE_Q8_0 ? w->model->std / 74 : f);
        if (type == HR_TYPE_F32) {
            g_byte_array_append(data, (const guint8 *)&f, 4);
            continue;
        }
        g_byte_array_append(data, (const guint8 *)&half, 2);
        for (int k = 0; type == HR_TYPE_Q8_0 && k < 32; k++) {
            int8_t q = (int8_t)g_rand_int_range(w->rand, -128, 128);
            g_byte_array_append(data, (const guint8 *)&q, 1);
        }
    }
    return data;
}

static void put_matrix_of(Writer *w, HrType type, const char *name, uint64_t n_in, uint64_t n_out)
{
    g_autoptr(GByteArray) data = random_values(w, type, n_in * n_out);
    gguf_builder_tensor(w->builder, name, type, 2, (uint64_t[]){n_in, n_out}, data->data);
}

static void put_matrix(Writer *w, const char *name, uint64_t n_in, uint64_t n_out)
{
    put_matrix_of(w, w->model->type, name, n_in, n_out);
}

/* Around 1 for norms and divisors, around 0 for biases. */
static void put_vector(Writer *w, const char *name, uint64_t n, float centre)
{
    g_autofree float *x = g_new(float, n);
    for (uint64_t i = 0; i < n; i++)
        x[i] = centre + normal(w) * 0.3f;
    gguf_builder_tensor(w->builder, name, HR_TYPE_F32, 1, &n, x);
}

static void put_stack(Writer *w, const char *name, uint64_t n_in, uint64_t n_out)
{
    uint64_t dims[] = {n_in, n_out, w->model->experts.n};
    g_autoptr(GByteArray) data = random_values(w, w->model->type, n_in * n_out * dims[2]);
    gguf_builder_tensor(w->builder, name, w->model->type, 3, dims, data->data);
}

/* <name>_exps.weight, or a tensor per expert. */
static void put_expert_matrices(Writer *w, uint32_t il, const char *name, uint64_t n_in,
                                uint64_t n_out)
{
    g_autofree char *stack = g_strdup_printf("blk.%u.%s_exps.weight", il, name);
    if (w->model->experts.form != TINY_APART)
        put_stack(w, stack, n_in, n_out);
    for (uint32_t e = 0; w->model->experts.form == TINY_APART && e < w->model->experts.n; e++) {
        g_autofree char *one = g_strdup_printf("blk.%u.%s.%u.weight", il, name, e);
        put_matrix(w, one, n_in, n_out);
    }
}

static void put_shared(Writer *w, uint32_t il)
{
    const TinyModel *m = w->model;
    uint64_t n_ff = m->experts.n_ff_shared > 0 ? m->experts.n_ff_shared
                                               : (uint64_t)m->experts.n_ff * m->experts.n_shared;
#define NAME(what) g_snprintf(name, sizeof name, "blk.%u." what, il)
    char name[64];
    if (n_ff == 0)
        return;
    NAME("ffn_gate_shexp.weight"), put_matrix(w, name, m->n_embd, n_ff);
    NAME("ffn_up_shexp.weight"), put_matrix(w, name, m->n_embd, n_ff);
    NAME("ffn_down_shexp.weight"), put_matrix(w, name, n_ff, m->n_embd);
    if (m->experts.shared_router)
        NAME("ffn_gate_inp_shexp.weight"), put_vector(w, name, m->n_embd, 0);
}

static void put_experts(Writer *w, uint32_t il)
{
    const TinyModel *m = w->model;
    uint64_t n_ff = m->experts.n_ff > 0 ? m->experts.n_ff : m->n_ff;
    char name[64];
    NAME("ffn_gate_inp.weight"), put_matrix_of(w, HR_TYPE_F32, name, m->n_embd, m->experts.n);
    if (m->experts.selection_bias)
        NAME("exp_probs_b.bias"), put_vector(w, name, m->experts.n, 0);
    if (m->experts.form == TINY_FUSED) {
        put_expert_matrices(w, il, "ffn_gate_up", m->n_embd, 2 * n_ff);
    } else {
        put_expert_matrices(w, il, "ffn_gate", m->n_embd, n_ff);
        put_expert_matrices(w, il, "ffn_up", m->n_embd, n_ff);
    }
    put_expert_matrices(w, il, "ffn_down", n_ff, m->n_embd);
    put_shared(w, il);
#undef NAME
}

static void put_recurrent(Writer *w, uint32_t il)
{
    uint64_t n_inner = 2 * (uint64_t)w->model->n_embd, n_convolved = n_inner + 2 * 16;
#define NAME(what) g_snprintf(name, sizeof name, "blk.%u." what, il)
    char name[64];
    NAME("ssm_in.weight"), put_matrix(w, name, w->model->n_embd, n_inner + n_convolved + 4);
    NAME("ssm_conv1d.weight"), put_matrix_of(w, HR_TYPE_F32, name, 4, n_convolved);
    NAME("ssm_a"), put_vector(w, name, 4, -1);
    NAME("ssm_d"), put_vector(w, name, 4, 1);
    NAME("ssm_dt.bias"), put_vector(w, name, 4, -3);
    NAME("ssm_norm.weight"), put_vector(w, name, n_inner, 1);
    NAME("ssm_out.weight"), put_matrix(w, name, n_inner, w->model->n_embd);
#undef NAME
}

static void put_layer(Writer *w, uint32_t il)
{
    const TinyModel *m = w->model;
    uint64_t n_q = (uint64_t)m->n_head * m->head_dim, n_kv = (uint64_t)m->n_head_kv * m->head_dim;
#define NAME(what) g_snprintf(name, sizeof name, "blk.%u." what, il)
    char name[64];
    NAME("attn_norm.weight"), put_vector(w, name, m->n_embd, 1);
    NAME("attn_q.weight"), put_matrix(w, name, m->n_embd, n_q);
    NAME("attn_k.weight"), put_matrix(w, name, m->n_embd, n_kv);
    NAME("attn_v.weight"), put_matrix(w, name, m->n_embd, n_kv);
    if (g_str_equal(m->arch, "qwen2")) {
        NAME("attn_q.bias"), put_vector(w, name, n_q, 0);
        NAME("attn_k.bias"), put_vector(w, name, n_kv, 0);
        NAME("attn_v.bias"), put_vector(w, name, n_kv, 0);
    }
    if (g_str_equal(m->arch, "qwen3")) {
        NAME("attn_q_norm.weight"), put_vector(w, name, m->head_dim, 1);
        NAME("attn_k_norm.weight"), put_vector(w, name, m->head_dim, 1);
    }
    NAME("attn_output.weight"), put_matrix(w, name, n_q, m->n_embd);
    if (g_str_equal(m->arch, "falcon-h1"))
        put_recurrent(w, il);
    NAME("ffn_norm.weight"), put_vector(w, name, m->n_embd, 1);
    if (m->experts.n > 0 && il >= m->experts.n_dense_lead) {
        put_experts(w, il);
        return;
    }
    NAME("ffn_gate.weight"), put_matrix(w, name, m->n_embd, m->n_ff);
    NAME("ffn_up.weight"), put_matrix(w, name, m->n_embd, m->n_ff);
    NAME("ffn_down.weight"), put_matrix(w, name, m->n_ff, m->n_embd);
#undef NAME
}

void tiny_model_write(const TinyModel *model, const char *path)
{
    g_autoptr(GgufBuilder) builder = gguf_builder_new();
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    Writer w = {model, builder, rand};
    put_shape(&w);
    put_tokenizer(&w);
    put_matrix(&w, "token_embd.weight", model->n_embd, model->n_vocab);
    for (uint32_t il = 0; il < model->n_layer; il++)
        put_layer(&w, il);
    put_vector(&w, "output_norm.weight", model->n_embd, 1);
    if (model->rope_freqs)
        put_vector(&w, "rope_freqs.weight", model->head_dim / 2, 2);
    if (!model->tied)
        put_matrix(&w, "output.weight", model->n_embd, model->n_vocab);
    gguf_builder_write(builder, path);
}

char *tiny_model_new(const TinyModel *model)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("headroom-XXXXXX", &error);
    g_assert_no_error(error);
    char *path = g_build_filename(folder, "tiny.gguf", NULL);
    tiny_model_write(model, path);
    return path;
}

void tiny_model_remove(char *take_path)
{
    g_autofree char *folder = g_path_get_dirname(take_path);
    g_unlink(take_path);
    g_rmdir(folder);
    g_free(take_path);
}
