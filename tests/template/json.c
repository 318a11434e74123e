/* json.c: json-c's objects as values.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "json.h"

static HrValue *from_array(struct json_object *json)
{
    HrValue *list = hr_value_new_list();
    for (size_t i = 0; i < json_object_array_length(json); i++)
        hr_value_append(list, test_value_from_json(json_object_array_get_idx(json, i)));
    return list;
}

static HrValue *from_object(struct json_object *json)
{
    HrValue *dict = hr_value_new_dict();
    json_object_object_foreach(json, key, value)
        hr_value_set(dict, key, test_value_from_json(value));
    return dict;
}

HrValue *test_value_from_json(struct json_object *json)
{
    switch (json_object_get_type(json)) {
    case json_type_boolean:
        return hr_value_new_bool(json_object_get_boolean(json));
    case json_type_int:
        return hr_value_new_int(json_object_get_int64(json));
    case json_type_double:
        return hr_value_new_float(json_object_get_double(json));
    case json_type_string:
        return hr_value_new_string(json_object_get_string(json), json_object_get_string_len(json),
                                   false);
    case json_type_array:
        return from_array(json);
    case json_type_object:
        return from_object(json);
    case json_type_null:
        break;
    }
    return hr_value_new_null();
}
