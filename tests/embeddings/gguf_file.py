"""Writes GGUF files: what the scripts beside this one need of the format."""
# SPDX-License-Identifier: GPL-3.0-or-later
import struct

import numpy as np

ALIGNMENT = 32
U32, F32, BOOL, STRING, ARRAY, I32 = 4, 6, 7, 8, 9, 5
TYPES = {np.dtype(np.float32): 0, np.dtype(np.float16): 1}


def text(s):
    raw = s if isinstance(s, bytes) else s.encode()
    return struct.pack("<Q", len(raw)) + raw


def array(kind, items, pack):
    return struct.pack("<IIQ", ARRAY, kind, len(items)) + b"".join(pack(i) for i in items)


def value(v):
    if isinstance(v, bool):
        return struct.pack("<IB", BOOL, v)
    if isinstance(v, int):
        return struct.pack("<II", U32, v)
    if isinstance(v, float):
        return struct.pack("<If", F32, v)
    if isinstance(v, (str, bytes)):
        return struct.pack("<I", STRING) + text(v)
    if isinstance(v, bytearray):
        return struct.pack("<IIQ", ARRAY, 0, len(v)) + v
    if isinstance(v[0], (str, bytes)):
        return array(STRING, v, text)
    if isinstance(v[0], bool):
        return array(BOOL, v, lambda i: struct.pack("<B", i))
    if isinstance(v[0], float):
        return array(F32, v, lambda i: struct.pack("<f", i))
    return array(I32, v, lambda i: struct.pack("<i", i))


def write(path, metadata, tensors):
    """metadata: {key: int, float, bool, str or list}; tensors: {name: float32 or float16 array, slowest dimension first}."""
    infos, data, offset = b"", b"", 0
    for name, t in tensors.items():
        t = np.ascontiguousarray(t)
        infos += text(name) + struct.pack("<I", t.ndim) + b"".join(struct.pack("<Q", d) for d in reversed(t.shape))
        infos += struct.pack("<IQ", TYPES[t.dtype], offset)
        raw = t.tobytes()
        raw += bytes(-len(raw) % ALIGNMENT)
        data, offset = data + raw, offset + len(raw)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    head += b"".join(text(k) + value(v) for k, v in metadata.items()) + infos
    with open(path, "wb") as f:
        f.write(head + bytes(-len(head) % ALIGNMENT) + data)
