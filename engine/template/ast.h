/* ast.h: a parsed template as a tree.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * All nodes, lists and names live in the template's arena and go with it. Names are interned: equal
 * names are equal pointers. Immutable once parsed. Thread-safety: Safe.
 */
#pragma once

#include "value/value.h"

/* Memory that is freed all at once. */
typedef struct HrArena HrArena;
HrArena *hr_arena_new(void);
void *hr_arena_alloc(HrArena *arena, size_t size); /* zeroed */
void hr_arena_free(HrArena *arena);

typedef enum {
    /* expressions */
    HR_NODE_CONST,
    HR_NODE_NAME,
    HR_NODE_LIST,
    HR_NODE_TUPLE,
    HR_NODE_DICT,
    HR_NODE_NEGATE,
    HR_NODE_POSITIVE,
    HR_NODE_NOT,
    HR_NODE_AND,
    HR_NODE_OR,
    HR_NODE_BINARY,
    HR_NODE_CONCAT,
    HR_NODE_COMPARE,
    HR_NODE_CONDITION,
    HR_NODE_ATTRIBUTE,
    HR_NODE_ITEM,
    HR_NODE_SLICE,
    HR_NODE_FILTER,
    HR_NODE_TEST,
    HR_NODE_CALL,
    HR_NODE_MEMBER, /* ns.name as a target */
    /* statements */
    HR_NODE_OUTPUT,
    HR_NODE_FOR,
    HR_NODE_IF,
    HR_NODE_SET,
    HR_NODE_SET_BLOCK,
    HR_NODE_MACRO,
    HR_NODE_CALL_BLOCK,
    HR_NODE_FILTER_BLOCK,
    HR_NODE_WITH,
    HR_NODE_SCOPE, /* a body with names of its own */
    HR_NODE_BREAK,
    HR_NODE_CONTINUE,
} HrNodeKind;

typedef enum {
    HR_OP_ADD, HR_OP_SUB, HR_OP_MUL, HR_OP_DIV, HR_OP_FLOORDIV, HR_OP_MOD, HR_OP_POW,
    HR_OP_EQ, HR_OP_NE, HR_OP_LT, HR_OP_LE, HR_OP_GT, HR_OP_GE, HR_OP_IN, HR_OP_NOT_IN,
} HrOperator;

typedef struct HrNode HrNode;

typedef struct {
    HrNode **items;
    size_t n;
} HrNodeList;

/* (a, b, x=c, *d, **e) */
typedef struct {
    HrNodeList positional;
    const char **names; /* [named.n] */
    HrNodeList named;
    HrNode *star, *star_star; /* or NULL */
} HrCallNodes;

typedef struct {
    const char *name;
    const char **parameters;
    size_t n_parameters;
    HrNodeList defaults; /* of the last defaults.n parameters */
    HrNodeList body;
    bool uses_caller, uses_varargs, uses_kwargs;
} HrMacroNode;

struct HrNode {
    uint8_t kind; /* HrNodeKind */
    uint8_t op;   /* HrOperator */
    bool flag;    /* FOR: recursive */
    uint32_t line;
    union {
        HrValue *constant; /* owned by the template */
        const char *name;
        HrNodeList list; /* LIST, TUPLE, CONCAT, OUTPUT, SCOPE; DICT: keys and values in turn */
        struct { HrNode *left, *right; };  /* unary: left only; binary; AND, OR; DICT pairs */
        struct {
            HrNode *first;
            HrNodeList rest;
            uint8_t *ops;
        } compare;                                     /* first ops[0] rest[0] ops[1] rest[1] ... */
        struct { HrNode *test, *yes, *no; } condition; /* no may be NULL */
        struct { HrNode *object; const char *name; } attribute; /* MEMBER: object is the NAME */
        struct { HrNode *object, *index; } item;
        struct { HrNode *object, *start, *stop, *step; } slice; /* parts may be NULL */
        struct {
            HrNode *input;
            const char *name;
            HrCallNodes args;
        } apply; /* FILTER (input NULL in blocks), TEST */
        struct { HrNode *callee; HrCallNodes args; } call;
        struct {
            HrNode *target, *items, *filter;
            HrNodeList body, otherwise;
        } loop; /* filter may be NULL */
        struct {
            HrNodeList tests;
            HrNodeList *bodies;
        } branches; /* bodies: [tests.n + 1], the last is else */
        struct {
            HrNode *target, *value;
            HrNodeList body;
        } set; /* value: SET_BLOCK: innermost-first FILTER or NULL */
        HrMacroNode *macro;
        struct { HrNode *call; HrMacroNode *caller; } call_block;
        struct { HrNode *filter; HrNodeList body; } filter_block;
        struct { HrNodeList targets, values, body; } with;
    };
};
