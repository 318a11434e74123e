#!/usr/bin/env python3
"""Writes the fixtures of test-embeddings: a small model with random weights per architecture, and its vectors as the original
implementation computes them, in double precision.

    make-fixtures.py [FOLDER]        needs PyTorch, transformers (5.x) and numpy

For each architecture FOLDER/NAME.gguf (matrices F16, which both sides read exactly), and in FOLDER/vectors.txt blocks of
    model NAME POOLING
    tokens ID ...
    vector FLOAT ...                 one line, but for POOLING 0: one per token

transformers has all of them but jina-bert-v2, whose published code is retold below, on BERT's layers.
"""
# SPDX-License-Identifier: GPL-3.0-or-later
import pathlib
import sys

import numpy as np
import torch
import transformers as hf

import gguf_file

VOCAB, WIDTH, HEADS, HIDDEN, CONTEXT, WINDOW = 48, 32, 4, 48, 192, 16
NONE, MEAN, CLS, LAST, RANK = range(5)
LENGTHS = (1, 2, 9, 70, 130)  # below, at and over the edges of pages and windows
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + ["\u2581" + c for c in "abcdefghijklmnopqrstuvwxyz"] + list("abcdefghijklmnopq")


def randomise(model, seed):
    """Weights that no layer can be left out of unnoticed; matrices hold halves exactly."""
    generator = torch.Generator().manual_seed(seed)
    for name, p in model.named_parameters():
        noise = torch.randn(p.shape, generator=generator, dtype=torch.float64)
        if p.ndim >= 2:
            noise *= 1.0 if "embed" in name else 1.5 / p.shape[1] ** 0.5
            p.data = noise.half().double()
        else:
            centre = 1.0 if "norm" in name.lower() and name.endswith("weight") and not isinstance(model, hf.Gemma3TextModel) else 0.0
            p.data = (centre + 0.2 * noise).float().double()
    return model.eval()


def arrays(named):
    """{gguf name: torch tensor} -> arrays of the file's types."""
    return {name: t.detach().numpy().astype(np.float16 if t.ndim >= 2 else np.float32) for name, t in named.items()}


def token_lists():
    generator = torch.Generator().manual_seed(3)
    return [torch.randint(5, VOCAB, (n,), generator=generator) for n in LENGTHS]


def metadata(arch, layers, pooling, **more):
    keys = {
        "block_count": layers, "context_length": CONTEXT, "embedding_length": WIDTH, "feed_forward_length": HIDDEN,
        "attention.head_count": HEADS, "attention.head_count_kv": HEADS, "attention.causal": False, "pooling_type": pooling, **more,
    }
    tokenizer = {
        "tokenizer.ggml.model": "bert", "tokenizer.ggml.tokens": PIECES, "tokenizer.ggml.token_type": [3] * 5 + [1] * 43,
        "tokenizer.ggml.token_type_count": 2, "tokenizer.ggml.bos_token_id": 2, "tokenizer.ggml.eos_token_id": 3,
        "tokenizer.ggml.unknown_token_id": 1, "tokenizer.ggml.seperator_token_id": 3, "tokenizer.ggml.padding_token_id": 0,
        "tokenizer.ggml.cls_token_id": 2,
    }
    return {"general.architecture": arch, "general.name": f"tiny {arch}", **{f"{arch}.{k}": v for k, v in keys.items()}, **tokenizer}


def pooled(rows, pooling):
    return {NONE: rows, MEAN: rows.mean(0, keepdim=True), CLS: rows[:1], LAST: rows[-1:]}[pooling]


class Fixtures:
    def __init__(self, folder):
        self.folder, self.lines = folder, []

    def model(self, name, keys, tensors):
        gguf_file.write(self.folder / f"{name}.gguf", keys, arrays(tensors))

    def vectors(self, name, pooling, compute):
        self.lines.append(f"model {name} {pooling}")
        for tokens in token_lists()[:3] if pooling == NONE else token_lists():
            with torch.no_grad():
                rows = compute(tokens[None])
            self.lines.append("tokens " + " ".join(str(t) for t in tokens.tolist()))
            self.lines += ["vector " + " ".join(f"{x:.7g}" for x in row.tolist()) for row in rows]

    def finish(self):
        (self.folder / "vectors.txt").write_text("\n".join(self.lines) + "\n")


def collect(model, layer_prefix, outside, layer, n_layers):
    """Tensors of a state dict under their names in the file; names end before .weight or .bias."""
    state, out = model.state_dict(), {}
    pairs = [*outside.items()]
    pairs += [(f"{layer_prefix}.{i}.{theirs}", f"blk.{i}.{ours}") for i in range(n_layers) for theirs, ours in layer.items()]
    for theirs, ours in pairs:
        for part in ("weight", "bias"):
            if f"{theirs}.{part}" in state:
                out[f"{ours}.{part}"] = state[f"{theirs}.{part}"]
    return out


# ---- BERT, and as a reranker ----

BERT_OUTSIDE = {
    "embeddings.word_embeddings": "token_embd", "embeddings.position_embeddings": "position_embd",
    "embeddings.token_type_embeddings": "token_types", "embeddings.LayerNorm": "token_embd_norm",
}
BERT_LAYER = {
    "attention.self.query": "attn_q", "attention.self.key": "attn_k", "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output", "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up", "output.dense": "ffn_down", "output.LayerNorm": "layer_output_norm",
}


def bert_config(layers=2):
    return hf.BertConfig(vocab_size=VOCAB, hidden_size=WIDTH, num_hidden_layers=layers, num_attention_heads=HEADS,
                         intermediate_size=HIDDEN, max_position_embeddings=CONTEXT, num_labels=1)


def bert(f):
    model = randomise(hf.BertModel(bert_config(), add_pooling_layer=False).double(), 1)
    keys = metadata("bert", 2, MEAN, **{"attention.layer_norm_epsilon": 1e-12})
    f.model("bert", keys, collect(model, "encoder.layer", BERT_OUTSIDE, BERT_LAYER, 2))
    for pooling in (NONE, MEAN, CLS, LAST):
        f.vectors("bert", pooling, lambda t: pooled(model(t).last_hidden_state[0], pooling))


def bert_rank(f):
    model = randomise(hf.BertForSequenceClassification(bert_config()).double(), 2)
    outside = {f"bert.{k}": v for k, v in BERT_OUTSIDE.items()} | {"bert.pooler.dense": "cls", "classifier": "cls.output"}
    keys = metadata("bert", 2, RANK, **{"attention.layer_norm_epsilon": 1e-12})
    f.model("bert-rank", keys, collect(model, "bert.encoder.layer", outside, BERT_LAYER, 2))
    f.vectors("bert-rank", RANK, lambda t: model(t).logits)


# ---- Nomic ----

def nomic(f):
    config = hf.NomicBertConfig(vocab_size=VOCAB, hidden_size=WIDTH, num_hidden_layers=2, num_attention_heads=HEADS,
                                intermediate_size=HIDDEN, max_position_embeddings=CONTEXT)
    model = randomise(hf.NomicBertModel(config).double(), 3)
    outside = {k: v for k, v in BERT_OUTSIDE.items() if "position" not in k}
    layer = {
        "self_attn.o_proj": "attn_output", "post_attention_layernorm": "attn_output_norm", "mlp.gate_proj": "ffn_gate",
        "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down", "post_mlp_layernorm": "layer_output_norm",
    }
    tensors, state = collect(model, "layers", outside, layer, 2), model.state_dict()
    for i in range(2):
        tensors[f"blk.{i}.attn_qkv.weight"] = torch.cat([state[f"layers.{i}.self_attn.{x}_proj.weight"] for x in "qkv"])
    keys = metadata("nomic-bert", 2, MEAN, **{"attention.layer_norm_epsilon": 1e-12, "rope.freq_base": 1000.0})
    f.model("nomic-bert", keys, tensors)
    f.vectors("nomic-bert", MEAN, lambda t: pooled(model(t).last_hidden_state[0], MEAN))


# ---- Jina 2: ALiBi towards both sides, GELU-gated, in the code model norms of queries and keys and a second norm ----

def slopes(n):
    power = 2 ** int(np.log2(n))
    whole = [2 ** (-8 * (i + 1) / power) for i in range(power)]
    return torch.tensor(whole + [2 ** (-4 * (2 * i + 1) / power) for i in range(n - power)], dtype=torch.float64)


class Jina(torch.nn.Module):
    def __init__(self, heads):
        super().__init__()
        linear, norm = torch.nn.Linear, torch.nn.LayerNorm
        self.heads = heads
        self.token_embd_norm = norm(WIDTH, 1e-12)
        self.embed_tokens, self.embed_types = torch.nn.Embedding(VOCAB, WIDTH), torch.nn.Embedding(2, WIDTH)
        self.blk = torch.nn.ModuleList(torch.nn.ModuleDict({
            "attn_q": linear(WIDTH, WIDTH), "attn_k": linear(WIDTH, WIDTH), "attn_v": linear(WIDTH, WIDTH),
            "attn_q_norm": norm(WIDTH, 1e-12), "attn_k_norm": norm(WIDTH, 1e-12), "attn_output": linear(WIDTH, WIDTH),
            "attn_output_norm": norm(WIDTH, 1e-12), "attn_norm_2": norm(WIDTH, 1e-12), "ffn_up": linear(WIDTH, 2 * HIDDEN, bias=False),
            "ffn_down": linear(HIDDEN, WIDTH), "layer_output_norm": norm(WIDTH, 1e-12)}) for _ in range(2))

    def forward(self, tokens):
        n = tokens.shape[1]
        place = torch.arange(n)
        bias = -slopes(self.heads)[:, None, None] * (place[:, None] - place[None, :]).abs()
        x = self.token_embd_norm(self.embed_tokens(tokens[0]) + self.embed_types.weight[0])
        for b in self.blk:
            def split(y):
                return y.view(n, self.heads, -1).transpose(0, 1)
            q, k, v = split(b["attn_q_norm"](b["attn_q"](x))), split(b["attn_k_norm"](b["attn_k"](x))), split(b["attn_v"](x))
            p = torch.softmax(q @ k.transpose(1, 2) / q.shape[-1] ** 0.5 + bias, -1)
            h = b["attn_output_norm"](b["attn_output"]((p @ v).transpose(0, 1).reshape(n, -1)) + x)
            h = b["attn_norm_2"](x + h)
            gate, up = b["ffn_up"](h).chunk(2, -1)
            x = b["layer_output_norm"](b["ffn_down"](torch.nn.functional.gelu(gate) * up) + h)
        return x


def jina(f):
    heads = 4
    model = randomise(Jina(heads).double(), 4)
    tensors = {n: t for n, t in model.state_dict().items() if not n.startswith("embed_")}
    tensors |= {"token_embd.weight": model.embed_tokens.weight, "token_types.weight": model.embed_types.weight}
    keys = metadata("jina-bert-v2", 2, MEAN, **{"attention.layer_norm_epsilon": 1e-12})
    f.model("jina-bert-v2", keys, tensors)
    f.vectors("jina-bert-v2", MEAN, lambda t: pooled(model(t), MEAN))


# ---- Nomic 2: the same with GELU, biases, and a mixture of experts in every other layer ----

class Experts(torch.nn.Module):
    """Each token's two best of four, weighted by their probabilities among all."""
    def __init__(self):
        super().__init__()
        self.router = torch.nn.Linear(WIDTH, 4, bias=False)
        self.up = torch.nn.ParameterList(torch.nn.Parameter(torch.zeros(HIDDEN, WIDTH)) for _ in range(4))
        self.down = torch.nn.ParameterList(torch.nn.Parameter(torch.zeros(WIDTH, HIDDEN)) for _ in range(4))

    def forward(self, x):
        weights, chosen = torch.softmax(self.router(x), -1).topk(2, -1)
        each = torch.stack([torch.nn.functional.gelu(x @ u.T) @ d.T for u, d in zip(self.up, self.down)], 1)
        return (each.gather(1, chosen[..., None].expand(-1, -1, x.shape[-1])) * weights[..., None]).sum(1)


class NomicExperts(torch.nn.Module):
    def __init__(self):
        super().__init__()
        linear, norm = torch.nn.Linear, torch.nn.LayerNorm
        self.embed_tokens, self.embed_types = torch.nn.Embedding(VOCAB, WIDTH), torch.nn.Embedding(1, WIDTH)
        self.token_embd_norm = norm(WIDTH, 1e-5)
        self.blk = torch.nn.ModuleList(torch.nn.ModuleDict({
            "attn_qkv": linear(WIDTH, 3 * WIDTH), "attn_output": linear(WIDTH, WIDTH), "attn_output_norm": norm(WIDTH, 1e-5),
            "layer_output_norm": norm(WIDTH, 1e-5),
            **({"experts": Experts()} if i % 2 else {"ffn_up": linear(WIDTH, HIDDEN), "ffn_down": linear(HIDDEN, WIDTH)})})
            for i in range(2))

    def forward(self, tokens):
        n, half = tokens.shape[1], WIDTH // HEADS // 2
        angles = torch.arange(n)[:, None] * 10000.0 ** (-torch.arange(half, dtype=torch.float64) / half)
        cos, sin = angles.cos(), angles.sin()

        def split(y):
            return y.view(n, HEADS, -1).transpose(0, 1)

        def turn(y):
            a, b = y[..., :half], y[..., half:]
            return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)
        x = self.token_embd_norm(self.embed_tokens(tokens[0]) + self.embed_types.weight[0])
        for b in self.blk:
            q, k, v = (split(y) for y in b["attn_qkv"](x).chunk(3, -1))
            p = torch.softmax(turn(q) @ turn(k).transpose(1, 2) / q.shape[-1] ** 0.5, -1)
            h = b["attn_output_norm"](b["attn_output"]((p @ v).transpose(0, 1).reshape(n, -1)) + x)
            f = b["experts"](h) if "experts" in b else b["ffn_down"](torch.nn.functional.gelu(b["ffn_up"](h)))
            x = b["layer_output_norm"](f + h)
        return x


def nomic_experts(f):
    model = randomise(NomicExperts().double(), 5)
    tensors = {n: t for n, t in model.state_dict().items() if not n.startswith("embed_") and ".experts." not in n}
    tensors |= {"token_embd.weight": model.embed_tokens.weight, "token_types.weight": model.embed_types.weight}
    for i, b in enumerate(model.blk):
        if "experts" in b:
            x = b["experts"]
            tensors |= {f"blk.{i}.ffn_gate_inp.weight": x.router.weight, f"blk.{i}.ffn_up_exps.weight": torch.stack(list(x.up)),
                        f"blk.{i}.ffn_down_exps.weight": torch.stack(list(x.down))}
    keys = metadata("nomic-bert-moe", 2, MEAN, **{"attention.layer_norm_epsilon": 1e-5, "rope.freq_base": 10000.0, "expert_count": 4,
                                                   "expert_used_count": 2, "moe_every_n_layers": 2})
    f.model("nomic-bert-moe", keys, tensors)
    f.vectors("nomic-bert-moe", MEAN, lambda t: pooled(model(t), MEAN))


# ---- ModernBERT, and as a reranker ----

MODERN_OUTSIDE = {"embeddings.tok_embeddings": "token_embd", "embeddings.norm": "token_embd_norm", "final_norm": "output_norm"}
MODERN_LAYER = {
    "attn_norm": "attn_norm", "attn.Wqkv": "attn_qkv", "attn.Wo": "attn_output", "mlp_norm": "ffn_norm", "mlp.Wi": "ffn_up",
    "mlp.Wo": "ffn_down",
}


def modern_config():
    return hf.ModernBertConfig(vocab_size=VOCAB, hidden_size=WIDTH, num_hidden_layers=4, num_attention_heads=HEADS,
                               intermediate_size=HIDDEN, max_position_embeddings=CONTEXT, local_attention=WINDOW, pad_token_id=0,
                               bos_token_id=2, eos_token_id=3, cls_token_id=2, sep_token_id=3, num_labels=1, classifier_pooling="cls",
                               reference_compile=False, attn_implementation="eager")


def modern_keys(pooling):
    return metadata("modern-bert", 4, pooling, **{
        "attention.layer_norm_epsilon": 1e-5, "attention.sliding_window": WINDOW, "attention.sliding_window_pattern": 3,
        "rope.freq_base": 160000.0, "rope.freq_base_swa": 10000.0})


def modern(f):
    model = randomise(hf.ModernBertModel(modern_config()).double(), 6)
    f.model("modern-bert", modern_keys(CLS), collect(model, "layers", MODERN_OUTSIDE, MODERN_LAYER, 4))
    for pooling in (MEAN, CLS):
        f.vectors("modern-bert", pooling, lambda t: pooled(model(t).last_hidden_state[0], pooling))


def modern_rank(f):
    model = randomise(hf.ModernBertForSequenceClassification(modern_config()).double(), 7)
    outside = {f"model.{k}": v for k, v in MODERN_OUTSIDE.items()}
    outside |= {"head.dense": "cls", "head.norm": "cls.norm", "classifier": "cls.output"}
    f.model("modern-bert-rank", modern_keys(RANK), collect(model, "model.layers", outside, MODERN_LAYER, 4))
    f.vectors("modern-bert-rank", RANK, lambda t: model(t).logits)


# ---- Qwen3 Embedding: a decoder; its last token's row ----

def qwen3(f):
    config = hf.Qwen3Config(vocab_size=VOCAB, hidden_size=WIDTH, num_hidden_layers=2, num_attention_heads=HEADS, num_key_value_heads=2,
                            head_dim=8, intermediate_size=HIDDEN, max_position_embeddings=CONTEXT, rms_norm_eps=1e-6,
                            rope_parameters={"rope_type": "default", "rope_theta": 1e6})
    model = randomise(hf.Qwen3Model(config).double(), 8)
    layer = {
        "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
        "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    }
    keys = metadata("qwen3", 2, LAST, **{"attention.layer_norm_rms_epsilon": 1e-6, "rope.freq_base": 1e6, "attention.head_count_kv": 2,
                                         "attention.key_length": 8, "attention.value_length": 8})
    del keys["qwen3.attention.causal"]
    f.model("qwen3", keys, collect(model, "layers", {"embed_tokens": "token_embd", "norm": "output_norm"}, layer, 2))
    for pooling in (NONE, MEAN, LAST):
        f.vectors("qwen3", pooling, lambda t: pooled(model(t).last_hidden_state[0], pooling))


# ---- EmbeddingGemma: its layers, then two linear ones behind the mean ----

def gemma(f):
    config = hf.Gemma3TextConfig(vocab_size=VOCAB, hidden_size=WIDTH, num_hidden_layers=4, num_attention_heads=HEADS, num_key_value_heads=2,
                                 head_dim=8, intermediate_size=HIDDEN, max_position_embeddings=CONTEXT, sliding_window=WINDOW,
                                 query_pre_attn_scalar=8, use_bidirectional_attention=True, sliding_window_pattern=3,
                                 attn_implementation="eager", rope_parameters={
                                     "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
                                     "full_attention": {"rope_type": "default", "rope_theta": 1e6}})
    model = randomise(hf.Gemma3TextModel(config).double(), 9)
    dense = [torch.nn.Linear(WIDTH, 2 * WIDTH, bias=False).double(), torch.nn.Linear(2 * WIDTH, WIDTH, bias=False).double()]
    for i, d in enumerate(dense):
        randomise(d, 20 + i)
    layer = {
        "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
        "post_attention_layernorm": "post_attention_norm", "pre_feedforward_layernorm": "ffn_norm",
        "post_feedforward_layernorm": "post_ffw_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    }
    tensors = collect(model, "layers", {"embed_tokens": "token_embd", "norm": "output_norm"}, layer, 4)
    # The code multiplies with 1 + weight; files hold the sum.
    tensors = {n: (t + 1).float().double() if t.ndim == 1 else t for n, t in tensors.items()}
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.ndim == 1:
                p.data = (p + 1).float().double() - 1
    tensors |= {"dense_2.weight": dense[0].weight, "dense_3.weight": dense[1].weight}
    keys = metadata("gemma-embedding", 4, MEAN, **{
        "attention.layer_norm_rms_epsilon": 1e-6, "rope.freq_base": 1e6, "attention.head_count_kv": 2, "attention.key_length": 8,
        "attention.value_length": 8, "attention.sliding_window": WINDOW, "attention.sliding_window_pattern": 3,
        "dense_2_feat_out": 2 * WIDTH, "dense_3_feat_in": 2 * WIDTH})
    f.model("gemma-embedding", keys, tensors)
    f.vectors("gemma-embedding", MEAN, lambda t: dense[1](dense[0](pooled(model(t).last_hidden_state[0], MEAN))))


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    f = Fixtures(folder)
    for make in (bert, bert_rank, nomic, jina, nomic_experts, modern, modern_rank, qwen3, gemma):
        make(f)
    f.finish()


if __name__ == "__main__":
    main()
