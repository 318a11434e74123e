/* template.h: chat templates, a Jinja interpreter set up as Hugging Face sets up Jinja2.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * trim_blocks and lstrip_blocks on, loop controls, tojson without escaping and with key order kept.
 * Templates are untrusted: steps, depth and output are limited. Every byte of the output is known
 * to come from the template or a trusted value, or from an untrusted one. Thread-safety: Safe (a
 * parsed template is immutable).
 */
#pragma once

#include "hr.h"

typedef struct HrTemplate HrTemplate;

/* HR_ERROR_TEMPLATE with the line on a syntax error. */
HrTemplate *hr_template_new(const char *source, gssize len,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
void hr_template_free(HrTemplate *tmpl);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HrTemplate, hr_template_free)

/* vars: a dict. now_unix: what strftime_now sees (UTC offset of the machine). Error messages of
 * raise_exception are passed on as they are. */
HrPrompt *hr_template_render(const HrTemplate *tmpl, HrValue *vars, int64_t now_unix,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
