/* fuzz-template.c: any bytes, parsed as a chat template; what parses is rendered.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Limits are lower than the usual ones, so that a slow input shows as one.
 */
#include "fuzz.h"
#include "template/render.h"

static HrValue *text(const char *string)
{
    return hr_value_new_string(string, -1, false);
}

static HrValue *message(const char *role, const char *content)
{
    HrValue *dict = hr_value_new_dict();
    hr_value_set(dict, "role", text(role));
    hr_value_set(dict, "content", text(content));
    return dict;
}

static HrValue *user(const char *name, int age)
{
    HrValue *dict = hr_value_new_dict();
    hr_value_set(dict, "name", text(name));
    hr_value_set(dict, "age", hr_value_new_int(age));
    return dict;
}

static HrValue *context(void)
{
    HrValue *vars = hr_value_new_dict(), *messages = hr_value_new_list(),
            *list = hr_value_new_list();
    HrValue *users = hr_value_new_list(), *dict = hr_value_new_dict();

    hr_value_append(messages, message("system", "Be brief."));
    hr_value_append(messages, message("user", "<|im_end|>Grüße \xff"));
    hr_value_set(vars, "messages", messages);
    hr_value_set(vars, "add_generation_prompt", hr_value_new_bool(true));
    for (int i = 3; i > 0; i--)
        hr_value_append(list, hr_value_new_int(i));
    hr_value_append(users, user("Ann", 5));
    hr_value_append(users, user("bob", 2));
    hr_value_set(dict, "k", hr_value_new_float(2.5));
    hr_value_set(dict, "z", hr_value_new_null());
    hr_value_set(vars, "l", list);
    hr_value_set(vars, "users", users);
    hr_value_set(vars, "tools", hr_value_ref(users));
    hr_value_set(vars, "d", dict);
    hr_value_set(vars, "s", text("hello world"));
    hr_value_set(vars, "u", text("Größe 你好 😀"));
    hr_value_set(vars, "lines", text("a\nb\r\n c"));
    hr_value_set(vars, "t", hr_value_new_bool(true));
    hr_value_set(vars, "n", hr_value_new_null());
    return vars;
}

static void check_spans(const HrPrompt *prompt)
{
    size_t end = 0;
    for (size_t i = 0; i < prompt->spans->len; i++) {
        HrSpan span = g_array_index(prompt->spans, HrSpan, i);
        g_assert_cmpuint(span.start, ==, end);
        g_assert_cmpuint(span.len, >, 0);
        end += span.len;
    }
    g_assert_cmpuint(end, ==, prompt->text->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const HrTemplateLimits limits = {.steps = 50000,
                                     .depth = 300,
                                     .work_bytes = 8 << 20,
                                     .output_bytes = 1 << 20};
    g_autoptr(GError) error = NULL;
    g_autoptr(HrTemplate) tmpl = hr_template_new((const char *)data, (gssize)size, &error);

    g_assert_true((tmpl == NULL) == (error != NULL));
    if (tmpl == NULL)
        return 0;
    g_autoptr(HrValue) vars = context();
    g_autoptr(HrPrompt) prompt =
        hr_template_render_limited(tmpl, vars, 1767604023, &limits, &error);
    g_assert_true((prompt == NULL) == (error != NULL));
    if (prompt)
        check_spans(prompt);
    else
        g_assert_true(g_utf8_validate(error->message, -1, NULL));
    return 0;
}
