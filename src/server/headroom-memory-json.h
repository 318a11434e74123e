/* headroom-memory-json.h: devices and loaded models as JSON.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pure functions. All sizes are bytes. Thread-safety: residents belong to their context.
 */
#pragma once

#include "headroom-resident.h"

G_BEGIN_DECLS

/**
 * headroom_status_to_json:
 * @devices: as the system tells, not less what is promised
 * @residents: (element-type HeadroomResident):
 *
 * {"devices": [{name, kind, total, free, reserve, "ours": {weights, cache, cache_reserved, compute,
 * projector, driver}}], "models": [...]}
 *
 * cache is what is filled, cache_reserved what is promised beyond it, compute with output and
 * staging.
 */
HrValue *headroom_status_to_json (const HrDevice *devices, gsize n_devices,
                                  GPtrArray *residents) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
