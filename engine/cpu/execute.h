/* execute.h: runs programs on the CPU.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An executor owns the memory that a program computes in: the arena, rows prepared for the kernels,
 * scratch of each thread and the logits. All threads walk the operations together, claim pieces of
 * each, and meet at a barrier behind it. Which kernel computes a row follows from the row's role
 * alone, so results depend neither on the number of threads nor on what else is in the step.
 * Thread-safety: Unsafe (the runner's thread calls it).
 */
#pragma once

#include "cpu/laid.h"
#include "cpu/linear.h"
#include "cpu/lora.h"
#include "cpu/pool.h"
#include "cpu/vector.h"
#include "kv/kv.h"
#include "program/program.h"

#include <stdatomic.h>

/* The data of one step. Tokens of one slot are consecutive and in the order of their positions. */
/* Panels of a product's weights that a thread claims at once where so many columns are computed. */
#define HR_MANY_COLUMNS 16
#define HR_CLAIM_PANELS 4

typedef struct {
    uint32_t n_tokens;
    const HrToken *tokens;
    const uint32_t *positions, *slots; /* [n_tokens] */
    uint32_t n_outputs;
    const uint32_t *output_rows; /* [n_outputs] indices of tokens, ascending */
    const float *
        adapters; /* [slots][adapters of the model] how much of each counts; NULL: there are none */
    /* Of steps with images in them; NULL: none. */
    const float *const
        *rows; /* [n_tokens] what stands there instead of a token's embedding, or NULL */
    const uint32_t (*axes)[3]; /* [n_tokens] positions for rotations by axes: time, line, column;
                                  NULL: positions for all */
    const uint32_t *
        seen; /* [n_tokens] positions that attention sees, instead of those up to the token's own */
} HrStep;

/* What an executor takes, for the plan. */
typedef struct {
    uint64_t arena_bytes, prepared_bytes, scratch_bytes, logits_bytes;
    uint64_t front_bytes; /* of the arena, that is touched before the first layer */
    uint64_t front_prepared_bytes; /* of prepared_bytes, likewise */
} HrExecutorNeeds;
HrExecutorNeeds hr_executor_needs(const HrProgram *program, uint32_t n_threads);

/* Angular frequencies of a rope's pairs, and a factor on cosines and sines. */
typedef struct {
    double *inv_freq; /* [n_rot / 2] */
    float magnitude;
} HrTurns;

/* A run of consecutive tokens of one slot. */
typedef struct {
    uint32_t first, n;
} HrRun;

/* Who computes the operations of other devices: those that follow each other on one, from begin on,
 * with rows in and out of the arena. False with error, or without where abort became true. */
typedef struct {
    void *data;
    bool (*run)(void *data, uint32_t begin, const HrStep *step, const atomic_bool *abort,
                GError **error);
} HrElsewhere;

typedef struct {
    const HrProgram *program;
    HrElsewhere elsewhere;   /* zeros: the host has all operations */
    float *elsewhere_logits; /* where they come to; NULL: to logits */
    HrKv *kv;
    const HrLinearKernels *linear;
    const HrVectorKernels *vector;
    HrPool *pool;
    uint32_t n_threads;
    HrLaid laid; /* weights that were moved out of the file */
    HrRegion arena, prepared, scratch, logits;
    size_t prepared_offset[HR_FORM_N]; /* in prepared */
    size_t thread_scratch_bytes;
    void *routes; /* of experts, in scratch behind the threads' */
    HrTurns turns, local_turns;
    HrLoras loras; /* of the runner's making; zeros: none */
    HrRun *runs;   /* [max_tokens] */
    uint32_t n_runs;
    atomic_uint *claimed; /* [n_ops, HR_OP_PHASES] */
    const HrStep *step;
    uint32_t walk_begin, walk_end; /* operations of the turn that runs */
    const atomic_bool *abort;      /* once true it stays so for the step */
    atomic_uint aborted_at;        /* operation; UINT32_MAX: not */
    GError *failure;               /* of another device, in the last step; or NULL */
} HrExecutor;

/* items: arena, prepared rows, scratch and logits of the plan, in this order; NULL for logits that
 * another device has. rope_divisors: [n_rot/2] of the rope that is not local, or NULL. */
bool hr_executor_init(HrExecutor *executor, const HrProgram *program, HrKv *kv, uint32_t n_threads,
                      const float *rope_divisors, HrLedger *ledger,
                      const HrPlanItem *const items[4], GError **error);
void hr_executor_finish(HrExecutor *executor);
/* An executor of another program for the same weights, which it has not yet; likewise. */
bool hr_executor_init_beside(HrExecutor *executor, const HrExecutor *other,
                             const HrProgram *program, const float *rope_divisors,
                             const HrPlanItem *const items[4], GError **error);
/* Takes the place of executor, and its weights, which stay where they are. */
void hr_executor_replace(HrExecutor *executor, HrExecutor *take_other);

/* Fills the output [n_outputs, output_width], logits or vectors, and the cache. False if abort
 * became true on the way: then positions of the step may be half written and the step has to be run
 * again. False, too, with executor->failure where another device failed. */
bool hr_executor_run(HrExecutor *executor, const HrStep *step, const atomic_bool *abort);
static inline float *hr_executor_logits(const HrExecutor *executor, uint32_t output)
{
    float *logits = executor->elsewhere_logits ? executor->elsewhere_logits : executor->logits.base;
    return logits + (size_t)output * executor->program->output_width;
}

/* ---- Inside the executor: what the files of the operations share ---- */

/* Parts of an operation whose pieces are claimed apart. */
#define HR_OP_PHASES 2

typedef struct {
    HrExecutor *e;
    HrThread *thread;
    const HrOp *op;
    uint32_t op_index, phase;
    char *scratch; /* this thread's */
} HrTask;

float *hr_task_row(const HrTask *task, HrBuf buf, uint32_t row);
uint32_t hr_task_rows(const HrTask *task, HrBuf buf); /* in this step */
uint32_t hr_task_cols(const HrTask *task, HrBuf buf);
/* Rows of n to claim at once so that each thread gets a few helpings. */
uint32_t hr_task_grain(const HrTask *task, uint32_t n);
/* Claims up to grain of n pieces; false when none is left or the step is to be left. */
bool hr_task_claim(HrTask *task, uint32_t n, uint32_t grain, uint32_t *ret_begin,
                   uint32_t *ret_end);

void hr_execute_linear(HrTask *task);
void hr_execute_logits(HrTask *task);
void hr_execute_experts(HrTask *task);
void hr_execute_head_linear(HrTask *task);
void hr_execute_join_heads(HrTask *task);
void hr_execute_rope_table(HrTask *task);
void hr_execute_rope_store(HrTask *task);
void hr_execute_attention(HrTask *task);
void hr_execute_layer_norm(HrTask *task);
/* op-lora.c, for op-linear.c: whether an adapter is part of the operation; A x of its rows, by all
 * threads, to be followed by a barrier; and B's part added to outputs [begin, end) of a part's
 * rows. */
bool hr_lora_counts(const HrTask *task);
void hr_lora_project(HrTask *task, uint32_t n_rows);
void hr_lora_add(const HrTask *task, uint32_t part, float *dst, size_t stride, uint32_t n_rows,
                 size_t begin, size_t end);
void hr_execute_add_row(HrTask *task);
void hr_execute_group_norm(HrTask *task);
void hr_execute_combine(HrTask *task);
void hr_execute_factors(HrTask *task);
void hr_execute_pick(HrTask *task);
void hr_execute_short_conv(HrTask *task);
void hr_execute_ssm(HrTask *task);
void hr_execute_selective(HrTask *task);
void hr_execute_delta_rule(HrTask *task);
void hr_execute_retain(HrTask *task);
void hr_execute_mix(HrTask *task);
void hr_execute_match(HrTask *task);
void hr_execute_beyond(HrTask *task);
void hr_execute_xielu(HrTask *task);
void hr_execute_add(HrTask *task);
void hr_execute_clamp(HrTask *task);
void hr_execute_rope(HrTask *task);
void hr_execute_attend_text(HrTask *task);
void hr_execute_mean_rows(HrTask *task);
void hr_execute_output(HrTask *task);

/* A thread's scratch: the linear kernels', attention's and a few prepared rows of its own (see
 * op-linear.c). */
#define HR_OWN_ROWS_BYTES (64 * 1024)

/* What experts add to a thread's scratch, behind the linear kernels'; what routes take; and the
 * bytes of prepared rows that an operation on that many rows needs of each form. */
size_t hr_experts_scratch_bytes(void);
size_t hr_experts_routes_bytes(const HrProgram *program);
void hr_experts_prepared_needs(const HrOp *op, uint32_t n_rows, const HrLinearKernels *kernels,
                               size_t widest[HR_FORM_N]);
/* Bytes of prepared rows, and their form, that a linear per head of n_cols columns needs. */
size_t hr_head_linear_prepared_bytes(const HrOp *op, uint32_t n_rows, uint32_t n_cols,
                                     const HrLinearKernels *kernels, HrForm *ret_form);
