/* plamo.c: the tokenizer of PLaMo 2.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Of all ways to cover the text with tokens the one is taken whose scores, as whole numbers, sum up
 * highest, worked out from the end; among equals the one whose first token is longest. A character
 * may also become its bytes, which is dear. Spaces stand for themselves, in files too.
 */
#include "tokenizer/tokenizer-private.h"

#include <math.h>
#include <string.h>

#define SCALE 1e4
#define LOWEST (-2e7)      /* scores that low or lower mean that the token is never taken */
#define BYTES_COST 10000000
#define NO_WAY INT64_MAX
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

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

void hr_plamo_encode(HrEncoding *encoding, const char *text, size_t len)
{
    size_t mark = strlen(BYTE_ORDER_MARK), n;
    const HrRune *runes;
    g_autofree Way *ways = NULL;

    if (len >= mark && memcmp(text, BYTE_ORDER_MARK, mark) == 0) {
        text += mark;
        len -= mark;
    }
    if (len == 0)
        return;
    runes = hr_encoding_runes(encoding, text, len, &n);
    ways = g_try_new(Way, len + 1);
    if (!runes || !ways) {
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
