/* grammar.h: what a grammar is to the engine: a network, and what of its source it does not hold
 * answers to.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "grammar/network.h"

struct HrGrammar {
    gatomicrefcount refs;
    HrNetwork *network;
    GPtrArray *ignored; /* char *, NULL at its end */
};

/* Takes ignored (char *; NULL: none). */
HrGrammar *hr_grammar_new(const HrSyntax *syntax, uint32_t root, GPtrArray *take_ignored,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* schema.c: what a text must be to be JSON that the schema allows, as an expression. */
HrExpr hr_schema_expr(HrSyntax *syntax, HrValue *schema, GPtrArray *ignored, GError **error);
