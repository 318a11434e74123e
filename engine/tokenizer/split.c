/* split.c: which pre-tokenizer is made of which steps, and running them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tokenizer/split.h"

#include <glib.h>
#include <string.h>

#define GPT2 {.match = hr_match_gpt2}
#define ONE_DIGIT {.match = hr_match_one, .classes = HR_RUNE_NUMBER}
#define THREE_DIGITS {.match = hr_match_digits, .max_digits = 3}
#define GPT4(...) {.match = hr_match_gpt4, .classes = HR_RUNE_LETTER, .newlines = true, __VA_ARGS__}

static const HrSplitStep gpt2[] = {GPT2};
static const HrSplitStep starcoder[] = {ONE_DIGIT, GPT2};
static const HrSplitStep llama3[] = {GPT4(.contractions = HR_CONTRACTIONS_FIRST, .max_digits = 3)};
static const HrSplitStep qwen2[] = {GPT4(.contractions = HR_CONTRACTIONS_FIRST, .max_digits = 1)};
static const HrSplitStep ufakzeka[] = {GPT4(.max_digits = 1)};
static const HrSplitStep minicpm5[] = {THREE_DIGITS, GPT4(.contractions = HR_CONTRACTIONS_FIRST)};
static const HrSplitStep laguna[] = {
    {.match = hr_match_lines},
    GPT4(.contractions = HR_CONTRACTIONS_FIRST, .max_digits = 1),
};
static const HrSplitStep lines[] = {{.match = hr_match_lines}};
static const HrSplitStep qwen35[] = {
    {.match = hr_match_gpt4, .classes = HR_RUNE_LETTER | HR_RUNE_MARK, .newlines = true,
     .contractions = HR_CONTRACTIONS_FIRST, .max_digits = 1},
};
static const HrSplitStep seed_coder[] = {
    {.match = hr_match_gpt4,
     .classes = HR_RUNE_LETTER,
     .contractions = HR_CONTRACTIONS_FIRST,
     .max_digits = 1},
};
static const HrSplitStep gpt4o[] = {
    GPT4(.cased = true, .slashes = true, .contractions = HR_CONTRACTIONS_ATTACHED, .max_digits = 3),
};
static const HrSplitStep tekken[] = {GPT4(.cased = true, .slashes = true, .max_digits = 1)};
static const HrSplitStep deepseek_llm[] = {
    {.match = hr_match_one, .classes = HR_RUNE_NEWLINE},
    {.match = hr_match_deepseek_letters},
    {.match = hr_match_deepseek_symbols},
    {.match = hr_match_end_spaces},
    {.match = hr_match_deepseek_cjk},
    {.match = hr_match_run, .classes = HR_RUNE_NUMBER},
};
static const HrSplitStep deepseek_coder[] = {
    {.match = hr_match_one, .classes = HR_RUNE_NEWLINE},
    {.match = hr_match_spaced_run, .classes = HR_RUNE_LETTER},
    {.match = hr_match_spaced_run, .classes = HR_RUNE_PUNCT},
    {.match = hr_match_deepseek_cjk},
    ONE_DIGIT,
};
static const HrSplitStep deepseek3[] = {
    THREE_DIGITS,
    {.match = hr_match_deepseek3_cjk},
    {.match = hr_match_deepseek3},
};
static const HrSplitStep spark[] = {
    THREE_DIGITS,
    {.match = hr_match_deepseek3_cjk},
    {.match = hr_match_deepseek3, .one_newline = true},
    ONE_DIGIT,
};
static const HrSplitStep afmoe[] = {
    {.match = hr_match_digit_groups},
    {.match = hr_match_afmoe_scripts},
    {.match = hr_match_deepseek3},
};
static const HrSplitStep tiny_aya[] = {
    {.match = hr_match_digit_groups, .only_whole = true},
    GPT4(.cased = true, .slashes = true, .contractions = HR_CONTRACTIONS_ATTACHED, .max_digits = 3),
};
static const HrSplitStep kimi[] = {
    GPT4(.han_apart = true, .cased = true, .contractions = HR_CONTRACTIONS_ATTACHED,
         .max_digits = 3),
};
static const HrSplitStep youtu[] = {
    {.match = hr_match_youtu_scripts},
    GPT4(.cased = true, .slashes = true, .contractions = HR_CONTRACTIONS_ATTACHED, .max_digits = 1),
};
static const HrSplitStep exaone_moe[] = {
    GPT4(.phrases = true, .one_newline = true, .contractions = HR_CONTRACTIONS_FIRST,
         .max_digits = 1),
};
static const HrSplitStep jais2[] = {
    GPT4(.halved_spaces = true, .contractions = HR_CONTRACTIONS_FIRST, .max_digits = 3),
};
static const HrSplitStep k2_horizon[] = {
    GPT4(.joiners = true, .contractions = HR_CONTRACTIONS_FIRST, .max_digits = 3),
};
static const HrSplitStep falcon[] = {{.match = hr_match_falcon_punct},
                                     GPT2,
                                     {.match = hr_match_digit_triple}};
static const HrSplitStep unnamed[] = {
    {.match = hr_match_default_punct},
    GPT2,
    {.match = hr_match_run, .classes = HR_RUNE_NUMBER},
    {.match = hr_match_digit_triple},
};
static const HrSplitStep bloom[] = {{.match = hr_match_bloom}};
static const HrSplitStep viking[] = {{.match = hr_match_bloom}, ONE_DIGIT};

/* names: those that files use for the same rules, separated by spaces. */
#define STEPS(list) {.steps = list, .n_steps = G_N_ELEMENTS(list)}
#define STEPS_WITH(list, ...) {.steps = list, .n_steps = G_N_ELEMENTS(list), __VA_ARGS__}
static const struct {
    const char *names;
    HrPretokenizer rules;
} families[] = {
    {"default", STEPS(unnamed)},
    {"gpt-2 phi-2 jina-es jina-de jina-v1-en jina-v2-es jina-v2-de jina-v2-code roberta-bpe gigachat a.x-4.0 mellum "
     "modern-bert mpt olmo jais trillion granite-docling exaone4",
     STEPS(gpt2)},
    {"smollm starcoder refact command-r codeshell exaone minerva-7b mellum2", STEPS(starcoder)},
    {"llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano",
     STEPS_WITH(llama3, .ignore_merges = true, .adds_bos = true)},
    {"glm4 glm5", STEPS_WITH(llama3, .ignore_merges = true)},
    {"dbrx smaug-bpe chatglm-bpe", STEPS(llama3)},
    {"qwen2 deepseek-r1-qwen stablelm2 hunyuan megrez kormo f2llmv2 solar-open grok-2 bailingmoe bailingmoe2 llada-moe",
     STEPS(qwen2)},
    {"qwen35", STEPS(qwen35)},
    {"gpt-4o llama4 kanana2 talkie minimax-m2", STEPS(gpt4o)},
    {"tekken", STEPS_WITH(tekken, .ignore_merges = true, .adds_bos = true)},
    {"deepseek-llm", STEPS(deepseek_llm)},
    {"deepseek-coder", STEPS(deepseek_coder)},
    {"deepseek-v3 hunyuan-dense joyai-llm hy_v4", STEPS(deepseek3)},
    {"falcon", STEPS(falcon)},
    {"seed-coder", STEPS(seed_coder)},
    {"minicpm5", STEPS_WITH(minicpm5, .ignore_merges = true)},
    {"ufakzeka", STEPS(ufakzeka)},
    {"laguna", STEPS(laguna)},
    {"bloom poro-chat gpt3-finnish", STEPS(bloom)},
    {"viking", STEPS(viking)},
    {"afmoe", STEPS(afmoe)},
    {"tiny_aya cohere2moe", STEPS(tiny_aya)},
    {"kimi-k2", STEPS(kimi)},
    {"youtu", STEPS_WITH(youtu, .ignore_merges = true)},
    {"exaone-moe", STEPS(exaone_moe)},
    {"jais-2", STEPS(jais2)},
    {"k2-horizon", STEPS(k2_horizon)},
    {"spark2_5", STEPS(spark)},
    {"granite-embed-multi-97m", STEPS_WITH(gpt4o, .ignore_merges = true)},
    {"gemma4 granite-embed-multi-311m", STEPS_WITH(lines, .by_characters = true, .adds_bos = true)},
    {"mmbert sarvam-moe", STEPS_WITH(lines, .by_characters = true)},
};

/* True if name is one of the words of names. */
static bool is_listed(const char *names, const char *name)
{
    size_t len = strlen(name);

    for (const char *word = names; *word;) {
        size_t word_len = strcspn(word, " ");

        if (word_len == len && memcmp(word, name, len) == 0)
            return true;
        word += word_len + strspn(word + word_len, " ");
    }
    return false;
}

const HrPretokenizer *hr_pretokenizer_find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
        if (is_listed(families[i].names, name))
            return &families[i].rules;
    }
    return NULL;
}

/* ---- Splitting ---- */

typedef struct {
    const HrPretokenizer *pretokenizer;
    const HrRune *runes;
    HrWordFunc word;
    void *data;
} Split;

/* Applies the steps from `index` on to runes[begin..end): what a step matches and what lies between
 * its matches each go on to the next one. As deep as there are steps. */
static void split_from(const Split *split, size_t index, size_t begin, size_t end)
{
    const HrSplitStep *step = &split->pretokenizer->steps[index];
    HrPiece piece = {split->runes, begin, end};
    size_t rest = begin;

    if (begin == end)
        return;
    if (index == split->pretokenizer->n_steps) {
        split->word(begin, end, split->data);
        return;
    }
    for (size_t at = begin; at < end;) {
        size_t match_end = step->match(&piece, at, step);

        if (match_end == at) {
            at++;
            continue;
        }
        split_from(split, index + 1, rest, at);
        split_from(split, index + 1, at, match_end);
        rest = at = match_end;
    }
    split_from(split, index + 1, rest, end);
}

void hr_pretokenizer_split(const HrPretokenizer *pretokenizer, const HrRune *runes, size_t n,
                           HrWordFunc word, void *data)
{
    Split split = {pretokenizer, runes, word, data};

    split_from(&split, 0, 0, n);
}
