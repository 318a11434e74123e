/* rune.h: UTF-8 text as code points that carry their Unicode classes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A rune packs a code point into its low 21 bits and what the pre-tokenizers ask about it into the
 * others, so that text takes four bytes per character and a class test is one AND. The Unicode
 * version is GLib's. Thread-safety: Safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t HrRune;

enum {
    HR_RUNE_LETTER = 1u << 21,  /* \p{L} */
    HR_RUNE_NUMBER = 1u << 22,  /* \p{N} */
    HR_RUNE_PUNCT = 1u << 23,   /* \p{P} */
    HR_RUNE_SYMBOL = 1u << 24,  /* \p{S} */
    HR_RUNE_MARK = 1u << 25,    /* \p{M} */
    HR_RUNE_SPACE = 1u << 26,   /* \s: the property White_Space */
    HR_RUNE_UPPER = 1u << 27,   /* \p{Lu}, \p{Lt} */
    HR_RUNE_LOWER = 1u << 28,   /* \p{Ll} */
    HR_RUNE_NEWLINE = 1u << 29, /* [\r\n] */
    HR_RUNE_INVALID = 1u << 30, /* one byte that is not part of UTF-8; has the classes of U+FFFD */
};
#define HR_RUNE_CODE_MASK 0x1fffffu

static inline uint32_t hr_rune_code(HrRune rune)
{
    return rune & HR_RUNE_CODE_MASK;
}

/* How many bytes of text the rune stands for. */
static inline size_t hr_rune_bytes(HrRune rune)
{
    uint32_t code = hr_rune_code(rune);

    if (rune & HR_RUNE_INVALID)
        return 1;
    return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

/* The code point with its classes. */
HrRune hr_rune_classify(uint32_t code);
/* The character at text[0..len), len > 0, without classes: strict UTF-8 (no surrogates, no overlong
 * forms), otherwise HR_RUNE_INVALID for its first byte. */
HrRune hr_rune_decode(const char *text, size_t len);
/* runes[len] receives the characters of text[0..len), classified. Returns how many there are. */
size_t hr_runes_from_utf8(const char *text, size_t len, HrRune *runes);
/* Writes 1 to 4 bytes of UTF-8; returns how many. */
size_t hr_rune_encode(uint32_t code, char *ret_bytes);
