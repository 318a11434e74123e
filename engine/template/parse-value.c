/* parse-value.c: names, literals, and what stands in brackets.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <string.h>

#include "template/parser.h"

static bool at_tuple_end(const HrParser *parser, HrParseFlags flags)
{
    switch (parser->at->type) {
    case HR_LEX_OUTPUT_END:
    case HR_LEX_BLOCK_END:
    case HR_LEX_RPAREN:
    case HR_LEX_RBRACKET:
        return true;
    default:
        return (flags & HR_PARSE_TARGETS) && hr_parser_at_name(parser, "in");
    }
}

HrNode *hr_parse_tuple(HrParser *parser, HrParseFlags flags)
{
    g_autoptr(GPtrArray) items = g_ptr_array_new();
    uint32_t line = parser->at->line;
    bool is_tuple = false;

    while (!at_tuple_end(parser, flags)) {
        HrNode *item = flags & HR_PARSE_TARGETS
                           ? hr_parse_primary(parser)
                           : hr_parse_expression(parser, flags & HR_PARSE_NO_CONDITION);
        if (item == NULL)
            return NULL;
        g_ptr_array_add(items, item);
        if (!hr_parser_skip(parser, HR_LEX_COMMA))
            break;
        is_tuple = true;
    }
    if (items->len == 0 && !(flags & HR_PARSE_ALLOW_EMPTY))
        return hr_parser_unexpected(parser, "an expression");
    if (items->len == 1 && !is_tuple)
        return g_ptr_array_index(items, 0);
    HrNode *node = hr_parser_node(parser, HR_NODE_TUPLE, line);
    node->list = hr_parser_list(parser, items);
    return node;
}

/* "[a, b]" and "{k: v}" up to closer. */
static HrNode *parse_display(HrParser *parser, HrNodeKind kind, HrLexemeType closer)
{
    g_autoptr(GPtrArray) items = g_ptr_array_new();
    HrNode *node = hr_parser_node(parser, kind, parser->at->line);

    hr_parser_next(parser);
    while (!hr_parser_skip(parser, closer)) {
        if (items->len > 0 &&
            !hr_parser_expect(parser, HR_LEX_COMMA,
                              closer == HR_LEX_RBRACE ? "',' or '}'" : "',' or ']'"))
            return NULL;
        if (hr_parser_skip(parser, closer))
            break;
        for (int part = 0; part < (kind == HR_NODE_DICT ? 2 : 1); part++) {
            if (part == 1 && !hr_parser_expect(parser, HR_LEX_COLON, "':'"))
                return NULL;
            HrNode *item = hr_parse_expression(parser, HR_PARSE_PLAIN);
            if (item == NULL)
                return NULL;
            g_ptr_array_add(items, item);
        }
    }
    node->list = hr_parser_list(parser, items);
    return node;
}

/* Literals next to one another are one string. */
static HrNode *parse_string(HrParser *parser)
{
    g_autoptr(GString) text = g_string_new(NULL);
    uint32_t line = parser->at->line;

    for (; parser->at->type == HR_LEX_STRING; hr_parser_next(parser))
        if (!hr_lex_unescape(text, parser->source->str + parser->at->start, parser->at->len))
            return hr_parser_fail(parser, parser->at->line, "a string literal has a broken escape");
    return hr_parser_constant(parser, hr_value_new_string(text->str, (gssize)text->len, true),
                              line);
}

static HrNode *parse_number(HrParser *parser)
{
    g_autoptr(GString) digits = g_string_new(NULL);
    HrLexeme lexeme = *parser->at;
    char *end;

    hr_parser_next(parser);
    for (size_t i = 0; i < lexeme.len; i++)
        if (parser->source->str[lexeme.start + i] != '_')
            g_string_append_c(digits, parser->source->str[lexeme.start + i]);
    if (lexeme.type == HR_LEX_FLOAT)
        return hr_parser_constant(parser, hr_value_new_float(g_ascii_strtod(digits->str, NULL)),
                                  lexeme.line);

    char mark = digits->len > 1 ? g_ascii_tolower(digits->str[1]) : '\0';
    guint base = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 10;
    const char *start = digits->str + (base == 10 ? 0 : 2);
    guint64 number = g_ascii_strtoull(start, &end, base);
    if (*end != '\0' || end == start)
        return hr_parser_fail(parser, lexeme.line, "'%s' is no number", digits->str);
    if (number > INT64_MAX)
        return hr_parser_fail(parser, lexeme.line, "the number %s does not fit in 64 bits",
                              digits->str);
    return hr_parser_constant(parser, hr_value_new_int((int64_t)number), lexeme.line);
}

/* A macro whose body says varargs, kwargs or caller receives them. */
static void note_special_name(HrParser *parser, const char *name)
{
    for (size_t i = 0; i < parser->macros->len; i++) {
        HrMacroNode *macro = g_ptr_array_index(parser->macros, i);
        macro->uses_caller |= strcmp(name, "caller") == 0;
        macro->uses_varargs |= strcmp(name, "varargs") == 0;
        macro->uses_kwargs |= strcmp(name, "kwargs") == 0;
    }
}

static HrNode *parse_name(HrParser *parser)
{
    uint32_t line = parser->at->line;
    const char *name = hr_parser_expect_name(parser);

    if (strcmp(name, "true") == 0 || strcmp(name, "True") == 0)
        return hr_parser_constant(parser, hr_value_new_bool(true), line);
    if (strcmp(name, "false") == 0 || strcmp(name, "False") == 0)
        return hr_parser_constant(parser, hr_value_new_bool(false), line);
    if (strcmp(name, "none") == 0 || strcmp(name, "None") == 0)
        return hr_parser_constant(parser, hr_value_new_null(), line);
    note_special_name(parser, name);
    HrNode *node = hr_parser_node(parser, HR_NODE_NAME, line);
    node->name = name;
    return node;
}

static HrNode *parse_value(HrParser *parser)
{
    HrNode *node;

    switch (parser->at->type) {
    case HR_LEX_NAME:
        return parse_name(parser);
    case HR_LEX_STRING:
        return parse_string(parser);
    case HR_LEX_INT:
    case HR_LEX_FLOAT:
        return parse_number(parser);
    case HR_LEX_LBRACKET:
        return parse_display(parser, HR_NODE_LIST, HR_LEX_RBRACKET);
    case HR_LEX_LBRACE:
        return parse_display(parser, HR_NODE_DICT, HR_LEX_RBRACE);
    case HR_LEX_LPAREN:
        hr_parser_next(parser);
        node = hr_parse_tuple(parser, HR_PARSE_ALLOW_EMPTY);
        return node && hr_parser_expect(parser, HR_LEX_RPAREN, "')'") ? node : NULL;
    default:
        return hr_parser_unexpected(parser, "an expression");
    }
}

HrNode *hr_parse_primary(HrParser *parser)
{
    if (!hr_parser_enter(parser))
        return NULL;
    HrNode *node = parse_value(parser);
    hr_parser_leave(parser);
    return node;
}
