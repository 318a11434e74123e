/* tiny-vocab.h: small vocabularies made up for tests, as GGUF metadata that a test may bend before
 * it is read.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "gguf-builder.h"
#include "tokenizer/tokenizer.h"

typedef struct {
    const char *model, *pre;   /* NULL: no such key */
    GPtrArray *tokens, *merges; /* char *; merges NULL: no such key */
    GArray *types;             /* int32_t */
    GArray *scores;            /* float; empty: no such key */
    GgufBuilder *builder;      /* for more keys */
} TinyVocab;

/* Byte-level: ids 0 to 255 are the bytes, then what is added. */
TinyVocab *tiny_vocab_new_bpe(const char *pre);
/* SentencePiece: <unk>, <s>, </s>, ids 3 to 258 are the bytes, then what is added. */
TinyVocab *tiny_vocab_new_spm(void);
/* Byte pairs over characters, as Gemma 4's: ids as SentencePiece's. */
TinyVocab *tiny_vocab_new_gemma4(void);
/* "plamo2" or "plamo3": ids as SentencePiece's. */
TinyVocab *tiny_vocab_new_plamo(const char *model);
/* BERT: [UNK], [CLS], [SEP]. */
TinyVocab *tiny_vocab_new_wpm(void);
void tiny_vocab_free(TinyVocab *vocab);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TinyVocab, tiny_vocab_free)

/* Returns the id. type as in tokenizer.ggml.token_type. */
HrToken tiny_vocab_add(TinyVocab *vocab, const char *text, int32_t type, float score);
/* A merge and the token that it makes. Returns the token's id. */
HrToken tiny_vocab_join(TinyVocab *vocab, const char *left, const char *right);
/* The tokenizer, or NULL and error. */
HrTokenizer *tiny_vocab_make(TinyVocab *vocab, GError **error);
