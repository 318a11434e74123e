/* headroom-reply.h: asks the server, and prints the answer while it comes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The answer goes to stdout, what the model thinks and the timings go to stderr. Ctrl+C ends the
 * answer and not the program.
 */
#pragma once

#include "headroom-client.h"
#include "hr.h"

G_BEGIN_DECLS

typedef struct {
  GString *text;    /* the answer */
  gboolean stopped; /* by Ctrl+C */
} HeadroomReply;

/**
 * headroom_reply_print:
 * @path: "/api/chat" or "/api/generate"
 * @body: (transfer none): the request
 * @verbose: whether the timings follow
 *
 * Returns: whether there is an answer, whole or stopped
 */
gboolean headroom_reply_print (HeadroomClient *client, const char *path, const HrValue *body,
                               gboolean verbose, HeadroomReply *ret_reply, GError **error);
void headroom_reply_clear (HeadroomReply *reply);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (HeadroomReply, headroom_reply_clear)

G_END_DECLS
