// turn.glsl: the Walsh-Hadamard transform of n numbers in shared memory, in blocks of the largest
// power of two that divides n, as coarse caches hold keys and values.
//
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Before and behind it all lanes have met. Called by all lanes or none.
#define TURN(array, first, n)                                                  \
    {                                                                          \
        uint block = (n) & (~(n) + 1);                                         \
        for (uint stride = 1; stride < block; stride *= 2) {                   \
            for (uint t = gl_LocalInvocationIndex; t < (n) / 2; t += LOCAL) {  \
                uint i = (first) + t / stride * 2 * stride + t % stride;       \
                float a = array[i], b = array[i + stride];                     \
                array[i] = a + b;                                              \
                array[i + stride] = a - b;                                     \
            }                                                                  \
            barrier();                                                         \
        }                                                                      \
        for (uint i = gl_LocalInvocationIndex; i < (n); i += LOCAL)            \
            array[(first) + i] *= 1 / sqrt(float(block));                      \
        barrier();                                                             \
    }
