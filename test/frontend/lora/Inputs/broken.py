"""Builds with adapters that must be refused, and prints what quipu says of each.

usage: broken.py QUIPU GOLDEN-FOLDER
"""

import json
import subprocess
import sys
from pathlib import Path

import gguf as gguf_files
import numpy as np

import adapters
import safetensors_file

quipu, golden = sys.argv[1], Path(sys.argv[2])
config = json.loads((golden / "config.json").read_text())
weights = safetensors_file.read(golden / "model.safetensors")
MODULE = "model.layers.0.self_attn.q_proj"
good = adapters.make([MODULE], weights, lambda module: 2)
a, b = good[MODULE]


def build(name, adapter, model=golden):
    Path("x").unlink(missing_ok=True)
    result = subprocess.run([quipu, "build", model, "--lora", adapter, "--emit", "graph", "-o", "x"],
                            capture_output=True, text=True)
    print(f"{name}: {result.returncode} {result.stderr.strip()}")
    assert result.returncode != 0 or name == "good", name
    assert not Path("x").exists() or name == "good", name


def peft(name, matrices=good, **changes):
    adapters.write_peft(Path("peft"), matrices, **changes)
    build(name, "peft")


def tensors(name, **changed):
    adapters.write_peft(Path("peft"), good)
    prefix = f"base_model.model.{MODULE}."
    adapters.write_safetensors("peft/adapter_model.safetensors",
                               {f"{prefix}lora_A.weight": a, f"{prefix}lora_B.weight": b, **changed})
    build(name, "peft")


def gguf(name, matrices=good, alpha=4, **keys):
    adapters.write_gguf("adapter.gguf", matrices, config, alpha, **keys)
    build(name, "adapter.gguf")


peft("good")
build("nothing", "nothing")
build("scale", "peft=big")
build("none", "peft=")
build("model", golden)
peft("type", peft_type="IA3")
peft("dora", use_dora=True)
peft("pissa", init_lora_weights="pissa_niter_4")
peft("saved", modules_to_save=["lm_head"])
peft("bias", bias="all")
peft("pattern", rank_pattern={"layers.[0-3].q_proj": 2})
peft("two", rank_pattern={"q_proj": 2, "self_attn.q_proj": 4})
peft("stabilized", use_rslora="yes")
peft("rank", rank_pattern={})
peft("alpha", lora_alpha=-1)
peft("wide", {MODULE: (a[:, 1:], b)})
peft("ranks", {MODULE: (a, b[:, :1])})
peft("other", {"model.layers.7.self_attn.q_proj": good[MODULE]})
peft("strange", {"model.layers.0.self_attn.z_proj": good[MODULE]}, r=2)
peft("norm", {"model.norm": good[MODULE]}, r=2)
peft("infinite", {MODULE: (a * np.float32(np.inf), b)})
tensors("embedding", **{"base_model.model.model.embed_tokens.lora_embedding_A": a})
tensors("half", **{"base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight": a})
gguf("good")
gguf("architecture", architecture="qwen2")
gguf("kind", **{"adapter.type": "control_vector"})
gguf("switched", **{"adapter.alora.invocation_tokens": "x"})
gguf("short", {MODULE: (a, b[:-16])})

writer = gguf_files.GGUFWriter("iq4.gguf", "llama")
writer.add_tensor("blk.0.attn_q.weight", np.zeros((64, 2 * 18), np.uint8),
                  raw_dtype=gguf_files.GGMLQuantizationType.IQ4_NL)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
adapters.write_gguf("adapter.gguf", good, config, 4)
build("unwritten", "adapter.gguf", "iq4.gguf")
