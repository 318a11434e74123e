/* arch-qwen3next.c: Qwen3-Next.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Qwen 2025: gated delta networks and gated attention as in Qwen3.5, which came later; heads share
 * keys and queries in neighbouring groups, and what is projected for a group lies together, in
 * older files queries, keys, values and gates, too.
 */
#include "model/delta.h"

static void bind_delta(HrBinder *b, const HrHparams *hp, int il, HrRecurrentWeights *w)
{
    const HrRecurrentShape *r = &hp->recurrent;
    uint64_t n_qk = 2 * (uint64_t)r->n_group * r->n_state;
    hr_delta_bind(b, hp, il, w);
    hr_bind_linear(b, &w->in_b, il, "ssm_ba", hp->n_embd, 2 * (uint64_t)r->n_head);
    if (hr_bind_finds(b, il, "attn_qkv.weight")) {
        hr_bind_linear(b, &w->in_x, il, "attn_qkv", hp->n_embd, r->n_inner + n_qk);
        hr_bind_linear(b, &w->in_gate, il, "attn_gate", hp->n_embd, r->n_inner);
    } else {
        hr_bind_linear(b, &w->in, il, "ssm_in", hp->n_embd, 2 * (uint64_t)r->n_inner + n_qk);
    }
    w->in.fine = w->in_x.fine = w->in_gate.fine = w->in_b.fine = w->out.fine = true;
    w->in_x.scale = w->in_gate.scale = w->in.scale = w->out.scale = (HrWeight){0};
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_ends(b, hp, w);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerWeights *l = &w->layers[il];
        hr_bind(b, &l->attn_norm, (int)il, "attn_norm.weight", hp->n_embd, 1);
        if (hr_delta_is_recurrent(hp, il))
            bind_delta(b, hp, (int)il, &l->recurrent);
        else
            hr_gated_attention_bind(b, hp, (int)il, l);
        hr_bind(b, &l->ffn_norm, (int)il, "post_attention_norm.weight", hp->n_embd, 1);
        hr_bind_feed_forward(b, hp, (int)il, l);
    }
}

/* A group's query, key, values and gates lie together: sorts them. */
static HrBuf sort_groups(HrEmit *e, const HrRecurrentShape *r, HrBuf all, HrBuf *ret_gate)
{
    uint32_t n = r->n_state, n_values = r->n_inner / r->n_group, stride = 2 * n + 2 * n_values;
    *ret_gate = hr_emit_pick(e, all, stride, 2 * n + n_values, n_values);
    return hr_emit_gather(
        e, all,
        (const HrColumns[]){{stride, 0, n, 0}, {stride, n, n, 0}, {stride, 2 * n, n_values, 0}}, 3);
}

static HrBuf emit_delta(HrEmit *e, const HrHparams *hp, HrBuf h, const HrRecurrentWeights *w)
{
    const HrRecurrentShape *r = &hp->recurrent;
    bool sorted = hr_weight_exists(&w->in_x.weight);
    uint32_t n_heads = r->n_head / r->n_group;
    HrBuf qkv = hr_emit_linear(e, h, sorted ? &w->in_x : &w->in), gate = HR_NO_BUF;
    if (sorted)
        gate = hr_emit_linear(e, h, &w->in_gate);
    HrBuf both = hr_emit_linear(e, h, &w->in_b);
    if (!sorted)
        qkv = sort_groups(e, r, qkv, &gate);
    HrBuf rate = hr_emit_pick(e, both, 2 * n_heads, 0, n_heads);
    HrBuf decay = hr_emit_pick(e, both, 2 * n_heads, n_heads, n_heads);
    return hr_delta_emit(e, hp, qkv, gate, decay, rate, false, w);
}

static void emit(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrRouting routing = hr_routing(hp, HR_SCORES_SOFTMAX, true);
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        bool recurrent = hr_delta_is_recurrent(hp, il);
        hr_emit_layer(e, il);

        HrBuf h = hr_emit_rms_norm(e, x, &l->attn_norm);
        HrBuf a =
            recurrent ? emit_delta(e, hp, h, &l->recurrent) : hr_gated_attention_emit(e, hp, h, l);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_linear_add(e, a, recurrent ? &l->recurrent.out : &l->attn_output, x);
        x = hr_emit_feed_forward(e, x, l, &routing);
    }
    hr_emit_head(e, x, w);
}

const HrArch hr_arch_qwen3next = {.name = "qwen3next",
                                  .models = "Qwen3-Next",
                                  .rope = HR_ROPE_NEOX,
                                  .experts = true,
                                  .shape = hr_delta_shape,
                                  .bind = bind,
                                  .emit = emit};
