/* test-hostile.c: metadata that cannot be a tokenizer. Each defect has its own message, and none
 * does harm.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tiny-vocab.h"

#include <math.h>
#include <string.h>

typedef void (*Bend)(TinyVocab *vocab);

typedef struct {
    const char *name;
    TinyVocab *(*make)(void);
    Bend bend;
    HrError code;
    const char *message; /* a part of it */
} Defect;

static TinyVocab *bpe(void)
{
    TinyVocab *vocab = tiny_vocab_new_bpe("gpt-2");

    tiny_vocab_join(vocab, "h", "e");
    return vocab;
}

static TinyVocab *spm(void)
{
    return tiny_vocab_new_spm();
}

static TinyVocab *wpm(void)
{
    return tiny_vocab_new_wpm();
}

/* ---- What a file may say, wrongly ---- */

static void no_model(TinyVocab *vocab) { vocab->model = NULL; }
static void other_model(TinyVocab *vocab) { vocab->model = "rwkv"; }
static void other_pre(TinyVocab *vocab) { vocab->pre = "nonsense"; }
static void part_of_a_name(TinyVocab *vocab) { vocab->pre = "llama"; }
static void two_names(TinyVocab *vocab) { vocab->pre = "gpt-2 phi-2"; }
static void no_tokens(TinyVocab *vocab) { g_ptr_array_set_size(vocab->tokens, 0); }
static void empty_tokens(TinyVocab *vocab)
{
    no_tokens(vocab);
    gguf_builder_strings(vocab->builder, "tokenizer.ggml.tokens", NULL, 0);
}
static void numbers_for_tokens(TinyVocab *vocab)
{
    no_tokens(vocab);
    gguf_builder_i32s(vocab->builder, "tokenizer.ggml.tokens", (int32_t[]){1, 2}, 2);
}
static void string_for_tokens(TinyVocab *vocab)
{
    no_tokens(vocab);
    gguf_builder_string(vocab->builder, "tokenizer.ggml.tokens", "a");
}
static void duplicate(TinyVocab *vocab) { tiny_vocab_add(vocab, "he", 1, 0); }
static void duplicate_control(TinyVocab *vocab) { tiny_vocab_add(vocab, "</s>", 3, 0); }
static void long_token(TinyVocab *vocab)
{
    g_autofree char *text = g_strnfill(100000, 'x');

    tiny_vocab_add(vocab, text, 1, 0);
}
static void few_types(TinyVocab *vocab) { g_array_set_size(vocab->types, 3); }
static void no_types(TinyVocab *vocab) { g_array_set_size(vocab->types, 0); }
static void floats_for_types(TinyVocab *vocab)
{
    g_autofree float *values = g_new0(float, vocab->tokens->len);

    no_types(vocab);
    gguf_builder_f32s(vocab->builder, "tokenizer.ggml.token_type", values, vocab->tokens->len);
}
static void number_for_types(TinyVocab *vocab)
{
    no_types(vocab);
    gguf_builder_u32(vocab->builder, "tokenizer.ggml.token_type", 1);
}
static void no_merges(TinyVocab *vocab) { g_clear_pointer(&vocab->merges, g_ptr_array_unref); }
static void numbers_for_merges(TinyVocab *vocab)
{
    no_merges(vocab);
    gguf_builder_i32s(vocab->builder, "tokenizer.ggml.merges", (int32_t[]){1, 2}, 2);
}
static void add_merge(TinyVocab *vocab, const char *merge)
{
    g_ptr_array_add(vocab->merges, g_strdup(merge));
}
static void merge_without_space(TinyVocab *vocab) { add_merge(vocab, "he"); }
static void merge_of_nothing(TinyVocab *vocab) { add_merge(vocab, ""); }
static void merge_without_right(TinyVocab *vocab) { add_merge(vocab, "h "); }
static void merge_without_left(TinyVocab *vocab) { add_merge(vocab, " h"); }
static void no_scores(TinyVocab *vocab) { g_array_set_size(vocab->scores, 0); }
static void few_scores(TinyVocab *vocab)
{
    g_array_set_size(vocab->scores, vocab->scores->len - 1);
}
static void strings_for_scores(TinyVocab *vocab)
{
    no_scores(vocab);
    gguf_builder_strings(vocab->builder, "tokenizer.ggml.scores",
                         (const char *const *)vocab->tokens->pdata, vocab->tokens->len);
}
static void nan_score(TinyVocab *vocab) { tiny_vocab_add(vocab, "x", 1, NAN); }
static void far_bos(TinyVocab *vocab)
{
    gguf_builder_u32(vocab->builder, "tokenizer.ggml.bos_token_id", 257);
}
static void far_eos(TinyVocab *vocab)
{
    gguf_builder_u32(vocab->builder, "tokenizer.ggml.eos_token_id", 1u << 31);
}
static void far_eot(TinyVocab *vocab)
{
    gguf_builder_u32(vocab->builder, "tokenizer.ggml.eot_token_id", 1000);
}
static void far_unknown(TinyVocab *vocab)
{
    gguf_builder_u32(vocab->builder, "tokenizer.ggml.unknown_token_id", 1000);
}
static void far_cls(TinyVocab *vocab)
{
    gguf_builder_u32(vocab->builder, "tokenizer.ggml.bos_token_id", 3);
}
static void text_for_bos(TinyVocab *vocab)
{
    gguf_builder_string(vocab->builder, "tokenizer.ggml.bos_token_id", "<s>");
}
static void float_for_eos(TinyVocab *vocab)
{
    gguf_builder_f32(vocab->builder, "tokenizer.ggml.eos_token_id", 2);
}
static void far_ends(TinyVocab *vocab)
{
    gguf_builder_i32s(vocab->builder, "tokenizer.ggml.eos_token_ids", (int32_t[]){2, 999}, 2);
}
static void number_for_add(TinyVocab *vocab)
{
    gguf_builder_u32(vocab->builder, "tokenizer.ggml.add_bos_token", 1);
}
static void text_for_prefix(TinyVocab *vocab)
{
    gguf_builder_string(vocab->builder, "tokenizer.ggml.add_space_prefix", "no");
}
static void text_for_lowercase(TinyVocab *vocab)
{
    gguf_builder_string(vocab->builder, "tokenizer.ggml.normalizer.lowercase", "no");
}

static const Defect defects[] = {
    {"no-model", bpe, no_model, HR_ERROR_UNSUPPORTED, "no tokenizer.ggml.model"},
    {"other-model", bpe, other_model, HR_ERROR_UNSUPPORTED, "“rwkv”"},
    {"other-pre", bpe, other_pre, HR_ERROR_UNSUPPORTED, "“nonsense”"},
    {"part-of-a-pre", bpe, part_of_a_name, HR_ERROR_UNSUPPORTED, "“llama”"},
    {"two-pres", bpe, two_names, HR_ERROR_UNSUPPORTED, "“gpt-2 phi-2”"},
    {"no-tokens", bpe, no_tokens, HR_ERROR_FORMAT, "has no tokenizer.ggml.tokens"},
    {"empty-tokens", bpe, empty_tokens, HR_ERROR_FORMAT, "has 0 tokens"},
    {"numbers-for-tokens", bpe, numbers_for_tokens, HR_ERROR_FORMAT,
     "tokens is not an array of strings"},
    {"string-for-tokens", bpe, string_for_tokens, HR_ERROR_FORMAT,
     "tokens is not an array of strings"},
    {"duplicate", bpe, duplicate, HR_ERROR_FORMAT, "tokens 256 and 257 are both “he”"},
    {"duplicate-control", spm, duplicate_control, HR_ERROR_FORMAT,
     "tokens 2 and 259 are both “</s>”"},
    {"long-token", bpe, long_token, HR_ERROR_FORMAT, "token 257 has 100000 bytes"},
    {"few-types", bpe, few_types, HR_ERROR_FORMAT, "token_type has 3 entries for 257 tokens"},
    {"floats-for-types", bpe, floats_for_types, HR_ERROR_FORMAT,
     "token_type is not an array of integers"},
    {"number-for-types", bpe, number_for_types, HR_ERROR_FORMAT, "token_type is not an array"},
    {"no-merges", bpe, no_merges, HR_ERROR_FORMAT, "needs tokenizer.ggml.merges"},
    {"numbers-for-merges", bpe, numbers_for_merges, HR_ERROR_FORMAT,
     "merges is not an array of strings"},
    {"merge-without-space", bpe, merge_without_space, HR_ERROR_FORMAT, "entry 1 is not two texts"},
    {"merge-of-nothing", bpe, merge_of_nothing, HR_ERROR_FORMAT, "entry 1 is not two texts"},
    {"merge-without-right", bpe, merge_without_right, HR_ERROR_FORMAT, "entry 1 is not two texts"},
    {"merge-without-left", bpe, merge_without_left, HR_ERROR_FORMAT, "entry 1 is not two texts"},
    {"no-scores", spm, no_scores, HR_ERROR_FORMAT, "needs tokenizer.ggml.scores"},
    {"few-scores", spm, few_scores, HR_ERROR_FORMAT, "an entry for each of 259 tokens"},
    {"strings-for-scores", spm, strings_for_scores, HR_ERROR_FORMAT,
     "scores is not an array of numbers"},
    {"nan-score", spm, nan_score, HR_ERROR_FORMAT, "the score of token 259"},
    {"far-bos", bpe, far_bos, HR_ERROR_FORMAT, "bos_token_id is 257, but the file has 257 tokens"},
    {"far-eos", bpe, far_eos, HR_ERROR_FORMAT, "eos_token_id is 2147483648"},
    {"far-eot", spm, far_eot, HR_ERROR_FORMAT, "eot_token_id is 1000"},
    {"far-unknown", spm, far_unknown, HR_ERROR_FORMAT, "unknown_token_id is 1000"},
    {"far-cls", wpm, far_cls, HR_ERROR_FORMAT, "bos_token_id is 3"},
    {"text-for-bos", bpe, text_for_bos, HR_ERROR_FORMAT, "bos_token_id is not an integer"},
    {"float-for-eos", bpe, float_for_eos, HR_ERROR_FORMAT, "eos_token_id is not an integer"},
    {"far-ends", bpe, far_ends, HR_ERROR_FORMAT, "eos_token_ids holds something"},
    {"number-for-add-bos", bpe, number_for_add, HR_ERROR_FORMAT,
     "add_bos_token is neither true nor false"},
    {"text-for-space-prefix", spm, text_for_prefix, HR_ERROR_FORMAT,
     "add_space_prefix is neither true nor false"},
    {"text-for-lowercase", wpm, text_for_lowercase, HR_ERROR_FORMAT,
     "lowercase is neither true nor false"},
};

static void test_defect(const void *data)
{
    const Defect *defect = data;
    g_autoptr(TinyVocab) vocab = defect->make();
    g_autoptr(GError) error = NULL;

    defect->bend(vocab);
    g_assert_null(tiny_vocab_make(vocab, &error));
    g_assert_error(error, HR_ERROR, (gint)defect->code);
    if (!strstr(error->message, defect->message))
        g_error("“%s” does not say “%s”", error->message, defect->message);
}

/* ---- Odd, but usable ---- */

static void assert_usable(TinyVocab *vocab)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HrTokenizer) tokenizer = tiny_vocab_make(vocab, &error);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(HrToken));
    HrSpan span = {0, 6, true};

    g_assert_no_error(error);
    g_assert_true(hr_tokenizer_encode(tokenizer, "he \xff llo", &span, 1, true, ids, &error));
    g_assert_cmpuint(ids->len, >, 0);
    for (guint i = 0; i < ids->len; i++)
        g_assert_cmpuint(g_array_index(ids, HrToken, i), <, hr_tokenizer_size(tokenizer));
}

static void test_none_ids(void)
{
    g_autoptr(TinyVocab) vocab = bpe();
    int32_t none = -1;

    gguf_builder_u32(vocab->builder, "tokenizer.ggml.bos_token_id", UINT32_MAX);
    gguf_builder_scalar(vocab->builder, "tokenizer.ggml.eos_token_id", HR_GGUF_I32, &none,
                        sizeof none);
    gguf_builder_bool(vocab->builder, "tokenizer.ggml.add_bos_token", true);
    assert_usable(vocab);
}

static void test_odd_tokens(void)
{
    g_autoptr(TinyVocab) vocab = bpe();
    g_autofree char *long_special = g_strnfill(1000, '<');

    tiny_vocab_add(vocab, "", 1, 0);
    tiny_vocab_add(vocab, "", 3, 0);
    tiny_vocab_add(vocab, "\xff\xfe", 1, 0);
    tiny_vocab_add(vocab, "\xc3", 4, 0);
    tiny_vocab_add(vocab, long_special, 3, 0);
    tiny_vocab_add(vocab, "type", 77, 0);
    tiny_vocab_add(vocab, "<0xZZ>", 6, 0);
    assert_usable(vocab);
}

/* Pairs of tokens that the file does not have never join, and the others join as without them. */
static void test_unknown_merges(void)
{
    g_autoptr(TinyVocab) vocab = bpe(), plain = bpe();
    g_autoptr(GError) error = NULL;
    g_autoptr(HrTokenizer) tokenizer = NULL, usual = tiny_vocab_make(plain, &error);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(HrToken));
    g_autoptr(GArray) usual_ids = g_array_new(FALSE, FALSE, sizeof(HrToken));
    HrSpan span = {0, 8, true};

    g_assert_no_error(error);
    add_merge(vocab, "he xyz");
    add_merge(vocab, "he h");
    add_merge(vocab, "xyz h");
    tokenizer = tiny_vocab_make(vocab, &error);
    g_assert_no_error(error);
    g_assert_true(hr_tokenizer_encode(tokenizer, "heh exyz", &span, 1, true, ids, &error));
    g_assert_true(hr_tokenizer_encode(usual, "heh exyz", &span, 1, true, usual_ids, &error));
    g_assert_cmpmem(ids->data, ids->len * sizeof(HrToken), usual_ids->data,
                    usual_ids->len * sizeof(HrToken));
}

static void test_no_types(void)
{
    g_autoptr(TinyVocab) vocab = bpe();

    no_types(vocab);
    assert_usable(vocab);
}

/* Scores of any size, and pieces that end within a character. */
static void test_plamo_scores(void)
{
    g_autoptr(TinyVocab) vocab = tiny_vocab_new_plamo("plamo2");

    tiny_vocab_add(vocab, "h", 1, INFINITY);
    tiny_vocab_add(vocab, "he", 1, -INFINITY);
    tiny_vocab_add(vocab, "l", 1, 3e38f);
    tiny_vocab_add(vocab, "ll", 1, -3e38f);
    tiny_vocab_add(vocab, " \xff", 1, -1);
    assert_usable(vocab);
}

/* Where texts may be there twice, the later one is found, whatever the two are. */
static void test_twice(void)
{
    g_autoptr(TinyVocab) vocab = tiny_vocab_new_gemma4();

    tiny_vocab_add(vocab, "<x>", 3, 0);
    tiny_vocab_add(vocab, "<x>", 3, 0);
    tiny_vocab_add(vocab, "<0x41>", 6, 0);
    tiny_vocab_add(vocab, "\xff\xfe", 1, 0);
    tiny_vocab_join(vocab, "\xff\xfe", "\xff\xfe");
    tiny_vocab_add(vocab, "he", 4, 0);
    tiny_vocab_add(vocab, "he", 4, 0);
    assert_usable(vocab);
}

/* Only as many tokens as the model has rows for. */
static void test_few_rows(void)
{
    g_autoptr(TinyVocab) vocab = bpe();
    g_autoptr(GError) error = NULL;
    g_autoptr(HrTokenizer) tokenizer = NULL;
    size_t len;

    gguf_builder_tensor(vocab->builder, "token_embd.weight", HR_TYPE_F32, 2, (uint64_t[]){8, 256},
                        NULL);
    tokenizer = tiny_vocab_make(vocab, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(hr_tokenizer_size(tokenizer), ==, 256);
    g_assert_cmpstr(hr_tokenizer_bytes(tokenizer, 256, true, &len), ==, "");
}

static void test_unnamed_pre(void)
{
    g_autoptr(TinyVocab) vocab = bpe(), named = bpe();
    g_autoptr(HrTokenizer) tokenizer = NULL, named_tokenizer = NULL;
    g_autoptr(GError) error = NULL;

    vocab->pre = NULL;
    tokenizer = tiny_vocab_make(vocab, &error);
    g_assert_no_error(error);
    g_assert_nonnull(strstr(hr_tokenizer_note(tokenizer), "does not name its pre-tokenizer"));
    named_tokenizer = tiny_vocab_make(named, &error);
    g_assert_no_error(error);
    g_assert_null(hr_tokenizer_note(named_tokenizer));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(defects); i++) {
        g_autofree char *path = g_strdup_printf("/tokenizer/hostile/%s", defects[i].name);

        g_test_add_data_func(path, &defects[i], test_defect);
    }
    g_test_add_func("/tokenizer/odd/none-ids", test_none_ids);
    g_test_add_func("/tokenizer/odd/tokens", test_odd_tokens);
    g_test_add_func("/tokenizer/odd/unknown-merges", test_unknown_merges);
    g_test_add_func("/tokenizer/odd/plamo-scores", test_plamo_scores);
    g_test_add_func("/tokenizer/odd/twice", test_twice);
    g_test_add_func("/tokenizer/odd/no-types", test_no_types);
    g_test_add_func("/tokenizer/odd/few-rows", test_few_rows);
    g_test_add_func("/tokenizer/odd/unnamed-pre", test_unnamed_pre);
    return g_test_run();
}
