/* test-move.c: layers that go to a GPU and back while an answer runs, and other sizes of a cache
 * that is partly there: the answer is the same, what stays stays where it is, and nothing is left
 * behind.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Both compute with floats (HEADROOM_CPU=plain or a path whose weights are moved), so that the most
 * likely token is the same wherever the layers are.
 */
#include "vulkan-fixture.h"

#include "run/runner.h"
#include "tiny-model.h"

#define N_LAYERS 4
#define N_PROMPT 100
#define N_ANSWER 100
#define EVERY 8 /* tokens between two changes */

typedef struct {
    char *path;
    HrModel *model;
    HrRunner *runner;
    GMainContext *context;
    GArray *tokens;
    HrDoneReason reason;
    bool done;
} Fixture;

static const HrSettings usual = {.num_ctx = 512, .parallel = 2, .num_batch = 64};

static HrPlan *plan_for(const Fixture *f, const HrSettings *settings)
{
    g_autoptr(GError) error = NULL;
    HrDevice devices[HR_MAX_DEVICES];
    size_t n = hr_devices_probe(devices, HR_MAX_DEVICES);
    HrPlan *plan = hr_plan_new(f->model, settings, devices, n, &error);
    g_assert_no_error(error);
    return plan;
}

static bool setup(Fixture *f, int32_t gpu_layers)
{
    g_autoptr(GError) error = NULL;
    TinyModel tiny = tiny_model_default;
    HrSettings settings = usual;
    *f = (Fixture){0};
    if (vulkan_fixture_find() == UINT32_MAX)
        return false;
    tiny.n_layer = N_LAYERS;
    tiny.std = 0.5f;
    tiny.head_dim = 64;
    settings.gpu_layers = gpu_layers;
    f->path = tiny_model_new(&tiny);
    f->model = hr_model_open(f->path, &error);
    f->context = g_main_context_new();
    f->tokens = g_array_new(false, false, sizeof(HrToken));
    g_autoptr(HrPlan) plan = plan_for(f, &settings);
    f->runner = hr_runner_new(f->model, plan, true, NULL, NULL, &error);
    g_assert_no_error(error);
    return true;
}

static void teardown(Fixture *f)
{
    hr_runner_free(f->runner);
    g_main_context_unref(f->context);
    g_array_unref(f->tokens);
    hr_model_unref(f->model);
    tiny_model_remove(f->path);
    vulkan_fixture_assert_silent();
}

/* ---- An answer ---- */

static void on_event(const HrEvent *event, void *data)
{
    Fixture *f = data;
    if (event->kind == HR_EVENT_TOKEN)
        g_array_append_val(f->tokens, event->token);
    else if (event->kind == HR_EVENT_DONE) {
        g_assert_no_error(event->error);
        f->reason = event->reason;
        f->done = true;
    }
}

static HrRequest *ask(Fixture *f)
{
    g_autoptr(GError) error = NULL;
    HrToken prompt[N_PROMPT];
    for (uint32_t i = 0; i < N_PROMPT; i++)
        prompt[i] = (HrToken)((i * 37 + i / 9) % 250);
    HrRequestOptions options = {.tokens = prompt,
                                .n_tokens = N_PROMPT,
                                .sampling = hr_sampling_default,
                                .num_predict = N_ANSWER,
                                .top_logprobs = -1,
                                .ignore_eos = true};
    options.sampling.temperature = 0;
    f->done = false;
    g_array_set_size(f->tokens, 0);
    HrRequest *request =
        hr_runner_submit(f->runner, &options, f->context, on_event, f, NULL, &error);
    g_assert_no_error(error);
    return request;
}

static void await_tokens(Fixture *f, uint32_t n)
{
    while (!f->done && f->tokens->len < n)
        g_main_context_iteration(f->context, TRUE);
}

/* ---- What is where ---- */

static const HrWeight *weight_of(const Fixture *f, uint32_t layer)
{
    const HrProgram *program = f->runner->program;
    for (uint32_t i = 0; i < program->ops->len; i++) {
        const HrOp *op = hr_program_op(program, i);
        if (op->layer == layer && op->kind == HR_OP_LINEAR)
            return &op->parts[0].linear->weight;
    }
    g_assert_not_reached();
}

typedef struct {
    const void *host[N_LAYERS];
    uint64_t gpu[N_LAYERS];
} Places;

static Places look(const Fixture *f)
{
    Places places;
    for (uint32_t il = 0; il < N_LAYERS; il++) {
        const HrWeight *w = weight_of(f, il);
        places.host[il] = hr_laid_find(&f->runner->executor.laid, w).data;
        places.gpu[il] = f->runner->vulkan ? hr_vulkan_find(f->runner->vulkan, w->data) : 0;
    }
    return places;
}

/* What was allocated is what is planned, on each device. */
static void check_ledger(const Fixture *f)
{
    const HrPlan *plan = hr_runner_get_plan(f->runner);
    HrRunnerStats stats;
    hr_runner_get_stats(f->runner, &stats);
    for (HrItemKind kind = 0; kind < HR_ITEM_N_KINDS; kind++)
        g_assert_cmpuint(stats.allocated[kind], ==, hr_plan_get_bytes(plan, kind));
    g_assert_cmpuint(hr_runner_n_allocations(f->runner), ==, hr_plan_n_items(plan));
    for (size_t i = 0; i < hr_plan_n_items(plan); i++)
        g_assert_cmpuint(hr_runner_get_allocation(f->runner, i)->bytes, ==,
                         hr_plan_get_item(plan, i)->bytes);
}

static void change(Fixture *f, const HrSettings *settings)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HrPlan) plan = plan_for(f, settings);
    g_assert_cmpint(hr_plan_get_settings(plan)->gpu_layers, ==, settings->gpu_layers);
    hr_runner_resize(f->runner, plan, true, NULL, NULL, &error);
    g_assert_no_error(error);
    check_ledger(f);
}

/* Layers that were on the same device before and now have their weights where they were. */
static void check_kept(const Places *before, const Places *after, int32_t n_before, int32_t n_after)
{
    for (int32_t il = 0; il < N_LAYERS; il++) {
        bool was = il >= N_LAYERS - n_before, is = il >= N_LAYERS - n_after;
        g_assert_cmpint(after->gpu[il] != 0, ==, is);
        if (was && is)
            g_assert_cmpuint(before->gpu[il], ==, after->gpu[il]);
        if (!was && !is)
            g_assert_true(before->host[il] == after->host[il]);
    }
}

/* ---- Layers ---- */

static GArray *answer_alone(void)
{
    Fixture f;
    if (!setup(&f, 0))
        return NULL;
    g_autoptr(HrRequest) request G_GNUC_UNUSED = ask(&f); /* owned while it runs */
    await_tokens(&f, N_ANSWER + 1);
    g_assert_true(f.done);
    g_assert_cmpuint(f.tokens->len, ==, N_ANSWER);
    GArray *tokens = g_array_ref(f.tokens);
    teardown(&f);
    return tokens;
}

static void assert_same(const GArray *want, const GArray *got)
{
    g_assert_cmpuint(want->len, ==, got->len);
    for (guint i = 0; i < want->len; i++)
        g_assert_cmpint(g_array_index(want, HrToken, i), ==, g_array_index(got, HrToken, i));
}

/* From none over all and back, one boundary after the other, in the middle of an answer. */
static void test_layers(void)
{
    static const int32_t ways[] = {1, 4, 2, 3, 0, 4, 0, 1};
    g_autoptr(GArray) alone = answer_alone();
    HrSettings settings = usual;
    Fixture f;
    if (!alone || !setup(&f, 0))
        return;
    const void *home = look(&f).host[0];
    g_autoptr(HrRequest) request G_GNUC_UNUSED = ask(&f); /* owned while it runs */
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        await_tokens(&f, (uint32_t)(i + 1) * EVERY);
        if (f.done)
            g_test_message("the answer was over before move %zu", i);
        Places before = look(&f);
        int32_t n_before = settings.gpu_layers;
        settings.gpu_layers = ways[i];
        change(&f, &settings);
        Places after = look(&f);
        check_kept(&before, &after, n_before, settings.gpu_layers);
    }
    await_tokens(&f, N_ANSWER + 1);
    assert_same(alone, f.tokens);
    settings.gpu_layers = 0;
    change(&f, &settings);
    g_assert_null(f.runner->vulkan);
    g_assert_true(look(&f).host[0] == home);
    teardown(&f);
}

/* ---- Sizes, with layers on a GPU ---- */

static void test_sizes(void)
{
    static const HrSettings steps[] = {
        {.num_ctx = 1024, .parallel = 2, .num_batch = 64, .gpu_layers = 2},
        {.num_ctx = 1024, .parallel = 4, .num_batch = 32, .gpu_layers = 2},
        {.num_ctx = 384, .parallel = 1, .num_batch = 64, .gpu_layers = 3},
        {.num_ctx = 512, .parallel = 2, .num_batch = 64, .kv_type = HR_KV_F32, .gpu_layers = 3},
        {.num_ctx = 640, .parallel = 2, .num_batch = 64, .kv_type = HR_KV_F16, .gpu_layers = 4},
        {.num_ctx = 512, .parallel = 2, .num_batch = 64, .gpu_layers = 1},
    };
    g_autoptr(GArray) alone = answer_alone();
    Fixture f;
    if (!alone || !setup(&f, 2))
        return;
    g_autoptr(HrRequest) request G_GNUC_UNUSED = ask(&f); /* owned while it runs */
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        await_tokens(&f, (uint32_t)(i + 1) * EVERY);
        change(&f, &steps[i]);
    }
    await_tokens(&f, N_ANSWER + 1);
    g_assert_cmpuint(f.tokens->len, ==, N_ANSWER);
    assert_same(alone, f.tokens);
    HrRunnerStats stats;
    hr_runner_get_stats(f.runner, &stats);
    g_assert_cmpuint(stats.cached_tokens, >=, N_PROMPT + G_N_ELEMENTS(steps) * EVERY);
    teardown(&f);
}

/* What cannot be leaves everything as it was, and the answer goes on. */
static void test_refused(void)
{
    g_autoptr(GArray) alone = answer_alone();
    g_autoptr(GError) error = NULL;
    HrSettings settings = usual;
    Fixture f;
    if (!alone || !setup(&f, 2))
        return;
    g_autoptr(HrRequest) request G_GNUC_UNUSED = ask(&f); /* owned while it runs */
    await_tokens(&f, EVERY);
    Places before = look(&f);
    settings.num_ctx = 64;
    settings.gpu_layers = 3;
    g_autoptr(HrPlan) plan = plan_for(&f, &settings);
    g_assert_false(hr_runner_resize(f.runner, plan, true, NULL, NULL, &error));
    g_assert_error(error, HR_ERROR, HR_ERROR_BUSY);
    Places after = look(&f);
    check_kept(&before, &after, 2, 2);
    check_ledger(&f);
    await_tokens(&f, N_ANSWER + 1);
    assert_same(alone, f.tokens);
    teardown(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vulkan/move/layers", test_layers);
    g_test_add_func("/vulkan/move/sizes", test_sizes);
    g_test_add_func("/vulkan/move/refused", test_refused);
    return g_test_run();
}
