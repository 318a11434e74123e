/* test-laid.c: weights that are moved out of the file are the same weights, once, in the bytes of
 * the plan.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/runner.h"
#include "plan/plan.h"
#include "tiny-model.h"

typedef struct {
    char *path;
    HrModel *model;
    HrRunner *runner;
} Loaded;

static Loaded load(const TinyModel *tiny)
{
    g_autoptr(GError) error = NULL;
    HrDevice device = {.name = "host", .total = 64ull << 30, .free = 64ull << 30};
    HrSettings settings = {.num_ctx = 64, .threads = 2};
    Loaded l = {.path = tiny_model_new(tiny)};

    l.model = hr_model_open(l.path, &error);
    g_assert_no_error(error);
    g_autoptr(HrPlan) plan = hr_plan_new(l.model, &settings, &device, 1, &error);
    g_assert_no_error(error);
    l.runner = hr_runner_new(l.model, plan, false, NULL, NULL, &error);
    g_assert_no_error(error);
    return l;
}

static void unload(Loaded *l)
{
    hr_runner_free(l->runner);
    hr_model_unref(l->model);
    tiny_model_remove(l->path);
}

static TinyModel tiny_with(HrType type, bool tied)
{
    TinyModel tiny = tiny_model_default;
    tiny.type = type;
    tiny.tied = tied;
    return tiny;
}

static void assert_rows_equal(const HrLaidWeight *at)
{
    const HrWeight *w = at->weight;
    g_autofree float *here = g_new(float, w->n_in), *file = g_new(float, w->n_in);

    for (uint64_t r = 0; r < w->n_out; r++) {
        hr_laid_row(at, r, here);
        hr_dequantize(w->type, (const char *)w->data + r * w->row_bytes, file, w->n_in);
        g_assert_cmpmem(here, w->n_in * sizeof *here, file, w->n_in * sizeof *file);
    }
}

/* Of every type that the tiny models have, with rows that fill panels and rows that are left over
 * (300 tokens). */
static void test_same_weights(void)
{
    static const HrType types[] = {HR_TYPE_F32, HR_TYPE_F16, HR_TYPE_Q8_0};
    bool moves = hr_linear_kernels()->in_panels != NULL;

    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        TinyModel tiny = tiny_with(types[i], true);
        Loaded l = load(&tiny);
        const HrLaid *laid = &l.runner->executor.laid;
        g_assert_cmpuint(laid->weights->len, ==, moves ? 2 * 7 + 1 : 0);
        for (guint k = 0; k < laid->weights->len; k++) {
            const HrLaidWeight *at = &g_array_index(laid->weights, HrLaidWeight, k);
            g_assert_true(at->in_panels == (types[i] == HR_TYPE_Q8_0));
            assert_rows_equal(at);
        }
        unload(&l);
    }
}

/* What was moved and what stayed together are the plan's weights: nothing is there twice, nothing
 * is missing. */
static void test_once(void)
{
    for (int tied = 0; tied < 2; tied++) {
        TinyModel tiny = tiny_with(HR_TYPE_Q8_0, tied);
        Loaded l = load(&tiny);
        const HrLaid *laid = &l.runner->executor.laid;
        uint64_t bytes = laid->region.bytes;
        for (size_t i = 0; i < hr_gguf_n_tensors(l.model->gguf); i++) {
            const HrGgufTensor *t = hr_gguf_tensor(l.model->gguf, i);
            if (!hr_laid_covers(laid, hr_gguf_tensor_data(l.model->gguf, t), t->bytes))
                bytes += t->bytes;
        }
        g_assert_cmpuint(bytes, ==, hr_plan_get_bytes(l.runner->plan, HR_ITEM_WEIGHTS));
        unload(&l);
    }
}

/* A weight that no product uses is where it was bound. */
static void test_not_moved(void)
{
    TinyModel tiny = tiny_with(HR_TYPE_Q8_0, false);
    Loaded l = load(&tiny);
    const HrWeight *embeddings = &l.model->weights.token_embd;
    HrLaidWeight at = hr_laid_find(&l.runner->executor.laid, embeddings);

    g_assert_true(at.data == embeddings->data && !at.in_panels);
    assert_rows_equal(&at);
    unload(&l);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/laid/same-weights", test_same_weights);
    g_test_add_func("/laid/once", test_once);
    g_test_add_func("/laid/not-moved", test_not_moved);
    return g_test_run();
}
