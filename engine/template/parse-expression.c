/* parse-expression.c: expressions, by precedence from "a if b else c" down to signs.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Binary operators climb one table of binding powers. Chains of operators grow to the left without
 * recursion; brackets recurse and are counted. What may follow a value is parse-postfix.c's,
 * literals and brackets are parse-value.c's.
 */
#include <string.h>

#include "template/parser.h"

static HrNode *parse_binary(HrParser *parser, int min_power);

/* ---- Signs ---- */

static HrNode *parse_unary(HrParser *parser, bool with_filter)
{
    HrLexemeType type = parser->at->type;
    uint32_t line = parser->at->line;
    HrNode *node;

    if (type == HR_LEX_SUB || type == HR_LEX_ADD) {
        if (!hr_parser_enter(parser))
            return NULL;
        hr_parser_next(parser);
        node = parse_unary(parser, false);
        hr_parser_leave(parser);
        if (node)
            node = hr_parser_binary(parser, type == HR_LEX_SUB ? HR_NODE_NEGATE : HR_NODE_POSITIVE,
                                    node, NULL, line);
    } else
        node = hr_parse_primary(parser);
    node = node ? hr_parse_postfix(parser, node) : NULL;
    return node && with_filter ? hr_parse_applications(parser, node) : node;
}

/* ---- Operators ---- */

/* How tightly the operators bind. "not" stands between "and" and the comparisons. */
enum {
    POWER_OR = 1,
    POWER_AND,
    POWER_NOT,
    POWER_COMPARE,
    POWER_SUM,
    POWER_CONCAT,
    POWER_PRODUCT,
    POWER_POWER
};

static const struct {
    HrLexemeType type;
    int power;
    HrOperator op;
} binary_operators[] = {
    { HR_LEX_ADD, POWER_SUM, HR_OP_ADD },         { HR_LEX_SUB, POWER_SUM, HR_OP_SUB },
    { HR_LEX_MUL, POWER_PRODUCT, HR_OP_MUL },     { HR_LEX_DIV, POWER_PRODUCT, HR_OP_DIV },
    { HR_LEX_FLOORDIV, POWER_PRODUCT, HR_OP_FLOORDIV }, { HR_LEX_MOD, POWER_PRODUCT, HR_OP_MOD },
    { HR_LEX_POW, POWER_POWER, HR_OP_POW },
    { HR_LEX_EQ, POWER_COMPARE, HR_OP_EQ },       { HR_LEX_NE, POWER_COMPARE, HR_OP_NE },
    { HR_LEX_LT, POWER_COMPARE, HR_OP_LT },       { HR_LEX_LE, POWER_COMPARE, HR_OP_LE },
    { HR_LEX_GT, POWER_COMPARE, HR_OP_GT },       { HR_LEX_GE, POWER_COMPARE, HR_OP_GE },
};

static int binary_power(const HrParser *parser)
{
    if (parser->at->type == HR_LEX_TILDE)
        return POWER_CONCAT;
    if (parser->at->type == HR_LEX_NAME) {
        if (hr_parser_at_name(parser, "or"))
            return POWER_OR;
        if (hr_parser_at_name(parser, "and"))
            return POWER_AND;
        /* Nothing but "not in" has a "not" behind a value. */
        if (hr_parser_at_name(parser, "in") || hr_parser_at_name(parser, "not"))
            return POWER_COMPARE;
        return 0;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(binary_operators); i++)
        if (binary_operators[i].type == parser->at->type)
            return binary_operators[i].power;
    return 0;
}

static HrOperator take_operator(HrParser *parser)
{
    HrLexemeType type = parser->at->type;

    hr_parser_next(parser);
    for (size_t i = 0; i < G_N_ELEMENTS(binary_operators); i++)
        if (binary_operators[i].type == type)
            return binary_operators[i].op;
    return HR_OP_ADD;
}

/* a < b <= c, a in b, a not in b: one node for the whole chain. */
static HrNode *parse_comparison(HrParser *parser, HrNode *first)
{
    g_autoptr(GPtrArray) rest = g_ptr_array_new();
    g_autoptr(GByteArray) ops = g_byte_array_new();
    HrNode *node = hr_parser_node(parser, HR_NODE_COMPARE, parser->at->line);

    while (binary_power(parser) == POWER_COMPARE) {
        uint8_t op;
        if (hr_parser_skip_name(parser, "in"))
            op = HR_OP_IN;
        else if (hr_parser_at_name(parser, "not")) {
            if (parser->at[1].type != HR_LEX_NAME || parser->at[1].len != 2 ||
                memcmp(parser->source->str + parser->at[1].start, "in", 2) != 0)
                break;
            hr_parser_next(parser);
            hr_parser_next(parser);
            op = HR_OP_NOT_IN;
        } else
            op = take_operator(parser);
        HrNode *right = parse_binary(parser, POWER_SUM);
        if (right == NULL)
            return NULL;
        g_ptr_array_add(rest, right);
        g_byte_array_append(ops, &op, 1);
    }
    if (ops->len == 0)
        return first;
    node->compare.first = first;
    node->compare.rest = hr_parser_list(parser, rest);
    node->compare.ops = hr_arena_alloc(parser->arena, ops->len);
    memcpy(node->compare.ops, ops->data, ops->len);
    return node;
}

/* a ~ b ~ c: one node. */
static HrNode *parse_concat(HrParser *parser, HrNode *first)
{
    g_autoptr(GPtrArray) parts = g_ptr_array_new();
    HrNode *node = hr_parser_node(parser, HR_NODE_CONCAT, parser->at->line);

    g_ptr_array_add(parts, first);
    while (hr_parser_skip(parser, HR_LEX_TILDE)) {
        HrNode *part = parse_binary(parser, POWER_PRODUCT);
        if (part == NULL)
            return NULL;
        g_ptr_array_add(parts, part);
    }
    node->list = hr_parser_list(parser, parts);
    return node;
}

/* One more operator of the given power and what stands to its right. */
static HrNode *parse_operation(HrParser *parser, HrNode *left, int power)
{
    uint32_t line = parser->at->line;

    if (power == POWER_COMPARE)
        return parse_comparison(parser, left);
    if (power == POWER_CONCAT)
        return parse_concat(parser, left);
    HrNodeKind kind = power == POWER_OR    ? HR_NODE_OR
                      : power == POWER_AND ? HR_NODE_AND
                                           : HR_NODE_BINARY;
    HrOperator op = take_operator(parser);
    HrNode *right = parse_binary(parser, power + 1);
    if (right == NULL)
        return NULL;
    HrNode *node = hr_parser_binary(parser, kind, left, right, line);
    node->op = op;
    return node;
}

static HrNode *parse_not(HrParser *parser)
{
    uint32_t line = parser->at->line;

    if (!hr_parser_enter(parser))
        return NULL;
    hr_parser_next(parser);
    HrNode *operand = parse_binary(parser, POWER_NOT);
    hr_parser_leave(parser);
    return operand ? hr_parser_binary(parser, HR_NODE_NOT, operand, NULL, line) : NULL;
}

/* Everything that binds at least as tightly as min_power. All operators group to the left, "**"
 * included. */
static HrNode *parse_binary(HrParser *parser, int min_power)
{
    HrNode *left;

    if (min_power <= POWER_NOT && hr_parser_at_name(parser, "not"))
        left = parse_not(parser);
    else
        left = parse_unary(parser, true);
    while (left) {
        int power = binary_power(parser);
        if (power == 0 || power < min_power)
            break;
        HrNode *joined = parse_operation(parser, left, power);
        if (joined == left) /* a "not" that is not "not in" */
            break;
        left = joined;
    }
    return left;
}

HrNode *hr_parse_expression(HrParser *parser, HrParseFlags flags)
{
    if (!hr_parser_enter(parser))
        return NULL;
    HrNode *value = parse_binary(parser, POWER_OR);
    while (value && !(flags & HR_PARSE_NO_CONDITION) && hr_parser_at_name(parser, "if")) {
        HrNode *node = hr_parser_node(parser, HR_NODE_CONDITION, parser->at->line);
        hr_parser_next(parser);
        node->condition.yes = value;
        node->condition.test = parse_binary(parser, POWER_OR);
        if (node->condition.test && hr_parser_skip_name(parser, "else") &&
            !(node->condition.no = hr_parse_expression(parser, HR_PARSE_PLAIN)))
            node->condition.test = NULL;
        value = node->condition.test ? node : NULL;
    }
    hr_parser_leave(parser);
    return value;
}
