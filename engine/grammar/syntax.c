/* syntax.c: see syntax.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "grammar/syntax.h"

#include <string.h>

#define FIRST_SURROGATE 0xD800u
#define LAST_SURROGATE 0xDFFFu
#define LAST_CODE 0x10FFFFu

/* Counts up to this are written out; beyond, the same counting is done by rules of rules, which
 * takes the square root of the room. */
#define MAX_WRITTEN_COUNT 64u

static HrExpr add(HrSyntax *syntax, HrExprNode node)
{
    if (syntax->nodes->len >= HR_SYNTAX_MAX_EXPRESSIONS) {
        syntax->too_large = true;
        return HR_EXPR_NOTHING;
    }
    g_array_append_val(syntax->nodes, node);
    return syntax->nodes->len - 1;
}

void hr_syntax_init(HrSyntax *syntax)
{
    *syntax = (HrSyntax){
        .nodes = g_array_new(false, false, sizeof(HrExprNode)),
        .children = g_array_new(false, false, sizeof(HrExpr)),
        .ranges = g_array_new(false, false, sizeof(HrCodeRange)),
        .bytes = g_string_new(NULL),
        .rules = g_array_new(false, false, sizeof(HrExpr)),
    };
    add(syntax, (HrExprNode){.kind = HR_EXPR_LITERAL}); /* HR_EXPR_EMPTY */
    add(syntax, (HrExprNode){.kind = HR_EXPR_CHOICE});  /* HR_EXPR_NOTHING */
}

void hr_syntax_clear(HrSyntax *syntax)
{
    g_clear_pointer(&syntax->nodes, g_array_unref);
    g_clear_pointer(&syntax->children, g_array_unref);
    g_clear_pointer(&syntax->ranges, g_array_unref);
    g_clear_pointer(&syntax->rules, g_array_unref);
    if (syntax->bytes)
        g_string_free(g_steal_pointer(&syntax->bytes), true);
}

bool hr_syntax_check(const HrSyntax *syntax, GError **error)
{
    if (syntax->too_large)
        g_set_error_literal(error, HR_ERROR, HR_ERROR_SETTINGS,
                            "The grammar is too large: simplify it or lower its bounds.");
    return !syntax->too_large;
}

/* ---- Rules ---- */

uint32_t hr_syntax_add_rule(HrSyntax *syntax)
{
    HrExpr nothing = HR_EXPR_NOTHING;

    if (syntax->rules->len >= HR_SYNTAX_MAX_RULES) {
        syntax->too_large = true;
        return 0;
    }
    g_array_append_val(syntax->rules, nothing);
    return syntax->rules->len - 1;
}

void hr_syntax_define(HrSyntax *syntax, uint32_t rule, HrExpr expr)
{
    if (!syntax->too_large)
        g_array_index(syntax->rules, HrExpr, rule) = expr;
}

HrExpr hr_expr_rule(HrSyntax *syntax, uint32_t rule)
{
    return add(syntax, (HrExprNode){.kind = HR_EXPR_RULE, .first = rule});
}

HrExpr hr_expr_shared(HrSyntax *syntax, HrExpr expr)
{
    uint32_t rule;

    if (expr <= HR_EXPR_NOTHING ||
        g_array_index(syntax->nodes, HrExprNode, expr).kind == HR_EXPR_RULE)
        return expr;
    rule = hr_syntax_add_rule(syntax);
    hr_syntax_define(syntax, rule, expr);
    return hr_expr_rule(syntax, rule);
}

/* ---- Expressions ---- */

HrExpr hr_expr_literal(HrSyntax *syntax, const char *bytes, gssize len)
{
    size_t n = len < 0 ? strlen(bytes) : (size_t)len;
    uint32_t first = (uint32_t)syntax->bytes->len;

    if (n == 0)
        return HR_EXPR_EMPTY;
    if (first + n > HR_SYNTAX_MAX_TEXT_BYTES) {
        syntax->too_large = true;
        return HR_EXPR_NOTHING;
    }
    g_string_append_len(syntax->bytes, bytes, (gssize)n);
    return add(syntax, (HrExprNode){.kind = HR_EXPR_LITERAL, .first = first, .n = (uint32_t)n});
}

static void add_range(HrSyntax *syntax, uint32_t low, uint32_t high)
{
    HrCodeRange range = {low, MIN(high, LAST_CODE)};

    if (range.low > range.high)
        return;
    if (syntax->ranges->len >= HR_SYNTAX_MAX_EXPRESSIONS)
        syntax->too_large = true;
    else
        g_array_append_val(syntax->ranges, range);
}

HrExpr hr_expr_class(HrSyntax *syntax, const HrCodeRange *ranges, size_t n)
{
    uint32_t first = syntax->ranges->len;

    for (size_t i = 0; i < n; i++) {
        if (ranges[i].high < FIRST_SURROGATE || ranges[i].low > LAST_SURROGATE) {
            add_range(syntax, ranges[i].low, ranges[i].high);
            continue;
        }
        if (ranges[i].low < FIRST_SURROGATE)
            add_range(syntax, ranges[i].low, FIRST_SURROGATE - 1);
        add_range(syntax, LAST_SURROGATE + 1, ranges[i].high);
    }
    if (syntax->ranges->len == first)
        return HR_EXPR_NOTHING;
    return add(syntax, (HrExprNode){.kind = HR_EXPR_CLASS,
                                    .first = first,
                                    .n = syntax->ranges->len - first});
}

static HrExpr add_list(HrSyntax *syntax, HrExprKind kind, const HrExpr *items, size_t n)
{
    uint32_t first = syntax->children->len;

    if (first + n > 4 * HR_SYNTAX_MAX_EXPRESSIONS) {
        syntax->too_large = true;
        return HR_EXPR_NOTHING;
    }
    g_array_append_vals(syntax->children, items, (guint)n);
    return add(syntax, (HrExprNode){.kind = kind, .first = first, .n = (uint32_t)n});
}

HrExpr hr_expr_sequence(HrSyntax *syntax, const HrExpr *items, size_t n)
{
    if (n == 0)
        return HR_EXPR_EMPTY;
    return n == 1 ? items[0] : add_list(syntax, HR_EXPR_SEQUENCE, items, n);
}

HrExpr hr_expr_choice(HrSyntax *syntax, const HrExpr *items, size_t n)
{
    if (n == 0)
        return HR_EXPR_NOTHING;
    return n == 1 ? items[0] : add_list(syntax, HR_EXPR_CHOICE, items, n);
}

static HrExpr repeat_written(HrSyntax *syntax, HrExpr item, uint32_t min, uint32_t max)
{
    return add(syntax,
               (HrExprNode){.kind = HR_EXPR_REPEAT, .first = item, .n = 1, .min = min, .max = max});
}

static uint32_t square_root(uint32_t n)
{
    uint32_t root = 1;

    while ((root + 1) * (root + 1) <= n)
        root++;
    return root;
}

/* Exactly n: blocks of blocks, and what is left over. */
static HrExpr repeat_exactly(HrSyntax *syntax, HrExpr item, uint32_t n)
{
    uint32_t size = square_root(n);
    HrExpr block;

    if (n <= MAX_WRITTEN_COUNT)
        return repeat_written(syntax, item, n, n);
    block = hr_expr_shared(syntax, repeat_exactly(syntax, item, size));
    return hr_expr_sequence_of(syntax, repeat_exactly(syntax, block, n / size),
                               repeat_exactly(syntax, item, n % size));
}

/* From none to n: some whole blocks, then less than a block; the last block ends where n does. */
static HrExpr repeat_up_to(HrSyntax *syntax, HrExpr item, uint32_t n)
{
    uint32_t size = square_root(n);
    HrExpr block, blocks, whole, part;

    if (n <= MAX_WRITTEN_COUNT)
        return repeat_written(syntax, item, 0, n);
    block = hr_expr_shared(syntax, repeat_exactly(syntax, item, size));
    blocks = repeat_up_to(syntax, block, n / size - 1);
    part = hr_expr_shared(syntax, repeat_up_to(syntax, item, size - 1));
    whole = hr_expr_sequence_of(syntax, repeat_exactly(syntax, block, n / size),
                                repeat_up_to(syntax, item, n % size));
    return hr_expr_choice_of(syntax, hr_expr_sequence_of(syntax, blocks, part), whole);
}

HrExpr hr_expr_repeat(HrSyntax *syntax, HrExpr item, uint32_t min, uint32_t max)
{
    if (max == 0)
        return HR_EXPR_EMPTY;
    if (min > max || min > HR_REPEAT_MAX_COUNT)
        return HR_EXPR_NOTHING;
    if (min > 1 || (max > 1 && max != HR_REPEAT_UNBOUNDED))
        item = hr_expr_shared(syntax, item);
    if (max == HR_REPEAT_UNBOUNDED)
        return min == 0 ? repeat_written(syntax, item, 0, max)
                        : hr_expr_sequence_of(syntax, repeat_exactly(syntax, item, min),
                                              repeat_written(syntax, item, 0, max));
    max = MIN(max, HR_REPEAT_MAX_COUNT);
    if (max <= MAX_WRITTEN_COUNT)
        return repeat_written(syntax, item, min, max);
    return hr_expr_sequence_of(syntax, repeat_exactly(syntax, item, min),
                               repeat_up_to(syntax, item, max - min));
}
