/* headroom-tool-cursor.h: a place in a text that is being read, and its end.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Private to the readers of calls. Thread-safety: one thread.
 */
#pragma once

#include <string.h>

#include "hr.h"

G_BEGIN_DECLS

typedef struct {
  const char *at, *end;
} HeadroomCursor;

static inline gboolean
headroom_cursor_skip (HeadroomCursor *c, const char *mark)
{
  gsize n = strlen (mark);

  if ((gsize) (c->end - c->at) < n || memcmp (c->at, mark, n) != 0)
    return FALSE;
  c->at += n;
  return TRUE;
}

static inline void
headroom_cursor_skip_space (HeadroomCursor *c)
{
  while (c->at < c->end && g_ascii_isspace (*c->at))
    c->at++;
}

/* What stands before the mark, which is skipped too; FALSE if it does not come. */
static inline gboolean
headroom_cursor_until (HeadroomCursor *c, const char *mark, const char **ret_text, gsize *ret_len)
{
  const char *found = g_strstr_len (c->at, c->end - c->at, mark);

  if (found == NULL)
    return FALSE;
  *ret_text = c->at;
  *ret_len = (gsize) (found - c->at);
  c->at = found + strlen (mark);
  return TRUE;
}

/* ---- headroom-tool-gemma.c ---- */
/* A call in the notation of Gemma's family; FALSE if the text is anything else. */
gboolean headroom_tool_read_gemma (HeadroomCursor *c, const HrValue *tools, HrValue *calls);

G_END_DECLS
