/* open.c: finds a tower's tensors and checks them against its shape and against the language model.
 * See vision.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vision/vision.h"

#include <string.h>

typedef struct {
    HrBinder binder;
    HrVision *vision;
} Opening;

/* ---- Names ---- */

/* What models that carry their tower themselves call things. */
static const char *const other_names[][2] = {
    {"v.patch_embd.weight.1", "v.patch_embd_1.weight"},
    {"v.patch_embd.weight", "v.patch_embd_0.weight"},
    {"v.patch_embd", "v.patch_embedding"},
    {"v.position_embd", "v.position_embedding"},
    {"v.post_ln", "v.post_layernorm"},
    {"v.post_ln", "v.merger.ln_q"},
    {".ln1", ".layer_norm1"},
    {".ln2", ".layer_norm2"},
    {".attn_out", ".attn_output"},
    {".ffn_up", ".mlp.fc1"},
    {".ffn_down", ".mlp.fc2"},
    {".ffn_up", ".mlp.up_proj"},
    {".ffn_down", ".mlp.down_proj"},
    {".ffn_gate", ".mlp.gate_proj"},
    {"mm.input_projection", "mm.mm_input_projection"},
    {"mm.soft_emb_norm", "mm.mm_soft_emb_norm"},
    {"mm.0", "v.merger.mlp.0"},
    {"mm.2", "v.merger.mlp.2"},
    {"v.image_newline", "model.image_newline"},
};

static char *replace(const char *name, const char *from, const char *to)
{
    const char *at = strstr(name, from);
    return at ? g_strdup_printf("%.*s%s%s", (int)(at - name), name, to, at + strlen(from)) : NULL;
}

/* The name under which the file has what is called name, which is that name if it has none. */
static char *dup_name(const Opening *o, const char *name)
{
    if (hr_gguf_find_tensor(o->vision->gguf, name))
        return g_strdup(name);
    for (size_t i = 0; i < G_N_ELEMENTS(other_names); i++) {
        g_autofree char *other = replace(name, other_names[i][0], other_names[i][1]);
        if (other && hr_gguf_find_tensor(o->vision->gguf, other))
            return g_steal_pointer(&other);
    }
    return g_strdup(name);
}

/* Columns (0) or rows (1) of the matrix of that name; 0: there is none. */
static uint64_t size_of(const Opening *o, const char *name, uint32_t dim)
{
    g_autofree char *real = dup_name(o, name);
    const HrGgufTensor *t = hr_gguf_find_tensor(o->vision->gguf, real);
    return t ? t->dims[dim] : 0;
}

static uint64_t rows_of(const Opening *o, const char *name)
{
    return size_of(o, name, 1);
}

static bool has(const Opening *o, const char *name)
{
    return rows_of(o, name) > 0;
}

/* ---- Binding ---- */

static void bind_matrix(Opening *o, HrWeight *weight, const char *name, uint64_t n_in,
                        uint64_t n_out)
{
    g_autofree char *real = dup_name(o, name);
    hr_bind(&o->binder, weight, -1, real, n_in, n_out);
}

static void bind_floats(Opening *o, HrWeight *weight, const char *name, uint64_t n, bool optional)
{
    g_autofree char *real = dup_name(o, name);
    if (optional)
        hr_bind_optional_floats(&o->binder, weight, -1, real, n);
    else
        hr_bind_floats(&o->binder, weight, -1, real, n);
}

static void bind_linear(Opening *o, HrLinear *linear, const char *name, uint64_t n_in,
                        uint64_t n_out)
{
    g_autofree char *weight = g_strconcat(name, ".weight", NULL),
                    *bias = g_strconcat(name, ".bias", NULL);
    bind_matrix(o, &linear->weight, weight, n_in, n_out);
    bind_floats(o, &linear->bias, bias, linear->weight.n_out, true);
}

static void bind_norm(Opening *o, HrVisionNorm *norm, const char *name, uint64_t n, bool optional)
{
    g_autofree char *weight = g_strconcat(name, ".weight", NULL),
                    *bias = g_strconcat(name, ".bias", NULL);
    bind_floats(o, &norm->weight, weight, n, optional);
    bind_floats(o, &norm->bias, bias, n, true);
}

/* A convolution whose steps are as wide as itself is a product with patches: w[n_embd, 3 * patch *
 * patch]. */
static void bind_patches(Opening *o, HrWeight *weight, const char *name)
{
    const HrVisionParams *p = &o->vision->params;
    g_autofree char *real = dup_name(o, name);
    const HrGgufTensor *t = o->binder.error ? NULL : hr_gguf_find_tensor(o->vision->gguf, real);
    uint64_t n_in = (uint64_t)3 * p->patch_size * p->patch_size;
    if (o->binder.error)
        return;
    if (!t)
        g_set_error(&o->binder.error, HR_ERROR, HR_ERROR_FORMAT,
                    "Tensor %s is missing from the projector's file.", name);
    else if (t->dims[0] * t->dims[1] * t->dims[2] != n_in || t->dims[3] != p->n_embd)
        g_set_error(
            &o->binder.error, HR_ERROR, HR_ERROR_FORMAT,
            "Tensor %s is not %u filters of %u x %u pixels, as clip.vision.embedding_length and patch_size promise.",
            t->name, p->n_embd, p->patch_size, p->patch_size);
    else if (t->type != HR_TYPE_F32 && t->type != HR_TYPE_F16 && t->type != HR_TYPE_BF16)
        g_set_error(&o->binder.error, HR_ERROR, HR_ERROR_UNSUPPORTED,
                    "Tensor %s has type %s; F32, F16 and BF16 are supported there.", t->name,
                    hr_type_traits(t->type)->name);
    if (o->binder.error)
        return;
    *weight = (HrWeight){.tensor = t,
                         .data = hr_gguf_tensor_data(o->vision->gguf, t),
                         .type = t->type,
                         .n_in = n_in,
                         .n_out = p->n_embd,
                         .row_bytes = n_in * hr_type_traits(t->type)->block_bytes};
}

/* ---- Parts ---- */

static void bind_input(Opening *o)
{
    HrVision *v = o->vision;
    const HrVisionParams *p = &v->params;
    uint64_t grid = hr_vision_grid(p);
    bind_patches(o, &v->patch.weight, "v.patch_embd.weight");
    bind_floats(o, &v->patch.bias, "v.patch_embd.bias", p->n_embd, true);
    if (has(o, "v.patch_embd.weight.1"))
        bind_patches(o, &v->patch2.weight, "v.patch_embd.weight.1");
    bind_floats(o, &v->class_embd, "v.class_embd", p->n_embd, true);
    if (!hr_vision_is_any_size(p))
        bind_matrix(o, &v->position, "v.position_embd.weight", p->n_embd,
                    grid * grid + (hr_weight_exists(&v->class_embd) ? 1 : 0));
    bind_norm(o, &v->pre, "v.pre_ln", p->n_embd, true);
    bind_norm(o, &v->post, "v.post_ln", p->n_embd,
              p->kind == HR_VISION_MLP || p->kind == HR_VISION_PIXTRAL);
}

static void bind_attention(Opening *o, HrVisionLayer *l, const char *prefix)
{
    uint64_t n = o->vision->params.n_embd;
    g_autofree char *qkv = g_strconcat(prefix, "attn_qkv", NULL),
                    *qkv_weight = g_strconcat(qkv, ".weight", NULL);
    g_autofree char *q = g_strconcat(prefix, "attn_q", NULL),
                    *k = g_strconcat(prefix, "attn_k", NULL);
    g_autofree char *v = g_strconcat(prefix, "attn_v", NULL),
                    *out = g_strconcat(prefix, "attn_out", NULL);
    if (has(o, qkv_weight)) {
        HrLinear all = {0};
        bind_linear(o, &all, qkv, n, 3 * n);
        l->q = hr_linear_rows(&all, 0, n);
        l->k = hr_linear_rows(&all, n, n);
        l->v = hr_linear_rows(&all, 2 * n, n);
    } else {
        bind_linear(o, &l->q, q, n, n);
        bind_linear(o, &l->k, k, n, n);
        bind_linear(o, &l->v, v, n, n);
    }
    bind_linear(o, &l->out, out, n, n);
}

/* Converters have written the two matrices under each other's names; which is which shows in their
 * shapes. The metadata's feed_forward_length is not asked: for Qwen2-VL they have written another
 * number there. */
static void bind_feed_forward(Opening *o, HrVisionLayer *l, const char *prefix)
{
    uint64_t n = o->vision->params.n_embd;
    g_autofree char *up = g_strconcat(prefix, "ffn_up", NULL),
                    *down = g_strconcat(prefix, "ffn_down", NULL);
    g_autofree char *gate = g_strconcat(prefix, "ffn_gate", NULL),
                    *gate_weight = g_strconcat(gate, ".weight", NULL);
    g_autofree char *up_weight = g_strconcat(up, ".weight", NULL),
                    *down_weight = g_strconcat(down, ".weight", NULL);
    bool swapped = rows_of(o, up_weight) == n && rows_of(o, down_weight) != n;
    uint64_t n_ff = rows_of(o, swapped ? down_weight : up_weight);
    if (n_ff > HR_MAX_WIDTH && !o->binder.error)
        g_set_error(&o->binder.error, HR_ERROR, HR_ERROR_FORMAT, "Tensor %s has too many rows.",
                    up_weight);
    bind_linear(o, &l->up, swapped ? down : up, n, n_ff);
    bind_linear(o, &l->down, swapped ? up : down, n_ff, n);
    if (has(o, gate_weight))
        bind_linear(o, &l->gate, gate, n, n_ff);
}

static void bind_layers(Opening *o)
{
    HrVision *v = o->vision;
    v->layers = g_new0(HrVisionLayer, v->params.n_layer);
    for (uint32_t il = 0; il < v->params.n_layer && !o->binder.error; il++) {
        HrVisionLayer *l = &v->layers[il];
        g_autofree char *prefix = g_strdup_printf("v.blk.%u.", il);
        g_autofree char *ln1 = g_strconcat(prefix, "ln1", NULL),
                        *ln2 = g_strconcat(prefix, "ln2", NULL);
        bind_norm(o, &l->norm1, ln1, v->params.n_embd, false);
        bind_norm(o, &l->norm2, ln2, v->params.n_embd, false);
        bind_attention(o, l, prefix);
        bind_feed_forward(o, l, prefix);
    }
}

/* A matrix, a GELU and a second matrix, under the numbers that the modules had where they were
 * trained. */
static void bind_two(Opening *o, const char *first, const char *second, uint64_t n_in)
{
    HrVision *v = o->vision;
    g_autofree char *weight = g_strconcat(first, ".weight", NULL),
                    *second_weight = g_strconcat(second, ".weight", NULL);
    bind_linear(o, &v->project1, first, n_in, 0);
    if (v->project1.weight.n_out > HR_MAX_WIDTH && !o->binder.error)
        g_set_error(&o->binder.error, HR_ERROR, HR_ERROR_FORMAT, "Tensor %s has too many rows.",
                    weight);
    if (has(o, second_weight))
        bind_linear(o, &v->project2, second, v->project1.weight.n_out, 0);
}

static void bind_projector(Opening *o)
{
    HrVision *v = o->vision;
    const HrVisionParams *p = &v->params;
    uint64_t n = p->n_embd, merged = n * p->merge * p->merge;
    switch (p->kind) {
    case HR_VISION_MLP:
        bind_two(o, "mm.0", "mm.2", n * MAX(p->n_features, 1));
        bind_floats(o, &v->newline, "v.image_newline", p->n_out, true);
        break;
    case HR_VISION_GEMMA3:
        bind_norm(o, &v->input_norm, "mm.soft_emb_norm", n, false);
        bind_matrix(o, &v->project1.weight, "mm.input_projection.weight",
                    size_of(o, "mm.input_projection.weight", 0), n);
        v->project1_is_transposed = true;
        break;
    case HR_VISION_IDEFICS3:
        bind_matrix(o, &v->project1.weight, "mm.model.fc.weight", merged, 0);
        break;
    case HR_VISION_PIXTRAL:
        bind_norm(o, &v->input_norm, "mm.input_norm", n, true);
        if (p->merge > 1)
            bind_matrix(o, &v->merger.weight, "mm.patch_merger.weight", merged, n);
        bind_two(o, "mm.1", "mm.2", n);
        bind_floats(o, &v->newline, "v.token_embd.img_break", p->n_out, true);
        break;
    case HR_VISION_QWEN2VL:
    case HR_VISION_QWEN25VL:
        bind_two(o, "mm.0", "mm.2", merged);
        break;
    case HR_VISION_N_KINDS:
        break;
    }
}

/* ---- Whose it is ---- */

static uint64_t columns_out(const HrVision *v)
{
    if (v->project1_is_transposed)
        return v->project1.weight.n_in;
    return hr_weight_exists(&v->project2.weight) ? v->project2.weight.n_out
                                                 : v->project1.weight.n_out;
}

static bool fits_model(const HrVision *v, const char *arch, GError **error)
{
    bool is_qwen = v->params.kind == HR_VISION_QWEN2VL || v->params.kind == HR_VISION_QWEN25VL;
    bool needs_axes = g_str_equal(arch, "qwen2vl") || g_str_equal(arch, "qwen25vl");
    if (columns_out(v) != v->params.n_out)
        g_set_error(error, HR_ERROR, HR_ERROR_FORMAT,
                    "The projector belongs to another model: it makes rows of %" G_GUINT64_FORMAT
                    " numbers (%s), and %s.embedding_length is %u.",
                    columns_out(v),
                    (hr_weight_exists(&v->project2.weight) ? &v->project2 : &v->project1)
                        ->weight.tensor->name,
                    arch, v->params.n_out);
    else if (is_qwen != needs_axes ||
             (v->params.kind == HR_VISION_GEMMA3) != g_str_equal(arch, "gemma3"))
        g_set_error(
            error, HR_ERROR, HR_ERROR_FORMAT,
            "The projector belongs to another model: clip.projector_type is \"%s\", which does not go with general.architecture \"%s\".",
            hr_vision_kind_name(v->params.kind), arch);
    else
        return true;
    return false;
}

static bool check(const HrVision *v, GError **error)
{
    const HrGgufTensor *t = v->project1.weight.tensor;
    if (!v->project1_is_transposed || t->type == HR_TYPE_F32 || t->type == HR_TYPE_F16 ||
        t->type == HR_TYPE_BF16)
        return true;
    g_set_error(error, HR_ERROR, HR_ERROR_UNSUPPORTED,
                "Tensor %s has type %s; F32, F16 and BF16 are supported there.", t->name,
                hr_type_traits(t->type)->name);
    return false;
}

static uint64_t bound_bytes(const HrVision *v)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < hr_gguf_n_tensors(v->gguf); i++) {
        const HrGgufTensor *t = hr_gguf_tensor(v->gguf, i);
        if (g_str_has_prefix(t->name, "v.") || g_str_has_prefix(t->name, "mm.") ||
            g_str_equal(t->name, "model.image_newline"))
            bytes += t->bytes;
    }
    return bytes;
}

static bool bind_all(HrVision *v, GError **error)
{
    Opening o = {.binder = {.gguf = v->gguf}, .vision = v};
    bind_input(&o);
    bind_layers(&o);
    bind_projector(&o);
    if (o.binder.error)
        g_propagate_error(error, o.binder.error);
    v->bytes = bound_bytes(v);
    return !o.binder.error;
}

HrVision *hr_vision_open(const char *path, const HrGguf *model, const char *arch, uint32_t n_out,
                         GError **error)
{
    g_autoptr(HrVision) v = g_new0(HrVision, 1);
    v->own = path ? hr_gguf_open(path, error) : NULL;
    v->gguf = path ? v->own : model;
    if (!v->gguf)
        return NULL;
    if (!hr_vision_is_in(v->gguf)) {
        g_set_error(
            error, HR_ERROR, HR_ERROR_FORMAT,
            "%s is no projector: its general.architecture is not \"clip\", and it has no vision.block_count.",
            path ? path : "The file");
        return NULL;
    }
    if (!hr_vision_params_read(&v->params, v->gguf, error))
        return NULL;
    v->params.n_out = n_out;
    if (!bind_all(v, error) || !fits_model(v, arch, error) || !check(v, error))
        return NULL;
    return g_steal_pointer(&v);
}

void hr_vision_free(HrVision *v)
{
    if (!v)
        return;
    hr_gguf_close(v->own);
    g_free(v->layers);
    g_free(v);
}
