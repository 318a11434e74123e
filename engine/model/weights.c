/* weights.c: see weights.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "model/weights.h"

#include <string.h>

/* What a tensor has to be; n_out 0: any. */
typedef struct {
    uint64_t n_in, n_out, n;
} Shape;

static bool shape_fits(const HrGgufTensor *t, const Shape *shape)
{
    return t->dims[0] == shape->n_in && (shape->n_out == 0 || t->dims[1] == shape->n_out) &&
           t->dims[2] == shape->n && t->dims[3] == 1;
}

static void set_shape_error(HrBinder *binder, const HrGgufTensor *t, const Shape *shape)
{
    g_autofree char *third =
        shape->n > 1 ? g_strdup_printf(" x %" G_GUINT64_FORMAT, shape->n) : g_strdup("");
    g_set_error(&binder->error, HR_ERROR, HR_ERROR_FORMAT,
                "Tensor %s is %" G_GUINT64_FORMAT " x %" G_GUINT64_FORMAT " x %" G_GUINT64_FORMAT
                ", but the metadata promises %" G_GUINT64_FORMAT " x %" G_GUINT64_FORMAT "%s.",
                t->name, t->dims[0], t->dims[1], t->dims[2], shape->n_in,
                shape->n_out ? shape->n_out : t->dims[1], third);
}

/* Vectors (norms, biases) are read as floats by the operations; files keep them so. */
static bool type_fits(HrBinder *binder, const HrGgufTensor *t, bool vector)
{
    const HrTypeTraits *traits = hr_type_traits(t->type);
    if (!traits->computable)
        g_set_error(
            &binder->error, HR_ERROR, HR_ERROR_UNSUPPORTED,
            "Tensor %s has type %s, which is not supported yet. Choose another quantisation of the model.",
            t->name, traits->name);
    else if (vector && t->type != HR_TYPE_F32)
        g_set_error(&binder->error, HR_ERROR, HR_ERROR_UNSUPPORTED,
                    "Tensor %s is a vector of type %s; only F32 is supported there.", t->name,
                    traits->name);
    return !binder->error;
}

static void count_in_layer(HrLayerBytes *layer, const HrGgufTensor *t, uint64_t elements)
{
    bool experts = strstr(t->name, "_exps.") != NULL;
    *(experts ? &layer->experts : &layer->dense) += t->bytes;
    *(experts ? &layer->expert_elements : &layer->dense_elements) += elements;
}

/* A tensor that is bound in two places is in memory once. */
static void count(HrBinder *binder, const HrGgufTensor *t, int il)
{
    HrWeightBytes *bytes = binder->bytes;
    uint64_t elements = t->dims[0] * t->dims[1] * t->dims[2] * t->dims[3];
    if (!bytes || !g_hash_table_add(binder->counted, (gpointer)t))
        return;
    if (il >= 0) {
        count_in_layer(&bytes->layers[il], t, elements);
    } else if (g_str_has_prefix(t->name, "token_") || g_str_has_prefix(t->name, "position_") ||
               g_str_has_prefix(t->name, "per_layer_token_")) {
        bytes->embeddings += t->bytes;
    } else {
        bytes->output += t->bytes;
        bytes->output_elements += elements;
    }
}

/* The tensor, or NULL: with an error unless it is optional. */
static const HrGgufTensor *find(HrBinder *binder, int il, const char *name, bool optional)
{
    g_autofree char *full = il < 0 ? g_strdup(name) : g_strdup_printf("blk.%d.%s", il, name);
    const HrGgufTensor *t = binder->error ? NULL : hr_gguf_find_tensor(binder->gguf, full);
    if (!t && !optional && !binder->error)
        g_set_error(&binder->error, HR_ERROR, HR_ERROR_FORMAT,
                    "Tensor %s is missing from the model file.", full);
    return t;
}

static void bind(HrBinder *binder, HrWeight *weight, int il, const char *name, Shape shape,
                 bool optional)
{
    *weight = (HrWeight){0};
    const HrGgufTensor *t = find(binder, il, name, optional);
    if (!t)
        return;
    if (!shape_fits(t, &shape)) {
        set_shape_error(binder, t, &shape);
        return;
    }
    if (!type_fits(binder, t, shape.n_out == 1))
        return;
    *weight = (HrWeight){
        .tensor = t,
        .data = hr_gguf_tensor_data(binder->gguf, t),
        .type = t->type,
        .n_in = t->dims[0],
        .n_out = t->dims[1],
        .row_bytes =
            t->dims[0] / hr_type_traits(t->type)->block * hr_type_traits(t->type)->block_bytes,
    };
    count(binder, t, il);
}

static void bind_floats(HrBinder *binder, HrWeight *weight, int il, const char *name, uint64_t n,
                        bool optional)
{
    *weight = (HrWeight){0};
    const HrGgufTensor *t = find(binder, il, name, optional);
    if (!t)
        return;
    if (t->dims[0] * t->dims[1] * t->dims[2] * t->dims[3] != n)
        g_set_error(&binder->error, HR_ERROR, HR_ERROR_FORMAT,
                    "Tensor %s has not the %" G_GUINT64_FORMAT
                    " numbers that the metadata promises.",
                    t->name, n);
    else if (t->type != HR_TYPE_F32)
        g_set_error(&binder->error, HR_ERROR, HR_ERROR_UNSUPPORTED,
                    "Tensor %s has type %s; only F32 is supported there.", t->name,
                    hr_type_traits(t->type)->name);
    if (binder->error)
        return;
    *weight = (HrWeight){.tensor = t,
                         .data = hr_gguf_tensor_data(binder->gguf, t),
                         .type = t->type,
                         .n_in = n,
                         .n_out = 1,
                         .row_bytes = n * sizeof(float)};
    count(binder, t, il);
}

void hr_bind(HrBinder *binder, HrWeight *weight, int il, const char *name, uint64_t n_in,
             uint64_t n_out)
{
    bind(binder, weight, il, name, (Shape){n_in, n_out, 1}, false);
}

void hr_bind_optional(HrBinder *binder, HrWeight *weight, int il, const char *name, uint64_t n_in,
                      uint64_t n_out)
{
    bind(binder, weight, il, name, (Shape){n_in, n_out, 1}, true);
}

void hr_bind_floats(HrBinder *binder, HrWeight *weight, int il, const char *name, uint64_t n)
{
    bind_floats(binder, weight, il, name, n, false);
}

void hr_bind_optional_floats(HrBinder *binder, HrWeight *weight, int il, const char *name,
                             uint64_t n)
{
    bind_floats(binder, weight, il, name, n, true);
}

void hr_bind_linear(HrBinder *binder, HrLinear *linear, int il, const char *name, uint64_t n_in,
                    uint64_t n_out)
{
    g_autofree char *weight = g_strconcat(name, ".weight", NULL);
    g_autofree char *bias = g_strconcat(name, ".bias", NULL);
    g_autofree char *scale = g_strconcat(name, ".scale", NULL);
    hr_bind(binder, &linear->weight, il, weight, n_in, n_out);
    hr_bind_optional(binder, &linear->bias, il, bias, linear->weight.n_out, 1);
    hr_bind_optional(binder, &linear->scale, il, scale, 1, 1);
}

HrLinear hr_linear_rows(const HrLinear *linear, uint64_t row, uint64_t n_out)
{
    HrLinear rows = *linear;
    rows.weight.n_out = n_out;
    if (rows.weight.data)
        rows.weight.data = (const char *)rows.weight.data + row * rows.weight.row_bytes;
    if (rows.bias.data)
        rows.bias.data = (const float *)rows.bias.data + row;
    rows.bias.n_in = n_out;
    return rows;
}

/* ---- Stacks ---- */

/* One bias for each of the stack: a matrix whose rows are read as floats. */
static void bind_biases(HrBinder *binder, HrWeight *weight, int il, const char *name,
                        uint64_t n_out, uint32_t n)
{
    hr_bind_optional(binder, weight, il, name, n_out, n);
    if (hr_weight_exists(weight) && weight->type != HR_TYPE_F32)
        g_set_error(&binder->error, HR_ERROR, HR_ERROR_UNSUPPORTED,
                    "Tensor %s has type %s; only F32 is supported there.", weight->tensor->name,
                    hr_type_traits(weight->type)->name);
}

void hr_bind_stack(HrBinder *binder, HrLinearStack *stack, int il, const char *name, uint64_t n_in,
                   uint64_t n_out, uint32_t n)
{
    g_autofree char *weight = g_strconcat(name, ".weight", NULL);
    g_autofree char *bias = g_strconcat(name, ".bias", NULL);
    g_autofree char *scale = g_strconcat(name, ".scale", NULL);
    *stack = (HrLinearStack){0};
    bind(binder, &stack->weight, il, weight, (Shape){n_in, n_out, n}, false);
    stack->stride = stack->weight.n_out * stack->weight.row_bytes;
    stack->all = stack->weight;
    stack->all.n_out *= n;
    bind_biases(binder, &stack->bias, il, bias, stack->weight.n_out, n);
    hr_bind_optional(binder, &stack->scale, il, scale, n, 1);
}

void hr_bind_apart(HrBinder *binder, HrLinearStack *stack, int il, const char *name, uint64_t n_in,
                   uint64_t n_out, uint32_t n)
{
    *stack = (HrLinearStack){.apart = g_new0(const char *, n)};
    for (uint32_t i = 0; i < n; i++) {
        g_autofree char *full = g_strdup_printf("%s.%u.weight", name, i);
        HrWeight weight;
        hr_bind(binder, &weight, il, full, n_in, n_out);
        if (i == 0)
            stack->weight = weight;
        if (weight.type != stack->weight.type && !binder->error)
            g_set_error(&binder->error, HR_ERROR, HR_ERROR_UNSUPPORTED,
                        "Tensor %s has another type than %s.", weight.tensor->name,
                        stack->weight.tensor->name);
        stack->apart[i] = weight.data;
    }
}

HrLinearStack hr_stack_slice(const HrLinearStack *stack, uint64_t row, uint64_t n_out)
{
    HrLinearStack slice = *stack;
    slice.weight.n_out = n_out;
    slice.first_row += row;
    if (slice.weight.data)
        slice.weight.data = (const char *)slice.weight.data + row * slice.weight.row_bytes;
    if (slice.bias.data)
        slice.bias.data = (const float *)slice.bias.data + row;
    return slice;
}

bool hr_bind_finds(const HrBinder *binder, int il, const char *name)
{
    g_autofree char *full = g_strdup_printf("blk.%d.%s", il, name);
    return hr_gguf_find_tensor(binder->gguf, full) != NULL;
}

static void finish_layer(HrLayerWeights *layer)
{
    g_free(layer->experts.gate.apart);
    g_free(layer->experts.up.apart);
    g_free(layer->experts.down.apart);
}

void hr_weights_finish(HrWeights *weights)
{
    for (uint32_t il = 0; weights->layers && il < weights->n_layer; il++)
        finish_layer(&weights->layers[il]);
    g_clear_pointer(&weights->layers, g_free);
    g_clear_pointer(&weights->bytes.layers, g_free);
}
