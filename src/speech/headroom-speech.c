/* headroom-speech.c: see headroom-speech.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-speech.h"

HeadroomSpeechForm
headroom_speech_form_of (const char *template_text)
{
  return (HeadroomSpeechForm){ headroom_tool_syntax_find (template_text),
                               headroom_thinking_find_tags (template_text) };
}

gboolean
headroom_speech_form_can_think (const HeadroomSpeechForm *form)
{
  return form->thinking != NULL || form->tools == HEADROOM_TOOLS_HARMONY;
}

gboolean
headroom_speech_form_has_marks (const HeadroomSpeechForm *form, gboolean with_tools)
{
  return headroom_speech_form_can_think (form) ||
         (with_tools && form->tools != HEADROOM_TOOLS_NONE);
}

void
headroom_speech_init (HeadroomSpeech *self, const HeadroomSpeechForm *form, HrValue *tools,
                      gboolean thinks, gboolean inside)
{
  *self = (HeadroomSpeech) { .form = *form, .splits_thinking = thinks && form->thinking != NULL };
  headroom_thinking_init (&self->thinking, form->thinking, inside);
  headroom_tool_parser_init (&self->tools, form->tools, tools);
  headroom_harmony_init (&self->harmony, tools);
}

void
headroom_speech_finish (HeadroomSpeech *self)
{
  headroom_thinking_finish (&self->thinking);
  headroom_tool_parser_finish (&self->tools);
  headroom_harmony_finish (&self->harmony);
}

void
headroom_speech_feed (HeadroomSpeech *self, const char *text, gsize len, gboolean last,
                      GString *ret_thought, GString *ret_text, HrValue *ret_calls)
{
  g_autoptr (GString) content = g_string_new (NULL);

  if (self->form.tools == HEADROOM_TOOLS_HARMONY)
    headroom_harmony_feed (&self->harmony, text, len, last, ret_thought, content, ret_calls);
  else if (self->splits_thinking)
    headroom_thinking_feed (&self->thinking, text, len, last, ret_thought, content);
  else
    g_string_append_len (content, text, (gssize) len);
  headroom_tool_parser_feed (&self->tools, content->str, content->len, last, ret_text, ret_calls);
}
