/* activate.h: the nonlinearities for one value, shared by the scalar kernels and the rests of the
 * wide ones.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "model/hparams.h"

#include <math.h>

/* Half the argument's sigmoid is what the tanh form of GELU comes to: (1 + tanh z) / 2 = 1 / (1 +
 * e^(-2z)). */
#define HR_GELU_SLOPE 1.5957691216f /* 2 sqrt(2 / pi) */
#define HR_GELU_CUBIC 0.044715f

static inline float hr_activate_one(HrActivation activation, float x)
{
    switch (activation) {
    case HR_SILU:
        return x / (1 + expf(-x));
    case HR_GELU_ERF:
        return 0.5f * x * (1 + erff(x * 0.70710678f));
    case HR_GELU_TANH:
        return x / (1 + expf(-HR_GELU_SLOPE * x * (1 + HR_GELU_CUBIC * x * x)));
    case HR_GELU_QUICK:
        return x / (1 + expf(-1.702f * x));
    case HR_RELU:
        return fmaxf(x, 0);
    case HR_RELU_SQUARED:
        return fmaxf(x, 0) * fmaxf(x, 0);
    case HR_SIGMOID:
        return 1 / (1 + expf(-x));
    case HR_TANH:
        return tanhf(x);
    case HR_SOFTPLUS:
        return x > 20 ? x : log1pf(expf(x));
    case HR_IDENTITY:
        break;
    }
    return x;
}
