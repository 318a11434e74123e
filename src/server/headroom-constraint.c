/* headroom-constraint.c: see headroom-constraint.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-constraint.h"

#include "headroom-json.h"

#define HARMONY_FINAL "<|channel|>final<|message|>"

void
headroom_constraint_clear (HeadroomConstraint *self)
{
  g_clear_pointer (&self->grammar, hr_grammar_unref);
  g_clear_pointer (&self->after, g_free);
  g_clear_pointer (&self->prefix, g_free);
}

/* "json" means any object. */
static HrGrammar *
read_format (const HrValue *format, GError **error)
{
  g_autoptr (HrValue) object = NULL;

  if (hr_value_kind (format) == HR_VALUE_DICT)
    return hr_grammar_new_schema (NULL, (HrValue *) format, NULL, error);
  object = hr_value_new_dict ();
  headroom_json_set_string (object, "type", "object");
  return hr_grammar_new_schema (NULL, object, NULL, error);
}

static gboolean
hold_to_format (HeadroomConstraint *self, const HeadroomWireRequest *request,
                const HeadroomSpeechForm *form, gboolean thinks, gboolean inside, GError **error)
{
  self->grammar = request->grammar != NULL ? hr_grammar_new_gbnf (request->grammar, error)
                                           : read_format (request->format, error);
  if (self->grammar == NULL)
    return FALSE;
  if (form->tools == HEADROOM_TOOLS_HARMONY) {
    self->after = g_strdup (HARMONY_FINAL);
  } else if (thinks && form->thinking != NULL) {
    self->after = g_strdup (form->thinking->close);
    self->opens_thinking = !inside;
    self->prefix = inside ? NULL : g_strconcat (form->thinking->open, "\n", NULL);
  }
  return TRUE;
}

static gboolean
hold_to_tools (HeadroomConstraint *self, const HeadroomWireRequest *request,
               const HeadroomSpeechForm *form, gboolean inside, GError **error)
{
  g_auto (HeadroomToolGrammar) tools = { 0 };

  if (!headroom_tool_grammar_init (&tools, form->tools, request->tools, request->only_tool,
                                   request->must_call ? error : NULL))
    return !request->must_call;
  if (request->must_call)
    self->prefix = inside && form->thinking != NULL
                       ? g_strconcat ("\n", form->thinking->close, "\n\n", tools.prefix, NULL)
                       : g_strdup (tools.prefix);
  else if (tools.after == NULL)
    return TRUE;
  self->after = request->must_call ? NULL : g_strdup (tools.after);
  self->again = !request->must_call;
  self->grammar = g_steal_pointer (&tools.grammar);
  return TRUE;
}

gboolean
headroom_constraint_init (HeadroomConstraint *self, const HeadroomWireRequest *request,
                          const HeadroomSpeechForm *form, gboolean thinks, gboolean inside,
                          GError **error)
{
  gboolean has_tools = request->tools != NULL && hr_value_size (request->tools) > 0;

  *self = (HeadroomConstraint) { 0 };
  if (request->only_tool != NULL &&
      headroom_tool_find (request->tools, request->only_tool) == NULL) {
    g_set_error (error, HEADROOM_WIRE_ERROR, 400,
                 "tool_choice names %.80s, which is not among the tools", request->only_tool);
    return FALSE;
  }
  if (has_tools && request->must_call)
    return hold_to_tools (self, request, form, inside, error);
  if (request->format != NULL || request->grammar != NULL)
    return hold_to_format (self, request, form, thinks, inside, error);
  return !has_tools || form->tools == HEADROOM_TOOLS_NONE ||
         hold_to_tools (self, request, form, inside, error);
}
