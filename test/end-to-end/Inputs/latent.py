"""Makes a folder of a random DeepSeek-V3 like the golden one, but with sizes that have
whole blocks in every row, and more query heads than attention computes together.

usage: latent.py GOLDEN-FOLDER FOLDER
"""

import json
import shutil
import sys
from pathlib import Path

import numpy as np

GOLDEN = Path(__file__).parents[2] / "golden"
sys.path.insert(0, str(GOLDEN))
import safetensors_file

golden, folder = map(Path, sys.argv[1:])
HEADS, RANK, FLAT, ROPE, VALUE = 32, 64, 32, 64, 32
config = json.loads((golden / "config.json").read_text())
config |= {"num_attention_heads": HEADS, "num_key_value_heads": HEADS, "kv_lora_rank": RANK,
           "qk_nope_head_dim": FLAT, "qk_rope_head_dim": ROPE, "qk_head_dim": FLAT + ROPE,
           "v_head_dim": VALUE, "q_lora_rank": 64}
hidden = config["hidden_size"]
SHAPES = {"q_a_proj": (64, hidden), "q_a_layernorm": (64,), "q_b_proj": (HEADS * (FLAT + ROPE), 64),
          "kv_a_proj_with_mqa": (RANK + ROPE, hidden), "kv_a_layernorm": (RANK,),
          "kv_b_proj": (HEADS * (FLAT + VALUE), RANK), "o_proj": (hidden, HEADS * VALUE)}

random = np.random.default_rng(12)
tensors = safetensors_file.read(golden / "model.safetensors")
for name in tensors:
    shape = SHAPES.get(name.split(".")[-2])
    if shape and "self_attn" in name:
        scale = 1 if len(shape) == 1 else shape[1] ** -0.5
        tensors[name] = (random.standard_normal(shape) * scale).astype(np.float32)
header, data = {}, b""
for name, array in tensors.items():
    array = np.ascontiguousarray(array, np.float32)
    header[name] = {"dtype": "F32", "shape": list(array.shape),
                    "data_offsets": [len(data), len(data) + array.nbytes]}
    data += array.tobytes()
text = json.dumps(header).encode()
folder.mkdir()
(folder / "config.json").write_text(json.dumps(config))
(folder / "model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + data)
shutil.copy(golden / "expected.safetensors", folder)  # for its tokens
