/* headroom-questions.c: see headroom-questions.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-questions.h"

#include "headroom-json.h"

/* From a word to a page: what a limit cuts off differs. */
static const char *const questions[] = {
  "What is the capital of France? Answer in one word.",
  "Name three rivers in Europe.",
  "Explain in two sentences why the sky is blue.",
  "Write a short poem about the sea.",
  "Write a Python function that reverses a string, and explain it.",
  "Describe how bread is made, step by step.",
};
G_STATIC_ASSERT (G_N_ELEMENTS (questions) == HEADROOM_QUESTIONS_N);

static HrPrompt *
render (const HrModel *model, const char *question, GError **error)
{
  g_autoptr (HrValue) vars = hr_value_new_dict ();
  HrValue *messages = hr_value_new_list ();
  HrValue *message = hr_value_new_dict ();
  HrPrompt *plain;

  if (hr_model_get_template (model) == NULL) {
    hr_value_unref (messages);
    hr_value_unref (message);
    plain = hr_prompt_new ();
    hr_prompt_append (plain, question, -1, FALSE);
    return plain;
  }
  headroom_json_set_string (message, "role", "user");
  headroom_json_set_string (message, "content", question);
  hr_value_append (messages, message);
  hr_value_set (vars, "messages", messages);
  headroom_json_set_bool (vars, "add_generation_prompt", TRUE);
  return hr_model_render (model, NULL, vars, error);
}

GArray *
headroom_questions_tokens (const HrModel *model, guint number, GError **error)
{
  const char *question = questions[number % G_N_ELEMENTS (questions)];
  g_autoptr (HrPrompt) prompt = render (model, question, error);

  return prompt != NULL ? hr_model_tokenize (model, prompt, TRUE, error) : NULL;
}
