/* gbnf.c: grammars in GBNF, the notation of rules that clients of llama.cpp write.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *   name ::= "text" [a-z^] . name ( ... ) | ...      with *, +, ?, {n}, {n,} and {n,m} behind any
 * of them; # begins a comment
 *
 * A rule ends with its line, except inside parentheses, behind ::= and around |. The rule `root` is
 * the whole.
 */
#include "grammar/grammar.h"

#include "tokenizer/rune.h"

#include <string.h>

#define MAX_DEPTH 64          /* parentheses within each other */
#define MAX_TEXT_BYTES (1u << 20)

typedef struct {
    HrSyntax *syntax;
    const char *text, *at, *end;
    GHashTable *rules;   /* name -> rule + 1 */
    GHashTable *defined; /* names */
    unsigned depth;
    GError *error;
} Parser;

/* ---- Errors and characters ---- */

static void G_GNUC_PRINTF(2, 3) fail(Parser *p, const char *format, ...)
{
    va_list args;
    guint line = 1;

    if (p->error)
        return;
    for (const char *c = p->text; c < p->at; c++)
        line += *c == '\n';
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    p->error = g_error_new(HR_ERROR, HR_ERROR_SETTINGS, "The grammar cannot be read: line %u: %s.",
                           line, message);
    p->at = p->end;
}

static bool is_at(const Parser *p, char c)
{
    return p->at < p->end && *p->at == c;
}

static bool take(Parser *p, char c)
{
    bool found = is_at(p, c);

    p->at += found;
    return found;
}

static void skip_space(Parser *p, bool over_lines)
{
    while (p->at < p->end) {
        if (*p->at == '#')
            while (p->at < p->end && *p->at != '\n')
                p->at++;
        else if (*p->at == ' ' || *p->at == '\t' ||
                 (over_lines && (*p->at == '\n' || *p->at == '\r')))
            p->at++;
        else
            return;
    }
}

static bool is_name_char(char c)
{
    return g_ascii_isalnum(c) || c == '-' || c == '_';
}

static char *take_name(Parser *p)
{
    const char *start = p->at;

    while (p->at < p->end && is_name_char(*p->at))
        p->at++;
    return g_strndup(start, (gsize)(p->at - start));
}

static uint32_t take_hex(Parser *p, unsigned n)
{
    uint32_t code = 0;

    for (unsigned i = 0; i < n; i++) {
        int digit = p->at < p->end ? g_ascii_xdigit_value(*p->at) : -1;
        if (digit < 0) {
            fail(p, "an escape needs %u hexadecimal digits", n);
            return 0;
        }
        code = code << 4 | (uint32_t)digit;
        p->at++;
    }
    if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        fail(p, "U+%X is no character", code);
    return code;
}

static uint32_t take_escape(Parser *p)
{
    static const char names[] = "nrt\\\"[]", codes[] = "\n\r\t\\\"[]";
    char c = p->at < p->end ? *p->at : '\0';
    const char *found = c ? strchr(names, c) : NULL;

    p->at += p->at < p->end;
    if (c == 'x' || c == 'u' || c == 'U')
        return take_hex(p, c == 'x' ? 2 : c == 'u' ? 4 : 8);
    if (!found)
        fail(p, "an unknown escape");
    return found ? (uint32_t)(guchar)codes[found - names] : 0;
}

static uint32_t take_char(Parser *p)
{
    HrRune rune;

    if (take(p, '\\'))
        return take_escape(p);
    rune = hr_rune_decode(p->at, (size_t)(p->end - p->at));
    if (rune & HR_RUNE_INVALID)
        fail(p, "the text is not UTF-8");
    else
        p->at += hr_rune_bytes(rune);
    return hr_rune_code(rune);
}

/* ---- Elements ---- */

static HrExpr read_literal(Parser *p)
{
    g_autoptr(GString) bytes = g_string_new(NULL);

    while (p->at < p->end && *p->at != '"' && *p->at != '\n') {
        char buffer[4];
        size_t n = hr_rune_encode(take_char(p), buffer);
        g_string_append_len(bytes, buffer, (gssize)n);
    }
    if (!take(p, '"'))
        fail(p, "a text without its closing quote");
    return hr_expr_literal(p->syntax, bytes->str, (gssize)bytes->len);
}

static int compare_ranges(const void *a, const void *b)
{
    const HrCodeRange *left = a, *right = b;

    return (left->low > right->low) - (left->low < right->low);
}

/* What no range covers. */
static HrExpr class_of_others(HrSyntax *syntax, GArray *ranges)
{
    g_autoptr(GArray) others = g_array_new(false, false, sizeof(HrCodeRange));
    uint32_t next = 0;

    g_array_sort(ranges, compare_ranges);
    for (guint i = 0; i <= ranges->len; i++) {
        HrCodeRange range = i < ranges->len ? g_array_index(ranges, HrCodeRange, i)
                                            : (HrCodeRange){0x110000, 0x110000};
        HrCodeRange gap = {next, range.low - 1};
        if (range.low > next)
            g_array_append_val(others, gap);
        next = MAX(next, range.high + 1);
    }
    return hr_expr_class(syntax, (const HrCodeRange *)others->data, others->len);
}

static HrExpr read_class(Parser *p)
{
    g_autoptr(GArray) ranges = g_array_new(false, false, sizeof(HrCodeRange));
    bool negated = take(p, '^');

    while (p->at < p->end && *p->at != ']') {
        HrCodeRange range;
        range.low = range.high = take_char(p);
        if (p->at + 1 < p->end && p->at[0] == '-' && p->at[1] != ']') {
            p->at++;
            range.high = take_char(p);
        }
        if (range.high < range.low)
            fail(p, "a range that ends before it begins");
        g_array_append_val(ranges, range);
    }
    if (!take(p, ']'))
        fail(p, "a [ without its ]");
    return negated ? class_of_others(p->syntax, ranges)
                   : hr_expr_class(p->syntax, (const HrCodeRange *)ranges->data, ranges->len);
}

static uint32_t rule_of(Parser *p, const char *name)
{
    gpointer found = g_hash_table_lookup(p->rules, name);

    if (!found) {
        found = GUINT_TO_POINTER(hr_syntax_add_rule(p->syntax) + 1);
        g_hash_table_insert(p->rules, g_strdup(name), found);
    }
    return GPOINTER_TO_UINT(found) - 1;
}

static HrExpr read_choice(Parser *p, bool nested);

static HrExpr read_group(Parser *p)
{
    HrExpr inner;

    if (++p->depth > MAX_DEPTH) {
        fail(p, "more than %d parentheses within each other", MAX_DEPTH);
        return HR_EXPR_NOTHING;
    }
    skip_space(p, true);
    inner = read_choice(p, true);
    if (!take(p, ')'))
        fail(p, "a ( without its )");
    p->depth--;
    return inner;
}

static HrExpr read_element(Parser *p)
{
    static const HrCodeRange any[] = {{0, 0x10FFFF}};

    if (take(p, '"'))
        return read_literal(p);
    if (take(p, '['))
        return read_class(p);
    if (take(p, '('))
        return read_group(p);
    if (take(p, '.'))
        return hr_expr_class(p->syntax, any, 1);
    if (p->at < p->end && is_name_char(*p->at)) {
        g_autofree char *name = take_name(p);
        return hr_expr_rule(p->syntax, rule_of(p, name));
    }
    fail(p, "a text, a class, a rule or ( was expected");
    return HR_EXPR_NOTHING;
}

static uint32_t read_count(Parser *p)
{
    uint32_t count = 0;

    if (p->at >= p->end || !g_ascii_isdigit(*p->at))
        fail(p, "a number was expected");
    while (p->at < p->end && g_ascii_isdigit(*p->at)) {
        count = count * 10 + (uint32_t)(*p->at++ - '0');
        if (count > HR_REPEAT_MAX_COUNT)
            fail(p, "a repetition of more than %u", HR_REPEAT_MAX_COUNT);
    }
    return count;
}

static HrExpr read_braces(Parser *p, HrExpr item)
{
    uint32_t min, max;

    skip_space(p, false);
    min = max = read_count(p);
    skip_space(p, false);
    if (take(p, ',')) {
        skip_space(p, false);
        max = is_at(p, '}') ? HR_REPEAT_UNBOUNDED : read_count(p);
        skip_space(p, false);
    }
    if (!take(p, '}') || max < min)
        fail(p, "a repetition must be {n}, {n,} or {n,m}");
    return p->error ? HR_EXPR_NOTHING : hr_expr_repeat(p->syntax, item, min, max);
}

static HrExpr read_repeated(Parser *p)
{
    HrExpr item = read_element(p);

    for (unsigned i = 0; i < MAX_DEPTH; i++) {
        if (take(p, '*'))
            item = hr_expr_repeat(p->syntax, item, 0, HR_REPEAT_UNBOUNDED);
        else if (take(p, '+'))
            item = hr_expr_repeat(p->syntax, item, 1, HR_REPEAT_UNBOUNDED);
        else if (take(p, '?'))
            item = hr_expr_optional(p->syntax, item);
        else if (take(p, '{'))
            item = read_braces(p, item);
        else
            break;
    }
    return item;
}

/* ---- Rules ---- */

static HrExpr read_sequence(Parser *p, bool nested)
{
    g_autoptr(GArray) items = g_array_new(false, false, sizeof(HrExpr));

    while (p->at < p->end && !strchr("|)\r\n", *p->at)) {
        HrExpr item = read_repeated(p);
        g_array_append_val(items, item);
        skip_space(p, nested);
    }
    return hr_expr_sequence(p->syntax, (const HrExpr *)items->data, items->len);
}

/* At the end of a line: whether the next one goes on with |. */
static bool goes_on(Parser *p)
{
    const char *line_end = p->at;

    skip_space(p, true);
    if (is_at(p, '|'))
        return true;
    p->at = line_end;
    return false;
}

static HrExpr read_choice(Parser *p, bool nested)
{
    g_autoptr(GArray) items = g_array_new(false, false, sizeof(HrExpr));

    do {
        skip_space(p, items->len > 0 || nested);
        HrExpr item = read_sequence(p, nested);
        g_array_append_val(items, item);
    } while (!p->error && (is_at(p, '|') || goes_on(p)) && take(p, '|'));
    return hr_expr_choice(p->syntax, (const HrExpr *)items->data, items->len);
}

static void read_rule(Parser *p)
{
    g_autofree char *name = take_name(p);
    uint32_t rule;

    if (*name == '\0') {
        fail(p, "a rule's name was expected");
        return;
    }
    skip_space(p, false);
    if (p->end - p->at < 3 || strncmp(p->at, "::=", 3) != 0) {
        fail(p, "::= was expected behind %s", name);
        return;
    }
    p->at += 3;
    skip_space(p, true);
    rule = rule_of(p, name);
    hr_syntax_define(p->syntax, rule, read_choice(p, false));
    if (!p->error && p->at < p->end && *p->at != '\n' && *p->at != '\r')
        fail(p, "the end of the rule %s was expected", name);
    g_hash_table_add(p->defined, g_steal_pointer(&name));
}

static void check_names(Parser *p)
{
    GHashTableIter iter;
    gpointer name;

    g_hash_table_iter_init(&iter, p->rules);
    while (!p->error && g_hash_table_iter_next(&iter, &name, NULL))
        if (!g_hash_table_contains(p->defined, name))
            fail(p, "the rule %s is used and not defined", (const char *)name);
    if (!g_hash_table_contains(p->defined, "root"))
        fail(p, "there is no rule root");
}

HrGrammar *hr_grammar_new_gbnf(const char *text, GError **error)
{
    g_auto(HrSyntax) syntax = {0};
    g_autoptr(GHashTable) rules = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) defined = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Parser p = {.syntax = &syntax,
                .text = text,
                .at = text,
                .end = text + strlen(text),
                .rules = rules,
                .defined = defined};

    hr_syntax_init(&syntax);
    if (strlen(text) > MAX_TEXT_BYTES)
        fail(&p, "more than %u bytes", MAX_TEXT_BYTES);
    for (skip_space(&p, true); p.at < p.end; skip_space(&p, true))
        read_rule(&p);
    check_names(&p);
    if (p.error) {
        g_propagate_error(error, p.error);
        return NULL;
    }
    return hr_grammar_new(&syntax, rule_of(&p, "root"), NULL, error);
}
