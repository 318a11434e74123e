/* plamo.c: the tokenizers of PLaMo 2 and 3.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Of all ways to cover the text with tokens the one is taken whose scores, as whole numbers, sum up
 * highest, worked out from the end; among equals the one whose first token is longest. A character
 * may also become its bytes, which is dear. Spaces stand for themselves, in files too.
 *
 * PLaMo 3 covers parts of the text on their own: what looks like one of its markers, runs of
 * spaces, runs of one character. U+EE00 parts its neighbours and is left out.
 */
#include "tokenizer/tokenizer-private.h"

#include <math.h>
#include <string.h>

#define SCALE 1e4
#define LOWEST (-2e7)      /* scores that low or lower mean that the token is never taken */
#define BYTES_COST 10000000
#define NO_WAY INT64_MAX
#define BYTE_ORDER_MARK "\xef\xbb\xbf"
#define MARKER "<|plamo:"
#define MAX_MARKER_BODY 64 /* characters */
#define PARTER 0xee00

/* The best way from a place to the end. */
typedef struct {
    int64_t cost;
    uint32_t to;
    HrToken token; /* -1: the bytes */
} Way;

bool hr_plamo_load(HrTokenizer *tokenizer, const HrGguf *gguf, GError **error)
{
    if (!hr_spm_load(tokenizer, gguf, error))
        return false;
    tokenizer->space_prefix = false;
    tokenizer->in_parts =
        g_strcmp0(hr_gguf_get_string(gguf, "tokenizer.ggml.model", NULL), "plamo3") == 0;
    return true;
}

static void offer(Way *way, const Way *ways, size_t to, int64_t cost, HrToken token)
{
    if (ways[to].cost != NO_WAY && ways[to].cost + cost <= way->cost)
        *way = (Way){ways[to].cost + cost, (uint32_t)to, token};
}

/* The best way from `at`, where runes[0..n) begin. */
static Way find_way(const HrTokenizer *tokenizer, const char *text, size_t at, const HrRune *runes,
                    size_t n, const Way *ways)
{
    size_t first = hr_rune_bytes(runes[0]);
    Way way = {NO_WAY, 0, -1};

    offer(&way, ways, at + first, BYTES_COST, -1);
    for (size_t i = 0, len = 0; i < n; i++) {
        HrToken token;
        double score;

        len += hr_rune_bytes(runes[i]);
        if (len > tokenizer->max_piece_bytes)
            break;
        token = hr_text_table_find(&tokenizer->by_piece, text + at, len);
        score = token >= 0 ? round(tokenizer->scores[token] * SCALE) : LOWEST;
        if (score > LOWEST)
            offer(&way, ways, at + len, -(int64_t)MIN(score, -LOWEST), token);
    }
    return way;
}

static void append_ways(HrEncoding *encoding, const char *text, size_t len, const Way *ways)
{
    for (size_t at = 0; at < len; at = ways[at].to) {
        if (ways[at].token >= 0)
            hr_encoding_append(encoding, ways[at].token);
        else
            hr_encoding_append_bytes(encoding, text + at, ways[at].to - at);
    }
}

/* runes[0..n) are the characters of text[0..len). */
static void encode_part(HrEncoding *encoding, const char *text, size_t len, const HrRune *runes,
                        size_t n)
{
    g_autofree Way *ways = g_try_new(Way, len + 1);

    if (!ways) {
        encoding->failed = true;
        return;
    }
    for (size_t i = 0; i < len; i++)
        ways[i] = (Way){NO_WAY, 0, -1};
    ways[len] = (Way){0, 0, -1};
    for (size_t i = n, at = len; i-- > 0;) {
        at -= hr_rune_bytes(runes[i]);
        ways[at] = find_way(encoding->tokenizer, text, at, runes + i, n - i, ways);
    }
    append_ways(encoding, text, len, ways);
}

/* ---- Parts ---- */

static bool is(const HrRune *runes, size_t n, size_t at, uint32_t code)
{
    return at < n && hr_rune_code(runes[at]) == code;
}

/* Where `<|plamo:` and at most so many characters and `|>` end that begin at `at`; at: they do not.
 * Spaces and the separators U+001C to U+001F end the search. */
static size_t marker_end(const HrRune *runes, size_t n, size_t at)
{
    size_t i = at, body;

    for (const char *c = MARKER; *c; c++, i++) {
        if (!is(runes, n, i, (unsigned char)*c))
            return at;
    }
    body = i;
    while (i < n && i - body < MAX_MARKER_BODY && hr_rune_code(runes[i]) != '|' &&
           !(runes[i] & HR_RUNE_SPACE) && (hr_rune_code(runes[i]) & ~3u) != 0x1c)
        i++;
    return is(runes, n, i, '|') && is(runes, n, i + 1, '>') ? i + 2 : at;
}

static void cut_markers(const HrRune *runes, size_t n, bool *cuts)
{
    for (size_t i = 0; i < n;) {
        size_t end = marker_end(runes, n, i);

        if (end > i)
            cuts[i] = cuts[end] = true;
        i = end > i ? end : i + 1;
    }
}

static void cut_runs(const HrRune *runes, size_t n, bool *cuts)
{
    for (size_t i = 0, end; i < n; i = end) {
        uint32_t code = hr_rune_code(runes[i]);

        for (end = i + 1; is(runes, n, end, code) && !cuts[end];)
            end++;
        if ((code != '\n' && end - i >= 4) || (code == ' ' && end - i >= 2))
            cuts[i] = cuts[end] = true;
    }
}

static void encode_parts(HrEncoding *encoding, const char *text, const HrRune *runes, size_t n)
{
    g_autofree bool *cuts = g_try_new0(bool, n + 1);
    size_t start = 0, len = 0;

    if (!cuts) {
        encoding->failed = true;
        return;
    }
    cut_markers(runes, n, cuts);
    cut_runs(runes, n, cuts);
    for (size_t i = 0; i <= n && !encoding->failed; i++) {
        bool parter = is(runes, n, i, PARTER);

        if (i == n || cuts[i] || parter) {
            if (i > start)
                encode_part(encoding, text, len, runes + start, i - start);
            text += len;
            len = 0;
            start = i + parter;
        }
        if (parter)
            text += hr_rune_bytes(runes[i]);
        else if (i < n)
            len += hr_rune_bytes(runes[i]);
    }
}

void hr_plamo_encode(HrEncoding *encoding, const char *text, size_t len)
{
    size_t mark = strlen(BYTE_ORDER_MARK), n;
    const HrRune *runes;

    if (!encoding->tokenizer->in_parts && len >= mark && memcmp(text, BYTE_ORDER_MARK, mark) == 0) {
        text += mark;
        len -= mark;
    }
    runes = len > 0 ? hr_encoding_runes(encoding, text, len, &n) : NULL;
    if (!runes)
        return;
    if (encoding->tokenizer->in_parts)
        encode_parts(encoding, text, runes, n);
    else
        encode_part(encoding, text, len, runes, n);
}
