/* headroom-constraint.h: what an answer is held to, by the request and by how its model speaks.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A format holds from the answer's start, or from the end of its thoughts. A call that has to be
 * made is begun for the model, in the prompt. Calls that may be made are held to their parameters
 * once they have begun. Thread-safety: belongs to one thread.
 */
#pragma once

#include "headroom-speech.h"
#include "headroom-wire.h"

G_BEGIN_DECLS

typedef struct {
  HrGrammar *grammar;  /* or NULL: none */
  char *after;         /* as HrRequestOptions.grammar_after */
  gboolean again;
  char *prefix;        /* text that the answer begins with, or NULL; is part of the prompt */
  gboolean opens_thinking; /* the prefix is that of thoughts */
} HeadroomConstraint;

/**
 * headroom_constraint_init:
 * @thinks: the answer may have thoughts
 * @inside: the prompt ends in them
 *
 * FALSE with @error where the format or the tools are nothing that an answer can be held to.
 */
gboolean headroom_constraint_init (HeadroomConstraint *self, const HeadroomWireRequest *request,
                                   const HeadroomSpeechForm *form, gboolean thinks, gboolean inside,
                                   GError **error);
void headroom_constraint_clear (HeadroomConstraint *self);

G_END_DECLS
