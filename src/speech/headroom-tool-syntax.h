/* headroom-tool-syntax.h: how a family of models writes the calls of tools, found from the chat
 * template.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pure functions over texts and values. Thread-safety: Safe.
 */
#pragma once

#include <glib.h>

#include "hr.h"

G_BEGIN_DECLS

typedef enum {
  HEADROOM_TOOLS_NONE,   /* the template knows no tools */
  HEADROOM_TOOLS_TAGGED, /* <tool_call>{"name", "arguments"}</tool_call>: Hermes, Qwen 2.5 and 3,
                            Granite 4, SmolLM3 */
  HEADROOM_TOOLS_XML, /* <tool_call><function=name><parameter=key>value</parameter></function></tool_call>:
                         Qwen3-Coder */
  HEADROOM_TOOLS_MISTRAL,  /* [TOOL_CALLS][{...}], or [TOOL_CALLS]name[ARGS]{...} */
  HEADROOM_TOOLS_GRANITE,  /* <|tool_call|>[{...}]: Granite 3 */
  HEADROOM_TOOLS_LLAMA,    /* {"name", "parameters"}, or that behind <|python_tag|>: Llama 3.1 and
                              later */
  HEADROOM_TOOLS_DEEPSEEK, /* <｜tool▁calls▁begin｜>...: V3, R1, V3.1 */
  HEADROOM_TOOLS_HARMONY,  /* <|channel|>commentary to=functions.name ... <|message|>{...}<|call|>:
                              gpt-oss */
  HEADROOM_TOOLS_GEMMA,    /* <start_function_call>call:name{key:value}<end_function_call>:
                              FunctionGemma */
  HEADROOM_TOOLS_GEMMA_TURN, /* <|tool_call>call:name{key:value}<tool_call|>: Gemma 4 */
  HEADROOM_TOOLS_JSON,       /* any other: {"name", "arguments"} as the whole answer */
} HeadroomToolSyntax;

HeadroomToolSyntax headroom_tool_syntax_find (const char *template_text);
/* What an answer's calls begin and end with; NULL: nothing (close: they end with their JSON). */
const char *headroom_tool_syntax_open (HeadroomToolSyntax syntax);
const char *headroom_tool_syntax_close (HeadroomToolSyntax syntax);

/* The call that a value is: {"name", "arguments" | "parameters"}, the arguments an object or its
 * text. NULL if it is none, or of no tool among tools (as a request gives them). */
HrValue *headroom_tool_call_from_value (const HrValue *value,
                                        const HrValue *tools) G_GNUC_WARN_UNUSED_RESULT;
/* The same from its parts; arguments: (transfer full). */
HrValue *headroom_tool_call_from_parts (const char *name, gsize len, HrValue *take_arguments,
                                        const HrValue *tools) G_GNUC_WARN_UNUSED_RESULT;
/* The tool of that name, or NULL. */
const HrValue *headroom_tool_find (const HrValue *tools, const char *name);

/* What holds calls to the tools' parameters. */
typedef struct {
  const char *prefix; /* what forces a call when it is put before the answer; "" where the form
                         needs none */
  const char *after; /* the text behind which the grammar holds where calls are free; NULL: they are
                        not held */
  HrGrammar *grammar; /* of what follows either */
} HeadroomToolGrammar;

/**
 * headroom_tool_grammar_init:
 * @only: (nullable): the one tool that may be called
 *
 * FALSE with @error where the parameters are no schema that can be held to.
 */
gboolean headroom_tool_grammar_init (HeadroomToolGrammar *self, HeadroomToolSyntax syntax,
                                     const HrValue *tools, const char *only, GError **error);
void headroom_tool_grammar_clear (HeadroomToolGrammar *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (HeadroomToolGrammar, headroom_tool_grammar_clear)

G_END_DECLS
