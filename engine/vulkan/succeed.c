/* succeed.c: a stretch that takes the place of another one on the same GPU. See segment.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Weights and pages lie layer by layer in buffers of their own, so a boundary that moves takes the
 * buffers of the layers concerned and no others. What follows from the stretch as a whole (the
 * arena, what crosses, recorded commands) is made anew, which is little.
 */
#include "vulkan/record.h"

/* The other one owns the device; this one works with what it is told of it. */
static void share_device(HrVkSegment *s, const HrVkSegment *before)
{
    s->device = before->device;
    s->pipelines = before->pipelines;
    s->pipelines.device = &s->device;
}

bool hr_vk_segment_init_beside(HrVkSegment *s, HrVkSegment *before, const HrProgram *program,
                               HrKv *kv, uint32_t begin, uint32_t end, GError **error)
{
    hr_vk_segment_outline(s, program, kv, begin, end);
    s->gpu = before->gpu;
    s->before = before;
    share_device(s, before);
    return hr_vk_segment_make_buffers(s, error);
}

bool hr_vk_segment_keeps_pool(const HrVkSegment *s, uint32_t layer, uint64_t bytes)
{
    return s->before && bytes > 0 && s->before->pools[layer].bytes == bytes;
}

static void steal(HrVkBuffer *to, HrVkBuffer *from)
{
    if (to->handle)
        return;
    *to = *from;
    *from = (HrVkBuffer){0};
}

static void steal_weights(HrVkWeights *to, HrVkWeights *from)
{
    if (to->n > 0)
        return;
    g_free(to->parts);
    *to = *from;
    *from = (HrVkWeights){0};
}

/* Of layers that are its own. */
static bool has_layer(const HrVkSegment *s, uint32_t layer)
{
    for (uint32_t i = s->begin; i < s->end; i++)
        if (hr_program_op(s->program, i)->layer == layer)
            return true;
    return false;
}

void hr_vk_segment_take_over(HrVkSegment *s, HrKv *kv)
{
    HrVkSegment *before = s->before;
    uint32_t n_layer = s->program->hparams->n_layer;
    s->kv = kv;
    if (!before)
        return;
    for (uint32_t il = 0; il < n_layer; il++)
        if (has_layer(s, il)) {
            steal_weights(&s->weights[il], &before->weights[il]);
            steal(&s->pools[il], &before->pools[il]);
        }
    if (has_layer(s, HR_NO_LAYER))
        steal_weights(&s->weights[n_layer], &before->weights[n_layer]);
    /* From here on the device is this one's, and the other one works with what it is told of it. */
    s->before = NULL;
    before->before = s;
}
