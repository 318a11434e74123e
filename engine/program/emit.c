/* emit.c: see emit.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "program/emit.h"

static HrBuf new_buffer(HrEmit *e, HrRows rows, uint32_t cols)
{
    HrBuffer buffer = {.rows = rows,
                       .cols = cols,
                       .first_op = e->program->ops->len,
                       .last_op = e->program->ops->len};
    g_array_append_val(e->program->buffers, buffer);
    return e->program->buffers->len - 1;
}

static HrBuffer *buffer_of(HrEmit *e, HrBuf buf)
{
    return &g_array_index(e->program->buffers, HrBuffer, buf);
}

static HrOp new_op(HrEmit *e, HrOpKind kind, HrBuf src)
{
    return (HrOp){.kind = kind,
                  .layer = e->layer,
                  .src = src,
                  .dst = HR_NO_BUF,
                  .k = HR_NO_BUF,
                  .v = HR_NO_BUF,
                  .add = HR_NO_BUF,
                  .factor = 1};
}

static void use(HrEmit *e, HrBuf buf, uint32_t op)
{
    if (buf != HR_NO_BUF)
        buffer_of(e, buf)->last_op = MAX(buffer_of(e, buf)->last_op, op);
}

static void append(HrEmit *e, const HrOp *op)
{
    uint32_t index = e->program->ops->len;
    g_array_append_vals(e->program->ops, op, 1);
    use(e, op->src, index);
    use(e, op->k, index);
    use(e, op->v, index);
    use(e, op->add, index);
}

HrOp hr_emit_begin(HrEmit *e, HrOpKind kind, HrBuf src)
{
    return new_op(e, kind, src);
}

HrBuf hr_emit_end(HrEmit *e, HrOp *op, uint32_t cols)
{
    op->dst = new_buffer(e, buffer_of(e, op->src)->rows, cols);
    append(e, op);
    return op->dst;
}

uint32_t hr_emit_cols(HrEmit *e, HrBuf buf)
{
    return buffer_of(e, buf)->cols;
}

void hr_emit_layer(HrEmit *e, uint32_t layer)
{
    e->layer = layer;
}

HrBuf hr_emit_embed(HrEmit *e, const HrWeight *embeddings)
{
    return hr_emit_embed_scaled(e, embeddings, 1);
}

static HrBuf embed(HrEmit *e, const HrWeight *table, float factor, uint32_t cols, bool beside)
{
    HrOp op = new_op(e, HR_OP_EMBED, HR_NO_BUF);
    op.weight = table;
    op.factor = factor;
    op.beside = beside;
    op.dst = new_buffer(e, HR_ROWS_TOKENS, cols);
    append(e, &op);
    return op.dst;
}

HrBuf hr_emit_embed_scaled(HrEmit *e, const HrWeight *embeddings, float factor)
{
    return embed(e, embeddings, factor, e->program->hparams->n_embd, false);
}

HrBuf hr_emit_embed_beside(HrEmit *e, const HrWeight *table, float factor)
{
    return embed(e, table, factor, (uint32_t)table->n_in, true);
}

HrBuf hr_emit_rms_norm(HrEmit *e, HrBuf x, const HrWeight *weight)
{
    return hr_emit_rms_norm_by(e, x, weight, 0);
}

HrBuf hr_emit_rms_norm_by(HrEmit *e, HrBuf x, const HrWeight *weight, float eps)
{
    HrOp op = new_op(e, HR_OP_RMS_NORM, x);
    op.weight = weight;
    op.eps = eps;
    op.dst = new_buffer(e, buffer_of(e, x)->rows, buffer_of(e, x)->cols);
    append(e, &op);
    return op.dst;
}

HrBuf hr_emit_layer_norm(HrEmit *e, HrBuf x, const HrNorm *norm)
{
    HrOp op = new_op(e, HR_OP_LAYER_NORM, x);
    op.weight = hr_weight_exists(&norm->weight) ? &norm->weight : NULL;
    op.bias = hr_weight_exists(&norm->bias) ? &norm->bias : NULL;
    op.dst = new_buffer(e, buffer_of(e, x)->rows, buffer_of(e, x)->cols);
    append(e, &op);
    return op.dst;
}

static HrBuf add_row(HrEmit *e, HrBuf x, const HrWeight *table, bool by_position)
{
    HrOp op = new_op(e, HR_OP_ADD_ROW, x);
    op.weight = table;
    op.by_position = by_position;
    op.dst = new_buffer(e, buffer_of(e, x)->rows, buffer_of(e, x)->cols);
    append(e, &op);
    return op.dst;
}

HrBuf hr_emit_add_positions(HrEmit *e, HrBuf x, const HrWeight *table)
{
    return add_row(e, x, table, true);
}

HrBuf hr_emit_add_first_row(HrEmit *e, HrBuf x, const HrWeight *table)
{
    return add_row(e, x, table, false);
}

/* The operation that a product of x can join, or NULL. */
static HrOp *joinable(HrEmit *e, HrBuf x)
{
    HrOp *last = e->program->ops->len
                     ? &g_array_index(e->program->ops, HrOp, e->program->ops->len - 1)
                     : NULL;
    bool fits = last && last->kind == HR_OP_LINEAR && last->src == x && last->add == HR_NO_BUF &&
                last->factor == 1 && last->n_parts < HR_LINEAR_PARTS;
    return fits ? last : NULL;
}

HrBuf hr_emit_linear(HrEmit *e, HrBuf x, const HrLinear *linear)
{
    HrOp *last = joinable(e, x);
    if (!last)
        return hr_emit_linear_add(e, x, linear, HR_NO_BUF);
    HrLinearPart part = {linear,
                         new_buffer(e, buffer_of(e, x)->rows, (uint32_t)linear->weight.n_out)};
    buffer_of(e, part.dst)->first_op = e->program->ops->len - 1;
    last->parts[last->n_parts++] = part;
    return part.dst;
}

HrBuf hr_emit_linear_add(HrEmit *e, HrBuf x, const HrLinear *linear, HrBuf residual)
{
    return hr_emit_linear_add_scaled(e, x, linear, 1, residual);
}

HrBuf hr_emit_linear_add_scaled(HrEmit *e, HrBuf x, const HrLinear *linear, float factor,
                                HrBuf residual)
{
    HrOp op = new_op(e, HR_OP_LINEAR, x);
    op.factor = factor;
    op.add = residual;
    op.parts[0] = (HrLinearPart){linear, new_buffer(e, buffer_of(e, x)->rows,
                                                    (uint32_t)linear->weight.n_out)};
    op.n_parts = 1;
    append(e, &op);
    return op.parts[0].dst;
}

void hr_emit_head_norms(HrEmit *e, HrBuf q, const HrWeight *q_weight, HrBuf k,
                        const HrWeight *k_weight)
{
    HrOp op = new_op(e, HR_OP_HEAD_NORMS, q);
    op.k = k;
    op.weight = q_weight;
    op.k_weight = k_weight;
    append(e, &op);
}

void hr_emit_head_layer_norms(HrEmit *e, HrBuf q, const HrWeight *q_weight, HrBuf k,
                              const HrWeight *k_weight)
{
    hr_emit_head_norms(e, q, q_weight, k, k_weight);
    g_array_index(e->program->ops, HrOp, e->program->ops->len - 1).centred = true;
}

static void store(HrEmit *e, HrBuf q, HrBuf k, HrBuf v, bool unturned)
{
    HrOp op = new_op(e, HR_OP_ROPE_STORE, q);
    op.k = k;
    op.v = v;
    op.unturned = unturned;
    append(e, &op);
    use(e, hr_program_rope_table(e->program, e->layer), e->program->ops->len - 1);
}

void hr_emit_rope_and_store(HrEmit *e, HrBuf q, HrBuf k, HrBuf v)
{
    store(e, q, k, v, e->program->hparams->layers[e->layer].unturned);
}

void hr_emit_store(HrEmit *e, HrBuf q, HrBuf k, HrBuf v)
{
    store(e, q, k, v, true);
}

HrBuf hr_emit_attention(HrEmit *e, HrBuf q)
{
    return hr_emit_attention_with_sinks(e, q, NULL);
}

HrBuf hr_emit_attention_with_sinks(HrEmit *e, HrBuf q, const HrWeight *sinks)
{
    const HrHparams *hp = e->program->hparams;
    HrOp op = new_op(e, HR_OP_ATTENTION, q);
    op.weight = sinks;
    op.dst = new_buffer(e, HR_ROWS_TOKENS,
                        hp->layers[e->layer].n_head * hp->layers[e->layer].head_dim_v);
    append(e, &op);
    return op.dst;
}

HrBuf hr_emit_activate(HrEmit *e, HrActivation activation, HrBuf gate, HrBuf up)
{
    HrOp op = new_op(e, HR_OP_ACTIVATE, gate);
    op.activation = activation;
    op.k = up;
    op.dst =
        new_buffer(e, buffer_of(e, gate)->rows, buffer_of(e, up == HR_NO_BUF ? gate : up)->cols);
    append(e, &op);
    return op.dst;
}

static HrBuf emit_experts(HrEmit *e, HrBuf h, HrBuf logits, const HrExperts *mixture,
                          const HrExpertWeights *experts, const HrRouting *routing, HrBuf residual)
{
    HrRows rows = buffer_of(e, h)->rows;
    uint32_t n_hidden = (uint32_t)experts->up.weight.n_out;
    HrOp op = new_op(e, HR_OP_EXPERTS, h);
    op.k = logits;
    op.v = new_buffer(e, rows, mixture->n_used * n_hidden);
    op.add = residual;
    op.experts = experts;
    op.mixture = mixture;
    op.routing = *routing;
    op.dst = new_buffer(e, rows,
                        hr_weight_exists(&experts->down.weight)
                            ? (uint32_t)experts->down.weight.n_out
                            : n_hidden);
    append(e, &op);
    return op.dst;
}

HrBuf hr_emit_experts(HrEmit *e, HrBuf h, HrBuf logits, const HrExpertWeights *experts,
                      const HrRouting *routing, HrBuf residual)
{
    return emit_experts(e, h, logits, &e->program->hparams->experts, experts, routing, residual);
}

HrBuf hr_emit_value_experts(HrEmit *e, HrBuf h, const HrExpertWeights *experts,
                            const HrRouting *routing)
{
    return emit_experts(e, h, hr_emit_linear(e, h, &experts->router),
                        &e->program->hparams->value_experts, experts, routing, HR_NO_BUF);
}

HrBuf hr_emit_scale_add(HrEmit *e, HrBuf x, float factor, HrBuf y)
{
    HrOp op = new_op(e, HR_OP_COMBINE, x);
    op.k = y;
    op.factor = factor;
    op.dst = new_buffer(e, buffer_of(e, x)->rows, buffer_of(e, x)->cols);
    append(e, &op);
    return op.dst;
}

HrBuf hr_emit_divided(HrEmit *e, HrBuf x, const HrWeight *divisors)
{
    HrBuf y = hr_emit_factors(e, x, divisors, HR_NO_BUF);
    g_array_index(e->program->ops, HrOp, e->program->ops->len - 1).divides = true;
    return y;
}

HrBuf hr_emit_factors(HrEmit *e, HrBuf x, const HrWeight *factors, HrBuf y)
{
    HrOp op = new_op(e, HR_OP_FACTORS, x);
    op.weight = factors;
    op.k = y;
    op.dst = new_buffer(e, buffer_of(e, x)->rows, buffer_of(e, x)->cols);
    append(e, &op);
    return op.dst;
}

HrBuf hr_emit_scale(HrEmit *e, HrBuf x, float factor)
{
    return hr_emit_scale_add(e, x, factor, HR_NO_BUF);
}

HrBuf hr_emit_gather(HrEmit *e, HrBuf x, const HrColumns *pieces, uint32_t n)
{
    uint32_t n_in = buffer_of(e, x)->cols, n_out = 0;
    for (uint32_t i = 0; i < n; i++)
        n_out += n_in / pieces[i].stride * pieces[i].width;
    HrBuf y = new_buffer(e, buffer_of(e, x)->rows, n_out);
    for (uint32_t i = 0, at = 0; i < n; i++) {
        HrOp op = new_op(e, HR_OP_PICK, x);
        op.columns = pieces[i];
        op.columns.at = at;
        op.dst = y;
        append(e, &op);
        at += n_in / pieces[i].stride * pieces[i].width;
    }
    return y;
}

HrBuf hr_emit_head_linear(HrEmit *e, HrBuf x, const HrLinearStack *stack, uint32_t width)
{
    uint32_t out_width = (uint32_t)stack->weight.n_out + width - (uint32_t)stack->weight.n_in;
    HrOp op = new_op(e, HR_OP_HEAD_LINEAR, x);
    op.stack = stack;
    op.columns.stride = width;
    op.dst = new_buffer(e, buffer_of(e, x)->rows, buffer_of(e, x)->cols / width * out_width);
    append(e, &op);
    return op.dst;
}

HrBuf hr_emit_join_heads(HrEmit *e, HrBuf x, uint32_t stride, uint32_t width, HrBuf shared,
                         uint32_t at)
{
    HrOp op = new_op(e, HR_OP_JOIN_HEADS, x);
    op.k = shared;
    op.columns = (HrColumns){.stride = stride, .width = width, .at = at};
    op.dst = new_buffer(e, buffer_of(e, x)->rows,
                        buffer_of(e, x)->cols / stride * (width + buffer_of(e, shared)->cols - at));
    append(e, &op);
    return op.dst;
}

HrBuf hr_emit_pick(HrEmit *e, HrBuf x, uint32_t stride, uint32_t first, uint32_t width)
{
    return hr_emit_gather(e, x, &(HrColumns){.stride = stride, .first = first, .width = width}, 1);
}

/* ---- Recurrent layers ---- */

HrBuf hr_emit_group_norm(HrEmit *e, HrBuf x, const HrWeight *weight, uint32_t width)
{
    HrOp op = new_op(e, HR_OP_GROUP_NORM, x);
    op.weight = weight;
    op.recurrence.width = width;
    op.dst = new_buffer(e, buffer_of(e, x)->rows, buffer_of(e, x)->cols);
    append(e, &op);
    return op.dst;
}

HrBuf hr_emit_short_conv(HrEmit *e, HrBuf x, HrBuf in_gate, HrBuf out_gate, const HrWeight *kernel,
                         const HrWeight *bias, const HrRecurrence *recurrence)
{
    HrOp op = new_op(e, HR_OP_SHORT_CONV, x);
    op.k = in_gate;
    op.v = out_gate;
    op.weight = kernel;
    op.bias = hr_weight_exists(bias) ? bias : NULL;
    op.recurrence = *recurrence;
    op.dst = new_buffer(e, HR_ROWS_TOKENS, buffer_of(e, x)->cols);
    append(e, &op);
    return op.dst;
}

static HrBuf recurrent(HrEmit *e, HrOpKind kind, const HrBuf sources[4],
                       const HrRecurrence *recurrence)
{
    HrOp op = new_op(e, kind, sources[0]);
    op.k = sources[1];
    op.v = sources[2];
    op.add = sources[3];
    op.recurrence = *recurrence;
    op.dst = new_buffer(e, HR_ROWS_TOKENS, recurrence->n_head * recurrence->head_dim);
    append(e, &op);
    return op.dst;
}

HrBuf hr_emit_ssm(HrEmit *e, HrBuf xbc, HrBuf dt, const HrRecurrence *recurrence)
{
    return recurrent(e, HR_OP_SSM, (const HrBuf[]){xbc, dt, HR_NO_BUF, HR_NO_BUF}, recurrence);
}

HrBuf hr_emit_ssm_apart(HrEmit *e, HrBuf x, HrBuf dt, HrBuf b, HrBuf c,
                        const HrRecurrence *recurrence)
{
    return recurrent(e, HR_OP_SSM, (const HrBuf[]){x, dt, b, c}, recurrence);
}

HrBuf hr_emit_selective(HrEmit *e, HrBuf x, HrBuf dt, HrBuf b, HrBuf c,
                        const HrRecurrence *recurrence)
{
    return recurrent(e, HR_OP_SELECTIVE, (const HrBuf[]){x, dt, b, c}, recurrence);
}

HrBuf hr_emit_delta_rule(HrEmit *e, HrBuf qkv, HrBuf decay, HrBuf rate,
                         const HrRecurrence *recurrence)
{
    return recurrent(e, HR_OP_DELTA_RULE, (const HrBuf[]){qkv, decay, rate, HR_NO_BUF}, recurrence);
}

HrBuf hr_emit_retain(HrEmit *e, HrBuf qkv, const HrRecurrence *recurrence)
{
    return recurrent(e, HR_OP_RETAIN, (const HrBuf[]){qkv, HR_NO_BUF, HR_NO_BUF, HR_NO_BUF},
                     recurrence);
}

static HrBuf output_rows(HrEmit *e, HrBuf x)
{
    HrOp op = new_op(e, HR_OP_OUTPUT_ROWS, x);
    op.dst = new_buffer(e, HR_ROWS_OUTPUTS, buffer_of(e, x)->cols);
    append(e, &op);
    return op.dst;
}

HrBuf hr_emit_add(HrEmit *e, HrBuf x, HrBuf y)
{
    HrOp op = new_op(e, HR_OP_ADD, x);
    op.k = y;
    op.dst = new_buffer(e, buffer_of(e, x)->rows, buffer_of(e, x)->cols);
    append(e, &op);
    return op.dst;
}

void hr_emit_logits(HrEmit *e, HrBuf x, const HrLinear *output)
{
    hr_emit_logits_scaled(e, x, output, 1);
}

void hr_emit_logits_scaled(HrEmit *e, HrBuf x, const HrLinear *output, float factor)
{
    HrOp op = new_op(e, HR_OP_LOGITS, x);
    op.parts[0].linear = output;
    op.factor = factor;
    op.n_parts = 1;
    append(e, &op);
    e->program->output_width = (uint32_t)output->weight.n_out;
}

/* ---- Texts that are computed whole ---- */

void hr_emit_rope(HrEmit *e, HrBuf q, HrBuf k)
{
    HrOp op = new_op(e, HR_OP_ROPE, q);
    op.k = k;
    append(e, &op);
    use(e, hr_program_rope_table(e->program, e->layer), e->program->ops->len - 1);
}

HrBuf hr_emit_attend_text(HrEmit *e, HrBuf q, HrBuf k, HrBuf v, uint32_t window)
{
    const HrLayerShape *shape = &e->program->hparams->layers[e->layer];
    HrOp op = new_op(e, HR_OP_ATTEND_TEXT, q);
    op.k = k;
    op.v = v;
    op.window = window;
    op.dst = new_buffer(e, HR_ROWS_TOKENS, shape->n_head * shape->head_dim_v);
    append(e, &op);
    return op.dst;
}

/* ---- From rows of tokens to a vector ---- */

static HrBuf pool(HrEmit *e, HrBuf x)
{
    if (buffer_of(e, x)->rows == HR_ROWS_OUTPUTS)
        return x;
    if (e->program->hparams->pooling != HR_POOLING_MEAN)
        return output_rows(e, x);
    HrOp op = new_op(e, HR_OP_MEAN_ROWS, x);
    op.dst = new_buffer(e, HR_ROWS_OUTPUTS, buffer_of(e, x)->cols);
    append(e, &op);
    return op.dst;
}

/* A classifier's head: a layer with tanh, as BERT has it, or with GELU and a norm, as ModernBERT
 * has it; then the scores. */
static HrBuf classify(HrEmit *e, HrBuf x, const HrWeights *w)
{
    bool normed = hr_weight_exists(&w->cls_norm.weight),
         scored = hr_weight_exists(&w->cls_output.weight);
    if (hr_weight_exists(&w->cls.weight)) {
        x = hr_emit_linear(e, x, &w->cls);
        if (scored)
            x = hr_emit_activate(e, normed ? HR_GELU_ERF : HR_TANH, x, HR_NO_BUF);
    }
    if (normed)
        x = hr_emit_layer_norm(e, x, &w->cls_norm);
    return scored ? hr_emit_linear(e, x, &w->cls_output) : x;
}

void hr_emit_vector(HrEmit *e, HrBuf x, const HrWeights *w)
{
    x = pool(e, x);
    if (hr_weight_exists(&w->dense_2.weight))
        x = hr_emit_linear(e, x, &w->dense_2);
    if (hr_weight_exists(&w->dense_3.weight))
        x = hr_emit_linear(e, x, &w->dense_3);
    if (e->program->hparams->pooling == HR_POOLING_RANK)
        x = classify(e, x, w);
    HrOp op = new_op(e, HR_OP_OUTPUT, x);
    append(e, &op);
    e->program->output_width = buffer_of(e, x)->cols;
}

/* ---- Parts that most decoders share ---- */

static void clamp(HrEmit *e, HrBuf x, float cap)
{
    HrOp op = new_op(e, HR_OP_CLAMP, x);
    op.factor = cap;
    append(e, &op);
}

HrHeads hr_emit_qkv(HrEmit *e, HrBuf h, const HrLayerWeights *l)
{
    float cap = e->program->hparams->qkv_cap;
    HrHeads heads = {.q = hr_emit_linear(e, h, &l->attn_q)};
    heads.k = hr_emit_linear(e, h, &l->attn_k);
    heads.v = hr_emit_linear(e, h, &l->attn_v);
    if (cap > 0) {
        clamp(e, heads.q, cap);
        clamp(e, heads.k, cap);
        clamp(e, heads.v, cap);
    }
    return heads;
}

HrBuf hr_emit_heads(HrEmit *e, HrBuf h, const HrLayerWeights *l)
{
    HrHeads heads = hr_emit_qkv(e, h, l);
    if (hr_weight_exists(&l->attn_q_norm))
        hr_emit_head_norms(e, heads.q, &l->attn_q_norm, heads.k, &l->attn_k_norm);
    if (e->program->hparams->encoder) {
        hr_emit_rope(e, heads.q, heads.k);
        return hr_emit_attend_text(e, heads.q, heads.k, heads.v,
                                   e->program->hparams->layers[e->layer].window);
    }
    hr_emit_rope_and_store(e, heads.q, heads.k, heads.v);
    return hr_emit_attention_with_sinks(e, heads.q,
                                        hr_weight_exists(&l->attn_sinks) ? &l->attn_sinks : NULL);
}

HrBuf hr_emit_heads_turned_first(HrEmit *e, HrBuf h, const HrLayerWeights *l)
{
    HrHeads heads = hr_emit_qkv(e, h, l);
    hr_emit_rope(e, heads.q, heads.k);
    hr_emit_head_norms(e, heads.q, &l->attn_q_norm, heads.k, &l->attn_k_norm);
    hr_emit_store(e, heads.q, heads.k, heads.v);
    return hr_emit_attention(e, heads.q);
}

HrBuf hr_emit_swiglu(HrEmit *e, HrBuf x, const HrLayerWeights *l)
{
    HrBuf h = hr_emit_rms_norm(e, x, &l->ffn_norm);
    HrBuf gate = hr_emit_linear(e, h, &l->ffn_gate);
    HrBuf up = hr_emit_linear(e, h, &l->ffn_up);
    HrBuf g = hr_emit_activate(e, HR_SILU, gate, up);
    return hr_emit_linear_add(e, g, &l->ffn_down, x);
}

HrBuf hr_emit_ffn(HrEmit *e, HrBuf h, const HrLayerWeights *l, HrActivation activation,
                  HrBuf residual)
{
    bool gated = hr_weight_exists(&l->ffn_gate.weight);
    HrBuf gate = gated ? hr_emit_linear(e, h, &l->ffn_gate) : HR_NO_BUF;
    HrBuf up = hr_emit_linear(e, h, &l->ffn_up);
    HrBuf g = gated ? hr_emit_activate(e, activation, gate, up)
                    : hr_emit_activate(e, activation, up, HR_NO_BUF);
    return hr_emit_linear_add(e, g, &l->ffn_down, residual);
}

HrBuf hr_emit_add_normed(HrEmit *e, HrBuf x, HrBuf y, const HrWeight *norm)
{
    return hr_emit_add(e, hr_emit_rms_norm(e, y, norm), x);
}

HrRouting hr_routing(const HrHparams *hp, HrScores scores, bool normalise)
{
    float factor = hp->experts.factor > 0 ? (float)hp->experts.factor : 1;
    return (HrRouting){.scores = scores,
                       .normalise = normalise,
                       .factor = factor,
                       .shared_factor = 1,
                       .activation = HR_SILU};
}

void hr_routing_limit(HrRouting *routing, const HrLayerShape *layer)
{
    routing->limit = layer->experts_limit;
    routing->clamp = routing->limit > 0 ? HR_CLAMP_AFTER : HR_CLAMP_NONE;
    routing->shared_limit = layer->shared_limit;
}

/* SiLU never comes near a limit from below. */
static HrBuf limited(HrEmit *e, HrBuf gate, HrBuf up, float limit)
{
    HrBuf g = hr_emit_activate(e, HR_SILU, gate, HR_NO_BUF);
    clamp(e, g, limit);
    clamp(e, up, limit);
    return hr_emit_activate(e, HR_IDENTITY, g, up);
}

/* The shared experts' answers to h, from their gate and up. */
static HrBuf add_shared(HrEmit *e, const HrExpertWeights *w, HrBuf router, HrBuf gate, HrBuf up,
                        const HrRouting *routing, HrBuf residual)
{
    HrBuf g = routing->shared_limit > 0 ? limited(e, gate, up, routing->shared_limit)
                                        : hr_emit_activate(e, HR_SILU, gate, up);
    if (router != HR_NO_BUF)
        g = hr_emit_activate(e, HR_SIGMOID, router, g);
    return hr_emit_linear_add_scaled(e, g, &w->shared_down, routing->shared_factor, residual);
}

HrBuf hr_emit_mixture(HrEmit *e, HrBuf h, const HrExpertWeights *w, const HrRouting *routing,
                      HrBuf residual)
{
    bool shared = hr_weight_exists(&w->shared_up.weight),
         gated = hr_weight_exists(&w->shared_router.weight);
    HrBuf logits = hr_emit_linear(e, h, &w->router);
    HrBuf gate = shared ? hr_emit_linear(e, h, &w->shared_gate) : HR_NO_BUF;
    HrBuf up = shared ? hr_emit_linear(e, h, &w->shared_up) : HR_NO_BUF;
    HrBuf router = gated ? hr_emit_linear(e, h, &w->shared_router) : HR_NO_BUF;
    HrBuf y = hr_emit_experts(e, h, logits, w, routing, residual);
    return shared ? add_shared(e, w, router, gate, up, routing, y) : y;
}

HrBuf hr_emit_feed_forward(HrEmit *e, HrBuf x, const HrLayerWeights *l, const HrRouting *routing)
{
    if (!hr_weight_exists(&l->experts.router.weight))
        return hr_emit_swiglu(e, x, l);
    return hr_emit_mixture(e, hr_emit_rms_norm(e, x, &l->ffn_norm), &l->experts, routing, x);
}

void hr_emit_narrow(HrEmit *e, HrBuf *x)
{
    const HrHparams *hp = e->program->hparams;
    if (e->layer + 1 == hp->n_layer && !(hp->embeds && hp->pooling == HR_POOLING_MEAN))
        *x = output_rows(e, *x);
}

void hr_emit_narrow_to_outputs(HrEmit *e, HrBuf *a, HrBuf *x)
{
    hr_emit_narrow(e, a);
    hr_emit_narrow(e, x);
}

void hr_emit_head(HrEmit *e, HrBuf x, const HrWeights *w)
{
    hr_emit_layer(e, HR_NO_LAYER);
    HrBuf h = hr_emit_rms_norm(e, x, &w->output_norm);
    if (e->program->hparams->embeds)
        hr_emit_vector(e, h, w);
    else
        hr_emit_logits(e, h, &w->output);
}

void hr_emit_layer_norm_head(HrEmit *e, HrBuf x, const HrWeights *w)
{
    hr_emit_layer(e, HR_NO_LAYER);
    hr_emit_logits(e, hr_emit_layer_norm(e, x, &w->output_layer_norm), &w->output);
}
