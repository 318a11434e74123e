/* trie.c: see trie.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "grammar/trie.h"

#include "tokenizer/rune.h"

#include <string.h>

typedef struct {
    const uint8_t *bytes;
    uint32_t len;
    HrToken token;
} Entry;

static int compare(const void *a, const void *b)
{
    const Entry *left = a, *right = b;
    int order = memcmp(left->bytes, right->bytes, MIN(left->len, right->len));

    if (order == 0)
        order = (left->len > right->len) - (left->len < right->len);
    return order != 0 ? order : (left->token > right->token) - (left->token < right->token);
}

/* Tokens with a text, in the order of their bytes. */
static Entry *sorted_entries(const HrTokenizer *tokenizer, uint32_t *ret_n, uint64_t *ret_bytes)
{
    size_t n_vocab = hr_tokenizer_size(tokenizer);
    Entry *entries = g_try_new(Entry, n_vocab + 1);

    *ret_n = 0;
    *ret_bytes = 0;
    for (size_t i = 0; entries && i < n_vocab; i++) {
        size_t len;
        const char *bytes = hr_tokenizer_bytes(tokenizer, (HrToken)i, false, &len);
        if (len == 0 || len > UINT16_MAX || hr_tokenizer_is_end(tokenizer, (HrToken)i))
            continue;
        entries[(*ret_n)++] = (Entry){(const uint8_t *)bytes, (uint32_t)len, (HrToken)i};
        *ret_bytes += len;
    }
    if (entries)
        qsort(entries, *ret_n, sizeof *entries, compare);
    return entries;
}

static uint32_t common(const Entry *a, const Entry *b)
{
    uint32_t n = 0;

    while (n < a->len && n < b->len && a->bytes[n] == b->bytes[n])
        n++;
    return n;
}

/* open[depth - 1]: the node of that depth on the way to the last entry. */
static void close_nodes(HrTrie *trie, const uint32_t *open, uint32_t from_depth, uint32_t to_depth)
{
    for (uint32_t depth = from_depth; depth > to_depth; depth--)
        trie->nodes[open[depth - 1]].end = trie->n_nodes;
}

static void add_entry(HrTrie *trie, const Entry *entry, uint32_t n_common, uint32_t *open)
{
    for (uint32_t depth = n_common + 1; depth <= entry->len; depth++) {
        open[depth - 1] = trie->n_nodes;
        trie->nodes[trie->n_nodes++] = (HrTrieNode){.depth = (uint16_t)depth,
                                                    .byte = entry->bytes[depth - 1],
                                                    .first_token = trie->n_tokens};
    }
    HrTrieNode *node = &trie->nodes[open[entry->len - 1]];
    if (node->n_tokens == UINT8_MAX)
        return;
    node->n_tokens++;
    trie->tokens[trie->n_tokens++] = entry->token;
}

/* Characters of a plain token; 0: it is none, or too long. */
static uint32_t count_plain(const Entry *entry)
{
    uint32_t n = 0;

    for (uint32_t at = 0; at < entry->len; n++) {
        HrRune rune = hr_rune_decode((const char *)entry->bytes + at, entry->len - at);
        uint32_t code = hr_rune_code(rune);
        if ((rune & HR_RUNE_INVALID) || code < 0x20 || code == '"' || code == '\\' || code == 0x7F)
            return 0;
        at += (uint32_t)hr_rune_bytes(rune);
    }
    return n <= HR_PLAIN_MAX_CHARS ? n : 0;
}

/* entries: sorted; those of odd_only that are plain are left out. */
static bool fill(HrTrie *trie, const Entry *entries, uint32_t n, uint64_t n_bytes, bool odd_only)
{
    g_autofree uint32_t *open = g_new(uint32_t, UINT16_MAX + 1);
    const Entry *last = NULL;

    trie->nodes = g_try_new(HrTrieNode, n_bytes + 1);
    trie->tokens = g_try_new(HrToken, (size_t)n + 1);
    if (!trie->nodes || !trie->tokens)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        const Entry *entry = &entries[i];
        if (odd_only && count_plain(entry) > 0)
            continue;
        uint32_t n_common = last ? common(last, entry) : 0;
        close_nodes(trie, open, last ? last->len : 0, n_common);
        add_entry(trie, entry, n_common, open);
        last = entry;
    }
    close_nodes(trie, open, last ? last->len : 0, 0);
    trie->nodes = g_renew(HrTrieNode, trie->nodes, trie->n_nodes + 1);
    return true;
}

static bool fill_plain(HrVocabTrie *trie, const Entry *entries, uint32_t n)
{
    for (uint32_t k = 0; k <= HR_PLAIN_MAX_CHARS; k++)
        if (!(trie->plain[k] = g_try_new0(uint64_t, trie->n_words + 1)))
            return false;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t n_chars = count_plain(&entries[i]);
        uint64_t bit = 1ull << (entries[i].token % 64);
        trie->max_depth = MAX(trie->max_depth, entries[i].len);
        if (n_chars == 0)
            continue;
        trie->plain[0][entries[i].token / 64] |= bit;
        trie->plain[n_chars][entries[i].token / 64] |= bit;
        trie->n_plain[0]++;
        trie->n_plain[n_chars]++;
    }
    return true;
}

HrVocabTrie *hr_vocab_trie_new(const HrTokenizer *tokenizer, GError **error)
{
    g_autoptr(HrVocabTrie) trie = g_new0(HrVocabTrie, 1);
    uint32_t n;
    uint64_t n_bytes;
    g_autofree Entry *entries = sorted_entries(tokenizer, &n, &n_bytes);

    trie->n_words = (hr_tokenizer_size(tokenizer) + 63) / 64;
    if (!entries || n_bytes >= UINT32_MAX || !fill(&trie->all, entries, n, n_bytes, false) ||
        !fill(&trie->odd, entries, n, n_bytes, true) || !fill_plain(trie, entries, n)) {
        g_set_error_literal(error, HR_ERROR, HR_ERROR_MEMORY,
                            "No memory to sort the vocabulary for a grammar.");
        return NULL;
    }
    return g_steal_pointer(&trie);
}

void hr_vocab_trie_free(HrVocabTrie *trie)
{
    if (!trie)
        return;
    g_free(trie->all.nodes);
    g_free(trie->all.tokens);
    g_free(trie->odd.nodes);
    g_free(trie->odd.tokens);
    for (uint32_t k = 0; k <= HR_PLAIN_MAX_CHARS; k++)
        g_free(trie->plain[k]);
    g_free(trie);
}
