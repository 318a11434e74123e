/* headroom-harmony.c: see headroom-harmony.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-harmony.h"

#include <string.h>

#include "headroom-json.h"
#include "headroom-tool-syntax.h"

#define TO_FUNCTION "to=functions."
#define MAX_MARK_BYTES 24 /* of any mark here */

void
headroom_harmony_init (HeadroomHarmony *self, HrValue *tools)
{
  *self = (HeadroomHarmony) { .held = g_string_new (NULL), .header = g_string_new (NULL) };
  self->tools = tools != NULL ? hr_value_ref (tools) : NULL;
}

void
headroom_harmony_finish (HeadroomHarmony *self)
{
  g_clear_pointer (&self->tools, hr_value_unref);
  if (self->held != NULL)
    g_string_free (g_steal_pointer (&self->held), TRUE);
  if (self->header != NULL)
    g_string_free (g_steal_pointer (&self->header), TRUE);
}

static void
take (GString *from, gsize n, GString *to)
{
  g_string_append_len (to, from->str, (gssize) n);
  g_string_erase (from, 0, (gssize) n);
}

/* Between a message's end and the next <|message|>: whose channel, and to whom. */
static HeadroomHarmonyState
state_of_header (const char *header)
{
  if (strstr (header, TO_FUNCTION) != NULL)
    return HEADROOM_HARMONY_CALL;
  return strstr (header, "analysis") != NULL ? HEADROOM_HARMONY_THOUGHT : HEADROOM_HARMONY_TEXT;
}

static void
end_call (HeadroomHarmony *self, const char *body, gsize len, GString *text, HrValue *calls)
{
  const char *name = strstr (self->header->str, TO_FUNCTION) + strlen (TO_FUNCTION);
  HrValue *arguments = headroom_json_parse (body, (gssize) len, FALSE, NULL);
  HrValue *call =
      headroom_tool_call_from_parts (name, strcspn (name, " <\n"), arguments, self->tools);

  if (call != NULL)
    hr_value_append (calls, call);
  else
    g_string_append_len (text, body, (gssize) len);
}

/* Bytes at the end that may begin a mark. */
static gsize
count_held_back (const GString *held)
{
  const char *begin = g_strrstr_len (held->str, (gssize) held->len, "<");
  gsize n = begin != NULL ? held->len - (gsize) (begin - held->str) : 0;

  return n <= MAX_MARK_BYTES && (n < 2 || begin[1] == '|') ? n : 0;
}

/* The end of the message at hand: a mark that ends it, whose length is given; or NULL. */
static const char *
find_end (const GString *held, gsize *ret_len)
{
  static const char *const ends[] = { "<|end|>", "<|start|>", "<|call|>", "<|return|>",
                                      "<|channel|>" };
  const char *first = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (ends); i++) {
    const char *found = g_strstr_len (held->str, (gssize) held->len, ends[i]);
    if (found != NULL && (first == NULL || found < first)) {
      first = found;
      *ret_len = strlen (ends[i]);
    }
  }
  return first;
}

static gboolean
read_header (HeadroomHarmony *self, gboolean last, GString *text)
{
  const char *found = g_strstr_len (self->held->str, (gssize) self->held->len, "<|message|>");

  if (found == NULL) {
    /* No header at all: a model that was made to speak in another way. */
    gsize space = strspn (self->held->str, " \n");
    if (space < self->held->len && self->held->str[space] != '<' && self->header->len == 0 &&
        g_strstr_len (self->held->str, (gssize) self->held->len, "<|") == NULL &&
        !g_str_has_prefix ("assistant", self->held->str)) {
      self->state = HEADROOM_HARMONY_TEXT;
      return TRUE;
    }
    if (last)
      g_string_truncate (self->held, 0);
    return FALSE;
  }
  g_string_truncate (self->header, 0);
  take (self->held, (gsize) (found - self->held->str), self->header);
  g_string_erase (self->held, 0, (gssize) strlen ("<|message|>"));
  self->state = state_of_header (self->header->str);
  return TRUE;
}

static gboolean
read_message (HeadroomHarmony *self, gboolean last, GString *thought, GString *text, HrValue *calls)
{
  gsize n_mark = 0;
  const char *end = find_end (self->held, &n_mark);
  gsize n = end != NULL ? (gsize) (end - self->held->str)
                        : self->held->len - (last ? 0 : count_held_back (self->held));

  if (self->state == HEADROOM_HARMONY_CALL) {
    if (end == NULL && !last)
      return FALSE;
    end_call (self, self->held->str, n, text, calls);
    g_string_erase (self->held, 0, (gssize) n);
  } else {
    take (self->held, n, self->state == HEADROOM_HARMONY_THOUGHT ? thought : text);
  }
  if (end == NULL)
    return FALSE;
  g_string_erase (self->held, 0, (gssize) n_mark);
  self->state = HEADROOM_HARMONY_HEADER;
  return TRUE;
}

void
headroom_harmony_feed (HeadroomHarmony *self, const char *text, gsize len, gboolean last,
                       GString *ret_thought, GString *ret_text, HrValue *ret_calls)
{
  gboolean more = TRUE;

  g_string_append_len (self->held, text, (gssize) len);
  while (more && self->held->len > 0)
    more = self->state == HEADROOM_HARMONY_HEADER
               ? read_header (self, last, ret_text)
               : read_message (self, last, ret_thought, ret_text, ret_calls);
}
