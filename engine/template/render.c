/* render.c: a template's life: parse once, render often.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "template/template.h"

#include <string.h>

#include "template/eval.h"
#include "template/render.h"

struct HrTemplate {
    HrTree tree;
};

HrTemplate *hr_template_new(const char *source, gssize len, GError **error)
{
    size_t n = len < 0 ? strlen(source) : (size_t)len;

    if (n > HR_TEMPLATE_MAX_SOURCE) {
        g_set_error(error, HR_ERROR, HR_ERROR_TEMPLATE,
                    "the template is %zu bytes long; at most %u are read", n,
                    HR_TEMPLATE_MAX_SOURCE);
        return NULL;
    }
    GString *normalized = hr_lex_normalize(source, n);
    HrTemplate *tmpl = g_new0(HrTemplate, 1);
    bool parsed = hr_parse(normalized, &tmpl->tree, error);
    g_string_free(normalized, TRUE);
    if (!parsed)
        g_clear_pointer(&tmpl, g_free);
    return tmpl;
}

void hr_template_free(HrTemplate *tmpl)
{
    if (tmpl == NULL)
        return;
    hr_tree_clear(&tmpl->tree);
    g_free(tmpl);
}

/* ---- Rendering ---- */

static void clear_namespace(gpointer value, gpointer unused)
{
    hr_namespace_clear(value);
}

static void clear_scope(gpointer scope, gpointer unused)
{
    hr_scope_clear(scope);
}

static void unref_scope(gpointer scope)
{
    hr_scope_unref(scope, NULL);
}

/* Breaks every circle first, then lets go. */
static void finish(HrEval *ev)
{
    g_ptr_array_foreach(ev->namespaces, clear_namespace, NULL);
    g_ptr_array_foreach(ev->captured, clear_scope, NULL);
    hr_scope_unref(ev->scope, NULL);
    g_ptr_array_unref(ev->captured);
    g_ptr_array_unref(ev->namespaces);
}

/* The text with its trust mask as spans. */
static HrPrompt *make_prompt(const HrText *text)
{
    HrPrompt *prompt = hr_prompt_new();

    for (size_t start = 0, end; start < text->len; start = end) {
        bool trusted = text->trust ? text->trust[start] : text->trusted;
        if (text->trust == NULL)
            end = text->len;
        else
            for (end = start + 1; end < text->len && text->trust[end] == text->trust[start]; end++)
                ;
        hr_prompt_append(prompt, text->bytes + start, (gssize)(end - start), trusted);
    }
    return prompt;
}

HrPrompt *hr_template_render_limited(const HrTemplate *tmpl, HrValue *vars, int64_t now_unix,
                                     const HrTemplateLimits *limits, GError **error)
{
    g_autoptr(HrPrompt) prompt = NULL;
    g_auto(HrText) text = { 0 };
    HrEval ev = {
        .tree = &tmpl->tree,
        .limits = *limits,
        .budget = { .bytes_left = limits->work_bytes },
        .steps_left = limits->steps,
        .scope = hr_scope_new(NULL),
        .vars = vars,
        .now_unix = now_unix,
        .namespaces = g_ptr_array_new_with_free_func((GDestroyNotify)hr_value_unref),
        .captured = g_ptr_array_new_with_free_func(unref_scope),
    };

    hr_text_init(&text, &ev.budget);
    ev.out = &text;
    if (hr_exec(&ev, &tmpl->tree.body) == HR_EXEC_DONE)
        prompt = make_prompt(&text);
    finish(&ev);
    if (prompt == NULL)
        g_propagate_error(error, ev.error);
    return g_steal_pointer(&prompt);
}

HrPrompt *hr_template_render(const HrTemplate *tmpl, HrValue *vars, int64_t now_unix,
                             GError **error)
{
    return hr_template_render_limited(tmpl, vars, now_unix, &HR_TEMPLATE_DEFAULT_LIMITS, error);
}

HrPrompt *hr_template_render_text(const char *template_text, HrValue *vars, GError **error)
{
    g_autoptr(HrTemplate) tmpl = hr_template_new(template_text, -1, error);
    return tmpl ? hr_template_render(tmpl, vars, g_get_real_time() / G_USEC_PER_SEC, error) : NULL;
}
