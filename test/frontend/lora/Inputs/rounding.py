"""Compares rows of Q8_0 with the numbers that they should be.

usage: rounding.py BEFORE AFTER FOLDER MODULE

BEFORE and AFTER are a tensor's bytes, FOLDER is what adapters.py wrote.
"""

import sys
from pathlib import Path

import gguf
import numpy as np

import adapters
import safetensors_file

before, after, folder, module = sys.argv[1:]
read = lambda path: np.fromfile(path, np.uint8)
numbers = lambda data: gguf.quants.dequantize(data.reshape(-1, 34), gguf.GGMLQuantizationType.Q8_0)
tensors = safetensors_file.read(Path(folder) / "peft/adapter_model.safetensors")
a, b = (tensors[f"base_model.model.model.layers.{module}.lora_{kind}.weight"] for kind in "AB")
scale = adapters.CONFIG["lora_alpha"] / a.shape[0]
wanted = numbers(read(before)) + (scale * (b @ a)).reshape(-1, 32)
got = numbers(read(after))
steps = np.abs(wanted).max(axis=1, keepdims=True) / 127
error = (np.abs(got - wanted) / steps).max()
# The scale of a block is a half; its search may stretch it a little.
print(f"{b.shape[0]} rows, {'at most half a step away' if error < 0.6 else error}")
