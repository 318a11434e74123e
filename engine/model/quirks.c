/* quirks.c: see quirks.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Ollama converted some families itself, for its own engine, before other converters knew them. Its
 * files of gpt-oss, Gemma 3, EmbeddingGemma and Mistral 3 have other keys and tensors, and leave
 * out numbers that its engine has in its code. (What concerns texts is in the tokenizer, what
 * concerns images in the vision tower.)
 */
#include "model/quirks.h"

#include "gguf/alias.h"
#include "model/hparams.h"

#include <string.h>

/* ---- What the families share ---- */

/* The same keys under another architecture's name. */
static void rename_keys(HrGguf *gguf, const char *from, const char *to)
{
    g_autofree char *prefix = g_strconcat(from, ".", NULL);
    for (size_t i = 0; i < hr_gguf_n_entries(gguf); i++) {
        const char *key = hr_gguf_entry(gguf, i)->key;
        if (!g_str_has_prefix(key, prefix))
            continue;
        g_autofree char *name = g_strdup_printf("%s.%s", to, key + strlen(prefix));
        hr_gguf_alias_key(gguf, name, key);
    }
}

static void alias_key(HrGguf *gguf, const char *arch, const char *usual, const char *own)
{
    g_autofree char *key = g_strdup_printf("%s.%s", arch, usual),
                    *existing = g_strdup_printf("%s.%s", arch, own);
    hr_gguf_alias_key(gguf, key, existing);
}

static void alias_layer_tensor(HrGguf *gguf, uint32_t il, const char *usual, const char *own)
{
    g_autofree char *name = g_strdup_printf("blk.%u.%s", il, usual),
                    *existing = g_strdup_printf("blk.%u.%s", il, own);
    hr_gguf_alias_tensor(gguf, name, existing);
}

static uint32_t n_layers(const HrGguf *gguf, const char *arch)
{
    g_autofree char *key = g_strdup_printf("%s.block_count", arch);
    uint64_t n = 0;
    hr_gguf_get_uint(gguf, key, &n);
    return (uint32_t)MIN(n, HR_MAX_LAYERS);
}

/* ---- Families ---- */

static void apply_gpt_oss(HrGguf *gguf)
{
    const HrGgufTensor *gate = hr_gguf_find_tensor(gguf, "blk.0.ffn_gate_exps.weight");
    rename_keys(gguf, "gptoss", "gpt-oss");
    if (gate && gate->dims[1] <= HR_MAX_WIDTH) {
        hr_gguf_add_uint(gguf, "gpt-oss.feed_forward_length", (uint32_t)gate->dims[1]);
        hr_gguf_add_uint(gguf, "gpt-oss.expert_feed_forward_length", (uint32_t)gate->dims[1]);
    }
    if (hr_gguf_find(gguf, "gpt-oss.rope.scaling.factor"))
        hr_gguf_add_string(gguf, "gpt-oss.rope.scaling.type", "yarn");
    for (uint32_t il = 0; il < n_layers(gguf, "gpt-oss"); il++) {
        alias_layer_tensor(gguf, il, "attn_output.weight", "attn_out.weight");
        alias_layer_tensor(gguf, il, "attn_output.bias", "attn_out.bias");
        alias_layer_tensor(gguf, il, "attn_sinks.weight", "attn_sinks");
        alias_layer_tensor(gguf, il, "post_attention_norm.weight", "ffn_norm.weight");
    }
}

static void apply_gemma3(HrGguf *gguf)
{
    uint64_t n_ctx = 0;
    alias_key(gguf, "gemma3", "rope.freq_base", "rope.global.freq_base");
    alias_key(gguf, "gemma3", "rope.freq_base_swa", "rope.local.freq_base");
    hr_gguf_add_float(gguf, "gemma3.rope.freq_base", 1e6f);
    hr_gguf_add_float(gguf, "gemma3.attention.layer_norm_rms_epsilon", 1e-6f);
    /* The sizes with the long context stretch the positions of layers that see all of it. */
    if (hr_gguf_get_uint(gguf, "gemma3.context_length", &n_ctx) && n_ctx >= 131072 &&
        !hr_gguf_find(gguf, "gemma3.rope.scaling.type") &&
        !hr_gguf_find(gguf, "gemma3.rope.scaling.factor")) {
        hr_gguf_add_string(gguf, "gemma3.rope.scaling.type", "linear");
        hr_gguf_add_float(gguf, "gemma3.rope.scaling.factor", 8);
    }
}

static void apply_embedding_gemma(HrGguf *gguf)
{
    apply_gemma3(gguf);
    rename_keys(gguf, "gemma3", "gemma-embedding");
    alias_key(gguf, "gemma-embedding", "rope.freq_base", "rope.global.freq_base");
    alias_key(gguf, "gemma-embedding", "rope.freq_base_swa", "rope.local.freq_base");
    hr_gguf_add_float(gguf, "gemma-embedding.rope.freq_base", 1e6f);
    hr_gguf_add_float(gguf, "gemma-embedding.attention.layer_norm_rms_epsilon", 1e-6f);
    hr_gguf_alias_tensor(gguf, "dense_2.weight", "dense.0.weight");
    hr_gguf_alias_tensor(gguf, "dense_3.weight", "dense.1.weight");
}

static void apply_mistral3(HrGguf *gguf)
{
    alias_key(gguf, "mistral3", "rope.scaling.yarn_beta_fast", "rope.scaling.beta_fast");
    alias_key(gguf, "mistral3", "rope.scaling.yarn_beta_slow", "rope.scaling.beta_slow");
    alias_key(gguf, "mistral3", "rope.scaling.yarn_log_multiplier", "rope.scaling.mscale_all_dim");
}

const char *hr_quirks_apply(HrGguf *gguf)
{
    const char *arch = hr_gguf_get_string(gguf, "general.architecture", NULL);
    if (g_strcmp0(arch, "gptoss") == 0) {
        apply_gpt_oss(gguf);
        return "gpt-oss";
    }
    if (g_strcmp0(arch, "gemma3") == 0 && hr_gguf_find_tensor(gguf, "dense.0.weight")) {
        apply_embedding_gemma(gguf);
        return "gemma-embedding";
    }
    if (g_strcmp0(arch, "gemma3") == 0)
        apply_gemma3(gguf);
    if (g_strcmp0(arch, "mistral3") == 0)
        apply_mistral3(gguf);
    return arch;
}
