/* tensors.h: the tensor list of one GGUF file.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "gguf/cursor.h"
#include "gguf/gguf.h"
#include "gguf/limits.h"

typedef struct {
    HrGgufTensor *tensors;       /* [n], in file order, part by part */
    const HrGgufTensor **by_name; /* [n], sorted; NULL until hr_gguf_tensor_list_finish */
    size_t n;
    GPtrArray *owned;            /* the names */
} HrGgufTensorList;

void hr_gguf_tensor_list_init(HrGgufTensorList *list);
void hr_gguf_tensor_list_clear(HrGgufTensorList *list);

/* Appends the n tensors of a part, read at the cursor, which then stands at the end of the header.
 * The data section begins at the next multiple of alignment; unless header_only, every tensor must
 * lie within the cursor's bytes. */
bool hr_gguf_tensor_list_read(HrGgufTensorList *list, HrCursor *cursor, uint64_t n, uint32_t part,
                              uint32_t alignment, bool header_only, HrGgufBudget *budget,
                              GError **error);
/* After the last part: refuses names that are there twice and makes hr_gguf_tensor_list_find work.
 */
bool hr_gguf_tensor_list_finish(HrGgufTensorList *list, GError **error);
const HrGgufTensor *hr_gguf_tensor_list_find(const HrGgufTensorList *list, const char *name);
