/* headroom-openapi.h: what is served, as OpenAPI describes it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "hr.h"

#include <glib.h>

G_BEGIN_DECLS

/* The whole document. Thread-safety: Safe. */
HrValue *headroom_openapi_new (void) G_GNUC_WARN_UNUSED_RESULT;
/* Every path of it, for whoever compares them with what is routed: "POST /api/chat", ...;
 * NULL-terminated. */
GStrv headroom_openapi_dup_operations (void) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
