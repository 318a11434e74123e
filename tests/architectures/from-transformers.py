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
            values = value if isinstance(value, list) else [value]
            kind = {int: "u32", float: "f32", str: "string", bool: "bool"}[type(values[0])] + "s" * isinstance(value, list)
            words = [str(int(v) if isinstance(v, bool) else v) for v in values]
            self.lines.append(" ".join([kind, f"{architecture}.{key.replace('__', '.')}", *words]))

    def take(self, name, *dims):
        self.lines.append(" ".join(["tensor", name, *map(str, dims)]))
        return made_up(name, dims)

    def write(self, name, model, use_cache=False):
        tokens = torch.tensor([[(i * i * 7 + i * 31 + 5) % N_VOCAB for i in range(N_TOKENS)]])
        with torch.no_grad():
            answers = torch.log_softmax(model(tokens, use_cache=use_cache).logits[0].double(), -1)
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


def gemma3n():
    """Streams, numbers for each layer and layers that see others' keys; deviations are taken over all of a row."""
    from transformers import Gemma3nForCausalLM, Gemma3nTextConfig
    width, n_ff, heads, kv, dim, n_layer, numbers, streams, rank, window = 64, 96, 4, 2, 32, 7, 16, 3, 24, 16
    local = [True, True, False, True, False, True, False]
    sparsity, deviations = [0.95, 0.8, 0, 0, 0, 0, 0], torch.distributions.Normal(0, 1).icdf
    config = Gemma3nTextConfig(
        vocab_size=N_VOCAB, vocab_size_per_layer_input=N_VOCAB, hidden_size=width, hidden_size_per_layer_input=numbers, intermediate_size=n_ff,
        num_hidden_layers=n_layer, num_attention_heads=heads, num_key_value_heads=kv, head_dim=dim, max_position_embeddings=256,
        sliding_window=window, layer_types=["sliding_attention" if l else "full_attention" for l in local], num_kv_shared_layers=2,
        rope_theta=1e6, rope_local_base_freq=1e4, rms_norm_eps=1e-6, altup_num_inputs=streams, laurel_rank=rank,
        activation_sparsity_pattern=sparsity, final_logit_softcapping=30.0, attn_implementation="eager")
    f = Fixture("gemma3n", block_count=n_layer, context_length=256, embedding_length=width, feed_forward_length=n_ff, attention__head_count=heads,
                attention__head_count_kv=kv, attention__key_length=dim, attention__value_length=dim, attention__layer_norm_rms_epsilon=1e-6,
                attention__sliding_window=window, attention__sliding_window_pattern=local, attention__shared_kv_layers=2,
                rope__dimension_count=dim, rope__freq_base=1e6, rope__freq_base_swa=1e4, embedding_length_per_layer_input=numbers,
                altup__num_inputs=streams, altup__active_idx=0, final_logit_softcapping=30.0,
                activation_sparsity_scale=[deviations(torch.tensor(float(s))).item() for s in sparsity])
    state = {"model.embed_tokens.weight": f.take("token_embd.weight", width, N_VOCAB), "model.norm.weight": f.take("output_norm.weight", width),
             "model.embed_tokens_per_layer.weight": f.take("per_layer_token_embd.weight", numbers * n_layer, N_VOCAB),
             "model.per_layer_model_projection.weight": f.take("per_layer_model_proj.weight", width, numbers * n_layer),
             "model.per_layer_projection_norm.weight": f.take("per_layer_proj_norm.weight", numbers)}
    state["lm_head.weight"] = state["model.embed_tokens.weight"]
    for theirs, ours in ("altup_projections", "altup_proj"), ("altup_unembed_projections", "altup_unembd_proj"):
        for i, matrix in enumerate(f.take(f"{ours}.weight", width, width, streams - 1)):
            state[f"model.{theirs}.{i}.weight"] = matrix
    for il in range(n_layer):
        p, b = f"model.layers.{il}.", f"blk.{il}."
        attention(f, state, il, width, heads, kv, dim, False)
        for theirs, ours, *dims in (
                ("self_attn.q_norm", "attn_q_norm", dim), ("self_attn.k_norm", "attn_k_norm", dim), ("input_layernorm", "attn_norm", width),
                ("post_attention_layernorm", "post_attention_norm", width), ("pre_feedforward_layernorm", "ffn_norm", width),
                ("post_feedforward_layernorm", "post_ffw_norm", width), ("mlp.gate_proj", "ffn_gate", width, n_ff),
                ("mlp.up_proj", "ffn_up", width, n_ff), ("mlp.down_proj", "ffn_down", n_ff, width), ("laurel.linear_left", "laurel_l", width, rank),
                ("laurel.linear_right", "laurel_r", rank, width), ("laurel.post_laurel_norm", "laurel_post_norm", width),
                ("altup.correction_coefs", "altup_correct_coef", streams, streams), ("altup.modality_router", "altup_router", width, streams),
                ("altup.prediction_coefs", "altup_predict_coef", streams, streams ** 2), ("altup.router_norm", "altup_router_norm", width),
                ("per_layer_input_gate", "inp_gate", width, numbers), ("per_layer_projection", "proj", numbers, width),
                ("post_per_layer_input_norm", "post_norm", width)):
            state[f"{p}{theirs}.weight"] = f.take(f"{b}{ours}.weight", *dims)
        state[p + "altup.correct_output_scale"] = f.take(b + "altup_correct_scale.weight", width)
    f.write("gemma3n-transformers", load(Gemma3nForCausalLM(config), state), use_cache=True)  # without one, its layers share nothing


class Grove(torch.nn.Module):
    """GroveMoE's mixture as its authors published it: adjugates read what the experts read."""
    def __init__(self, router, experts, adjugates, n_used, per_group, scale):
        super().__init__()
        self.router, self.experts, self.adjugates = router, experts, adjugates
        self.n_used, self.per_group, self.scale = n_used, per_group, scale

    @staticmethod
    def answer(weights, which, x):
        gate, up, down = (w[which] for w in weights)
        hidden = torch.nn.functional.silu(torch.einsum("tfw,tw->tf", gate, x)) * torch.einsum("tfw,tw->tf", up, x)
        return torch.einsum("twf,tf->tw", down, hidden)

    def forward(self, hidden):
        x = hidden.flatten(0, 1)
        logits = x @ self.router.T
        chosen = logits.topk(self.n_used, -1).indices
        weights = logits.softmax(-1).gather(-1, chosen)
        weights = weights / weights.sum(-1, keepdim=True)
        y = torch.zeros_like(x)
        for k in range(self.n_used):
            large = self.answer(self.experts, chosen[:, k], x)
            small = self.answer(self.adjugates, chosen[:, k] // self.per_group, x)
            y += weights[:, k, None] * (large + self.scale * small)
        return y.view_as(hidden)


def grovemoe():
    """Qwen 3's layers with the mixture above: no transformers has it, and llama.cpp feeds adjugates with the experts' answers."""
    from transformers import Qwen3MoeConfig, Qwen3MoeForCausalLM
    width, n_ff, n_small, n, per_group, used, heads, kv, dim = 64, 48, 16, 8, 2, 3, 4, 2, 32
    config = Qwen3MoeConfig(vocab_size=N_VOCAB, hidden_size=width, intermediate_size=n_ff, moe_intermediate_size=n_ff, num_hidden_layers=2,
                            num_experts=n, num_experts_per_tok=used, norm_topk_prob=True, num_attention_heads=heads, num_key_value_heads=kv,
                            head_dim=dim, max_position_embeddings=256, rms_norm_eps=1e-6, rope_theta=10000.0, attn_implementation="eager")
    f = Fixture("grovemoe", block_count=2, context_length=256, embedding_length=width, feed_forward_length=n_ff, expert_feed_forward_length=n_ff,
                expert_count=n, expert_used_count=used, experts_per_group=per_group, expert_group_scale=0.05, attention__head_count=heads,
                attention__head_count_kv=kv, attention__key_length=dim, attention__value_length=dim, attention__layer_norm_rms_epsilon=1e-6,
                rope__dimension_count=dim, rope__freq_base=10000.0)
    state = {"model.embed_tokens.weight": f.take("token_embd.weight", width, N_VOCAB), "model.norm.weight": f.take("output_norm.weight", width),
             "lm_head.weight": f.take("output.weight", width, N_VOCAB)}
    model = Qwen3MoeForCausalLM(config)
    for il in range(2):
        p, b = f"model.layers.{il}.", f"blk.{il}."
        attention(f, state, il, width, heads, kv, dim, False)
        for which in "q", "k":
            state[f"{p}self_attn.{which}_norm.weight"] = f.take(f"{b}attn_{which}_norm.weight", dim)
        state[p + "input_layernorm.weight"] = f.take(b + "attn_norm.weight", width)
        state[p + "post_attention_layernorm.weight"] = f.take(b + "ffn_norm.weight", width)
        router = f.take(b + "ffn_gate_inp.weight", width, n)
        large, small = (tuple(f.take(f"{b}ffn_{which}_{kind}.weight", *((m, width, count) if which == "down" else (width, m, count)))
                              for which in ("gate", "up", "down")) for kind, m, count in (("exps", n_ff, n), ("chexps", n_small, n // per_group)))
        model.model.layers[il].mlp = Grove(router, large, small, used, per_group, 0.05)
    f.write("grovemoe-retold", load(model, state))


ALL = {"gpt_oss": gpt_oss, "phimoe": phimoe, "gemma3n": gemma3n, "grovemoe": grovemoe}
for name in sys.argv[1:] or ALL:
    ALL[name]()
