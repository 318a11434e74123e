/* test-checkpoints.c: models with recurrent states come back to prefixes, and say the same then as
 * when they read everything.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "hr.h"
#include "tiny-model.h"

#define START 257 /* <|im_start|> */
#define END 258   /* <|im_end|> */

typedef struct {
    GMainContext *context;
    HrModel *model;
    HrRunner *runner;
    char *path;
} Fixture;

typedef struct {
    GArray *tokens;
    HrTimings timings;
    bool done;
} Answer;

static HrRunner *runner_new(HrModel *model)
{
    g_autoptr(GError) error = NULL;
    HrSettings settings = {.num_ctx = 2048, .parallel = 2, .num_batch = 256, .threads = 2};
    HrDevice device = {.name = "host", .total = 64ull << 30, .free = 64ull << 30};
    g_autoptr(HrPlan) plan = hr_plan_new(model, &settings, &device, 1, &error);
    g_assert_no_error(error);
    HrRunner *runner = hr_runner_new(model, plan, false, NULL, NULL, &error);
    g_assert_no_error(error);
    return runner;
}

static void set_up(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    TinyModel tiny = tiny_model_default;
    tiny.arch = "falcon-h1";
    tiny.n_ctx = 2048;
    f->path = tiny_model_new(&tiny);
    f->model = hr_model_open(f->path, &error);
    g_assert_no_error(error);
    f->runner = runner_new(f->model);
    f->context = g_main_context_new();
}

static void tear_down(Fixture *f, gconstpointer data)
{
    hr_runner_free(f->runner);
    g_main_context_unref(f->context);
    hr_model_unref(f->model);
    tiny_model_remove(f->path);
}

/* ---- Asking ---- */

static void on_event(const HrEvent *event, void *data)
{
    Answer *answer = data;
    if (event->kind == HR_EVENT_TOKEN)
        g_array_append_val(answer->tokens, event->token);
    else if (event->kind == HR_EVENT_DONE) {
        answer->timings = event->timings;
        answer->done = true;
    }
}

static HrRequest *begin(Fixture *f, HrRunner *runner, const GArray *prompt, int64_t num_predict,
                        Answer *answer)
{
    g_autoptr(GError) error = NULL;
    HrRequestOptions options = {.tokens = (const HrToken *)prompt->data,
                                .n_tokens = prompt->len,
                                .sampling = hr_sampling_default,
                                .num_predict = num_predict,
                                .top_logprobs = -1,
                                .ignore_eos = true};
    options.sampling.temperature = 0;
    *answer = (Answer){.tokens = g_array_new(false, false, sizeof(HrToken))};
    HrRequest *request =
        hr_runner_submit(runner, &options, f->context, on_event, answer, NULL, &error);
    g_assert_no_error(error);
    return request;
}

static void await(Fixture *f, const Answer *answer)
{
    while (!answer->done)
        g_main_context_iteration(f->context, TRUE);
}

/* What runner answers to prompt, in answer; returns how much of the prompt it did not read again.
 */
static uint32_t ask(Fixture *f, HrRunner *runner, const GArray *prompt, int64_t num_predict,
                    Answer *answer)
{
    g_autoptr(HrRequest) request G_GNUC_UNUSED = begin(f, runner, prompt, num_predict, answer);
    await(f, answer);
    return answer->timings.n_cached;
}

static void forget(Answer *answer)
{
    g_clear_pointer(&answer->tokens, g_array_unref);
}

/* The answer is the one that a runner gives which never saw anything else. */
static void assert_fresh(Fixture *f, const GArray *prompt, const Answer *answer)
{
    HrRunner *other = runner_new(f->model);
    Answer fresh;
    g_assert_cmpuint(ask(f, other, prompt, answer->tokens->len, &fresh), ==, 0);
    g_assert_cmpmem(fresh.tokens->data, fresh.tokens->len * sizeof(HrToken), answer->tokens->data,
                    answer->tokens->len * sizeof(HrToken));
    forget(&fresh);
    hr_runner_free(other);
}

/* ---- Prompts ---- */

static void add_text(GArray *prompt, uint32_t n, uint32_t seed)
{
    for (uint32_t i = 0; i < n; i++) {
        HrToken token = (HrToken)((i * 7 + i * i * 3 + seed * 13) % 256);
        g_array_append_val(prompt, token);
    }
}

static void add_token(GArray *prompt, HrToken token)
{
    g_array_append_val(prompt, token);
}

static void add_message(GArray *prompt, uint32_t n, uint32_t seed)
{
    add_token(prompt, START);
    add_text(prompt, n, seed);
    add_token(prompt, END);
}

/* A prompt for an answer; returns where its last control token stands. */
static uint32_t add_opening(GArray *prompt)
{
    add_token(prompt, START);
    add_text(prompt, 3, 99);
    return prompt->len - 4;
}

static GArray *prompt_new(void)
{
    return g_array_new(false, false, sizeof(HrToken));
}

/* ---- Tests ---- */

/* The next prompt has the answer as it was: everything is still there. */
static void test_append(Fixture *f, gconstpointer data)
{
    g_autoptr(GArray) prompt = prompt_new();
    Answer answer;
    add_message(prompt, 40, 1);
    add_opening(prompt);
    g_assert_cmpuint(ask(f, f->runner, prompt, 30, &answer), ==, 0);
    g_array_append_vals(prompt, answer.tokens->data, 30);
    uint32_t held = prompt->len - 1; /* the last token was drawn and not fed */
    forget(&answer);
    add_token(prompt, END);
    add_message(prompt, 20, 2);
    add_opening(prompt);
    g_assert_cmpuint(ask(f, f->runner, prompt, 20, &answer), ==, held);
    assert_fresh(f, prompt, &answer);
    forget(&answer);
}

/* The answer comes back without its reasoning: reading goes on where it began. */
static void test_changed_answer(Fixture *f, gconstpointer data)
{
    g_autoptr(GArray) prompt = prompt_new();
    Answer answer;
    add_message(prompt, 300, 1);
    uint32_t border = add_opening(prompt);
    ask(f, f->runner, prompt, 200, &answer);
    forget(&answer);
    add_text(prompt, 25, 77);
    add_token(prompt, END);
    add_message(prompt, 20, 2);
    add_opening(prompt);
    g_assert_cmpuint(ask(f, f->runner, prompt, 20, &answer), ==, border);
    assert_fresh(f, prompt, &answer);
    forget(&answer);
}

/* The same question again. */
static void test_again(Fixture *f, gconstpointer data)
{
    g_autoptr(GArray) prompt = prompt_new();
    Answer first, second;
    add_message(prompt, 100, 1);
    uint32_t border = add_opening(prompt);
    ask(f, f->runner, prompt, 40, &first);
    g_assert_cmpuint(ask(f, f->runner, prompt, 40, &second), ==, border);
    g_assert_cmpmem(first.tokens->data, 40 * sizeof(HrToken), second.tokens->data,
                    40 * sizeof(HrToken));
    forget(&first);
    forget(&second);
}

/* A long first message is read once for two conversations. */
static void test_first_message(Fixture *f, gconstpointer data)
{
    g_autoptr(GArray) one = prompt_new(), two = prompt_new();
    Answer answer;
    add_message(one, 700, 1);
    uint32_t first = one->len - 1; /* where it ends with a control token */
    g_array_append_vals(two, one->data, one->len);
    add_message(one, 300, 2);
    add_opening(one);
    add_message(two, 50, 3);
    add_opening(two);
    ask(f, f->runner, one, 5, &answer);
    forget(&answer);
    g_assert_cmpuint(ask(f, f->runner, two, 20, &answer), ==, first);
    assert_fresh(f, two, &answer);
    forget(&answer);
}

/* Steps that are left because others leave do no harm to those that stay. */
static void test_left_steps(Fixture *f, gconstpointer data)
{
    g_autoptr(GArray) prompt = prompt_new(), other = prompt_new();
    Answer answer, left;
    add_message(prompt, 50, 1);
    add_opening(prompt);
    add_text(other, 1500, 5);
    g_autoptr(HrRequest) request G_GNUC_UNUSED = begin(f, f->runner, prompt, 300, &answer);
    for (uint32_t i = 0; !answer.done; i++) {
        g_autoptr(HrRequest) leaver = begin(f, f->runner, other, 100, &left);
        g_usleep(500 + i * 700 % 3000);
        hr_request_cancel(leaver);
        await(f, &left);
        forget(&left);
        other->len = 1500 - i % 100;
    }
    assert_fresh(f, prompt, &answer);
    forget(&answer);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, func) g_test_add("/checkpoints/" name, Fixture, NULL, set_up, func, tear_down)
    ADD("append", test_append);
    ADD("changed-answer", test_changed_answer);
    ADD("again", test_again);
    ADD("first-message", test_first_message);
    ADD("left-steps", test_left_steps);
    return g_test_run();
}
