/* lexer.c: cuts a template into lexemes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Owns whitespace control: trim_blocks (a newline after a block's or comment's end goes),
 * lstrip_blocks (blanks between the line's start and a block or comment go), and the signs "-" and
 * "+" that overrule both. String literals keep their escapes (literal.c resolves them); what
 * lexemes mean is the parser's.
 */
#include "template/lexer.h"

#include <string.h>

#include "hr.h"
#include "template/limits.h"
#include "template/unicode.h"

typedef struct {
    const char *text;
    size_t len, pos;
    uint32_t line;
    bool at_line_start; /* the last thing read ended with a newline, or nothing was read yet */
    GArray *lexemes;
    GString *open; /* brackets not closed yet in this tag */
    GError **error;
} Lexer;

GString *hr_lex_normalize(const char *source, size_t len)
{
    GString *out = g_string_sized_new(len);
    for (size_t i = 0; i < len; i++) {
        if (source[i] == '\r' && i + 1 < len && source[i + 1] == '\n')
            continue;
        g_string_append_c(out, source[i] == '\r' ? '\n' : source[i]);
    }
    if (out->len > 0 && out->str[out->len - 1] == '\n')
        g_string_truncate(out, out->len - 1);
    return out;
}

G_GNUC_PRINTF(2, 3) static bool fail(Lexer *lexer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(lexer->error, HR_ERROR, HR_ERROR_TEMPLATE, "line %u: %s", lexer->line, message);
    return false;
}

static bool looking_at(const Lexer *lexer, const char *text)
{
    size_t len = strlen(text);
    return lexer->len - lexer->pos >= len && memcmp(lexer->text + lexer->pos, text, len) == 0;
}

static char peek(const Lexer *lexer, size_t ahead)
{
    return lexer->pos + ahead < lexer->len ? lexer->text[lexer->pos + ahead] : '\0';
}

static void advance(Lexer *lexer, size_t n)
{
    for (size_t end = lexer->pos + n; lexer->pos < end; lexer->pos++)
        lexer->line += lexer->text[lexer->pos] == '\n';
    lexer->at_line_start = n > 0 && lexer->text[lexer->pos - 1] == '\n';
}

static void emit(Lexer *lexer, HrLexemeType type, size_t start, size_t len)
{
    HrLexeme lexeme = { type, lexer->line, (uint32_t)start, (uint32_t)len };
    g_array_append_val(lexer->lexemes, lexeme);
}

static size_t skip_space(const Lexer *lexer, size_t pos)
{
    return pos + hr_leading_space(lexer->text + pos, lexer->len - pos);
}

/* ---- Ends of tags ---- */

/* The length of a tag's end at pos, or 0: closer ("%}"), perhaps behind a sign, and the white space
 * that goes with it. */
static size_t tag_end_len(const Lexer *lexer, size_t pos, const char *closer, bool trim_newline)
{
    size_t left = lexer->len - pos;
    const char *at = lexer->text + pos;

    if (left >= 2 && memcmp(at, closer, 2) == 0)
        return 2 + (trim_newline && left > 2 && at[2] == '\n');
    if (left < 3 || memcmp(at + 1, closer, 2) != 0)
        return 0;
    if (at[0] == '-')
        return skip_space(lexer, pos + 3) - pos;
    return at[0] == '+' && trim_newline ? 3 : 0;
}

/* ---- Text between tags ---- */

/* The end of the text [start, end) that a tag with this sign follows. */
static size_t stripped_end(const Lexer *lexer, size_t start, size_t end, char sign, bool is_output,
                           bool at_line_start)
{
    const char *text = lexer->text + start;

    if (sign == '-')
        return start + hr_without_trailing_space(text, end - start);
    if (sign == '+' || is_output)
        return end;
    const char *newline = memrchr(text, '\n', end - start);
    size_t line_start = newline ? (size_t)(newline + 1 - lexer->text) : start;
    if (newline == NULL && !at_line_start)
        return end;
    return skip_space(lexer, line_start) >= end ? line_start : end;
}

static void emit_text(Lexer *lexer, size_t end, char sign, bool is_output)
{
    size_t stop = stripped_end(lexer, lexer->pos, end, sign, is_output, lexer->at_line_start);
    if (stop > lexer->pos)
        emit(lexer, HR_LEX_DATA, lexer->pos, stop - lexer->pos);
    advance(lexer, end - lexer->pos);
}

/* The sign behind the opener at pos, or 0. */
static char sign_at(const Lexer *lexer, size_t pos)
{
    char c = pos + 2 < lexer->len ? lexer->text[pos + 2] : '\0';
    return c == '-' || c == '+' ? c : '\0';
}

/* If `{% word` stands at pos: the position behind word and its white space, else 0. */
static size_t after_word_tag(const Lexer *lexer, size_t pos, const char *word)
{
    size_t n = strlen(word), at = pos + 2 + (sign_at(lexer, pos) != 0);

    if (lexer->len - pos < 2 || memcmp(lexer->text + pos, "{%", 2) != 0)
        return 0;
    at = skip_space(lexer, MIN(at, lexer->len));
    if (lexer->len - at < n || memcmp(lexer->text + at, word, n) != 0)
        return 0;
    return skip_space(lexer, at + n);
}

/* ---- Comments and raw blocks ---- */

static bool lex_comment(Lexer *lexer)
{
    size_t start = lexer->pos + 2 + (sign_at(lexer, lexer->pos) != 0);

    if (start == lexer->len) { /* nothing left to be a comment: Jinja2 does not mind */
        advance(lexer, start - lexer->pos);
        return true;
    }
    for (size_t at = start; at < lexer->len; at++) {
        size_t end = tag_end_len(lexer, at, "#}", true);
        if (end > 0) {
            advance(lexer, at + end - lexer->pos);
            return true;
        }
    }
    return fail(lexer, "missing end of comment tag");
}

/* At `{% raw %}`, whose end has the given length at body: everything up to endraw is text. */
static bool lex_raw(Lexer *lexer, size_t body, size_t end_len)
{
    uint32_t line = lexer->line;

    advance(lexer, body + end_len - lexer->pos);
    if (lexer->pos == lexer->len) /* nothing left to be raw: Jinja2 does not mind */
        return true;
    for (size_t at = lexer->pos; at + 2 <= lexer->len; at++) {
        size_t close = after_word_tag(lexer, at, "endraw");
        size_t close_len = close ? tag_end_len(lexer, close, "%}", true) : 0;
        if (close_len == 0)
            continue;
        emit_text(lexer, at, sign_at(lexer, at), false);
        advance(lexer, close + close_len - lexer->pos);
        return true;
    }
    lexer->line = line;
    return fail(lexer, "missing end of raw block");
}

/* ---- Inside of tags ---- */

static size_t digits_len(const Lexer *lexer, size_t pos)
{
    size_t i = pos;
    while (i < lexer->len && (g_ascii_isdigit(lexer->text[i]) ||
                              (lexer->text[i] == '_' && i > pos && i + 1 < lexer->len &&
                               g_ascii_isdigit(lexer->text[i + 1]))))
        i++;
    return i - pos;
}

/* The length of a fraction and an exponent at pos: ".5e-3". */
static size_t float_tail_len(const Lexer *lexer, size_t pos)
{
    size_t at = pos, n;

    if (at < lexer->len && lexer->text[at] == '.' && (n = digits_len(lexer, at + 1)) > 0)
        at += 1 + n;
    if (at < lexer->len && (lexer->text[at] == 'e' || lexer->text[at] == 'E')) {
        size_t sign =
            at + 1 < lexer->len && (lexer->text[at + 1] == '+' || lexer->text[at + 1] == '-');
        if ((n = digits_len(lexer, at + 1 + sign)) > 0)
            at += 1 + sign + n;
    }
    return at - pos;
}

static void lex_number(Lexer *lexer)
{
    size_t start = lexer->pos, len = digits_len(lexer, start);
    bool after_dot = start > 0 && lexer->text[start - 1] == '.'; /* x.0.1: two subscripts */
    size_t tail = after_dot ? 0 : float_tail_len(lexer, start + len);

    if (tail == 0 && lexer->text[start] == '0' && strchr("xXoObB", peek(lexer, 1)) &&
        peek(lexer, 1)) {
        for (len = 2; g_ascii_isxdigit(peek(lexer, len)) || peek(lexer, len) == '_'; len++)
            ;
    } else if (tail == 0 && lexer->text[start] == '0') {
        for (len = 1; peek(lexer, len) == '0'; len++)
            ;
    }
    emit(lexer, tail ? HR_LEX_FLOAT : HR_LEX_INT, start, len + tail);
    advance(lexer, len + tail);
}

static bool lex_string(Lexer *lexer)
{
    char quote = peek(lexer, 0);

    for (size_t at = lexer->pos + 1; at < lexer->len; at++) {
        if (lexer->text[at] == '\\')
            at++;
        else if (lexer->text[at] == quote) {
            emit(lexer, HR_LEX_STRING, lexer->pos + 1, at - lexer->pos - 1);
            advance(lexer, at + 1 - lexer->pos);
            return true;
        }
    }
    return fail(lexer, "a string literal does not end");
}

static size_t name_len(const Lexer *lexer)
{
    size_t at = lexer->pos;
    while (at < lexer->len) {
        gunichar c = g_utf8_get_char_validated(lexer->text + at, (gssize)(lexer->len - at));
        if (c >= (gunichar)-2 ||
            !(c == '_' || g_unichar_isalpha(c) || (at > lexer->pos && g_unichar_isalnum(c))))
            break;
        at += (size_t)g_unichar_to_utf8(c, NULL);
    }
    return at - lexer->pos;
}

/* Two-character operators come first. */
static const struct {
    char text[3];
    HrLexemeType type;
} operators[] = {
    {"**", HR_LEX_POW},   {"//", HR_LEX_FLOORDIV}, {"==", HR_LEX_EQ},       {"!=", HR_LEX_NE},
    {"<=", HR_LEX_LE},    {">=", HR_LEX_GE},       {"<", HR_LEX_LT},        {">", HR_LEX_GT},
    {"=", HR_LEX_ASSIGN}, {"+", HR_LEX_ADD},       {"-", HR_LEX_SUB},       {"*", HR_LEX_MUL},
    {"/", HR_LEX_DIV},    {"%", HR_LEX_MOD},       {"~", HR_LEX_TILDE},     {"|", HR_LEX_PIPE},
    {",", HR_LEX_COMMA},  {":", HR_LEX_COLON},     {";", HR_LEX_SEMICOLON}, {".", HR_LEX_DOT},
    {"(", HR_LEX_LPAREN}, {")", HR_LEX_RPAREN},    {"[", HR_LEX_LBRACKET},  {"]", HR_LEX_RBRACKET},
    {"{", HR_LEX_LBRACE}, {"}", HR_LEX_RBRACE},
};

/* Brackets must pair up, so that "}}" inside of a dict does not end the tag. */
static bool track_bracket(Lexer *lexer, char c)
{
    static const char opening[] = "([{", closing[] = ")]}";
    const char *found;

    if ((found = strchr(opening, c)))
        g_string_append_c(lexer->open, closing[found - opening]);
    else if (strchr(closing, c)) {
        char expected = lexer->open->len ? lexer->open->str[lexer->open->len - 1] : '\0';
        if (expected == '\0')
            return fail(lexer, "unexpected '%c'", c);
        if (expected != c)
            return fail(lexer, "unexpected '%c', expected '%c'", c, expected);
        g_string_truncate(lexer->open, lexer->open->len - 1);
    }
    return true;
}

static bool lex_operator(Lexer *lexer)
{
    for (size_t i = 0; i < G_N_ELEMENTS(operators); i++) {
        if (!looking_at(lexer, operators[i].text))
            continue;
        size_t len = strlen(operators[i].text);
        if (len == 1 && !track_bracket(lexer, operators[i].text[0]))
            return false;
        emit(lexer, operators[i].type, lexer->pos, len);
        advance(lexer, len);
        return true;
    }
    gunichar c =
        g_utf8_get_char_validated(lexer->text + lexer->pos, (gssize)(lexer->len - lexer->pos));
    if (c >= (gunichar)-2 || !g_unichar_isprint(c))
        return fail(lexer, "unexpected byte 0x%02x", (uint8_t)peek(lexer, 0));
    char utf8[7] = "";
    g_unichar_to_utf8(c, utf8);
    return fail(lexer, "unexpected character '%s'", utf8);
}

/* From behind a tag's opener to behind its end. */
static bool lex_tag(Lexer *lexer, bool is_output)
{
    const char *closer = is_output ? "}}" : "%}";

    g_string_truncate(lexer->open, 0);
    for (;;) {
        advance(lexer, hr_leading_space(lexer->text + lexer->pos, lexer->len - lexer->pos));
        if (lexer->pos >= lexer->len)
            return true; /* the parser misses the end and says so with what it wanted */
        size_t end = lexer->open->len == 0 ? tag_end_len(lexer, lexer->pos, closer, !is_output) : 0;
        if (end > 0) {
            emit(lexer, is_output ? HR_LEX_OUTPUT_END : HR_LEX_BLOCK_END, lexer->pos, 2);
            advance(lexer, end);
            return true;
        }
        size_t name = name_len(lexer);
        if (name > HR_TEMPLATE_MAX_NAME)
            return fail(lexer, "a name of more than %d bytes", HR_TEMPLATE_MAX_NAME);
        if (name > 0) {
            emit(lexer, HR_LEX_NAME, lexer->pos, name);
            advance(lexer, name);
        } else if (g_ascii_isdigit(peek(lexer, 0)))
            lex_number(lexer);
        else if (!(peek(lexer, 0) == '"' || peek(lexer, 0) == '\'' ? lex_string(lexer)
                                                                   : lex_operator(lexer)))
            return false;
    }
}

/* ---- The whole ---- */

/* The next "{%", "{{" or "{#", or the end. */
static size_t find_opener(const Lexer *lexer)
{
    for (size_t at = lexer->pos; at + 1 < lexer->len; at++) {
        const char *brace = memchr(lexer->text + at, '{', lexer->len - 1 - at);
        if (brace == NULL)
            break;
        at = (size_t)(brace - lexer->text);
        if (brace[1] == '%' || brace[1] == '{' || brace[1] == '#')
            return at;
    }
    return lexer->len;
}

static bool lex_next(Lexer *lexer)
{
    size_t at = find_opener(lexer);

    if (at == lexer->len) {
        if (at > lexer->pos)
            emit(lexer, HR_LEX_DATA, lexer->pos, at - lexer->pos);
        advance(lexer, at - lexer->pos);
        return true;
    }
    char sign = sign_at(lexer, at), kind = lexer->text[at + 1];
    emit_text(lexer, at, sign, kind == '{');
    if (kind == '#')
        return lex_comment(lexer);
    size_t raw = after_word_tag(lexer, at, "raw");
    size_t raw_end = raw ? tag_end_len(lexer, raw, "%}", false) : 0;
    if (raw_end > 0)
        return lex_raw(lexer, raw, raw_end);
    emit(lexer, kind == '{' ? HR_LEX_OUTPUT_BEGIN : HR_LEX_BLOCK_BEGIN, at, 2);
    advance(lexer, sign ? 3 : 2);
    return lex_tag(lexer, kind == '{');
}

GArray *hr_lex(const GString *source, GError **error)
{
    g_autoptr(GArray) lexemes = g_array_new(FALSE, FALSE, sizeof(HrLexeme));
    g_autoptr(GString) open = g_string_new(NULL);
    Lexer lexer = {
        .text = source->str, .len = source->len, .line = 1, .at_line_start = true,
        .lexemes = lexemes, .open = open, .error = error,
    };

    while (lexer.pos < lexer.len)
        if (!lex_next(&lexer))
            return NULL;
    emit(&lexer, HR_LEX_END, lexer.len, 0);
    return g_steal_pointer(&lexemes);
}

char *hr_lex_describe(const HrLexeme *lexeme, const GString *source)
{
    switch (lexeme->type) {
    case HR_LEX_END:
        return g_strdup("the end of the template");
    case HR_LEX_DATA:
        return g_strdup("text");
    case HR_LEX_OUTPUT_END:
    case HR_LEX_BLOCK_END:
        return g_strdup("the end of the tag");
    case HR_LEX_STRING:
        return g_strdup("a string");
    default:
        return g_strdup_printf("'%.*s'", (int)MIN(lexeme->len, 40), source->str + lexeme->start);
    }
}
