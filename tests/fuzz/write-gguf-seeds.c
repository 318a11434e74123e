/* write-gguf-seeds.c: writes the seeds of fuzz-gguf into a folder: good files of several kinds, and
 * defects of each kind.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "../gguf/defects.h"

static const char *const chosen[] = {
    "truncated/data",
    "preamble/big-endian",
    "preamble/tensors-3",
    "preamble/entries-3",
    "key/twice",
    "key/past-end",
    "value/bools-255",
    "value/array-of-arrays",
    "value/array-overflow",
    "value/word-huge",
    "alignment/3",
    "split/no-beyond",
    "tensor/name-twice",
    "tensor/n-dims-5",
    "tensor/dims-overflow",
    "tensor/type-43",
    "tensor/superblock-misfit",
    "tensor/offset-overflow",
    "tensor/overlap",
    NULL,
};

static void save(const char *folder, const char *name, const void *bytes, size_t n)
{
    g_autofree char *flat = g_strdelimit(g_strdup(name), "/", '-');
    g_autofree char *path = g_build_filename(folder, flat, NULL);
    g_autoptr(GError) error = NULL;

    g_file_set_contents(path, bytes, (gssize)n, &error);
    g_assert_no_error(error);
}

static void save_builder(const char *folder, const char *name, GgufBuilder *builder)
{
    g_autoptr(GBytes) file = gguf_builder_finish(builder);

    save(folder, name, g_bytes_get_data(file, NULL), g_bytes_get_size(file));
}

static void save_good(const char *folder)
{
    g_autoptr(GgufBuilder) good = defects_good_file(), old = defects_good_file(),
                           part = defects_good_file();
    g_autoptr(GgufBuilder) none = gguf_builder_new(), aligned = gguf_builder_new();

    save_builder(folder, "good", good);
    save_builder(folder, "good-none", none);
    old->version = 2;
    save_builder(folder, "good-v2", old);
    gguf_builder_u32(part, "split.no", 1);
    gguf_builder_u32(part, "split.count", 3);
    save_builder(folder, "good-part", part);
    gguf_builder_alignment(aligned, 64);
    gguf_builder_f32(aligned, "f", 1);
    gguf_builder_f32s(aligned, "fs", (float[]){1, 2}, 2);
    gguf_builder_tensor(aligned, "a", HR_TYPE_Q6_K, 1, (uint64_t[]){256}, NULL);
    gguf_builder_tensor(aligned, "b", HR_TYPE_BF16, 2, (uint64_t[]){1, 3}, NULL);
    save_builder(folder, "good-aligned", aligned);
}

int main(int argc, char **argv)
{
    g_assert_cmpint(argc, ==, 2);
    save_good(argv[1]);
    for (size_t i = 0; i < n_defects; i++) {
        g_autoptr(GBytes) file = NULL;

        if (!g_strv_contains(chosen, defects[i].name))
            continue;
        file = defects_build(&defects[i]);
        save(argv[1], defects[i].name, g_bytes_get_data(file, NULL), g_bytes_get_size(file));
    }
    return 0;
}
