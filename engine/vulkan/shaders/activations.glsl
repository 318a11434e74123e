// activations.glsl: the nonlinearities, numbered as HrActivation.
//
// SPDX-License-Identifier: GPL-3.0-or-later

// GLSL has no error function: Abramowitz and Stegun 7.1.26 with a remainder below 1.5e-7.
float error_function(float x)
{
    float a = abs(x), t = 1 / (1 + 0.3275911 * a);
    float y = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t +
               0.254829592) * t;
    return sign(x) * (1 - y * exp(-a * a));
}

float activate(uint kind, float x)
{
    switch (kind) {
    case 0: return x / (1 + exp(-x));
    case 1: return 0.5 * x * (1 + error_function(x * 0.70710678));
    case 2: return x / (1 + exp(-1.5957691216 * x * (1 + 0.044715 * x * x)));
    case 3: return x / (1 + exp(-1.702 * x));
    case 4: return max(x, 0);
    case 5: return max(x, 0) * max(x, 0);
    case 6: return 1 / (1 + exp(-x));
    case 7: return 1 - 2 / (exp(2 * x) + 1); // tanh, of any size
    case 8: return x > 20 ? x : log(1 + exp(x));
    default: return x;
    }
}
