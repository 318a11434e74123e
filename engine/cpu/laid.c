/* laid.c: see laid.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/laid.h"

#include "cpu/panels.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* At most, between two tensors that are neighbours in a file: less than a norm's bytes. */
#define PADDING_BYTES 64

/* ---- Places ---- */

static size_t bytes_of(const HrWeight *weight)
{
    return weight->n_out * weight->row_bytes;
}

static gint by_place(gconstpointer a, gconstpointer b)
{
    uintptr_t left = (uintptr_t)((const HrLaidWeight *)a)->weight->data,
              right = (uintptr_t)((const HrLaidWeight *)b)->weight->data;
    return left < right ? -1 : left > right;
}

typedef void (*VisitFunc)(const HrWeight *weight, void *data);

/* Experts of whole panels; a panel does not reach from one into the next. */
static void visit_stack(const HrLinearStack *stack, VisitFunc visit, void *data)
{
    if (stack->weight.n_out % HR_PANEL_ROWS == 0)
        visit(&stack->all, data);
}

/* The products' weights, some of them more than once. */
static void visit_weights(const HrProgram *program, bool only_host, VisitFunc visit, void *data)
{
    for (uint32_t i = 0; i < program->ops->len; i++) {
        const HrOp *op = hr_program_op(program, i);
        if (only_host && op->device != 0)
            continue;
        for (uint32_t p = 0;
             p < op->n_parts && (op->kind == HR_OP_LINEAR || op->kind == HR_OP_LOGITS); p++)
            visit(&op->parts[p].linear->weight, data);
        if (op->kind == HR_OP_HEAD_LINEAR)
            visit_stack(op->stack, visit, data);
        if (op->kind == HR_OP_EXPERTS) {
            visit_stack(&op->experts->gate, visit, data);
            visit_stack(&op->experts->up, visit, data);
            visit_stack(&op->experts->down, visit, data);
        }
    }
}

typedef struct {
    HrLaid *laid;
    const HrLinearKernels *kernels;
} Collect;

static void add(const HrWeight *weight, void *data)
{
    Collect *c = data;
    HrLaidWeight at = {.weight = weight, .in_panels = c->kernels->in_panels(weight->type)};
    if (weight->data && g_hash_table_add(c->laid->by_data, (gpointer)weight->data))
        g_array_append_val(c->laid->weights, at);
}

static void collect(HrLaid *laid, const HrProgram *program, const HrLinearKernels *kernels)
{
    visit_weights(program, false, add, &(Collect){laid, kernels});
    g_array_sort(laid->weights, by_place);
}

static void mark_here(const HrWeight *weight, void *data)
{
    HrLaidWeight *at = g_hash_table_lookup(((HrLaid *)data)->by_data, weight->data);
    if (at)
        at->here = true;
}

bool hr_laid_init(HrLaid *laid, const HrProgram *program, const HrLinearKernels *kernels,
                  GError **error)
{
    static const HrPlanItem item = {.kind = HR_ITEM_WEIGHTS, .name = "weights"};
    uint64_t bytes = 0;

    laid->weights = g_array_new(false, false, sizeof(HrLaidWeight));
    laid->by_data = g_hash_table_new(NULL, NULL);
    if (kernels->in_panels)
        collect(laid, program, kernels);
    for (guint i = 0; i < laid->weights->len; i++)
        bytes += bytes_of(g_array_index(laid->weights, HrLaidWeight, i).weight);
    if (!hr_region_map(&laid->region, NULL, &item, bytes, true, error))
        return false;
    bytes = 0;
    for (guint i = 0; i < laid->weights->len; i++) {
        HrLaidWeight *at = &g_array_index(laid->weights, HrLaidWeight, i);
        at->data = (char *)laid->region.base + bytes;
        bytes += bytes_of(at->weight);
        g_hash_table_insert(laid->by_data, (gpointer)at->weight->data, at);
    }
    visit_weights(program, true, mark_here, laid);
    return true;
}

void hr_laid_finish(HrLaid *laid)
{
    g_clear_pointer(&laid->by_data, g_hash_table_unref);
    g_clear_pointer(&laid->weights, g_array_unref);
    hr_region_unmap(&laid->region);
}

HrLaidWeight hr_laid_find(const HrLaid *laid, const HrWeight *weight)
{
    const HrLaidWeight *at =
        laid->by_data ? g_hash_table_lookup(laid->by_data, weight->data) : NULL;
    return at && at->here ? *at : (HrLaidWeight){.weight = weight, .data = weight->data};
}

bool hr_laid_covers(const HrLaid *laid, const void *data, uint64_t bytes)
{
    for (guint i = 0; i < laid->weights->len; i++) {
        const HrLaidWeight *at = &g_array_index(laid->weights, HrLaidWeight, i);
        uint64_t offset = (uint64_t)((uintptr_t)at->weight->data - (uintptr_t)data);
        if (at->here && offset < bytes) /* what lies before data wraps around */
            return true;
    }
    return false;
}

/* ---- Coming and going ---- */

typedef struct {
    HrLaid *laid;
    GArray *missing;
    GHashTable *seen;
} Missing;

static void add_missing(const HrWeight *weight, void *data)
{
    Missing *m = data;
    HrLaidWeight *at = g_hash_table_lookup(m->laid->by_data, weight->data);
    if (at && !at->here && g_hash_table_add(m->seen, at))
        g_array_append_val(m->missing, at);
}

GArray *hr_laid_list_missing(HrLaid *laid, const HrProgram *program)
{
    Missing m = {laid, g_array_new(false, false, sizeof(HrLaidWeight *)),
                 g_hash_table_new(NULL, NULL)};
    visit_weights(program, true, add_missing, &m);
    g_hash_table_unref(m.seen);
    return m.missing;
}

/* Its own pages; those that it shares with its neighbours stay with them. */
static void empty(HrLaid *laid, const HrLaidWeight *at)
{
    hr_region_discard(&laid->region, (size_t)((char *)at->data - (char *)laid->region.base),
                      bytes_of(at->weight));
}

void hr_laid_assign(HrLaid *laid, const HrProgram *program)
{
    g_autofree bool *before = g_new(bool, laid->weights->len + 1);
    for (guint i = 0; i < laid->weights->len; i++) {
        HrLaidWeight *at = &g_array_index(laid->weights, HrLaidWeight, i);
        before[i] = at->here;
        at->here = false;
    }
    visit_weights(program, true, mark_here, laid);
    for (guint i = 0; i < laid->weights->len; i++)
        if (before[i] && !g_array_index(laid->weights, HrLaidWeight, i).here)
            empty(laid, &g_array_index(laid->weights, HrLaidWeight, i));
}

void hr_laid_forget(HrLaid *laid, const GArray *missing)
{
    for (guint i = 0; i < missing->len; i++)
        empty(laid, g_array_index(missing, HrLaidWeight *, i));
}

uint64_t hr_laid_bytes(const HrLaid *laid)
{
    uint64_t bytes = 0;
    for (guint i = 0; i < laid->weights->len; i++)
        if (g_array_index(laid->weights, HrLaidWeight, i).here)
            bytes += bytes_of(g_array_index(laid->weights, HrLaidWeight, i).weight);
    return bytes;
}

HrRegion hr_laid_stretch(const HrLaid *laid)
{
    HrRegion longest = {0}, now = {0};
    for (guint i = 0; laid->weights && i < laid->weights->len; i++) {
        const HrLaidWeight *at = &g_array_index(laid->weights, HrLaidWeight, i);
        if (!at->here)
            now = (HrRegion){0};
        else if (!now.base)
            now = (HrRegion){(void *)at->data, bytes_of(at->weight)};
        else
            now.bytes += bytes_of(at->weight);
        if (now.bytes > longest.bytes)
            longest = now;
    }
    return longest;
}

/* ---- Moving ---- */

typedef struct {
    const HrLaidWeight *at;
    uint64_t end;
    atomic_uint_fast64_t next; /* row */
} Move;

/* Up to a panel of rows. */
static void move_rows(const HrLaidWeight *at, uint64_t begin, uint64_t n)
{
    const HrWeight *w = at->weight;
    const char *from = (const char *)w->data + begin * w->row_bytes;
    char *to = (char *)at->data + begin * w->row_bytes;

    if (at->in_panels && n == HR_PANEL_ROWS)
        hr_panel_lay(w->type, from, w->n_in, to);
    else
        memcpy(to, from, n * w->row_bytes);
}

static void move_some(HrThread *thread, void *data)
{
    Move *move = data;
    uint64_t row;

    while ((row = atomic_fetch_add(&move->next, HR_PANEL_ROWS)) < move->end)
        move_rows(move->at, row, MIN(HR_PANEL_ROWS, move->end - row));
}

/* Pages of a mapping that lie wholly within a stretch; it can still be read, from the file. */
static void give_back(const char *begin, size_t bytes)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t from = ((uintptr_t)begin + page - 1) / page * page,
              to = ((uintptr_t)begin + bytes) / page * page;

    if (to > from)
        madvise((void *)from, to - from, MADV_DONTNEED);
}

void hr_laid_fill(const HrLaidWeight *at, uint64_t begin, uint64_t end, HrPool *pool,
                  uint32_t n_threads)
{
    Move move = {.at = at, .end = end, .next = begin};

    hr_pool_run(pool, n_threads, move_some, &move);
    give_back((const char *)at->weight->data + begin * at->weight->row_bytes,
              (end - begin) * at->weight->row_bytes);
}

/* What lies between moved weights is read again, and must not bring 2 MiB of them back at a time. */
static void give_back_for_good(const char *begin, const char *end)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t from = (uintptr_t)begin / page * page;

    madvise((void *)from, (uintptr_t)end - from, MADV_NOHUGEPAGE);
    give_back(begin, (size_t)(end - begin));
}

/* Weights that lie one behind the other are one stretch, so that the page where two of them meet
 * goes too. */
void hr_laid_give_back(const HrLaid *laid)
{
    const char *begin = NULL, *end = NULL;

    for (guint i = 0; i < laid->weights->len; i++) {
        const HrLaidWeight *at = &g_array_index(laid->weights, HrLaidWeight, i);
        const char *data = at->weight->data;

        if (!at->here)
            continue;
        if (!begin || data < end || data - end > PADDING_BYTES) {
            if (begin)
                give_back_for_good(begin, end);
            begin = data;
        }
        end = data + bytes_of(at->weight);
    }
    if (begin)
        give_back_for_good(begin, end);
}

void hr_laid_row(const HrLaidWeight *at, uint64_t row, float *dst)
{
    const HrWeight *w = at->weight;
    uint64_t first = row / HR_PANEL_ROWS * HR_PANEL_ROWS;

    if (at->in_panels && first + HR_PANEL_ROWS <= w->n_out)
        hr_panel_dequantize(w->type, (const char *)at->data + first * w->row_bytes, row - first,
                            w->n_in, dst);
    else
        hr_dequantize(w->type, (const char *)at->data + row * w->row_bytes, dst, w->n_in);
}
