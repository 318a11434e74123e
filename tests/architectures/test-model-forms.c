/* test-model-forms.c: models in other forms than the fixtures have: caches of windows and rows and
 * what they take, coarse caches and experts in four bits and how exact they are, chunks, and answers
 * that go on where the context was full.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "fixture.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

/* ---- Models ---- */

typedef struct {
    char *folder, *file;
    HrModel *model;
} Tiny;

/* The model of a fixture, line (NULL: none) in place of the one that begins like it. */
static Tiny tiny_new_as(const char *fixture, const char *begin, const char *line, FixtureForm form)
{
    g_autofree char *name = g_strconcat(fixture, ".txt", NULL), *text = NULL,
                    *path = g_test_build_filename(G_TEST_DIST, "fixtures", name, NULL);
    g_autoptr(GError) error = NULL;
    Tiny tiny = {.folder = g_dir_make_tmp("headroom-forms-XXXXXX", NULL)};
    tiny.file = g_build_filename(tiny.folder, "model.gguf", NULL);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (size_t i = 0; line && lines[i]; i++)
        if (g_str_has_prefix(lines[i], begin)) {
            g_free(lines[i]);
            lines[i] = g_strdup(line);
        }
    g_autofree char *changed = g_strjoinv("\n", lines);
    fixture_write_model_as(changed, tiny.file, form);
    tiny.model = hr_model_open(tiny.file, &error);
    g_assert_no_error(error);
    return tiny;
}

static Tiny tiny_new(const char *fixture, const char *begin, const char *line)
{
    return tiny_new_as(fixture, begin, line, FIXTURE_FLOATS);
}

static void tiny_finish(Tiny *tiny)
{
    hr_model_unref(tiny->model);
    g_unlink(tiny->file);
    g_rmdir(tiny->folder);
    g_free(tiny->file);
    g_free(tiny->folder);
}

static HrRunner *runner_new(HrModel *model, const HrSettings *settings)
{
    g_autoptr(GError) error = NULL;
    HrDevice device = {.name = "host", .total = 64ull << 30, .free = 64ull << 30};
    g_autoptr(HrPlan) plan = hr_plan_new(model, settings, &device, 1, &error);
    g_assert_no_error(error);
    HrRunner *runner = hr_runner_new(model, plan, false, NULL, NULL, &error);
    g_assert_no_error(error);
    return runner;
}

/* ---- Bytes ---- */

static uint64_t taken_by_layer(const HrRunner *runner, int32_t layer)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < hr_runner_n_allocations(runner); i++) {
        const HrPlanItem *item = hr_runner_get_allocation(runner, i);
        if (item->kind == HR_ITEM_CACHE && item->layer == layer)
            bytes += item->bytes;
    }
    return bytes;
}

/* A page: 64 positions, 2 heads, keys and values of 128 numbers, 2 bytes each: 65536 bytes. A step
 * of 512 tokens and the 31 positions before it, which a window of 32 sees, touch 10 pages, wherever
 * in a page they begin; all 32768 positions lie in 512. */
static void test_windows(void)
{
    HrSettings settings = {.num_ctx = 32768, .num_batch = 512, .kv_type = HR_KV_F16, .threads = 1};
    Tiny tiny =
        tiny_new("gemma3-six", "u32 gemma3.context_length", "u32 gemma3.context_length 32768");
    g_autoptr(HrRunner) runner = runner_new(tiny.model, &settings);
    for (int32_t il = 0; il < 6; il++)
        g_assert_cmpuint(taken_by_layer(runner, il), ==, il < 5 ? 10 * 65536 : 512 * 65536);
    g_clear_pointer(&runner, hr_runner_free);
    tiny_finish(&tiny);
}

/* Latent attention keeps one row of 512 + 64 numbers for all heads, and no values: 64 positions of
 * 2 bytes take 73728 bytes, and 4096 of them 64 such pages. */
static void test_rows(void)
{
    HrSettings settings = {.num_ctx = 4096, .kv_type = HR_KV_F16, .threads = 1};
    Tiny tiny = tiny_new("deepseek2-moe", "u32 deepseek2.context_length",
                         "u32 deepseek2.context_length 4096");
    g_autoptr(HrRunner) runner = runner_new(tiny.model, &settings);
    g_assert_cmpuint(taken_by_layer(runner, 0), ==, 64 * 73728);
    g_clear_pointer(&runner, hr_runner_free);
    tiny_finish(&tiny);
}

/* ---- Coarse caches ---- */

static void collect(uint32_t position, const float *logits, size_t n_vocab, void *data)
{
    memcpy((float *)data + position * n_vocab, logits, n_vocab * sizeof *logits);
}

static void read_all(HrModel *model, HrKvType type, float *logits)
{
    g_autoptr(GError) error = NULL;
    HrToken tokens[FIXTURE_N_TOKENS];
    HrSettings settings = {.num_ctx = 128, .kv_type = type, .threads = 1, .all_logits = true};
    g_autoptr(HrRunner) runner = runner_new(model, &settings);
    fixture_tokens(tokens);
    hr_runner_evaluate_as(runner, tokens, FIXTURE_N_TOKENS, &(HrEvaluateOptions){0}, collect,
                          logits, &error);
    g_assert_no_error(error);
}

/* How far b is from a, as a part of what a varies: 0 the same, 1 as far as its mean. */
static double distance(const float *a, const float *b)
{
    double difference = 0, variance = 0;
    for (size_t r = 0; r < FIXTURE_N_TOKENS; r++) {
        double mean = 0;
        for (size_t i = 0; i < FIXTURE_N_VOCAB; i++)
            mean += a[r * FIXTURE_N_VOCAB + i] / FIXTURE_N_VOCAB;
        for (size_t i = 0; i < FIXTURE_N_VOCAB; i++) {
            double x = a[r * FIXTURE_N_VOCAB + i], y = b[r * FIXTURE_N_VOCAB + i];
            difference += (x - y) * (x - y);
            variance += (x - mean) * (x - mean);
        }
    }
    return sqrt(difference / variance);
}

/* Weights with a deviation of 0.5 make scores of tens, which magnify what is rounded: eight bits
 * are a few hundredths off here, four bits two thirds. Rows of latent attention, which all heads
 * read, fare as keys and values of heads do. */
static void test_coarse(gconstpointer fixture)
{
    size_t n = FIXTURE_N_TOKENS * FIXTURE_N_VOCAB;
    g_autofree float *exact = g_new(float, n), *eight = g_new(float, n), *four = g_new(float, n);
    Tiny tiny = tiny_new(fixture, NULL, NULL);
    read_all(tiny.model, HR_KV_F32, exact);
    read_all(tiny.model, HR_KV_Q8_0, eight);
    read_all(tiny.model, HR_KV_Q4_0, four);
    g_test_message("q8_0 %.2g q4_0 %.2g", distance(exact, eight), distance(exact, four));
    g_assert_cmpfloat(distance(exact, eight), <, 0.1);
    g_assert_cmpfloat(distance(exact, four), <, 0.9);
    g_assert_cmpfloat(distance(exact, eight), >, 0);
    g_assert_cmpfloat(distance(exact, eight), <, distance(exact, four));
    tiny_finish(&tiny);
}

/* ---- Experts in four bits ---- */

/* Against the floats that the blocks stand for: what is left is that kernels may round what experts
 * read to eight bits. */
static void test_mxfp4(void)
{
    size_t n = FIXTURE_N_TOKENS * FIXTURE_N_VOCAB;
    g_autofree float *exact = g_new(float, n), *blocks = g_new(float, n);
    Tiny floats = tiny_new_as("gpt-oss-experts", NULL, NULL, FIXTURE_EXPERTS_OF_MXFP4);
    Tiny tiny = tiny_new_as("gpt-oss-experts", NULL, NULL, FIXTURE_MXFP4_EXPERTS);
    read_all(floats.model, HR_KV_F32, exact);
    read_all(tiny.model, HR_KV_F32, blocks);
    g_test_message("mxfp4 %.2g", distance(exact, blocks));
    g_assert_cmpfloat(distance(exact, blocks), <, 0.05);
    tiny_finish(&floats);
    tiny_finish(&tiny);
}

/* ---- Behind the first chunk ---- */

#define N_LONG 8264

typedef struct {
    GPtrArray *lines; /* the answers that are not yet compared, by position */
    double sum;
} Compared;

static void compare_next(uint32_t position, const float *logits, size_t n_vocab, void *data)
{
    Compared *c = data;
    const char *line = c->lines->len ? c->lines->pdata[0] : NULL;
    if (!line || g_ascii_strtoull(line + strlen("answer "), NULL, 10) != position)
        return;
    c->sum += fixture_divergence(line, logits);
    g_ptr_array_remove_index(c->lines, 0);
}

/* Layers of Llama 4 that the file flags see a chunk of 8192 positions from its beginning; where all
 * is seen unturned, queries grow with their position. The other engine's answers on both sides of
 * that edge; it turns by angles in single precision, which this far from the start is 3e-5. */
static void test_chunk(void)
{
    HrSettings settings = {.num_ctx = 8448, .kv_type = HR_KV_F32, .threads = 2, .all_logits = true};
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "long", "llama4-moe.txt", NULL),
                    *text = NULL;
    g_autofree HrToken *tokens = g_new(HrToken, N_LONG);
    g_autoptr(GError) error = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GPtrArray) answers = g_ptr_array_new();
    for (size_t i = 0; *lines[i]; i++)
        g_ptr_array_add(answers, lines[i]);
    for (uint64_t i = 0; i < N_LONG; i++)
        tokens[i] = (HrToken)((i * i * 7 + i * 31 + 5) % FIXTURE_N_VOCAB);
    Tiny tiny =
        tiny_new("llama4-moe", "u32 llama4.context_length", "u32 llama4.context_length 16384");
    g_autoptr(HrRunner) runner = runner_new(tiny.model, &settings);
    Compared compared = {.lines = answers};
    uint32_t n = answers->len;
    hr_runner_evaluate_as(runner, tokens, N_LONG, &(HrEvaluateOptions){0}, compare_next, &compared,
                          &error);
    g_assert_no_error(error);
    g_assert_cmpuint(answers->len, ==, 0);
    g_assert_cmpuint(n, ==, 6);
    g_test_message("mean KL %.1e", compared.sum / n);
    g_assert_cmpfloat(fabs(compared.sum / n), <=, 1e-4);
    g_clear_pointer(&runner, hr_runner_free);
    tiny_finish(&tiny);
}

/* ---- Full contexts ---- */

#define NUM_CTX 48
#define N_KEEP 4
#define N_PROMPT 30
#define N_ANSWER 60

typedef struct {
    GArray *tokens;
    bool done;
} Answer;

static void on_event(const HrEvent *event, void *data)
{
    Answer *answer = data;
    if (event->kind == HR_EVENT_TOKEN)
        g_array_append_val(answer->tokens, event->token);
    answer->done |= event->kind == HR_EVENT_DONE;
}

static void keep_last(uint32_t position, const float *logits, size_t n_vocab, void *data)
{
    HrToken *best = data;
    *best = 0;
    for (size_t i = 1; i < n_vocab; i++)
        if (logits[i] > logits[*best])
            *best = (HrToken)i;
}

/* What follows tokens when all of them are read anew. */
static HrToken next_of(HrRunner *runner, const GArray *tokens)
{
    g_autoptr(GError) error = NULL;
    HrToken best;
    hr_runner_evaluate_as(runner, (const HrToken *)tokens->data, tokens->len,
                          &(HrEvaluateOptions){0}, keep_last, &best, &error);
    g_assert_no_error(error);
    return best;
}

static GArray *ask(HrRunner *runner, GMainContext *context, const GArray *prompt)
{
    g_autoptr(GError) error = NULL;
    Answer answer = {.tokens = g_array_new(false, false, sizeof(HrToken))};
    HrRequestOptions options = {.tokens = (const HrToken *)prompt->data,
                                .n_tokens = prompt->len,
                                .sampling = hr_sampling_default,
                                .num_predict = N_ANSWER,
                                .top_logprobs = -1,
                                .ignore_eos = true,
                                .shift = true,
                                .n_keep = N_KEEP};
    options.sampling.temperature = 0;
    options.sampling.repeat_penalty = 1;
    g_autoptr(HrRequest) request G_GNUC_UNUSED =
        hr_runner_submit(runner, &options, context, on_event, &answer, NULL, &error);
    g_assert_no_error(error);
    while (!answer.done)
        g_main_context_iteration(context, TRUE);
    return answer.tokens;
}

/* An answer that outgrows the context is, token by token, what a text without the gap is continued
 * by when it is read from its beginning: whatever a layer keeps of the past. */
static void test_shift(gconstpointer fixture)
{
    HrSettings narrow = {.num_ctx = NUM_CTX, .kv_type = HR_KV_F32, .threads = 1};
    HrSettings wide = {.num_ctx = 128, .kv_type = HR_KV_F32, .threads = 1, .all_logits = true};
    g_autoptr(GMainContext) context = g_main_context_new();
    g_autoptr(GArray) text = g_array_new(false, false, sizeof(HrToken));
    HrToken start[FIXTURE_N_TOKENS];
    Tiny tiny = tiny_new(fixture, NULL, NULL);
    g_autoptr(HrRunner) runner = runner_new(tiny.model, &narrow);
    g_autoptr(HrRunner) other = runner_new(tiny.model, &wide);
    fixture_tokens(start);
    g_array_append_vals(text, start, N_PROMPT);
    g_autoptr(GArray) answer = ask(runner, context, text);
    g_assert_cmpuint(answer->len, ==, N_ANSWER);
    uint32_t n_shifts = 0;
    for (uint32_t i = 0; i < N_ANSWER; i++) {
        if (text->len > NUM_CTX) {
            g_array_remove_range(text, N_KEEP, (text->len - N_KEEP) / 2);
            n_shifts++;
        }
        HrToken token = g_array_index(answer, HrToken, i);
        g_assert_cmpint(token, ==, next_of(other, text));
        g_array_append_val(text, token);
    }
    g_assert_cmpuint(n_shifts, >=, 2);
    g_clear_pointer(&runner, hr_runner_free);
    g_clear_pointer(&other, hr_runner_free);
    tiny_finish(&tiny);
}

int main(int argc, char **argv)
{
    static const char *const kinds[] = {"gemma3-six", "granitehybrid-dense", "lfm2-dense",
                                        "kimi-linear-moe", "qwen35-dense"};
    static const char *const coarse[] = {"llama-dense", "deepseek2-moe", "mistral4-moe"};
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/forms/windows", test_windows);
    g_test_add_func("/forms/rows", test_rows);
    g_test_add_func("/forms/mxfp4", test_mxfp4);
    g_test_add_func("/forms/chunk", test_chunk);
    for (size_t i = 0; i < G_N_ELEMENTS(coarse); i++) {
        g_autofree char *test = g_strconcat("/forms/coarse/", coarse[i], NULL);
        g_test_add_data_func(test, coarse[i], test_coarse);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *test = g_strconcat("/forms/shift/", kinds[i], NULL);
        g_test_add_data_func(test, kinds[i], test_shift);
    }
    return g_test_run();
}
