/* test-layers.c: whole models with their layers on a GPU, cut at every boundary, against the
 * processor alone.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Both compute with floats (HEADROOM_CPU=plain), so what differs is the order of sums and the last
 * bits of what a cache rounds: a mean divergence below 1e-4, and the same first token wherever it
 * leads by more than 0.05.
 */
#include "answers.h"
#include "vulkan-fixture.h"

#include "tiny-model.h"

#include <string.h>

#define N_TOKENS 100 /* over a page and a bit */
#define MAX_DIVERGENCE 1e-4
/* A number that is rounded to four bits falls to either side of an edge for a last bit; the type itself
 * takes these models 2.4 away from where they were. */
#define COARSE_DIVERGENCE 2e-2
#define CLEAR_LEAD 0.05

static void compare_first(const Answers *want, const Answers *got)
{
    uint32_t n_clear;
    g_assert_cmpuint(answers_agree(want, got, CLEAR_LEAD, &n_clear), ==, n_clear);
    g_assert_cmpuint(n_clear, >, N_TOKENS / 2);
}

/* What was allocated is what was planned. */
static void check_ledger(HrRunner *runner)
{
    const HrPlan *plan = hr_runner_get_plan(runner);
    HrRunnerStats stats;
    hr_runner_get_stats(runner, &stats);
    for (HrItemKind kind = 0; kind < HR_ITEM_N_KINDS; kind++)
        g_assert_cmpuint(stats.allocated[kind], ==, hr_plan_get_bytes(plan, kind));
}

typedef struct {
    int32_t gpu_layers;
    uint32_t chunk;
    bool company;
    HrKvType kv_type;
} How;

static Answers answer(const char *path, const How *how)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HrModel) model = hr_model_open(path, &error);
    g_assert_no_error(error);
    HrDevice devices[HR_MAX_DEVICES];
    size_t n = hr_devices_probe(devices, HR_MAX_DEVICES);
    const HrSettings settings = {.num_ctx = 256,
                                 .parallel = how->company ? 2 : 1,
                                 .num_batch = 128,
                                 .all_logits = true,
                                 .kv_type = how->kv_type,
                                 .gpu_layers = how->gpu_layers};
    g_autoptr(HrPlan) plan = hr_plan_new(model, &settings, devices, n, &error);
    g_assert_no_error(error);
    g_assert_cmpint(hr_plan_get_settings(plan)->gpu_layers, ==, how->gpu_layers);
    g_autoptr(HrRunner) runner = hr_runner_new(model, plan, true, NULL, NULL, &error);
    g_assert_no_error(error);
    HrToken tokens[N_TOKENS];
    for (uint32_t i = 0; i < N_TOKENS; i++)
        tokens[i] = (HrToken)((i * 37 + i / 9) % 250);
    Answers answers = {.n_tokens = N_TOKENS};
    const HrEvaluateOptions options = {
        .slot = how->company, .chunk = how->chunk, .company = how->company};
    hr_runner_evaluate_as(runner, tokens, N_TOKENS, &options, answers_note, &answers, &error);
    g_assert_no_error(error);
    check_ledger(runner);
    return answers;
}

static void check(const TinyModel *model, const How *hows, size_t n_hows)
{
    g_autofree char *path = tiny_model_new(model);
    Answers want = {0};
    for (size_t i = 0; i < n_hows; i++) {
        if (i == 0 || hows[i].kv_type != hows[i - 1].kv_type) {
            answers_free(&want);
            want = answer(path, &(How){.kv_type = hows[i].kv_type});
        }
        Answers got = answer(path, &hows[i]);
        double divergence = answers_divergence(&want, &got);
        g_test_message("%s, %d layers, chunks of %u: %g", model->arch, hows[i].gpu_layers,
                       hows[i].chunk, divergence);
        bool coarse = hows[i].kv_type == HR_KV_Q4_0;
        g_assert_cmpfloat(divergence, <, coarse ? COARSE_DIVERGENCE : MAX_DIVERGENCE);
        if (!coarse)
            compare_first(&want, &got);
        answers_free(&got);
    }
    answers_free(&want);
    tiny_model_remove(g_steal_pointer(&path));
    vulkan_fixture_assert_silent();
}

static TinyModel model_of(const char *arch)
{
    TinyModel model = tiny_model_default;
    model.arch = arch;
    model.n_layer = 3;
    model.std = 0.5f;
    return model;
}

/* Cut behind each layer, read in steps of one token, of a few, and of many. */
static void test_boundaries(gconstpointer arch)
{
    static const How hows[] = {{1, 0}, {2, 7}, {3, 0}, {3, 1}};
    TinyModel model = model_of(arch);
    if (vulkan_fixture_find() != UINT32_MAX)
        check(&model, hows, G_N_ELEMENTS(hows));
}

/* Another slot reads other text in the same steps. */
static void test_company(void)
{
    static const How hows[] = {{3, 20, true}, {1, 2, true}};
    TinyModel model = model_of("llama");
    if (vulkan_fixture_find() != UINT32_MAX)
        check(&model, hows, G_N_ELEMENTS(hows));
}

/* That the bound means something: what a coarse cache rounds is far beyond it. */
static void test_bound(void)
{
    TinyModel tiny = model_of("llama");
    tiny.head_dim = 64;
    g_autofree char *path = tiny_model_new(&tiny);
    Answers fine = answer(path, &(How){.kv_type = HR_KV_F16}),
            coarse = answer(path, &(How){.kv_type = HR_KV_Q4_0});
    g_assert_cmpfloat(answers_divergence(&fine, &coarse), >, 10 * COARSE_DIVERGENCE);
    answers_free(&fine);
    answers_free(&coarse);
    tiny_model_remove(g_steal_pointer(&path));
}

static void test_kv_types(void)
{
    static const How hows[] = {{3, 0, false, HR_KV_F32},
                               {3, 5, false, HR_KV_Q8_0},
                               {3, 0, false, HR_KV_Q4_0}};
    TinyModel model = model_of("llama");
    model.head_dim = 64;
    if (vulkan_fixture_find() != UINT32_MAX)
        check(&model, hows, G_N_ELEMENTS(hows));
}

static void test_types(void)
{
    static const How hows[] = {{3, 0}, {2, 1}};
    static const HrType types[] = {HR_TYPE_F16, HR_TYPE_Q8_0};
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        TinyModel model = model_of("llama");
        model.type = types[i];
        model.tied = true;
        if (vulkan_fixture_find() == UINT32_MAX)
            return;
        check(&model, hows, G_N_ELEMENTS(hows));
    }
}

/* Experts side by side, with gates and ups in one tensor, and in a tensor each. */
static void test_experts(void)
{
    static const How hows[] = {{3, 0}, {2, 1}, {1, 7}};
    for (int form = TINY_STACKED; form <= TINY_APART; form++) {
        TinyModel model = model_of("llama");
        model.experts = (TinyExperts){.n = 6, .n_used = 2};
        model.experts.form = form;
        model.type = form == TINY_FUSED ? HR_TYPE_Q8_0 : HR_TYPE_F32;
        if (vulkan_fixture_find() == UINT32_MAX)
            return;
        check(&model, hows, G_N_ELEMENTS(hows) - (form > 0));
    }
}

/* What has no shader stays with the processor, and the plan says why. */
static void test_left(void)
{
    TinyModel tiny = model_of("llama");
    tiny.head_dim = 1056;
    if (vulkan_fixture_find() == UINT32_MAX)
        return;
    g_autofree char *path = tiny_model_new(&tiny);
    g_autoptr(HrModel) model = hr_model_open(path, NULL);
    HrDevice devices[HR_MAX_DEVICES];
    size_t n = hr_devices_probe(devices, HR_MAX_DEVICES);
    const HrSettings settings = {.gpu_layers = -1};
    g_autoptr(HrPlan) plan = hr_plan_new(model, &settings, devices, n, NULL);
    g_assert_cmpuint(n, ==, 2);
    g_assert_cmpint(hr_plan_get_settings(plan)->gpu_layers, ==, 0);
    g_assert_cmpstr(hr_plan_get_gpu_why(plan), ==, "heads wider than 1024");
    tiny_model_remove(g_steal_pointer(&path));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/vulkan/layers/llama", "llama", test_boundaries);
    if (!g_getenv("HEADROOM_TEST_BRIEF")) { /* sanitizers look at the host's side, which is one */
        g_test_add_data_func("/vulkan/layers/qwen2", "qwen2", test_boundaries);
        g_test_add_data_func("/vulkan/layers/qwen3", "qwen3", test_boundaries);
    }
    g_test_add_func("/vulkan/layers/company", test_company);
    g_test_add_func("/vulkan/layers/bound", test_bound);
    g_test_add_func("/vulkan/layers/kv-types", test_kv_types);
    g_test_add_func("/vulkan/layers/types", test_types);
    g_test_add_func("/vulkan/layers/experts", test_experts);
    g_test_add_func("/vulkan/layers/left", test_left);
    return g_test_run();
}
