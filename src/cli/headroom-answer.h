/* headroom-answer.h: asks the server, and prints the answer while it comes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The answer goes to stdout, what the model thinks and the timings go to stderr. Ctrl+C ends the answer and not the program.
 */
#pragma once

#include "headroom-client.h"
#include "hr.h"

G_BEGIN_DECLS

typedef struct {
  GString *text;    /* the answer */
  gboolean stopped; /* by Ctrl+C */
} HeadroomAnswer;

/**
 * headroom_answer_print:
 * @path: "/api/chat" or "/api/generate"
 * @body: (transfer none): the request
 * @verbose: whether the timings follow
 *
 * Returns: whether there is an answer, whole or stopped
 */
gboolean headroom_answer_print (HeadroomClient *client, const char *path, const HrValue *body, gboolean verbose,
                                HeadroomAnswer *ret_answer, GError **error);
void headroom_answer_clear (HeadroomAnswer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (HeadroomAnswer, headroom_answer_clear)

G_END_DECLS
