"""Writes the golden model gpt-oss with experts in MXFP4, as folders have them, and the
same numbers in bf16, which holds them all.

usage: mxfp4.py FOLDER PACKED-FOLDER PLAIN-FOLDER
"""

import json
import shutil
import sys
from pathlib import Path

import gguf
import numpy as np

GOLDEN = Path(__file__).parents[2] / "golden"
sys.path[:0] = [str(GOLDEN), str(Path(__file__).parents[2] / "frontend/huggingface/Inputs")]
import safetensors_file
from folder import entries, write_safetensors

MXFP4 = gguf.GGMLQuantizationType.MXFP4
folder, packed_folder, plain_folder = map(Path, sys.argv[1:])
config = json.loads((folder / "config.json").read_text())
packed, plain = {}, {}
for name, weight in safetensors_file.read(folder / "model.safetensors").items():
    packed[name] = plain[name] = weight
    if ".experts." not in name or weight.ndim != 3:
        continue
    del packed[name]
    rows = np.ascontiguousarray(weight.swapaxes(1, 2), np.float32)  # [experts, outputs, inputs]
    stored = gguf.quants.quantize(rows, MXFP4)
    plain[name] = gguf.quants.dequantize(stored, MXFP4).reshape(rows.shape).swapaxes(1, 2)
    stored = stored.reshape(*rows.shape[:2], rows.shape[2] // 32, 17)
    # Numbers i and i + 16 share a byte; here neighbours do.
    codes = np.concatenate([stored[..., 1:] & 15, stored[..., 1:] >> 4], -1)
    packed[name + "_blocks"] = codes[..., 0::2] | codes[..., 1::2] << 4
    packed[name + "_scales"] = np.ascontiguousarray(stored[..., 0])
for to, weights, more in [(packed_folder, packed, {"quantization_config": {
        "quant_method": "mxfp4", "modules_to_not_convert": ["lm_head"]}}), (plain_folder, plain, {})]:
    to.mkdir()
    (to / "config.json").write_text(json.dumps(config | more))
    write_safetensors(to / "model.safetensors", *entries(weights, "BF16"))
    shutil.copy(folder / "expected.safetensors", to)
