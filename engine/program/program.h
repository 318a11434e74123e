/* program.h: a flat list of operations over numbered buffers, for steps of up to a given number of
 * rows.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A program is built once for a capacity and run for every step: which tokens, positions, slots and
 * pages is data (HrStep). Operations are coarse, so that few barriers are needed. Buffers are float
 * matrices [rows, cols], row-major; their lifetimes give offsets in one arena. Immutable once
 * built. Thread-safety: Safe.
 */
#pragma once

#include "model/hparams.h"
#include "model/weights.h"

typedef uint32_t HrBuf;
#define HR_NO_BUF UINT32_MAX
#define HR_NO_LAYER UINT32_MAX

/* Rows of a buffer: one per token of the step, or one per token whose logits are wanted. */
typedef enum { HR_ROWS_TOKENS, HR_ROWS_OUTPUTS } HrRows;

typedef struct {
    HrRows rows;
    uint32_t cols;
    uint32_t first_op, last_op; /* lifetime */
    size_t offset;              /* in the arena */
} HrBuffer;

typedef enum {
    HR_OP_EMBED,      /* dst[i] = weight[token i], dequantised, * factor */
    HR_OP_ROPE_TABLE, /* dst[i] = cosines, then sines, of position i, n_rot / 2 each, of the rope or
                         the local one */
    HR_OP_RMS_NORM, /* dst = src / rms(src) * weight; columns of src beyond weight's as they are */
    HR_OP_LAYER_NORM,  /* dst = (src - mean(src)) / deviation(src) * weight + bias, weight and bias
                          where given */
    HR_OP_ADD_ROW,     /* dst[i] = src[i] + row of weight: that of position i, or the first */
    HR_OP_LINEAR,      /* parts[p].dst = parts[p].linear (src) * factor (+ add) */
    HR_OP_HEAD_NORMS,  /* each head of src (queries) and of k, or the row, as wide as weight,
                          k_weight, in place: normalised, times them */
    HR_OP_ROPE_STORE,  /* src (queries) turned in place; k turned and v stored at their positions in
                          the cache, unless the layer sees another one's */
    HR_OP_ROPE,        /* src (queries) and k turned in place */
    HR_OP_ATTEND_TEXT, /* dst = softmax(src . k^T * scale) v over the whole text, or positions at
                          most window / 2 away */
    HR_OP_ADD,         /* dst = src + k */
    HR_OP_CLAMP,       /* src between -factor and factor, in place */
    HR_OP_MEAN_ROWS,   /* dst = the means of src over the texts of the rows that are wanted */
    HR_OP_OUTPUT,      /* src into the step's output, not the arena */
    HR_OP_ATTENTION, /* dst = softmax(src . K^T * scale) V over the slot's past; weight: a score per
                        head that takes part without a value */
    HR_OP_ACTIVATE,  /* dst = activation(src), times k where there is one; fewer columns of src than
                        of k are meant for as many neighbours each */
    HR_OP_EXPERTS, /* dst = (add +) sum of weight * expert (src) over the experts that the logits k
                      choose; v: its scratch */
    HR_OP_COMBINE, /* dst = src * factor, plus k where there is one */
    HR_OP_FACTORS, /* dst = src times the numbers of weight, each for as many neighbouring columns,
                      plus k where there is one */
    HR_OP_HEAD_LINEAR, /* for each columns.stride columns of src: the head's linear of the stack,
                          then what src has beyond its input */
    HR_OP_JOIN_HEADS,  /* for each columns.stride columns of src: width of them, then k from column
                          at on */
    HR_OP_PICK,        /* dst = some columns of src, see HrColumns */
    HR_OP_GROUP_NORM,  /* dst = each run of recurrence.width columns of src, RMS-normalised, times
                          weight, which repeats or spans the row */
    HR_OP_SHORT_CONV,  /* dst = v * act(depthwise causal convolution of (src * k) over positions), k
                          and v where given */
    HR_OP_SSM, /* dst = a state space with one decay per head: x, B and C are columns of src, or B
                  is v and C add; k the time steps */
    HR_OP_SELECTIVE,  /* dst = a state space with a decay per channel and state: src x, k the time
                         steps, v B, add C */
    HR_OP_DELTA_RULE, /* dst = a gated delta rule: queries, keys and values are columns of src, k
                       * decays (of heads, or of their states' rows),  v learning rates */
    HR_OP_RETAIN, /* dst = queries times a state that keys and values are added to and that decays,
                     of each head as much as its number says; src: of each head query, key and value
                   */
    HR_OP_MIX,    /* columns.width columns are a stream: each of dst = that of add, and from stream
                     columns.first on the sum of src's, each times factor and a number of k, [streams
                     of    dst][streams of src], where there is one */
    HR_OP_MATCH,  /* dst = each columns.width columns of src made as long as k is */
    HR_OP_BEYOND, /* dst = what src has beyond its mean and factor deviations, else 0 */
    HR_OP_XIELU,  /* dst = xIELU (src), see HrXielu */
    HR_OP_OUTPUT_ROWS, /* dst = the rows of src whose logits are wanted */
    HR_OP_LOGITS, /* logits[i] = parts[0].linear (src[i]) * factor; into the step's output, not the
                     arena */
    HR_OP_N,
} HrOpKind;
const char *hr_op_name(HrOpKind kind);

/* Of each stride columns, the width that begin at first; one group behind the other, in dst from
 * column at on. */
typedef struct {
    uint32_t stride, first, width, at;
} HrColumns;

/* A recurrent operation: heads of head_dim values each with a state of n_state rows; heads of a
 * group share keys (B) and queries (C). */
typedef struct {
    uint32_t n_head, head_dim, n_group, n_state;
    uint32_t width;                 /* GROUP_NORM: of a group. SHORT_CONV: of the kernel */
    bool silu;                      /* SHORT_CONV: with that activation */
    bool tiled;     /* DELTA_RULE: head h uses group h % n_group; else h / (n_head / n_group) */
    uint32_t state; /* where its part of the layer's convolution or other state begins, in floats */
    float fading;   /* RETAIN: factor on the heads' decays */
    float bound;    /* DELTA_RULE: below 0: logarithms of decays are that times a sigmoid */
    const HrWeight *a, *d, *dt_bias; /* logarithm of the decay per unit of time, direct path, bias
                                        of the time steps, or NULL */
} HrRecurrence;

#define HR_LINEAR_PARTS 3
typedef struct {
    const HrLinear *linear;
    HrBuf dst; /* LOGITS has none */
} HrLinearPart;

/* What an expert makes of its gate g and up u: act(g) u; min(act(g), limit) clamp(u); or act(min(g,
 * limit)) (clamp(u) + 1), with clamp(u) between -limit and limit. Without a gate: act(u). */
typedef enum { HR_CLAMP_NONE, HR_CLAMP_AFTER, HR_CLAMP_BEFORE } HrClamp;

/* How rows choose experts, and what an expert computes. */
typedef struct {
    HrScores scores;
    bool normalise;   /* the weights of a row's experts sum to 1 */
    bool weigh_input; /* weights are on what experts read, not on what they answer */
    float factor;     /* on the weights */
    float shared_factor; /* on the answer of shared experts */
    HrActivation activation;
    HrClamp clamp;
    float limit;      /* of the clamp */
    float shared_limit; /* of shared experts, AFTER; 0: none */
    uint32_t sharers;   /* neighbouring experts that have the same matrices; 0: each its own */
} HrRouting;

typedef struct {
    HrOpKind kind;
    uint32_t layer; /* HR_NO_LAYER: none */
    uint32_t device; /* of the plan that the program is run by; 0: the host */
    HrBuf src, dst;
    HrBuf k, v;                                /* further sources, see the kind */
    HrBuf add;                                 /* LINEAR, EXPERTS: residual, or HR_NO_BUF */
    float factor; /* EMBED, LINEAR, LOGITS: on the result, before add; COMBINE, CLAMP */
    const HrWeight *weight, *k_weight;         /* see the kind */
    const HrWeight *bias;                      /* LAYER_NORM, or NULL */
    HrActivation activation;                   /* ACTIVATE */
    bool by_position;                          /* ADD_ROW */
    float eps;                                 /* RMS_NORM; 0: the model's */
    uint32_t window;                           /* ATTEND_TEXT, 0: all */
    HrLinearPart parts[HR_LINEAR_PARTS];       /* LINEAR, LOGITS */
    uint32_t n_parts;
    const HrLinearStack *stack;                /* HEAD_LINEAR */
    const HrExpertWeights *experts;            /* EXPERTS; without downs they answer what they have
                                                  hidden */
    const HrExperts *mixture;                  /* EXPERTS: how many there are */
    HrRouting routing;                         /* EXPERTS */
    HrColumns columns;                         /* PICK, HEAD_LINEAR, JOIN_HEADS */
    bool unturned;                             /* ROPE_STORE: positions play no part */
    bool centred;                              /* HEAD_NORMS: layer norms */
    bool beside;                               /* EMBED: not from the embeddings, which rows of
                                                  images take the place of, but its first row there */
    bool divides;                              /* FACTORS: by them */
    HrXielu xielu;                             /* XIELU */
    HrRecurrence recurrence;                   /* GROUP_NORM to DELTA_RULE */
} HrOp;

typedef struct HrProgram {
    gatomicrefcount refs;
    const HrHparams *hparams;
    GArray *ops;     /* HrOp */
    GArray *buffers; /* HrBuffer */
    HrBuf rope_table, local_rope_table; /* HR_NO_BUF: no layer has that */
    uint32_t max_tokens, max_outputs; /* capacity of a step */
    uint32_t output_width; /* of a row of the step's output: logits, or a vector */
    size_t arena_bytes;
} HrProgram;

HrProgram *hr_program_new(const HrHparams *hparams, uint32_t max_tokens,
                          uint32_t max_outputs) G_GNUC_WARN_UNUSED_RESULT;
/* Gives every buffer its place in the arena. Call once, after emitting. */
void hr_program_place(HrProgram *program);
/* Of a program that is placed and not written to any more. */
HrProgram *hr_program_ref(HrProgram *program) G_GNUC_WARN_UNUSED_RESULT;
/* One to be written to, of which nobody else knows. */
HrProgram *hr_program_copy(const HrProgram *program) G_GNUC_WARN_UNUSED_RESULT;
/* Drops a reference. */
void hr_program_free(HrProgram *program);

static inline const HrOp *hr_program_op(const HrProgram *p, uint32_t i)
{
    return &g_array_index(p->ops, HrOp, i);
}
static inline const HrBuffer *hr_program_buffer(const HrProgram *p, HrBuf b)
{
    return &g_array_index(p->buffers, HrBuffer, b);
}
static inline HrBuf hr_program_rope_table(const HrProgram *p, uint32_t layer)
{
    return p->hparams->layers[layer].local_rope ? p->local_rope_table : p->rope_table;
}
static inline uint32_t hr_program_rows(const HrProgram *p, HrRows rows)
{
    return rows == HR_ROWS_TOKENS ? p->max_tokens : p->max_outputs;
}
