/* test-stop.c: stop strings and characters, however the text is cut into tokens.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/stop.h"
#include "run/utf8.h"

#include <string.h>

#define FFFD "\xef\xbf\xbd"

/* ---- What should come out, found the slow way ---- */

/* Where the text ends: before the stop string whose last byte comes first, the longest of those. n
 * if there is none. */
static size_t expected_end(const char *text, const char *const *stops, bool *ret_met)
{
    size_t n = strlen(text);

    *ret_met = true;
    for (size_t end = 1; end <= n; end++) {
        size_t longest = 0;

        for (size_t i = 0; stops && stops[i]; i++) {
            size_t len = strlen(stops[i]);

            if (len > 0 && len <= end && memcmp(text + end - len, stops[i], len) == 0)
                longest = MAX(longest, len);
        }
        if (longest > 0)
            return end - longest;
    }
    *ret_met = false;
    return n;
}

/* Bytes at the end of text[0..n) that begin a stop string. */
static size_t expected_hold(const char *text, size_t n, const char *const *stops)
{
    for (size_t hold = n; hold > 0; hold--)
        for (size_t i = 0; stops && stops[i]; i++)
            if (hold < strlen(stops[i]) && memcmp(text + n - hold, stops[i], hold) == 0)
                return hold;
    return 0;
}

static char *valid(const char *bytes, size_t n, bool at_end)
{
    g_autoptr(GString) text = g_string_new(NULL);

    hr_utf8_append(text, bytes, n, at_end);
    g_assert_true(g_utf8_validate(text->str, (gssize)text->len, NULL));
    return g_strdup(text->str);
}

/* ---- Every way to cut a text ---- */

/* Feeds text in the pieces that cuts says: bit i cuts after byte i. */
static void check_cut(const char *text, const char *const *stops, uint32_t cuts)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HrStop) stop = hr_stop_new(stops, &error);
    g_autoptr(GString) shown = g_string_new(NULL);
    size_t n = strlen(text), start = 0;
    bool expected_met, met = false;
    size_t end = expected_end(text, stops, &expected_met);
    g_autofree char *expected = valid(text, end, true);

    g_assert_no_error(error);
    for (size_t i = 0; i < n && !met; i++) {
        if (i + 1 < n && !(cuts >> i & 1))
            continue;
        met = hr_stop_feed(stop, text + start, i + 1 - start, shown);
        start = i + 1;
        if (!met) { /* nothing is held longer than it must be, nothing shown that would be taken
                       back */
            g_autofree char *now = valid(text, start - expected_hold(text, start, stops), false);

            g_assert_cmpstr(shown->str, ==, now);
        }
    }
    g_assert_true(met == expected_met);
    g_assert_true(!met || g_str_equal(shown->str, expected));
    hr_stop_flush(stop, shown);
    g_assert_cmpstr(shown->str, ==, expected);
    g_assert_true(!met || hr_stop_feed(stop, "more", 4, shown));
    g_assert_true(!met || g_str_equal(shown->str, expected));
}

static void check_all_cuts(const char *text, const char *const *stops)
{
    g_assert_cmpuint(strlen(text), <=, 14);
    for (uint32_t cuts = 0; cuts < 1u << (strlen(text) - 1); cuts++)
        check_cut(text, stops, cuts);
}

#define STOPS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_cuts(void)
{
    check_all_cuts("hello world", NULL);
    check_all_cuts("hello world", STOPS("o w"));
    check_all_cuts("hello world", STOPS("absent", "lox"));
    check_all_cuts("a\nUser: b", STOPS("\nUser:", "\nSystem:"));
    check_all_cuts("stop", STOPS("stop"));
    check_all_cuts("xstop", STOPS("stopp"));
    check_all_cuts("aabaabaaab", STOPS("aabaaa"));
    check_all_cuts("abababac", STOPS("ababac"));
    check_all_cuts("aaaaaa", STOPS("aaa"));
    check_all_cuts("xabcdy", STOPS("abcd", "bc"));  /* the one that ends first */
    check_all_cuts("xabcdy", STOPS("cd", "abcd"));  /* the longest that ends there */
    check_all_cuts("abcabd", STOPS("", "abd"));     /* an empty one says nothing */
}

static void test_cuts_in_characters(void)
{
    check_all_cuts("a\xf0\x9f\xa6\x99" "b\xc3\xa9", NULL);
    check_all_cuts("\xe4\xbd\xa0\xe5\xa5\xbd\xe3\x80\x82", STOPS("\xe5\xa5\xbd"));
    check_all_cuts("\xe4\xbd\xa0\xe5\xa5\xbd\xe3\x80\x82",
                   STOPS("\xe3\x80\x81")); /* shares two bytes */
    check_all_cuts("a\xf0\x9f" "b\xff" "c\xe4\xbd", NULL);
    check_all_cuts("a\xf0\x9fstop", STOPS("stop"));
}

/* ---- UTF-8 ---- */

/* The Unicode standard's own examples, tables 3-8 to 3-11. */
static void test_replacement(void)
{
    static const struct {
        const char *bytes, *text;
    } cases[] = {
        {"\xc0\xaf\xe0\x80\xbf\xf0\x81\x82" "A", FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD "A"},
        {"\xed\xa0\x80\xed\xbf\xbf\xed\xaf" "A", FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD "A"},
        {"\xf4\x91\x92\x93\xff" "A\x80\xbf" "B", FFFD FFFD FFFD FFFD FFFD "A" FFFD FFFD "B"},
        {"\xe1\x80\xe2\xf0\x91\x92\xf1\xbf" "A", FFFD FFFD FFFD FFFD "A"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = valid(cases[i].bytes, strlen(cases[i].bytes), true);

        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

/* Every scalar value and no other, as GLib sees it too. */
static void test_all_characters(void)
{
    for (gunichar c = 1; c < 0x110000; c++) {
        g_autoptr(GString) text = g_string_new(NULL);
        char bytes[6];
        int n = g_unichar_to_utf8(c, bytes);

        g_assert_cmpuint(hr_utf8_append(text, bytes, (size_t)n, true), ==, n);
        if (c >= 0xd800 && c < 0xe000)
            g_assert_cmpstr(text->str, ==, FFFD FFFD FFFD);
        else
            g_assert_cmpmem(text->str, text->len, bytes, n);
        g_string_truncate(text, 0);
        if (n > 1 && (c < 0xd800 || c >= 0xe000))
            g_assert_cmpuint(hr_utf8_append(text, bytes, (size_t)n - 1, false), ==, 0);
    }
}

static void test_nul(void)
{
    g_autoptr(HrStop) stop = hr_stop_new(STOPS("b"), NULL);
    g_autoptr(GString) shown = g_string_new(NULL);

    g_assert_true(hr_stop_feed(stop, "a\0c\0b", 5, shown));
    g_assert_cmpmem(shown->str, shown->len, "a\0c\0", 4);
}

/* ---- Limits ---- */

/* A stop string of 10 000 a and a b, and a million of a: linear all the same. Were it
 * quadratic, it would run into the time that a test may take at most. */
static void test_time(void)
{
    g_autofree char *pattern = g_strnfill(10001, 'a');
    g_autofree char *text = g_strnfill(1000000, 'a');
    g_autoptr(GString) shown = g_string_new(NULL);
    g_autoptr(HrStop) stop = NULL;

    pattern[10000] = 'b';
    stop = hr_stop_new(STOPS(pattern), NULL);
    for (size_t i = 0; i < 1000000; i += 100)
        g_assert_false(hr_stop_feed(stop, text + i, 100, shown));
    g_assert_cmpuint(shown->len, ==, 990000);
}

static void test_limits(void)
{
    const char *strings[HR_STOP_MAX_STRINGS + 2] = {0};
    g_autofree char *large = g_strnfill(HR_STOP_MAX_BYTES + 1, 'x');
    g_autoptr(GError) error = NULL;

    for (size_t i = 0; i <= HR_STOP_MAX_STRINGS; i++)
        strings[i] = "x";
    g_assert_null(hr_stop_new(strings, &error));
    g_assert_error(error, HR_ERROR, HR_ERROR_SETTINGS);
    g_assert_cmpstr(error->message, ==, "stop holds 257 strings; at most 256 are allowed");
    g_clear_error(&error);
    g_assert_null(hr_stop_new(STOPS(large), &error));
    g_assert_error(error, HR_ERROR, HR_ERROR_SETTINGS);
    g_assert_cmpstr(error->message, ==, "stop holds 1048577 bytes; at most 1048576 are allowed");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/run/stop/cuts", test_cuts);
    g_test_add_func("/run/stop/cuts-in-characters", test_cuts_in_characters);
    g_test_add_func("/run/stop/nul", test_nul);
    g_test_add_func("/run/stop/time", test_time);
    g_test_add_func("/run/stop/limits", test_limits);
    g_test_add_func("/run/utf8/replacement", test_replacement);
    g_test_add_func("/run/utf8/all-characters", test_all_characters);
    return g_test_run();
}
