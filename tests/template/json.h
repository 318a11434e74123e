/* json.h: test fixtures' JSON as values.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <json-c/json.h>

#include "hr.h"

/* Strings are not trusted, as if people had written them. */
HrValue *test_value_from_json(struct json_object *json);
