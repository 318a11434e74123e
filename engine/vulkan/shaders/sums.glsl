// sums.glsl: sums and maxima over a workgroup whose size is the constant 0.
//
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Subgroups have 4 lanes or more.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LOCAL = 64;

shared float of_subgroups[LOCAL / 4];

float sum_all(float x)
{
    x = subgroupAdd(x);
    barrier(); // who came before has read
    if (subgroupElect())
        of_subgroups[gl_SubgroupID] = x;
    barrier();
    float sum = 0;
    for (uint i = 0; i < gl_NumSubgroups; i++)
        sum += of_subgroups[i];
    return sum;
}

float max_all(float x)
{
    x = subgroupMax(x);
    barrier();
    if (subgroupElect())
        of_subgroups[gl_SubgroupID] = x;
    barrier();
    float m = of_subgroups[0];
    for (uint i = 1; i < gl_NumSubgroups; i++)
        m = max(m, of_subgroups[i]);
    return m;
}
