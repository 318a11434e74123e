/* vocab.c: the list of tokens in a file, and what each stands for in running text.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tokenizer/tokenizer-private.h"

#include <string.h>

#define TOKENS HR_KEY_TOKENS
#define TYPES "tokenizer.ggml.token_type"
#define ESCAPED_SPACE "\xe2\x96\x81" /* U+2581, how SPM and WPM spell a space */

/* ---- Texts ---- */

void hr_vocab_limit_to_rows(HrTokenizer *tokenizer, const HrGguf *gguf)
{
    const HrGgufTensor *rows = hr_gguf_find_tensor(gguf, "token_embd.weight");

    if (rows && rows->n_dims >= 2 && rows->dims[1] > 0 && rows->dims[1] < tokenizer->n_tokens)
        tokenizer->n_tokens = rows->dims[1];
}

/* Reads a text, without keeping it, and adds its length to *total. */
static bool check_text(const HrGgufEntry *tokens, size_t id, uint64_t *total, GError **error)
{
    const char *bytes;
    size_t len;

    if (!hr_gguf_element_string(tokens, id, &bytes, &len))
        return hr_tokenizer_fail(error, HR_ERROR_FORMAT, TOKENS ": token %zu is not a string", id);
    if (len > HR_MAX_TOKEN_BYTES)
        return hr_tokenizer_fail(error, HR_ERROR_FORMAT,
                                 TOKENS ": token %zu has %zu bytes, more than %d", id, len,
                                 HR_MAX_TOKEN_BYTES);
    *total += len;
    return true;
}

static bool load_text(HrTokenizer *tokenizer, const HrGgufEntry *tokens, size_t id, GError **error)
{
    const char *bytes;
    size_t len;

    if (!hr_gguf_element_string(tokens, id, &bytes, &len))
        g_return_val_if_reached(false);
    hr_text_list_add(&tokenizer->texts, bytes, len);
    /* Gemma 4 files are said to have some texts twice: the later ids count. */
    if (len > 0 && hr_tokenizer_by_characters(tokenizer)) {
        hr_text_table_replace(&tokenizer->by_text, (HrToken)id);
    } else if (len > 0) {
        HrToken first = hr_text_table_add(&tokenizer->by_text, (HrToken)id);

        if ((size_t)first != id) {
            g_autofree char *shown = hr_tokenizer_show(bytes, len);

            return hr_tokenizer_fail(error, HR_ERROR_FORMAT,
                                     TOKENS ": tokens %d and %zu are both “%s”", first, id, shown);
        }
    }
    return true;
}

static bool load_texts(HrTokenizer *tokenizer, const HrGguf *gguf, GError **error)
{
    const HrGgufEntry *tokens = hr_gguf_find(gguf, TOKENS);
    uint64_t n_bytes = 0;

    if (!tokens)
        return hr_tokenizer_fail(error, HR_ERROR_FORMAT,
                                 "The file names a tokenizer but has no " TOKENS);
    if (tokens->kind != HR_GGUF_ARRAY || tokens->element != HR_GGUF_STRING)
        return hr_tokenizer_fail(error, HR_ERROR_FORMAT, TOKENS " is not an array of strings");
    if (tokens->n == 0 || tokens->n > HR_MAX_TOKENS)
        return hr_tokenizer_fail(error, HR_ERROR_FORMAT,
                                 TOKENS " has %" G_GUINT64_FORMAT " tokens; 1 to %u are possible",
                                 tokens->n, HR_MAX_TOKENS);
    tokenizer->n_tokens = tokens->n;
    hr_vocab_limit_to_rows(tokenizer, gguf);
    for (size_t id = 0; id < tokenizer->n_tokens; id++) {
        if (!check_text(tokens, id, &n_bytes, error))
            return false;
    }
    if (!hr_text_list_init(&tokenizer->texts, tokenizer->n_tokens, n_bytes) ||
        !hr_text_table_init(&tokenizer->by_text, &tokenizer->texts, tokenizer->n_tokens))
        return hr_tokenizer_fail(error, HR_ERROR_MEMORY, "Not enough memory for the vocabulary");
    for (size_t id = 0; id < tokenizer->n_tokens; id++) {
        if (!load_text(tokenizer, tokens, id, error))
            return false;
    }
    return true;
}

/* ---- Types ---- */

static bool load_types(HrTokenizer *tokenizer, const HrGguf *gguf, GError **error)
{
    const HrGgufEntry *types = hr_gguf_find(gguf, TYPES);
    size_t n = tokenizer->n_tokens;

    tokenizer->types = hr_tokenizer_alloc(n, sizeof *tokenizer->types, "the vocabulary", error);
    tokenizer->flags =
        tokenizer->types ? hr_tokenizer_alloc(n, sizeof *tokenizer->flags, "the vocabulary", error)
                         : NULL;
    if (!tokenizer->flags)
        return false;
    if (!types) {
        memset(tokenizer->types, HR_TOKEN_NORMAL, n);
        return true;
    }
    if (types->kind != HR_GGUF_ARRAY)
        return hr_tokenizer_fail(error, HR_ERROR_FORMAT, TYPES " is not an array");
    if (types->n < n)
        return hr_tokenizer_fail(error, HR_ERROR_FORMAT,
                                 TYPES " has %" G_GUINT64_FORMAT " entries for %zu tokens",
                                 types->n, n);
    for (size_t id = 0; id < n; id++) {
        int64_t type;

        if (!hr_gguf_element_int(types, id, &type))
            return hr_tokenizer_fail(error, HR_ERROR_FORMAT, TYPES " is not an array of integers");
        /* A type that is not known yet is nothing that text may become. */
        tokenizer->types[id] =
            type >= HR_TOKEN_NORMAL && type <= HR_TOKEN_BYTE ? (uint8_t)type : HR_TOKEN_UNUSED;
    }
    return true;
}

bool hr_vocab_has_its_text(const HrTokenizer *tokenizer, HrToken id)
{
    HrText text = hr_text_list_get(&tokenizer->texts, (size_t)id);

    return hr_text_table_find(&tokenizer->by_text, text.bytes, text.len) == id;
}

bool hr_vocab_load(HrTokenizer *tokenizer, const HrGguf *gguf, GError **error)
{
    return load_texts(tokenizer, gguf, error) && load_types(tokenizer, gguf, error);
}

/* ---- Pieces ---- */

/* `<0xNN>`, or -1. */
static int byte_of(HrText text)
{
    int high, low;

    if (text.len != 6 || memcmp(text.bytes, "<0x", 3) != 0 || text.bytes[5] != '>')
        return -1;
    high = g_ascii_xdigit_value(text.bytes[3]);
    low = g_ascii_xdigit_value(text.bytes[4]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static size_t unescape_spaces(const char *text, size_t len, char *ret_bytes)
{
    size_t n = 0;

    for (size_t i = 0; i < len;) {
        if (len - i >= 3 && memcmp(text + i, ESCAPED_SPACE, 3) == 0) {
            ret_bytes[n++] = ' ';
            i += 3;
        } else {
            ret_bytes[n++] = text[i++];
        }
    }
    return n;
}

/* Never longer than the text. */
static size_t make_piece(HrTokenizer *tokenizer, size_t id, char *ret_bytes)
{
    HrText text = hr_text_list_get(&tokenizer->texts, id);
    int byte = byte_of(text);

    if (!(tokenizer->flags[id] & HR_TOKEN_FLAG_SPECIAL) &&
        tokenizer->types[id] == HR_TOKEN_BYTE && byte >= 0) {
        ret_bytes[0] = (char)byte;
        tokenizer->byte_ids[byte] = (HrToken)id;
        return 1;
    }
    if ((tokenizer->flags[id] & HR_TOKEN_FLAG_SPECIAL) || tokenizer->kind == HR_TOKENIZER_PLAMO) {
        memcpy(ret_bytes, text.bytes, text.len);
        return text.len;
    }
    return tokenizer->kind == HR_TOKENIZER_BPE && !hr_tokenizer_by_characters(tokenizer)
               ? hr_bpe_decode_text(text.bytes, text.len, ret_bytes)
               : unescape_spaces(text.bytes, text.len, ret_bytes);
}

bool hr_vocab_make_pieces(HrTokenizer *tokenizer, GError **error)
{
    size_t n = tokenizer->n_tokens;

    if (!hr_text_list_init(&tokenizer->pieces, n, tokenizer->texts.starts[n]))
        return hr_tokenizer_fail(error, HR_ERROR_MEMORY, "Not enough memory for the vocabulary");
    memset(tokenizer->byte_ids, -1, sizeof tokenizer->byte_ids);
    for (size_t id = 0; id < n; id++) {
        char bytes[HR_MAX_TOKEN_BYTES];
        size_t len = make_piece(tokenizer, id, bytes);

        hr_text_list_add(&tokenizer->pieces, bytes, len);
        tokenizer->max_piece_bytes = MAX(tokenizer->max_piece_bytes, (uint32_t)len);
    }
    return true;
}

bool hr_vocab_index_pieces(HrTokenizer *tokenizer, GError **error)
{
    if (!hr_text_table_init(&tokenizer->by_piece, &tokenizer->pieces, tokenizer->n_tokens))
        return hr_tokenizer_fail(error, HR_ERROR_MEMORY, "Not enough memory for the vocabulary");
    for (size_t id = 0; id < tokenizer->n_tokens; id++) {
        bool plain =
            tokenizer->types[id] == HR_TOKEN_NORMAL || tokenizer->types[id] == HR_TOKEN_UNUSED;

        if (plain && !(tokenizer->flags[id] & HR_TOKEN_FLAG_TRUSTED) &&
            hr_text_list_get(&tokenizer->pieces, id).len > 0 && hr_vocab_has_its_text(tokenizer, (HrToken)id))
            hr_text_table_add(&tokenizer->by_piece, (HrToken)id);
    }
    return true;
}
