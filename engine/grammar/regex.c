/* regex.c: regular expressions over the characters inside a JSON string.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The parts of ECMAScript's patterns that a grammar can say: alternatives, groups, classes, . and
 * the letters \d \w \s \D \W \S, repetitions (lazy ones are the same), ^ at the start and $ at the
 * end. What JSON writes as an escape is written as one; other control characters do not occur.
 * Look-around, back-references and \b are refused.
 */
#include "grammar/schema-reader.h"

#include "tokenizer/rune.h"

#include <string.h>

#define MAX_DEPTH 64
#define MAX_PATTERN_BYTES 8192

typedef struct {
    HrSchemaReader *reader;
    const char *at, *end;
    unsigned depth;
    bool failed;
} Regex;

static HrExpr refuse(Regex *r, const char *what)
{
    r->failed = true;
    r->at = r->end;
    return hr_schema_fail(r->reader, "a pattern has %s", what);
}

static bool take(Regex *r, char c)
{
    bool found = r->at < r->end && *r->at == c;

    r->at += found;
    return found;
}

/* ---- Classes ---- */

static void add(GArray *ranges, uint32_t low, uint32_t high)
{
    HrCodeRange range = {low, high};

    g_array_append_val(ranges, range);
}

static int compare_ranges(const void *a, const void *b)
{
    const HrCodeRange *left = a, *right = b;

    return (left->low > right->low) - (left->low < right->low);
}

static void negate(GArray *ranges)
{
    g_autoptr(GArray) others = g_array_new(false, false, sizeof(HrCodeRange));
    uint32_t next = 0;

    g_array_sort(ranges, compare_ranges);
    for (guint i = 0; i < ranges->len; i++) {
        HrCodeRange range = g_array_index(ranges, HrCodeRange, i);
        if (range.low > next)
            add(others, next, range.low - 1);
        next = MAX(next, range.high + 1);
    }
    if (next <= 0x10FFFF)
        add(others, next, 0x10FFFF);
    g_array_set_size(ranges, 0);
    g_array_append_vals(ranges, others->data, others->len);
}

/* \d and its like; false if c is none of them. */
static bool add_named(GArray *ranges, char c)
{
    g_autoptr(GArray) named = g_array_new(false, false, sizeof(HrCodeRange));

    switch (g_ascii_tolower(c)) {
    case 'd':
        add(named, '0', '9');
        break;
    case 'w':
        add(named, '0', '9');
        add(named, 'A', 'Z');
        add(named, '_', '_');
        add(named, 'a', 'z');
        break;
    case 's':
        add(named, '\t', '\r');
        add(named, ' ', ' ');
        break;
    default:
        return false;
    }
    if (g_ascii_isupper(c))
        negate(named);
    g_array_append_vals(ranges, named->data, named->len);
    return true;
}

static bool has(const GArray *ranges, uint32_t code)
{
    for (guint i = 0; i < ranges->len; i++)
        if (code >= g_array_index(ranges, HrCodeRange, i).low &&
            code <= g_array_index(ranges, HrCodeRange, i).high)
            return true;
    return false;
}

/* The class as it stands in a JSON string. */
static HrExpr spelled(Regex *r, const GArray *ranges)
{
    static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    static const HrCodeRange writable[] = {{0x20, 0x21},
                                           {0x23, 0x5B},
                                           {0x5D, 0x7E},
                                           {0x80, 0x10FFFF}};
    HrSyntax *syntax = r->reader->syntax;
    g_autoptr(GArray) itself = g_array_new(false, false, sizeof(HrCodeRange)),
                      escaped = g_array_new(false, false, sizeof(HrCodeRange));
    HrExpr escapes = HR_EXPR_NOTHING;

    for (guint i = 0; i < ranges->len; i++)
        for (size_t k = 0; k < G_N_ELEMENTS(writable); k++) {
            uint32_t low = MAX(g_array_index(ranges, HrCodeRange, i).low, writable[k].low);
            uint32_t high = MIN(g_array_index(ranges, HrCodeRange, i).high, writable[k].high);
            if (low <= high)
                add(itself, low, high);
        }
    for (size_t k = 0; plain[k]; k++)
        if (has(ranges, (guchar)plain[k]))
            add(escaped, (guchar)letters[k], (guchar)letters[k]);
    if (escaped->len > 0)
        escapes = hr_expr_sequence_of(syntax, hr_expr_literal(syntax, "\\", 1),
                                      hr_expr_class(syntax, (const HrCodeRange *)escaped->data,
                                                    escaped->len));
    return hr_expr_choice_of(syntax,
                             hr_expr_class(syntax, (const HrCodeRange *)itself->data, itself->len),
                             escapes);
}

static uint32_t take_hex(Regex *r, unsigned n)
{
    uint32_t code = 0;

    for (unsigned i = 0; i < n; i++) {
        int digit = r->at < r->end ? g_ascii_xdigit_value(*r->at++) : -1;
        if (digit < 0) {
            refuse(r, "an escape without its digits");
            return 0;
        }
        code = code << 4 | (uint32_t)digit;
    }
    return code;
}

/* Behind a backslash: one character, or a named class (then *ret_named). */
static uint32_t take_escape(Regex *r, GArray *ranges, bool *ret_named)
{
    static const char letters[] = "nrtfv0", codes[] = "\n\r\t\f\v";
    char c = r->at < r->end ? *r->at++ : '\0';
    const char *found = c ? strchr(letters, c) : NULL;

    *ret_named = add_named(ranges, c);
    if (*ret_named)
        return 0;
    if (found)
        return c == '0' ? 0 : (uint32_t)codes[found - letters];
    if (c == 'x' || c == 'u')
        return take_hex(r, c == 'x' ? 2 : 4);
    if (g_ascii_isalnum(c) || c == '\0')
        refuse(r, "an escape that grammars cannot say");
    return (guchar)c;
}

static uint32_t take_char(Regex *r)
{
    HrRune rune = hr_rune_decode(r->at, (size_t)(r->end - r->at));

    r->at += hr_rune_bytes(rune);
    return hr_rune_code(rune);
}

static uint32_t take_class_char(Regex *r, GArray *ranges, bool *ret_named)
{
    *ret_named = false;
    return take(r, '\\') ? take_escape(r, ranges, ret_named) : take_char(r);
}

static HrExpr read_class(Regex *r)
{
    g_autoptr(GArray) ranges = g_array_new(false, false, sizeof(HrCodeRange));
    bool negated = take(r, '^');

    while (!r->failed && r->at < r->end && *r->at != ']') {
        bool named;
        uint32_t low = take_class_char(r, ranges, &named), high = low;
        if (!named && r->at + 1 < r->end && r->at[0] == '-' && r->at[1] != ']') {
            r->at++;
            high = take_class_char(r, ranges, &named);
        }
        if (named)
            continue;
        if (high < low)
            return refuse(r, "a range that ends before it begins");
        add(ranges, low, high);
    }
    if (!take(r, ']'))
        return refuse(r, "a [ without its ]");
    if (negated)
        negate(ranges);
    return spelled(r, ranges);
}

/* ---- Parts ---- */

static HrExpr read_choice(Regex *r);

static HrExpr read_group(Regex *r)
{
    HrExpr inner;

    if (take(r, '?') && !take(r, ':'))
        return refuse(r, "a group that grammars cannot say");
    if (++r->depth > MAX_DEPTH)
        return refuse(r, "too many groups within each other");
    inner = read_choice(r);
    r->depth--;
    return take(r, ')') ? inner : refuse(r, "a ( without its )");
}

static HrExpr read_atom(Regex *r)
{
    g_autoptr(GArray) ranges = g_array_new(false, false, sizeof(HrCodeRange));
    bool named = false;

    if (take(r, '('))
        return read_group(r);
    if (take(r, '['))
        return read_class(r);
    if (take(r, '.')) {
        add(ranges, '\n', '\n');
        add(ranges, '\r', '\r');
        negate(ranges);
        return spelled(r, ranges);
    }
    if (strchr("*+?{^$", *r->at))
        return refuse(r, "a repetition of nothing, or an anchor in the middle");
    uint32_t code = take(r, '\\') ? take_escape(r, ranges, &named) : take_char(r);
    if (!named)
        add(ranges, code, code);
    return spelled(r, ranges);
}

static uint32_t read_count(Regex *r)
{
    uint32_t count = 0;

    if (r->at >= r->end || !g_ascii_isdigit(*r->at))
        refuse(r, "a repetition without a number");
    while (r->at < r->end && g_ascii_isdigit(*r->at) && count <= HR_REPEAT_MAX_COUNT)
        count = count * 10 + (uint32_t)(*r->at++ - '0');
    if (count > HR_REPEAT_MAX_COUNT)
        refuse(r, "a repetition that is too long");
    return count;
}

static HrExpr read_repeated(Regex *r)
{
    HrExpr item = read_atom(r);
    uint32_t min, max;

    if (r->failed)
        return item;
    if (take(r, '*')) {
        item = hr_expr_repeat(r->reader->syntax, item, 0, HR_REPEAT_UNBOUNDED);
    } else if (take(r, '+')) {
        item = hr_expr_repeat(r->reader->syntax, item, 1, HR_REPEAT_UNBOUNDED);
    } else if (take(r, '?')) {
        return hr_expr_optional(r->reader->syntax, item);
    } else if (take(r, '{')) {
        min = max = read_count(r);
        if (take(r, ','))
            max = r->at < r->end && *r->at == '}' ? HR_REPEAT_UNBOUNDED : read_count(r);
        if (!take(r, '}') || max < min)
            return refuse(r, "a repetition that is not {n}, {n,} or {n,m}");
        item = hr_expr_repeat(r->reader->syntax, item, min, max);
    } else {
        return item;
    }
    take(r, '?'); /* lazy: the same texts */
    return item;
}

static HrExpr read_sequence(Regex *r)
{
    g_autoptr(GArray) items = g_array_new(false, false, sizeof(HrExpr));

    while (!r->failed && r->at < r->end && *r->at != '|' && *r->at != ')') {
        HrExpr item = read_repeated(r);
        g_array_append_val(items, item);
    }
    return hr_expr_sequence(r->reader->syntax, (const HrExpr *)items->data, items->len);
}

static HrExpr read_choice(Regex *r)
{
    g_autoptr(GArray) items = g_array_new(false, false, sizeof(HrExpr));

    do {
        HrExpr item = read_sequence(r);
        g_array_append_val(items, item);
    } while (!r->failed && take(r, '|'));
    return hr_expr_choice(r->reader->syntax, (const HrExpr *)items->data, items->len);
}

/* A $ at the very end that no backslash takes. */
static bool ends_with_anchor(const char *start, const char *end)
{
    size_t n_backslashes = 0;

    if (end == start || end[-1] != '$')
        return false;
    for (const char *c = end - 1; c > start && c[-1] == '\\'; c--)
        n_backslashes++;
    return n_backslashes % 2 == 0;
}

HrExpr hr_schema_regex(HrSchemaReader *reader, const char *pattern)
{
    Regex r = {.reader = reader, .at = pattern, .end = pattern + strlen(pattern)};
    HrExpr anything =
        hr_expr_repeat(reader->syntax, hr_schema_character(reader), 0, HR_REPEAT_UNBOUNDED);
    bool from_start = take(&r, '^'), to_end = ends_with_anchor(r.at, r.end);
    HrExpr inner;

    if (strlen(pattern) > MAX_PATTERN_BYTES || !g_utf8_validate(pattern, -1, NULL))
        return refuse(&r, "too many characters, or text that is not UTF-8");
    r.end -= to_end;
    inner = read_choice(&r);
    if (!r.failed && r.at < r.end)
        return refuse(&r, "a ) without its (");
    return hr_expr_sequence_of(reader->syntax, from_start ? HR_EXPR_EMPTY : anything, inner,
                               to_end ? HR_EXPR_EMPTY : anything);
}
