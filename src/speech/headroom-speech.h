/* headroom-speech.h: what a model said, taken apart while it speaks: thoughts, text, calls of
 * tools.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which form a model's answers have is found in its chat template, never in its name.
 * Thread-safety: belongs to one thread.
 */
#pragma once

#include "headroom-harmony.h"
#include "headroom-thinking.h"
#include "headroom-tool-parser.h"

G_BEGIN_DECLS

/* What a template says of the answers to it. */
typedef struct {
  HeadroomToolSyntax tools;
  const HeadroomThinkingTags *thinking; /* NULL: none, or in channels */
} HeadroomSpeechForm;

HeadroomSpeechForm headroom_speech_form_of (const char *template_text); /* NULL: plain text */
gboolean headroom_speech_form_can_think (const HeadroomSpeechForm *form);
/* Whether answers hold control tokens that matter. */
gboolean headroom_speech_form_has_marks (const HeadroomSpeechForm *form, gboolean with_tools);

typedef struct {
  HeadroomSpeechForm form;
  gboolean splits_thinking;
  HeadroomThinking thinking;
  HeadroomToolParser tools;
  HeadroomHarmony harmony;
} HeadroomSpeech;

/**
 * headroom_speech_init:
 * @tools: (nullable): those that were offered
 * @thinks: whether thoughts are to be told apart
 * @inside: the prompt ended inside thoughts
 */
void headroom_speech_init (HeadroomSpeech *self, const HeadroomSpeechForm *form, HrValue *tools,
                           gboolean thinks, gboolean inside);
void headroom_speech_finish (HeadroomSpeech *self); /* zeroed is fine */
/* Appends to what is given; ret_calls: a list. */
void headroom_speech_feed (HeadroomSpeech *self, const char *text, gsize len, gboolean last,
                           GString *ret_thought, GString *ret_text, HrValue *ret_calls);

G_END_DECLS
