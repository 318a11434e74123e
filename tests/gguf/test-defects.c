/* test-defects.c: broken files get their own message, take little memory and time, and never crash.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "defects.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1 /* maps terabytes of shadow memory */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

#define MAX_EXTRA_BYTES ((size_t)64 << 20)

/* ---- From memory ---- */

static HrGguf *open_bytes(GBytes *file, bool header_only, GError **error)
{
    gsize size;
    const void *data = g_bytes_get_data(file, &size);
    g_autofree void *exact =
        g_malloc(MAX(size, 1)); /* so that a sanitizer sees the first byte too far */

    memcpy(exact, data, size);
    return hr_gguf_open_memory(exact, size, header_only, error);
}

static void test_defect(const void *data)
{
    const Defect *defect = data;
    g_autoptr(GBytes) file = defects_build(defect);
    g_autoptr(GError) error = NULL;
    g_autoptr(HrGguf) gguf = open_bytes(file, false, &error);

    g_assert_null(gguf);
    g_assert_nonnull(error);
    g_assert_cmpstr(error->message, ==, defect->message);
    g_assert_error(error, HR_ERROR, (int)defect->code);
    gguf = open_bytes(file, false, NULL); /* nobody asks why */
    g_assert_null(gguf);
}

static void test_good(void)
{
    g_autoptr(GgufBuilder) builder = defects_good_file();
    g_autoptr(GBytes) file = gguf_builder_finish(builder);
    g_autoptr(GError) error = NULL;
    g_autoptr(HrGguf) gguf = open_bytes(file, false, &error);

    g_assert_no_error(error);
    g_assert_nonnull(gguf);
}

/* Every shorter file is refused up to the data's end, and only what announces too much of a header
 * is with header_only. */
static void test_every_length(void)
{
    g_autoptr(GgufBuilder) builder = defects_good_file();
    g_autoptr(GBytes) file = gguf_builder_finish(builder);
    size_t data_end = builder->data_at + 32 + 68;

    for (size_t n = 0; n <= g_bytes_get_size(file); n++) {
        g_autoptr(GBytes) cut = g_bytes_new_from_bytes(file, 0, n);
        g_autoptr(GError) error = NULL, header_error = NULL;
        g_autoptr(HrGguf) gguf = open_bytes(cut, false, &error);
        g_autoptr(HrGguf) header = open_bytes(cut, true, &header_error);

        g_assert_true((gguf != NULL) == (n >= data_end));
        g_assert_true((gguf == NULL) == (error != NULL));
        g_assert_true((header != NULL) == (n >= builder->header_end));
        g_assert_true((header == NULL) == (header_error != NULL));
    }
}

/* Every byte of the header replaced by every other value: it opens, or it says why not. */
static void test_every_byte(void)
{
    g_autoptr(GgufBuilder) builder = defects_good_file();
    g_autoptr(GBytes) file = gguf_builder_finish(builder);
    gsize size;
    const uint8_t *good = g_bytes_get_data(file, &size);
    g_autofree uint8_t *bytes = g_memdup2(good, size);
    size_t n_opened = 0, n_refused = 0;

    for (size_t at = 0; at < builder->header_end; at++) {
        for (int value = 0; value < 256; value++) {
            g_autoptr(GError) error = NULL;
            g_autoptr(HrGguf) gguf = NULL;

            bytes[at] = (uint8_t)value;
            gguf = hr_gguf_open_memory(bytes, size, false, &error);
            g_assert_true((gguf == NULL) == (error != NULL));
            g_assert_true(gguf || (error->message[0] && g_utf8_validate(error->message, -1, NULL)));
            gguf ? n_opened++ : n_refused++;
        }
        bytes[at] = good[at];
    }
    g_assert_cmpuint(n_opened, >, 0);
    g_assert_cmpuint(n_refused, >, n_opened);
}

/* ---- From disk ---- */

typedef struct {
    char *folder;
} Folder;

static void folder_set_up(Folder *f, const void *data)
{
    f->folder = g_dir_make_tmp("headroom-defects-XXXXXX", NULL);
    g_assert_nonnull(f->folder);
}

static void folder_tear_down(Folder *f, const void *data)
{
    g_autoptr(GDir) dir = g_dir_open(f->folder, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(f->folder, name, NULL);

        g_assert_cmpint(g_remove(path), ==, 0);
    }
    g_assert_cmpint(g_rmdir(f->folder), ==, 0);
    g_free(f->folder);
}

/* Opens name; the message must be the path of blamed, ": ", and message. */
static void check_open(Folder *f, const char *name, const char *blamed, HrError code,
                       const char *message)
{
    g_autofree char *path = g_build_filename(f->folder, name, NULL);
    g_autofree char *blamed_path = g_build_filename(f->folder, blamed, NULL);
    g_autofree char *expected = g_strdup_printf("%s: %s", blamed_path, message);
    g_autoptr(GError) error = NULL;
    g_autoptr(HrGguf) gguf = hr_gguf_open(path, &error);

    g_assert_null(gguf);
    g_assert_nonnull(error);
    g_assert_cmpstr(error->message, ==, expected);
    g_assert_error(error, HR_ERROR, (int)code);
}

static void test_no_file(Folder *f, const void *data)
{
    check_open(f, "absent.gguf", "absent.gguf", HR_ERROR_FILE,
               "cannot be opened: No such file or directory");
}

static void test_folder(Folder *f, const void *data)
{
    check_open(f, ".", ".", HR_ERROR_FILE, "this is no regular file");
}

/* Opening a pipe that nobody writes to must not wait. */
static void test_pipe(Folder *f, const void *data)
{
    g_autofree char *path = g_build_filename(f->folder, "pipe", NULL);

    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    check_open(f, "pipe", "pipe", HR_ERROR_FILE, "this is no regular file");
}

static void write_file(Folder *f, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(f->folder, name, NULL);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void test_empty_file(Folder *f, const void *data)
{
    write_file(f, "empty", "");
    check_open(f, "empty", "empty", HR_ERROR_FILE, "the file is empty");
}

static void test_text_file(Folder *f, const void *data)
{
    write_file(f, "text", "Dear reader");
    check_open(f, "text", "text", HR_ERROR_FILE,
               "this is not a GGUF file: it does not begin with 'GGUF'");
}

static void test_cut_file(Folder *f, const void *data)
{
    g_autoptr(GgufBuilder) builder = defects_good_file();
    g_autofree char *path = g_build_filename(f->folder, "cut", NULL);

    gguf_builder_write(builder, path);
    g_assert_cmpint(truncate(path, 300), ==, 0);
    check_open(f, "cut", "cut", HR_ERROR_FILE,
               "tensor 'first.weight.of.the.file' ends at byte 336, but the file has only 300; it "
               "is cut short (an unfinished download?)");
}

/* A sparse file of 40 MiB that is one string: refused before it is copied. */
static void test_too_much_text(Folder *f, const void *data)
{
    g_autoptr(GgufBuilder) builder = gguf_builder_new();
    g_autofree char *path = g_build_filename(f->folder, "text", NULL);

    gguf_builder_scalar(builder, "x", HR_GGUF_STRING, &(uint64_t){(uint64_t)40 << 20}, 8);
    gguf_builder_write(builder, path);
    g_assert_cmpint(truncate(path, (off_t)41 << 20), ==, 0);
    check_open(f, "text", "text", HR_ERROR_FORMAT,
               "key 'x': with it the header's text exceeds 25165824 bytes");
}

/* A sparse file whose first array holds as many empty strings as are allowed, so that the second
 * holds one too many. */
static void test_too_many_strings(Folder *f, const void *data)
{
    g_autoptr(GgufBuilder) builder = gguf_builder_new(), second = gguf_builder_new();
    g_autofree char *path = g_build_filename(f->folder, "strings", NULL);
    g_autoptr(GBytes) head = NULL;
    uint8_t value[4 + 8] = {HR_GGUF_STRING, 0, 0, 0, 0, 0, 0x20}; /* 2^21 strings */
    size_t head_bytes;
    int fd;

    builder->n_entries = 2;
    gguf_builder_raw(builder, 1, "a", 1, HR_GGUF_ARRAY, value, sizeof value);
    gguf_builder_strings(second, "b", (const char *[]){"one"}, 1);
    head = gguf_builder_finish(builder);
    head_bytes = g_bytes_get_size(head);
    fd = g_open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    g_assert_cmpint(write(fd, g_bytes_get_data(head, NULL), head_bytes), ==, (gssize)head_bytes);
    g_assert_cmpint(pwrite(fd, second->entries->data, second->entries->len,
                           (off_t)(head_bytes + ((size_t)8 << 21))),
                    ==, second->entries->len);
    g_assert_cmpint(close(fd), ==, 0);
    check_open(f, "strings", "strings", HR_ERROR_FORMAT,
               "key 'b': with its 1 strings the header holds more than 2097152");
}

/* ---- Split files ---- */

static void write_part(Folder *f, const char *name, int no, int count, int n_tensors,
                       const char *tensor)
{
    g_autoptr(GgufBuilder) builder = gguf_builder_new();
    g_autofree char *path = g_build_filename(f->folder, name, NULL);

    gguf_builder_scalar(builder, "split.no", HR_GGUF_U16, &(uint16_t){(uint16_t)no}, 2);
    gguf_builder_scalar(builder, "split.count", HR_GGUF_U16, &(uint16_t){(uint16_t)count}, 2);
    gguf_builder_scalar(builder, "split.tensors.count", HR_GGUF_I32, &n_tensors, 4);
    gguf_builder_tensor(builder, tensor, HR_TYPE_F32, 1, (uint64_t[]){1}, NULL);
    gguf_builder_write(builder, path);
}

#define PART_1 "m-00001-of-00002.gguf"
#define PART_2 "m-00002-of-00002.gguf"

static void test_split_missing(Folder *f, const void *data)
{
    write_part(f, PART_1, 0, 2, 2, "a");
    check_open(f, PART_1, PART_2, HR_ERROR_FILE, "part 2 of 2 of this model is missing");
}

static void test_split_missing_first(Folder *f, const void *data)
{
    write_part(f, PART_2, 1, 2, 2, "a");
    check_open(f, PART_2, PART_1, HR_ERROR_FILE, "part 1 of 2 of this model is missing");
}

static void test_split_named_otherwise(Folder *f, const void *data)
{
    write_part(f, "model.gguf", 0, 2, 2, "a");
    check_open(f, "model.gguf", "model.gguf", HR_ERROR_FILE,
               "this is part 1 of 2 of a split model; to find the others its name "
               "must end in -00001-of-00002.gguf");
}

static void test_split_wrong_number(Folder *f, const void *data)
{
    write_part(f, PART_1, 0, 2, 2, "a");
    write_part(f, PART_2, 0, 2, 2, "b");
    check_open(f, PART_1, PART_2, HR_ERROR_FORMAT,
               "by its name this is part 2 of 2, by its keys 'split.no' and 'split.count' "
               "part 1 of 2");
}

static void test_split_wrong_count(Folder *f, const void *data)
{
    write_part(f, PART_1, 0, 2, 2, "a");
    write_part(f, PART_2, 1, 3, 2, "b");
    check_open(f, PART_1, PART_2, HR_ERROR_FORMAT,
               "by its name this is part 2 of 2, by its keys 'split.no' and 'split.count' "
               "part 2 of 3");
}

static void test_split_first_is_not(Folder *f, const void *data)
{
    write_part(f, PART_1, 1, 2, 2, "a");
    write_part(f, PART_2, 1, 2, 2, "b");
    check_open(f, PART_2, PART_1, HR_ERROR_FORMAT,
               "by its name this is part 1 of 2, by its keys 'split.no' and 'split.count' "
               "part 2 of 2");
}

static void test_split_whole_second(Folder *f, const void *data)
{
    g_autoptr(GgufBuilder) builder = defects_good_file();
    g_autofree char *path = g_build_filename(f->folder, PART_2, NULL);

    write_part(f, PART_1, 0, 2, 2, "a");
    gguf_builder_write(builder, path);
    check_open(f, PART_1, PART_2, HR_ERROR_FORMAT,
               "by its name this is part 2 of 2, by its keys 'split.no' and 'split.count' "
               "part 1 of 1");
}

static void test_split_tensor_count(Folder *f, const void *data)
{
    write_part(f, PART_1, 0, 2, 3, "a");
    write_part(f, PART_2, 1, 2, 3, "b");
    check_open(f, PART_2, PART_1, HR_ERROR_FORMAT,
               "key 'split.tensors.count' says 3 tensors, but the parts hold 2");
}

static void test_split_tensor_twice(Folder *f, const void *data)
{
    write_part(f, PART_1, 0, 2, 2, "a");
    write_part(f, PART_2, 1, 2, 2, "a");
    check_open(f, PART_1, PART_1, HR_ERROR_FORMAT, "tensor 'a' is there twice");
}

static void test_split_foreign_second(Folder *f, const void *data)
{
    write_part(f, PART_1, 0, 2, 2, "a");
    write_file(f, PART_2, "<html>");
    check_open(f, PART_1, PART_2, HR_ERROR_FILE,
               "this is not a GGUF file: it does not begin with 'GGUF'");
}

/* ---- Memory ---- */

static size_t used_bytes(void)
{
    struct rusage usage;

    g_assert_cmpint(getrusage(RUSAGE_SELF, &usage), ==, 0);
    return (size_t)usage.ru_maxrss * 1024;
}

/* From here on the process may not map more than MAX_EXTRA_BYTES beyond what it has: asking for
 * more fails at once. */
static void limit_memory(void)
{
#ifndef SANITIZED
    g_autofree char *text = NULL;
    struct rlimit limit;
    uint64_t pages;

    g_assert_true(g_file_get_contents("/proc/self/statm", &text, NULL, NULL));
    pages = g_ascii_strtoull(text, NULL, 10);
    limit.rlim_cur = limit.rlim_max = pages * (uint64_t)sysconf(_SC_PAGESIZE) + MAX_EXTRA_BYTES;
    g_assert_cmpint(setrlimit(RLIMIT_AS, &limit), ==, 0);
#endif
}

static size_t bytes_before;

static void test_cost(void)
{
#ifndef SANITIZED
    g_assert_cmpuint(used_bytes() - bytes_before, <, MAX_EXTRA_BYTES);
#else
    g_test_skip("a sanitizer's own memory is counted with ours");
#endif
}

#define ADD(path, test) \
    g_test_add("/gguf/defects/" path, Folder, NULL, folder_set_up, test, folder_tear_down)

static void add_disk_tests(void)
{
    ADD("file/absent", test_no_file);
    ADD("file/folder", test_folder);
    ADD("file/pipe", test_pipe);
    ADD("file/empty", test_empty_file);
    ADD("file/text", test_text_file);
    ADD("file/cut", test_cut_file);
    ADD("file/too-much-text", test_too_much_text);
    ADD("file/too-many-strings", test_too_many_strings);
    ADD("parts/missing", test_split_missing);
    ADD("parts/missing-first", test_split_missing_first);
    ADD("parts/named-otherwise", test_split_named_otherwise);
    ADD("parts/wrong-number", test_split_wrong_number);
    ADD("parts/wrong-count", test_split_wrong_count);
    ADD("parts/first-is-not", test_split_first_is_not);
    ADD("parts/whole-second", test_split_whole_second);
    ADD("parts/tensor-count", test_split_tensor_count);
    ADD("parts/tensor-twice", test_split_tensor_twice);
    ADD("parts/foreign-second", test_split_foreign_second);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpuint(n_defects, >=, 60);
    bytes_before = used_bytes();
    limit_memory();
    g_test_add_func("/gguf/defects/none", test_good);
    for (size_t i = 0; i < n_defects; i++) {
        g_autofree char *path = g_strdup_printf("/gguf/defects/%s", defects[i].name);

        g_test_add_data_func(path, &defects[i], test_defect);
    }
    g_test_add_func("/gguf/defects/every-length", test_every_length);
    g_test_add_func("/gguf/defects/every-byte", test_every_byte);
    add_disk_tests();
    g_test_add_func("/gguf/defects/cost/of-all", test_cost);
    return g_test_run();
}
