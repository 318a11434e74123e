/* grammar.c: grammars as hr.h has them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "grammar/grammar.h"

#include "grammar/walk.h"

HrGrammar *hr_grammar_new(const HrSyntax *syntax, uint32_t root, GPtrArray *take_ignored,
                          GError **error)
{
    g_autoptr(GPtrArray) ignored =
        take_ignored ? take_ignored : g_ptr_array_new_with_free_func(g_free);
    HrNetwork *network = hr_network_new(syntax, root, error);
    HrGrammar *grammar;

    if (!network)
        return NULL;
    grammar = g_new0(HrGrammar, 1);
    g_atomic_ref_count_init(&grammar->refs);
    grammar->network = network;
    g_ptr_array_add(ignored, NULL);
    grammar->ignored = g_steal_pointer(&ignored);
    return grammar;
}

HrGrammar *hr_grammar_ref(HrGrammar *grammar)
{
    g_atomic_ref_count_inc(&grammar->refs);
    return grammar;
}

void hr_grammar_unref(HrGrammar *grammar)
{
    if (!grammar || !g_atomic_ref_count_dec(&grammar->refs))
        return;
    hr_network_free(grammar->network);
    g_ptr_array_unref(grammar->ignored);
    g_free(grammar);
}

const char *const *hr_grammar_get_ignored(const HrGrammar *grammar)
{
    return (const char *const *)grammar->ignored->pdata;
}

HrGrammar *hr_grammar_new_schema(const char *before, HrValue *schema, const char *behind,
                                 GError **error)
{
    g_auto(HrSyntax) syntax = {0};
    g_autoptr(GPtrArray) ignored = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) inner = NULL;
    uint32_t root;
    HrExpr value;

    hr_syntax_init(&syntax);
    root = hr_syntax_add_rule(&syntax);
    value = hr_schema_expr(&syntax, schema, ignored, &inner);
    if (inner) {
        g_propagate_error(error, g_steal_pointer(&inner));
        return NULL;
    }
    hr_syntax_define(&syntax, root,
                     hr_expr_sequence_of(&syntax,
                                         hr_expr_literal(&syntax, before ? before : "", -1), value,
                                         hr_expr_literal(&syntax, behind ? behind : "", -1)));
    return hr_grammar_new(&syntax, root, g_steal_pointer(&ignored), error);
}

bool hr_grammar_matches(const HrGrammar *grammar, const char *text, size_t len)
{
    g_autoptr(HrWalk) walk = hr_walk_new(grammar->network);
    uint32_t state = hr_walk_start(walk);
    bool forgotten;

    for (size_t i = 0; i < len && state != HR_WALK_DEAD; i++) {
        state = hr_walk_step(walk, state, (uint8_t)text[i]);
        state = hr_walk_tidy(walk, state, &forgotten);
    }
    return state != HR_WALK_DEAD && hr_walk_is_end(walk, state);
}
