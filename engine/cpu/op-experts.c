/* op-experts.c: mixtures of experts (Shazeer et al. 2017): rows choose experts, each expert
 * computes its rows, answers are summed.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A place is a row at one of its experts; places are ordered by expert, so that an expert's rows
 * lie side by side and its weights are read once. First every expert's hidden layer, in pieces of
 * an expert and a few panels; then the answers, in pieces of a few panels of all experts: a piece
 * adds the answers of one expert after the other, in the order of their numbers, to the rows of the
 * result. So a row's sum has one order, whatever rows, pieces and threads there are.
 *
 * With very few rows (an answer being written) each thread finds the routes and prepares rows for
 * itself: cheaper than barriers.
 */
#include "cpu/execute.h"
#include "cpu/route.h"

#include <string.h>

/* Panels of a piece. */
#define CHUNK_PANELS 4
#define TILE_ROWS (CHUNK_PANELS * HR_PANEL_ROWS)
/* Places multiplied at once: enough to make unpacking the weights cheap, few enough for two tiles
 * to stay in a second-level cache. */
#define TILE_PLACES 128
#define TILE_FLOATS (TILE_ROWS * TILE_PLACES)
/* Rows up to which each thread works for itself. */
#define FEW_ROWS 2
enum { PHASE_HIDDEN, PHASE_ANSWER };

/* A stack, and where its weights are now. */
typedef struct {
    const HrLinearStack *stack;
    HrLaidWeight at;
} Linears;

/* Prepared rows, step bytes apart: one per place, or the same for all of them (step 0). */
typedef struct {
    HrForm form;
    const char *base;
    size_t step;
} Rows;

typedef struct {
    HrTask *task;
    const HrExpertWeights *w;
    const HrRouting *routing;
    const HrExperts *shape;
    Linears gate, up, down;
    HrRoutes routes;
    bool own;        /* each thread works for itself */
    char *own_rest;  /* free memory for that */
    Rows for_gate, for_up, for_down;
    float *hidden;   /* [n_places, n_ff] */
    float *tiles[2]; /* this thread's */
} Mixture;

/* ---- Sizes ---- */

size_t hr_experts_scratch_bytes(void)
{
    return 2 * TILE_FLOATS * sizeof(float);
}

size_t hr_experts_routes_bytes(const HrProgram *program)
{
    size_t most = 0;
    for (uint32_t i = 0; i < program->ops->len; i++) {
        const HrOp *op = hr_program_op(program, i);
        if (op->kind == HR_OP_EXPERTS)
            most = MAX(most, hr_routes_bytes(op->mixture, program->max_tokens));
    }
    return most;
}

static size_t row_bytes(const HrLinearKernels *kernels, const HrLinearStack *stack)
{
    HrForm form = kernels->form(stack->weight.type, false);
    return hr_weight_exists(&stack->weight) ? kernels->prepared_bytes(form, stack->weight.n_in) : 0;
}

void hr_experts_prepared_needs(const HrOp *op, uint32_t n_rows, const HrLinearKernels *kernels,
                               size_t widest[HR_FORM_N])
{
    const HrLinearStack *stacks[] = {&op->experts->gate, &op->experts->up, &op->experts->down};
    size_t n_places = (size_t)n_rows * op->mixture->n_used;
    for (uint32_t i = 0; i < G_N_ELEMENTS(stacks); i++) {
        HrForm form = kernels->form(stacks[i]->weight.type, false);
        widest[form] = MAX(widest[form], n_places * row_bytes(kernels, stacks[i]));
    }
}

/* ---- Routes ---- */

static void route_row(Mixture *m, uint32_t row)
{
    uint32_t n_used = m->shape->n_used;
    hr_route(m->shape, m->routing, hr_task_row(m->task, m->task->op->k, row), m->w->bias.data,
             m->routes.chosen + row * n_used, m->routes.weights + row * n_used);
}

/* No claims here: what a thread left out because the step is to be left would be read as the number
 * of an expert. */
static void find_routes(Mixture *m, uint32_t n_rows)
{
    HrThread *thread = m->task->thread;
    uint32_t first = m->own ? 0 : thread->index, step = m->own ? 1 : thread->n_threads;
    for (uint32_t i = first; i < n_rows; i += step)
        route_row(m, i);
    if (!m->own)
        hr_pool_barrier(thread);
    if (m->own || thread->index == 0)
        hr_routes_order(&m->routes, m->shape->n);
    if (!m->own)
        hr_pool_barrier(thread);
}

/* ---- Prepared rows ---- */

typedef const float *(*RowFunc)(const Mixture *m, uint32_t place);

static const float *input_row(const Mixture *m, uint32_t place)
{
    return hr_task_row(m->task, m->task->op->src, m->routes.row[place]);
}

static const float *hidden_row(const Mixture *m, uint32_t place)
{
    return m->hidden + (size_t)place * m->w->down.weight.n_in;
}

/* The first n places' rows for products with a stack. The caller waits for the other threads before
 * it uses them, unless each thread works for itself. */
static Rows prepare(Mixture *m, const HrLinearStack *stack, RowFunc row_of, uint32_t n)
{
    const HrExecutor *e = m->task->e;
    const HrThread *thread = m->task->thread;
    HrForm form = e->linear->form(stack->weight.type, false);
    size_t n_in = stack->weight.n_in, bytes = e->linear->prepared_bytes(form, n_in);
    char *base = m->own ? m->own_rest : (char *)e->prepared.base + e->prepared_offset[form];
    uint32_t first = m->own ? 0 : thread->index, step = m->own ? 1 : thread->n_threads;
    for (uint32_t i = first; i < n; i += step)
        e->linear->prepare(form, row_of(m, i), n_in, base + i * bytes);
    if (m->own)
        m->own_rest += n * bytes;
    return (Rows){form, base, n == 1 ? 0 : bytes};
}

static void prepare_inputs(Mixture *m)
{
    const HrLinearKernels *kernels = m->task->e->linear;
    uint32_t n = m->own && m->routes.n_rows == 1 ? 1 : m->routes.n_places;
    m->for_up = prepare(m, &m->w->up, input_row, n);
    m->for_gate = m->for_up;
    if (hr_weight_exists(&m->w->gate.weight) &&
        kernels->form(m->w->gate.weight.type, false) != m->for_up.form)
        m->for_gate = prepare(m, &m->w->gate, input_row, n);
    if (!m->own)
        hr_pool_barrier(m->task->thread);
}

static void prepare_hidden(Mixture *m)
{
    hr_pool_barrier(m->task->thread);
    if (!hr_weight_exists(&m->w->down.weight))
        return;
    m->for_down = prepare(m, &m->w->down, hidden_row, m->routes.n_places);
    if (!m->own)
        hr_pool_barrier(m->task->thread);
}

/* ---- Products ---- */

/* Rows [begin, end) of an expert's linear, for the places of run: tile[i][0 .. end - begin),
 * TILE_ROWS apart. */
static void multiply(const Mixture *m, const Linears *linears, const Rows *in,
                     const HrExpertRun *run, size_t begin, size_t end, bool weigh, float *tile)
{
    const HrExecutor *e = m->task->e;
    const HrLinearStack *stack = linears->stack;
    const HrWeight *w = &stack->weight;
    uint32_t index = run->expert / MAX(m->routing->sharers, 1);
    const char *rows =
        (const char *)hr_stack_weights(stack, linears->at.data, index) + begin * w->row_bytes;
    const float *bias = hr_stack_bias(stack, index);
    (linears->at.in_panels ? e->linear->panel_rows
                           : e->linear->rows)(in->form, w->type, rows, w->row_bytes, w->n_in, 0,
                                              end - begin, in->base + run->first * in->step,
                                              in->step, run->n, tile, TILE_ROWS,
                                              m->task->scratch + HR_OWN_ROWS_BYTES);
    for (uint32_t i = 0; i < run->n; i++) {
        float scale =
            hr_stack_scale(stack, index) * (weigh ? m->routes.weight[run->first + i] : 1);
        if (scale != 1)
            e->vector->scale(tile + i * TILE_ROWS, scale, end - begin);
        if (bias)
            e->vector->add(tile + i * TILE_ROWS, bias + begin, end - begin);
    }
}

/* At most TILE_PLACES places of run, from the first-th on. */
static HrExpertRun part_of(const HrExpertRun *run, uint32_t first)
{
    return (HrExpertRun){run->expert, run->first + first, MIN(TILE_PLACES, run->n - first)};
}

static void limit_above(float *x, float limit, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = x[i] > limit ? limit : x[i];
}

static void limit_both(float *x, float limit, float plus, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (x[i] > limit ? limit : x[i] < -limit ? -limit : x[i]) + plus;
}

/* y[n] from an expert's gate and up, which are used up; gate NULL: it has none. */
static void combine(const Mixture *m, float *gate, float *up, size_t n, float *y)
{
    const HrVectorKernels *vector = m->task->e->vector;
    const HrRouting *r = m->routing;
    if (!gate) {
        vector->activate(r->activation, up, NULL, n, y);
    } else if (r->clamp == HR_CLAMP_AFTER) {
        vector->activate(r->activation, gate, NULL, n, gate);
        limit_above(gate, r->limit, n);
        limit_both(up, r->limit, 0, n);
        for (size_t i = 0; i < n; i++)
            y[i] = gate[i] * up[i];
    } else {
        if (r->clamp == HR_CLAMP_BEFORE) {
            limit_above(gate, r->limit, n);
            limit_both(up, r->limit, 1, n);
        }
        vector->activate(r->activation, gate, up, n, y);
    }
}

static uint32_t panels_of(const HrLinearStack *stack)
{
    return (uint32_t)((stack->weight.n_out + HR_PANEL_ROWS - 1) / HR_PANEL_ROWS);
}

static void compute_hidden_piece(Mixture *m, const HrExpertRun *run, size_t begin, size_t end)
{
    bool gated = hr_weight_exists(&m->w->gate.weight), weigh = m->routing->weigh_input;
    for (uint32_t first = 0; first < run->n; first += TILE_PLACES) {
        HrExpertRun part = part_of(run, first);
        multiply(m, &m->up, &m->for_up, &part, begin, end, weigh, m->tiles[1]);
        if (gated)
            multiply(m, &m->gate, &m->for_gate, &part, begin, end, weigh, m->tiles[0]);
        for (uint32_t i = 0; i < part.n; i++)
            combine(m, gated ? m->tiles[0] + i * TILE_ROWS : NULL, m->tiles[1] + i * TILE_ROWS,
                    end - begin,
                    m->hidden + (size_t)(part.first + i) * m->w->up.weight.n_out + begin);
    }
}

static void compute_hidden(Mixture *m)
{
    uint32_t n_chunks = (panels_of(&m->w->up) + CHUNK_PANELS - 1) / CHUNK_PANELS, piece, end;
    m->task->phase = PHASE_HIDDEN;
    while (hr_task_claim(m->task, *m->routes.n_runs * n_chunks, 1, &piece, &end)) {
        size_t begin = (size_t)(piece % n_chunks) * TILE_ROWS;
        compute_hidden_piece(m, &m->routes.runs[piece / n_chunks], begin,
                             MIN(begin + TILE_ROWS, m->w->up.weight.n_out));
    }
}

/* ---- Answers ---- */

static void begin_rows(const Mixture *m, size_t begin, size_t end)
{
    const HrOp *op = m->task->op;
    for (uint32_t i = 0; i < m->routes.n_rows; i++) {
        float *y = hr_task_row(m->task, op->dst, i);
        if (op->add == HR_NO_BUF)
            memset(y + begin, 0, (end - begin) * sizeof *y);
        else
            memcpy(y + begin, hr_task_row(m->task, op->add, i) + begin, (end - begin) * sizeof *y);
    }
}

static bool has_downs(const Mixture *m)
{
    return hr_weight_exists(&m->w->down.weight);
}

/* answer: numbers [begin, end) of what the expert says at a place. */
static void add_answer(const Mixture *m, uint32_t place, const float *answer, size_t begin,
                       size_t end)
{
    float weight = m->routing->weigh_input ? 1 : m->routes.weight[place];
    m->task->e->vector->add_scaled(
        hr_task_row(m->task, m->task->op->dst, m->routes.row[place]) + begin, answer, weight,
        end - begin);
}

static void add_answers(Mixture *m, const HrExpertRun *run, size_t begin, size_t end)
{
    size_t n_hidden = m->w->up.weight.n_out;
    for (uint32_t first = 0; first < run->n; first += TILE_PLACES) {
        HrExpertRun part = part_of(run, first);
        if (has_downs(m))
            multiply(m, &m->down, &m->for_down, &part, begin, end, false, m->tiles[0]);
        for (uint32_t i = 0; i < part.n; i++)
            add_answer(m, part.first + i,
                       has_downs(m) ? m->tiles[0] + i * TILE_ROWS
                                    : m->hidden + (part.first + i) * n_hidden + begin,
                       begin, end);
    }
}

static void compute_answers(Mixture *m)
{
    const HrLinearStack *last = has_downs(m) ? &m->w->down : &m->w->up;
    uint32_t n_panels = panels_of(last),
             grain = CLAMP(n_panels / (m->task->thread->n_threads * 4), 1, CHUNK_PANELS), first,
             end_panel;
    m->task->phase = PHASE_ANSWER;
    while (hr_task_claim(m->task, n_panels, grain, &first, &end_panel)) {
        size_t begin = (size_t)first * HR_PANEL_ROWS,
               end = MIN((size_t)end_panel * HR_PANEL_ROWS, last->weight.n_out);
        begin_rows(m, begin, end);
        for (uint32_t i = 0; i < *m->routes.n_runs; i++)
            add_answers(m, &m->routes.runs[i], begin, end);
    }
}

/* ---- The operation ---- */

static Linears find_linears(const HrTask *task, const HrLinearStack *stack)
{
    return (Linears){stack, hr_laid_find(&task->e->laid, &stack->all)};
}

static bool fits_own(const Mixture *m, uint32_t n_rows)
{
    const HrLinearKernels *kernels = m->task->e->linear;
    size_t bytes = row_bytes(kernels, &m->w->gate) + row_bytes(kernels, &m->w->up) +
                   row_bytes(kernels, &m->w->down);
    return n_rows <= FEW_ROWS &&
           hr_routes_bytes(m->shape, n_rows) + (size_t)n_rows * m->shape->n_used * bytes <=
               HR_OWN_ROWS_BYTES;
}

void hr_execute_experts(HrTask *task)
{
    const HrOp *op = task->op;
    uint32_t n_rows = hr_task_rows(task, op->src);
    Mixture m = {.task = task,
                 .w = op->experts,
                 .routing = &op->routing,
                 .shape = op->mixture};
    m.gate = find_linears(task, &m.w->gate);
    m.up = find_linears(task, &m.w->up);
    m.down = find_linears(task, &m.w->down);
    m.own = fits_own(&m, n_rows);
    m.routes = hr_routes_at(m.shape, n_rows, m.own ? task->scratch : task->e->routes);
    m.own_rest = task->scratch + hr_routes_bytes(m.shape, n_rows);
    m.hidden = hr_task_row(task, op->v, 0);
    m.tiles[0] = (float *)(void *)(task->scratch + HR_OWN_ROWS_BYTES + hr_linear_scratch_bytes());
    m.tiles[1] = m.tiles[0] + TILE_FLOATS;
    find_routes(&m, n_rows);
    prepare_inputs(&m);
    compute_hidden(&m);
    prepare_hidden(&m);
    compute_answers(&m);
}
