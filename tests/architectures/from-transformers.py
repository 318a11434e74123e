#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes fixtures whose answers are those of the models' own code in transformers (torch, numpy).

    from-transformers.py [NAME ...]

The weights are those that fixture.c makes up from the tensors' names; here they go to where that code has them. For what another
engine writes no tiny model of, or computes otherwise than the authors do.
"""
import math, sys
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).resolve().parent
N_TOKENS, N_VOCAB, TOP = 72, 128, 16
POSITIONS = [0, 1, 3, 15, 31, 32, 33, 47, 63, 64, 71]
DEVIATION = np.float32(0.5 / 37837)


def mix(x):
    x = (x ^ x >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ x >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return x ^ x >> np.uint64(31)


def made_up(name, dims):
    """The numbers of fixture.c's random_weight, the first dimension the fastest."""
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = (seed ^ byte) * 0x100000001B3 % 2**64
    with np.errstate(over="ignore"):
        index = np.arange(1, math.prod(dims) + 1, dtype=np.uint64)
        bits = mix(np.uint64(seed) + index * np.uint64(0x9E3779B97F4A7C15))
    parts = [(bits >> np.uint64(shift) & np.uint64(0xFFFF)).astype(np.int64) for shift in (0, 16, 32, 48)]
    total = sum(parts) - 2 * 0xFFFF
    return torch.from_numpy((total.astype(np.float32) * DEVIATION).reshape(dims[::-1]))


class Fixture:
    """Lines of a fixture; tensors are handed out as they are named."""
    def __init__(self, architecture, **keys):
        self.lines = [f"string general.architecture {architecture}"]
        for key, value in keys.items():
            kind = {int: "u32", float: "f32", str: "string", bool: "bool"}[type(value)]
            value = int(value) if isinstance(value, bool) else value
            self.lines.append(f"{kind} {architecture}.{key.replace('__', '.')} {value}")

    def take(self, name, *dims):
        self.lines.append(" ".join(["tensor", name, *map(str, dims)]))
        return made_up(name, dims)

    def write(self, name, model):
        tokens = torch.tensor([[(i * i * 7 + i * 31 + 5) % N_VOCAB for i in range(N_TOKENS)]])
        with torch.no_grad():
            answers = torch.log_softmax(model(tokens, use_cache=False).logits[0].double(), -1)
        for position in POSITIONS:
            best = answers[position].topk(TOP)
            row = [f"{i}:{p:.5f}" for i, p in zip(best.indices.tolist(), best.values.tolist())]
            self.lines.append(" ".join(["answer", str(position), *row]))
        (HERE / "fixtures" / f"{name}.txt").write_text("\n".join(self.lines) + "\n")
        print(name)


def load(model, state):
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not missing and not unexpected, (missing, unexpected)
    return model.float().eval()


def attention(f, state, il, width, n_head, n_head_kv, head_dim, bias):
    """Queries, keys and values and the output, named as most models name them."""
    p, b = f"model.layers.{il}.self_attn.", f"blk.{il}."
    sizes = {"q": n_head * head_dim, "k": n_head_kv * head_dim, "v": n_head_kv * head_dim}
    for which, n in sizes.items():
        state[f"{p}{which}_proj.weight"] = f.take(f"{b}attn_{which}.weight", width, n)
        if bias:
            state[f"{p}{which}_proj.bias"] = f.take(f"{b}attn_{which}.bias", n)
    state[f"{p}o_proj.weight"] = f.take(f"{b}attn_output.weight", n_head * head_dim, width)
    if bias:
        state[f"{p}o_proj.bias"] = f.take(f"{b}attn_output.bias", width)


def gpt_oss():
    """Gates and ups lie in turn in its matrices; files have them apart. Its YaRN does not round the bounds of its ramp."""
    from transformers import GptOssConfig, GptOssForCausalLM
    width, n_ff, n, heads, kv, dim, window = 64, 48, 6, 4, 2, 32, 16
    rope = {"rope_type": "yarn", "factor": 4.0, "beta_fast": 32.0, "beta_slow": 1.0, "truncate": False,
            "original_max_position_embeddings": 1024, "rope_theta": 150000.0}
    config = GptOssConfig(num_hidden_layers=2, num_local_experts=n, vocab_size=N_VOCAB, hidden_size=width, intermediate_size=n_ff, head_dim=dim,
                          num_attention_heads=heads, num_key_value_heads=kv, sliding_window=window, max_position_embeddings=4096,
                          num_experts_per_tok=2, rope_parameters=rope, attn_implementation="eager")
    f = Fixture("gpt-oss", block_count=2, context_length=4096, embedding_length=width, feed_forward_length=n_ff, expert_feed_forward_length=n_ff,
                expert_count=n, expert_used_count=2, attention__head_count=heads, attention__head_count_kv=kv, attention__key_length=dim,
                attention__value_length=dim, attention__layer_norm_rms_epsilon=1e-5, attention__sliding_window=window,
                rope__dimension_count=dim, rope__freq_base=150000.0, rope__scaling__type="yarn", rope__scaling__factor=4.0,
                rope__scaling__original_context_length=1024)
    state = {"model.embed_tokens.weight": f.take("token_embd.weight", width, N_VOCAB), "model.norm.weight": f.take("output_norm.weight", width),
             "lm_head.weight": f.take("output.weight", width, N_VOCAB)}
    for il in range(2):
        p, b = f"model.layers.{il}.", f"blk.{il}."
        attention(f, state, il, width, heads, kv, dim, True)
        state[p + "self_attn.sinks"] = f.take(b + "attn_sinks.weight", heads)
        state[p + "input_layernorm.weight"] = f.take(b + "attn_norm.weight", width)
        state[p + "post_attention_layernorm.weight"] = f.take(b + "post_attention_norm.weight", width)
        state[p + "mlp.router.weight"] = f.take(b + "ffn_gate_inp.weight", width, n)
        state[p + "mlp.router.bias"] = f.take(b + "ffn_gate_inp.bias", n)
        gate, up = (f.take(f"{b}ffn_{which}_exps.weight", width, n_ff, n) for which in ("gate", "up"))
        state[p + "mlp.experts.gate_up_proj"] = torch.stack([gate, up], 2).flatten(1, 2).transpose(1, 2).contiguous()
        gate, up = (f.take(f"{b}ffn_{which}_exps.bias", n_ff, n) for which in ("gate", "up"))
        state[p + "mlp.experts.gate_up_proj_bias"] = torch.stack([gate, up], 2).flatten(1, 2)
        state[p + "mlp.experts.down_proj"] = f.take(b + "ffn_down_exps.weight", n_ff, width, n).transpose(1, 2).contiguous()
        state[p + "mlp.experts.down_proj_bias"] = f.take(b + "ffn_down_exps.bias", width, n)
    f.write("gpt-oss-transformers", load(GptOssForCausalLM(config), state))


def phimoe():
    """Layer norms, and weights of experts among those close to them."""
    from transformers import PhimoeConfig, PhimoeForCausalLM
    width, n_ff, n, heads, kv = 64, 48, 8, 4, 2
    dim = width // heads
    config = PhimoeConfig(num_hidden_layers=2, num_local_experts=n, vocab_size=N_VOCAB, hidden_size=width, intermediate_size=n_ff,
                          num_attention_heads=heads, num_key_value_heads=kv, max_position_embeddings=256, attention_bias=True, lm_head_bias=True,
                          rope_parameters={"rope_type": "default", "rope_theta": 10000.0}, attn_implementation="eager")
    f = Fixture("phimoe", block_count=2, context_length=256, embedding_length=width, feed_forward_length=n_ff, expert_count=n,
                expert_used_count=2, attention__head_count=heads, attention__head_count_kv=kv, attention__layer_norm_rms_epsilon=1e-5,
                rope__dimension_count=dim, rope__freq_base=10000.0)
    state = {"model.embed_tokens.weight": f.take("token_embd.weight", width, N_VOCAB), "lm_head.weight": f.take("output.weight", width, N_VOCAB),
             "lm_head.bias": f.take("output.bias", N_VOCAB)}

    def norm(theirs, ours):
        state[theirs + ".weight"], state[theirs + ".bias"] = f.take(ours + ".weight", width), f.take(ours + ".bias", width)
    norm("model.norm", "output_norm")
    for il in range(2):
        p, b = f"model.layers.{il}.", f"blk.{il}."
        attention(f, state, il, width, heads, kv, dim, True)
        norm(p + "input_layernorm", b + "attn_norm")
        norm(p + "post_attention_layernorm", b + "ffn_norm")
        state[p + "mlp.router.weight"] = f.take(b + "ffn_gate_inp.weight", width, n)
        gate, up = (f.take(f"{b}ffn_{which}_exps.weight", width, n_ff, n) for which in ("gate", "up"))
        state[p + "mlp.experts.gate_up_proj"] = torch.cat([gate, up], 1)
        state[p + "mlp.experts.down_proj"] = f.take(b + "ffn_down_exps.weight", n_ff, width, n)
    f.write("phimoe-transformers", load(PhimoeForCausalLM(config), state))


ALL = {"gpt_oss": gpt_oss, "phimoe": phimoe}
for name in sys.argv[1:] or ALL:
    ALL[name]()
