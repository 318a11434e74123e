/* test-architectures.c: every architecture answers as another engine does, in whatever way its
 * tokens are read.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fixtures/NAME.txt (fixture.h) holds the shape of a tiny model and that engine's answers;
 * regenerate.py wrote it. The judge beside this file compares whole files at more positions.
 */
#include "fixture.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

/* Two float implementations end up 1e-6 apart, mostly by the digits of the fixture; a rotation by a
 * frequency one percent off is above 1e-3. */
#define MAX_KL 5e-6

typedef struct {
    float *logits; /* [FIXTURE_N_TOKENS, FIXTURE_N_VOCAB] */
} Answers;

static void collect(uint32_t position, const float *logits, size_t n_vocab, void *data)
{
    Answers *answers = data;
    g_assert_cmpuint(n_vocab, ==, FIXTURE_N_VOCAB);
    memcpy(answers->logits + position * n_vocab, logits, n_vocab * sizeof *logits);
}

static HrRunner *runner_new(HrModel *model)
{
    g_autoptr(GError) error = NULL;
    HrDevice device = {.name = "host", .total = 64ull << 30, .free = 64ull << 30};
    HrSettings settings = {.num_ctx = 2 * FIXTURE_N_TOKENS,
                           .parallel = 2,
                           .kv_type = HR_KV_F32,
                           .threads = 2,
                           .all_logits = true};
    g_autoptr(HrPlan) plan = hr_plan_new(model, &settings, &device, 1, &error);
    g_assert_no_error(error);
    HrRunner *runner = hr_runner_new(model, plan, false, NULL, NULL, &error);
    g_assert_no_error(error);
    return runner;
}

static void read_tokens(HrRunner *runner, const HrToken *tokens, HrEvaluateOptions options,
                        Answers *answers)
{
    g_autoptr(GError) error = NULL;
    hr_runner_evaluate_as(runner, tokens, FIXTURE_N_TOKENS, &options, collect, answers, &error);
    g_assert_no_error(error);
}

/* ---- The other engine's answers ---- */

static uint64_t answer_position(const char *line)
{
    return g_ascii_strtoull(line + strlen("answer "), NULL, 10);
}

static void compare_answers(const char *text, const Answers *answers)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    double mean = 0;
    int n = 0;
    for (size_t i = 0; lines[i]; i++)
        if (g_str_has_prefix(lines[i], "answer ")) {
            mean += fixture_divergence(lines[i], answers->logits +
                                                     answer_position(lines[i]) * FIXTURE_N_VOCAB);
            n++;
        }
    g_assert_cmpint(n, >=, 8);
    g_test_message("mean KL %.1e", mean / n);
    g_assert_cmpfloat(fabs(mean / n), <=, MAX_KL);
}

/* ---- Ways of reading ---- */

static void assert_same(const Answers *a, const Answers *b)
{
    size_t bytes = sizeof(float) * FIXTURE_N_TOKENS * FIXTURE_N_VOCAB;
    g_assert_cmpmem(a->logits, bytes, b->logits, bytes);
}

/* In chunks beside other text, and one by one behind a prefix that was left and come back to. */
static void check_ways(HrRunner *runner, const HrToken *tokens, const Answers *whole)
{
    HrToken detour[FIXTURE_N_TOKENS];
    g_autofree float *logits = g_new0(float, FIXTURE_N_TOKENS * FIXTURE_N_VOCAB),
                     *unused = g_new(float, FIXTURE_N_TOKENS * FIXTURE_N_VOCAB);
    Answers answers = {logits}, nobodys = {unused};
    read_tokens(runner, tokens, (HrEvaluateOptions){.slot = 1, .chunk = 7, .company = true},
                &answers);
    assert_same(&answers, whole);
    for (int i = 0; i < FIXTURE_N_TOKENS; i++)
        detour[i] = i < 66 ? tokens[i] : tokens[FIXTURE_N_TOKENS - 1 - i];
    read_tokens(runner, detour, (HrEvaluateOptions){.slot = 1, .n_keep = 40}, &nobodys);
    memset(logits + 66 * FIXTURE_N_VOCAB, 0, 6 * FIXTURE_N_VOCAB * sizeof *logits);
    read_tokens(runner, tokens, (HrEvaluateOptions){.slot = 1, .chunk = 1, .n_keep = 66}, &answers);
    assert_same(&answers, whole);
}

/* Some of the files, always the same ones, where instrumented code takes long. */
static bool is_chosen(const char *path)
{
    return !g_getenv("HEADROOM_TEST_BRIEF") || g_str_hash(strrchr(path, '/')) % 3 == 0;
}

static void check_plan(const HrRunner *runner);

static void resize(HrRunner *runner, uint32_t num_ctx, uint32_t parallel)
{
    g_autoptr(GError) error = NULL;
    HrDevice device = {.name = "host", .total = 64ull << 30, .free = 64ull << 30};
    HrSettings settings = *hr_plan_get_settings(hr_runner_get_plan(runner));
    settings.num_ctx = num_ctx;
    settings.parallel = parallel;
    g_autoptr(HrPlan) plan =
        hr_plan_new(hr_runner_get_model(runner), &settings, &device, 1, &error);
    g_assert_no_error(error);
    hr_runner_resize(runner, plan, false, NULL, NULL, &error);
    g_assert_no_error(error);
    check_plan(runner);
}

/* What slot 1 holds goes on as if nothing had happened when the cache becomes another size,
 * whatever its layers keep. */
static void check_sizes(HrRunner *runner, const HrToken *tokens, const Answers *whole)
{
    static const uint32_t sizes[][2] = {{5 * FIXTURE_N_TOKENS, 2},
                                        {FIXTURE_N_TOKENS, 3},
                                        {3 * FIXTURE_N_TOKENS, 2}};
    g_autofree float *logits = g_new0(float, FIXTURE_N_TOKENS *FIXTURE_N_VOCAB);
    Answers answers = {logits};
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        resize(runner, sizes[i][0], sizes[i][1]);
        memcpy(logits, whole->logits, 66 * FIXTURE_N_VOCAB * sizeof *logits);
        memset(logits + 66 * FIXTURE_N_VOCAB, 0, 6 * FIXTURE_N_VOCAB * sizeof *logits);
        read_tokens(runner, tokens, (HrEvaluateOptions){.slot = 1, .chunk = 1, .n_keep = 66},
                    &answers);
        assert_same(&answers, whole);
    }
}

/* What was planned is what was taken. */
static void check_plan(const HrRunner *runner)
{
    const HrPlan *plan = hr_runner_get_plan(runner);
    g_assert_cmpuint(hr_runner_n_allocations(runner), ==, hr_plan_n_items(plan));
    uint64_t planned = 0, taken = 0;
    for (size_t i = 0; i < hr_plan_n_items(plan); i++) {
        planned += hr_plan_get_item(plan, i)->bytes;
        taken += hr_runner_get_allocation(runner, i)->bytes;
    }
    g_assert_cmpuint(planned, ==, taken);
}

static void test_architecture(gconstpointer path)
{
    g_autofree char *text = NULL, *folder = g_dir_make_tmp("headroom-architecture-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(folder, "model.gguf", NULL);
    g_autofree float *logits = g_new0(float, FIXTURE_N_TOKENS *FIXTURE_N_VOCAB);
    g_autoptr(GError) error = NULL;
    HrToken tokens[FIXTURE_N_TOKENS];
    Answers whole = {logits};
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    fixture_tokens(tokens);
    fixture_write_model(text, file);
    g_autoptr(HrModel) model = hr_model_open(file, &error);
    g_assert_no_error(error);
    g_autoptr(HrRunner) runner = runner_new(model);
    check_plan(runner);
    read_tokens(runner, tokens, (HrEvaluateOptions){0}, &whole);
    compare_answers(text, &whole);
    if (is_chosen(path)) {
        check_ways(runner, tokens, &whole);
        check_sizes(runner, tokens, &whole);
    }
    g_unlink(file);
    g_rmdir(folder);
}

/* An architecture that is not here is refused by its name, and by what would help. */
static void test_unknown(void)
{
    g_autofree char *folder = g_dir_make_tmp("headroom-architecture-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(folder, "model.gguf", NULL);
    g_autoptr(GError) error = NULL;
    fixture_write_model("string general.architecture tomorrow", file);
    g_autoptr(HrModel) model = hr_model_open(file, &error);
    g_assert_no_error(error);
    g_assert_false(hr_model_is_runnable(model, &error));
    g_assert_error(error, HR_ERROR, HR_ERROR_UNSUPPORTED);
    g_assert_nonnull(strstr(error->message, "\"tomorrow\""));
    g_assert_nonnull(strstr(error->message, "show --architectures"));
    g_unlink(file);
    g_rmdir(folder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_autofree char *folder = g_test_build_filename(G_TEST_DIST, "fixtures", NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    g_assert_nonnull(dir);
    for (const char *name; (name = g_dir_read_name(dir));) {
        g_autofree char *stem = g_strndup(name, strlen(name) - strlen(".txt"));
        g_autofree char *test = g_strconcat("/architectures/", stem, NULL);
        g_ptr_array_add(paths, g_build_filename(folder, name, NULL));
        g_test_add_data_func(test, paths->pdata[paths->len - 1], test_architecture);
    }
    g_test_add_func("/architectures/unknown", test_unknown);
    return g_test_run();
}
