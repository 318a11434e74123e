/* sampling-default.c: the settings of a request that says nothing. They are those that Ollama's
 * clients expect.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "hr.h"

const HrSampling hr_sampling_default = {
    .temperature = 0.8f,
    .top_k = 40,
    .top_p = 0.9f,
    .min_p = 0.0f,
    .typical_p = 1.0f,
    .repeat_last_n = 64,
    .repeat_penalty = 1.0f,
    .presence_penalty = 0.0f,
    .frequency_penalty = 0.0f,
    .mirostat = 0,
    .mirostat_tau = 5.0f,
    .mirostat_eta = 0.1f,
    .seed = -1,
};
