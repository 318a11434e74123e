/* headroom-advice.h: what a person may conclude from a report, in sentences.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each sentence holds figures of the report and nothing that was not measured; where too little was
 * measured to say something, nothing is said. Thread-safety: Safe.
 */
#pragma once

#include "hr.h"

G_BEGIN_DECLS

/* Of one model of a report. Returns: (transfer full) (element-type utf8): sentences */
GPtrArray *headroom_advice_new (const HrValue *model) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
