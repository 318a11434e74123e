/* headroom-prompt.h: from a request to the tokens that a model reads.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Messages go through the chat template of the GGUF. Templates of the other language (Go's, in
 * TEMPLATE layers) are not interpreted: the file's own one is used instead. A model without a
 * template reads the texts one after the other, with a blank line between them.
 *
 * A conversation that is longer than the context loses its oldest messages, never the system's and
 * never the last; how many is told. What is still too long is refused, or, where the request says
 * `shift`, loses tokens behind the first num_keep.
 *
 * Errors are HEADROOM_WIRE_ERROR or the engine's. Blocks (milliseconds to a second): a worker's
 * job. Thread-safety: Safe.
 */
#pragma once

#include "headroom-constraint.h"

G_BEGIN_DECLS

typedef struct {
  GArray *tokens;          /* HrToken; below zero: rows of images */
  HrSights *sights;        /* the images; NULL: none */
  char *text;              /* as rendered */
  guint n_dropped;         /* messages left out */
  guint n_cut;             /* tokens left out of the middle of what was still too long */
  HeadroomSpeechForm form; /* of the answer */
  gboolean thinks;         /* ... which may hold thoughts */
  gboolean starts_inside;  /* ... and begins in them */
  HeadroomConstraint constraint;
} HeadroomPrompt;

/**
 * headroom_prompt_new:
 * @num_ctx: tokens that prompt and answer may take together
 * @num_keep: tokens that are kept at the start where some are cut; negative: all
 */
HeadroomPrompt *headroom_prompt_new (const HeadroomWireRequest *request, HeadroomModelEntry *entry,
                                     HrModel *model, guint32 num_ctx, gint64 num_keep,
                                     GCancellable *cancellable,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
void headroom_prompt_free (HeadroomPrompt *prompt);

/* Whether the images of a request, if it has some, can be decoded and the model sees such: asked
 * before the model is loaded, so that nothing is loaded for what cannot be shown to it. */
gboolean headroom_prompt_check_images (const HeadroomWireRequest *request,
                                       HeadroomModelEntry *entry, GCancellable *cancellable,
                                       GError **error);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeadroomPrompt, headroom_prompt_free)

G_END_DECLS
