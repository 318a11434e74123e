/* resize.c: see resize.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "kv/resize.h"

#include "kv/pages.h"

static uint32_t window_of(const HrKvLayout *layout, uint32_t layer)
{
    return layout->reaches[layout->layers[layer].group].window;
}

/* The reach with that window; the unbounded one where there is none. */
static uint32_t find_reach(const HrKvLayout *layout, uint32_t window)
{
    for (uint32_t g = 0; g < layout->n_reaches; g++)
        if (layout->reaches[g].window == window)
            return g;
    return 0;
}

/* ---- Preparing ---- */

static bool prepare_pool(HrKvResize *r, uint32_t il, GError **error)
{
    static const HrPlanItem item = {.kind = HR_ITEM_CACHE, .name = "the cache"};
    uint64_t bytes = hr_kv_layer_pool_bytes(&r->next.layout, il);
    bool was = hr_kv_is_elsewhere(r->kv, il), will = hr_kv_is_elsewhere(&r->next, il);
    r->in_place[il] = r->kv->layout.type == r->next.layout.type &&
                      window_of(&r->kv->layout, il) == window_of(&r->next.layout, il);
    if (bytes == 0 || (was && will && r->in_place[il] &&
                       r->next.elsewhere.keeps(r->next.elsewhere.data, il, bytes)))
        return true;
    if (was || will) {
        r->in_place[il] = false;
        r->carried[il] = true;
    }
    if (will)
        return r->next.elsewhere.take(r->next.elsewhere.data, il, bytes, error);
    if (!r->in_place[il])
        return hr_region_map(&r->next.pools[il], NULL, &item, bytes, false, error);
    return bytes <= r->kv->pools[il].bytes ||
           hr_region_resize(&r->kv->pools[il], bytes, item.name, error);
}

static bool prepare_states(HrKvResize *r, uint32_t il, GError **error)
{
    uint64_t bytes = hr_kv_layer_state_bytes(&r->next.layout, il);
    return bytes <= r->kv->states[il].bytes ||
           hr_region_resize(&r->kv->states[il], bytes, "recurrent states", error);
}

static bool prepare_numbers(HrKvResize *r, GError **error)
{
    g_return_val_if_fail(!r->to, false);
    r->to = g_new0(uint32_t *, r->kv->layout.n_reaches);
    for (uint32_t g = 0; g < r->kv->layout.n_reaches; g++) {
        r->to[g] = g_try_new(uint32_t, r->kv->groups[g].n_pages);
        if (!r->to[g]) {
            g_set_error_literal(error, HR_ERROR, HR_ERROR_MEMORY,
                                "Out of memory for the page tables of a resize.");
            return false;
        }
    }
    return true;
}

bool hr_kv_resize_make(HrKvResize *r, HrKv *kv, const HrHparams *hparams,
                       const HrSettings *settings, GError **error)
{
    *r = (HrKvResize){.kv = kv};
    r->in_place = g_new0(bool, kv->layout.n_layer);
    r->carried = g_new0(bool, kv->layout.n_layer);
    if (hr_kv_make(&r->next, hparams, settings, error))
        return true;
    hr_kv_resize_abandon(r);
    return false;
}

bool hr_kv_resize_prepare(HrKvResize *r, const uint32_t *from, GError **error)
{
    r->from = g_memdup2(from, r->next.n_slots * sizeof *from);
    bool ok = prepare_numbers(r, error);
    for (uint32_t il = 0; ok && il < r->kv->layout.n_layer; il++)
        ok = prepare_pool(r, il, error) && prepare_states(r, il, error);
    if (!ok)
        hr_kv_resize_abandon(r);
    return ok;
}

static void clear(HrKvResize *r)
{
    for (uint32_t g = 0; r->to && g < r->kv->layout.n_reaches; g++)
        g_free(r->to[g]);
    g_clear_pointer(&r->to, g_free);
    g_clear_pointer(&r->from, g_free);
    g_clear_pointer(&r->in_place, g_free);
    g_clear_pointer(&r->carried, g_free);
}

/* Regions that were made longer are as long as before; that they may lie elsewhere nobody notices.
 */
void hr_kv_resize_abandon(HrKvResize *r)
{
    for (uint32_t il = 0; r->kv && il < r->kv->layout.n_layer; il++) {
        if (r->kv->pools[il].base)
            hr_region_resize(&r->kv->pools[il], hr_kv_layer_pool_bytes(&r->kv->layout, il),
                             "the cache", NULL);
        if (r->kv->states[il].base)
            hr_region_resize(&r->kv->states[il], hr_kv_layer_state_bytes(&r->kv->layout, il),
                             "recurrent states", NULL);
    }
    clear(r);
    if (r->next.layout.layers)
        hr_kv_finish(&r->next);
    *r = (HrKvResize){0};
}

/* ---- What is kept ---- */

static bool is_kept(const HrKvResize *r, uint32_t slot)
{
    for (uint32_t s = 0; s < r->next.n_slots; s++)
        if (r->from[s] == slot)
            return true;
    return false;
}

/* Truncating gives back what was prepared and not filled, too, and leaves every page of a window
 * that is looked at in its place. */
static void trim_slots(HrKvResize *r)
{
    for (uint32_t s = 0; s < r->kv->n_slots; s++)
        hr_kv_truncate(r->kv, s,
                       is_kept(r, s) ? MIN(r->kv->slots[s].tokens->len, r->next.num_ctx) : 0);
}

/* ---- New numbers ---- */

/* Pages keep their numbers, but for those beyond the end. */
static void keep_numbers(HrKvResize *r, uint32_t group, uint32_t n_pages)
{
    const HrKvPages *pages = &r->kv->groups[group];
    uint32_t spare = 0;
    while (pages->n_pages - pages->n_free > n_pages && hr_kv_pages_reclaim(r->kv, group))
        ;
    for (uint32_t x = 0; x < pages->n_pages; x++) {
        r->to[group][x] = pages->refs[x] > 0 && x < n_pages ? x : HR_KV_NO_PAGE;
        if (pages->refs[x] == 0 || x < n_pages)
            continue;
        while (spare < n_pages && spare < pages->n_pages && pages->refs[spare] > 0)
            spare++;
        if (spare < n_pages)
            r->to[group][x] = spare++;
    }
}

/* What a window looks at, what it looks at from the checkpoint, and as much of the rest as there is
 * room for. */
static bool is_wanted(const HrKvPages *window, const HrKvSlot *slot, uint32_t entry, uint32_t pass)
{
    return pass == 0 ? entry >= hr_kv_pages_first(window, slot->tokens->len)
                     : pass == 2 || hr_kv_pages_is_kept(window, slot, entry);
}

/* A window that reached over the whole context gets pages of its own, of those of the unbounded
 * reach. */
static void number_anew(HrKvResize *r, const HrKvPages *window, uint32_t *to)
{
    uint32_t n = 0;
    for (uint32_t x = 0; x < r->kv->groups[0].n_pages; x++)
        to[x] = HR_KV_NO_PAGE;
    for (uint32_t pass = 0; pass < 3; pass++)
        for (uint32_t s = 0; s < r->kv->n_slots; s++) {
            const HrKvSlot *slot = &r->kv->slots[s];
            for (uint32_t entry = slot->n_pages; entry-- > 0 && n < window->n_pages;) {
                uint32_t x = slot->pages[0][entry];
                if (x != HR_KV_NO_PAGE && to[x] == HR_KV_NO_PAGE &&
                    is_wanted(window, slot, entry, pass))
                    to[x] = n++;
            }
        }
}

static void fill_tables(HrKvResize *r, uint32_t group, uint32_t old_group, const uint32_t *to)
{
    HrKvPages *pages = &r->next.groups[group];
    for (uint32_t s = 0; s < r->next.n_slots; s++) {
        const HrKvSlot *slot = r->from[s] != HR_KV_NO_SLOT ? &r->kv->slots[r->from[s]] : NULL;
        for (uint32_t entry = 0; slot && entry < slot->n_pages; entry++) {
            uint32_t x = slot->pages[old_group][entry],
                     y = x != HR_KV_NO_PAGE ? to[x] : HR_KV_NO_PAGE;
            r->next.slots[s].pages[group][entry] = y;
            if (y != HR_KV_NO_PAGE)
                pages->refs[y]++;
        }
    }
    pages->n_free = 0;
    for (uint32_t y = pages->n_pages; y-- > 0;)
        if (pages->refs[y] == 0)
            pages->free_pages[pages->n_free++] = y;
}

static void number_pages(HrKvResize *r)
{
    for (uint32_t g = 0; g < r->next.layout.n_reaches; g++) {
        HrKvPages *pages = &r->next.groups[g];
        uint32_t old = find_reach(&r->kv->layout, pages->window);
        bool anew = r->kv->groups[old].window != pages->window;
        g_autofree uint32_t *to = anew ? g_new(uint32_t, r->kv->groups[old].n_pages) : NULL;
        if (anew)
            number_anew(r, pages, to);
        else
            keep_numbers(r, old, pages->n_pages);
        fill_tables(r, g, old, anew ? to : r->to[old]);
    }
}

/* ---- Moving ---- */

/* Pages of a pool that stays: those that lay beyond its end. */
static void list_renumbered(const HrKvResize *r, uint32_t il, GArray *moves)
{
    uint32_t group = r->kv->layout.layers[il].group;
    for (uint32_t x = 0; x < r->kv->groups[group].n_pages; x++)
        if (r->to[group][x] != HR_KV_NO_PAGE && r->to[group][x] != x)
            g_array_append_vals(moves, &(HrKvMove){x, r->to[group][x]}, 1);
}

/* All pages that the layer holds; one that slots share is moved once. */
static void list_held(const HrKvResize *r, uint32_t il, GArray *moves)
{
    uint32_t old = r->kv->layout.layers[il].group, group = r->next.layout.layers[il].group;
    g_autofree bool *done = g_new0(bool, r->next.groups[group].n_pages);
    for (uint32_t s = 0; s < r->next.n_slots; s++) {
        const HrKvSlot *slot = r->from[s] != HR_KV_NO_SLOT ? &r->kv->slots[r->from[s]] : NULL;
        for (uint32_t entry = 0; slot && entry < slot->n_pages; entry++) {
            HrKvMove move = {slot->pages[old][entry], r->next.slots[s].pages[group][entry]};
            if (move.from == HR_KV_NO_PAGE || move.to == HR_KV_NO_PAGE || done[move.to])
                continue;
            done[move.to] = true;
            g_array_append_val(moves, move);
        }
    }
}

/* ---- Carrying: pages of which an end is another device's, a few at a time ---- */

#define CARRIED_PAGES 16

typedef struct {
    HrKvResize *r;
    uint32_t layer;
    size_t from_bytes, to_bytes; /* of a page */
    char *out, *in;              /* [CARRIED_PAGES] pages of either form */
    HrKvMove moves[CARRIED_PAGES];
} Carrier;

static bool carry_some(Carrier *c, const HrKvMove *moves, uint32_t n, HrKvMoveFunc move, void *data,
                       GError **error)
{
    HrKv *old = c->r->kv, *next = &c->r->next;
    char *source = old->pools[c->layer].base, *target = next->pools[c->layer].base;
    for (uint32_t i = 0; i < n; i++) {
        c->moves[i] = (HrKvMove){source ? moves[i].from : i, target ? moves[i].to : i};
        if (!source && !old->elsewhere.read(old->elsewhere.data, c->layer, moves[i].from,
                                            c->out + i * c->from_bytes, error))
            return false;
    }
    move(&(HrKvMoves){.from = &old->layout,
                      .to = &next->layout,
                      .layer = c->layer,
                      .source = source ? source : c->out,
                      .target = target ? target : c->in,
                      .moves = c->moves,
                      .n_moves = n},
         data);
    for (uint32_t i = 0; i < n && !target; i++)
        if (!next->elsewhere.write(next->elsewhere.data, c->layer, moves[i].to,
                                   c->in + i * c->to_bytes, error))
            return false;
    return true;
}

static bool carry_layer(HrKvResize *r, uint32_t il, HrKvMoveFunc move, void *data, GError **error)
{
    g_autoptr(GArray) moves = g_array_new(false, false, sizeof(HrKvMove));
    Carrier c = {.r = r,
                 .layer = il,
                 .from_bytes = r->kv->layout.layers[il].page_bytes,
                 .to_bytes = r->next.layout.layers[il].page_bytes};
    bool ok = true;
    list_held(r, il, moves);
    c.out = g_try_malloc(CARRIED_PAGES * c.from_bytes);
    c.in = g_try_malloc(CARRIED_PAGES * c.to_bytes);
    if (!c.out || !c.in) {
        g_set_error_literal(error, HR_ERROR, HR_ERROR_MEMORY,
                            "Out of memory for pages on their way between devices.");
        ok = false;
    }
    for (guint done = 0; ok && done < moves->len; done += CARRIED_PAGES)
        ok = carry_some(&c, &g_array_index(moves, HrKvMove, done),
                        MIN(CARRIED_PAGES, moves->len - done), move, data, error);
    g_free(c.out);
    g_free(c.in);
    return ok;
}

bool hr_kv_resize_carry(HrKvResize *r, HrKvMoveFunc move, HrKvProgressFunc progress, void *data,
                        GError **error)
{
    uint32_t n_layer = r->kv->layout.n_layer;
    trim_slots(r);
    number_pages(r);
    for (uint32_t il = 0; il < n_layer; il++) {
        if (r->carried[il] && !carry_layer(r, il, move, data, error))
            return false;
        progress((il + 1) / (2.0 * n_layer), data);
    }
    return true;
}

static void move_layer(HrKvResize *r, uint32_t il, HrKvMoveFunc move, void *data)
{
    HrRegion *pool = &r->kv->pools[il], *target = r->in_place[il] ? pool : &r->next.pools[il];
    g_autoptr(GArray) moves = g_array_new(false, false, sizeof(HrKvMove));
    if (r->carried[il])
        hr_region_unmap(pool);
    if (!pool->base)
        return;
    if (r->in_place[il])
        list_renumbered(r, il, moves);
    else
        list_held(r, il, moves);
    if (moves->len > 0)
        move(&(HrKvMoves){.from = &r->kv->layout,
                          .to = &r->next.layout,
                          .layer = il,
                          .source = pool->base,
                          .target = target->base,
                          .moves = (const HrKvMove *)moves->data,
                          .n_moves = moves->len},
             data);
    if (!r->in_place[il]) {
        hr_region_unmap(pool);
        return;
    }
    hr_region_resize(pool, hr_kv_layer_pool_bytes(&r->next.layout, il), "the cache", NULL);
    r->next.pools[il] = *pool;
    *pool = (HrRegion){0};
}

/* Slots only ever move forwards, onto places that were left before. */
static void move_states(HrKvResize *r)
{
    for (uint32_t s = 0; s < r->next.n_slots; s++) {
        uint32_t from = r->from[s];
        if (from != HR_KV_NO_SLOT && from != s)
            hr_kv_states_move(r->kv, s, from);
        else if (from == HR_KV_NO_SLOT && s < r->kv->n_slots)
            hr_kv_states_discard(r->kv, s);
    }
    for (uint32_t il = 0; il < r->kv->layout.n_layer; il++) {
        if (!r->kv->states[il].base)
            continue;
        hr_region_resize(&r->kv->states[il], hr_kv_layer_state_bytes(&r->next.layout, il),
                         "recurrent states", NULL);
        r->next.states[il] = r->kv->states[il];
        r->kv->states[il] = (HrRegion){0};
    }
}

/* ---- Applying ---- */

/* Everything of a slot but its tables of pages. */
static void move_slot(HrKvSlot *to, HrKvSlot *from)
{
    g_array_unref(to->tokens);
    g_free(to->states);
    to->tokens = g_steal_pointer(&from->tokens);
    to->states = g_steal_pointer(&from->states);
    to->n_pages = from->n_pages;
    to->mark = from->mark;
    to->state = from->state;
    to->next_state = from->next_state;
    to->last_used_us = from->last_used_us;
}

static void move_slots(HrKvResize *r)
{
    for (uint32_t s = 0; s < r->next.n_slots; s++)
        if (r->from[s] != HR_KV_NO_SLOT)
            move_slot(&r->next.slots[s], &r->kv->slots[r->from[s]]);
}

void hr_kv_resize_apply(HrKvResize *r, HrKvMoveFunc move, HrKvProgressFunc progress, void *data)
{
    HrKv *kv = r->kv;
    for (uint32_t il = 0; il < kv->layout.n_layer; il++) {
        move_layer(r, il, move, data);
        progress(0.5 + (il + 1) / (2.0 * kv->layout.n_layer), data);
    }
    move_states(r);
    move_slots(r);
    clear(r);
    hr_kv_finish(kv);
    *kv = r->next;
    *r = (HrKvResize){0};
}
