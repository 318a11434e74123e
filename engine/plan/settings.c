/* settings.c: defaults and ranges of HrSettings.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/pool.h"
#include "plan/plan.h"
#include "vision/sight.h"

/* Texts that an encoder may compute in one step where nobody said: each costs a row of output,
 * nothing else. */
#define ENCODER_PARALLEL 32

uint32_t hr_settings_max_tokens(const HrSettings *s)
{
    return MAX(s->num_batch, s->parallel);
}

uint32_t hr_settings_max_outputs(const HrSettings *s)
{
    return s->all_logits ? hr_settings_max_tokens(s) : MAX(s->parallel, HR_DRAFT_OUTPUTS);
}

static bool out_of_range(const char *name, uint32_t value, uint32_t max, GError **error)
{
    if (value <= max)
        return false;
    g_set_error(error, HR_ERROR, HR_ERROR_SETTINGS, "%s is %u; it can be at most %u.", name, value,
                max);
    return true;
}

bool hr_settings_resolve(HrSettings *s, const HrModel *model, GError **error)
{
    uint32_t n_ctx_train = model->hparams.n_ctx_train;
    if (out_of_range("num_ctx", s->num_ctx, HR_MAX_CTX, error) ||
        out_of_range("parallel", s->parallel, HR_MAX_PARALLEL, error) ||
        out_of_range("num_batch", s->num_batch, HR_MAX_NUM_BATCH, error) ||
        out_of_range("threads", s->threads, HR_MAX_THREADS, error))
        return false;
    if (s->num_ctx == 0)
        s->num_ctx = HR_DEFAULT_NUM_CTX;
    s->num_ctx = MIN(s->num_ctx, n_ctx_train);
    s->parallel = MAX(s->parallel, 1);
    if (s->num_batch == 0)
        s->num_batch = HR_DEFAULT_NUM_BATCH;
    s->num_batch = MIN(s->num_batch, s->num_ctx);
    if (model->vision)
        s->num_batch =
            MAX(s->num_batch, MIN(hr_sight_rows_together(&model->vision->params), s->num_ctx));
    if (model->hparams.whole)
        s->num_batch = s->num_ctx = MIN(s->num_ctx, HR_MAX_NUM_BATCH);
    if (model->hparams.encoder)
        s->parallel = MAX(s->parallel, ENCODER_PARALLEL);
    s->all_logits |= model->hparams.embeds && model->hparams.pooling == HR_POOLING_NONE;
    if (s->threads == 0)
        s->threads = hr_cpu_count();
    return true;
}
