/* headroom-recent.h: the last requests that are over, for people who look back.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * In memory only. Requests about no model are left out unless something was wrong with them:
 * windows ask many short questions about state.
 *
 * Thread-safety: belongs to the server's main context.
 */
#pragma once

#include "hr.h"

G_BEGIN_DECLS

#define HEADROOM_RECENT_MAX 100

typedef struct {
  GQueue entries; /* HrValue dicts, immutable, oldest first */
} HeadroomRecent;

typedef struct {
  guint64 id;
  const char *path, *client, *model; /* model: NULL: about none */
  const char *problem;               /* a sentence, or NULL */
  const char *const *unknown_options; /* NULL-terminated, or NULL */
  guint status;                      /* of HTTP; 499: its client left */
  guint32 n_prompt, n_generated;
  gint64 running_us;
} HeadroomRecentRequest;

void headroom_recent_init (HeadroomRecent *self);
void headroom_recent_clear (HeadroomRecent *self);
void headroom_recent_note (HeadroomRecent *self, const HeadroomRecentRequest *request);
/* [{id, time, path, client, model, status, prompt_tokens, generated_tokens, running_ms, problem?,
 * unknown_options?}]
 */
HrValue *headroom_recent_to_value (const HeadroomRecent *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
