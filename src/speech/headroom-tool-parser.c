/* headroom-tool-parser.c: see headroom-tool-parser.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-tool-parser.h"

#include <string.h>

void
headroom_tool_parser_init (HeadroomToolParser *self, HeadroomToolSyntax syntax, HrValue *tools)
{
  gboolean any = tools != NULL && hr_value_size (tools) > 0;

  *self = (HeadroomToolParser){ .syntax = any ? syntax : HEADROOM_TOOLS_NONE,
                                .held = g_string_new (NULL) };
  self->tools = any ? hr_value_ref (tools) : NULL;
}

void
headroom_tool_parser_finish (HeadroomToolParser *self)
{
  g_clear_pointer (&self->tools, hr_value_unref);
  if (self->held != NULL)
    g_string_free (g_steal_pointer (&self->held), TRUE);
}

/* ---- Text ---- */

static void
say (HeadroomToolParser *self, gsize n, GString *text)
{
  for (gsize i = 0; i < n; i++)
    self->said_text = self->said_text || !g_ascii_isspace (self->held->str[i]);
  g_string_append_len (text, self->held->str, (gssize) n);
  g_string_erase (self->held, 0, (gssize) n);
}

/* Bytes at the end of what is held that could begin the mark. */
static gsize
count_partial (const GString *held, const char *mark)
{
  for (gsize n = MIN (strlen (mark) - 1, held->len); n > 0; n--)
    if (memcmp (held->str + held->len - n, mark, n) == 0)
      return n;
  return 0;
}

static gsize
count_space (const GString *held)
{
  gsize n = 0;

  while (n < held->len && g_ascii_isspace (held->str[n]))
    n++;
  return n;
}

/* Families that may call without a mark, as the whole of an answer. */
static gboolean
begins_bare (const HeadroomToolParser *self)
{
  gsize at = count_space (self->held);
  gboolean calls_bare =
      self->syntax == HEADROOM_TOOLS_LLAMA || self->syntax == HEADROOM_TOOLS_JSON ||
      self->syntax == HEADROOM_TOOLS_HARMONY || self->syntax == HEADROOM_TOOLS_DEEPSEEK ||
      self->syntax == HEADROOM_TOOLS_XML || self->syntax == HEADROOM_TOOLS_GEMMA ||
      self->syntax == HEADROOM_TOOLS_GEMMA_TURN;

  return calls_bare && !self->said_text && at < self->held->len &&
         (self->held->str[at] == '{' || self->held->str[at] == '[');
}

/* ---- Calls ---- */

/* The end of the block that begins at `start`, 0 if it has not come yet. */
static gsize
find_end (const HeadroomToolParser *self, gsize start, gsize *ret_close, gboolean *ret_hopeless)
{
  const char *close = headroom_tool_syntax_close (self->syntax), *rest = self->held->str + start;
  const char *found = close != NULL && start > 0
                          ? g_strstr_len (rest, (gssize) (self->held->len - start), close)
                          : NULL;
  gsize n;

  *ret_hopeless = FALSE;
  *ret_close = 0;
  if (found != NULL) {
    *ret_close = strlen (close);
    return (gsize) (found - self->held->str);
  }
  if (close != NULL && start > 0)
    return 0;
  /* name[ARGS]{...} */
  const char *args = self->syntax == HEADROOM_TOOLS_MISTRAL
                         ? g_strstr_len (rest, (gssize) (self->held->len - start), "[ARGS]")
                         : NULL;
  gsize at = args != NULL ? (gsize) (args - self->held->str) + strlen ("[ARGS]") : start;
  n = headroom_tool_json_length (self->held->str + at, self->held->len - at, ret_hopeless);
  if (self->syntax == HEADROOM_TOOLS_MISTRAL && args == NULL)
    *ret_hopeless = FALSE; /* [ARGS] may still come */
  return n > 0 ? at + n : 0;
}

/* TRUE: something changed. */
static gboolean
try_call (HeadroomToolParser *self, gsize start, gboolean last, GString *text, HrValue *calls)
{
  gsize n_close;
  gboolean hopeless;
  gsize end = find_end (self, start, &n_close, &hopeless);

  if (end == 0 && last &&
      start > 0) /* a mark that never came: the end of the answer stands for it */
    end = self->held->len;
  if (end == 0 && !last && !hopeless)
    return FALSE;
  if (end > 0 && headroom_tool_read_block (self->syntax, self->held->str + start, end - start,
                                           self->tools, calls))
    g_string_erase (self->held, 0, (gssize) (end + n_close));
  else
    say (self, end > 0 ? end + n_close : self->held->len, text);
  self->in_call = FALSE;
  return TRUE;
}

/* What stands between calls is not worth showing: line breaks, and the semicolons of Llama. */
static void
drop_separators (HeadroomToolParser *self, const HrValue *calls)
{
  while (hr_value_size (calls) > 0 && self->held->len > 0 &&
         (g_ascii_isspace (*self->held->str) || *self->held->str == ';'))
    g_string_erase (self->held, 0, 1);
}

static gboolean
step (HeadroomToolParser *self, gboolean last, GString *text, HrValue *calls)
{
  const char *open = headroom_tool_syntax_open (self->syntax);
  const char *found =
      open != NULL ? g_strstr_len (self->held->str, (gssize) self->held->len, open) : NULL;

  if (found == self->held->str && found != NULL)
    return try_call (self, strlen (open), last, text, calls);
  if (begins_bare (self))
    return try_call (self, 0, last, text, calls);
  if (found != NULL) {
    say (self, (gsize) (found - self->held->str), text);
    return TRUE;
  }
  if (last || open == NULL) {
    /* White space in front of a call is not text; it is known as that only when something else
     * follows. */
    say (self,
         !last && !self->said_text && count_space (self->held) == self->held->len ? 0
                                                                                  : self->held->len,
         text);
    return FALSE;
  }
  say (self, self->held->len - count_partial (self->held, open), text);
  return FALSE;
}

void
headroom_tool_parser_feed (HeadroomToolParser *self, const char *text, gsize len, gboolean last,
                           GString *ret_text, HrValue *ret_calls)
{
  if (self->syntax == HEADROOM_TOOLS_NONE) {
    g_string_append_len (ret_text, text, (gssize) len);
    return;
  }
  g_string_append_len (self->held, text, (gssize) len);
  do
    drop_separators (self, ret_calls);
  while (self->held->len > 0 && step (self, last, ret_text, ret_calls));
}
