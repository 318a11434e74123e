/* test-merge.c: joining by a heap gives what joining by looking through all pairs gives, and looks
 * pairs up only when they come to be.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tokenizer/merge.h"

#define N_IDS 40
#define N_FIRST 6 /* ids that texts are made of */

typedef struct {
    uint32_t rank[N_IDS][N_IDS];
    HrToken joined[N_IDS][N_IDS];
    size_t n_lookups;
} Rules;

static uint32_t look_up(const void *context, const HrSymbol *left, const HrSymbol *right,
                        HrToken *ret_joined)
{
    Rules *rules = (Rules *)context;

    rules->n_lookups++;
    if (left->id < 0 || right->id < 0)
        return HR_NO_RANK;
    *ret_joined = rules->joined[left->id][right->id];
    return rules->rank[left->id][right->id];
}

/* Some ranks are shared, as SPM's scores are. */
static void make_rules(Rules *rules, unsigned density_percent, unsigned n_ranks)
{
    rules->n_lookups = 0;
    for (int left = 0; left < N_IDS; left++) {
        for (int right = 0; right < N_IDS; right++) {
            bool joins = (unsigned)g_test_rand_int_range(0, 100) < density_percent;

            rules->rank[left][right] =
                joins ? (uint32_t)g_test_rand_int_range(0, (gint32)n_ranks) : HR_NO_RANK;
            rules->joined[left][right] = g_test_rand_int_range(0, N_IDS);
        }
    }
}

/* The same by its definition: again and again, the leftmost of the pairs of the lowest rank. */
static size_t join_slowly(const Rules *rules, HrToken *ids, size_t n)
{
    for (;;) {
        size_t best = n;
        uint32_t best_rank = HR_NO_RANK;

        for (size_t i = 0; i + 1 < n; i++) {
            uint32_t rank =
                ids[i] < 0 || ids[i + 1] < 0 ? HR_NO_RANK : rules->rank[ids[i]][ids[i + 1]];

            if (rank < best_rank) {
                best_rank = rank;
                best = i;
            }
        }
        if (best == n)
            return n;
        ids[best] = rules->joined[ids[best]][ids[best + 1]];
        for (size_t i = best + 1; i + 1 < n; i++)
            ids[i] = ids[i + 1];
        n--;
    }
}

static void check(HrMerger *merger, Rules *rules, size_t n)
{
    g_autofree HrToken *ids = g_new(HrToken, n + 1);
    size_t n_left, at = 0, covered = 0;

    rules->n_lookups = 0;
    merger->lookup = look_up;
    merger->context = rules;
    g_assert_true(hr_merger_begin(merger, n));
    for (size_t i = 0; i < n; i++) {
        ids[i] = g_test_rand_int_range(-1, N_FIRST);
        hr_merger_add(merger, ids[i], (uint32_t)i, 1);
    }
    hr_merger_run(merger);
    g_assert_cmpuint(rules->n_lookups, <=, 3 * n);
    n_left = join_slowly(rules, ids, n);
    for (uint32_t i = n > 0 ? 0 : HR_NO_SYMBOL; i != HR_NO_SYMBOL; i = merger->symbols[i].next) {
        g_assert_cmpuint(at, <, n_left);
        g_assert_cmpint(merger->symbols[i].id, ==, ids[at++]);
        g_assert_cmpuint(merger->symbols[i].start, ==, covered);
        covered += merger->symbols[i].len;
    }
    g_assert_cmpuint(at, ==, n_left);
    g_assert_cmpuint(covered, ==, n);
}

static void test_random(void)
{
    HrMerger merger = {0};
    g_autofree Rules *rules = g_new0(Rules, 1);

    for (int round = 0; round < 60; round++) {
        make_rules(rules, (unsigned)g_test_rand_int_range(1, 101),
                   (unsigned)g_test_rand_int_range(1, 2000));
        for (int text = 0; text < 5; text++)
            check(&merger, rules, (size_t)g_test_rand_int_range(0, 300));
    }
    hr_merger_finish(&merger);
}

/* A million equal symbols: the work is counted, not timed. */
static void test_long_run(void)
{
    HrMerger merger = {.lookup = look_up};
    g_autofree Rules *rules = g_new0(Rules, 1);
    const size_t n = 1u << 20;

    make_rules(rules, 0, 1);
    for (int id = 0; id < 10; id++) {
        rules->rank[id][id] = (uint32_t)id;
        rules->joined[id][id] = id + 1;
    }
    merger.context = rules;
    g_assert_true(hr_merger_begin(&merger, n));
    for (size_t i = 0; i < n; i++)
        hr_merger_add(&merger, 0, (uint32_t)i, 1);
    hr_merger_run(&merger);
    for (uint32_t i = 0; i != HR_NO_SYMBOL; i = merger.symbols[i].next) {
        g_assert_cmpint(merger.symbols[i].id, ==, 10);
        g_assert_cmpuint(merger.symbols[i].len, ==, 1024);
    }
    g_assert_cmpuint(rules->n_lookups, <=, 3 * n);
    hr_merger_finish(&merger);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tokenizer/merge/random", test_random);
    g_test_add_func("/tokenizer/merge/long-run", test_long_run);
    return g_test_run();
}
