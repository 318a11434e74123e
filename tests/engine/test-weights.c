/* test-weights.c: binding takes tensors of the promised shape and of a type that can be computed,
 * and names any other.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "gguf-builder.h"
#include "model/weights.h"

#include <string.h>

typedef struct {
    GBytes *file;
    HrGguf *gguf;
    HrBinder binder;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    static const float scale = 0.5f;
    g_autoptr(GgufBuilder) builder = gguf_builder_new();
    g_autoptr(GError) error = NULL;
    gguf_builder_tensor(builder, "blk.7.attn_q.weight", HR_TYPE_Q8_0, 2, (uint64_t[]){64, 48},
                        NULL);
    gguf_builder_tensor(builder, "blk.7.attn_q.bias", HR_TYPE_F32, 1, (uint64_t[]){48}, NULL);
    gguf_builder_tensor(builder, "blk.7.attn_q.scale", HR_TYPE_F32, 1, (uint64_t[]){1}, &scale);
    gguf_builder_tensor(builder, "grid.weight", HR_TYPE_IQ2_XXS, 2, (uint64_t[]){256, 2}, NULL);
    gguf_builder_tensor(builder, "cube.weight", HR_TYPE_F32, 3, (uint64_t[]){64, 48, 2}, NULL);
    gguf_builder_tensor(builder, "norm.weight", HR_TYPE_F16, 1, (uint64_t[]){64}, NULL);
    f->file = gguf_builder_finish(builder);
    f->gguf = hr_gguf_open_memory(g_bytes_get_data(f->file, NULL), g_bytes_get_size(f->file), false,
                                  &error);
    g_assert_no_error(error);
    f->binder = (HrBinder){.gguf = f->gguf};
}

static void tear_down(Fixture *f, gconstpointer data)
{
    g_clear_error(&f->binder.error);
    hr_gguf_close(f->gguf);
    g_bytes_unref(f->file);
}

static void test_linear(Fixture *f, gconstpointer data)
{
    HrLinear linear;
    hr_bind_linear(&f->binder, &linear, 7, "attn_q", 64, 48);
    g_assert_no_error(f->binder.error);
    g_assert_cmpuint(linear.weight.n_in, ==, 64);
    g_assert_cmpuint(linear.weight.n_out, ==, 48);
    g_assert_cmpuint(linear.weight.row_bytes, ==, 2 * 34);
    g_assert_cmpint(linear.weight.type, ==, HR_TYPE_Q8_0);
    g_assert_true(hr_weight_exists(&linear.bias));
    g_assert_cmpfloat(*(const float *)linear.scale.data, ==, 0.5f);
}

static void test_optional(Fixture *f, gconstpointer data)
{
    HrWeight weight;
    hr_bind_optional(&f->binder, &weight, 7, "attn_k_norm.weight", 64, 1);
    g_assert_no_error(f->binder.error);
    g_assert_false(hr_weight_exists(&weight));
}

/* ---- Refusals ---- */

typedef struct {
    const char *name, *tensor;
    int il;
    uint64_t n_in, n_out;
    int code; /* HrError */
    const char *message;
} Refusal;

static const Refusal refusals[] = {
    {"/weights/missing", "attn_k.weight", 7, 64, 48, HR_ERROR_FORMAT,
     "Tensor blk.7.attn_k.weight is missing from the model file."},
    {"/weights/missing-layer", "attn_q.weight", 8, 64, 48, HR_ERROR_FORMAT,
     "Tensor blk.8.attn_q.weight is missing from the model file."},
    {"/weights/columns", "attn_q.weight", 7, 96, 48, HR_ERROR_FORMAT,
     "Tensor blk.7.attn_q.weight is 64 x 48 x 1, but the metadata promises 96 x 48."},
    {"/weights/rows", "attn_q.weight", 7, 64, 64, HR_ERROR_FORMAT,
     "Tensor blk.7.attn_q.weight is 64 x 48 x 1, but the metadata promises 64 x 64."},
    {"/weights/cube", "cube.weight", -1, 64, 48, HR_ERROR_FORMAT,
     "Tensor cube.weight is 64 x 48 x 2, but the metadata promises 64 x 48."},
    {"/weights/type", "grid.weight", -1, 256, 2, HR_ERROR_UNSUPPORTED,
     "Tensor grid.weight has type IQ2_XXS, which is not supported yet."},
    {"/weights/vector-type", "norm.weight", -1, 64, 1, HR_ERROR_UNSUPPORTED,
     "Tensor norm.weight is a vector of type F16"},
};

static void test_refusal(Fixture *f, gconstpointer data)
{
    const Refusal *r = data;
    HrWeight weight, later;
    hr_bind(&f->binder, &weight, r->il, r->tensor, r->n_in, r->n_out);
    g_assert_error(f->binder.error, HR_ERROR, r->code);
    if (!g_str_has_prefix(f->binder.error->message, r->message))
        g_error("“%s” does not begin with “%s”", f->binder.error->message, r->message);
    g_assert_false(hr_weight_exists(&weight));
    /* The first failure stays. */
    hr_bind(&f->binder, &later, 7, "attn_q.weight", 64, 48);
    g_assert_false(hr_weight_exists(&later));
    g_assert_true(g_str_has_prefix(f->binder.error->message, r->message));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/weights/linear", Fixture, NULL, set_up, test_linear, tear_down);
    g_test_add("/weights/optional", Fixture, NULL, set_up, test_optional, tear_down);
    for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++)
        g_test_add(refusals[i].name, Fixture, &refusals[i], set_up, test_refusal, tear_down);
    return g_test_run();
}
