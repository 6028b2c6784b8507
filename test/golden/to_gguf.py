"""Converts a Hugging Face folder of the Llama family to a GGUF file.

usage: to_gguf.py FOLDER OUT.gguf [--type f32|f16|bf16|q8_0|q4_0|q4_1|...]
                  [--rope-type bf16] [--loops NAME,...]

Matrices are stored in the given type (of several, in turn, so that layers
differ: q4_1,q8_0), vectors always in f32. The folders have
no tokenizer, so neither has the file. `--rope-type bf16` adds the tensor
`rope_freqs.weight`, by which RoPE's frequencies are divided, so that they become
what they are when rounded to bf16, see README.md. `--loops near,far` calls the
layers' tensors `near.0.*`, `far.0.*` instead of `blk.0.*`, `blk.1.*`: a loop each.
"""

import argparse
import itertools
import json
from pathlib import Path

import gguf
import numpy as np

import safetensors_file

NAMES = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
# Where a family calls a norm as Llama does another one.
GEMMA2_NAMES = {
    **NAMES,
    "post_attention_layernorm": "post_attention_norm",
    "pre_feedforward_layernorm": "ffn_norm",
    "post_feedforward_layernorm": "post_ffw_norm",
}
OUTER_NAMES = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}


def gguf_name(name, names, loops):
    if name in OUTER_NAMES:
        return OUTER_NAMES[name]
    _, _, layer, rest = name.split(".", 3)
    rest, _, kind = rest.rpartition(".")
    prefix = f"{loops[int(layer)]}.0" if loops else f"blk.{layer}"
    return f"{prefix}.{names[rest]}.{kind}"


def pair_neighbours(weight, heads):
    """Reorders the rows of each head: Hugging Face's RoPE turns row i with row
    i + half, llama.cpp's (for Llama) turns row 2i with row 2i + 1."""
    rows, columns = weight.shape
    return (weight.reshape(heads, 2, rows // heads // 2, columns)
            .swapaxes(1, 2).reshape(rows, columns))


def rope_factors(theta, head_dim):
    """[head_dim / 2]: exact frequency / frequency rounded to bf16."""
    bf16 = gguf.GGMLQuantizationType.BF16
    exact = float(theta) ** (-np.arange(0, head_dim, 2) / head_dim)
    rounded = gguf.quants.dequantize(
        gguf.quants.quantize(exact.astype(np.float32), bf16), bf16)
    return (exact / rounded).astype(np.float32)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("out")
    parser.add_argument("--type", default="f32")
    parser.add_argument("--rope-type", choices=["exact", "bf16"],
                        default="exact")
    parser.add_argument("--loops", default="")
    args = parser.parse_args()
    config = json.loads((args.folder / "config.json").read_text())
    family = config["model_type"]
    is_gemma = family == "gemma2"
    if family not in ("llama", "mistral", "gemma2"):
        parser.error(f"{args.folder}: model_type '{family}' is "
                     "not of the Llama family")
    if config.get("rope_scaling"):
        parser.error(f"{args.folder}: rope_scaling is not converted")

    heads = config["num_attention_heads"]
    kv_heads = config.get("num_key_value_heads", heads)
    head_dim = config.get("head_dim") or config["hidden_size"] // heads
    writer = gguf.GGUFWriter(args.out, family if is_gemma else "llama")
    writer.add_name(args.folder.name)
    writer.add_vocab_size(config["vocab_size"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_key_length(head_dim)
    writer.add_value_length(head_dim)
    writer.add_rope_dimension_count(head_dim)
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])

    if is_gemma:
        writer.add_sliding_window(config["sliding_window"])

    loops = args.loops.split(",") if args.loops else []
    matrix_types = itertools.cycle(gguf.GGMLQuantizationType[name]
                                   for name in args.type.upper().split(","))
    weights = safetensors_file.read(args.folder / "model.safetensors")
    for name, weight in weights.items():
        if is_gemma:  # pairs halves, and multiplies a norm by 1 + its weight
            weight = weight + (weight.ndim == 1)
        elif name.endswith("q_proj.weight"):
            weight = pair_neighbours(weight, heads)
        elif name.endswith("k_proj.weight"):
            weight = pair_neighbours(weight, kv_heads)
        weight = np.ascontiguousarray(weight, np.float32)
        kind = (gguf.GGMLQuantizationType.F32 if weight.ndim == 1
                else next(matrix_types))
        names = GEMMA2_NAMES if is_gemma else NAMES
        writer.add_tensor(gguf_name(name, names, loops), gguf.quants.quantize(weight, kind),
                          raw_dtype=kind)
    if args.rope_type == "bf16":
        writer.add_tensor("rope_freqs.weight",
                          rope_factors(config["rope_theta"], head_dim))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


main()
