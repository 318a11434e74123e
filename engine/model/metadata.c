/* metadata.c: what the header of a model's file says, as values.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The single values are made once, while the header is read anyway: its pages are given back after
 * that, and looking at one of them again would bring in those around it.
 */
#include "model/model.h"

static HrValue *element_value(const HrGgufEntry *entry, uint64_t index)
{
    HrGgufKind kind = entry->kind == HR_GGUF_ARRAY ? entry->element : entry->kind;
    const char *bytes;
    size_t len;
    int64_t i;
    double d;
    if (kind == HR_GGUF_STRING && hr_gguf_element_string(entry, index, &bytes, &len))
        return hr_value_new_string(bytes, (gssize)len, true);
    if ((kind == HR_GGUF_F32 || kind == HR_GGUF_F64) && hr_gguf_element_float(entry, index, &d))
        return hr_value_new_float(d);
    if (hr_gguf_element_int(entry, index, &i))
        return kind == HR_GGUF_BOOL ? hr_value_new_bool(i != 0) : hr_value_new_int(i);
    return hr_value_new_null();
}

static HrValue *entry_value(const HrGgufEntry *entry, bool with_arrays)
{
    if (entry->kind != HR_GGUF_ARRAY)
        return element_value(entry, 0);
    if (!with_arrays)
        return hr_value_new_null();
    HrValue *list = hr_value_new_list();
    for (uint64_t i = 0; i < entry->n; i++)
        hr_value_append(list, element_value(entry, i));
    return list;
}

HrValue *hr_model_dup_metadata(const HrModel *model, bool with_arrays)
{
    HrValue *dict = hr_value_new_dict();
    for (size_t i = 0; i < hr_gguf_n_entries(model->gguf); i++) {
        const HrGgufEntry *entry = hr_gguf_entry(model->gguf, i);
        hr_value_set(dict, entry->key, entry_value(entry, with_arrays));
    }
    return dict;
}

const HrValue *hr_model_get_metadata(const HrModel *model)
{
    return model->metadata;
}
