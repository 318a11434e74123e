/* bpe.c: byte pairs, the tokenizer of GPT-2 and its many descendants.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Text is cut into words by the pre-tokenizer; a word's bytes are joined, the pair that was learnt
 * first first. Files spell bytes as printable characters: those that print stand for themselves,
 * the others, in order, for U+0100 and on.
 *
 * Where the rules say by_characters (Gemma 4), a word is a line, what is joined are its characters,
 * and files spell them as SentencePiece does: a space as U+2581, a lone byte as <0xNN>.
 */
#include "tokenizer/tokenizer-private.h"

#include <string.h>

#define MERGES HR_KEY_MERGES
#define ESCAPED_SPACE 0x2581

/* ---- The alphabet ---- */

static bool prints(unsigned byte)
{
    return (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte != 0xad);
}

/* The byte that a character of the alphabet stands for, or -1. Those that do not print: 00-20,
 * 7f-a0, ad. */
static int byte_of_code(uint32_t code)
{
    if (code < 0x100)
        return prints(code) ? (int)code : -1;
    if (code <= 0x120)
        return (int)code - 0x100;
    if (code <= 0x142)
        return (int)code - 0x121 + 0x7f;
    return code == 0x143 ? 0xad : -1;
}

size_t hr_bpe_decode_text(const char *text, size_t len, char *ret_bytes)
{
    size_t n = 0;

    for (size_t i = 0; i < len;) {
        HrRune rune = hr_rune_decode(text + i, len - i);
        size_t rune_len = hr_rune_bytes(rune);
        int byte = rune & HR_RUNE_INVALID ? -1 : byte_of_code(hr_rune_code(rune));

        if (byte >= 0) {
            ret_bytes[n++] = (char)byte;
        } else {
            memcpy(ret_bytes + n, text + i, rune_len);
            n += rune_len;
        }
        i += rune_len;
    }
    return n;
}

/* Vocabularies may lack bytes that their training text did not have (control characters, what UTF-8
 * never uses): byte_ids says so with -1, and such a byte is left out, as where the models were
 * trained. Some files carry its character as a user-defined token. */
static void find_byte_ids(HrTokenizer *tokenizer)
{
    uint32_t next = 0x100;

    for (unsigned byte = 0; byte < 0x100; byte++) {
        char text[6];
        size_t len = hr_rune_encode(prints(byte) ? byte : next++, text);
        HrToken id = hr_text_table_find(&tokenizer->by_text, text, len);

        if (id >= 0 && !(tokenizer->flags[id] & HR_TOKEN_FLAG_TRUSTED))
            tokenizer->byte_ids[byte] = id;
    }
}

/* ---- Merges ---- */

static bool allocate_merges(HrMergeTable *table, size_t n, GError **error)
{
    table->merges = hr_tokenizer_alloc(n + 1, sizeof *table->merges, "the merges", error);
    if (!table->merges)
        return false;
    table->n = n;
    return hr_id_table_init(&table->ranks, n) ||
           hr_tokenizer_fail(error, HR_ERROR_MEMORY, "Not enough memory for the merges");
}

static bool same_pair(const void *owner, uint32_t rank, const void *key)
{
    const HrMerge *merge = (const HrMerge *)owner + rank, *pair = key;

    return merge->left == pair->left && merge->right == pair->right;
}

static uint64_t hash_pair(const HrMergeTable *table, const HrMerge *pair)
{
    return hr_hash_mix((uint64_t)(uint32_t)pair->left << 32 | (uint32_t)pair->right,
                       table->ranks.seed);
}

static uint32_t *merge_slot(const HrMergeTable *table, const HrMerge *pair, uint64_t hashed)
{
    return hr_id_table_slot(&table->ranks, hashed, same_pair, table->merges, pair);
}

/* Of a pair that is there twice, the first counts. A pair that would spell a control token never
 * joins. */
static void add_merge(HrTokenizer *tokenizer, const HrMerge *merge, uint32_t rank)
{
    HrMergeTable *table = &tokenizer->merges;
    uint64_t hashed = hash_pair(table, merge);
    uint32_t *slot = merge_slot(table, merge, hashed);

    if (*slot != 0 || (tokenizer->flags[merge->joined] & HR_TOKEN_FLAG_TRUSTED))
        return;
    table->merges[rank] = *merge;
    hr_id_table_set(&table->ranks, slot, hashed, rank);
}

/* Files whose vocabulary was cut keep pairs of tokens that went: such a pair never joins. */
static bool load_merge(HrTokenizer *tokenizer, const HrGgufEntry *merges, uint32_t rank,
                       GError **error)
{
    const char *text, *space;
    size_t len, left_len;
    char joined_text[2 * HR_MAX_TOKEN_BYTES];
    HrMerge merge;

    if (!hr_gguf_element_string(merges, rank, &text, &len))
        return hr_tokenizer_fail(error, HR_ERROR_FORMAT, MERGES ": entry %u is not a string", rank);
    space = len > 2 ? memchr(text + 1, ' ', len - 2) : NULL;
    if (!space || len > sizeof joined_text)
        return hr_tokenizer_fail(error, HR_ERROR_FORMAT,
                                 MERGES ": entry %u is not two texts with a space between", rank);
    left_len = (size_t)(space - text);
    memcpy(joined_text, text, left_len);
    memcpy(joined_text + left_len, space + 1, len - left_len - 1);
    merge.left = hr_text_table_find(&tokenizer->by_text, text, left_len);
    merge.right = hr_text_table_find(&tokenizer->by_text, space + 1, len - left_len - 1);
    merge.joined = hr_text_table_find(&tokenizer->by_text, joined_text, len - 1);
    if (merge.left >= 0 && merge.right >= 0 && merge.joined >= 0)
        add_merge(tokenizer, &merge, rank);
    return true;
}

static bool load_merges(HrTokenizer *tokenizer, const HrGguf *gguf, GError **error)
{
    const HrGgufEntry *merges = hr_gguf_find(gguf, MERGES);

    if (!merges)
        return hr_tokenizer_fail(error, HR_ERROR_FORMAT, "A byte-pair tokenizer needs " MERGES);
    if (merges->kind != HR_GGUF_ARRAY || merges->element != HR_GGUF_STRING)
        return hr_tokenizer_fail(error, HR_ERROR_FORMAT, MERGES " is not an array of strings");
    if (merges->n > HR_MAX_TOKENS)
        return hr_tokenizer_fail(error, HR_ERROR_FORMAT,
                                 MERGES " has %" G_GUINT64_FORMAT " entries, more than %u",
                                 merges->n, HR_MAX_TOKENS);
    if (!allocate_merges(&tokenizer->merges, merges->n, error))
        return false;
    for (uint32_t rank = 0; rank < merges->n; rank++) {
        if (!load_merge(tokenizer, merges, rank, error))
            return false;
    }
    return true;
}

bool hr_bpe_indexes_pieces(const HrTokenizer *tokenizer)
{
    return tokenizer->pretokenizer->ignore_merges || tokenizer->pretokenizer->by_characters;
}

bool hr_bpe_load(HrTokenizer *tokenizer, const HrGguf *gguf, GError **error)
{
    if (!tokenizer->pretokenizer->by_characters)
        find_byte_ids(tokenizer);
    if (!load_merges(tokenizer, gguf, error))
        return false;
    return !hr_bpe_indexes_pieces(tokenizer) || hr_vocab_index_pieces(tokenizer, error);
}

/* ---- Encoding ---- */

static uint32_t look_up(const void *context, const HrSymbol *left, const HrSymbol *right,
                        HrToken *ret_joined)
{
    const HrTokenizer *tokenizer = context;
    const HrMergeTable *table = &tokenizer->merges;
    HrMerge pair = {.left = left->id, .right = right->id};
    int32_t rank;

    if (left->id < 0 || right->id < 0)
        return HR_NO_RANK;
    rank = hr_id_table_id(&table->ranks, *merge_slot(table, &pair, hash_pair(table, &pair)));
    if (rank < 0)
        return HR_NO_RANK;
    *ret_joined = table->merges[rank].joined;
    return (uint32_t)rank;
}

static void add_bytes(HrMerger *merger, const HrTokenizer *tokenizer, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        hr_merger_add(merger, tokenizer->byte_ids[(unsigned char)bytes[i]], (uint32_t)i, 1);
}

static void add_characters(HrMerger *merger, const HrTokenizer *tokenizer, const char *bytes,
                           size_t len)
{
    for (size_t i = 0; i < len;) {
        HrRune rune = hr_rune_decode(bytes + i, len - i);
        size_t rune_len = hr_rune_bytes(rune);
        bool space = !(rune & HR_RUNE_INVALID) && hr_rune_code(rune) == ESCAPED_SPACE;
        HrToken id = space ? hr_text_table_find(&tokenizer->by_piece, " ", 1)
                           : hr_text_table_find(&tokenizer->by_piece, bytes + i, rune_len);

        hr_merger_add(merger, id, (uint32_t)i, (uint32_t)rune_len);
        i += rune_len;
    }
}

/* What no token stands for is left out where bytes are merged: see find_byte_ids. */
static void merge_word(HrEncoding *encoding, const char *bytes, size_t len)
{
    const HrTokenizer *tokenizer = encoding->tokenizer;
    HrMerger *merger = &encoding->merger;
    bool by_characters = tokenizer->pretokenizer->by_characters;

    merger->lookup = look_up;
    merger->context = tokenizer;
    if (!hr_merger_begin(merger, len)) {
        encoding->failed = true;
        return;
    }
    if (by_characters)
        add_characters(merger, tokenizer, bytes, len);
    else
        add_bytes(merger, tokenizer, bytes, len);
    hr_merger_run(merger);
    for (uint32_t i = 0; i != HR_NO_SYMBOL; i = merger->symbols[i].next) {
        const HrSymbol *symbol = &merger->symbols[i];

        if (symbol->id >= 0)
            hr_encoding_append(encoding, symbol->id);
        else if (by_characters)
            hr_encoding_append_bytes(encoding, bytes + symbol->start, symbol->len);
    }
}

static void encode_word(size_t begin, size_t end, void *data)
{
    HrEncoding *encoding = data;
    const HrTokenizer *tokenizer = encoding->tokenizer;
    const char *bytes = encoding->text + encoding->at;
    size_t len = 0;
    bool as_whole = tokenizer->pretokenizer->ignore_merges ||
                    (tokenizer->pretokenizer->by_characters && bytes[0] == '\n');
    HrToken whole;

    for (size_t i = begin; i < end; i++)
        len += hr_rune_bytes(encoding->runes[i]);
    encoding->at += len;
    whole = as_whole ? hr_text_table_find(&tokenizer->by_piece, bytes, len) : -1;
    if (whole >= 0)
        hr_encoding_append(encoding, whole);
    else if (!encoding->failed)
        merge_word(encoding, bytes, len);
}

void hr_bpe_encode(HrEncoding *encoding, const char *text, size_t len)
{
    size_t n;
    const HrRune *runes = hr_encoding_runes(encoding, text, len, &n);

    encoding->text = text;
    encoding->at = 0;
    if (runes)
        hr_pretokenizer_split(encoding->tokenizer->pretokenizer, runes, n, encode_word, encoding);
}
