/* text-table.h: a list of texts, and from the bytes of one to its id.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Vocabularies stay in memory as long as their model: a text takes its bytes and four more in the
 * list, and five to eleven in the table. Thread-safety: Safe once filled.
 */
#pragma once

#include "hr.h"
#include "tokenizer/id-table.h"

typedef struct {
    const char *bytes; /* not NUL-terminated */
    uint32_t len;
} HrText;

typedef struct {
    char *bytes;
    uint32_t *starts; /* [n + 1] where each begins in bytes, and where the last one ends */
    size_t n, n_bytes; /* texts that are there; room for bytes */
} HrTextList;

/* Room for n_max texts of n_bytes together, of which there are none yet. False if memory is short
 * or the texts are 4 GiB. */
bool hr_text_list_init(HrTextList *list, size_t n_max, uint64_t n_bytes);
void hr_text_list_finish(HrTextList *list);
/* Copies the text to the end. */
void hr_text_list_add(HrTextList *list, const char *bytes, size_t len);

static inline HrText hr_text_list_get(const HrTextList *list, size_t index)
{
    uint32_t start = list->starts[index];

    return (HrText){list->bytes + start, list->starts[index + 1] - start};
}

typedef struct {
    const HrTextList *texts; /* by id; borrowed */
    HrIdTable ids;
} HrTextTable;

/* Room for n texts. False if memory is short. */
bool hr_text_table_init(HrTextTable *table, const HrTextList *texts, size_t n);
void hr_text_table_finish(HrTextTable *table);
/* Enters text id of the list. Returns id, or the id of the same text that is there already. */
HrToken hr_text_table_add(HrTextTable *table, HrToken id);
/* Enters text id of the list in the place of the same text, if that is there. */
void hr_text_table_replace(HrTextTable *table, HrToken id);
/* -1: not there. */
HrToken hr_text_table_find(const HrTextTable *table, const char *bytes, size_t len);
