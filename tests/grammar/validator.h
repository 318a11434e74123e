/* validator.h: whether a JSON value is what a schema allows, written without a look at the grammars
 * that are tested with it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Knows the keywords that random-schema.c writes. Patterns are GLib's regular expressions.
 */
#pragma once

#include "hr.h"

/* NULL if it is valid; else a sentence. */
char *validate (HrValue *root, HrValue *schema, HrValue *value) G_GNUC_WARN_UNUSED_RESULT;
