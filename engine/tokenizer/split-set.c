/* split-set.c: matchers whose expressions spell their characters out.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tokenizer/split.h"

#include <glib.h>
#include <string.h>

typedef struct {
    uint32_t first, last;
} Range;

/* ranges are in ascending order and apart. */
static bool in_ranges(uint32_t code, const Range *ranges, size_t n)
{
    size_t low = 0, high = n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (code > ranges[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && code >= ranges[low].first;
}

static size_t skip_ranges(const HrPiece *piece, size_t at, const Range *ranges, size_t n)
{
    while (at < piece->end && in_ranges(hr_rune_code(piece->runes[at]), ranges, n))
        at++;
    return at;
}

/* \s?[ranges]+ */
static size_t spaced_ranges(const HrPiece *piece, size_t at, const Range *ranges, size_t n)
{
    size_t start = piece->runes[at] & HR_RUNE_SPACE ? at + 1 : at;
    size_t end = skip_ranges(piece, start, ranges, n);

    if (end == start && start > at) /* the space itself may be one of the characters */
        return skip_ranges(piece, at, ranges, n);
    return end > start ? end : at;
}

/* The letters of scripts with two cases, as DeepSeek's pattern lists them. */
static const Range deepseek_letters[] = {
    {0x41, 0x5a},       {0x61, 0x7a},       {0xb5, 0xb5},       {0xc0, 0xd6},
    {0xd8, 0xf6},       {0xf8, 0x1ba},      {0x1bc, 0x1bf},     {0x1c4, 0x293},
    {0x295, 0x2af},     {0x370, 0x373},     {0x376, 0x377},     {0x37b, 0x37d},
    {0x37f, 0x37f},     {0x386, 0x386},     {0x388, 0x38a},     {0x38c, 0x38c},
    {0x38e, 0x3a1},     {0x3a3, 0x3f5},     {0x3f7, 0x481},     {0x48a, 0x52f},
    {0x531, 0x556},     {0x10a0, 0x10c5},   {0x13a0, 0x13f5},   {0x13f8, 0x13fd},
    {0x1c90, 0x1cba},   {0x1cbd, 0x1cbf},   {0x1d00, 0x1d2b},   {0x1d6b, 0x1d77},
    {0x1d79, 0x1d9a},   {0x1e00, 0x1f15},   {0x1f18, 0x1f1d},   {0x1f20, 0x1f45},
    {0x1f48, 0x1f4d},   {0x1f50, 0x1f57},   {0x1f59, 0x1f59},   {0x1f5b, 0x1f5b},
    {0x1f5d, 0x1f5d},   {0x1f5f, 0x1f7d},   {0x1f80, 0x1fb4},   {0x1fb6, 0x1fbc},
    {0x1fbe, 0x1fbe},   {0x1fc2, 0x1fc4},   {0x1fc6, 0x1fcc},   {0x1fd0, 0x1fd3},
    {0x1fd6, 0x1fdb},   {0x1fe0, 0x1fec},   {0x1ff2, 0x1ff4},   {0x1ff6, 0x1ffc},
    {0x2102, 0x2102},   {0x2107, 0x2107},   {0x210a, 0x2113},   {0x2115, 0x2115},
    {0x2119, 0x211d},   {0x2124, 0x2124},   {0x2126, 0x2126},   {0x2128, 0x2128},
    {0x212a, 0x212d},   {0x212f, 0x2134},   {0x2139, 0x2139},   {0x213c, 0x213f},
    {0x2145, 0x2149},   {0x214e, 0x214e},   {0x2183, 0x2184},   {0x2c00, 0x2c7b},
    {0x2c7e, 0x2ce4},   {0x2ceb, 0x2cee},   {0x2cf2, 0x2cf3},   {0xa640, 0xa66d},
    {0xa680, 0xa69b},   {0xa722, 0xa76f},   {0xa771, 0xa787},   {0xa78b, 0xa78e},
    {0xab70, 0xabbf},   {0xfb00, 0xfb06},   {0xfb13, 0xfb17},   {0xff21, 0xff3a},
    {0xff41, 0xff5a},   {0x10400, 0x1044f}, {0x104b0, 0x104d3}, {0x104d8, 0x104fb},
    {0x10c80, 0x10cb2}, {0x10cc0, 0x10cf2}, {0x118a0, 0x118df}, {0x1e900, 0x1e943},
};

size_t hr_match_deepseek_letters(const HrPiece *piece, size_t at, const HrSplitStep *step)
{
    return spaced_ranges(piece, at, deepseek_letters, G_N_ELEMENTS(deepseek_letters));
}

/* \s?[!-/:-~！-／：-～‘-‟　-。]+ */
size_t hr_match_deepseek_symbols(const HrPiece *piece, size_t at, const HrSplitStep *step)
{
    static const Range symbols[] = {
        {0x21, 0x2f},     {0x3a, 0x7e},     {0x2018, 0x201f},
        {0x3000, 0x3002}, {0xff01, 0xff0f}, {0xff1a, 0xff5e},
    };

    return spaced_ranges(piece, at, symbols, G_N_ELEMENTS(symbols));
}

/* [一-龥ࠀ-一가-퟿]+ */
size_t hr_match_deepseek_cjk(const HrPiece *piece, size_t at, const HrSplitStep *step)
{
    static const Range cjk[] = {{0x800, 0x9fa5}, {0xac00, 0xd7ff}};

    return skip_ranges(piece, at, cjk, G_N_ELEMENTS(cjk));
}

/* [一-龥぀-ゟ゠-ヿ]+ */
size_t hr_match_deepseek3_cjk(const HrPiece *piece, size_t at, const HrSplitStep *step)
{
    static const Range cjk[] = {{0x3040, 0x30ff}, {0x4e00, 0x9fa5}};

    return skip_ranges(piece, at, cjk, G_N_ELEMENTS(cjk));
}

/* The scripts that AFMoE's pattern keeps together, and apart from others. */
size_t hr_match_afmoe_scripts(const HrPiece *piece, size_t at, const HrSplitStep *step)
{
    static const Range scripts[] = {
        {0xe40, 0xeff},   {0x1000, 0x109f}, {0x1100, 0x11ff}, {0x1780, 0x17ff}, {0x2f00, 0x2fdf},
        {0x3040, 0x30ff}, {0x3400, 0x4dbf}, {0x4e00, 0x9fff}, {0xa9e0, 0xa9ff}, {0xaa60, 0xaa7f},
        {0xac00, 0xd7af}, {0xf900, 0xfaff}, {0xff65, 0xff9f},
    };

    return skip_ranges(piece, at, scripts, G_N_ELEMENTS(scripts));
}

/* [가-힣ㄱ-ㆎ]+|[！…“”‘’—：；，、-〿︰-﹏]+|[ㄅ-ㄯ]+|[一-龥぀-ゟ゠-ヿ]+ */
size_t hr_match_youtu_scripts(const HrPiece *piece, size_t at, const HrSplitStep *step)
{
    static const Range hangul[] = {{0x3131, 0x318e}, {0xac00, 0xd7a3}},
                       bopomofo[] = {{0x3105, 0x312f}},
                       signs[] = {{0x2014, 0x2014}, {0x2018, 0x2019}, {0x201c, 0x201d},
                                  {0x2026, 0x2026}, {0x3001, 0x303f}, {0xfe30, 0xfe4f},
                                  {0xff01, 0xff01}, {0xff0c, 0xff0c}, {0xff1a, 0xff1b}};
    size_t end = skip_ranges(piece, at, hangul, G_N_ELEMENTS(hangul));

    if (end == at)
        end = skip_ranges(piece, at, signs, G_N_ELEMENTS(signs));
    if (end == at)
        end = skip_ranges(piece, at, bopomofo, G_N_ELEMENTS(bopomofo));
    return end > at ? end : hr_match_deepseek3_cjk(piece, at, step);
}

bool hr_rune_is_han(HrRune rune)
{
    uint32_t code = hr_rune_code(rune);

    return code >= 0x2e80 && g_unichar_get_script(code) == G_UNICODE_SCRIPT_HAN;
}

static bool is_punct_or(HrRune rune, const char *others)
{
    uint32_t code = hr_rune_code(rune);

    return (rune & HR_RUNE_PUNCT) || (code > 0 && code < 0x80 && strchr(others, (int)code));
}

/* [\p{P}$+<=>^~|`]+ */
size_t hr_match_falcon_punct(const HrPiece *piece, size_t at, const HrSplitStep *step)
{
    while (at < piece->end && is_punct_or(piece->runes[at], "$+<=>^~|`"))
        at++;
    return at;
}

/* [\p{P}$+<=>^~|]+ */
size_t hr_match_default_punct(const HrPiece *piece, size_t at, const HrSplitStep *step)
{
    while (at < piece->end && is_punct_or(piece->runes[at], "$+<=>^~|"))
        at++;
    return at;
}

static bool bloom_breaks(HrRune rune)
{
    static const uint32_t others[] = {0x2026, 0x3002, 0xff0c, 0x3001, 0x964, 0x6d4, 0x60c};
    uint32_t code = hr_rune_code(rune);

    if ((rune & HR_RUNE_SPACE) || (code > 0 && code < 0x80 && strchr("(|.,!?)", (int)code)))
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        if (code == others[i])
            return true;
    }
    return false;
}

/*  ?[^(\s|.,!?…。，、।۔،)]+ */
size_t hr_match_bloom(const HrPiece *piece, size_t at, const HrSplitStep *step)
{
    size_t start = hr_rune_code(piece->runes[at]) == ' ' ? at + 1 : at, end = start;

    while (end < piece->end && !bloom_breaks(piece->runes[end]))
        end++;
    return end > start ? end : at;
}
