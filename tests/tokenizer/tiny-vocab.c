/* tiny-vocab.c: see tiny-vocab.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tiny-vocab.h"

static TinyVocab *vocab_new(const char *model, const char *pre)
{
    TinyVocab *vocab = g_new0(TinyVocab, 1);

    vocab->model = model;
    vocab->pre = pre;
    vocab->tokens = g_ptr_array_new_with_free_func(g_free);
    if (g_strcmp0(model, "gpt2") == 0 || g_strcmp0(model, "gemma4") == 0)
        vocab->merges = g_ptr_array_new_with_free_func(g_free);
    vocab->types = g_array_new(FALSE, FALSE, sizeof(int32_t));
    vocab->scores = g_array_new(FALSE, FALSE, sizeof(float));
    vocab->builder = gguf_builder_new();
    return vocab;
}

void tiny_vocab_free(TinyVocab *vocab)
{
    g_ptr_array_unref(vocab->tokens);
    g_clear_pointer(&vocab->merges, g_ptr_array_unref);
    g_array_unref(vocab->types);
    g_array_unref(vocab->scores);
    gguf_builder_free(vocab->builder);
    g_free(vocab);
}

HrToken tiny_vocab_add(TinyVocab *vocab, const char *text, int32_t type, float score)
{
    g_ptr_array_add(vocab->tokens, g_strdup(text));
    g_array_append_val(vocab->types, type);
    if (g_strcmp0(vocab->model, "llama") == 0 || g_str_has_prefix(vocab->model, "plamo"))
        g_array_append_val(vocab->scores, score);
    return (HrToken)vocab->tokens->len - 1;
}

HrToken tiny_vocab_join(TinyVocab *vocab, const char *left, const char *right)
{
    g_autofree char *joined = g_strconcat(left, right, NULL);

    g_ptr_array_add(vocab->merges, g_strdup_printf("%s %s", left, right));
    return tiny_vocab_add(vocab, joined, 1, 0);
}

TinyVocab *tiny_vocab_new_bpe(const char *pre)
{
    TinyVocab *vocab = vocab_new("gpt2", pre);
    gunichar next = 0x100;

    for (gunichar byte = 0; byte < 256; byte++) {
        bool prints = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte != 0xad);
        char text[7] = {0};

        g_unichar_to_utf8(prints ? byte : next++, text);
        tiny_vocab_add(vocab, text, 1, 0);
    }
    return vocab;
}

/* <unk>, <s>, </s>, ids 3 to 258 are the bytes. */
static TinyVocab *new_with_bytes(const char *model)
{
    TinyVocab *vocab = vocab_new(model, NULL);

    tiny_vocab_add(vocab, "<unk>", 2, 0);
    tiny_vocab_add(vocab, "<s>", 3, 0);
    tiny_vocab_add(vocab, "</s>", 3, 0);
    for (int byte = 0; byte < 256; byte++) {
        g_autofree char *text = g_strdup_printf("<0x%02X>", (unsigned)byte);

        tiny_vocab_add(vocab, text, 6, 0);
    }
    return vocab;
}

TinyVocab *tiny_vocab_new_spm(void)
{
    return new_with_bytes("llama");
}

TinyVocab *tiny_vocab_new_plamo(const char *model)
{
    return new_with_bytes(model);
}

TinyVocab *tiny_vocab_new_gemma4(void)
{
    TinyVocab *vocab = new_with_bytes("gemma4");

    gguf_builder_u32(vocab->builder, "tokenizer.ggml.bos_token_id", 1);
    gguf_builder_u32(vocab->builder, "tokenizer.ggml.eos_token_id", 2);
    gguf_builder_u32(vocab->builder, "tokenizer.ggml.unknown_token_id", 0);
    return vocab;
}

TinyVocab *tiny_vocab_new_wpm(void)
{
    TinyVocab *vocab = vocab_new("bert", NULL);

    gguf_builder_u32(vocab->builder, "tokenizer.ggml.unknown_token_id",
                     (uint32_t)tiny_vocab_add(vocab, "[UNK]", 3, 0));
    gguf_builder_u32(vocab->builder, "tokenizer.ggml.cls_token_id",
                     (uint32_t)tiny_vocab_add(vocab, "[CLS]", 3, 0));
    gguf_builder_u32(vocab->builder, "tokenizer.ggml.seperator_token_id",
                     (uint32_t)tiny_vocab_add(vocab, "[SEP]", 3, 0));
    return vocab;
}

HrTokenizer *tiny_vocab_make(TinyVocab *vocab, GError **error)
{
    GgufBuilder *builder = vocab->builder;
    g_autoptr(GBytes) file = NULL;
    g_autoptr(HrGguf) gguf = NULL;
    g_autoptr(GError) gguf_error = NULL;
    const void *data;
    size_t bytes;

    if (vocab->model)
        gguf_builder_string(builder, "tokenizer.ggml.model", vocab->model);
    if (vocab->pre)
        gguf_builder_string(builder, "tokenizer.ggml.pre", vocab->pre);
    if (vocab->tokens->len > 0)
        gguf_builder_strings(builder, "tokenizer.ggml.tokens",
                             (const char *const *)vocab->tokens->pdata, vocab->tokens->len);
    if (vocab->types->len > 0)
        gguf_builder_i32s(builder, "tokenizer.ggml.token_type",
                          (const int32_t *)(void *)vocab->types->data, vocab->types->len);
    if (vocab->merges)
        gguf_builder_strings(builder, "tokenizer.ggml.merges",
                             (const char *const *)vocab->merges->pdata, vocab->merges->len);
    if (vocab->scores->len > 0)
        gguf_builder_f32s(builder, "tokenizer.ggml.scores",
                          (const float *)(void *)vocab->scores->data, vocab->scores->len);
    file = gguf_builder_finish(builder);
    data = g_bytes_get_data(file, &bytes);
    gguf = hr_gguf_open_memory(data, bytes, false, &gguf_error);
    g_assert_no_error(gguf_error);
    return hr_tokenizer_new(gguf, error); /* keeps nothing of the file */
}
