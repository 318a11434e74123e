#!/usr/bin/env python3
# write-prompts.py: small language models to go with the towers of write-towers.py, and what they make of a prompt with an image.
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Usage: write-prompts.py FOLDER. Needs what write-towers.py needs. Writes, for each family,
#   NAME-text.gguf  the language model
#   gemma3-whole.gguf  both in one file, under the names that Ollama gives them
#   NAME.ids        the prompt's tokens, -1 where rows of the image stand (i32)
#   NAME.logits     what follows it, by transformers' own model: positions by axes, masks and scales are theirs (f32)

import importlib.util
import pathlib
import sys

import numpy as np
import torch

spec = importlib.util.spec_from_file_location("towers", pathlib.Path(__file__).with_name("write-towers.py"))
towers = importlib.util.module_from_spec(spec)
spec.loader.exec_module(towers)

N_VOCAB, N_EMBD, N_FF, N_HEAD, N_KV = 80, towers.N_OUT, 96, 4, 2
SHARED = dict(vocab_size=N_VOCAB, hidden_size=N_EMBD, intermediate_size=N_FF, num_attention_heads=N_HEAD, num_key_value_heads=N_KV,
              max_position_embeddings=256, rms_norm_eps=1e-6, attn_implementation="eager")
TEXT_LAYER = {"input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
              "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate",
              "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}
GEMMA_LAYER = {**TEXT_LAYER, "post_attention_layernorm": "post_attention_norm", "pre_feedforward_layernorm": "ffn_norm",
               "post_feedforward_layernorm": "post_ffw_norm", "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm"}


def text_meta(arch, n_layer, **more):
    values = {"context_length": 256, "embedding_length": N_EMBD, "block_count": n_layer, "feed_forward_length": N_FF,
              "attention.head_count": N_HEAD, "attention.head_count_kv": N_KV, "attention.layer_norm_rms_epsilon": 1e-6, **more}
    return {"general.architecture": arch, **{f"{arch}.{k}": v for k, v in values.items()}}


def text_tensors(state, n_layer, table, prefix=""):
    out = {"token_embd.weight": state[f"{prefix}embed_tokens.weight"], "output_norm.weight": state[f"{prefix}norm.weight"]}
    for i in range(n_layer):
        out.update({f"blk.{i}.{k}": t for k, t in towers.named(state, f"{prefix}layers.{i}.", table).items()})
    return out


def prompt(before, n_rows, after):
    return np.array(before + [-1] * n_rows + after, np.int32)


def embed(model, ids, rows):
    embeddings = model.get_input_embeddings()(torch.tensor(np.maximum(ids, 0).astype(np.int64)))
    embeddings[torch.tensor(ids < 0)] = rows
    return embeddings[None]


def llava15(rows):
    from transformers import LlamaConfig, LlamaForCausalLM
    model = towers.randomise(LlamaForCausalLM(LlamaConfig(**SHARED, num_hidden_layers=2, rope_theta=10000.0)), 31)
    ids = prompt([5, 6, 7], len(rows), [8, 9, 10, 11])
    state = model.state_dict()
    tensors = {**text_tensors(state, 2, TEXT_LAYER, "model."), "output.weight": state["lm_head.weight"]}
    for i in range(2):
        for name, n_head in (("attn_q", N_HEAD), ("attn_k", N_KV)):
            tensors[f"blk.{i}.{name}.weight"] = towers.pair_up(tensors[f"blk.{i}.{name}.weight"], n_head)
    return text_meta("llama", 2, **{"rope.dimension_count": N_EMBD // N_HEAD}), tensors, ids, model(inputs_embeds=embed(model, ids, rows)).logits


def qwen2vl(rows):
    from transformers import Qwen2VLConfig, Qwen2VLForConditionalGeneration
    text = {**SHARED, "num_hidden_layers": 2, "rope_theta": 10000.0, "rope_scaling": {"type": "mrope", "mrope_section": [2, 2, 2]}}
    del text["attn_implementation"]
    config = Qwen2VLConfig(text_config=text, vision_config=dict(depth=1, embed_dim=32, hidden_size=N_EMBD, num_heads=2, patch_size=7),
                           image_token_id=70, vision_start_token_id=71, vision_end_token_id=72, attn_implementation="eager")
    model = towers.randomise(Qwen2VLForConditionalGeneration(config), 32)
    ids = prompt([5, 6, 71], len(rows), [72, 8, 9, 10, 11])
    width = 6  # tokens on a line of write-towers.py's picture
    grid = torch.tensor([[1, len(rows) // width * 2, width * 2]])
    positions, _ = model.model.get_rope_index(torch.tensor(np.where(ids < 0, 70, ids).astype(np.int64))[None], image_grid_thw=grid)
    hidden = model.model.language_model(inputs_embeds=embed(model, ids, rows), position_ids=positions).last_hidden_state
    state = model.state_dict()
    meta = text_meta("qwen2vl", 2, **{"rope.dimension_sections": [2, 2, 2, 0], "rope.freq_base": 10000.0})
    tensors = {**text_tensors(state, 2, TEXT_LAYER, "model.language_model."), "output.weight": state["lm_head.weight"]}
    return meta, tensors, ids, model.lm_head(hidden)


def gemma3(rows):
    """Six layers, one of which sees everything; the others see less than the prompt."""
    from transformers import Gemma3Config, Gemma3ForConditionalGeneration
    text = {**SHARED, "num_hidden_layers": 6, "head_dim": 16, "sliding_window": 8, "query_pre_attn_scalar": 16, "rope_theta": 1e6,
            "rope_local_base_freq": 10000.0, "sliding_window_pattern": 6}
    del text["attn_implementation"]
    config = Gemma3Config(text_config=text, vision_config=dict(hidden_size=32, intermediate_size=80, num_hidden_layers=1,
                                                               num_attention_heads=2, image_size=56, patch_size=7),
                          mm_tokens_per_image=4, image_token_index=70, attn_implementation="eager")
    model = towers.randomise(Gemma3ForConditionalGeneration(config), 33)
    for name, p in model.model.language_model.named_parameters():
        if "norm" in name:
            p.data = (p.data - 1).half().float()  # they are stored without the one that is added
    ids = prompt([5, 6, 7, 12, 13, 14, 15, 16, 17, 18, 19], len(rows), [8, 9, 10, 11])
    kinds = torch.tensor((ids < 0).astype(np.int64))[None]
    hidden = model.model(inputs_embeds=embed(model, ids, rows), token_type_ids=kinds, use_cache=False).last_hidden_state
    state = model.state_dict()
    meta = text_meta("gemma3", 6, **{"attention.key_length": 16, "attention.value_length": 16, "attention.sliding_window": 8,
                                     "rope.freq_base": 1e6})
    tensors = text_tensors(state, 6, GEMMA_LAYER, "model.language_model.")
    tensors = {k: t + 1 if "norm" in k else t for k, t in tensors.items()}
    return meta, tensors, ids, model.lm_head(hidden)


# What Ollama's files call the parts of a tower.
INSIDE = {"v.patch_embd": "v.patch_embedding", "v.position_embd": "v.position_embedding", "v.post_ln": "v.post_layernorm",
          ".ln1": ".layer_norm1", ".ln2": ".layer_norm2", ".attn_out": ".attn_output", ".ffn_down": ".mlp.fc1", ".ffn_up": ".mlp.fc2",
          "mm.input_projection": "mm.mm_input_projection", "mm.soft_emb_norm": "mm.mm_soft_emb_norm"}


def inside(name):
    for ours, theirs in INSIDE.items():
        name = name.replace(ours, theirs)
    return name


def write_whole(path, meta, tensors):
    """Text and tower in one file; its metadata leaves out what is known of the family."""
    _, tower_meta, tower, _ = towers.gemma3()
    kept = ("image_size", "patch_size", "embedding_length", "feed_forward_length", "block_count", "attention.head_count",
            "attention.layer_norm_epsilon")
    meta = {**meta, **{f"gemma3.vision.{key}": tower_meta[f"clip.vision.{key}"] for key in kept}}
    towers.write_gguf(path, meta, {**tensors, **{inside(name): tensor for name, tensor in tower.items()}})


def main():
    folder = pathlib.Path(sys.argv[1])
    for family in (llava15, qwen2vl, gemma3):
        name = family.__name__
        rows = torch.tensor(np.fromfile(folder / f"{name}.f32", "<f4").reshape(-1, N_EMBD))
        with torch.no_grad():
            meta, tensors, ids, logits = family(rows)
        towers.write_gguf(folder / f"{name}-text.gguf", meta, tensors)
        if family is gemma3:
            with torch.no_grad():
                write_whole(folder / "gemma3-whole.gguf", meta, tensors)
        ids.astype("<i4").tofile(folder / f"{name}.ids")
        logits[0, -1].numpy().astype("<f4").tofile(folder / f"{name}.logits")
        print(name, len(ids), f"rms {logits[0, -1].pow(2).mean().sqrt():.3f}")


main()
