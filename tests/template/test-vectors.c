/* test-vectors.c: many small templates against what Python's Jinja2 makes of them (vectors.txt,
 * written by make-vectors.py).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <string.h>

#include "template/template.h"

static HrValue *text(const char *string)
{
    return hr_value_new_string(string, -1, true);
}

static HrValue *list_of(const char *const *strings)
{
    HrValue *list = hr_value_new_list();
    for (; *strings; strings++)
        hr_value_append(list, text(*strings));
    return list;
}

static HrValue *user(const char *name, int age, const char *const *tags, bool ok)
{
    HrValue *dict = hr_value_new_dict();
    hr_value_set(dict, "name", text(name));
    hr_value_set(dict, "age", hr_value_new_int(age));
    hr_value_set(dict, "tags", list_of(tags));
    hr_value_set(dict, "ok", hr_value_new_bool(ok));
    return dict;
}

static HrValue *ints(const int *numbers, size_t n)
{
    HrValue *list = hr_value_new_list();
    for (size_t i = 0; i < n; i++)
        hr_value_append(list, hr_value_new_int(numbers[i]));
    return list;
}

/* The same as context() in make-vectors.py. */
static HrValue *context(void)
{
    HrValue *vars = hr_value_new_dict(), *users = hr_value_new_list(), *dict = hr_value_new_dict();

    hr_value_set(vars, "s", text("Hello World"));
    hr_value_set(vars, "u", text("Größe ñandú 你好 😀"));
    hr_value_set(vars, "i", hr_value_new_int(7));
    hr_value_set(vars, "f", hr_value_new_float(2.5));
    hr_value_set(vars, "t", hr_value_new_bool(true));
    hr_value_set(vars, "n", hr_value_new_null());
    hr_value_set(vars, "l", ints((const int[]){ 3, 1, 2 }, 3));
    hr_value_set(vars, "e", hr_value_new_list());
    hr_value_set(vars, "w", list_of((const char *const[]){"pear", "Apple", "fig", "apple", NULL}));
    hr_value_set(dict, "b", hr_value_new_int(1));
    hr_value_set(dict, "a", ints((const int[]){ 2, 3 }, 2));
    hr_value_set(dict, "items", text("x"));
    hr_value_set(vars, "d", dict);
    hr_value_append(users, user("Ann", 31, (const char *const[]){ "x", "y", NULL }, true));
    hr_value_append(users, user("bob", 25, (const char *const[]){ NULL }, false));
    hr_value_append(users, user("Cid", 31, (const char *const[]){ "z", NULL }, true));
    hr_value_set(vars, "users", users);
    hr_value_set(vars, "html", text("<a href=\"x\">'&'</a>"));
    hr_value_set(vars, "lines", text("one\n two\n\nthree\n"));
    return vars;
}

/* Our message without the line number in front. */
static const char *bare_message(const GError *error)
{
    const char *colon =
        g_str_has_prefix(error->message, "line ") ? strchr(error->message, ':') : NULL;
    return colon ? colon + 2 : error->message;
}

/* What is wrong with our outcome, or NULL. */
static char *check(const HrPrompt *prompt, const GError *error, const char *kind,
                   const char *expected)
{
    if (strcmp(kind, "text") == 0) {
        if (error)
            return g_strdup_printf("fails: %s", error->message);
        return strcmp(prompt->text->str, expected) == 0
                   ? NULL
                   : g_strdup_printf("gives: %s", prompt->text->str);
    }
    if (prompt)
        return g_strdup_printf("does not fail but gives: %s", prompt->text->str);
    if (strcmp(kind, "error") == 0 && strcmp(bare_message(error), expected) != 0)
        return g_strdup_printf("fails with: %s", error->message);
    return NULL;
}

static bool run_case(const char *escaped_template, const char *kind, const char *escaped_expected)
{
    g_autofree char *source = g_strcompress(escaped_template),
                    *expected = g_strcompress(escaped_expected);
    g_autoptr(GError) error = NULL;
    g_autoptr(HrValue) vars = context();
    g_autoptr(HrPrompt) prompt = hr_template_render_text(source, vars, &error);
    g_autofree char *wrong = check(prompt, error, kind, expected);

    g_assert_true((prompt != NULL) == (error == NULL));
    if (wrong)
        g_test_message("%s\n  expected %s: %s\n  %s", escaped_template, kind, escaped_expected,
                       wrong);
    return wrong == NULL;
}

static void test_vectors(void)
{
    g_autofree char *path = g_build_filename(SOURCE_ROOT, "tests", "template", "vectors.txt", NULL),
                    *contents = NULL;
    g_autoptr(GError) error = NULL;
    unsigned n = 0, wrong = 0;

    g_assert_true(g_file_get_contents(path, &contents, NULL, &error));
    g_auto(GStrv) lines = g_strsplit(contents, "\n", -1);
    for (char **line = lines; *line && line[1]; line++) {
        if (!g_str_has_prefix(*line, "template: "))
            continue;
        char *colon = strchr(line[1], ':');
        g_assert_nonnull(colon);
        *colon = '\0';
        wrong += !run_case(*line + strlen("template: "), line[1], colon + 2);
        n++;
    }
    g_test_message("%u templates, %u wrong", n, wrong);
    g_assert_cmpuint(n, >=, 600);
    g_assert_cmpuint(wrong, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/template/vectors", test_vectors);
    return g_test_run();
}
