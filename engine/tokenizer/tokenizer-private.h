/* tokenizer-private.h: a tokenizer's tables and the parts that make and use them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Everything here is filled while the tokenizer is made and constant after that. Arrays whose size
 * the file decides are allocated with g_try_*.
 */
#pragma once

#include "tokenizer/merge.h"
#include "tokenizer/split.h"
#include "tokenizer/text-table.h"
#include "tokenizer/tokenizer.h"

#define HR_MAX_TOKENS (1u << 22)     /* the largest known vocabularies have some 260 000 */
#define HR_MAX_TOKEN_BYTES 4096      /* long runs of one character reach a few hundred */
#define HR_MAX_SPECIAL_BYTES 512     /* searched at every character of a text */
#define HR_MAX_ENCODE_BYTES \
    (1u << 30) /* of one text: positions in it are 32 bits wide, with room for SPM's space */

typedef enum {
    HR_TOKENIZER_BPE,
    HR_TOKENIZER_SPM,
    HR_TOKENIZER_WPM,
    HR_TOKENIZER_UNIGRAM,
    HR_TOKENIZER_PLAMO
} HrTokenizerKind;

/* As in tokenizer.ggml.token_type. */
typedef enum {
    HR_TOKEN_NORMAL = 1,
    HR_TOKEN_UNKNOWN = 2,
    HR_TOKEN_CONTROL = 3,
    HR_TOKEN_USER_DEFINED = 4,
    HR_TOKEN_UNUSED = 5,
    HR_TOKEN_BYTE = 6,
} HrTokenType;

typedef enum {
    HR_TOKEN_FLAG_SPECIAL = 1 << 0, /* found in the text before it is split */
    HR_TOKEN_FLAG_TRUSTED =
        1 << 1,                 /* and in trusted spans only; nothing else ever gives this token */
    HR_TOKEN_FLAG_END = 1 << 2, /* ends an answer */
    HR_TOKEN_FLAG_LSTRIP = 1 << 3, /* takes the spaces before it along */
    HR_TOKEN_FLAG_RSTRIP = 1 << 4, /* takes the spaces after it along */
} HrTokenFlags;

/* ---- Pairs that BPE joins ---- */
typedef struct {
    HrToken left, right, joined;
} HrMerge;

typedef struct {
    HrMerge *merges; /* by rank; those that never join are in no slot */
    size_t n;        /* merges in the file */
    HrIdTable ranks; /* by pair */
} HrMergeTable;

/* ---- Special tokens, by their bytes ---- */
typedef struct {
    HrToken *ids;        /* in the order of their texts' bytes */
    uint32_t first[257]; /* ids[first[c]..first[c + 1]) begin with byte c */
} HrSpecialIndex;

struct HrTokenizer {
    HrTokenizerKind kind;
    size_t n_tokens;
    uint8_t *types;          /* [n_tokens] HrTokenType */
    uint8_t *flags;          /* [n_tokens] HrTokenFlags */
    HrTextList texts;        /* as the file spells them; while loading only */
    HrTextList pieces;       /* what they stand for in text */
    uint32_t max_piece_bytes;
    HrTextTable by_text;     /* every token; while loading only */
    HrTextTable by_piece; /* the tokens that plain text may become, where the kind looks for them */
    HrToken byte_ids[256];   /* -1: none */
    HrSpecialIndex special;

    HrToken bos, eos, unknown;
    bool adds_bos, adds_eos;
    const char *note;

    const HrPretokenizer *pretokenizer; /* BPE */
    HrMergeTable merges;                /* BPE */
    float *scores;                      /* SPM, unigram, PLaMo: [n_tokens] */
    bool space_prefix;                  /* SPM, unigram */
    bool in_parts;                      /* PLaMo 3 */
    bool merges_spaces;                 /* unigram: each word has one space in front */
    double unknown_score;               /* unigram: of a character that no token covers */
    uint8_t *charsmap;                  /* unigram: see unigram.c; NULL: no character is replaced */
    size_t n_charsmap_bytes;            /* in the file */
    size_t n_units, n_replacement_bytes;
    const char *replacements;           /* in charsmap */
    bool lowercase, strip_accents;      /* WPM */
};

#define HR_KEY_TOKENS "tokenizer.ggml.tokens"
#define HR_KEY_MERGES "tokenizer.ggml.merges"
#define HR_KEY_CHARSMAP "tokenizer.ggml.precompiled_charsmap"

/* A text on its way to ids. */
typedef struct {
    const HrTokenizer *tokenizer;
    GArray *ids;       /* HrToken */
    HrMerger merger;
    HrRune *runes;     /* scratch */
    char *bytes;       /* scratch */
    size_t n_runes_max, n_bytes_max;
    const char *text;  /* the fragment at hand */
    size_t at;         /* bytes of it that are done */
    bool failed;       /* memory was short */
} HrEncoding;

/* Sets error and returns false, so that a check reads `return hr_tokenizer_fail(...)`. */
bool hr_tokenizer_fail(GError **error, HrError code, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* n zeroed elements, or NULL and error. what names the thing. */
void *hr_tokenizer_alloc(size_t n, size_t element_bytes, const char *what, GError **error);
/* A token's text for a message: valid UTF-8, not too long. */
char *hr_tokenizer_show(const char *bytes, size_t len);

/* True for byte pairs whose merges begin at characters. */
static inline bool hr_tokenizer_by_characters(const HrTokenizer *tokenizer)
{
    return tokenizer->pretokenizer && tokenizer->pretokenizer->by_characters;
}

/* tokenizer.c: kind and pretokenizer, as far as they are known. */
bool hr_tokenizer_choose(HrTokenizer *tokenizer, const HrGguf *gguf, GError **error);
/* vocab.c: the rows of the embedding bound the ids that the model can be given. */
void hr_vocab_limit_to_rows(HrTokenizer *tokenizer, const HrGguf *gguf);
/* texts, types, by_text; then, once flags are known, pieces. */
bool hr_vocab_load(HrTokenizer *tokenizer, const HrGguf *gguf, GError **error);
bool hr_vocab_make_pieces(HrTokenizer *tokenizer, GError **error);
/* While loading: false for the earlier one of two tokens with the same text. */
bool hr_vocab_has_its_text(const HrTokenizer *tokenizer, HrToken id);
/* Fills by_piece with the tokens that plain text may become. */
bool hr_vocab_index_pieces(HrTokenizer *tokenizer, GError **error);
/* special.c: ids of meaning, flags, the index. */
bool hr_special_load(HrTokenizer *tokenizer, const HrGguf *gguf, GError **error);
/* The longest special token at text[at..len), of those that need trust only what ends by
 * trusted_end. -1: none. */
HrToken hr_special_match(const HrTokenizer *tokenizer, const char *text, size_t at, size_t len,
                         size_t trusted_end);

/* What each kind adds, and how it turns a fragment without special tokens into ids. */
/* Whether whole words, or characters, are looked for among the pieces. */
bool hr_bpe_indexes_pieces(const HrTokenizer *tokenizer);
bool hr_bpe_load(HrTokenizer *tokenizer, const HrGguf *gguf, GError **error);
bool hr_spm_load(HrTokenizer *tokenizer, const HrGguf *gguf, GError **error);
bool hr_wpm_load(HrTokenizer *tokenizer, const HrGguf *gguf, GError **error);
void hr_bpe_encode(HrEncoding *encoding, const char *text, size_t len);
void hr_spm_encode(HrEncoding *encoding, const char *text, size_t len);
bool hr_unigram_load(HrTokenizer *tokenizer, const HrGguf *gguf, GError **error);
void hr_unigram_encode(HrEncoding *encoding, const char *text, size_t len);
bool hr_plamo_load(HrTokenizer *tokenizer, const HrGguf *gguf, GError **error);
void hr_plamo_encode(HrEncoding *encoding, const char *text, size_t len);
void hr_wpm_encode(HrEncoding *encoding, const char *text, size_t len);
/* The bytes that a byte-level token's text stands for, at ret_bytes (at most len). Returns how
 * many; characters outside the alphabet stay as they are. */
size_t hr_bpe_decode_text(const char *text, size_t len, char *ret_bytes);

/* encode.c: scratch memory that grows; NULL (and encoding->failed) if it cannot. */
HrRune *hr_encoding_runes(HrEncoding *encoding, const char *text, size_t len, size_t *ret_n);
char *hr_encoding_bytes(HrEncoding *encoding, size_t n);
void hr_encoding_append(HrEncoding *encoding, HrToken token);
/* The unknown token. Some files put a token there that ends an answer: text must not give that. */
void hr_encoding_append_unknown(HrEncoding *encoding);
/* The bytes as single-byte tokens, as far as there are such; else the unknown token once. */
void hr_encoding_append_bytes(HrEncoding *encoding, const char *bytes, size_t len);
