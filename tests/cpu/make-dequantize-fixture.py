#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes dequantize.bin: blocks of every quantised type with their values as the gguf package (python3-gguf) reads them.

    make-dequantize-fixture.py dequantize.bin

Little-endian. Per type: u32 id, u32 bytes, u32 elements, the bytes, the elements as float32. The bytes are random (every bit
pattern of quants and scales may occur); the float16 fields are replaced by finite values of both signs, so that
values can be compared.
"""
import sys
import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType as T
from gguf.quants import dequantize

ELEMENTS = 1024
# Offsets of float16 fields in a block.
HALVES = {
    T.Q4_0: [0], T.Q4_1: [0, 2], T.Q5_0: [0], T.Q5_1: [0, 2], T.Q8_0: [0], T.Q2_K: [80, 82], T.Q3_K: [108],
    T.Q4_K: [0, 2], T.Q5_K: [0, 2], T.Q6_K: [208], T.IQ4_NL: [0], T.IQ4_XS: [0], T.MXFP4: [],
}

rng = np.random.default_rng(20260)
with open(sys.argv[1], "wb") as out:
    for kind, offsets in HALVES.items():
        block, size = GGML_QUANT_SIZES[kind]
        data = rng.integers(0, 256, (ELEMENTS // block, size), dtype=np.uint8)
        for offset in offsets:
            values = (rng.standard_normal(len(data)) * 10.0 ** rng.uniform(-4, 1, len(data))).astype("<f2")
            data[:, offset:offset + 2] = values[:, None].view(np.uint8)
        with np.errstate(over="ignore"):
            values = dequantize(data.reshape(-1), kind).astype("<f4")
        assert values.size == ELEMENTS and np.isfinite(values[: 8]).all()
        np.array([kind, data.size, values.size], "<u4").tofile(out)
        data.tofile(out)
        values.tofile(out)
