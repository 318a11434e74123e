/* spm.c: SentencePiece's BPE, the tokenizer of Llama 1 and 2, Mistral, Gemma, Phi-3.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * No words: the characters of the whole fragment are joined as long as two neighbours spell a
 * token, the best score first. Characters that no token covers become their bytes. Spaces stand for
 * themselves here; files spell them U+2581.
 */
#include "tokenizer/tokenizer-private.h"

#include <math.h>
#include <string.h>

#define SCORES "tokenizer.ggml.scores"

bool hr_spm_load(HrTokenizer *tokenizer, const HrGguf *gguf, GError **error)
{
    const HrGgufEntry *scores = hr_gguf_find(gguf, SCORES);
    size_t n = tokenizer->n_tokens;

    if (!scores)
        return hr_tokenizer_fail(error, HR_ERROR_FORMAT, "A SentencePiece tokenizer needs " SCORES);
    if (scores->kind != HR_GGUF_ARRAY || scores->n < n)
        return hr_tokenizer_fail(error, HR_ERROR_FORMAT,
                                 SCORES " is not an array with an entry for each of %zu tokens", n);
    tokenizer->scores = hr_tokenizer_alloc(n, sizeof *tokenizer->scores, "the vocabulary", error);
    if (!tokenizer->scores)
        return false;
    for (size_t id = 0; id < n; id++) {
        double score;
        int64_t whole;

        if (!hr_gguf_element_float(scores, id, &score)) {
            if (!hr_gguf_element_int(scores, id, &whole))
                return hr_tokenizer_fail(error, HR_ERROR_FORMAT,
                                         SCORES " is not an array of numbers");
            score = (double)whole;
        }
        if (isnan(score))
            return hr_tokenizer_fail(error, HR_ERROR_FORMAT,
                                     SCORES ": the score of token %zu is not a number", id);
        tokenizer->scores[id] = (float)score;
    }
    tokenizer->space_prefix = true;
    if (hr_gguf_find(gguf, "tokenizer.ggml.add_space_prefix") &&
        !hr_gguf_get_bool(gguf, "tokenizer.ggml.add_space_prefix", &tokenizer->space_prefix))
        return hr_tokenizer_fail(error, HR_ERROR_FORMAT,
                                 "tokenizer.ggml.add_space_prefix is neither true nor false");
    return hr_vocab_index_pieces(tokenizer, error);
}

/* Higher scores have lower ranks: a float's bits, with the order of the negative ones turned round,
 * order as integers. */
static uint32_t rank_of(float score)
{
    float positive_zero = score + 0.0f;
    uint32_t bits;

    memcpy(&bits, &positive_zero, sizeof bits);
    return MIN(~(bits & 0x80000000u ? ~bits : bits | 0x80000000u), HR_NO_RANK - 1);
}

static uint32_t look_up(const void *context, const HrSymbol *left, const HrSymbol *right,
                        HrToken *ret_joined)
{
    const HrEncoding *encoding = context;
    const HrTokenizer *tokenizer = encoding->tokenizer;
    size_t len = (size_t)left->len + right->len;
    HrToken joined;

    if (len > tokenizer->max_piece_bytes)
        return HR_NO_RANK;
    joined = hr_text_table_find(&tokenizer->by_piece, encoding->bytes + left->start, len);
    if (joined < 0)
        return HR_NO_RANK;
    *ret_joined = joined;
    return rank_of(tokenizer->scores[joined]);
}

/* The fragment with the space in front that the model was trained with, in the scratch memory.
 * Returns its length. */
static size_t prepare(HrEncoding *encoding, const char *text, size_t len)
{
    char *bytes = hr_encoding_bytes(encoding, len + 1);
    size_t n = 0;

    if (!bytes)
        return 0;
    if (encoding->tokenizer->space_prefix)
        bytes[n++] = ' ';
    for (size_t i = 0; i < len; i++) {
        if (len - i >= 3 && memcmp(text + i, "\xe2\x96\x81", 3) == 0) {
            bytes[n++] = ' ';
            i += 2;
        } else {
            bytes[n++] = text[i];
        }
    }
    return n;
}

void hr_spm_encode(HrEncoding *encoding, const char *text, size_t len)
{
    HrMerger *merger = &encoding->merger;
    size_t n = prepare(encoding, text, len);

    merger->lookup = look_up;
    merger->context = encoding;
    if (n == 0 || !hr_merger_begin(merger, n)) {
        encoding->failed = true;
        return;
    }
    for (size_t i = 0; i < n;) {
        size_t rune_len = hr_rune_bytes(hr_rune_decode(encoding->bytes + i, n - i));

        hr_merger_add(merger,
                      hr_text_table_find(&encoding->tokenizer->by_piece, encoding->bytes + i,
                                         rune_len),
                      (uint32_t)i, (uint32_t)rune_len);
        i += rune_len;
    }
    hr_merger_run(merger);
    for (uint32_t i = 0; i != HR_NO_SYMBOL; i = merger->symbols[i].next) {
        const HrSymbol *symbol = &merger->symbols[i];

        if (symbol->id >= 0)
            hr_encoding_append(encoding, symbol->id);
        else
            hr_encoding_append_bytes(encoding, encoding->bytes + symbol->start, symbol->len);
    }
}
