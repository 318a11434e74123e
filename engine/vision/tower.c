/* tower.c: the towers and projectors of the families, from pixels to rows of the language model.
 * See tower.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vision/tower.h"

#include "program/arena.h"

/* ---- One layer: pre-norm attention and feed-forward, each added to the residual (Dosovitskiy et
 * al. 2020) --- */

static HrTowerBuf emit_attention(HrTower *t, HrTowerBuf x, const HrVisionLayer *l,
                                 HrTowerBuf angles, bool whole)
{
    HrTowerBuf h = hr_tower_norm(t, x, &l->norm1);
    HrTowerBuf q = hr_tower_linear(t, h, &l->q);
    HrTowerBuf k = hr_tower_linear(t, h, &l->k);
    HrTowerBuf v = hr_tower_linear(t, h, &l->v);
    if (angles != HR_TOWER_NONE) {
        hr_tower_turn(t, q, angles);
        hr_tower_turn(t, k, angles);
    }
    return hr_tower_linear_add(t, hr_tower_attend(t, q, k, v, whole), &l->out, x);
}

static HrTowerBuf emit_feed_forward(HrTower *t, HrTowerBuf x, const HrVisionLayer *l)
{
    HrActivation activation = t->vision->params.activation;
    HrTowerBuf h = hr_tower_norm(t, x, &l->norm2);
    if (!hr_weight_exists(&l->gate.weight))
        return hr_tower_linear_add(t, hr_tower_linear_activated(t, h, &l->up, activation), &l->down,
                                   x);
    HrTowerBuf gate = hr_tower_linear(t, h, &l->gate);
    HrTowerBuf up = hr_tower_linear(t, h, &l->up);
    return hr_tower_linear_add(t, hr_tower_gate(t, activation, gate, up), &l->down, x);
}

/* ---- What the layers are given ---- */

static HrTowerBuf emit_input(HrTower *t)
{
    const HrVision *v = t->vision;
    HrTowerBuf pixels = hr_tower_patches(t);
    HrTowerBuf x = hr_tower_linear(t, pixels, &v->patch);
    if (hr_weight_exists(&v->patch2.weight))
        x = hr_tower_linear_add(t, pixels, &v->patch2, x);
    if (hr_weight_exists(&v->position))
        hr_tower_position(t, x, &v->position);
    return hr_weight_exists(&v->pre.weight) ? hr_tower_norm(t, x, &v->pre) : x;
}

/* ---- Layers whose output the projector looks at, side by side; none named: the last one's ---- */

typedef struct {
    HrTowerBuf stack; /* HR_TOWER_NONE: the last layer's output alone */
} Features;

static Features begin_features(HrTower *t, HrTowerBuf x)
{
    const HrVisionParams *p = &t->vision->params;
    uint32_t rows = hr_tower_buffer(t, x)->rows;
    return (Features){p->n_features > 0 ? hr_tower_stack(t, rows, p->n_embd * p->n_features)
                                        : HR_TOWER_NONE};
}

static void note_feature(HrTower *t, const Features *features, HrTowerBuf x, uint32_t n_layers_run)
{
    const HrVisionParams *p = &t->vision->params;
    for (uint32_t f = 0; f < p->n_features; f++)
        if (p->features[f] == n_layers_run)
            hr_tower_put(t, features->stack, x, f * p->n_embd);
}

/* CLIP has 24 layers, and LLaVA looks at the output of the last but one. Converters leave the last
 * one out of the file; one that has it is run without. */
static uint32_t layers_to_run(const HrVision *v)
{
    const HrVisionParams *p = &v->params;
    uint32_t deepest = 0;
    for (uint32_t f = 0; f < p->n_features; f++)
        deepest = MAX(deepest, p->features[f]);
    if (p->n_features > 0)
        return deepest;
    return p->kind == HR_VISION_MLP && hr_weight_exists(&v->class_embd) && p->n_layer == 24
               ? 23
               : p->n_layer;
}

static HrTowerBuf emit_layers(HrTower *t, HrTowerBuf x)
{
    const HrVision *v = t->vision;
    Features features = begin_features(t, x);
    HrTowerBuf angles = hr_vision_is_any_size(&v->params) ? hr_tower_angles(t) : HR_TOWER_NONE;
    note_feature(t, &features, x, 0);
    for (uint32_t il = 0; il < layers_to_run(v); il++) {
        x = emit_attention(t, x, &v->layers[il], angles, hr_vision_layer_is_full(&v->params, il));
        x = emit_feed_forward(t, x, &v->layers[il]);
        note_feature(t, &features, x, il + 1);
    }
    if (features.stack != HR_TOWER_NONE)
        return features.stack;
    return hr_weight_exists(&v->post.weight) ? hr_tower_norm(t, x, &v->post) : x;
}

/* ---- Projectors ---- */

static HrTowerBuf emit_two(HrTower *t, HrTowerBuf x, uint32_t merge)
{
    const HrVision *v = t->vision;
    HrTowerBuf y = hr_tower_linear_merged(t, x, &v->project1, merge);
    if (!hr_weight_exists(&v->project2.weight))
        return y;
    hr_tower_activate_last(t, HR_GELU_ERF);
    return hr_tower_linear(t, y, &v->project2);
}

static HrTowerBuf emit_projector(HrTower *t, HrTowerBuf x)
{
    const HrVision *v = t->vision;
    uint32_t square = v->params.merge * v->params.merge;
    switch (v->params.kind) {
    case HR_VISION_GEMMA3:
        x = hr_tower_norm(t, hr_tower_mean(t, x, square), &v->input_norm);
        return hr_tower_linear_transposed(t, x, &v->project1);
    case HR_VISION_IDEFICS3:
        return hr_tower_linear_merged(t, x, &v->project1, square);
    case HR_VISION_PIXTRAL:
        if (hr_weight_exists(&v->input_norm.weight))
            x = hr_tower_norm(t, x, &v->input_norm);
        if (square > 1)
            x = hr_tower_linear_interleaved(t, x, &v->merger, square);
        return emit_two(t, x, 1);
    default:
        return emit_two(t, x, square);
    }
}

/* ---- Making ---- */

static void place(HrTower *t)
{
    g_autofree HrLifetime *lifetimes = g_new(HrLifetime, t->buffers->len);
    for (uint32_t b = 0; b < t->buffers->len; b++) {
        const HrTowerBuffer *buffer = hr_tower_buffer(t, b);
        lifetimes[b] = (HrLifetime){buffer->first_op, buffer->last_op,
                                    (size_t)buffer->rows * buffer->cols * sizeof(float), 0};
    }
    t->arena_bytes = hr_arena_place(lifetimes, t->buffers->len);
    for (uint32_t b = 0; b < t->buffers->len; b++)
        g_array_index(t->buffers, HrTowerBuffer, b).offset = lifetimes[b].offset;
}

HrTower *hr_tower_new(const HrVision *vision, uint32_t grid_w, uint32_t grid_h, GError **error)
{
    g_autoptr(HrTower) t = g_new0(HrTower, 1);
    t->vision = vision;
    t->grid_w = grid_w;
    t->grid_h = grid_h;
    t->n_class = hr_weight_exists(&vision->class_embd) ? 1 : 0;
    t->ops = g_array_new(false, false, sizeof(HrTowerOp));
    t->buffers = g_array_new(false, false, sizeof(HrTowerBuffer));
    t->windows = hr_view_windows(&vision->params, grid_w, grid_h);
    t->order = g_try_new(uint32_t, (size_t)grid_w * grid_h);
    if (!t->order) {
        g_set_error(error, HR_ERROR, HR_ERROR_MEMORY, "No memory for an image of %u x %u patches.",
                    grid_w, grid_h);
        return NULL;
    }
    hr_view_order(&vision->params, grid_w, grid_h, t->order, NULL);
    t->result = emit_projector(t, emit_layers(t, emit_input(t)));
    place(t);
    return g_steal_pointer(&t);
}

void hr_tower_free(HrTower *t)
{
    if (!t)
        return;
    g_array_unref(t->ops);
    g_array_unref(t->buffers);
    g_clear_pointer(&t->windows, g_array_unref);
    g_free(t->order);
    g_free(t);
}
