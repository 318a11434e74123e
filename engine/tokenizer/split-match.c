/* split-match.c: matchers for the expressions that descend from GPT-2's and GPT-4's, and the short
 * ones.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each comment gives the expression that the function stands for. A matcher that fails does so
 * after a bounded number of steps, or where the next alternative takes all that was looked at,
 * which keeps splitting linear.
 */
#include "tokenizer/split.h"

#include <glib.h>

#define LONG_S 0x17f

static bool in(const HrPiece *piece, size_t at, HrRune classes)
{
    return at < piece->end && (piece->runes[at] & classes);
}

static bool code_is(const HrPiece *piece, size_t at, uint32_t code)
{
    return at < piece->end && hr_rune_code(piece->runes[at]) == code;
}

/* [classes]* */
static size_t skip(const HrPiece *piece, size_t at, HrRune classes)
{
    while (in(piece, at, classes))
        at++;
    return at;
}

/* [^classes]* */
static size_t skip_not(const HrPiece *piece, size_t at, HrRune classes)
{
    while (at < piece->end && !(piece->runes[at] & classes))
        at++;
    return at;
}

/* 's|'t|'re|'ve|'m|'ll|'d, in any case if any_case; that includes the long s. */
static size_t contraction(const HrPiece *piece, size_t at, bool any_case)
{
    uint32_t a, b;

    if (!code_is(piece, at, '\'') || at + 1 >= piece->end)
        return at;
    a = hr_rune_code(piece->runes[at + 1]);
    b = at + 2 < piece->end ? hr_rune_code(piece->runes[at + 2]) : 0;
    if (any_case && a == LONG_S)
        a = 's';
    if (any_case && a < 0x80)
        a |= 0x20;
    if (any_case && b < 0x80)
        b |= 0x20;
    if (a == 's' || a == 't' || a == 'm' || a == 'd')
        return at + 2;
    if ((a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l'))
        return at + 3;
    return at;
}

/* \s{512}(?!\S)|\s{256}(?!\S)|…|\s{4}(?!\S)|\s{1,2}(?!\S)|\s */
static size_t halved_spaces(const HrPiece *piece, size_t at)
{
    size_t end = at;

    while (end - at <= 512 && in(piece, end, HR_RUNE_SPACE))
        end++;
    if (end < piece->end && !in(piece, end, HR_RUNE_SPACE))
        end--; /* the last one is for what follows */
    for (size_t n = 512; n > 0; n /= 2) {
        if (end >= at + n)
            return at + n;
    }
    return in(piece, at, HR_RUNE_SPACE) ? at + 1 : at;
}

/* \s+(?!\S)|\s+: a run of spaces leaves its last one to what follows. */
static size_t spaces(const HrPiece *piece, size_t at)
{
    size_t end = skip(piece, at, HR_RUNE_SPACE);

    return end < piece->end && end > at + 1 ? end - 1 : end;
}

/* \s*[\r\n]+: spaces up to the last newline among them. */
static size_t spaces_to_newline(const HrPiece *piece, size_t at)
{
    size_t end = at;

    for (size_t i = at; in(piece, i, HR_RUNE_SPACE); i++) {
        if (piece->runes[i] & HR_RUNE_NEWLINE)
            end = i + 1;
    }
    return end;
}

/* One of the two above. Behind a part of a run of spaces no newline is left in it. */
static size_t newline_or_spaces(const HrPiece *piece, size_t at, const HrSplitStep *step)
{
    bool behind = at > piece->begin && in(piece, at - 1, HR_RUNE_SPACE) &&
                  !in(piece, at - 1, HR_RUNE_NEWLINE);
    size_t end = behind ? at : spaces_to_newline(piece, at);

    if (end > at)
        return end;
    return step->halved_spaces ? halved_spaces(piece, at) : spaces(piece, at);
}

static size_t digits(const HrPiece *piece, size_t at, unsigned max)
{
    size_t end = at;

    while (in(piece, end, HR_RUNE_NUMBER) && (max == 0 || end - at < max))
        end++;
    return end;
}

/* 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ */
size_t hr_match_gpt2(const HrPiece *piece, size_t at, const HrSplitStep *step)
{
    const HrRune known = HR_RUNE_SPACE | HR_RUNE_LETTER | HR_RUNE_NUMBER;
    size_t end = contraction(piece, at, false);
    size_t start = code_is(piece, at, ' ') ? at + 1 : at;

    if (end > at)
        return end;
    if (in(piece, start, HR_RUNE_LETTER))
        return skip(piece, start, HR_RUNE_LETTER);
    if (in(piece, start, HR_RUNE_NUMBER))
        return skip(piece, start, HR_RUNE_NUMBER);
    end = skip_not(piece, start, known);
    return end > start ? end : spaces(piece, at);
}

static bool is_cased(const HrPiece *piece, size_t at, const HrSplitStep *step)
{
    return in(piece, at, HR_RUNE_LETTER | HR_RUNE_MARK) &&
           !(step->han_apart && hr_rune_is_han(piece->runes[at]));
}

/* [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+, or else
 * [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[...]*: both runs share uncased letters and marks. After a first
 * run with no lower-case letter behind it, the match is given back to the last shared character;
 * with none of those the run itself matches. */
static size_t cased_word(const HrPiece *piece, size_t at, const HrSplitStep *step)
{
    size_t i = at, shared_end = at;

    for (; is_cased(piece, i, step) && !(piece->runes[i] & HR_RUNE_LOWER); i++) {
        if (!(piece->runes[i] & HR_RUNE_UPPER))
            shared_end = i + 1;
    }
    if (!in(piece, i, HR_RUNE_LOWER))
        return shared_end > at ? shared_end : i;
    while (is_cased(piece, i, step) && !(piece->runes[i] & HR_RUNE_UPPER))
        i++;
    return i;
}

/* Whether cased_word took the first of its two forms, which comes before the second also with
 * another prefix. */
static bool ends_lower(const HrPiece *piece, size_t at, size_t end)
{
    return end > at && !(piece->runes[end - 1] & HR_RUNE_UPPER);
}

/* (?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+ */
static size_t phrase(const HrPiece *piece, size_t at)
{
    size_t end = at;

    while (in(piece, end, HR_RUNE_LETTER) || (end > at && in(piece, end, HR_RUNE_MARK)) ||
           (end > at && code_is(piece, end, ' ') && in(piece, end + 1, HR_RUNE_LETTER)))
        end++;
    return end;
}

/* (?:\p{L}|\p{M}|\u200C|\u200D)+ */
static size_t joined_word(const HrPiece *piece, size_t at)
{
    while (in(piece, at, HR_RUNE_LETTER | HR_RUNE_MARK) || code_is(piece, at, 0x200c) ||
           code_is(piece, at, 0x200d))
        at++;
    return at;
}

static size_t uncased_word(const HrPiece *piece, size_t at, const HrSplitStep *step)
{
    if (step->phrases)
        return phrase(piece, at);
    return step->joiners ? joined_word(piece, at) : skip(piece, at, step->classes);
}

/* [^\r\n\p{L}\p{N}]? before a word of step's kind; `at` if there is none. */
static size_t word(const HrPiece *piece, size_t at, const HrSplitStep *step)
{
    bool prefix = at < piece->end &&
                  !(piece->runes[at] & (HR_RUNE_NEWLINE | HR_RUNE_LETTER | HR_RUNE_NUMBER));
    size_t with, without;

    if (!step->cased) {
        with = prefix ? uncased_word(piece, at + 1, step) : at + 1;
        return with > at + 1 ? with : uncased_word(piece, at, step);
    }
    with = prefix ? cased_word(piece, at + 1, step) : at + 1;
    without = cased_word(piece, at, step);
    if (ends_lower(piece, at + 1, with))
        return with;
    if (ends_lower(piece, at, without))
        return without;
    return with > at + 1 ? with : without;
}

/* The pattern of GPT-4 and its kin, with step's variations:
 * (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
 * ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+ */
size_t hr_match_gpt4(const HrPiece *piece, size_t at, const HrSplitStep *step)
{
    const HrRune known = HR_RUNE_SPACE | HR_RUNE_NUMBER | step->classes;
    size_t end = step->contractions == HR_CONTRACTIONS_FIRST ? contraction(piece, at, true) : at;
    size_t start = code_is(piece, at, ' ') ? at + 1 : at;

    if (step->han_apart) {
        while (end < piece->end && hr_rune_is_han(piece->runes[end]))
            end++;
    }
    if (end > at)
        return end;
    end = word(piece, at, step);
    if (end > at)
        return step->contractions == HR_CONTRACTIONS_ATTACHED ? contraction(piece, end, true) : end;
    if (in(piece, at, HR_RUNE_NUMBER))
        return digits(piece, at, step->max_digits);
    end = skip_not(piece, start, known);
    if (end > start && step->one_newline)
        return in(piece, end, HR_RUNE_NEWLINE) ? end + 1 : end;
    if (end > start) {
        while ((step->newlines && in(piece, end, HR_RUNE_NEWLINE)) ||
               (step->slashes && code_is(piece, end, '/')))
            end++;
        return end;
    }
    return newline_or_spaces(piece, at, step);
}

/* [!-/:-@[-`{-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|
 * ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+; with one_newline
 * ?[\p{P}\p{S}]+|[\r\n]|\s+(?!\S)|\s+ from the signs on */
size_t hr_match_deepseek3(const HrPiece *piece, size_t at, const HrSplitStep *step)
{
    const HrRune signs = HR_RUNE_PUNCT | HR_RUNE_SYMBOL, letters = HR_RUNE_LETTER | HR_RUNE_MARK;
    HrRune first = piece->runes[at];
    size_t start = code_is(piece, at, ' ') ? at + 1 : at, end = at + 1;

    if (hr_rune_code(first) < 0x80 && (first & signs)) {
        while (in(piece, end, HR_RUNE_LETTER) && hr_rune_code(piece->runes[end]) < 0x80)
            end++;
        if (end > at + 1)
            return end;
    }
    if (!(first & (HR_RUNE_NEWLINE | HR_RUNE_LETTER | signs)) && in(piece, at + 1, letters))
        return skip(piece, at + 1, letters);
    if (first & letters)
        return skip(piece, at, letters);
    if (in(piece, start, signs)) {
        end = skip(piece, start, signs);
        return step->one_newline ? end : skip(piece, end, HR_RUNE_NEWLINE);
    }
    if (step->one_newline)
        return first & HR_RUNE_NEWLINE ? at + 1 : spaces(piece, at);
    end = spaces_to_newline(piece, at);
    return end > at ? end : spaces(piece, at);
}

size_t hr_match_run(const HrPiece *piece, size_t at, const HrSplitStep *step)
{
    return skip(piece, at, step->classes);
}

size_t hr_match_spaced_run(const HrPiece *piece, size_t at, const HrSplitStep *step)
{
    size_t start = in(piece, at, HR_RUNE_SPACE) ? at + 1 : at;

    return in(piece, start, step->classes) ? skip(piece, start, step->classes) : at;
}

size_t hr_match_one(const HrPiece *piece, size_t at, const HrSplitStep *step)
{
    return in(piece, at, step->classes) ? at + 1 : at;
}

size_t hr_match_digits(const HrPiece *piece, size_t at, const HrSplitStep *step)
{
    return digits(piece, at, step->max_digits);
}

static bool is_digit(const HrPiece *piece, size_t at)
{
    return in(piece, at, HR_RUNE_NUMBER) && g_unichar_isdigit(hr_rune_code(piece->runes[at]));
}

/* Groups of three from the right; the first of a run tells how the others lie. Where only_whole, a
 * run that a word goes on from is not grouped, but is cut from the left by the step that follows;
 * it is cut here, so that it need not be looked through again from each of its digits. */
size_t hr_match_digit_groups(const HrPiece *piece, size_t at, const HrSplitStep *step)
{
    bool first = at == piece->begin || !is_digit(piece, at - 1);
    size_t end = at;

    while (is_digit(piece, end) && (first || end - at < 3))
        end++;
    if (end == at)
        return at;
    if (first && !(step->only_whole && (in(piece, end, HR_RUNE_LETTER | HR_RUNE_MARK) ||
                                        code_is(piece, end, '_'))))
        return at + 1 + (end - at - 1) % 3;
    return MIN(end, at + 3);
}

size_t hr_match_digit_triple(const HrPiece *piece, size_t at, const HrSplitStep *step)
{
    if (piece->end - at < 3)
        return at;
    for (size_t i = at; i < at + 3; i++) {
        uint32_t code = hr_rune_code(piece->runes[i]);

        if (code < '0' || code > '9')
            return at;
    }
    return at + 3;
}

/* A run that does not reach the end is looked at once only: from its first space. */
size_t hr_match_end_spaces(const HrPiece *piece, size_t at, const HrSplitStep *step)
{
    size_t end;

    if (at > piece->begin && (piece->runes[at - 1] & HR_RUNE_SPACE))
        return at;
    end = skip(piece, at, HR_RUNE_SPACE);
    return end == piece->end ? end : at;
}

size_t hr_match_lines(const HrPiece *piece, size_t at, const HrSplitStep *step)
{
    bool newlines = code_is(piece, at, '\n');

    while (at < piece->end && code_is(piece, at, '\n') == newlines)
        at++;
    return at;
}
