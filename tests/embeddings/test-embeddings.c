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

static void read_line(GPtrArray *cases, char **words)
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
    } else if (g_str_equal(words[0], "vector")) {
        for (char **word = words + 1; *word; word++)
            g_array_append_val(text->vectors, (float){(float)g_ascii_strtod(*word, NULL)});
        text->n++;
    }
}

static GPtrArray *read_cases(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "vectors.txt", NULL);
    g_autofree char *contents = NULL;
    g_autoptr(GError) error = NULL;
    GPtrArray *cases = g_ptr_array_new_with_free_func(case_free);
    g_file_get_contents(path, &contents, NULL, &error);
    g_assert_no_error(error);
    g_auto(GStrv) lines = g_strsplit(contents, "\n", -1);
    for (char **line = lines; *line && **line; line++) {
        g_auto(GStrv) words = g_strsplit(*line, " ", -1);
        read_line(cases, words);
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
        g_array_append_vals(answers->vectors[mark->text], event->vectors, (guint)(event->n_vectors * event->width));
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
        g_autoptr(HrRequest) request = hr_runner_embed(runner, (const HrToken *)text->tokens->data, text->tokens->len,
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
        furthest = MAX(furthest, fabs(g_array_index(ours, float, i) - g_array_index(theirs, float, i)));
    g_test_message("%u numbers, %.2g of the largest apart", theirs->len, furthest / largest);
    g_assert_cmpfloat(furthest, <=, largest * TOLERANCE);
}

/* One by one, then all at once and so several in a step: the same bits. */
static void test_vectors(gconstpointer data)
{
    const Case *c = data;
    g_autoptr(HrModel) model = NULL;
    g_autofree char *path = patched(c);
    g_autoptr(HrRunner) runner = load(path, (HrSettings){.threads = 2}, &model);
    const HrModelInfo *info = hr_model_get_info(model);
    g_autofree GArray **alone = g_new0(GArray *, c->texts->len), **together = g_new0(GArray *, c->texts->len);
    g_assert_true(info->embeds);
    g_assert_cmpint(info->pooling, ==, c->pooling);
    for (guint i = 0; i < c->texts->len; i++) {
        const Text *text = c->texts->pdata[i];
        ask(runner, c->texts, i, 1, alone);
        g_assert_cmpuint(info->n_output * text->n, ==, text->vectors->len);
        assert_close(alone[i], text->vectors);
    }
    ask(runner, c->texts, 0, c->texts->len, together);
    for (guint i = 0; i < c->texts->len; i++) {
        g_assert_cmpmem(alone[i]->data, alone[i]->len * sizeof(float), together[i]->data, together[i]->len * sizeof(float));
        g_array_unref(alone[i]);
        g_array_unref(together[i]);
    }
    g_unlink(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_autoptr(GPtrArray) cases = read_cases();
    for (guint i = 0; i < cases->len; i++) {
        static const char *const poolings[] = {"none", "mean", "cls", "last", "rank"};
        Case *c = cases->pdata[i];
        g_autofree char *path = g_strdup_printf("/embeddings/%s/%s", c->name, poolings[c->pooling]);
        g_test_add_data_func(path, c, test_vectors);
    }
    return g_test_run();
}
