/* park.c: see park.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "kv/park.h"

#include "kv/pages.h"

/* ---- Form ---- */

static void feed(GChecksum *sum, uint64_t number)
{
    number = GUINT64_TO_LE(number);
    g_checksum_update(sum, (const guchar *)&number, sizeof number);
}

void hr_kv_park_form(const HrKv *kv, GChecksum *sum)
{
    feed(sum, G_BYTE_ORDER);
    feed(sum, kv->layout.type);
    feed(sum, kv->layout.n_layer);
    feed(sum, kv->layout.n_states);
    for (uint32_t il = 0; il < kv->layout.n_layer; il++) {
        const HrKvLayerLayout *l = &kv->layout.layers[il];
        const uint64_t numbers[] = {l->n_head_kv,     l->dk,          l->dv,
                                    l->k_block_bytes, l->v_offset,    l->v_block_bytes,
                                    l->conv_bytes,    l->state_bytes, kv->groups[l->group].window};
        for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
            feed(sum, numbers[i]);
    }
}

/* ---- Pages ---- */

/* The first entry that is parked of a group: what is behind the window may be gone. */
static uint32_t first_entry(const HrKv *kv, uint32_t group, uint32_t n_positions)
{
    return hr_kv_pages_first(&kv->groups[group], n_positions);
}

typedef struct {
    uint32_t layer, page;
    size_t bytes;
} Page;

/* How many pages of a layer n positions are parked in. */
static uint32_t n_parked(const HrKv *kv, uint32_t layer, uint32_t n)
{
    const HrKvLayerLayout *l = &kv->layout.layers[layer];
    return l->page_bytes > 0 ? hr_kv_pages(n) - first_entry(kv, l->group, n) : 0;
}

/* The page at a place, which goes on to the next one; false: there is none. */
static bool next_page(const HrKv *kv, uint32_t slot, HrKvParkPlace *place, Page *ret)
{
    uint32_t n = kv->slots[slot].tokens->len;
    for (; place->layer < kv->layout.n_layer; *place = (HrKvParkPlace){place->layer + 1, 0}) {
        uint32_t count = n_parked(kv, place->layer, n);
        if (place->entry >= count)
            continue;
        const HrKvLayerLayout *l = &kv->layout.layers[place->layer];
        uint32_t entry = hr_kv_pages(n) - count + place->entry++;
        *ret = (Page){place->layer, kv->slots[slot].pages[l->group][entry], l->page_bytes};
        return true;
    }
    return false;
}

/* Where the host has it, or NULL. */
static char *page_here(const HrKv *kv, const Page *page)
{
    char *pool = kv->pools[page->layer].base;
    return pool ? pool + page->page * page->bytes : NULL;
}

/* ---- Writing ---- */

#define CHECKPOINT (1u << 31) /* beside the positions of a state */

static uint32_t n_states_held(const HrKv *kv, uint32_t slot)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < kv->layout.n_states; i++)
        n += kv->slots[slot].states[i].n_positions > 0;
    return n;
}

uint64_t hr_kv_park_bytes(const HrKv *kv, uint32_t slot)
{
    uint32_t n = kv->slots[slot].tokens->len;
    uint64_t bytes = n_states_held(kv, slot) * (uint64_t)kv->layout.total_state_bytes;
    for (uint32_t il = 0; il < kv->layout.n_layer; il++)
        bytes += (uint64_t)n_parked(kv, il, n) * kv->layout.layers[il].page_bytes;
    return bytes + kv->layout.n_states * sizeof(uint32_t);
}

static bool write_states(const HrKv *kv, uint32_t slot, HrKvWriteFunc write, void *data)
{
    const HrKvSlot *s = &kv->slots[slot];
    for (uint32_t i = 0; i < kv->layout.n_states; i++) {
        uint32_t state = s->states[i].n_positions | (s->states[i].checkpoint ? CHECKPOINT : 0);
        if (!write(&state, sizeof state, data))
            return false;
    }
    for (uint32_t il = 0; il < kv->layout.n_layer; il++)
        for (uint32_t i = 0; i < kv->layout.n_states; i++) {
            size_t bytes = kv->layout.layers[il].state_bytes;
            if (bytes > 0 && s->states[i].n_positions > 0 &&
                !write(hr_kv_state_at(kv, il, slot, i), bytes, data))
                return false;
        }
    return true;
}

static bool write_page(const HrKv *kv, const Page *page, HrKvWriteFunc write, void *data)
{
    if (page_here(kv, page))
        return write(page_here(kv, page), page->bytes, data);
    g_autofree void *copy = g_try_malloc(page->bytes);
    return copy &&
           kv->elsewhere.read(kv->elsewhere.data, page->layer, page->page, copy, NULL) &&
           write(copy, page->bytes, data);
}

HrKvParkState hr_kv_park_write(const HrKv *kv, uint32_t slot, HrKvParkPlace *place,
                               int64_t until_us, HrKvWriteFunc write, void *data)
{
    for (Page page; next_page(kv, slot, place, &page);) {
        if (!write_page(kv, &page, write, data))
            return HR_KV_PARK_FAILED;
        if (g_get_monotonic_time() >= until_us)
            return HR_KV_PARK_MORE;
    }
    return write_states(kv, slot, write, data) ? HR_KV_PARK_DONE : HR_KV_PARK_FAILED;
}

/* ---- Reading ---- */

static bool own_pages(HrKv *kv, uint32_t slot, uint32_t n, GError **error)
{
    HrKvSlot *s = &kv->slots[slot];
    s->n_pages = hr_kv_pages(n);
    for (uint32_t g = 0; g < kv->layout.n_reaches; g++)
        for (uint32_t entry = first_entry(kv, g, n); entry < s->n_pages; entry++)
            if (!hr_kv_pages_own(kv, g, s, entry, error))
                return false;
    return true;
}

/* Which states there are comes from a file whose checksum is only known at its end. */
static bool read_states(HrKv *kv, uint32_t slot, uint32_t n, HrKvReadFunc read, void *data)
{
    HrKvSlot *s = &kv->slots[slot];
    for (uint32_t i = 0; i < kv->layout.n_states; i++) {
        uint32_t state;
        if (!read(&state, sizeof state, data))
            return false;
        s->states[i] = (HrKvState){MIN(state & ~CHECKPOINT, n), (state & CHECKPOINT) != 0};
        if (s->states[i].n_positions == n)
            s->state = i;
    }
    for (uint32_t il = 0; il < kv->layout.n_layer; il++)
        for (uint32_t i = 0; i < kv->layout.n_states; i++) {
            size_t bytes = kv->layout.layers[il].state_bytes;
            if (bytes > 0 && s->states[i].n_positions > 0 &&
                !read(hr_kv_state_at(kv, il, slot, i), bytes, data))
                return false;
        }
    return kv->layout.n_states == 0 || s->state != HR_KV_NO_STATE;
}

static bool read_page(HrKv *kv, const Page *page, HrKvReadFunc read, void *data)
{
    if (page_here(kv, page))
        return read(page_here(kv, page), page->bytes, data);
    g_autofree void *copy = g_try_malloc(page->bytes);
    return copy && read(copy, page->bytes, data) &&
           kv->elsewhere.write(kv->elsewhere.data, page->layer, page->page, copy, NULL);
}

bool hr_kv_park_begin_read(HrKv *kv, uint32_t slot, const HrToken *tokens, uint32_t n,
                           GError **error)
{
    g_array_append_vals(kv->slots[slot].tokens, tokens, n);
    if (own_pages(kv, slot, n, error))
        return true;
    hr_kv_truncate(kv, slot, 0);
    return false;
}

HrKvParkState hr_kv_park_read(HrKv *kv, uint32_t slot, HrKvParkPlace *place, int64_t until_us,
                              HrKvReadFunc read, void *data)
{
    uint32_t n = kv->slots[slot].tokens->len;
    for (Page page; next_page(kv, slot, place, &page);) {
        if (!read_page(kv, &page, read, data))
            return HR_KV_PARK_FAILED;
        if (g_get_monotonic_time() >= until_us)
            return HR_KV_PARK_MORE;
    }
    if (!read_states(kv, slot, n, read, data))
        return HR_KV_PARK_FAILED;
    kv->slots[slot].mark = n;
    hr_kv_gather(kv, &kv->slots[slot], 0, n);
    return HR_KV_PARK_DONE;
}
