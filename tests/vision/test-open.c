/* test-open.c: projectors that are damaged, contradict themselves, or belong to another model: an
 * error that names what is wrong, and nothing opened.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vision-support.h"

#include "gguf-builder.h"

#include <glib/gstdio.h>
#include <string.h>

/* ---- Files with one thing wrong ---- */

typedef struct {
    const char *key; /* or tensor */
    int64_t value;   /* LEFT_OUT, or what stands there instead */
    int code;
    const char *pattern;
} Defect;

#define LEFT_OUT INT64_MIN

static const char *const prefix = "clip.vision.";

static void put_u32(GgufBuilder *b, const Defect *d, const char *name, uint32_t value)
{
    g_autofree char *key = g_strconcat(prefix, name, NULL);
    bool wrong = d && g_str_equal(d->key, name);
    if (!wrong)
        gguf_builder_u32(b, key, value);
    else if (d->value != LEFT_OUT)
        gguf_builder_u32(b, key, (uint32_t)d->value);
}

static void put_tensor(GgufBuilder *b, const Defect *d, const char *name, uint32_t n_dims,
                       const uint64_t *dims)
{
    uint64_t shape[4] = {1, 1, 1, 1};
    memcpy(shape, dims, n_dims * sizeof *dims);
    if (d && g_str_equal(d->key, name)) {
        if (d->value == LEFT_OUT)
            return;
        shape[0] = (uint64_t)d->value;
    }
    g_autofree float *zeros = g_new0(float, shape[0] * shape[1] * shape[2] * shape[3]);
    gguf_builder_tensor(b, name, HR_TYPE_F32, n_dims, shape, zeros);
}

#define DIMS(...) (const uint64_t[]){__VA_ARGS__}

static void put_layer(GgufBuilder *b, const Defect *d)
{
    static const char *const matrices[] = {"attn_q", "attn_k", "attn_v", "attn_out"};
    for (size_t i = 0; i < G_N_ELEMENTS(matrices); i++) {
        g_autofree char *name = g_strdup_printf("v.blk.0.%s.weight", matrices[i]);
        put_tensor(b, d, name, 2, DIMS(32, 32));
    }
    put_tensor(b, d, "v.blk.0.ln1.weight", 1, DIMS(32));
    put_tensor(b, d, "v.blk.0.ln2.weight", 1, DIMS(32));
    put_tensor(b, d, "v.blk.0.ffn_up.weight", 2, DIMS(32, 64));
    put_tensor(b, d, "v.blk.0.ffn_down.weight", 2, DIMS(64, 32));
}

static char *write_projector(const Defect *d, const char *type)
{
    g_autoptr(GgufBuilder) b = gguf_builder_new();
    char *path = g_build_filename(g_get_tmp_dir(), "headroom-projector-XXXXXX", NULL);
    gguf_builder_string(b, "general.architecture", "clip");
    gguf_builder_string(b, "clip.projector_type", type);
    put_u32(b, d, "block_count", 1);
    put_u32(b, d, "embedding_length", 32);
    put_u32(b, d, "attention.head_count", 2);
    put_u32(b, d, "image_size", 28);
    put_u32(b, d, "patch_size", 7);
    put_u32(b, d, "feature_layer", 1);
    if (d && g_str_equal(d->key, "image_grid_pinpoints"))
        gguf_builder_i32s(b, "clip.vision.image_grid_pinpoints",
                          (const int32_t[]){(int32_t)d->value, 28}, 2);
    if (d && g_str_equal(d->key, "clip.use_gelu")) {
        gguf_builder_bool(b, "clip.use_gelu", true);
        gguf_builder_bool(b, "clip.use_silu", true);
    }
    put_tensor(b, d, "v.patch_embd.weight", 4, DIMS(7, 7, 3, 32));
    put_tensor(b, d, "v.position_embd.weight", 2, DIMS(32, 16));
    put_layer(b, d);
    put_tensor(b, d, "mm.0.weight", 2, DIMS(32, 48));
    put_tensor(b, d, "mm.2.weight", 2, DIMS(48, 48));
    g_autoptr(GBytes) file = gguf_builder_finish(b);
    gsize len;
    const char *data = g_bytes_get_data(file, &len);
    g_close(g_mkstemp(path), NULL);
    g_assert_true(g_file_set_contents(path, data, (gssize)len, NULL));
    return path;
}

static HrVision *open_written(const Defect *d, const char *type, const char *arch, uint32_t n_out,
                              GError **error)
{
    g_autofree char *path = write_projector(d, type);
    HrVision *vision = hr_vision_open(path, NULL, arch, n_out, error);
    g_unlink(path);
    return vision;
}

static const Defect defects[] = {
    {"block_count", LEFT_OUT, HR_ERROR_FORMAT, "*clip.vision.block_count is missing*"},
    {"block_count", 0, HR_ERROR_FORMAT, "*clip.vision.block_count is out of range*"},
    {"block_count", 2, HR_ERROR_FORMAT, "*v.blk.1.*missing*"},
    {"block_count", 0xffffffff, HR_ERROR_FORMAT, "*clip.vision.block_count is out of range*"},
    {"embedding_length", 48, HR_ERROR_FORMAT, "*v.patch_embd.weight*embedding_length*"},
    {"embedding_length", 0, HR_ERROR_FORMAT, "*embedding_length is out of range*"},
    {"attention.head_count", 5, HR_ERROR_FORMAT, "*attention.head_count does not divide*"},
    {"attention.head_count", LEFT_OUT, HR_ERROR_FORMAT, "*attention.head_count is missing*"},
    {"image_size", 30, HR_ERROR_FORMAT, "*image_size is no whole number of patches*"},
    {"image_size", 16380, HR_ERROR_FORMAT, "*image_size*too many*"},
    {"image_size", 35, HR_ERROR_FORMAT, "*v.position_embd.weight*"},
    {"image_size", LEFT_OUT, HR_ERROR_FORMAT, "*image_size is missing*"},
    {"patch_size", 14, HR_ERROR_FORMAT, "*v.patch_embd.weight*"},
    {"patch_size", 0, HR_ERROR_FORMAT, "*patch_size is out of range*"},
    {"feature_layer", 2, HR_ERROR_FORMAT, "*feature_layer names a layer*"},
    {"image_grid_pinpoints", 30, HR_ERROR_FORMAT, "*image_grid_pinpoints*"},
    {"image_grid_pinpoints", 28000, HR_ERROR_FORMAT, "*image_grid_pinpoints*"},
    {"clip.use_gelu", 1, HR_ERROR_FORMAT, "*clip.use_gelu contradicts clip.use_silu*"},
    {"v.patch_embd.weight", LEFT_OUT, HR_ERROR_FORMAT, "*v.patch_embd.weight is missing*"},
    {"v.position_embd.weight", LEFT_OUT, HR_ERROR_FORMAT, "*v.position_embd.weight is missing*"},
    {"v.blk.0.attn_k.weight", 16, HR_ERROR_FORMAT, "*v.blk.0.attn_k.weight*"},
    {"v.blk.0.ln1.weight", LEFT_OUT, HR_ERROR_FORMAT, "*v.blk.0.ln1.weight is missing*"},
    {"v.blk.0.ffn_down.weight", 32, HR_ERROR_FORMAT, "*ffn_down*"},
    {"mm.0.weight", 31, HR_ERROR_FORMAT, "*mm.0.weight*"},
    {"mm.0.weight", LEFT_OUT, HR_ERROR_FORMAT, "*mm.0.weight*missing*"},
};

static void assert_like(const GError *error, int code, const char *pattern)
{
    g_assert_error(error, HR_ERROR, code);
    if (!g_pattern_match_simple(pattern, error->message))
        g_error("\"%s\" is not like \"%s\"", error->message, pattern);
}

static void test_defect(gconstpointer data)
{
    const Defect *d = data;
    g_autoptr(GError) error = NULL;
    g_assert_null(open_written(d, "mlp", "llama", 48, &error));
    assert_like(error, d->code, d->pattern);
}

static void test_sound(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HrVision) vision = open_written(NULL, "mlp", "llama", 48, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(vision->bytes, >, 0);
}

/* ---- Whose it is ---- */

static void test_another_model(void)
{
    g_autoptr(GError) width = NULL, family = NULL;
    g_assert_null(open_written(NULL, "mlp", "llama", 64, &width));
    assert_like(width, HR_ERROR_FORMAT,
                "*belongs to another model*48*mm.2.weight*llama.embedding_length is 64*");
    g_assert_null(open_written(NULL, "mlp", "gemma3", 48, &family));
    assert_like(family, HR_ERROR_FORMAT,
                "*belongs to another model*clip.projector_type*general.architecture \"gemma3\"*");
}

static void test_unknown(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(open_written(NULL, "resampler", "llama", 48, &error));
    assert_like(error, HR_ERROR_UNSUPPORTED, "*\"resampler\"*clip.projector_type*");
}

static void test_no_projector(void)
{
    g_autofree char *path = tower_path("llava15-text", ".gguf"),
                    *missing = tower_path("nothing", ".gguf");
    g_autoptr(GError) text = NULL, none = NULL;
    g_assert_null(hr_vision_open(path, NULL, "llama", 48, &text));
    assert_like(text, HR_ERROR_FORMAT, "*is no projector*general.architecture*");
    g_assert_null(hr_vision_open(missing, NULL, "llama", 48, &none));
    assert_like(none, HR_ERROR_FILE, "*nothing.gguf*");
}

/* A file that was cut off anywhere. */
static void test_cut(void)
{
    g_autofree char *path = write_projector(NULL, "mlp"), *data = NULL;
    gsize len;
    g_assert_true(g_file_get_contents(path, &data, &len, NULL));
    for (gsize n = 0; n < len; n += 509) {
        g_autoptr(GError) error = NULL;
        g_assert_true(g_file_set_contents(path, data, (gssize)n, NULL));
        g_assert_null(hr_vision_open(path, NULL, "llama", 48, &error));
        g_assert_nonnull(error);
    }
    g_unlink(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/open/sound", test_sound);
    for (size_t i = 0; i < G_N_ELEMENTS(defects); i++) {
        g_autofree char *path = g_strdup_printf("/open/defect/%s/%zu", defects[i].key, i);
        g_test_add_data_func(path, &defects[i], test_defect);
    }
    g_test_add_func("/open/another-model", test_another_model);
    g_test_add_func("/open/unknown", test_unknown);
    g_test_add_func("/open/no-projector", test_no_projector);
    g_test_add_func("/open/cut", test_cut);
    return g_test_run();
}
