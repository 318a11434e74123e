/* vulkan-fixture.h: the software device opened for tests, and single dispatches on it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "vulkan/params.h"
#include "vulkan/pipeline.h"

typedef struct {
    HrVkInstance *instance;
    HrVkDevice device;
    HrVkPipelines pipelines;
    GPtrArray *buffers; /* HrVkBuffer, owned */
} VulkanFixture;

/* The place of the device that tests are for, or UINT32_MAX: then the test was skipped. */
uint32_t vulkan_fixture_find(void);
/* The validation layers had nothing to say so far. */
void vulkan_fixture_assert_silent(void);
/* False if the test was skipped. */
bool vulkan_fixture_init(VulkanFixture *f);
void vulkan_fixture_finish(VulkanFixture *f);

/* Memory of the device with a copy of data, or zeros (data NULL); freed with the fixture. */
HrVkBuffer *vulkan_fixture_buffer(VulkanFixture *f, const void *data, size_t bytes);
/* One dispatch, waited for. */
void vulkan_fixture_dispatch(VulkanFixture *f, const HrVkVariant *variant, const void *params,
                             size_t params_bytes, uint32_t groups_x, uint32_t groups_y);
void vulkan_fixture_read(VulkanFixture *f, HrVkBuffer *buffer, void *data, size_t bytes);

/* n numbers between -1 and 1, each a function of its place and seed. */
float *vulkan_fixture_numbers(size_t n, uint32_t seed);
