/* arch-local-experts.c: K-EXAONE, Mellum 2 and Maple: layers that see a window, layers that see
 * everything, and experts in all of them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Llama's layers with normalised queries and keys. LG AI Research 2026 and Maple turn only what
 * sees a window; JetBrains 2026 turns all, scaled only where everything is seen. Experts are
 * weighted by a softmax over all of them, made to sum to 1, or as the file says.
 */
#include "model/arch.h"

#define PERIOD 4
#define MAPLE_LIMIT 7 /* of what its experts multiply, in files that do not say it */

static void unturn_far_sighted(HrHparams *hp)
{
    for (uint32_t il = 0; il < hp->n_layer; il++)
        hp->layers[il].unturned = hp->layers[il].window == 0;
}

static bool shape_exaone(HrHparams *hp, const HrKeys *keys)
{
    if (!hr_hparams_read_windows(hp, keys, 128, PERIOD))
        return false;
    unturn_far_sighted(hp);
    return true;
}

static bool shape_mellum(HrHparams *hp, const HrKeys *keys)
{
    return hr_hparams_read_windows(hp, keys, 0, PERIOD) &&
           hr_hparams_read_local_rope(hp, keys, hp->rope.base, false);
}

/* One limit for all layers. */
static bool read_limit(HrHparams *hp, const HrKeys *keys, double fallback)
{
    g_autofree char *key = hr_keys_name(keys, "swiglu_clamp_exp");
    const HrGgufEntry *entry = hr_gguf_find(keys->gguf, key);
    double limit = fallback, other;
    if (entry && !hr_gguf_element_float(entry, 0, &limit))
        return hr_keys_bad(keys, "swiglu_clamp_exp", "is not a number for each layer");
    for (uint32_t il = 1; entry && entry->kind == HR_GGUF_ARRAY && il < MIN(entry->n, hp->n_layer);
         il++)
        if (!hr_gguf_element_float(entry, il, &other) || other != limit)
            return hr_keys_bad(keys, "swiglu_clamp_exp",
                               "differs between layers, which this build does not know");
    if (!(limit >= 0 && limit <= 1e6))
        return hr_keys_bad(keys, "swiglu_clamp_exp", "is out of range");
    hp->experts.limit = (float)limit;
    return true;
}

static bool shape_maple(HrHparams *hp, const HrKeys *keys)
{
    if (!hr_hparams_read_windows(hp, keys, 0, PERIOD) ||
        !hr_hparams_read_local_rope(hp, keys, hp->rope.base, true) ||
        !read_limit(hp, keys, MAPLE_LIMIT))
        return false;
    unturn_far_sighted(hp);
    return true;
}

static void bind(HrBinder *b, const HrHparams *hp, HrWeights *w)
{
    hr_bind_decoder(b, hp, w);
    hr_take_unscaled(hp, w);
}

static void emit_with(HrEmit *e, const HrHparams *hp, const HrWeights *w, const HrRouting *routing)
{
    HrBuf x = hr_emit_embed(e, &w->token_embd);
    for (uint32_t il = 0; il < hp->n_layer; il++) {
        const HrLayerWeights *l = &w->layers[il];
        hr_emit_layer(e, il);

        HrBuf a = hr_emit_heads(e, hr_emit_rms_norm(e, x, &l->attn_norm), l);
        hr_emit_narrow_to_outputs(e, &a, &x);
        x = hr_emit_linear_add(e, a, &l->attn_output, x);
        x = hr_emit_feed_forward(e, x, l, routing);
    }
    hr_emit_head(e, x, w);
}

static void emit_exaone(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrRouting routing = hr_routing(hp, hr_scores(hp, HR_SCORES_SIGMOID), hp->experts.normalise);
    emit_with(e, hp, w, &routing);
}

static void emit_mellum(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrRouting routing = hr_routing(hp, hr_scores(hp, HR_SCORES_SOFTMAX), true);
    emit_with(e, hp, w, &routing);
}

static void emit_maple(HrEmit *e, const HrHparams *hp, const HrWeights *w)
{
    HrRouting routing = hr_routing(hp, HR_SCORES_SOFTMAX, true);
    if (hp->experts.limit > 0) {
        routing.clamp = HR_CLAMP_AFTER;
        routing.limit = hp->experts.limit;
    }
    emit_with(e, hp, w, &routing);
}

const HrArch hr_arch_exaone_moe = {.name = "exaone-moe",
                                   .models = "K-EXAONE",
                                   .rope = HR_ROPE_NEOX,
                                   .experts = true,
                                   .shape = shape_exaone,
                                   .bind = bind,
                                   .emit = emit_exaone};
const HrArch hr_arch_mellum = {.name = "mellum",
                               .models = "Mellum 2",
                               .rope = HR_ROPE_NEOX,
                               .experts = true,
                               .shape = shape_mellum,
                               .bind = hr_bind_decoder,
                               .emit = emit_mellum};
const HrArch hr_arch_maple = {.name = "maple",
                              .models = "Maple",
                              .rope = HR_ROPE_NEOX,
                              .experts = true,
                              .shape = shape_maple,
                              .bind = bind,
                              .emit = emit_maple};
