/* vocab-files.c: see vocab-files.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vocab-files.h"

#include <string.h>

#define PREFIX "ggml-vocab-"
#define SUFFIX ".gguf"

char *vocab_files_dup_folder(void)
{
    const char *shared = g_getenv("HEADROOM_SHARED");
    g_autofree char *folder = shared ? g_build_filename(shared, "vocab", NULL)
                                     : g_build_filename(SOURCE_ROOT, "..", "shared", "vocab", NULL);

    return g_file_test(folder, G_FILE_TEST_IS_DIR) ? g_steal_pointer(&folder) : NULL;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **vocab_files_dup_names(void)
{
    g_autofree char *folder = vocab_files_dup_folder();
    g_autoptr(GDir) dir = folder ? g_dir_open(folder, 0, NULL) : NULL;
    GPtrArray *names = g_ptr_array_new();

    for (const char *file = NULL; dir && (file = g_dir_read_name(dir));) {
        if (g_str_has_prefix(file, PREFIX) && g_str_has_suffix(file, SUFFIX))
            g_ptr_array_add(names,
                            g_strndup(file + strlen(PREFIX), strlen(file) - strlen(PREFIX SUFFIX)));
    }
    if (names->len > 0) /* an empty array has no memory to hand over */
        qsort(names->pdata, names->len, sizeof *names->pdata, compare_names);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(names, FALSE);
}

HrTokenizer *vocab_files_open(const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = vocab_files_dup_folder();
    g_autofree char *path = g_path_is_absolute(name)
                                ? g_strdup(name)
                                : g_strdup_printf("%s/" PREFIX "%s" SUFFIX, folder, name);
    g_autoptr(HrGguf) gguf = hr_gguf_open(path, &error);
    HrTokenizer *tokenizer;

    g_assert_no_error(error);
    tokenizer = hr_tokenizer_new(gguf, &error);
    g_assert_no_error(error);
    g_assert_nonnull(tokenizer);
    return tokenizer;
}

GArray *vocab_files_encode(const HrTokenizer *tokenizer, const char *text, size_t len, bool trusted)
{
    g_autoptr(GError) error = NULL;
    HrSpan span = {0, len, trusted};
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(HrToken));

    g_assert_true(hr_tokenizer_encode(tokenizer, text, &span, 1, false, ids, &error));
    g_assert_no_error(error);
    return ids;
}
