#!/usr/bin/env python3
"""Turns a BERT model as sentence-transformers keeps it (config.json, vocab.txt, model.safetensors) into a GGUF file.

    convert-bert.py FOLDER OUT.gguf

Matrices become F16 with --f16, else they stay F32. Needs numpy and nothing else.
"""
# SPDX-License-Identifier: GPL-3.0-or-later
import argparse
import json
import pathlib
import struct

import numpy as np

import gguf_file

LAYER = {
    "attention.self.query": "attn_q", "attention.self.key": "attn_k", "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output", "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up", "output.dense": "ffn_down", "output.LayerNorm": "layer_output_norm",
}
OUTSIDE = {
    "embeddings.word_embeddings": "token_embd", "embeddings.position_embeddings": "position_embd",
    "embeddings.token_type_embeddings": "token_types", "embeddings.LayerNorm": "token_embd_norm",
}
POOLING = {"pooling_mode_mean_tokens": 1, "pooling_mode_cls_token": 2}


def load_safetensors(path):
    raw = path.read_bytes()
    (n,) = struct.unpack("<Q", raw[:8])
    kinds = {"F32": np.float32, "F16": np.float16, "I64": np.int64}
    for name, t in json.loads(raw[8:8 + n]).items():
        if name != "__metadata__":
            begin, end = t["data_offsets"]
            yield name, np.frombuffer(raw[8 + n + begin:8 + n + end], kinds[t["dtype"]]).reshape(t["shape"])


def gguf_name(name):
    module, _, part = name.removeprefix("bert.").rpartition(".")
    if module in OUTSIDE:
        return f"{OUTSIDE[module]}.{part}"
    pieces = module.split(".", 3)
    if pieces[:2] == ["encoder", "layer"] and pieces[3] in LAYER:
        return f"blk.{pieces[2]}.{LAYER[pieces[3]]}.{part}"
    return None  # position ids, and the pooler that sentence-transformers does not use


def pieces_of(vocab):
    """Word starts get a mark in front; continuations lose theirs."""
    special = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
    return [t if t in special or t.startswith("[unused") else t[2:] if t.startswith("##") else "\u2581" + t for t in vocab]


def metadata_of(folder, config):
    vocab = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")[:config["vocab_size"]]
    pooling = json.loads((folder / "1_Pooling/config.json").read_text())
    ids = {t: i for i, t in enumerate(vocab)}
    return {
        "general.architecture": "bert", "general.name": folder.name,
        "bert.block_count": config["num_hidden_layers"], "bert.context_length": config["max_position_embeddings"],
        "bert.embedding_length": config["hidden_size"], "bert.feed_forward_length": config["intermediate_size"],
        "bert.attention.head_count": config["num_attention_heads"],
        "bert.attention.layer_norm_epsilon": float(config["layer_norm_eps"]), "bert.attention.causal": False,
        "bert.pooling_type": next(kind for key, kind in POOLING.items() if pooling.get(key)),
        "tokenizer.ggml.model": "bert", "tokenizer.ggml.token_type_count": config["type_vocab_size"],
        "tokenizer.ggml.tokens": pieces_of(vocab),
        "tokenizer.ggml.token_type": [3 if t in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]") else 1 for t in vocab],
        "tokenizer.ggml.bos_token_id": ids["[CLS]"], "tokenizer.ggml.eos_token_id": ids["[SEP]"],
        "tokenizer.ggml.unknown_token_id": ids["[UNK]"], "tokenizer.ggml.seperator_token_id": ids["[SEP]"],
        "tokenizer.ggml.padding_token_id": ids["[PAD]"], "tokenizer.ggml.cls_token_id": ids["[CLS]"],
        "tokenizer.ggml.mask_token_id": ids["[MASK]"],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("out")
    parser.add_argument("--f16", action="store_true")
    a = parser.parse_args()
    config = json.loads((a.folder / "config.json").read_text())
    tensors = {}
    for name, t in load_safetensors(a.folder / "model.safetensors"):
        if gguf_name(name):
            wide = t.ndim == 2 and a.f16 and "embd" not in gguf_name(name)
            tensors[gguf_name(name)] = t.astype(np.float16 if wide else np.float32)
    gguf_file.write(a.out, metadata_of(a.folder, config), tensors)


if __name__ == "__main__":
    main()
