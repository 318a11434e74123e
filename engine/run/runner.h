/* runner.h: a loaded model, its slots and the thread that owns them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The thread takes requests from a queue into slots and runs steps: one token of every generating
 * slot plus a bounded share of the prompts that are waiting. Other threads only post requests, set
 * flags and read statistics.
 */
#pragma once

#include "cpu/execute.h"
#include "kv/kv.h"
#include "plan/plan.h"
#include "run/draft.h"
#include "run/pace.h"
#include "run/parking.h"
#include "run/request.h"
#include "vulkan/offload.h"

typedef enum { HR_SLOT_IDLE, HR_SLOT_READING, HR_SLOT_GENERATING } HrSlotState;

/* The runner's thread only. */
typedef struct {
    HrSlotState state;
    HrRequest *request; /* owned; NULL when idle */
    uint32_t n_past;    /* positions in the cache */
    uint32_t border;    /* READING: where the last checkpoint between messages is */
    HrToken next;       /* GENERATING: the token to be fed */
    uint32_t n_fed;     /* tokens in the step being run */
    bool unparkable;    /* IDLE: what it holds could not be put into a file */
    HrDraft draft;
} HrSlot;

/* A blocking evaluation, posted by hr_runner_evaluate. */
typedef struct {
    const HrToken *tokens;
    size_t n;
    HrEvaluateOptions options;
    bool append; /* tokens follow what the slot holds, and options.n_keep means nothing */
    HrLogitsFunc func;
    void *data;
    bool done, ok;
    GError *error;
} HrEvaluation;

/* A change of settings, posted by hr_runner_resize. */
typedef struct {
    HrPlan *plan;
    HrProgressFunc progress;
    void *data;
    bool done, ok;
    GError *error;
} HrResizing;

struct HrRunner {
    HrModel *model;
    HrPlan *plan;
    const HrTokenizer *tokenizer; /* NULL: none that is known */
    HrLedger ledger;
    HrProgram *program;
    HrKv kv;
    HrExecutor executor;
    HrVulkan *vulkan; /* what GPUs have of it; NULL: nothing */
    HrGpuLostOptions *on_lost; /* NULL: nothing is done */
    GError *lost;              /* what failed in the last step and is to be dealt with; or NULL */
    bool rescuing;             /* that is being done: nobody gets a step */
    GThread *thread;

    GMutex lock; /* guards what follows, and for other threads the plan */
    GCond wake, evaluated;
    GQueue queue; /* HrRequest */
    HrEvaluation *evaluation;
    HrResizing *resizing;
    uint32_t num_ctx; /* of the plan, or less while it is on its way to be less: prompts stay within
                         it */
    bool releasing;   /* what idle slots hold */
    int64_t release_until_us; /* until then it goes to files; 0: nothing is to go */
    bool stopping;
    HrRunnerStats stats;

    atomic_uint stretch_percent; /* as hr_runner_set_stretch */

    atomic_bool interrupt; /* leave the step that runs and look around */

    /* The runner's thread only. */
    HrSlot *slots; /* [parallel] */
    uint32_t n_slots;
    HrToken *step_tokens; /* [max_tokens] */
    uint32_t *step_positions, *step_slots;
    uint32_t *step_outputs; /* [max_outputs] */
    float *slot_adapters;   /* [n_slots][adapters of the model] what the positions of a slot were
                               computed with */
    HrTokenProb *top;       /* [HR_MAX_TOP_LOGPROBS] */
    HrPace pace;
    uint32_t reading_turn;  /* whose prompt is read first */
    uint64_t bytes_read;    /* that all steps so far took from memory */
    HrParking *parking;     /* NULL: nothing is parked */
    HrVocabTrie *trie;      /* NULL until a request has a grammar */
    HrEncoder encoder;      /* of images; without a tower empty */
    bool encoded;           /* its image is */
    uint32_t looking_turn;  /* whose image is next */
    const float **step_rows; /* [max_tokens], like the following; NULL without a tower */
    uint32_t *step_seen, (*step_axes)[3];
};

#define HR_MAX_TOP_LOGPROBS 1024

/* Makes the runner leave its step and look at cancel flags and the queue. Thread-safety: Safe. */
void hr_runner_interrupt(HrRunner *runner);

/* ---- slots.c ---- */
/* How much of each adapter counts for a slot; NULL: 1 of all. True if that is how its positions
 * were computed. */
bool hr_slots_match_adapters(const HrRunner *runner, uint32_t slot, const float *factors);
void hr_slots_set_adapters(HrRunner *runner, uint32_t slot, const float *factors);
/* Gives request a slot, with as much of its prompt as some slot or file already holds. False if
 * none is idle, or something is being parked first. */
bool hr_slots_assign(HrRunner *runner, HrRequest *request);
/* Ends what slot does: the DONE event, and the slot keeps its positions for the next prompt. */
void hr_slot_finish(HrRunner *runner, HrSlot *slot, HrDoneReason reason, GError *take_error);
bool hr_slots_active(const HrRunner *runner);
void hr_slots_drop_cancelled(HrRunner *runner);

/* ---- park.c ---- */
/* Whether what some slot holds is being written to a file, or read from one. */
bool hr_runner_is_parking(const HrRunner *runner);
/* Begins to write what a slot holds that does not work. False: there is nothing to do. */
bool hr_runner_begin_parking(HrRunner *runner, uint32_t slot);
/* Goes on with what is being written or read, for a while. */
void hr_runner_park(HrRunner *runner);
/* Leaves it: slots are about to change. */
void hr_runner_leave_parking(HrRunner *runner);
/* Has slots that are idle give up what they hold, if that was asked for: to files, where they are
 * parked and that does not take too long. */
void hr_runner_release(HrRunner *runner);
/* Writes all that slots hold, none of which works, if anything is parked. */
void hr_runner_park_all(HrRunner *runner);

/* ---- checkpoints.c ---- */
/* How many of the next n tokens of the prompt that slot reads a step should take. */
uint32_t hr_checkpoint_limit(const HrRunner *runner, uint32_t slot, uint32_t n);
/* Called when slot has read on in its prompt: keeps the place if it is one to come back to. */
void hr_checkpoint_note(HrRunner *runner, uint32_t slot);

/* ---- traffic.c ---- */
/* Adds what a step that has run took from memory to bytes_read. */
void hr_runner_count_traffic(HrRunner *runner, const HrStep *step);

/* ---- step.c ---- */
/* One step for all slots that work. */
void hr_runner_step(HrRunner *runner);

/* ---- look.c ---- */
/* How many of budget more tokens of its prompt a reading slot can be fed: none of an image that is
 * not encoded, and rows that see each other together, for which it may be up to room. */
uint32_t hr_look_limit(const HrRunner *runner, const HrSlot *slot, uint32_t budget, uint32_t room);
/* What a token of a slot whose prompt has images adds to the step. */
void hr_look_describe(HrRunner *runner, HrStep *step, uint32_t token, uint32_t slot,
                      uint32_t position);
/* Works on the image that some slot waits for, for a while. */
void hr_runner_look(HrRunner *runner);

/* ---- shift.c ---- */
/* How many tokens a request that may go on for ever draws at most; INT64_MAX: as many as there is
 * room for. */
int64_t hr_request_limit(const HrRunner *runner, const HrRequest *request);
/* Notes a token that a request with `shift` has drawn. */
void hr_slot_remember(HrSlot *slot, HrToken token);
/* Where the context is full: forgets half of what is behind the first n_keep tokens, and has the
 * rest read again. False: the request did not ask for that. */
bool hr_slot_shift(HrRunner *runner, HrSlot *slot);

/* ---- constrain.c ---- */
/* Holds the next draw to the request's grammar, if it has one. False with error where no token may
 * come next. */
bool hr_request_constrain(HrRunner *runner, const HrSlot *slot, float *logits, size_t n_vocab,
                          GError **error);

/* ---- runner.c ---- */
/* While the thread does something long: what waits is taken, what was cancelled goes, and whoever
 * works gets a step. False: the runner is to stop. */
bool hr_runner_go_on(HrRunner *runner);

/* ---- rescue.c ---- */
/* Deals with what is lost. */
void hr_runner_rescue(HrRunner *runner);

/* ---- resize.c ---- */
void hr_runner_run_resizing(HrRunner *runner, HrResizing *resizing);

/* ---- evaluate.c ---- */
void hr_runner_run_evaluation(HrRunner *runner, HrEvaluation *evaluation);
