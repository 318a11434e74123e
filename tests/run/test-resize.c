/* test-resize.c: other settings for a model that is loaded: weights stay, answers go on, prefixes
 * stay, what is planned is taken.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/runner.h"
#include "tiny-model.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define N_PROMPT 4096
#define N_ANSWER 500
#define N_RESIZES 20

typedef struct {
    GMainContext *context;
    HrModel *model;
    HrRunner *runner;
    char *path;
} Fixture;

typedef struct {
    GArray *tokens;
    GString *text;
    uint32_t n_done;
    HrDoneReason reason;
    HrTimings timings;
    HrRequest *request;
} Answer;

static const HrSettings usual = {.num_ctx = 6144, .parallel = 2, .num_batch = 256, .threads = 2};

static HrPlan *plan_for(const Fixture *f, const HrSettings *settings)
{
    g_autoptr(GError) error = NULL;
    HrDevice device = {.name = "host", .total = 1ull << 50, .free = 1ull << 50};
    HrPlan *plan = hr_plan_new(f->model, settings, &device, 1, &error);
    g_assert_no_error(error);
    return plan;
}

static void load(Fixture *f, const HrSettings *settings)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HrPlan) plan = plan_for(f, settings);
    f->runner = hr_runner_new(f->model, plan, false, NULL, NULL, &error);
    g_assert_no_error(error);
}

static void setup(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    TinyModel tiny = tiny_model_default;
    tiny.n_ctx = 1 << 20;
    tiny.head_dim = 64; /* coarse caches rotate such heads */
    f->path = tiny_model_new(&tiny);
    f->model = hr_model_open(f->path, &error);
    g_assert_no_error(error);
    f->context = g_main_context_new();
    load(f, data);
}

static void teardown(Fixture *f, gconstpointer data)
{
    hr_runner_free(f->runner);
    while (g_main_context_iteration(f->context, FALSE))
        ;
    g_main_context_unref(f->context);
    hr_model_unref(f->model);
    tiny_model_remove(f->path);
}

/* ---- Asking ---- */

static void on_event(const HrEvent *event, void *data)
{
    Answer *answer = data;
    if (event->kind == HR_EVENT_TOKEN) {
        g_array_append_val(answer->tokens, event->token);
        g_string_append_len(answer->text, event->text, (gssize)event->text_len);
    } else if (event->kind == HR_EVENT_DONE) {
        g_string_append_len(answer->text, event->text, (gssize)event->text_len);
        answer->n_done++;
        answer->reason = event->reason;
        answer->timings = event->timings;
    }
}

static void ask(Fixture *f, Answer *answer, const HrToken *tokens, size_t n, int64_t num_predict)
{
    g_autoptr(GError) error = NULL;
    HrRequestOptions options = {.tokens = tokens,
                                .n_tokens = n,
                                .sampling = hr_sampling_default,
                                .num_predict = num_predict,
                                .top_logprobs = -1,
                                .ignore_eos = true};
    options.sampling.seed = 7;
    *answer =
        (Answer){.tokens = g_array_new(false, false, sizeof(HrToken)), .text = g_string_new(NULL)};
    answer->request =
        hr_runner_submit(f->runner, &options, f->context, on_event, answer, NULL, &error);
    g_assert_no_error(error);
}

static void await_tokens(Fixture *f, Answer *answer, uint32_t n)
{
    while (answer->n_done == 0 && answer->tokens->len < n)
        g_main_context_iteration(f->context, TRUE);
}

static void await_done(Fixture *f, Answer *answer)
{
    while (answer->n_done == 0)
        g_main_context_iteration(f->context, TRUE);
}

static void forget(Answer *answer)
{
    g_clear_pointer(&answer->request, hr_request_unref);
    g_clear_pointer(&answer->tokens, g_array_unref);
    g_string_free(g_steal_pointer(&answer->text), TRUE);
}

static void assert_same(const Answer *a, const Answer *b)
{
    g_assert_cmpmem(a->tokens->data, a->tokens->len * sizeof(HrToken), b->tokens->data,
                    b->tokens->len * sizeof(HrToken));
    g_assert_cmpmem(a->text->str, a->text->len, b->text->str, b->text->len);
}

static void fill(HrToken *tokens, size_t n, uint32_t seed)
{
    for (size_t i = 0; i < n; i++)
        tokens[i] = (HrToken)((i * 7 + i * i * 3 + seed * 13) % 256);
}

/* ---- Resizing ---- */

static bool resize(Fixture *f, const HrSettings *settings, GError **error)
{
    g_autoptr(HrPlan) plan = plan_for(f, settings);
    return hr_runner_resize(f->runner, plan, false, NULL, NULL, error);
}

/* The ledger is the plan, item by item, and the memory is as large as the ledger says. */
static void assert_as_planned(Fixture *f)
{
    const HrPlan *plan = hr_runner_get_plan(f->runner);
    uint64_t cache = 0;
    HrRunnerStats stats;
    g_assert_cmpuint(hr_runner_n_allocations(f->runner), ==, hr_plan_n_items(plan));
    for (size_t i = 0; i < hr_plan_n_items(plan); i++) {
        const HrPlanItem *planned = hr_plan_get_item(plan, i), *taken = NULL;
        for (size_t k = 0; k < hr_runner_n_allocations(f->runner); k++)
            if (g_str_equal(hr_runner_get_allocation(f->runner, k)->name, planned->name))
                taken = hr_runner_get_allocation(f->runner, k);
        g_assert_nonnull(taken);
        g_assert_cmpuint(taken->bytes, ==, planned->bytes);
    }
    for (uint32_t il = 0; il < f->runner->kv.layout.n_layer; il++)
        cache += f->runner->kv.pools[il].bytes + f->runner->kv.states[il].bytes;
    hr_runner_get_stats(f->runner, &stats);
    g_assert_cmpuint(cache, ==, hr_plan_get_bytes(plan, HR_ITEM_CACHE));
    g_assert_cmpuint(stats.allocated[HR_ITEM_CACHE], ==, cache);
    g_assert_cmpuint(stats.allocated[HR_ITEM_OUTPUT], ==, hr_plan_get_bytes(plan, HR_ITEM_OUTPUT));
    g_assert_cmpuint(stats.n_slots, ==, hr_plan_get_settings(plan)->parallel);
}

static void resize_well(Fixture *f, HrSettings settings)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(resize(f, &settings, &error));
    g_assert_no_error(error);
    assert_as_planned(f);
}

/* ---- Cases ---- */

/* Bytes of address space that this process has. */
static uint64_t mapped_bytes(void)
{
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents("/proc/self/statm", &text, NULL, NULL));
    return g_ascii_strtoull(text, NULL, 10) * (uint64_t)getpagesize();
}

/* What twenty resizes leave behind is less than the smallest of the caches that they had, and what
 * is committed are the pages of what is held. */
static void assert_nothing_leaked(Fixture *f, uint64_t mapped_before, uint64_t n_held)
{
    uint64_t each = hr_plan_get_cache_bytes_per_token(hr_runner_get_plan(f->runner));
    HrRunnerStats stats;
    do
        hr_runner_get_stats(f->runner, &stats);
    while (stats.n_active > 0);
    g_assert_cmpuint(stats.cache_committed_bytes, ==, (n_held + 63) / 64 * 64 * each);
    g_assert_cmpuint(mapped_bytes(), <, mapped_before + 5120 * each);
}

/* With 4096 positions filled and an answer streaming, twenty resizes change nothing of what is said
 * and held, and the weights stay where they are. */
static void test_stream(Fixture *f, gconstpointer data)
{
    static const struct {
        uint32_t num_ctx, parallel, num_batch;
    } sizes[] = {{32768, 2, 256},
                 {5120, 1, 256},
                 {5120, 6, 300},
                 {262144, 3, 512},
                 {N_PROMPT + N_ANSWER + 64, 1, 64}};
    g_autofree HrToken *prompt = g_new(HrToken, N_PROMPT + N_ANSWER + 10);
    Answer alone, resized, next;
    int64_t longest = 0;
    uint64_t mapped;
    fill(prompt, N_PROMPT + N_ANSWER + 10, 3);
    ask(f, &alone, prompt, N_PROMPT, N_ANSWER);
    await_done(f, &alone);
    g_assert_cmpuint(alone.tokens->len, ==, N_ANSWER);
    hr_runner_free(g_steal_pointer(&f->runner));
    load(f, data);
    const void *weights = f->runner->executor.laid.region.base;
    ask(f, &resized, prompt, N_PROMPT, N_ANSWER);
    await_tokens(f, &resized, 1);
    mapped = mapped_bytes();
    for (uint32_t i = 0; i < N_RESIZES; i++) {
        HrSettings settings = usual;
        await_tokens(f, &resized, 1 + i * (N_ANSWER / N_RESIZES - 5));
        g_assert_cmpuint(resized.n_done, ==, 0);
        settings.num_ctx = sizes[i % G_N_ELEMENTS(sizes)].num_ctx;
        settings.parallel = sizes[i % G_N_ELEMENTS(sizes)].parallel;
        settings.num_batch = sizes[i % G_N_ELEMENTS(sizes)].num_batch;
        int64_t begin = g_get_monotonic_time();
        resize_well(f, settings);
        longest = MAX(longest, g_get_monotonic_time() - begin);
        g_assert_true(f->runner->executor.laid.region.base == weights);
    }
    g_test_message("the longest of %d resizes took %.1f ms", N_RESIZES, (double)longest / 1e3);
    await_done(f, &resized);
    assert_same(&alone, &resized);
    resize_well(f, usual);
    assert_nothing_leaked(f, mapped, N_PROMPT + N_ANSWER - 1);
    memcpy(prompt + N_PROMPT, resized.tokens->data, N_ANSWER * sizeof *prompt);
    ask(f, &next, prompt, N_PROMPT + N_ANSWER + 10, 1);
    await_done(f, &next);
    g_assert_cmpuint(next.timings.n_cached, ==,
                     N_PROMPT + N_ANSWER - 1); /* the last token that was drawn was never fed */
    forget(&alone);
    forget(&resized);
    forget(&next);
}

/* Fewer slots keep those that work and those that were used last, wherever they are; a longer past
 * is cut to what fits. */
static void test_fewer_slots(Fixture *f, gconstpointer data)
{
    HrToken prompts[3][400];
    Answer answers[3], again;
    HrSettings settings = *(const HrSettings *)data;
    for (uint32_t i = 0; i < 3; i++) {
        fill(prompts[i], 400, i);
        ask(f, &answers[i], prompts[i], 400, 5);
        await_done(f, &answers[i]);
        forget(&answers[i]);
    }
    settings.parallel = 2;
    settings.num_ctx = 1024;
    resize_well(f, settings);
    for (uint32_t i = 0; i < 3; i++) { /* the first one, which went, asked last: it takes a place */
        ask(f, &again, prompts[2 - i], 400, 1);
        await_done(f, &again);
        g_assert_cmpuint(again.timings.n_cached, ==, i < 2 ? 399 : 0);
        forget(&again);
    }
    settings.num_ctx = 256;
    resize_well(f, settings);
    ask(f, &again, prompts[0], 250, 1);
    await_done(f, &again);
    g_assert_cmpuint(again.timings.n_cached, ==, 249);
    forget(&again);
}

static void assert_busy(Fixture *f, const HrSettings *settings, const char *what)
{
    g_autoptr(GError) error = NULL;
    g_assert_false(resize(f, settings, &error));
    g_assert_error(error, HR_ERROR, HR_ERROR_BUSY);
    g_assert_nonnull(strstr(error->message, what));
    assert_as_planned(f);
}

/* What cannot be granted while answers run says why, and leaves them alone. */
static void test_busy(Fixture *f, gconstpointer data)
{
    HrToken prompts[2][600];
    Answer answers[2], waiting;
    HrSettings settings = *(const HrSettings *)data;
    settings.parallel = 2;
    resize_well(f, settings);
    for (uint32_t i = 0; i < 2; i++) {
        fill(prompts[i], 600, i);
        ask(f, &answers[i], prompts[i], 600, 2000);
    }
    await_tokens(f, &answers[0], 1);
    await_tokens(f, &answers[1], 1);
    ask(f, &waiting, prompts[0], 500, 1);
    settings.num_ctx = 512;
    assert_busy(f, &settings, "num_ctx would be 512");
    settings = *(const HrSettings *)data;
    settings.parallel = 1;
    assert_busy(f, &settings, "2 answers run");
    for (uint32_t i = 0; i < 2; i++) {
        g_assert_cmpuint(answers[i].n_done, ==, 0);
        hr_request_cancel(answers[i].request);
        await_done(f, &answers[i]);
        forget(&answers[i]);
    }
    await_done(f, &waiting);
    forget(&waiting);
    resize_well(f, settings);
}

/* Another model's plan, other threads: that is another load. */
static void test_refused(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    HrSettings settings = *(const HrSettings *)data;
    settings.threads = 1;
    g_assert_false(resize(f, &settings, &error));
    g_assert_error(error, HR_ERROR, HR_ERROR_SETTINGS);
    g_clear_error(&error);
    HrDevice small = {.name = "host", .total = 1 << 20, .free = 1 << 20};
    g_autoptr(HrPlan) plan = hr_plan_new(f->model, data, &small, 1, &error);
    g_assert_no_error(error);
    g_assert_false(hr_runner_resize(f->runner, plan, false, NULL, NULL, &error));
    g_assert_error(error, HR_ERROR, HR_ERROR_MEMORY);
    assert_as_planned(f);
}

static uint64_t address_space(void)
{
    g_autofree char *statm = NULL;
    g_assert_true(g_file_get_contents("/proc/self/statm", &statm, NULL, NULL));
    return g_ascii_strtoull(statm, NULL, 10) * 4096;
}

/* The system refuses the second of two layers: the first is as before, and so is everything else.
 */
static void test_no_memory(Fixture *f, gconstpointer data)
{
    HrToken prompt[300];
    Answer first, again;
    struct rlimit before, limit;
    HrSettings settings = *(const HrSettings *)data;
    g_autoptr(GError) error = NULL;
    fill(prompt, 300, 1);
    ask(f, &first, prompt, 300, 10);
    await_done(f, &first);
    settings.num_ctx = 1 << 20;
    settings.parallel = 64;
    g_autoptr(HrPlan) plan = plan_for(f, &settings);
    uint64_t space = address_space(), layer = hr_plan_get_bytes(plan, HR_ITEM_CACHE) / 2;
    getrlimit(RLIMIT_AS, &before);
    limit = before;
    limit.rlim_cur = space + layer + layer / 2;
    g_assert_cmpint(setrlimit(RLIMIT_AS, &limit), ==, 0);
    bool ok = hr_runner_resize(f->runner, plan, false, NULL, NULL, &error);
    setrlimit(RLIMIT_AS, &before);
    g_assert_false(ok);
    g_assert_error(error, HR_ERROR, HR_ERROR_MEMORY);
    g_assert_nonnull(strstr(error->message, "num_ctx"));
    g_assert_cmpuint(address_space(), <, space + layer / 2);
    assert_as_planned(f);
    ask(f, &again, prompt, 300, 10);
    await_done(f, &again);
    g_assert_cmpuint(again.timings.n_cached, ==, 299);
    assert_same(&first, &again);
    forget(&first);
    forget(&again);
}

static bool on_progress(double fraction, void *data)
{
    double *last = data;
    g_assert_cmpfloat(fraction, >, *last);
    g_assert_cmpfloat(fraction, <=, 1);
    *last = fraction;
    return true;
}

static void change_type(Fixture *f, HrSettings settings, HrKvType type)
{
    g_autoptr(GError) error = NULL;
    double progress = 0;
    settings.kv_type = type;
    g_autoptr(HrPlan) plan = plan_for(f, &settings);
    bool ok = hr_runner_resize(f->runner, plan, false, on_progress, &progress, &error);
    g_assert_no_error(error);
    g_assert_true(ok);
    g_assert_cmpfloat(progress, ==, 1);
    assert_as_planned(f);
}

/* Another type keeps what is held; to f32 and back it is the same to the bit. An answer goes on
 * through all of them. */
static void test_type(Fixture *f, gconstpointer data)
{
    static const HrKvType types[] = {HR_KV_Q8_0, HR_KV_F32, HR_KV_Q4_0, HR_KV_Q8_0, HR_KV_F16};
    const HrSettings *settings = data;
    HrToken prompt[700];
    Answer first, again;
    fill(prompt, 700, 1);
    ask(f, &first, prompt, 700, 50);
    await_done(f, &first);
    change_type(f, *settings, HR_KV_F32);
    change_type(f, *settings, HR_KV_F16);
    ask(f, &again, prompt, 700, 50);
    await_done(f, &again);
    g_assert_cmpuint(again.timings.n_cached, ==, 699);
    assert_same(&first, &again);
    forget(&again);
    forget(&first);
    ask(f, &again, prompt, 700, 400);
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        await_tokens(f, &again, 1 + (uint32_t)i * 20);
        change_type(f, *settings, types[i]);
    }
    await_done(f, &again);
    g_assert_cmpuint(again.timings.n_cached, ==, 699);
    g_assert_cmpuint(again.tokens->len, ==, 400);
    forget(&again);
}

/* Committed follows what is held: as it fills, when a slot is cut, when idle slots are told to give
 * back. */
static void test_committed(Fixture *f, gconstpointer data)
{
    g_autofree HrToken *prompt = g_new(HrToken, 4000);
    HrRunnerStats stats;
    Answer answer;
    hr_runner_get_stats(f->runner, &stats);
    g_assert_cmpuint(stats.cache_committed_bytes, ==, 0);
    fill(prompt, 4000, 1);
    ask(f, &answer, prompt, 4000, 1);
    await_done(f, &answer);
    do
        hr_runner_get_stats(f->runner, &stats);
    while (stats.n_active > 0);
    g_assert_cmpuint(stats.cache_committed_bytes, ==,
                     (4000 + 63) / 64 * 64 *
                         hr_plan_get_cache_bytes_per_token(hr_runner_get_plan(f->runner)));
    hr_runner_release_idle(f->runner);
    do
        hr_runner_get_stats(f->runner, &stats);
    while (stats.cache_committed_bytes > 0);
    g_assert_cmpuint(stats.cached_tokens, ==, 0);
    forget(&answer);
}

int main(int argc, char **argv)
{
    static const HrSettings four = {.num_ctx = 4096, .parallel = 4, .num_batch = 128, .threads = 2};
    g_test_init(&argc, &argv, NULL);
    g_test_add("/resize/stream", Fixture, &usual, setup, test_stream, teardown);
    g_test_add("/resize/fewer-slots", Fixture, &four, setup, test_fewer_slots, teardown);
    g_test_add("/resize/busy", Fixture, &four, setup, test_busy, teardown);
    g_test_add("/resize/refused", Fixture, &four, setup, test_refused, teardown);
    g_test_add("/resize/no-memory", Fixture, &four, setup, test_no_memory, teardown);
    g_test_add("/resize/type", Fixture, &four, setup, test_type, teardown);
    g_test_add("/resize/committed", Fixture, &four, setup, test_committed, teardown);
    return g_test_run();
}
