// common.glsl: what all shaders share: references to memory, conversions, sums over a workgroup.
//
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Shaders have no descriptors: a dispatch is pushed one address, that of its parameters, in which
// the addresses of everything else are. Structures lie as in params.h.
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_shader_8bit_storage : require
#extension GL_EXT_shader_16bit_storage : require
#extension GL_EXT_shader_explicit_arithmetic_types_int8 : require
#extension GL_EXT_shader_explicit_arithmetic_types_int16 : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require

layout(buffer_reference, std430, buffer_reference_align = 1) buffer U8 { uint8_t v[]; };
layout(buffer_reference, std430, buffer_reference_align = 2) buffer U16 { uint16_t v[]; };
layout(buffer_reference, std430, buffer_reference_align = 4) buffer U32 { uint v[]; };
layout(buffer_reference, std430, buffer_reference_align = 4) buffer F32 { float v[]; };

// Rows of the step that runs: of tokens, and of outputs; then its runs, each of a slot. A dispatch may
// have more workgroups.
layout(buffer_reference, std430, buffer_reference_align = 8) readonly buffer Counts { uint v[3]; };

#define PARAMS(fields)                                                                            \
    layout(buffer_reference, std430, buffer_reference_align = 8) readonly buffer Params { fields }; \
    layout(push_constant, std430) uniform Push { Params p; };

float half_to_float(uint h)
{
    return unpackHalf2x16(h & 0xffffu).x;
}

// To the nearest, ties to even, whatever the device's own conversion does; never infinite.
uint float_to_half(float x)
{
    uint bits = floatBitsToUint(clamp(x, -65504.0, 65504.0)), sign = bits >> 16 & 0x8000u,
         magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u)
        return sign | 0x7e00u;
    if (magnitude < 0x38800000u)
        return sign | (floatBitsToUint(uintBitsToFloat(magnitude) + 0.5) - 0x3f000000u);
    return sign | (magnitude - (112u << 23) + 0xfffu + (magnitude >> 13 & 1u)) >> 13;
}
