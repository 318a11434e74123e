/* tokenizer.c: choosing the kind, and the questions that others ask.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A tokenizer keeps nothing of the file: pieces are copied into one block. Thread-safety: Safe once
 * made.
 */
#include "tokenizer/tokenizer-private.h"

#include <stdarg.h>
#include <string.h>

#define SHOWN_BYTES 60
#define GEMMA4 "gemma4" /* of tokenizer.ggml.model, and its only rules */

bool hr_tokenizer_fail(GError **error, HrError code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_propagate_error(error, g_error_new_valist(HR_ERROR, (gint)code, format, arguments));
    va_end(arguments);
    return false;
}

void *hr_tokenizer_alloc(size_t n, size_t element_bytes, const char *what, GError **error)
{
    void *memory = g_try_malloc0_n(n, element_bytes);

    if (!memory)
        hr_tokenizer_fail(error, HR_ERROR_MEMORY, "Not enough memory for %s", what);
    return memory;
}

char *hr_tokenizer_show(const char *bytes, size_t len)
{
    g_autofree char *valid = g_utf8_make_valid(bytes, (gssize)MIN(len, SHOWN_BYTES));

    return len > SHOWN_BYTES ? g_strconcat(valid, "…", NULL) : g_steal_pointer(&valid);
}

/* ---- Making one ---- */

static bool choose_kind(HrTokenizer *tokenizer, const HrGguf *gguf, GError **error)
{
    const char *model = hr_gguf_get_string(gguf, "tokenizer.ggml.model", NULL);

    if (!model)
        return hr_tokenizer_fail(error, HR_ERROR_UNSUPPORTED,
                                 "The file has no tokenizer (no tokenizer.ggml.model)");
    if (strcmp(model, "gpt2") == 0 || strcmp(model, GEMMA4) == 0)
        tokenizer->kind = HR_TOKENIZER_BPE;
    else if (strcmp(model, "llama") == 0)
        tokenizer->kind = HR_TOKENIZER_SPM;
    else if (strcmp(model, "bert") == 0)
        tokenizer->kind = HR_TOKENIZER_WPM;
    else if (strcmp(model, "t5") == 0)
        tokenizer->kind = HR_TOKENIZER_UNIGRAM;
    else if (strcmp(model, "plamo2") == 0 || strcmp(model, "plamo3") == 0)
        tokenizer->kind = HR_TOKENIZER_PLAMO;
    else
        return hr_tokenizer_fail(
            error, HR_ERROR_UNSUPPORTED,
            "The tokenizer “%s” is not supported yet (gpt2, llama, gemma4, bert, t5, plamo2 and plamo3 are)",
            model);
    return true;
}

/* Files that converters wrote before there was a name, or with another one, are known by their
 * architecture. */
static const char *pretokenizer_name(HrTokenizer *tokenizer, const HrGguf *gguf)
{
    const char *name = hr_gguf_get_string(gguf, "tokenizer.ggml.pre", NULL);
    const char *architecture = hr_gguf_get_string(gguf, "general.architecture", NULL);
    const HrGgufEntry *tokens = hr_gguf_find(gguf, "tokenizer.ggml.tokens");

    if (g_strcmp0(hr_gguf_get_string(gguf, "tokenizer.ggml.model", NULL), GEMMA4) == 0)
        return GEMMA4;
    if (g_strcmp0(architecture, "gptoss") == 0 || g_strcmp0(architecture, "gpt-oss") == 0)
        return "gpt-4o";
    if (name && strcmp(name, "default") != 0)
        return name;
    if (g_strcmp0(architecture, "llama") == 0 && tokens && tokens->n == 128256)
        return "llama-bpe";
    if (g_strcmp0(architecture, "mistral3") == 0)
        return "tekken";
    tokenizer->note =
        "The file does not name its pre-tokenizer: words may be cut differently from what the model was "
        "trained with, and its answers be worse for it";
    return "default";
}

static bool choose_pretokenizer(HrTokenizer *tokenizer, const HrGguf *gguf, GError **error)
{
    const char *name;

    if (tokenizer->kind != HR_TOKENIZER_BPE)
        return true;
    name = pretokenizer_name(tokenizer, gguf);
    tokenizer->pretokenizer = hr_pretokenizer_find(name);
    if (!tokenizer->pretokenizer)
        return hr_tokenizer_fail(error, HR_ERROR_UNSUPPORTED, "The pre-tokenizer “%s” is not known",
                                 name);
    return true;
}

static bool load_kind(HrTokenizer *tokenizer, const HrGguf *gguf, GError **error)
{
    switch (tokenizer->kind) {
    case HR_TOKENIZER_BPE: return hr_bpe_load(tokenizer, gguf, error);
    case HR_TOKENIZER_SPM: return hr_spm_load(tokenizer, gguf, error);
    case HR_TOKENIZER_WPM: return hr_wpm_load(tokenizer, gguf, error);
    case HR_TOKENIZER_UNIGRAM: return hr_unigram_load(tokenizer, gguf, error);
    case HR_TOKENIZER_PLAMO: return hr_plamo_load(tokenizer, gguf, error);
    }
    g_return_val_if_reached(false);
}

bool hr_tokenizer_choose(HrTokenizer *tokenizer, const HrGguf *gguf, GError **error)
{
    return choose_kind(tokenizer, gguf, error) && choose_pretokenizer(tokenizer, gguf, error);
}

HrTokenizer *hr_tokenizer_new(const HrGguf *gguf, GError **error)
{
    g_autoptr(HrTokenizer) tokenizer = g_new0(HrTokenizer, 1);

    if (!hr_tokenizer_choose(tokenizer, gguf, error) ||
        !hr_vocab_load(tokenizer, gguf, error) || !hr_special_load(tokenizer, gguf, error) ||
        !hr_vocab_make_pieces(tokenizer, error) || !load_kind(tokenizer, gguf, error))
        return NULL;
    hr_text_table_finish(&tokenizer->by_text);
    hr_text_list_finish(&tokenizer->texts);
    return g_steal_pointer(&tokenizer);
}

void hr_tokenizer_free(HrTokenizer *tokenizer)
{
    if (!tokenizer)
        return;
    hr_text_table_finish(&tokenizer->by_text);
    hr_text_table_finish(&tokenizer->by_piece);
    g_free(tokenizer->types);
    g_free(tokenizer->flags);
    hr_text_list_finish(&tokenizer->texts);
    hr_text_list_finish(&tokenizer->pieces);
    g_free(tokenizer->special.ids);
    g_free(tokenizer->merges.merges);
    hr_id_table_finish(&tokenizer->merges.ranks);
    g_free(tokenizer->scores);
    g_free(tokenizer->charsmap);
    g_free(tokenizer);
}

/* ---- Questions ---- */

static bool is_token(const HrTokenizer *tokenizer, HrToken token)
{
    return token >= 0 && (size_t)token < tokenizer->n_tokens;
}

const char *hr_tokenizer_bytes(const HrTokenizer *tokenizer, HrToken token, bool special,
                               size_t *ret_len)
{
    if (!is_token(tokenizer, token) || (!special && hr_tokenizer_is_control(tokenizer, token))) {
        *ret_len = 0;
        return "";
    }
    HrText piece = hr_text_list_get(&tokenizer->pieces, (size_t)token);

    *ret_len = piece.len;
    return piece.bytes;
}

GString *hr_tokenizer_decode(const HrTokenizer *tokenizer, const HrToken *tokens, size_t n,
                             bool special)
{
    bool drops_space = tokenizer->space_prefix || tokenizer->kind == HR_TOKENIZER_WPM;
    GString *text = g_string_new(NULL);

    for (size_t i = 0; i < n; i++) {
        size_t len;
        const char *bytes = hr_tokenizer_bytes(tokenizer, tokens[i], special, &len);
        size_t skip = drops_space && text->len == 0 && len > 0 && bytes[0] == ' ';

        if (len > 0)
            drops_space = false;
        g_string_append_len(text, bytes + skip, (gssize)(len - skip));
    }
    return text;
}

size_t hr_tokenizer_size(const HrTokenizer *tokenizer)
{
    return tokenizer->n_tokens;
}

HrToken hr_tokenizer_bos(const HrTokenizer *tokenizer)
{
    return tokenizer->bos;
}

HrToken hr_tokenizer_eos(const HrTokenizer *tokenizer)
{
    return tokenizer->eos;
}

bool hr_tokenizer_adds_bos(const HrTokenizer *tokenizer)
{
    return tokenizer->adds_bos;
}

bool hr_tokenizer_adds_eos(const HrTokenizer *tokenizer)
{
    return tokenizer->adds_eos;
}

bool hr_tokenizer_is_end(const HrTokenizer *tokenizer, HrToken token)
{
    return is_token(tokenizer, token) && (tokenizer->flags[token] & HR_TOKEN_FLAG_END);
}

/* Markers that the file calls user-defined are told apart in prompts, but are text where a model
 * writes them. */
bool hr_tokenizer_is_control(const HrTokenizer *tokenizer, HrToken token)
{
    return is_token(tokenizer, token) && (tokenizer->types[token] == HR_TOKEN_CONTROL ||
                                          tokenizer->types[token] == HR_TOKEN_UNKNOWN ||
                                          (tokenizer->flags[token] & HR_TOKEN_FLAG_END));
}

const char *hr_tokenizer_note(const HrTokenizer *tokenizer)
{
    return tokenizer->note;
}
