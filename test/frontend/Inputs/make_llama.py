"""Writes a tiny Llama as a GGUF file: 2 layers, hidden 64, 4 heads of 16, 2 of
them cached, 96 words. All weights are zero, unless random numbers are asked for.

usage: make_llama.py OUT.gguf [EDIT...]

An EDIT changes the file:
  +KEY=VALUE            metadata under llama.KEY: a Python literal
  u64.KEY=VALUE         the same, as an unsigned number of 64 bits
  -KEY                  no such metadata
  tokenizer.KEY=VALUE   metadata under this key: a Python literal
  NAME=FORMAT[:SHAPE]   a tensor's format, and its shape (outermost first)
  ~NAME                 no such tensor
  family=NAME           the architecture
  random=SEED           random weights, of a size that keeps activations' size
"""

import ast
import sys

import gguf
import numpy as np

LAYERS, HIDDEN, HEADS, KV_HEADS, HEAD_DIM, FFN, WORDS = 2, 64, 4, 2, 16, 128, 96

metadata = {
    "block_count": LAYERS,
    "embedding_length": HIDDEN,
    "feed_forward_length": FFN,
    "attention.head_count": HEADS,
    "attention.head_count_kv": KV_HEADS,
    "attention.layer_norm_rms_epsilon": 1e-5,
}
tensors = {
    "token_embd.weight": ("Q8_0", (WORDS, HIDDEN)),
    "output_norm.weight": ("F32", (HIDDEN,)),
}
for layer in range(LAYERS):
    for name, tensor in {
        "attn_norm": ("F32", (HIDDEN,)),
        "attn_q": ("Q4_1", (HEADS * HEAD_DIM, HIDDEN)),
        "attn_k": ("Q4_1", (KV_HEADS * HEAD_DIM, HIDDEN)),
        "attn_v": ("Q4_1", (KV_HEADS * HEAD_DIM, HIDDEN)),
        "attn_output": ("Q4_1", (HIDDEN, HEADS * HEAD_DIM)),
        "ffn_norm": ("F32", (HIDDEN,)),
        "ffn_gate": ("Q4_1", (FFN, HIDDEN)),
        "ffn_up": ("Q4_1", (FFN, HIDDEN)),
        "ffn_down": ("Q4_1", (HIDDEN, FFN)),
    }.items():
        tensors[f"blk.{layer}.{name}.weight"] = tensor

unsigned = {}
tokenizer = {}
family = "llama"
random = None
for edit in sys.argv[2:]:
    name, _, value = edit.lstrip("+-~").partition("=")
    if edit[0] == "+":
        metadata[name] = ast.literal_eval(value)
    elif name.startswith("u64."):
        unsigned[name[4:]] = ast.literal_eval(value)
    elif edit[0] == "-":
        del metadata[name]
    elif edit[0] == "~":
        del tensors[name]
    elif name.startswith("tokenizer."):
        tokenizer[name] = ast.literal_eval(value)
    elif name == "family":
        family = value
    elif name == "random":
        random = np.random.default_rng(int(value))
    else:
        kind, _, sizes = value.partition(":")
        shape = tuple(map(int, sizes.split("x"))) if sizes else tensors[name][1]
        tensors[name] = (kind, shape)

writer = gguf.GGUFWriter(sys.argv[1], family)
add = {bool: writer.add_bool, int: writer.add_int64, float: writer.add_float32,
       str: writer.add_string, list: writer.add_array}
for key, value in metadata.items():
    add[type(value)](f"{family}.{key}", value)
for key, value in unsigned.items():
    writer.add_uint64(f"{family}.{key}", value)
for key, value in tokenizer.items():
    add[type(value)](key, value)
for name, (kind, shape) in tensors.items():
    kind = gguf.GGMLQuantizationType[kind]
    numbers = np.zeros(shape, np.float32)
    if random:
        numbers = random.standard_normal(shape, np.float32)
        numbers = 1 + 0.2 * numbers if len(shape) == 1 else numbers * shape[-1] ** -0.5
    writer.add_tensor(name, gguf.quants.quantize(numbers, kind), raw_dtype=kind)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
