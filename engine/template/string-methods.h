/* string-methods.h: str methods, one function each, for the table in string-methods.c.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * self is a string; argv holds the parameters that the table names. Every byte of a result is as
 * trusted as where it came from.
 */
#pragma once

#include "template/eval.h"

typedef HrValue *HrStringMethod(HrEval *ev, HrValue *self, HrValue *const *argv);

/* string-case.c */
HrStringMethod hr_string_upper, hr_string_lower, hr_string_capitalize, hr_string_title,
    hr_string_swapcase;
HrStringMethod hr_string_isalpha, hr_string_isalnum, hr_string_isdecimal, hr_string_isdigit,
    hr_string_isnumeric;
HrStringMethod hr_string_isspace, hr_string_isascii, hr_string_islower, hr_string_isupper,
    hr_string_istitle;

/* string-split.c */
HrStringMethod hr_string_split, hr_string_rsplit, hr_string_splitlines, hr_string_partition,
    hr_string_rpartition;
HrStringMethod hr_string_join;

/* string-pad.c */
HrStringMethod hr_string_ljust, hr_string_rjust, hr_string_center, hr_string_zfill,
    hr_string_expandtabs;
