/* model.h: an opened model file, inside the engine.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "gguf/gguf.h"
#include "hr.h"
#include "model/adapter.h"
#include "model/arch.h"
#include "tokenizer/tokenizer.h"
#include "template/template.h"

/* Plans of a model in turn differ in what a step may hold by little. */
#define HR_KEPT_PROGRAMS 2

struct HrModel {
    gatomicrefcount refs;
    char *path;
    HrGguf *gguf;
    GBytes *header; /* NULL: the whole file is here */
    HrValue *metadata; /* without arrays */
    HrModelInfo info;
    char *file_type;     /* owned; info.file_type */
    const HrArch *arch;  /* NULL: unknown */
    HrHparams hparams;   /* read if arch is known */
    HrWeights weights;   /* bound if arch is known */
    GError *not_runnable; /* why, or NULL */
    struct HrVision *vision; /* NULL: it sees no images */
    GError *vision_error;    /* why not, where there is a tower in the file; or NULL */

    GPtrArray *adapters; /* HrAdapter */

    GMutex lock; /* guards what is made on first use */
    uint64_t tokenizer_bytes; /* that its tables will take; constant */
    HrTokenizer *tokenizer;
    GError *tokenizer_error;
    HrTemplate *tmpl;
    GMutex programs_lock; /* guards the next */
    HrProgram
        *programs[HR_KEPT_PROGRAMS]; /* that were asked for last, the last one first; or NULL */
};

/* The tokenizer, made on first use; NULL with error if there is none that is known. Thread-safety:
 * Safe. */
const HrTokenizer *hr_model_get_tokenizer(HrModel *model, GError **error);
/* The model's program for steps of the given capacity (a reference; not to be written to). The
 * model must be runnable. Thread-safety: Safe. */
HrProgram *hr_model_get_program(HrModel *model, uint32_t max_tokens,
                                uint32_t max_outputs) G_GNUC_WARN_UNUSED_RESULT;
