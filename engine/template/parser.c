/* parser.c: the parser's own tools, and its beginning and end.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "template/parser.h"

#include <string.h>

#include "template/limits.h"

/* ---- Tools ---- */

void *hr_parser_fail(HrParser *parser, uint32_t line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    if (parser->error && *parser->error == NULL)
        g_set_error(parser->error, HR_ERROR, HR_ERROR_TEMPLATE, "line %u: %s", line, message);
    return NULL;
}

void *hr_parser_unexpected(HrParser *parser, const char *expected)
{
    g_autofree char *found = hr_lex_describe(parser->at, parser->source);
    return hr_parser_fail(parser, parser->at->line, "expected %s, found %s", expected, found);
}

bool hr_parser_enter(HrParser *parser)
{
    if (parser->nesting == HR_TEMPLATE_MAX_NESTING)
        return hr_parser_fail(parser, parser->at->line, "nested more than %u deep",
                              HR_TEMPLATE_MAX_NESTING);
    parser->nesting++;
    return true;
}

void hr_parser_leave(HrParser *parser)
{
    parser->nesting--;
}

void hr_parser_next(HrParser *parser)
{
    if (parser->at->type != HR_LEX_END)
        parser->at++;
}

bool hr_parser_skip(HrParser *parser, HrLexemeType type)
{
    if (parser->at->type != type)
        return false;
    hr_parser_next(parser);
    return true;
}

bool hr_parser_expect(HrParser *parser, HrLexemeType type, const char *what)
{
    return hr_parser_skip(parser, type) || hr_parser_unexpected(parser, what);
}

bool hr_parser_at_name(const HrParser *parser, const char *name)
{
    return parser->at->type == HR_LEX_NAME && strlen(name) == parser->at->len &&
           memcmp(parser->source->str + parser->at->start, name, parser->at->len) == 0;
}

bool hr_parser_skip_name(HrParser *parser, const char *name)
{
    if (!hr_parser_at_name(parser, name))
        return false;
    hr_parser_next(parser);
    return true;
}

const char *hr_parser_intern(HrParser *parser, const char *text, size_t len)
{
    g_autofree char *copy = g_strndup(text, len);
    const char *known = g_hash_table_lookup(parser->names, copy);
    if (known)
        return known;
    char *name = hr_arena_alloc(parser->arena, len + 1);
    memcpy(name, text, len);
    g_hash_table_add(parser->names, name);
    return name;
}

const char *hr_parser_expect_name(HrParser *parser)
{
    HrLexeme lexeme = *parser->at;
    if (!hr_parser_expect(parser, HR_LEX_NAME, "a name"))
        return NULL;
    return hr_parser_intern(parser, parser->source->str + lexeme.start, lexeme.len);
}

HrNode *hr_parser_node(HrParser *parser, HrNodeKind kind, uint32_t line)
{
    HrNode *node = hr_arena_alloc(parser->arena, sizeof *node);
    node->kind = kind;
    node->line = line;
    return node;
}

HrNode *hr_parser_constant(HrParser *parser, HrValue *take_value, uint32_t line)
{
    HrNode *node = hr_parser_node(parser, HR_NODE_CONST, line);
    node->constant = take_value;
    g_ptr_array_add(parser->constants, take_value);
    return node;
}

HrNodeList hr_parser_list(HrParser *parser, const GPtrArray *nodes)
{
    HrNodeList list = { .n = nodes->len };
    if (list.n > 0) {
        list.items = hr_arena_alloc(parser->arena, list.n * sizeof(HrNode *));
        memcpy(list.items, nodes->pdata, list.n * sizeof(HrNode *));
    }
    return list;
}

HrNode *hr_parser_binary(HrParser *parser, HrNodeKind kind, HrNode *left, HrNode *right,
                         uint32_t line)
{
    HrNode *node = hr_parser_node(parser, kind, line);
    node->left = left;
    node->right = right;
    return node;
}

/* ---- The whole ---- */

bool hr_parse(const GString *source, HrTree *ret_tree, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(GArray) lexemes = hr_lex(source, error);
    if (lexemes == NULL)
        return false;
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) macros = g_ptr_array_new();
    HrTree tree = {.arena = hr_arena_new(),
                   .constants = g_ptr_array_new_with_free_func((GDestroyNotify)hr_value_unref)};
    HrParser parser = {
        .source = source,
        .at = (const HrLexeme *)lexemes->data,
        .arena = tree.arena,
        .names = names,
        .constants = tree.constants,
        .macros = macros,
        .error = &failure,
    };

    if (!hr_parse_template(&parser, &tree.body)) {
        hr_tree_clear(&tree);
        g_propagate_error(error, g_steal_pointer(&failure));
        return false;
    }
    tree.name_loop = hr_parser_intern(&parser, "loop", 4);
    tree.name_caller = hr_parser_intern(&parser, "caller", 6);
    tree.name_varargs = hr_parser_intern(&parser, "varargs", 7);
    tree.name_kwargs = hr_parser_intern(&parser, "kwargs", 6);
    *ret_tree = tree;
    return true;
}

void hr_tree_clear(HrTree *tree)
{
    g_clear_pointer(&tree->constants, g_ptr_array_unref);
    g_clear_pointer(&tree->arena, hr_arena_free);
    tree->body = (HrNodeList){ 0 };
}
