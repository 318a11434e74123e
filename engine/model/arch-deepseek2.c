/* arch-deepseek2.c: DeepSeek-V2 to V3.1 and R1, and what shares their form (Kimi K2, GLM-4.7-Flash,
 * Mistral Large 3, Mistral 4).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * DeepSeek-AI 2024, V2 section 2.1: keys and values of all heads are made from one narrow row per
 * position, and a few dimensions that turn are shared. Only that row is kept: queries are taken to
 * its space and answers back from it, head by head. Older files hold the two matrices for that as
 * one, which cannot be turned around; with them keys and values of every head are made and kept.
 * Section 2.2 and V3 section 2.1.2: many narrow experts beside shared ones, chosen from the best
 * groups.
 */
#include "model/arch.h"

#include <math.h>

/* Key and value are 0 in older files. */
static bool read_widths(const HrKeys *keys, HrLatent *ret)
{
    return hr_keys_read_uint_or(keys, "attention.key_length_mla", 0, HR_MAX_WIDTH, 0, &ret->key) &&
           hr_keys_read_uint_or(keys, "attention.value_length_mla", 0, HR_MAX_WIDTH, 0,
                                &ret->value) &&
           hr_keys_read_uint_or(keys, "attention.q_lora_rank", 0, HR_MAX_WIDTH, 0, &ret->q_row) &&
           hr_keys_read_uint(keys, "attention.kv_lora_rank", 1, HR_MAX_WIDTH / 2, &ret->kv_row);
}

/* Attention in the space of the rows. */
static bool shape_latent(HrHparams *hp, const HrKeys *keys)
{
    const HrLatent *a = &hp->latent;
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerShape *s = &hp->layers[il];
        *s = (HrLayerShape){.n_head = s->n_head,
                            .n_head_kv = 1,
                            .head_dim_k = a->kv_row + hp->rope.n_rot,
                            .head_dim_v = a->kv_row,
                            .tempered = s->tempered,
                            .latent = true,
                            .n_ff = s->n_ff};
        if ((uint64_t)s->n_head * MAX(s->head_dim_k, a->key) > HR_MAX_WIDTH)
            return hr_keys_bad(keys, "attention.head_count", "is out of range");
    }
    hp->rope.first = a->kv_row;
    return true;
}

/* YaRN's factor on cosines and sines goes into the scores' scale, squared (V2's yarn_get_mscale);
 * files hold a tenth of its weight. */
static bool read_scale(HrHparams *hp, const HrKeys *keys)
{
    double weight,
        log_factor = hp->rope.scaling == HR_ROPE_SCALING_YARN ? log(MAX(hp->rope.factor, 1)) : 0;
    if (!hr_keys_read_float_or(keys, "rope.scaling.yarn_log_multiplier", 0, 1e3, 0, &weight))
        return false;
    double magnitude = 1 + weight * log_factor;
    hp->attention_scale = (float)(magnitude * magnitude / sqrt(hp->latent.key));
    if (weight > 0)
        hp->rope.attn_factor /= 1 + 0.1 * log_factor;
    return true;
}

/* Mistral's. */
static bool read_temperature(HrHparams *hp, const HrKeys *keys)
{
    HrTemperature *t = &hp->temperature;
    if (!hr_keys_read_float_or(keys, "attention.temperature_scale", 0, 1e3, 0, &t->scale) ||
        !hr_keys_read_uint_or(keys, "attention.temperature_length", 0, HR_MAX_CTX, 0, &t->length))
        return false;
    if (t->scale > 0 && t->length == 0)
        return hr_keys_bad(keys, "attention.temperature_length", "is missing");
    for (uint32_t il = 0; il < hp->n_layer; il++)
        hp->layers[il].tempered = t->scale > 0;
    return true;
}

static bool shape(HrHparams *hp, const HrKeys *keys)
{
    HrLatent *a = &hp->latent;
    if (!read_widths(keys, a) || !read_temperature(hp, keys))
        return false;
    bool latent = a->key > 0;
    a->key = latent ? a->key : hp->layers[0].head_dim_k;
    a->value = a->value > 0 ? a->value : hp->layers[0].head_dim_v;
    if (hp->rope.n_rot >= a->key)
        return hr_keys_bad(keys, "rope.dimension_count", "leaves nothing of a key unturned");
    hp->rope.first = a->key - hp->rope.n_rot;
    return read_scale(hp, keys) && (!latent || shape_latent(hp, keys));
}

/* ---- Tensors ---- */

static void bind_latent(HrBinder *b, const HrHparams *hp, int il, HrLayerWeights *l)
{
    const HrLatent *a = &hp->latent;
    HrLatentWeights *w = &l->latent;
    uint32_t n_head = hp->layers[il].n_head, unturned = a->key - hp->rope.n_rot;
    if (hr_bind_finds(b, il, "attn_q.weight")) {
        hr_bind_linear(b, &l->attn_q, il, "attn_q", hp->n_embd, (uint64_t)n_head * a->key);
    } else {
        hr_bind_linear(b, &w->q_a, il, "attn_q_a", hp->n_embd, a->q_row);
        hr_bind(b, &w->q_a_norm, il, "attn_q_a_norm.weight", a->q_row, 1);
        hr_bind_linear(b, &w->q_b, il, "attn_q_b", a->q_row, (uint64_t)n_head * a->key);
    }
    hr_bind_linear(b, &w->kv_a, il, "attn_kv_a_mqa", hp->n_embd, a->kv_row + hp->rope.n_rot);
    hr_bind(b, &w->kv_a_norm, il, "attn_kv_a_norm.weight", a->kv_row, 1);
    if (hp->layers[il].latent) {
        hr_bind_stack(b, &w->k_b, il, "attn_k_b", unturned, a->kv_row, n_head);
        hr_bind_stack(b, &w->v_b, il, "attn_v_b", a->kv_row, a->value, n_head);
    } else {
        hr_bind_linear(b, &w->kv_b, il, "attn_kv_b", a->kv_row,
                       (uint64_t)n_head * (unturned + a->value));
    }
    hr_bind_linear(b, &l->attn_output, il, "attn_output", (uint64_t)n_head * a->value, hp->n_embd);
    l->attn_q.fine = w->q_a.fine = w->q_b.fine = w->kv_a.fine = w->kv_b.fine = l->attn_output.fine =
        true;
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_ends(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        hr_bind(b, &l->attn_norm, (int)il, "attn_norm.weight", hp->n_embd, 1);
        bind_latent(b, hp, (int)il, l);
        hr_bind(b, &l->ffn_norm, (int)il, "ffn_norm.weight", hp->n_embd, 1);
        hr_bind_feed_forward(b, hp, (int)il, l);
    }
    hr_take_unscaled(hp, w);
}

/* ---- Steps ---- */

/* Queries of all heads, and the row that keys and values are made from: normalised, but for the
 * dimensions that turn. */
static HrBuf emit_queries(HrEmit *e, HrBuf h, const HrLayerWeights *l, HrBuf *ret_row)
{
    const HrLatentWeights *w = &l->latent;
    bool narrow = hr_weight_exists(&w->q_a.weight);
    HrBuf q = hr_emit_linear(e, h, narrow ? &w->q_a : &l->attn_q);
    HrBuf row = hr_emit_linear(e, h, &w->kv_a);
    if (narrow)
        q = hr_emit_linear(e, hr_emit_rms_norm(e, q, &w->q_a_norm), &w->q_b);
    *ret_row = hr_emit_rms_norm(e, row, &w->kv_a_norm);
    return q;
}

static HrBuf emit_latent(HrEmit *e, const HrHparams *hp, HrBuf q, HrBuf row,
                         const HrLatentWeights *w)
{
    q = hr_emit_head_linear(e, q, &w->k_b, hp->latent.key);
    hr_emit_rope_and_store(e, q, row, HR_NO_BUF);
    return hr_emit_attention(e, q);
}

static HrBuf emit_expanded(HrEmit *e, const HrHparams *hp, HrBuf q, HrBuf row,
                           const HrLatentWeights *w)
{
    const HrLatent *a = &hp->latent;
    uint32_t unturned = a->key - hp->rope.n_rot, both = unturned + a->value;
    HrBuf kv =
        hr_emit_linear(e, hr_emit_pick(e, row, a->kv_row + hp->rope.n_rot, 0, a->kv_row), &w->kv_b);
    HrBuf k = hr_emit_join_heads(e, kv, both, unturned, row, a->kv_row);
    HrBuf v = hr_emit_pick(e, kv, both, unturned, a->value);
    hr_emit_rope_and_store(e, q, k, v);
    return hr_emit_attention(e, q);
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrRouting routing = hr_routing(hp, hr_scores(hp, HR_SCORES_SOFTMAX), hp->experts.normalise);
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        bool latent = hp->layers[il].latent;
        hr_emit_layer(e, il);

        HrBuf row, q = emit_queries(e, hr_emit_rms_norm(e, x, &l->attn_norm), l, &row);
        HrBuf a = latent ? emit_latent(e, hp, q, row, &l->latent)
                         : emit_expanded(e, hp, q, row, &l->latent);
        hr_emit_narrow_to_outputs(e, &a, &x);
        if (latent)
            a = hr_emit_head_linear(e, a, &l->latent.v_b, hp->latent.kv_row);
        x = hr_emit_linear_add(e, a, &l->attn_output, x);
        x = hr_emit_feed_forward(e, x, l, &routing);
    }
    hr_emit_head(e, x, w);
}

const HrArch hr_arch_deepseek2 = {.name = "deepseek2",
                                  .models = "DeepSeek V2, V2 Lite, V3, R1, Kimi K2, GLM-4.7 Flash",
                                  .rope = HR_ROPE_NORM,
                                  .shape = shape,
                                  .bind = bind,
                                  .emit = emit};
const HrArch hr_arch_mistral4 = {.name = "mistral4",
                                 .models = "Mistral 4",
                                 .rope = HR_ROPE_NORM,
                                 .shape = shape,
                                 .bind = bind,
                                 .emit = emit};
