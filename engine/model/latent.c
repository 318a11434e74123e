/* latent.c: see latent.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "model/latent.h"

#include <math.h>

/* ---- Shape ---- */

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
        if (s->n_head == 0)
            continue;
        s->n_head_kv = 1;
        s->head_dim_k = a->kv_row + hp->rope.n_rot;
        s->head_dim_v = a->kv_row;
        s->latent = true;
        if ((uint64_t)s->n_head * MAX(s->head_dim_k, a->key) > HR_MAX_WIDTH)
            return hr_keys_bad(keys, "attention.head_count", "is out of range");
    }
    hp->rope.first = a->kv_row;
    return true;
}

bool hr_latent_shape(HrHparams *hp, const HrKeys *keys)
{
    HrLatent *a = &hp->latent;
    if (!read_widths(keys, a))
        return false;
    bool latent = a->key > 0;
    a->key = latent ? a->key : hp->head_dim_k;
    a->value = a->value > 0 ? a->value : hp->head_dim_v;
    if (hp->rope.n_rot > a->key || (latent && hp->rope.n_rot == a->key))
        return hr_keys_bad(keys, "rope.dimension_count", "leaves nothing of a key unturned");
    hp->rope.first = a->key - hp->rope.n_rot;
    hp->attention_scale = (float)(1 / sqrt(a->key));
    if (latent)
        return shape_latent(hp, keys);
    for (uint32_t il = 0; il < hp->n_layer; il++)
        hp->layers[il].n_head_kv =
            hp->layers[il].n_head; /* made from the row, whatever the file counts */
    return true;
}

/* ---- Tensors ---- */

void hr_latent_bind(HrBinder *b, const HrHparams *hp, int il, HrLayerWeights *l)
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

HrBuf hr_latent_emit(HrEmit *e, const HrHparams *hp, HrBuf h, const HrLayerWeights *l)
{
    HrBuf row, q = emit_queries(e, h, l, &row);
    return hp->layers[e->layer].latent ? emit_latent(e, hp, q, row, &l->latent)
                                       : emit_expanded(e, hp, q, row, &l->latent);
}

HrBuf hr_latent_emit_answers(HrEmit *e, const HrHparams *hp, HrBuf a, const HrLayerWeights *l)
{
    return hr_weight_exists(&l->latent.v_b.weight)
               ? hr_emit_head_linear(e, a, &l->latent.v_b, hp->latent.kv_row)
               : a;
}
