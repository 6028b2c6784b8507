"""Writes small Hugging Face folders, whole ones and broken ones."""

import json
import struct
from pathlib import Path

import numpy as np

HIDDEN, HEADS, KV_HEADS, DIM, FFN, WORDS = 8, 2, 1, 4, 12, 16

CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_act": "silu",
    "hidden_size": HIDDEN,
    "intermediate_size": FFN,
    "max_position_embeddings": 64,
    "num_attention_heads": HEADS,
    "num_hidden_layers": 1,
    "num_key_value_heads": KV_HEADS,
    "rms_norm_eps": 1e-6,
    "rope_theta": 10000.0,
    "tie_word_embeddings": False,
    "vocab_size": WORDS,
}
SHAPES = {
    "model.embed_tokens.weight": (WORDS, HIDDEN),
    "model.layers.0.input_layernorm.weight": (HIDDEN,),
    "model.layers.0.self_attn.q_proj.weight": (HEADS * DIM, HIDDEN),
    "model.layers.0.self_attn.k_proj.weight": (KV_HEADS * DIM, HIDDEN),
    "model.layers.0.self_attn.v_proj.weight": (KV_HEADS * DIM, HIDDEN),
    "model.layers.0.self_attn.o_proj.weight": (HIDDEN, HEADS * DIM),
    "model.layers.0.post_attention_layernorm.weight": (HIDDEN,),
    "model.layers.0.mlp.gate_proj.weight": (FFN, HIDDEN),
    "model.layers.0.mlp.up_proj.weight": (FFN, HIDDEN),
    "model.layers.0.mlp.down_proj.weight": (HIDDEN, FFN),
    "model.norm.weight": (HIDDEN,),
    "lm_head.weight": (WORDS, HIDDEN),
}
BYTES = {"F32": 4, "BF16": 2, "F16": 2, "F8_E4M3": 1, "F64": 8, "I64": 8}


def randomize(shapes, seed=1):
    """Small f32 numbers that bf16 and f16 hold, too."""
    random = np.random.default_rng(seed)
    return {name: (random.integers(-64, 64, shape) / 64).astype(np.float32)
            for name, shape in shapes.items()}


def encode(array, dtype):
    """The little-endian bytes of f32 numbers in another type, or bytes."""
    if dtype == "U8":
        return array.tobytes()
    array = np.ascontiguousarray(array, np.float32)
    if dtype == "BF16":
        return (array.view(np.uint32) >> 16).astype("<u2").tobytes()
    return array.astype({"F32": "<f4", "F16": "<f2"}[dtype]).tobytes()


def entries(tensors, dtype="F32"):
    """The header's entries and the data of arrays by name; bytes stay such."""
    header, data = {}, b""
    for name, array in tensors.items():
        own = "U8" if array.dtype == np.uint8 else dtype
        bytes = encode(array, own)
        header[name] = {"dtype": own, "shape": list(array.shape),
                        "data_offsets": [len(data), len(data) + len(bytes)]}
        data += bytes
    return header, data


def write_safetensors(path, header, data, length=None):
    """`header` is a dictionary or the text itself."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    length = len(text) if length is None else length
    Path(path).write_bytes(struct.pack("<Q", length) + text + data)


def write_folder(folder, config=CONFIG, tensors=None, dtype="F32"):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2))
    tensors = randomize(SHAPES) if tensors is None else tensors
    write_safetensors(folder / "model.safetensors", *entries(tensors, dtype))
