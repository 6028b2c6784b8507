"""Makes a question answering checkpoint: MiniLM, with random weights for the two outputs.

usage: make_reader.py MINILM FOLDER

No small extractive model is to be had from a package index, so this one has the right
form and knows nothing.
"""

import json
import shutil
import struct
import sys
from pathlib import Path

import numpy as np

source, folder = map(Path, sys.argv[1:])
folder.mkdir(exist_ok=True)
for name in ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"]:
    shutil.copy(source / name, folder)
config = json.loads((source / "config.json").read_text())
config["architectures"] = ["BertForQuestionAnswering"]
(folder / "config.json").write_text(json.dumps(config, indent=2))

# A safetensors file is the length of its header, the header, and the numbers.
data = (source / "model.safetensors").read_bytes()
(length,) = struct.unpack("<Q", data[:8])
header, numbers = json.loads(data[8:8 + length]), data[8 + length:]
header.pop("__metadata__", None)
tensors = {}
for name, tensor in header.items():
    if "pooler" not in name and "position_ids" not in name:
        begin, end = tensor["data_offsets"]
        tensors[f"bert.{name}"] = (tensor["dtype"], tensor["shape"], numbers[begin:end])
random = np.random.default_rng(1)
for name, shape in {"qa_outputs.weight": [2, config["hidden_size"]], "qa_outputs.bias": [2]}.items():
    values = (0.5 * random.standard_normal(shape)).astype(np.float32)
    tensors[name] = ("F32", shape, values.tobytes())

header, place = {}, 0
for name, (kind, shape, values) in tensors.items():
    header[name] = {"dtype": kind, "shape": shape, "data_offsets": [place, place + len(values)]}
    place += len(values)
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
with open(folder / "model.safetensors", "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text)
    for _, _, values in tensors.values():
        file.write(values)
