/* defects.c: see defects.h. The file without a defect:
 *
 *     24 bytes          preamble
 *     entries           general.architecture, list (i32 x 3), words (string x 2), flag (bool)
 *     80 + 41 bytes     tensors first.weight.of.the.file (F32, 4 dimensions) and b (Q8_0, 32 x 2)
 *     data              from the next multiple of 32 on: 16 bytes, 16 of padding, 68 bytes
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "defects.h"

#include <string.h>

#define FIRST "first.weight.of.the.file"

GgufBuilder *defects_good_file(void)
{
    GgufBuilder *builder = gguf_builder_new();

    gguf_builder_string(builder, "general.architecture", "llama");
    gguf_builder_i32s(builder, "list", (int32_t[]){1, 2, 3}, 3);
    gguf_builder_strings(builder, "words", (const char *[]){"ab", "cd"}, 2);
    gguf_builder_bool(builder, "flag", true);
    gguf_builder_tensor(builder, FIRST, HR_TYPE_F32, 4, (uint64_t[]){2, 2, 1, 1},
                        (float[]){1, 2, 3, 4});
    gguf_builder_tensor(builder, "b", HR_TYPE_Q8_0, 2, (uint64_t[]){32, 2}, NULL);
    return builder;
}

GBytes *defects_build(const Defect *defect)
{
    g_autoptr(GgufBuilder) builder = defects_good_file();
    g_autoptr(GBytes) file = NULL;

    if (defect->damage)
        defect->damage(builder);
    file = gguf_builder_finish(builder);
    return defect->cut ? g_bytes_new_from_bytes(file, 0, defect->cut(builder))
                       : g_steal_pointer(&file);
}

/* ---- Small tools ---- */

static GgufBuilderTensor *first(GgufBuilder *b)
{
    return b->tensors->pdata[0];
}

static GgufBuilderTensor *second(GgufBuilder *b)
{
    return b->tensors->pdata[1];
}

static void raw(GgufBuilder *b, const char *key, uint32_t kind, const void *value, size_t bytes)
{
    gguf_builder_raw(b, strlen(key), key, strlen(key), kind, value, bytes);
}

/* An array's head, and then nothing of what it announces. */
static void array_head(GgufBuilder *b, const char *key, uint32_t element, uint64_t n)
{
    struct __attribute__((packed)) {
        uint32_t element;
        uint64_t n;
    } head = {GUINT32_TO_LE(element), GUINT64_TO_LE(n)};

    raw(b, key, HR_GGUF_ARRAY, &head, sizeof head);
}

static void rename_second(GgufBuilder *b, const char *name)
{
    GgufBuilderTensor *tensor = second(b);

    g_free(tensor->name);
    tensor->name = g_strdup(name);
    tensor->name_len = strlen(name);
}

#define DAMAGE(name) static void name(GgufBuilder *b)
#define CUT(name, where) \
    static size_t name(const GgufBuilder *b) { return where; }

/* ---- Truncation ---- */

CUT(at_0, 0)
CUT(at_3, 3)
CUT(at_4, 4)
CUT(at_6, 6)
CUT(at_12, 12)
CUT(at_20, 20)
CUT(at_24, 24)
CUT(in_last_key_length, b->tensors_at - 1 - 4 - 4 - 2)
CUT(in_last_key, b->tensors_at - 1 - 4 - 2)
CUT(in_last_kind, b->tensors_at - 1 - 2)
CUT(in_last_byte, b->tensors_at - 1)
CUT(before_last_3_bytes, b->tensors_at - 3)
CUT(before_last_5_bytes, b->tensors_at - 5)
CUT(before_last_9_bytes, b->tensors_at - 9)
CUT(before_last_10_bytes, b->tensors_at - 10)
CUT(at_tensors, b->tensors_at)
CUT(in_name_length, b->header_end - 37)
CUT(in_name, b->header_end - 33)
CUT(in_n_dims, b->header_end - 30)
CUT(in_dims, b->header_end - 20)
CUT(in_type, b->header_end - 10)
CUT(in_offset, b->header_end - 4)
CUT(at_header_end, b->header_end)
CUT(in_data, b->data_at + 40)

DAMAGE(add_string) { gguf_builder_string(b, "text", "abcd"); }
DAMAGE(add_u64) { gguf_builder_scalar(b, "number", HR_GGUF_U64, &(uint64_t){5}, 8); }
DAMAGE(add_list) { gguf_builder_i32s(b, "more", (int32_t[]){4}, 1); }
DAMAGE(add_words) { gguf_builder_strings(b, "more", (const char *[]){"abc"}, 1); }

/* ---- Preamble ---- */

DAMAGE(magic) { memcpy(b->magic, "GGML", 4); }
DAMAGE(version_0) { b->version = 0; }
DAMAGE(version_1) { b->version = 1; }
DAMAGE(version_4) { b->version = 4; }
DAMAGE(big_endian_3) { b->version = 0x03000000; }
DAMAGE(big_endian_2) { b->version = 0x02000000; }
DAMAGE(tensors_huge) { b->n_tensors = INT64_MAX; }
DAMAGE(tensors_65537) { b->n_tensors = 65537; }
DAMAGE(tensors_100) { b->n_tensors = 100; }
DAMAGE(tensors_3) { b->n_tensors = 3; }
DAMAGE(entries_huge) { b->n_entries = INT64_MAX; }
DAMAGE(entries_16385) { b->n_entries = 16385; }
DAMAGE(entries_100) { b->n_entries = 100; }
DAMAGE(entries_5) { b->n_entries = 5; }
DAMAGE(entries_3) { b->n_entries = 3; }

/* ---- Keys ---- */

DAMAGE(key_empty) { raw(b, "", HR_GGUF_U8, "", 1); }
DAMAGE(key_nul) { gguf_builder_raw(b, 3, "a\0b", 3, HR_GGUF_U8, "", 1); }
DAMAGE(key_newline) { raw(b, "a\nb", HR_GGUF_U8, "", 1); }
DAMAGE(key_latin1) { raw(b, "a\xe9", HR_GGUF_U8, "", 1); }
DAMAGE(key_huge) { gguf_builder_raw(b, UINT64_MAX, "a", 1, HR_GGUF_U8, "", 1); }
DAMAGE(key_past_end) { gguf_builder_raw(b, 100000, "a", 1, HR_GGUF_U8, "", 1); }
DAMAGE(key_twice)
{
    gguf_builder_u32(b, "x", 1);
    gguf_builder_u32(b, "y", 1);
    gguf_builder_string(b, "x", "1");
}
DAMAGE(key_long)
{
    g_autofree char *key = g_strnfill(1025, 'k');

    raw(b, key, HR_GGUF_U8, "", 1);
}

/* ---- Values ---- */

DAMAGE(kind_13) { raw(b, "x", 13, "", 1); }
DAMAGE(kind_huge) { raw(b, "x", UINT32_MAX, "", 1); }
DAMAGE(bool_2) { raw(b, "x", HR_GGUF_BOOL, "\2", 1); }
DAMAGE(bools_255) { gguf_builder_array(b, "x", HR_GGUF_BOOL, "\1\0\377", 3, 1); }
DAMAGE(string_huge) { gguf_builder_scalar(b, "x", HR_GGUF_STRING, &(uint64_t){UINT64_MAX}, 8); }
DAMAGE(string_past_end) { gguf_builder_scalar(b, "x", HR_GGUF_STRING, &(uint64_t){4096}, 8); }
DAMAGE(array_of_arrays) { array_head(b, "x", HR_GGUF_ARRAY, 1); }
DAMAGE(array_kind_99) { array_head(b, "x", 99, 1); }
DAMAGE(array_huge) { array_head(b, "x", HR_GGUF_U8, UINT64_MAX); }
DAMAGE(array_overflow) { array_head(b, "x", HR_GGUF_U64, (uint64_t)1 << 61); }
DAMAGE(array_past_end) { array_head(b, "x", HR_GGUF_F32, 1 << 30); }
DAMAGE(array_just_past_end) { array_head(b, "x", HR_GGUF_F64, 100); }
DAMAGE(words_huge) { array_head(b, "x", HR_GGUF_STRING, UINT64_MAX); }
DAMAGE(words_too_many) { array_head(b, "x", HR_GGUF_STRING, (1 << 21) + 1); }
DAMAGE(words_past_end) { array_head(b, "x", HR_GGUF_STRING, 1 << 20); }
DAMAGE(word_huge)
{
    uint64_t words[] = {1, UINT64_MAX}; /* the array's length, and its string's */
    uint8_t value[4 + sizeof words] = {HR_GGUF_STRING};

    memcpy(value + 4, words, sizeof words);
    raw(b, "x", HR_GGUF_ARRAY, value, sizeof value);
}

/* ---- Keys that the reader itself understands ---- */

DAMAGE(alignment_0) { gguf_builder_u32(b, "general.alignment", 0); }
DAMAGE(alignment_3) { gguf_builder_u32(b, "general.alignment", 3); }
DAMAGE(alignment_4) { gguf_builder_u32(b, "general.alignment", 4); }
DAMAGE(alignment_48) { gguf_builder_u32(b, "general.alignment", 48); }
DAMAGE(alignment_131072) { gguf_builder_u32(b, "general.alignment", 131072); }
DAMAGE(alignment_negative)
{
    gguf_builder_scalar(b, "general.alignment", HR_GGUF_I32, &(int32_t){-32}, 4);
}
DAMAGE(alignment_2_40)
{
    gguf_builder_scalar(b, "general.alignment", HR_GGUF_U64, &(uint64_t){(uint64_t)1 << 40}, 8);
}
DAMAGE(alignment_u64_max)
{
    gguf_builder_scalar(b, "general.alignment", HR_GGUF_U64, &(uint64_t){UINT64_MAX}, 8);
}
DAMAGE(alignment_string) { gguf_builder_string(b, "general.alignment", "32"); }
DAMAGE(alignment_float) { gguf_builder_f32(b, "general.alignment", 32); }
DAMAGE(alignment_array) { gguf_builder_i32s(b, "general.alignment", (int32_t[]){32}, 1); }
DAMAGE(split_no_missing) { gguf_builder_u32(b, "split.count", 2); }
DAMAGE(split_no_beyond)
{
    gguf_builder_u32(b, "split.count", 2);
    gguf_builder_u32(b, "split.no", 2);
}
DAMAGE(split_count_huge) { gguf_builder_u32(b, "split.count", 513); }
DAMAGE(split_count_negative)
{
    gguf_builder_scalar(b, "split.count", HR_GGUF_I32, &(int32_t){-1}, 4);
}
DAMAGE(split_count_string) { gguf_builder_string(b, "split.count", "2"); }
DAMAGE(split_tensors_negative)
{
    gguf_builder_scalar(b, "split.tensors.count", HR_GGUF_I32, &(int32_t){-1}, 4);
}

/* ---- Tensors ---- */

DAMAGE(name_empty) { rename_second(b, ""); }
DAMAGE(name_tab) { rename_second(b, "a\tb"); }
DAMAGE(name_latin1) { rename_second(b, "\xe9"); }
DAMAGE(name_huge) { second(b)->name_len = UINT64_MAX; }
DAMAGE(name_past_end) { second(b)->name_len = 100000; }
DAMAGE(name_twice) { rename_second(b, FIRST); }
DAMAGE(name_long)
{
    g_autofree char *name = g_strnfill(256, 'n');

    rename_second(b, name);
}
DAMAGE(n_dims_0) { second(b)->n_dims = 0; }
DAMAGE(n_dims_5) { first(b)->n_dims = 5; }
DAMAGE(n_dims_huge) { second(b)->n_dims = UINT32_MAX; }
DAMAGE(dim_0) { second(b)->dims[1] = 0; }
DAMAGE(dims_overflow)
{
    memcpy(first(b)->dims, (uint64_t[]){1u << 31, 1u << 31, 1u << 31, 1u << 31}, 32);
}
DAMAGE(dims_overflow_elements)
{
    memcpy(first(b)->dims, (uint64_t[]){1u << 31, 1u << 31, 2, 1}, 32);
}
DAMAGE(dim_u64_max) { first(b)->dims[0] = UINT64_MAX; }
DAMAGE(type_removed) { second(b)->type = 4; }
DAMAGE(type_repacked) { second(b)->type = 31; }
DAMAGE(type_no_size) { second(b)->type = 41; }
DAMAGE(type_43) { second(b)->type = 43; }
DAMAGE(type_huge) { second(b)->type = UINT32_MAX; }
DAMAGE(block_misfit) { second(b)->dims[0] = 33; }
DAMAGE(superblock_misfit) { second(b)->type = HR_TYPE_Q4_K; }
DAMAGE(offset_misaligned) { second(b)->offset = 33; }
DAMAGE(offset_past_end) { second(b)->offset = 64; }
DAMAGE(offset_far) { second(b)->offset = (uint64_t)1 << 40; }
DAMAGE(offset_overflow) { second(b)->offset = UINT64_MAX - 31; }
DAMAGE(offset_same) { second(b)->offset = 0; }
DAMAGE(overlap)
{
    second(b)->offset = 0; /* its 68 bytes end in the middle of the other's */
    first(b)->offset = 64;
}
DAMAGE(too_large) { first(b)->dims[0] = 1000; }

/* ---- The list ---- */

#define FILE_ HR_ERROR_FILE
#define FORMAT HR_ERROR_FORMAT
#define UNSUPPORTED HR_ERROR_UNSUPPORTED
#define ALIGNED "; it must be a power of two from 8 to 65536"
#define PAST_END "reaches past the end of the file"

const Defect defects[] = {
    {"truncated/empty", FILE_, "the file is empty", NULL, at_0},
    {"truncated/magic", FILE_, "this is not a GGUF file: it does not begin with 'GGUF'", NULL,
     at_3},
    {"truncated/after-magic", FILE_, "the file ends in its version", NULL, at_4},
    {"truncated/version", FILE_, "the file ends in its version", NULL, at_6},
    {"truncated/tensor-count", FILE_, "the file ends in the count of tensors", NULL, at_12},
    {"truncated/entry-count", FILE_, "the file ends in the count of metadata entries", NULL, at_20},
    {"truncated/entries", FILE_,
     "the header announces 4 metadata entries, which reach past the end of the file", NULL, at_24},
    {"truncated/key-length", FILE_, "the file ends before metadata entry 4", NULL,
     in_last_key_length},
    {"truncated/key", FILE_, "metadata entry 4 has a name of 4 bytes, which " PAST_END, NULL,
     in_last_key},
    {"truncated/kind", FILE_, "the file ends in the kind of key 'flag'", NULL, in_last_kind},
    {"truncated/bool", FILE_,
     "key 'flag' has 1 value(s) of kind bool, which reach past the end of the file", NULL,
     in_last_byte},
    {"truncated/number", FILE_,
     "key 'number' has 1 value(s) of kind u64, which reach past the end of the file", add_u64,
     before_last_3_bytes},
    {"truncated/string-length", FILE_, "the file ends in a length of key 'text'", add_string,
     before_last_5_bytes},
    {"truncated/string", FILE_, "key 'text' has a string of 4 bytes, which " PAST_END, add_string,
     before_last_3_bytes},
    {"truncated/array-length", FILE_, "the file ends in a length of key 'more'", add_list,
     before_last_10_bytes},
    {"truncated/array", FILE_,
     "key 'more' has 1 value(s) of kind i32, which reach past the end of the file", add_list,
     before_last_3_bytes},
    {"truncated/string-array", FILE_, "key 'more' has an array of 1 strings, which " PAST_END,
     add_words, before_last_9_bytes},
    {"truncated/array-string", FILE_, "key 'more' has a string of 3 bytes, which " PAST_END,
     add_words, in_last_byte},
    {"truncated/tensors", FILE_,
     "the header announces 2 tensors, which reach past the end of the file", NULL, at_tensors},
    {"truncated/name-length", FILE_, "the file ends before tensor 2", NULL, in_name_length},
    {"truncated/name", FILE_, "tensor 2 has a name of 1 bytes, which " PAST_END, NULL, in_name},
    {"truncated/n-dims", FILE_, "the file ends in the shape of tensor 'b'", NULL, in_n_dims},
    {"truncated/dims", FILE_, "the file ends in the shape of tensor 'b'", NULL, in_dims},
    {"truncated/type", FILE_, "the file ends in the type of tensor 'b'", NULL, in_type},
    {"truncated/offset", FILE_, "the file ends in the offset of tensor 'b'", NULL, in_offset},
    {"truncated/before-data", FILE_,
     "tensor '" FIRST
     "' ends at byte 336, but the file has only 296; it is cut short (an unfinished "
     "download?)",
     NULL, at_header_end},
    {"truncated/data", FILE_,
     "tensor 'b' ends at byte 420, but the file has only 360; it is cut short (an unfinished download?)",
     NULL, in_data},

    {"preamble/magic", FILE_, "this is not a GGUF file: it does not begin with 'GGUF'", magic},
    {"preamble/version-0", UNSUPPORTED,
     "this is a GGUF file of version 0; versions 2 and 3 are read", version_0},
    {"preamble/version-1", UNSUPPORTED,
     "this is a GGUF file of version 1, which is no longer read; convert the model again",
     version_1},
    {"preamble/version-4", UNSUPPORTED,
     "this is a GGUF file of version 4; versions 2 and 3 are read", version_4},
    {"preamble/big-endian", UNSUPPORTED,
     "this GGUF file is written in big-endian byte order; only little-endian ones are read",
     big_endian_3},
    {"preamble/big-endian-2", UNSUPPORTED,
     "this GGUF file is written in big-endian byte order; only little-endian ones are read",
     big_endian_2},
    {"preamble/tensors-huge", FORMAT,
     "the header announces 9223372036854775807 tensors; at most 65536 are allowed", tensors_huge},
    {"preamble/tensors-65537", FORMAT,
     "the header announces 65537 tensors; at most 65536 are allowed", tensors_65537},
    {"preamble/tensors-100", FILE_,
     "the header announces 100 tensors, which reach past the end of the file", tensors_100},
    {"preamble/tensors-3", FORMAT, "tensor 3 has an empty name", tensors_3},
    {"preamble/entries-huge", FORMAT,
     "the header announces 9223372036854775807 metadata entries; at most 16384 are allowed",
     entries_huge},
    {"preamble/entries-16385", FORMAT,
     "the header announces 16385 metadata entries; at most 16384 are allowed", entries_16385},
    {"preamble/entries-100", FILE_,
     "the header announces 100 metadata entries, which reach past the end of the file",
     entries_100},
    {"preamble/entries-5", FILE_, "tensor 1 has a name of 8589934592 bytes, which " PAST_END,
     entries_5},
    {"preamble/entries-3", FORMAT, "tensor 'flag' has 7 dimensions; 1 to 4 are allowed", entries_3},

    {"key/empty", FORMAT, "metadata entry 5 has an empty name", key_empty},
    {"key/long", FORMAT, "metadata entry 5 has a name of 1025 bytes; at most 1024 are allowed",
     key_long},
    {"key/nul", FORMAT, "metadata entry 5 has a control character in its name", key_nul},
    {"key/newline", FORMAT, "metadata entry 5 has a control character in its name", key_newline},
    {"key/not-utf8", FORMAT, "metadata entry 5 has a name that is not UTF-8", key_latin1},
    {"key/huge", FILE_,
     "metadata entry 5 has a name of 18446744073709551615 bytes, which " PAST_END, key_huge},
    {"key/past-end", FILE_, "metadata entry 5 has a name of 100000 bytes, which " PAST_END,
     key_past_end},
    {"key/twice", FORMAT, "key 'x' is there twice", key_twice},

    {"value/kind-13", FORMAT, "key 'x' has the kind 13, which does not exist", kind_13},
    {"value/kind-huge", FORMAT, "key 'x' has the kind 4294967295, which does not exist", kind_huge},
    {"value/bool-2", FORMAT, "key 'x' holds a bool that is 2; only 0 and 1 are allowed", bool_2},
    {"value/bools-255", FORMAT, "key 'x' holds a bool that is 255; only 0 and 1 are allowed",
     bools_255},
    {"value/string-huge", FILE_,
     "key 'x' has a string of 18446744073709551615 bytes, which " PAST_END, string_huge},
    {"value/string-past-end", FILE_, "key 'x' has a string of 4096 bytes, which " PAST_END,
     string_past_end},
    {"value/array-of-arrays", FORMAT,
     "key 'x' is an array of arrays, which the format does not allow", array_of_arrays},
    {"value/array-kind", FORMAT, "key 'x' has the kind 99, which does not exist", array_kind_99},
    {"value/array-huge", FORMAT,
     "key 'x' is an array of 18446744073709551615 elements; at most 1073741824 are allowed",
     array_huge},
    {"value/array-overflow", FORMAT,
     "key 'x' is an array of 2305843009213693952 elements; at most 1073741824 are allowed",
     array_overflow},
    {"value/array-past-end", FILE_,
     "key 'x' has 1073741824 value(s) of kind f32, which reach past the end of the file",
     array_past_end},
    {"value/array-just-past-end", FILE_,
     "key 'x' has 100 value(s) of kind f64, which reach past the end of the file",
     array_just_past_end},
    {"value/words-huge", FORMAT,
     "key 'x' is an array of 18446744073709551615 elements; at most 1073741824 are allowed",
     words_huge},
    {"value/words-too-many", FORMAT,
     "key 'x': with its 2097153 strings the header holds more than 2097152", words_too_many},
    {"value/words-past-end", FILE_, "key 'x' has an array of 1048576 strings, which " PAST_END,
     words_past_end},
    {"value/word-huge", FILE_,
     "key 'x' has a string of 18446744073709551615 bytes, which " PAST_END, word_huge},

    {"alignment/0", FORMAT, "key 'general.alignment' is 0" ALIGNED, alignment_0},
    {"alignment/3", FORMAT, "key 'general.alignment' is 3" ALIGNED, alignment_3},
    {"alignment/4", FORMAT, "key 'general.alignment' is 4" ALIGNED, alignment_4},
    {"alignment/48", FORMAT, "key 'general.alignment' is 48" ALIGNED, alignment_48},
    {"alignment/131072", FORMAT, "key 'general.alignment' is 131072" ALIGNED, alignment_131072},
    {"alignment/negative", FORMAT, "key 'general.alignment' is -32" ALIGNED, alignment_negative},
    {"alignment/2^40", FORMAT, "key 'general.alignment' is 1099511627776" ALIGNED, alignment_2_40},
    {"alignment/u64-max", FORMAT,
     "key 'general.alignment' is of kind u64; it must be an integer below 2^63", alignment_u64_max},
    {"alignment/string", FORMAT,
     "key 'general.alignment' is of kind string; it must be an integer below 2^63",
     alignment_string},
    {"alignment/float", FORMAT,
     "key 'general.alignment' is of kind f32; it must be an integer below 2^63", alignment_float},
    {"alignment/array", FORMAT,
     "key 'general.alignment' is of kind array; it must be an integer below 2^63", alignment_array},
    {"split/no-missing", FORMAT, "key 'split.no' is missing in a part of a split file",
     split_no_missing},
    {"split/no-beyond", FORMAT, "key 'split.no' is 2; 0 to 1 are allowed", split_no_beyond},
    {"split/count-huge", FORMAT, "key 'split.count' is 513; 0 to 512 are allowed",
     split_count_huge},
    {"split/count-negative", FORMAT, "key 'split.count' is -1; 0 to 512 are allowed",
     split_count_negative},
    {"split/count-string", FORMAT,
     "key 'split.count' is of kind string; it must be an integer below 2^63", split_count_string},
    {"split/tensors-negative", FORMAT, "key 'split.tensors.count' is -1; 0 to 65536 are allowed",
     split_tensors_negative},

    {"tensor/name-empty", FORMAT, "tensor 2 has an empty name", name_empty},
    {"tensor/name-long", FORMAT, "tensor 2 has a name of 256 bytes; at most 255 are allowed",
     name_long},
    {"tensor/name-tab", FORMAT, "tensor 2 has a control character in its name", name_tab},
    {"tensor/name-not-utf8", FORMAT, "tensor 2 has a name that is not UTF-8", name_latin1},
    {"tensor/name-huge", FILE_,
     "tensor 2 has a name of 18446744073709551615 bytes, which " PAST_END, name_huge},
    {"tensor/name-past-end", FILE_, "tensor 2 has a name of 100000 bytes, which " PAST_END,
     name_past_end},
    {"tensor/name-twice", FORMAT, "tensor '" FIRST "' is there twice", name_twice},
    {"tensor/n-dims-0", FORMAT, "tensor 'b' has 0 dimensions; 1 to 4 are allowed", n_dims_0},
    {"tensor/n-dims-5", FORMAT, "tensor '" FIRST "' has 5 dimensions; 1 to 4 are allowed",
     n_dims_5},
    {"tensor/n-dims-huge", FORMAT, "tensor 'b' has 4294967295 dimensions; 1 to 4 are allowed",
     n_dims_huge},
    {"tensor/dim-0", FORMAT, "tensor 'b' has a dimension of 0", dim_0},
    {"tensor/dims-overflow", FORMAT, "tensor '" FIRST "' has a shape whose size overflows",
     dims_overflow},
    {"tensor/dims-overflow-bytes", FORMAT, "tensor '" FIRST "' has a shape whose size overflows",
     dims_overflow_elements},
    {"tensor/dim-u64-max", FORMAT, "tensor '" FIRST "' has a shape whose size overflows",
     dim_u64_max},
    {"tensor/type-removed", UNSUPPORTED,
     "tensor 'b' is of type 4, which the format no longer has; convert the model again",
     type_removed},
    {"tensor/type-repacked", UNSUPPORTED,
     "tensor 'b' is of type 31, which the format no longer has; convert the model again",
     type_repacked},
    {"tensor/type-no-size", UNSUPPORTED, "tensor 'b' is of type 41, which this build does not know",
     type_no_size},
    {"tensor/type-43", UNSUPPORTED, "tensor 'b' is of type 43, which this build does not know",
     type_43},
    {"tensor/type-huge", UNSUPPORTED,
     "tensor 'b' is of type 4294967295, which this build does not know", type_huge},
    {"tensor/block-misfit", FORMAT,
     "tensor 'b' has rows of 33 elements, which is no multiple of Q8_0's blocks of 32",
     block_misfit},
    {"tensor/superblock-misfit", FORMAT,
     "tensor 'b' has rows of 32 elements, which is no multiple of Q4_K's blocks of 256",
     superblock_misfit},
    {"tensor/offset-misaligned", FORMAT,
     "tensor 'b' is at offset 33, which is no multiple of the alignment 32", offset_misaligned},
    {"tensor/offset-past-end", FILE_,
     "tensor 'b' ends at byte 452, but the file has only 448; it is cut short (an unfinished download?)",
     offset_past_end},
    {"tensor/offset-far", FILE_,
     "tensor 'b' ends at byte 1099511628164, but the file has only 448; it is cut short (an unfinished "
     "download?)",
     offset_far},
    {"tensor/offset-overflow", FORMAT, "tensor 'b' is at an offset that overflows",
     offset_overflow},
    {"tensor/offset-same", FORMAT, "tensors '" FIRST "' and 'b' overlap", offset_same},
    {"tensor/overlap", FORMAT, "tensors 'b' and '" FIRST "' overlap", overlap},
    {"tensor/too-large", FILE_,
     "tensor '" FIRST
     "' ends at byte 8320, but the file has only 448; it is cut short (an unfinished download?)",
     too_large},
};
const size_t n_defects = G_N_ELEMENTS(defects);
