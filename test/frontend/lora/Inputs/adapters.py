"""Writes a golden folder's adapters, and the folder with them added by numpy's formula.

usage: adapters.py GOLDEN-FOLDER OUT

OUT gets:
  base, merged   the model in F32, and with w + scale * B A in the place of w
  peft           the adapter as PEFT writes it, of other ranks and alphas for some modules
  adapter.gguf   the same for llama.cpp, one rank and alpha for all: merged-gguf has it
"""

import json
import shutil
import sys
from pathlib import Path

import gguf
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[3] / "golden"))
import safetensors_file  # noqa: E402

CONFIG = {
    "peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 4, "lora_alpha": 6, "bias": "none",
    "use_rslora": False, "use_dora": False, "fan_in_fan_out": False, "modules_to_save": None,
    "init_lora_weights": True, "target_modules": ["q_proj"], "layers_pattern": None,
    "rank_pattern": {"q_proj": 2, "layers.1.mlp.down_proj": 3}, "alpha_pattern": {"k_proj": 1.5},
}


def write_safetensors(path, tensors):
    """Arrays in f32, or as bytes of a dtype: (dtype, array)."""
    header, data = {}, b""
    for name, array in tensors.items():
        dtype, array = array if isinstance(array, tuple) else ("F32", np.float32(array))
        begin = len(data)
        data += np.ascontiguousarray(array).tobytes()
        header[name] = {"dtype": dtype, "shape": array.shape, "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    Path(path).write_bytes(len(text).to_bytes(8, "little") + text + data)


def write_model(folder, source, weights):
    folder.mkdir(parents=True, exist_ok=True)
    config = json.loads((source / "config.json").read_text())
    config["torch_dtype"] = "float32"
    (folder / "config.json").write_text(json.dumps(config))
    write_safetensors(folder / "model.safetensors", weights)


def write_peft(folder, matrices, **changes):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "adapter_config.json").write_text(json.dumps({**CONFIG, **changes}))
    write_safetensors(folder / "adapter_model.safetensors",
                      {f"base_model.model.{module}.lora_{kind}.weight": array
                       for module, (a, b) in matrices.items()
                       for kind, array in (("A", a), ("B", b))})


def pattern(patterns, module, otherwise):
    return next((n for key, n in patterns.items() if module.endswith("." + key)), otherwise)


def rank_of(module):
    return pattern(CONFIG["rank_pattern"], module, CONFIG["r"])


def make(modules, weights, rank):
    """{module: (A, B)}, random ones of the rank that `rank` says."""
    draw = np.random.default_rng(1)
    made = {}
    for module in modules:
        outputs, inputs = weights[module + ".weight"].shape
        made[module] = (draw.normal(0, 0.3, (rank(module), inputs)).astype(np.float32),
                        draw.normal(0, 0.3, (outputs, rank(module))).astype(np.float32))
    return made


def merge(weights, matrices, scale):
    merged = dict(weights)
    for module, (a, b) in matrices.items():
        change = b.astype(np.float64) @ a
        merged[module + ".weight"] = np.float32(
            merged[module + ".weight"] + scale(module, a.shape[0]) * change)
    return merged


def pair_neighbours(rows, heads):
    """As llama.cpp's converter turns rows of q and k, B's as well."""
    return (rows.reshape(heads, 2, rows.shape[0] // heads // 2, -1).swapaxes(1, 2)
            .reshape(rows.shape))


GGUF_NAMES = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
              "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
              "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}


def write_gguf(path, matrices, config, alpha, architecture="llama", **keys):
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_type("adapter")
    for key, value in {"adapter.type": "lora", **keys}.items():
        writer.add_string(key, value)
    writer.add_float32("adapter.lora.alpha", alpha)
    heads = {"attn_q": config["num_attention_heads"], "attn_k": config["num_key_value_heads"]}
    for module, (a, b) in matrices.items():
        _, _, layer, rest = module.split(".", 3)
        name = GGUF_NAMES[rest]
        if name in heads:
            b = pair_neighbours(b, heads[name])
        writer.add_tensor(f"blk.{layer}.{name}.weight.lora_a", a)
        writer.add_tensor(f"blk.{layer}.{name}.weight.lora_b", b)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main(source, out):
    source, out = Path(source), Path(out)
    shutil.rmtree(out, ignore_errors=True)
    config = json.loads((source / "config.json").read_text())
    weights = safetensors_file.read(source / "model.safetensors")
    write_model(out / "base", source, weights)
    modules = [name.removesuffix(".weight") for name in weights if "_proj.weight" in name]
    matrices = make(modules, weights, rank_of)
    write_peft(out / "peft", matrices)
    alpha = lambda module: pattern(CONFIG["alpha_pattern"], module, CONFIG["lora_alpha"])
    write_model(out / "merged", source,
                merge(weights, matrices, lambda module, rank: alpha(module) / rank))
    if config["model_type"] == "llama":
        matrices = make(modules, weights, lambda module: 3)
        write_gguf(out / "adapter.gguf", matrices, config, 5)
        write_model(out / "merged-gguf", source,
                    merge(weights, matrices, lambda module, rank: 5 / rank))


if __name__ == "__main__":
    main(*sys.argv[1:])
