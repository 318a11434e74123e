/* headroom-tool-gemma.c: calls as Gemma's family writes them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *   call:name{key:value,other:value}
 *   value = "text" between two marks, {key:value,...}, [value,...], or true, false, null, a number
 *
 * The marks around a text are <escape> (FunctionGemma) or <|"|> (Gemma 4); keys may stand between
 * them as well. Nothing is escaped within.
 */
#include "headroom-json.h"
#include "headroom-tool-cursor.h"
#include "headroom-tool-parser.h"

/* People's arguments are a few deep. */
#define MAX_DEPTH 64

static HrValue *read_value (HeadroomCursor *c, guint depth);

/* FALSE: no text begins here, or it does not end. */
static gboolean
read_quoted (HeadroomCursor *c, const char **ret_text, gsize *ret_len)
{
  static const char *const marks[] = { "<escape>", "<|\"|>" };

  for (gsize i = 0; i < G_N_ELEMENTS (marks); i++)
    if (headroom_cursor_skip (c, marks[i]))
      return headroom_cursor_until (c, marks[i], ret_text, ret_len);
  return FALSE;
}

static gboolean
read_key (HeadroomCursor *c, char **ret_key)
{
  const char *text;
  gsize len;

  headroom_cursor_skip_space (c);
  if (read_quoted (c, &text, &len)) {
    *ret_key = g_strndup (text, len);
    headroom_cursor_skip_space (c);
    return headroom_cursor_skip (c, ":");
  }
  if (!headroom_cursor_until (c, ":", &text, &len))
    return FALSE;
  *ret_key = g_strstrip (g_strndup (text, len));
  return TRUE;
}

/* Behind the brace. */
static HrValue *
read_object (HeadroomCursor *c, guint depth)
{
  g_autoptr (HrValue) object = hr_value_new_dict ();

  for (headroom_cursor_skip_space (c); !headroom_cursor_skip (c, "}");
       headroom_cursor_skip_space (c)) {
    g_autofree char *key = NULL;
    HrValue *value = read_key (c, &key) ? read_value (c, depth + 1) : NULL;
    if (value == NULL)
      return NULL;
    hr_value_set (object, key, value);
    headroom_cursor_skip_space (c);
    headroom_cursor_skip (c, ",");
  }
  return g_steal_pointer (&object);
}

/* Behind the bracket. */
static HrValue *
read_list (HeadroomCursor *c, guint depth)
{
  g_autoptr (HrValue) list = hr_value_new_list ();

  for (headroom_cursor_skip_space (c); !headroom_cursor_skip (c, "]");
       headroom_cursor_skip_space (c)) {
    HrValue *value = read_value (c, depth + 1);
    if (value == NULL)
      return NULL;
    hr_value_append (list, value);
    headroom_cursor_skip_space (c);
    headroom_cursor_skip (c, ",");
  }
  return g_steal_pointer (&list);
}

/* A number, true, false or null; what is none of them is a text that nobody marked. */
static HrValue *
read_plain (HeadroomCursor *c)
{
  gsize n = strcspn (c->at, ",}]"), len;
  const char *text = c->at;
  HrValue *value;

  n = MIN (n, (gsize) (c->end - c->at));
  c->at += n;
  for (len = n; len > 0 && g_ascii_isspace (text[len - 1]); len--)
    ;
  if (len == 0)
    return NULL;
  value = headroom_json_parse (text, (gssize) len, FALSE, NULL);
  return value != NULL ? value : hr_value_new_string (text, (gssize) len, false);
}

/* "text" as JSON has it. */
static HrValue *
read_json_text (HeadroomCursor *c)
{
  const char *start = c->at, *end = c->at + 1;

  while (end < c->end && *end != '"')
    end += *end == '\\' && end + 1 < c->end ? 2 : 1;
  if (end >= c->end)
    return NULL;
  c->at = end + 1;
  return headroom_json_parse (start, end + 1 - start, FALSE, NULL);
}

/* NULL: there is none, or it does not end. Ends behind it. */
static HrValue *
read_value (HeadroomCursor *c, guint depth)
{
  const char *text, *start;
  gsize len;

  if (depth > MAX_DEPTH)
    return NULL;
  headroom_cursor_skip_space (c);
  start = c->at;
  if (read_quoted (c, &text, &len))
    return hr_value_new_string (text, (gssize) len, false);
  if (c->at != start || c->at == c->end)
    return NULL;
  if (*c->at == '"') /* some write JSON between */
    return read_json_text (c);
  if (headroom_cursor_skip (c, "{"))
    return read_object (c, depth);
  return headroom_cursor_skip (c, "[") ? read_list (c, depth) : read_plain (c);
}

gboolean
headroom_tool_read_gemma (HeadroomCursor *c, const HrValue *tools, HrValue *calls)
{
  const char *name;
  gsize n_name;
  HrValue *arguments, *call;

  headroom_cursor_skip_space (c);
  if (!headroom_cursor_skip (c, "call:") || !headroom_cursor_until (c, "{", &name, &n_name))
    return FALSE;
  arguments = read_object (c, 0);
  call = headroom_tool_call_from_parts (name, n_name, arguments, tools);
  if (call == NULL)
    return FALSE;
  hr_value_append (calls, call);
  return TRUE;
}
