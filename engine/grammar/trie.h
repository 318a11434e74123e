/* trie.h: a vocabulary's texts as one tree of bytes, so that tokens that begin alike are tried
 * together.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Nodes stand in the order in which a walk from the root meets them; who cannot go on at a node
 * goes to its `end`. Control tokens and those that end an answer are not in it: they have no text.
 * Immutable. Thread-safety: Safe.
 */
#pragma once

#include "tokenizer/tokenizer.h"

typedef struct {
    uint32_t end;         /* the next node that is not below this one */
    uint32_t first_token; /* tokens[first_token .. + n_tokens) have the text that leads here */
    uint16_t depth;       /* bytes of it; 1 for the first */
    uint8_t byte;
    uint8_t n_tokens;
} HrTrieNode;

typedef struct {
    HrTrieNode *nodes;
    HrToken *tokens;
    uint32_t n_nodes, n_tokens;
} HrTrie;

/* Tokens of so many plain characters at most are sorted by their number; longer ones are few. */
#define HR_PLAIN_MAX_CHARS 32

/* Most tokens are *plain*: whole characters, none of them a quote, a backslash or a control
 * character. Inside a string all of them are alike but for their length, so that only the others
 * have to be tried one by one. */
typedef struct {
    HrTrie all, odd;  /* odd: what is not in plain */
    uint64_t *plain[HR_PLAIN_MAX_CHARS + 1]; /* [n_words]: a bit for each token of that many
                                                characters; [0]: of any number */
    uint32_t n_plain[HR_PLAIN_MAX_CHARS + 1];
    size_t n_words;
    uint32_t max_depth;
} HrVocabTrie;

/* NULL with HR_ERROR_MEMORY. */
HrVocabTrie *hr_vocab_trie_new(const HrTokenizer *tokenizer,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
void hr_vocab_trie_free(HrVocabTrie *trie);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HrVocabTrie, hr_vocab_trie_free)
