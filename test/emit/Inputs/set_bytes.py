"""Changes bytes of a tensor's data in a GGUF file.

usage: set_bytes.py MODEL TENSOR OFFSET BYTE...
"""

import sys

import gguf

model, name, offset, *values = sys.argv[1:]
reader = gguf.GGUFReader(model, "r+")
data = next(tensor.data for tensor in reader.tensors if tensor.name == name)
data.view("uint8").reshape(-1)[int(offset) : int(offset) + len(values)] = list(map(int, values))
