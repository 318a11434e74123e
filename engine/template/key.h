/* key.h: what sort, unique, groupby, min, max, map and sum compare items by.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "template/eval.h"

typedef struct {
    HrValue *attribute; /* "a.b", an index, or NULL: the item itself */
    HrValue *fallback;  /* for items without the attribute, or NULL */
    bool case_sensitive;
    bool many;          /* "a,b" stands for both, in that order */
} HrKey;

/* item.a.b for "a.b"; fallback (may be NULL) where that is undefined. */
HrValue *hr_key_attribute(HrEval *ev, HrValue *item, const HrValue *attribute,
                          HrValue *fallback) G_GNUC_WARN_UNUSED_RESULT;
HrValue *hr_key_of(HrEval *ev, HrValue *item, const HrKey *key) G_GNUC_WARN_UNUSED_RESULT;
/* A new list, sorted by key; equal ones stay in order, also in reverse. */
HrValue *hr_key_sort(HrEval *ev, const HrValue *list, const HrKey *key,
                     bool reverse) G_GNUC_WARN_UNUSED_RESULT;
