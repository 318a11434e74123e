/* lexer.h: a template's source as a list of lexemes, whitespace control already applied to the text
 * between tags.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    HR_LEX_END,
    HR_LEX_DATA, /* text to be written as it is */
    HR_LEX_OUTPUT_BEGIN,
    HR_LEX_OUTPUT_END, /* {{ }} */
    HR_LEX_BLOCK_BEGIN,
    HR_LEX_BLOCK_END, /* {% %} */
    HR_LEX_NAME,
    HR_LEX_STRING,
    HR_LEX_INT,
    HR_LEX_FLOAT,
    HR_LEX_POW,
    HR_LEX_FLOORDIV,
    HR_LEX_EQ,
    HR_LEX_NE,
    HR_LEX_LE,
    HR_LEX_GE,
    HR_LEX_LT,
    HR_LEX_GT,
    HR_LEX_ASSIGN,
    HR_LEX_ADD,
    HR_LEX_SUB,
    HR_LEX_MUL,
    HR_LEX_DIV,
    HR_LEX_MOD,
    HR_LEX_TILDE,
    HR_LEX_PIPE,
    HR_LEX_COMMA,
    HR_LEX_COLON,
    HR_LEX_SEMICOLON,
    HR_LEX_DOT,
    HR_LEX_LPAREN,
    HR_LEX_RPAREN,
    HR_LEX_LBRACKET,
    HR_LEX_RBRACKET,
    HR_LEX_LBRACE,
    HR_LEX_RBRACE,
} HrLexemeType;

typedef struct {
    HrLexemeType type;
    uint32_t line;     /* from 1 */
    uint32_t start, len; /* in the source; a string's quotes are not part of it */
} HrLexeme;

/* The source with every line end as "\n" and without the last one, as Jinja2 reads it. */
GString *hr_lex_normalize(const char *source, size_t len);

/* Lexemes of a normalized source of at most HR_TEMPLATE_MAX_SOURCE bytes, the last one HR_LEX_END.
 * NULL and an HR_ERROR_TEMPLATE with the line on failure. */
GArray *hr_lex(const GString *source, GError **error);

/* Appends a string literal's text, escapes resolved as in Python. False on a broken escape. */
bool hr_lex_unescape(GString *out, const char *literal, size_t len);

/* What to call a lexeme in a message: its text, or "end of template" and the like. */
char *hr_lex_describe(const HrLexeme *lexeme, const GString *source);
