/* test-sampler.c: draws: how often, by which seed, with which log-probabilities, from odd logits
 * and odd settings.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/random.h"
#include "sampling-fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* As often as the softmax says. */
static void test_frequencies(void)
{
    enum { n_draws = 200000 };
    g_autoptr(HrSampler) sampler = new_sampler(neutral(), 4);
    int counts[4] = {0};
    float logits[4];

    fill_known(logits);
    for (int i = 0; i < n_draws; i++)
        counts[hr_sampler_draw(sampler, logits, NULL, 0, NULL)]++;
    g_assert_cmpfloat_with_epsilon(counts[0] / (double)n_draws, 0.15,
                                   0.004); /* five standard deviations */
    g_assert_cmpfloat_with_epsilon(counts[1] / (double)n_draws, 0.5, 0.006);
    g_assert_cmpfloat_with_epsilon(counts[2] / (double)n_draws, 0.05, 0.003);
    g_assert_cmpfloat_with_epsilon(counts[3] / (double)n_draws, 0.3, 0.005);
}

/* ---- Greedy, penalties, odd logits ---- */

static void test_greedy(void)
{
    HrSampling s = hr_sampling_default;
    float logits[] = {1, 5, 5, NAN, -INFINITY, 4};
    g_autoptr(HrSampler) sampler = NULL;

    s.temperature = 0;
    s.repeat_penalty = 2;
    sampler = new_sampler(s, G_N_ELEMENTS(logits));
    g_assert_cmpint(hr_sampler_draw(sampler, logits, NULL, 0, NULL), ==,
                    1); /* the lower id of two alike */
    hr_sampler_accept(sampler, 1);
    g_assert_cmpint(hr_sampler_draw(sampler, logits, NULL, 0, NULL), ==, 2);
    hr_sampler_accept(sampler, 2);
    g_assert_cmpint(hr_sampler_draw(sampler, logits, NULL, 0, NULL), ==, 5);
}

static void test_window(void)
{
    HrSampling s = hr_sampling_default;
    float logits[] = {3, 2, 1};
    g_autoptr(HrSampler) sampler = NULL;

    s.temperature = 0;
    s.presence_penalty = 10;
    s.repeat_last_n = 2;
    sampler = new_sampler(s, G_N_ELEMENTS(logits));
    for (int i = 0; i < 9; i++) { /* each is forgotten just in time */
        HrToken token = hr_sampler_draw(sampler, logits, NULL, 0, NULL);

        g_assert_cmpint(token, ==, i % 3);
        hr_sampler_accept(sampler, token);
    }
    hr_sampler_accept(sampler, -1); /* no tokens: ignored */
    hr_sampler_accept(sampler, 3);
}

static void check_odd(HrSampling s, const float *values, size_t n)
{
    g_autofree float *logits = g_memdup2(values, n * sizeof *values);
    g_autoptr(HrSampler) sampler = new_sampler(s, n);
    HrTokenProb top[8];
    float logprob;

    for (size_t i = 0; i < n; i++)
        hr_sampler_accept(sampler, (HrToken)i);
    for (int i = 0; i < 20; i++) {
        HrToken token = hr_sampler_draw(sampler, logits, top, G_N_ELEMENTS(top), &logprob);

        g_assert_cmpint(token, >=, 0);
        g_assert_cmpint(token, <, (int)n);
        g_assert_true(values[token] > -INFINITY);
        g_assert_false(isnan(logprob));
        g_assert_cmpfloat(logprob, <=, 0);
    }
}

static void test_odd_logits(void)
{
    static const float odd[][5] = {
        {NAN, NAN, 1, NAN, NAN},
        {INFINITY, 1, NAN, -INFINITY, 0},
        {INFINITY, INFINITY, 3, 2, 1},
        {3.4e38f, -3.4e38f, 0, 1, 2},
        {-INFINITY, -INFINITY, -INFINITY, -INFINITY, -3e38f},
        {0, 0, 0, 0, 0},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(odd); i++)
        for (int variant = 0; variant < 6; variant++) {
            HrSampling s = variant & 1 ? hr_sampling_default : neutral();

            s.mirostat = variant / 2;
            s.typical_p = 0.9f;
            s.min_p = 0.1f;
            s.repeat_penalty = 1.2f;
            check_odd(s, odd[i], G_N_ELEMENTS(odd[i]));
            s.temperature = variant & 1 ? 0 : 1e-30f;
            check_odd(s, odd[i], G_N_ELEMENTS(odd[i]));
        }
}

static void test_no_logits(void)
{
    float logits[] = {NAN, -INFINITY, NAN}, logprob = 7;
    HrTokenProb top = {.token = 7};

    for (int mirostat = 0; mirostat < 3; mirostat++) {
        HrSampling s = hr_sampling_default;
        g_autoptr(HrSampler) sampler = NULL;

        s.mirostat = mirostat;
        sampler = new_sampler(s, G_N_ELEMENTS(logits));
        g_assert_cmpint(hr_sampler_draw(sampler, logits, &top, 1, &logprob), ==, -1);
    }
    g_assert_true(logprob == 7 && top.token == 7);
}

/* ---- Log-probabilities ---- */

static int by_logit(const void *a, const void *b)
{
    const HrTokenProb *x = a, *y = b;

    return x->logprob != y->logprob ? (x->logprob < y->logprob) - (x->logprob > y->logprob)
                                    : x->token - y->token;
}

static void test_logprobs(void)
{
    enum { n = 5003, n_top = 20 };
    HrSampling s = hr_sampling_default;
    g_autofree float *logits = g_new(float, n);
    g_autofree HrTokenProb *words = g_new(HrTokenProb, n); /* logprob: still the logit */
    g_autoptr(HrSampler) sampler = NULL;
    HrTokenProb top[n_top];
    double sum = 0;

    fill_random(logits, n, 3);
    logits[17] = -INFINITY; /* as a mask does */
    for (size_t i = 0; i < n; i++) {
        words[i] = (HrTokenProb){.token = (HrToken)i, .logprob = logits[i]};
        sum += exp(logits[i]);
    }
    qsort(words, n, sizeof *words, by_logit);
    s.repeat_penalty = 1.5f; /* changes what is drawn, not what is told */
    sampler = new_sampler(s, n);
    for (int i = 0; i < 50; i++)
        hr_sampler_accept(sampler, words[i].token);
    for (int i = 0; i < 100; i++) {
        float logprob;
        HrToken token = hr_sampler_draw(sampler, logits, top, n_top, &logprob);

        g_assert_cmpfloat_with_epsilon(logprob, logits[token] - log(sum), 1e-5);
    }
    for (int i = 0; i < n_top; i++) {
        g_assert_cmpint(top[i].token, ==, words[i].token);
        g_assert_cmpfloat_with_epsilon(top[i].logprob, words[i].logprob - log(sum), 1e-5);
    }
}

static void test_few_logprobs(void)
{
    float logits[] = {1, NAN, 2};
    g_autoptr(HrSampler) sampler = new_sampler(hr_sampling_default, G_N_ELEMENTS(logits));
    HrTokenProb top[3];

    hr_sampler_draw(sampler, logits, top, G_N_ELEMENTS(top), NULL);
    g_assert_cmpint(top[0].token, ==, 2);
    g_assert_cmpint(top[1].token, ==, 0);
    g_assert_cmpint(top[2].token, ==, -1);
    g_assert_cmpfloat_with_epsilon(exp(top[0].logprob) + exp(top[1].logprob), 1, 1e-6);
}

/* ---- Seeds ---- */

/* The authors' own generators give these. */
static void test_random(void)
{
    static const uint64_t split[] = {6457827717110365317u, 3203168211198807973u,
                                     9817491932198370423u, 4593380528125082431u};
    static const uint64_t expected[] = {11520, 0, 1509978240, 1215971899390074240u};
    HrRandom random;

    hr_random_init(&random, 1234567);
    g_assert_cmpmem(random.state, sizeof random.state, split, sizeof split);
    random = (HrRandom){{1, 2, 3, 4}};
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++)
        g_assert_cmpuint(hr_random_u64(&random), ==, expected[i]);
}

static void draw_many(int64_t seed, HrToken *tokens, size_t n, uint64_t *ret_seed)
{
    HrSampling s = neutral();
    float logits[N_WORDS];
    g_autoptr(HrSampler) sampler = NULL;

    s.seed = seed;
    fill_random(logits, N_WORDS, 5);
    sampler = new_sampler(s, N_WORDS);
    for (size_t i = 0; i < n; i++)
        tokens[i] = hr_sampler_draw(sampler, logits, NULL, 0, NULL);
    *ret_seed = hr_sampler_seed(sampler);
}

static void test_seed(void)
{
    HrToken a[100], b[100];
    uint64_t seed_a, seed_b;

    draw_many(42, a, 100, &seed_a);
    draw_many(42, b, 100, &seed_b);
    g_assert_cmpuint(seed_a, ==, 42);
    g_assert_cmpmem(a, sizeof a, b, sizeof b);
    draw_many(INT64_MAX, b, 100, &seed_b);
    g_assert_cmpuint(seed_b, ==, INT64_MAX);
    g_assert_true(memcmp(a, b, sizeof a) != 0);

    draw_many(-1, a, 100, &seed_a); /* drawn, told, and good for a repetition */
    draw_many(-1, b, 100, &seed_b);
    g_assert_true(seed_a != seed_b);
    g_assert_true(memcmp(a, b, sizeof a) != 0);
    g_assert_cmpuint(seed_a, <=, INT64_MAX);
    draw_many((int64_t)seed_a, b, 100, &seed_b);
    g_assert_cmpmem(a, sizeof a, b, sizeof b);
}

/* ---- Mirostat ---- */

/* Over many draws the surprise of what is drawn comes to the target, which is what the method
 * promises; with these logits it is 2.2 bits if the best is always taken, and 4.9 if all are let
 * through. */
static void check_mirostat(int version, float tau)
{
    enum { n_draws = 2000, n_settle = 200 };
    HrSampling s = neutral();
    float logits[N_WORDS], logprob;
    double bits = 0;
    g_autoptr(HrSampler) sampler = NULL;

    s.mirostat = version;
    s.mirostat_tau = tau;
    s.top_k = 1; /* replaced */
    sampler = new_sampler(s, N_WORDS);
    for (int i = 0; i < n_draws; i++) {
        fill_random(logits, N_WORDS, (uint64_t)i);
        hr_sampler_draw(sampler, logits, NULL, 0, &logprob);
        if (i >= n_settle)
            bits -= logprob / G_LN2 / (n_draws - n_settle);
    }
    g_test_message("mirostat %d, target %g: %g bits", version, tau, bits);
    g_assert_cmpfloat_with_epsilon(bits, tau, 0.1);
}

static void test_mirostat(void)
{
    check_mirostat(1, 3);
    check_mirostat(1, 4);
    check_mirostat(2, 3);
    check_mirostat(2, 4);
}

/* ---- Settings ---- */

static void check_refused(HrSampling s, const char *message)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(hr_sampler_new(&s, 10, 10, &error));
    g_assert_error(error, HR_ERROR, HR_ERROR_SETTINGS);
    g_assert_cmpstr(error->message, ==, message);
}

static void test_settings(void)
{
    HrSampling s = hr_sampling_default;

    s.temperature = NAN;
    check_refused(s, "temperature must be a finite number");
    s = hr_sampling_default;
    s.mirostat_eta = INFINITY;
    check_refused(s, "mirostat_eta must be a finite number");
    s = hr_sampling_default;
    s.repeat_penalty = 0;
    check_refused(s, "repeat_penalty is 0; it must be above 0");
    s = hr_sampling_default;
    s.repeat_last_n = -2;
    check_refused(s, "repeat_last_n is -2; it must be -1 or more");
    s = hr_sampling_default;
    s.mirostat = 3;
    check_refused(s, "mirostat is 3; it must be 0, 1 or 2");
}

static double draw_us(HrSampler *sampler, float *logits, float *ret_logprob)
{
    enum { n_draws = 200 };
    gint64 start = g_get_monotonic_time();

    for (int i = 0; i < n_draws; i++)
        hr_sampler_draw(sampler, logits, NULL, 0, ret_logprob);
    return (double)(g_get_monotonic_time() - start) / n_draws;
}

/* Not a bar, as other programs run at the same time: -m perf tells how long a draw takes. */
static void test_time(void)
{
    enum { n = 151936 };
    g_autofree float *logits = g_new(float, n);
    g_autoptr(HrSampler) sampler = new_sampler(hr_sampling_default, n);
    float logprob;
    double us;

    if (!g_test_perf()) {
        g_test_skip("timing only with -m perf");
        return;
    }
    fill_random(logits, n, 1);
    us = draw_us(sampler, logits, NULL);
    g_test_minimized_result(us, "%.1f us per draw from %d", us, n);
    us = draw_us(sampler, logits, &logprob);
    g_test_minimized_result(us, "%.1f us with its log-probability", us);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/run/sampler/frequencies", test_frequencies);
    g_test_add_func("/run/sampler/greedy", test_greedy);
    g_test_add_func("/run/sampler/window", test_window);
    g_test_add_func("/run/sampler/odd-logits", test_odd_logits);
    g_test_add_func("/run/sampler/no-logits", test_no_logits);
    g_test_add_func("/run/sampler/logprobs", test_logprobs);
    g_test_add_func("/run/sampler/few-logprobs", test_few_logprobs);
    g_test_add_func("/run/sampler/random", test_random);
    g_test_add_func("/run/sampler/seed", test_seed);
    g_test_add_func("/run/sampler/mirostat", test_mirostat);
    g_test_add_func("/run/sampler/settings", test_settings);
    g_test_add_func("/run/sampler/time", test_time);
    return g_test_run();
}
