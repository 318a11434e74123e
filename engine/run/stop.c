/* stop.c: see stop.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each stop string is followed by the automaton of Knuth, Morris and Pratt, so that time is linear
 * in the text whatever the strings are.
 */
#include "run/stop.h"

#include "run/utf8.h"

#include <string.h>

typedef struct {
    char *bytes;
    uint32_t *
        border; /* [len]: length of the longest proper prefix of bytes[0..i] that also ends there */
    size_t len;
    size_t matched;   /* of bytes, by the end of the text so far */
} Pattern;

struct HrStop {
    Pattern *patterns;
    size_t n_patterns;
    GString *held; /* bytes that were not given out */
    bool met;
};

/* ---- Patterns ---- */

static size_t step(const Pattern *pattern, size_t matched, char byte)
{
    while (matched > 0 && (matched == pattern->len || pattern->bytes[matched] != byte))
        matched = pattern->border[matched - 1];
    return pattern->bytes[matched] == byte ? matched + 1 : 0;
}

static bool pattern_init(Pattern *pattern, const char *string)
{
    pattern->len = strlen(string);
    pattern->bytes = g_try_malloc(pattern->len + 1);
    pattern->border = g_try_new0(uint32_t, pattern->len);
    if (!pattern->bytes || !pattern->border)
        return false;
    memcpy(pattern->bytes, string, pattern->len + 1);
    for (size_t i = 1; i < pattern->len; i++)
        pattern->border[i] = (uint32_t)step(pattern, pattern->border[i - 1], string[i]);
    return true;
}

static bool add_pattern(HrStop *stop, const char *string, GError **error)
{
    if (pattern_init(&stop->patterns[stop->n_patterns++], string))
        return true;
    g_set_error(error, HR_ERROR, HR_ERROR_MEMORY, "no memory for a stop string of %zu bytes",
                strlen(string));
    return false;
}

static bool check_limits(const char *const *strings, GError **error)
{
    size_t n = 0, bytes = 0;

    for (; strings[n]; n++)
        bytes += strlen(strings[n]);
    if (n > HR_STOP_MAX_STRINGS)
        g_set_error(error, HR_ERROR, HR_ERROR_SETTINGS,
                    "stop holds %zu strings; at most %d are allowed", n, HR_STOP_MAX_STRINGS);
    else if (bytes > HR_STOP_MAX_BYTES)
        g_set_error(error, HR_ERROR, HR_ERROR_SETTINGS,
                    "stop holds %zu bytes; at most %u are allowed", bytes, HR_STOP_MAX_BYTES);
    else
        return true;
    return false;
}

HrStop *hr_stop_new(const char *const *strings, GError **error)
{
    g_autoptr(HrStop) stop = g_new0(HrStop, 1);

    stop->held = g_string_new(NULL);
    if (!strings)
        return g_steal_pointer(&stop);
    if (!check_limits(strings, error))
        return NULL;
    stop->patterns = g_new0(Pattern, HR_STOP_MAX_STRINGS);
    for (; *strings; strings++)
        if (**strings && !add_pattern(stop, *strings, error))
            return NULL;
    return g_steal_pointer(&stop);
}

void hr_stop_free(HrStop *stop)
{
    if (!stop)
        return;
    for (size_t i = 0; i < stop->n_patterns; i++) {
        g_free(stop->patterns[i].bytes);
        g_free(stop->patterns[i].border);
    }
    g_free(stop->patterns);
    g_string_free(stop->held, TRUE);
    g_free(stop);
}

/* ---- Text ---- */

/* Moves all patterns on by one byte. Returns the length of the longest that ends with it, or 0. */
static size_t advance(HrStop *stop, char byte)
{
    size_t met = 0;

    for (size_t i = 0; i < stop->n_patterns; i++) {
        Pattern *pattern = &stop->patterns[i];

        pattern->matched = step(pattern, pattern->matched, byte);
        if (pattern->matched == pattern->len)
            met = MAX(met, pattern->len);
    }
    return met;
}

/* Bytes at the end that may be the beginning of a stop string. */
static size_t in_question(const HrStop *stop)
{
    size_t n = 0;

    for (size_t i = 0; i < stop->n_patterns; i++)
        n = MAX(n, stop->patterns[i].matched);
    return n;
}

static void give_out(HrStop *stop, size_t n, bool at_end, GString *ret_text)
{
    g_string_erase(stop->held, 0, (gssize)hr_utf8_append(ret_text, stop->held->str, n, at_end));
}

bool hr_stop_feed(HrStop *stop, const char *bytes, size_t n, GString *ret_text)
{
    for (size_t i = 0; i < n && !stop->met; i++) {
        size_t met = advance(stop, bytes[i]);

        g_string_append_c(stop->held, bytes[i]);
        if (met > 0) {
            stop->met = true;
            give_out(stop, stop->held->len - met, true, ret_text);
            g_string_truncate(stop->held, 0);
        }
    }
    if (!stop->met)
        give_out(stop, stop->held->len - in_question(stop), false, ret_text);
    return stop->met;
}

void hr_stop_flush(HrStop *stop, GString *ret_text)
{
    give_out(stop, stop->held->len, true, ret_text);
}
