/* hparams-experts.c: see hparams-experts.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "model/hparams-experts.h"

/* Files of models without groups say 0, 1 or nothing. */
static bool read_groups(HrExperts *x, const HrKeys *keys)
{
    if (!hr_keys_read_uint_or(keys, "expert_group_count", 0, HR_MAX_EXPERTS, 1, &x->n_groups) ||
        !hr_keys_read_uint_or(keys, "expert_group_used_count", 0, HR_MAX_EXPERTS, x->n_groups,
                              &x->n_groups_used))
        return false;
    x->n_groups = MAX(x->n_groups, 1);
    x->n_groups_used = x->n_groups_used == 0 ? x->n_groups : x->n_groups_used;
    if (x->n % x->n_groups != 0)
        return hr_keys_bad(keys, "expert_group_count", "does not divide expert_count");
    if (x->n_groups_used > x->n_groups)
        return hr_keys_bad(keys, "expert_group_used_count", "is more than expert_group_count");
    if (x->n / x->n_groups * x->n_groups_used < x->n_used)
        return hr_keys_bad(keys, "expert_group_used_count",
                           "leaves fewer experts than expert_used_count");
    return true;
}

/* 0 stands for what the key is missing for: the width of a dense layer. */
static bool read_widths(HrHparams *hp, const HrKeys *keys)
{
    HrExperts *x = &hp->experts;
    const uint32_t none = 0;
    if (!hr_keys_read_per_layer(keys, "expert_feed_forward_length", hp->n_layer, 0, &none,
                                offsetof(HrLayerShape, n_ff_experts), hp->layers) ||
        !hr_keys_read_uint_or(keys, "expert_shared_count", 0, HR_MAX_EXPERTS, 0, &x->n_shared) ||
        !hr_keys_read_uint_or(keys, "expert_shared_feed_forward_length", 0, HR_MAX_WIDTH, 0,
                              &x->n_ff_shared))
        return false;
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        HrLayerShape *l = &hp->layers[il];
        l->n_ff_experts = l->n_ff_experts == 0 ? hp->layers[hp->n_layer - 1].n_ff : l->n_ff_experts;
        x->n_ff = MAX(x->n_ff, l->n_ff_experts);
    }
    if ((uint64_t)x->n_ff * x->n_used > HR_MAX_WIDTH)
        return hr_keys_bad(keys, "expert_feed_forward_length", "is out of range");
    if (x->n_ff_shared == 0 && (uint64_t)x->n_ff * x->n_shared > HR_MAX_WIDTH)
        return hr_keys_bad(keys, "expert_shared_count", "is out of range");
    x->n_ff_shared = x->n_ff_shared == 0 ? x->n_ff * x->n_shared : x->n_ff_shared;
    return true;
}

static bool read_weighting(HrExperts *x, const HrKeys *keys)
{
    g_autofree char *key = hr_keys_name(keys, "expert_weights_norm");
    uint32_t scores;
    hr_gguf_get_bool(keys->gguf, key, &x->normalise);
    if (!hr_keys_read_uint_or(keys, "expert_gating_func", 0, HR_SCORES_SOFTMAX_OF_CHOSEN, 0,
                              &scores) ||
        !hr_keys_read_float_or(keys, "expert_weights_scale", 0, 1e6, 0, &x->factor))
        return false;
    x->scores = (HrScores)scores;
    return true;
}

bool hr_hparams_read_experts(HrHparams *hp, const HrKeys *keys)
{
    HrExperts *x = &hp->experts;
    if (!hr_keys_read_uint_or(keys, "expert_count", 0, HR_MAX_EXPERTS, 0, &x->n))
        return false;
    if (x->n == 0)
        return true;
    if (!hr_keys_read_uint(keys, "expert_used_count", 1, HR_MAX_EXPERTS, &x->n_used))
        return false;
    if (x->n_used > x->n)
        return hr_keys_bad(keys, "expert_used_count", "is more than expert_count");
    if (!hr_keys_read_uint_or(keys, "leading_dense_block_count", 0, HR_MAX_LAYERS, 0,
                              &x->n_dense_lead) ||
        !hr_keys_read_uint_or(keys, "interleave_moe_layer_step", 0, HR_MAX_LAYERS, 1, &x->every))
        return false;
    x->every = MAX(x->every, 1);
    return read_groups(x, keys) && read_widths(hp, keys) && read_weighting(x, keys);
}

#define LOWEST_LIMIT 0.5 /* see limited() in emit.c */

static bool read_limits(HrHparams *hp, const HrKeys *keys, const char *name, size_t field)
{
    const double none = 0;
    if (!hr_keys_read_floats_per_layer(keys, name, hp->n_layer, 1e6, &none, field, hp->layers))
        return false;
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        float limit = G_STRUCT_MEMBER(float, &hp->layers[il], field);
        if (limit != 0 && limit < LOWEST_LIMIT)
            return hr_keys_bad(keys, name, "is out of range");
    }
    return true;
}

bool hr_hparams_read_limits(HrHparams *hp, const HrKeys *keys)
{
    return read_limits(hp, keys, "swiglu_clamp_exp", offsetof(HrLayerShape, experts_limit)) &&
           read_limits(hp, keys, "swiglu_clamp_shexp", offsetof(HrLayerShape, shared_limit));
}
