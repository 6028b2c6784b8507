"""Writes the toy's checkpoint and what its packed weights must be.

usage: make_toy.py FOLDER
"""

import os
import sys

import numpy as np
import gguf
from gguf.quants import quantize

formats = gguf.GGMLQuantizationType
random = np.random.default_rng(1)
folder = sys.argv[1]
writer = gguf.GGUFWriter(os.path.join(folder, "toy.gguf"), "llama")
writer.add_name("Toy \x1b[31m\n model")
writer.add_context_length(48)


def tiles(rows):
    """[n, ...] -> [n / 16, 16, ...], filled with zeros."""
    n = -(-rows.shape[0] // 16) * 16
    filled = np.zeros((n, *rows.shape[1:]), rows.dtype)
    filled[: rows.shape[0]] = rows
    return filled.reshape(n // 16, 16, *rows.shape[1:])


def rounded(packed):
    """Tiles, each filled up to a multiple of 64 bytes."""
    tile = np.ascontiguousarray(packed).view(np.uint8).reshape(len(packed), -1)
    return np.pad(tile, ((0, 0), (0, -tile.shape[1] % 64))).tobytes()


def pack_blocks(raw, k, block_bytes, minima, groups, offset):
    blocks = tiles(raw.reshape(raw.shape[0], k // 32, block_bytes))
    head = 4 if minima else 2
    live = tiles(np.ones((raw.shape[0], 1, 1), np.uint8))
    values = (blocks[..., head:] + np.uint8(offset) * live).astype(np.uint8)
    values = values.reshape(*values.shape[:3], groups, 4).transpose(0, 2, 3, 1, 4)
    scales = [blocks[..., i : i + 2].transpose(0, 2, 1, 3) for i in range(0, head, 2)]
    *scales, values = [part.reshape(*part.shape[:2], -1) for part in (*scales, values)]
    header = np.concatenate(scales, axis=2)  # of an odd number of blocks
    header = np.pad(header, ((0, 0), (0, 0), (0, -header.shape[2] % 64)))
    return rounded(np.concatenate([header, values], axis=2))


def pack(raw, format, numbers):
    if numbers.ndim == 1:
        data = numbers.astype(np.float32).tobytes()
        return data + bytes(-len(data) % 64)
    k = numbers.shape[1]
    if format == formats.Q8_0:
        return pack_blocks(raw, k, 34, False, 8, 128)
    if format == formats.Q4_0:
        return pack_blocks(raw, k, 18, False, 4, 0)
    if format == formats.Q4_1:
        return pack_blocks(raw, k, 20, True, 4, 0)
    size = 4 if format == formats.F32 else 2
    together = 2 if format == formats.BF16 and k % 2 == 0 else 1
    columns = raw.reshape(-1, k // together, together * size)
    return rounded(tiles(columns).transpose(0, 2, 1, 3))


packed = {}


def add(name, shape, format):
    numbers = random.normal(size=shape).astype(np.float32)
    raw = quantize(numbers, format)
    if format == formats.F16:
        writer.add_tensor(name, raw)
    else:
        writer.add_tensor(name, raw.view(np.uint8), raw_dtype=format)
    if len(shape) == 1:
        numbers = gguf.quants.dequantize(raw, format)
    packed[name] = pack(np.ascontiguousarray(raw).view(np.uint8), format, numbers)


# Not in the order of the program.
add("output.weight", (18, 32), formats.F16)
add("gate.weight", (4, 16), formats.BF16)
add("output_norm.weight", (3,), formats.BF16)
add("ffn.weight", (5, 8), formats.F32)
add("token_embd.weight", (16, 32), formats.Q8_0)
for layer in range(2):
    add(f"blk.{layer}.attn_k.weight", (17, 32), formats.Q4_0)
    add(f"blk.{layer}.attn_q.weight", (16, 64), formats.Q4_1)
    add(f"blk.{layer}.attn_norm.weight", (32,), formats.F16)
add("unused.weight", (2, 2), formats.F32)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()

order = ["token_embd.weight"]
for layer in range(2):
    order += [f"blk.{layer}.{name}.weight" for name in ("attn_norm", "attn_q", "attn_k")]
order += ["ffn.weight", "output_norm.weight", "output.weight", "gate.weight"]
with open(os.path.join(folder, "expected.weights"), "wb") as file:
    for name in order:
        file.write(packed[name])
