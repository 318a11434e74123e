/* inline.h: what the kernel templates ask of the compiler.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The templates are written with small arrays and loops of constant length that must become
 * registers and straight code.
 */
#pragma once

#define HR_INLINE static inline __attribute__((always_inline))

#define HR_PRAGMA(text) _Pragma(#text)
#ifdef __clang__
#define HR_UNROLL(n) HR_PRAGMA(clang loop unroll(full))
#define HR_NO_UNROLL HR_PRAGMA(clang loop unroll(disable))
#else
#define HR_NO_UNROLL HR_PRAGMA(GCC unroll 1)
#define HR_UNROLL(n) HR_PRAGMA(GCC unroll n)
#endif
