/* mamba.c: see mamba.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "model/mamba.h"

/* Rows of a head's state, and values of a head: several times what models have, and what a thread's
 * scratch holds. */
#define MAX_STATE 2048
#define MAX_SELECTIVE_STATE 240
#define MAX_HEAD 4096

static bool read_shape(HrRecurrentShape *r, uint32_t max_state, const HrKeys *keys)
{
    return hr_keys_read_uint(keys, "ssm.conv_kernel", 2, HR_MAX_CONV, &r->n_conv) &&
           hr_keys_read_uint(keys, "ssm.inner_size", 1, HR_MAX_WIDTH / 4, &r->n_inner) &&
           hr_keys_read_uint(keys, "ssm.state_size", 1, max_state, &r->n_state) &&
           hr_keys_read_uint(keys, "ssm.time_step_rank", 1, HR_MAX_WIDTH / 4, &r->n_head);
}

/* ---- Mamba: time_step_rank is what its name says ---- */

bool hr_mamba_read(HrHparams *hp, const HrKeys *keys)
{
    g_autofree char *key = hr_keys_name(keys, "ssm.dt_b_c_rms");
    hr_gguf_get_bool(keys->gguf, key, &hp->recurrent.normalises);
    return read_shape(&hp->recurrent, MAX_SELECTIVE_STATE, keys);
}

void hr_mamba_shape_layer(HrHparams *hp, uint32_t il)
{
    const HrRecurrentShape *r = &hp->recurrent;
    HrLayerShape *l = &hp->layers[il];
    l->n_head = l->n_head_kv = 0;
    l->n_conv_state = (r->n_conv - 1) * r->n_inner;
    l->n_ssm_state = r->n_state * r->n_inner;
}

void hr_mamba_bind(HrBinder *b, const HrHparams *hp, int il, HrRecurrentWeights *w)
{
    const HrRecurrentShape *r = &hp->recurrent;
    hr_bind_linear(b, &w->in, il, "ssm_in", hp->n_embd, 2 * (uint64_t)r->n_inner);
    hr_bind_floats(b, &w->conv, il, "ssm_conv1d.weight", (uint64_t)r->n_inner * r->n_conv);
    hr_bind_optional_floats(b, &w->conv_bias, il, "ssm_conv1d.bias", r->n_inner);
    hr_bind_linear(b, &w->x, il, "ssm_x", r->n_inner, r->n_head + 2 * (uint64_t)r->n_state);
    hr_bind_linear(b, &w->dt, il, "ssm_dt", r->n_head, r->n_inner);
    hr_bind_floats(b, &w->a, il, "ssm_a", (uint64_t)r->n_state * r->n_inner);
    hr_bind_floats(b, &w->d, il, "ssm_d", r->n_inner);
    hr_bind_linear(b, &w->out, il, "ssm_out", r->n_inner, hp->n_embd);
    w->in_x = hr_linear_rows(&w->in, 0, r->n_inner);
    w->in_gate = hr_linear_rows(&w->in, r->n_inner, r->n_inner);
    w->x_dt = hr_linear_rows(&w->x, 0, r->n_head);
    w->x_b = hr_linear_rows(&w->x, r->n_head, r->n_state);
    w->x_c = hr_linear_rows(&w->x, r->n_head + r->n_state, r->n_state);
}

/* Some (Jamba, FalconMamba) normalise what the scan depends on, with a weight or without. */
static HrBuf normalised(HrEmit *e, const HrRecurrentShape *r, HrBuf x, const HrWeight *weight)
{
    return hr_weight_exists(weight) || r->normalises ? hr_emit_rms_norm(e, x, weight) : x;
}

HrBuf hr_mamba_emit(HrEmit *e, const HrHparams *hp, HrBuf h, const HrRecurrentWeights *w)
{
    const HrRecurrentShape *r = &hp->recurrent;
    HrRecurrence conv = {.width = r->n_conv, .silu = true};
    HrRecurrence scan = {.n_head = r->n_inner,
                         .head_dim = 1,
                         .n_group = 1,
                         .n_state = r->n_state,
                         .a = &w->a,
                         .d = &w->d};

    HrBuf x = hr_emit_linear(e, h, &w->in_x);
    HrBuf gate = hr_emit_linear(e, h, &w->in_gate);
    x = hr_emit_short_conv(e, x, HR_NO_BUF, HR_NO_BUF, &w->conv, &w->conv_bias, &conv);
    HrBuf dt = hr_emit_linear(e, x, &w->x_dt);
    HrBuf b = hr_emit_linear(e, x, &w->x_b);
    HrBuf c = hr_emit_linear(e, x, &w->x_c);
    dt = normalised(e, r, dt, &w->dt_norm);
    b = normalised(e, r, b, &w->b_norm);
    c = normalised(e, r, c, &w->c_norm);
    dt = hr_emit_linear(e, dt, &w->dt);
    HrBuf y = hr_emit_selective(e, x, dt, b, c, &scan);
    return hr_emit_activate(e, HR_SILU, gate, y);
}

/* ---- Mamba 2: time_step_rank is the number of heads ---- */

bool hr_mamba2_read(HrHparams *hp, const HrKeys *keys)
{
    HrRecurrentShape *r = &hp->recurrent;
    if (!read_shape(r, MAX_STATE, keys) ||
        !hr_keys_read_uint(keys, "ssm.group_count", 1, HR_MAX_WIDTH / 4 / MAX_STATE, &r->n_group))
        return false;
    if (r->n_inner % r->n_head != 0 || r->n_inner / r->n_head > MAX_HEAD)
        return hr_keys_bad(keys, "ssm.time_step_rank", "does not fit ssm.inner_size");
    if (r->n_head % r->n_group != 0)
        return hr_keys_bad(keys, "ssm.group_count", "does not divide ssm.time_step_rank");
    return true;
}

static uint32_t n_convolved(const HrRecurrentShape *r)
{
    return r->n_inner + 2 * r->n_group * r->n_state;
}

void hr_mamba2_shape_layer(HrHparams *hp, uint32_t il)
{
    const HrRecurrentShape *r = &hp->recurrent;
    HrLayerShape *l = &hp->layers[il];
    l->n_conv_state = (r->n_conv - 1) * n_convolved(r);
    l->n_ssm_state = r->n_state * r->n_inner;
}

void hr_mamba2_bind(HrBinder *b, const HrHparams *hp, int il, HrRecurrentWeights *w)
{
    const HrRecurrentShape *r = &hp->recurrent;
    hr_bind_linear(b, &w->in, il, "ssm_in", hp->n_embd,
                   (uint64_t)r->n_inner + n_convolved(r) + r->n_head);
    hr_bind_floats(b, &w->conv, il, "ssm_conv1d.weight", (uint64_t)n_convolved(r) * r->n_conv);
    hr_bind_optional_floats(b, &w->conv_bias, il, "ssm_conv1d.bias", n_convolved(r));
    hr_bind_floats(b, &w->a, il, "ssm_a", r->n_head);
    hr_bind_floats(b, &w->d, il, "ssm_d", r->n_head);
    hr_bind_floats(b, &w->dt_bias, il, "ssm_dt.bias", r->n_head);
    hr_bind_optional_floats(b, &w->norm, il, "ssm_norm.weight", r->n_inner);
    hr_bind_linear(b, &w->out, il, "ssm_out", r->n_inner, hp->n_embd);
    w->in_gate = hr_linear_rows(&w->in, 0, r->n_inner);
    w->in_x = hr_linear_rows(&w->in, r->n_inner, n_convolved(r));
    w->in_dt = hr_linear_rows(&w->in, r->n_inner + n_convolved(r), r->n_head);
}

HrBuf hr_mamba2_emit(HrEmit *e, const HrHparams *hp, HrBuf h, const HrRecurrentWeights *w)
{
    const HrRecurrentShape *r = &hp->recurrent;
    HrRecurrence conv = {.width = r->n_conv, .silu = true};
    HrRecurrence scan = {.n_head = r->n_head,
                         .head_dim = r->n_inner / r->n_head,
                         .n_group = r->n_group,
                         .n_state = r->n_state,
                         .a = &w->a,
                         .d = &w->d,
                         .dt_bias = &w->dt_bias};

    HrBuf gate = hr_emit_linear(e, h, &w->in_gate);
    HrBuf xbc = hr_emit_linear(e, h, &w->in_x);
    HrBuf dt = hr_emit_linear(e, h, &w->in_dt);
    xbc = hr_emit_short_conv(e, xbc, HR_NO_BUF, HR_NO_BUF, &w->conv, &w->conv_bias, &conv);
    HrBuf y = hr_emit_ssm(e, xbc, dt, &scan);
    y = hr_emit_activate(e, HR_SILU, gate, y);
    return hr_weight_exists(&w->norm) ? hr_emit_group_norm(e, y, &w->norm, r->n_inner / r->n_group)
                                      : y;
}
