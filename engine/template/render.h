/* render.h: rendering with limits other than the usual ones, for tests.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "template/limits.h"
#include "template/template.h"

HrPrompt *hr_template_render_limited(const HrTemplate *tmpl, HrValue *vars, int64_t now_unix,
                                     const HrTemplateLimits *limits,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
