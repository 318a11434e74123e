/* test-vectors.c: the published test vectors (.inp and .out) of every vocabulary that is there.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vocab-files.h"

#include <stdlib.h>
#include <string.h>

#define SEPARATOR "\n__ggml_vocab_test__\n"

static char *read_file(const char *folder, const char *name, const char *suffix)
{
    g_autofree char *path = g_strdup_printf("%s/ggml-vocab-%s.gguf.%s", folder, name, suffix);
    char *text = NULL;

    g_file_get_contents(path, &text, NULL, NULL);
    return text;
}

static char *spell(const GArray *ids)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < ids->len; i++)
        g_string_append_printf(text, " %d", g_array_index(ids, HrToken, i));
    return g_string_free(text, FALSE);
}

static void test_vectors(const void *data)
{
    const char *name = data;
    g_autofree char *folder = vocab_files_dup_folder();
    g_autofree char *input = read_file(folder, name, "inp"),
                    *output = read_file(folder, name, "out");
    g_autoptr(HrTokenizer) tokenizer = vocab_files_open(name);
    g_auto(GStrv) cases = g_strsplit(input, SEPARATOR, -1), expected = g_strsplit(output, "\n", -1);

    g_assert_cmpuint(g_strv_length(cases), ==, g_strv_length(expected));
    g_assert_cmpuint(g_strv_length(cases), >=, 40);
    for (size_t i = 0; cases[i]; i++) {
        g_autoptr(GArray) ids = vocab_files_encode(tokenizer, cases[i], strlen(cases[i]), false);
        g_autofree char *spelt = spell(ids);

        g_assert_cmpstr(g_strstrip(spelt), ==, g_strstrip(expected[i]));
    }
}

/* What a plan says of the tables is what they take. */
static void test_footprint(const void *data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = vocab_files_dup_folder();
    g_autofree char *path = g_strdup_printf("%s/ggml-vocab-%s.gguf", folder, (const char *)data);
    g_autoptr(HrGguf) gguf = hr_gguf_open(path, &error);
    g_autoptr(HrTokenizer) tokenizer = vocab_files_open(data);

    g_assert_no_error(error);
    g_assert_cmpuint(hr_tokenizer_planned_bytes(gguf, false), >, 4 * hr_tokenizer_size(tokenizer));
    g_assert_cmpuint(hr_tokenizer_planned_bytes(gguf, false), ==, hr_tokenizer_held_bytes(tokenizer));
}

static void test_missing(void)
{
    g_test_skip("the shared vocabularies are not here: set HEADROOM_SHARED");
}

int main(int argc, char **argv)
{
    g_auto(GStrv) names = vocab_files_dup_names();
    g_autofree char *folder = vocab_files_dup_folder();

    g_test_init(&argc, &argv, NULL);
    if (!names[0])
        g_test_add_func("/tokenizer/vectors", test_missing);
    for (size_t i = 0; names[i]; i++) {
        g_autofree char *path = g_strdup_printf("/tokenizer/vectors/%s", names[i]);
        g_autofree char *footprint = g_strdup_printf("/tokenizer/footprint/%s", names[i]);
        g_autofree char *output = read_file(folder, names[i], "out");

        if (output)
            g_test_add_data_func(path, names[i], test_vectors);
        g_test_add_data_func(footprint, names[i], test_footprint);
    }
    return g_test_run();
}
