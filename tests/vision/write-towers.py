#!/usr/bin/env python3
# write-towers.py: small vision towers with random weights, and what the programs they come from make of a picture.
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Usage: write-towers.py FOLDER [NAME...]. Needs PyTorch, transformers 4.57 and Pillow 11 (from 12 on it resizes the longer
# way first, which rounds differently; models were trained with what came before). Writes, for each family,
#   NAME.gguf  tower and projector, as converters lay them out
#   NAME.ppm   a picture
#   NAME.f32   the rows that stand for it in a prompt: transformers' own preparation of the picture, tower and projector

import pathlib
import struct
import sys

import numpy as np
import torch
from PIL import Image

N_OUT = 48  # columns of the language model

# ---- GGUF ----


def text(string):
    data = string.encode()
    return struct.pack("<Q", len(data)) + data


def value(v):
    if isinstance(v, bool):
        return struct.pack("<I?", 7, v)
    if isinstance(v, int):
        return struct.pack("<II", 4, v)
    if isinstance(v, float):
        return struct.pack("<If", 6, v)
    if isinstance(v, str):
        return struct.pack("<I", 8) + text(v)
    kind, code = (6, "f") if isinstance(v[0], float) else (5, "i")
    return struct.pack(f"<IIQ{len(v)}{code}", 9, kind, len(v), *v)


def write_gguf(path, meta, tensors):
    """Matrices in F16, vectors in F32, as converters write them."""
    arrays = {}
    for name, tensor in tensors.items():
        array = tensor.detach().float().numpy()
        arrays[name] = np.ascontiguousarray(array.astype("<f2" if array.ndim > 1 and "position" not in name else "<f4"))
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(arrays), len(meta))
    for key, v in meta.items():
        head += text(key) + value(v)
    offset, body = 0, b""
    for name, array in arrays.items():
        dims = array.shape[::-1]
        head += text(name) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, 1 if array.dtype == np.float16 else 0, offset)
        data = array.tobytes() + b"\0" * (-array.nbytes % 32)
        body += data
        offset += len(data)
    path.write_bytes(head + b"\0" * (-len(head) % 32) + body)


# ---- Models ----


def randomise(module, seed):
    """Weights that keep activations near one, rounded to what F16 can hold."""
    generator = torch.Generator().manual_seed(seed)
    for name, p in module.named_parameters():
        noise = torch.randn(p.shape, generator=generator)
        scale = 1.6 / max(p[0].numel(), 1) ** 0.5 if p.dim() > 1 else 0.3
        if "norm" in name and name.endswith("weight") or "ln_q.weight" in name or "layrnorm.weight" in name:
            p.data = 1 + 0.2 * noise
        else:
            p.data = noise * scale
        p.data = p.data.half().float()
    return module.eval()


def picture(width, height, seed):
    """Shapes and some noise: every patch is another one."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack([(x * 5 + y) % 256, (y * 7 + x * x // 9) % 256, ((x - width / 2) ** 2 + y * y) // 8 % 256], -1)
    return Image.fromarray(np.clip(pixels + rng.integers(-20, 20, pixels.shape), 0, 255).astype(np.uint8))


def clip_meta(kind, config, **more):
    meta = {
        "general.architecture": "clip",
        "clip.has_vision_encoder": True,
        "clip.projector_type": kind,
        "clip.vision.image_size": config.image_size,
        "clip.vision.patch_size": config.patch_size,
        "clip.vision.embedding_length": config.hidden_size,
        "clip.vision.feed_forward_length": config.intermediate_size,
        "clip.vision.block_count": config.num_hidden_layers,
        "clip.vision.attention.head_count": config.num_attention_heads,
        "clip.vision.projection_dim": N_OUT,
    }
    meta.update({f"clip.vision.{k}" if not k.startswith("clip.") else k: v for k, v in more.items()})
    return meta


CLIP_MEAN, CLIP_STD = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
HALF = [0.5, 0.5, 0.5]


def named(state, prefix, table):
    """The tensors of a layer under the names of the file."""
    out = {}
    for theirs, ours in table.items():
        for suffix in ("weight", "bias"):
            if f"{prefix}{theirs}.{suffix}" in state:
                out[f"{ours}.{suffix}"] = state[f"{prefix}{theirs}.{suffix}"]
    return out


CLIP_LAYER = {"layer_norm1": "ln1", "layer_norm2": "ln2", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
              "self_attn.v_proj": "attn_v", "self_attn.out_proj": "attn_out", "mlp.fc1": "ffn_up", "mlp.fc2": "ffn_down"}
SWAPPED_LAYER = {**CLIP_LAYER, "mlp.fc1": "ffn_down", "mlp.fc2": "ffn_up"}


def layers(state, prefix, n, table):
    out = {}
    for i in range(n):
        out.update({f"v.blk.{i}.{k}": t for k, t in named(state, f"{prefix}{i}.", table).items()})
    return out


def clip_vision(n_layers=3, image_size=28, patch=7):
    from transformers import CLIPVisionConfig, CLIPVisionModel
    config = CLIPVisionConfig(hidden_size=32, intermediate_size=80, num_hidden_layers=n_layers, num_attention_heads=2,
                              image_size=image_size, patch_size=patch, hidden_act="quick_gelu", attn_implementation="eager")
    return config, randomise(CLIPVisionModel(config), 1)


def siglip_vision(n_layers=3, image_size=28, patch=7):
    from transformers import SiglipVisionConfig, SiglipVisionModel
    config = SiglipVisionConfig(hidden_size=32, intermediate_size=80, num_hidden_layers=n_layers, num_attention_heads=2,
                                image_size=image_size, patch_size=patch, vision_use_head=False, attn_implementation="eager")
    return config, randomise(SiglipVisionModel(config), 2)


def clip_tensors(tower, n_layers, table=SWAPPED_LAYER):
    state = tower.state_dict()
    return {
        "v.class_embd": state["vision_model.embeddings.class_embedding"],
        "v.patch_embd.weight": state["vision_model.embeddings.patch_embedding.weight"],
        "v.position_embd.weight": state["vision_model.embeddings.position_embedding.weight"],
        **named(state, "vision_model.", {"pre_layrnorm": "v.pre_ln"}),
        **layers(state, "vision_model.encoder.layers.", n_layers, table),
    }


def siglip_tensors(state, n_layers, prefix="vision_model.", table=CLIP_LAYER, post=True):
    return {
        **named(state, prefix, {"embeddings.patch_embedding": "v.patch_embd", "embeddings.position_embedding": "v.position_embd",
                                **({"post_layernorm": "v.post_ln"} if post else {})}),
        **layers(state, f"{prefix}encoder.layers.", n_layers, table),
    }


# ---- Families ----


class Two(torch.nn.Module):
    def __init__(self, n_in, bias=True):
        super().__init__()
        self.linear_1 = torch.nn.Linear(n_in, N_OUT, bias=bias)
        self.linear_2 = torch.nn.Linear(N_OUT, N_OUT, bias=bias)

    def forward(self, x):
        return self.linear_2(torch.nn.functional.gelu(self.linear_1(x)))


def expand2square(image, colour):
    side = max(image.size)
    square = Image.new("RGB", (side, side), colour)
    square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return square


def normalised(image, mean, std):
    pixels = (np.asarray(image).astype(np.float32) / 255 - np.array(mean, np.float32)) / np.array(std, np.float32)
    return torch.tensor(pixels).permute(2, 0, 1)[None]


def llava15():
    """The last layer is left out of the file; feed-forward matrices under each other's names, as its converter has them."""
    image = picture(50, 33, 1)
    config, tower = clip_vision(n_layers=4)
    projector = randomise(Two(32), 3)
    square = expand2square(image, tuple(int(x * 255) for x in CLIP_MEAN)).resize((28, 28), Image.BICUBIC)
    features = tower(normalised(square, CLIP_MEAN, CLIP_STD), output_hidden_states=True).hidden_states[-2][:, 1:]
    meta = clip_meta("mlp", config, image_mean=CLIP_MEAN, image_std=CLIP_STD, block_count=3, **{"attention.layer_norm_epsilon": 1e-5})
    del meta["clip.projector_type"]  # as the oldest files
    state = projector.state_dict()
    return image, meta, {**clip_tensors(tower, 3), **named(state, "", {"linear_1": "mm.0", "linear_2": "mm.2"})}, projector(features)[0]


def next_model(config, tower, projector, newline, image, pinpoints, features_of):
    from transformers import LlavaNextImageProcessor
    from transformers.models.llava_next.modeling_llava_next import LlavaNextModel
    size, mean, std = config.image_size, *((CLIP_MEAN, CLIP_STD) if config.model_type.startswith("clip") else (HALF, HALF))
    processor = LlavaNextImageProcessor(size={"shortest_edge": size}, crop_size={"height": size, "width": size},
                                        image_grid_pinpoints=[[h, w] for w, h in pinpoints], image_mean=mean, image_std=std)
    batch = processor(image, return_tensors="pt")
    outputs = projector(features_of(tower(batch["pixel_values"][0], output_hidden_states=True).hidden_states))

    class Packer:
        pass

    packer = Packer()
    packer.config = Packer()
    packer.config.vision_config, packer.config.image_grid_pinpoints = config, [[h, w] for w, h in pinpoints]
    rows, _ = LlavaNextModel.pack_image_features(packer, [outputs], batch["image_sizes"], "default", newline)
    return rows[0]


PINPOINTS = [(28, 56), (56, 28), (56, 56), (84, 28), (28, 84)]


def flat(pairs):
    return [n for pair in pairs for n in pair]


def llava16():
    image = picture(90, 55, 2)
    config, tower = clip_vision(n_layers=3)
    projector = randomise(Two(32), 4)
    newline = torch.randn(N_OUT, generator=torch.Generator().manual_seed(5))
    rows = next_model(config, tower, projector, newline, image, PINPOINTS, lambda hidden: hidden[-2][:, 1:])
    meta = clip_meta("mlp", config, image_mean=CLIP_MEAN, image_std=CLIP_STD, block_count=2, mm_patch_merge_type="spatial_unpad",
                     image_grid_pinpoints=flat(PINPOINTS), **{"attention.layer_norm_epsilon": 1e-5})
    tensors = {**clip_tensors(tower, 2), **named(projector.state_dict(), "", {"linear_1": "mm.0", "linear_2": "mm.2"}),
               "model.image_newline": newline}
    return image, meta, tensors, rows


def granite():
    """SigLIP, several layers' outputs side by side."""
    image = picture(40, 100, 3)
    config, tower = siglip_vision(n_layers=3)
    chosen = [0, 2, 3]
    projector = randomise(Two(32 * len(chosen)), 6)
    newline = torch.randn(N_OUT, generator=torch.Generator().manual_seed(7))
    rows = next_model(config, tower, projector, newline, image, PINPOINTS, lambda hidden: torch.cat([hidden[i] for i in chosen], -1))
    meta = clip_meta("mlp", config, image_mean=HALF, image_std=HALF, mm_patch_merge_type="spatial_unpad", feature_layer=chosen,
                     image_grid_pinpoints=flat(PINPOINTS), **{"attention.layer_norm_epsilon": 1e-6, "clip.use_gelu": True})
    tensors = {**siglip_tensors(tower.state_dict(), 3, post=False),
               **named(projector.state_dict(), "", {"linear_1": "mm.0", "linear_2": "mm.2"}), "v.image_newline": newline}
    return image, meta, tensors, rows


def gemma3():
    from transformers import Gemma3Config, Gemma3ImageProcessor
    from transformers.models.gemma3.modeling_gemma3 import Gemma3MultiModalProjector
    image = picture(61, 47, 4)
    vision, tower = siglip_vision(n_layers=2, image_size=56)
    config = Gemma3Config(text_config={"hidden_size": N_OUT}, vision_config=vision.to_dict(), mm_tokens_per_image=4)
    projector = randomise(Gemma3MultiModalProjector(config), 8)
    pixels = Gemma3ImageProcessor(size={"height": 56, "width": 56})(image, return_tensors="pt")["pixel_values"]
    rows = projector(tower(pixels).last_hidden_state)[0]
    meta = clip_meta("gemma3", vision, image_mean=HALF, image_std=HALF, **{"attention.layer_norm_epsilon": 1e-6, "clip.use_gelu": True})
    state = projector.state_dict()
    tensors = {**siglip_tensors(tower.state_dict(), 2, table=SWAPPED_LAYER), "mm.soft_emb_norm.weight": state["mm_soft_emb_norm.weight"] + 1,
               "mm.input_projection.weight": state["mm_input_projection_weight"]}
    return image, meta, tensors, rows


def idefics3():
    from transformers import Idefics3Config, Idefics3ImageProcessor
    from transformers.models.idefics3.modeling_idefics3 import Idefics3Connector, Idefics3VisionTransformer
    image = picture(75, 41, 5)
    config = Idefics3Config(text_config={"hidden_size": N_OUT, "model_type": "llama"}, scale_factor=2, vision_config=dict(
        hidden_size=32, intermediate_size=80, num_hidden_layers=2, num_attention_heads=2, image_size=28, patch_size=7))
    config._attn_implementation = config.vision_config._attn_implementation = "eager"
    tower = randomise(Idefics3VisionTransformer(config.vision_config), 9)
    # This release of transformers gives the second place the first one's position, and so on: (1 - 1e-6) / 4 is below 1 / 4. Models were
    # trained with every place its own.
    e = tower.embeddings
    e.forward = lambda pixel_values, patch_attention_mask: e.patch_embedding(pixel_values).flatten(2).transpose(1, 2) + e.position_embedding.weight
    connector = randomise(Idefics3Connector(config), 10)
    processor = Idefics3ImageProcessor(size={"longest_edge": 84}, max_image_size={"longest_edge": 28}, image_mean=HALF, image_std=HALF)
    batch = processor([[image]], return_tensors="pt")
    rows = connector(tower(batch["pixel_values"][0]).last_hidden_state).flatten(0, 1)
    meta = clip_meta("idefics3", config.vision_config, image_mean=HALF, image_std=HALF, preproc_image_size=84,
                     **{"projector.scale_factor": 2, "attention.layer_norm_epsilon": 1e-6, "clip.use_gelu": True})
    tensors = {**siglip_tensors(tower.state_dict(), 2, prefix=""),
               "mm.model.fc.weight": connector.state_dict()["modality_projection.proj.weight"]}
    return image, meta, tensors, rows


PIXTRAL_LAYER = {"attention_norm": "ln1", "ffn_norm": "ln2", "attention.q_proj": "attn_q", "attention.k_proj": "attn_k",
                 "attention.v_proj": "attn_v", "attention.o_proj": "attn_out", "feed_forward.gate_proj": "ffn_gate",
                 "feed_forward.up_proj": "ffn_up", "feed_forward.down_proj": "ffn_down"}


def pair_up(weight, n_head):
    """Pairs that turn together, a half head apart, laid beside each other."""
    n = weight.shape[0] // n_head
    return weight.reshape(n_head, 2, n // 2, -1).swapaxes(1, 2).reshape(weight.shape)


def pixtral_tower(image, patch, merge):
    from transformers import PixtralImageProcessor, PixtralVisionConfig, PixtralVisionModel
    config = PixtralVisionConfig(hidden_size=32, intermediate_size=80, num_hidden_layers=2, num_attention_heads=2, image_size=56,
                                 patch_size=patch, hidden_act="silu", attn_implementation="eager")
    tower = randomise(PixtralVisionModel(config), 11)
    processor = PixtralImageProcessor(size={"longest_edge": 56}, patch_size={"height": patch * merge, "width": patch * merge},
                                      image_mean=CLIP_MEAN, image_std=CLIP_STD)
    batch = processor(image, return_tensors="pt")
    pixels, sizes = batch["pixel_values"], batch["image_sizes"]
    state = tower.state_dict()
    for i in range(2):
        for name in ("q_proj", "k_proj"):
            key = f"transformer.layers.{i}.attention.{name}.weight"
            state[key] = pair_up(state[key], 2)
    tensors = {"v.patch_embd.weight": state["patch_conv.weight"], "v.pre_ln.weight": state["ln_pre.weight"],
               **layers(state, "transformer.layers.", 2, PIXTRAL_LAYER)}
    meta = clip_meta("pixtral", config, image_mean=CLIP_MEAN, image_std=CLIP_STD, spatial_merge_size=merge,
                     **{"attention.layer_norm_epsilon": 1e-5, "clip.use_silu": True})
    return tower(pixels, image_sizes=sizes).last_hidden_state[0], sizes[0].tolist(), meta, tensors


def with_breaks(rows, height, width, brk):
    lines = [torch.cat([rows[y * width:(y + 1) * width], brk[None]]) for y in range(height)]
    return torch.cat(lines)[:-1]


def pixtral():
    image = picture(90, 40, 6)
    features, (h, w), meta, tensors = pixtral_tower(image, 7, 1)
    projector = randomise(Two(32), 12)
    brk = torch.randn(N_OUT, generator=torch.Generator().manual_seed(13))
    tensors |= {**named(projector.state_dict(), "", {"linear_1": "mm.1", "linear_2": "mm.2"}), "v.token_embd.img_break": brk}
    return image, meta, tensors, with_breaks(projector(features), h // 7, w // 7, brk)


def mistral3():
    from transformers import Mistral3Config
    from transformers.models.mistral3.modeling_mistral3 import Mistral3MultiModalProjector
    image = picture(50, 70, 7)
    features, (h, w), meta, tensors = pixtral_tower(image, 7, 2)
    config = Mistral3Config(text_config={"hidden_size": N_OUT, "model_type": "mistral", "rms_norm_eps": 1e-5}, spatial_merge_size=2,
                            multimodal_projector_bias=False, vision_config={"hidden_size": 32, "patch_size": 7, "model_type": "pixtral"})
    projector = randomise(Mistral3MultiModalProjector(config), 14)
    brk = torch.randn(N_OUT, generator=torch.Generator().manual_seed(15))
    state = projector.state_dict()
    tensors |= {**named(state, "", {"linear_1": "mm.1", "linear_2": "mm.2", "norm": "mm.input_norm",
                                    "patch_merger.merging_layer": "mm.patch_merger"}), "v.token_embd.img_break": brk}
    return image, meta, tensors, with_breaks(projector(features, torch.tensor([[h, w]])), h // 14, w // 14, brk)


QWEN_LAYER = {"norm1": "ln1", "norm2": "ln2", "attn.proj": "attn_out", "mlp.fc1": "ffn_up", "mlp.fc2": "ffn_down",
              "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}


def qwen_tensors(state, n_layers, split):
    out = {"v.patch_embd.weight": state["patch_embed.proj.weight"][:, :, 0], "v.patch_embd.weight.1": state["patch_embed.proj.weight"][:, :, 1],
           **named(state, "merger.", {"ln_q": "v.post_ln", "mlp.0": "mm.0", "mlp.2": "mm.2"}),
           **layers(state, "blocks.", n_layers, QWEN_LAYER)}
    for i in range(n_layers):
        for suffix in ("weight", "bias"):
            fused = state[f"blocks.{i}.attn.qkv.{suffix}"]
            if split:
                for name, part in zip("qkv", fused.chunk(3)):
                    out[f"v.blk.{i}.attn_{name}.{suffix}"] = part
            else:
                out[f"v.blk.{i}.attn_qkv.{suffix}"] = fused
    return out


def qwen_pixels(image, max_tokens):
    from transformers import Qwen2VLImageProcessor
    processor = Qwen2VLImageProcessor(patch_size=7, merge_size=2, min_pixels=4 * 196, max_pixels=max_tokens * 196)
    batch = processor(image, return_tensors="pt")
    return batch["pixel_values"], batch["image_grid_thw"]


def qwen_meta(kind, config, **more):
    config.image_size, config.num_hidden_layers, config.num_attention_heads = 56, config.depth, config.num_heads
    return clip_meta(kind, config, image_mean=CLIP_MEAN, image_std=CLIP_STD, spatial_merge_size=2, image_max_pixels=30 * 196,
                     **{"attention.layer_norm_epsilon": 1e-6, **more})


def qwen2vl():
    from transformers.models.qwen2_vl.modeling_qwen2_vl import Qwen2VisionTransformerPretrainedModel, Qwen2VLVisionConfig
    image = picture(100, 70, 8)
    config = Qwen2VLVisionConfig(depth=2, embed_dim=32, hidden_size=N_OUT, mlp_ratio=2, num_heads=2, patch_size=7, spatial_merge_size=2)
    config._attn_implementation = "eager"
    tower = randomise(Qwen2VisionTransformerPretrainedModel(config), 16)
    rows = tower(*qwen_pixels(image, 30))
    config.hidden_size, config.intermediate_size = 32, N_OUT  # which is not so, but what converters write
    return image, qwen_meta("qwen2vl_merger", config), qwen_tensors(tower.state_dict(), 2, True), rows


def qwen25vl():
    from transformers.models.qwen2_5_vl.modeling_qwen2_5_vl import Qwen2_5_VisionTransformerPretrainedModel, Qwen2_5_VLVisionConfig
    image = picture(80, 94, 9)
    config = Qwen2_5_VLVisionConfig(depth=3, hidden_size=32, intermediate_size=80, out_hidden_size=N_OUT, num_heads=2, patch_size=7,
                                    spatial_merge_size=2, window_size=42, fullatt_block_indexes=[1])
    config._attn_implementation = "eager"
    tower = randomise(Qwen2_5_VisionTransformerPretrainedModel(config), 17)
    rows = tower(*qwen_pixels(image, 30))
    meta = qwen_meta("qwen2.5vl_merger", config, window_size=42, n_wa_pattern=2, **{"clip.use_silu": True})
    return image, meta, qwen_tensors(tower.state_dict(), 3, False), rows


FAMILIES = [llava15, llava16, granite, gemma3, idefics3, pixtral, mistral3, qwen2vl, qwen25vl]


def main():
    folder = pathlib.Path(sys.argv[1])
    torch.manual_seed(0)
    for family in FAMILIES:
        name = family.__name__
        if len(sys.argv) > 2 and name not in sys.argv[2:]:
            continue
        with torch.no_grad():
            image, meta, tensors, rows = family()
        write_gguf(folder / f"{name}.gguf", meta, tensors)
        image.save(folder / f"{name}.ppm")
        rows.numpy().astype("<f4").tofile(folder / f"{name}.f32")
        print(name, tuple(rows.shape), f"rms {rows.pow(2).mean().sqrt():.3f}")


if __name__ == "__main__":
    main()
