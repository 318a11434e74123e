/* encode.c: from a prompt to ids: special tokens first, then what is between them by the
 * tokenizer's kind.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Spans only decide where control tokens are looked for. A control token must lie in trusted text
 * as a whole; adjacent trusted spans are one.
 */
#include "tokenizer/tokenizer-private.h"

#include <string.h>

/* ---- Scratch ---- */

static void *grow(HrEncoding *encoding, void *old, size_t n, size_t element_bytes, size_t *n_max)
{
    void *memory;

    if (n <= *n_max)
        return old;
    g_free(old);
    *n_max = 0;
    memory = g_try_malloc_n(n, element_bytes);
    if (memory)
        *n_max = n;
    else
        encoding->failed = true;
    return memory;
}

HrRune *hr_encoding_runes(HrEncoding *encoding, const char *text, size_t len, size_t *ret_n)
{
    encoding->runes =
        grow(encoding, encoding->runes, len, sizeof *encoding->runes, &encoding->n_runes_max);
    if (encoding->runes)
        *ret_n = hr_runes_from_utf8(text, len, encoding->runes);
    return encoding->runes;
}

char *hr_encoding_bytes(HrEncoding *encoding, size_t n)
{
    encoding->bytes = grow(encoding, encoding->bytes, n, 1, &encoding->n_bytes_max);
    return encoding->bytes;
}

static void finish(HrEncoding *encoding)
{
    hr_merger_finish(&encoding->merger);
    g_free(encoding->runes);
    g_free(encoding->bytes);
}

void hr_encoding_append(HrEncoding *encoding, HrToken token)
{
    g_array_append_val(encoding->ids, token);
}

void hr_encoding_append_unknown(HrEncoding *encoding)
{
    const HrTokenizer *tokenizer = encoding->tokenizer;

    if (tokenizer->unknown >= 0 && !(tokenizer->flags[tokenizer->unknown] & HR_TOKEN_FLAG_END))
        hr_encoding_append(encoding, tokenizer->unknown);
}

void hr_encoding_append_bytes(HrEncoding *encoding, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        HrToken id = encoding->tokenizer->byte_ids[(unsigned char)bytes[i]];

        if (id < 0) {
            hr_encoding_append_unknown(encoding);
            return;
        }
        hr_encoding_append(encoding, id);
    }
}

/* ---- Fragments ---- */

static void encode_fragment(HrEncoding *encoding, const char *text, size_t len)
{
    if (len == 0 || encoding->failed)
        return;
    switch (encoding->tokenizer->kind) {
    case HR_TOKENIZER_BPE: hr_bpe_encode(encoding, text, len); break;
    case HR_TOKENIZER_SPM: hr_spm_encode(encoding, text, len); break;
    case HR_TOKENIZER_WPM: hr_wpm_encode(encoding, text, len); break;
    case HR_TOKENIZER_UNIGRAM: hr_unigram_encode(encoding, text, len); break;
    case HR_TOKENIZER_PLAMO: hr_plamo_encode(encoding, text, len); break;
    }
}

typedef struct {
    const HrSpan *spans;
    size_t n_spans, next; /* spans[next..] are not looked at yet */
    size_t begin, end;    /* the trusted run found last */
} Trust;

/* The end of the trusted run that at lies in; at if it lies in none. at never goes back. */
static size_t trusted_end(Trust *trust, size_t at)
{
    while (at >= trust->end && trust->next < trust->n_spans) {
        const HrSpan *span = &trust->spans[trust->next++];

        if (!span->trusted)
            continue;
        trust->begin = span->start;
        trust->end = span->start + span->len;
        while (trust->next < trust->n_spans && trust->spans[trust->next].trusted &&
               trust->spans[trust->next].start == trust->end)
            trust->end += trust->spans[trust->next++].len;
    }
    return at >= trust->begin && at < trust->end ? trust->end : at;
}

static void encode_text(HrEncoding *encoding, const char *text, size_t len, Trust *trust)
{
    const HrTokenizer *tokenizer = encoding->tokenizer;
    size_t start = 0;

    for (size_t at = 0; at < len && !encoding->failed;) {
        HrToken token = hr_special_match(tokenizer, text, at, len, trusted_end(trust, at));
        size_t end = at;

        if (token < 0) {
            at++;
            continue;
        }
        while ((tokenizer->flags[token] & HR_TOKEN_FLAG_LSTRIP) && end > start &&
               g_ascii_isspace(text[end - 1]))
            end--;
        encode_fragment(encoding, text + start, end - start);
        hr_encoding_append(encoding, token);
        at += hr_text_list_get(&tokenizer->pieces, (size_t)token).len;
        while ((tokenizer->flags[token] & HR_TOKEN_FLAG_RSTRIP) && at < len &&
               g_ascii_isspace(text[at]))
            at++;
        start = at;
    }
    encode_fragment(encoding, text + start, len - start);
}

/* ---- The whole ---- */

/* BOS goes in front of what ids[first..] are, EOS behind, unless they stand there already. */
static void add_ends(const HrTokenizer *tokenizer, GArray *ids, guint first)
{
    if (tokenizer->adds_bos &&
        (ids->len == first || g_array_index(ids, HrToken, first) != tokenizer->bos))
        g_array_insert_val(ids, first, tokenizer->bos);
    if (tokenizer->adds_eos &&
        (ids->len == first || g_array_index(ids, HrToken, ids->len - 1) != tokenizer->eos))
        g_array_append_val(ids, tokenizer->eos);
}

bool hr_tokenizer_encode(const HrTokenizer *tokenizer, const char *text, const HrSpan *spans,
                         size_t n_spans, bool add_special, GArray *ret_ids, GError **error)
{
    HrEncoding encoding = {.tokenizer = tokenizer, .ids = ret_ids};
    Trust trust = {.spans = spans, .n_spans = n_spans};
    guint first = ret_ids->len;
    size_t len = 0;

    for (size_t i = 0; i < n_spans; i++)
        len = MAX(len, spans[i].start + spans[i].len);
    if (len > HR_MAX_ENCODE_BYTES)
        return hr_tokenizer_fail(error, HR_ERROR_TOO_LONG,
                                 "A text of %zu bytes is too long for any model", len);
    encode_text(&encoding, text, len, &trust);
    finish(&encoding);
    if (encoding.failed) {
        g_array_set_size(ret_ids, first);
        return hr_tokenizer_fail(error, HR_ERROR_MEMORY,
                                 "Not enough memory to read a text of %zu bytes", len);
    }
    if (add_special)
        add_ends(tokenizer, ret_ids, first);
    return true;
}
