/* type.c: see type.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "gguf/type.h"

#define TYPE(id, name_, block_, bytes_, computable_) \
    [HR_TYPE_##id] = {.name = name_, .block = block_, .block_bytes = bytes_, .computable = computable_}

static const HrTypeTraits traits[HR_TYPE_N] = {
    TYPE(F32, "F32", 1, 4, true),          TYPE(F16, "F16", 1, 2, true),
    TYPE(Q4_0, "Q4_0", 32, 18, true),      TYPE(Q4_1, "Q4_1", 32, 20, true),
    TYPE(Q5_0, "Q5_0", 32, 22, true),      TYPE(Q5_1, "Q5_1", 32, 24, true),
    TYPE(Q8_0, "Q8_0", 32, 34, true),      TYPE(Q8_1, "Q8_1", 32, 36, false),
    TYPE(Q2_K, "Q2_K", 256, 84, true),     TYPE(Q3_K, "Q3_K", 256, 110, true),
    TYPE(Q4_K, "Q4_K", 256, 144, true),    TYPE(Q5_K, "Q5_K", 256, 176, true),
    TYPE(Q6_K, "Q6_K", 256, 210, true),    TYPE(Q8_K, "Q8_K", 256, 292, false),
    TYPE(IQ2_XXS, "IQ2_XXS", 256, 66, false), TYPE(IQ2_XS, "IQ2_XS", 256, 74, false),
    TYPE(IQ3_XXS, "IQ3_XXS", 256, 98, false), TYPE(IQ1_S, "IQ1_S", 256, 50, false),
    TYPE(IQ4_NL, "IQ4_NL", 32, 18, true),  TYPE(IQ3_S, "IQ3_S", 256, 110, false),
    TYPE(IQ2_S, "IQ2_S", 256, 82, false),  TYPE(IQ4_XS, "IQ4_XS", 256, 136, true),
    TYPE(I8, "I8", 1, 1, false),           TYPE(I16, "I16", 1, 2, false),
    TYPE(I32, "I32", 1, 4, false),         TYPE(I64, "I64", 1, 8, false),
    TYPE(F64, "F64", 1, 8, false),         TYPE(IQ1_M, "IQ1_M", 256, 56, false),
    TYPE(BF16, "BF16", 1, 2, true),        TYPE(TQ1_0, "TQ1_0", 256, 54, false),
    TYPE(TQ2_0, "TQ2_0", 256, 66, false),  TYPE(MXFP4, "MXFP4", 32, 17, true),
    TYPE(NVFP4, "NVFP4", 64, 36, false),
};

const HrTypeTraits *hr_type_traits(uint32_t type)
{
    static const HrTypeTraits unknown = {.block = 1, .block_bytes = 1};
    return type < HR_TYPE_N && traits[type].name ? &traits[type] : &unknown;
}
