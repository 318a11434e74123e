#!/usr/bin/env python3
"""Trains a small unigram tokenizer and writes unigram.gguf and unigram.txt: texts and the ids that SentencePiece itself gives.

    make-unigram.py [FOLDER]      needs sentencepiece, protobuf and numpy

Each line of unigram.txt: ids, a tab, the text with \\n, \\t and \\\\ escaped.
"""
# SPDX-License-Identifier: GPL-3.0-or-later
import pathlib
import sys
import tempfile

import numpy as np
import sentencepiece as spm
from sentencepiece import sentencepiece_model_pb2 as proto

import gguf_file

CORPUS = [
    "the quick brown fox jumps over the lazy dog", "she sells sea shells by the sea shore", "how much wood would a woodchuck chuck",
    "der schnelle braune fuchs springt \u00fcber den faulen hund", "le renard brun saute par-dessus le chien paresseux",
    "numbers 12345 67890 and more 2024", "straight to the point, no more; no less!", "\u6771\u4eac\u90fd \u4eac\u90fd \u5927\u962a",
] * 8
# A few of NFKC's rules, a long one among them.
RULES = {"\uff21": "A", "\u2460": "1", "\ufb01": "fi", "\u00a0": " ", "\u3000": " ", "\t": " ", "\n": " ", "\u212b": "\u00c5", "e\u0301": "\u00e9",
         "\u2026": "..."}
TEXTS = [
    "the quick brown fox", " the  quick   fox ", "", " ", "   ", "woodchuck", "a\tb\nc", "\uff21\u2460 \ufb01sh\u2026", "caf\u00e9 cafe\u0301",
    "\u6771\u4eac\u5927\u962a", "\U0001f600 smile \U0001f600\U0001f601", "unknowable \u0416\u0417 letters", "\u00a0\u3000x", "12345678901234567890",
    "no more; no less!", "zzzzzzzzzz", "\u212bngstr\u00f6m", "sea-shells\u2026\u2026", "\u2581already marked",
]


def train():
    with tempfile.TemporaryDirectory() as folder:
        rules = pathlib.Path(folder) / "rules.tsv"
        rules.write_text("".join(" ".join(f"{ord(c):X}" for c in a) + "\t" + " ".join(f"{ord(c):X}" for c in b) + "\n"
                                 for a, b in sorted(RULES.items())))
        prefix = str(pathlib.Path(folder) / "m")
        spm.SentencePieceTrainer.train(sentence_iterator=iter(CORPUS), model_prefix=prefix, vocab_size=150, model_type="unigram",
                                       normalization_rule_tsv=str(rules), character_coverage=1.0, hard_vocab_limit=False,
                                       minloglevel=2)
        return pathlib.Path(prefix + ".model").read_bytes()


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    raw = train()
    model, processor = proto.ModelProto.FromString(raw), spm.SentencePieceProcessor(model_proto=raw)
    keys = {
        "general.architecture": "bert", "tokenizer.ggml.model": "t5", "tokenizer.ggml.tokens": [p.piece for p in model.pieces],
        "tokenizer.ggml.scores": [float(p.score) for p in model.pieces], "tokenizer.ggml.token_type": [int(p.type) for p in model.pieces],
        "tokenizer.ggml.add_space_prefix": True, "tokenizer.ggml.remove_extra_whitespaces": True,
        "tokenizer.ggml.precompiled_charsmap": bytearray(model.normalizer_spec.precompiled_charsmap),
        "tokenizer.ggml.bos_token_id": 1, "tokenizer.ggml.eos_token_id": 2, "tokenizer.ggml.unknown_token_id": 0,
        "tokenizer.ggml.add_bos_token": False, "tokenizer.ggml.add_eos_token": False,
    }
    gguf_file.write(folder / "unigram.gguf", keys, {"token_embd.weight": np.zeros((len(model.pieces), 1), np.float32)})
    lines = [" ".join(map(str, processor.encode(t))) + "\t" + t.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
             for t in TEXTS]
    (folder / "unigram.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
