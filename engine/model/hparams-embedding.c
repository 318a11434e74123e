/* hparams-embedding.c: see hparams-embedding.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "model/hparams-embedding.h"

#include <math.h>

/* Some files say -1 for what others say by leaving the key out. */
static bool read_pooling(HrHparams *hp, const HrKeys *keys)
{
    uint32_t pooling;
    uint64_t said;
    g_autofree char *key = hr_keys_name(keys, "pooling_type");
    bool unsaid = !hr_gguf_find(keys->gguf, key) ||
                  (hr_gguf_get_uint(keys->gguf, key, &said) && said == UINT32_MAX);
    hp->embeds = hp->encoder || !unsaid;
    hp->pooling = HR_POOLING_MEAN;
    if (unsaid)
        return true;
    if (!hr_keys_read_uint_or(keys, "pooling_type", 0, HR_POOLING_RANK, HR_POOLING_MEAN, &pooling))
        return false;
    hp->pooling = (HrPooling)pooling;
    return true;
}

static bool check_causal(HrHparams *hp, const HrKeys *keys)
{
    g_autofree char *key = hr_keys_name(keys, "attention.causal");
    bool causal = !hp->encoder;
    if (hr_gguf_find(keys->gguf, key) && !hr_gguf_get_bool(keys->gguf, key, &causal))
        return hr_keys_bad(keys, "attention.causal", "is neither true nor false");
    if (causal == !hp->encoder)
        return true;
    g_set_error(keys->error, HR_ERROR, HR_ERROR_UNSUPPORTED,
                "%s is %s, but this build computes %s only the other way.", key,
                causal ? "true" : "false", keys->arch);
    return false;
}

bool hr_hparams_read_embedding(HrHparams *hp, const HrKeys *keys, bool encoder)
{
    hp->encoder = encoder;
    if (!read_pooling(hp, keys) || !check_causal(hp, keys))
        return false;
    /* The row of a text's last token is known when the text has been read, in whatever portions;
     * the others take all rows at once. */
    hp->whole =
        encoder || (hp->embeds && hp->pooling != HR_POOLING_LAST && hp->pooling != HR_POOLING_RANK);
    return true;
}

float hr_alibi_slope(float max_bias, uint32_t n_head, uint32_t head)
{
    uint32_t n = 1;
    while (n * 2 <= n_head)
        n *= 2;
    double exponent = head < n ? head + 1 : (head - n) + 0.5;
    return max_bias > 0 ? (float)exp2(-(double)max_bias / n * exponent) : 0;
}
