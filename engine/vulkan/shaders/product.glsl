// product.glsl: what products with weights are told (HrVkLinear), and what is done with their sums.
//
// SPDX-License-Identifier: GPL-3.0-or-later
//
// RAGGED, a constant of who includes this: rows are no multiple of eight long.
struct Part {
    uint64_t weight, bias, scale, y, add; // 0: none
    uint n_out, row_bytes, first_group, bias_is_scaled;
};
PARAMS(Counts counts; F32 x; F32 norm; Part parts[3]; uint rows_kind; uint n_parts; uint n_in;
       float factor; float cap; float eps;)

uint find_part(uint group)
{
    uint part = 0;
    while (part + 1 < p.n_parts && group >= p.parts[part + 1].first_group)
        part++;
    return part;
}

float x_at(uint at, uint e)
{
    return RAGGED && e >= p.n_in ? 0 : p.x.v[at + e];
}

void finish(uint part, uint row, uint column, float y)
{
    uint64_t scale = p.parts[part].scale, bias = p.parts[part].bias, add = p.parts[part].add;
    bool bias_is_scaled = p.parts[part].bias_is_scaled != 0;
    uint at = column * p.parts[part].n_out + row;
    if (scale != 0 && !bias_is_scaled)
        y *= F32(scale).v[0];
    if (bias != 0)
        y += F32(bias).v[row];
    if (scale != 0 && bias_is_scaled)
        y *= F32(scale).v[0];
    y *= p.factor;
    if (p.cap > 0)
        y = p.cap * (1 - 2 / (exp(2 * y / p.cap) + 1));
    if (add != 0)
        y += F32(add).v[at];
    F32(p.parts[part].y).v[at] = y;
}
