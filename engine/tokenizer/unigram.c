/* unigram.c: SentencePiece's unigram model (Kudo 2018), the tokenizer of XLM-RoBERTa and the
 * multilingual embedding models.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Characters are replaced as the file's table says, spaces are put in front of words, and of all
 * ways to cover the text with tokens the one is taken whose scores sum up highest. What no token
 * covers is unknown; neighbours of that kind are one.
 *
 * The table (precompiled_charsmap): u32 bytes of a trie, the trie, NUL-terminated replacements. The
 * trie is a double array of u32 units: bits 0-7 the byte that leads here, bit 8 whether a prefix
 * ends below, bits 10-30 (times 256 if bit 9 is set) the distance to the children, whose unit is at
 * place xor distance xor byte; a unit with bit 31 holds, in the rest, where the replacement is.
 */
#include "tokenizer/tokenizer-private.h"

#include <math.h>
#include <string.h>

#define CHARSMAP HR_KEY_CHARSMAP
#define MAX_CHARSMAP_BYTES \
    (16u << 20) /* that of all of Unicode's compatibility forms has a quarter of a megabyte */
#define UNKNOWN_PENALTY 10.0

/* ---- Loading ---- */

static uint32_t unit_at(const HrTokenizer *tokenizer, size_t index)
{
    uint32_t unit;

    memcpy(&unit, tokenizer->charsmap + sizeof unit * (1 + index), sizeof unit);
    return GUINT32_FROM_LE(unit);
}

static bool take_charsmap(HrTokenizer *tokenizer, size_t len, GError **error)
{
    uint32_t trie_bytes = 0;

    if (len > sizeof trie_bytes)
        memcpy(&trie_bytes, tokenizer->charsmap, sizeof trie_bytes);
    trie_bytes = GUINT32_FROM_LE(trie_bytes);
    if (trie_bytes % 4 != 0 || len <= sizeof trie_bytes ||
        trie_bytes > len - sizeof trie_bytes - 1 || tokenizer->charsmap[len - 1] != '\0')
        return hr_tokenizer_fail(error, HR_ERROR_FORMAT, CHARSMAP " is damaged");
    tokenizer->n_units = trie_bytes / 4;
    tokenizer->replacements = (const char *)tokenizer->charsmap + sizeof trie_bytes + trie_bytes;
    tokenizer->n_replacement_bytes = len - sizeof trie_bytes - trie_bytes;
    return true;
}

/* Some files hold it as base64. */
static size_t decode_base64(char *bytes, size_t len)
{
    gsize n = len;

    for (size_t i = 0; i < len; i++) {
        if (!g_ascii_isalnum(bytes[i]) && !strchr("+/=", bytes[i]))
            return len;
    }
    bytes[len] = '\0';
    g_base64_decode_inplace(bytes, &n);
    return n;
}

static bool load_charsmap(HrTokenizer *tokenizer, const HrGguf *gguf, GError **error)
{
    const HrGgufEntry *entry = hr_gguf_find(gguf, CHARSMAP);

    if (!entry || entry->n == 0)
        return true;
    if (entry->kind != HR_GGUF_ARRAY ||
        (entry->element != HR_GGUF_U8 && entry->element != HR_GGUF_I8) ||
        entry->n > MAX_CHARSMAP_BYTES)
        return hr_tokenizer_fail(error, HR_ERROR_FORMAT,
                                 CHARSMAP " is no array of bytes, or too long");
    tokenizer->charsmap = hr_tokenizer_alloc(entry->n + 1, 1, "the table of characters", error);
    if (!tokenizer->charsmap)
        return false;
    tokenizer->n_charsmap_bytes = entry->n;
    memcpy(tokenizer->charsmap, entry->data, entry->n);
    return take_charsmap(tokenizer, decode_base64((char *)tokenizer->charsmap, entry->n), error);
}

bool hr_unigram_load(HrTokenizer *tokenizer, const HrGguf *gguf, GError **error)
{
    float lowest = INFINITY;

    tokenizer->merges_spaces = true;
    if (hr_gguf_find(gguf, "tokenizer.ggml.remove_extra_whitespaces") &&
        !hr_gguf_get_bool(gguf, "tokenizer.ggml.remove_extra_whitespaces",
                          &tokenizer->merges_spaces))
        return hr_tokenizer_fail(
            error, HR_ERROR_FORMAT,
            "tokenizer.ggml.remove_extra_whitespaces is neither true nor false");
    if (!hr_spm_load(tokenizer, gguf, error) || !load_charsmap(tokenizer, gguf, error))
        return false;
    for (size_t id = 0; id < tokenizer->n_tokens; id++) {
        if (tokenizer->types[id] == HR_TOKEN_NORMAL && isfinite(tokenizer->scores[id]))
            lowest = fminf(lowest, tokenizer->scores[id]);
    }
    tokenizer->unknown_score = (isfinite(lowest) ? lowest : 0) - UNKNOWN_PENALTY;
    return true;
}

/* ---- Replacing characters ---- */

/* The bytes of the longest prefix of text[0..len) that the table replaces, and by what; 0: none. */
static size_t find_replacement(const HrTokenizer *tokenizer, const char *text, size_t len,
                               const char **ret_text)
{
    size_t found = 0, node, distance;
    uint32_t unit;

    if (tokenizer->n_units == 0)
        return 0;
    unit = unit_at(tokenizer, 0);
    node = (unit >> 10) << ((unit & (1u << 9)) >> 6);
    for (size_t i = 0; i < len && text[i] != '\0'; i++) {
        node ^= (unsigned char)text[i];
        if (node >= tokenizer->n_units)
            break;
        unit = unit_at(tokenizer, node);
        if ((unit & 0x800000ffu) != (unsigned char)text[i])
            break;
        distance = (unit >> 10) << ((unit & (1u << 9)) >> 6);
        node ^= distance;
        if ((unit & (1u << 8)) && node < tokenizer->n_units) {
            uint32_t at = unit_at(tokenizer, node) & 0x7fffffffu;

            if (at >= tokenizer->n_replacement_bytes)
                break;
            found = i + 1;
            *ret_text = tokenizer->replacements + at;
        }
    }
    return found;
}

/* Where normalised text goes; bytes NULL: it is only measured. */
typedef struct {
    const HrTokenizer *tokenizer;
    char *bytes;
    size_t n;
    bool in_word, began;
} Normal;

static void put(Normal *normal, char byte)
{
    if (normal->bytes)
        normal->bytes[normal->n] = byte;
    normal->n++;
}

static void add_to_word(Normal *normal, char byte)
{
    const HrTokenizer *tokenizer = normal->tokenizer;

    if (!normal->in_word &&
        ((tokenizer->space_prefix && !normal->began) || tokenizer->merges_spaces))
        put(normal, ' ');
    normal->in_word = normal->began = true;
    put(normal, byte);
}

static void add(Normal *normal, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] != ' ') {
            add_to_word(normal, text[i]);
            continue;
        }
        normal->in_word = false;
        if (!normal->tokenizer->merges_spaces)
            put(normal, ' ');
    }
}

static size_t normalise(const HrTokenizer *tokenizer, const char *text, size_t len, char *bytes)
{
    Normal normal = {.tokenizer = tokenizer, .bytes = bytes};

    for (size_t i = 0; i < len;) {
        const char *replacement;
        size_t n = find_replacement(tokenizer, text + i, len - i, &replacement);
        HrRune rune;

        if (n > 0) {
            add(&normal, replacement, strlen(replacement));
            i += n;
            continue;
        }
        rune = hr_rune_decode(text + i, len - i);
        n = hr_rune_bytes(rune);
        if (rune & HR_RUNE_INVALID)
            add(&normal, "\xef\xbf\xbd", 3);
        else if (hr_rune_code(rune) ==
                 0x2581) /* how files spell a space: here part of a word that begins with one */
            add_to_word(&normal, ' ');
        else
            add(&normal, text + i, n);
        i += n;
    }
    return normal.n;
}

/* ---- The best cover ---- */

/* The best way to a place in the text. */
typedef struct {
    double score;
    uint32_t from;
    HrToken token; /* -1: unknown */
} Way;

static void offer(Way *way, double score, size_t from, HrToken token)
{
    if (score > way->score)
        *way = (Way){score, (uint32_t)from, token};
}

static void extend(const HrTokenizer *tokenizer, const char *bytes, size_t n, size_t at, Way *ways)
{
    size_t first = hr_rune_bytes(hr_rune_decode(bytes + at, n - at)),
           most = MIN(n - at, tokenizer->max_piece_bytes);
    bool covered = false;

    for (size_t len = first; len <= most;) {
        HrToken token = hr_text_table_find(&tokenizer->by_piece, bytes + at, len);

        if (token >= 0) {
            offer(&ways[at + len], ways[at].score + tokenizer->scores[token], at, token);
            covered |= len == first;
        }
        if (at + len >= n)
            break;
        len += hr_rune_bytes(hr_rune_decode(bytes + at + len, n - at - len));
    }
    if (!covered)
        offer(&ways[at + first], ways[at].score + tokenizer->unknown_score, at, -1);
}

/* Turns the way to the end round, so that it can be walked from the start: from becomes to. */
static void reverse(Way *ways, size_t n)
{
    size_t at = n, to = n;
    HrToken token = -1;

    for (;;) {
        Way way = ways[at];

        ways[at] = (Way){.from = (uint32_t)to, .token = token};
        if (at == 0)
            return;
        to = at;
        at = way.from;
        token = way.token;
    }
}

static void append_cover(HrEncoding *encoding, const Way *ways, size_t n)
{
    bool was_unknown = false;

    for (size_t at = 0; at < n; at = ways[at].from) {
        if (ways[at].token >= 0)
            hr_encoding_append(encoding, ways[at].token);
        else if (!was_unknown)
            hr_encoding_append_unknown(encoding);
        was_unknown = ways[at].token < 0;
    }
}

void hr_unigram_encode(HrEncoding *encoding, const char *text, size_t len)
{
    const HrTokenizer *tokenizer = encoding->tokenizer;
    size_t n = normalise(tokenizer, text, len, NULL);
    char *bytes = n > 0 ? hr_encoding_bytes(encoding, n) : NULL;
    g_autofree Way *ways = n > 0 && n < UINT32_MAX ? g_try_new(Way, n + 1) : NULL;

    if (n == 0)
        return;
    if (!bytes || !ways) {
        encoding->failed = true;
        return;
    }
    normalise(tokenizer, text, len, bytes);
    for (size_t i = 0; i <= n; i++)
        ways[i] = (Way){.score = i == 0 ? 0 : -INFINITY, .token = -1};
    for (size_t i = 0; i < n; i++) {
        if (ways[i].score > -INFINITY)
            extend(tokenizer, bytes, n, i, ways);
    }
    reverse(ways, n);
    append_cover(encoding, ways, n);
}
