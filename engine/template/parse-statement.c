/* parse-statement.c: text, tags and the blocks that they make.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What belongs to more than one template (extends, include, import, block) is refused by name: a
 * chat template is one file.
 */
#include <string.h>

#include "template/parser.h"

/* ---- Bodies ---- */

/* Statements and text up to one of the NULL-terminated end names, whose tag is left open behind its
 * name; ends NULL: up to the end. ret_end, if not NULL: which name it was. */
static bool parse_body(HrParser *parser, const char *const *ends, const char **ret_end,
                       HrNodeList *ret_body);

static bool expect_block_end(HrParser *parser)
{
    return hr_parser_expect(parser, HR_LEX_BLOCK_END, "the end of the tag");
}

/* A tag's end, a body and its closing tag. */
static bool parse_closed_body(HrParser *parser, const char *end, HrNodeList *ret_body)
{
    const char *const ends[] = { end, NULL };
    return expect_block_end(parser) && parse_body(parser, ends, NULL, ret_body) &&
           expect_block_end(parser);
}

/* ---- Assignment ---- */

static bool check_target(HrParser *parser, const HrNode *target)
{
    if (target->kind == HR_NODE_TUPLE || target->kind == HR_NODE_LIST) {
        for (size_t i = 0; i < target->list.n; i++)
            if (!check_target(parser, target->list.items[i]))
                return false;
        return true;
    }
    if (target->kind == HR_NODE_NAME)
        return true;
    return hr_parser_fail(parser, target->line, "this cannot be assigned to");
}

static HrNode *parse_target(HrParser *parser)
{
    HrNode *target = hr_parse_tuple(parser, HR_PARSE_TARGETS);
    return target && check_target(parser, target) ? target : NULL;
}

/* A target of "set", which may be a namespace's member. */
static HrNode *parse_set_target(HrParser *parser)
{
    if (parser->at->type != HR_LEX_NAME || parser->at[1].type != HR_LEX_DOT)
        return parse_target(parser);
    HrNode *node = hr_parser_node(parser, HR_NODE_MEMBER, parser->at->line);
    node->attribute.object = hr_parser_node(parser, HR_NODE_NAME, parser->at->line);
    node->attribute.object->name = hr_parser_expect_name(parser);
    hr_parser_next(parser);
    return (node->attribute.name = hr_parser_expect_name(parser)) ? node : NULL;
}

static HrNode *parse_set(HrParser *parser, uint32_t line)
{
    HrNode *node = hr_parser_node(parser, HR_NODE_SET, line);

    if (!(node->set.target = parse_set_target(parser)))
        return NULL;
    if (hr_parser_skip(parser, HR_LEX_ASSIGN)) {
        if (!(node->set.value = hr_parse_tuple(parser, HR_PARSE_PLAIN)))
            return NULL;
        return expect_block_end(parser) ? node : NULL;
    }
    node->kind = HR_NODE_SET_BLOCK;
    if (parser->at->type == HR_LEX_PIPE &&
        !(node->set.value = hr_parse_filters(parser, NULL, false)))
        return NULL;
    return parse_closed_body(parser, "endset", &node->set.body) ? node : NULL;
}

/* ---- Branches and loops ---- */

static HrNode *parse_if(HrParser *parser, uint32_t line)
{
    static const char *const ends[] = { "elif", "else", "endif", NULL };
    g_autoptr(GPtrArray) tests = g_ptr_array_new();
    g_autoptr(GArray) bodies = g_array_new(FALSE, TRUE, sizeof(HrNodeList));
    HrNode *node = hr_parser_node(parser, HR_NODE_IF, line);
    const char *end = "elif";

    while (strcmp(end, "endif") != 0) {
        HrNodeList body;
        HrNode *test = NULL;
        bool is_else = strcmp(end, "else") == 0;
        if (!is_else && !(test = hr_parse_tuple(parser, HR_PARSE_NO_CONDITION)))
            return NULL;
        if (!expect_block_end(parser) ||
            !parse_body(parser, is_else ? ends + 2 : ends, &end, &body))
            return NULL;
        if (test)
            g_ptr_array_add(tests, test);
        g_array_append_val(bodies, body);
    }
    if (bodies->len == tests->len)
        g_array_set_size(bodies, tests->len + 1);
    node->branches.tests = hr_parser_list(parser, tests);
    node->branches.bodies = hr_arena_alloc(parser->arena, bodies->len * sizeof(HrNodeList));
    memcpy(node->branches.bodies, bodies->data, bodies->len * sizeof(HrNodeList));
    return expect_block_end(parser) ? node : NULL;
}

/* From the loop's "%}" on. */
static bool parse_loop_bodies(HrParser *parser, HrNode *node)
{
    static const char *const ends[] = { "else", "endfor", NULL };
    const char *end;

    parser->loops++;
    bool parsed = expect_block_end(parser) && parse_body(parser, ends, &end, &node->loop.body);
    parser->loops--;
    if (!parsed)
        return false;
    if (strcmp(end, "else") == 0)
        return parse_closed_body(parser, "endfor", &node->loop.otherwise);
    return expect_block_end(parser);
}

static HrNode *parse_for(HrParser *parser, uint32_t line)
{
    HrNode *node = hr_parser_node(parser, HR_NODE_FOR, line);

    if (!(node->loop.target = parse_target(parser)))
        return NULL;
    if (!hr_parser_skip_name(parser, "in"))
        return hr_parser_unexpected(parser, "'in'");
    if (!(node->loop.items = hr_parse_tuple(parser, HR_PARSE_NO_CONDITION)))
        return NULL;
    if (hr_parser_skip_name(parser, "if") &&
        !(node->loop.filter = hr_parse_expression(parser, HR_PARSE_PLAIN)))
        return NULL;
    node->flag = hr_parser_skip_name(parser, "recursive");
    return parse_loop_bodies(parser, node) ? node : NULL;
}

static HrNode *parse_loop_control(HrParser *parser, HrNodeKind kind, uint32_t line)
{
    if (parser->loops == 0)
        return hr_parser_fail(parser, line, "'%s' outside of a loop",
                              kind == HR_NODE_BREAK ? "break" : "continue");
    return expect_block_end(parser) ? hr_parser_node(parser, kind, line) : NULL;
}

/* ---- Macros ---- */

/* "(a, b=1)" */
static bool parse_signature(HrParser *parser, HrMacroNode *macro)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new(), defaults = g_ptr_array_new();

    if (!hr_parser_expect(parser, HR_LEX_LPAREN, "'('"))
        return false;
    while (!hr_parser_skip(parser, HR_LEX_RPAREN)) {
        if (names->len > 0 && !hr_parser_expect(parser, HR_LEX_COMMA, "',' or ')'"))
            return false;
        const char *name = hr_parser_expect_name(parser);
        if (name == NULL)
            return false;
        if (hr_parser_skip(parser, HR_LEX_ASSIGN)) {
            HrNode *value = hr_parse_expression(parser, HR_PARSE_PLAIN);
            if (value == NULL)
                return false;
            g_ptr_array_add(defaults, value);
        } else if (defaults->len > 0)
            return hr_parser_fail(parser, parser->at->line,
                                  "non-default argument follows default argument");
        g_ptr_array_add(names, (char *)name);
    }
    macro->n_parameters = names->len;
    macro->parameters = hr_arena_alloc(parser->arena, (names->len + 1) * sizeof(char *));
    if (names->len > 0)
        memcpy(macro->parameters, names->pdata, names->len * sizeof(char *));
    macro->defaults = hr_parser_list(parser, defaults);
    return true;
}

/* A macro's body: loops outside of it do not count, and special names in it are noted. */
static bool parse_macro_body(HrParser *parser, HrMacroNode *macro, const char *end)
{
    unsigned loops = parser->loops;

    parser->loops = 0;
    g_ptr_array_add(parser->macros, macro);
    bool parsed = parse_closed_body(parser, end, &macro->body);
    g_ptr_array_set_size(parser->macros, (int)parser->macros->len - 1);
    parser->loops = loops;
    return parsed;
}

static HrNode *parse_macro(HrParser *parser, uint32_t line)
{
    HrNode *node = hr_parser_node(parser, HR_NODE_MACRO, line);

    node->macro = hr_arena_alloc(parser->arena, sizeof *node->macro);
    if (!(node->macro->name = hr_parser_expect_name(parser)) ||
        !parse_signature(parser, node->macro))
        return NULL;
    return parse_macro_body(parser, node->macro, "endmacro") ? node : NULL;
}

static HrNode *parse_call_block(HrParser *parser, uint32_t line)
{
    HrNode *node = hr_parser_node(parser, HR_NODE_CALL_BLOCK, line);
    HrMacroNode *caller = hr_arena_alloc(parser->arena, sizeof *caller);

    caller->name = hr_parser_intern(parser, "caller", 6);
    node->call_block.caller = caller;
    if (parser->at->type == HR_LEX_LPAREN && !parse_signature(parser, caller))
        return NULL;
    HrNode *call = hr_parse_expression(parser, HR_PARSE_PLAIN);
    if (call == NULL)
        return NULL;
    if (call->kind != HR_NODE_CALL)
        return hr_parser_fail(parser, line, "expected call");
    node->call_block.call = call;
    return parse_macro_body(parser, caller, "endcall") ? node : NULL;
}

/* ---- Other blocks ---- */

static HrNode *parse_filter_block(HrParser *parser, uint32_t line)
{
    HrNode *node = hr_parser_node(parser, HR_NODE_FILTER_BLOCK, line);
    if (!(node->filter_block.filter = hr_parse_filters(parser, NULL, true)))
        return NULL;
    return parse_closed_body(parser, "endfilter", &node->filter_block.body) ? node : NULL;
}

static HrNode *parse_with(HrParser *parser, uint32_t line)
{
    g_autoptr(GPtrArray) targets = g_ptr_array_new(), values = g_ptr_array_new();
    HrNode *node = hr_parser_node(parser, HR_NODE_WITH, line);

    while (parser->at->type != HR_LEX_BLOCK_END) {
        HrNode *target, *value;
        if (targets->len > 0 &&
            !hr_parser_expect(parser, HR_LEX_COMMA, "',' or the end of the tag"))
            return NULL;
        if (!(target = parse_target(parser)) || !hr_parser_expect(parser, HR_LEX_ASSIGN, "'='") ||
            !(value = hr_parse_expression(parser, HR_PARSE_PLAIN)))
            return NULL;
        g_ptr_array_add(targets, target);
        g_ptr_array_add(values, value);
    }
    node->with.targets = hr_parser_list(parser, targets);
    node->with.values = hr_parser_list(parser, values);
    return parse_closed_body(parser, "endwith", &node->with.body) ? node : NULL;
}

static HrNode *parse_print(HrParser *parser, uint32_t line)
{
    g_autoptr(GPtrArray) values = g_ptr_array_new();
    HrNode *node = hr_parser_node(parser, HR_NODE_OUTPUT, line);

    while (parser->at->type != HR_LEX_BLOCK_END) {
        HrNode *value;
        if (values->len > 0 && !hr_parser_expect(parser, HR_LEX_COMMA, "',' or the end of the tag"))
            return NULL;
        if (!(value = hr_parse_expression(parser, HR_PARSE_PLAIN)))
            return NULL;
        g_ptr_array_add(values, value);
    }
    node->list = hr_parser_list(parser, values);
    return expect_block_end(parser) ? node : NULL;
}

/* Hugging Face marks what a model wrote with it; the text is the same without. */
static HrNode *parse_generation(HrParser *parser, uint32_t line)
{
    HrNode *node = hr_parser_node(parser, HR_NODE_SCOPE, line);
    return parse_closed_body(parser, "endgeneration", &node->list) ? node : NULL;
}

static HrNode *parse_break(HrParser *parser, uint32_t line)
{
    return parse_loop_control(parser, HR_NODE_BREAK, line);
}

static HrNode *parse_continue(HrParser *parser, uint32_t line)
{
    return parse_loop_control(parser, HR_NODE_CONTINUE, line);
}

/* ---- Statements ---- */

static const struct {
    const char *name;
    HrNode *(*parse)(HrParser *parser, uint32_t line);
} statements[] = {
    {"if", parse_if},
    {"for", parse_for},
    {"set", parse_set},
    {"macro", parse_macro},
    {"break", parse_break},
    {"continue", parse_continue},
    {"call", parse_call_block},
    {"filter", parse_filter_block},
    {"with", parse_with},
    {"print", parse_print},
    {"generation", parse_generation},
};

static HrNode *refuse_statement(HrParser *parser, const char *name, uint32_t line)
{
    static const char *const foreign[] = { "extends", "include", "import", "from", "block", NULL };

    if (g_strv_contains(foreign, name))
        return hr_parser_fail(parser, line, "'%s' is not supported: a chat template stands alone",
                              name);
    if (strcmp(name, "autoescape") == 0)
        return hr_parser_fail(parser, line,
                              "'autoescape' is not supported: a chat template is plain text");
    return hr_parser_fail(parser, line, "Encountered unknown tag '%s'.", name);
}

/* Behind "{%". */
static HrNode *parse_statement(HrParser *parser)
{
    uint32_t line = parser->at->line;
    const char *name = hr_parser_expect_name(parser);

    if (name == NULL)
        return NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(statements); i++) {
        if (strcmp(statements[i].name, name) != 0)
            continue;
        if (!hr_parser_enter(parser))
            return NULL;
        HrNode *node = statements[i].parse(parser, line);
        hr_parser_leave(parser);
        return node;
    }
    return refuse_statement(parser, name, line);
}

static HrNode *parse_data(HrParser *parser)
{
    const HrLexeme *data = parser->at;
    HrValue *text = hr_value_new_string(parser->source->str + data->start, data->len, true);
    hr_parser_next(parser);
    return hr_parser_constant(parser, text, data->line);
}

static HrNode *parse_output(HrParser *parser)
{
    hr_parser_next(parser);
    HrNode *value = hr_parse_tuple(parser, HR_PARSE_PLAIN);
    return value && hr_parser_expect(parser, HR_LEX_OUTPUT_END, "'}}'") ? value : NULL;
}

/* Pieces of text and values that follow one another are one OUTPUT node. */
static bool parse_outputs(HrParser *parser, GPtrArray *body)
{
    g_autoptr(GPtrArray) parts = g_ptr_array_new();
    HrNode *node = hr_parser_node(parser, HR_NODE_OUTPUT, parser->at->line);

    while (parser->at->type == HR_LEX_DATA || parser->at->type == HR_LEX_OUTPUT_BEGIN) {
        HrNode *part = parser->at->type == HR_LEX_DATA ? parse_data(parser) : parse_output(parser);
        if (part == NULL)
            return false;
        g_ptr_array_add(parts, part);
    }
    node->list = hr_parser_list(parser, parts);
    g_ptr_array_add(body, node);
    return true;
}

static const char *skip_end(HrParser *parser, const char *const *ends)
{
    for (; ends && *ends; ends++)
        if (hr_parser_skip_name(parser, *ends))
            return *ends;
    return NULL;
}

static bool parse_body(HrParser *parser, const char *const *ends, const char **ret_end,
                       HrNodeList *ret_body)
{
    g_autoptr(GPtrArray) body = g_ptr_array_new();
    uint32_t line = parser->at->line;

    while (parser->at->type != HR_LEX_END) {
        if (parser->at->type == HR_LEX_DATA || parser->at->type == HR_LEX_OUTPUT_BEGIN) {
            if (!parse_outputs(parser, body))
                return false;
            continue;
        }
        if (!hr_parser_expect(parser, HR_LEX_BLOCK_BEGIN, "a tag"))
            return false;
        const char *end = skip_end(parser, ends);
        if (end) {
            if (ret_end)
                *ret_end = end;
            *ret_body = hr_parser_list(parser, body);
            return true;
        }
        HrNode *node = parse_statement(parser);
        if (node == NULL)
            return false;
        g_ptr_array_add(body, node);
    }
    if (ends) {
        g_autofree char *wanted = g_strjoinv("' or '", (char **)ends);
        return hr_parser_fail(parser, line, "this block does not end: expected '%s'", wanted);
    }
    *ret_body = hr_parser_list(parser, body);
    return true;
}

bool hr_parse_template(HrParser *parser, HrNodeList *ret_body)
{
    return parse_body(parser, NULL, NULL, ret_body);
}
