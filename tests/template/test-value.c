/* test-value.c: values, the text that they are built from, and prompts.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "value/value.h"

#include <math.h>
#include <string.h>

static char *repr(const HrValue *value)
{
    HrText text;
    hr_text_init(&text, NULL);
    g_assert_true(hr_text_append_repr(&text, value));
    g_autoptr(HrValue) string = hr_text_finish(&text);
    return g_strdup(hr_value_get_string(string, NULL));
}

static void test_float_repr(void)
{
    static const struct {
        double value;
        const char *repr;
    } cases[] = {
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {1.0, "1.0"},
        {21.5, "21.5"},
        {0.1, "0.1"},
        {1e15, "1000000000000000.0"},
        {1e16, "1e+16"},
        {1e-4, "0.0001"},
        {1e-5, "1e-05"},
        {1.5e300, "1.5e+300"},
        {123456.789, "123456.789"},
        {2.0 / 3, "0.6666666666666666"},
        {5e-324, "5e-324"},
        {INFINITY, "inf"},
        {-INFINITY, "-inf"},
        {NAN, "nan"},
        {100.0, "100.0"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char buf[HR_FLOAT_REPR_MAX];
        hr_float_repr(cases[i].value, buf);
        g_assert_cmpstr(buf, ==, cases[i].repr);
    }
}

static void test_dict_order(void)
{
    g_autoptr(HrValue) dict = hr_value_new_dict();
    for (int i = 999; i >= 0; i--) {
        g_autofree char *key = g_strdup_printf("key%d", i);
        hr_value_set(dict, key, hr_value_new_int(i));
    }
    hr_value_set(dict, "key500", hr_value_new_null());
    g_assert_cmpuint(hr_value_size(dict), ==, 1000);
    for (size_t i = 0; i < 1000; i++) {
        g_autofree char *expected = g_strdup_printf("key%d", 999 - (int)i);
        const char *key;
        const HrValue *value = hr_value_entry(dict, i, &key);
        g_assert_cmpstr(key, ==, expected);
        g_assert_true(hr_value_lookup(dict, key) == value);
        g_assert_cmpint(hr_value_kind(value), ==, i == 499 ? HR_VALUE_NULL : HR_VALUE_INT);
    }
    g_assert_null(hr_value_lookup(dict, "key1000"));
}

static void test_number_keys(void)
{
    g_autoptr(HrValue) dict = hr_value_new_dict();
    hr_value_dict_insert(dict, hr_value_new_int(1), hr_value_new_string("int", -1, true));
    hr_value_dict_insert(dict, hr_value_new_float(1.0), hr_value_new_string("float", -1, true));
    hr_value_dict_insert(dict, hr_value_new_bool(true), hr_value_new_string("bool", -1, true));
    g_assert_cmpuint(hr_value_size(dict), ==, 1);
    g_autofree char *text = repr(dict);
    g_assert_cmpstr(text, ==, "{1: 'bool'}");
}

static void test_wrong_kind_reads_as_nothing(void)
{
    g_autoptr(HrValue) number = hr_value_new_float(1e300);
    g_autoptr(HrValue) null = hr_value_new_null();
    g_assert_cmpint(hr_value_get_int(number), ==, INT64_MAX);
    g_assert_null(hr_value_get_string(number, NULL));
    g_assert_cmpuint(hr_value_size(null), ==, 0);
    g_assert_null(hr_value_at(null, 0));
    g_assert_null(hr_value_entry(null, 0, NULL));
    g_assert_null(hr_value_lookup(null, "x"));
    g_assert_false(hr_value_get_bool(null));
}

/* Freeing needs no stack: a million lists inside of one another, with dicts in between. */
static void test_deep_free(void)
{
    HrValue *value = hr_value_new_list();
    for (int i = 0; i < 1000000; i++) {
        HrValue *outer = i % 2 ? hr_value_new_list() : hr_value_new_dict();
        if (i % 2)
            hr_value_append(outer, value);
        else
            hr_value_set(outer, "x", value);
        value = outer;
    }
    g_autoptr(HrValue) same = hr_value_ref(value);
    g_assert_true(hr_value_equal(value, same));
    HrText text;
    hr_text_init(&text, NULL);
    g_assert_false(hr_text_append_repr(&text, value));
    hr_text_clear(&text);
    hr_value_unref(value);
}

static void test_trust_mask(void)
{
    g_auto(HrText) text = { 0 };
    hr_text_init(&text, NULL);
    hr_text_append(&text, "abc", -1, true);
    hr_text_append(&text, "d\xc3\xa9", -1, false);
    hr_text_append_char(&text, 0x1F600, true);
    g_autoptr(HrValue) mixed = hr_text_finish(&text);
    g_assert_cmpuint(mixed->string.len, ==, 10);
    g_assert_cmpuint(mixed->string.n_chars, ==, 6);
    for (size_t i = 0; i < 10; i++)
        g_assert_cmpint(hr_string_trusted_at(mixed, i), ==, i < 3 || i >= 6);

    hr_text_append_slice(&text, mixed, 2, 3);
    g_autoptr(HrValue) slice = hr_text_finish(&text);
    g_assert_cmpuint(slice->string.len, ==, 3);
    g_assert_true(hr_string_trusted_at(slice, 0));
    g_assert_false(hr_string_trusted_at(slice, 1));
}

static void test_invalid_utf8(void)
{
    g_autoptr(HrValue) string = hr_value_new_string("a\xff\xe2\x82", -1, false);
    g_assert_cmpuint(string->string.n_chars, ==, 4);
    HrText text;
    hr_text_init(&text, NULL);
    for (size_t i = 0; i < string->string.len; i += hr_string_char_len(string, i))
        hr_text_append_char(&text, hr_string_char(string, i), false);
    g_autoptr(HrValue) copy = hr_text_finish(&text);
    g_assert_true(hr_value_equal(string, copy));
}

static void test_budget(void)
{
    HrBudget budget = { .bytes_left = 20 };
    HrText text;
    hr_text_init(&text, &budget);
    hr_text_append(&text, "0123456", -1, true);
    hr_text_append(&text, "789abc", -1, true);
    g_assert_null(hr_text_finish(&text));
    g_assert_true(budget.exhausted);
}

static void test_compare(void)
{
    g_autoptr(HrValue) big = hr_value_new_int(INT64_MAX);
    g_autoptr(HrValue) rounded = hr_value_new_float(0x1p63);
    g_autoptr(HrValue) text = hr_value_new_string("a", -1, true);
    int order;
    g_assert_false(hr_value_equal(big, rounded));
    g_assert_true(hr_value_compare(big, rounded, &order));
    g_assert_cmpint(order, <, 0);
    g_assert_false(hr_value_compare(big, text, &order));
}

static void test_prompt_spans(void)
{
    g_autoptr(HrPrompt) prompt = hr_prompt_new();
    hr_prompt_append(prompt, "ab", -1, true);
    hr_prompt_append(prompt, "cd", 2, true);
    hr_prompt_append(prompt, "", -1, false);
    hr_prompt_append(prompt, "e\0f", 3, false);
    g_assert_cmpuint(prompt->text->len, ==, 7);
    g_assert_cmpuint(prompt->spans->len, ==, 2);
    HrSpan second = g_array_index(prompt->spans, HrSpan, 1);
    g_assert_cmpuint(second.start, ==, 4);
    g_assert_cmpuint(second.len, ==, 3);
    g_assert_false(second.trusted);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/value/float-repr", test_float_repr);
    g_test_add_func("/value/dict-order", test_dict_order);
    g_test_add_func("/value/number-keys", test_number_keys);
    g_test_add_func("/value/wrong-kind-reads-as-nothing", test_wrong_kind_reads_as_nothing);
    g_test_add_func("/value/deep-free", test_deep_free);
    g_test_add_func("/value/trust-mask", test_trust_mask);
    g_test_add_func("/value/invalid-utf8", test_invalid_utf8);
    g_test_add_func("/value/budget", test_budget);
    g_test_add_func("/value/compare", test_compare);
    g_test_add_func("/value/prompt-spans", test_prompt_spans);
    return g_test_run();
}
