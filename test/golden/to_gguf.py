"""Converts a Hugging Face folder to a GGUF file.

usage: to_gguf.py FOLDER OUT.gguf [--type f32|f16|bf16|q8_0|q4_0|q4_1|...]
                  [--loops NAME,...] [--joined]

Keys and tensors are named as llama.cpp's converter names them. Matrices are stored
in the given type (of several, in turn, so that layers differ: q4_1,q8_0), vectors
and weights of norms always in f32. The folders have no tokenizer, so neither has the file. `--loops
near,far` calls the layers' tensors `near.0.*`, `far.0.*` instead of `blk.0.*`,
`blk.1.*`: a loop each. `--joined` leaves DeepSeek's keys and values one weight, as
files of before 2025 have them.
"""

import argparse
import itertools
import json
import math
from pathlib import Path

import gguf
import numpy as np

import safetensors_file
from gguf_names import EXPERT_NAMES, FAMILY_NAMES, NAMES, UNUSED_NAMES, gguf_name

# The family's name in a GGUF file, by `model_type`, where it is another one.
ARCHITECTURES = {"mistral": "llama", "gemma3_text": "gemma3", "cohere": "command-r",
                 "mixtral": "llama", "qwen3_moe": "qwen3moe", "gpt_oss": "gpt-oss",
                 "deepseek_v2": "deepseek2", "deepseek_v3": "deepseek2",
                 "qwen2_vl": "qwen2vl", "phi": "phi2",
                 "olmo3": "olmo2"}
FAMILIES = ["llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3_text", "granite",
            "phi", "phi3", "glm4", "smollm3", "stablelm", "olmo2", "olmo3", "cohere", "cohere2",
            "bert", "mixtral", "qwen3_moe", "gpt_oss", "deepseek_v2", "deepseek_v3", "qwen2_vl", "arcee",
            "nemotron", "starcoder2", "ernie4_5", "exaone4"]
# Llama's rows of q and k are stored so that neighbours turn together.
PAIRS_NEIGHBOURS = ["llama", "granite", "smollm3", "arcee"]
# Folders have weights of norms without the 1 that is added to them.
NORMS_PLUS_ONE = ["gemma", "gemma2", "gemma3", "nemotron"]


def stack_experts(weights):
    """The weights, with `...experts.0.w1.weight` and so on as one stack each."""
    stacks, others = {}, {}
    for name, weight in weights.items():
        before, experts, rest = name.partition(".experts.")
        if not experts:
            others[name] = weight
            continue
        number, kind, _ = rest.split(".")
        layer = before.split(".")[2]
        stack = f"blk.{layer}.{EXPERT_NAMES[kind]}.weight"
        stacks.setdefault(stack, {})[int(number)] = weight
    return others, {name: np.stack([stack[i] for i in range(len(stack))])
                    for name, stack in stacks.items()}


def split_experts(weights):
    """The weights of gpt-oss, whose experts are [experts, inputs, outputs] with gates
    and ups in turn, and sinks without a suffix, as GGUF has them."""
    others, stacks = {}, {}
    for name, weight in weights.items():
        layer = f"blk.{name.split('.')[2]}." if name.startswith("model.layers.") else ""
        kind = "bias" if name.endswith("_bias") else "weight"
        if kind == "weight" and ".experts." in name:
            weight = weight.swapaxes(1, 2)
        if ".experts.gate_up_proj" in name:
            stacks[f"{layer}ffn_gate_exps.{kind}"] = weight[:, 0::2]
            stacks[f"{layer}ffn_up_exps.{kind}"] = weight[:, 1::2]
        elif ".experts.down_proj" in name:
            stacks[f"{layer}ffn_down_exps.{kind}"] = weight
        elif name.endswith(".sinks"):
            stacks[f"{layer}attn_sinks.weight"] = weight
        else:
            others[name] = weight
    return others, stacks


def split_latents(weights, config):
    """Of DeepSeek's weights of keys and values: for each head a matrix of the keys,
    inputs first, and one of the values."""
    heads, flat = config["num_attention_heads"], config["qk_nope_head_dim"]
    others, split = {}, {}
    for name, weight in weights.items():
        if not name.endswith("kv_b_proj.weight"):
            others[name] = weight
            continue
        weight = weight.reshape(heads, -1, weight.shape[1])
        layer = name.split(".")[2]
        split[f"blk.{layer}.attn_k_b.weight"] = weight[:, :flat].swapaxes(1, 2)
        split[f"blk.{layer}.attn_v_b.weight"] = weight[:, flat:]
    return others, split


def pair_neighbours(weight, heads):
    """Reorders the rows of each head: Hugging Face's RoPE turns row i with row
    i + half, llama.cpp's (for Llama) turns row 2i with row 2i + 1."""
    rows = weight.shape[0]
    return (weight.reshape(heads, 2, rows // heads // 2, -1)
            .swapaxes(1, 2).reshape(weight.shape))


def llama3_factors(scaling, theta, head_dim):
    """[head_dim / 2]: how much slower each pair turns than without the scaling."""
    low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
    context, factor = scaling["original_max_position_embeddings"], scaling["factor"]
    turns = context / (2 * math.pi) * float(theta) ** (-np.arange(0, head_dim, 2) / head_dim)
    keep = np.clip((turns - low) / (high - low), 0, 1)
    return (1 / ((1 - keep) / factor + keep)).astype(np.float32)


def add_longrope(writer, scaling, config):
    """As llama.cpp has it: no type, but what cos and sin are multiplied by."""
    original = config["original_max_position_embeddings"]
    factor = config["max_position_embeddings"] / original
    writer.add_rope_scaling_orig_ctx_len(original)
    writer.add_rope_scaling_attn_factors(math.sqrt(1 + math.log(factor) / math.log(original)))
    for length in ("long", "short"):
        writer.add_tensor(f"rope_factors_{length}.weight",
                          np.array(scaling[f"{length}_factor"], np.float32))


def add_scaling(writer, scaling, theta, head_dim, config):
    """What the checkpoint says of RoPE's scaling, and as which tensor or key."""
    kind = scaling.get("rope_type") or scaling["type"]
    if kind == "mrope":
        writer.add_rope_dimension_sections([*scaling["mrope_section"], 0])
        return
    if kind == "longrope":
        add_longrope(writer, scaling, config)
        return
    if kind == "llama3":
        writer.add_tensor("rope_freqs.weight", llama3_factors(scaling, theta, head_dim))
        return
    writer.add_rope_scaling_type(gguf.RopeScalingType(kind))
    writer.add_rope_scaling_factor(scaling["factor"])
    for key, add in {
        "original_max_position_embeddings": writer.add_rope_scaling_orig_ctx_len,
        "attention_factor": writer.add_rope_scaling_yarn_attn_factor,
        "beta_fast": writer.add_rope_scaling_yarn_beta_fast,
        "beta_slow": writer.add_rope_scaling_yarn_beta_slow,
        "mscale_all_dim": lambda scale: writer.add_rope_scaling_yarn_log_mul(0.1 * scale),
    }.items():
        if scaling.get(key) is not None:
            add(scaling[key])


def add_latent_attention(writer, config, joined):
    """The sizes of DeepSeek's keys, values and queries, and how experts are chosen."""
    key_dim = config["qk_nope_head_dim"] + config["qk_rope_head_dim"]
    if joined:
        writer.add_key_length(key_dim)
        writer.add_value_length(config["v_head_dim"])
    else:
        writer.add_key_length(config["kv_lora_rank"] + config["qk_rope_head_dim"])
        writer.add_value_length(config["kv_lora_rank"])
        writer.add_key_length_mla(key_dim)
        writer.add_value_length_mla(config["v_head_dim"])
    if config["q_lora_rank"]:
        writer.add_q_lora_rank(config["q_lora_rank"])
    writer.add_kv_lora_rank(config["kv_lora_rank"])
    writer.add_leading_dense_block_count(config["first_k_dense_replace"])
    writer.add_expert_shared_count(config["n_shared_experts"])
    writer.add_expert_group_count(config["n_group"])
    writer.add_expert_group_used_count(config["topk_group"])
    writer.add_expert_weights_scale(config["routed_scaling_factor"])
    writer.add_expert_weights_norm(config["norm_topk_prob"])
    writer.add_expert_gating_func(gguf.ExpertGatingFuncType.SOFTMAX
                                  if config["model_type"] == "deepseek_v2"
                                  else gguf.ExpertGatingFuncType.SIGMOID)


def add_family(writer, architecture, config, loops):
    """What some families have besides: factors, caps, kinds of layers, where these
    are not loops of their own."""
    for name, key in {
        "embedding_multiplier": "embedding_scale",
        "residual_multiplier": "residual_scale",
        "attention_multiplier": "attention.scale",
        "logits_scaling": "logit_scale",
        "attn_logit_softcapping": "attn_logit_softcapping",
        "final_logit_softcapping": "final_logit_softcapping",
    }.items():
        if config.get(name) is not None:
            writer.add_float32(f"{architecture}.{key}", config[name])
    kinds = config.get("layer_types", [])
    # llama.cpp knows which layers of these have a window.
    if "sliding_attention" in kinds and not loops and architecture not in ["gpt-oss", "cohere2"]:
        writer.add_array(f"{architecture}.attention.sliding_window_pattern",
                         [kind == "sliding_attention" for kind in kinds])
    # llama.cpp takes it to be 4; this says what it is.
    if "no_rope_layer_interval" in config:
        writer.add_uint32(f"{architecture}.no_rope_layer_interval",
                          config["no_rope_layer_interval"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("out")
    parser.add_argument("--type", default="f32")
    parser.add_argument("--loops", default="")
    parser.add_argument("--joined", action="store_true")
    args = parser.parse_args()
    config = json.loads((args.folder / "config.json").read_text())
    family = config["model_type"]
    if family not in FAMILIES:
        parser.error(f"{args.folder}: model_type '{family}' is none of {', '.join(FAMILIES)}")
    architecture = ARCHITECTURES.get(family, family)
    names = FAMILY_NAMES.get(family, NAMES)
    scaling = config.get("rope_parameters") or config.get("rope_scaling") or {}
    local = scaling.get("sliding_attention")
    scaling = scaling.get("full_attention", scaling)

    heads = config["num_attention_heads"]
    kv_heads = config.get("num_key_value_heads", heads)
    head_dim = config.get("head_dim") or config["hidden_size"] // heads
    partial = config.get("partial_rotary_factor") or scaling.get("partial_rotary_factor", 1)
    rope_dims = int(head_dim * partial)
    writer = gguf.GGUFWriter(args.out, architecture)
    writer.add_name(args.folder.name)
    writer.add_vocab_size(config["vocab_size"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    is_latent = architecture == "deepseek2"
    writer.add_head_count_kv(1 if is_latent and not args.joined else kv_heads)
    if is_latent:
        rope_dims = config["qk_rope_head_dim"]
        add_latent_attention(writer, config, args.joined)
    else:
        writer.add_key_length(head_dim)
        writer.add_value_length(head_dim)
    if family == "bert":
        writer.add_causal_attention(False)
        writer.add_pooling_type(gguf.PoolingType.MEAN)
        writer.add_token_type_count(config["type_vocab_size"])
    else:
        theta = config.get("rope_theta") or scaling["rope_theta"]
        writer.add_rope_dimension_count(rope_dims)
        writer.add_rope_freq_base(theta)
    if local:
        writer.add_float32(f"{architecture}.rope.freq_base_swa", local["rope_theta"])
    if "rms_norm_eps" in config:
        writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    else:
        names_of_eps = ["layer_norm_eps", "norm_eps", "norm_epsilon"]
        writer.add_layer_norm_eps(next(config[key] for key in names_of_eps if key in config))
    if "logit_scale" in config:
        writer.add_logit_scale(config["logit_scale"])
        writer.add_rope_scaling_type(gguf.RopeScalingType.NONE)
    if config.get("sliding_window") or family == "phi3":  # which may have 0
        writer.add_sliding_window(config.get("sliding_window") or 0)
    if "use_parallel_residual" in config:
        writer.add_parallel_residual(config["use_parallel_residual"])
    for key, add in {"num_local_experts": writer.add_expert_count,
                     "n_routed_experts": writer.add_expert_count,
                     "num_experts_per_tok": writer.add_expert_used_count,
                     "moe_intermediate_size": writer.add_expert_feed_forward_length}.items():
        if key in config:
            add(config[key])
    if (scaling.get("rope_type") or scaling.get("type", "default")) != "default":
        add_scaling(writer, scaling, theta, head_dim, config)

    loops = args.loops.split(",") if args.loops else []
    add_family(writer, architecture, config, loops)
    matrix_types = itertools.cycle(gguf.GGMLQuantizationType[name]
                                   for name in args.type.upper().split(","))
    weights = safetensors_file.read(args.folder / "model.safetensors")
    weights, stacks = (split_experts if family == "gpt_oss" else stack_experts)(weights)
    if is_latent and not args.joined:
        weights, latents = split_latents(weights, config)
        stacks |= latents
    for name, weight in stacks.items():
        kind = next(matrix_types) if weight.ndim == 3 else gguf.GGMLQuantizationType.F32
        weight = np.ascontiguousarray(weight, np.float32)
        writer.add_tensor(name, gguf.quants.quantize(weight, kind), raw_dtype=kind)
    for name, weight in weights.items():
        if name in UNUSED_NAMES:
            continue
        if architecture in NORMS_PLUS_ONE:
            weight = weight + name.endswith("norm.weight")
        elif architecture in PAIRS_NEIGHBOURS and "q_proj" in name:
            weight = pair_neighbours(weight, heads)
        elif architecture in PAIRS_NEIGHBOURS and "k_proj" in name:
            weight = pair_neighbours(weight, kv_heads)
        weight = np.ascontiguousarray(weight, np.float32)
        name = gguf_name(name, names, loops)
        kind = (gguf.GGMLQuantizationType.F32 if weight.ndim == 1 or "_norm." in name
                else next(matrix_types))
        writer.add_tensor(name, gguf.quants.quantize(weight, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
