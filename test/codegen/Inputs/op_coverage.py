"""Every op that computes has a kernel for CPUs, or says that it has none, one for GPUs and a reference.

usage: op_coverage.py SOURCE

An op has what a test lowers. Ops are those of docs/dialect.md whose fusion is defined.
"""

import glob
import re
import sys
from types import SimpleNamespace

REFUSAL = "CPUs have no kernel of it"


def read_kernels(pattern):
    """The ops that tests lower, and those that are refused."""
    lowered, refused, last = set(), set(), ""
    for path in glob.glob(pattern):
        with open(path) as file:
            for line in file:
                for op in re.findall(r"= quipu\.(\w+)", line):
                    if "expected-error" not in last:
                        lowered.add(op)
                    elif "has no kernel for this op" in last:
                        refused.add(op)
                last = line
    return lowered, refused


def read_coverage(source):
    """`ops`, by `texts` of the page; those with `kernels` for CPUs, `devices` for GPUs and
    `references`."""
    with open(f"{source}/docs/dialect.md") as file:
        sections = re.split(r"^### `quipu\.", file.read(), flags=re.M)[1:]
    texts = {section.partition("`")[0]: section for section in sections}
    ops = {op for op, text in texts.items() if "FusionInterface" in text}
    kernels, refused = read_kernels(f"{source}/test/codegen/cpu/lower/*.mlir")
    devices, _ = read_kernels(f"{source}/test/codegen/gpu/lower/*.mlir")
    references, _ = read_kernels(f"{source}/test/codegen/reference/lower-*.mlir")
    return SimpleNamespace(texts=texts, ops=ops, kernels=kernels, refused=refused,
                           devices=devices, references=references)


def main():
    found = read_coverage(sys.argv[1])
    documented = {op for op in found.ops if REFUSAL in " ".join(found.texts[op].split())}
    broken = [f"quipu.{op}: no test lowers it for CPUs; if they have no kernel, its description "
              f"says '{REFUSAL}'" for op in found.ops - found.kernels - documented]
    broken += [f"quipu.{op}: its description says '{REFUSAL}', a test lowers one"
               for op in documented & found.kernels]
    broken += [f"quipu.{op}: no test sees that CPUs refuse it" for op in documented - found.refused]
    broken += [f"quipu.{op}: no test lowers it for GPUs" for op in found.ops - found.devices]
    broken += [f"quipu.{op}: no test lowers it to the reference"
               for op in found.ops - found.references]
    print("\n".join(sorted(broken)) or f"{len(found.ops)} ops, {len(documented)} without a kernel")
    return 1 if broken or not found.ops else 0


if __name__ == "__main__":
    sys.exit(main())
