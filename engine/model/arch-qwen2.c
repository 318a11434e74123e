/* arch-qwen2.c: Qwen2 and Qwen2.5, and the language models of Qwen2-VL and Qwen2.5-VL.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Yang et al. 2024: as Llama, with biases on queries, keys and values, and rotary positions on the
 * two halves of a head. The VL models' positions have three axes, equal for text (Wang et al.
 * 2024).
 */
#include "model/arch.h"
#include "model/keys.h"

/* The feed-forward's matrices are taken as they are, whatever scales lie beside them. */
static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_decoder(b, hp, w);
    hr_take_unscaled(hp, w);
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf h = hr_emit_rms_norm(e, x, &l->attn_norm);
        HrBuf q = hr_emit_linear(e, h, &l->attn_q);
        HrBuf k = hr_emit_linear(e, h, &l->attn_k);
        HrBuf v = hr_emit_linear(e, h, &l->attn_v);
        hr_emit_rope_and_store(e, q, k, v);
        HrBuf a = hr_emit_attention(e, q);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_linear_add(e, a, &l->attn_output, x);
        x = hr_emit_swiglu(e, x, l);
    }
    hr_emit_head(e, x, w);
}

const HrArch hr_arch_qwen2 = {.name = "qwen2",
                              .models = "Qwen2, Qwen2.5, DeepSeek R1 Distill Qwen",
                              .rope = HR_ROPE_NEOX,
                              .bind = bind,
                              .emit = emit};

/* How many pairs of a head each axis turns. Files made by Ollama have another name for the key, and
 * three entries. */
static bool shape_vl(HrHparams *hp, const HrKeys *keys)
{
    g_autofree char *key = hr_keys_name(keys, "rope.dimension_sections"),
                    *other = hr_keys_name(keys, "rope.mrope_section");
    const HrGgufEntry *entry = hr_gguf_find(keys->gguf, key);
    uint64_t sum = 0;
    if (!entry)
        entry = hr_gguf_find(keys->gguf, other);
    if (!entry)
        return hr_keys_bad(keys, "rope.dimension_sections", "is missing");
    for (uint32_t axis = 0; axis < 3; axis++) {
        int64_t n;
        if (!hr_gguf_element_int(entry, axis, &n) || n < 0 || n > hp->rope.n_rot)
            return hr_keys_bad(keys, "rope.dimension_sections", "is not three numbers of pairs");
        hp->rope.sections[axis] = (uint32_t)n;
        sum += (uint64_t)n;
    }
    return sum >= hp->rope.n_rot / 2 ||
           hr_keys_bad(keys, "rope.dimension_sections", "does not cover the pairs of a head");
}

/* Logits have no bias, whatever lies beside their matrix. */
static void bind_vl(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    bind(b, hp, w);
    w->output.bias = (HrWeight){0};
}

const HrArch hr_arch_qwen2vl = {.name = "qwen2vl",
                                .models = "Qwen2-VL, Qwen2.5-VL",
                                .rope = HR_ROPE_NEOX,
                                .shape = shape_vl,
                                .bind = bind_vl,
                                .emit = emit};
const HrArch hr_arch_qwen25vl = {.name = "qwen25vl",
                                 .models = "Qwen2.5-VL as Ollama has it",
                                 .rope = HR_ROPE_NEOX,
                                 .shape = shape_vl,
                                 .bind = bind_vl,
                                 .emit = emit};
