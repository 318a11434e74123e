/* special.c: tokens with a meaning, and finding them in a text.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Files label these tokens unevenly: turn markers are sometimes "user-defined", and only some of
 * the tokens that end an answer have a key. What a marker looks like and what families use to end
 * an answer is therefore known here by text.
 */
#include "tokenizer/tokenizer-private.h"

#include <stdlib.h>
#include <string.h>

#define KEY(name) "tokenizer.ggml." name

/* ---- Ids from keys ---- */

/* *id keeps its value where the key is missing. Writers use -1, in whatever width, for "none". */
static bool load_id(const HrTokenizer *tokenizer, const HrGguf *gguf, const char *key, HrToken *id,
                    GError **error)
{
    const HrGgufEntry *entry = hr_gguf_find(gguf, key);
    int64_t value;

    if (!entry)
        return true;
    if (entry->kind == HR_GGUF_ARRAY || !hr_gguf_element_int(entry, 0, &value))
        return hr_tokenizer_fail(error, HR_ERROR_FORMAT, "%s is not an integer", key);
    if (value == -1 || value == UINT32_MAX) {
        *id = -1;
        return true;
    }
    if (value < 0 || (uint64_t)value >= tokenizer->n_tokens)
        return hr_tokenizer_fail(error, HR_ERROR_FORMAT,
                                 "%s is %" G_GINT64_FORMAT ", but the file has %zu tokens", key,
                                 value, tokenizer->n_tokens);
    *id = (HrToken)value;
    return true;
}

/* The ids that the kind has where the file says nothing. */
static void set_default_ids(HrTokenizer *tokenizer)
{
    HrToken n = (HrToken)tokenizer->n_tokens;

    tokenizer->bos = tokenizer->eos = tokenizer->unknown = -1;
    if (tokenizer->kind == HR_TOKENIZER_SPM) {
        tokenizer->bos = n > 1 ? 1 : -1;
        tokenizer->eos = n > 2 ? 2 : -1;
        tokenizer->unknown = 0;
    } else if (tokenizer->kind == HR_TOKENIZER_WPM && n > 102) {
        tokenizer->bos = 101; /* [CLS] */
        tokenizer->eos = 102; /* [SEP] */
        tokenizer->unknown = 100;
    }
}

static bool load_ids(HrTokenizer *tokenizer, const HrGguf *gguf, GError **error)
{
    bool wpm = tokenizer->kind == HR_TOKENIZER_WPM;
    HrToken ends[2] = {-1, -1};

    set_default_ids(tokenizer);
    if (wpm && (!load_id(tokenizer, gguf, KEY("cls_token_id"), &tokenizer->bos, error) ||
                !load_id(tokenizer, gguf, KEY("seperator_token_id"), &tokenizer->eos, error)))
        return false;
    if (!load_id(tokenizer, gguf, KEY("bos_token_id"), &tokenizer->bos, error) ||
        !load_id(tokenizer, gguf, KEY("eos_token_id"), &tokenizer->eos, error) ||
        !load_id(tokenizer, gguf, KEY("unknown_token_id"), &tokenizer->unknown, error) ||
        !load_id(tokenizer, gguf, KEY("eot_token_id"), &ends[0], error) ||
        !load_id(tokenizer, gguf, KEY("eom_token_id"), &ends[1], error))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        if (ends[i] >= 0)
            tokenizer->flags[ends[i]] |=
                HR_TOKEN_FLAG_END | HR_TOKEN_FLAG_SPECIAL | HR_TOKEN_FLAG_TRUSTED;
    }
    if (tokenizer->bos >= 0)
        tokenizer->flags[tokenizer->bos] |= HR_TOKEN_FLAG_SPECIAL | HR_TOKEN_FLAG_TRUSTED;
    if (tokenizer->eos >= 0)
        tokenizer->flags[tokenizer->eos] |=
            HR_TOKEN_FLAG_END | HR_TOKEN_FLAG_SPECIAL | HR_TOKEN_FLAG_TRUSTED;
    return true;
}

/* tokenizer.ggml.eos_token_ids: several ends, as some writers put them. */
static bool load_more_ends(HrTokenizer *tokenizer, const HrGguf *gguf, GError **error)
{
    const HrGgufEntry *entry = hr_gguf_find(gguf, KEY("eos_token_ids"));

    for (uint64_t i = 0; entry && entry->kind == HR_GGUF_ARRAY && i < entry->n; i++) {
        int64_t id;

        if (!hr_gguf_element_int(entry, i, &id) || id < 0 || (uint64_t)id >= tokenizer->n_tokens)
            return hr_tokenizer_fail(error, HR_ERROR_FORMAT,
                                     KEY("eos_token_ids") " holds something that is no token's id");
        tokenizer->flags[id] |= HR_TOKEN_FLAG_END | HR_TOKEN_FLAG_SPECIAL | HR_TOKEN_FLAG_TRUSTED;
    }
    return true;
}

static bool load_bool(const HrGguf *gguf, const char *key, bool *value, GError **error)
{
    if (hr_gguf_find(gguf, key) && !hr_gguf_get_bool(gguf, key, value))
        return hr_tokenizer_fail(error, HR_ERROR_FORMAT, "%s is neither true nor false", key);
    return true;
}

static bool load_additions(HrTokenizer *tokenizer, const HrGguf *gguf, GError **error)
{
    bool unigram = tokenizer->kind == HR_TOKENIZER_UNIGRAM,
         plamo = tokenizer->kind == HR_TOKENIZER_PLAMO;

    tokenizer->adds_bos = tokenizer->kind == HR_TOKENIZER_BPE ? tokenizer->pretokenizer->adds_bos
                                                              : !unigram && !plamo;
    tokenizer->adds_eos = unigram || tokenizer->kind == HR_TOKENIZER_WPM;
    if (!load_bool(gguf, KEY("add_bos_token"), &tokenizer->adds_bos, error) ||
        !load_bool(gguf, KEY("add_eos_token"), &tokenizer->adds_eos, error))
        return false;
    /* Some of these files say no, though their models know no other beginning. */
    if (hr_tokenizer_by_characters(tokenizer))
        tokenizer->adds_bos |= tokenizer->pretokenizer->adds_bos;
    tokenizer->adds_bos = tokenizer->adds_bos && tokenizer->bos >= 0;
    tokenizer->adds_eos = tokenizer->adds_eos && tokenizer->eos >= 0;
    return true;
}

/* ---- Ids from texts ---- */

static HrToken find(const HrTokenizer *tokenizer, const char *text)
{
    return hr_text_table_find(&tokenizer->by_text, text, strlen(text));
}

/* Marks the tokens of these texts. Texts that people may well write, such as </s>, count only where
 * the file does not have them as ordinary tokens. */
static void flag_texts(HrTokenizer *tokenizer, const char *const *texts, size_t n, bool even_normal,
                       uint8_t flags)
{
    for (size_t i = 0; i < n; i++) {
        HrToken id = find(tokenizer, texts[i]);

        if (id >= 0 && (even_normal || tokenizer->types[id] != HR_TOKEN_NORMAL))
            tokenizer->flags[id] |= flags;
    }
}

static void flag_ends(HrTokenizer *tokenizer)
{
    static const char *const unmistakable[] = {
        "<|eot_id|>", "<|im_end|>",       "<|end|>",
        "<|return|>", "<|call|>",         "<|flush|>",
        "<|calls|>",  "<|endoftext|>",    "<|end_of_text|>",
        "<|eom_id|>", "<end_of_turn>",    "<end_of_utterance>",
        "<turn|>",    "<|tool_response>", "<｜end▁of▁sentence｜>",
        "[e~[",
    };
    static const char *const common[] = {
        "</s>",
        "<eos>",
        "<EOT>",
        "_<EOT>",
        "[EOT]",
        "[EOS]",
        /* fill-in-the-middle: padding, repository and file marks come after the end */
        "<|fim_pad|>",
        "<fim-pad>",
        "<fim_pad>",
        "<PAD>",
        "<|fim_repo|>",
        "<|repo_name|>",
        "<fim-repo>",
        "<REPO>",
        "<reponame>",
        "<|file_sep|>",
    };
    const uint8_t end = HR_TOKEN_FLAG_END | HR_TOKEN_FLAG_SPECIAL | HR_TOKEN_FLAG_TRUSTED;
    HrToken harmony_end = find(tokenizer, "<|end|>"), s = find(tokenizer, "</s>");

    flag_texts(tokenizer, unmistakable, G_N_ELEMENTS(unmistakable), true, end);
    flag_texts(tokenizer, common, G_N_ELEMENTS(common), false, end);
    /* Where answers have several parts, <|end|> ends a part only. */
    if (harmony_end >= 0 &&
        ((find(tokenizer, "<|return|>") >= 0 && find(tokenizer, "<|call|>") >= 0) ||
         (find(tokenizer, "<|calls|>") >= 0 && find(tokenizer, "<|flush|>") >= 0)))
        tokenizer->flags[harmony_end] &= (uint8_t)~HR_TOKEN_FLAG_END;
    if (s >= 0 && s != tokenizer->eos && find(tokenizer, "<|tool_response>") >= 0)
        tokenizer->flags[s] &= (uint8_t)~HR_TOKEN_FLAG_END;
}

/* <|name|> or <｜name｜>: a marker of a template, whatever type the file gives it. */
static bool looks_like_marker(HrText text)
{
    static const char *const ends[][2] = {{"<|", "|>"}, {"<｜", "｜>"}};

    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        size_t head = strlen(ends[i][0]), tail = strlen(ends[i][1]);

        if (text.len > head + tail && memcmp(text.bytes, ends[i][0], head) == 0 &&
            memcmp(text.bytes + text.len - tail, ends[i][1], tail) == 0)
            return true;
    }
    return false;
}

static void flag_types(HrTokenizer *tokenizer)
{
    static const char *const markers[] = {"<start_of_turn>", "[INST]", "[/INST]", "<|tool>",
                                          "<|tool_call>"};

    for (size_t id = 0; id < tokenizer->n_tokens; id++) {
        switch (tokenizer->types[id]) {
        case HR_TOKEN_CONTROL:
        case HR_TOKEN_UNKNOWN:
            tokenizer->flags[id] |= HR_TOKEN_FLAG_SPECIAL | HR_TOKEN_FLAG_TRUSTED;
            break;
        case HR_TOKEN_USER_DEFINED:
            tokenizer->flags[id] |= HR_TOKEN_FLAG_SPECIAL;
            if (looks_like_marker(hr_text_list_get(&tokenizer->texts, id)))
                tokenizer->flags[id] |= HR_TOKEN_FLAG_TRUSTED;
            break;
        default:
            break;
        }
    }
    flag_texts(tokenizer, markers, G_N_ELEMENTS(markers), false,
               HR_TOKEN_FLAG_SPECIAL | HR_TOKEN_FLAG_TRUSTED);
}

/* ---- Spaces that tokens take along: known by family, as files do not say it ---- */

static void flag_strips(HrTokenizer *tokenizer, const HrGguf *gguf)
{
    static const char *const plain[] = {"<unk>", "<s>", "<|endoftext|>"};
    const char *architecture = hr_gguf_get_string(gguf, "general.architecture", NULL);
    const char *pre = hr_gguf_get_string(gguf, KEY("pre"), NULL);
    HrToken mask = find(tokenizer, "<mask>");

    if (mask >= 0 &&
        ((pre && strstr(pre, "jina-v2")) || g_strcmp0(architecture, "nomic-bert-moe") == 0 ||
         g_strcmp0(architecture, "jina-bert-v3") == 0))
        tokenizer->flags[mask] |= HR_TOKEN_FLAG_LSTRIP;
    if (g_strcmp0(architecture, "phi3") != 0 || tokenizer->kind != HR_TOKENIZER_SPM)
        return;
    for (size_t id = 0; id < tokenizer->n_tokens; id++) {
        if (tokenizer->flags[id] & HR_TOKEN_FLAG_SPECIAL)
            tokenizer->flags[id] |= HR_TOKEN_FLAG_RSTRIP;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(plain); i++) {
        HrToken id = find(tokenizer, plain[i]);

        if (id >= 0)
            tokenizer->flags[id] &= (uint8_t)~HR_TOKEN_FLAG_RSTRIP;
    }
}

/* ---- The index ---- */

static int compare_texts(const void *a, const void *b, void *data)
{
    const HrTextList *texts = data;
    HrText x = hr_text_list_get(texts, (size_t)*(const HrToken *)a),
           y = hr_text_list_get(texts, (size_t)*(const HrToken *)b);
    int order = memcmp(x.bytes, y.bytes, MIN(x.len, y.len));

    return order != 0 ? order : (x.len > y.len) - (x.len < y.len);
}

static bool is_indexed(const HrTokenizer *tokenizer, size_t id)
{
    uint32_t len = hr_text_list_get(&tokenizer->texts, id).len;

    return (tokenizer->flags[id] & HR_TOKEN_FLAG_SPECIAL) && len > 0 &&
           len <= HR_MAX_SPECIAL_BYTES &&
           hr_vocab_has_its_text(tokenizer, (HrToken)id);
}

static bool build_index(HrTokenizer *tokenizer, GError **error)
{
    HrSpecialIndex *index = &tokenizer->special;
    size_t n = 0;

    for (size_t id = 0; id < tokenizer->n_tokens; id++)
        n += is_indexed(tokenizer, id);
    index->ids = hr_tokenizer_alloc(n + 1, sizeof *index->ids, "the special tokens", error);
    if (!index->ids)
        return false;
    n = 0;
    for (size_t id = 0; id < tokenizer->n_tokens; id++) {
        if (is_indexed(tokenizer, id))
            index->ids[n++] = (HrToken)id;
    }
    qsort_r(index->ids, n, sizeof *index->ids, compare_texts, &tokenizer->texts);
    for (size_t i = 0; i < n; i++) {
        HrText text = hr_text_list_get(&tokenizer->texts, (size_t)index->ids[i]);

        index->first[(unsigned char)text.bytes[0] + 1]++;
    }
    for (size_t c = 0; c < 256; c++)
        index->first[c + 1] += index->first[c];
    return true;
}

bool hr_special_load(HrTokenizer *tokenizer, const HrGguf *gguf, GError **error)
{
    if (!load_ids(tokenizer, gguf, error) || !load_more_ends(tokenizer, gguf, error) ||
        !load_additions(tokenizer, gguf, error))
        return false;
    flag_types(tokenizer);
    flag_ends(tokenizer);
    flag_strips(tokenizer, gguf);
    return build_index(tokenizer, error);
}

/* The first of ids[low..high) whose byte at depth is at least c; all of them share the bytes before
 * and are longer. */
static uint32_t lower_bound(const HrTokenizer *tokenizer, uint32_t low, uint32_t high, size_t depth,
                            unsigned c)
{
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        HrToken id = tokenizer->special.ids[middle];

        if ((unsigned char)hr_text_list_get(&tokenizer->pieces, (size_t)id).bytes[depth] < c)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

HrToken hr_special_match(const HrTokenizer *tokenizer, const char *text, size_t at, size_t len,
                         size_t trusted_end)
{
    const HrSpecialIndex *index = &tokenizer->special;
    unsigned c = (unsigned char)text[at];
    uint32_t low = index->first[c], high = index->first[c + 1];
    HrToken best = -1;

    for (size_t depth = 1; low < high; depth++) {
        HrToken id = index->ids[low];

        if (hr_text_list_get(&tokenizer->pieces, (size_t)id).len == depth) {
            if (!(tokenizer->flags[id] & HR_TOKEN_FLAG_TRUSTED) || at + depth <= trusted_end)
                best = id;
            low++;
        }
        if (at + depth == len)
            break;
        c = (unsigned char)text[at + depth];
        low = lower_bound(tokenizer, low, high, depth, c);
        high = lower_bound(tokenizer, low, high, depth, c + 1);
    }
    return best;
}
