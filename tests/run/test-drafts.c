/* test-drafts.c: tokens that are read ahead change no answer, only how many steps it takes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "fixture.h"
#include "hr.h"
#include "run/draft.h"
#include "tiny-model.h"

#define N_ANSWER 200
#define N_PROMPT 60

typedef struct {
    GMainContext *context;
    HrModel *model;
    HrRunner *runner;
    char *path;
} Fixture;

typedef struct {
    GArray *tokens; /* HrToken */
    GArray *logprobs; /* float */
    GString *text;
    HrDoneReason reason;
    HrTimings timings;
    bool done;
} Answer;

/* Of an architecture of the tiny models, or of the description that stands in a file. */
static char *write_model(const char *arch)
{
    TinyModel tiny = tiny_model_default;
    g_autofree char *text = NULL;
    tiny.n_ctx = 512;
    if (!g_str_has_suffix(arch, ".txt")) {
        tiny.arch = arch;
        return tiny_model_new(&tiny);
    }
    g_autofree char *source = g_test_build_filename(G_TEST_DIST, "fixtures", arch, NULL);
    char *path = tiny_model_new(&tiny);
    g_assert_true(g_file_get_contents(source, &text, NULL, NULL));
    fixture_write_model(text, path);
    return path;
}

static void set_up(Fixture *f, gconstpointer arch)
{
    g_autoptr(GError) error = NULL;
    HrSettings settings = {.num_ctx = 512, .parallel = 2, .num_batch = 64, .threads = 2};
    HrDevice device = {.name = "host", .total = 64ull << 30, .free = 64ull << 30};
    f->path = write_model(arch);
    f->model = hr_model_open(f->path, &error);
    g_assert_no_error(error);
    g_autoptr(HrPlan) plan = hr_plan_new(f->model, &settings, &device, 1, &error);
    g_assert_no_error(error);
    f->runner = hr_runner_new(f->model, plan, false, NULL, NULL, &error);
    g_assert_no_error(error);
    f->context = g_main_context_new();
}

static void tear_down(Fixture *f, gconstpointer data)
{
    hr_runner_free(f->runner);
    g_main_context_unref(f->context);
    hr_model_unref(f->model);
    tiny_model_remove(f->path);
}

static void on_event(const HrEvent *event, void *data)
{
    Answer *answer = data;
    if (event->kind == HR_EVENT_TOKEN) {
        g_array_append_val(answer->tokens, event->token);
        g_array_append_val(answer->logprobs, event->logprob);
        g_string_append_len(answer->text, event->text, (gssize)event->text_len);
    } else if (event->kind == HR_EVENT_DONE) {
        answer->reason = event->reason;
        answer->timings = event->timings;
        answer->done = true;
    }
}

static HrToken prompt_token(uint32_t seed, uint32_t i)
{
    return (HrToken)(seed + i % N_PROMPT * 7) % 120;
}

/* An answer that repeats its prompt with a change here and there, as who edits a file does: the
 * token of each draw is made the likeliest, mostly. */
typedef struct {
    uint32_t seed, n_drawn;
} Script;

static void follow(float *logits, size_t n_vocab, void *data)
{
    Script *script = data;
    uint32_t i = script->n_drawn++;
    logits[i % 17 == 16 ? 3 : prompt_token(script->seed, i)] += 30;
}

static HrRequest *begin(Fixture *f, HrRequestOptions options, uint32_t seed, Answer *answer)
{
    g_autoptr(GError) error = NULL;
    HrToken prompt[N_PROMPT];
    *answer = (Answer){.tokens = g_array_new(FALSE, FALSE, sizeof(HrToken)),
                       .logprobs = g_array_new(FALSE, FALSE, sizeof(float)),
                       .text = g_string_new(NULL)};
    for (uint32_t i = 0; i < N_PROMPT; i++)
        prompt[i] = prompt_token(seed, i);
    options.tokens = prompt;
    options.n_tokens = G_N_ELEMENTS(prompt);
    options.top_logprobs = 0;
    HrRequest *request =
        hr_runner_submit(f->runner, &options, f->context, on_event, answer, NULL, &error);
    g_assert_no_error(error);
    return request;
}

static void ask(Fixture *f, HrRequestOptions options, uint32_t seed, Answer *answer)
{
    g_autoptr(HrRequest) request G_GNUC_UNUSED = begin(f, options, seed, answer);
    while (!answer->done)
        g_main_context_iteration(f->context, TRUE);
}

static void forget(Answer *answer)
{
    g_array_unref(answer->tokens);
    g_array_unref(answer->logprobs);
    g_string_free(answer->text, TRUE);
}

static HrRequestOptions usual(float temperature)
{
    HrRequestOptions options = {
        .sampling = hr_sampling_default, .num_predict = N_ANSWER, .ignore_eos = true};
    options.sampling.temperature = temperature;
    options.sampling.seed = 11;
    return options;
}

/* Both ways, bit for bit; what the slot then holds is good for the next turn. Returns how many
 * tokens were taken. */
static uint32_t compare(Fixture *f, HrRequestOptions options, uint32_t seed)
{
    Answer plain, drafted;
    Script script = {seed, 0};
    options.mask = follow;
    options.mask_data = &script;
    options.drafts = false;
    ask(f, options, seed, &plain);
    script.n_drawn = 0;
    options.drafts = true;
    ask(f, options, seed, &drafted);
    g_assert_cmpuint(plain.timings.n_drafted, ==, 0);
    g_assert_cmpmem(plain.tokens->data, plain.tokens->len * sizeof(HrToken), drafted.tokens->data,
                    drafted.tokens->len * sizeof(HrToken));
    g_assert_cmpmem(plain.logprobs->data, plain.logprobs->len * sizeof(float),
                    drafted.logprobs->data, drafted.logprobs->len * sizeof(float));
    g_assert_cmpstr(plain.text->str, ==, drafted.text->str);
    g_assert_cmpint(plain.reason, ==, drafted.reason);
    g_assert_cmpuint(plain.timings.n_generated, ==, drafted.timings.n_generated);
    g_assert_cmpuint(drafted.timings.n_taken, <=, drafted.timings.n_drafted);
    g_assert_cmpuint(drafted.timings.n_taken, <, MAX(drafted.timings.n_generated, 1));
    g_test_message("%u drafted, %u taken", drafted.timings.n_drafted, drafted.timings.n_taken);
    uint32_t n_taken = drafted.timings.n_taken;
    forget(&plain);
    forget(&drafted);
    return n_taken;
}

static void test_greedy(Fixture *f, gconstpointer arch)
{
    for (uint32_t seed = 1; seed <= 4; seed++)
        g_assert_cmpuint(compare(f, usual(0), seed), >, N_ANSWER / 2);
}

static void test_sampled(Fixture *f, gconstpointer arch)
{
    for (uint32_t seed = 1; seed <= 3; seed++)
        g_assert_cmpuint(compare(f, usual(1), seed), >, 0);
    HrRequestOptions options = usual(1);
    options.sampling.mirostat = 2;
    compare(f, options, 4);
    options = usual(1);
    options.sampling.repeat_penalty = 1.02f;
    compare(f, options, 5);
}

/* Wherever an answer ends, it ends there also in the middle of what was drafted. */
static void test_ends(Fixture *f, gconstpointer arch)
{
    Answer answer;
    HrRequestOptions options = usual(0);
    for (int64_t n = 0; n < 40; n += 3) {
        options.num_predict = n;
        compare(f, options, 1);
    }
    options.num_predict = -2; /* until the context is full */
    compare(f, options, 2);
    options.num_predict = N_ANSWER;
    ask(f, options, 3, &answer);
    g_autofree char *end = g_strndup(answer.text->str + answer.text->len / 2, 4);
    const char *const stop[] = {end, NULL};
    options.stop = stop;
    if (g_utf8_validate(end, -1, NULL))
        compare(f, options, 3);
    forget(&answer);
}

static void test_shift(Fixture *f, gconstpointer arch)
{
    HrRequestOptions options = usual(0);
    options.num_predict = 800; /* of a context of 512 */
    options.shift = true;
    options.n_keep = 4;
    compare(f, options, 6);
}

/* The next turn finds in the cache what was drawn, and nothing of what was not. */
static void test_next_turn(Fixture *f, gconstpointer arch)
{
    Answer first, again;
    HrRequestOptions options = usual(0);
    options.drafts = true;
    options.num_predict = 50;
    options.mask = follow;
    options.mask_data = &(Script){7, 0};
    ask(f, options, 7, &first);
    g_assert_cmpuint(first.timings.n_taken, >, 0);
    options.mask_data = &(Script){7, 0};
    ask(f, options, 7, &again);
    g_assert_cmpuint(again.timings.n_cached, ==, N_PROMPT - 1);
    g_assert_cmpmem(first.tokens->data, first.tokens->len * sizeof(HrToken), again.tokens->data,
                    again.tokens->len * sizeof(HrToken));
    forget(&first);
    forget(&again);
}

/* Beside others nothing is drafted. */
static void test_company(Fixture *f, gconstpointer arch)
{
    Answer one, two, alone;
    HrRequestOptions options = usual(0);
    options.num_predict = 300;
    ask(f, options, 8, &alone);
    options.drafts = true;
    g_autoptr(HrRequest) a G_GNUC_UNUSED = begin(f, options, 8, &one);
    g_autoptr(HrRequest) b G_GNUC_UNUSED = begin(f, options, 9, &two);
    while (!one.done || !two.done)
        g_main_context_iteration(f->context, TRUE);
    g_assert_cmpmem(alone.tokens->data, alone.tokens->len * sizeof(HrToken), one.tokens->data,
                    one.tokens->len * sizeof(HrToken));
    forget(&alone);
    forget(&one);
    forget(&two);
}

/* What cannot be forgotten is not read ahead. */
static void test_states(Fixture *f, gconstpointer arch)
{
    g_assert_cmpuint(compare(f, usual(0), 1), ==, 0);
}

/* ---- The search ---- */

static void test_find(void)
{
    const HrToken past[] = {1, 2, 3, 4, 5, 6, 1, 2, 3, 9, 8, 7, 6, 1, 2};
    HrToken found[HR_MAX_DRAFT];
    /* 6 1 2 3: the longest run that ends so is the one at index 8, followed by 9. */
    g_assert_cmpuint(hr_draft_find(past, G_N_ELEMENTS(past), 3, 4, found), ==, 4);
    g_assert_cmpint(found[0], ==, 9);
    g_assert_cmpint(found[3], ==, 6);
    g_assert_cmpuint(hr_draft_find(past, G_N_ELEMENTS(past), 3, 0, found), ==, 0);
    g_assert_cmpuint(hr_draft_find(past, G_N_ELEMENTS(past), 5, 4, found), ==, 0);
    g_assert_cmpuint(hr_draft_find(past, 1, 1, 4, found), ==, 0);
    g_assert_cmpuint(hr_draft_find(past, 0, 1, 4, found), ==, 0);
}

/* Images stand as numbers below zero: they are not drawn. */
static void test_find_image(void)
{
    const HrToken past[] = {1, 2, 3, 4, -1, 5, 1, 2};
    HrToken found[HR_MAX_DRAFT];
    g_assert_cmpuint(hr_draft_find(past, G_N_ELEMENTS(past), 3, 4, found), ==, 1);
    g_assert_cmpint(found[0], ==, 4);
}

/* Hits make it bolder, misses make it wait longer each time. */
static void test_learn(void)
{
    HrDraft draft = {0};
    uint32_t length = hr_draft_length(&draft, 0), waits[4];
    draft.n = length;
    hr_draft_learn(&draft, length, 4);
    g_assert_cmpuint(hr_draft_length(&draft, 4), >, length);
    for (uint32_t i = 0; i < G_N_ELEMENTS(waits); i++) {
        draft.n = 3;
        hr_draft_learn(&draft, 0, 1000 * (i + 1));
        for (waits[i] = 0; hr_draft_length(&draft, 1000 * (i + 1) + waits[i]) == 0;)
            waits[i]++;
        g_assert_true(i == 0 || waits[i] > waits[i - 1]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/drafts/find", test_find);
    g_test_add_func("/drafts/find-image", test_find_image);
    g_test_add_func("/drafts/learn", test_learn);
#define ADD(name, arch, func) g_test_add("/drafts/" name, Fixture, arch, set_up, func, tear_down)
    ADD("greedy/llama", "llama", test_greedy);
    ADD("greedy/windows", "gemma3-six.txt", test_greedy);
    ADD("greedy/sinks", "gpt-oss-moe.txt", test_greedy);
    ADD("greedy/latent", "deepseek2-moe.txt", test_greedy);
    ADD("greedy/chunks", "llama4-moe.txt", test_greedy);
    ADD("sampled", "llama", test_sampled);
    ADD("ends", "llama", test_ends);
    ADD("shift", "llama", test_shift);
    ADD("next-turn", "llama", test_next_turn);
    ADD("company", "llama", test_company);
    ADD("states", "falcon-h1", test_states);
    return g_test_run();
}
