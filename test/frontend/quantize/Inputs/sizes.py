"""Writes a GGUF file of a model's sizes, without weights, or prints what became of it.

usage: sizes.py write OUT.gguf LAYERS ROW [heads=N] [kv=N] [experts=N] [output] [type=Q4_1]
       sizes.py show NAME < DUMP

ROW is how many numbers a row of each matrix has. `show` prints the formats of
quantized-dump by tensor: "attn_v: Q6_K 0-3,6,9 Q4_K". The format without layers is
that of all others.
"""

import re
import sys
from collections import Counter, defaultdict

import gguf
import numpy as np


def write(path, layers, row, *options):
    values = dict(option.partition("=")[::2] for option in options)
    heads, kv, experts = (int(values.get(name, default)) for name, default in
                          [("heads", 8), ("kv", 8), ("experts", 0)])
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(layers)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv)
    if experts:
        writer.add_expert_count(experts)
    stored = gguf.GGMLQuantizationType[values.get("type", "F32")]

    def add(name, *shape, kind=stored):
        count, size = gguf.GGML_QUANT_SIZES[kind]
        if kind == gguf.GGMLQuantizationType.F32:
            writer.add_tensor_info(name, shape, np.dtype(np.float32), 0)
        else:  # what is stored in blocks is given in bytes
            writer.add_tensor_info(name, (*shape[:-1], shape[-1] // count * size),
                                   np.dtype(np.uint8), 0, raw_dtype=kind)

    f32 = gguf.GGMLQuantizationType.F32
    add("token_embd.weight", 32, row)
    add("output_norm.weight", row, kind=f32)
    if "output" in values:
        add("output.weight", 32, row)
    for layer in range(layers):
        for name in ["attn_q", "attn_k", "attn_v", "attn_output"]:
            add(f"blk.{layer}.{name}.weight", 32, row)
        add(f"blk.{layer}.attn_norm.weight", row, kind=f32)
        add(f"blk.{layer}.attn_q.bias", 32, kind=f32)
        stack = [experts] if experts else []
        suffix = "_exps" if experts else ""
        if experts:
            add(f"blk.{layer}.ffn_gate_inp.weight", experts, row)
        for name in ["ffn_gate", "ffn_up", "ffn_down"]:
            add(f"blk.{layer}.{name}{suffix}.weight", *stack, 32, row)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()


def ranges(layers):
    text, start = [], None
    for layer in layers:
        if layer - 1 in layers:
            continue
        end = layer
        while end + 1 in layers:
            end += 1
        text.append(f"{layer}-{end}" if end > layer else str(layer))
    return ",".join(text)


def show(title):
    formats = defaultdict(dict)
    for line in sys.stdin:
        name, kind = line.split()
        layer = re.search(r"blk\.(\d+)\.", name)
        name = re.sub(r"blk\.\d+\.|\.weight$", "", name)
        formats[name][int(layer[1]) if layer else 0] = kind
    for name, layers in formats.items():
        counts = Counter(layers.values())
        common = min(counts, key=lambda kind: (-counts[kind], kind))
        special = sorted(set(layers.values()) - {common})
        text = [f"{kind} {ranges([l for l, k in layers.items() if k == kind])}"
                for kind in special]
        print(title, f"{name}:", *text, common)


command, *arguments = sys.argv[1:]
if command == "write":
    path, layers, row, *options = arguments
    write(path, int(layers), int(row), *options)
else:
    show(*arguments)
