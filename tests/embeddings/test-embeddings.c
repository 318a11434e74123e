/* test-embeddings.c: vectors of texts against the original implementations'.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The models and vectors.txt are written by make-fixtures.py.
 */
#include "hr.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

/* Ours are floats and theirs doubles: what was seen is below 2e-6 of the largest number. */
#define TOLERANCE 2e-5

typedef struct {
    GArray *tokens;  /* HrToken */
    GArray *vectors; /* float: [n][width] */
    size_t n;
    char *text;      /* that the tokens are of, or NULL */
} Text;

typedef struct {
    char *name;
    int pooling;
    GPtrArray *texts; /* Text */
} Case;

static void text_free(void *data)
{
    Text *text = data;
    g_array_unref(text->tokens);
    g_array_unref(text->vectors);
    g_free(text->text);
    g_free(text);
}

static void case_free(void *data)
{
    Case *c = data;
    g_free(c->name);
    g_ptr_array_unref(c->texts);
    g_free(c);
}

/* ---- The fixture ---- */

static void read_line(GPtrArray *cases, const char *line, char **words)
{
    Case *c = cases->len ? cases->pdata[cases->len - 1] : NULL;
    Text *text = c && c->texts->len ? c->texts->pdata[c->texts->len - 1] : NULL;
    if (g_str_equal(words[0], "model")) {
        c = g_new0(Case, 1);
        c->name = g_strdup(words[1]);
        c->pooling = atoi(words[2]);
        c->texts = g_ptr_array_new_with_free_func(text_free);
        g_ptr_array_add(cases, c);
    } else if (g_str_equal(words[0], "tokens")) {
        text = g_new0(Text, 1);
        text->tokens = g_array_new(false, false, sizeof(HrToken));
        text->vectors = g_array_new(false, false, sizeof(float));
        for (char **word = words + 1; *word; word++)
            g_array_append_val(text->tokens, (HrToken){atoi(*word)});
        g_ptr_array_add(c->texts, text);
    } else if (g_str_equal(words[0], "text")) {
        text->text = g_strcompress(line + strlen("text "));
    } else if (g_str_equal(words[0], "vector")) {
        for (char **word = words + 1; *word; word++)
            g_array_append_val(text->vectors, (float){(float)g_ascii_strtod(*word, NULL)});
        text->n++;
    }
}

static GPtrArray *read_cases(const char *name)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, name, NULL);
    g_autofree char *contents = NULL;
    g_autoptr(GError) error = NULL;
    GPtrArray *cases = g_ptr_array_new_with_free_func(case_free);
    g_file_get_contents(path, &contents, NULL, &error);
    g_assert_no_error(error);
    g_auto(GStrv) lines = g_strsplit(contents, "\n", -1);
    for (char **line = lines; *line && **line; line++) {
        g_auto(GStrv) words = g_strsplit(*line, " ", -1);
        read_line(cases, *line, words);
    }
    return cases;
}

/* The model's file with another pooling_type. */
static char *patched(const Case *c)
{
    g_autofree char *file = g_strconcat(c->name, ".gguf", NULL);
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, file, NULL);
    g_autofree char *bytes = NULL;
    g_autoptr(GError) error = NULL;
    char *copy = NULL;
    gsize size;
    g_file_get_contents(path, &bytes, &size, &error);
    g_assert_no_error(error);
    char *key = memmem(bytes, size, ".pooling_type", 13);
    g_assert_nonnull(key);
    key[13 + 4] = (char)c->pooling; /* behind the value's type */
    int fd = g_file_open_tmp("headroom-XXXXXX.gguf", &copy, &error);
    g_assert_no_error(error);
    g_close(fd, NULL);
    g_file_set_contents(copy, bytes, (gssize)size, &error);
    g_assert_no_error(error);
    return copy;
}

/* ---- Asking ---- */

typedef struct {
    GMainLoop *loop;
    GArray **vectors; /* of each text */
    size_t n_left;
    HrDoneReason reason;
    HrTimings timings;
} Answers;

typedef struct {
    Answers *answers;
    size_t text;
} Mark;

static void event_cb(const HrEvent *event, void *data)
{
    Mark *mark = data;
    Answers *answers = mark->answers;
    if (event->kind == HR_EVENT_VECTOR) {
        g_assert_null(answers->vectors[mark->text]);
        answers->vectors[mark->text] = g_array_new(false, false, sizeof(float));
        g_array_append_vals(answers->vectors[mark->text], event->vectors,
                            (guint)(event->n_vectors * event->width));
    } else if (event->kind == HR_EVENT_DONE) {
        answers->reason = event->reason;
        answers->timings = event->timings;
        if (--answers->n_left == 0)
            g_main_loop_quit(answers->loop);
    }
}

static void ask(HrRunner *runner, GPtrArray *texts, size_t begin, size_t n, GArray **vectors)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, false);
    Answers answers = {.loop = loop, .vectors = vectors, .n_left = n};
    for (size_t i = begin; i < begin + n; i++) {
        const Text *text = texts->pdata[i];
        g_autoptr(GError) error = NULL;
        Mark *mark = g_new(Mark, 1);
        *mark = (Mark){&answers, i};
        g_autoptr(HrRequest) request =
            hr_runner_embed(runner, (const HrToken *)text->tokens->data, text->tokens->len,
                            g_main_context_default(), event_cb, mark, g_free, &error);
        g_assert_no_error(error);
        g_assert_nonnull(request);
    }
    g_main_loop_run(loop);
    g_assert_cmpint(answers.reason, ==, HR_DONE_STOP);
}

static HrRunner *load(const char *path, HrSettings settings, HrModel **ret_model)
{
    g_autoptr(GError) error = NULL;
    HrDevice device = {.name = "host", .total = 64ull << 30, .free = 64ull << 30};
    HrModel *model = hr_model_open(path, &error);
    g_assert_no_error(error);
    hr_model_is_runnable(model, &error);
    g_assert_no_error(error);
    g_autoptr(HrPlan) plan = hr_plan_new(model, &settings, &device, 1, &error);
    g_assert_no_error(error);
    HrRunner *runner = hr_runner_new(model, plan, false, NULL, NULL, &error);
    g_assert_no_error(error);
    *ret_model = model;
    return runner;
}

static void assert_close(const GArray *ours, const GArray *theirs)
{
    double largest = 0, furthest = 0;
    g_assert_cmpuint(ours->len, ==, theirs->len);
    for (guint i = 0; i < theirs->len; i++)
        largest = MAX(largest, fabs(g_array_index(theirs, float, i)));
    for (guint i = 0; i < theirs->len; i++)
        furthest =
            MAX(furthest, fabs(g_array_index(ours, float, i) - g_array_index(theirs, float, i)));
    g_test_message("%u numbers, %.2g of the largest apart", theirs->len, furthest / largest);
    g_assert_cmpfloat(furthest, <=, largest * TOLERANCE);
}

/* A decoder whose last row is wanted may read a text in portions, several texts at once: the same
 * bits. */
static void check_portions(const char *path, const Case *c, GArray *const *wanted)
{
    g_autoptr(HrModel) model = NULL;
    g_autoptr(HrRunner) runner =
        load(path, (HrSettings){.threads = 2, .kv_type = HR_KV_F32, .num_batch = 16, .parallel = 3},
             &model);
    g_autofree GArray **vectors = g_new0(GArray *, c->texts->len);
    ask(runner, c->texts, 0, c->texts->len, vectors);
    for (guint i = 0; i < c->texts->len; i++) {
        g_assert_cmpmem(vectors[i]->data, vectors[i]->len * sizeof(float), wanted[i]->data,
                        wanted[i]->len * sizeof(float));
        g_array_unref(vectors[i]);
    }
}

/* One by one, then all at once and so several in a step: the same bits. */
static void test_vectors(gconstpointer data)
{
    const Case *c = data;
    g_autoptr(HrModel) model = NULL;
    g_autofree char *path = patched(c);
    g_autoptr(HrRunner) runner =
        load(path, (HrSettings){.threads = 2, .kv_type = HR_KV_F32}, &model);
    const HrModelInfo *info = hr_model_get_info(model);
    g_autofree GArray **alone = g_new0(GArray *, c->texts->len),
                      **together = g_new0(GArray *, c->texts->len);
    g_assert_true(info->embeds);
    g_assert_cmpint(info->pooling, ==, c->pooling);
    for (guint i = 0; i < c->texts->len; i++) {
        const Text *text = c->texts->pdata[i];
        ask(runner, c->texts, i, 1, alone);
        g_assert_cmpuint(info->n_output * text->n, ==, text->vectors->len);
        assert_close(alone[i], text->vectors);
    }
    ask(runner, c->texts, 0, c->texts->len, together);
    if (!hr_plan_get_bytes(hr_runner_get_plan(runner), HR_ITEM_CACHE))
        g_assert_cmpuint(hr_plan_get_settings(hr_runner_get_plan(runner))->num_batch, ==,
                         hr_plan_get_settings(hr_runner_get_plan(runner))->num_ctx);
    else if (c->pooling == HR_POOLING_LAST)
        check_portions(path, c, alone);
    for (guint i = 0; i < c->texts->len; i++) {
        g_assert_cmpmem(alone[i]->data, alone[i]->len * sizeof(float), together[i]->data,
                        together[i]->len * sizeof(float));
        g_array_unref(alone[i]);
        g_array_unref(together[i]);
    }
    g_unlink(path);
}

/* ---- Real weights ---- */

/* HEADROOM_TEST_EMBEDDING_MODEL, or what convert-bert.py wrote into the folder of models. */
static char *find_minilm(void)
{
    const char *named = g_getenv("HEADROOM_TEST_EMBEDDING_MODEL");
    char *path =
        named ? g_strdup(named)
              : g_build_filename(g_get_user_data_dir(), "headroom", "models", "minilm.gguf", NULL);
    if (g_file_test(path, G_FILE_TEST_EXISTS))
        return path;
    g_free(path);
    return NULL;
}

static void assert_tokens(const HrModel *model, const Text *text)
{
    g_autoptr(HrPrompt) prompt = hr_prompt_new();
    g_autoptr(GError) error = NULL;
    hr_prompt_append(prompt, text->text, -1, false);
    g_autoptr(GArray) tokens = hr_model_tokenize(model, prompt, true, &error);
    g_assert_no_error(error);
    g_assert_cmpmem(tokens->data, tokens->len * sizeof(HrToken), text->tokens->data,
                    text->tokens->len * sizeof(HrToken));
}

static double cosine(const GArray *a, const GArray *b)
{
    double dot = 0, aa = 0, bb = 0;
    for (guint i = 0; i < a->len; i++) {
        double x = g_array_index(a, float, i), y = g_array_index(b, float, i);
        dot += x * y;
        aa += x * x;
        bb += y * y;
    }
    return dot / sqrt(aa * bb);
}

static void test_minilm(void)
{
    g_autofree char *path = find_minilm();
    g_autoptr(GPtrArray) cases = read_cases("minilm.txt");
    const Case *c = cases->pdata[0];
    g_autoptr(HrModel) model = NULL;
    if (!path) {
        g_test_skip(
            "all-MiniLM-L6-v2 is not here: convert-bert.py makes it, HEADROOM_TEST_EMBEDDING_MODEL names it");
        return;
    }
    g_autoptr(HrRunner) runner = load(path, (HrSettings){.threads = 2}, &model);
    g_autofree GArray **ours = g_new0(GArray *, c->texts->len);
    ask(runner, c->texts, 0, c->texts->len, ours);
    for (guint i = 0; i < c->texts->len; i++) {
        const Text *text = c->texts->pdata[i];
        assert_tokens(model, text);
        g_assert_cmpuint(ours[i]->len, ==, text->vectors->len);
        g_assert_cmpfloat(cosine(ours[i], text->vectors), >=, 0.9995);
        g_array_unref(ours[i]);
    }
}

/* ---- The tokenizer of multilingual models: what SentencePiece gives (make-unigram.py) ---- */

static void check_unigram(const HrModel *model, const char *line)
{
    g_auto(GStrv) parts = g_strsplit(line, "\t", 2);
    g_auto(GStrv) words = g_strsplit(parts[0], " ", -1);
    g_autofree char *text = g_strcompress(parts[1]);
    g_autoptr(HrPrompt) prompt = hr_prompt_new();
    g_autoptr(GArray) wanted = g_array_new(false, false, sizeof(HrToken));
    g_autoptr(GError) error = NULL;
    for (char **word = words; *word && **word; word++)
        g_array_append_val(wanted, (HrToken){atoi(*word)});
    hr_prompt_append(prompt, text, -1, false);
    g_autoptr(GArray) tokens = hr_model_tokenize(model, prompt, true, &error);
    g_assert_no_error(error);
    if (tokens->len != wanted->len ||
        (wanted->len > 0 && memcmp(tokens->data, wanted->data, wanted->len * sizeof(HrToken)) != 0))
        g_error("other tokens than SentencePiece's for \"%s\": %u, not %u, the first %d", text,
                tokens->len, wanted->len, tokens->len ? g_array_index(tokens, HrToken, 0) : -1);
}

static void test_unigram(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "unigram.gguf", NULL);
    g_autofree char *list = g_test_build_filename(G_TEST_DIST, "unigram.txt", NULL);
    g_autofree char *contents = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(HrModel) model = hr_model_open(path, &error);
    g_assert_no_error(error);
    g_file_get_contents(list, &contents, NULL, &error);
    g_assert_no_error(error);
    g_auto(GStrv) lines = g_strsplit(contents, "\n", -1);
    for (char **line = lines; *line && **line; line++)
        check_unigram(model, *line);
}

/* Whatever the table of characters holds, nothing is read beyond it. */
static void test_unigram_damaged(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "unigram.gguf", NULL);
    g_autofree char *bytes = NULL;
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);
    gsize size;
    g_assert_true(g_file_get_contents(path, &bytes, &size, NULL));
    char *table = (char *)memmem(bytes, size, "precompiled_charsmap", 20) + 20 + 4 + 4 + 8;
    for (int round = 0; round < 60; round++) {
        g_autofree char *broken = g_memdup2(bytes, size), *copy = NULL;
        g_autoptr(HrPrompt) prompt = hr_prompt_new();
        for (int i = 0; i < 40; i++)
            broken[table - bytes + g_rand_int_range(rand, round < 30 ? 4 : 0, 600)] =
                (char)g_rand_int(rand);
        g_close(g_file_open_tmp("headroom-XXXXXX.gguf", &copy, NULL), NULL);
        g_assert_true(g_file_set_contents(copy, broken, (gssize)size, NULL));
        g_autoptr(HrModel) model = hr_model_open(copy, NULL);
        hr_prompt_append(
            prompt, "the \357\274\241 caf\303\251 \357\254\201 \342\200\246 brown e\314\201 fox",
            -1, false);
        g_autoptr(GArray) tokens G_GNUC_UNUSED =
            hr_model_tokenize(model, prompt, true,
                              NULL); /* or NULL: that it is refused is as good */
        g_unlink(copy);
    }
}

/* ---- What is refused, and what is left in the middle ---- */

static void test_refused(void)
{
    static const HrToken none[1], beyond[] = {48};
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "bert.gguf", NULL);
    g_autofree HrToken *long_text = g_new0(HrToken, 200);
    g_autoptr(HrModel) model = NULL;
    g_autoptr(HrRunner) runner = load(path, (HrSettings){.threads = 1}, &model);
    const struct {
        const HrToken *tokens;
        size_t n;
        const char *message;
    } cases[] = {
        {none, 0, "The text is empty."},
        {long_text, 193, "The text has 193 tokens, but num_ctx is 192"},
        {beyond, 1, "Token 48 is not"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(
            hr_runner_embed(runner, cases[i].tokens, cases[i].n, NULL, NULL, NULL, NULL, &error));
        g_assert_nonnull(strstr(error->message, cases[i].message));
    }
    HrRequestOptions options = {.tokens = none, .n_tokens = 1, .sampling = hr_sampling_default};
    g_autoptr(GError) error = NULL;
    g_assert_null(hr_runner_submit(runner, &options, NULL, NULL, NULL, NULL, &error));
    g_assert_error(error, HR_ERROR, HR_ERROR_UNSUPPORTED);
}

static void count_done(const HrEvent *event, void *data)
{
    if (event->kind == HR_EVENT_DONE)
        g_atomic_int_inc((int *)data);
}

/* A runner that ends while texts wait tells each of them. */
static void test_ends(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "bert.gguf", NULL);
    g_autofree HrToken *text = g_new0(HrToken, 192);
    g_autoptr(HrModel) model = NULL;
    HrRunner *runner = load(path, (HrSettings){.threads = 1}, &model);
    int n_done = 0;
    for (int i = 0; i < 100; i++) {
        g_autoptr(HrRequest) request =
            hr_runner_embed(runner, text, 192, NULL, count_done, &n_done, NULL, NULL);
        if (i % 3 == 0)
            hr_request_cancel(request);
    }
    hr_runner_free(runner);
    g_assert_cmpint(n_done, ==, 100);
}

/* No cache, room for a whole text in a step, and the ledger is the plan. */
static void test_plan(gconstpointer data)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, data, NULL);
    static const uint32_t contexts[] = {1, 64, 192};
    for (size_t i = 0; i < G_N_ELEMENTS(contexts); i++) {
        g_autoptr(HrModel) model = NULL;
        g_autoptr(HrRunner) runner =
            load(path, (HrSettings){.threads = 2, .num_ctx = contexts[i]}, &model);
        HrPlan *plan = hr_runner_get_plan(runner);
        HrRunnerStats stats;
        hr_runner_get_stats(runner, &stats);
        g_assert_cmpuint(hr_plan_get_settings(plan)->num_batch, ==, contexts[i]);
        g_assert_cmpuint(hr_plan_get_bytes(plan, HR_ITEM_CACHE), ==, 0);
        g_assert_cmpuint(hr_runner_n_allocations(runner), ==, hr_plan_n_items(plan));
        for (int kind = 0; kind < HR_ITEM_N_KINDS; kind++)
            g_assert_cmpuint(stats.allocated[kind], ==, hr_plan_get_bytes(plan, (HrItemKind)kind));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_autoptr(GPtrArray) cases = read_cases("vectors.txt");
    g_test_add_func("/embeddings/minilm", test_minilm);
    g_test_add_func("/embeddings/unigram", test_unigram);
    g_test_add_func("/embeddings/unigram/damaged", test_unigram_damaged);
    g_test_add_func("/embeddings/refused", test_refused);
    g_test_add_func("/embeddings/ends", test_ends);
    g_test_add_data_func("/embeddings/plan/bert", "bert.gguf", test_plan);
    g_test_add_data_func("/embeddings/plan/jina", "jina-bert-v2.gguf", test_plan);
    for (guint i = 0; i < cases->len; i++) {
        static const char *const poolings[] = {"none", "mean", "cls", "last", "rank"};
        Case *c = cases->pdata[i];
        g_autofree char *path = g_strdup_printf("/embeddings/%s/%s", c->name, poolings[c->pooling]);
        g_test_add_data_func(path, c, test_vectors);
    }
    return g_test_run();
}
