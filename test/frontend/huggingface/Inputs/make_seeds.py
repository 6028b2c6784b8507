"""Writes the files that fuzzers begin with.

usage: make_seeds.py FOLDER
"""

import json
import sys
from pathlib import Path

from folder import CONFIG, entries, randomize, write_safetensors

folder = Path(sys.argv[1])
E = "model.layers.0.mlp.experts."
tensors = randomize({
    "model.layers.0.self_attn.q_proj.weight": (4, 2), "model.layers.0.self_attn.k_proj.bias": (4,),
    E + "gate_up_proj": (2, 2, 4), E + "gate_up_proj_bias": (2, 4), E + "down_proj": (2, 2, 2),
    "model.norm.weight": (2,)})
write_safetensors(folder / "seed.safetensors", *entries(tensors, "BF16"))
SCALING = {"rope_type": "longrope", "factor": 8, "long_factor": [1, 2.5], "short_factor": [1.0]}
(folder / "llama.json").write_text(json.dumps(CONFIG | {
    "head_dim": 4, "partial_rotary_factor": 0.5, "rope_scaling": SCALING, "layer_types": ["a"],
    "num_nextn_predict_layers": 1, "tie_word_embeddings": True}))
(folder / "gemma3.json").write_text(json.dumps({
    "model_type": "gemma3", "text_config": {"model_type": "gemma3_text", "num_attention_heads": 2, "rope_parameters": {
        "full_attention": SCALING, "sliding_attention": {"rope_theta": 1e4, "rope_type": "default"}}}}))
