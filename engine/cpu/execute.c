/* execute.c: the walk over a program. The larger operations are in op-*.c. See execute.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cpu/execute.h"

#include "cpu/activate.h"

#include <string.h>

/* Steps of so many tokens take longer than others' next tokens should wait; an operation of theirs
 * takes so much longer than bringing a job that a few at once cost nothing. */
#define LONG_STEP_TOKENS 64
#define OPS_PER_TURN 4

/* ---- Sizes ---- */

static size_t aligned(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static void widen(size_t widest[HR_FORM_N], const HrLinearKernels *kernels, const HrLinear *linear,
                  size_t n_rows)
{
    HrForm form = kernels->form(linear->weight.type, linear->fine);
    widest[form] = MAX(widest[form], n_rows * kernels->prepared_bytes(form, linear->weight.n_in));
}

/* Bytes of the prepared rows of each form that the largest operation needs. */
static void prepared_needs(const HrProgram *program, const HrLinearKernels *kernels,
                           size_t widest[HR_FORM_N])
{
    memset(widest, 0, HR_FORM_N * sizeof *widest);
    for (uint32_t i = 0; i < program->ops->len; i++) {
        const HrOp *op = hr_program_op(program, i);
        uint32_t rows = op->src == HR_NO_BUF
                            ? 0
                            : hr_program_rows(program, hr_program_buffer(program, op->src)->rows);
        for (uint32_t p = 0; p < op->n_parts; p++)
            widen(widest, kernels, op->parts[p].linear, rows);
        if (op->kind == HR_OP_EXPERTS)
            hr_experts_prepared_needs(op, rows, kernels, widest);
        if (op->kind == HR_OP_HEAD_LINEAR) {
            HrForm form;
            size_t bytes =
                hr_head_linear_prepared_bytes(op, rows, hr_program_buffer(program, op->src)->cols,
                                              kernels, &form);
            widest[form] = MAX(widest[form], bytes);
        }
    }
}

static size_t thread_scratch(const HrProgram *program)
{
    const HrHparams *hp = program->hparams;
    size_t most = aligned(hr_linear_scratch_bytes()) +
                  (hp->experts.n + hp->value_experts.n > 0 ? hr_experts_scratch_bytes() : 0);
    for (uint32_t il = 0; il < hp->n_layer; il++)
        if (hp->layers[il].n_head_kv > 0)
            most = MAX(most, aligned(hr_attend_scratch_bytes(hp->layers[il].head_dim_k,
                                                             hp->layers[il].head_dim_v)));
    return HR_OWN_ROWS_BYTES + most;
}

/* Buffers that are made before the first layer, which is what the host has where other devices have
 * all layers. */
static uint64_t front_bytes(const HrProgram *program)
{
    uint64_t bytes = 0;
    uint32_t n = 0;
    while (n < program->ops->len && hr_program_op(program, n)->layer == HR_NO_LAYER)
        n++;
    for (HrBuf b = 0; b < program->buffers->len; b++) {
        const HrBuffer *buffer = hr_program_buffer(program, b);
        uint64_t rows = hr_program_rows(program, buffer->rows);
        if (buffer->first_op < n)
            bytes = MAX(bytes, buffer->offset + rows * buffer->cols * sizeof(float));
    }
    return bytes;
}

static bool multiplies_in_front(const HrProgram *program)
{
    for (uint32_t i = 0; i < program->ops->len; i++) {
        const HrOp *op = hr_program_op(program, i);
        if (op->layer != HR_NO_LAYER)
            return false;
        if (op->n_parts > 0 || op->kind == HR_OP_HEAD_LINEAR || op->kind == HR_OP_EXPERTS)
            return true;
    }
    return false;
}

HrExecutorNeeds hr_executor_needs(const HrProgram *program, uint32_t n_threads)
{
    size_t widest[HR_FORM_N];
    prepared_needs(program, hr_linear_kernels(), widest);
    HrExecutorNeeds needs = {.arena_bytes = program->arena_bytes,
                             .front_bytes = front_bytes(program)};
    for (uint32_t form = 0; form < HR_FORM_N; form++)
        needs.prepared_bytes += widest[form];
    needs.front_prepared_bytes = multiplies_in_front(program) ? needs.prepared_bytes : 0;
    needs.scratch_bytes =
        (uint64_t)n_threads * thread_scratch(program) + hr_experts_routes_bytes(program);
    needs.logits_bytes = (uint64_t)program->max_outputs * program->output_width * sizeof(float);
    return needs;
}

static void init_turns(HrTurns *turns, const HrRope *rope, const float *divisors)
{
    turns->inv_freq = g_new(double, rope->n_rot / 2 + 1);
    if (rope->n_rot > 0)
        hr_rope_frequencies(rope, divisors, turns->inv_freq, &turns->magnitude);
}

/* Everything but the weights. */
static bool make_room(HrExecutor *e, const HrProgram *program, HrKv *kv, uint32_t n_threads,
                      const float *rope_divisors, HrLedger *ledger,
                      const HrPlanItem *const items[4], GError **error)
{
    HrExecutorNeeds needs = hr_executor_needs(program, n_threads);
    size_t widest[HR_FORM_N];
    *e = (HrExecutor){.program = program,
                      .kv = kv,
                      .linear = hr_linear_kernels(),
                      .vector = hr_vector_kernels()};
    e->pool = hr_pool_ref();
    e->n_threads = n_threads;
    e->thread_scratch_bytes = thread_scratch(program);
    prepared_needs(program, e->linear, widest);
    for (uint32_t form = 1; form < HR_FORM_N; form++)
        e->prepared_offset[form] = e->prepared_offset[form - 1] + widest[form - 1];
    init_turns(&e->turns, &program->hparams->rope, rope_divisors);
    init_turns(&e->local_turns, &program->hparams->local_rope, NULL);
    e->runs = g_new(HrRun, program->max_tokens);
    e->claimed = g_new0(atomic_uint, program->ops->len * HR_OP_PHASES);
    if (!hr_region_map(&e->arena, ledger, items[0], items[0]->bytes, true, error) ||
        !hr_region_map(&e->prepared, ledger, items[1], items[1]->bytes, true, error) ||
        !hr_region_map(&e->scratch, ledger, items[2], items[2]->bytes, true, error) ||
        (items[3] && !hr_region_map(&e->logits, ledger, items[3], needs.logits_bytes, true, error)))
        return false;
    e->routes = (char *)e->scratch.base + n_threads * e->thread_scratch_bytes;
    return true;
}

bool hr_executor_init(HrExecutor *e, const HrProgram *program, HrKv *kv, uint32_t n_threads,
                      const float *rope_divisors, HrLedger *ledger,
                      const HrPlanItem *const items[4], GError **error)
{
    return make_room(e, program, kv, n_threads, rope_divisors, ledger, items, error) &&
           hr_laid_init(&e->laid, program, e->linear, error);
}

bool hr_executor_init_beside(HrExecutor *e, const HrExecutor *other, const HrProgram *program,
                             const float *rope_divisors, const HrPlanItem *const items[4],
                             GError **error)
{
    return make_room(e, program, other->kv, other->n_threads, rope_divisors, NULL, items, error);
}

void hr_executor_replace(HrExecutor *e, HrExecutor *take_other)
{
    take_other->laid = e->laid;
    e->laid = (HrLaid){0};
    hr_executor_finish(e);
    *e = *take_other;
    *take_other = (HrExecutor){0};
}

void hr_executor_finish(HrExecutor *e)
{
    hr_laid_finish(&e->laid);
    hr_loras_finish(&e->loras);
    hr_region_unmap(&e->arena);
    hr_region_unmap(&e->prepared);
    hr_region_unmap(&e->scratch);
    hr_region_unmap(&e->logits);
    g_clear_pointer(&e->turns.inv_freq, g_free);
    g_clear_pointer(&e->local_turns.inv_freq, g_free);
    g_clear_pointer(&e->runs, g_free);
    g_clear_pointer(&e->claimed, g_free);
    g_clear_pointer(&e->pool, hr_pool_unref);
    g_clear_error(&e->failure);
}

/* ---- What operations share ---- */

float *hr_task_row(const HrTask *task, HrBuf buf, uint32_t row)
{
    const HrBuffer *buffer = hr_program_buffer(task->e->program, buf);
    return (float *)((char *)task->e->arena.base + buffer->offset) + (size_t)row * buffer->cols;
}

uint32_t hr_task_rows(const HrTask *task, HrBuf buf)
{
    return hr_program_buffer(task->e->program, buf)->rows == HR_ROWS_TOKENS
               ? task->e->step->n_tokens
               : task->e->step->n_outputs;
}

uint32_t hr_task_cols(const HrTask *task, HrBuf buf)
{
    return hr_program_buffer(task->e->program, buf)->cols;
}

bool hr_task_claim(HrTask *task, uint32_t n, uint32_t grain, uint32_t *ret_begin, uint32_t *ret_end)
{
    if (atomic_load_explicit(task->e->abort, memory_order_relaxed))
        return false;
    uint32_t begin =
        atomic_fetch_add_explicit(&task->e->claimed[task->op_index * HR_OP_PHASES + task->phase],
                                  grain, memory_order_relaxed);
    if (begin >= n)
        return false;
    *ret_begin = begin;
    *ret_end = MIN(begin + grain, n);
    return true;
}

uint32_t hr_task_grain(const HrTask *task, uint32_t n)
{
    return MAX(1, n / (task->thread->n_threads * 4));
}

/* ---- The smaller operations ---- */

static void embed_row(const HrTask *task, const HrLaidWeight *table, HrToken token, float *row)
{
    hr_laid_row(table, (uint64_t)token, row);
    if (task->op->factor != 1)
        task->e->vector->scale(row, task->op->factor, table->weight->n_in);
}

static void execute_embed(HrTask *task)
{
    const HrStep *step = task->e->step;
    const HrLaidWeight table = hr_laid_find(&task->e->laid, task->op->weight);
    for (uint32_t begin, end;
         hr_task_claim(task, step->n_tokens, hr_task_grain(task, step->n_tokens), &begin, &end);)
        for (uint32_t i = begin; i < end; i++)
            if (!step->rows || !step->rows[i])
                embed_row(task, &table, step->tokens[i], hr_task_row(task, task->op->dst, i));
            else if (task->op->beside)
                embed_row(task, &table, 0, hr_task_row(task, task->op->dst, i));
            else
                memcpy(hr_task_row(task, task->op->dst, i), step->rows[i],
                       hr_task_cols(task, task->op->dst) * sizeof(float));
}

static void execute_rms_norm(HrTask *task)
{
    uint32_t n = hr_task_rows(task, task->op->src), cols = hr_task_cols(task, task->op->src);
    uint32_t width = hr_weight_exists(task->op->weight) ? (uint32_t)task->op->weight->n_in : cols;
    float eps = task->op->eps > 0 ? task->op->eps : task->e->program->hparams->norm_eps;
    for (uint32_t begin, end; hr_task_claim(task, n, hr_task_grain(task, n), &begin, &end);)
        for (uint32_t i = begin; i < end; i++) {
            const float *x = hr_task_row(task, task->op->src, i);
            float *y = hr_task_row(task, task->op->dst, i);
            task->e->vector->rms_norm(x, task->op->weight->data, eps, width, y);
            memcpy(y + width, x + width, (cols - width) * sizeof *y);
        }
}

/* weight is of one head, of each head in turn, or of the row. */
static void norm_heads(const HrTask *task, float *row, uint32_t cols, const HrWeight *weight)
{
    uint32_t width = (uint32_t)weight->n_in, n_weights = width * (uint32_t)weight->n_out;
    float eps = task->e->program->hparams->norm_eps;
    for (uint32_t c = 0; c < cols; c += width) {
        const float *factors = (const float *)weight->data + c % n_weights;
        if (task->op->centred)
            task->e->vector->layer_norm(row + c, factors, NULL, eps, width, row + c);
        else
            task->e->vector->rms_norm(row + c, factors, eps, width, row + c);
    }
}

static void execute_head_norms(HrTask *task)
{
    uint32_t n = task->e->step->n_tokens;
    for (uint32_t begin, end; hr_task_claim(task, n, hr_task_grain(task, n), &begin, &end);)
        for (uint32_t i = begin; i < end; i++) {
            norm_heads(task, hr_task_row(task, task->op->src, i), hr_task_cols(task, task->op->src),
                       task->op->weight);
            norm_heads(task, hr_task_row(task, task->op->k, i), hr_task_cols(task, task->op->k),
                       task->op->k_weight);
        }
}

/* Each gate is meant for as many columns beside each other: of a head, or of the row. */
static void execute_wide_gates(HrTask *task)
{
    uint32_t n = hr_task_rows(task, task->op->src), n_gates = hr_task_cols(task, task->op->src);
    uint32_t cols = hr_task_cols(task, task->op->k), width = cols / n_gates;
    for (uint32_t begin, end; hr_task_claim(task, n, hr_task_grain(task, n), &begin, &end);)
        for (uint32_t i = begin; i < end; i++) {
            float *y = hr_task_row(task, task->op->dst, i);
            const float *gates = hr_task_row(task, task->op->src, i);
            memcpy(y, hr_task_row(task, task->op->k, i), cols * sizeof *y);
            for (uint32_t g = 0; g < n_gates; g++)
                task->e->vector->scale(y + (size_t)g * width,
                                       hr_activate_one(task->op->activation, gates[g]), width);
        }
}

static void execute_activate(HrTask *task)
{
    if (task->op->k != HR_NO_BUF &&
        hr_task_cols(task, task->op->src) < hr_task_cols(task, task->op->k)) {
        execute_wide_gates(task);
        return;
    }
    uint32_t n = hr_task_rows(task, task->op->src), cols = hr_task_cols(task, task->op->src);
    uint32_t pieces = n == 1 ? task->thread->n_threads : 1; /* a lone row is split by columns */
    uint32_t width = (cols / pieces + HR_LANES - 1) / HR_LANES * HR_LANES;
    for (uint32_t begin, end;
         hr_task_claim(task, n * pieces, hr_task_grain(task, n), &begin, &end);)
        for (uint32_t i = begin; i < end; i++) {
            uint32_t row = i / pieces, first = MIN(i % pieces * width, cols);
            uint32_t count = i % pieces == pieces - 1 ? cols - first : MIN(width, cols - first);
            const float *up =
                task->op->k == HR_NO_BUF ? NULL : hr_task_row(task, task->op->k, row) + first;
            task->e->vector->activate(task->op->activation,
                                      hr_task_row(task, task->op->src, row) + first, up, count,
                                      hr_task_row(task, task->op->dst, row) + first);
        }
}

static void execute_output_rows(HrTask *task)
{
    const HrStep *step = task->e->step;
    for (uint32_t begin, end;
         hr_task_claim(task, step->n_outputs, hr_task_grain(task, step->n_outputs), &begin, &end);)
        for (uint32_t i = begin; i < end; i++)
            memcpy(hr_task_row(task, task->op->dst, i),
                   hr_task_row(task, task->op->src, step->output_rows[i]),
                   hr_task_cols(task, task->op->src) * sizeof(float));
}

/* ---- The walk ---- */

typedef void (*OpFunc)(HrTask *task);
static const OpFunc functions[HR_OP_N] = {
    [HR_OP_EMBED] = execute_embed,
    [HR_OP_ROPE_TABLE] = hr_execute_rope_table,
    [HR_OP_RMS_NORM] = execute_rms_norm,
    [HR_OP_FACTORS] = hr_execute_factors,
    [HR_OP_LINEAR] = hr_execute_linear,
    [HR_OP_HEAD_NORMS] = execute_head_norms,
    [HR_OP_ROPE_STORE] = hr_execute_rope_store,
    [HR_OP_ATTENTION] = hr_execute_attention,
    [HR_OP_ACTIVATE] = execute_activate,
    [HR_OP_LAYER_NORM] = hr_execute_layer_norm,
    [HR_OP_ADD_ROW] = hr_execute_add_row,
    [HR_OP_EXPERTS] = hr_execute_experts,
    [HR_OP_HEAD_LINEAR] = hr_execute_head_linear,
    [HR_OP_JOIN_HEADS] = hr_execute_join_heads,
    [HR_OP_COMBINE] = hr_execute_combine,
    [HR_OP_PICK] = hr_execute_pick,
    [HR_OP_GROUP_NORM] = hr_execute_group_norm,
    [HR_OP_SHORT_CONV] = hr_execute_short_conv,
    [HR_OP_SSM] = hr_execute_ssm,
    [HR_OP_SELECTIVE] = hr_execute_selective,
    [HR_OP_DELTA_RULE] = hr_execute_delta_rule,
    [HR_OP_ADD] = hr_execute_add,
    [HR_OP_CLAMP] = hr_execute_clamp,
    [HR_OP_ROPE] = hr_execute_rope,
    [HR_OP_ATTEND_TEXT] = hr_execute_attend_text,
    [HR_OP_MEAN_ROWS] = hr_execute_mean_rows,
    [HR_OP_OUTPUT] = hr_execute_output,
    [HR_OP_RETAIN] = hr_execute_retain,
    [HR_OP_MIX] = hr_execute_mix,
    [HR_OP_MATCH] = hr_execute_match,
    [HR_OP_BEYOND] = hr_execute_beyond,
    [HR_OP_XIELU] = hr_execute_xielu,
    [HR_OP_OUTPUT_ROWS] = execute_output_rows,
    [HR_OP_LOGITS] = hr_execute_logits,
};

/* Nothing is left to do for a step without outputs once only their rows are in use. */
static bool has_rows(const HrTask *task)
{
    HrBuf buf = task->op->src == HR_NO_BUF ? task->op->dst : task->op->src;
    return task->op->kind == HR_OP_OUTPUT_ROWS ? task->e->step->n_outputs > 0
                                               : hr_task_rows(task, buf) > 0;
}

static void walk(HrThread *thread, void *data)
{
    HrExecutor *e = data;
    HrTask task = {.e = e,
                   .thread = thread,
                   .scratch = (char *)e->scratch.base + thread->index * e->thread_scratch_bytes};
    for (uint32_t i = e->walk_begin; i < e->walk_end; i++) {
        task.op = hr_program_op(e->program, i);
        task.op_index = i;
        task.phase = 0;
        if (!has_rows(&task))
            continue;
        functions[task.op->kind](&task);
        /* The flag stays up until the step is over, so an operation that a thread left unfinished
         * is always noticed here. One thread decides, for this very operation: one that is still
         * behind the last barrier must not see the next decision. */
        if (thread->index == 0 && atomic_load_explicit(e->abort, memory_order_relaxed))
            atomic_store_explicit(&e->aborted_at, i, memory_order_relaxed);
        hr_pool_barrier(thread);
        if (atomic_load_explicit(&e->aborted_at, memory_order_relaxed) <= i)
            return;
    }
}

static void find_runs(HrExecutor *e)
{
    const HrStep *step = e->step;
    e->n_runs = 0;
    for (uint32_t i = 0; i < step->n_tokens; i++) {
        if (i == 0 || step->slots[i] != step->slots[i - 1])
            e->runs[e->n_runs++] = (HrRun){i, 0};
        e->runs[e->n_runs - 1].n++;
    }
}

/* The operations from begin on that one device has end there. */
static uint32_t find_end(const HrProgram *program, uint32_t begin)
{
    uint32_t end = begin + 1, device = hr_program_op(program, begin)->device;
    while (end < program->ops->len && hr_program_op(program, end)->device == device)
        end++;
    return end;
}

/* A long step gives way to other runners' between its operations, so that their streams go on. */
static bool run_here(HrExecutor *e, uint32_t begin, uint32_t end)
{
    uint32_t turn = e->step->n_tokens >= LONG_STEP_TOKENS ? OPS_PER_TURN : end - begin;
    for (e->walk_begin = begin; e->walk_begin < end && atomic_load(&e->aborted_at) == UINT32_MAX;
         e->walk_begin = e->walk_end) {
        e->walk_end = MIN(e->walk_begin + turn, end);
        hr_pool_run(e->pool, e->n_threads, walk, e);
    }
    return atomic_load(&e->aborted_at) == UINT32_MAX;
}

bool hr_executor_run(HrExecutor *e, const HrStep *step, const atomic_bool *abort)
{
    bool ok = true;
    e->step = step;
    e->abort = abort;
    g_clear_error(&e->failure);
    atomic_store(&e->aborted_at, UINT32_MAX);
    for (uint32_t i = 0; i < e->program->ops->len * HR_OP_PHASES; i++)
        atomic_store_explicit(&e->claimed[i], 0, memory_order_relaxed);
    find_runs(e);
    for (uint32_t begin = 0, end; ok && begin < e->program->ops->len; begin = end) {
        end = find_end(e->program, begin);
        ok = hr_program_op(e->program, begin)->device == 0
                 ? run_here(e, begin, end)
                 : e->elsewhere.run(e->elsewhere.data, begin, step, abort, &e->failure);
    }
    return ok;
}
