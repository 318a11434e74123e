/* arch-qwen35.c: Qwen3.5, dense and with experts.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Qwen 2026: three of four layers are gated delta networks, the fourth is gated attention with
 * normalised heads. Text alone: its rotary positions are those of one dimension.
 */
#include "model/delta.h"

static void bind_delta(HrBinder *b, const HrHparams *hp, int il, HrRecurrentWeights *w)
{
    const HrRecurrentShape *r = &hp->recurrent;
    hr_delta_bind(b, hp, il, w);
    hr_bind_linear(b, &w->in_x, il, "attn_qkv", hp->n_embd,
                   r->n_inner + 2 * (uint64_t)r->n_group * r->n_state);
    hr_bind_linear(b, &w->in_gate, il, "attn_gate", hp->n_embd, r->n_inner);
    hr_bind_linear(b, &w->in_dt, il, "ssm_alpha", hp->n_embd, r->n_head);
    hr_bind_linear(b, &w->in_b, il, "ssm_beta", hp->n_embd, r->n_head);
    w->in_x.fine = w->in_gate.fine = w->in_dt.fine = w->in_b.fine = w->out.fine = true;
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

/* Heads share keys and queries in turn: head h those of group h modulo the groups. */
static HrBuf emit_delta(HrEmit *e, const HrHparams *hp, HrBuf h, const HrRecurrentWeights *w)
{
    HrBuf qkv = hr_emit_linear(e, h, &w->in_x);
    HrBuf gate = hr_emit_linear(e, h, &w->in_gate);
    HrBuf decay = hr_emit_linear(e, h, &w->in_dt);
    HrBuf rate = hr_emit_linear(e, h, &w->in_b);
    return hr_delta_emit(e, hp, qkv, gate, decay, rate, true, w);
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

const HrArch hr_arch_qwen35 = {.name = "qwen35",
                               .models = "Qwen3.5",
                               .rope = HR_ROPE_NEOX,
                               .shape = hr_delta_shape,
                               .bind = bind,
                               .emit = emit};
const HrArch hr_arch_qwen35moe = {.name = "qwen35moe",
                                  .models = "Qwen3.5-A3B",
                                  .rope = HR_ROPE_NEOX,
                                  .experts = true,
                                  .shape = hr_delta_shape,
                                  .bind = bind,
                                  .emit = emit};
