/* headroom-memory-json.h: plans, devices and loaded models as JSON.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pure functions. All sizes are bytes. Thread-safety: Safe for plans; residents belong to their context.
 */
#pragma once

#include "headroom-resident.h"

G_BEGIN_DECLS

/**
 * headroom_plan_to_json:
 *
 * {"model", "settings": {num_ctx, parallel, num_batch, kv_type, gpu_layers, num_thread}, "fits", "reason" (where not),
 *  "devices": [{name, kind, total, free, reserve, used, weights, cache, compute}], "items": [{kind, name, layer, device, bytes}],
 *  "bytes": {weights, cache, compute, output, total}, "cache_bytes_per_token"}
 *
 * A device's compute includes output, so that its three parts are what it uses. layer is null where an item is no layer's.
 */
HrValue *headroom_plan_to_json (const char *model, const HrPlan *plan) G_GNUC_WARN_UNUSED_RESULT;

/**
 * headroom_status_to_json:
 * @devices: as the system tells, not less what is promised
 * @residents: (element-type HeadroomResident):
 *
 * {"devices": [{name, kind, total, free, reserve, "ours": {weights, cache, cache_reserved, compute}}], "models": [...]}
 *
 * cache is what is filled, cache_reserved what is promised beyond it.
 */
HrValue *headroom_status_to_json (const HrDevice *devices, gsize n_devices, GPtrArray *residents) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
