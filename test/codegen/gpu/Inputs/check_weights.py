"""Reads every number of packed weights by a GPU's kernels, and compares with gguf's.

usage: check_weights.py QUIPU FOLDER DRIVER [--target TARGET] FORMAT...

DRIVER is the folder of the fake driver, which executes the program's PTX. Token t is
row t of an identity, so the products of a weight with it are the weight's column t:
one product a number, rounded once, for many tokens by one kind of kernel and for few
by another. Added to it is row t of a second weight, which is looked up. Both have
rows and columns that are no multiples of the layout's tiles, where blocks allow.
"""

import argparse
import os
import re
import sys

import gguf
import numpy as np

sys.path.append(os.path.join(os.path.dirname(__file__), *2 * [os.pardir], "cpu", "Inputs"))
from check_kernels import run
from weight_rows import block_elements, make_rows

SPEC = """quipu.model @rows for ["rows"] {
  quipu.param @hidden = "embedding_length"
  %tokens = quipu.input "tokens"
  %x = quipu.embed %tokens, "identity"
  %column = quipu.linear %x, "matrix" -> [@hidden]
  %row = quipu.embed %tokens, "token_embd"
  %sum = quipu.add %column, %row
  quipu.yield %sum
}
"""
HEAD = """quipu.head @generate {
^head(%hidden: !quipu.value):
  %selected = quipu.input "selected"
  %rows = quipu.gather %hidden, %selected
  quipu.output "logits", %rows
}
"""


def write_model(path, kind, rng):
    """The numbers that the program's outputs are: [token][n]."""
    n, tokens = {1: (40, 1320), 32: (96, 1312), 256: (256, 1280)}[block_elements(kind)]
    writer = gguf.GGUFWriter(path, "rows")
    writer.add_context_length(tokens)
    writer.add_embedding_length(n)
    values = []
    for name, rows, columns in [("matrix", n, tokens), ("token_embd", tokens, n)]:
        bits = make_rows(kind, rows, columns, rng)
        writer.add_tensor(name + ".weight", bits, raw_dtype=gguf.GGMLQuantizationType[kind])
        numbers = gguf.dequantize(bits, gguf.GGMLQuantizationType[kind])
        values.append(numbers.reshape(rows, columns).astype(np.float32))
    writer.add_tensor("identity.weight", np.eye(tokens, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return values[0].T, values[1]


def check(kind, args):
    def at(suffix):
        return os.path.join(args.folder, kind + suffix)

    for suffix, text in [(".mlir", SPEC), (".head.mlir", HEAD)]:
        with open(at(suffix), "w") as file:
            file.write(text)
    column, row = write_model(at(".gguf"), kind, np.random.default_rng(5))
    run(args.quipu, "build", at(".gguf"), "--spec", at(".mlir"), "--head", at(".head.mlir"),
        "--target", args.target, "-o", at(""))
    outputs = []
    for chunk in [len(row), 16]:
        run("env", f"LD_LIBRARY_PATH={args.driver}", "FAKE_CUDA_RUN=1",
            f"FAKE_CUDA_CAPABILITY={re.sub('[^0-9]', '', args.target)}", at(""),
            "--tokens", " ".join(map(str, range(len(row)))), "--chunk", chunk,
            "--logits", at(".npy"))
        outputs.append(np.load(at(".npy")))
    # Scales, minima and their sum are rounded to f16: to half of 2^-10 each.
    size = np.abs(column).max() + np.abs(row).max()
    error = np.abs(outputs[0] - (column + row)).max() / size
    wrong = []
    if error > (0 if kind == "F16" else 2**-10):
        wrong.append("other numbers than gguf's")
    if outputs[0].tobytes() != outputs[1].tobytes():
        wrong.append("other bits for few tokens than for many")
    print(f"{kind}: {'; '.join(wrong) or 'good'} ({error:.0e})", flush=True)
    return not wrong


parser = argparse.ArgumentParser()
for argument in ["quipu", "folder", "driver"]:
    parser.add_argument(argument)
parser.add_argument("--target", default="sm_90a")
parser.add_argument("formats", nargs="+")
arguments = parser.parse_intermixed_args()
os.makedirs(arguments.folder, exist_ok=True)
results = [check(kind, arguments) for kind in arguments.formats]
sys.exit(0 if all(results) else 1)
