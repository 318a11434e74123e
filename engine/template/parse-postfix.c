/* parse-postfix.c: what follows a value: ".name", "[index]", "(arguments)", "|filter", "is test".
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <string.h>

#include "template/parser.h"

/* ---- Arguments ---- */

/* One argument. Returns false on failure. */
static bool parse_argument(HrParser *parser, HrCallNodes *args, GPtrArray *positional,
                           GPtrArray *named, GPtrArray *names)
{
    HrNode *value;

    if (hr_parser_skip(parser, HR_LEX_MUL)) {
        if (args->star || args->star_star)
            return hr_parser_unexpected(parser, "at most one *argument");
        return (args->star = hr_parse_expression(parser, HR_PARSE_PLAIN)) != NULL;
    }
    if (hr_parser_skip(parser, HR_LEX_POW)) {
        if (args->star_star)
            return hr_parser_unexpected(parser, "at most one **argument");
        return (args->star_star = hr_parse_expression(parser, HR_PARSE_PLAIN)) != NULL;
    }
    if (args->star_star)
        return hr_parser_unexpected(parser, "')' behind the **argument");
    if (parser->at->type == HR_LEX_NAME && parser->at[1].type == HR_LEX_ASSIGN) {
        g_ptr_array_add(names, (char *)hr_parser_expect_name(parser));
        hr_parser_next(parser);
        if ((value = hr_parse_expression(parser, HR_PARSE_PLAIN)))
            g_ptr_array_add(named, value);
        return value != NULL;
    }
    if (named->len > 0 || args->star)
        return hr_parser_unexpected(parser, "a named argument");
    if ((value = hr_parse_expression(parser, HR_PARSE_PLAIN)))
        g_ptr_array_add(positional, value);
    return value != NULL;
}

/* From "(" to ")". */
static bool parse_arguments(HrParser *parser, HrCallNodes *ret_args)
{
    g_autoptr(GPtrArray) positional = g_ptr_array_new(), named = g_ptr_array_new(),
                         names = g_ptr_array_new();
    HrCallNodes args = { 0 };

    hr_parser_next(parser);
    for (bool first = true; !hr_parser_skip(parser, HR_LEX_RPAREN); first = false) {
        if (!first && !hr_parser_expect(parser, HR_LEX_COMMA, "',' or ')'"))
            return false;
        if (!first && hr_parser_skip(parser, HR_LEX_RPAREN))
            break;
        if (!parse_argument(parser, &args, positional, named, names))
            return false;
    }
    args.positional = hr_parser_list(parser, positional);
    args.named = hr_parser_list(parser, named);
    if (names->len > 0) {
        args.names = hr_arena_alloc(parser->arena, names->len * sizeof(char *));
        memcpy(args.names, names->pdata, names->len * sizeof(char *));
    }
    *ret_args = args;
    return true;
}

static HrNode *parse_call(HrParser *parser, HrNode *callee)
{
    HrNode *node = hr_parser_node(parser, HR_NODE_CALL, parser->at->line);
    node->call.callee = callee;
    return parse_arguments(parser, &node->call.args) ? node : NULL;
}

/* ".name" and ".0" */
static HrNode *parse_dot(HrParser *parser, HrNode *object)
{
    uint32_t line = parser->at->line;

    hr_parser_next(parser);
    if (parser->at->type == HR_LEX_NAME) {
        HrNode *node = hr_parser_node(parser, HR_NODE_ATTRIBUTE, line);
        node->attribute.object = object;
        node->attribute.name = hr_parser_expect_name(parser);
        return node;
    }
    if (parser->at->type != HR_LEX_INT)
        return hr_parser_unexpected(parser, "a name or a number");
    HrNode *node = hr_parser_node(parser, HR_NODE_ITEM, line);
    node->item.object = object;
    node->item.index = hr_parse_primary(parser);
    return node->item.index ? node : NULL;
}

/* A part of a slice, if there is one. */
static bool parse_slice_part(HrParser *parser, HrNode **ret_part)
{
    HrLexemeType type = parser->at->type;
    if (type == HR_LEX_COLON || type == HR_LEX_RBRACKET || type == HR_LEX_COMMA)
        return true;
    return (*ret_part = hr_parse_expression(parser, HR_PARSE_PLAIN)) != NULL;
}

/* "[index]", "[a, b]", "[start:stop:step]" */
static HrNode *parse_subscript(HrParser *parser, HrNode *object)
{
    HrNode *node = hr_parser_node(parser, HR_NODE_SLICE, parser->at->line);
    HrNode *start = NULL;

    hr_parser_next(parser);
    if (parser->at->type != HR_LEX_COLON) {
        if (!(start = hr_parse_tuple(parser, HR_PARSE_PLAIN)))
            return NULL;
        if (parser->at->type != HR_LEX_COLON) {
            node->kind = HR_NODE_ITEM;
            node->item.object = object;
            node->item.index = start;
            return hr_parser_expect(parser, HR_LEX_RBRACKET, "']'") ? node : NULL;
        }
    }
    node->slice.object = object;
    node->slice.start = start;
    hr_parser_next(parser);
    if (!parse_slice_part(parser, &node->slice.stop))
        return NULL;
    if (hr_parser_skip(parser, HR_LEX_COLON) && !parse_slice_part(parser, &node->slice.step))
        return NULL;
    return hr_parser_expect(parser, HR_LEX_RBRACKET, "']'") ? node : NULL;
}

HrNode *hr_parse_postfix(HrParser *parser, HrNode *node)
{
    while (node) {
        if (parser->at->type == HR_LEX_DOT)
            node = parse_dot(parser, node);
        else if (parser->at->type == HR_LEX_LBRACKET)
            node = parse_subscript(parser, node);
        else if (parser->at->type == HR_LEX_LPAREN)
            node = parse_call(parser, node);
        else
            break;
    }
    return node;
}

/* A filter's or test's name, dots included. */
static const char *parse_dotted_name(HrParser *parser)
{
    const char *name = hr_parser_expect_name(parser);

    while (name && hr_parser_skip(parser, HR_LEX_DOT)) {
        const char *more = hr_parser_expect_name(parser);
        g_autofree char *joined = more ? g_strconcat(name, ".", more, NULL) : NULL;
        name = more ? hr_parser_intern(parser, joined, strlen(joined)) : NULL;
    }
    return name;
}

HrNode *hr_parse_filters(HrParser *parser, HrNode *input, bool start_inline)
{
    HrNode *node = input;

    while (start_inline || hr_parser_skip(parser, HR_LEX_PIPE)) {
        start_inline = false;
        HrNode *filter = hr_parser_node(parser, HR_NODE_FILTER, parser->at->line);
        filter->apply.input = node;
        if (!(filter->apply.name = parse_dotted_name(parser)))
            return NULL;
        if (parser->at->type == HR_LEX_LPAREN && !parse_arguments(parser, &filter->apply.args))
            return NULL;
        node = filter;
    }
    return node;
}

/* Whether a test's only argument follows without brackets: "x is divisibleby 3". */
static bool at_bare_argument(const HrParser *parser)
{
    switch (parser->at->type) {
    case HR_LEX_NAME:
        return !hr_parser_at_name(parser, "else") && !hr_parser_at_name(parser, "or") &&
               !hr_parser_at_name(parser, "and");
    case HR_LEX_STRING:
    case HR_LEX_INT:
    case HR_LEX_FLOAT:
    case HR_LEX_LBRACKET:
    case HR_LEX_LBRACE:
        return true;
    default:
        return false;
    }
}

static HrNode *parse_test(HrParser *parser, HrNode *input)
{
    HrNode *node = hr_parser_node(parser, HR_NODE_TEST, parser->at->line);

    hr_parser_next(parser);
    bool negated = hr_parser_skip_name(parser, "not");
    node->apply.input = input;
    if (!(node->apply.name = parse_dotted_name(parser)))
        return NULL;
    if (parser->at->type == HR_LEX_LPAREN) {
        if (!parse_arguments(parser, &node->apply.args))
            return NULL;
    } else if (at_bare_argument(parser)) {
        if (hr_parser_at_name(parser, "is"))
            return hr_parser_fail(parser, parser->at->line,
                                  "You cannot chain multiple tests with is");
        HrNode *argument = hr_parse_primary(parser);
        if (!argument || !(argument = hr_parse_postfix(parser, argument)))
            return NULL;
        g_autoptr(GPtrArray) positional = g_ptr_array_new();
        g_ptr_array_add(positional, argument);
        node->apply.args.positional = hr_parser_list(parser, positional);
    }
    return negated ? hr_parser_binary(parser, HR_NODE_NOT, node, NULL, node->line) : node;
}

HrNode *hr_parse_applications(HrParser *parser, HrNode *node)
{
    while (node) {
        if (parser->at->type == HR_LEX_PIPE)
            node = hr_parse_filters(parser, node, false);
        else if (hr_parser_at_name(parser, "is"))
            node = parse_test(parser, node);
        else if (parser->at->type == HR_LEX_LPAREN)
            node = parse_call(parser, node);
        else
            break;
    }
    return node;
}
