/* test-kv-kinds.c: the cache of layers that see all, a window, or keep a state: what a slot can
 * come back to is right, whatever slots do.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "kv/resize.h"

#include <string.h>

#define N_SLOTS 3
#define NUM_CTX 1000
#define NUM_BATCH 100
#define WINDOW 90

enum { FULL, WINDOWED, LATENT, RECURRENT, NOTHING, N_LAYER };

typedef struct {
    HrLayerShape layers[N_LAYER];
    HrHparams hparams;
    HrLedger ledger;
    HrKv kv;
} Fixture;

/* data: whether there is a recurrent layer. */
static void set_up(Fixture *f, gconstpointer data)
{
    static const HrPlanItem items[N_LAYER] = {{.name = "full"},
                                              {.name = "window"},
                                              {.name = "latent"},
                                              {.name = "states"}};
    g_autoptr(GError) error = NULL;
    HrSettings settings = {.num_ctx = NUM_CTX,
                           .parallel = N_SLOTS,
                           .num_batch = NUM_BATCH,
                           .kv_type = HR_KV_F32};
    memset(f->layers, 0, sizeof f->layers);
    f->layers[FULL] = (HrLayerShape){.n_head = 2, .n_head_kv = 1, .head_dim_k = 4, .head_dim_v = 4};
    f->layers[WINDOWED] = (HrLayerShape){
        .n_head = 2, .n_head_kv = 2, .head_dim_k = 8, .head_dim_v = 4, .window = WINDOW};
    f->layers[LATENT] = (HrLayerShape){
        .n_head = 2, .n_head_kv = 1, .head_dim_k = 12, .head_dim_v = 8, .latent = true};
    if (GPOINTER_TO_INT(data))
        f->layers[RECURRENT] = (HrLayerShape){.n_conv_state = 3, .n_ssm_state = 30};
    f->hparams = (HrHparams){.n_layer = N_LAYER, .layers = f->layers};
    hr_ledger_init(&f->ledger);
    g_assert_true(hr_kv_init(&f->kv, &f->hparams, &settings, &f->ledger, items, &error));
    g_assert_no_error(error);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    hr_kv_finish(&f->kv);
    hr_ledger_finish(&f->ledger);
}

static uint32_t held(const Fixture *f, uint32_t slot)
{
    return f->kv.slots[slot].tokens->len;
}

static HrToken token_at(const Fixture *f, uint32_t slot, uint32_t position)
{
    return g_array_index(f->kv.slots[slot].tokens, HrToken, position);
}

/* ---- Contents: each position of a page holds its token, a state all tokens so far ---- */

static uint32_t *cell(const Fixture *f, uint32_t layer, uint32_t slot, uint32_t position)
{
    uint32_t page = hr_kv_page(&f->kv, layer, slot, position);
    g_assert_cmpuint(page, !=, HR_KV_NO_PAGE);
    return (uint32_t *)hr_kv_k_block(&f->kv, layer, page, f->layers[layer].n_head_kv - 1) +
           position % HR_PAGE_POSITIONS;
}

static uint32_t digest(uint32_t before, HrToken token)
{
    return before * 31 + (uint32_t)token + 7;
}

static void write_state(const Fixture *f, uint32_t slot, const HrToken *tokens, uint32_t n)
{
    const float *before = hr_kv_state(&f->kv, RECURRENT, slot);
    float *next = hr_kv_next_state(&f->kv, RECURRENT, slot);
    uint32_t value = 0;
    if (before)
        memcpy(&value, before + 32, sizeof value);
    for (uint32_t i = 0; i < n; i++)
        value = digest(value, tokens[i]);
    memcpy(next + 32, &value, sizeof value);
}

/* Feeds n tokens (at most NUM_BATCH), first, first + 1, ... leave: the step is computed and not
 * noted. */
static void feed(Fixture *f, uint32_t slot, uint32_t n, HrToken first, bool leave)
{
    g_autoptr(GError) error = NULL;
    HrToken tokens[NUM_BATCH];
    uint32_t past = held(f, slot);
    g_assert_true(hr_kv_prepare(&f->kv, slot, past, past + n, &error));
    g_assert_no_error(error);
    for (uint32_t i = 0; i < n; i++) {
        tokens[i] = first + (HrToken)i;
        for (uint32_t il = FULL; il <= LATENT; il++)
            *cell(f, il, slot, past + i) = (uint32_t)tokens[i];
    }
    if (f->layers[RECURRENT].n_ssm_state > 0)
        write_state(f, slot, tokens, n);
    if (!leave)
        hr_kv_advance(&f->kv, slot, tokens, n);
}

static void feed_many(Fixture *f, uint32_t slot, uint32_t n, HrToken first)
{
    for (uint32_t done = 0; done < n; done += NUM_BATCH)
        feed(f, slot, MIN(NUM_BATCH, n - done), first + (HrToken)done, false);
}

/* Everything that the next position's step would look at is there and right. */
static void assert_readable(const Fixture *f, uint32_t slot)
{
    uint32_t n = held(f, slot), value = 0, stored = 0;
    for (uint32_t p = 0; p < n; p++) {
        value = digest(value, token_at(f, slot, p));
        g_assert_cmpuint(*cell(f, FULL, slot, p), ==, (uint32_t)token_at(f, slot, p));
        g_assert_cmpuint(*cell(f, LATENT, slot, p), ==, (uint32_t)token_at(f, slot, p));
        if (p + WINDOW > n)
            g_assert_cmpuint(*cell(f, WINDOWED, slot, p), ==, (uint32_t)token_at(f, slot, p));
    }
    if (f->layers[RECURRENT].n_ssm_state == 0)
        return;
    const float *state = hr_kv_state(&f->kv, RECURRENT, slot);
    g_assert_true((n == 0) == (state == NULL));
    if (state)
        memcpy(&stored, state + 32, sizeof stored);
    g_assert_cmpuint(stored, ==, value);
}

/* Every page is free or counted as often as slots refer to it. */
static void assert_counted(const Fixture *f)
{
    for (uint32_t g = 0; g < f->kv.layout.n_reaches; g++) {
        const HrKvPages *pages = &f->kv.groups[g];
        g_autofree uint16_t *refs = g_new0(uint16_t, pages->n_pages);
        uint32_t used = 0;
        for (uint32_t s = 0; s < f->kv.n_slots; s++)
            for (uint32_t e = 0; e < f->kv.slots[s].n_pages; e++)
                if (f->kv.slots[s].pages[g][e] != HR_KV_NO_PAGE)
                    refs[f->kv.slots[s].pages[g][e]]++;
        for (uint32_t p = 0; p < pages->n_pages; p++) {
            g_assert_cmpuint(pages->refs[p], ==, refs[p]);
            used += refs[p] > 0;
        }
        g_assert_cmpuint(pages->n_free + used, ==, pages->n_pages);
    }
}

/* ---- Tests ---- */

/* A window's pool is what a window and a step can touch: 90 - 1 + 100 positions lie in at most 4
 * pages. */
static void test_sizes(Fixture *f, gconstpointer data)
{
    const HrKvLayout *l = &f->kv.layout;
    g_assert_cmpuint(hr_kv_layer_pool_bytes(l, FULL), ==, 16 * N_SLOTS * 64 * (4 + 4) * 4);
    g_assert_cmpuint(hr_kv_layer_pool_bytes(l, WINDOWED), ==, 4 * N_SLOTS * 2 * 64 * (8 + 4) * 4);
    g_assert_cmpuint(hr_kv_layer_pool_bytes(l, LATENT), ==, 16 * N_SLOTS * 64 * 12 * 4);
    g_assert_cmpuint(hr_kv_layer_state_bytes(l, RECURRENT), ==,
                     (uint64_t)N_SLOTS * (2 + HR_MAX_CHECKPOINTS) * 192); /* 132, aligned */
    g_assert_cmpuint(hr_kv_layer_pool_bytes(l, NOTHING) + hr_kv_layer_state_bytes(l, NOTHING), ==,
                     0);
    g_assert_cmpuint(f->ledger.items->len, ==, 4);
}

/* A window as wide as the context is none. */
static void test_wide_window(void)
{
    HrLayerShape shape = {
        .n_head = 1, .n_head_kv = 1, .head_dim_k = 4, .head_dim_v = 4, .window = 1000};
    HrHparams hp = {.n_layer = 1, .layers = &shape};
    HrSettings settings = {.num_ctx = 1000, .parallel = 2, .num_batch = 100};
    HrKvLayout layout;
    g_assert_true(hr_kv_layout_init(&layout, &hp, &settings, NULL));
    g_assert_cmpuint(layout.n_reaches, ==, 1);
    g_assert_cmpuint(hr_kv_layer_pool_bytes(&layout, 0), ==, 16 * 2 * 64 * 8 * 2);
    hr_kv_layout_finish(&layout);
}

/* All slots go on to the end although windows' pools hold no more than the windows. */
static void test_windows_move_on(Fixture *f, gconstpointer data)
{
    for (uint32_t round = 0; round < NUM_CTX / NUM_BATCH; round++)
        for (uint32_t s = 0; s < N_SLOTS; s++) {
            feed(f, s, NUM_BATCH, (HrToken)(s * 5000 + round * NUM_BATCH), false);
            assert_readable(f, s);
        }
    assert_counted(f);
    uint64_t full = 16 * N_SLOTS * 64 * (4 + 4 + 12) * 4,
             window = 4 * N_SLOTS * 2 * 64 * (8 + 4) * 4;
    g_assert_cmpuint(hr_kv_committed_bytes(&f->kv), ==,
                     full + window + N_SLOTS * 2 * 192); /* states: this one and the one before */
}

/* Behind a window nothing can be come back to, in front of it everything, and the start always. */
static void test_window_gone(Fixture *f, gconstpointer data)
{
    feed_many(f, 0, 900, 0);
    feed_many(f, 1, 900, 2000);
    feed_many(f, 2, 900, 4000);
    g_assert_cmpuint(hr_kv_reachable(&f->kv, 0, 890), ==, 890);
    g_assert_cmpuint(hr_kv_reachable(&f->kv, 0, 300), ==, 0);
    g_assert_cmpuint(hr_kv_truncate(&f->kv, 0, 880), ==, 880);
    assert_readable(f, 0);
    g_assert_cmpuint(hr_kv_truncate(&f->kv, 0, 300), ==, 0);
    g_assert_cmpuint(held(f, 0), ==, 0);
    assert_counted(f);
}

/* A checkpoint's window is given up last. */
static void test_window_kept(Fixture *f, gconstpointer data)
{
    feed_many(f, 0, 300, 0);
    hr_kv_checkpoint(&f->kv, 0);
    for (uint32_t i = 0; i < 500;
         i++) /* answers come one by one and need no room for a batch; others are idle */
        feed(f, 0, 1, 1000 + (HrToken)i, false);
    g_assert_cmpuint(hr_kv_reachable(&f->kv, 0, 400), >=, 300);
    g_assert_cmpuint(hr_kv_truncate(&f->kv, 0, 300), ==, 300);
    assert_readable(f, 0);
}

/* States: the one before, checkpoints, and nothing else. */
static void test_states(Fixture *f, gconstpointer data)
{
    for (uint32_t i = 0; i < 6; i++) {
        feed(f, 0, 50, (HrToken)(i * 50), false);
        if (i == 1 || i == 3)
            hr_kv_checkpoint(&f->kv, 0);
    }
    g_assert_cmpuint(hr_kv_reachable(&f->kv, 0, 300), ==, 300);
    g_assert_cmpuint(hr_kv_reachable(&f->kv, 0, 299), ==,
                     250); /* the state before this one is still there */
    g_assert_cmpuint(hr_kv_reachable(&f->kv, 0, 240), ==, 200);
    g_assert_cmpuint(hr_kv_reachable(&f->kv, 0, 199), ==, 100);
    g_assert_cmpuint(hr_kv_truncate(&f->kv, 0, 130), ==, 100);
    assert_readable(f, 0);
    feed(f, 0, 20, 900, false);
    assert_readable(f, 0);
    g_assert_cmpuint(hr_kv_truncate(&f->kv, 0, 110), ==, 100);
    g_assert_cmpuint(hr_kv_truncate(&f->kv, 0, 10), ==, 0);
}

/* A long answer does not push the checkpoint out. */
static void test_checkpoint_stays(Fixture *f, gconstpointer data)
{
    feed_many(f, 0, 120, 0);
    hr_kv_checkpoint(&f->kv, 0);
    for (uint32_t i = 0; i < 60; i++)
        feed(f, 0, 1, 500 + (HrToken)i, false);
    g_assert_cmpuint(hr_kv_reachable(&f->kv, 0, 130), >=, 120);
    g_assert_cmpuint(hr_kv_truncate(&f->kv, 0, 120), ==, 120);
    assert_readable(f, 0);
}

/* More checkpoints than there is room for: the newest stays, and the gaps between the others stay
 * even. */
static void test_many_checkpoints(Fixture *f, gconstpointer data)
{
    for (uint32_t i = 1; i <= 90; i++) {
        feed(f, 0, 10, (HrToken)i * 10, false);
        hr_kv_checkpoint(&f->kv, 0);
    }
    feed(f, 0, 10, 2000, false);
    g_assert_cmpuint(hr_kv_reachable(&f->kv, 0, 905), ==, 900);
    uint32_t widest = 0;
    for (uint32_t n = 900; n > 0; n -= 10)
        widest = MAX(widest, n - hr_kv_states_below(&f->kv, &f->kv.slots[0], n));
    g_assert_cmpuint(widest, <, 450);
}

/* A step that was left half done leaves the state as it was. */
static void test_left_step(Fixture *f, gconstpointer data)
{
    feed(f, 0, 40, 0, false);
    feed(f, 0, 30, 3000, true);
    assert_readable(f, 0);
    feed(f, 0, 20, 100, false);
    assert_readable(f, 0);
    g_assert_cmpuint(held(f, 0), ==, 60);
}

/* With states a prefix is shared to the position, without to the page. */
static void test_share(Fixture *f, gconstpointer data)
{
    bool recurrent = GPOINTER_TO_INT(data);
    feed(f, 0, 75, 0, false);
    hr_kv_checkpoint(&f->kv, 0);
    feed(f, 0, 80, 500, false);
    g_assert_cmpuint(hr_kv_share(&f->kv, 1, 0, 100), ==, recurrent ? 75 : 64);
    assert_readable(f, 1);
    feed(f, 1, 10, 900, false);
    feed(f, 0, 10, 800, false);
    assert_readable(f, 0);
    assert_readable(f, 1);
    g_assert_cmpuint(hr_kv_share(&f->kv, 2, 0, 165), ==, recurrent ? 165 : 128);
    assert_readable(f, 2);
    assert_counted(f);
}

/* ---- Other sizes ---- */

static void copy_pages(const HrKvMoves *m, void *data)
{
    size_t bytes = m->from->layers[m->layer].page_bytes;
    g_assert_cmpuint(bytes, ==, m->to->layers[m->layer].page_bytes);
    for (uint32_t i = 0; i < m->n_moves; i++)
        memcpy(m->target + m->moves[i].to * bytes, m->source + m->moves[i].from * bytes, bytes);
}

static void no_progress(double fraction, void *data)
{
}

static HrKvResize prepare_resize(Fixture *f, uint32_t num_ctx, uint32_t parallel,
                                 const uint32_t *from)
{
    HrSettings settings = {.num_ctx = num_ctx,
                           .parallel = parallel,
                           .num_batch = NUM_BATCH,
                           .kv_type = HR_KV_F32};
    g_autoptr(GError) error = NULL;
    HrKvResize resize;
    g_assert_true(hr_kv_resize_make(&resize, &f->kv, &f->hparams, &settings, &error));
    g_assert_no_error(error);
    g_assert_true(hr_kv_resize_prepare(&resize, from, &error));
    g_assert_no_error(error);
    return resize;
}

/* What slots hold: tokens, and how many of them can be come back to. */
typedef struct {
    uint32_t n, reachable;
    HrToken last;
} Held;

static Held held_by(const Fixture *f, uint32_t slot)
{
    uint32_t n = held(f, slot);
    return (Held){n, hr_kv_reachable(&f->kv, slot, n > 0 ? n - 1 : 0),
                  n > 0 ? token_at(f, slot, n - 1) : 0};
}

/* Some of the slots, in their order. */
static void choose_slots(const Fixture *f, GRand *rand, uint32_t parallel, uint32_t *from)
{
    uint32_t spare = f->kv.n_slots > parallel ? f->kv.n_slots - parallel : 0, k = 0;
    for (uint32_t s = 0; s < f->kv.n_slots; s++)
        if (spare > 0 && g_rand_boolean(rand))
            spare--;
        else if (k < parallel)
            from[k++] = s;
    while (k < parallel)
        from[k++] = HR_KV_NO_SLOT;
}

static void resize_somehow(Fixture *f, GRand *rand)
{
    static const uint32_t sizes[] = {64, WINDOW - 10, 150, 250, NUM_CTX, 3 * NUM_CTX};
    uint32_t num_ctx = sizes[g_rand_int_range(rand, 0, G_N_ELEMENTS(sizes))],
             parallel = (uint32_t)g_rand_int_range(rand, 1, 6), from[6];
    Held before[6];
    choose_slots(f, rand, parallel, from);
    for (uint32_t s = 0; s < f->kv.n_slots; s++)
        before[s] = held_by(f, s);
    HrKvResize resize = prepare_resize(f, num_ctx, parallel, from);
    if (g_rand_int_range(rand, 0, 4) == 0) {
        hr_kv_resize_abandon(&resize);
        for (uint32_t s = 0; s < f->kv.n_slots; s++)
            g_assert_cmpuint(held(f, s), ==, before[s].n);
        return;
    }
    g_assert_true(hr_kv_resize_carry(&resize, copy_pages, no_progress, NULL, NULL));
    hr_kv_resize_apply(&resize, copy_pages, no_progress, NULL);
    g_assert_cmpuint(f->kv.n_slots, ==, parallel);
    for (uint32_t s = 0; s < parallel; s++) {
        assert_readable(f, s);
        if (from[s] == HR_KV_NO_SLOT)
            g_assert_cmpuint(held(f, s), ==, 0);
        else if (before[from[s]].n <= num_ctx) { /* of a window's past pages some may have to go,
                                                    what it looks at stays */
            g_assert_cmpuint(held(f, s), ==, before[from[s]].n);
            g_assert_true(held(f, s) == 0 ||
                          token_at(f, s, held(f, s) - 1) == before[from[s]].last);
        }
    }
}

static void test_resize(Fixture *f, gconstpointer data)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(9);
    for (int i = 0; i < 6000; i++) {
        uint32_t slot = (uint32_t)g_rand_int_range(rand, 0, (gint32)f->kv.n_slots),
                 len = held(f, slot), n;
        switch (g_rand_int_range(rand, 0, 12)) {
        case 0:
            hr_kv_truncate(&f->kv, slot, (uint32_t)g_rand_int_range(rand, 0, (gint32)len + 1));
            break;
        case 1:
            if (f->kv.n_slots > 1) {
                uint32_t other = (slot + 1) % f->kv.n_slots;
                n = (uint32_t)g_rand_int_range(rand, 0, (gint32)held(f, other) + 1);
                hr_kv_share(&f->kv, slot, other, n);
            }
            break;
        case 2:
            hr_kv_checkpoint(&f->kv, slot);
            break;
        case 3:
            resize_somehow(f, rand);
            assert_counted(f);
            break;
        default:
            n = (uint32_t)g_rand_int_range(rand, 1, NUM_BATCH + 1);
            n = MIN(n, f->kv.num_ctx - len);
            if (n > 0)
                feed(f, slot, n, i * 200, g_rand_int_range(rand, 0, 4) == 0);
            assert_readable(f, slot);
        }
    }
}

static void test_random(Fixture *f, gconstpointer data)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(5);
    for (int i = 0; i < 4000; i++) {
        uint32_t slot = (uint32_t)g_rand_int_range(rand, 0, N_SLOTS), other = (slot + 1) % N_SLOTS,
                 len = held(f, slot), n;
        uint32_t most = g_rand_boolean(rand) ? 3 : NUM_BATCH;
        switch (g_rand_int_range(rand, 0, 8)) {
        case 0:
            n = (uint32_t)g_rand_int_range(rand, 0, (gint32)len + 1);
            uint32_t reachable = hr_kv_reachable(&f->kv, slot, n);
            g_assert_cmpuint(hr_kv_truncate(&f->kv, slot, n), ==, reachable);
            g_assert_cmpuint(held(f, slot), <=, n);
            break;
        case 1:
            hr_kv_share(&f->kv, slot, other,
                        (uint32_t)g_rand_int_range(rand, 0, (gint32)held(f, other) + 1));
            break;
        case 2:
            hr_kv_checkpoint(&f->kv, slot);
            break;
        default:
            n = MIN((uint32_t)g_rand_int_range(rand, 1, (gint32)most + 1), NUM_CTX - len);
            if (n > 0)
                feed(f, slot, n, i * 200, g_rand_int_range(rand, 0, 4) == 0);
        }
        assert_readable(f, slot);
        if (i % 16 == 0)
            assert_counted(f);
    }
}

int main(int argc, char **argv)
{
    gpointer with_states = GINT_TO_POINTER(1);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/kv-kinds/wide-window", test_wide_window);
#define ADD(name, states, func) \
    g_test_add("/kv-kinds/" name, Fixture, states, set_up, func, tear_down)
    ADD("sizes", with_states, test_sizes);
    ADD("windows-move-on", with_states, test_windows_move_on);
    ADD("window-gone", NULL, test_window_gone);
    ADD("window-kept", NULL, test_window_kept);
    ADD("states", with_states, test_states);
    ADD("checkpoint-stays", with_states, test_checkpoint_stays);
    ADD("many-checkpoints", with_states, test_many_checkpoints);
    ADD("left-step", with_states, test_left_step);
    ADD("share", NULL, test_share);
    ADD("share-states", with_states, test_share);
    ADD("random", NULL, test_random);
    ADD("resize", NULL, test_resize);
    ADD("resize-states", with_states, test_resize);
    ADD("random-states", with_states, test_random);
    return g_test_run();
}
