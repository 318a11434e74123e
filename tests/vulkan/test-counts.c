/* test-counts.c: what a step of a model that is wholly on a GPU makes it do: dispatches, waits and
 * bytes of weights.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vulkan-fixture.h"

#include "run/runner.h"
#include "tiny-model.h"

#define MOST_DISPATCHES 8 /* of a layer of llama's kind when a token is generated */

static HrRunner *load(const char *path, uint32_t n_layer)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HrModel) model = hr_model_open(path, &error);
    HrDevice devices[4];
    size_t n = hr_devices_probe(devices, 4);
    const HrSettings settings = {.num_ctx = 128, .gpu_layers = (int32_t)n_layer};
    g_autoptr(HrPlan) plan = hr_plan_new(model, &settings, devices, n, &error);
    HrRunner *runner = hr_runner_new(model, plan, true, NULL, NULL, &error);
    g_assert_no_error(error);
    return runner;
}

static uint64_t matrix_bytes(const HrProgram *program)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < program->ops->len; i++)
        for (uint32_t p = 0; p < hr_program_op(program, i)->n_parts; p++) {
            const HrWeight *w = &hr_program_op(program, i)->parts[p].linear->weight;
            bytes += w->n_out * w->row_bytes;
        }
    return bytes;
}

static HrVulkanCost count(uint32_t n_layer, uint32_t n_tokens, uint64_t *ret_matrix_bytes)
{
    TinyModel tiny = tiny_model_default;
    tiny.n_layer = n_layer;
    g_autofree char *path = tiny_model_new(&tiny);
    g_autoptr(HrRunner) runner = load(path, n_layer);
    g_autoptr(GError) error = NULL;
    HrVulkanCost cost = {0};
    hr_vulkan_count(runner->vulkan, n_tokens, 1, &cost, &error);
    g_assert_no_error(error);
    *ret_matrix_bytes = matrix_bytes(runner->program);
    tiny_model_remove(g_steal_pointer(&path));
    return cost;
}

/* Weights are read once, and a layer more is as many dispatches more. */
static void test_decode(void)
{
    uint64_t bytes;
    if (vulkan_fixture_find() == UINT32_MAX)
        return;
    HrVulkanCost two = count(2, 1, &bytes), three = count(3, 1, &bytes);
    uint32_t layer = three.n_dispatches - two.n_dispatches;
    g_test_message("%u dispatches and %u waits a layer", layer, three.n_barriers - two.n_barriers);
    g_assert_cmpuint(layer, >, 0);
    g_assert_cmpuint(layer, <=, MOST_DISPATCHES);
    g_assert_cmpuint(three.n_barriers - two.n_barriers, <=, layer);
    g_assert_cmpuint(three.read_bytes, ==, bytes);
    vulkan_fixture_assert_silent();
}

/* Of a few tokens at once, too. */
static void test_columns(void)
{
    uint64_t bytes;
    if (vulkan_fixture_find() == UINT32_MAX)
        return;
    HrVulkanCost cost = count(2, 8, &bytes);
    g_assert_cmpuint(cost.read_bytes, ==, bytes);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vulkan/counts/decode", test_decode);
    g_test_add_func("/vulkan/counts/columns", test_columns);
    return g_test_run();
}
