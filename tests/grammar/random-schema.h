/* random-schema.h: JSON schemas that nobody thought of.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "hr.h"

/* The same seed gives the same schema. Every keyword in it is one that answers are held to. */
HrValue *random_schema_new (guint32 seed) G_GNUC_WARN_UNUSED_RESULT;
