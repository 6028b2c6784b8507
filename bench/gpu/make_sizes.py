"""Writes GGUF files of Llama's and Mixtral's sizes that end before their weights.

    python bench/gpu/make_sizes.py FOLDER [NAME...]

writes FOLDER/llama-3.2-1b-bf16.gguf and so on, a few kilobytes each, of which
`quipu build --weights random:SEED` makes programs for measurements; without names it
writes Llama's only. There is no tokenizer: the programs take --tokens and --bench.
"""

import struct
import sys
from pathlib import Path

SIZES = {
    "llama-3.2-1b": dict(hidden=2048, ffn=8192, layers=16, heads=32, kv_heads=8, head=64,
                         context=131072, tied=True),
    "llama-3.1-8b": dict(hidden=4096, ffn=14336, layers=32, heads=32, kv_heads=8, head=128,
                         context=131072, tied=False),
    "mixtral-8x7b": dict(hidden=4096, ffn=14336, layers=32, heads=32, kv_heads=8, head=128,
                         context=32768, tied=False, experts=8, chosen=2),
    # As a Mixtral.
    "qwen3-30b-a3b": dict(hidden=2048, ffn=768, layers=48, heads=32, kv_heads=4, head=128,
                          context=32768, tied=False, experts=128, chosen=8),
}
VOCABULARY = 128256
# GGUF's number of the type, numbers of a block, bytes of a block.
FORMATS = {"f32": (0, 1, 4), "bf16": (30, 1, 2), "q4_0": (2, 32, 18)}
ALIGNMENT = 32


def string(text):
    return struct.pack("<Q", len(text)) + text.encode()


def metadata(name, size):
    """Key-value pairs; a real file of these models has them, too."""
    values = {
        "general.architecture": "llama",
        "general.name": f"{name}, random weights",
        "llama.block_count": size["layers"],
        "llama.context_length": size["context"],
        "llama.embedding_length": size["hidden"],
        "llama.feed_forward_length": size["ffn"],
        "llama.attention.head_count": size["heads"],
        "llama.attention.head_count_kv": size["kv_heads"],
        "llama.attention.key_length": size["head"],
        "llama.attention.value_length": size["head"],
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "llama.rope.dimension_count": size["head"],
        "llama.rope.freq_base": 500000.0,
        "llama.vocab_size": VOCABULARY,
    }
    if "experts" in size:
        values |= {"llama.expert_count": size["experts"],
                   "llama.expert_used_count": size["chosen"]}
    encoded = b""
    for key, value in values.items():
        encoded += string(key)
        if isinstance(value, str):
            encoded += struct.pack("<I", 8) + string(value)
        elif isinstance(value, float):
            encoded += struct.pack("<If", 6, value)
        else:
            encoded += struct.pack("<II", 4, value)
    return len(values), encoded


def tensors(size, format):
    """Names, shapes with the outermost dimension first, and formats."""
    hidden, ffn = size["hidden"], size["ffn"]
    queries, keys = size["heads"] * size["head"], size["kv_heads"] * size["head"]
    yield "token_embd.weight", [VOCABULARY, hidden], format
    # Llama 3's scaling of the rotary frequencies.
    yield "rope_freqs.weight", [size["head"] // 2], "f32"
    stack = [size["experts"]] if "experts" in size else []
    suffix = "_exps" if stack else ""
    for layer in range(size["layers"]):
        if stack:
            yield f"blk.{layer}.ffn_gate_inp.weight", [size["experts"], hidden], "f32"
        for name, shape in {
            "attn_norm": [hidden],
            "attn_q": [queries, hidden],
            "attn_k": [keys, hidden],
            "attn_v": [keys, hidden],
            "attn_output": [hidden, queries],
            "ffn_norm": [hidden],
            f"ffn_gate{suffix}": [*stack, ffn, hidden],
            f"ffn_up{suffix}": [*stack, ffn, hidden],
            f"ffn_down{suffix}": [*stack, hidden, ffn],
        }.items():
            yield (f"blk.{layer}.{name}.weight", shape,
                   "f32" if name.endswith("norm") else format)
    yield "output_norm.weight", [hidden], "f32"
    if not size["tied"]:
        yield "output.weight", [VOCABULARY, hidden], format


def make(name, size, format):
    infos, offset, count = b"", 0, 0
    for tensor, shape, of in tensors(size, format):
        type, block, bytes = FORMATS[of]
        numbers = 1
        for dimension in shape:
            numbers *= dimension
        infos += string(tensor) + struct.pack("<I", len(shape))
        infos += struct.pack(f"<{len(shape)}Q", *reversed(shape))
        infos += struct.pack("<IQ", type, offset)
        offset += -(-numbers // block * bytes // ALIGNMENT) * ALIGNMENT
        count += 1
    pairs, encoded = metadata(name, size)
    return b"GGUF" + struct.pack("<IQQ", 3, count, pairs) + encoded + infos


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    folder, names = Path(sys.argv[1]), sys.argv[2:]
    every = {f"{name}-{format}": (name, size, format)
             for name, size in SIZES.items() for format in ("bf16", "q4_0")}
    for name in names:
        if name not in every:
            sys.exit(f"there is no {name!r}, only {', '.join(every)}")
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or [name for name, (_, size, _) in every.items() if "experts" not in size]:
        (folder / f"{name}.gguf").write_bytes(make(*every[name]))


if __name__ == "__main__":
    main()
