"""Makes the first number of a safetensors file's first attention output NaN.

usage: broken_numbers.py FILE
"""

import json
import sys

import numpy as np

path, = sys.argv[1:]
with open(path, "rb") as file:
    data = bytearray(file.read())
size = int.from_bytes(data[:8], "little")
entries = json.loads(data[8:8 + size])
nan = {"F32": np.float32(np.nan).tobytes(), "F16": np.float16(np.nan).tobytes(),
       "BF16": b"\xc0\x7f"}
for name, entry in entries.items():
    if name.endswith("o_proj.weight"):
        begin = 8 + size + entry["data_offsets"][0]
        data[begin:begin + len(nan[entry["dtype"]])] = nan[entry["dtype"]]
        break
with open(path, "wb") as file:
    file.write(data)
