/* test-chat-templates.c: the chat templates of real models against what Python's Jinja2 makes of
 * them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reads templates/expected.json beside the source tree (or in HEADROOM_SHARED): conversations, and
 * for each template the prompt or the error that each one gives.
 */
#include <string.h>

#include "json.h"
#include "template/template.h"

static struct json_object *fixtures; /* NULL: not there */
static char *folder;

static struct json_object *member(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;
    json_object_object_get_ex(object, key, &value);
    return value;
}

static bool load_fixtures(void)
{
    const char *shared = g_getenv("HEADROOM_SHARED");
    g_autofree char *root =
        shared ? g_strdup(shared) : g_build_filename(SOURCE_ROOT, "..", "shared", NULL);
    folder = g_build_filename(root, "templates", NULL);
    g_autofree char *path = g_build_filename(folder, "expected.json", NULL);
    if (g_file_test(path, G_FILE_TEST_EXISTS))
        fixtures = json_object_from_file(path);
    return fixtures != NULL;
}

/* The moment that strftime_now sees: local time, as the fixtures were made. */
static int64_t fixture_now(void)
{
    g_autoptr(GTimeZone) zone = g_time_zone_new_local();
    g_autoptr(GDateTime) now =
        g_date_time_new_from_iso8601(json_object_get_string(member(fixtures, "now")), zone);
    g_assert_nonnull(now);
    return g_date_time_to_unix(now);
}

static HrValue *case_vars(struct json_object *conversation)
{
    HrValue *vars = test_value_from_json(conversation);
    const char *const tokens[] = { "bos_token", "eos_token" };
    for (size_t i = 0; i < G_N_ELEMENTS(tokens); i++)
        hr_value_set(vars, tokens[i],
                     hr_value_new_string(json_object_get_string(member(fixtures, tokens[i])), -1,
                                         true));
    return vars;
}

/* Errors that the template itself raised are passed on as they are; Jinja2's and Python's own are
 * told by their place. */
static void check_error(const char *expected, const GError *error, const char *source)
{
    g_assert_error(error, HR_ERROR, HR_ERROR_TEMPLATE);
    if (!g_str_has_prefix(error->message, "line "))
        g_assert_cmpstr(error->message, ==, expected);
    else
        g_assert_null(strstr(source, expected)); /* it was not the template's own message */
}

static void check_spans(const HrPrompt *prompt)
{
    size_t at = 0;
    for (size_t i = 0; i < prompt->spans->len; i++) {
        HrSpan span = g_array_index(prompt->spans, HrSpan, i);
        g_assert_cmpuint(span.start, ==, at);
        g_assert_cmpuint(span.len, >, 0);
        if (i > 0)
            g_assert_cmpint(span.trusted, !=, g_array_index(prompt->spans, HrSpan, i - 1).trusted);
        at += span.len;
    }
    g_assert_cmpuint(at, ==, prompt->text->len);
}

static void test_template(gconstpointer data)
{
    const char *name = data;
    g_autofree char *path = g_build_filename(folder, name, NULL), *source = NULL;
    g_autoptr(GError) error = NULL;
    size_t len;

    g_assert_true(g_file_get_contents(path, &source, &len, &error));
    g_autoptr(HrTemplate) tmpl = hr_template_new(source, (gssize)len, &error);
    g_assert_no_error(error);
    struct json_object *expected = member(member(fixtures, "expected"), name),
                       *cases = member(fixtures, "cases");
    for (size_t i = 0; i < json_object_array_length(cases); i++) {
        struct json_object *conversation = json_object_array_get_idx(cases, i);
        struct json_object *result =
            member(expected, json_object_get_string(member(conversation, "name")));
        g_autoptr(HrValue) vars = case_vars(conversation);
        g_autoptr(HrPrompt) prompt = hr_template_render(tmpl, vars, fixture_now(), &error);
        g_test_message("%s", json_object_get_string(member(conversation, "name")));
        if (member(result, "text") == NULL) {
            g_assert_null(prompt);
            check_error(json_object_get_string(member(result, "error")), error, source);
            g_clear_error(&error);
            continue;
        }
        g_assert_no_error(error);
        g_assert_cmpstr(prompt->text->str, ==, json_object_get_string(member(result, "text")));
        check_spans(prompt);
    }
}

/* What people wrote is never trusted, whichever way a template carries it; what the template wrote
 * always is. */
static void test_trust(gconstpointer data)
{
    static const char marker[] = "<|im_start|>\xe2\x98\xa0";
    g_autofree char *path = g_build_filename(folder, data, NULL), *source = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(HrValue) vars = hr_value_new_dict();
    HrValue *messages = hr_value_new_list(), *message = hr_value_new_dict();

    g_assert_true(g_file_get_contents(path, &source, NULL, &error));
    hr_value_set(message, "role", hr_value_new_string("user", -1, true));
    hr_value_set(message, "content", hr_value_new_string(marker, -1, false));
    hr_value_append(messages, message);
    hr_value_set(vars, "messages", messages);
    hr_value_set(vars, "add_generation_prompt", hr_value_new_bool(true));
    hr_value_set(vars, "bos_token", hr_value_new_string("<s>", -1, true));
    hr_value_set(vars, "eos_token", hr_value_new_string("</s>", -1, true));
    hr_value_set(vars, "functions", hr_value_new_string("[]", -1, true));
    hr_value_set(vars, "datetime", hr_value_new_string("today", -1, true));
    g_autoptr(HrPrompt) prompt = hr_template_render_text(source, vars, &error);
    g_assert_no_error(error);
    const char *found = strstr(prompt->text->str, marker);
    g_assert_nonnull(found);
    size_t start = (size_t)(found - prompt->text->str), untrusted = 0;
    for (size_t i = 0; i < prompt->spans->len; i++) {
        HrSpan span = g_array_index(prompt->spans, HrSpan, i);
        if (span.trusted)
            continue;
        g_assert_cmpuint(span.start, ==, start);
        untrusted += span.len;
    }
    g_assert_cmpuint(untrusted, ==, strlen(marker));
}

static void test_missing(void)
{
    g_test_skip("templates/expected.json is not there (HEADROOM_SHARED)");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!load_fixtures()) {
        g_test_add_func("/template/models", test_missing);
        return g_test_run();
    }
    json_object_object_foreach(member(fixtures, "expected"), name, unused)
    {
        (void)unused;
        g_autofree char *golden = g_strdup_printf("/template/models/%s", name);
        g_autofree char *trust = g_strdup_printf("/template/trust/%s", name);
        g_test_add_data_func(golden, name, test_template);
        g_test_add_data_func(trust, name, test_trust);
    }
    int status = g_test_run();
    json_object_put(fixtures);
    g_free(folder);
    return status;
}
