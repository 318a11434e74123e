/* test-whole.c: tiny models of many architectures with all their layers on a GPU, and cut in the
 * middle, against the processor alone.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Without arguments: one of the fixtures of tests/architectures for each operation that shaders
 * have to know. With the names of model files: these, and a line about each of their ways.
 *
 * Both compute with floats (HEADROOM_CPU=plain); bounds as in test-layers.c.
 */
#include "answers.h"
#include "fixture.h"
#include "model/model.h"
#include "vulkan-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

#define MAX_DIVERGENCE 1e-4
#define CLEAR_LEAD 0.05
#define N_TOKENS 30 /* of the fixture's; over pages goes test-layers.c */

/* A way of reading: layers on the GPU (0: none; -1: all but one; 1: all), tokens of a step, whether
 * another slot reads beside it. */
typedef struct {
    const char *name;
    int layers;
    uint32_t chunk;
    bool company;
} Way;
static const Way host = {"the processor", 0, 0, false};
static const Way ways[] = {{"whole, with company", 1, 10, true},
                           {"all layers but one", -1, 7, false},
                           {"whole", 1, 0, false},
                           {"whole, token by token", 1, 1, false}};
#define N_FIXTURE_WAYS 2 /* for each fixture; files are asked in all ways */

/* Fixtures whose layers shaders know all of. */
static const char *const fixtures[] = {
    "gpt2-dense",      /* layer norms, GELU */
    "apertus-dense",   /* xIELU */
    "gpt-oss-moe",     /* experts with biases and limits, sinks */
    "bailingmoe2-moe", /* groups of experts, and shared ones */
    "deepseek2-moe",   /* latent attention, a matrix for each head */
    "llama4-moe",      /* chunks, queries that grow with their position */
    "bloom-dense",     /* biases by distance */
    "gemma4-small",    /* caches that layers share, numbers of each layer */
    "falcon-h1-dense", /* attention and a state space with a decay per head */
    "mamba-dense",     /* a state space with a decay per channel */
    "qwen3next-moe",   /* the gated delta rule */
    "minimax-01-moe",  /* states that only decay */
};

static HrPlan *plan_of(HrModel *model, int32_t gpu_layers)
{
    g_autoptr(GError) error = NULL;
    HrDevice devices[HR_MAX_DEVICES];
    size_t n = hr_devices_probe(devices, HR_MAX_DEVICES);
    const HrSettings settings = {.num_ctx = 2 * FIXTURE_N_TOKENS,
                                 .parallel = 2,
                                 .num_batch = 128,
                                 .kv_type = HR_KV_F32,
                                 .threads = 2,
                                 .all_logits = true,
                                 .gpu_layers = gpu_layers};
    HrPlan *plan = hr_plan_new(model, &settings, devices, n, &error);
    if (!plan)
        g_test_message("%s", error->message);
    return plan;
}

/* How many of a model's layers a GPU takes. */
static int32_t most_layers(HrModel *model, const char **ret_why)
{
    g_autoptr(HrPlan) plan = plan_of(model, (int32_t)model->hparams.n_layer);
    *ret_why = plan ? hr_plan_get_gpu_why(plan) : "no plan";
    return plan ? hr_plan_get_settings(plan)->gpu_layers : 0;
}

static Answers answer(HrModel *model, const Way *way)
{
    g_autoptr(GError) error = NULL;
    int32_t n_layer = (int32_t)model->hparams.n_layer;
    g_autoptr(HrPlan) plan = plan_of(model, way->layers < 0 ? n_layer - 1 : way->layers * n_layer);
    g_autoptr(HrRunner) runner = hr_runner_new(model, plan, false, NULL, NULL, &error);
    g_assert_no_error(error);
    const HrEvaluateOptions options = {.slot = way->company,
                                       .chunk = way->chunk,
                                       .company = way->company};
    Answers answers = {.n_tokens = N_TOKENS};
    HrToken tokens[FIXTURE_N_TOKENS];
    fixture_tokens(tokens);
    hr_runner_evaluate_as(runner, tokens, N_TOKENS, &options, answers_note, &answers,
                          &error);
    g_assert_no_error(error);
    return answers;
}

/* Compares the first ways; ret: whether all are close. */
static bool compare(HrModel *model, const char *name, size_t n_ways)
{
    bool close = true;
    Answers want = answer(model, &host);
    for (size_t i = 0; i < n_ways; i++) {
        uint32_t n_clear;
        Answers got = answer(model, &ways[i]);
        double divergence = answers_divergence(&want, &got);
        uint32_t n_agree = answers_agree(&want, &got, CLEAR_LEAD, &n_clear);
        bool is_close = divergence < MAX_DIVERGENCE && n_agree == n_clear && n_clear > 0;
        g_test_message("%s, %s: divergence %.1e, %u of %u agree%s", name, ways[i].name, divergence,
                       n_agree, n_clear, is_close ? "" : ": WRONG");
        close = close && is_close;
        answers_free(&got);
    }
    answers_free(&want);
    return close;
}

static void test_fixture(gconstpointer data)
{
    const char *name = data, *why;
    g_autoptr(GError) error = NULL;
    g_autofree char *source = NULL, *text = NULL, *folder = NULL, *path = NULL,
                    *file = g_strconcat(name, ".txt", NULL);
    if (vulkan_fixture_find() == UINT32_MAX)
        return;
    source = g_test_build_filename(G_TEST_DIST, "fixtures", file, NULL);
    g_file_get_contents(source, &text, NULL, &error);
    g_assert_no_error(error);
    folder = g_dir_make_tmp("headroom-whole-XXXXXX", &error);
    path = g_build_filename(folder, "model.gguf", NULL);
    fixture_write_model(text, path);
    g_autoptr(HrModel) model = hr_model_open(path, &error);
    g_assert_no_error(error);
    g_assert_cmpint(most_layers(model, &why), ==, (int32_t)model->hparams.n_layer);
    g_assert_true(compare(model, name, N_FIXTURE_WAYS));
    g_remove(path);
    g_rmdir(folder);
    vulkan_fixture_assert_silent();
}

static void test_file(gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_path_get_basename(data);
    const char *why;
    g_autoptr(HrModel) model = hr_model_open(data, &error);
    if (!model || !hr_model_is_runnable(model, &error)) {
        g_test_skip(error->message);
        return;
    }
    int32_t most = most_layers(model, &why);
    g_test_message("%s: %d of %u layers, because of %s", name, most, model->hparams.n_layer,
                   why ? why : "nothing");
    if (most == (int32_t)model->hparams.n_layer)
        g_assert_true(compare(model, name, G_N_ELEMENTS(ways)));
    vulkan_fixture_assert_silent();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (int i = 1; i < argc; i++) {
        g_autofree char *path = g_strdup_printf("/vulkan/whole/files/%d", i);
        g_test_add_data_func(path, argv[i], test_file);
    }
    size_t stride = g_getenv("HEADROOM_TEST_BRIEF") ? 3 : 1; /* sanitizers look at the host's side */
    for (size_t i = 0; argc < 2 && i < G_N_ELEMENTS(fixtures); i += stride) {
        g_autofree char *path = g_strdup_printf("/vulkan/whole/%s", fixtures[i]);
        g_test_add_data_func(path, fixtures[i], test_fixture);
    }
    return g_test_run();
}
