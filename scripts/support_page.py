"""Prints docs/support.md: which ops, weight formats and targets go together.

usage: support_page.py SOURCE QUIPU QUIPU-OPT FOLDER > docs/support.md

Ops are those of docs/dialect.md; an op has what a test lowers (op_coverage.py). How
a format is multiplied is read from the machine code of a model, built in FOLDER, that
multiplies by a weight in each format.
"""

import os
import re
import subprocess
import sys

import gguf
import numpy as np

source, quipu, quipu_opt, folder = sys.argv[1:]
sys.path += [f"{source}/test/codegen/Inputs", f"{source}/test/Inputs"]
from op_coverage import read_coverage
from weight_rows import block_elements, make_rows

TARGETS = {
    "x86-64-v3": "AVX2", "x86-64-v3+avxvnni": "AVX-VNNI", "x86-64-v4+avx512vnni": "AVX-512 VNNI",
    "sapphirerapids": "AMX", "neoverse-n1": "Arm dot products", "neoverse-n2": "Arm i8mm, bf16",
}  # fmt: skip
# What multiplies, the first that a kernel has.
PRODUCTS = ["tdpbsud", "vdpbf16ps", "vpdpbusd", "vpmaddubsw", "smmla", "bfdot", "sdot"]
FUSED = {"vfmadd": r"vfmadd\w+ps", "fmla": "fmla"}
STEPS = ["decode", "prefill16", "prefill128"]
COLUMNS = 256

PAGE = """# What is supported

Written by `scripts/support_page.py`; a test compares. `ninja -C build/release quipu-support` writes it anew.

## Ops

`reference` is `--target reference`; every CPU target has the same kernels, and so has every GPU. Weights that are vectors (norms, biases, sinks, factors) are
read as f32, whatever the file has; matrices may have any of the formats below, another one in each layer.

{ops}

Heads have any number of components; on CPUs those of a multiple of 16 are turned and cached beside their linear layers. The cache is f16, f32
or q8_0 (with heads of a multiple of 32), on GPUs f16 or f32.

## Formats of weights

What multiplies a matrix in the machine code of a linear layer: for one token · for up to 16 · for more, or one word where they agree.
`vfmadd` and `fmla` multiply f32. Reading rows (`quipu.embed`) works with every format and target, and so does everything with
`--target reference`. On a GPU all formats but F32 are multiplied as f16: by `mma.sync` for up to 16 tokens, for more by `wgmma` on `sm_90a` and
`mma.sync` elsewhere, experts always by `mma.sync`; F32 by `fma`.

{formats}

## Targets

What code generation knows of some processors. Any other that LLVM knows can be named, `+FEATURE` adds one
([adding a CPU feature](adding-a-cpu-feature.md)). `native` is this machine; `x86-64` and `aarch64` alone are programs for several
processors.

{targets}
"""


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout


def describe_ops():
    coverage = read_coverage(source)
    for op, text in sorted(coverage.texts.items()):
        if op in coverage.ops:
            summary = re.search(r"^_(.*)_$", text, re.M)[1].replace("|", "\\|")
            summary = summary[0].lower() + summary[1:]
            weights = re.findall(r"<code>(\w+)</code></td><td>::quipu::WeightAttr", text)
            yield [f"[`{op}`](dialect.md#quipu{op}-quipu{op.replace('_', '')}op)", summary, ", ".join(weights),
                   "yes" if op in coverage.kernels else "no",
                   "yes" if op in coverage.devices else "no",
                   "yes" if op in coverage.references else "no"]


def read_formats():
    with open(f"{source}/weights/formats/WeightFormat.cpp") as file:
        return re.findall(r"^  X\((\w+)\)", file.read(), re.M)


def write_model(formats):
    """A linear layer after the other, in each format."""
    random = np.random.default_rng(1)
    writer = gguf.GGUFWriter(f"{folder}/formats.gguf", "formats")
    writer.add_context_length(256)
    writer.add_tensor("token_embd.weight", np.zeros((32, COLUMNS), np.float32))
    spec = 'quipu.model @formats for ["formats"] {\n  %tokens = quipu.input "tokens"\n'
    spec += '  %last = quipu.embed %tokens, "token_embd"\n'
    last = "last"
    for name in formats:
        kind = gguf.GGMLQuantizationType[name]
        writer.add_tensor(f"{name.lower()}.weight", make_rows(name, COLUMNS, COLUMNS, random), raw_dtype=kind)
        spec += f'  %{name} = quipu.linear %{last}, "{name.lower()}" -> [{COLUMNS}]\n'
        last = name
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with open(f"{folder}/formats.mlir", "w") as file:
        file.write(spec + f"  quipu.yield %{last}\n}}\n")


def name_product(code):
    words = set(re.findall(r"^\s+(?:\{vex\}\s+)?(\w+)", code, re.M))
    for word in PRODUCTS:
        if word in words:
            return word
    return next(name for name, pattern in FUSED.items() if re.search(rf"\b{pattern}\b", code))


def read_products(target):
    """By format: what multiplies in each step."""
    assembly = run(quipu, "build", f"{folder}/formats.gguf", "--spec", f"{folder}/formats.mlir",
                   "--head", "hidden", "--target", target, "--emit", "asm")
    parts = re.split(r"^hidden\.(\w+)\.(\w+):.*\n", assembly, flags=re.M)
    products = {}
    for step, name, code in zip(parts[1::3], parts[2::3], parts[3::3]):
        if "quantize" not in name and name != "token_embd":
            products.setdefault(name, {})[step] = name_product(code)
    return products


def describe_formats():
    formats = read_formats()
    write_model(formats)
    products = {target: read_products(target) for target in TARGETS}
    for name in formats:
        elements, stored = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[name]]
        cells = []
        for target in TARGETS:
            found = products[target][name.lower()]
            # Steps share a kernel's code where it is the same.
            every = [found.get(step) or found[STEPS[-1]] for step in STEPS]
            cells.append(every[0] if len(set(every)) == 1 else " · ".join(every))
        block = elements if elements > 1 else ""
        yield [name, f"{8 * stored / elements:g}", block, *cells]


def describe_targets():
    for target, what in TARGETS.items():
        text = run(quipu_opt, f"--attach-target=target={target}", input="quipu.model @m for [] {\n}\n")
        vector, registers, dots, tiles = re.search(
            r"vector = (\d+), registers = (\d+), dots = \[(.*?)\], tiles = \[(.*?)\]", text).groups()
        yield [f"`{target}`", what, vector, registers, dots, tiles]


os.makedirs(folder, exist_ok=True)
print(PAGE.format(
    ops=table(["op", "computes", "weights", "CPUs", "GPUs", "reference"], describe_ops()),
    formats=table(["format", "bits", "block", *TARGETS.values()], describe_formats()),
    targets=table(["target", "", "vector, bits", "registers", "dot products", "tiles"], describe_targets()),
), end="")
