/* candidates.c: see candidates.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/candidates.h"

#include <float.h>
#include <math.h>

#define BLOCK 32 /* logits that are compared with the threshold at once */

bool hr_candidates_init(HrCandidates *set, size_t capacity, GError **error)
{
    HrCandidate *items = g_try_new(HrCandidate, MAX(capacity, 1));

    if (!items) {
        g_set_error(error, HR_ERROR, HR_ERROR_MEMORY, "no memory to sample from %zu tokens",
                    capacity);
        return false;
    }
    *set = (HrCandidates){.items = items, .capacity = capacity};
    return true;
}

void hr_candidates_clear(HrCandidates *set)
{
    g_clear_pointer(&set->items, g_free);
    set->n = set->capacity = 0;
}

bool hr_candidates_reserve(HrCandidates *set, size_t n)
{
    size_t capacity = MAX(n, set->capacity + set->capacity / 2);
    HrCandidate *items;

    if (n <= set->capacity)
        return true;
    items = g_try_realloc_n(set->items, capacity, sizeof *items);
    if (!items)
        return false;
    set->items = items;
    set->capacity = capacity;
    return true;
}

/* ---- Order ---- */

static bool goes_before(const HrCandidate *a, const HrCandidate *b)
{
    return a->key > b->key || (a->key == b->key && a->token < b->token);
}

/* Heaps have the candidate that goes last (take_top) or first (order_mass) of all at the root. */
static void sift_down(HrCandidate *heap, size_t n, size_t at, bool last_at_root)
{
    HrCandidate moved = heap[at];

    for (size_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && goes_before(&heap[child + 1], &heap[child]) != last_at_root)
            child++;
        if (goes_before(&heap[child], &moved) == last_at_root)
            break;
        heap[at] = heap[child];
    }
    heap[at] = moved;
}

static void heapify(HrCandidate *heap, size_t n, bool last_at_root)
{
    for (size_t i = n / 2; i-- > 0;)
        sift_down(heap, n, i, last_at_root);
}

/* Moves the root behind the heap, which is then one shorter. */
static void pop(HrCandidate *heap, size_t n, bool last_at_root)
{
    HrCandidate root = heap[0];

    heap[0] = heap[n - 1];
    heap[n - 1] = root;
    sift_down(heap, n - 1, 0, last_at_root);
}

/* ---- Taking from logits ---- */

static HrCandidate candidate(const float *logits, size_t token)
{
    float logit = MIN(logits[token], FLT_MAX);

    return (HrCandidate){.token = (HrToken)token, .logit = logit, .key = logit};
}

void hr_candidates_take_all(HrCandidates *set, const float *logits, size_t n_logits)
{
    set->n = 0;
    for (size_t i = 0; i < n_logits; i++)
        if (logits[i] > -INFINITY)
            set->items[set->n++] = candidate(logits, i);
}

/* Whether any of BLOCK logits exceeds threshold, without a branch for each. */
static bool any_above(const float *logits, float threshold)
{
    int any = 0;

    for (int i = 0; i < BLOCK; i++)
        any |= logits[i] > threshold;
    return any;
}

/* The first k candidates, which any later one must beat. Returns where it stopped. */
static size_t fill_heap(HrCandidates *set, const float *logits, size_t n_logits, size_t k)
{
    size_t i = 0;

    for (set->n = 0; i < n_logits && set->n < k; i++)
        if (logits[i] > -INFINITY)
            set->items[set->n++] = candidate(logits, i);
    heapify(set->items, set->n, true);
    return i;
}

static void offer(HrCandidates *set, const float *logits, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++)
        if (logits[i] > set->items[0].logit) {
            set->items[0] = candidate(logits, i);
            sift_down(set->items, set->n, 0, true);
        }
}

void hr_candidates_take_top(HrCandidates *set, const float *logits, size_t n_logits, size_t k)
{
    size_t i = 0;

    set->n = 0;
    if (k == 0)
        return;
    i = fill_heap(set, logits, n_logits, k);
    for (; i + BLOCK <= n_logits; i += BLOCK)
        if (any_above(logits + i, set->items[0].logit))
            offer(set, logits, i, i + BLOCK);
    offer(set, logits, i, n_logits);
    for (size_t n = set->n; n > 1; n--)
        pop(set->items, n, true);
}

/* ---- Filters ---- */

void hr_candidates_softmax(HrCandidates *set, double temperature)
{
    double max = -INFINITY, sum = 0;

    for (size_t i = 0; i < set->n; i++)
        max = MAX(max, set->items[i].logit);
    for (size_t i = 0; i < set->n; i++) {
        set->items[i].p = exp((set->items[i].logit - max) / temperature);
        sum += set->items[i].p;
    }
    for (size_t i = 0; i < set->n; i++)
        set->items[i].p /= sum;
}

static void order_by_logit(HrCandidates *set)
{
    for (size_t i = 0; i < set->n; i++)
        set->items[i].key = set->items[i].logit;
}

static void reverse(HrCandidate *items, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        HrCandidate swapped = items[i];

        items[i] = items[n - 1 - i];
        items[n - 1 - i] = swapped;
    }
}

/* Puts, by key, the first candidates in order at the beginning, until their p sum to mass or max_n
 * are there, but at least one. Returns how many. */
static size_t order_mass(HrCandidates *set, double mass, size_t max_n)
{
    size_t left = set->n;
    double sum = 0;

    heapify(set->items, set->n, false);
    while (left > 0 && set->n - left < max_n && (sum < mass || left == set->n)) {
        sum += set->items[0].p;
        pop(set->items, left--, false);
    }
    reverse(set->items, set->n); /* they stood at the end, last first */
    return set->n - left;
}

size_t hr_candidates_order_mass(HrCandidates *set, double mass)
{
    return order_mass(set, mass, set->n);
}

void hr_candidates_order_first(HrCandidates *set, size_t k)
{
    order_by_logit(set);
    order_mass(set, INFINITY, k);
}

void hr_candidates_keep_first(HrCandidates *set, size_t k)
{
    order_by_logit(set);
    set->n = order_mass(set, INFINITY, MAX(k, 1));
}

void hr_candidates_keep_nucleus(HrCandidates *set, double mass)
{
    hr_candidates_softmax(set, 1);
    order_by_logit(set);
    set->n = order_mass(set, mass, set->n);
}

void hr_candidates_keep_typical(HrCandidates *set, double mass)
{
    double entropy = 0; /* nats */

    hr_candidates_softmax(set, 1);
    for (size_t i = 0; i < set->n; i++)
        if (set->items[i].p > 0)
            entropy -= set->items[i].p * log(set->items[i].p);
    for (size_t i = 0; i < set->n; i++)
        set->items[i].key = (float)-fabs(-log(set->items[i].p) - entropy);
    set->n = order_mass(set, mass, set->n);
}

void hr_candidates_keep_near_best(HrCandidates *set, double min_p)
{
    double best = -INFINITY, least;
    size_t n = 0;

    for (size_t i = 0; i < set->n; i++)
        best = MAX(best, set->items[i].logit);
    least = best + log(MIN(min_p, 1));
    for (size_t i = 0; i < set->n; i++)
        if (set->items[i].logit >= least)
            set->items[n++] = set->items[i];
    set->n = n;
}
