/* headroom-shape.h: which tensors a model of a family has, from a few numbers of its configuration.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Names and dimensions are those of GGUF files. Thread-safety: Safe.
 */
#pragma once

#include <glib.h>

#include "hr.h"

G_BEGIN_DECLS

/* More layers than any published model; a catalogue may come from anywhere. */
#define HEADROOM_MAX_SHAPE_LAYERS 1024

typedef struct {
  char name[64];
  guint64 dims[3]; /* the row's length first; unused ones are 1 */
  guint n_dims;
  gint32 layer;    /* -1: none's */
} HeadroomShapeTensor;

/**
 * headroom_shape_new:
 * @architecture: "llama"
 * @hparams: a dict of GGUF's keys without the architecture's prefix, such as block_count, with what
 * GGUF has not but tensors show: vocab_size, and "tied" where the output matrix is the embeddings'
 *
 * Returns: (transfer full) (element-type HeadroomShapeTensor): the tensors in a file's order, or
 * %NULL with @error (HR_ERROR_FORMAT) that names what is missing
 */
GArray *headroom_shape_new (const char *architecture, const HrValue *hparams,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
