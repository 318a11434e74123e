/* parser.h: what the parts of the parser share: statements and bodies (parse-statement.c),
 * expressions (parse-expression.c, parse-postfix.c, parse-value.c), and their tools (parser.c).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "template/ast.h"
#include "template/lexer.h"

typedef struct HrParser HrParser;

struct HrParser {
    const GString *source;
    const HrLexeme *at; /* the current lexeme; the last one is HR_LEX_END and is never passed */
    HrArena *arena;
    GHashTable *names;    /* interned names */
    GPtrArray *constants; /* values that the template owns */
    GPtrArray *macros;    /* HrMacroNode, those around the current lexeme, outermost first */
    unsigned nesting;
    unsigned loops; /* around the current lexeme, inside of the innermost macro */
    GError **error;
};

/* What a finished parse hands over. */
typedef struct {
    HrArena *arena;
    GPtrArray *constants;
    HrNodeList body;
    /* names that the interpreter itself defines, interned with the rest */
    const char *name_loop, *name_caller, *name_varargs, *name_kwargs;
} HrTree;

bool hr_parse(const GString *source, HrTree *ret_tree, GError **error);
void hr_tree_clear(HrTree *tree);

/* ---- Tools ---- */

/* All return NULL or false, with the error set, on failure. */
void *hr_parser_fail(HrParser *parser, uint32_t line, const char *format, ...) G_GNUC_PRINTF(3, 4);
void *hr_parser_unexpected(HrParser *parser, const char *expected);
bool hr_parser_enter(HrParser *parser); /* pair with leave on every path where it returned true */
void hr_parser_leave(HrParser *parser);

void hr_parser_next(HrParser *parser);
bool hr_parser_skip(HrParser *parser, HrLexemeType type);
bool hr_parser_expect(HrParser *parser, HrLexemeType type, const char *what);
bool hr_parser_at_name(const HrParser *parser, const char *name);
bool hr_parser_skip_name(HrParser *parser, const char *name);
const char *hr_parser_expect_name(HrParser *parser);
const char *hr_parser_intern(HrParser *parser, const char *text, size_t len);

HrNode *hr_parser_node(HrParser *parser, HrNodeKind kind, uint32_t line);
HrNode *hr_parser_constant(HrParser *parser, HrValue *take_value, uint32_t line);
HrNodeList hr_parser_list(HrParser *parser, const GPtrArray *nodes);
HrNode *hr_parser_binary(HrParser *parser, HrNodeKind kind, HrNode *left, HrNode *right,
                         uint32_t line);

/* ---- Statements ---- */

/* Statements and text up to the end of the source. */
bool hr_parse_template(HrParser *parser, HrNodeList *ret_body);

/* ---- Expressions ---- */
typedef enum {
    HR_PARSE_PLAIN = 0,
    HR_PARSE_NO_CONDITION = 1 << 0, /* no "a if b else c" on the outermost level */
    HR_PARSE_TARGETS = 1 << 1,      /* names and literals only, up to "in" */
    HR_PARSE_ALLOW_EMPTY = 1 << 2,  /* nothing at all is () */
} HrParseFlags;
HrNode *hr_parse_expression(HrParser *parser, HrParseFlags flags);
/* One expression, or several with commas between: a tuple. */
HrNode *hr_parse_tuple(HrParser *parser, HrParseFlags flags);
HrNode *hr_parse_primary(HrParser *parser);
/* What follows node without a blank meaning anything: dots, brackets, calls. NULL on failure. */
HrNode *hr_parse_postfix(HrParser *parser, HrNode *node);
/* Filters, tests and calls behind node. */
HrNode *hr_parse_applications(HrParser *parser, HrNode *node);
/* "name(args) | name2": filters on input (NULL: on a block's text). start_inline: the first "|" is
 * not there. */
HrNode *hr_parse_filters(HrParser *parser, HrNode *input, bool start_inline);
