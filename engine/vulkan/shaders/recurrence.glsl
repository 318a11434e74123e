// recurrence.glsl: what recurrent operations are told (HrVkRecurrence).
//
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A run is the tokens of one slot in a step, whose state was put where the operation changes it in
// place. States lie as the processor has them (cpu/op-recurrent.c), so they can go on there.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LOCAL = 64;

PARAMS(Counts counts; U32 runs; F32 x; F32 k; F32 v; F32 add; F32 y; F32 a; F32 d; uint64_t dt_bias;
       F32 state; uint x_cols; uint k_cols; uint v_cols; uint add_cols; uint y_cols; uint n_head;
       uint head_dim; uint n_group; uint n_state; uint run_floats; uint tiled; float fading;
       float bound; float eps;)

float softplus(float x)
{
    return x > 20 ? x : log(1 + exp(x));
}

float sigmoid(float x)
{
    return 1 / (1 + exp(-x));
}
