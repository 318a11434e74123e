/* syntax.h: a grammar while it is being written down: rules over expressions over characters.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the readers of GBNF, of JSON schemas and of regular expressions build, and what network.c
 * turns into something that can be walked. Expressions are numbers into one pool and may be used
 * any number of times. Running out of room is remembered: building goes on with expressions that
 * match nothing, and hr_syntax_check () says so at the end. Thread-safety: one thread.
 */
#pragma once

#include "hr.h"

/* Of one grammar. A schema of some thousand lines takes a few thousand; what takes more is no
 * schema but an attack. */
#define HR_SYNTAX_MAX_EXPRESSIONS (1u << 18)
#define HR_SYNTAX_MAX_RULES (1u << 16)
#define HR_SYNTAX_MAX_TEXT_BYTES (4u << 20) /* literals together */
#define HR_REPEAT_MAX_COUNT 100000u         /* of one repetition: longer texts than any answer */
#define HR_REPEAT_UNBOUNDED UINT32_MAX

typedef uint32_t HrExpr; /* 0: the empty text */
#define HR_EXPR_EMPTY 0u
#define HR_EXPR_NOTHING 1u /* matches no text at all */

typedef struct {
    uint32_t low, high; /* code points, both included */
} HrCodeRange;

typedef enum {
    HR_EXPR_LITERAL,
    HR_EXPR_CLASS,
    HR_EXPR_SEQUENCE,
    HR_EXPR_CHOICE,
    HR_EXPR_REPEAT,
    HR_EXPR_RULE
} HrExprKind;

typedef struct {
    HrExprKind kind;
    uint32_t first, n; /* LITERAL: bytes, CLASS: ranges, SEQUENCE, CHOICE: children; REPEAT: child;
                          RULE: rule */
    uint32_t min, max; /* REPEAT */
} HrExprNode;

typedef struct {
    GArray *nodes;    /* HrExprNode */
    GArray *children; /* HrExpr */
    GArray *ranges;   /* HrCodeRange */
    GString *bytes;
    GArray *rules;    /* HrExpr of each rule; HR_EXPR_NOTHING until it is defined */
    bool too_large;
} HrSyntax;

void hr_syntax_init(HrSyntax *syntax);
void hr_syntax_clear(HrSyntax *syntax);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HrSyntax, hr_syntax_clear)
/* HR_ERROR_SETTINGS if it grew too large. */
bool hr_syntax_check(const HrSyntax *syntax, GError **error);

uint32_t hr_syntax_add_rule(HrSyntax *syntax);
void hr_syntax_define(HrSyntax *syntax, uint32_t rule, HrExpr expr);

HrExpr hr_expr_literal(HrSyntax *syntax, const char *bytes, gssize len);
/* One character of the ranges; surrogates are left out, since no UTF-8 spells them. */
HrExpr hr_expr_class(HrSyntax *syntax, const HrCodeRange *ranges, size_t n);
HrExpr hr_expr_sequence(HrSyntax *syntax, const HrExpr *items, size_t n);
HrExpr hr_expr_choice(HrSyntax *syntax, const HrExpr *items, size_t n);
HrExpr hr_expr_repeat(HrSyntax *syntax, HrExpr item, uint32_t min, uint32_t max);
HrExpr hr_expr_rule(HrSyntax *syntax, uint32_t rule);
/* A new rule of that expression, so that using it many times takes little room. */
HrExpr hr_expr_shared(HrSyntax *syntax, HrExpr expr);
#define hr_expr_sequence_of(syntax, ...)                    \
    hr_expr_sequence(syntax, (const HrExpr[]){__VA_ARGS__}, \
                     G_N_ELEMENTS(((const HrExpr[]){__VA_ARGS__})))
#define hr_expr_choice_of(syntax, ...)                    \
    hr_expr_choice(syntax, (const HrExpr[]){__VA_ARGS__}, \
                   G_N_ELEMENTS(((const HrExpr[]){__VA_ARGS__})))
#define hr_expr_optional(syntax, item) hr_expr_repeat(syntax, item, 0, 1)
