/* test-peer.c: tiny models of every architecture and rope scaling answer as another engine says
 * they do.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * peer.txt holds that engine's numbers in float arithmetic, some of them with an adapter;
 * regenerate-peer.py wrote it and says how.
 */
#include "peer-cases.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Two float implementations end up 1e-8 apart, mostly by the six digits of the fixture; a cache of
 * halves adds 1e-6. A rotation by a frequency one percent off is above 1e-3. */
#define MAX_KL_FLOAT 1e-6
#define MAX_KL_HALF 1e-4
/* A lead of the first token over the second that rounding cannot turn. */
#define CLEAR_MARGIN 0.05
#define MAX_TOP 64

typedef struct {
    uint32_t position;
    size_t n;
    HrToken ids[MAX_TOP];
    double logprobs[MAX_TOP];
} Row;

/* ---- The fixture ---- */

/* "NAME POSITION ID:LOGPROB ..." */
static Row parse_row(const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    Row row = {.position = (uint32_t)g_ascii_strtoull(words[1], NULL, 10),
               .n = g_strv_length(words) - 2};
    g_assert_cmpuint(row.n, <=, MAX_TOP);
    for (size_t i = 0; i < row.n; i++) {
        char *end;
        row.ids[i] = (HrToken)g_ascii_strtoll(words[i + 2], &end, 10);
        row.logprobs[i] = g_ascii_strtod(end + 1, NULL);
    }
    return row;
}

static GArray *read_rows(const char *name)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "peer.txt", NULL);
    g_autofree char *text = NULL, *prefix = g_strconcat(name, " ", NULL);
    GArray *rows = g_array_new(false, false, sizeof(Row));
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (size_t i = 0; lines[i]; i++)
        if (g_str_has_prefix(lines[i], prefix)) {
            Row row = parse_row(lines[i]);
            g_array_append_val(rows, row);
        }
    return rows;
}

/* ---- Ours ---- */

typedef struct {
    float *logits; /* [PEER_N_TOKENS, n_vocab], turned into log-probabilities */
} Answers;

static void collect(uint32_t position, const float *logits, size_t n_vocab, void *data)
{
    Answers *answers = data;
    double max = -INFINITY, sum = 0;
    for (size_t i = 0; i < n_vocab; i++)
        max = fmax(max, logits[i]);
    for (size_t i = 0; i < n_vocab; i++)
        sum += exp(logits[i] - max);
    for (size_t i = 0; i < n_vocab; i++)
        answers->logits[position * n_vocab + i] = (float)(logits[i] - max - log(sum));
}

static void add_adapter(HrModel *model, const PeerCase *c, const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *adapter = g_strconcat(path, ".lora", NULL);
    peer_write_adapter(c, path, adapter);
    hr_model_add_adapter(model, adapter, &error);
    g_assert_no_error(error);
    g_unlink(adapter);
}

static float *answers_of(const PeerCase *c, HrKvType kv_type)
{
    const TinyModel *tiny = &c->model;
    HrToken tokens[PEER_N_TOKENS];
    g_autoptr(GError) error = NULL;
    char *path = tiny_model_new(tiny);
    g_autoptr(HrModel) model = hr_model_open(path, &error);
    g_assert_no_error(error);
    if (c->adapted)
        add_adapter(model, c, path);
    HrDevice device = {.name = "host", .total = 64ull << 30, .free = 64ull << 30};
    HrSettings settings = {.num_ctx = 256, .kv_type = kv_type, .all_logits = true};
    g_autoptr(HrPlan) plan = hr_plan_new(model, &settings, &device, 1, &error);
    g_assert_no_error(error);
    g_autoptr(HrRunner) runner = hr_runner_new(model, plan, false, NULL, NULL, &error);
    g_assert_no_error(error);
    Answers answers = {g_new(float, PEER_N_TOKENS * tiny->n_vocab)};
    peer_tokens(tokens);
    g_assert_true(
        hr_runner_evaluate(runner, tokens, PEER_N_TOKENS, true, collect, &answers, &error));
    tiny_model_remove(path);
    return answers.logits;
}

/* ---- Comparison ---- */

/* Of the row's tokens, and of all others together. */
static double divergence(const Row *row, const float *ours)
{
    double kl = 0, p_rest = 1, q_rest = 1;
    for (size_t i = 0; i < row->n; i++) {
        double p = exp(row->logprobs[i]);
        kl += p * (row->logprobs[i] - ours[row->ids[i]]);
        p_rest -= p;
        q_rest -= exp(ours[row->ids[i]]);
    }
    if (p_rest > 1e-4) /* below, six digits of the others say nothing about the rest */
        kl += p_rest * log(p_rest / fmax(q_rest, 1e-12));
    return kl;
}

static HrToken most_likely(const float *logprobs, uint32_t n)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < n; i++)
        if (logprobs[i] > logprobs[best])
            best = i;
    return (HrToken)best;
}

static void compare(const PeerCase *c, HrKvType kv_type, double max_kl)
{
    g_autoptr(GArray) rows = read_rows(c->name);
    g_autofree float *ours = answers_of(c, kv_type);
    uint32_t n_vocab = c->model.n_vocab, n_clear = 0;
    double mean = 0;
    g_assert_cmpuint(rows->len, >=, 16);
    for (guint i = 0; i < rows->len; i++) {
        const Row *row = &g_array_index(rows, Row, i);
        const float *answer = ours + (size_t)row->position * n_vocab;
        mean += divergence(row, answer) / rows->len;
        if (row->logprobs[0] - row->logprobs[1] <= CLEAR_MARGIN)
            continue;
        g_assert_cmpint(most_likely(answer, n_vocab), ==, row->ids[0]);
        n_clear++;
    }
    g_test_message("%s, cache %s: mean KL %.2e, %u clear first tokens", c->name,
                   hr_kv_type_name(kv_type), mean, n_clear);
    g_assert_cmpuint(n_clear, >=, rows->len / 2);
    g_assert_cmpfloat(fabs(mean), <=, max_kl);
}

static void test_case(gconstpointer data)
{
    compare(data, HR_KV_F32, MAX_KL_FLOAT);
    compare(data, HR_KV_F16, MAX_KL_HALF);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    size_t n;
    const PeerCase *cases = peer_cases(&n);
    for (size_t i = 0; i < n; i++) {
        g_autofree char *name = g_strconcat("/peer/", cases[i].name, NULL);
        g_test_add_data_func(name, &cases[i], test_case);
    }
    return g_test_run();
}
