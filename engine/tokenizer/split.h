/* split.h: pre-tokenizers, the rules that cut text into words before byte pairs are merged.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The rules are published as lists of regular expressions, each cutting the pieces that the ones
 * before it left. Here each expression is a matcher written by hand over classified characters: no
 * backtracking that grows with the text, so any text is cut in linear time. Constant data only.
 * Thread-safety: Safe.
 */
#pragma once

#include "tokenizer/rune.h"

/* A piece of text that an expression is applied to: it sees nothing before begin or after end. */
typedef struct {
    const HrRune *runes;
    size_t begin, end;
} HrPiece;

typedef struct HrSplitStep HrSplitStep;
/* Where the match that begins at `at` ends; `at` if none does. */
typedef size_t (*HrSplitMatch)(const HrPiece *piece, size_t at, const HrSplitStep *step);

/* How words and numbers are told apart in the patterns that descend from GPT-4's. */
typedef enum {
    HR_CONTRACTIONS_NONE,
    HR_CONTRACTIONS_FIRST,
    HR_CONTRACTIONS_ATTACHED
} HrContractions;

struct HrSplitStep {
    HrSplitMatch match;
    HrRune classes;             /* the classes that match asks about */
    HrContractions contractions;
    bool cased;                 /* a word is upper-case letters, then lower-case ones */
    bool newlines, slashes;     /* a run of symbols takes these along */
    bool one_newline;           /* at most one of them */
    bool han_apart;             /* Chinese characters make words of their own */
    bool joiners;               /* U+200C and U+200D, and marks, are parts of words */
    bool phrases;               /* a word is many, with single spaces between */
    bool only_whole;            /* see hr_match_digit_groups */
    bool halved_spaces;         /* spaces come in powers of two */
    unsigned max_digits;        /* 0: any number */
};

typedef struct {
    const HrSplitStep *steps;
    size_t n_steps;
    bool ignore_merges;         /* a word that is a token is that token */
    bool adds_bos;              /* unless the file says otherwise; by characters, always */
    bool by_characters;         /* merges begin at characters, spelt as SPM does; see bpe.c */
} HrPretokenizer;

/* The rules that a file names in tokenizer.ggml.pre, or NULL. */
const HrPretokenizer *hr_pretokenizer_find(const char *name);

/* Calls word for each word of runes[0..n), in order; all of them together are all of the text. */
typedef void (*HrWordFunc)(size_t begin, size_t end, void *data);
void hr_pretokenizer_split(const HrPretokenizer *pretokenizer, const HrRune *runes, size_t n,
                           HrWordFunc word, void *data);

/* ---- Matchers (split-match.c) ---- */
size_t hr_match_gpt2(const HrPiece *piece, size_t at, const HrSplitStep *step);
size_t hr_match_gpt4(const HrPiece *piece, size_t at, const HrSplitStep *step);
size_t hr_match_deepseek3(const HrPiece *piece, size_t at, const HrSplitStep *step);
size_t hr_match_run(const HrPiece *piece, size_t at, const HrSplitStep *step); /* [classes]+ */
size_t hr_match_spaced_run(const HrPiece *piece, size_t at,
                           const HrSplitStep *step);                           /* \s?[classes]+ */
size_t hr_match_one(const HrPiece *piece, size_t at, const HrSplitStep *step); /* [classes] */
size_t hr_match_digits(const HrPiece *piece, size_t at,
                       const HrSplitStep *step); /* \p{N}{1,max_digits} */
size_t hr_match_digit_groups(const HrPiece *piece, size_t at,
                             const HrSplitStep *step); /* \d{1,3}(?=(?:\d{3})*(?!\d)), or with \b */
size_t hr_match_digit_triple(const HrPiece *piece, size_t at,
                             const HrSplitStep *step); /* [0-9][0-9][0-9] */
size_t hr_match_end_spaces(const HrPiece *piece, size_t at, const HrSplitStep *step);   /* \s+$ */
size_t hr_match_lines(const HrPiece *piece, size_t at, const HrSplitStep *step); /* [^\n]+|[\n]+ */
size_t hr_match_falcon_punct(const HrPiece *piece, size_t at, const HrSplitStep *step);
size_t hr_match_default_punct(const HrPiece *piece, size_t at, const HrSplitStep *step);
size_t hr_match_deepseek_letters(const HrPiece *piece, size_t at, const HrSplitStep *step);
size_t hr_match_deepseek_symbols(const HrPiece *piece, size_t at, const HrSplitStep *step);
size_t hr_match_deepseek_cjk(const HrPiece *piece, size_t at, const HrSplitStep *step);
size_t hr_match_deepseek3_cjk(const HrPiece *piece, size_t at, const HrSplitStep *step);
size_t hr_match_afmoe_scripts(const HrPiece *piece, size_t at, const HrSplitStep *step);
size_t hr_match_youtu_scripts(const HrPiece *piece, size_t at, const HrSplitStep *step);
bool hr_rune_is_han(HrRune rune); /* \p{Han} */
size_t hr_match_bloom(const HrPiece *piece, size_t at, const HrSplitStep *step);
