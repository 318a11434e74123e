/* test-template.c: what the vectors cannot say: limits, whom each byte came from, lines in errors,
 * dates.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <string.h>

#include "template/render.h"

/* ---- Tools ---- */

/* Variables: user and other are untrusted text, sys trusted, data a dict and list of untrusted
 * text. */
static HrValue *context(void)
{
    HrValue *vars = hr_value_new_dict(), *data = hr_value_new_dict(), *list = hr_value_new_list();

    hr_value_set(vars, "user", hr_value_new_string("<|u|> x", -1, false));
    hr_value_set(vars, "other", hr_value_new_string("Two\nLines", -1, false));
    hr_value_set(vars, "sys", hr_value_new_string("<|s|>", -1, true));
    hr_value_append(list, hr_value_new_string("e1", -1, false));
    hr_value_append(list, hr_value_new_string("e2", -1, false));
    hr_value_set(data, "key", hr_value_new_string("val", -1, false));
    hr_value_set(data, "list", list);
    hr_value_set(data, "n", hr_value_new_int(5));
    hr_value_set(vars, "data", data);
    return vars;
}

static HrPrompt *render(const char *source, const HrTemplateLimits *limits, GError **error)
{
    g_autoptr(HrValue) vars = context();
    g_autoptr(HrTemplate) tmpl = hr_template_new(source, -1, error);
    return tmpl ? hr_template_render_limited(tmpl, vars, 1767604023, limits, error) : NULL;
}

/* The template fails, and the message holds that text. */
static void assert_fails(const char *source, const char *message)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HrPrompt) prompt = render(source, &HR_TEMPLATE_DEFAULT_LIMITS, &error);

    g_assert_null(prompt);
    g_assert_error(error, HR_ERROR, HR_ERROR_TEMPLATE);
    if (strstr(error->message, message) == NULL)
        g_test_message("%.200s: %s, not %s", source, error->message, message);
    g_assert_nonnull(strstr(error->message, message));
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
}

static void assert_renders(const char *source, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HrPrompt) prompt = render(source, &HR_TEMPLATE_DEFAULT_LIMITS, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(prompt->text->str, ==, text);
}

/* before, then piece n times, then after. */
static char *repeated(const char *before, const char *piece, size_t n, const char *after)
{
    GString *source = g_string_new(before);
    for (size_t i = 0; i < n; i++)
        g_string_append(source, piece);
    g_string_append(source, after);
    return g_string_free(source, FALSE);
}

/* ---- Limits ---- */

static void test_steps(void)
{
    assert_fails(
        "{% set r = range(100000) %}{% for a in r %}{% for b in r %}{% endfor %}{% endfor %}",
        "more than 10000000 steps");
}

static void test_few_steps(void)
{
    g_autoptr(GError) error = NULL;
    HrTemplateLimits limits = HR_TEMPLATE_DEFAULT_LIMITS;
    limits.steps = 100;
    g_autoptr(HrPrompt) enough =
        render("{% for a in range(5) %}{{ a }}{% endfor %}", &limits, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(enough->text->str, ==, "01234");
    g_autoptr(HrPrompt) too_few =
        render("{% for a in range(50) %}{{ a }}{% endfor %}", &limits, &error);
    g_assert_error(error, HR_ERROR, HR_ERROR_TEMPLATE);
    g_assert_null(too_few);
}

static void test_nesting(void)
{
    static const struct {
        const char *before, *piece, *after;
    } cases[] = {
        {"{{ ", "(", ""},
        {"{{ ", "[", ""},
        {"{{ ", "{1:", ""},
        {"{{ ", "not ", "1 }}"},
        {"{{ ", "-", "1 }}"},
        {"{{ ", "x[", ""},
        {"{{ ", "f(", ""},
        {"{{ ", "1 if 1 else ", "1 }}"},
        {"", "{% if 1 %}", ""},
        {"", "{% for x in y %}", ""},
        {"{{ x", "|f(x", ""},
        {"{{ x", " is y(x", ""},
        {"", "{% macro m() %}", ""},
        {"", "{% set x %}", ""},
        {"{{ ", "1 + (", ""},
        {"{% set ", "(", ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *source = repeated(cases[i].before, cases[i].piece, 50000, cases[i].after);
        assert_fails(source, "nested more than 150 deep");
    }
}

/* Chains need no nesting to parse; evaluating them is counted. */
static void test_chains(void)
{
    static const char *const pieces[] = {" + 1",    " * 1",   ".real", "[0]",
                                         "|string", " and 1", " or 0", " - 1 - 1"};
    for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++) {
        g_autofree char *source = repeated("{{ 1", pieces[i], 50000, " }}");
        assert_fails(source, "nests more than 1200 evaluations");
    }
    g_autofree char *filters = repeated("{% filter upper", "|upper", 50000, " %}{% endfilter %}");
    assert_fails(filters, "nests more than 1200 evaluations");
    g_autofree char *concat = repeated("{{ ''", " ~ ''", 50000, " }}");
    assert_renders(concat, "");
    g_autofree char *elif = repeated("{% if 0 %}", "{% elif 0 %}", 50000, "{% endif %}");
    assert_renders(elif, "");
    g_autofree char *calls = repeated("{{ 1", "()", 50000, " }}");
    assert_fails(calls, "nests more than 1200 evaluations");
}

static void test_recursion(void)
{
    assert_fails("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
                 "nests more than 1200 evaluations");
    assert_fails("{% macro m(x=m()) %}{% endmacro %}{{ m() }}", "nests more than 1200 evaluations");
    assert_fails("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
                 "nests more than 1200 evaluations");
    assert_fails("{% macro m() %}{% call m() %}{{ caller() }}{% endcall %}{% endmacro %}{{ m() }}",
                 "nests more than");
    g_autofree char *maps = repeated("{{ [1]|map(", "'map', ", 2000, "'string')|list }}");
    assert_fails(maps, "");
}

static gpointer recurse_in_thread(gpointer unused)
{
    test_recursion();
    test_nesting();
    return NULL;
}

/* The deepest recursion fits in a thread's stack. */
static void test_stack(void)
{
    g_thread_join(g_thread_new("recurse", recurse_in_thread, NULL));
}

static void test_work(void)
{
    assert_fails(
        "{% set ns = namespace(s='x') %}{% for i in range(100) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "builds more than 268435456 bytes");
    assert_fails(
        "{% set ns = namespace(l=[1]) %}{% for i in range(100) %}{% set ns.l = ns.l + ns.l %}{% endfor %}",
        "builds more than 268435456 bytes");
    assert_fails("{{ ('a' * 1000000)|replace('a', 'b' * 1000) }}",
                 "builds more than 268435456 bytes");
    assert_fails("{{ ('a' * 100000)|list|map('list')|map('join')|list|join('b' * 100000) }}",
                 "builds more than");
}

static void test_output(void)
{
    g_autoptr(GError) error = NULL;
    HrTemplateLimits limits = HR_TEMPLATE_DEFAULT_LIMITS;
    limits.output_bytes = 1000;
    g_autoptr(HrPrompt) prompt = render("{% for i in range(1001) %}x{% endfor %}", &limits, &error);
    g_assert_null(prompt);
    g_assert_nonnull(strstr(error->message, "writes more than 1000 bytes"));
    assert_fails("{% set x = 'x' * 1000000 %}{% for i in range(100) %}{{ x }}{% endfor %}",
                 "writes more than 67108864 bytes");
}

static void test_repetition(void)
{
    static const char *const sources[] = {
        "{{ 'ab' * 1000000 }}",
        "{{ 10000000 * 'a' }}",
        "{{ [1] * 2000000 }}",
        "{{ 'a'|center(2000000) }}",
        "{{ 'a'.ljust(9999999999) }}",
        "{{ 'a'.rjust(2000000) }}",
        "{{ 'a'.zfill(2000000) }}",
        "{{ '%2000000d' % 1 }}",
        "{{ '%.2000000d' % 1 }}",
        "{{ '%*d' % (2000000, 1) }}",
        "{{ '{:>2000000}'.format('a') }}",
        "{{ '{:.2000000f}'.format(1.5) }}",
        "{{ 'a\nb'|indent(2000000) }}",
        "{{ {'a': 1}|tojson(indent=2000000) }}",
        "{{ '\t'.expandtabs(2000000) }}",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(sources); i++)
        assert_fails(sources[i], "more than 1048576");
    assert_fails("{{ [1]|batch(2000000, 'x')|list }}", "cannot make pieces");
    assert_fails("{{ [1]|slice(2000000)|list }}", "cannot make 2000000 pieces");
    assert_renders("{{ ('a' * 1000000)|length }}", "1000000");
    assert_fails("{{ range(9000000000000000000) }}", "Range too big");
    assert_fails("{{ range(0, 9000000000000000000, 1) }}", "Range too big");
}

static void test_integers(void)
{
    static const char *const sources[] = {
        "{{ 9223372036854775807 + 1 }}",          "{{ -9223372036854775807 - 2 }}",
        "{{ 4611686018427387904 * 2 }}",          "{{ 10 ** 19 }}",
        "{{ (-9223372036854775807 - 1) // -1 }}", "{{ -(-9223372036854775807 - 1) }}",
        "{{ (-9223372036854775807 - 1)|abs }}",   "{{ 1e20|int }}",
        "{{ '99999999999999999999'|int(5) }}",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(sources); i++)
        assert_fails(sources[i], "an integer does not fit in 64 bits");
    assert_fails("{{ 9223372036854775808 }}", "does not fit in 64 bits");
    assert_renders("{{ (-9223372036854775807 - 1) % -1 }}", "0");
    assert_renders("{{ range(5, 6, 9223372036854775807)[0:1] }}",
                   "range(5, 9223372036854775807, 9223372036854775807)");
    assert_renders("{{ 'abc'[9223372036854775807:-9223372036854775807:-9223372036854775807] }}",
                   "c");
}

static void test_source_size(void)
{
    g_autofree char *source = g_strnfill((1 << 20) + 1, 'x');
    assert_fails(source, "at most 1048576 are read");
    g_autofree char *name = repeated("{{ ", "x", 257, " }}");
    assert_fails(name, "a name of more than 256 bytes");
}

/* Values that share parts are as large as a tree that they are walked as. */
static void test_shared_values(void)
{
    static const char grow[] =
        "{% set ns = namespace(a=[], b=[]) %}{% for i in range(60) %}{% set ns.a = [ns.a, ns.a] %}"
        "{% set ns.b = [ns.b, ns.b] %}{% endfor %}";
    static const char *const uses[] = {
        "{{ ns.a == ns.b }}",       "{{ ns.a < ns.b }}",
        "{{ ns.a in [ns.b] }}",     "{{ ns.a }}",
        "{{ ns.a|tojson }}",        "{{ [ns.a, ns.b]|sort }}",
        "{{ [ns.b].index(ns.a) }}", "{{ [ns.b].count(ns.a) }}",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(uses); i++) {
        g_autofree char *source = g_strconcat(grow, uses[i], NULL);
        assert_fails(source, "");
    }
    assert_fails(
        "{% set ns = namespace(a=()) %}{% for i in range(60) %}{% set ns.a = (ns.a, ns.a) %}{% endfor %}{{ {ns.a: 1} }}",
        "unhashable");
    static const char nest[] =
        "{% set ns = namespace(a=[]) %}{% for i in range(1000) %}{% set ns.a = [ns.a] %}{% endfor %}";
    g_autofree char *print = g_strconcat(nest, "{{ ns.a }}", NULL),
                    *json = g_strconcat(nest, "{{ ns.a|tojson }}", NULL);
    assert_fails(print, "nested too deeply");
    assert_fails(json, "nested too deeply");
}

/* Nothing of this may leak: the leak checker of the sanitized build says so. */
static void test_circles(void)
{
    assert_renders(
        "{% set ns = namespace() %}{% set ns.me = ns %}{% set ns.l = [ns, {'k': ns}] %}{{ ns.me.me.l|length }}",
        "2");
    assert_renders(
        "{% set a = namespace() %}{% set b = namespace(a=a) %}{% set a.b = b %}{{ a.b.a.b is defined }}",
        "True");
    assert_renders(
        "{% set ns = namespace() %}{% macro m() %}{{ ns.m is defined }}{% endmacro %}{% set ns.m = m %}{{ m() }}",
        "True");
    assert_renders(
        "{% macro m() %}{% macro i() %}{{ i is defined }}{% endmacro %}{{ i() }}{% endmacro %}{{ m() }}",
        "True");
    assert_renders(
        "{% set ns = namespace() %}{% for x in [1] %}{% set ns.loop = loop %}{% set me = loop %}{% endfor %}{{ ns.loop.index }}",
        "2");
    assert_renders(
        "{% set ns = namespace() %}{% for i in range(20000) %}{% set ns.x = [ns.x].index %}{% endfor %}ok",
        "ok");
}

/* ---- Whom bytes came from ---- */

/* The prompt with untrusted bytes in braces. */
static char *marked(const char *source)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HrPrompt) prompt = render(source, &HR_TEMPLATE_DEFAULT_LIMITS, &error);
    GString *out = g_string_new(NULL);

    g_assert_no_error(error);
    for (size_t i = 0; i < prompt->spans->len; i++) {
        HrSpan span = g_array_index(prompt->spans, HrSpan, i);
        g_string_append_printf(out, span.trusted ? "%.*s" : "{%.*s}", (int)span.len,
                               prompt->text->str + span.start);
    }
    return g_string_free(out, FALSE);
}

static void test_trust(void)
{
    static const struct {
        const char *source, *marked;
    } cases[] = {
        {"a{{ user }}b", "a{<|u|> x}b"},
        {"{{ sys }}{{ user }}", "<|s|>{<|u|> x}"},
        {"{{ user }}{{ other }}", "{<|u|> xTwo\nLines}"},
        {"{{ sys ~ user ~ 'z' }}", "<|s|>{<|u|> x}z"},
        {"{{ 'a' + user + 'b' }}", "a{<|u|> x}b"},
        {"{{ ('a' ~ user ~ 'b')[1:4] }}", "{<|u}"},
        {"{{ ('ab' ~ user ~ 'cd')[1:-1] }}", "b{<|u|> x}c"},
        {"{{ ('ab' ~ user)[::-1] }}", "{x >|u|<}ba"},
        {"{{ ('ab' ~ user)[2] }}{{ ('ab' ~ user)[0] }}", "{<}a"},
        {"{{ user|upper }}{{ (sys ~ user)|upper }}", "{<|U|> X}<|S|>{<|U|> X}"},
        {"{{ user|title }}{{ user|capitalize }}{{ user|replace('u', 'v') }}",
         "{<|u|> X<|u|> x<|}v{|> x}"},
        {"{{ 'a-b'|replace('-', user) }}", "a{<|u|> x}b"},
        {"{{ (user ~ '  ')|trim }}!", "{<|u|> x}!"},
        {"{{ [user, sys]|join('-') }}", "{<|u|> x}-<|s|>"},
        {"{{ user.split('|')|join('+') }}", "{<}+{u}+{> x}"},
        {"{{ '+'.join(user) }}", "{<}+{|}+{u}+{|}+{>}+{ }+{x}"},
        {"{{ data|tojson }}",
         "{\"{key}\": \"{val}\", \"{list}\": [\"{e1}\", \"{e2}\"], \"{n}\": 5}"},
        {"{{ other|tojson }}", "\"{Two\\nLines}\""},
        {"{{ [other] }}", "['{Two\\nLines}']"},
        {"{{ data.list }}", "['{e1}', '{e2}']"},
        {"{% for k, v in data.items() %}{{ k }},{% endfor %}", "{key},{list},{n},"},
        {"{{ '%s=%5s' % ('a', user) }}", "a={<|u|> x}"},
        {"{{ '%12s|' % user }}", "     {<|u|> x}|"},
        {"{{ '{}:{:>9}'.format('k', user) }}", "k:  {<|u|> x}"},
        {"{{ user.format() }}", "{<|u|> x}"},
        {"{% set x %}a{{ user }}{% endset %}{{ x }}{{ x|upper }}", "a{<|u|> x}A{<|U|> X}"},
        {"{% macro m(x) %}[{{ x }}]{% endmacro %}{{ m(user) }}{{ m(user)|upper }}",
         "[{<|u|> x}][{<|U|> X}]"},
        {"{% filter upper %}a{{ user }}{% endfilter %}", "A{<|U|> X}"},
        {"{{ other|indent(2, true) }}", "  {Two}\n  {Lines}"},
        {"{{ other.splitlines()|last }}", "{Lines}"},
        {"{{ other.partition('\n')[2] }}", "{Lines}"},
        {"{{ other|list|first }}{{ other|first }}{{ other|last }}", "{TTs}"},
        {"{{ other|reverse }}", "{seniL\nowT}"},
        {"{{ other|truncate(6, true, '!', 0) }}", "{Two\nL}!"},
        {"{{ user|escape }}", "{&lt;|u|&gt; x}"},
        {"{{ '<b>' + (user|e) }}", "&lt;b&gt;{&lt;|u|&gt; x}"},
        {"{{ user|urlencode }}", "{%3C%7Cu%7C%3E%20x}"},
        {"{{ user.center(9, '*') }}", "*{<|u|> x}*"},
        {"{{ user|length }}{{ user == sys }}{{ user|default('x') }}", "7False{<|u|> x}"},
        {"{{ user or sys }}{{ sys if user else user }}", "{<|u|> x}<|s|>"},
        {"{{ (user * 2)[5:9] }}", "{ x<|}"},
        {"{{ [user]|sort|first }}{{ [user, user]|unique|join }}{{ [user]|map('upper')|join }}",
         "{<|u|> x<|u|> x<|U|> X}"},
        {"{{ user.lstrip('<') }}{{ user.removeprefix('<|') }}{{ user.rsplit('|', 1)[1] }}",
         "{|u|> xu|> x> x}"},
        {"{{ dict(a=user).a }}{{ namespace(a=user).a }}{{ {'k': user}['k'] }}",
         "{<|u|> x<|u|> x<|u|> x}"},
        {"{% set ns = namespace(t='') %}{% for c in user %}{% set ns.t = ns.t + c %}{% endfor %}{{ ns.t }}",
         "{<|u|> x}"},
        {"{{ user.zfill(9) }}{{ other.expandtabs() }}", "00{<|u|> xTwo\nLines}"},
        {"{{ user|safe }}{{ user|string }}{{ user|forceescape }}", "{<|u|> x<|u|> x&lt;|u|&gt; x}"},
        {"{{ strftime_now(user) }}{{ strftime_now('%%') }}", "{<|u|> x}%"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *result = marked(cases[i].source);
        g_test_message("%s", cases[i].source);
        g_assert_cmpstr(result, ==, cases[i].marked);
    }
}

/* ---- Errors and dates ---- */

static void test_lines(void)
{
    static const struct {
        const char *source, *message;
    } cases[] = {
        {"a\nb\n{{ 1 + }}", "line 3: expected an expression, found the end of the tag"},
        {"a\r\nb\r\n{{ nope.x }}", "line 3: 'nope' is undefined"},
        {"{# a\nb #}\n{% raw %}\n{% endraw %}\n{{ 1 / 0 }}", "line 5: division by zero"},
        {"{% macro m() %}\n{{ 1 // 0 }}{% endmacro %}\n\n{{ m() }}",
         "line 2: integer division or modulo by zero"},
        {"{% if true %}\n{% for x in [1] %}\n{% endif %}",
         "line 3: Encountered unknown tag 'endif'."},
        {"x\n{% if true %}\n", "expected 'elif' or 'else' or 'endif'"},
        {"\n{% include 'x' %}", "line 2: 'include' is not supported"},
        {"{% import 'x' as y %}", "line 1: 'import' is not supported"},
        {"{% extends 'x' %}", "line 1: 'extends' is not supported"},
        {"{% block x %}{% endblock %}", "line 1: 'block' is not supported"},
        {"{% from 'x' import y %}", "line 1: 'from' is not supported"},
        {"{% autoescape true %}{% endautoescape %}", "line 1: 'autoescape' is not supported"},
        {"{% do x %}", "line 1: Encountered unknown tag 'do'."},
        {"{{ 'a\n", "line 1: a string literal does not end"},
        {"{{ (1] }}", "line 1: unexpected ']', expected ')'"},
        {"{{ '\\x1' }}", "line 1: a string literal has a broken escape"},
        {"{{ 'x'|nope }}", "line 1: No filter named 'nope'."},
        {"{{ 'x' is nope }}", "line 1: No test named 'nope'."},
        {"{{ \xff }}", "line 1: unexpected byte 0xff"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_fails(cases[i].source, cases[i].message);
}

static void test_raise(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HrPrompt) prompt =
        render("\n{{ raise_exception('No ' ~ sys) }}", &HR_TEMPLATE_DEFAULT_LIMITS, &error);
    g_assert_null(prompt);
    g_assert_cmpstr(error->message, ==, "No <|s|>");
}

static void test_strftime(void)
{
    g_autofree char *old = g_strdup(g_getenv("TZ"));
    g_setenv("TZ", "UTC", TRUE);
    assert_renders("{{ strftime_now('%Y-%m-%d %H:%M:%S') }}", "2026-01-05 09:07:03");
    assert_renders("{{ strftime_now('%d %b %Y, %A, %B, %-d') }}",
                   "05 Jan 2026, Monday, January, 5");
    assert_renders("{{ strftime_now('') }}|", "|");
    if (old)
        g_setenv("TZ", old, TRUE);
    else
        g_unsetenv("TZ");
}

/* Bytes that are no UTF-8 pass through, NULs included. */
static void test_raw_bytes(void)
{
    g_autoptr(HrValue) vars = hr_value_new_dict();
    g_autoptr(GError) error = NULL;
    hr_value_set(vars, "x", hr_value_new_string("a\xff\0b", 4, false));
    g_autoptr(HrPrompt) prompt =
        hr_template_render_text("{{ x }}{{ x|upper }}{{ x[1:3] }}{{ x|length }}\xfe", vars, &error);
    g_assert_no_error(error);
    g_assert_cmpmem(prompt->text->str, prompt->text->len, "a\xff\0bA\xff\0B\xff\0" "4\xfe", 12);
}

/* One parsed template serves many threads. */
static gpointer render_often(gpointer data)
{
    for (int i = 0; i < 200; i++) {
        g_autoptr(HrValue) vars = context();
        g_autoptr(GError) error = NULL;
        g_autoptr(HrPrompt) prompt = hr_template_render(data, vars, 0, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(prompt->text->str, ==, "-e1-e2-<|U|> X");
    }
    return NULL;
}

static void test_threads(void)
{
    g_autoptr(HrTemplate) tmpl =
        hr_template_new("{% for x in data.list %}-{{ x }}{% endfor %}-{{ user|upper }}", -1, NULL);
    GThread *threads[4];
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("render", render_often, tmpl);
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/template/limits/steps", test_steps);
    g_test_add_func("/template/limits/few-steps", test_few_steps);
    g_test_add_func("/template/limits/nesting", test_nesting);
    g_test_add_func("/template/limits/chains", test_chains);
    g_test_add_func("/template/limits/recursion", test_recursion);
    g_test_add_func("/template/limits/stack", test_stack);
    g_test_add_func("/template/limits/work", test_work);
    g_test_add_func("/template/limits/output", test_output);
    g_test_add_func("/template/limits/repetition", test_repetition);
    g_test_add_func("/template/limits/integers", test_integers);
    g_test_add_func("/template/limits/source-size", test_source_size);
    g_test_add_func("/template/limits/shared-values", test_shared_values);
    g_test_add_func("/template/limits/circles", test_circles);
    g_test_add_func("/template/trust/operations", test_trust);
    g_test_add_func("/template/errors/lines", test_lines);
    g_test_add_func("/template/errors/raise", test_raise);
    g_test_add_func("/template/strftime", test_strftime);
    g_test_add_func("/template/raw-bytes", test_raw_bytes);
    g_test_add_func("/template/threads", test_threads);
    return g_test_run();
}
