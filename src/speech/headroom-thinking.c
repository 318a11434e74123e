/* headroom-thinking.c: see headroom-thinking.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-thinking.h"

#include <string.h>

static const HeadroomThinkingTags families[] = {
  { "<think>", "</think>" },                    /* DeepSeek, Qwen, and most others */
  { "[THINK]", "[/THINK]" },                    /* Magistral */
  { "<|START_THINKING|>", "<|END_THINKING|>" }, /* Command */
  { "<seed:think>", "</seed:think>" },          /* Seed */
  { "<thinking>", "</thinking>" },
  { "<|channel>thought", "<channel|>" }, /* Gemma 4 */
  { "<reasoning>", "</reasoning>" },
};

void
headroom_thinking_init (HeadroomThinking *self, const HeadroomThinkingTags *tags, gboolean inside)
{
  self->tags = tags != NULL ? tags : &families[0];
  self->state = inside ? HEADROOM_THINKING_OPENED : HEADROOM_THINKING_LOOKING;
  self->held = g_string_new (NULL);
}

void
headroom_thinking_finish (HeadroomThinking *self)
{
  if (self->held != NULL)
    g_string_free (self->held, TRUE);
  self->held = NULL;
}

static gsize
count_space (const GString *text)
{
  gsize n = 0;

  while (n < text->len && g_ascii_isspace (text->str[n]))
    n++;
  return n;
}

/* Bytes at the end of text that could begin the tag. */
static gsize
count_partial (const GString *text, const char *tag)
{
  for (gsize n = MIN (strlen (tag) - 1, text->len); n > 0; n--)
    if (memcmp (text->str + text->len - n, tag, n) == 0)
      return n;
  return 0;
}

static void
move (GString *from, gsize n, GString *to)
{
  g_string_append_len (to, from->str, (gssize) n);
  g_string_erase (from, 0, (gssize) n);
}

/* Each state's step: whether something changed, so that the rest is to be looked at again. */
static gboolean
look_for_opening (HeadroomThinking *self, gboolean last, GString *content)
{
  gsize space = count_space (self->held);
  const char *rest = self->held->str + space;
  gsize len = self->held->len - space;

  if (len >= strlen (self->tags->open) && g_str_has_prefix (rest, self->tags->open)) {
    g_string_erase (self->held, 0, (gssize) (space + strlen (self->tags->open)));
    self->state = HEADROOM_THINKING_OPENED;
    return TRUE;
  }
  if (!last &&
      (len == 0 || (len < strlen (self->tags->open) && memcmp (rest, self->tags->open, len) == 0)))
    return FALSE;
  self->state = HEADROOM_THINKING_OUTSIDE;
  return TRUE;
}

static gboolean
skip_space (HeadroomThinking *self, HeadroomThinkingState next)
{
  g_string_erase (self->held, 0, (gssize) count_space (self->held));
  if (self->held->len == 0)
    return FALSE;
  self->state = next;
  return TRUE;
}

static gboolean
look_for_closing (HeadroomThinking *self, gboolean last, GString *thinking)
{
  const char *tag = strstr (self->held->str, self->tags->close);

  if (tag != NULL) {
    move (self->held, (gsize) (tag - self->held->str), thinking);
    g_string_erase (self->held, 0, strlen (self->tags->close));
    self->state = HEADROOM_THINKING_CLOSED;
    return TRUE;
  }
  move (self->held, self->held->len - (last ? 0 : count_partial (self->held, self->tags->close)),
        thinking);
  return FALSE;
}

static gboolean
step (HeadroomThinking *self, gboolean last, GString *thinking, GString *content)
{
  switch (self->state) {
  case HEADROOM_THINKING_LOOKING:
    return look_for_opening (self, last, content);
  case HEADROOM_THINKING_OPENED:
    return skip_space (self, HEADROOM_THINKING_INSIDE);
  case HEADROOM_THINKING_INSIDE:
    return look_for_closing (self, last, thinking);
  case HEADROOM_THINKING_CLOSED:
    return skip_space (self, HEADROOM_THINKING_OUTSIDE);
  case HEADROOM_THINKING_OUTSIDE:
    move (self->held, self->held->len, content);
    return FALSE;
  }
  g_assert_not_reached ();
}

void
headroom_thinking_feed (HeadroomThinking *self, const char *text, gsize len, gboolean last,
                        GString *ret_thinking, GString *ret_content)
{
  g_string_append_len (self->held, text, (gssize) len);
  while (step (self, last, ret_thinking, ret_content))
    ;
}

const HeadroomThinkingTags *
headroom_thinking_find_tags (const char *template_text)
{
  for (gsize i = 0; template_text != NULL && i < G_N_ELEMENTS (families); i++)
    if (strstr (template_text, families[i].open) != NULL &&
        strstr (template_text, families[i].close) != NULL)
      return &families[i];
  return NULL;
}

gboolean
headroom_thinking_is_open_at_end (const HeadroomThinkingTags *tags, const char *prompt, gsize len)
{
  gsize n = strlen (tags->open);

  while (len > 0 && g_ascii_isspace (prompt[len - 1]))
    len--;
  return len >= n && memcmp (prompt + len - n, tags->open, n) == 0;
}
