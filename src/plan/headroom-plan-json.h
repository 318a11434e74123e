/* headroom-plan-json.h: plans as JSON: the same document from the command and from the server.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pure functions. Thread-safety: Safe.
 */
#pragma once

#include "headroom-fit.h"

G_BEGIN_DECLS

/**
 * headroom_plan_to_json:
 * @name: the model as it was asked for
 * @fit: the plan, what was reduced to make it fit, and what could be
 *
 * {"model", "settings": {num_ctx, parallel, num_batch, kv_type, gpu_layers, cpu_experts,
 * num_thread}, "fits", "reason" where it does not, "devices": [{name, kind, total, free, reserve,
 * used, weights, cache, compute, rates}], "items": [{kind, name, layer, device, bytes}], "bytes":
 * {kind: bytes, "total"}, "sum": as headroom_sum_to_json(), "cache_bytes_per_token",
 * "textbook_cache_bytes", "context": as a stop of the landscape, "layers": {gpu, cpu},
 * "share": {bytes, layers, time: {device: 0 to 1}}, "predicted": {prompt_tokens_per_second,
 * tokens_per_second, first_token_ms}, "steps": [sentence], "offers": [{text, frees, fits,
 * settings}]}
 */
HrValue *headroom_plan_to_json (const char *name, HrModel *model,
                                HeadroomFit *fit) G_GNUC_WARN_UNUSED_RESULT;
HrValue *headroom_fit_steps_to_json (GPtrArray *steps) G_GNUC_WARN_UNUSED_RESULT;
HrValue *headroom_settings_to_json (const HrSettings *settings) G_GNUC_WARN_UNUSED_RESULT;
/* {kind: bytes, ..., "total"} */
HrValue *headroom_plan_bytes_to_json (const HrPlan *plan) G_GNUC_WARN_UNUSED_RESULT;
HrValue *headroom_device_to_json (const HrDevice *device) G_GNUC_WARN_UNUSED_RESULT;
/* Bytes of a kind on a device. */
guint64 headroom_plan_device_bytes (const HrPlan *plan, HrItemKind kind, gsize device);

/* [{num_ctx, cache_bytes, percent_of_weights, slower_percent, verdict, predicted}] and
 * [{num_ctx, parallel_max, parallel_best, tokens_per_second, predicted}]; see headroom-landscape.h.
 */
HrValue *headroom_landscape_to_json (const GArray *stops) G_GNUC_WARN_UNUSED_RESULT;
HrValue *headroom_recommend_to_json (const GArray *list) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
