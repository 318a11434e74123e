/* headroom-thinking.h: takes <think>...</think> and its like out of an answer while it is being
 * written.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Thinking is what stands between the tags if the answer begins with the first one (white space
 * aside), or if the prompt ended with it. White space after either tag is dropped. A tag may arrive
 * in pieces. Thread-safety: belongs to one thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  HEADROOM_THINKING_LOOKING,  /* nothing but white space so far */
  HEADROOM_THINKING_OPENED,   /* white space after the first tag */
  HEADROOM_THINKING_INSIDE,
  HEADROOM_THINKING_CLOSED,   /* white space after the second tag */
  HEADROOM_THINKING_OUTSIDE,
} HeadroomThinkingState;

typedef struct {
  const char *open, *close;
} HeadroomThinkingTags;

typedef struct {
  const HeadroomThinkingTags *tags;
  HeadroomThinkingState state;
  GString *held; /* what may turn out to be part of a tag */
} HeadroomThinking;

/* tags: (static) (nullable): <think> where NULL. inside: the prompt ended with the first tag. */
void headroom_thinking_init (HeadroomThinking *self, const HeadroomThinkingTags *tags,
                             gboolean inside);
void headroom_thinking_finish (HeadroomThinking *self);

/**
 * headroom_thinking_feed:
 * @text: more of the answer
 * @last: nothing follows
 * @ret_thinking: (out): appended to
 * @ret_content: (out): appended to
 */
void headroom_thinking_feed (HeadroomThinking *self, const char *text, gsize len, gboolean last,
                             GString *ret_thinking, GString *ret_content);

/* The tags with which a template has its model think; NULL: it has none. */
const HeadroomThinkingTags *headroom_thinking_find_tags (const char *template_text);
/* Whether a rendered prompt leaves the model inside. */
gboolean headroom_thinking_is_open_at_end (const HeadroomThinkingTags *tags, const char *prompt,
                                           gsize len);

G_END_DECLS
