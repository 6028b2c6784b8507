"""Checks a folder's tensors under GGUF's names, their rows in GGUF's order, and its
keys, against numpy.

usage: check_views.py FOLDER-DUMP TEMPORARY-FOLDER
"""

import json
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np

from folder import CONFIG, HEADS, KV_HEADS, SHAPES, encode, randomize, write_folder

tool, temporary = sys.argv[1:]


def dump(folder, names):
    """What the tool says: {key or tensor: text}."""
    result = subprocess.run([tool, folder, *names], capture_output=True, text=True)
    if result.returncode:
        sys.exit(result.stderr)
    lines = [line.split(" ", 1)[1] for line in result.stdout.splitlines()]
    return dict(line.replace(" = ", ": ", 1).split(": ", 1) if ": " in line.replace(" = ", ": ")
                else ("family", line) for line in lines)


def describe(array, dtype="F32"):
    shape = "x".join(map(str, array.shape))
    return f"{shape} {dtype}, crc32 0x{zlib.crc32(encode(array, dtype)):08x}"


def check(name, config, tensors, expected, dtype="F32", names=None, generation=None):
    folder = Path(temporary, name)
    write_folder(folder, config, tensors, dtype)
    if generation is not None:
        (folder / "generation_config.json").write_text(json.dumps(generation))
    if names:
        (folder / "frob.json").write_text(json.dumps(names))
    said = dump(folder, [folder / "frob.json"] if names else [])
    for key, value in expected.items():
        if isinstance(value, tuple):
            value = describe(*value)
        elif isinstance(value, np.ndarray):
            value = describe(value, dtype)
        if said.get(key) != value:
            sys.exit(f"{name}: {key} is {said.get(key)}, expected {value}")
    print(name, "is right")


def neighbours(weight, heads, turned=None):
    """The rows of each head so that partners are neighbours."""
    rows = len(weight) // heads
    turned = turned or rows
    order = [i for pair in zip(range(turned // 2), range(turned // 2, turned)) for i in pair]
    order += range(turned, rows)
    return weight.reshape(heads, rows, *weight.shape[1:])[:, order].reshape(weight.shape)


plain = randomize(SHAPES)
Q, K = "model.layers.0.self_attn.q_proj.weight", "model.layers.0.self_attn.k_proj.weight"
biases = randomize({Q.replace("weight", "bias"): (8,)}, 2)
for dtype in "F32", "BF16", "F16":
    check(f"llama-{dtype}", CONFIG, plain | biases, {
        "family": "llama, pairs adjacent",
        "llama.block_count": "1",
        "llama.attention.layer_norm_rms_epsilon": "1e-06",
        "token_embd.weight": plain["model.embed_tokens.weight"],
        "output.weight": plain["lm_head.weight"],
        "blk.0.ffn_norm.weight": plain["model.layers.0.post_attention_layernorm.weight"],
        "blk.0.attn_q.weight": neighbours(plain[Q], HEADS),
        "blk.0.attn_k.weight": neighbours(plain[K], KV_HEADS),
        # A copy is in f32.
        "blk.0.attn_q.bias": (neighbours(biases[Q.replace("weight", "bias")], HEADS), "F32"),
        "blk.0.attn_v.weight": plain["model.layers.0.self_attn.v_proj.weight"],
    }, dtype)

# Of heads that turn in part, the others stay.
check("partial", CONFIG | {"partial_rotary_factor": 0.5}, plain, {
    "llama.rope.dimension_count": "2",
    "blk.0.attn_q.weight": neighbours(plain[Q], HEADS, 2),
})
# Halves stay halves where GGUF has them; names without their first part serve, too.
check("qwen2", CONFIG | {"model_type": "qwen2", "use_sliding_window": False, "sliding_window": 4,
                         "layer_types": ["full_attention"], "max_window_layers": 9},
      {name.removeprefix("model."): array for name, array in plain.items()}, {
    "family": "qwen2, pairs halves",
    "qwen2.layer_types": '["full_attention"]',
    "blk.0.attn_q.weight": plain[Q],
    "qwen2.attention.sliding_window": None,
})
check("interleaved", CONFIG | {"model_type": "cohere", "logit_scale": 0.25}, plain, {
    "family": "command-r, pairs adjacent",
    "command-r.logit_scale": "0.25",
    "blk.0.attn_q.weight": plain[Q],
})
check("tied", CONFIG | {"tie_word_embeddings": True}, plain, {"output.weight": None})
# Layers behind the last, and what is about images.
check("extra", CONFIG | {"num_nextn_predict_layers": 1},
      plain | randomize({"model.layers.1.eh_proj.weight": (8, 16), "vision_tower.x": (8,)}), {
    "model.layers.1.eh_proj.weight": None,
    "vision_tower.x": None,
})

norms = {name.replace("0.input_layernorm", f"0.{other}"): plain[name]
         for name in ["model.layers.0.input_layernorm.weight"]
         for other in ["input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm",
                       "post_feedforward_layernorm", "self_attn.q_norm"]}
gemma = {"model_type": "gemma3", "boi_token_index": 7, "vision_config": {"x": 1},
         "text_config": {"model_type": "gemma3_text", "hidden_size": 8, "num_hidden_layers": 1,
                         "intermediate_size": 12, "sliding_window": 4, "query_pre_attn_scalar": 16,
                         "rope_scaling": {"factor": 8.0, "rope_type": "linear"}}}
check("gemma3", gemma, {"language_model." + name: array for name, array in (plain | norms).items()}, {
    "family": "gemma3, pairs halves",
    "gemma3.attention.head_count": "8",
    "gemma3.attention.scale": "0.25",
    "gemma3.rope.freq_base": "1000000",
    "gemma3.rope.freq_base_swa": "10000",
    "gemma3.rope.scaling.type": '"linear"',
    "gemma3.rope.scaling.factor": "8",
    "blk.0.attn_norm.weight": (norms["model.layers.0.input_layernorm.weight"] + 1, "F32"),
    "blk.0.post_attention_norm.weight":
        (norms["model.layers.0.post_attention_layernorm.weight"] + 1, "F32"),
    "blk.0.attn_q.weight": plain[Q],
}, "BF16")
# The newer form of the same, for each kind of layer.
newer = {"rope_parameters": {
    "full_attention": {"rope_theta": 1e6, "rope_type": "linear", "factor": 8.0},
    "sliding_attention": {"rope_theta": 5000.0, "rope_type": "default"}}}
check("gemma3-newer", CONFIG | newer | {"model_type": "gemma3_text", "rope_theta": None,
                                        "hidden_act": "gelu_pytorch_tanh"}, plain, {
    "gemma3.rope.freq_base": "1000000",
    "gemma3.rope.freq_base_swa": "5000",
    "gemma3.rope.scaling.type": '"linear"',
    "gemma3.rope.scaling.type_swa": None,
})
check("longrope", CONFIG | {"model_type": "phi3", "rope_scaling": {
          "type": "longrope", "long_factor": [1.0, 2.5], "short_factor": [1, 1.5]}}, plain, {
    "phi3.rope.scaling.type": '"longrope"',
    "rope_factors_long.weight": (np.array([1, 2.5], np.float32), "F32"),
    "rope_factors_short.weight": (np.array([1, 1.5], np.float32), "F32"),
})

# Experts: one tensor of theirs, whatever their number and order.
experts = randomize({f"model.layers.0.block_sparse_moe.experts.{i}.{w}.weight": shape
                     for i in [10, 2, 0, 1, *range(3, 10)]
                     for w, shape in [("w1", (12, 8)), ("w2", (8, 12)), ("w3", (12, 8))]})


def stack(w):
    return np.stack([experts[f"model.layers.0.block_sparse_moe.experts.{i}.{w}.weight"]
                     for i in range(11)])


check("mixtral", CONFIG | {"model_type": "mixtral", "num_local_experts": 11,
                           "num_experts_per_tok": 2}, plain | experts, {
    "family": "llama, pairs adjacent",
    "llama.expert_count": "11",
    "llama.expert_used_count": "2",
    "blk.0.ffn_gate_exps.weight": stack("w1"),
    "blk.0.ffn_down_exps.weight": stack("w2"),
    "blk.0.ffn_up_exps.weight": stack("w3"),
}, "BF16")
# Inputs first, and gates and ups in turn.
E = "model.layers.0.mlp.experts."
turned = randomize({E + "gate_up_proj": (3, 8, 24), E + "gate_up_proj_bias": (3, 24),
                    E + "down_proj": (3, 12, 8), E + "down_proj_bias": (3, 8),
                    "model.layers.0.self_attn.sinks": (2,)})
gate_up = turned[E + "gate_up_proj"].swapaxes(1, 2)
check("gpt-oss", CONFIG | {"model_type": "gpt_oss"}, plain | turned, {
    "family": "gpt-oss, pairs halves",
    "blk.0.ffn_gate_exps.weight": gate_up[:, 0::2],
    "blk.0.ffn_up_exps.weight": gate_up[:, 1::2],
    "blk.0.ffn_gate_exps.bias": turned[E + "gate_up_proj_bias"][:, 0::2],
    "blk.0.ffn_up_exps.bias": turned[E + "gate_up_proj_bias"][:, 1::2],
    "blk.0.ffn_down_exps.weight": turned[E + "down_proj"].swapaxes(1, 2),
    "blk.0.ffn_down_exps.bias": turned[E + "down_proj_bias"],
    "blk.0.attn_sinks.weight": turned["model.layers.0.self_attn.sinks"],
}, "BF16")

# MXFP4: of blocks of 32 numbers the scales lie apart; GGUF has numbers i and i + 16 in
# a byte, where these have neighbours.
rng = np.random.default_rng(7)
blocks = {E + f"{name}_{part}": rng.integers(0, 256, shape, dtype=np.uint8)
          for name, outputs, inputs in [("gate_up_proj", 24, 64), ("down_proj", 64, 32)]
          for part, shape in [("blocks", (3, outputs, inputs // 32, 16)),
                              ("scales", (3, outputs, inputs // 32))]}


def gguf_blocks(name, first=0, step=1):
    pairs = blocks[E + name + "_blocks"][:, first::step]
    numbers = np.stack([pairs & 15, pairs >> 4], -1).reshape(*pairs.shape[:3], 2, 16)
    rows = np.concatenate([blocks[E + name + "_scales"][:, first::step, :, None],
                           numbers[..., 0, :] | numbers[..., 1, :] << 4], -1)
    experts, outputs, count, _ = rows.shape
    return f"{experts}x{outputs}x{count * 32} MXFP4, crc32 0x{zlib.crc32(rows.tobytes()):08x}"


mxfp4 = {"quantization_config": {"quant_method": "mxfp4", "modules_to_not_convert": ["lm_head"]}}
check("gpt-oss-mxfp4", CONFIG | mxfp4 | {"model_type": "gpt_oss"},
      plain | blocks, {
    "blk.0.ffn_gate_exps.weight": gguf_blocks("gate_up_proj", 0, 2),
    "blk.0.ffn_up_exps.weight": gguf_blocks("gate_up_proj", 1, 2),
    "blk.0.ffn_down_exps.weight": gguf_blocks("down_proj"),
}, "BF16")

# Of each head a matrix of the keys, turned, and one of the values.
kv_b = randomize({"model.layers.0.self_attn.kv_b_proj.weight": (HEADS * 5, 4)})
of_heads = next(iter(kv_b.values())).reshape(HEADS, 5, 4)
check("deepseek", CONFIG | {"model_type": "deepseek_v3", "qk_nope_head_dim": 3, "v_head_dim": 2}, plain | kv_b, {
    "blk.0.attn_k_b.weight": of_heads[:, :3].swapaxes(1, 2),
    "blk.0.attn_v_b.weight": of_heads[:, 3:],
})

# A family that nobody knows follows the dictionary; a user's names come first.
new = {name.replace("post_attention_layernorm", "pre_mlp_norm"): array for name, array in plain.items()}
check("new", CONFIG | {"model_type": "frob"}, new, {
    "family": "frob, pairs halves",
    "blk.0.attn_q.weight": plain[Q],
    "model.layers.0.pre_mlp_norm.weight": new["model.layers.0.pre_mlp_norm.weight"],
})
check("names", CONFIG | {"model_type": "frob", "depth": 3, "mup": True, "use_sliding_window": True,
                         "rope_scaling": {"type": "straight"}}, new, {
    "family": "frobnicate, pairs adjacent",
    "frobnicate.half_depth": "1.5",
    "frobnicate.cycle": None,
    "frobnicate.rope.scaling.type": '"linear"',
    "blk.0.attn_q.weight": plain[Q],
    "blk.0.ffn_norm.weight": (new["model.layers.0.pre_mlp_norm.weight"] - 1, "F32"),
}, names={
    "families": {"frob": "frobnicate"}, "pairs": "adjacent", "harmless": ["mup"],
    "keys": {"depth": "depth"}, "words": {"rope.scaling.type": {"straight": "linear"}},
    "computed": {"half_depth": "depth / 2", "cycle": "circle * 2", "circle": "cycle * 2"},
    "tensors": {"layers.*.pre_mlp_norm": {"name": "blk.*.ffn_norm", "plus": -1}},
})

# A name is weight and bias; what is added is added to weights.
check("plus", CONFIG | {"model_type": "frob"}, plain | randomize({"model.norm.bias": (8,)}, 3), {
    "output_norm.weight": (plain["model.norm.weight"] + 1, "F32"),
    "output_norm.bias": randomize({"model.norm.bias": (8,)}, 3)["model.norm.bias"],
}, names={"tensors": {"norm": {"name": "output_norm", "plus": 1}}})

# How texts go on: greedy unless the folder says that it samples, and then with
# transformers' defaults.
GREEDY = {"temp": "0", "top_k": None, "top_p": None, "min_p": None, "penalty_repeat": None}
SAMPLED = {"temp": "1", "top_k": "50", "top_p": "1", "min_p": "0", "penalty_repeat": None}


def check_generation(name, config, generation, sampling, ends):
    check(name, config, plain, {f"general.sampling.{key}": value for key, value in sampling.items()} |
          {"tokenizer.ggml.eos_token_ids": ends}, generation=generation)


check_generation("ends-of-config", CONFIG | {"eos_token_id": 2}, None, dict.fromkeys(GREEDY), "[2]")
check_generation("greedy", CONFIG | {"eos_token_id": 2}, {"eos_token_id": [3, 5], "bos_token_id": 1}, GREEDY, "[3, 5]")
check_generation("greedy-numbers", CONFIG, {"do_sample": False, "temperature": 0.7, "top_p": 0.8, "top_k": None},
                 GREEDY | {"top_p": "0.8"}, None)
check_generation("sampled", CONFIG, {"do_sample": True, "eos_token_id": 4}, SAMPLED, "[4]")
check_generation("sampled-numbers", CONFIG, {
    "do_sample": True, "temperature": 0.6, "top_p": 0.95, "top_k": 20, "min_p": 0.1, "repetition_penalty": 1.05},
    {"temp": "0.6", "top_k": "20", "top_p": "0.95", "min_p": "0.1", "penalty_repeat": "1.05"}, None)
