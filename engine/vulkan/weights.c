/* weights.c: the weights of a stretch of operations, sent to its GPU. See segment.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each is there once. Those of a layer lie in one buffer, or in several where the driver does not
 * give so much at once.
 */
#include "vulkan/segment.h"

/* Weights that go up between two looks at whether to go on. */
#define CHUNK_BYTES (32u << 20)

static uint64_t aligned(uint64_t bytes)
{
    return (bytes + HR_VK_WEIGHT_ALIGN - 1) / HR_VK_WEIGHT_ALIGN * HR_VK_WEIGHT_ALIGN;
}

/* ---- Where each weight goes ---- */

typedef struct {
    const void *data;
    uint64_t bytes, offset; /* in its part */
    uint32_t layer, part;   /* n_layer: behind them */
} Upload;

typedef struct {
    HrVkSegment *s;
    uint64_t most;   /* bytes that the driver gives at once */
    GArray *uploads; /* Upload */
    GHashTable *seen;
    GArray **parts; /* [n_layer + 1] of uint64_t: their bytes */
} Collect;

static uint64_t *last_part(const Collect *c, uint32_t layer)
{
    GArray *parts = c->parts[layer];
    return &g_array_index(parts, uint64_t, parts->len - 1);
}

/* Makes sure that the next bytes of a layer lie together, in a part of their own if need be. */
static void make_room(Collect *c, uint32_t layer, uint64_t bytes)
{
    const uint64_t none = 0;
    if (c->parts[layer]->len == 0 ||
        (*last_part(c, layer) > 0 && *last_part(c, layer) + bytes > c->most))
        g_array_append_val(c->parts[layer], none);
}

/* A weight, or where what lies from data on begins (bytes 0). */
static void place(Collect *c, uint32_t layer, const void *data, uint64_t bytes)
{
    Upload upload = {data, bytes, *last_part(c, layer), layer, c->parts[layer]->len - 1};
    *last_part(c, layer) += aligned(bytes);
    g_array_append_val(c->uploads, upload);
}

static void collect(Collect *c, uint32_t layer, const HrWeight *weight)
{
    if (!weight || !weight->data || !g_hash_table_add(c->seen, (gpointer)weight->data))
        return;
    make_room(c, layer, aligned(weight->n_out * weight->row_bytes));
    place(c, layer, weight->data, weight->n_out * weight->row_bytes);
}

/* Matrices that are tensors of their own come one behind the other, placed under the list of them,
 * too. */
static void collect_stack(Collect *c, uint32_t layer, const HrLinearStack *stack, uint32_t n)
{
    if (!hr_weight_exists(&stack->weight))
        return;
    collect(c, layer, &stack->bias);
    collect(c, layer, &stack->scale);
    if (!stack->apart) {
        collect(c, layer, &stack->all);
        return;
    }
    if (!g_hash_table_add(c->seen, stack->apart))
        return;
    make_room(c, layer, n * hr_vk_apart_stride(stack));
    place(c, layer, stack->apart, 0);
    for (uint32_t i = 0; i < n; i++) {
        g_hash_table_add(c->seen, (gpointer)stack->apart[i]);
        place(c, layer, stack->apart[i], stack->weight.n_out * stack->weight.row_bytes);
    }
}

static void collect_experts(Collect *c, uint32_t layer, const HrOp *op)
{
    const HrExpertWeights *w = op->experts;
    collect(c, layer, &w->bias);
    collect_stack(c, layer, &w->up, op->mixture->n);
    collect_stack(c, layer, &w->gate, op->mixture->n);
    collect_stack(c, layer, &w->down, op->mixture->n);
}

static void collect_op(Collect *c, const HrOp *op)
{
    uint32_t n_layer = c->s->program->hparams->n_layer,
             layer = op->layer == HR_NO_LAYER ? n_layer : op->layer;
    collect(c, layer, op->weight);
    collect(c, layer, op->k_weight);
    collect(c, layer, op->bias);
    collect(c, layer, op->recurrence.a);
    collect(c, layer, op->recurrence.d);
    collect(c, layer, op->recurrence.dt_bias);
    if (op->kind == HR_OP_EXPERTS)
        collect_experts(c, layer, op);
    if (op->kind == HR_OP_HEAD_LINEAR)
        collect_stack(c, layer, op->stack,
                      hr_program_buffer(c->s->program, op->src)->cols / op->columns.stride);
    for (uint32_t p = 0; p < op->n_parts; p++) {
        collect(c, layer, &op->parts[p].linear->weight);
        collect(c, layer, &op->parts[p].linear->bias);
        collect(c, layer, &op->parts[p].linear->scale);
    }
}

static void collect_all(Collect *c, HrVkSegment *s)
{
    uint32_t n_layer = s->program->hparams->n_layer;
    *c = (Collect){.s = s,
                   .most = MIN(s->device.gpu.max_allocation_bytes, s->device.gpu.max_buffer_bytes),
                   .uploads = g_array_new(false, false, sizeof(Upload)),
                   .seen = g_hash_table_new(NULL, NULL),
                   .parts = g_new(GArray *, n_layer + 1)};
    for (uint32_t il = 0; il <= n_layer; il++)
        c->parts[il] = g_array_new(false, false, sizeof(uint64_t));
    for (uint32_t i = s->begin; i < s->end; i++)
        collect_op(c, hr_program_op(s->program, i));
}

static void forget(Collect *c)
{
    g_array_unref(c->uploads);
    g_hash_table_unref(c->seen);
    for (uint32_t il = 0; il <= c->s->program->hparams->n_layer; il++)
        g_array_unref(c->parts[il]);
    g_free(c->parts);
}

/* ---- Sending ---- */

static bool send(HrVkSegment *s, const Upload *u, bool (*progress)(uint64_t bytes, void *data),
                 void *data, GError **error)
{
    HrVkAddress *at = g_new(HrVkAddress, 1);
    HrVkBuffer *part = &s->weights[u->layer].parts[u->part];
    *at = part->address + u->offset;
    g_hash_table_insert(s->placed, (gpointer)u->data, at);
    for (uint64_t done = 0; done < u->bytes; done += CHUNK_BYTES) {
        uint64_t n = MIN(CHUNK_BYTES, u->bytes - done);
        if (!hr_vk_buffer_write(part, &s->device, u->offset + done, (const char *)u->data + done, n,
                                error))
            return false;
        if (progress && !progress(n, data)) {
            g_set_error_literal(error, HR_ERROR, HR_ERROR_CANCELLED, "Loading was stopped.");
            return false;
        }
    }
    return true;
}

static bool is_there(const HrVkSegment *before, const Upload *u)
{
    const HrVkAddress *at = g_hash_table_lookup(before->placed, u->data);
    return at && *at == before->weights[u->layer].parts[u->part].address + u->offset;
}

static bool has_same_parts(const HrVkWeights *before, const GArray *parts)
{
    bool same = parts->len > 0 && before->n == parts->len;
    for (guint i = 0; same && i < parts->len; i++)
        same = before->parts[i].bytes == g_array_index(parts, uint64_t, i);
    return same;
}

/* Which layers' weights lie in the one before as they would lie here. */
static bool *find_kept(const HrVkSegment *s, const Collect *c)
{
    uint32_t n_layer = s->program->hparams->n_layer;
    bool *kept = g_new0(bool, n_layer + 1);
    if (!s->before)
        return kept;
    for (uint32_t il = 0; il <= n_layer; il++)
        kept[il] = has_same_parts(&s->before->weights[il], c->parts[il]);
    for (guint i = 0; i < c->uploads->len; i++) {
        const Upload *u = &g_array_index(c->uploads, Upload, i);
        kept[u->layer] = kept[u->layer] && is_there(s->before, u);
    }
    return kept;
}

static void keep(HrVkSegment *s, const Upload *u)
{
    HrVkAddress *at = g_new(HrVkAddress, 1);
    *at = s->before->weights[u->layer].parts[u->part].address + u->offset;
    g_hash_table_insert(s->placed, (gpointer)u->data, at);
}

static bool take_parts(HrVkSegment *s, HrVkWeights *weights, const GArray *parts, GError **error)
{
    weights->parts = g_new0(HrVkBuffer, parts->len + 1);
    for (guint i = 0; i < parts->len; i++) {
        if (!hr_vk_buffer_init(&weights->parts[i], &s->device, HR_VK_OWN,
                               g_array_index(parts, uint64_t, i), "weights", error))
            return false;
        weights->n = i + 1;
    }
    return true;
}

void hr_vk_weights_finish(HrVkWeights *weights, HrVkDevice *device)
{
    for (uint32_t i = 0; i < weights->n; i++)
        hr_vk_buffer_finish(&weights->parts[i], device);
    g_free(weights->parts);
    *weights = (HrVkWeights){0};
}

bool hr_vk_segment_load(HrVkSegment *s, bool (*progress)(uint64_t bytes, void *data), void *data,
                        GError **error)
{
    Collect c;
    bool ok = true;
    collect_all(&c, s);
    g_autofree bool *kept = find_kept(s, &c);
    for (uint32_t il = 0; ok && il <= s->program->hparams->n_layer; il++)
        ok = kept[il] || take_parts(s, &s->weights[il], c.parts[il], error);
    for (guint i = 0; ok && i < c.uploads->len; i++) {
        const Upload *upload = &g_array_index(c.uploads, Upload, i);
        if (kept[upload->layer])
            keep(s, upload);
        else
            ok = send(s, upload, progress, data, error);
    }
    forget(&c);
    return ok;
}

uint64_t hr_vk_segment_missing_bytes(HrVkSegment *s)
{
    Collect c;
    uint64_t bytes = 0;
    collect_all(&c, s);
    g_autofree bool *kept = find_kept(s, &c);
    for (guint i = 0; i < c.uploads->len; i++) {
        const Upload *u = &g_array_index(c.uploads, Upload, i);
        bytes += kept[u->layer] ? 0 : u->bytes;
    }
    forget(&c);
    return bytes;
}

uint64_t hr_vk_segment_weight_bytes(const HrVkSegment *s)
{
    uint64_t bytes = 0;
    for (uint32_t il = 0; il <= s->program->hparams->n_layer; il++)
        for (uint32_t p = 0; p < s->weights[il].n; p++)
            bytes += s->weights[il].parts[p].bytes;
    return bytes;
}

HrVkAddress hr_vk_segment_find(const HrVkSegment *s, const void *data)
{
    const HrVkAddress *at = g_hash_table_lookup(s->placed, data);
    return at ? *at : 0;
}
