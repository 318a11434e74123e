/* eval.h: one rendering in progress, and what its parts offer to one another.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Functions that give a value return a new reference, or NULL after setting the rendering's error;
 * functions that give a bool return false after that. Values that go in are borrowed unless the
 * parameter is called take_. Everything belongs to the thread that renders.
 */
#pragma once

#include "template/limits.h"
#include "template/parser.h"

typedef struct HrScope HrScope;

typedef struct {
    const HrTree *tree;
    HrTemplateLimits limits;
    HrBudget budget;     /* of work_bytes */
    size_t steps_left;
    size_t depth;        /* of evaluation */
    HrText *out;         /* where output goes: the prompt, or what a macro or block collects */
    HrScope *scope;      /* the innermost one */
    HrValue *vars;       /* the caller's, a dict */
    int64_t now_unix;
    uint32_t line;       /* of what is being evaluated */
    GError *error;
    GPtrArray *namespaces; /* HrValue; emptied at the end, because they may hold one another */
    GPtrArray *captured;   /* HrScope; the same for scopes that macros hold */
} HrEval;

typedef enum { HR_EXEC_DONE, HR_EXEC_FAILED, HR_EXEC_BREAK, HR_EXEC_CONTINUE } HrExec;

/* ---- eval.c: expressions, errors, limits ---- */
HrValue *hr_eval(HrEval *ev, const HrNode *node) G_GNUC_WARN_UNUSED_RESULT;
/* The message gets the line in front. Only the first error counts. Returns NULL. */
void *hr_eval_fail(HrEval *ev, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Using an undefined value: its own message. Returns NULL. */
void *hr_eval_fail_undefined(HrEval *ev, const HrValue *undefined);
/* Takes steps off the limit. */
bool hr_eval_charge(HrEval *ev, size_t steps);
/* What looking at all of a value costs; its items are not looked into. */
bool hr_eval_charge_value(HrEval *ev, const HrValue *value);
bool hr_eval_enter(HrEval *ev); /* one level deeper; pair with leave where it returned true */
void hr_eval_leave(HrEval *ev);
/* Appends to a list that the template builds. */
bool hr_eval_append(HrEval *ev, HrValue *list, HrValue *take_item);
/* The finished text, or the reason why there is none. */
HrValue *hr_eval_finish_text(HrEval *ev, HrText *text) G_GNUC_WARN_UNUSED_RESULT;
/* str(value) and repr(value) as strings. */
HrValue *hr_eval_str(HrEval *ev, HrValue *value) G_GNUC_WARN_UNUSED_RESULT;
HrValue *hr_eval_repr(HrEval *ev, const HrValue *value) G_GNUC_WARN_UNUSED_RESULT;
/* A list of what walking the value gives. */
HrValue *hr_eval_iterate(HrEval *ev, HrValue *value) G_GNUC_WARN_UNUSED_RESULT;
HrValue *hr_eval_undefined(const char *format, ...) G_GNUC_PRINTF(1, 2) G_GNUC_WARN_UNUSED_RESULT;

/* ---- scope.c: names ---- */
/* parent is kept alive by the new scope. */
HrScope *hr_scope_new(HrScope *parent);
HrScope *hr_scope_ref(HrScope *scope);
void hr_scope_unref(HrScope *scope, HrReaper *reaper); /* reaper NULL: frees at once */
void hr_scope_clear(HrScope *scope);
bool hr_scope_set(HrEval *ev, HrScope *scope, const char *name, HrValue *take_value);
/* Borrowed, NULL if the name is nowhere up to the outermost scope. */
HrValue *hr_scope_find(HrEval *ev, const HrScope *scope, const char *name);
/* Keeps a scope that a macro remembers until the end of the rendering, where it is emptied. */
void hr_scope_capture(HrEval *ev, HrScope *scope);
/* Assigns to a name, a namespace's member or a tuple of targets. */
bool hr_assign(HrEval *ev, const HrNode *target, HrValue *value);

/* ---- exec.c, loop.c: statements ---- */
HrExec hr_exec(HrEval *ev, const HrNodeList *body);
/* The same with a scope of its own below parent. */
HrExec hr_exec_scoped(HrEval *ev, const HrNodeList *body, HrScope *parent);
HrExec hr_exec_for(HrEval *ev, const HrNode *node);
/* Writes str(value) to the current output. */
bool hr_write(HrEval *ev, const HrValue *value);

/* ---- call.c: arguments and macros ---- */
typedef struct {
    GPtrArray *positional; /* HrValue */
    GPtrArray *names;      /* char *, of the named ones */
    GPtrArray *named;      /* HrValue */
} HrArgs;
void hr_args_init(HrArgs *args);
void hr_args_clear(HrArgs *args);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HrArgs, hr_args_clear)
bool hr_args_eval(HrEval *ev, const HrCallNodes *nodes, HrArgs *args);
int hr_args_find(const HrArgs *args, const char *name); /* which named argument it is, or -1 */

/* What the template's objects can do. */
struct HrObjectBehaviour {
    /* NULL: not callable */
    HrValue *(*call)(HrEval *ev, HrValue *self, const HrArgs *args);
    /* NULL without an error: no such attribute */
    HrValue *(*attribute)(HrEval *ev, HrValue *self, const char *name);
};
HrValue *hr_call(HrEval *ev, HrValue *callee, const HrArgs *args) G_GNUC_WARN_UNUSED_RESULT;
bool hr_is_callable(const HrValue *value);
HrValue *hr_macro_new(HrEval *ev, const HrMacroNode *node) G_GNUC_WARN_UNUSED_RESULT;

/* ---- builtin.c: functions that are written in C ---- */
#define HR_BUILTIN_MAX_PARAMETERS 6

/* A filter, test, method or global function. Exactly one of call and call_args is set. */
typedef struct {
    const char *name;
    const char *parameters; /* names with spaces between */
    unsigned n_required;
    /* argv[i] is the i-th parameter or NULL; self is what a filter, test or method is applied to.
     */
    HrValue *(*call)(HrEval *ev, HrValue *self, HrValue *const *argv);
    HrValue *(*call_args)(HrEval *ev, HrValue *self, const HrArgs *args);
} HrBuiltin;
/* A table that ends with a NULL name. */
const HrBuiltin *hr_builtin_find(const HrBuiltin *table, const char *name);
HrValue *hr_builtin_call(HrEval *ev, const HrBuiltin *builtin, HrValue *self,
                         const HrArgs *args) G_GNUC_WARN_UNUSED_RESULT;
/* builtin bound to self (NULL: a plain function) as a value. */
HrValue *hr_builtin_bind(const HrBuiltin *builtin, HrValue *self) G_GNUC_WARN_UNUSED_RESULT;
/* Argument i as an int, fallback where it is absent or None. */
bool hr_arg_int(HrEval *ev, const HrValue *arg, int64_t fallback, int64_t *ret_value);
bool hr_arg_bool(const HrValue *arg, bool fallback);

/* ---- operators.c ---- */
HrValue *hr_binary(HrEval *ev, HrOperator op, HrValue *left,
                   HrValue *right) G_GNUC_WARN_UNUSED_RESULT;
HrValue *hr_negate(HrEval *ev, HrValue *value, bool negate) G_GNUC_WARN_UNUSED_RESULT;

/* ---- relation.c ---- */
bool hr_relation(HrEval *ev, HrOperator op, HrValue *left, HrValue *right, bool *ret_holds);
bool hr_equal(HrEval *ev, const HrValue *left, const HrValue *right, bool *ret_equal);
bool hr_contains(HrEval *ev, HrValue *container, HrValue *item, bool *ret_contains);

/* ---- attribute.c ---- */
HrValue *hr_attribute(HrEval *ev, HrValue *object, const char *name) G_GNUC_WARN_UNUSED_RESULT;
HrValue *hr_item(HrEval *ev, HrValue *object, HrValue *index) G_GNUC_WARN_UNUSED_RESULT;
HrValue *hr_slice(HrEval *ev, HrValue *object, const HrValue *start, const HrValue *stop,
                  const HrValue *step) G_GNUC_WARN_UNUSED_RESULT;
/* Characters [start, start + n) of a string. */
HrValue *hr_substring(HrEval *ev, const HrValue *string, size_t start_byte,
                      size_t len) G_GNUC_WARN_UNUSED_RESULT;

/* ---- filters.c, tests.c, methods.c, globals.c, namespace.c: what is built in ---- */
HrValue *hr_filter(HrEval *ev, const char *name, HrValue *input,
                   const HrArgs *args) G_GNUC_WARN_UNUSED_RESULT;
bool hr_has_filter(const char *name);
/* len(self), 0 for an undefined value; argv is not looked at. */
HrValue *hr_filter_length(HrEval *ev, HrValue *self,
                          HrValue *const *argv) G_GNUC_WARN_UNUSED_RESULT;
bool hr_test(HrEval *ev, const char *name, HrValue *input, const HrArgs *args, bool *ret_holds);
bool hr_has_test(const char *name);
/* The method as a value; NULL without an error where there is none. */
HrValue *hr_method(HrEval *ev, HrValue *object, const char *name);
HrValue *hr_global(const char *name); /* new reference or NULL */
extern const HrBuiltin hr_string_methods[], hr_list_methods[], hr_dict_methods[];
extern const HrBuiltin hr_text_filters[], hr_list_filters[], hr_select_filters[],
    hr_number_filters[], hr_json_filters[];
HrValue *hr_namespace_new(HrEval *ev, const HrArgs *args) G_GNUC_WARN_UNUSED_RESULT;
HrValue *hr_cycler_new(HrEval *ev, const HrArgs *args) G_GNUC_WARN_UNUSED_RESULT;
HrValue *hr_joiner_new(HrEval *ev, const HrArgs *args) G_GNUC_WARN_UNUSED_RESULT;
HrValue *hr_dict_from_args(HrEval *ev, const HrArgs *args) G_GNUC_WARN_UNUSED_RESULT;
/* Sets a member; fails where the value is no namespace. */
bool hr_namespace_set(HrEval *ev, HrValue *value, const char *name, HrValue *take_member);
void hr_namespace_clear(HrValue *value);

/* ---- printf.c, format.c, json.c ---- */
HrValue *hr_printf(HrEval *ev, HrValue *format,
                   HrValue *arguments) G_GNUC_WARN_UNUSED_RESULT; /* format % arguments */
HrValue *hr_format(HrEval *ev, HrValue *format,
                   const HrArgs *args) G_GNUC_WARN_UNUSED_RESULT; /* format.format(args) */

static inline bool hr_is_string(const HrValue *value)
{
    return value->kind == HR_VALUE_STRING;
}

static inline bool hr_is_undefined(const HrValue *value)
{
    return value->kind == HR_VALUE_UNDEFINED;
}
