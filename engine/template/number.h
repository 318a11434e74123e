/* number.h: fields of a given width, for the "%" operator and str.format.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "template/eval.h"

/* Python's format specification: [[fill]align][sign][#][0][width][grouping][.precision][type] */
typedef struct {
    gunichar fill;
    bool fill_trusted;
    char align; /* '<' '>' '^' '=' or 0: the type's own */
    char sign;  /* '+' ' ' '-' */
    bool alternate, zero;
    int width;
    char grouping;  /* ',' '_' or 0 */
    int precision;  /* -1: none */
    char type;      /* or 0 */
} HrNumberFormat;

#define HR_NUMBER_FORMAT_INIT { .fill = ' ', .fill_trusted = true, .sign = '-', .precision = -1 }

/* Appends an int, bool or float. False after an error. */
bool hr_number_write(HrEval *ev, HrText *text, const HrValue *value, const HrNumberFormat *format);
/* Appends a string, cut to the precision. */
bool hr_string_write(HrEval *ev, HrText *text, const HrValue *string, const HrNumberFormat *format);
