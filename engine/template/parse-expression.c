/* parse-expression.c: expressions, by precedence from "a if b else c" down to literals.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Binary operators climb one table of binding powers; what follows a value ("." "[" "(" "|" "is") is a loop. Chains of
 * operators grow to the left without recursion; brackets recurse and are counted.
 */
#include <string.h>

#include "template/parser.h"

static HrNode *parse_binary(HrParser *parser, int min_power);
static HrNode *parse_unary(HrParser *parser, bool with_filter);

/* ---- Operators ---- */

/* How tightly the operators bind. "not" stands between "and" and the comparisons. */
enum { POWER_OR = 1, POWER_AND, POWER_NOT, POWER_COMPARE, POWER_SUM, POWER_CONCAT, POWER_PRODUCT, POWER_POWER };

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
    HrNodeKind kind = power == POWER_OR ? HR_NODE_OR : power == POWER_AND ? HR_NODE_AND : HR_NODE_BINARY;
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

/* Everything that binds at least as tightly as min_power. All operators group to the left, "**" included. */
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

/* ---- What follows a value ---- */

/* One argument. Returns false on failure. */
static bool parse_argument(HrParser *parser, HrCallNodes *args, GPtrArray *positional, GPtrArray *named, GPtrArray *names)
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
    g_autoptr(GPtrArray) positional = g_ptr_array_new(), named = g_ptr_array_new(), names = g_ptr_array_new();
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

static HrNode *parse_postfix(HrParser *parser, HrNode *node)
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
        return !hr_parser_at_name(parser, "else") && !hr_parser_at_name(parser, "or") && !hr_parser_at_name(parser, "and");
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
            return hr_parser_fail(parser, parser->at->line, "You cannot chain multiple tests with is");
        HrNode *argument = hr_parse_primary(parser);
        if (!argument || !(argument = parse_postfix(parser, argument)))
            return NULL;
        g_autoptr(GPtrArray) positional = g_ptr_array_new();
        g_ptr_array_add(positional, argument);
        node->apply.args.positional = hr_parser_list(parser, positional);
    }
    return negated ? hr_parser_binary(parser, HR_NODE_NOT, node, NULL, node->line) : node;
}

/* Filters, tests and calls behind a value. */
static HrNode *parse_applications(HrParser *parser, HrNode *node)
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
            node = hr_parser_binary(parser, type == HR_LEX_SUB ? HR_NODE_NEGATE : HR_NODE_POSITIVE, node, NULL, line);
    } else
        node = hr_parse_primary(parser);
    node = node ? parse_postfix(parser, node) : NULL;
    return node && with_filter ? parse_applications(parser, node) : node;
}

/* ---- Values ---- */

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
        HrNode *item = flags & HR_PARSE_TARGETS ? hr_parse_primary(parser)
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
        if (items->len > 0 && !hr_parser_expect(parser, HR_LEX_COMMA, closer == HR_LEX_RBRACE ? "',' or '}'" : "',' or ']'"))
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
    return hr_parser_constant(parser, hr_value_new_string(text->str, (gssize)text->len, true), line);
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
        return hr_parser_constant(parser, hr_value_new_float(g_ascii_strtod(digits->str, NULL)), lexeme.line);

    char mark = digits->len > 1 ? g_ascii_tolower(digits->str[1]) : '\0';
    guint base = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 10;
    const char *start = digits->str + (base == 10 ? 0 : 2);
    guint64 number = g_ascii_strtoull(start, &end, base);
    if (*end != '\0' || end == start)
        return hr_parser_fail(parser, lexeme.line, "'%s' is no number", digits->str);
    if (number > INT64_MAX)
        return hr_parser_fail(parser, lexeme.line, "the number %s does not fit in 64 bits", digits->str);
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
