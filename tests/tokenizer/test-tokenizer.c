/* test-tokenizer.c: trust, ends, decoding and pieces, on vocabularies small enough to know every
 * id.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tiny-vocab.h"

#include <string.h>

#define NORMAL 1
#define CONTROL 3
#define USER_DEFINED 4

static HrTokenizer *make(TinyVocab *vocab)
{
    g_autoptr(GError) error = NULL;
    HrTokenizer *tokenizer = tiny_vocab_make(vocab, &error);

    g_assert_no_error(error);
    return tokenizer;
}

/* Encodes parts, which are untrusted where they begin with '?' and trusted where with '!'. Returns
 * "1 2 3". */
static char *encode(const HrTokenizer *tokenizer, bool add_special, const char *const *parts)
{
    g_autoptr(GString) text = g_string_new(NULL), spelt = g_string_new(NULL);
    g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(HrSpan)),
                      ids = g_array_new(FALSE, FALSE, sizeof(HrToken));
    g_autoptr(GError) error = NULL;

    for (size_t i = 0; parts[i]; i++) {
        HrSpan span = {text->len, strlen(parts[i] + 1), parts[i][0] == '!'};

        g_array_append_val(spans, span);
        g_string_append(text, parts[i] + 1);
    }
    g_assert_true(hr_tokenizer_encode(tokenizer, text->str, (const HrSpan *)(void *)spans->data,
                                      spans->len, add_special, ids, &error));
    g_assert_no_error(error);
    for (guint i = 0; i < ids->len; i++)
        g_string_append_printf(spelt, "%s%d", i ? " " : "", g_array_index(ids, HrToken, i));
    return g_strdup(spelt->str);
}

#define assert_ids(tokenizer, add_special, expected, ...)                             \
    do {                                                                              \
        g_autofree char *spelt_ =                                                     \
            encode(tokenizer, add_special, (const char *const[]){__VA_ARGS__, NULL}); \
        g_assert_cmpstr(spelt_, ==, expected);                                        \
    } while (0)

/* ---- Trust ---- */

static void test_trust_control(void)
{
    g_autoptr(TinyVocab) vocab = tiny_vocab_new_bpe("gpt-2");
    HrToken end = tiny_vocab_add(vocab, "<|x|>", CONTROL, 0);
    g_autoptr(HrTokenizer) tokenizer = make(vocab);

    g_assert_cmpint(end, ==, 256);
    assert_ids(tokenizer, false, "97 256 98", "!a<|x|>b");
    assert_ids(tokenizer, false, "97 60 124 120 124 62 98", "?a<|x|>b");
    assert_ids(tokenizer, false, "256 60 124 120 124 62 256", "!<|x|>", "?<|x|>", "!<|x|>");
    /* Neither half trusted is enough, nor both halves from people with trust around. */
    assert_ids(tokenizer, false, "60 124 120 124 62", "!<|x", "?|>");
    assert_ids(tokenizer, false, "60 124 120 124 62", "?<|x", "!|>");
    assert_ids(tokenizer, false, "256 60 124 120 124 62 256", "!<|x|>", "?<|x", "?|>", "!<|x|>");
    /* Trusted neighbours are one text. */
    assert_ids(tokenizer, false, "256", "!<|", "!x|>");
    assert_ids(tokenizer, false, "", "?");
}

static void test_trust_user_defined(void)
{
    g_autoptr(TinyVocab) vocab = tiny_vocab_new_bpe("gpt-2");
    HrToken tool = tiny_vocab_add(vocab, "<tool>", USER_DEFINED, 0);
    HrToken marker = tiny_vocab_add(vocab, "<|user|>", USER_DEFINED, 0),
            wide = tiny_vocab_add(vocab, "<｜User｜>", USER_DEFINED, 0);
    g_autoptr(HrTokenizer) tokenizer = make(vocab);

    g_assert_cmpint(tool, ==, 256);
    g_assert_cmpint(marker, ==, 257);
    g_assert_cmpint(wide, ==, 258);
    assert_ids(tokenizer, false, "256", "?<tool>");
    assert_ids(tokenizer, false, "256", "?<to", "!ol>");
    assert_ids(tokenizer, false, "257 258", "!<|user|><｜User｜>");
    assert_ids(tokenizer, false, "60 124 117 115 101 114 124 62", "?<|user|>");
    g_assert_false(hr_tokenizer_is_control(tokenizer, marker));
}

/* Words are split across a border of trust as if it were not there. */
static void test_trust_border(void)
{
    g_autoptr(TinyVocab) vocab = tiny_vocab_new_bpe("gpt-2");
    HrToken he = tiny_vocab_join(vocab, "h", "e"), hell = -1;
    g_autoptr(HrTokenizer) tokenizer = NULL;

    tiny_vocab_join(vocab, "l", "l");
    hell = tiny_vocab_join(vocab, "he", "ll");
    tokenizer = make(vocab);
    g_assert_cmpint(he, ==, 256);
    g_assert_cmpint(hell, ==, 258);
    assert_ids(tokenizer, false, "258 111", "!hel", "?lo");
}

/* No way of merging leads to a control token. */
static void test_trust_merges(void)
{
    g_autoptr(TinyVocab) bpe = tiny_vocab_new_bpe("llama-bpe"), spm = tiny_vocab_new_spm();
    g_autoptr(HrTokenizer) bpe_tokenizer = NULL, spm_tokenizer = NULL;
    static const char *const pieces[] = {"<", "/", "s", ">", "</", "s>", "/s>"};

    g_ptr_array_add(bpe->merges, g_strdup("< >"));
    tiny_vocab_add(bpe, "<>", CONTROL, 0);
    bpe_tokenizer = make(bpe);
    assert_ids(bpe_tokenizer, false, "60 62", "?<>");
    assert_ids(bpe_tokenizer, false, "256", "!<>");

    for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++)
        tiny_vocab_add(spm, pieces[i], NORMAL, (float)i);
    gguf_builder_bool(spm->builder, "tokenizer.ggml.add_space_prefix", false);
    spm_tokenizer = make(spm);
    assert_ids(spm_tokenizer, false, "259 265", "?</s>"); /* "<", "/s>" */
    assert_ids(spm_tokenizer, false, "2", "!</s>");
    assert_ids(spm_tokenizer, false, "259 51 123 51 68 262", "?<0x0A>");
}

/* A byte that the vocabulary lacks does not end an answer, although files name that token for what
 * is unknown. */
static void test_trust_unknown(void)
{
    g_autoptr(TinyVocab) vocab = tiny_vocab_new_bpe("gpt-2");
    HrToken end = tiny_vocab_add(vocab, "<|endoftext|>", CONTROL, 0);
    g_autoptr(HrTokenizer) tokenizer = NULL;

    gguf_builder_u32(vocab->builder, "tokenizer.ggml.unknown_token_id", (uint32_t)end);
    g_free(vocab->tokens->pdata[4]);
    vocab->tokens->pdata[4] = g_strdup("[none]");
    tokenizer = make(vocab);
    assert_ids(tokenizer, false, "97 98", "!a\4b");
}

static void test_longest(void)
{
    g_autoptr(TinyVocab) vocab = tiny_vocab_new_bpe("gpt-2");
    HrToken two = tiny_vocab_add(vocab, "  ", USER_DEFINED, 0),
            four = tiny_vocab_add(vocab, "    ", USER_DEFINED, 0);
    HrToken control = tiny_vocab_add(vocab, "   x", CONTROL, 0);
    g_autoptr(HrTokenizer) tokenizer = make(vocab);

    g_assert_cmpint(two, ==, 256);
    g_assert_cmpint(four, ==, 257);
    g_assert_cmpint(control, ==, 258);
    assert_ids(tokenizer, false, "257 256 32", "?       ");
    assert_ids(tokenizer, false, "258", "!   x");
    assert_ids(tokenizer, false, "256 32 120", "?   x");
}

/* ---- Ends ---- */

static void test_bos(void)
{
    g_autoptr(TinyVocab) vocab = tiny_vocab_new_bpe("gpt-2");
    uint32_t bos = (uint32_t)tiny_vocab_add(vocab, "<|bos|>", CONTROL, 0),
             eos = (uint32_t)tiny_vocab_add(vocab, "<|eos|>", CONTROL, 0);
    g_autoptr(HrTokenizer) tokenizer = NULL;

    gguf_builder_u32(vocab->builder, "tokenizer.ggml.bos_token_id", bos);
    gguf_builder_u32(vocab->builder, "tokenizer.ggml.eos_token_id", eos);
    gguf_builder_bool(vocab->builder, "tokenizer.ggml.add_bos_token", true);
    gguf_builder_bool(vocab->builder, "tokenizer.ggml.add_eos_token", true);
    tokenizer = make(vocab);
    g_assert_true(hr_tokenizer_adds_bos(tokenizer));
    g_assert_true(hr_tokenizer_adds_eos(tokenizer));
    assert_ids(tokenizer, true, "256 97 257", "?a");
    assert_ids(tokenizer, true, "256 97 257", "!<|bos|>a<|eos|>");
    assert_ids(tokenizer, true, "256 257", "?");
    assert_ids(tokenizer, false, "97", "?a");
    assert_ids(tokenizer, true, "256 60 124 98 111 115 124 62 257", "?<|bos|>");
}

static void test_ends(void)
{
    g_autoptr(TinyVocab) vocab = tiny_vocab_new_bpe("gpt-2");
    HrToken text = tiny_vocab_add(vocab, "</s>", NORMAL, 0),
            turn = tiny_vocab_add(vocab, "<|im_end|>", NORMAL, 0);
    HrToken eot = tiny_vocab_add(vocab, "<done>", CONTROL, 0),
            start = tiny_vocab_add(vocab, "<|im_start|>", CONTROL, 0);
    g_autoptr(HrTokenizer) tokenizer = NULL;

    gguf_builder_u32(vocab->builder, "tokenizer.ggml.eot_token_id", (uint32_t)eot);
    tokenizer = make(vocab);
    g_assert_false(
        hr_tokenizer_is_end(tokenizer, text)); /* an ordinary token that happens to look like one */
    g_assert_true(hr_tokenizer_is_end(tokenizer, turn));
    g_assert_true(hr_tokenizer_is_end(tokenizer, eot));
    g_assert_false(hr_tokenizer_is_end(tokenizer, start));
    g_assert_false(hr_tokenizer_is_end(tokenizer, -1));
    g_assert_false(hr_tokenizer_is_end(tokenizer, 1 << 30));
    g_assert_cmpint(hr_tokenizer_bos(tokenizer), ==, -1);
}

static void test_ends_of_parts(void)
{
    g_autoptr(TinyVocab) vocab = tiny_vocab_new_bpe("gpt-4o");
    HrToken end = tiny_vocab_add(vocab, "<|end|>", CONTROL, 0),
            back = tiny_vocab_add(vocab, "<|return|>", CONTROL, 0);
    HrToken call = tiny_vocab_add(vocab, "<|call|>", CONTROL, 0);
    g_autoptr(HrTokenizer) tokenizer = make(vocab);

    g_assert_false(hr_tokenizer_is_end(tokenizer, end));
    g_assert_true(hr_tokenizer_is_end(tokenizer, back));
    g_assert_true(hr_tokenizer_is_end(tokenizer, call));
}

/* ---- Out again ---- */

static void assert_decodes(const HrTokenizer *tokenizer, const HrToken *ids, size_t n, bool special,
                           const char *expected)
{
    g_autoptr(GString) text = hr_tokenizer_decode(tokenizer, ids, n, special);

    g_assert_cmpmem(text->str, text->len, expected, strlen(expected));
}

static void test_decode_spm(void)
{
    g_autoptr(TinyVocab) vocab = tiny_vocab_new_spm();
    HrToken space = tiny_vocab_add(vocab, "▁", NORMAL, -9),
            hi = tiny_vocab_add(vocab, "▁hi", NORMAL, -1);
    g_autoptr(HrTokenizer) tokenizer = make(vocab);
    size_t len;

    g_assert_cmpint(space, ==, 259);
    assert_decodes(tokenizer, (HrToken[]){1, hi, hi}, 3, false, "hi hi");
    assert_decodes(tokenizer, (HrToken[]){1, hi}, 2, true, "<s> hi");
    assert_decodes(tokenizer, (HrToken[]){3 + 0xc3, 3 + 0xa9}, 2, false, "é");
    assert_decodes(tokenizer, (HrToken[]){-5, 1 << 20}, 2, true, "");
    g_assert_cmpmem(hr_tokenizer_bytes(tokenizer, hi, false, &len), len, " hi", 3);
    g_assert_cmpmem(hr_tokenizer_bytes(tokenizer, 2, false, &len), len, "", 0);
    g_assert_cmpmem(hr_tokenizer_bytes(tokenizer, 2, true, &len), len, "</s>", 4);
    g_assert_cmpmem(hr_tokenizer_bytes(tokenizer, 3 + 0xff, false, &len), len, "\xff", 1);
}

static void test_decode_bpe(void)
{
    g_autoptr(TinyVocab) vocab = tiny_vocab_new_bpe("gpt-2");
    HrToken a = tiny_vocab_join(vocab, "Ġ", "a"),
            user = tiny_vocab_add(vocab, "Ġraw", USER_DEFINED, 0);
    g_autoptr(HrTokenizer) tokenizer = make(vocab);

    assert_ids(tokenizer, false, "256", "? a");
    assert_decodes(tokenizer, (HrToken[]){a, user}, 2, false, " aĠraw");
}

/* ---- SentencePiece ---- */

static void test_spm_order(void)
{
    g_autoptr(TinyVocab) vocab = tiny_vocab_new_spm();
    HrToken a, aa, ab;
    g_autoptr(HrTokenizer) tokenizer = NULL;

    a = tiny_vocab_add(vocab, "a", NORMAL, -5);
    tiny_vocab_add(vocab, "b", NORMAL, -5);
    aa = tiny_vocab_add(vocab, "aa", NORMAL, -2);
    ab = tiny_vocab_add(vocab, "ab", NORMAL, -1);
    gguf_builder_bool(vocab->builder, "tokenizer.ggml.add_space_prefix", false);
    tokenizer = make(vocab);
    g_assert_cmpint(a, ==, 259);
    g_assert_cmpint(aa, ==, 261);
    g_assert_cmpint(ab, ==, 262);
    assert_ids(tokenizer, false, "259 262", "?aab");  /* the better score first */
    assert_ids(tokenizer, false, "261 259", "?aaa");  /* the leftmost among equals */
    assert_ids(tokenizer, false, "261 198 172 259", "?aaéa");
    assert_ids(tokenizer, true, "1 261", "?aa");
}

static void test_spm_prefix(void)
{
    g_autoptr(TinyVocab) vocab = tiny_vocab_new_spm();
    HrToken space = tiny_vocab_add(vocab, "▁", NORMAL, -1),
            a = tiny_vocab_add(vocab, "a", NORMAL, -1);
    g_autoptr(HrTokenizer) tokenizer = make(vocab);

    g_assert_cmpint(space, ==, 259);
    g_assert_cmpint(a, ==, 260);
    assert_ids(tokenizer, false, "259 260", "?a");
    assert_ids(tokenizer, false, "259 259 260", "? a");
    assert_ids(tokenizer, false, "2 259 260 2", "!</s>a</s>");
    assert_ids(tokenizer, false, "259 260 259 260", "?a▁a");
}

static void test_spm_rstrip(void)
{
    g_autoptr(TinyVocab) vocab = tiny_vocab_new_spm();
    HrToken user = tiny_vocab_add(vocab, "<|user|>", CONTROL, 0);
    g_autoptr(HrTokenizer) tokenizer = NULL;

    tiny_vocab_add(vocab, "▁", NORMAL, -1);
    gguf_builder_string(vocab->builder, "general.architecture", "phi3");
    tokenizer = make(vocab);
    g_assert_cmpint(user, ==, 259);
    assert_ids(tokenizer, false, "259 260 100 1 260 260 100",
               "!<|user|> \n a<s> a"); /* not after <s> */
}

/* ---- Byte pairs over characters ---- */

/* Expected ids are those of llama.cpp's llama-tokenize for the same vocabulary without the second
 * “#”, which that refuses. */
static void test_gemma4(void)
{
    static const char *const characters[] = {"▁", "\n", "a", "b", "#", "é", "\n\n", "#"};
    g_autoptr(TinyVocab) vocab = tiny_vocab_new_gemma4();
    g_autoptr(HrTokenizer) tokenizer = NULL;
    HrToken spaced;

    for (size_t i = 0; i < G_N_ELEMENTS(characters); i++)
        tiny_vocab_add(vocab, characters[i], NORMAL, 0); /* 259 to 266 */
    tiny_vocab_join(vocab, "a", "b");                    /* 267 */
    spaced = tiny_vocab_join(vocab, "▁", "ab");          /* 268 */
    tiny_vocab_join(vocab, "▁", "▁");                    /* 269 */
    tiny_vocab_join(vocab, "b", "▁");                    /* 270 */
    gguf_builder_bool(vocab->builder, "tokenizer.ggml.add_bos_token", false);
    tokenizer = make(vocab);
    g_assert_true(hr_tokenizer_adds_bos(tokenizer));
    assert_ids(tokenizer, true, "1 267", "?ab");
    assert_ids(tokenizer, false, "267 268", "?ab ab");   /* merged across the space */
    assert_ids(tokenizer, false, "270 268", "?b  ab");
    assert_ids(tokenizer, false, "270 262", "?b b");
    assert_ids(tokenizer, false, "267 268", "?ab▁ab");
    assert_ids(tokenizer, false, "261 260 261", "?a\na");
    assert_ids(tokenizer, false, "261 265 261", "?a\n\na");
    assert_ids(tokenizer, false, "260 260 260", "?\n\n\n"); /* no merge, and no such token */
    assert_ids(tokenizer, false, "266 264", "?#é");      /* the later one of two */
    assert_ids(tokenizer, false, "261 229 133 175 261", "?a€a"); /* no token: its bytes */
    assert_ids(tokenizer, false, "63 51 123 51 68 65", "?<0x0A>");
    assert_decodes(tokenizer, (HrToken[]){spaced, spaced, 260, 265}, 4, false, " ab ab\n\n\n");
    assert_decodes(tokenizer, (HrToken[]){229, 133, 175}, 3, false, "€");
}

/* ---- PLaMo ---- */

static TinyVocab *new_plamo(const char *model)
{
    static const struct {
        const char *text;
        float score;
    } pieces[] = {
        {"a", -3},  {"b", -3},    {"ab", -5},    {"aba", -8}, {"ba", -4},   {" ", -2},
        {"\n", -2}, {" a", -4},   {"▁a", -1},    {"é", -6},   {"日本", -7}, {"c", -2000},
        {"cc", -900}, {"bb", -6}, {"abab", -10},
    };
    TinyVocab *vocab = tiny_vocab_new_plamo(model);

    for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++)
        tiny_vocab_add(vocab, pieces[i].text, NORMAL, pieces[i].score); /* from 259 on */
    return vocab;
}

/* Expected ids are those of llama.cpp's llama-tokenize for the same vocabulary. */
static void test_plamo2(void)
{
    g_autoptr(TinyVocab) vocab = new_plamo("plamo2");
    g_autoptr(HrTokenizer) tokenizer = make(vocab);

    g_assert_false(hr_tokenizer_adds_bos(tokenizer));
    assert_ids(tokenizer, true, "261", "?ab");
    assert_ids(tokenizer, false, "273", "?abab");       /* the longest among equals */
    assert_ids(tokenizer, false, "259 263", "?aba");    /* not the longest where it costs more */
    assert_ids(tokenizer, false, "263 266", "?ba a");
    assert_ids(tokenizer, false, "267 265 260", "?▁a\nb");
    assert_ids(tokenizer, false, "123", "?x");
    assert_ids(tokenizer, false, "268 269 233 154 168", "?é日本日");
    assert_ids(tokenizer, false, "271 102", "?ccc");    /* “c” is too dear ever to be taken */
    assert_ids(tokenizer, false, "261", "?\ufeff" "ab");
    assert_ids(tokenizer, false, "", "?\ufeff");
    assert_ids(tokenizer, false, "258 259", "?\xff" "a");
    assert_decodes(tokenizer, (HrToken[]){266, 267, 233, 154, 168}, 5, false, " a▁a日");
}

static void test_plamo3(void)
{
    g_autoptr(TinyVocab) vocab = new_plamo("plamo3");
    g_autoptr(HrTokenizer) tokenizer = make(vocab);

    assert_ids(tokenizer, false, "263 266", "?ba a");
    assert_ids(tokenizer, false, "263 264 264 259", "?ba  a");
    assert_ids(tokenizer, false, "259 272 272 259", "?abbbba");
    assert_ids(tokenizer, false, "261 260 263", "?abbba");
    assert_ids(tokenizer, false, "259 265 265 265 265 259", "?a\n\n\n\na");
    assert_ids(tokenizer, false, "264 264 264 264 259", "?    a");
    assert_ids(tokenizer, false, "242 190 194 259", "?\ufeff" "a");
    assert_ids(tokenizer, false, "259 260", "?a\uee00" "b");
    assert_ids(tokenizer, false, "261", "?\uee00" "ab\uee00" "");
    assert_ids(tokenizer, false, "261 63 127 115 111 259 112 114 61 259 264 260 127 65 259", "?ab<|plamo:a b|>a");
    assert_ids(tokenizer, false, "259 63 127 115 111 259 112 114 61 261 127 65 260", "?a<|plamo:ab|>b");
    assert_ids(tokenizer, false, "259 63 127 115 111 259 112 114 61 259", "?a<|plamo:a");
    assert_ids(tokenizer, false, "272 272 63 127 115 111 259 112 114 61 127 65 272 272", "?bbbb<|plamo:|>bbbb");
    assert_ids(tokenizer, false, "233 154 168 233 159 175 233 159 175 233 159 175 233 159 175 233 159 175", "?日本本本本本");
}

/* ---- WordPiece ---- */

static void test_wpm(void)
{
    g_autoptr(TinyVocab) vocab = tiny_vocab_new_wpm();
    g_autoptr(HrTokenizer) tokenizer = NULL;
    g_autofree char *long_word = g_strnfill(101, 'a'), *part = g_strconcat("?", long_word, NULL);

    tiny_vocab_add(vocab, "▁play", NORMAL, 0);  /* 3 */
    tiny_vocab_add(vocab, "ing", NORMAL, 0);    /* 4 */
    tiny_vocab_add(vocab, "▁cafe", NORMAL, 0);  /* 5 */
    tiny_vocab_add(vocab, "▁,", NORMAL, 0);     /* 6 */
    tiny_vocab_add(vocab, "▁日", NORMAL, 0);    /* 7 */
    tiny_vocab_add(vocab, "▁a", NORMAL, 0);     /* 8 */
    tiny_vocab_add(vocab, "a", NORMAL, 0);      /* 9 */
    tokenizer = make(vocab);
    assert_ids(tokenizer, false, "3 4 6 5", "?Playing, CAFÉ");
    assert_ids(tokenizer, false, "3 7 7 5", "?play日日cafe\xcc\x81");
    assert_ids(tokenizer, false, "0 3", "?xyz\tplay");
    assert_ids(tokenizer, true, "1 3 2", "?play");
    assert_ids(tokenizer, false, "0", part);
    assert_ids(tokenizer, false, "8 9 9",
               "?a\xe2\x80\x8b"
               "aa"); /* a format character is dropped */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tokenizer/trust/control", test_trust_control);
    g_test_add_func("/tokenizer/trust/user-defined", test_trust_user_defined);
    g_test_add_func("/tokenizer/trust/border", test_trust_border);
    g_test_add_func("/tokenizer/trust/merges", test_trust_merges);
    g_test_add_func("/tokenizer/trust/unknown", test_trust_unknown);
    g_test_add_func("/tokenizer/special/longest", test_longest);
    g_test_add_func("/tokenizer/special/bos-eos", test_bos);
    g_test_add_func("/tokenizer/special/ends", test_ends);
    g_test_add_func("/tokenizer/special/ends-of-parts", test_ends_of_parts);
    g_test_add_func("/tokenizer/decode/spm", test_decode_spm);
    g_test_add_func("/tokenizer/decode/bpe", test_decode_bpe);
    g_test_add_func("/tokenizer/spm/order", test_spm_order);
    g_test_add_func("/tokenizer/spm/prefix", test_spm_prefix);
    g_test_add_func("/tokenizer/spm/rstrip", test_spm_rstrip);
    g_test_add_func("/tokenizer/gemma4", test_gemma4);
    g_test_add_func("/tokenizer/plamo/2", test_plamo2);
    g_test_add_func("/tokenizer/plamo/3", test_plamo3);
    g_test_add_func("/tokenizer/wpm", test_wpm);
    return g_test_run();
}
