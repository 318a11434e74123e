/* wpm.c: WordPiece, the tokenizer of BERT and the embedding models that descend from it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Text is cleaned, lower-cased and stripped of accents as the file says, cut at spaces, punctuation
 * and Chinese characters; each word is then covered from the left by the longest tokens. A token
 * that begins a word has a space in front here (files spell it U+2581).
 */
#include "tokenizer/tokenizer-private.h"

#include <string.h>

#define MAX_WORD_RUNES 100 /* BERT's own limit: longer words are unknown */
#define MAX_DECOMPOSED 18  /* G_UNICHAR_MAX_DECOMPOSITION_LENGTH */

bool hr_wpm_load(HrTokenizer *tokenizer, const HrGguf *gguf, GError **error)
{
    const char *lower_key = "tokenizer.ggml.normalizer.lowercase",
               *strip_key = "tokenizer.ggml.normalizer.strip_accents";

    tokenizer->lowercase = true;
    if (hr_gguf_find(gguf, lower_key) && !hr_gguf_get_bool(gguf, lower_key, &tokenizer->lowercase))
        return hr_tokenizer_fail(error, HR_ERROR_FORMAT, "%s is neither true nor false", lower_key);
    tokenizer->strip_accents = tokenizer->lowercase;
    if (hr_gguf_find(gguf, strip_key) &&
        !hr_gguf_get_bool(gguf, strip_key, &tokenizer->strip_accents))
        return hr_tokenizer_fail(error, HR_ERROR_FORMAT, "%s is neither true nor false", strip_key);
    return hr_vocab_index_pieces(tokenizer, error);
}

/* ---- Characters ---- */

static bool is_chinese(uint32_t code)
{
    static const struct {
        uint32_t first, last;
    } blocks[] = {
        {0x3400, 0x4dbf},   {0x4e00, 0x9fff},   {0xf900, 0xfaff},   {0x20000, 0x2a6df},
        {0x2a700, 0x2b73f}, {0x2b740, 0x2b81f}, {0x2b920, 0x2ceaf}, {0x2f800, 0x2fa1f},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(blocks); i++) {
        if (code >= blocks[i].first && code <= blocks[i].last)
            return true;
    }
    return false;
}

static bool stands_alone(HrRune rune)
{
    uint32_t code = hr_rune_code(rune);

    return (rune & HR_RUNE_PUNCT) || (code < 0x80 && (rune & HR_RUNE_SYMBOL)) || is_chinese(code);
}

static bool is_dropped(HrRune rune)
{
    uint32_t code = hr_rune_code(rune);

    switch (g_unichar_type(code)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_UNASSIGNED:
    case G_UNICODE_SURROGATE:
        return !(rune & HR_RUNE_SPACE);
    default:
        return code == 0xfffd;
    }
}

/* ---- Words ---- */

typedef struct {
    HrEncoding *encoding;
    char bytes[1 + 4 * MAX_WORD_RUNES]; /* a space, then the word */
    size_t len, n_runes;                /* len counts the space */
} Word;

/* The longest token at the start of bytes[0..len). */
static HrToken longest(const HrTokenizer *tokenizer, const char *bytes, size_t len, size_t *ret_len)
{
    for (size_t n = MIN(len, tokenizer->max_piece_bytes); n > 0; n--) {
        HrToken id = hr_text_table_find(&tokenizer->by_piece, bytes, n);

        if (id >= 0) {
            *ret_len = n;
            return id;
        }
    }
    return -1;
}

static void end_word(Word *word)
{
    HrEncoding *encoding = word->encoding;
    guint n_before = encoding->ids->len;
    bool covered = word->n_runes <= MAX_WORD_RUNES;

    if (word->n_runes == 0)
        return;
    for (size_t at = 0; covered && at < word->len;) {
        size_t len;
        HrToken id = longest(encoding->tokenizer, word->bytes + at, word->len - at, &len);

        covered = id >= 0;
        if (covered) {
            hr_encoding_append(encoding, id);
            at += len;
        }
    }
    if (!covered) {
        g_array_set_size(encoding->ids, n_before);
        hr_encoding_append_unknown(encoding);
    }
    word->len = 1;
    word->n_runes = 0;
}

static void add_to_word(Word *word, uint32_t code)
{
    if (word->n_runes++ < MAX_WORD_RUNES)
        word->len += hr_rune_encode(code, word->bytes + word->len);
}

/* One character after decomposition. */
static void take(Word *word, HrRune rune)
{
    const HrTokenizer *tokenizer = word->encoding->tokenizer;
    uint32_t code = hr_rune_code(rune);

    if (tokenizer->strip_accents && g_unichar_type(code) == G_UNICODE_NON_SPACING_MARK)
        return;
    if (tokenizer->lowercase)
        code = g_unichar_tolower(code);
    if (stands_alone(rune)) {
        end_word(word);
        add_to_word(word, code);
        end_word(word);
    } else {
        add_to_word(word, code);
    }
}

void hr_wpm_encode(HrEncoding *encoding, const char *text, size_t len)
{
    Word word = {.encoding = encoding, .bytes = " ", .len = 1};

    for (size_t i = 0; i < len;) {
        HrRune bare = hr_rune_decode(text + i, len - i),
               rune = hr_rune_classify(hr_rune_code(bare));
        gunichar parts[MAX_DECOMPOSED];
        size_t n_parts = 1;

        i += hr_rune_bytes(bare);
        if (is_dropped(rune))
            continue;
        if (rune & HR_RUNE_SPACE) {
            end_word(&word);
            continue;
        }
        parts[0] = hr_rune_code(rune);
        if (encoding->tokenizer->strip_accents)
            n_parts = g_unichar_fully_decompose(hr_rune_code(rune), FALSE, parts, MAX_DECOMPOSED);
        for (size_t part = 0; part < n_parts; part++)
            take(&word, hr_rune_classify(parts[part]));
    }
    end_word(&word);
}
