/* footprint.c: what a tokenizer keeps in memory, foretold from a header and counted in the tables.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tables that grow with the vocabulary; what is the same for all, and the few special tokens, are
 * not counted.
 */
#include "tokenizer/tokenizer-private.h"

/* Of a shape, which has no texts: what vocabularies of 30 000 to 260 000 tokens have, on average. */
#define USUAL_TEXT_BYTES 7

typedef struct {
    uint64_t n, text_bytes, n_merges, charsmap_bytes;
    bool by_piece, scores;
} Size;

static uint64_t table_bytes(uint64_t n)
{
    return hr_id_table_size(n) * sizeof(uint32_t);
}

static uint64_t bytes_of(const Size *size)
{
    uint64_t bytes = size->text_bytes + 1 + (size->n + 1) * sizeof(uint32_t) + 2 * size->n;

    if (size->n_merges > 0)
        bytes += (size->n_merges + 1) * sizeof(HrMerge) + table_bytes(size->n_merges);
    if (size->by_piece)
        bytes += table_bytes(size->n);
    if (size->scores)
        bytes += size->n * sizeof(float);
    return bytes + size->charsmap_bytes;
}

/* A cut vocabulary is walked, as far as it goes. */
static uint64_t text_bytes_of(const HrGgufEntry *tokens, uint64_t n)
{
    uint64_t bytes = 0;
    const char *text;
    size_t len;

    if (n == tokens->n)
        return tokens->marks[hr_gguf_n_marks(n)] - n * sizeof(uint64_t);
    for (uint64_t id = 0; id < n && hr_gguf_element_string(tokens, id, &text, &len); id++)
        bytes += len;
    return bytes;
}

static uint64_t elements_of(const HrGguf *gguf, const char *key)
{
    const HrGgufEntry *entry = hr_gguf_find(gguf, key);

    return entry && entry->kind == HR_GGUF_ARRAY ? entry->n : 0;
}

static uint64_t of_shape(const HrGguf *gguf)
{
    const HrGgufTensor *rows = hr_gguf_find_tensor(gguf, "token_embd.weight");
    uint64_t n = rows && rows->n_dims >= 2 ? MIN(rows->dims[1], HR_MAX_TOKENS) : 0;
    Size size = {.n = n, .text_bytes = n * USUAL_TEXT_BYTES, .n_merges = n};

    return n > 0 ? bytes_of(&size) : 0;
}

uint64_t hr_tokenizer_planned_bytes(const HrGguf *gguf, bool is_shape)
{
    const HrGgufEntry *tokens = hr_gguf_find(gguf, HR_KEY_TOKENS);
    HrTokenizer kind = {0};

    if (!tokens)
        return is_shape ? of_shape(gguf) : 0;
    if (!hr_tokenizer_choose(&kind, gguf, NULL) || tokens->kind != HR_GGUF_ARRAY ||
        tokens->element != HR_GGUF_STRING)
        return 0;
    kind.n_tokens = tokens->n;
    hr_vocab_limit_to_rows(&kind, gguf);
    bool bpe = kind.kind == HR_TOKENIZER_BPE;
    Size size = {.n = kind.n_tokens,
                 .text_bytes = text_bytes_of(tokens, kind.n_tokens),
                 .n_merges = bpe ? elements_of(gguf, HR_KEY_MERGES) : 0,
                 .by_piece = !bpe || hr_bpe_indexes_pieces(&kind),
                 .scores = !bpe && kind.kind != HR_TOKENIZER_WPM};

    if (kind.kind == HR_TOKENIZER_UNIGRAM)
        size.charsmap_bytes = elements_of(gguf, HR_KEY_CHARSMAP);
    return bytes_of(&size);
}

uint64_t hr_tokenizer_held_bytes(const HrTokenizer *tokenizer)
{
    Size size = {.n = tokenizer->n_tokens,
                 .text_bytes = tokenizer->pieces.n_bytes,
                 .n_merges = tokenizer->merges.n,
                 .by_piece = tokenizer->by_piece.ids.slots != NULL,
                 .scores = tokenizer->scores != NULL,
                 .charsmap_bytes = tokenizer->n_charsmap_bytes};

    return bytes_of(&size);
}
