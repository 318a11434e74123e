/* test-kv.c: pages of the cache: who holds them, when they are copied, when they come back.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "kv/kv.h"

#include <string.h>

#define N_LAYER 2
#define N_SLOTS 3
#define NUM_CTX 200 /* four pages, the last of them partly used */

typedef struct {
    HrLayerShape layers[N_LAYER];
    HrHparams hparams;
    HrLedger ledger;
    HrKv kv;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    static const HrPlanItem items[N_LAYER] = {{.kind = HR_ITEM_CACHE, .name = "a"},
                                              {.kind = HR_ITEM_CACHE, .name = "b", .layer = 1}};
    g_autoptr(GError) error = NULL;
    HrSettings settings = {.num_ctx = NUM_CTX,
                           .parallel = N_SLOTS,
                           .num_batch = NUM_CTX,
                           .kv_type = HR_KV_F16};
    f->layers[0] = f->layers[1] =
        (HrLayerShape){.n_head = 4, .n_head_kv = 2, .head_dim_k = 32, .head_dim_v = 16, .n_ff = 64};
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

/* ---- What a runner does with a slot ---- */

static char *page_of(Fixture *f, uint32_t layer, uint32_t slot, uint32_t position)
{
    return hr_kv_k_block(&f->kv, layer, hr_kv_page(&f->kv, layer, slot, position), 0);
}

/* Feeds n tokens, first, first + 1, ... and marks every page that is written to with the last of
 * them. */
static void feed(Fixture *f, uint32_t slot, uint32_t n, HrToken first)
{
    g_autoptr(GError) error = NULL;
    uint32_t past = f->kv.slots[slot].tokens->len;
    g_assert_true(hr_kv_prepare(&f->kv, slot, past, past + n, &error));
    g_assert_no_error(error);
    for (uint32_t i = 0; i < n; i++) {
        HrToken token = first + (HrToken)i;
        for (uint32_t il = 0; il < N_LAYER; il++)
            memcpy(page_of(f, il, slot, past + i), &token, sizeof token);
        hr_kv_advance(&f->kv, slot, &token, 1);
    }
}

static HrToken mark_of(Fixture *f, uint32_t layer, uint32_t slot, uint32_t position)
{
    HrToken token;
    memcpy(&token, page_of(f, layer, slot, position), sizeof token);
    return token;
}

/* Every page is free or counted as often as slots refer to it. */
static void assert_consistent(const Fixture *f)
{
    const HrKv *kv = &f->kv;
    const HrKvPages *pages = &kv->groups[0];
    g_autofree uint16_t *refs = g_new0(uint16_t, pages->n_pages);
    uint32_t used = 0;
    for (uint32_t s = 0; s < kv->n_slots; s++)
        for (uint32_t p = 0; p < kv->slots[s].n_pages; p++)
            refs[kv->slots[s].pages[0][p]]++;
    for (uint32_t p = 0; p < pages->n_pages; p++) {
        g_assert_cmpuint(pages->refs[p], ==, refs[p]);
        used += refs[p] > 0;
    }
    g_assert_cmpuint(pages->n_free + used, ==, pages->n_pages);
    g_assert_cmpuint(hr_kv_committed_bytes(kv), ==,
                     (uint64_t)used *
                         (kv->layout.layers[0].page_bytes + kv->layout.layers[1].page_bytes));
}

/* ---- Tests ---- */

static void test_sizes(Fixture *f, gconstpointer data)
{
    g_assert_cmpuint(f->kv.groups[0].n_pages, ==, 4 * N_SLOTS);
    g_assert_cmpuint(f->kv.layout.layers[0].page_bytes, ==, 2 * 64 * (32 + 16) * 2);
    g_assert_cmpuint(f->ledger.items->len, ==, N_LAYER);
    g_assert_cmpuint(g_array_index(f->ledger.items, HrPlanItem, 0).bytes, ==,
                     12 * 2 * 64 * (32 + 16) * 2);
    g_assert_cmpuint(hr_kv_committed_bytes(&f->kv), ==, 0);
}

static void test_truncate(Fixture *f, gconstpointer data)
{
    feed(f, 0, 130, 0);
    g_assert_cmpuint(f->kv.slots[0].n_pages, ==, 3);
    g_assert_cmpuint(hr_kv_held_positions(&f->kv), ==, 130);
    assert_consistent(f);
    hr_kv_truncate(&f->kv, 0, 128);
    g_assert_cmpuint(f->kv.slots[0].n_pages, ==, 2);
    hr_kv_truncate(&f->kv, 0, 500); /* no more than there is */
    g_assert_cmpuint(f->kv.slots[0].tokens->len, ==, 128);
    g_assert_cmpuint(f->kv.slots[0].n_pages, ==, 2);
    hr_kv_truncate(&f->kv, 0, 1);
    g_assert_cmpuint(hr_kv_held_positions(&f->kv), ==, 1);
    assert_consistent(f);
    hr_kv_truncate(&f->kv, 0, 0);
    g_assert_cmpuint(f->kv.groups[0].n_free, ==, f->kv.groups[0].n_pages);
    assert_consistent(f);
}

/* Room that was prepared and never used goes with the next truncation. */
static void test_unused_room(Fixture *f, gconstpointer data)
{
    feed(f, 0, 10, 0);
    g_assert_true(hr_kv_prepare(&f->kv, 0, 10, NUM_CTX, NULL));
    g_assert_cmpuint(f->kv.slots[0].n_pages, ==, 4);
    g_assert_cmpuint(hr_kv_held_positions(&f->kv), ==, 10);
    hr_kv_truncate(&f->kv, 0, 10);
    g_assert_cmpuint(f->kv.slots[0].n_pages, ==, 1);
    assert_consistent(f);
}

static void test_share(Fixture *f, gconstpointer data)
{
    feed(f, 0, 150, 0);
    feed(f, 1, 70, 1000);
    g_assert_cmpuint(hr_kv_share(&f->kv, 1, 0, 140), ==, 128); /* whole pages */
    g_assert_cmpuint(f->kv.slots[1].tokens->len, ==, 128);
    g_assert_cmpuint(f->kv.slots[1].pages[0][1], ==, f->kv.slots[0].pages[0][1]);
    g_assert_cmpuint(hr_kv_held_positions(&f->kv), ==, 150);
    assert_consistent(f);
    hr_kv_truncate(&f->kv, 0, 0); /* the other slot keeps them */
    g_assert_cmpint(mark_of(f, 1, 1, 100), ==, 127);
    g_assert_cmpuint(hr_kv_held_positions(&f->kv), ==, 128);
    assert_consistent(f);
    g_assert_cmpuint(hr_kv_share(&f->kv, 2, 1, 63), ==, 0); /* less than a page: nothing */
    assert_consistent(f);
}

static void test_copy_on_write(Fixture *f, gconstpointer data)
{
    feed(f, 0, 150, 0);
    hr_kv_share(&f->kv, 1, 0, 128);
    hr_kv_truncate(&f->kv, 1, 70);
    uint32_t shared = f->kv.slots[0].pages[0][1];
    feed(f, 1, 5, 2000);
    g_assert_cmpuint(f->kv.slots[1].pages[0][0], ==, f->kv.slots[0].pages[0][0]);
    g_assert_cmpuint(f->kv.slots[1].pages[0][1], !=, shared);
    for (uint32_t il = 0; il < N_LAYER; il++) {
        g_assert_cmpint(mark_of(f, il, 0, 70), ==, 127);
        g_assert_cmpint(mark_of(f, il, 1, 70), ==, 2004);
        /* behind the mark the copy is the original's */
        g_assert_cmpmem(page_of(f, il, 0, 70) + 4, f->kv.layout.layers[il].page_bytes - 4,
                        page_of(f, il, 1, 70) + 4, f->kv.layout.layers[il].page_bytes - 4);
    }
    assert_consistent(f);
}

/* Slots that have shared pages can all still grow to num_ctx. */
static void test_always_room(Fixture *f, gconstpointer data)
{
    feed(f, 0, NUM_CTX, 0);
    hr_kv_share(&f->kv, 1, 0, NUM_CTX);
    hr_kv_share(&f->kv, 2, 0, NUM_CTX);
    hr_kv_truncate(&f->kv, 1, 1);
    hr_kv_truncate(&f->kv, 2, 65);
    hr_kv_truncate(&f->kv, 0, 65);
    for (uint32_t s = 0; s < N_SLOTS; s++)
        feed(f, s, NUM_CTX - f->kv.slots[s].tokens->len, 3000 * (HrToken)s);
    g_assert_cmpuint(f->kv.groups[0].n_free, ==, 1); /* page 0 of slots 0 and 2 is one */
    assert_consistent(f);
}

/* A shared page that several slots hold in part counts as full, once. */
static void test_held_in_part(Fixture *f, gconstpointer data)
{
    feed(f, 0, 64, 0);
    hr_kv_share(&f->kv, 1, 0, 64);
    hr_kv_share(&f->kv, 2, 0, 64);
    for (uint32_t s = 0; s < N_SLOTS; s++)
        hr_kv_truncate(&f->kv, s, 10);
    g_assert_cmpuint(hr_kv_held_positions(&f->kv), ==, 64);
    hr_kv_truncate(&f->kv, 1, 0);
    hr_kv_truncate(&f->kv, 2, 0);
    g_assert_cmpuint(hr_kv_held_positions(&f->kv), ==, 10);
}

static void test_common_prefix(Fixture *f, gconstpointer data)
{
    HrToken tokens[] = {5, 6, 7, 99};
    g_assert_cmpuint(hr_kv_common_prefix(&f->kv, 0, tokens, 4), ==, 0);
    feed(f, 0, 10, 5);
    g_assert_cmpuint(hr_kv_common_prefix(&f->kv, 0, tokens, 4), ==, 3);
    g_assert_cmpuint(hr_kv_common_prefix(&f->kv, 0, tokens, 2), ==, 2);
    g_assert_cmpuint(hr_kv_common_prefix(&f->kv, 1, tokens, 4), ==, 0);
}

/* What random slots do to each other leaves the counts right. */
static void test_random(Fixture *f, gconstpointer data)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(3);
    for (int i = 0; i < 2000; i++) {
        uint32_t slot = (uint32_t)g_rand_int_range(rand, 0, N_SLOTS), other = (slot + 1) % N_SLOTS;
        uint32_t len = f->kv.slots[slot].tokens->len, other_len = f->kv.slots[other].tokens->len;
        switch (g_rand_int_range(rand, 0, 3)) {
        case 0:
            feed(f, slot, (uint32_t)g_rand_int_range(rand, 0, (gint32)(NUM_CTX - len + 1)), i);
            break;
        case 1:
            hr_kv_truncate(&f->kv, slot, (uint32_t)g_rand_int_range(rand, 0, (gint32)len + 1));
            break;
        default:
            hr_kv_share(&f->kv, slot, other,
                        (uint32_t)g_rand_int_range(rand, 0, (gint32)other_len + 1));
        }
        assert_consistent(f);
        g_assert_cmpuint(hr_kv_held_positions(&f->kv), <=, N_SLOTS * NUM_CTX);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, func) g_test_add("/kv/" name, Fixture, NULL, set_up, func, tear_down)
    ADD("sizes", test_sizes);
    ADD("truncate", test_truncate);
    ADD("unused-room", test_unused_room);
    ADD("share", test_share);
    ADD("copy-on-write", test_copy_on_write);
    ADD("always-room", test_always_room);
    ADD("held-in-part", test_held_in_part);
    ADD("common-prefix", test_common_prefix);
    ADD("random", test_random);
    return g_test_run();
}
