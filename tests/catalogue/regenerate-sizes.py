#!/usr/bin/env python3
"""Asks another engine's quantiser which type every tensor of the catalogue would get, and writes sizes.txt.

    regenerate-sizes.py WRITE-SHAPE QUANTISE [ARG ...] > sizes.txt

QUANTISE is llama-quantize, or what runs it; it is called with --dry-run on files with the shapes of models and holes for weights.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import os
import re
import subprocess
import sys
import tempfile

BLOCKS = {"f32": (1, 4), "f16": (1, 2), "bf16": (1, 2), "q4_0": (32, 18), "q4_1": (32, 20), "q5_0": (32, 22), "q5_1": (32, 24),
          "q8_0": (32, 34), "q2_k": (256, 84), "q3_k": (256, 110), "q4_k": (256, 144), "q5_k": (256, 176), "q6_k": (256, 210),
          "iq4_nl": (32, 18), "iq4_xs": (256, 136), "mxfp4": (32, 17)}
MIXES = ["Q2_K", "Q3_K_S", "Q3_K_M", "Q3_K_L", "Q4_0", "Q4_K_S", "Q4_K_M", "Q5_K_S", "Q5_K_M", "Q6_K", "Q8_0", "IQ4_NL", "IQ4_XS"]
LINE = re.compile(r"\]\s+\S+\s+- \[\s*(\d+),\s*(\d+),\s*(\d+),\s*(\d+)\], type =\s*(\S+), size =[^\n]*?MiB(?: ->\s+[\d.]+ MiB \((\S+)\))?\n")


def size(log):
    total = 0
    for *dims, before, after in LINE.findall(log):
        block, block_bytes = BLOCKS[(after or before).lower()]
        rows = int(dims[1]) * int(dims[2]) * int(dims[3])
        total += int(dims[0]) // block * block_bytes * rows
    return total


def main():
    write, quantise = sys.argv[1], sys.argv[2:]
    names = [line.split()[0] for line in subprocess.check_output([write, "--list"], text=True).splitlines()]
    print("# The bytes of all tensors of a model, as llama-quantize --dry-run would make them; see regenerate-sizes.py.")
    with tempfile.TemporaryDirectory() as folder:
        shape = os.path.join(folder, "shape.gguf")
        for number, name in enumerate(names):
            subprocess.check_call([write, name, "f16", shape], stdout=subprocess.DEVNULL)
            # Every family meets every mixture; each model two of them, and the usual one.
            for mix in sorted({"Q4_K_M", MIXES[number % len(MIXES)], MIXES[(number * 5 + 3) % len(MIXES)]}):
                done = subprocess.run([*quantise, "--dry-run", shape, os.path.join(folder, "out.gguf"), mix], capture_output=True, text=True)
                print(name, mix, size(done.stdout + done.stderr))


if __name__ == "__main__":
    main()
