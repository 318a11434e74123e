/* test-gguf.c: what good GGUF files say, through every kind of value, tensors and split files.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "gguf-builder.h"
#include "hr.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static HrGguf *open_builder(GgufBuilder *builder, GBytes **ret_file)
{
    g_autoptr(GError) error = NULL;
    HrGguf *gguf;

    *ret_file = gguf_builder_finish(builder);
    gguf = hr_gguf_open_memory(g_bytes_get_data(*ret_file, NULL), g_bytes_get_size(*ret_file),
                               false, &error);
    g_assert_no_error(error);
    g_assert_nonnull(gguf);
    return gguf;
}

/* ---- Metadata ---- */

#define SCALAR(builder, key, kind, type, value) \
    gguf_builder_scalar(builder, key, kind, &(type){value}, sizeof(type))

static void test_scalars(void)
{
    g_autoptr(GgufBuilder) builder = gguf_builder_new();
    g_autoptr(GBytes) file = NULL;
    g_autoptr(HrGguf) gguf = NULL;
    uint64_t number;
    double real;
    bool truth;
    size_t len;

    SCALAR(builder, "u8", HR_GGUF_U8, uint8_t, 200);
    SCALAR(builder, "i8", HR_GGUF_I8, int8_t, -3);
    SCALAR(builder, "u16", HR_GGUF_U16, uint16_t, 65535);
    SCALAR(builder, "i16", HR_GGUF_I16, int16_t, 1234);
    SCALAR(builder, "u32", HR_GGUF_U32, uint32_t, 4000000000u);
    SCALAR(builder, "i32", HR_GGUF_I32, int32_t, -2000000000);
    SCALAR(builder, "u64", HR_GGUF_U64, uint64_t, UINT64_MAX);
    SCALAR(builder, "i64", HR_GGUF_I64, int64_t, INT64_MAX);
    SCALAR(builder, "f32", HR_GGUF_F32, float, 1e-5f);
    SCALAR(builder, "f64", HR_GGUF_F64, double, 0.1);
    gguf_builder_bool(builder, "yes", true);
    gguf_builder_bool(builder, "no", false);
    gguf_builder_string(builder, "text", "Grüße");
    gguf_builder_string(builder, "empty", "");
    gguf = open_builder(builder, &file);

    g_assert_cmpuint(hr_gguf_n_entries(gguf), ==, 14);
    g_assert_cmpstr(hr_gguf_entry(gguf, 12)->key, ==, "text");
    g_assert_true(hr_gguf_get_uint(gguf, "u8", &number) && number == 200);
    g_assert_true(hr_gguf_get_uint(gguf, "u16", &number) && number == 65535);
    g_assert_true(hr_gguf_get_uint(gguf, "i16", &number) && number == 1234);
    g_assert_true(hr_gguf_get_uint(gguf, "u32", &number) && number == 4000000000u);
    g_assert_true(hr_gguf_get_uint(gguf, "u64", &number) && number == UINT64_MAX);
    g_assert_true(hr_gguf_get_uint(gguf, "i64", &number) && number == INT64_MAX);
    g_assert_true(hr_gguf_get_float(gguf, "f32", &real) && (float)real == 1e-5f);
    g_assert_true(hr_gguf_get_float(gguf, "f64", &real) && real == 0.1);
    g_assert_true(hr_gguf_get_bool(gguf, "yes", &truth) && truth);
    g_assert_true(hr_gguf_get_bool(gguf, "no", &truth) && !truth);
    g_assert_cmpstr(hr_gguf_get_string(gguf, "text", &len), ==, "Grüße");
    g_assert_cmpuint(len, ==, strlen("Grüße"));
    g_assert_cmpstr(hr_gguf_get_string(gguf, "empty", NULL), ==, "");
}

/* What does not convert without loss is refused, and what was asked for stays untouched. */
static void test_wrong_kinds(void)
{
    g_autoptr(GgufBuilder) builder = gguf_builder_new();
    g_autoptr(GBytes) file = NULL;
    g_autoptr(HrGguf) gguf = NULL;
    uint64_t number = 7;
    int64_t element = 7;
    double real = 7;
    bool truth = true;

    SCALAR(builder, "negative", HR_GGUF_I32, int32_t, -1);
    SCALAR(builder, "huge", HR_GGUF_U64, uint64_t, UINT64_MAX);
    gguf_builder_f32(builder, "float", 1);
    gguf_builder_u32(builder, "one", 1);
    gguf_builder_i32s(builder, "list", (int32_t[]){1}, 1);
    gguf_builder_string(builder, "text", "1");
    gguf_builder_bool(builder, "bool", true);
    gguf = open_builder(builder, &file);

    g_assert_false(hr_gguf_get_uint(gguf, "absent", &number));
    g_assert_false(hr_gguf_get_uint(gguf, "negative", &number));
    g_assert_false(hr_gguf_get_uint(gguf, "float", &number));
    g_assert_false(hr_gguf_get_uint(gguf, "list", &number));
    g_assert_false(hr_gguf_get_uint(gguf, "text", &number));
    g_assert_false(hr_gguf_get_uint(gguf, "bool", &number));
    g_assert_false(hr_gguf_element_int(hr_gguf_find(gguf, "huge"), 0, &element));
    g_assert_false(hr_gguf_element_int(hr_gguf_find(gguf, "text"), 0, &element));
    g_assert_false(hr_gguf_get_float(gguf, "one", &real));
    g_assert_false(hr_gguf_get_bool(gguf, "one", &truth));
    g_assert_null(hr_gguf_get_string(gguf, "one", NULL));
    g_assert_null(hr_gguf_find(gguf, "absent"));
    g_assert_cmpuint(number, ==, 7);
    g_assert_cmpint(element, ==, 7);
    g_assert_true(real == 7 && truth);
}

static void test_arrays(void)
{
    static const char *const words[] = {"a", "", "ŋ", "end"};
    g_autoptr(GgufBuilder) builder = gguf_builder_new();
    g_autoptr(GBytes) file = NULL;
    g_autoptr(HrGguf) gguf = NULL;
    const HrGgufEntry *entry;
    const char *bytes;
    int64_t number;
    double real;
    size_t len;

    gguf_builder_strings(builder, "words", words, G_N_ELEMENTS(words));
    gguf_builder_array(builder, "i8s", HR_GGUF_I8, (int8_t[]){-1, 5}, 2, 1);
    gguf_builder_array(builder, "i64s", HR_GGUF_I64, (int64_t[]){INT64_MIN, 5}, 2, 8);
    gguf_builder_array(builder, "bools", HR_GGUF_BOOL, (uint8_t[]){1, 0, 1}, 3, 1);
    gguf_builder_f32s(builder, "f32s", (float[]){0.5f, -2}, 2);
    gguf_builder_i32s(builder, "none", NULL, 0);
    gguf = open_builder(builder, &file);

    entry = hr_gguf_find(gguf, "words");
    g_assert_cmpuint(entry->n, ==, G_N_ELEMENTS(words));
    for (size_t i = 0; i < entry->n; i++) {
        g_assert_true(hr_gguf_element_string(entry, i, &bytes, &len));
        g_assert_cmpmem(bytes, len, words[i], strlen(words[i]));
    }
    g_assert_false(hr_gguf_element_string(entry, entry->n, &bytes, &len));
    g_assert_true(hr_gguf_element_int(hr_gguf_find(gguf, "i8s"), 0, &number) && number == -1);
    g_assert_true(hr_gguf_element_int(hr_gguf_find(gguf, "i64s"), 0, &number) &&
                  number == INT64_MIN);
    g_assert_false(hr_gguf_element_int(hr_gguf_find(gguf, "i64s"), 2, &number));
    g_assert_true(hr_gguf_element_int(hr_gguf_find(gguf, "bools"), 2, &number) && number == 1);
    g_assert_true(hr_gguf_element_float(hr_gguf_find(gguf, "f32s"), 1, &real) && real == -2);
    g_assert_cmpuint(hr_gguf_find(gguf, "none")->n, ==, 0);
    g_assert_false(hr_gguf_element_int(hr_gguf_find(gguf, "none"), 0, &number));
}

/* ---- Tensors ---- */

static void check_tensors(uint32_t alignment, uint32_t version)
{
    g_autoptr(GgufBuilder) builder = gguf_builder_new();
    g_autoptr(GBytes) file = NULL;
    g_autoptr(HrGguf) gguf = NULL;
    float weights[] = {1, 2, 3, 4, 5, 6};
    const HrGgufTensor *tensor;

    builder->version = version;
    gguf_builder_alignment(builder, alignment);
    gguf_builder_tensor(builder, "a", HR_TYPE_Q4_K, 2, (uint64_t[]){512, 3}, NULL);
    gguf_builder_tensor(builder, "b", HR_TYPE_F32, 2, (uint64_t[]){3, 2}, weights);
    gguf_builder_tensor(builder, "c", HR_TYPE_IQ2_XXS, 4, (uint64_t[]){256, 1, 1, 2}, NULL);
    gguf = open_builder(builder, &file);

    g_assert_cmpuint(hr_gguf_n_tensors(gguf), ==, 3);
    g_assert_cmpuint(hr_gguf_tensor(gguf, 0)->bytes, ==, 2 * 3 * 144);
    tensor = hr_gguf_find_tensor(gguf, "b");
    g_assert_true(tensor == hr_gguf_tensor(gguf, 1));
    g_assert_cmpuint(tensor->dims[0], ==, 3);
    g_assert_cmpuint(tensor->dims[1], ==, 2);
    g_assert_cmpuint(tensor->dims[2] * tensor->dims[3], ==, 1);
    g_assert_cmpuint(tensor->offset % alignment, ==, 0);
    g_assert_cmpmem(hr_gguf_tensor_data(gguf, tensor), tensor->bytes, weights, sizeof weights);
    g_assert_cmpuint(hr_gguf_find_tensor(gguf, "c")->bytes, ==, 2 * 66);
    g_assert_null(hr_gguf_find_tensor(gguf, "d"));
    g_assert_cmpuint(hr_gguf_file_bytes(gguf), ==, g_bytes_get_size(file));
}

static void test_tensors(void)
{
    check_tensors(8, 3);
    check_tensors(32, 2);
    check_tensors(65536, 3);
}

/* A header that was fetched alone is enough to plan with. */
static void test_header_only(void)
{
    g_autoptr(GgufBuilder) builder = gguf_builder_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) file = NULL;
    g_autoptr(HrGguf) gguf = NULL;

    gguf_builder_string(builder, "general.architecture", "llama");
    gguf_builder_tensor(builder, "a", HR_TYPE_F32, 1, (uint64_t[]){1000}, NULL);
    file = gguf_builder_finish(builder);
    gguf = hr_gguf_open_memory(g_bytes_get_data(file, NULL), builder->header_end, true, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(hr_gguf_tensor(gguf, 0)->bytes, ==, 4000);
    g_assert_null(hr_gguf_tensor_data(gguf, hr_gguf_tensor(gguf, 0)));
}

/* Strings that are found by walking over those before them, in a file that somebody writes over
 * after it was checked: a length that reaches past the next mark is no string. */
static void test_strings_written_over(void)
{
    enum { N = 2 * HR_GGUF_MARKED + 3, LEN = 8 };
    g_autoptr(GgufBuilder) builder = gguf_builder_new();
    g_autoptr(GBytes) file = NULL;
    g_autoptr(HrGguf) gguf = NULL;
    const char *values[N], *bytes;
    char texts[N][LEN];
    size_t len;

    for (int i = 0; i < N; i++) {
        g_snprintf(texts[i], LEN, "s%d", i);
        values[i] = texts[i];
    }
    gguf_builder_strings(builder, "tokens", values, N);
    gguf = open_builder(builder, &file);
    const HrGgufEntry *entry = hr_gguf_find(gguf, "tokens");

    for (int i = 0; i < N; i++) {
        g_assert_true(hr_gguf_element_string(entry, (uint64_t)i, &bytes, &len));
        g_assert_cmpmem(bytes, len, texts[i], strlen(texts[i]));
    }
    memset((char *)entry->data + entry->marks[1], 0xff, sizeof(uint64_t));
    g_assert_true(hr_gguf_element_string(entry, HR_GGUF_MARKED - 1, &bytes, &len));
    for (uint64_t i = HR_GGUF_MARKED; i < 2 * HR_GGUF_MARKED; i++)
        g_assert_false(hr_gguf_element_string(entry, i, &bytes, &len));
    g_assert_true(hr_gguf_element_string(entry, 2 * HR_GGUF_MARKED, &bytes, &len));
    memset((char *)entry->data + entry->marks[2], 0, entry->marks[3] - entry->marks[2]);
    g_assert_true(hr_gguf_element_string(entry, N - 1, &bytes, &len));
    g_assert_cmpuint(len, ==, 0);
}

static void test_no_tensors(void)
{
    g_autoptr(GgufBuilder) builder = gguf_builder_new();
    g_autoptr(GBytes) file = NULL;
    g_autoptr(HrGguf) gguf = open_builder(builder, &file);

    g_assert_cmpuint(hr_gguf_n_tensors(gguf) + hr_gguf_n_entries(gguf), ==, 0);
    g_assert_null(hr_gguf_find(gguf, "a"));
    g_assert_null(hr_gguf_find_tensor(gguf, "a"));
}

/* ---- Files ---- */

static void write_part(const char *folder, uint16_t no, uint16_t count, const char *tensor,
                       float value)
{
    g_autoptr(GgufBuilder) builder = gguf_builder_new();
    g_autofree char *name = g_strdup_printf("m-%05u-of-%05u.gguf", no + 1, count);
    g_autofree char *path = g_build_filename(folder, name, NULL);
    int32_t n_tensors = count;

    if (no == 0)
        gguf_builder_string(builder, "general.name", "split");
    gguf_builder_scalar(builder, "split.no", HR_GGUF_U16, &no, sizeof no);
    gguf_builder_scalar(builder, "split.count", HR_GGUF_U16, &count, sizeof count);
    gguf_builder_scalar(builder, "split.tensors.count", HR_GGUF_I32, &n_tensors, sizeof n_tensors);
    gguf_builder_tensor(builder, tensor, HR_TYPE_F32, 1, (uint64_t[]){1}, &value);
    gguf_builder_write(builder, path);
}

static void check_split(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(HrGguf) gguf = hr_gguf_open(path, &error);
    size_t bytes;

    g_assert_no_error(error);
    g_assert_cmpuint(hr_gguf_n_parts(gguf), ==, 3);
    g_assert_cmpuint(hr_gguf_n_tensors(gguf), ==, 3);
    g_assert_cmpstr(hr_gguf_get_string(gguf, "general.name", NULL), ==, "split");
    for (uint32_t i = 0; i < 3; i++) {
        const HrGgufTensor *tensor = hr_gguf_tensor(gguf, i);

        g_assert_cmpuint(tensor->part, ==, i);
        g_assert_cmpfloat(*(const float *)hr_gguf_tensor_data(gguf, tensor), ==, (float)i + 0.5f);
        g_assert_true((const char *)hr_gguf_part_data(gguf, i, &bytes) + tensor->offset ==
                      hr_gguf_tensor_data(gguf, tensor));
    }
    g_assert_true(hr_gguf_find_tensor(gguf, "b") == hr_gguf_tensor(gguf, 1));
}

static void remove_folder(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        g_assert_cmpint(g_unlink(path), ==, 0);
    }
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

static void test_split(void)
{
    g_autofree char *folder = g_dir_make_tmp("headroom-gguf-XXXXXX", NULL);

    write_part(folder, 0, 3, "a", 0.5f);
    write_part(folder, 1, 3, "b", 1.5f);
    write_part(folder, 2, 3, "c", 2.5f);
    check_split(folder, "m-00001-of-00003.gguf");
    check_split(folder, "m-00003-of-00003.gguf");
    remove_folder(folder);
}

/* Bytes of files that this process has mapped and touched. */
static size_t resident_file_bytes(void)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) fields = NULL;

    g_assert_true(g_file_get_contents("/proc/self/statm", &text, NULL, NULL));
    fields = g_strsplit(text, " ", 4);
    return g_ascii_strtoull(fields[2], NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

/* A sparse file of 1 GiB: opening it touches the header alone. */
static void test_touches_no_weights(void)
{
    g_autofree char *folder = g_dir_make_tmp("headroom-gguf-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "large.gguf", NULL);
    g_autoptr(GgufBuilder) builder = gguf_builder_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(HrGguf) gguf = NULL;
    size_t before;

    gguf_builder_tensor(builder, "large", HR_TYPE_F32, 1, (uint64_t[]){8}, NULL)->dims[0] = 1 << 28;
    gguf_builder_write(builder, path);
    g_assert_cmpint(truncate(path, (off_t)(builder->data_at + ((size_t)1 << 30))), ==, 0);
    before = resident_file_bytes();
    gguf = hr_gguf_open(path, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(hr_gguf_tensor(gguf, 0)->bytes, ==, 1 << 30);
    g_assert_cmpuint(resident_file_bytes() - before, <, 1 << 20);
    g_clear_pointer(&gguf, hr_gguf_close);
    remove_folder(folder);
}

/* ---- Files from elsewhere ---- */

static void check_strings(const HrGguf *gguf, const char *key)
{
    const HrGgufEntry *entry = hr_gguf_find(gguf, key);
    size_t total = 0, len;
    const char *bytes;

    for (uint64_t i = 0; entry && i < entry->n; i++) {
        g_assert_true(hr_gguf_element_string(entry, i, &bytes, &len));
        total += len + sizeof(uint64_t);
    }
    g_assert_true(!entry || total == entry->marks[hr_gguf_n_marks(entry->n)]);
}

static void check_vocab(const char *path)
{
    gint64 start = g_get_monotonic_time();
    g_autoptr(GError) error = NULL;
    g_autoptr(HrGguf) gguf = hr_gguf_open(path, &error);
    const HrGgufEntry *tokens;

    g_assert_no_error(error);
    g_test_message("%s: %.1f ms", path, (double)(g_get_monotonic_time() - start) / 1000);
    g_assert_nonnull(hr_gguf_get_string(gguf, "general.architecture", NULL));
    tokens = hr_gguf_find(gguf, "tokenizer.ggml.tokens");
    g_assert_nonnull(tokens);
    g_assert_cmpuint(tokens->n, >, 30000);
    check_strings(gguf, "tokenizer.ggml.tokens");
    check_strings(gguf, "tokenizer.ggml.merges");
}

static void test_vocabularies(void)
{
    const char *shared = g_getenv("HEADROOM_SHARED");
    g_autofree char *folder = shared ? g_build_filename(shared, "vocab", NULL)
                                     : g_build_filename(SOURCE_ROOT, "..", "shared", "vocab", NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    int n = 0;

    if (!dir) {
        g_test_skip("the shared vocabularies are not here: set HEADROOM_SHARED");
        return;
    }
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        if (!g_str_has_suffix(name, ".gguf"))
            continue;
        check_vocab(path);
        n++;
    }
    g_assert_cmpint(n, >, 0);
}

static void test_types(void)
{
    for (uint32_t id = 0; id < 300; id++) {
        const HrTypeTraits *traits = hr_type_traits(id);

        g_assert_nonnull(traits);
        g_assert_cmpuint(traits->block, >, 0);
        g_assert_true(traits->name || !traits->computable);
    }
    g_assert_cmpstr(hr_type_traits(HR_TYPE_Q4_K)->name, ==, "Q4_K");
    g_assert_null(hr_type_traits(4)->name);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gguf/metadata/scalars", test_scalars);
    g_test_add_func("/gguf/metadata/wrong-kinds", test_wrong_kinds);
    g_test_add_func("/gguf/metadata/arrays", test_arrays);
    g_test_add_func("/gguf/metadata/strings-written-over", test_strings_written_over);
    g_test_add_func("/gguf/tensors", test_tensors);
    g_test_add_func("/gguf/tensors/header-only", test_header_only);
    g_test_add_func("/gguf/tensors/none", test_no_tensors);
    g_test_add_func("/gguf/split", test_split);
    g_test_add_func("/gguf/touches-no-weights", test_touches_no_weights);
    g_test_add_func("/gguf/vocabularies", test_vocabularies);
    g_test_add_func("/gguf/types", test_types);
    return g_test_run();
}
