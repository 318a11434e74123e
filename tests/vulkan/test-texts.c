/* test-texts.c: vectors of texts by models that are wholly on a GPU, against the processor's.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The models are those of tests/embeddings; two texts of different lengths go through one step.
 * Both compute with floats: sums in another order, 2e-4 of a number and of 1.
 */
#include "vulkan-fixture.h"

#include "model/model.h"

#include <math.h>

#define N_TEXTS 2
#define TOLERANCE 2e-4

typedef struct {
    GArray *vectors; /* of floats */
    bool done;
} Answer;

static void note(const HrEvent *event, void *data)
{
    Answer *answer = data;
    if (event->kind == HR_EVENT_VECTOR)
        g_array_append_vals(answer->vectors, event->vectors,
                            (guint)(event->n_vectors * event->width));
    if (event->kind != HR_EVENT_DONE)
        return;
    g_assert_cmpint(event->reason, ==, HR_DONE_STOP);
    answer->done = true;
}

static HrRunner *load(HrModel *model, int32_t gpu_layers)
{
    g_autoptr(GError) error = NULL;
    HrDevice devices[HR_MAX_DEVICES];
    size_t n = hr_devices_probe(devices, HR_MAX_DEVICES);
    const HrSettings settings = {.threads = 2,
                                 .kv_type = HR_KV_F32,
                                 .parallel = N_TEXTS,
                                 .gpu_layers = gpu_layers};
    g_autoptr(HrPlan) plan = hr_plan_new(model, &settings, devices, n, &error);
    g_assert_no_error(error);
    g_assert_cmpint(hr_plan_get_settings(plan)->gpu_layers, ==, gpu_layers);
    HrRunner *runner = hr_runner_new(model, plan, false, NULL, NULL, &error);
    g_assert_no_error(error);
    return runner;
}

/* Both texts' vectors, one behind the other. */
static GArray *embed(HrModel *model, int32_t gpu_layers)
{
    static const HrToken texts[N_TEXTS][13] = {{1, 5, 9, 17, 3, 8, 11, 2, 6, 7, 12, 4, 2},
                                               {1, 9, 5, 3, 2}};
    static const size_t lengths[N_TEXTS] = {13, 5};
    g_autoptr(HrRunner) runner = load(model, gpu_layers);
    Answer answers[N_TEXTS];
    for (size_t i = 0; i < N_TEXTS; i++) {
        g_autoptr(GError) error = NULL;
        answers[i] = (Answer){g_array_new(false, false, sizeof(float)), false};
        g_autoptr(HrRequest) request =
            hr_runner_embed(runner, texts[i], lengths[i], g_main_context_default(), note,
                            &answers[i], NULL, &error);
        g_assert_no_error(error);
        g_assert_nonnull(request);
    }
    while (!answers[0].done || !answers[1].done)
        g_main_context_iteration(NULL, true);
    g_array_append_vals(answers[0].vectors, answers[1].vectors->data, answers[1].vectors->len);
    g_array_unref(answers[1].vectors);
    return answers[0].vectors;
}

static void test_model(gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, data, NULL);
    if (vulkan_fixture_find() == UINT32_MAX)
        return;
    g_autoptr(HrModel) model = hr_model_open(path, &error);
    g_assert_no_error(error);
    g_autoptr(GArray) want = embed(model, 0), got = embed(model, (int32_t)model->hparams.n_layer);
    g_assert_cmpuint(want->len, >, 0);
    g_assert_cmpuint(got->len, ==, want->len);
    for (guint i = 0; i < want->len; i++) {
        float number = g_array_index(want, float, i);
        g_assert_cmpfloat_with_epsilon(g_array_index(got, float, i), number,
                                       TOLERANCE * (1 + fabsf(number)));
    }
    vulkan_fixture_assert_silent();
}

int main(int argc, char **argv)
{
    static const char *const models[] = {
        "bert.gguf",       "bert-rank.gguf",      "jina-bert-v2.gguf",    "modern-bert.gguf",
        "nomic-bert.gguf", "nomic-bert-moe.gguf", "gemma-embedding.gguf", "qwen3.gguf"};
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(models); i++) {
        g_autofree char *path = g_strdup_printf("/vulkan/texts/%s", models[i]);
        g_test_add_data_func(path, models[i], test_model);
    }
    return g_test_run();
}
