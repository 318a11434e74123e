/* test-footprint.c: what the system sees of a process with a model is what the plan says of weights
 * and filled cache.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/runner.h"

#include <string.h>

#define SLACK_BYTES (8ull << 20) /* of the program itself: code, heap, tokenizer, stacks */
#define SLACK_PERCENT 2
#define N_PROMPT 1500

static uint64_t resident_bytes(void)
{
    g_autofree char *text = NULL;
    const char *line;
    if (!g_file_get_contents("/proc/self/smaps_rollup", &text, NULL, NULL))
        return 0;
    line = strstr(text, "\nPss:");
    return line ? g_ascii_strtoull(line + strlen("\nPss:"), NULL, 10) * 1024 : 0;
}

static void on_event(const HrEvent *event, void *data)
{
    bool *done = data;
    *done |= event->kind == HR_EVENT_DONE;
}

static void fill(HrRunner *runner, const HrModelInfo *info)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    g_autoptr(GError) error = NULL;
    g_autofree HrToken *tokens = g_new(HrToken, N_PROMPT);
    bool done = false;
    for (uint32_t i = 0; i < N_PROMPT; i++)
        tokens[i] = (HrToken)(i * 7 % info->n_vocab);
    HrRequestOptions options = {.tokens = tokens,
                                .n_tokens = N_PROMPT,
                                .sampling = hr_sampling_default,
                                .num_predict = 2,
                                .top_logprobs = -1,
                                .ignore_eos = true};
    g_autoptr(HrRequest) request G_GNUC_UNUSED =
        hr_runner_submit(runner, &options, context, on_event, &done, NULL, &error);
    g_assert_no_error(error);
    while (!done)
        g_main_context_iteration(context, TRUE);
}

/* In use is what was allocated but for cache that is not filled. Buffers of steps are there once a
 * long step has touched them. */
static void assert_seen(HrRunner *runner, bool touched)
{
    const HrPlan *plan = hr_runner_get_plan(runner);
    HrRunnerStats stats;
    hr_runner_get_stats(runner, &stats);
    uint64_t kept = hr_plan_get_bytes(plan, HR_ITEM_WEIGHTS) + stats.cache_committed_bytes;
    uint64_t in_use =
        kept + hr_plan_get_bytes(plan, HR_ITEM_COMPUTE) + hr_plan_get_bytes(plan, HR_ITEM_OUTPUT);
    uint64_t least = touched ? in_use : kept, seen = resident_bytes();
    g_test_message("weights and filled cache %.1f MiB, with buffers of steps %.1f MiB, the system "
                   "sees %.1f MiB",
                   (double)kept / (1 << 20), (double)in_use / (1 << 20), (double)seen / (1 << 20));
    g_assert_cmpuint(seen, <=, in_use + in_use * SLACK_PERCENT / 100 + SLACK_BYTES);
    g_assert_cmpuint(seen, >=, least - least * SLACK_PERCENT / 100 - SLACK_BYTES);
}

static char *find_model(void)
{
    const char *given = g_getenv("HEADROOM_TEST_MODEL");
    if (given)
        return g_strdup(given);
    return g_build_filename(g_get_user_data_dir(), "headroom", "models",
                            "SmolLM2-135M-Instruct-Q8_0.gguf", NULL);
}

static void test_footprint(void)
{
    g_autofree char *path = find_model();
    g_autoptr(GError) error = NULL;
    HrDevice device = {.name = "host", .total = 64ull << 30, .free = 64ull << 30};
    HrSettings settings = {.num_ctx = 4096, .parallel = 2, .threads = 2};
#if defined(__SANITIZE_ADDRESS__)
    g_test_skip("a sanitizer has memory of its own");
    return;
#endif
    if (!g_file_test(path, G_FILE_TEST_EXISTS) || resident_bytes() == 0) {
        g_test_skip("needs a real model (HEADROOM_TEST_MODEL) and /proc/self/smaps_rollup");
        return;
    }
    g_autoptr(HrModel) model = hr_model_open(path, &error);
    g_assert_no_error(error);
    g_autoptr(HrPlan) plan = hr_plan_new(model, &settings, &device, 1, &error);
    g_assert_no_error(error);
    g_autoptr(HrRunner) runner = hr_runner_new(model, plan, false, NULL, NULL, &error);
    g_assert_no_error(error);
    assert_seen(runner, false);
    fill(runner, hr_model_get_info(model));
    for (HrRunnerStats stats = {.n_active = 1}; stats.n_active > 0;)
        hr_runner_get_stats(runner, &stats);
    assert_seen(runner, true);
    /* A cache that is larger, and not filled, takes nothing. */
    settings.num_ctx = 8192;
    settings.parallel = 8;
    g_autoptr(HrPlan) larger = hr_plan_new(model, &settings, &device, 1, &error);
    g_assert_no_error(error);
    g_assert_true(hr_runner_resize(runner, larger, false, NULL, NULL, &error));
    assert_seen(runner, false);
    hr_runner_release_idle(runner);
    for (HrRunnerStats stats = {.cache_committed_bytes = 1}; stats.cache_committed_bytes > 0;)
        hr_runner_get_stats(runner, &stats);
    assert_seen(runner, false);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/footprint", test_footprint);
    return g_test_run();
}
