"""Checks the numbers that --quantize makes of others.

usage: check_rounding.py QUANTIZED-DUMP

With the GGUF package's quantize as a reference where it has one, otherwise with
bounds; what a format can hold exactly stays.
"""

import subprocess
import sys

import gguf
import numpy as np
from gguf.quants import dequantize, quantize

TOOL = sys.argv[1]
# Root mean square errors for normal numbers of variance 1: what reference quantizers
# without importance reach, which must not be exceeded.
BOUNDS = {"Q2_K": 0.30, "Q3_K": 0.151, "Q4_K": 0.072, "Q5_K": 0.0365, "Q6_K": 0.0178}
SIMPLE = ["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"]


def ours(name, numbers, stored="f32"):
    """The tensor as --quantize makes it, and read again by the GGUF package."""
    writer = gguf.GGUFWriter("numbers.gguf", "llama")
    writer.add_block_count(1)
    if stored == "f32":
        writer.add_tensor("blk.0.ffn_up.weight", numbers)
    else:
        kind = gguf.GGMLQuantizationType[stored.upper()]
        writer.add_tensor("blk.0.ffn_up.weight", quantize(numbers, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    data = subprocess.run([TOOL, "numbers.gguf", f"ffn_up={name.lower()}",
                           "blk.0.ffn_up.weight"], stdout=subprocess.PIPE, check=True).stdout
    return read(name, np.frombuffer(data, np.uint8).reshape(len(numbers), -1))


def read(name, data):
    kind = gguf.GGMLQuantizationType[name]
    if name in ("F32", "F16"):
        return data.view({"F32": "<f4", "F16": "<f2"}[name]).astype(np.float32)
    return dequantize(data, kind)


def theirs(name, numbers):
    kind = gguf.GGMLQuantizationType[name]
    return dequantize(quantize(numbers, kind), kind)


def rms(numbers):
    return float(np.sqrt(np.mean(np.square(numbers.astype(np.float64)))))


def check(condition, *what):
    if not condition:
        sys.exit(" ".join(map(str, what)))


random = np.random.default_rng(1)
normal = random.standard_normal((16, 1024), np.float32)
heavy = random.laplace(size=(16, 1024)).astype(np.float32)

for name in SIMPLE:
    for numbers in [normal, heavy, normal * 1e-3 + 1, np.abs(normal), -np.abs(heavy)]:
        have, limit = rms(ours(name, numbers) - numbers), rms(theirs(name, numbers) - numbers)
        check(have <= limit * 1.0001, name, "has an error of", have, "but the reference", limit)
    grid = theirs(name, normal)
    check(np.allclose(ours(name, grid), grid, rtol=1e-3, atol=2e-4), name, "changes its own numbers")
for name, bound in BOUNDS.items():
    have = rms(ours(name, normal) - normal)
    check(have <= bound, name, "has an error of", have, "above", bound)
    # Groups of different sizes, and far from zero.
    scaled = normal * np.repeat(2.0 ** random.integers(-8, 8, (16, 64)), 16, axis=1).astype(np.float32)
    error = ours(name, scaled) - scaled
    blocks = np.abs(scaled).reshape(-1, 256).max(axis=1)
    worst = np.abs(error.reshape(-1, 256)).max(axis=1) / blocks
    check(worst.max() < 0.5, name, "is off by", worst.max(), "of a block's largest number")
for name in [*SIMPLE, *BOUNDS]:
    check(not ours(name, np.zeros((2, 256), np.float32)).any(), name, "makes something of zeros")
    ones = ours(name, np.full((2, 256), 0.25, np.float32))
    check(np.allclose(ones, 0.25, rtol=0.02), name, "makes", ones[0, 0], "of 0.25")
    tiny = np.full((1, 256), 1e-30, np.float32)
    check(np.isfinite(ours(name, tiny)).all(), name, "makes infinity of tiny numbers")
    broken = normal[:1, :512].copy()
    broken[0, 300] = np.nan
    result = ours(name, broken)
    check(np.isfinite(result[0, :256]).all(), name, "spreads NaN to another block")
    check(not np.isfinite(result[0, 256:]).all(), name, "hides NaN")
for name in ["F16", "F32"]:
    check((ours(name, normal) == (normal.astype(np.float16) if name == "F16" else normal)).all(),
          name, "is not rounded to the nearest")
for stored in ["f16", "bf16"]:
    read_again = theirs(stored.upper(), normal)
    check((ours("F32", normal, stored) == read_again).all(), stored, "is misread")
print("all formats are right")
