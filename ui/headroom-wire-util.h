/* headroom-wire-util.h: reads fields of JSON that may be missing, at any depth.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the server does not say is not shown, so a missing field, a missing dict around it or a
 * wrong type is 0, FALSE or NULL and never an error. Every json may be NULL.
 */
#pragma once

#include "headroom-json.h"

G_BEGIN_DECLS

HrValue    *headroom_wire_parse      (const char     *text,
                                      GError        **error) G_GNUC_WARN_UNUSED_RESULT;
HrValue    *headroom_wire_get        (const HrValue  *json,
                                      const char     *key);
HrValue    *headroom_wire_at         (const HrValue  *list,
                                      gsize           index);
gsize       headroom_wire_length     (const HrValue  *list);
const char *headroom_wire_get_string (const HrValue  *json,
                                      const char     *key);
gint64      headroom_wire_get_int    (const HrValue  *json,
                                      const char     *key);
double      headroom_wire_get_double (const HrValue  *json,
                                      const char     *key);
gboolean    headroom_wire_get_bool   (const HrValue  *json,
                                      const char     *key);

G_END_DECLS
