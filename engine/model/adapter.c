/* adapter.c: see adapter.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "model/adapter.h"

#include <string.h>

#define SUFFIX_A ".lora_a"
#define SUFFIX_B ".lora_b"

void hr_adapter_free(HrAdapter *adapter)
{
    if (!adapter)
        return;
    g_clear_pointer(&adapter->loras, g_hash_table_unref);
    hr_gguf_close(adapter->gguf);
    g_free(adapter->name);
    g_free(adapter);
}

/* ---- Keys ---- */

static bool check_key(const HrGguf *gguf, const char *key, const char *wanted, GError **error)
{
    const char *said = hr_gguf_get_string(gguf, key, NULL);
    if (said && g_str_equal(said, wanted))
        return true;
    g_set_error(error, HR_ERROR, HR_ERROR_FORMAT, "The adapter's %s is %s, not \"%s\".", key,
                said ? said : "missing", wanted);
    return false;
}

static bool check_keys(const HrGguf *gguf, const char *base_arch, GError **error)
{
    const char *arch = hr_gguf_get_string(gguf, "general.architecture", NULL);
    if (!check_key(gguf, "general.type", "adapter", error) ||
        !check_key(gguf, "adapter.type", "lora", error))
        return false;
    if (arch && g_str_equal(arch, base_arch))
        return true;
    g_set_error(error, HR_ERROR, HR_ERROR_FORMAT,
                "The adapter is for another base: its general.architecture is %s, the model's %s.",
                arch ? arch : "missing", base_arch);
    return false;
}

/* ---- Tensors ---- */

static bool refuse(GError **error, HrError code, const HrGgufTensor *t, const char *why)
{
    g_set_error(error, HR_ERROR, code, "The adapter's tensor %s %s.", t->name, why);
    return false;
}

static bool take_weight(HrAdapter *adapter, HrWeight *weight, const HrGgufTensor *t, GError **error)
{
    const HrTypeTraits *traits = hr_type_traits(t->type);
    if (weight->tensor)
        return refuse(error, HR_ERROR_FORMAT, t, "is there twice");
    if (!traits->computable)
        return refuse(error, HR_ERROR_UNSUPPORTED, t, "has a type that is not supported");
    if (t->dims[2] != 1 || t->dims[3] != 1)
        return refuse(error, HR_ERROR_UNSUPPORTED, t,
                      "is no matrix; adapters of experts are not supported");
    *weight = (HrWeight){
        .tensor = t,
        .data = hr_gguf_tensor_data(adapter->gguf, t),
        .type = t->type,
        .n_in = t->dims[0],
        .n_out = t->dims[1],
        .row_bytes = t->dims[0] / traits->block * traits->block_bytes,
    };
    adapter->bytes += t->bytes;
    return true;
}

static HrLora *lora_of(HrAdapter *adapter, const HrGgufTensor *base)
{
    HrLora *lora = g_hash_table_lookup(adapter->loras, base);
    if (!lora) {
        lora = g_new0(HrLora, 1);
        lora->base = base;
        g_hash_table_insert(adapter->loras, (gpointer)base, lora);
    }
    return lora;
}

static bool take_tensor(HrAdapter *adapter, const HrGguf *base, const HrGgufTensor *t,
                        GError **error)
{
    bool is_a = g_str_has_suffix(t->name, SUFFIX_A), is_b = g_str_has_suffix(t->name, SUFFIX_B);
    if (!is_a && !is_b)
        return refuse(error, HR_ERROR_UNSUPPORTED, t, "is neither of a pair lora_a, lora_b");
    g_autofree char *name = g_strndup(t->name, strlen(t->name) - strlen(SUFFIX_A));
    const HrGgufTensor *target = hr_gguf_find_tensor(base, name);
    if (!target)
        return refuse(
            error, HR_ERROR_FORMAT, t,
            "changes a tensor that the model does not have: the adapter is for another base");
    HrLora *lora = lora_of(adapter, target);
    return take_weight(adapter, is_a ? &lora->a : &lora->b, t, error);
}

static bool check_pair(const HrLora *lora, GError **error)
{
    const HrGgufTensor *a = lora->a.tensor, *b = lora->b.tensor, *base = lora->base;
    if (!a || !b)
        return refuse(error, HR_ERROR_FORMAT, a ? a : b, "has no partner");
    if (lora->a.n_out != lora->b.n_in || lora->a.n_out == 0 || lora->a.n_out > HR_MAX_LORA_RANK)
        return refuse(error, HR_ERROR_FORMAT, a,
                      "has another rank than its partner, or one out of range");
    if (base->dims[2] != 1 || base->dims[3] != 1)
        return refuse(error, HR_ERROR_UNSUPPORTED, a, "changes experts, which is not supported");
    if (lora->a.n_in != base->dims[0])
        return refuse(
            error, HR_ERROR_FORMAT, a,
            "does not fit the shape of the model's tensor: the adapter is for another base");
    if (lora->b.n_out != base->dims[1])
        return refuse(
            error, HR_ERROR_FORMAT, b,
            "does not fit the shape of the model's tensor: the adapter is for another base");
    return true;
}

/* An alpha of 0 stands for the rank. */
static bool finish_pairs(HrAdapter *adapter, GError **error)
{
    double alpha;
    GHashTableIter iter;
    gpointer value;
    if (!hr_gguf_get_float(adapter->gguf, "adapter.lora.alpha", &alpha) ||
        !(alpha >= 0 && alpha <= 1e6)) {
        g_set_error(error, HR_ERROR, HR_ERROR_FORMAT,
                    "The adapter's adapter.lora.alpha is missing or out of range.");
        return false;
    }
    g_hash_table_iter_init(&iter, adapter->loras);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        HrLora *lora = value;
        if (!check_pair(lora, error))
            return false;
        lora->scale = alpha > 0 ? (float)(alpha / (double)lora->a.n_out) : 1;
        adapter->rank = MAX(adapter->rank, (uint32_t)lora->a.n_out);
    }
    return true;
}

HrAdapter *hr_adapter_open(const char *path, const HrGguf *base, const char *base_arch,
                           GError **error)
{
    g_autoptr(HrAdapter) adapter = g_new0(HrAdapter, 1);
    adapter->gguf = hr_gguf_open(path, error);
    if (!adapter->gguf || !check_keys(adapter->gguf, base_arch, error))
        return NULL;
    const char *name = hr_gguf_get_string(adapter->gguf, "general.name", NULL);
    adapter->name = name ? g_strdup(name) : g_path_get_basename(path);
    adapter->loras = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    for (size_t i = 0; i < hr_gguf_n_tensors(adapter->gguf); i++)
        if (!take_tensor(adapter, base, hr_gguf_tensor(adapter->gguf, i), error))
            return NULL;
    if (!finish_pairs(adapter, error))
        return NULL;
    return g_steal_pointer(&adapter);
}

const HrLora *hr_adapter_find(const HrAdapter *adapter, const HrGguf *base, const HrWeight *weight,
                              uint64_t *ret_row)
{
    const HrLora *lora =
        weight->tensor ? g_hash_table_lookup(adapter->loras, weight->tensor) : NULL;
    if (lora && weight->data)
        *ret_row = (uint64_t)((const char *)weight->data -
                              (const char *)hr_gguf_tensor_data(base, weight->tensor)) /
                   weight->row_bytes;
    return lora;
}
