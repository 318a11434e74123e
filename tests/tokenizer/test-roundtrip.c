/* test-roundtrip.c: what is encoded comes back, and the longest words are cut as the short ones
 * are.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tokenizer/rune.h"
#include "vocab-files.h"

#include <string.h>

static void assert_round_trip(const HrTokenizer *tokenizer, const char *text, size_t len)
{
    g_autoptr(GArray) ids = vocab_files_encode(tokenizer, text, len, false);
    g_autoptr(GString) back =
        hr_tokenizer_decode(tokenizer, (const HrToken *)(void *)ids->data, ids->len, false);

    g_assert_cmpmem(back->str, back->len, text, len);
}

/* Which bytes the vocabulary can spell: many lack those that UTF-8 never uses, some a few control
 * characters. */
static size_t find_bytes(const HrTokenizer *tokenizer, bool *known)
{
    size_t n = 0;

    for (int byte = 0; byte < 256; byte++) {
        char text = (char)byte;
        g_autoptr(GArray) ids = vocab_files_encode(tokenizer, &text, 1, false);
        g_autoptr(GString) back =
            hr_tokenizer_decode(tokenizer, (const HrToken *)(void *)ids->data, ids->len, false);

        known[byte] = back->len == 1 && back->str[0] == text;
        n += known[byte];
    }
    return n;
}

/* A character of any length in UTF-8, short ones more often. SPM cannot tell U+2581 from a space.
 */
static void append_random_char(GString *text, const bool *known)
{
    static const gunichar limits[] = {0x80, 0x80, 0x800, 0x3000, 0x10000, 0x20000, 0x110000};

    for (bool all_known = false; !all_known;) {
        gunichar c = (gunichar)g_test_rand_int_range(
            0, (gint32)limits[g_test_rand_int_range(0, G_N_ELEMENTS(limits))]);
        char bytes[6];
        int len = g_unichar_to_utf8(c, bytes);

        all_known = g_unichar_validate(c) && c != 0x2581;
        for (int i = 0; i < len; i++)
            all_known = all_known && known[(unsigned char)bytes[i]];
        if (all_known)
            g_string_append_len(text, bytes, len);
    }
}

static void fill_utf8(GString *text, const bool *known)
{
    static const char *const words[] = {" ",          "  ",     "\n",   "\r\n",  "\t",
                                        "'s",         "'LL",    " the", "12345", "</s>",
                                        "<|im_end|>", "<0x0A>", "...",  "日本",  "🙂",
                                        "Ünï",        " can't", "(",    "==",    "[PAD]"};
    int n = g_test_rand_int_range(0, 200);

    g_string_truncate(text, 0);
    for (int i = 0; i < n; i++) {
        if (g_test_rand_bit())
            g_string_append(text, words[g_test_rand_int_range(0, G_N_ELEMENTS(words))]);
        else
            append_random_char(text, known);
    }
}

/* Any bytes, so that parts of characters meet. */
static void fill_bytes(GString *text, const bool *known)
{
    int n = g_test_rand_int_range(0, 200);

    g_string_truncate(text, 0);
    while (n > 0) {
        int byte = g_test_rand_int_range(0, 256);

        n--;
        if (known[byte])
            g_string_append_c(text, (char)byte);
    }
}

static bool is_wordpiece(const char *name)
{
    return g_str_has_prefix(name, "bert");
}

static void test_random(const void *data)
{
    g_autoptr(HrTokenizer) tokenizer = vocab_files_open(data);
    g_autoptr(GString) text = g_string_new(NULL);
    bool known[256];
    size_t n_known = find_bytes(tokenizer, known);

    g_assert_cmpuint(n_known, >=, 225); /* all that text needs */
    g_test_message("%s spells %zu of 256 bytes", (const char *)data, n_known);
    for (int i = 0; i < 300; i++) {
        fill_utf8(text, known);
        assert_round_trip(tokenizer, text->str, text->len);
        fill_bytes(text, known);
        if (!g_strstr_len(text->str, (gssize)text->len, "▁"))
            assert_round_trip(tokenizer, text->str, text->len);
    }
}

/* 1 MiB without a word's end, which takes an age where joining is quadratic. */
static void test_long_runs(const void *data)
{
    static const char *const units[] = {"a", " ", "🙂"};
    g_autoptr(HrTokenizer) tokenizer = vocab_files_open(data);

    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        g_autoptr(GString) text = g_string_new(NULL);

        while (text->len < 1u << 20)
            g_string_append(text, units[i]);
        if (is_wordpiece(data)) {
            g_autoptr(GArray) ids = vocab_files_encode(tokenizer, text->str, text->len, false);

            g_assert_cmpuint(ids->len, <=, text->len);
        } else {
            assert_round_trip(tokenizer, text->str, text->len);
        }
    }
}

/* Whatever a control token is spelt like, people may write it. */
static void test_no_control(const void *data)
{
    g_autoptr(HrTokenizer) tokenizer = vocab_files_open(data);
    g_autoptr(GString) all = g_string_new(NULL);

    for (int byte = 0; byte < 256; byte++)
        g_string_append_c(all, (char)byte);
    for (HrToken id = 0; id < (HrToken)hr_tokenizer_size(tokenizer); id++) {
        size_t len;
        const char *bytes = hr_tokenizer_bytes(tokenizer, id, true, &len);

        if (hr_tokenizer_is_control(tokenizer, id))
            g_string_append_len(all, bytes, (gssize)len);
    }
    for (int trusted = 0; trusted < 2; trusted++) {
        g_autoptr(GArray) ids = vocab_files_encode(tokenizer, all->str, all->len, trusted);
        guint n_control = 0;

        for (guint i = 0; i < ids->len; i++)
            n_control += hr_tokenizer_is_control(tokenizer, g_array_index(ids, HrToken, i));
        g_assert_true(trusted ? n_control > 0 : n_control == 0);
    }
}

/* Every token's bytes are what decoding it alone gives, but for the space in front that some kinds
 * add. */
static void test_pieces(const void *data)
{
    g_autoptr(HrTokenizer) tokenizer = vocab_files_open(data);

    for (HrToken id = 0; id < (HrToken)hr_tokenizer_size(tokenizer); id++) {
        size_t len;
        const char *bytes = hr_tokenizer_bytes(tokenizer, id, true, &len);
        g_autoptr(GString) text = hr_tokenizer_decode(tokenizer, &id, 1, true);

        if (text->len + 1 == len && bytes[0] == ' ')
            bytes++, len--;
        g_assert_cmpmem(bytes, len, text->str, text->len);
        g_assert_cmpuint(len, <=, 4096);
    }
}

static void test_missing(void)
{
    g_test_skip("the shared vocabularies are not here: set HEADROOM_SHARED");
}

static void add(const char *kind, const char *name, GTestDataFunc func)
{
    g_autofree char *path = g_strdup_printf("/tokenizer/%s/%s", kind, name);

    g_test_add_data_func(path, name, func);
}

int main(int argc, char **argv)
{
    /* one of each way to cut words */
    static const char *const run_names[] = {"bert-bge",  "deepseek-coder", "falcon", "gpt-2",
                                            "llama-bpe", "llama-spm",      NULL};
    g_auto(GStrv) names = vocab_files_dup_names();

    g_test_init(&argc, &argv, NULL);
    if (!names[0])
        g_test_add_func("/tokenizer/roundtrip", test_missing);
    for (size_t i = 0; names[i]; i++) {
        if (!is_wordpiece(names[i]))
            add("roundtrip", names[i], test_random);
        add("pieces", names[i], test_pieces);
        add("no-control", names[i], test_no_control);
        if (g_strv_contains(run_names, names[i]))
            add("long-runs", names[i], test_long_runs);
    }
    return g_test_run();
}
