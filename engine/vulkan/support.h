/* support.h: which operations have shaders.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pure: needs no Vulkan, so that plans can say why layers stay with the processor. Thread-safety:
 * Safe.
 */
#pragma once

#include "program/program.h"

/* NULL, or what is missing for an operation to run on a GPU: "mixtures of experts". */
const char *hr_vulkan_lacks(const HrProgram *program, const HrOp *op);

/* How many of the last layers, with everything behind them, a GPU can take. ret_why (may be NULL):
 * what keeps the one before on the processor, or NULL; a literal. */
uint32_t hr_vulkan_takes(const HrProgram *program, const char **ret_why);

/* The first operation of layer. What stands before the first layer's is the host's. */
uint32_t hr_vulkan_first_op(const HrProgram *program, uint32_t layer);
