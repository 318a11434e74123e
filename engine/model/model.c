/* model.c: opening a model file and telling about it. Text and templates are in model-text.c.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "model/model.h"

#include "cpu/lora.h"

#include "model/hparams-embedding.h"
#include "model/quirks.h"

#include "vision/vision.h"

#include <string.h>

/* ---- The label of a file's quantisation ---- */

static const char *file_type_label(uint64_t id)
{
    static const char *const labels[] = {
        [0] = "F32",     [1] = "F16",      [2] = "Q4_0",       [3] = "Q4_1",    [7] = "Q8_0",
        [8] = "Q5_0",    [9] = "Q5_1",     [10] = "Q2_K",      [11] = "Q3_K_S", [12] = "Q3_K_M",
        [13] = "Q3_K_L", [14] = "Q4_K_S",  [15] = "Q4_K_M",    [16] = "Q5_K_S", [17] = "Q5_K_M",
        [18] = "Q6_K",   [19] = "IQ2_XXS", [20] = "IQ2_XS",    [21] = "Q2_K_S", [25] = "IQ4_NL",
        [30] = "IQ4_XS", [32] = "BF16",    [38] = "MXFP4_MOE",
    };
    return id < G_N_ELEMENTS(labels) ? labels[id] : NULL;
}

/* The type that most bytes of the file have: right where the label is missing. */
static const char *dominant_type(const HrGguf *gguf)
{
    uint64_t bytes[HR_TYPE_N] = {0};
    uint32_t best = 0;
    for (size_t i = 0; i < hr_gguf_n_tensors(gguf); i++) {
        const HrGgufTensor *t = hr_gguf_tensor(gguf, i);
        if ((uint32_t)t->type < HR_TYPE_N)
            bytes[t->type] += t->bytes;
    }
    for (uint32_t t = 1; t < HR_TYPE_N; t++)
        if (bytes[t] > bytes[best])
            best = t;
    return hr_type_traits(best)->name;
}

/* Of a header alone, the file that it is the beginning of. */
static uint64_t file_bytes(const HrModel *model)
{
    uint64_t bytes = hr_gguf_file_bytes(model->gguf);
    for (size_t i = 0; model->header && i < hr_gguf_n_tensors(model->gguf); i++) {
        const HrGgufTensor *t = hr_gguf_tensor(model->gguf, i);
        bytes = MAX(bytes, t->offset + t->bytes);
    }
    return bytes;
}

static void read_info(HrModel *model)
{
    const HrGguf *gguf = model->gguf;
    HrModelInfo *info = &model->info;
    const char *name = hr_gguf_get_string(gguf, "general.name", NULL);
    const char *arch = hr_gguf_get_string(gguf, "general.architecture", NULL);
    const char *label = NULL;
    uint64_t id;
    if (hr_gguf_get_uint(gguf, "general.file_type", &id))
        label = file_type_label(id);
    model->file_type = g_strdup(label ? label : dominant_type(gguf));
    info->architecture = arch ? arch : "";
    info->name = name ? name : "";
    info->file_type = model->file_type ? model->file_type : "";
    info->file_bytes = file_bytes(model);
    for (size_t i = 0; i < hr_gguf_n_tensors(gguf); i++) {
        const uint64_t *dims = hr_gguf_tensor(gguf, i)->dims;
        info->n_params += dims[0] * dims[1] * dims[2] * dims[3];
    }
}

static uint32_t arch_uint(const HrModel *model, const char *name)
{
    g_autofree char *key = g_strdup_printf("%s.%s", model->info.architecture, name);
    const HrGgufEntry *entry = hr_gguf_find(model->gguf, key);
    int64_t value = 0;
    return entry && hr_gguf_element_int(entry, 0, &value) && value > 0 && value <= UINT32_MAX
               ? (uint32_t)value
               : 0;
}

static void read_shape(HrModel *model)
{
    HrModelInfo *info = &model->info;
    const HrGgufTensor *embd = hr_gguf_find_tensor(model->gguf, "token_embd.weight");
    info->n_layer = arch_uint(model, "block_count");
    info->n_embd = arch_uint(model, "embedding_length");
    info->n_head = arch_uint(model, "attention.head_count");
    info->n_head_kv = arch_uint(model, "attention.head_count_kv");
    if (info->n_head_kv == 0)
        info->n_head_kv = info->n_head;
    info->n_ctx_train = arch_uint(model, "context_length");
    info->n_expert = arch_uint(model, "expert_count");
    info->n_expert_used = MIN(arch_uint(model, "expert_used_count"), info->n_expert);
    info->n_vocab = embd && embd->dims[1] <= UINT32_MAX ? (uint32_t)embd->dims[1] : 0;
}

/* ---- Binding ---- */

static bool bind_weights(HrModel *model, GError **error)
{
    g_autoptr(GHashTable) counted = g_hash_table_new(NULL, NULL);
    HrBinder binder = {.gguf = model->gguf, .bytes = &model->weights.bytes, .counted = counted};
    model->weights.bytes.layers = g_new0(HrLayerBytes, model->hparams.n_layer);
    model->weights.layers = g_new0(HrLayerWeights, model->hparams.n_layer);
    model->weights.n_layer = model->hparams.n_layer;
    model->arch->bind(&binder, &model->hparams, &model->weights);
    if (!binder.error && model->weights.token_embd.n_out > INT32_MAX)
        g_set_error(&binder.error, HR_ERROR, HR_ERROR_FORMAT,
                    "Tensor token_embd.weight has too many rows.");
    if (binder.error) {
        g_propagate_error(error, binder.error);
        return false;
    }
    model->hparams.n_vocab = (uint32_t)model->weights.token_embd.n_out;
    return true;
}

static bool prepare_to_run(HrModel *model, const char *arch, GError **error)
{
    model->arch = hr_arch_find(arch ? arch : "");
    if (!model->arch) {
        g_set_error(
            error, HR_ERROR, HR_ERROR_UNSUPPORTED,
            "This build does not know the architecture \"%s\": nobody has written down what its layers compute. "
            "A newer version may; \"headroom show --architectures\" lists those that run.",
            model->info.architecture);
        return false;
    }
    if (model->arch->check && !model->arch->check(model->gguf, error))
        return false;
    HrKeys keys = {model->gguf, model->arch->name, error};
    if (!hr_hparams_read(&model->hparams, model->gguf, model->arch->name, model->arch->mixed_layers,
                         error))
        return false;
    if (model->arch->experts && model->hparams.experts.n == 0)
        return hr_keys_bad(&keys, "expert_count", "is missing or 0");
    model->hparams.rope.kind = model->arch->rope;
    if (model->arch->rope == HR_ROPE_NONE)
        model->hparams.rope.n_rot = 0;
    if (!hr_hparams_read_embedding(&model->hparams, &keys, model->arch->encoder) ||
        (model->arch->shape && !model->arch->shape(&model->hparams, &keys)) ||
        !bind_weights(model, error))
        return false;
    model->info.embeds = model->hparams.embeds;
    model->info.pooling = model->hparams.pooling;
    model->info.n_output = hr_weights_embedding_width(&model->weights, &model->hparams);
    return true;
}

static HrModel *model_new(HrGguf *take_gguf, GBytes *header, const char *path)
{
    HrModel *model = g_new0(HrModel, 1);
    g_atomic_ref_count_init(&model->refs);
    g_mutex_init(&model->lock);
    g_mutex_init(&model->programs_lock);
    model->adapters = g_ptr_array_new_with_free_func((GDestroyNotify)hr_adapter_free);
    model->path = g_strdup(path);
    model->gguf = take_gguf;
    model->header = header ? g_bytes_ref(header) : NULL;
    const char *arch = hr_quirks_apply(model->gguf);
    model->metadata = hr_model_dup_metadata(model, false);
    read_info(model);
    read_shape(model);
    prepare_to_run(model, arch, &model->not_runnable);
    model->tokenizer_bytes = hr_tokenizer_planned_bytes(model->gguf, header != NULL);
    return model;
}

/* A tower that lies in the model's own file and cannot be used leaves a model that reads text. */
static void open_own_vision(HrModel *model)
{
    if (model->arch && !model->not_runnable && hr_vision_is_in(model->gguf))
        model->vision = hr_vision_open(NULL, model->gguf, model->info.architecture,
                                       model->hparams.n_embd, &model->vision_error);
}

HrModel *hr_model_open(const char *path, GError **error)
{
    HrGguf *gguf = hr_gguf_open(path, error);
    HrModel *model = gguf ? model_new(gguf, NULL, path) : NULL;
    if (model)
        open_own_vision(model);
    return model;
}

HrModel *hr_model_open_with_projector(const char *path, const char *projector, GError **error)
{
    g_autoptr(HrModel) model = hr_model_open(path, error);
    if (!model || !projector || !hr_model_is_runnable(model, NULL) || g_str_equal(path, projector))
        return g_steal_pointer(&model);
    HrVision *vision =
        hr_vision_open(projector, NULL, model->info.architecture, model->hparams.n_embd, error);
    if (!vision)
        return NULL;
    hr_vision_free(model->vision);
    g_clear_error(&model->vision_error);
    model->vision = vision;
    return g_steal_pointer(&model);
}

bool hr_model_sees_images(const HrModel *model, GError **error)
{
    if (model->vision)
        return true;
    if (model->vision_error && error)
        *error = g_error_copy(model->vision_error);
    else
        g_set_error(error, HR_ERROR, HR_ERROR_UNSUPPORTED,
                    "The model has no projector, so it sees no images.");
    return false;
}

HrModel *hr_model_open_header(GBytes *header, const char *name, GError **error)
{
    gsize size;
    const void *data = g_bytes_get_data(header, &size);
    HrGguf *gguf = hr_gguf_open_memory(data, size, true, error);
    if (!gguf)
        g_prefix_error(error, "%s: ", name);
    return gguf ? model_new(gguf, header, name) : NULL;
}

bool hr_model_has_weights(const HrModel *model)
{
    return !model->header;
}

static HrProgram *build_program(const HrModel *model, uint32_t max_tokens, uint32_t max_outputs)
{
    HrProgram *program = hr_program_new(&model->hparams, max_tokens, max_outputs);
    HrEmit emit = {program, HR_NO_LAYER};
    model->arch->emit(&emit, &model->hparams, &model->weights);
    hr_program_place(program);
    return program;
}

/* ---- Adapters ---- */

static bool check_adapter(const HrModel *model, const HrAdapter *adapter, GError **error)
{
    HrProgram *program = build_program(model, 1, 1);
    bool ok = hr_loras_check(program, adapter, model->gguf, error);
    hr_program_free(program);
    return ok;
}

bool hr_model_add_adapter(HrModel *model, const char *path, GError **error)
{
    if (!hr_model_is_runnable(model, error))
        return false;
    if (model->adapters->len >= HR_MAX_ADAPTERS) {
        g_set_error(error, HR_ERROR, HR_ERROR_SETTINGS, "A model can have %d adapters at once.",
                    HR_MAX_ADAPTERS);
        return false;
    }
    g_autoptr(HrAdapter) adapter =
        hr_adapter_open(path, model->gguf, model->info.architecture, error);
    if (!adapter || !check_adapter(model, adapter, error))
        return false;
    g_ptr_array_add(model->adapters, g_steal_pointer(&adapter));
    return true;
}

size_t hr_model_n_adapters(const HrModel *model)
{
    return model->adapters->len;
}

HrModel *hr_model_ref(HrModel *model)
{
    g_atomic_ref_count_inc(&model->refs);
    return model;
}

void hr_model_unref(HrModel *model)
{
    if (!model || !g_atomic_ref_count_dec(&model->refs))
        return;
    g_ptr_array_unref(model->adapters);
    hr_weights_finish(&model->weights);
    hr_hparams_finish(&model->hparams);
    hr_tokenizer_free(model->tokenizer);
    hr_template_free(model->tmpl);
    for (size_t i = 0; i < HR_KEPT_PROGRAMS; i++)
        hr_program_free(model->programs[i]);
    g_clear_error(&model->tokenizer_error);
    g_clear_error(&model->not_runnable);
    hr_vision_free(model->vision);
    g_clear_error(&model->vision_error);
    hr_value_unref(model->metadata);
    hr_gguf_close(model->gguf);
    g_clear_pointer(&model->header, g_bytes_unref);
    g_mutex_clear(&model->lock);
    g_mutex_clear(&model->programs_lock);
    g_free(model->file_type);
    g_free(model->path);
    g_free(model);
}

/* ---- Telling ---- */

const HrModelInfo *hr_model_get_info(const HrModel *model)
{
    return &model->info;
}

const char *hr_model_get_path(const HrModel *model)
{
    return model->path;
}

bool hr_model_is_runnable(const HrModel *model, GError **error)
{
    if (model->not_runnable && error)
        *error = g_error_copy(model->not_runnable);
    return !model->not_runnable;
}

bool hr_tensor_type_find(const char *name, uint32_t *ret_id, uint32_t *ret_block,
                         uint32_t *ret_block_bytes)
{
    for (uint32_t id = 0; id < HR_TYPE_N; id++) {
        const HrTypeTraits *traits = hr_type_traits(id);
        if (!traits->name || !g_str_equal(traits->name, name))
            continue;
        *ret_id = id;
        *ret_block = traits->block;
        *ret_block_bytes = traits->block_bytes;
        return true;
    }
    return false;
}

size_t hr_model_n_tensors(const HrModel *model)
{
    return hr_gguf_n_tensors(model->gguf);
}

HrTensorInfo hr_model_tensor(const HrModel *model, size_t index)
{
    const HrGgufTensor *t = hr_gguf_tensor(model->gguf, index);
    HrTensorInfo info = {.name = t->name,
                         .type = hr_type_traits(t->type)->name,
                         .n_dims = t->n_dims,
                         .bytes = t->bytes};
    memcpy(info.dims, t->dims, sizeof info.dims);
    return info;
}

/* Puts the one of that capacity first among those that are kept, and builds it if it is not. */
static void keep_program(HrModel *model, uint32_t max_tokens, uint32_t max_outputs)
{
    HrProgram **kept = model->programs, *found = NULL;
    size_t i = 0;
    while (i < HR_KEPT_PROGRAMS && kept[i] &&
           (kept[i]->max_tokens != max_tokens || kept[i]->max_outputs != max_outputs))
        i++;
    if (i < HR_KEPT_PROGRAMS && kept[i])
        found = kept[i];
    else
        found = build_program(model, max_tokens, max_outputs);
    if (i == HR_KEPT_PROGRAMS)
        hr_program_free(kept[--i]);
    for (; i > 0; i--)
        kept[i] = kept[i - 1];
    kept[0] = found;
}

HrProgram *hr_model_get_program(HrModel *model, uint32_t max_tokens, uint32_t max_outputs)
{
    g_mutex_lock(&model->programs_lock);
    keep_program(model, max_tokens, max_outputs);
    HrProgram *program = hr_program_ref(model->programs[0]);
    g_mutex_unlock(&model->programs_lock);
    return program;
}
