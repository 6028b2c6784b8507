"""Tiny random Llamas of any format of weights, as GGUF files."""

import gguf
import numpy as np
from weight_rows import make_rows

SIZES = dict(format="F32", hidden=64, heads=4, kv_heads=2, head_dim=32, ffn=96, words=333,
             layers=2, rope_dims=None, biases=(), extra={}, family="llama", experts=0, chosen=2)


def write_llama(path, random, **sizes):
    """A model of SIZES but for `sizes`. `biases` names linear layers that have one,
    `extra` gives shapes of further tensors of each layer. Of another family than
    Llama nobody knows which rows of q and k are pairs. With `experts` it is a Mixtral,
    whose tokens choose `chosen` of them."""
    case = type("Case", (), SIZES | sizes)
    kind = gguf.GGMLQuantizationType[case.format]
    writer = gguf.GGUFWriter(path, case.family)
    writer.add_context_length(512)
    writer.add_embedding_length(case.hidden)
    writer.add_block_count(case.layers)
    writer.add_feed_forward_length(case.ffn)
    writer.add_head_count(case.heads)
    writer.add_head_count_kv(case.kv_heads)
    writer.add_key_length(case.head_dim)
    writer.add_layer_norm_rms_eps(1e-5)
    if case.rope_dims:
        writer.add_rope_dimension_count(case.rope_dims)
    if case.experts:
        writer.add_expert_count(case.experts)
        writer.add_expert_used_count(case.chosen)
    stack = [case.experts] if case.experts else []
    suffix = "_exps.weight" if case.experts else ".weight"

    def add(name, *shape):
        if len(shape) == 1:
            numbers = 1 + 0.2 * random.standard_normal(shape, np.float32)
            return writer.add_tensor(name, numbers)
        rows = make_rows(case.format, int(np.prod(shape[:-1])), shape[-1], random,
                         size=shape[-1] ** -0.5)
        writer.add_tensor(name, rows.reshape(*shape[:-1], -1), raw_dtype=kind)

    queries, keys = case.heads * case.head_dim, case.kv_heads * case.head_dim
    rows = {"attn_q": queries, "attn_k": keys, "attn_v": keys, "attn_output": case.hidden}
    add("token_embd.weight", case.words, case.hidden)
    for layer in range(case.layers):
        block = f"blk.{layer}."
        add(block + "attn_norm.weight", case.hidden)
        for name, count in rows.items():
            add(block + name + ".weight", count,
                queries if name == "attn_output" else case.hidden)
            if name in case.biases:
                add(block + name + ".bias", count)
        add(block + "ffn_norm.weight", case.hidden)
        if case.experts:
            writer.add_tensor(block + "ffn_gate_inp.weight", random.standard_normal(
                (case.experts, case.hidden), np.float32))
        add(block + "ffn_gate" + suffix, *stack, case.ffn, case.hidden)
        add(block + "ffn_up" + suffix, *stack, case.ffn, case.hidden)
        add(block + "ffn_down" + suffix, *stack, case.hidden, case.ffn)
        for name, shape in case.extra.items():
            add(block + name + ".weight", *shape)
    add("output_norm.weight", case.hidden)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
