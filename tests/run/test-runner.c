/* test-runner.c: requests in slots: the same answers alone and in company, prefixes read once,
 * early ends.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "hr.h"
#include "tiny-model.h"

#include <string.h>

typedef struct {
    GMainContext *context;
    HrModel *model;
    HrRunner *runner;
    char *path;
} Fixture;

typedef struct {
    GArray *tokens;
    uint32_t n_done, n_read_last, cancel_after;
    HrDoneReason reason;
    HrTimings timings;
    uint64_t seed;
    HrRequest *request;
    bool destroyed;
} Answer;

static void setup(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    HrSettings settings = *(const HrSettings *)data;
    HrDevice device = {.name = "host", .total = 64ull << 30, .free = 64ull << 30};
    f->path = tiny_model_new(&tiny_model_default);
    f->model = hr_model_open(f->path, &error);
    g_assert_no_error(error);
    g_autoptr(HrPlan) plan = hr_plan_new(f->model, &settings, &device, 1, &error);
    g_assert_no_error(error);
    f->runner = hr_runner_new(f->model, plan, false, NULL, NULL, &error);
    g_assert_no_error(error);
    f->context = g_main_context_new();
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

/* U+0000, which GLib refuses, is a character like any other; a made-up model says it now and then.
 */
static bool is_utf8(const char *text, size_t len)
{
    const char *end = text + len;
    while (!g_utf8_validate(text, end - text, &text)) {
        if (*text != '\0')
            return false;
        text++;
    }
    return true;
}

static void on_event(const HrEvent *event, void *data)
{
    Answer *answer = data;
    g_assert_cmpuint(answer->n_done, ==, 0); /* nothing comes after DONE */
    if (event->kind == HR_EVENT_PROMPT) {
        if (event->n_read > 0) /* else it has a slot, and nothing of it was there */
            g_assert_cmpuint(event->n_read, >, answer->n_read_last);
        g_assert_cmpuint(event->n_read, <=, event->n_prompt);
        answer->n_read_last = event->n_read;
    } else if (event->kind == HR_EVENT_TOKEN) {
        g_assert_true(is_utf8(event->text, event->text_len));
        g_array_append_val(answer->tokens, event->token);
    } else {
        answer->n_done++;
        answer->reason = event->reason;
        answer->timings = event->timings;
        answer->seed = event->seed;
    }
    if (answer->cancel_after > 0 && answer->tokens->len >= answer->cancel_after)
        hr_request_cancel(answer->request);
}

static void on_destroy(void *data)
{
    ((Answer *)data)->destroyed = true;
}

static HrRequestOptions options_for(const HrToken *tokens, size_t n, int64_t num_predict)
{
    HrRequestOptions options = {.tokens = tokens,
                                .n_tokens = n,
                                .sampling = hr_sampling_default,
                                .num_predict = num_predict,
                                .top_logprobs = -1,
                                .ignore_eos = true};
    options.sampling.temperature = 0;
    return options;
}

static void ask(Fixture *f, Answer *answer, const HrRequestOptions *options)
{
    g_autoptr(GError) error = NULL;
    *answer = (Answer){.tokens = g_array_new(false, false, sizeof(HrToken)),
                       .cancel_after = answer->cancel_after};
    answer->request =
        hr_runner_submit(f->runner, options, f->context, on_event, answer, on_destroy, &error);
    g_assert_no_error(error);
}

static void await_done(Fixture *f, Answer *answer)
{
    while (answer->n_done == 0)
        g_main_context_iteration(f->context, TRUE);
}

static void forget(Fixture *f, Answer *answer)
{
    HrRunnerStats stats;
    g_clear_pointer(&answer->request, hr_request_unref);
    while (g_main_context_iteration(f->context, FALSE))
        ;
    do
        hr_runner_get_stats(f->runner, &stats);
    while (stats.n_active > 0 || !answer->destroyed);
    g_clear_pointer(&answer->tokens, g_array_unref);
    *answer = (Answer){0};
}

static void fill(HrToken *tokens, size_t n, uint32_t seed)
{
    for (size_t i = 0; i < n; i++)
        tokens[i] = (HrToken)((i * 7 + i * i * 3 + seed * 13) % 256);
}

static void assert_same_tokens(const GArray *a, const GArray *b)
{
    g_assert_cmpmem(a->data, a->len * sizeof(HrToken), b->data, b->len * sizeof(HrToken));
}

/* ---- Cases ---- */

static void test_counts(Fixture *f, gconstpointer data)
{
    HrToken prompt[100];
    Answer answer = {0};
    fill(prompt, 100, 1);
    HrRequestOptions options = options_for(prompt, 100, 20);
    ask(f, &answer, &options);
    await_done(f, &answer);
    g_assert_cmpint(answer.reason, ==, HR_DONE_LENGTH);
    g_assert_cmpuint(answer.tokens->len, ==, 20);
    g_assert_cmpuint(answer.timings.n_generated, ==, 20);
    g_assert_cmpuint(answer.timings.n_prompt, ==, 100);
    g_assert_cmpuint(answer.timings.n_cached, ==, 0);
    g_assert_cmpuint(answer.n_read_last, ==, 100);
    g_assert_cmpint(answer.timings.prompt_us, >, 0);
    forget(f, &answer);
    options.num_predict = 0;
    ask(f, &answer, &options);
    await_done(f, &answer);
    g_assert_cmpuint(answer.tokens->len, ==, 0);
    forget(f, &answer);
}

/* Four at once, more than there are slots, give what each gives alone. */
static void test_company(Fixture *f, gconstpointer data)
{
    HrToken prompts[4][90];
    Answer alone[4] = {{0}}, together[4] = {{0}};
    for (uint32_t i = 0; i < 4; i++) {
        fill(prompts[i], 90, i);
        HrRequestOptions options = options_for(prompts[i], 50 + i * 13, 30);
        ask(f, &alone[i], &options);
        await_done(f, &alone[i]);
    }
    for (uint32_t i = 0; i < 4; i++) {
        HrRequestOptions options = options_for(prompts[i], 50 + i * 13, 30);
        ask(f, &together[i], &options);
    }
    for (uint32_t i = 0; i < 4; i++) {
        await_done(f, &together[i]);
        assert_same_tokens(alone[i].tokens, together[i].tokens);
        g_assert_cmpuint(together[i].tokens->len, ==, 30);
    }
    for (uint32_t i = 0; i < 4; i++) {
        forget(f, &together[i]);
        forget(f, &alone[i]);
    }
}

/* The next turn of a chat reads only what is new, and answers as if it had read all. */
static void test_prefix(Fixture *f, gconstpointer data)
{
    HrToken prompt[200];
    Answer first = {0}, second = {0}, fresh = {0};
    fill(prompt, 200, 5);
    HrRequestOptions options = options_for(prompt, 100, 5);
    ask(f, &first, &options);
    await_done(f, &first);
    options.n_tokens = 150;
    ask(f, &second, &options);
    await_done(f, &second);
    g_assert_cmpuint(second.timings.n_cached, ==, 100);
    /* The same again: all but one token are there. */
    ask(f, &fresh, &options);
    await_done(f, &fresh);
    g_assert_cmpuint(fresh.timings.n_cached, ==, 149);
    assert_same_tokens(second.tokens, fresh.tokens);
    forget(f, &first);
    forget(f, &second);
    forget(f, &fresh);
    /* From nothing. */
    teardown(f, data);
    setup(f, data);
    Answer again = {0};
    ask(f, &again, &options);
    await_done(f, &again);
    g_assert_cmpuint(again.timings.n_cached, ==, 0);
    Answer once = {0};
    ask(f, &once, &options);
    await_done(f, &once);
    assert_same_tokens(again.tokens, once.tokens);
    forget(f, &again);
    forget(f, &once);
}

/* A slot that works lends its prefix, in whole pages of 64; the pages are counted once. */
static void test_shared_prefix(Fixture *f, gconstpointer data)
{
    HrToken prompt[200];
    Answer busy = {0}, other = {0}, alone = {0};
    HrRunnerStats stats;
    fill(prompt, 200, 6);
    HrRequestOptions long_one = options_for(prompt, 140, 700);
    ask(f, &busy, &long_one);
    while (busy.tokens->len == 0)
        g_main_context_iteration(f->context, TRUE);
    prompt[139]++;
    HrRequestOptions options = options_for(prompt, 170, 10);
    ask(f, &other, &options);
    await_done(f, &other);
    g_assert_cmpuint(busy.n_done, ==, 0);
    g_assert_cmpuint(other.timings.n_cached, ==, 128);
    hr_runner_get_stats(f->runner, &stats);
    g_assert_cmpuint(stats.cached_tokens, <, 2 * 128 + 800);
    hr_request_cancel(busy.request);
    await_done(f, &busy);
    forget(f, &busy);
    ask(f, &alone, &options);
    await_done(f, &alone);
    assert_same_tokens(other.tokens, alone.tokens);
    forget(f, &other);
    forget(f, &alone);
}

static void test_cancel(Fixture *f, gconstpointer data)
{
    HrToken prompt[900];
    Answer answer = {0}, queued[3] = {{0}};
    fill(prompt, 900, 7);
    HrRequestOptions options = options_for(prompt, 50, -1);
    answer.cancel_after = 5;
    ask(f, &answer, &options);
    await_done(f, &answer);
    g_assert_cmpint(answer.reason, ==, HR_DONE_CANCELLED);
    forget(f, &answer);
    /* In the middle of a prompt, and while waiting for a slot. */
    options.n_tokens = 900;
    for (int i = 0; i < 3; i++)
        ask(f, &queued[i], &options);
    for (int i = 2; i >= 0; i--)
        hr_request_cancel(queued[i].request);
    for (int i = 0; i < 3; i++) {
        await_done(f, &queued[i]);
        g_assert_cmpint(queued[i].reason, ==, HR_DONE_CANCELLED);
    }
    for (int i = 0; i < 3; i++)
        forget(f, &queued[i]);
    options.n_tokens = 20;
    options.num_predict = 3;
    ask(f, &answer, &options);
    await_done(f, &answer);
    g_assert_cmpint(answer.reason, ==, HR_DONE_LENGTH);
    forget(f, &answer);
}

static void test_context_end(Fixture *f, gconstpointer data)
{
    HrToken prompt[1100];
    g_autoptr(GError) error = NULL;
    Answer answer = {0};
    fill(prompt, 1100, 8);
    HrRequestOptions options = options_for(prompt, 1000, -1);
    ask(f, &answer, &options);
    await_done(f, &answer);
    g_assert_cmpint(answer.reason, ==, HR_DONE_LENGTH);
    g_assert_cmpuint(answer.tokens->len, ==, 1024 - 1000 + 1);
    forget(f, &answer);
    options.n_tokens = 1024;
    g_assert_null(
        hr_runner_submit(f->runner, &options, f->context, on_event, &answer, NULL, &error));
    g_assert_error(error, HR_ERROR, HR_ERROR_TOO_LONG);
    g_assert_nonnull(strstr(error->message, "1024 tokens"));
    g_clear_error(&error);
    options.n_tokens = 0;
    g_assert_null(
        hr_runner_submit(f->runner, &options, f->context, on_event, &answer, NULL, &error));
    g_assert_error(error, HR_ERROR, HR_ERROR_SETTINGS);
}

/* The same seed gives the same answer whatever else runs; no seed is drawn and told. */
static void test_seed(Fixture *f, gconstpointer data)
{
    HrToken prompt[40], noise[60];
    Answer a = {0}, b = {0}, c = {0}, other = {0};
    fill(prompt, 40, 9);
    fill(noise, 60, 10);
    HrRequestOptions options = options_for(prompt, 40, 40), company = options_for(noise, 60, 40);
    options.sampling.temperature = 1;
    options.sampling.seed = 1234;
    ask(f, &a, &options);
    await_done(f, &a);
    ask(f, &other, &company);
    ask(f, &b, &options);
    await_done(f, &b);
    await_done(f, &other);
    assert_same_tokens(a.tokens, b.tokens);
    g_assert_cmpuint(a.seed, ==, 1234);
    options.sampling.seed = -1;
    ask(f, &c, &options);
    await_done(f, &c);
    options.sampling.seed = (int64_t)(c.seed & INT64_MAX);
    forget(f, &b);
    forget(f, &other);
    if ((uint64_t)options.sampling.seed == c.seed) {
        ask(f, &b, &options);
        await_done(f, &b);
        assert_same_tokens(b.tokens, c.tokens);
        forget(f, &b);
    }
    forget(f, &a);
    forget(f, &c);
}

/* Freed in the middle of everything: each request still gets its DONE. */
static void test_freed_while_busy(Fixture *f, gconstpointer data)
{
    HrToken prompt[700];
    Answer answers[5] = {{0}};
    fill(prompt, 700, 11);
    HrRequestOptions options = options_for(prompt, 700, -1);
    for (int i = 0; i < 5; i++)
        ask(f, &answers[i], &options);
    g_clear_pointer(&f->runner, hr_runner_free);
    for (int i = 0; i < 5; i++) {
        await_done(f, &answers[i]);
        g_assert_cmpint(answers[i].reason, ==, HR_DONE_CANCELLED);
        hr_request_cancel(answers[i].request); /* too late, and harmless */
        hr_request_unref(answers[i].request);
    }
    while (g_main_context_iteration(f->context, FALSE))
        ;
    for (int i = 0; i < 5; i++) {
        g_assert_true(answers[i].destroyed);
        g_array_unref(answers[i].tokens);
    }
}

static bool stop_at_once(double fraction, void *data)
{
    g_assert_cmpfloat(fraction, >, 0);
    g_assert_cmpfloat(fraction, <=, 1);
    return false;
}

static void test_stopped_load(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(
        hr_runner_new(f->model, hr_runner_get_plan(f->runner), false, stop_at_once, NULL, &error));
    g_assert_error(error, HR_ERROR, HR_ERROR_CANCELLED);
}

/* ---- Shifting ---- */

static const HrSettings narrow = {.num_ctx = 64, .parallel = 2, .num_batch = 32};

/* The context is full again and again; the answer goes on to its limit, and the one that did not
 * ask ends. */
static void test_shift(Fixture *f, gconstpointer data)
{
    HrToken prompt[40];
    for (size_t i = 0; i < G_N_ELEMENTS(prompt); i++)
        prompt[i] = (HrToken)(60 + i);
    HrRequestOptions options = {.tokens = prompt,
                                .n_tokens = G_N_ELEMENTS(prompt),
                                .sampling = hr_sampling_default,
                                .num_predict = 200,
                                .top_logprobs = -1,
                                .ignore_eos = true,
                                .shift = true,
                                .n_keep = 5};
    options.sampling.temperature = 0;
    for (int round = 0; round < 2; round++) {
        g_autoptr(GError) error = NULL;
        Answer answer = {.tokens = g_array_new(false, false, sizeof(HrToken))};
        options.shift = round == 0;
        g_autoptr(HrRequest) request G_GNUC_UNUSED =
            hr_runner_submit(f->runner, &options, f->context, on_event, &answer, NULL, &error);
        g_assert_no_error(error);
        while (!answer.n_done)
            g_main_context_iteration(f->context, TRUE);
        g_assert_cmpint(answer.reason, ==, HR_DONE_LENGTH);
        g_assert_cmpuint(answer.tokens->len, ==, round == 0 ? 200 : 64 - 40 + 1);
        g_array_unref(answer.tokens);
    }
}

int main(int argc, char **argv)
{
    static const HrSettings settings = {.num_ctx = 1024,
                                        .parallel = 2,
                                        .num_batch = 64,
                                        .threads = 2};
    static const struct {
        const char *path;
        void (*func)(Fixture *, gconstpointer);
    } cases[] = {
        {"/runner/counts", test_counts},
        {"/runner/company", test_company},
        {"/runner/prefix", test_prefix},
        {"/runner/shared-prefix", test_shared_prefix},
        {"/runner/cancel", test_cancel},
        {"/runner/context-end", test_context_end},
        {"/runner/seed", test_seed},
        {"/runner/freed-while-busy", test_freed_while_busy},
        {"/runner/stopped-load", test_stopped_load},
    };
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_test_add(cases[i].path, Fixture, &settings, setup, cases[i].func, teardown);
    g_test_add("/runner/shift", Fixture, &narrow, setup, test_shift, teardown);
    return g_test_run();
}
