/* test-attention.c: queries and keys that are turned, keys and values that are stored, and
 * attention to them, in all types of the cache, against the plain kernels of the processor.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Both store the same text. A number that is rounded may fall to either side of an edge for a last
 * bit of what it was made of, so pages are compared as floats, within two steps of their type
 * (0.7 % and 25 % of the largest for q8_0 and q4_0). Attention is then computed of the device's own
 * pages by both: sums in another order, 3e-5.
 */
#include "vulkan-fixture.h"

#include "cpu/recode.h"

#include <math.h>
#include <string.h>

#define ENTRIES 3 /* pages of a slot */
#define N_SLOTS 2
#define SLOT 1 /* that is in use */
#define TOLERANCE 3e-5

typedef struct {
    uint32_t n_tokens, n_head, n_head_kv, dk, dv, n_rot, first, window;
    HrRopeKind rope;
    bool chunked, latent, sinks;
    float cap, max_alibi_bias;
} Case;

typedef struct {
    VulkanFixture f;
    const Case *c;
    HrKvType type;
    HrKvLayout layout, floats; /* of the cache, and as floats */
    HrKvLayerLayout layer, float_layer;
    uint32_t room;                    /* rows of the dispatch: more than there are */
    float *q, *k, *v, *table, *sinks; /* [n_tokens, ...] */
    char *pool;                       /* the processor's */
    HrVkBuffer *at_pool, *at_q, *at_y;
    HrVkAddress counts, positions, seen, slots, pages;
} Bench;

static const uint32_t page_table[N_SLOTS][ENTRIES] = {{0, 0, 0}, {4, 1, 3}};
#define N_PAGES 5

static HrKvLayerLayout layer_of(const Case *c, HrKvType type)
{
    HrKvLayerLayout l = {.n_head_kv = c->n_head_kv, .dk = c->dk, .dv = c->dv};
    l.k_block_bytes = hr_kv_bytes(type, (size_t)c->dk * HR_PAGE_POSITIONS);
    l.v_block_bytes = c->latent ? 0 : hr_kv_bytes(type, (size_t)c->dv * HR_PAGE_POSITIONS);
    l.v_offset = c->n_head_kv * l.k_block_bytes;
    l.page_bytes = l.v_offset + c->n_head_kv * l.v_block_bytes;
    return l;
}

static HrVkAddress put(Bench *b, const void *data, size_t n)
{
    return vulkan_fixture_buffer(&b->f, data, n * sizeof(float))->address;
}

static void put_step(Bench *b)
{
    uint32_t n = b->c->n_tokens;
    const uint32_t counts[2] = {n, 0};
    g_autofree uint32_t *positions = g_new0(uint32_t, b->room), *seen = g_new0(uint32_t, b->room),
                        *slots = g_new0(uint32_t, b->room);
    for (uint32_t i = 0; i < n; i++) {
        positions[i] = i;
        seen[i] = i + 1;
        slots[i] = SLOT;
    }
    b->counts = put(b, counts, 2);
    b->positions = put(b, positions, b->room);
    b->seen = put(b, seen, b->room);
    b->slots = put(b, slots, b->room);
    b->pages = put(b, page_table, N_SLOTS * ENTRIES);
}

/* False if the test was skipped. */
static bool begin(Bench *b, const Case *c, HrKvType type)
{
    *b = (Bench){.c = c, .type = type, .room = c->n_tokens + 1};
    if (!vulkan_fixture_init(&b->f))
        return false;
    b->layer = layer_of(c, type);
    b->float_layer = layer_of(c, HR_KV_F32);
    b->layout = (HrKvLayout){.type = type, .n_layer = 1, .layers = &b->layer};
    b->floats = (HrKvLayout){.type = HR_KV_F32, .n_layer = 1, .layers = &b->float_layer};
    b->q = vulkan_fixture_numbers((size_t)b->room * c->n_head * c->dk, 1);
    b->k = vulkan_fixture_numbers((size_t)b->room * c->n_head_kv * c->dk, 2);
    b->v = vulkan_fixture_numbers((size_t)b->room * c->n_head_kv * c->dv, 3);
    b->table = vulkan_fixture_numbers((size_t)b->room * c->n_rot + 1, 4);
    b->sinks = vulkan_fixture_numbers(c->n_head, 5);
    b->pool = g_malloc0(N_PAGES * b->layer.page_bytes);
    b->at_pool = vulkan_fixture_buffer(&b->f, NULL, N_PAGES * b->layer.page_bytes);
    b->at_q =
        vulkan_fixture_buffer(&b->f, b->q, (size_t)b->room * c->n_head * c->dk * sizeof(float));
    b->at_y =
        vulkan_fixture_buffer(&b->f, NULL, (size_t)b->room * c->n_head * c->dv * sizeof(float));
    put_step(b);
    return true;
}

static void end(Bench *b)
{
    void *const all[] = {b->q, b->k, b->v, b->table, b->sinks, b->pool};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        g_free(all[i]);
    vulkan_fixture_finish(&b->f);
}

/* ---- The device ---- */

static HrVkPool pool_of(const Bench *b)
{
    return (HrVkPool){.base = b->at_pool->address,
                      .pages = b->pages,
                      .entries = ENTRIES,
                      .page_bytes = (uint32_t)b->layer.page_bytes,
                      .k_block_bytes = (uint32_t)b->layer.k_block_bytes,
                      .v_block_bytes = (uint32_t)b->layer.v_block_bytes,
                      .v_offset = (uint32_t)b->layer.v_offset,
                      .dk = b->c->dk,
                      .dv = b->c->dv};
}

static bool turns(const Bench *b, uint32_t width)
{
    return (b->type == HR_KV_Q8_0 || b->type == HR_KV_Q4_0) && width % 64 == 0;
}

static void store(Bench *b)
{
    const Case *c = b->c;
    const HrVkRopeStore p = {.counts = b->counts,
                             .q = b->at_q->address,
                             .k = put(b, b->k, (size_t)b->room * c->n_head_kv * c->dk),
                             .v = put(b, b->v, (size_t)b->room * c->n_head_kv * c->dv),
                             .table = put(b, b->table, (size_t)b->room * c->n_rot + 1),
                             .positions = b->positions,
                             .slots = b->slots,
                             .pool = pool_of(b),
                             .n_head = c->n_head,
                             .n_head_kv = c->n_head_kv,
                             .n_rot = c->n_rot,
                             .first = c->first,
                             .adjacent = c->rope == HR_ROPE_NORM,
                             .turned = c->n_rot > 0,
                             .table_cols = c->n_rot};
    bool rest = c->latent && turns(b, c->dv) && c->dk > c->dv && turns(b, c->dk - c->dv);
    const HrVkVariant v = {HR_VK_ROPE_STORE,
                           {64, b->type, turns(b, c->dk), turns(b, c->dv), MAX(c->dk, c->dv),
                            c->latent, rest}};
    vulkan_fixture_dispatch(&b->f, &v, &p, sizeof p, c->n_head + c->n_head_kv, b->room);
}

static void attend(Bench *b)
{
    const Case *c = b->c;
    uint32_t group = c->n_head / c->n_head_kv, queries = MIN(group, 4), heads = 1;
    while (heads * 2 <= c->n_head)
        heads *= 2;
    const HrVkAttention p = {.counts = b->counts,
                             .q = b->at_q->address,
                             .y = b->at_y->address,
                             .sinks = c->sinks ? put(b, b->sinks, c->n_head) : 0,
                             .positions = b->positions,
                             .seen = b->seen,
                             .slots = b->slots,
                             .pool = pool_of(b),
                             .n_head = c->n_head,
                             .group = group,
                             .pieces = (group + queries - 1) / queries,
                             .window = c->window,
                             .chunked = c->chunked,
                             .scale = 1 / sqrtf((float)c->dk),
                             .cap = c->cap,
                             .alibi_heads = c->max_alibi_bias > 0 ? heads : 0,
                             .alibi_step = c->max_alibi_bias / (float)heads};
    const HrVkVariant v = {HR_VK_ATTENTION,
                           {64, b->type, queries, c->dk, c->dv, turns(b, c->dv), (c->dv + 63) / 64,
                            MAX(c->dk, c->dv), c->latent}};
    vulkan_fixture_dispatch(&b->f, &v, &p, sizeof p, c->n_head_kv * p.pieces, b->room);
}

/* ---- The processor ---- */

static char *page_at(const Bench *b, uint32_t position)
{
    return b->pool + page_table[SLOT][position / HR_PAGE_POSITIONS] * b->layer.page_bytes;
}

static void store_plain(Bench *b)
{
    const Case *c = b->c;
    for (uint32_t t = 0; t < c->n_tokens; t++) {
        const float *table = b->table + (size_t)t * c->n_rot;
        for (uint32_t h = 0; h < c->n_head; h++) {
            float *q = b->q + ((size_t)t * c->n_head + h) * c->dk;
            if (c->n_rot > 0)
                hr_vector_plain.rope(c->rope, c->n_rot, table, q + c->first);
            hr_recode_turn_key(&hr_vector_plain, b->type, &b->layer, q);
        }
        for (uint32_t h = 0; h < c->n_head_kv; h++) {
            float *k = b->k + ((size_t)t * c->n_head_kv + h) * c->dk,
                  *v = b->v + ((size_t)t * c->n_head_kv + h) * c->dv;
            char *page = page_at(b, t);
            if (c->n_rot > 0)
                hr_vector_plain.rope(c->rope, c->n_rot, table, k + c->first);
            hr_recode_turn_key(&hr_vector_plain, b->type, &b->layer, k);
            hr_vector_plain.store_key(b->type, k, c->dk, t % HR_PAGE_POSITIONS,
                                      page + h * b->layer.k_block_bytes);
            if (c->latent)
                continue;
            hr_recode_turn_value(&hr_vector_plain, b->type, c->dv, v);
            hr_vector_plain.store_value(b->type, v, c->dv, t % HR_PAGE_POSITIONS,
                                        page + b->layer.v_offset + h * b->layer.v_block_bytes);
        }
    }
}

static uint32_t first_seen(const Case *c, uint32_t position)
{
    return c->window == 0 || position < c->window ? 0
           : c->chunked                           ? position / c->window * c->window
                                                  : position - c->window + 1;
}

static void attend_plain(const Bench *b, void *scratch, uint32_t token, uint32_t head, float *y)
{
    const Case *c = b->c;
    uint32_t kv_head = head / (c->n_head / c->n_head_kv), first = first_seen(c, token);
    HrAttend a;
    hr_attend_init(&a, b->type, c->dk, c->dv, scratch);
    a.n_rows = 1;
    a.cap = c->cap;
    a.slope[0] = hr_alibi_slope(c->max_alibi_bias, c->n_head, head);
    a.max[0] = c->sinks ? b->sinks[head] : -INFINITY;
    a.sum[0] = c->sinks;
    memset(a.acc, 0, a.dv_padded * sizeof(float));
    for (uint32_t d = 0; d < c->dk; d++)
        a.q[d] = b->q[((size_t)token * c->n_head + head) * c->dk + d] / sqrtf((float)c->dk);
    for (uint32_t start = first / HR_PAGE_POSITIONS * HR_PAGE_POSITIONS; start <= token;
         start += HR_PAGE_POSITIONS) {
        const char *page = page_at(b, start);
        a.first_valid[0] = first > start ? first - start : 0;
        a.n_valid[0] = MIN(token + 1 - start, HR_PAGE_POSITIONS);
        a.at[0] = (int32_t)(token - start);
        hr_vector_plain.attend_page(&a, page + kv_head * b->layer.k_block_bytes,
                                    c->latent ? NULL
                                              : page + b->layer.v_offset +
                                                    kv_head * b->layer.v_block_bytes,
                                    a.n_valid[0]);
    }
    for (uint32_t d = 0; d < c->dv; d++)
        y[d] = a.acc[d] / a.sum[0];
    hr_recode_turn_value(&hr_vector_plain, b->type, c->dv, y);
}

/* ---- Comparing ---- */

static double step_of(HrKvType type)
{
    return type == HR_KV_F32 ? 1e-5 : type == HR_KV_F16 ? 2e-3 : type == HR_KV_Q8_0 ? 0.014 : 0.5;
}

static void compare_pages(const Bench *b, const char *got)
{
    size_t bytes = b->float_layer.page_bytes, n = bytes / sizeof(float);
    g_autofree float *x = g_malloc0(bytes), *y = g_malloc0(bytes),
                     *row = g_new(float, MAX(b->c->dk, b->c->dv));
    for (uint32_t page = 0; page < N_PAGES; page++) {
        size_t at = page * b->layer.page_bytes;
        hr_recode_page(&hr_vector_plain, &b->layout, &b->floats, 0, b->pool + at, x, row);
        hr_recode_page(&hr_vector_plain, &b->layout, &b->floats, 0, got + at, y, row);
        for (size_t i = 0; i < n; i++)
            g_assert_cmpfloat_with_epsilon(x[i], y[i], step_of(b->type));
    }
}

static void compare_queries(Bench *b)
{
    size_t n = (size_t)b->c->n_tokens * b->c->n_head * b->c->dk;
    g_autofree float *got = g_new(float, n + 1);
    vulkan_fixture_read(&b->f, b->at_q, got, n * sizeof *got);
    for (size_t i = 0; i < n; i++)
        g_assert_cmpfloat_with_epsilon(got[i], b->q[i], 1e-5);
}

static void compare_answers(Bench *b)
{
    const Case *c = b->c;
    size_t row = (size_t)c->n_head * c->dv;
    g_autofree float *got = g_new(float, b->room *row), *want = g_new(float, c->dv);
    g_autofree void *scratch = g_malloc(hr_attend_scratch_bytes(c->dk, c->dv));
    vulkan_fixture_read(&b->f, b->at_y, got, b->room * row * sizeof *got);
    for (uint32_t t = 0; t < c->n_tokens; t++)
        for (uint32_t h = 0; h < c->n_head; h++) {
            attend_plain(b, scratch, t, h, want);
            for (uint32_t d = 0; d < c->dv; d++)
                g_assert_cmpfloat_with_epsilon(got[t * row + h * c->dv + d], want[d], TOLERANCE);
        }
    for (size_t i = c->n_tokens * row; i < b->room * row; i++) /* nothing behind them */
        g_assert_cmpfloat(got[i], ==, 0);
}

static void check(const Case *c, HrKvType type)
{
    Bench b;
    if (!begin(&b, c, type))
        return;
    g_autofree char *got = g_malloc(N_PAGES * b.layer.page_bytes);
    store(&b);
    attend(&b);
    store_plain(&b);
    compare_queries(&b);
    vulkan_fixture_read(&b.f, b.at_pool, got, N_PAGES * b.layer.page_bytes);
    compare_pages(&b, got);
    memcpy(b.pool, got, N_PAGES * b.layer.page_bytes);
    compare_answers(&b);
    end(&b);
}

static const Case cases[] = {
    /* tokens, heads, of keys, widths, turned, from, window */
    {.n_tokens = 17, .n_head = 4, .n_head_kv = 2, .dk = 64, .dv = 64, .n_rot = 64},
    {.n_tokens = 1,
     .n_head = 3,
     .n_head_kv = 3,
     .dk = 32,
     .dv = 96,
     .n_rot = 16,
     .first = 8,
     .rope = HR_ROPE_NEOX},
    {.n_tokens = 0, .n_head = 2, .n_head_kv = 1, .dk = 64, .dv = 64, .n_rot = 64},
    {.n_tokens = 150, .n_head = 5, .n_head_kv = 1, .dk = 96, .dv = 64, .sinks = true, .window = 70},
    {.n_tokens = 131,
     .n_head = 6,
     .n_head_kv = 2,
     .dk = 32,
     .dv = 32,
     .n_rot = 32,
     .window = 50,
     .chunked = true,
     .cap = 2},
    {.n_tokens = 70, .n_head = 6, .n_head_kv = 6, .dk = 64, .dv = 64, .max_alibi_bias = 8},
    {.n_tokens = 66,
     .n_head = 8,
     .n_head_kv = 1,
     .dk = 320,
     .dv = 256,
     .n_rot = 64,
     .first = 256,
     .latent = true},
};

static void test_type(gconstpointer data)
{
    HrKvType type = (HrKvType)GPOINTER_TO_INT(data);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        check(&cases[i], type);
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"f16", "f32", "q8_0", "q4_0"};
    static const HrKvType types[] = {HR_KV_F16, HR_KV_F32, HR_KV_Q8_0, HR_KV_Q4_0};
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autofree char *path = g_strdup_printf("/vulkan/attention/%s", names[i]);
        g_test_add_data_func(path, GINT_TO_POINTER(types[i]), test_type);
    }
    return g_test_run();
}
