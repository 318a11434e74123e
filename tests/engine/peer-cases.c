/* peer-cases.c: see peer-cases.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "peer-cases.h"

/* Small weights would hide mistakes: with these, a rotation that is a tenth off moves the answer
 * visibly. */
#define SHAPE                                                                             \
    .n_layer = 2, .n_embd = 128, .n_ff = 96, .n_head = 4, .n_head_kv = 2, .head_dim = 32, \
    .n_vocab = 300, .n_ctx = 1024, .std = 0.3f

static const PeerCase cases[] = {
    {"llama", {.arch = "llama", SHAPE, .tied = true}},
    {"llama-untied", {.arch = "llama", SHAPE}},
    {"llama-divisors", {.arch = "llama", SHAPE, .tied = true, .rope_freqs = true}},
    {"llama-linear",
     {.arch = "llama", SHAPE, .tied = true, .rope_scaling = "linear", .rope_factor = 4}},
    {"llama-yarn",
     {.arch = "llama",
      SHAPE,
      .tied = true,
      .rope_scaling = "yarn",
      .rope_factor = 4,
      .n_ctx_orig = 64}},
    {"llama-epsilon", {.arch = "llama", SHAPE, .tied = true, .norm_eps = 0.05f}},
    {"qwen2", {.arch = "qwen2", SHAPE, .tied = true}},
    {"qwen2-yarn",
     {.arch = "qwen2", SHAPE, .rope_scaling = "yarn", .rope_factor = 8, .n_ctx_orig = 32}},
    {"qwen3", {.arch = "qwen3", SHAPE, .tied = true}},
    {"qwen3-f16", {.arch = "qwen3", SHAPE, .type = HR_TYPE_F16}},
    {"llama-adapted", {.arch = "llama", SHAPE, .tied = true}, .adapted = true},
    {"qwen3-adapted", {.arch = "qwen3", SHAPE}, .adapted = true},
};

const PeerCase *peer_cases(size_t *ret_n)
{
    *ret_n = G_N_ELEMENTS(cases);
    return cases;
}

#define RANK 4
#define ALPHA 6 /* not the rank: its share in the scale has to show */

static void put_factor(GgufBuilder *b, GRand *rand, const char *base, const char *part,
                       uint64_t n_in, uint64_t n_out)
{
    g_autofree char *name = g_strconcat(base, part, NULL);
    g_autofree float *x = g_new(float, n_in *n_out);
    for (uint64_t i = 0; i < n_in * n_out; i++)
        x[i] = (float)g_rand_double_range(rand, -0.3, 0.3);
    gguf_builder_tensor(b, name, HR_TYPE_F32, 2, (uint64_t[]){n_in, n_out}, x);
}

void peer_write_adapter(const PeerCase *c, const char *base_path, const char *path)
{
    g_autoptr(GgufBuilder) b = gguf_builder_new();
    g_autoptr(GRand) rand = g_rand_new_with_seed(17);
    g_autoptr(HrGguf) base = hr_gguf_open(base_path, NULL);
    gguf_builder_string(b, "general.architecture", c->model.arch);
    gguf_builder_string(b, "general.type", "adapter");
    gguf_builder_string(b, "adapter.type", "lora");
    gguf_builder_f32(b, "adapter.lora.alpha", ALPHA);
    for (size_t i = 0; i < hr_gguf_n_tensors(base); i++) {
        const HrGgufTensor *t = hr_gguf_tensor(base, i);
        if (!g_str_has_prefix(t->name, "blk.") || t->n_dims < 2)
            continue;
        put_factor(b, rand, t->name, ".lora_a", t->dims[0], RANK);
        put_factor(b, rand, t->name, ".lora_b", RANK, t->dims[1]);
    }
    gguf_builder_write(b, path);
}

void peer_tokens(HrToken tokens[PEER_N_TOKENS])
{
    for (int i = 0; i < PEER_N_TOKENS; i++)
        tokens[i] = (i * i * 7 + i * 31 + 5) % 256;
}
