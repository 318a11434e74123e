/* schema-reader.h: what the files that turn a JSON schema into a grammar share.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *   schema.c         which form a schema has: a reference, a combination, values, a type
 *   schema-merge.c   two schemas as one that both must allow
 *   schema-exclusive.c  whether schemas exclude each other
 *   schema-object.c  objects and arrays
 *   schema-text.c    strings, their formats, and JSON's own spelling of values
 *   schema-number.c  numbers within bounds
 *   regex.c          patterns
 *
 * The text is JSON with little white space in it. What is not enforced (see hr_grammar_get_ignored)
 * is never let through by mistake: where a keyword cannot be kept to in full, less is allowed than
 * it would allow, or its name is told. What contradicts itself matches nothing: that is an error
 * only where the whole schema cannot do without it. Thread-safety: one thread.
 */
#pragma once

#include "grammar/grammar.h"
#include "grammar/syntax.h"

#define HR_SCHEMA_MAX_DEPTH \
    128 /* subschemas within each other, references followed; people's stay under 20 */

typedef struct {
    HrSyntax *syntax;
    HrValue *root;
    GHashTable *by_target; /* HrValue that a $ref names -> rule + 1 */
    GPtrArray *kept;       /* HrValue made while merging; they live as long as the reader */
    GPtrArray *ignored;    /* char * */
    unsigned depth;
    HrExpr space, character, string, number, value; /* made on first use */
    uint32_t value_rule;
    GError *error;
} HrSchemaReader;

/* Remembers the first error; returns HR_EXPR_NOTHING, so that a reader returns it. */
HrExpr hr_schema_fail(HrSchemaReader *reader, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Tells that a keyword is not enforced. */
void hr_schema_ignore(HrSchemaReader *reader, const char *keyword);

/* ---- schema.c ---- */
HrExpr hr_schema_read(HrSchemaReader *reader, HrValue *schema);
/* The schema that a reference names, references of references followed; NULL with an error
 * remembered. */
HrValue *hr_schema_resolve(HrSchemaReader *reader, HrValue *schema);
/* A number that a keyword gives; fallback where it is absent. Refuses negative and absurd counts.
 */
uint32_t hr_schema_count(HrSchemaReader *reader, const HrValue *schema, const char *keyword,
                         uint32_t fallback);

/* ---- schema-merge.c ---- */
/* Borrowed from the reader. */
HrValue *hr_schema_merge(HrSchemaReader *reader, HrValue *a, HrValue *b);
HrValue *hr_schema_without(HrSchemaReader *reader, HrValue *schema, const char *const *keywords);

/* ---- schema-exclusive.c ---- */
/* Whether it is certain that nothing meets two of the schemas of a list. */
bool hr_schema_exclude_each_other(HrSchemaReader *reader, const HrValue *parts);

/* ---- schema-object.c ---- */
HrExpr hr_schema_object(HrSchemaReader *reader, const HrValue *schema);
HrExpr hr_schema_array(HrSchemaReader *reader, const HrValue *schema);

/* ---- schema-text.c ---- */
HrExpr hr_schema_space(HrSchemaReader *reader);
HrExpr hr_schema_character(HrSchemaReader *reader); /* one, as it stands inside quotes */
HrExpr hr_schema_any_string(HrSchemaReader *reader);
HrExpr hr_schema_string(HrSchemaReader *reader, const HrValue *schema);
HrExpr hr_schema_any_value(HrSchemaReader *reader);
HrExpr hr_schema_any_object(HrSchemaReader *reader);
HrExpr hr_schema_any_array(HrSchemaReader *reader);
/* The value itself, as JSON. */
HrExpr hr_schema_constant(HrSchemaReader *reader, const HrValue *value);
/* Appends a value's JSON; false if it is nested too deeply or has none. */
bool hr_schema_print(GString *text, const HrValue *value, unsigned depth);

/* ---- schema-number.c ---- */
HrExpr hr_schema_any_number(HrSchemaReader *reader);
HrExpr hr_schema_number(HrSchemaReader *reader, const HrValue *schema, bool integer);

/* ---- regex.c ---- */
/* A pattern of ECMAScript's kind (without look-around and back-references) over characters inside a
 * JSON string. Unanchored ends match anything. */
HrExpr hr_schema_regex(HrSchemaReader *reader, const char *pattern);
