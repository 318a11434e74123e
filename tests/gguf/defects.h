/* defects.h: broken GGUF files, each with the message that it must get.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "gguf-builder.h"
#include "hr.h"

typedef struct {
    const char *name;
    HrError code;
    const char *message;
    void (*damage)(GgufBuilder *builder);       /* NULL: none */
    size_t (*cut)(const GgufBuilder *builder);  /* where the file ends; NULL: where it should */
} Defect;

extern const Defect defects[];
extern const size_t n_defects;

/* A small good file with every kind of entry, for damage. */
GgufBuilder *defects_good_file(void);
/* The file that a defect describes. */
GBytes *defects_build(const Defect *defect);
