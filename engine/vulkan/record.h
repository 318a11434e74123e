/* record.h: commands for a step of a shape, recorded once and used for every such step.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A shape is a bucket of rows: how many of them there are in a step is data, and so are positions,
 * slots and page tables. Thread-safety: Unsafe (as the device).
 */
#pragma once

#include "vulkan/segment.h"

typedef struct {
    uint32_t n_tokens, n_outputs; /* rows that it has room for */
    GArray *commands;             /* VkCommandBuffer: one, or of a long step several */
    HrVkBuffer params;
    uint32_t n_dispatches, n_waits;
    uint64_t read_bytes; /* of the matrices of products */
} HrVkRecording;

/* The bucket for n rows of at most max. */
uint32_t hr_vk_bucket(uint32_t n, uint32_t max);
/* The recording for so many rows, made if need be; owned by the segment. NULL with error. */
const HrVkRecording *hr_vk_record(HrVkSegment *segment, uint32_t n_tokens, uint32_t n_outputs,
                                  GError **error);
void hr_vk_recording_finish(HrVkRecording *recording, HrVkDevice *device);
