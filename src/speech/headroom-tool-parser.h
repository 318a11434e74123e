/* headroom-tool-parser.h: takes the calls of tools out of an answer while it is being written.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Text that may turn out to begin a call is held back until that is known; what turns out to be
 * none, or is malformed, comes back as text, never lost. Calls come whole. Thread-safety: belongs
 * to one thread.
 */
#pragma once

#include "headroom-tool-syntax.h"

G_BEGIN_DECLS

typedef struct {
  HeadroomToolSyntax syntax;
  HrValue *tools;     /* or NULL: none were offered */
  GString *held;
  gboolean said_text; /* something other than white space was text: forms without a mark come first
                         or not at all */
  gboolean in_call;   /* held begins with a mark */
} HeadroomToolParser;

/* HEADROOM_TOOLS_NONE, or no tools: everything is text. */
void headroom_tool_parser_init (HeadroomToolParser *self, HeadroomToolSyntax syntax,
                                HrValue *tools);
void headroom_tool_parser_finish (HeadroomToolParser *self);

/**
 * headroom_tool_parser_feed:
 * @last: nothing follows
 * @ret_text: (out): appended to
 * @ret_calls: (out): list that calls are appended to
 */
void headroom_tool_parser_feed (HeadroomToolParser *self, const char *text, gsize len,
                                gboolean last, GString *ret_text, HrValue *ret_calls);

/* ---- headroom-tool-forms.c: what stands between the marks ---- */

/* Bytes of the complete JSON value (an object or a list) that text begins with, white space before
 * it included; 0: not complete yet, or none. ret_hopeless: nor can more text make it one. */
gsize headroom_tool_json_length (const char *text, gsize len, gboolean *ret_hopeless);
/* Reads all calls of a block (between its marks); FALSE if it holds anything else, ret_calls is as
 * it was then. */
gboolean headroom_tool_read_block (HeadroomToolSyntax syntax, const char *text, gsize len,
                                   const HrValue *tools, HrValue *ret_calls);

G_END_DECLS
